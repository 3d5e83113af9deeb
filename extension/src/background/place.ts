// Which lease a page belongs to. Only what the browser says of a tab or sender counts.

import { refuseAddress } from "../content/address";
import type { Pack } from "../gen/pack";
import type { Lease } from "../gen/messages";
import { hostOf, within } from "../hosts";
import type { Refused } from "../internal";
import { storeOf } from "./browser";
import { memory, traces } from "./memory";
import type { Packs } from "./packs";

/** The cookie store in which a lease is used; undefined before its container is made. */
export function storeOfLease(lease: Lease): string | undefined {
  return traces[lease.id]?.store;
}

/** All hosts of a network: those of the lease and of its pack; for a delegated account those of its entrances too. */
export function hostsOf(lease: Pick<Lease, "hosts" | "mode">, pack: Pack | null): string[] {
  return [...new Set([...lease.hosts, ...(pack?.hosts ?? []), ...entrances(lease, pack).flatMap((d) => d.hosts ?? [])])];
}

/** An entrance may be another network's, where the user's own session is nobody's business unless the lease goes through it. */
function entrances(lease: Pick<Lease, "mode">, pack: Pack | null): Pack["delegated"] {
  return lease.mode === "delegated" ? (pack?.delegated ?? []) : [];
}

/** Whether something may be filled in there: a host of the lease, and one of the pack's, exactly. */
export function fillsAt(host: string, lease: Pick<Lease, "hosts">, pack: Pack | null): boolean {
  return within(host, lease.hosts) && (pack === null || pack.fill_hosts.includes(host));
}

/** The domains whose cookies belong to a network. */
export function cookieDomainsOf(lease: Pick<Lease, "hosts" | "mode">, pack: Pack | null): string[] {
  const named = [...(pack?.cookie_domains ?? []), ...entrances(lease, pack).flatMap((d) => d.cookie_domains ?? [])];
  return [...new Set([...named.map((d) => d.replace(/^\./, "")), ...lease.hosts])];
}

/** The page that a delegated account is worked on from: the network's own entrance. */
export function entrance(pack: Pack | null, lease: Lease): string {
  return pack?.delegated[0]?.url || pack?.home_url || `https://${lease.hosts[0]}/`;
}

/** A page in front that pretends to be the network is named, instead of opening the real one beside it. */
export function lookAlike(url: string, pack: Pack | null, lease: Lease): { why: Refused; host: string } | undefined {
  const hosts = pack?.fill_hosts ?? lease.hosts;
  const own = [...lease.hosts, ...(pack?.hosts ?? []), ...(pack?.cookie_domains ?? []).map((d) => d.replace(/^\./, ""))];
  if (within(hostOf(url), own)) return undefined; // another page of the network
  const why = url.startsWith("http") ? refuseAddress(url, hosts) : undefined;
  const host = why ? new URL(url).hostname : "";
  if (why === "look_alike" || why === "idn" || (why === "http" && within(host, lease.hosts))) return { why, host };
  return undefined;
}

/** The lease whose work is done in this tab at this host; the one asked for last if there are several. */
export async function leaseAt(tab: chrome.tabs.Tab, host: string, packs: Packs): Promise<Lease | undefined> {
  const found: Lease[] = [];
  for (const lease of memory.leases) {
    if (!usedIn(lease, tab)) continue;
    if (within(host, lease.hosts) || within(host, hostsOf(lease, await packs.get(lease.network)))) found.push(lease);
  }
  const asked = tab.id === undefined ? undefined : memory.asked[tab.id];
  return found.find((l) => l.id === asked?.lease_id) ?? found.sort((a, b) => rank(b) - rank(a))[0];
}

/** A lease that somebody signed in with goes first, then the newest. */
function rank(lease: Lease): number {
  return (traces[lease.id]?.session ? 1e15 : 0) + lease.started_at;
}

function usedIn(lease: Lease, tab: chrome.tabs.Tab): boolean {
  if (memory.mode !== "container") return true;
  return storeOfLease(lease) === storeOf(tab);
}

/** Whether all frames around this one, and it, have one origin: only then anything is filled in. */
export async function sameOriginUpwards(tab: number, frame: number, origin: string): Promise<boolean> {
  if (frame === 0) return true;
  const frames = (await chrome.webNavigation.getAllFrames({ tabId: tab })) ?? [];
  for (let at = frame; at !== -1; ) {
    const found = frames.find((f) => f.frameId === at);
    if (!found || originOf(found.url) !== origin) return false;
    at = found.parentFrameId;
  }
  return true;
}

export function originOf(url: string | undefined): string {
  try {
    return new URL(url ?? "").origin;
  } catch {
    return "null";
  }
}

/** The tab in front, and the host of its page; nothing when it is not https. */
export async function inFront(): Promise<{ tab: chrome.tabs.Tab; host: string } | undefined> {
  const [tab] = await chrome.tabs.query({ active: true, lastFocusedWindow: true });
  return tab && { tab, host: hostOf(tab.url) };
}
