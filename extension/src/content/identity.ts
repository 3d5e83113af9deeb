// identity reads the signs of who is signed in that a page shows, as the site pack describes them.
import { type Seen, extract } from "../accounts";
import type { Pack, Signal } from "../gen/pack";
import { findHere, lineOf } from "./dom";

/** The most of a page's scripts and texts that is read for one signal. */
const MOST_TEXT = 1_500_000;

/** Reads the page's own signals. */
export function readPage(pack: Pack): Seen[] {
  return pack.identity.filter((s) => s.kind === "dom").flatMap((s) => readSignal(s));
}

function readSignal(signal: Signal): Seen[] {
  for (const el of (signal.selectors ?? []).flatMap((s) => findHere(s))) {
    const value = extract(rawOf(el, signal.attribute), signal.pattern);
    if (value) return [{ gives: signal.gives, value }];
  }
  return [];
}

function rawOf(el: HTMLElement, attribute: string | undefined): string {
  if (attribute) return el.getAttribute(attribute) ?? "";
  return el.matches("script") ? (el.textContent ?? "").slice(0, MOST_TEXT) : lineOf(el);
}
