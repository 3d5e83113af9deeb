// The background beside the meter knows nothing but the states of pages, as it would put them together: that of /?state=lent is called lent.
import { leaseForPage, packForPage } from "../../extension/src/background/forpages";
import { bring, scripts } from "../../extension/src/background/scripts";
import { signTexts } from "../../extension/src/background/signtexts";
import type { Lease } from "../../extension/src/gen/messages";
import type { Pack } from "../../extension/src/gen/pack";
import type { PageState } from "../../extension/src/internal";

/** What is known of a page. */
type Known = Omit<PageState, "lease" | "pack" | "words"> & { lease: Lease | null; pack: Pack | null };

declare const STATES: Record<string, Known>; // set when it is bundled

function knownOf(address: string | undefined): Known {
  return STATES[new URL(address ?? "").searchParams.get("state") ?? ""]!;
}

function stateOf({ lease, pack, ...rest }: Known): PageState {
  const texts = lease && pack ? signTexts(lease, pack.title) : {};
  return { ...rest, words: 0, lease: lease && leaseForPage(lease), pack: pack && packForPage(pack), texts, cookies: { relation: "unknown", others: [] } };
}

function begin(from: chrome.runtime.MessageSender): PageState {
  void bring(["begins.js", ...scripts.second, "ran.js"], from.tab?.id ?? -1, from);
  return stateOf(knownOf(from.url));
}

const answers: Record<string, (from: chrome.runtime.MessageSender) => object> = {
  "page.hello": (from) => ({ soon: knownOf(from.url).lease !== null, state: null }),
  "page.begin": (from) => ({ state: begin(from) }),
  "identity.cookies": () => ({ relation: "unknown", others: [] }),
};

chrome.runtime.onMessage.addListener((message: { type: string }, from, answer) => answer(answers[message.type]?.(from) ?? {}));
