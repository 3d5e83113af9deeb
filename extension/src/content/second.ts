// The second script of a document: what pages need for which there is a lease, or in which something is watched. The background puts it
// into a document that has time for it, or for which something cannot wait. Whatever it does, only the background starts it: no event of
// a page begins a fill.

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

/** The background brings the third script before it answers. */
function bringMore(): Promise<More | null> {
  coming ??= askBackground({ type: "page.more" }).then(() => {
    coming = null;
    return world.more;
  });
  return coming;
}

function begin(): Page {
  const page = new Page(tools);
  chrome.runtime.onMessage.addListener((message: { type?: string }, sender, answer) => {
    if (sender.id !== chrome.runtime.id || sender.tab) return; // only the background, never another page's content script
    const handler = Object.hasOwn(page.answers, message?.type ?? "") ? page.answers[message.type as keyof typeof page.answers] : undefined;
    if (!handler) return;
    void Promise.resolve(handler(message as never)).then(answer);
    return true;
  });
  if (world.state) page.apply(world.state);
  world.state = null;
  return page;
}

world.page ??= begin();
