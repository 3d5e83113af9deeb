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

/** The cookies of the domains, partitioned ones too. */
export async function cookiesOf(domains: readonly string[], stores: readonly string[]): Promise<chrome.cookies.Cookie[]> {
  const found: chrome.cookies.Cookie[] = [];
  for (const storeId of stores) {
    for (const domain of domains) found.push(...(await inStore(domain, storeId)));
  }
  return found;
}

/** The store may be gone, with its container. */
function inStore(domain: string, storeId: string): Promise<chrome.cookies.Cookie[]> {
  return chrome.cookies.getAll({ domain, storeId, partitionKey: {} }).catch(() => []);
}

/** Removes the cookies one by one, so that none is missed because of its path, host or partition. */
export async function removeCookies(domains: readonly string[], stores: readonly string[]): Promise<number> {
  const cookies = await cookiesOf(domains, stores);
  await Promise.all(cookies.map(removeCookie));
  return cookies.length;
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

/** Removes storage, caches and workers of the origins. */
export async function removeStorage(origins: readonly string[], store: string): Promise<void> {
  if (firefox) {
    const hostnames = origins.map((o) => new URL(o).hostname);
    await firefoxAPI.browsingData.remove({ hostnames, cookieStoreId: store }, { cookies: true, localStorage: true, indexedDB: true });
    if (store === ownStore) await firefoxAPI.browsingData.remove({ hostnames }, { serviceWorkers: true });
    return;
  }
  const types = { cookies: true, localStorage: true, indexedDB: true, cacheStorage: true, serviceWorkers: true, fileSystems: true, cache: true };
  await chrome.browsingData.remove({ origins: origins as [string, ...string[]] }, types);
}

/** Removes everything of a work browser, which has nothing of the user's own. */
export async function removeEverything(): Promise<void> {
  const types = { cookies: true, localStorage: true, indexedDB: true, serviceWorkers: true, cache: true, formData: true, history: true };
  const more = firefox ? {} : { cacheStorage: true, fileSystems: true }; // words that Firefox does not know
  await chrome.browsingData.remove({ since: 0 }, { ...types, ...more });
}

/**
 * Firefox leaves CacheStorage where it is, so pages of the origin have to clear it: those that are open, and for other origins one that
 * is opened for it.
 */
export async function clearCaches(trace: Trace, tabs: readonly chrome.tabs.Tab[]): Promise<void> {
  const open = new Set(tabs.map((t) => hostOf(t.url)));
  const opened: chrome.tabs.Tab[] = [];
  for (const host of trace.seen.filter((h) => !open.has(h))) opened.push(...(await openQuietly(`https://${host}/robots.txt`, trace.store)));
  await Promise.all([...tabs, ...opened].map((t) => clearCachesIn(t.id)));
  await chrome.tabs.remove(opened.flatMap((t) => t.id ?? []));
}

async function openQuietly(url: string, store: string): Promise<chrome.tabs.Tab[]> {
  const tab = await navigated(3000, () => chrome.tabs.create({ url, active: false, ...(store !== ownStore && { cookieStoreId: store }) }));
  return tab ? [tab] : [];
}

async function clearCachesIn(tabId: number | undefined): Promise<void> {
  if (tabId === undefined) return;
  const func = async () => {
    for (const name of await caches.keys()) await caches.delete(name);
  };
  await chrome.scripting.executeScript({ target: { tabId }, world: "MAIN", injectImmediately: true, func }).catch(() => undefined);
}

/** Does something that navigates, and waits until the tab's new document can be talked to; for a while. */
export function navigated(most: number, go: () => Promise<chrome.tabs.Tab | undefined>): Promise<chrome.tabs.Tab | undefined> {
  return new Promise((resolve, reject) => {
    let tab: chrome.tabs.Tab | undefined;
    const loaded = new Set<number>();
    const end = () => {
      clearTimeout(timer);
      chrome.webNavigation.onDOMContentLoaded.removeListener(heard);
      resolve(tab);
    };
    const heard = (at: { tabId: number; frameId: number; url: string }) => {
      if (at.frameId !== 0 || at.url === "about:blank") return;
      loaded.add(at.tabId);
      if (at.tabId === tab?.id) end();
    };
    const timer = setTimeout(end, most);
    chrome.webNavigation.onDOMContentLoaded.addListener(heard);
    go().then((t) => {
      tab = t;
      if (t?.id === undefined || loaded.has(t.id)) end();
    }, reject);
  });
}

/** Waits until a tab shows an address that begins so, for a while. */
export async function showing(tabId: number | undefined, prefix: string, most: number): Promise<void> {
  const until = performance.now() + most;
  while (tabId !== undefined && performance.now() < until) {
    const tab = await chrome.tabs.get(tabId).catch(() => undefined);
    if (!tab || tab.url?.startsWith(prefix)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
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
