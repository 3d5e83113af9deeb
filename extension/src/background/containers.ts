// One container of Firefox for each lease, with cookies and storage of its own, which goes with the lease.

import { firefoxAPI, ownStore } from "./browser";
import { memory, traces } from "./memory";

/** Ours begin so; the user sees it beside the address. */
const mark = "Keyshift ";

/** Makes the container of a lease, and gives its cookie store. */
export async function makeContainer(account: string): Promise<string> {
  const made = await firefoxAPI.contextualIdentities.create({ name: mark + account, color: "turquoise", icon: "briefcase" });
  return made.cookieStoreId;
}

/** Removes a container with all that is in it; Firefox closes its tabs. True when it is gone. */
export async function removeContainer(store: string): Promise<boolean> {
  if (store === ownStore) return true;
  await firefoxAPI.contextualIdentities.remove(store).catch(() => undefined);
  return !(await firefoxAPI.contextualIdentities.query({})).some((c) => c.cookieStoreId === store);
}

/** Removes containers of ours that no lease knows: left behind by a Firefox that was killed. */
export async function removeStrays(): Promise<void> {
  if (memory.mode !== "container") return;
  const known = new Set(Object.values(traces).map((t) => t.store));
  for (const found of await firefoxAPI.contextualIdentities.query({})) {
    if (found.name.startsWith(mark) && !known.has(found.cookieStoreId)) await removeContainer(found.cookieStoreId);
  }
}
