// The leases that the agent tells of, and their time. The agent's word replaces what was known; without it time goes on, and a lease whose
// time is over ends here too.

import type { Lease, State } from "../gen/messages";
import { hostOf } from "../hosts";
import { accountName } from "../names";
import { ownStore } from "./browser";
import { inTurn, isThere, makeContainer, removeStrays } from "./containers";
import type { Ends } from "./end";
import { memory, remember, rememberTraces, traces, type Trace } from "./memory";
import type { Packs } from "./packs";
import { cookieDomainsOf, hostsOf } from "./place";

export class Leases {
  constructor(private readonly packs: Packs, private readonly ends: Ends, private readonly changed: () => void) {}

  get(id: string): Lease | undefined {
    return memory.leases.find((l) => l.id === id);
  }

  /** Takes the agent's word. Clean-ups that are owed go before everything else. */
  async take(state: State): Promise<Lease[]> {
    const ahead = Date.now() - state.server_time;
    memory.ahead = ahead;
    memory.watch_personal = state.watch_personal;
    const here = state.leases.map((l) => ({ ...l, ends_at: l.ends_at + ahead, started_at: l.started_at + ahead }));
    const asked = here.filter((l) => (l.fill_asked_until ?? 0) > (this.get(l.id)?.fill_asked_until ?? 0));
    memory.leases = here.filter((l) => l.ends_at > Date.now() && !traces[l.id]?.done);
    memory.offline_since = state.offline_since ? state.offline_since + ahead : 0;
    for (const ended of state.ended) traces[ended.id] ??= { ...ended, handle: "", ends_at: 0, seen: [], store: ownStore, mode: memory.mode, session: false };
    for (const lease of memory.leases) if (traces[lease.id]) traces[lease.id]!.ends_at = lease.ends_at;
    await rememberTraces();
    remember();
    void this.endWhatIsOver(new Set(here.map((l) => l.id)));
    this.changed();
    return asked.filter((l) => this.get(l.id));
  }

  /** Ends what has no live lease: in `live` are those that the agent knows; without it, only time counts. */
  async endWhatIsOver(live?: Set<string>): Promise<void> {
    const now = Date.now();
    const over = Object.values(traces).filter((t) => t.ends_at <= now || (live && !live.has(t.id)));
    const before = memory.leases.length;
    memory.leases = memory.leases.filter((l) => l.ends_at > now && !over.some((t) => t.id === l.id));
    if (over.length > 0 || before !== memory.leases.length) {
      remember();
      this.changed();
    }
    await Promise.all(over.map((t) => this.ends.end(t)));
    await removeStrays();
    if (over.length > 0) this.changed();
  }

  /** The agent says that a lease is over. */
  async over(id: string): Promise<void> {
    memory.leases = memory.leases.filter((l) => l.id !== id);
    if (traces[id]) traces[id].ends_at = 0;
    await this.endWhatIsOver();
    this.changed();
  }

  /**
   * The trace of a lease that is used in this profile from now on: what has to be removed at the end is written down before
   * anything is there to be removed.
   */
  async use(lease: Lease): Promise<Trace> {
    const pack = await this.packs.get(lease.network);
    return inTurn(async () => {
      const known = traces[lease.id];
      if (known && (await isThere(known.store))) return known;
      const store = memory.mode === "container" ? await makeContainer(accountName(lease)) : ownStore;
      const used = known ?? {
        id: lease.id, network: lease.network, handle: lease.handle, ends_at: lease.ends_at, store, mode: memory.mode, session: false, seen: [],
        hosts: hostsOf(lease, pack), cookie_domains: cookieDomainsOf(lease, pack),
      };
      traces[lease.id] = Object.assign(used, { store });
      await rememberTraces();
      return used;
    });
  }

  /** Notes that a page of the lease is shown, so that its origin is cleaned. */
  async seen(lease: Lease, url: string | undefined): Promise<void> {
    const trace = traces[lease.id] ?? (await this.use(lease));
    const host = hostOf(url);
    if (host === "" || trace.seen.includes(host)) return;
    trace.seen.push(host);
    await rememberTraces();
  }
}
