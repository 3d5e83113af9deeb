// Fills: the user asks for one in the browser's own surface (popup, keyboard command) or at the agent, for one tab; from then on that tab's
// pages may ask for one value at a time, until somebody is signed in, the tab goes elsewhere, or three minutes are over.

import { askTab, type Refused } from "../internal";
import type { Wait } from "../content/engine";
import type { Field, Gesture, Lease } from "../gen/messages";
import type { Pack } from "../gen/pack";
import { hostOf, within } from "../hosts";
import { No } from "./agent";
import { ownStore, storeOf } from "./browser";
import type { Ends } from "./end";
import type { Leases } from "./leases";
import { memory, remember, type Asked } from "./memory";
import type { Packs } from "./packs";
import { entrance, fillsAt, hostsOf, lookAlike, originOf } from "./place";
import { askDocument } from "./scripts";

/** How long a fill may take, with all its steps, in milliseconds. */
const askedFor = 3 * 60_000;
/** How long a page that is loaded may take to ask for a value until it is told again, and how often that is done. */
const pageTime = 600;
const mostAgain = 8;
/** How long a page may take from its question to its report, in milliseconds: a page can lose what it asked for. */
const typeTime = 2500;
/** How long the agent's first page of a work browser may take to appear: the extension can be there before any window is. */
const windowTime = 5000;
const windowLook = 100;
/** How long the user may take for what only the user can do: once, so that no fill lasts for hours. */
const waitFor = 10 * 60_000;

export class Fills {
  /** Tabs whose page told what became of a value, or what it waits for, since a fill was asked for there. */
  private readonly served = new Set<number>();
  /** When a tab's page had an answer to its last question for a value. */
  private readonly askedAt = new Map<number, number>();

  constructor(private readonly leases: Leases, private readonly packs: Packs, private readonly ends: Ends) {}

  /** The user asks to be signed in: in this tab if it shows the network, in a new one otherwise. */
  async begin(lease: Lease, gesture: Gesture, front?: chrome.tabs.Tab, only?: Field): Promise<void> {
    delete memory.refused[lease.id];
    await this.ends.quiet(); // a clean-up would take the new session along
    const trace = await this.leases.use(lease);
    const pack = await this.packs.get(lease.network);
    if (lease.mode === "delegated") return void (await this.show(entrance(pack, lease), trace.store));
    const host = hostOf(front?.url);
    const unsafe = lookAlike(front?.url ?? "", pack, lease);
    if (unsafe) return void this.refuse(lease.id, unsafe.why, unsafe.host);
    const here = front?.id !== undefined && fillsAt(host, lease, pack) && storeOf(front) === trace.store;
    if (!here || front.id === undefined) return void (await this.openAndAsk(lease, gesture, pack, trace.store));
    this.ask(front.id, lease, gesture, only);
    const why = await this.start(front.id, only);
    if (why === "no_field" && !only) await this.toLogin(front.id, pack);
    else if (why && why !== "no_lease") this.refuse(lease.id, why, host);
  }

  /** Begins in a tab's page and the frames in it, and says why none began. What one can fill in counts more than what the others cannot. */
  private async start(tab: number, only?: Field): Promise<Refused | undefined> {
    void this.follow(tab, only);
    const frames = (await chrome.webNavigation.getAllFrames({ tabId: tab })) ?? [];
    const origin = originOf(frames.find((f) => f.frameId === 0)?.url);
    const own = frames.filter((f) => originOf(f.url) === origin); // strangers' frames get nothing, not even a script
    const asked = own.map((f) => askDocument(tab, { type: "fill.start", ...(only && { only }) }, f.frameId));
    const answers = (await Promise.all(asked)).filter((a) => a !== null);
    if (answers.some((a) => a.started)) return undefined;
    return (answers.find((a) => a.why !== "no_field" && a.why !== "no_lease") ?? answers[0])?.why;
  }

  /**
   * Sees to it that a page really begins, however long it takes to load: what it was told may have crossed with what it heard before.
   * One that is older than the extension, as the first page of a new work browser can be, has no content script: it is loaded anew, once;
   * and so is the address of a tab that is empty still: a browser that is busy may forget where a new tab was sent.
   */
  private async follow(tab: number, only?: Field, url = ""): Promise<void> {
    this.served.delete(tab);
    for (let answers = 0, anew = false; answers < mostAgain && this.askedIn(tab); ) {
      await pause(pageTime);
      if (this.served.has(tab) || !memory.asked[tab]) return;
      if (Date.now() - (this.askedAt.get(tab) ?? 0) < typeTime) continue; // it is being typed
      const now = await chrome.tabs.get(tab).catch(() => undefined);
      if (now?.status !== "complete") continue;
      if (await askTab(tab, { type: "fill.start", again: true, ...(only && { only }) })) {
        answers++;
        continue;
      }
      const still = await chrome.tabs.get(tab).catch(() => undefined);
      if (still?.status !== "complete" || still.url !== now.url) continue; // it is on its way to another page
      if (!anew && memory.asked[tab]) await this.anew(tab, now.url === "about:blank" ? url : "");
      anew = true;
    }
  }

  /** Loads what a tab shows, or an address in it. */
  private async anew(tab: number, url: string): Promise<void> {
    await (url ? chrome.tabs.update(tab, { url }) : chrome.tabs.reload(tab)).catch(() => undefined);
  }

  private async openAndAsk(lease: Lease, gesture: Gesture, pack: Pack | null, store: string): Promise<void> {
    const tab = await this.show("about:blank", store);
    if (tab.id === undefined) return;
    this.ask(tab.id, lease, gesture); // before its page can say hello
    const url = pack?.login_url || `https://${lease.hosts[0]}/`;
    await chrome.tabs.update(tab.id, { url });
    void this.follow(tab.id, undefined, url);
  }

  private show(url: string, store: string): Promise<chrome.tabs.Tab> {
    return chrome.tabs.create({ url, active: true, ...(store !== ownStore && { cookieStoreId: store }) });
  }

  /** The page in front is the network's, but not where one signs in. */
  private async toLogin(tab: number, pack: Pack | null): Promise<void> {
    if (pack?.login_url) await chrome.tabs.update(tab, { url: pack.login_url });
  }

  private ask(tab: number, lease: Lease, gesture: Gesture, only?: Field): void {
    memory.asked[tab] = { lease_id: lease.id, gesture, until: Date.now() + askedFor, ...(only && { only }) };
    remember();
  }

  /** The agent says that the user asked there. For a delegated account nothing is filled in: its entrance is opened unless it is there. */
  async askedAtAgent(lease: Lease): Promise<void> {
    const trace = await this.leases.use(lease);
    const delegated = lease.mode === "delegated";
    const tab = await tabAt(delegated ? hostsOf(lease, await this.packs.get(lease.network)) : lease.hosts, trace.store);
    if (delegated) return tab ? undefined : this.begin(lease, "open");
    if (tab?.id === undefined || !isComing(tab, lease.hosts)) return this.begin(lease, "open", tab);
    this.ask(tab.id, lease, "open"); // its page says hello when it is there
    void this.follow(tab.id);
  }

  /** What was asked for in a tab, if that still counts. */
  askedIn(tab: number): Asked | undefined {
    const asked = memory.asked[tab];
    if (asked && asked.until > Date.now() && this.leases.get(asked.lease_id)) return asked;
    this.finish(tab);
    return undefined;
  }

  /** Nothing more is filled in there. */
  finish(tab: number): void {
    if (!memory.asked[tab]) return;
    delete memory.asked[tab];
    remember();
  }

  /** A tab that leaves the network does not come back to a fill. */
  navigated(tab: number, url: string): void {
    const asked = memory.asked[tab];
    if (!asked || url === "about:blank") return;
    const lease = this.leases.get(asked.lease_id);
    if (!lease || !within(hostOf(url), lease.hosts)) this.finish(tab);
  }

  /** Does what a page asked for a value: meanwhile, and as long as it may take to type it, the page is not told to begin again. */
  async whileAnswering<T>(tab: number, work: () => Promise<T>): Promise<T> {
    this.askedAt.set(tab, Infinity); // as long as the agent needs
    try {
      return await work();
    } finally {
      this.askedAt.set(tab, Date.now());
    }
  }

  /** The page told what became of a value. */
  reported(tab: number): void {
    this.served.add(tab);
  }

  /** The page wants something first that only the user can do; null when that is done. */
  waits(tab: number, what: Wait | null): void {
    const asked = this.askedIn(tab);
    if (!asked) return;
    delete asked.waits;
    if (what) {
      this.served.add(tab); // the page has begun
      if (!asked.waited) asked.until = Math.max(asked.until, Date.now() + waitFor);
      Object.assign(asked, { waits: what, waited: true });
    }
    remember();
  }

  /** What the page waits for in which a lease signs in. */
  waitOf(lease: string): Wait | null {
    return Object.values(memory.asked).find((a) => a.lease_id === lease && a.waits && a.until > Date.now())?.waits ?? null;
  }

  /** The custodian's code is there. */
  async codeReady(id: string): Promise<void> {
    for (const [tab, asked] of Object.entries(memory.asked)) {
      if (asked.lease_id !== id) continue;
      asked.code_asked = 0;
      await askTab(Number(tab), { type: "fill.start", only: "code" });
    }
    remember();
  }

  /** Until when a code is waited for that somebody was asked for; 0 is none. */
  codeAsked(id: string): number {
    return Math.max(0, ...Object.values(memory.asked).map((a) => (a.lease_id === id && a.code_asked) || 0));
  }

  /** Notes for the popup why it did not work. */
  refuse(lease: string, code: Refused, host: string, said = ""): Refused {
    memory.refused[lease] = { code, host, said };
    remember();
    return code;
  }

  refuseFor(lease: string, no: unknown, host: string): Refused {
    return no instanceof No ? this.refuse(lease, no.code, host, no.said) : this.refuse(lease, "agent_down", host);
  }
}

/**
 * A tab of a store that goes to one of the hosts, or is there. In a work browser it is waited for: the agent opens one, and the extension can
 * be there before it.
 */
async function tabAt(hosts: readonly string[], store: string): Promise<chrome.tabs.Tab | undefined> {
  for (let waited = 0; ; waited += windowLook) {
    const ours = (await chrome.tabs.query({})).filter((t) => storeOf(t) === store);
    const found = ours.find((t) => isComing(t, hosts)) ?? ours.find((t) => within(hostOf(t.url), hosts));
    if (found || memory.mode !== "work" || waited >= windowTime) return found;
    await pause(windowLook);
  }
}

function isComing(tab: chrome.tabs.Tab, hosts: readonly string[]): boolean {
  return within(hostOf(tab.pendingUrl), hosts);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
