// What content scripts are told and ask. Who asks is what the browser says of the sender; an answer is for that document only.

import type { FromPage, PageState } from "../internal";
import { askTab } from "../internal";
import type { Lease } from "../gen/messages";
import type { Pack } from "../gen/pack";
import { hostOf, within } from "../hosts";
import type { Agent } from "./agent";
import { identityOfCookies } from "./identity";
import { firefox, ownStore, storeOf } from "./browser";
import type { Fills } from "./fills";
import type { Leases } from "./leases";
import { bannerPlace, memory, remember, rememberPlace, rememberTraces, traces } from "./memory";
import type { Packs } from "./packs";
import { hostsOf, leaseAt, originOf, sameOriginUpwards } from "./place";
import { signTexts, signsAs } from "./signtexts";
import type { Values } from "./values";

type Sender = chrome.runtime.MessageSender;
type Handlers = { [K in keyof FromPage]: (message: FromPage[K]["ask"], sender: Sender, tab: chrome.tabs.Tab) => Promise<FromPage[K]["answer"]> };

const idle: Omit<PageState, "mode"> = { lease: null, pack: null, words: null, watch: false, fill: false, code_asked: 0, lines: [], place: null, cookies: null, as: "", texts: {} };

export class Pages {
  constructor(private readonly agent: Agent, private readonly leases: Leases, private readonly packs: Packs, private readonly fills: Fills, private readonly values: Values) {}

  readonly handlers: Handlers = {
    "page.hello": async ({ focused }, sender, tab) => {
      const state = await this.stateFor(tab, sender.frameId ?? -1, sender.origin ?? originOf(sender.url));
      if (!state.lease) return state;
      const top = sender.frameId === 0;
      await this.leases.seen(state.lease, sender.url);
      if (top && focused === true) void this.focus(true);
      if (this.fillsIn(tab, state.lease)) await bringMore(sender, tab); // it would ask for it next
      const cookies = top ? await identityOfCookies(state, storeOf(tab)) : null;
      // Looked at last: an answer from before somebody asked for a fill would stop the one that has begun meanwhile.
      return { ...state, cookies, fill: this.fillsIn(tab, state.lease) };
    },
    "page.more": async (_, sender, tab) => {
      await bringMore(sender, tab);
      return {};
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
    "identity.cookies": async (_, sender, tab) => identityOfCookies(await this.stateFor(tab, sender.frameId ?? -1, sender.origin ?? originOf(sender.url)), storeOf(tab)),
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

  private fillsIn(tab: chrome.tabs.Tab, lease: Lease): boolean {
    return this.fills.askedIn(tab.id ?? -1)?.lease_id === lease.id;
  }

  private leaseOf(tab: chrome.tabs.Tab): Promise<Lease | undefined> {
    return leaseAt(tab, hostOf(tab.url), this.packs);
  }

  /** What the document in a frame of a tab may know: nothing in frames of strangers. */
  private async stateFor(tab: chrome.tabs.Tab, frame: number, origin: string): Promise<PageState> {
    const host = hostOf(origin);
    const none = { ...idle, mode: memory.mode, place: bannerPlace };
    if (host === "" || !(await sameOriginUpwards(tab.id ?? -1, frame, origin))) return none;
    const lease = await leaseAt(tab, host, this.packs);
    if (!lease) return this.watchFor(tab, host);
    const [pack, words] = await Promise.all([this.packs.get(lease.network), this.packs.wordList()]);
    const fill = this.fillsIn(tab, lease); // as late as can be: what is older would stop a fill that has begun
    return { ...none, as: pack ? signsAs(lease, pack.title) : "", texts: signTexts(), lease, pack, words, fill, code_asked: this.fills.codeAsked(lease.id), lines: memory.lines };
  }

  /** Without a lease: only the reminder that this is a personal account on the clock, where the admin switched it on. */
  private async watchFor(tab: chrome.tabs.Tab, host: string): Promise<PageState> {
    const none = { ...idle, mode: memory.mode, place: bannerPlace };
    if (!memory.watch_personal || memory.mode === "work" || storeOf(tab) !== ownStore) return none;
    const pack = await this.packAt(host);
    return pack ? { ...none, pack, watch: true } : none;
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
      const state = await this.stateFor(tab, frame.frameId, originOf(frame.url));
      if (frame.frameId === 0 || state.lease) void askTab(id, { type: "page.state", state }, frame.frameId);
    }
  }
}

/** Puts the second content script into the document that asks. */
async function bringMore({ frameId, documentId }: Sender, tab: chrome.tabs.Tab): Promise<void> {
  const frame = !firefox && documentId ? { documentIds: [documentId] } : { frameIds: [frameId ?? 0] };
  const script = { target: { tabId: tab.id ?? -1, ...frame }, files: ["more.js"], injectImmediately: true };
  await chrome.scripting.executeScript(script).catch(() => undefined); // the document went away
}
