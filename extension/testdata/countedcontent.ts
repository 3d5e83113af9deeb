// The content script, whose work a page may count: it answers once the background has answered all that was asked before.
import { counted, unheard } from "./count";
import "../src/content/main";

unheard("count", (event) => {
  event.preventDefault(); // somebody is here
  void chrome.runtime.sendMessage({ type: "page.hello" }).then(() => document.dispatchEvent(new CustomEvent("counted", { detail: JSON.stringify(counted()) })));
});
