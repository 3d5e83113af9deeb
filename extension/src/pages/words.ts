// Words for states and refusals.

import type { PopupLease, Refusal, Refused } from "../internal";
import { accountName, networkName } from "../names";
import { text } from "../texts";

/** How a lease's account is called: its handle, and where. */
export function account(lease: { handle: string; network: string }): string {
  return lease.handle ? text("ext_account", accountName(lease), networkName(lease.network)) : networkName(lease.network);
}

/** The refusal of a background that says nothing. */
export const silent: Refusal = { code: "agent_down", host: "", said: "" };

const told = new Set<string>([
  "no_lease", "origin_refused", "frame_refused", "not_paired", "rate_limited", "step_up_needed", "offline_expired", "locked", "agent_down",
  "no_custodian", "http", "idn", "look_alike", "hidden", "page_changed", "no_field", "field_refused", "changed_by_page", "sends_elsewhere",
]);

/** Refusals that are told with the words of another. */
const alike: Partial<Record<Refused, string>> = {
  other_site: "origin_refused", frame: "frame_refused",
  new_password: "field_refused", two_passwords: "field_refused", sign_up: "field_refused", change_password: "field_refused", change_email: "field_refused",
  newsletter: "field_refused", search: "no_field", payment: "field_refused", wrong_kind: "no_field",
  gone: "hidden", disabled: "hidden", read_only: "hidden", no_pointer: "hidden", transparent: "hidden", too_small: "hidden", outside: "hidden", covered: "hidden",
};

/** Why something was refused, in words for people; where there are none, in those of the agent. */
export function refusal({ code, host, said }: Refusal): string {
  const key = alike[code] ?? code;
  if (told.has(key)) return text("ext_refused_" + key, host);
  return code === "refused" && said ? said : text("ext_refused_other");
}

/** As whom the page in front is signed in. */
export function asWhom(lease: PopupLease): { words: string; mood: "good" | "bad" | "quiet" } {
  switch (lease.here ? lease.relation : null) {
    case "lease":
      return { words: text("ext_as_lease", accountName(lease)), mood: "good" };
    case "other_account":
      return { words: text("ext_as_other", accountName(lease)), mood: "bad" };
    case "personal":
      return { words: text("ext_as_personal", accountName(lease)), mood: "bad" };
    case "unknown":
      return { words: text("ext_as_unknown"), mood: "quiet" };
  }
  if (lease.here && lease.session) return { words: text("ext_as_unknown"), mood: "quiet" }; // signed out since, as far as the page shows
  return { words: text(lease.session ? "ext_as_elsewhere" : "ext_as_nobody"), mood: lease.session ? "good" : "quiet" };
}

/** A time of day. */
export function clock(at: number): string {
  return new Date(at).toLocaleTimeString(chrome.i18n.getUILanguage(), { hour: "numeric", minute: "2-digit" }).replace(" ", "\u00a0");
}
