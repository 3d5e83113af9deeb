// The messages between the parts of the extension: content script, pages and background. Nothing else may send them: there is no
// externally_connectable, and the background answers a content script only for what the browser says of its sender (tab, frame,
// document, origin), never for what a message says.
//
// A message is {type, ...fields}. askBackground and askTab send one and give its answer; unknown types get no answer.

import type { AddressRefusal } from "./content/address";
import type { Wait } from "./content/engine";
import type { CookieAnswer } from "./content/identitywatch";
import type { Place } from "./content/mover";
import type { FieldRefusal } from "./content/refuse";
import type { Unusable } from "./content/usable";
import type { Guard, Pack, Signal } from "./gen/pack";
import type { Code, DraftAction, DraftHit, Field, Lease, Outcome, PageClass, ProfileMode, Relation, Reminder, SentList, SignOut, Words } from "./gen/messages";

/** Why nothing is filled in: codes of the agent, and the extension's own. */
export type Refused =
  | Code
  | "not_asked" // nobody asked for a fill in this tab
  | "page_changed" // the page went elsewhere between question and answer
  | "no_field" // the content script: there is no field that may be filled in
  | "field_refused" // the lease has no such value, or another one was asked for
  | AddressRefusal // the content script: http, another site, a look-alike, a frame
  | FieldRefusal // the content script: a new password, a sign-up, a search ...
  | Unusable // the content script: a field that nobody could click
  | "changed_by_page"; // the content script: the page takes the value away, again

/** Why something did not work. */
export interface Refusal {
  code: Refused;
  /** The host of the page that was refused; empty where no page is the reason. */
  host: string;
  /** What the agent says of it; empty where it says no more than its code. */
  said: string;
}

/** What became of something that was pressed. */
export type Pressed = { refused?: Refusal };

/** A lease as a page needs it. Times are those of this computer's clock (Date.now), corrected for the hub's. */
export type PageLease = Pick<Lease, "id" | "network" | "handle" | "account_ref" | "ends_at" | "mode" | "fields" | "allowed_guards">;

/** What every page of a lease needs of its network's site pack. What only a fill or a draft needs is asked for then. */
export interface PagePack extends Pick<Pack, "network" | "title" | "version" | "home_url"> {
  /** The signs of who is signed in that pages show themselves. */
  identity: Omit<Signal, "id" | "fact">[];
  guards: Omit<Guard, "fact">[];
  /** There are places where drafts are checked. */
  composers: boolean;
}

/** What a fill goes by. */
export type FillPack = Pick<Pack, "network" | "fill_hosts" | "variants">;

/** What drafts are checked by. */
export interface DraftRules extends Pick<Pack, "composers"> {
  words: Words | null;
}

/** A reminder, and until when it stands in the banner, where nothing can be pressed. In the popup it stays until it is answered. */
export interface ReminderLine extends Reminder {
  until: number;
}

/**
 * All that a page knows. With lease null and watch false it has nothing to do and observes nothing.
 * A frame inside the page gets the same; the banner, the guard and the guard pages are the top frame's.
 */
export interface PageState {
  lease: PageLease | null;
  /** The site pack of the page's network; null when there is nothing to do here. */
  pack: PagePack | null;
  /** The version of the company's words for drafts; 0 is none. */
  words: number;
  /** A personal account on the clock is to be pointed out here, without any lease: the admin's switch, and work hours. */
  watch: boolean;
  /** A fill was asked for in this tab and is not done. */
  fill: boolean;
  /** Until when a code is waited for that somebody else was asked for; 0 is none. */
  code_asked: number;
  /** Reminders to show, newest last. */
  lines: ReminderLine[];
  /** Where the user put the banner; null where it is at first. */
  place: Place | null;
  /** What cookies say of who is signed in; null where that has to be asked. */
  cookies: CookieAnswer | null;
  /** Texts of the sign by their keys, with marks where values go (src/texts): a page that asks its browser for a text waits for another process. */
  texts: Record<string, string>;
}

/** What the content script asks the background. */
export interface FromPage {
  /**
   * From each document, at document_start. Soon says that there is something to do in it, and that it is to ask with page.begin when it has
   * time. Where it cannot wait it has its state, and the second script comes by itself.
   */
  "page.hello": { ask: {}; answer: { soon: boolean; state: PageState | null } };
  /** What there is to do, also for a document that lost track. Unless it is there the second script comes, where there is anything. */
  "page.begin": { ask: { there: boolean }; answer: { state: PageState } };
  /** Brings the third script into the document that asks; it is there when the answer comes, or cannot be had. */
  "page.more": { ask: {}; answer: {} };
  /** What the document's fill goes by; null without a lease. */
  "fill.pack": { ask: {}; answer: { pack: FillPack | null } };
  /** What the document's drafts are checked by; null without a lease. */
  "draft.rules": { ask: {}; answer: { rules: DraftRules | null } };
  /** One value, for a usable field that is there now. Do not keep it: it is typed at once, before `until`, or forgotten. */
  "fill.value": { ask: { field: Field }; answer: { value: string; until: number } | { refused: Refused } };
  "fill.report": { ask: { field: Field; outcome: Outcome; ms: number; why?: Refused }; answer: {} };
  /** Before anything else can be filled in the user has to do something in the page; null when that is done. */
  "fill.waits": { ask: { what: Wait | null }; answer: {} };
  /** The page shows that somebody is signed in: verified when its identity is the lease's. Ends the fill. */
  "session.began": { ask: { verified: boolean }; answer: {} };
  "identity.seen": { ask: { relation: Relation }; answer: {} };
  /** What cookies say of who is signed in here, and the user's other accounts at this network; what is in a cookie is not told. */
  "identity.cookies": { ask: {}; answer: CookieAnswer };
  /** The page takes the banner away again and again. */
  "banner.lost": { ask: {}; answer: {} };
  /** The user put the banner elsewhere. */
  "banner.moved": { ask: { place: Place }; answer: {} };
  "draft.checked": { ask: { hits: DraftHit[]; action: DraftAction }; answer: {} };
  "guard.hit": { ask: { page_class: PageClass }; answer: {} };
  /** The page wants a code that only a custodian can read; answered at once, fill.start comes when the code is there. */
  "relay.ask": { ask: {}; answer: { refused?: Refused } };
  "reminder.answer": { ask: { id: string; answer: string }; answer: {} };
  /** The page has the focus, or lost it. */
  "page.focus": { ask: { focused: boolean }; answer: {} };
}

/** What the background asks the content scripts of a tab (each document answers, the first answer counts). */
export interface ToPage {
  /** Something changed: lease, words, lines, fill. */
  "page.state": { ask: { state: PageState }; answer: {} };
  /** Begin to fill: the pack's steps from where the page is. Values are asked for with fill.value. Again: one that has begun goes on as it is. */
  "fill.start": { ask: { only?: Field; again?: boolean }; answer: { started: boolean; why?: Refused } };
  /** Stop filling and forget. */
  "fill.stop": { ask: {}; answer: {} };
  /** Top frame only: a cookie changed that says who is signed in. */
  "identity.look": { ask: {}; answer: {} };
  /** Top frame only: sign out at the network with the steps of the site pack. The document may go away while it does. */
  "sign_out": { ask: { pack: Pack }; answer: { sign_out: SignOut } };
}

/** Why there is nothing to show but a way out. */
export type Trouble = "none" | "starting" | "agent_missing" | "agent_down" | "host_forbidden" | "too_old" | "unpaired" | "offline";

/** A lease as the popup shows it. */
export interface PopupLease extends Lease {
  /** As whom the page in front is signed in; null where nobody knows. */
  relation: Relation | null;
  /** Somebody is signed in with this lease in this browser. */
  session: boolean;
  /** Is being ended: sign-out and clean-up run. */
  ending: boolean;
  /** The page in front belongs to it. */
  here: boolean;
  /** A code is waited for that somebody else was asked for. */
  code_asked: boolean;
  /** The page took the banner away again and again. */
  banner_lost: boolean;
  /** What the page of a fill waits for that only the user can do. */
  waits: Wait | null;
  /** Why the last fill did not work, and for which host. */
  refused: Refusal | null;
}

export interface PopupState {
  trouble: Trouble;
  /** The digits to compare, while pairing. */
  pairing_code: string;
  leases: PopupLease[];
  /** Clean-ups that are not done. */
  cleaning: { network: string; handle: string }[];
  lines: ReminderLine[];
  mode: ProfileMode;
  /** Milliseconds of this computer's clock; 0 while the hub can be reached. */
  offline_since: number;
  /** This computer's time that ends_at was corrected for: ends_at - now is what is left. */
  now: number;
  agent_version: string;
  /** Hosts of leases that the extension may not read yet: sites that the company added. */
  asks_for: string[];
}

/** How a lease ended in this browser. done is null while it is being cleaned up. */
export interface EndedLease {
  network: string;
  handle: string;
  done: { sign_out: SignOut; left_over: number } | null;
}

/** What popup and ended page ask the background. */
export interface FromPopup {
  "popup.state": { ask: {}; answer: PopupState };
  "popup.pair": { ask: {}; answer: Pressed };
  "popup.fill": { ask: { lease_id: string; only?: Field }; answer: Pressed };
  "popup.renew": { ask: { lease_id: string; minutes: number }; answer: Pressed };
  "popup.check_in": { ask: { lease_id: string }; answer: Pressed };
  "popup.mistake": { ask: { lease_id: string }; answer: Pressed };
  "popup.sent": { ask: {}; answer: { sent: SentList | null } };
  "popup.answer": { ask: { id: string; answer: string }; answer: {} };
  "popup.retry": { ask: {}; answer: {} };
  /** What the ended page says; null when it was too long ago. */
  "ended.get": { ask: { lease_id: string }; answer: { ended: EndedLease | null } };
}

/** Everything that the background is asked. */
export type Requests = FromPage & FromPopup;

/** Asks the background; null when there is none, or it does not answer this type. */
export async function askBackground<K extends keyof Requests>(message: { type: K } & Requests[K]["ask"]): Promise<Requests[K]["answer"] | null> {
  try {
    return ((await chrome.runtime.sendMessage(message)) as Requests[K]["answer"] | undefined) ?? null;
  } catch {
    return null; // an extension that was reloaded, or a page that goes away
  }
}

/** Asks the content scripts of a tab, or of one of its frames; null when none answers. */
export async function askTab<K extends keyof ToPage>(tab: number, message: { type: K } & ToPage[K]["ask"], frame?: number): Promise<ToPage[K]["answer"] | null> {
  try {
    const to = frame === undefined ? {} : { frameId: frame };
    return ((await chrome.tabs.sendMessage(tab, message, to)) as ToPage[K]["answer"] | undefined) ?? null;
  } catch {
    return null; // no content script there
  }
}
