// What content scripts are told and ask. Who asks is what the browser says of the sender; an answer is for that document only.

import { type FromPage, type PageState, askTab } from "../internal";
import { mayBeGuarded } from "../content/guards";
import type { Lease } from "../gen/messages";
import type { Pack } from "../gen/pack";
import { hostOf, within } from "../hosts";
import type { Agent } from "./agent";
import { identityOfCookies } from "./identity";
import { ownStore, storeOf } from "./browser";
import type { Fills } from "./fills";
import type { Leases } from "./leases";
import { bannerPlace, memory, remember, rememberPlace, rememberTraces, traces } from "./memory";
import { leaseForPage, packForFill, packForPage } from "./forpages";
import type { Packs } from "./packs";
import { hostsOf, leaseAt, originOf, sameOriginUpwards } from "./place";
import { askDocument, bring, scripts } from "./scripts";
import { signTexts } from "./signtexts";
import type { Values } from "./values";

type Sender = chrome.runtime.MessageSender;
type Handlers = { [K in keyof FromPage]: (message: FromPage[K]["ask"], sender: Sender, tab: chrome.tabs.Tab) => Promise<FromPage[K]["answer"]> };

const idle: PageState = { lease: null, pack: null, words: 0, watch: false, fill: false, code_asked: 0, lines: [], place: null, cookies: null, texts: {} };

/** What a document is there for. */
interface Cause {
  lease: Lease | null;
  pack: Pack | null;
  /** A personal account is to be pointed out. */
  watch: boolean;
}

const none: Cause = { lease: null, pack: null, watch: false };

export class Pages {
  constructor(private readonly agent: Agent, private readonly leases: Leases, private readonly packs: Packs, private readonly fills: Fills, private readonly values: Values) {}

  readonly handlers: Handlers = {
    "page.hello": async (_, sender, tab) => {
      const cause = await this.causeOf(sender, tab);
      if (cause.lease) await this.leases.seen(cause.lease, sender.url);
      if (this.isUrgent(cause, sender, tab)) return { soon: false, state: await this.begin(cause, sender, tab) };
      return { soon: isAny(cause), state: null };
    },
    "page.begin": async ({ there }, sender, tab) => ({ state: await this.begin(await this.causeOf(sender, tab), sender, tab, there) }),
    "page.more": async (_, sender, tab) => {
      await bring(scripts.third, tab.id ?? -1, sender);
      return {};
    },
    "fill.pack": async (_, sender, tab) => {
      const { lease, pack } = await this.causeOf(sender, tab);
      return { pack: lease && pack && packForFill(pack) };
    },
    "draft.rules": async (_, sender, tab) => {
      const { lease, pack } = await this.causeOf(sender, tab);
      return { rules: lease && pack && { composers: pack.composers, words: await this.packs.wordList() } };
    },
    "fill.value": (message, sender) => this.values.get(message.field, sender),
    "fill.report": async ({ field, outcome, ms, why }, sender, tab) => {
      const asked = this.fills.askedIn(tab.id ?? -1);
      if (!asked) return {};
      this.fills.reported(tab.id ?? -1);
      if (outcome !== "filled") this.fills.refuse(asked.lease_id, why ?? (outcome === "changed_by_page" ? "changed_by_page" : "no_field"), hostOf(sender.url));
      else if (asked.only) this.fills.finish(tab.id ?? -1);
      return this.tell("fill.report", { lease_id: asked.lease_id, field, outcome, ms: Math.max(0, Math.round(ms)) });
    },
    "fill.waits": async ({ what }, _, tab) => {
      this.fills.waits(tab.id ?? -1, what);
      return {};
    },
    "session.began": async ({ verified }, _, tab) => {
      const lease = await this.leaseOf(tab);
      if (!lease) return {};
      this.fills.finish(tab.id ?? -1);
      const trace = await this.leases.use(lease);
      if (trace.session && !verified) return {};
      trace.session = true;
      delete memory.refused[lease.id];
      await rememberTraces();
      return this.tell("session.began", { lease_id: lease.id, verified });
    },
    "identity.seen": async ({ relation }, _, tab) => {
      memory.relation[tab.id ?? -1] = relation;
      remember();
      const lease = await this.leaseOf(tab);
      return lease ? this.tell("identity.seen", { lease_id: lease.id, relation }) : {};
    },
    "identity.cookies": async (_, sender, tab) => identityOfCookies(await this.causeOf(sender, tab), storeOf(tab)),
    "banner.lost": async (_, __, tab) => {
      memory.banner_lost[tab.id ?? -1] = true;
      remember();
      return {};
    },
    "banner.moved": async ({ place }) => {
      await rememberPlace(place);
      return {};
    },
    "draft.checked": async ({ hits, action }, _, tab) => {
      const lease = await this.leaseOf(tab);
      return lease ? this.tell("draft.checked", { lease_id: lease.id, hits, action }) : {};
    },
    "guard.hit": async ({ page_class }, _, tab) => {
      const lease = await this.leaseOf(tab);
      return lease ? this.tell("guard.hit", { lease_id: lease.id, page_class }) : {};
    },
    "relay.ask": async (_, sender, tab) => {
      const asked = this.fills.askedIn(tab.id ?? -1);
      if (!asked) return { refused: "not_asked" };
      const answer = await this.values.relay(asked, sender);
      void this.tellAll();
      return answer;
    },
    "reminder.answer": ({ id, answer }) => this.answerReminder(id, answer),
    "page.focus": ({ focused }) => this.focus(focused),
  };

  /** Answers a reminder, and takes its line away. */
  async answerReminder(id: string, answer: string): Promise<object> {
    memory.lines = memory.lines.filter((l) => l.id !== id);
    remember();
    void this.tellAll();
    return this.tell("reminder.answer", { id, answer });
  }

  /** Tells the agent whether reminders would be seen in a banner. */
  async focus(focused: boolean): Promise<object> {
    if (focused === memory.focused) return {};
    memory.focused = focused;
    remember();
    return this.tell("focus", { focused });
  }

  private async tell(...[type, body]: Parameters<Agent["ask"]>): Promise<object> {
    await this.agent.ask(type, body).catch(() => undefined);
    return {};
  }

  /** Whether a document cannot wait until it has time: somebody asked for a fill, or it may be one that is closed. */
  private isUrgent({ lease, pack }: Cause, { frameId, url }: Sender, tab: chrome.tabs.Tab): boolean {
    if (!lease) return false;
    return this.fillsIn(tab, lease) || (frameId === 0 && !!pack && !!url && mayBeGuarded(pack.guards, lease.allowed_guards, new URL(url)));
  }

  /** Tells a document what there is to do, and has the scripts for it brought meanwhile. */
  private async begin(cause: Cause, sender: Sender, tab: chrome.tabs.Tab, there = false): Promise<PageState> {
    const { lease } = cause;
    const fills = lease !== null && this.fillsIn(tab, lease);
    if (isAny(cause) && !there) void bring(fills ? scripts.both : scripts.second, tab.id ?? -1, sender);
    const cookies = lease && sender.frameId === 0 ? await identityOfCookies(cause, storeOf(tab)) : null;
    // Looked at last: an answer from before somebody asked for a fill would stop the one that has begun meanwhile.
    return { ...(await this.stateOf(cause, tab)), cookies, fill: lease !== null && this.fillsIn(tab, lease) };
  }

  private fillsIn(tab: chrome.tabs.Tab, lease: Lease): boolean {
    return this.fills.askedIn(tab.id ?? -1)?.lease_id === lease.id;
  }

  private leaseOf(tab: chrome.tabs.Tab): Promise<Lease | undefined> {
    return leaseAt(tab, hostOf(tab.url), this.packs);
  }

  private causeOf(sender: Sender, tab: chrome.tabs.Tab): Promise<Cause> {
    return this.cause(tab, sender.frameId ?? -1, sender.origin ?? originOf(sender.url));
  }

  /** What the document in a frame of a tab is there for: nothing in frames of strangers. */
  private async cause(tab: chrome.tabs.Tab, frame: number, origin: string): Promise<Cause> {
    const host = hostOf(origin);
    if (host === "" || !(await sameOriginUpwards(tab.id ?? -1, frame, origin))) return none;
    const lease = await leaseAt(tab, host, this.packs);
    return lease ? { ...none, lease, pack: await this.packs.get(lease.network) } : this.watch(tab, host);
  }

  /** Without a lease: only the reminder that this is a personal account on the clock, where the admin switched it on. */
  private async watch(tab: chrome.tabs.Tab, host: string): Promise<Cause> {
    if (!memory.watch_personal || memory.mode === "work" || storeOf(tab) !== ownStore) return none;
    const pack = await this.packAt(host);
    return pack ? { ...none, pack, watch: true } : none;
  }

  /** What a document may know. */
  private async stateOf({ lease, pack, watch }: Cause, tab: chrome.tabs.Tab): Promise<PageState> {
    const state = { ...idle, place: bannerPlace, pack: pack && packForPage(pack), watch };
    if (!lease) return state;
    const words = (await this.packs.wordList())?.version ?? 0;
    const fill = this.fillsIn(tab, lease); // as late as can be: what is older would stop a fill that has begun
    const texts = signTexts(lease, pack?.title ?? "");
    return { ...state, texts, lease: leaseForPage(lease), words, fill, code_asked: this.fills.codeAsked(lease.id), lines: memory.lines };
  }

  private async packAt(host: string): Promise<Pack | undefined> {
    for (const network of memory.networks) {
      const pack = await this.packs.get(network);
      if (pack && within(host, hostsOf({ hosts: [], mode: "shared_secret" }, pack))) return pack;
    }
    return undefined;
  }

  /** Tells the pages of all leases, of those that just ended, and those that watch, or did when they were told last. */
  async tellAll(): Promise<void> {
    const hosts = [...memory.leases.flatMap((l) => l.hosts), ...Object.values(traces).flatMap((t) => [...t.hosts, ...t.seen])];
    if (memory.watch_personal || memory.watched) hosts.push(...(await this.hostsOfAll()));
    memory.watched = memory.watch_personal;
    const tabs = await chrome.tabs.query({});
    await Promise.all(tabs.filter((t) => within(hostOf(t.url), hosts)).map((t) => this.tellTab(t)));
  }

  private async hostsOfAll(): Promise<string[]> {
    const packs = await Promise.all(memory.networks.map((n) => this.packs.get(n)));
    return packs.flatMap((p) => p?.hosts ?? []);
  }

  private async tellTab(tab: chrome.tabs.Tab): Promise<void> {
    const id = tab.id ?? -1;
    for (const frame of (await chrome.webNavigation.getAllFrames({ tabId: id })) ?? []) {
      const cause = await this.cause(tab, frame.frameId, originOf(frame.url));
      const message = { type: "page.state" as const, state: await this.stateOf(cause, tab) };
      if (isAny(cause)) void askDocument(id, message, frame.frameId);
      else if (frame.frameId === 0) void askTab(id, message, 0); // it has something to stop, or nothing of ours
    }
  }
}

/** Whether there is anything to do. */
function isAny({ lease, watch }: Cause): boolean {
  return lease !== null || watch;
}
