// The end of a lease in this profile, in this order: no more fills, sign out at the network, pages to the ended page, cookies, storage,
// caches, workers, count what is left, report. What could not be reported is reported when the agent is back.

import { askTab } from "../internal";
import type { SignOut } from "../gen/messages";
import type { Pack } from "../gen/pack";
import { No, type Agent } from "./agent";
import { firefox, ownStore } from "./browser";
import * as clean from "./clean";
import { within } from "../hosts";
import { removeContainer } from "./containers";
import { memory, remember, rememberNow, rememberTraces, traces, type Done, type Trace } from "./memory";
import type { Packs } from "./packs";
import { askDocument } from "./scripts";

/** How long pages may take to give way, in milliseconds. */
const leaveTime = 1000;
/**
 * How long signing out at the network may take, in milliseconds; a session that did not end there is reported as such. A work browser is
 * closed after that time.
 */
const signOutTime = (trace: Trace): number => (trace.mode === "work" ? 4000 : 10_000);
/** How often a clean-up starts over while something is left. */
const rounds = 3;

export class Ends {
  private running = new Map<string, Promise<void>>();

  constructor(private readonly agent: Agent, private readonly packs: Packs) {}

  /** Whether the lease is being ended. */
  isEnding(id: string): boolean {
    return this.running.has(id);
  }

  /** Done when nothing is being cleaned. */
  async quiet(): Promise<void> {
    await Promise.all(this.running.values());
  }

  /** Ends a lease once, and reports it. */
  end(trace: Trace): Promise<void> {
    let run = this.running.get(trace.id);
    if (!run) {
      run = this.run(trace).finally(() => this.running.delete(trace.id));
      this.running.set(trace.id, run);
    }
    return run;
  }

  private async run(trace: Trace): Promise<void> {
    if (!trace.done || trace.done.left_over > 0) {
      trace.done = await this.clean(trace).catch(() => notDone(trace));
      memory.ended[trace.id] = { network: trace.network, handle: trace.handle, done: trace.done };
      remember();
      await rememberTraces();
    }
    await this.report(trace);
  }

  /** Tells the agent, and forgets the trace when it knows. */
  private async report(trace: Trace): Promise<void> {
    if (!trace.done) return;
    try {
      await this.agent.ask("cleanup.done", { lease_id: trace.id, ...trace.done });
    } catch (no) {
      if (!(no instanceof No) || no.code !== "no_lease") return; // again when it is back
    }
    if (trace.done.left_over > 0) return;
    delete traces[trace.id];
    await rememberTraces();
  }

  private async clean(trace: Trace): Promise<Done> {
    const began = performance.now();
    const everywhere = trace.mode === "work";
    await stopFills(trace);
    const sign_out = trace.done?.sign_out ?? (await this.signOut(trace));
    let uncleared = await toEndedPage(trace, everywhere);
    let done = { cookies: 0, origins: 0, left_over: 1 };
    for (let round = 0; round < rounds && done.left_over > 0; round++) {
      if (round > 0 && uncleared.length > 0) uncleared = await clean.clearCaches(uncleared, trace.store, []);
      const now = await sweep(trace, everywhere);
      done = { cookies: done.cookies + now.cookies, origins: now.origins.length, left_over: now.left_over + uncleared.length };
    }
    return { ...done, sign_out, ms: Math.round(performance.now() - began) };
  }

  /** Signs out where somebody signed in; without an agent too, as long as the pack is known. */
  private async signOut(trace: Trace): Promise<SignOut> {
    const own = await this.packs.get(trace.network);
    const results = [own ? await this.signOutOf(own, trace, trace.session) : "not_possible"];
    for (const pack of await this.onTheWay(own, trace)) results.push(await this.signOutOf(pack, trace, false));
    return (["failed", "done"] as const).find((r) => results.includes(r)) ?? "not_possible";
  }

  /** Other networks through which a delegated account was worked on: its session is theirs. */
  private async onTheWay(own: Pack | null, trace: Trace): Promise<Pack[]> {
    if (!own || trace.cookie_domains.every((d) => within(d, own.cookie_domains))) return [];
    const packs = await Promise.all(memory.networks.filter((n) => n !== trace.network).map((n) => this.packs.get(n)));
    return packs.filter((p): p is Pack => p !== null && p.cookie_domains.every((d) => trace.cookie_domains.includes(d)));
  }

  private async signOutOf(pack: Pack, trace: Trace, session: boolean): Promise<SignOut> {
    if (!session && !(await hasAny(pack.sign_out.gone_cookies ?? [], trace))) return "not_possible";
    const late = new Promise<SignOut>((resolve) => setTimeout(() => resolve("failed"), signOutTime(trace)));
    return Promise.race([signOutAt(pack, trace).catch((): SignOut => "failed"), late]);
  }
}

/** What a clean-up did that could not be done to its end: it is still owed. */
function notDone(trace: Trace): Done {
  return { cookies: 0, origins: 0, left_over: 1, sign_out: trace.done?.sign_out ?? "failed", ms: 0 };
}

async function stopFills(trace: Trace): Promise<void> {
  for (const [tab, asked] of Object.entries(memory.asked)) {
    if (asked.lease_id !== trace.id) continue;
    delete memory.asked[tab];
    await askTab(Number(tab), { type: "fill.stop" });
  }
  remember();
}

async function signOutAt(pack: Pack, trace: Trace): Promise<SignOut> {
  const [open] = await clean.tabsOf(trace, false);
  const { url, gone_cookies = [] } = pack.sign_out;
  const go = () => (open?.id === undefined ? chrome.tabs.create({ url, active: false, ...inStore(trace) }) : chrome.tabs.update(open.id, { url }));
  const tab = await clean.navigated(signOutTime(trace), go);
  if (tab?.id === undefined) return "failed";
  if (await signedOut(pack, trace, 0)) return "done"; // the address alone did it
  const answer = await askDocument(tab.id, { type: "sign_out", pack }, 0);
  if (gone_cookies.length === 0) return answer?.sign_out ?? "failed"; // the page's word is all there is
  return (await signedOut(pack, trace, signOutTime(trace))) ? "done" : "failed";
}

function inStore(trace: Trace): { cookieStoreId?: string } {
  return trace.store === ownStore ? {} : { cookieStoreId: trace.store };
}

/** Whether the cookies are gone that the network takes away when it signs out; waits for that. */
async function signedOut(pack: Pack, trace: Trace, most: number): Promise<boolean> {
  const names = pack.sign_out.gone_cookies ?? [];
  if (names.length === 0) return false;
  const gone = async () => !(await hasAny(names, trace));
  return most > 0 ? clean.whenCookies(gone, most) : gone();
}

async function hasAny(names: readonly string[], trace: Trace): Promise<boolean> {
  const cookies = names.length ? await clean.cookiesOf(trace.cookie_domains, [trace.store]) : [];
  return cookies.some((c) => names.includes(c.name));
}

/** An open page of the network would write its storage anew. Gives the hosts whose caches could not be cleared. */
async function toEndedPage(trace: Trace, everywhere: boolean): Promise<string[]> {
  const url = chrome.runtime.getURL("ended.html") + "?lease=" + encodeURIComponent(trace.id);
  memory.ended[trace.id] = { network: trace.network, handle: trace.handle, done: null };
  const [tabs] = await Promise.all([clean.tabsOf(trace, everywhere), rememberNow()]);
  if (trace.store !== ownStore) {
    const shows = tabs.find((t) => t.active) ?? tabs[0];
    if (shows) await chrome.tabs.create({ url, active: shows.active });
    await clean.closeTabsIn(trace.store);
    return [];
  }
  const uncleared = firefox ? await clean.clearCaches(trace.seen, trace.store, tabs) : [];
  await Promise.all(tabs.map((t) => (t.id === undefined ? undefined : clean.lead(t.id, url, leaveTime))));
  return uncleared;
}

async function sweep(trace: Trace, everywhere: boolean): Promise<Swept> {
  const stores = await clean.storesOf(trace, everywhere);
  const found = await clean.cookiesOf(trace.cookie_domains, stores);
  const swept = { cookies: found.length, origins: clean.originsOf(trace, found), left_over: 0 };
  if (trace.store !== ownStore) swept.left_over += (await removeContainer(trace.store)) ? 0 : 1;
  else {
    await clean.removeCookies(found);
    swept.left_over += await (everywhere ? clean.removeEverything() : clean.removeStorage(swept.origins, trace.store));
  }
  const [cookies, tabs] = await Promise.all([clean.cookiesOf(trace.cookie_domains, stores), clean.tabsOf(trace, false)]);
  swept.left_over += cookies.length + tabs.length;
  return swept;
}

interface Swept {
  cookies: number;
  origins: string[];
  /** What is still there: cookies, a container, removals that the browser refused, and pages that could write everything again. */
  left_over: number;
}
