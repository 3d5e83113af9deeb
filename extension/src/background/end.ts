// The end of a lease in this profile, in this order: no more fills, sign out at the network, pages to the ended page, cookies, storage,
// caches, workers, count what is left, report. What could not be reported is reported when the agent is back.

import { askTab } from "../internal";
import type { SignOut } from "../gen/messages";
import type { Pack } from "../gen/pack";
import { No, type Agent } from "./agent";
import { firefox, ownStore } from "./browser";
import * as clean from "./clean";
import { removeContainer } from "./containers";
import { memory, remember, rememberNow, rememberTraces, traces, type Done, type Trace } from "./memory";
import type { Packs } from "./packs";

/** How long signing out at the network may take, in milliseconds; a session that did not end there is reported as such. */
const signOutTime = 4000;
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
      trace.done = await this.clean(trace);
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
    await toEndedPage(trace, everywhere);
    let done = { cookies: 0, origins: 0, left_over: 1 };
    for (let round = 0; round < rounds && done.left_over > 0; round++) {
      const now = await sweep(trace, everywhere);
      done = { cookies: done.cookies + now.cookies, origins: now.origins.length, left_over: now.left_over };
    }
    return { ...done, sign_out, ms: Math.round(performance.now() - began) };
  }

  /** Signs out where somebody signed in; without an agent too, as long as the pack is known. */
  private async signOut(trace: Trace): Promise<SignOut> {
    const pack = await this.packs.get(trace.network);
    if (!pack?.sign_out.url) return "not_possible";
    if (!trace.session && !(await hasAny(pack.sign_out.gone_cookies ?? [], trace))) return "not_possible";
    const late = new Promise<SignOut>((resolve) => setTimeout(() => resolve("failed"), signOutTime));
    return Promise.race([signOutAt(pack, trace).catch((): SignOut => "failed"), late]);
  }
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
  const { url } = pack.sign_out;
  const go = () => (open?.id === undefined ? chrome.tabs.create({ url, active: false, ...inStore(trace) }) : chrome.tabs.update(open.id, { url }));
  const tab = await clean.navigated(signOutTime, go);
  if (tab?.id === undefined) return "failed";
  if (await signedOut(pack, trace, 0)) return "done"; // the address alone did it
  const answer = await askTab(tab.id, { type: "sign_out", pack }, 0);
  if (answer?.sign_out === "not_possible") return "not_possible";
  if (!pack.sign_out.gone_cookies?.length) return answer?.sign_out ?? "failed";
  return (await signedOut(pack, trace, signOutTime)) ? "done" : "failed";
}

function inStore(trace: Trace): { cookieStoreId?: string } {
  return trace.store === ownStore ? {} : { cookieStoreId: trace.store };
}

/** Whether the cookies are gone that the network takes away when it signs out; waits for that. */
async function signedOut(pack: Pack, trace: Trace, most: number): Promise<boolean> {
  const names = pack.sign_out.gone_cookies ?? [];
  const until = performance.now() + most;
  while (names.length > 0) {
    if (!(await hasAny(names, trace))) return true;
    if (performance.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

async function hasAny(names: readonly string[], trace: Trace): Promise<boolean> {
  const cookies = names.length ? await clean.cookiesOf(trace.cookie_domains, [trace.store]) : [];
  return cookies.some((c) => names.includes(c.name));
}

/** An open page of the network would write its storage anew. */
async function toEndedPage(trace: Trace, everywhere: boolean): Promise<void> {
  const url = chrome.runtime.getURL("ended.html") + "?lease=" + encodeURIComponent(trace.id);
  memory.ended[trace.id] = { network: trace.network, handle: trace.handle, done: null };
  await rememberNow();
  const tabs = await clean.tabsOf(trace, everywhere);
  if (firefox && trace.store === ownStore) await clean.clearCaches(trace, tabs);
  const shows = tabs.find((t) => t.active) ?? tabs[0];
  if (trace.store !== ownStore) {
    if (shows) await chrome.tabs.create({ url, active: shows.active });
    await clean.closeTabsIn(trace.store);
    return;
  }
  await Promise.all(tabs.map((t) => (t.id === undefined ? undefined : chrome.tabs.update(t.id, { url }))));
  await Promise.all(tabs.map((t) => clean.showing(t.id, url, 1000)));
}

async function sweep(trace: Trace, everywhere: boolean): Promise<Swept> {
  const stores = await clean.storesOf(trace, everywhere);
  const found = await clean.cookiesOf(trace.cookie_domains, stores);
  const swept = { cookies: found.length, origins: clean.originsOf(trace, found), left_over: 0 };
  if (trace.store !== ownStore) swept.left_over += (await removeContainer(trace.store)) ? 0 : 1;
  else {
    await clean.removeCookies(trace.cookie_domains, stores);
    await (everywhere ? clean.removeEverything() : clean.removeStorage(swept.origins, trace.store));
  }
  swept.left_over += (await clean.cookiesOf(trace.cookie_domains, stores)).length + (await clean.tabsOf(trace, false)).length;
  return swept;
}

interface Swept {
  cookies: number;
  origins: string[];
  /** What is still there: cookies, a container, and pages that could write them again. */
  left_over: number;
}
