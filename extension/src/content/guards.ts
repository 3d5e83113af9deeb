// guards recognizes the pages that a lease does not need: those that change password, e-mail address or two-factor, connect
// apps, or download an account's data. An admin may allow single ones for a grant.
import type { PageClass } from "../gen/messages";
import type { Guard } from "../gen/pack";
import type { PagePack } from "../internal";
import { type Address, holds, leadsTo } from "./match";

type Guards = PagePack["guards"];

/** The class of the guarded page that an address leads to; undefined if it may be opened. */
export function guardedClass(guards: Guards, allowed: readonly PageClass[], { hostname, pathname, search }: Address = location): Guard["class"] | undefined {
  const address = { hostname, pathname, search }; // asked for once
  return closed(guards, allowed).find((g) => holds(g.when, address))?.class;
}

/** Whether a page may be a guarded one, as far as its address tells. */
export function mayBeGuarded(guards: Guards, allowed: readonly PageClass[], address: Address): boolean {
  return closed(guards, allowed).some((g) => leadsTo(g.when, address));
}

function closed(guards: Guards, allowed: readonly PageClass[]): Guards {
  return guards.filter((g) => !(allowed as readonly string[]).includes(g.class));
}
