// words finds the company's insider words in a draft. Whole words come as salted hashes, so that whoever reads the list
// learns none; the rest comes as regular expressions, which the hub took only if they are quick (internal/pattern).
import type { Words } from "../gen/messages";
import { sha256 } from "./sha256";

/** A place in a text. */
export interface Span {
  start: number;
  end: number;
}

/** How many words a hashed entry has at most. */
const MOST_PARTS = 3;
/** How long all expressions together may take, and one of them before it is left out for good, in milliseconds. */
const ALL_BUDGET = 30;
const ONE_BUDGET = 10;

/** As internal/native.HashWord. */
export function hashWord(salt: string, word: string): string {
  const plain = word.trim().replace(/\s+/g, " ").normalize("NFKC").toLowerCase();
  const first = sha256(`${salt}:${plain}`).subarray(0, 12);
  return btoa(String.fromCharCode(...first)).replace(/\+/g, "-").replace(/\//g, "_");
}

/** A list of words, ready to be looked for. */
export class WordList {
  private readonly hashes: Set<string>;
  private readonly known = new Map<string, boolean>();
  private expressions: { class: Words["patterns"][number]["class"]; re: RegExp }[];

  constructor(private readonly words: Words) {
    this.hashes = new Set(words.hashes);
    this.expressions = words.patterns.flatMap((p) => compile(p.pattern).map((re) => ({ class: p.class, re })));
  }

  /** Where hashed words are. */
  findWords(text: string): Span[] {
    if (this.hashes.size === 0) return [];
    const parts = [...text.matchAll(/[\p{L}\p{N}\p{M}]+(?:[-_.'’&][\p{L}\p{N}\p{M}]+)*/gu)].map((m) => ({ start: m.index, end: m.index + m[0].length }));
    return parts.flatMap((_, i) => this.longestAt(text, parts.slice(i, i + MOST_PARTS)));
  }

  private longestAt(text: string, parts: Span[]): Span[] {
    for (let n = parts.length; n > 0; n--) {
      const span = { start: parts[0]!.start, end: parts[n - 1]!.end };
      if (this.isKnown(text.slice(span.start, span.end))) return [span];
    }
    return [];
  }

  private isKnown(word: string): boolean {
    let known = this.known.get(word);
    if (known === undefined) {
      if (this.known.size > 20_000) this.known.clear();
      this.known.set(word, (known = word.length <= 120 && this.hashes.has(hashWord(this.words.salt, word))));
    }
    return known;
  }

  /** Where expressions match. One that is slow here is not tried again. */
  findPatterns(text: string, now: () => number = () => performance.now()): (Span & { class: Words["patterns"][number]["class"] })[] {
    const found: (Span & { class: Words["patterns"][number]["class"] })[] = [];
    const end = now() + ALL_BUDGET;
    for (const e of [...this.expressions]) {
      const began = now();
      if (began > end) break;
      for (const m of text.matchAll(e.re)) if (m[0]) found.push({ class: e.class, start: m.index, end: m.index + m[0].length });
      if (now() - began > ONE_BUDGET) this.expressions = this.expressions.filter((other) => other !== e);
    }
    return found;
  }

  /** Whether a host is one of the internal ones, or below one. */
  isInternal(host: string): boolean {
    return this.words.hosts.some((h) => host === h || host.endsWith("." + h));
  }
}

function compile(pattern: string): RegExp[] {
  try {
    return [new RegExp(pattern, "gi")];
  } catch {
    return []; // an expression that only Go knows; the hub refuses those
  }
}
