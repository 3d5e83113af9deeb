// The background, whose work its own pages may count.
import { counted } from "./count";
import "../src/background/main";

chrome.runtime.onMessage.addListener((message: { type: string }, _sender, answer) => {
  if (message.type === "count") answer(counted());
});
