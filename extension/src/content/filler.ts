// filler begins and ends the fills of one document.
import type { FillPack, PageLease, Refused } from "../internal";
import { refuseAddress, isOwnFrame } from "./address";
import type { Wait } from "./engine";
import { Filling, type Source } from "./filling";
import type { Background } from "./page";
import type { FieldName } from "./refuse";

/** Fills of one document, of which there is one at a time. */
export class Filler {
  private filling: Filling | null = null;

  /** waits hears what the page waits for before anything can be filled in. */
  constructor(private readonly background: Background, private readonly waits: (what: Wait | null) => void) {}

  get running(): boolean {
    return this.filling?.running ?? false;
  }

  /** Begins to fill in the place of the fill before, or goes on once a custodian's code is there; says why it cannot. */
  start(lease: PageLease, pack: FillPack, only?: FieldName): Refused | undefined {
    const refused = isOwnFrame() ? refuseAddress(location.href, pack.fill_hosts) : "frame";
    if (refused) return refused;
    this.stop();
    const order = { pack, only, fields: only === "code" ? [...lease.fields, "code" as const] : lease.fields };
    this.filling = new Filling(order, this.source());
    return this.filling.start() as Refused | undefined;
  }

  /** Whether a fill was begun and not stopped, even if it has ended by itself. */
  get begun(): boolean {
    return this.filling !== null;
  }

  stop(): void {
    this.filling?.stop();
    this.filling = null;
    this.waits(null);
  }

  /** The background as the source of values. */
  private source(): Source {
    const { background } = this;
    return {
      value: async (field) => (await background.ask({ type: "fill.value", field })) ?? { refused: "agent_down" },
      report: (field, outcome, ms, why) => void background.ask({ type: "fill.report", field, outcome, ms, ...(why !== undefined && { why: why as Refused }) }),
      relay: async () => !(await background.ask({ type: "relay.ask" }))?.refused,
      waits: (what) => {
        this.waits(what);
        void background.ask({ type: "fill.waits", what });
      },
    };
  }
}
