// identity reads the signs of who is signed in that a page shows, as the site pack describes them.
import { type Seen, extract } from "../accounts";
import type { PagePack } from "../internal";
import { findHere, lineOf } from "./find";

/** The most of a page's scripts and texts that is read for one signal. */
const MOST_TEXT = 1_500_000;

type Signals = PagePack["identity"];

/** Reads the page's own signals. */
export function readPage(signals: Signals): Seen[] {
  return isBare(signals.flatMap((s) => s.selectors ?? [])) ? [] : signals.flatMap((s) => readSignal(s));
}

/** Whether a page has none of the signs, as most have while they are loaded: one look finds that, instead of one for each. */
function isBare(selectors: readonly string[]): boolean {
  if (selectors.length === 0 || selectors.some((s) => s.includes(">>>"))) return false;
  try {
    return Document.prototype.querySelector.call(document, selectors.join(", ")) === null;
  } catch {
    return false; // one that this browser does not know would hide the others
  }
}

function readSignal(signal: Signals[number]): Seen[] {
  for (const selector of signal.selectors ?? []) {
    for (const el of findHere(selector)) {
      const value = extract(rawOf(el, signal.attribute), signal.pattern);
      if (value) return [{ gives: signal.gives, value }];
    }
  }
  return [];
}

function rawOf(el: HTMLElement, attribute: string | undefined): string {
  if (attribute) return el.getAttribute(attribute) ?? "";
  return el.matches("script") ? (el.textContent ?? "").slice(0, MOST_TEXT) : lineOf(el);
}
