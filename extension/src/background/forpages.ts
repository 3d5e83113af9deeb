// What pages are given of leases and site packs: no more than they need for what they do.

import type { Lease } from "../gen/messages";
import type { Pack } from "../gen/pack";
import type { FillPack, PageLease, PagePack } from "../internal";

/** What a page knows of its lease. */
export function leaseForPage({ id, network, handle, account_ref, ends_at, mode, fields, allowed_guards }: Lease): PageLease {
  return { id, network, handle, account_ref, ends_at, mode, fields, allowed_guards };
}

/** For the sign, the guard, and who is signed in. */
export function packForPage({ network, title, version, home_url, identity, guards, composers }: Pack): PagePack {
  return {
    network, title, version, home_url,
    identity: identity.filter((s) => s.kind === "dom").map(({ id, fact, ...signal }) => signal),
    guards: guards.map(({ fact, ...guard }) => guard),
    composers: composers.length > 0,
  };
}

/** For a fill. */
export function packForFill({ network, fill_hosts, variants }: Pack): FillPack {
  return { network, fill_hosts, variants };
}
