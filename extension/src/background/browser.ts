// What differs between browsers.

import type { Browser } from "../gen/messages";

/** Set when the extension is built. */
declare const FIREFOX: boolean;
export const firefox = FIREFOX;

/** What only Firefox has. */
interface OnlyFirefox {
  runtime: { getBrowserInfo(): Promise<{ version: string }> };
  contextualIdentities: {
    query(details: object): Promise<Container[]>;
    create(details: { name: string; color: string; icon: string }): Promise<Container>;
    remove(cookieStoreId: string): Promise<Container>;
  };
  browsingData: { remove(options: { hostnames: string[]; cookieStoreId?: string }, types: Record<string, boolean>): Promise<void> };
}

export interface Container {
  name: string;
  cookieStoreId: string;
}

export const firefoxAPI = (globalThis as unknown as { browser: OnlyFirefox }).browser;

/** Which browser this is, and its version. */
export async function thisBrowser(): Promise<{ browser: Browser; browser_version: string }> {
  if (firefox) return { browser: "firefox", browser_version: token((await firefoxAPI.runtime.getBrowserInfo()).version) };
  const brands = (navigator as unknown as { userAgentData?: { brands: { brand: string; version: string }[] } }).userAgentData?.brands ?? [];
  for (const [brand, name] of kinds) {
    const found = brands.find((b) => b.brand === brand);
    if (found) return { browser: name, browser_version: token(found.version) };
  }
  return { browser: "chromium", browser_version: "unknown" };
}

const kinds: [string, Browser][] = [["Microsoft Edge", "edge"], ["Brave", "brave"], ["Google Chrome", "chrome"], ["Chromium", "chromium"]];

function token(version: string): string {
  return version.replaceAll(/[^A-Za-z0-9.]/g, "").slice(0, 64) || "unknown";
}

/** Whether the user lets this Firefox have containers. */
export async function hasContainers(): Promise<boolean> {
  if (!firefox) return false;
  try {
    await firefoxAPI.contextualIdentities.query({});
    return true;
  } catch {
    return false; // switched off by privacy.userContext.enabled
  }
}

/** The cookie store of tabs that are in no container. */
export const ownStore = firefox ? "firefox-default" : "0";

/** The cookie store of a tab; Chromium does not say, as it has one. */
export function storeOf(tab: chrome.tabs.Tab): string {
  return (tab as { cookieStoreId?: string }).cookieStoreId ?? ownStore;
}
