// guards recognizes the pages that a lease does not need: those that change password, e-mail address or two-factor, connect
// apps, or download an account's data. An admin may allow single ones for a grant.
import type { PageClass } from "../gen/messages";
import type { Guard, Pack } from "../gen/pack";
import { type Address, holds } from "./match";

/** The class of the guarded page that an address leads to; undefined if it may be opened. */
export function guardedClass(pack: Pack, allowed: readonly PageClass[], { hostname, pathname, search }: Address = location): Guard["class"] | undefined {
  const address = { hostname, pathname, search }; // asked for once
  return pack.guards.find((g) => !(allowed as readonly string[]).includes(g.class) && holds(g.when, address))?.class;
}
