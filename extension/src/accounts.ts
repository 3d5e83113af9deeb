// accounts compares who is signed in with a lease. Only how they relate is ever told: never an id, a handle or an address,
// and of a personal account nothing at all.
import type { Relation } from "./gen/messages";
import type { Signal } from "./gen/pack";

/** An account by what a network shows of it. */
export interface Account {
  handle: string;
  /** The network's id of it, or its handle. */
  account_ref: string;
}

/** What a page or a cookie says of who is signed in. */
export interface Seen {
  gives: Signal["gives"];
  value: string;
}

/** The first group that a pattern finds, or all that it matches, or without a pattern the text. */
export function extract(text: string, pattern: string | undefined): string {
  if (!pattern) return text.trim();
  const found = compiled(pattern)?.exec(text);
  return found ? found[1] ?? found[0] : "";
}

const patterns = new Map<string, RegExp | null>();

function compiled(pattern: string): RegExp | null {
  let re = patterns.get(pattern);
  if (re === undefined) {
    try {
      re = new RegExp(pattern);
    } catch {
      re = null;
    }
    patterns.set(pattern, re);
  }
  return re;
}

/**
 * How what was seen relates to a lease. In whose name is written counts more than who signed in, and a sign that cannot
 * be compared with what the lease knows says nothing.
 */
export function relate(seen: readonly Seen[], lease: Account, others: readonly Account[] = []): Relation {
  for (const gives of ["acting_id", "id", "handle"] as const) {
    for (const s of seen.filter((s) => s.gives === gives)) {
      const relation = relateOne(s, lease, others);
      if (relation !== "unknown") return relation;
    }
  }
  return "unknown";
}

function relateOne(seen: Seen, lease: Account, others: readonly Account[]): Relation {
  if (isOf(seen, lease)) return "lease";
  if (others.some((o) => isOf(seen, o))) return "other_account";
  return isComparable(seen, lease) ? "personal" : "unknown";
}

function isOf(seen: Seen, account: Account): boolean {
  const names = seen.gives === "handle" ? [account.handle, account.account_ref] : [account.account_ref];
  return names.some((n) => n !== "" && plain(n) === plain(seen.value));
}

/** A numeric id says nothing about a lease of which only the handle is known. */
function isComparable(seen: Seen, lease: Account): boolean {
  if (seen.gives === "handle") return lease.handle !== "" || !isNumber(lease.account_ref);
  return isNumber(lease.account_ref);
}

function isNumber(ref: string): boolean {
  return /^\d+$/.test(ref);
}

function plain(name: string): string {
  return name.trim().replace(/^@/, "").toLowerCase();
}

/** Both together: a cookie that names the lease's account is surer than a name on the page, everything else is as it looks. */
export function join(cookie: Relation, page: Relation, seen: readonly Seen[]): Relation {
  const acting = seen.some((s) => s.gives === "acting_id");
  if (cookie === "lease" && !acting) return "lease";
  const order: Relation[] = ["personal", "other_account", "lease", "unknown"];
  return order.find((r) => r === cookie || r === page)!;
}
