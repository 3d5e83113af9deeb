// Hears when a cookie changes that says who is signed in: an account can be switched without any navigation. It listens only while
// there is a lease; what is in the cookie stays in it.

import { askTab } from "../internal";
import { within } from "../hosts";
import { storeOf } from "./browser";
import { tabsOf } from "./clean";
import { memory, traces } from "./memory";
import type { Packs } from "./packs";

type Change = Parameters<Parameters<typeof chrome.cookies.onChanged.addListener>[0]>[0];

export class Cookies {
  private listening = false;

  constructor(private readonly packs: Packs) {}

  /** Begins or ends to listen, as there are leases or not. */
  update(): void {
    const wanted = memory.leases.length > 0;
    if (wanted === this.listening) return;
    this.listening = wanted;
    if (wanted) chrome.cookies.onChanged.addListener(this.heard);
    else chrome.cookies.onChanged.removeListener(this.heard);
  }

  private readonly heard = (change: Change): void => {
    if (change.cause !== "overwrite") void this.changed(change); // its new value comes right after
  };

  private async changed({ cookie }: Change): Promise<void> {
    for (const lease of memory.leases) {
      const trace = traces[lease.id];
      const names = (await this.packs.get(lease.network))?.identity.map((s) => s.cookie) ?? [];
      if (!trace || !names.includes(cookie.name) || !within(cookie.domain.replace(/^\./, ""), trace.cookie_domains)) continue;
      const tabs = (await tabsOf(trace, false)).filter((t) => storeOf(t) === cookie.storeId);
      await Promise.all(tabs.map((t) => t.id !== undefined && askTab(t.id, { type: "identity.look" }, 0)));
    }
  }
}
