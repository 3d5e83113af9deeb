// The texts of the sign, which every page of a lease shows: a page that asked its browser for them would wait for another process.

import { name } from "../content/texts";
import { text, textToFillIn } from "../texts";

const keys = ["ext_page_left_hours", "ext_page_left_minutes", "ext_page_left_soon", "ext_page_left_over"];
let texts: Record<string, string> | undefined;

/** The texts by their keys. */
export function signTexts(): Record<string, string> {
  return (texts ??= Object.fromEntries(keys.map((key) => [key, textToFillIn(key)])));
}

/** As whom the user works on pages of a lease. */
export function signsAs(lease: { handle: string; network: string }, title: string): string {
  return text("ext_page_as", name(lease), title);
}
