// The texts of the sign, which every page of a lease shows: a page that asked its browser for them would wait for another process.

import { name } from "../content/texts";
import { text, textToFillIn } from "../texts";

const times = ["ext_page_left_hours", "ext_page_left_minutes", "ext_page_left_soon", "ext_page_left_over"];
const whose = ["ext_page_as", "ext_page_lent"];
let timeTexts: Record<string, string> | undefined;

/** The texts by their keys: how long a lease lasts, with marks where values go, and whose account it is, at a network. */
export function signTexts(lease: { handle: string; network: string }, title: string): Record<string, string> {
  timeTexts ??= Object.fromEntries(times.map((key) => [key, textToFillIn(key)]));
  return { ...timeTexts, ...Object.fromEntries(whose.map((key) => [key, text(key, name(lease), title)])) };
}
