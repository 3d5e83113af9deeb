// The popup. It asks the background each second, and draws anew only what changed, so that the focus stays where it is.

import { askBackground, type PopupState } from "../internal";
import { text } from "../texts";
import { button, el } from "./element";
import { card, type Around } from "./lease";
import { message, notes, sentView, trouble } from "./views";

const main = document.getElementById("main")!;
const footer = document.getElementById("footer")!;

let drawn = "";
let rings: ((now: number) => void)[] = [];
let sent = false;
/** The button that opened what was just closed: the focus goes back to it. */
let opener = "";

const around: Around = {
  state: undefined as unknown as PopupState,
  refresh,
  said: new Map(),
  open: null,
  say(lease, words, mood) {
    around.said.set(lease, { words, mood });
    draw();
  },
  setOpen(open) {
    if (around.open) opener = `${around.open.lease}.${around.open.what}`;
    around.open = open;
    if (open) around.said.delete(open.lease);
    draw();
  },
};

async function refresh(): Promise<void> {
  const state = await askBackground({ type: "popup.state" });
  if (state) around.state = state;
  draw();
}

function draw(): void {
  const { state } = around;
  if (!state || sent) return;
  const now = JSON.stringify([{ ...state, now: 0 }, [...around.said], around.open]);
  if (now !== drawn) {
    const key = (document.activeElement as HTMLElement | null)?.dataset.key;
    drawn = now;
    show(...contents(state));
    focusOn(key);
  }
  for (const update of rings) update(Date.now());
}

function contents(state: PopupState): HTMLElement[] {
  rings = [];
  document.getElementById("mode")!.textContent = state.leases.length ? text("ext_mode_" + state.mode) : "";
  const above = notes(state);
  const stop = trouble(state, refresh);
  if (stop && state.leases.length === 0) return [...above, stop];
  if (state.leases.length === 0) return [...above, message(text("ext_empty_title"), text("ext_empty_text"))];
  const cards = [...state.leases].sort((a, b) => Number(b.here) - Number(a.here) || a.ends_at - b.ends_at).map((lease) => card(lease, around));
  rings = cards.map((c) => c.update);
  return [...above, ...cards.map((c) => c.element)];
}

function show(...elements: HTMLElement[]): void {
  main.replaceChildren(...elements);
  const connected = around.state.trouble === "none";
  footer.replaceChildren(...(connected ? [button("sent", text("ext_sent"), "quiet", openSent)] : []));
}

/** The focus goes back to where it was; to what opened instead; or to the first button. */
function focusOn(key: string | undefined): void {
  const opened = around.open && document.querySelector<HTMLElement>(`[data-key="${CSS.escape(around.open.lease)}.${around.open.what === "renew" ? "renew.15" : "sure"}"]`);
  const byKey = (k: string) => document.querySelector<HTMLElement>(`[data-key="${CSS.escape(k)}"]`);
  const back = opener ? byKey(opener) : null;
  if (!around.open) opener = "";
  ((key ? byKey(key) : null) ?? opened ?? back ?? main.querySelector<HTMLElement>("button.primary"))?.focus();
}

async function openSent(): Promise<void> {
  sent = true;
  const view = await sentView(closeSent);
  main.replaceChildren(view);
  footer.replaceChildren();
  main.querySelector<HTMLElement>("button")?.focus();
}

function closeSent(): void {
  sent = false;
  drawn = "";
  draw();
  footer.querySelector("button")?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || (!sent && !around.open)) return;
  event.preventDefault();
  if (sent) closeSent();
  else around.setOpen(null);
});

document.documentElement.lang = chrome.i18n.getUILanguage();
main.replaceChildren(el("p", { class: "dim message" }, text("ext_starting")));
void refresh();
setInterval(() => void refresh(), 1000);
