// What cookies say of who is signed in. What is in them stays in this function.

import { type Account, type Seen, extract, relate } from "../accounts";
import type { Relation } from "../gen/messages";
import type { Pack } from "../gen/pack";

/** How the cookies of a store relate to an account; without one, everybody but the others is a stranger. */
export async function cookieRelation(pack: Pack, store: string, account: Account | null, others: readonly Account[]): Promise<Relation> {
  const seen = (await Promise.all(pack.identity.map((s) => readCookie(s, store)))).filter((s): s is Seen => s !== null);
  if (account) return relate(seen, account, others);
  const named = seen.filter((s) => s.gives !== "signed_in");
  if (named.length === 0) return "unknown";
  return others.some((o) => relate(named, o) === "lease") ? "other_account" : "personal";
}

async function readCookie(signal: Pack["identity"][number], store: string): Promise<Seen | null> {
  if (signal.kind !== "cookie" || !signal.cookie || !signal.url) return null;
  const cookie = await chrome.cookies.get({ name: signal.cookie, url: signal.url, storeId: store }).catch(() => null);
  const value = cookie ? extract(cookie.value, signal.pattern) : "";
  return value === "" ? null : { gives: signal.gives, value };
}
