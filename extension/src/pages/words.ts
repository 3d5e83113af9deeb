// Words for states and refusals.

import type { PopupLease, Refused } from "../internal";
import { text } from "../texts";

const titles: Record<string, string> = { x: "X", facebook: "Facebook", instagram: "Instagram", pinterest: "Pinterest" };

/** The name of a network; a site that the company added is called by its host. */
export function title(network: string): string {
  return titles[network] ?? network.replace(/^site:/, "");
}

/** A handle as people write it, "@acme". */
export function at(handle: string): string {
  return handle.startsWith("@") ? handle : "@" + handle;
}

/** How a lease's account is called: its handle, and where. */
export function account(lease: { handle: string; network: string }): string {
  return lease.handle ? text("ext_account", at(lease.handle), title(lease.network)) : title(lease.network);
}

const told = new Set<string>([
  "no_lease", "origin_refused", "frame_refused", "not_paired", "rate_limited", "step_up_needed", "offline_expired", "locked", "agent_down",
  "http", "idn", "look_alike", "hidden", "page_changed", "no_field", "field_refused", "changed_by_page",
]);

/** Refusals that are told with the words of another. */
const alike: Partial<Record<Refused, string>> = {
  other_site: "origin_refused", frame: "frame_refused",
  new_password: "field_refused", two_passwords: "field_refused", sign_up: "field_refused", change_password: "field_refused", change_email: "field_refused",
  newsletter: "field_refused", search: "no_field", payment: "field_refused", wrong_kind: "no_field",
  gone: "hidden", disabled: "hidden", read_only: "hidden", no_pointer: "hidden", transparent: "hidden", too_small: "hidden", outside: "hidden", covered: "hidden",
};

/** Why something was refused, in words for people. */
export function refusal(code: Refused, host = ""): string {
  const key = alike[code] ?? code;
  return told.has(key) ? text("ext_refused_" + key, host) : text("ext_refused_other");
}

/** As whom the page in front is signed in. */
export function asWhom(lease: PopupLease): { words: string; mood: "good" | "bad" | "quiet" } {
  switch (lease.here ? lease.relation : null) {
    case "lease":
      return { words: text("ext_as_lease", at(lease.handle)), mood: "good" };
    case "other_account":
      return { words: text("ext_as_other", at(lease.handle)), mood: "bad" };
    case "personal":
      return { words: text("ext_as_personal", at(lease.handle)), mood: "bad" };
    case "unknown":
      return { words: text("ext_as_unknown"), mood: "quiet" };
  }
  if (lease.here && lease.session) return { words: text("ext_as_unknown"), mood: "quiet" }; // signed out since, as far as the page shows
  return { words: text(lease.session ? "ext_as_elsewhere" : "ext_as_nobody"), mood: lease.session ? "good" : "quiet" };
}

/** A time of day. */
export function clock(at: number): string {
  return new Date(at).toLocaleTimeString(chrome.i18n.getUILanguage(), { hour: "numeric", minute: "2-digit" });
}
