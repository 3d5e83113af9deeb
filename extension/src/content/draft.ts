// draft looks for what does not belong into a post: personal data, secrets, insider words, links to internal hosts. It works
// on a text and gives places in it; the text goes nowhere.
import type { DraftClass, DraftHit } from "../gen/messages";
import { ibanLength, isCard } from "./numbers";
import type { Span, WordList } from "./words";

/** Something that was found. */
export interface Find extends Span {
  class: DraftClass;
}

/** The most of a text that is looked at. */
export const MOST_TEXT = 20_000;

/** All finds in a text, in its order; of those that overlap, the one that was looked for first. */
export function findInDraft(draft: string, words: WordList | null): Find[] {
  const text = draft.slice(0, MOST_TEXT);
  const all: Find[] = [];
  for (const f of candidates(text, words)) {
    if (!all.some((a) => a.start < f.end && f.start < a.end)) all.push(f);
  }
  return all.sort((a, b) => a.start - b.start);
}

/** How often each class was found: all that is ever reported. */
export function counts(finds: readonly Find[]): DraftHit[] {
  const by = new Map<DraftClass, number>();
  for (const f of finds) by.set(f.class, (by.get(f.class) ?? 0) + 1);
  return [...by].map(([c, count]) => ({ class: c, count })).sort((a, b) => a.class.localeCompare(b.class));
}

function* candidates(text: string, words: WordList | null): Generator<Find> {
  yield* as("secret", secrets(text));
  yield* as("iban", ibans(text));
  yield* as("card", cards(text));
  yield* as("internal_link", links(text, words));
  yield* as("email", spans(text, EMAIL));
  yield* as("phone", phones(text));
  yield* as("secret", random(text));
  if (!words) return;
  yield* as("insider", words.findWords(text));
  yield* words.findPatterns(text);
}

function* as(name: DraftClass, found: Iterable<Span>): Generator<Find> {
  for (const s of found) yield { class: name, start: s.start, end: s.end };
}

function* spans(text: string, re: RegExp): Generator<Span & { match: RegExpMatchArray }> {
  for (const match of text.matchAll(re)) yield { start: match.index, end: match.index + match[0].length, match };
}

const EMAIL = /(?<![\w.+-])[\p{L}\d][\p{L}\d._%+-]{0,63}@(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.){1,6}[a-z]{2,24}(?![\w-])/giu;

/** Digits as people write them, with single separators. */
const NUMBER = /(?<![\w.,€$£#-])(?:\+|00)?\(?\d(?:[ ()./\-\u00a0\u2011]{0,2}\d){6,18}(?![\w])(?![.,]\d)/g;
const DATE = /^(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2})/;

function* phones(text: string): Generator<Span> {
  for (const s of spans(text, NUMBER)) if (isPhone(s.match[0])) yield s;
}

/** International with + or 00, national with a leading 0, or three groups as in North America; never a bare long number. */
function isPhone(written: string): boolean {
  const digits = written.replace(/\D/g, "");
  if (DATE.test(written) || digits.length > 15) return false;
  if (/^\+/.test(written)) return digits.length >= 8;
  if (/^00/.test(written)) return digits.length >= 10;
  if (/^\(?0/.test(written)) return digits.length >= 9 && digits.length <= 12;
  return /^(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}$/.test(written);
}

function* cards(text: string): Generator<Span> {
  for (const s of spans(text, /(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])/g)) {
    if (isCard(s.match[0].replace(/\D/g, ""))) yield s;
  }
}

function* ibans(text: string): Generator<Span> {
  for (const s of spans(text, /(?<!\w)[a-z]{2}\d{2}(?:[ -]?[a-z\d]){11,30}/gi)) {
    const length = ibanLength(s.match[0].replace(/[ -]/g, "").toUpperCase());
    if (length) yield { start: s.start, end: s.start + spread(s.match[0], length) };
  }
}

/** How much of a text its first letters and digits take. */
function spread(text: string, count: number): number {
  let at = 0;
  for (; count > 0; at++) if (!/[ -]/.test(text[at]!)) count--;
  return at;
}

/** Forms that issuers gave their keys, and passwords that say so. Made when somebody writes: most pages are read. */
const secretForms = (): readonly RegExp[] => [
  /-----BEGIN (?:[A-Z]{1,12} ){0,3}PRIVATE KEY-----/g,
  /(?<!\w)(?:AKIA|ASIA)[A-Z\d]{16}(?!\w)/g,
  /(?<!\w)gh[pousr]_[A-Za-z\d]{36,255}/g,
  /(?<!\w)github_pat_\w{22,255}/g,
  /(?<!\w)glpat-[\w-]{20,64}/g,
  /(?<!\w)npm_[A-Za-z\d]{36}(?!\w)/g,
  /(?<!\w)xox[abeoprs]-[\w-]{10,200}/g,
  /(?<!\w)(?:sk|rk)_(?:live|test)_\w{16,120}/g,
  /(?<!\w)sk-(?:[a-z]{2,8}-)?[\w-]{20,200}/g,
  /(?<!\w)AIza[\w-]{35}(?![\w-])/g,
  /(?<!\w)ya29\.[\w-]{20,300}/g,
  /(?<!\w)SG\.[\w-]{16,64}\.[\w-]{16,64}/g,
  /(?<!\w)eyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}\.[\w-]{8,1000}/g,
  /https?:\/\/[^\s/:@]{1,64}:[^\s/@]{1,128}@[^\s/]{1,255}/gi,
  /(?<![\p{L}\d])(?:password|passwd|pwd|passwort|kennwort|mot de passe|contraseña|api[ _-]?key|secret|token)\s{0,3}(?:[:=]|is:)\s{0,3}[^\s,;]{6,128}/giu,
];

function* secrets(text: string): Generator<Span> {
  for (const re of secretForms()) yield* spans(text, re);
}

/** Long strings without any pattern are keys, unless they are part of a link. */
function* random(text: string): Generator<Span> {
  for (const s of spans(text, /(?<![\w/=+.-])[A-Za-z\d+/_-]{32,128}={0,2}(?![\w/=+-])/g)) {
    const word = s.match[0];
    const mixed = /[a-z]/.test(word) && /\d/.test(word) && (/[A-Z]/.test(word) || /^[a-f\d]+$/.test(word));
    if (mixed && entropy(word) > 3.4 && !isInLink(text, s.start)) yield s;
  }
}

function isInLink(text: string, at: number): boolean {
  return /https?:\/\/\S*$/i.test(text.slice(Math.max(0, at - 300), at));
}

/** Bits per character. */
function entropy(word: string): number {
  const by = new Map<string, number>();
  for (const c of word) by.set(c, (by.get(c) ?? 0) + 1);
  return [...by.values()].reduce((sum, n) => sum - (n / word.length) * Math.log2(n / word.length), 0);
}

const LINK = /(?<![\w@.-])(https?:\/\/)?(?:[^\s/@]{1,64}@)?((?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.){0,8}[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)(?::\d{1,5})?(?:\/[^\s<>"']{0,500})?/gi;

function* links(text: string, words: WordList | null): Generator<Span> {
  for (const s of spans(text, LINK)) {
    const [, scheme, host = ""] = s.match;
    if (isInternal(host.toLowerCase(), scheme !== undefined, words)) yield s;
  }
}

function isInternal(host: string, isLink: boolean, words: WordList | null): boolean {
  if (words?.isInternal(host)) return true;
  if (/\.(?:local|internal|intranet|corp|lan|localdomain)$/.test(host)) return true;
  return isLink && (!host.includes(".") || /^(?:10\.|127\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.)[\d.]+$/.test(host));
}
