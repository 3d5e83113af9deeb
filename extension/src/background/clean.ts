// Removes what a network left in a cookie store, and counts what is still there.

import { hostOf, within } from "../hosts";
import { firefox, firefoxAPI, ownStore, storeOf } from "./browser";
import type { Trace } from "./memory";

/** In which stores to look. */
export async function storesOf(trace: Trace, everywhere: boolean): Promise<string[]> {
  if (!everywhere) return [trace.store];
  const stores = await chrome.cookies.getAllCookieStores();
  return [...new Set([trace.store, ...stores.map((s) => s.id)])];
}

/** The cookies of the domains, partitioned ones too. All are asked for at once: each answer is a way through the browser's processes. */
export async function cookiesOf(domains: readonly string[], stores: readonly string[]): Promise<chrome.cookies.Cookie[]> {
  const outermost = domains.filter((d) => !domains.some((o) => o !== d && within(d, [o]))); // whose answers have those below
  return (await Promise.all(stores.flatMap((store) => outermost.map((domain) => inStore(domain, store))))).flat();
}

/** The store may be gone, with its container. */
function inStore(domain: string, storeId: string): Promise<chrome.cookies.Cookie[]> {
  return chrome.cookies.getAll({ domain, storeId, partitionKey: {} }).catch(() => []);
}

/** Removes cookies one by one, so that none is missed because of its path, host or partition. */
export async function removeCookies(cookies: readonly chrome.cookies.Cookie[]): Promise<void> {
  await Promise.all(cookies.map(removeCookie));
}

async function removeCookie(cookie: chrome.cookies.Cookie): Promise<void> {
  const { name, storeId, partitionKey } = cookie;
  const url = `${cookie.secure ? "https" : "http"}://${cookie.domain.replace(/^\./, "")}${cookie.path}`;
  await chrome.cookies.remove({ url, name, storeId, ...(partitionKey && { partitionKey }) }).catch(() => undefined);
}

/** The origins that may hold something: of hosts that were seen or have cookies, and of the network itself. */
export function originsOf(trace: Trace, cookies: readonly chrome.cookies.Cookie[]): string[] {
  const hosts = [...trace.hosts, ...trace.hosts.map((h) => "www." + h), ...trace.seen, ...trace.cookie_domains];
  hosts.push(...cookies.map((c) => c.domain.replace(/^\./, "")));
  return [...new Set(hosts)].map((h) => "https://" + h);
}

/** What of a removal is left over: nothing once the browser says that it is done, one where it refuses. */
function leftOf(removal: Promise<unknown>): Promise<number> {
  return removal.then(() => 0, () => 1);
}

/** Removes storage, caches and workers of the origins. Gives how many removals the browser refused. */
export async function removeStorage(origins: readonly string[], store: string): Promise<number> {
  if (!firefox) {
    const types = { cookies: true, localStorage: true, indexedDB: true, cacheStorage: true, serviceWorkers: true, fileSystems: true, cache: true };
    return leftOf(chrome.browsingData.remove({ origins: origins as [string, ...string[]] }, types));
  }
  const hostnames = origins.map((o) => new URL(o).hostname);
  const { browsingData } = firefoxAPI;
  const removals = [browsingData.remove({ hostnames, cookieStoreId: store }, { cookies: true, localStorage: true, indexedDB: true })];
  if (store === ownStore) removals.push(browsingData.remove({ hostnames }, { serviceWorkers: true })); // they know no store
  return sum(await Promise.all(removals.map(leftOf)));
}

/** Removes everything of a work browser, which has nothing of the user's own. Gives how many removals the browser refused. */
export async function removeEverything(): Promise<number> {
  const types = { cookies: true, localStorage: true, indexedDB: true, serviceWorkers: true, cache: true, formData: true };
  const more = firefox ? {} : { cacheStorage: true, fileSystems: true }; // words that Firefox does not know
  const history = leftOf(chrome.browsingData.remove({ since: 0 }, { history: true })); // apart: where a policy keeps it, all else would be refused too
  const [left] = await Promise.all([leftOf(chrome.browsingData.remove({ since: 0 }, { ...types, ...more })), history]);
  return left;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/**
 * Firefox leaves CacheStorage where it is, so pages of the origin have to clear it: those that are open, and for other hosts one that
 * is opened for it. Gives the hosts of which no page said that nothing is left.
 */
export async function clearCaches(hosts: readonly string[], store: string, tabs: readonly chrome.tabs.Tab[]): Promise<string[]> {
  const cleared = new Set(await Promise.all(tabs.map((t) => clearCachesIn(t.id))));
  const missing = hosts.filter((h) => !cleared.has(h));
  const opened = (await Promise.all(missing.map((host) => openQuietly(`https://${host}/robots.txt`, store)))).flat();
  for (const host of await Promise.all(opened.map((t) => clearCachesIn(t.id)))) cleared.add(host);
  await chrome.tabs.remove(opened.flatMap((t) => t.id ?? [])).catch(() => undefined);
  return hosts.filter((h) => !cleared.has(h));
}

async function openQuietly(url: string, store: string): Promise<chrome.tabs.Tab[]> {
  const tab = await navigated(3000, () => chrome.tabs.create({ url, active: false, ...(store !== ownStore && { cookieStoreId: store }) })).catch(() => undefined);
  return tab ? [tab] : [];
}

/** The host of a page that has no caches any more. In the extension's world, where a page cannot lie. */
async function clearCachesIn(tabId: number | undefined): Promise<string> {
  if (tabId === undefined) return "";
  const func = async () => {
    for (const name of await caches.keys()) await caches.delete(name);
    return (await caches.keys()).length === 0 ? location.hostname : "";
  };
  const [done] = await chrome.scripting.executeScript({ target: { tabId }, injectImmediately: true, func }).catch(() => []);
  return (done?.result as string | null | undefined) ?? "";
}

/**
 * Does something that navigates, and waits until the tab's new document can be talked to; for a while. A document that was on its way to
 * the tab before does not count.
 */
export function navigated(most: number, go: () => Promise<chrome.tabs.Tab | undefined>): Promise<chrome.tabs.Tab | undefined> {
  return new Promise((resolve, reject) => {
    let tab: chrome.tabs.Tab | undefined;
    const ways = new Map<number, "begun" | "there" | "loaded">();
    const { onBeforeNavigate, onCommitted, onDOMContentLoaded } = chrome.webNavigation;
    const ofTab = (at: Navigation) => (at.frameId === 0 && at.url !== "about:blank" ? ways.get(at.tabId) ?? "none" : undefined);
    const end = () => {
      clearTimeout(timer);
      onBeforeNavigate.removeListener(begins);
      onCommitted.removeListener(comes);
      onDOMContentLoaded.removeListener(loads);
      resolve(tab);
    };
    const begins = (at: Navigation) => void (ofTab(at) && ways.set(at.tabId, "begun"));
    const comes = (at: Navigation) => void (ofTab(at) === "begun" && ways.set(at.tabId, "there"));
    const loads = (at: Navigation) => {
      if (ofTab(at) !== "there") return;
      ways.set(at.tabId, "loaded");
      if (at.tabId === tab?.id) end();
    };
    const timer = setTimeout(end, most);
    onBeforeNavigate.addListener(begins);
    onCommitted.addListener(comes);
    onDOMContentLoaded.addListener(loads);
    go().then((t) => {
      tab = t;
      if (t?.id === undefined || ways.get(t.id) === "loaded") end();
    }, reject);
  });
}

/** What the browser says of a navigation. */
interface Navigation {
  tabId: number;
  frameId: number;
  url: string;
}

/** Leads a tab to an address, and waits until it is there or closed, for a while. */
export function lead(tabId: number, url: string, most: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      chrome.tabs.onUpdated.removeListener(heard);
      chrome.tabs.onRemoved.removeListener(closed);
      resolve();
    };
    const heard = (id: number, _: object, now: chrome.tabs.Tab) => void (id === tabId && now.url?.startsWith(url) && end());
    const closed = (id: number) => void (id === tabId && end());
    const timer = setTimeout(end, most);
    chrome.tabs.onUpdated.addListener(heard);
    chrome.tabs.onRemoved.addListener(closed);
    chrome.tabs.update(tabId, { url }).catch(end);
  });
}

/** Looks now and whenever a cookie changes until something is so, for a while. */
export function whenCookies(areSo: () => Promise<boolean>, most: number): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (so: boolean) => {
      clearTimeout(timer);
      chrome.cookies.onChanged.removeListener(look);
      resolve(so);
    };
    const look = () => void areSo().then((so) => so && end(true), () => end(false));
    const timer = setTimeout(() => end(false), most);
    chrome.cookies.onChanged.addListener(look);
    look();
  });
}

/** Tabs of the store that show a page of the network. */
export async function tabsOf(trace: Trace, everywhere: boolean): Promise<chrome.tabs.Tab[]> {
  const tabs = await chrome.tabs.query({});
  const hosts = [...trace.hosts, ...trace.cookie_domains];
  return tabs.filter((t) => {
    if (everywhere) return hostOf(t.url ?? t.pendingUrl) !== "";
    return storeOf(t) === trace.store && (within(hostOf(t.url), hosts) || within(hostOf(t.pendingUrl), hosts));
  });
}

/** Closes all tabs of a container: Firefox does not always do it when it removes one. */
export async function closeTabsIn(store: string): Promise<void> {
  const tabs = (await chrome.tabs.query({})).filter((t) => storeOf(t) === store);
  await chrome.tabs.remove(tabs.flatMap((t) => t.id ?? []));
}
