// The page that takes the place of a network's pages when a lease is over.

import { askBackground, type EndedLease } from "../internal";
import { text } from "../texts";
import { el } from "./element";
import { networkName } from "../names";
import { account } from "./words";

const main = document.getElementById("main")!;
const lease_id = new URLSearchParams(location.search).get("lease") ?? "";

/** How often a background that says nothing is asked: it may just be starting. */
let patience = 30;

async function refresh(): Promise<void> {
  const ended = (await askBackground({ type: "ended.get", lease_id }))?.ended ?? null;
  const unsaid = !ended && patience-- > 0;
  if (!unsaid) draw(ended);
  if (unsaid || (ended && (!ended.done || ended.done.left_over > 0))) setTimeout(() => void refresh(), 300);
}

let drawn = "";

function draw(ended: EndedLease | null): void {
  if (drawn === JSON.stringify(ended) && drawn !== "") return;
  drawn = JSON.stringify(ended);
  const heading = ended ? text("ext_ended_title", account(ended)) : text("ext_ended_unknown");
  document.title = heading;
  const list = ended ? el("ul", { class: "steps" }, ...steps(ended)) : null;
  const over = !ended || (ended.done && ended.done.left_over === 0);
  main.replaceChildren(el("img", { src: "icons/128.png", alt: "", width: "56", height: "56" }), el("h1", {}, heading));
  if (list) main.append(list);
  if (over) main.append(el("p", { class: "dim" }, text("ext_ended_close")));
}

function steps({ network, done }: EndedLease): HTMLElement[] {
  if (!done) return [el("li", { class: "running" }, text("ext_ended_running"))];
  const out = done.sign_out === "done";
  return [
    el("li", { class: out ? "good" : "quiet" }, text("ext_ended_sign_out_" + done.sign_out, networkName(network))),
    done.left_over === 0 ? el("li", { class: "good" }, text("ext_ended_clean")) : el("li", { class: "running" }, text("ext_ended_left")),
  ];
}

document.documentElement.lang = chrome.i18n.getUILanguage();
void refresh();
