// The background: a service worker in Chromium, an event page in Firefox. It can end at any moment, so every listener is
// registered at once, and what has to last is in storage.

import type { PageState } from "../internal";

const nothing: PageState = { lease: null, pack: null, words: null, watch: false, mode: "same_profile", fill: false, lines: [] };

chrome.runtime.onMessage.addListener((message, sender, answer) => {
  if (sender.id !== chrome.runtime.id || message?.type !== "page.hello") return;
  answer(nothing);
});
