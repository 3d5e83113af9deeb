// What cookies say of who is signed in. Session cookies that page scripts cannot read are read here, and only the relation to the lease
// is told, never what is in a cookie.

import { extract, relate, type Account, type Seen } from "../accounts";
import type { Pack, Signal } from "../gen/pack";
import type { Lease, Relation } from "../gen/messages";
import { memory } from "./memory";

/** How the cookies of a page's network relate to its lease, and the other accounts that the user holds there. */
export async function identityOfCookies({ lease, pack }: { lease: Lease | null; pack: Pack | null }, storeId: string): Promise<{ relation: Relation; others: Account[] }> {
  if (!pack) return { relation: "unknown", others: [] };
  const held = memory.leases.filter((l) => l.network === pack.network && l.id !== lease?.id);
  const others = held.map(({ handle, account_ref }) => ({ handle, account_ref }));
  const seen = (await Promise.all(pack.identity.filter((s) => s.kind === "cookie").map((s) => read(s, pack, storeId)))).flat();
  return { relation: lease ? relate(seen, lease, others) : withoutLease(seen, others), others };
}

async function read(signal: Signal, pack: Pack, storeId: string): Promise<Seen[]> {
  const url = signal.url ?? pack.home_url;
  const cookie = await chrome.cookies.get({ url, name: signal.cookie ?? "", storeId }).catch(() => null);
  const value = cookie ? extract(cookie.value, signal.pattern) : "";
  return value ? [{ gives: signal.gives, value }] : [];
}

/** Without a lease whoever is signed in is either one of the company's accounts or the user himself. */
function withoutLease(seen: readonly Seen[], others: readonly Account[]): Relation {
  const named = seen.filter((s) => s.gives !== "signed_in");
  if (named.length === 0) return "unknown";
  return others.some((o) => relate(named, o) === "lease") ? "other_account" : "personal";
}
