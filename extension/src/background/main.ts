// The background: a service worker in Chromium, an event page in Firefox. It can end at any moment, so every listener is registered at
// once, and what has to last is in storage. On start, clean-ups that are owed come before anything else.

import type { Events, Welcome } from "../gen/messages";
import type { Requests } from "../internal";
import { Agent, type Down } from "./agent";
import { showBadge } from "./badge";
import { Cookies } from "./cookies";
import { Ends } from "./end";
import { Fills } from "./fills";
import { Leases } from "./leases";
import { memory, recall, remember } from "./memory";
import { Packs } from "./packs";
import { Pages } from "./pages";
import { Popup, registerAdded } from "./popup";
import { Values } from "./values";

/** How long the first word of the agent is waited for, in milliseconds. */
const firstWordTime = 3000;
/** How long a reminder stands in the banner, in milliseconds. */
const lineTime = 2 * 60_000;

let said: () => void;
const firstWord = new Promise<void>((resolve) => (said = resolve));

const agent = new Agent({ up, down, event });
const packs = new Packs(agent);
const ends = new Ends(agent, packs);
const cookies = new Cookies(packs);
const leases = new Leases(packs, ends, changed);
const fills = new Fills(leases, packs, ends);
const values = new Values(agent, leases, packs, fills);
const pages = new Pages(agent, leases, packs, fills, values);
const popup = new Popup(agent, leases, packs, fills, pages, ends);

const recalled = recall();
/** Owed clean-ups are done, as far as anybody knows. */
const ready = start();

async function start(): Promise<void> {
  await recalled;
  agent.connect();
  await chrome.alarms.create("tick", { periodInMinutes: 0.5 });
  await Promise.race([firstWord, new Promise((resolve) => setTimeout(resolve, firstWordTime))]);
  await leases.endWhatIsOver();
  await ends.quiet();
  await registerAdded();
}

function up(welcome: Welcome): void {
  memory.trouble = welcome.paired ? "none" : "unpaired";
  memory.mode = welcome.mode;
  memory.agent_version = welcome.agent_version;
  memory.networks = welcome.packs.map((p) => p.network);
  memory.focused = false;
  memory.lines = []; // an agent that just started would not say when they are over
  packs.forget();
  remember();
  if (welcome.paired) void askState();
  else sayFirst();
}

function down(why: Down): void {
  memory.trouble = why;
  remember();
  sayFirst();
}

function sayFirst(): void {
  said();
  changed();
}

async function askState(): Promise<void> {
  await agent.ask("state.get", {}).then(take, () => undefined);
  sayFirst();
}

async function take(state: Events["state"]): Promise<void> {
  await recalled;
  packs.wordsAre(state.words_version);
  for (const lease of await leases.take(state)) void ready.then(() => fills.askedAtAgent(lease));
}

const heard: { [K in keyof Events]: (body: Events[K]) => unknown } = {
  state: take,
  "lease.ending": ({ lease_id, ends_at }) => {
    const lease = leases.get(lease_id);
    if (lease) lease.ends_at = ends_at + memory.ahead;
    changed();
  },
  "lease.ended": ({ lease_id }) => leases.over(lease_id),
  "packs.changed": ({ network }) => {
    packs.forget(network);
    if (!memory.networks.includes(network)) memory.networks.push(network);
    changed();
  },
  reminder: (reminder) => showLines([...withoutLine(reminder.id), { ...reminder, until: Date.now() + lineTime }].slice(-3)),
  "reminder.over": ({ id }) => showLines(withoutLine(id)),
  "code.ready": ({ lease_id }) => fills.codeReady(lease_id).then(changed),
  "browser.close": closeWorkBrowser,
  "pair.done": () => {
    memory.trouble = "none";
    memory.pairing = null;
    remember();
    void askState();
  },
};

function withoutLine(id: string): typeof memory.lines {
  return memory.lines.filter((l) => l.id !== id);
}

function showLines(lines: typeof memory.lines): void {
  memory.lines = lines;
  remember();
  changed();
}

function event<K extends keyof Events>(type: K, body: Events[K]): void {
  void heard[type](body);
}

/** Only a browser of its own is closed, and only when it is clean: to be closed may be the first that it hears of the end. */
async function closeWorkBrowser({ lease_id }: Events["browser.close"]): Promise<void> {
  await recalled;
  await leases.over(lease_id);
  await ends.quiet();
  if (memory.mode !== "work") return;
  for (const { id } of await chrome.windows.getAll()) if (id !== undefined) await chrome.windows.remove(id);
}

let next: ReturnType<typeof setTimeout> | undefined;

/** Something changed: badge, pages, and when to look again. */
function changed(): void {
  void showBadge();
  void pages.tellAll();
  cookies.update();
  clearTimeout(next);
  const ends_at = Math.min(...memory.leases.map((l) => l.ends_at));
  if (!Number.isFinite(ends_at)) return;
  next = setTimeout(tick, Math.min(Math.max(0, ends_at - Date.now()), 20_000));
  void chrome.alarms.create("end", { when: ends_at }); // should the background be gone by then
}

async function tick(): Promise<void> {
  await recalled;
  agent.connect();
  await leases.endWhatIsOver();
  void showBadge();
  clearTimeout(next);
  if (memory.leases.length > 0) next = setTimeout(tick, Math.min(Math.max(0, memory.leases[0]!.ends_at - Date.now()), 20_000));
}

chrome.runtime.onMessage.addListener((message: { type?: unknown }, sender, answer) => {
  const type = message?.type as keyof Requests;
  if (sender.id !== chrome.runtime.id || typeof type !== "string") return;
  const fromPage = sender.tab !== undefined && !isOurs(sender.url);
  const table = (fromPage ? pages.handlers : isOurs(sender.url) ? popup.handlers : {}) as Record<string, (m: object, s: object, t: object) => Promise<unknown>>;
  if (!Object.hasOwn(table, type)) return;
  void (fromPage ? ready : recalled).then(() => table[type]!(message, sender, sender.tab ?? {})).then(answer, () => answer(null));
  return true;
});

function isOurs(url: string | undefined): boolean {
  return url?.startsWith(chrome.runtime.getURL("")) ?? false;
}

chrome.alarms.onAlarm.addListener(() => void tick());
chrome.runtime.onStartup.addListener(() => void ready);
chrome.runtime.onInstalled.addListener(() => void ready);
chrome.permissions.onAdded.addListener(() => void registerAdded().then(changed));
chrome.commands.onCommand.addListener((command) => void (command === "fill" && ready.then(() => popup.command())));
chrome.windows.onFocusChanged.addListener((window) => void (window === chrome.windows.WINDOW_ID_NONE && recalled.then(() => pages.focus(false))));
chrome.tabs.onRemoved.addListener((tab) => void recalled.then(() => forgetTab(tab)));
chrome.webNavigation.onCommitted.addListener(({ tabId, frameId, url }) => void (frameId === 0 && recalled.then(() => leave(tabId, url))));

function leave(tab: number, url: string): void {
  fills.navigated(tab, url);
  delete memory.relation[tab];
  delete memory.banner_lost[tab];
}

function forgetTab(tab: number): void {
  fills.finish(tab);
  leave(tab, "");
  remember();
}
