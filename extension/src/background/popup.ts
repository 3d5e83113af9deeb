// What the popup and the ended page show and ask.

import type { FromPopup, PopupLease, PopupState, Pressed } from "../internal";
import type { Lease } from "../gen/messages";
import { No, type Agent } from "./agent";
import type { Ends } from "./end";
import type { Fills } from "./fills";
import type { Leases } from "./leases";
import { memory, remember, traces } from "./memory";
import type { Packs } from "./packs";
import type { Pages } from "./pages";
import { inFront, leaseAt } from "./place";

type Handlers = { [K in keyof FromPopup]: (message: FromPopup[K]["ask"]) => Promise<FromPopup[K]["answer"]> };

export class Popup {
  constructor(
    private readonly agent: Agent,
    private readonly leases: Leases,
    private readonly packs: Packs,
    private readonly fills: Fills,
    private readonly pages: Pages,
    private readonly ends: Ends,
  ) {}

  readonly handlers: Handlers = {
    "popup.state": () => this.state(),
    "popup.pair": () =>
      this.say(async () => {
        const { code, ttl_ms } = await this.agent.ask("pair.begin", {});
        memory.pairing = { code, until: Date.now() + ttl_ms };
        remember();
      }),
    "popup.fill": async ({ lease_id, only }) => {
      const lease = this.leases.get(lease_id);
      if (!lease) return { refused: { code: "no_lease", host: "", said: "" } };
      await this.fills.begin(lease, "popup", (await inFront())?.tab, only);
      const refused = memory.refused[lease.id];
      return refused ? { refused } : {};
    },
    "popup.renew": ({ lease_id, minutes }) => this.say(() => this.agent.ask("lease.renew", { lease_id, minutes })),
    "popup.check_in": ({ lease_id }) => this.say(() => this.agent.ask("lease.check_in", { lease_id })),
    "popup.mistake": ({ lease_id }) => this.say(() => this.agent.ask("mistake.open", { lease_id })),
    "popup.sent": async () => ({ sent: await this.agent.ask("sent.list", {}).catch(() => null) }),
    "popup.answer": ({ id, answer }) => this.pages.answerReminder(id, answer),
    "popup.retry": async () => {
      this.agent.connect();
      return {};
    },
    "ended.get": async ({ lease_id }) => ({ ended: memory.ended[lease_id] ?? null }),
  };

  /** Signs in with the keyboard: with the lease of the page in front, or the only one. */
  async command(): Promise<void> {
    const front = await inFront();
    const lease = (front && (await leaseAt(front.tab, front.host, this.packs))) ?? (memory.leases.length === 1 ? memory.leases[0] : undefined);
    if (lease) await this.fills.begin(lease, "command", front?.tab);
  }

  private async say(what: () => Promise<unknown>): Promise<Pressed> {
    try {
      await what();
      return {};
    } catch (no) {
      const { code, said } = no instanceof No ? no : new No("agent_down");
      return { refused: { code, host: "", said } };
    }
  }

  private async state(): Promise<PopupState> {
    const front = await inFront();
    const here = front && (await leaseAt(front.tab, front.host, this.packs));
    const over = Object.values(traces).filter((t) => !this.leases.get(t.id) && (t.ends_at <= Date.now() || this.ends.isEnding(t.id)));
    const pairing = memory.pairing && memory.pairing.until > Date.now() ? memory.pairing.code : "";
    return {
      trouble: memory.trouble,
      pairing_code: pairing,
      leases: memory.leases.map((l) => this.lease(l, l.id === here?.id ? front?.tab.id : undefined)),
      cleaning: over.map(({ network, handle }) => ({ network, handle })),
      lines: memory.lines,
      mode: memory.mode,
      offline_since: memory.offline_since,
      now: Date.now(),
      agent_version: memory.agent_version,
      asks_for: await hostsToAskFor(),
    };
  }

  private lease(lease: Lease, tab: number | undefined): PopupLease {
    return {
      ...lease,
      relation: tab === undefined ? null : (memory.relation[tab] ?? null),
      code_asked: this.fills.codeAsked(lease.id) > Date.now(),
      banner_lost: tab !== undefined && (memory.banner_lost[tab] ?? false),
      session: traces[lease.id]?.session ?? false,
      ending: this.ends.isEnding(lease.id),
      here: tab !== undefined,
      waits: this.fills.waitOf(lease.id),
      refused: memory.refused[lease.id] ?? null,
    };
  }
}

/** Hosts of leases that the extension may not read. */
async function hostsToAskFor(): Promise<string[]> {
  const missing: string[] = [];
  for (const host of new Set(memory.leases.flatMap((l) => l.hosts))) {
    if (!(await chrome.permissions.contains({ origins: [`https://${host}/*`] }))) missing.push(host);
  }
  return missing;
}

/** Lets the content script run at the added sites that the user allowed. */
export async function registerAdded(): Promise<void> {
  const fixed = chrome.runtime.getManifest().content_scripts?.[0]?.matches ?? [];
  const allowed = (await chrome.permissions.getAll()).origins ?? [];
  const added = allowed.filter((origin) => origin !== "https://*/*" && !fixed.includes(origin));
  const known = await chrome.scripting.getRegisteredContentScripts({ ids: ["added"] });
  if (added.length === 0) return;
  const script = { id: "added", matches: added, js: ["content.js"], runAt: "document_start" as const, allFrames: true, persistAcrossSessions: false };
  await (known.length ? chrome.scripting.updateContentScripts([script]) : chrome.scripting.registerContentScripts([script]));
}
