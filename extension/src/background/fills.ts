// Fills: the user asks for one in the browser's own surface (popup, keyboard command) or at the agent, for one tab; from then on that tab's
// pages may ask for one value at a time, until somebody is signed in, the tab goes elsewhere, or three minutes are over.

import { askTab, type FromPage, type Refused, type ToPage } from "../internal";
import { refuseAddress } from "../content/address";
import type { Wait } from "../content/engine";
import { signedFill, type Fill, type Field, type Gesture, type Lease } from "../gen/messages";
import type { Pack } from "../gen/pack";
import { hostOf, within } from "../hosts";
import { No, type Agent } from "./agent";
import { ownStore } from "./browser";
import { sign } from "./key";
import type { Ends } from "./end";
import type { Leases } from "./leases";
import { memory, remember, type Asked } from "./memory";
import type { Packs } from "./packs";
import { fillsAt, hostsOf, originOf, sameOriginUpwards } from "./place";

/** How long a fill may take, with all its steps, in milliseconds. */
const askedFor = 3 * 60_000;
/** How long a page that is loaded may take to ask for a value until it is told again, and how often that is done. */
const pageTime = 600;
const mostAgain = 8;
/** How long a page may take from its question to its report, in milliseconds: a page can lose what it asked for. */
const typeTime = 2500;
/** How long the agent's first page of a work browser may take to appear: the extension can be there before any window is. */
const windowTime = 5000;
/** How long the user may take for what only the user can do: once, so that no fill lasts for hours. */
const waitFor = 10 * 60_000;
/** How long a custodian has to answer, and a little. */
const relayFor = 6 * 60_000;

export class Fills {
  /** Tabs whose page told what became of a value, or what it waits for, since a fill was asked for there. */
  private readonly served = new Set<number>();
  /** When a tab's page had an answer to its last question for a value. */
  private readonly askedAt = new Map<number, number>();

  constructor(private readonly agent: Agent, private readonly leases: Leases, private readonly packs: Packs, private readonly ends: Ends) {}

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
    const here = front?.id !== undefined && fillsAt(host, lease, pack) && !isOther(front, trace.store);
    if (!here || front.id === undefined) return void (await this.openAndAsk(lease, gesture, pack, trace.store));
    this.ask(front.id, lease, gesture, only);
    const answer = await this.start(front.id, only);
    if (answer && !answer.started && answer.why && !only && answer.why === "no_field") await this.toLogin(front.id, pack);
    else if (answer && !answer.started && answer.why && answer.why !== "no_lease") this.refuse(lease.id, answer.why, host);
  }

  /** Begins in a tab's page and the frames in it. What one of them can fill in counts more than what the others cannot. */
  private async start(tab: number, only?: Field): Promise<ToPage["fill.start"]["answer"] | null> {
    void this.follow(tab, only);
    const frames = (await chrome.webNavigation.getAllFrames({ tabId: tab })) ?? [];
    const asked = frames.map((f) => askTab(tab, { type: "fill.start", ...(only && { only }) }, f.frameId));
    const answers = (await Promise.all(asked)).filter((a) => a !== null);
    return answers.find((a) => a.started) ?? answers.find((a) => a.why !== "no_field" && a.why !== "no_lease") ?? answers[0] ?? null;
  }

  /**
   * Sees to it that a page really begins, however long it takes to load: what it was told may have crossed with what it heard before.
   * One that is older than the extension, as the first page of a new work browser can be, has no content script: it is loaded anew, once.
   */
  private async follow(tab: number, only?: Field): Promise<void> {
    this.served.delete(tab);
    for (let answers = 0, anew = false; answers < mostAgain && this.askedIn(tab); ) {
      await new Promise((resolve) => setTimeout(resolve, pageTime));
      if (this.served.has(tab) || !memory.asked[tab]) return;
      if (Date.now() - (this.askedAt.get(tab) ?? 0) < typeTime) continue; // it is being typed
      const now = await chrome.tabs.get(tab).catch(() => undefined);
      if (now?.status !== "complete") continue;
      if (await askTab(tab, { type: "fill.start", again: true, ...(only && { only }) })) {
        answers++;
        continue;
      }
      if (!anew && memory.asked[tab]) await chrome.tabs.reload(tab).catch(() => undefined);
      anew = true;
    }
  }

  private async openAndAsk(lease: Lease, gesture: Gesture, pack: Pack | null, store: string): Promise<void> {
    const tab = await this.show("about:blank", store);
    if (tab.id === undefined) return;
    this.ask(tab.id, lease, gesture); // before its page can say hello
    await chrome.tabs.update(tab.id, { url: pack?.login_url || `https://${lease.hosts[0]}/` });
    void this.follow(tab.id);
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

  /** The agent says that the user asked there. */
  async askedAtAgent(lease: Lease): Promise<void> {
    const trace = await this.leases.use(lease);
    if (lease.mode === "delegated") return this.awaitEntrance(lease, trace.store);
    for (let waited = 0; ; waited += 100) {
      const ours = (await chrome.tabs.query({})).filter((t) => !isOther(t, trace.store));
      const coming = ours.find((t) => t.id !== undefined && within(hostOf(t.pendingUrl), lease.hosts));
      if (coming?.id !== undefined) {
        this.ask(coming.id, lease, "open"); // its page says hello when it is there
        return void this.follow(coming.id);
      }
      const open = ours.find((t) => within(hostOf(t.url), lease.hosts));
      if (open || memory.mode !== "work" || waited >= windowTime) return void (await this.begin(lease, "open", open));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Nothing is filled in for a delegated account: the agent opened the entrance in a work browser, elsewhere it is opened here. */
  private async awaitEntrance(lease: Lease, store: string): Promise<void> {
    const hosts = hostsOf(lease, await this.packs.get(lease.network));
    for (let waited = 0; waited < windowTime; waited += 100) {
      const ours = (await chrome.tabs.query({})).filter((t) => !isOther(t, store));
      if (ours.some((t) => within(hostOf(t.pendingUrl), hosts) || within(hostOf(t.url), hosts))) return;
      if (memory.mode !== "work") break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await this.begin(lease, "open");
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

  /** One value for the document that asks. Who asks is what the browser says. */
  async value(field: Field, sender: chrome.runtime.MessageSender): Promise<FromPage["fill.value"]["answer"]> {
    const tab = sender.tab?.id ?? -1;
    this.askedAt.set(tab, Infinity); // as long as the agent needs
    try {
      return await this.valueFor(field, tab, sender);
    } finally {
      this.askedAt.set(tab, Date.now());
    }
  }

  private async valueFor(field: Field, tab: number, sender: chrome.runtime.MessageSender): Promise<FromPage["fill.value"]["answer"]> {
    const asked = this.askedIn(tab);
    const lease = asked && this.leases.get(asked.lease_id);
    if (!asked || !lease) return { refused: "not_asked" };
    const why = await this.allowed(lease, asked, field, sender);
    if (why) return { refused: this.refuse(lease.id, why, hostOf(sender.url)) };
    try {
      const { value, ttl_ms } = await this.fetch(lease, asked, field, sender);
      const until = Date.now() + ttl_ms;
      return (await isStill(sender)) && this.leases.get(lease.id) ? { value, until } : { refused: this.refuse(lease.id, "page_changed", hostOf(sender.url)) };
    } catch (no) {
      return { refused: this.refuseFor(lease.id, no, hostOf(sender.url)) };
    }
  }

  private async allowed(lease: Lease, asked: Asked, field: Field, sender: chrome.runtime.MessageSender): Promise<Refused | undefined> {
    const origin = sender.origin ?? originOf(sender.url);
    if (!this.agent.connected) return "agent_down";
    if (!lease.fields.includes(field) && !(field === "code" && asked.relay)) return "field_refused";
    if (asked.only && asked.only !== field) return "field_refused";
    const pack = await this.packs.get(lease.network);
    if (!fillsAt(hostOf(origin), lease, pack) || !within(hostOf(sender.tab?.url), lease.hosts)) return "origin_refused";
    if (!(await sameOriginUpwards(sender.tab?.id ?? -1, sender.frameId ?? -1, origin))) return "frame_refused";
    return undefined;
  }

  private async fetch(lease: Lease, asked: Asked, field: Field, sender: chrome.runtime.MessageSender): Promise<Fill> {
    const request = {
      lease_id: lease.id, field, gesture: asked.gesture,
      origin: sender.origin ?? originOf(sender.url),
      top_origin: originOf(sender.tab?.url),
      document_id: sender.documentId ?? "",
      pack_version: (await this.packs.get(lease.network))?.version ?? 0,
    };
    const challenge = this.agent.challenge;
    return this.agent.askWith("fill.get", async (id) => ({ ...request, signature: await sign(signedFill(challenge, id, request)) }));
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
    if (what) asked.waits = what;
    if (what && !asked.waited) asked.until = Math.max(asked.until, Date.now() + waitFor);
    if (what) asked.waited = true;
    if (what) this.served.add(tab); // the page has begun
    remember();
  }

  /** What the page waits for in which a lease signs in. */
  waitOf(lease: string): Wait | null {
    return Object.values(memory.asked).find((a) => a.lease_id === lease && a.waits && a.until > Date.now())?.waits ?? null;
  }

  /** Asks a custodian for the code that the network sent there; fills it in when the agent has it. */
  async relay(asked: Asked, origin: string): Promise<{ refused?: Refused }> {
    const lease = this.leases.get(asked.lease_id);
    if (!lease || !within(hostOf(origin), lease.hosts)) return { refused: "origin_refused" };
    try {
      await this.agent.ask("relay.ask", { lease_id: lease.id, origin });
    } catch (no) {
      return { refused: this.refuseFor(lease.id, no, hostOf(origin)) };
    }
    asked.relay = true;
    delete memory.refused[lease.id];
    asked.code_asked = Date.now() + relayFor;
    asked.until = Math.max(asked.until, asked.code_asked);
    remember();
    return {};
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

  private refuseFor(lease: string, no: unknown, host: string): Refused {
    return no instanceof No ? this.refuse(lease, no.code, host, no.said) : this.refuse(lease, "agent_down", host);
  }
}

/** A page in front that pretends to be the network is named, instead of opening the real one beside it. */
function lookAlike(url: string, pack: Pack | null, lease: Lease): { why: Refused; host: string } | undefined {
  const hosts = pack?.fill_hosts ?? lease.hosts;
  const own = [...lease.hosts, ...(pack?.hosts ?? []), ...(pack?.cookie_domains ?? []).map((d) => d.replace(/^\./, ""))];
  if (within(hostOf(url), own)) return undefined; // another page of the network
  const why = url.startsWith("http") ? refuseAddress(url, hosts) : undefined;
  const host = why ? new URL(url).hostname : "";
  if (why === "look_alike" || why === "idn" || (why === "http" && within(host, lease.hosts))) return { why, host };
  return undefined;
}

function entrance(pack: Pack | null, lease: Lease): string {
  return pack?.delegated[0]?.url || pack?.home_url || `https://${lease.hosts[0]}/`;
}

function isOther(tab: chrome.tabs.Tab, store: string): boolean {
  return ((tab as { cookieStoreId?: string }).cookieStoreId ?? ownStore) !== store;
}

/** Whether the document that asked is still the one in its frame. */
async function isStill(sender: chrome.runtime.MessageSender): Promise<boolean> {
  const frame = await chrome.webNavigation.getFrame({ tabId: sender.tab?.id ?? -1, frameId: sender.frameId ?? -1 });
  const id = (frame as { documentId?: string } | null)?.documentId;
  return frame !== null && originOf(frame.url) === (sender.origin ?? originOf(sender.url)) && (id === undefined || id === sender.documentId);
}
