// texts are what the user reads in a page. The catalog is the one of all programs (internal/i18n); here are the keys.
import type { DraftHit } from "../gen/messages";

/** Gives the text of a key in the user's language. */
export type Text = (key: string, ...values: string[]) => string;

/** A name that keeps its own direction inside a sentence and cannot change that of the sentence, cut if it is very long. */
export function name(handle: string): string {
  const plain = handle.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
  const at = plain.startsWith("@") ? plain : `@${plain}`;
  const short = [...at].length > 40 ? [...at].slice(0, 39).join("") + "…" : at;
  return `\u2068${short}\u2069`;
}

/** How long something lasts: whole minutes, so that it changes once a minute. */
export function timeLeft(text: Text, ms: number): string {
  if (ms <= 0) return text("ext_page_left_over");
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return text("ext_page_left_soon");
  if (minutes < 60) return text("ext_page_left_minutes", String(minutes));
  return text("ext_page_left_hours", String(Math.floor(minutes / 60)), String(minutes % 60));
}

/** One line of advice about a draft. */
export function advice(text: Text, hits: readonly DraftHit[]): string {
  return text("ext_draft_advice", hits.map((h) => text(`ext_draft_${h.class}`)).join(", "));
}
