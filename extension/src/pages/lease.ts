// The card of a lease.

import { askBackground, type PopupLease, type PopupState, type Pressed } from "../internal";
import { accountName, networkName } from "../names";
import { text } from "../texts";
import { button, el } from "./element";
import { ring } from "./ring";
import { asWhom, clock, refusal, silent } from "./words";

/** What a card needs of the popup around it. */
export interface Around {
  state: PopupState;
  /** Asks anew and shows. */
  refresh(): Promise<void>;
  /** Shows a sentence below the card of a lease. */
  say(lease: string, words: string, mood: "good" | "bad"): void;
  said: Map<string, { words: string; mood: "good" | "bad" }>;
  /** What is open: a choice that waits for another press. */
  open: { lease: string; what: "renew" | "check_in" } | null;
  setOpen(open: Around["open"]): void;
}

/** The card, and what keeps its ring true. */
export function card(lease: PopupLease, around: Around): { element: HTMLElement; update(now: number): void } {
  const time = ring(lease.started_at, lease.ends_at);
  const who = asWhom(lease);
  const element = el(
    "section", { class: "card", "aria-label": `${accountName(lease)} ${networkName(lease.network)}` },
    el("div", { class: "top" }, time.element, el("div", { class: "name" },
      el("h2", {}, accountName(lease)),
      el("p", { class: "dim" }, text("ext_network_until", networkName(lease.network), clock(lease.ends_at))),
      el("p", { class: "who " + who.mood }, who.words))),
    notice(lease, around),
    lease.code_asked && el("p", { class: "notice quiet", role: "status" }, text("ext_code_asked", networkName(lease.network))),
    lease.banner_lost && el("p", { class: "notice bad" }, text("ext_banner_lost", accountName(lease))),
    ...(lease.ending ? [el("p", { class: "dim" }, text("ext_cleaning_here"))] : actions(lease, around)),
  );
  return { element, update: time.update };
}

/** The last refusal, or what was said about the last press. */
function notice(lease: PopupLease, around: Around): HTMLElement | null {
  const said = around.said.get(lease.id);
  if (said) return el("p", { class: "notice " + said.mood, role: "status" }, said.words);
  if (lease.waits) return el("p", { class: "notice quiet", role: "status" }, text(`ext_waits_${lease.waits}`));
  if (!lease.refused) return null;
  return el("p", { class: "notice bad", role: "status" }, refusal(lease.refused));
}

/** Without the agent nothing can be done; who is signed in already is not asked to sign in. */
function actions(lease: PopupLease, around: Around): HTMLElement[] {
  if (around.state.trouble !== "none") return [];
  const press = (label: string, only?: "code") =>
    button(`${lease.id}.${only ?? "fill"}`, label, only ? "plain" : "primary", () => fill(lease, around, only));
  const signedIn = lease.here && lease.relation === "lease";
  const first = signedIn ? [] : [press(firstLabel(lease))];
  if (lease.has_code && lease.here && !signedIn && lease.mode !== "delegated") first.push(press(text("ext_code"), "code"));
  return [...(first.length ? [el("div", { class: "row" }, ...first)] : []), second(lease, around), mistake(lease, around)];
}

function firstLabel(lease: PopupLease): string {
  if (lease.mode === "delegated" || (lease.session && !lease.here)) return text("ext_open", networkName(lease.network));
  return text("ext_sign_in");
}

async function fill(lease: PopupLease, around: Around, only?: "code"): Promise<void> {
  const answer = await askBackground({ type: "popup.fill", lease_id: lease.id, ...(only && { only }) });
  if (!failed(lease, around, answer)) window.close();
}

/** Says why something did not work, if it did not. */
function failed(lease: PopupLease, around: Around, answer: Pressed | null): boolean {
  const refused = answer ? answer.refused : silent;
  if (refused) around.say(lease.id, refusal(refused), "bad");
  return refused !== undefined;
}

function second(lease: PopupLease, around: Around): HTMLElement {
  const open = around.open?.lease === lease.id ? around.open.what : null;
  if (open === "renew") return el("div", { class: "row tight", role: "group", "aria-label": text("ext_renew") }, ...[15, 30, 60].map((m) => renew(lease, around, m)), cancel(lease, around));
  if (open === "check_in") return el("div", { class: "row" }, checkIn(lease, around), cancel(lease, around));
  return el("div", { class: "row" },
    button(`${lease.id}.renew`, text("ext_renew"), "plain", () => around.setOpen({ lease: lease.id, what: "renew" })),
    button(`${lease.id}.check_in`, text("ext_check_in"), "plain", () => around.setOpen({ lease: lease.id, what: "check_in" })));
}

function renew(lease: PopupLease, around: Around, minutes: number): HTMLElement {
  return button(`${lease.id}.renew.${minutes}`, text("ext_renew_minutes", String(minutes)), "plain", async () => {
    const answer = await askBackground({ type: "popup.renew", lease_id: lease.id, minutes });
    around.setOpen(null);
    if (!failed(lease, around, answer)) around.say(lease.id, text("ext_renewed"), "good");
    await around.refresh();
  });
}

function checkIn(lease: PopupLease, around: Around): HTMLElement {
  return button(`${lease.id}.sure`, text("ext_check_in_sure"), "primary", async () => {
    const answer = await askBackground({ type: "popup.check_in", lease_id: lease.id });
    around.setOpen(null);
    failed(lease, around, answer);
    await around.refresh();
  });
}

function cancel(lease: PopupLease, around: Around): HTMLElement {
  return button(`${lease.id}.cancel`, text("ext_cancel"), "quiet", () => around.setOpen(null));
}

function mistake(lease: PopupLease, around: Around): HTMLElement {
  return button(`${lease.id}.mistake`, text("ext_mistake"), "quiet", async () => {
    const answer = await askBackground({ type: "popup.mistake", lease_id: lease.id });
    if (!failed(lease, around, answer)) around.say(lease.id, text("ext_mistake_opened"), "good");
  });
}
