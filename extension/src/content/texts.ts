// texts are what the user reads in a page. The catalog is the one of all programs (internal/i18n); here are the keys.
import type { DraftHit } from "../gen/messages";
import { accountName } from "../names";

/** Gives the text of a key in the user's language. */
export type Text = (key: string, ...values: string[]) => string;

/** A name that keeps its own direction inside a sentence and cannot change that of the sentence, cut if it is very long. */
export function name(account: { handle: string; network: string }): string {
  const plain = accountName(account).replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
  const short = [...plain].length > 40 ? [...plain].slice(0, 39).join("") + "…" : plain;
  return `\u2068${short}\u2069`;
}

/** How long something lasts: whole minutes, so that it changes once a minute, and begun ones count, as on the badge. */
export function timeLeft(text: Text, ms: number): string {
  if (ms <= 0) return text("ext_page_left_over");
  const minutes = Math.ceil(ms / 60_000);
  if (ms < 60_000) return text("ext_page_left_soon");
  if (minutes < 60) return text("ext_page_left_minutes", String(minutes));
  return text("ext_page_left_hours", String(Math.floor(minutes / 60)), String(minutes % 60));
}

/** One line of advice about a draft. */
export function advice(text: Text, hits: readonly DraftHit[]): string {
  return text("ext_draft_advice", hits.map((h) => text(`ext_draft_${h.class}`)).join(", "));
}
