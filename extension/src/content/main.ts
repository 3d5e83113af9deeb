// The content script: asks the background whether there is anything to do in this document, and does nothing where there is
// not. Whatever it does, only the background starts it: no event of a page begins a fill.

import { askBackground } from "../internal";
import { Page, type Tools } from "./page";

const tools: Tools = {
  background: { ask: askBackground },
  text: (key, ...values) => chrome.i18n.getMessage(key, values),
};

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
