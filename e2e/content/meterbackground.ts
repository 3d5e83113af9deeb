// The background beside the meter knows nothing but the states of pages, as it would put them together: that of /?state=lent is called lent.
import { signTexts, signsAs } from "../../extension/src/background/signtexts";
import type { PageState } from "../../extension/src/internal";

declare const STATES: Record<string, PageState>; // set when it is bundled

function stateOf(address: string): PageState {
  const state = STATES[new URL(address).searchParams.get("state") ?? ""]!;
  return state.lease && state.pack ? { ...state, as: signsAs(state.lease, state.pack.title), texts: signTexts(), cookies: { relation: "unknown", others: [] } } : state;
}

chrome.runtime.onMessage.addListener((message: { type: string }, from: { url?: string }, answer) => {
  if (message.type === "page.hello") answer(stateOf(from.url ?? ""));
  else answer(message.type === "identity.cookies" ? { relation: "unknown", others: [] } : {});
});
