// The scripts that the background puts into documents. The first one is in every page of the networks and asks for what it needs; a
// document that has something to do gets the second, and for fills, drafts and signing out the third.

import { askTab, type ToPage } from "../internal";
import { firefox } from "./browser";

const SECOND = "second.js";
const THIRD = "more.js";

/** Which scripts: the third goes before the second, which may need it at once. */
export const scripts = { second: [SECOND], third: [THIRD], both: [THIRD, SECOND] };

/** A document, as the browser names the sender of a message; without an id it is the one that is in the frame now. */
type Document = Pick<chrome.runtime.MessageSender, "frameId" | "documentId">;

/** Puts scripts into a document. They do nothing where they are already. */
export async function bring(files: readonly string[], tab: number, { frameId, documentId }: Document): Promise<void> {
  const frame = !firefox && documentId ? { documentIds: [documentId] } : { frameIds: [frameId ?? 0] };
  await chrome.scripting.executeScript({ target: { tabId: tab, ...frame }, files: [...files], injectImmediately: true }).catch(() => undefined); // the document went away
}

/** Asks the document in a frame, which gets the second script for it if it needs it; null when it cannot be asked. */
export async function askDocument<K extends keyof ToPage>(tab: number, message: { type: K } & ToPage[K]["ask"], frame: number): Promise<ToPage[K]["answer"] | null> {
  const answer = await askTab(tab, message, frame);
  if (answer) return answer;
  await bring(scripts.second, tab, { frameId: frame });
  return askTab(tab, message, frame);
}
