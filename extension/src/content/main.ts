// The first script of a document. It is in every page of a network, while that is loaded, so it does the least: it asks the background
// whether there is anything to do here. What there is to do is in the second script, which comes when the page has time for it.

import { askBackground } from "../internal";
import type { PageState } from "../internal";
import { world } from "./world";

/** How long a page that has no time is waited for, in milliseconds: who is signed in is to be compared within 300 ms. */
const LONGEST = 150;

async function begin(): Promise<void> {
  if (world.page) return world.page.begin(); // back from the browser's cache
  const answer = await askBackground({ type: "page.hello" });
  if (answer?.soon) requestIdleCallback(() => void beginNow(), { timeout: LONGEST });
  else take(answer?.state);
}

async function beginNow(): Promise<void> {
  if (!world.page) take((await askBackground({ type: "page.begin", there: false }))?.state); // else the background was first
}

/** The second script may come before the state or after it. */
function take(state: PageState | null | undefined): void {
  if (!state) return;
  if (world.page) world.page.apply(state);
  else world.state = state;
}

addEventListener("pageshow", (e) => e.isTrusted && e.persisted && void begin());
void begin();
