// One container of Firefox for each lease, with cookies and storage of its own, which goes with the lease.

import { firefoxAPI, ownStore, type Container } from "./browser";
import { memory, traces } from "./memory";

/** Ours begin so; the user sees it beside the address. */
const mark = "Keyshift ";

let turn: Promise<unknown> = Promise.resolve();

/** One after the other: a container that is made, and not written down yet, looks like one that was left behind. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const mine = turn.then(work);
  turn = mine.catch(() => undefined);
  return mine;
}

/** Makes the container of a lease, and gives its cookie store. It is to be written down in the same turn. */
export async function makeContainer(account: string): Promise<string> {
  const made = await firefoxAPI.contextualIdentities.create({ name: mark + account, color: "turquoise", icon: "briefcase" });
  return made.cookieStoreId;
}

/** Whether a cookie store is still there: the user may remove containers. */
export async function isThere(store: string): Promise<boolean> {
  return store === ownStore || (await containers()).some((c) => c.cookieStoreId === store);
}

/** Removes a container with all that is in it; Firefox closes its tabs. True when it is gone. */
export async function removeContainer(store: string): Promise<boolean> {
  if (store === ownStore) return true;
  await firefoxAPI.contextualIdentities.remove(store).catch(() => undefined);
  return !(await isThere(store));
}

/** Removes containers of ours that no lease knows: left behind by a Firefox that was killed. */
export function removeStrays(): Promise<void> {
  return inTurn(async () => {
    if (memory.mode !== "container") return;
    const known = new Set(Object.values(traces).map((t) => t.store));
    for (const found of await containers()) {
      if (found.name.startsWith(mark) && !known.has(found.cookieStoreId)) await removeContainer(found.cookieStoreId);
    }
  });
}

function containers(): Promise<Container[]> {
  return firefoxAPI.contextualIdentities.query({});
}
