// What the popup shows when there is no lease, or beside one.

import { askBackground, type PopupState, type Trouble } from "../internal";
import { text } from "../texts";
import { button, el } from "./element";
import { account, clock, refusal, silent } from "./words";

/** A whole popup that says one thing. */
export function message(heading: string, words: string, ...more: (HTMLElement | null)[]): HTMLElement {
  return el("section", { class: "message" }, el("h2", {}, heading), el("p", {}, words), ...more);
}

const retry = () => button("retry", text("ext_try_again"), "primary", () => askBackground({ type: "popup.retry" }));

/** Why nothing can be done, and the way out. */
export function trouble(state: PopupState, refresh: () => Promise<void>): HTMLElement | null {
  const why: Trouble = state.trouble;
  if (why === "none" || why === "offline") return null;
  if (why === "unpaired") return pairing(state, refresh);
  if (why === "starting") return el("p", { class: "dim message" }, text("ext_starting"));
  return message(text(`ext_${why}_title`), text(`ext_${why}_text`), retry());
}

function pairing(state: PopupState, refresh: () => Promise<void>): HTMLElement {
  if (state.pairing_code) {
    const digits = el("output", { class: "digits", "aria-label": state.pairing_code.split("").join(" ") },
      el("span", {}, state.pairing_code.slice(0, 3)), el("span", {}, state.pairing_code.slice(3)));
    return message(text("ext_pair_title"), text("ext_pair_compare"), digits);
  }
  const said = el("p", { class: "notice bad", role: "status", hidden: "" });
  const begin = button("pair", text("ext_pair_begin"), "primary", async () => {
    const answer = await askBackground({ type: "popup.pair" });
    if (!answer || answer.refused) {
      said.textContent = refusal(answer?.refused ?? silent);
      said.hidden = false;
    } else await refresh();
  });
  return message(text("ext_pair_title"), text("ext_pair_text"), begin, said);
}

/** Sentences above the cards. */
export function notes(state: PopupState): HTMLElement[] {
  const lost = state.trouble !== "none" && state.trouble !== "starting";
  const list = state.cleaning.map((c) => note("quiet", text("ext_cleaning", account(c))));
  if (lost && state.leases.length > 0) list.push(note("bad", text("ext_agent_lost"), el("div", { class: "row" }, retry())));
  else if (state.offline_since > 0) list.push(note("bad", text("ext_offline", clock(state.offline_since))));
  for (const host of state.asks_for) list.push(allow(host));
  for (const line of state.lines) list.push(reminder(line));
  if (state.mode === "same_profile" && state.leases.length > 0) list.push(note("quiet", text("ext_same_profile_note")));
  return list;
}

function note(mood: "quiet" | "bad", words: string, ...more: HTMLElement[]): HTMLElement {
  return el("div", { class: "notice " + mood }, words, ...more);
}

function allow(host: string): HTMLElement {
  const ask = button("allow." + host, text("ext_allow"), "plain", () => chrome.permissions.request({ origins: [`https://${host}/*`] }));
  return note("bad", text("ext_allow_host", host), el("div", { class: "row" }, ask));
}

function reminder(line: PopupState["lines"][number]): HTMLElement {
  const answers = line.answers.map((a) => button(`${line.id}.${a.answer}`, a.text, "plain", () => askBackground({ type: "popup.answer", id: line.id, answer: a.answer })));
  return el("div", { class: "notice quiet" }, el("b", {}, line.title), el("p", {}, line.text), el("div", { class: "row" }, ...answers));
}

/** What left this device. */
export async function sentView(back: () => void): Promise<HTMLElement> {
  const answer = await askBackground({ type: "popup.sent" });
  const top = el("div", { class: "bar" }, button("back", text("ext_back"), "quiet", back), el("h2", {}, text("ext_sent")));
  if (!answer?.sent) return el("section", {}, top, el("p", { class: "notice bad" }, refusal(silent)));
  const { entries, since } = answer.sent;
  const rows = entries.map((e) => el("li", {}, el("span", {}, e.text, e.account ? el("small", { class: "dim" }, e.account) : null), el("b", {}, text("ext_sent_count", String(e.count)))));
  const words = entries.length ? text("ext_sent_since", new Date(since).toLocaleDateString(chrome.i18n.getUILanguage())) : text("ext_sent_none");
  return el("section", {}, top, el("p", { class: "dim" }, words), el("ul", { class: "sent" }, ...rows));
}
