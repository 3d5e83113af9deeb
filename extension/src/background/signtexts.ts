// The texts of the sign, which every page of a lease shows: a page that asked its browser for them would wait for another process.

import { textToFillIn } from "../texts";

const keys = ["ext_page_as", "ext_page_left_hours", "ext_page_left_minutes", "ext_page_left_soon", "ext_page_left_over"];
let texts: Record<string, string> | undefined;

/** The texts by their keys. */
export function signTexts(): Record<string, string> {
  return (texts ??= Object.fromEntries(keys.map((key) => [key, textToFillIn(key)])));
}
