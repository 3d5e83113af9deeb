// The first script of a document: asks the background whether there is anything to do in it, and does nothing where there is not.
// It is in every page of a network, so it is small; what most pages never need is in the second script, more. Whatever it does, only the
// background starts it: no event of a page begins a fill.

import { askBackground } from "../internal";
import type { More } from "./more";
import { Page, type Tools } from "./page";
import { world } from "./world";

const tools: Tools = {
  background: { ask: askBackground },
  text: (key, ...values) => chrome.i18n.getMessage(key, values),
  more: async () => world.more ?? bringMore(),
};

let coming: Promise<More | null> | null = null;

/** The background brings the second script before it answers. */
function bringMore(): Promise<More | null> {
  coming ??= askBackground({ type: "page.more" }).then(() => {
    coming = null;
    return world.more;
  });
  return coming;
}

const page = new Page(tools);

chrome.runtime.onMessage.addListener((message: { type?: string }, sender, answer) => {
  if (sender.id !== chrome.runtime.id || sender.tab) return; // only the background, never another page's content script
  const handler = Object.hasOwn(page.answers, message?.type ?? "") ? page.answers[message.type as keyof typeof page.answers] : undefined;
  if (!handler) return;
  void Promise.resolve(handler(message as never)).then(answer);
  return true;
});

addEventListener("pageshow", (e) => e.isTrusted && e.persisted && void page.begin());
void page.begin();
