// page puts the parts together for one document: what the background says decides what runs. Without a lease, and where
// nothing is to be watched, nothing runs and nothing is observed.
import type { FromPage, PageState, Refused, ToPage } from "../internal";
import { refuseAddress, isOwnFrame } from "./address";
import { ComposerWatch } from "./composer";
import { Filling, type Source } from "./filling";
import { signOut } from "./signout";
import { type Text, advice } from "./texts";
import { TopPage } from "./toppage";

/** The way to the background. */
export interface Background {
  ask<K extends keyof FromPage>(message: { type: K } & FromPage[K]["ask"]): Promise<FromPage[K]["answer"] | null>;
}

/** What a document is given to work with. */
export interface Tools {
  background: Background;
  text: Text;
}

type Answers = { [K in keyof ToPage]?: (message: ToPage[K]["ask"]) => Promise<ToPage[K]["answer"]> | ToPage[K]["answer"] };

const nothing: PageState = { lease: null, pack: null, words: null, watch: false, mode: "same_profile", fill: false, code_asked: 0, lines: [], place: null };

/** One document. */
export class Page {
  private state: PageState = nothing;
  private filling: Filling | null = null;
  private composer: ComposerWatch | null = null;
  private readonly top: TopPage | null;

  constructor(private readonly tools: Tools) {
    this.top = window === window.top ? new TopPage(tools) : null;
  }

  /** What the background may ask. */
  readonly answers: Answers = {
    "page.state": ({ state }) => (this.apply(state), {}),
    "fill.start": ({ only, again }) => (again && this.filling?.running ? { started: true } : this.startFill(only)),
    "fill.stop": () => (this.stopFill(), {}),
    "identity.look": () => (this.top?.look(), {}),
    "sign_out": async ({ pack }) => ({ sign_out: await signOut(pack) }), // the lease is over, and with it the state
  };

  /** Asks what there is to do. */
  async begin(): Promise<void> {
    const state = await this.tools.background.ask({ type: "page.hello" });
    if (state) this.apply(state);
  }

  /** Takes over what the background knows now. */
  apply(state: PageState): void {
    const before = this.state;
    this.state = state;
    this.top?.apply(state);
    if (before.lease?.id !== state.lease?.id || !same(before.words, state.words) || !same(before.pack, state.pack)) this.watchComposer();
    if (!state.lease || !state.fill) this.stopFill();
    if (state.lease && state.fill && !this.filling) this.startFill();
  }

  private watchComposer(): void {
    this.composer?.end();
    this.composer = null;
    this.top?.advise(null);
    const { lease, pack, words } = this.state;
    if (!lease || !pack || pack.composers.length === 0) return;
    this.composer = new ComposerWatch(pack, words, {
      advise: (hits) => this.top?.advise(hits.length > 0 ? advice(this.tools.text, hits) : null),
      report: (hits) => void this.tools.background.ask({ type: "draft.checked", hits, action: "warned" }),
    });
    this.composer.begin();
  }

  /** Begins to fill, or goes on once a custodian's code is there. Only the background asks for it: see main. */
  private startFill(only?: "username" | "password" | "code"): { started: boolean; why?: Refused } {
    const { lease, pack } = this.state;
    if (!lease || !pack) {
      void this.begin(); // it lost track: the background was not there yet
      return { started: false, why: "no_lease" };
    }
    if (lease.mode === "delegated") return { started: false, why: "field_refused" }; // the user signs in with an own login
    const refused = this.refuse(pack.fill_hosts);
    if (refused) return { started: false, why: refused };
    this.stopFill();
    const order = { pack, only, fields: only === "code" ? [...lease.fields, "code" as const] : lease.fields };
    this.filling = new Filling(order, this.source());
    const why = this.filling.start() as Refused | undefined;
    return why ? { started: false, why } : { started: true };
  }

  private refuse(hosts: readonly string[]): Refused | undefined {
    return isOwnFrame() ? refuseAddress(location.href, hosts) : "frame";
  }

  private stopFill(): void {
    this.filling?.stop();
    this.filling = null;
    this.top?.wait(null);
  }

  /** The background as the source of values. */
  private source(): Source {
    const { background } = this.tools;
    return {
      value: async (field) => (await background.ask({ type: "fill.value", field })) ?? { refused: "agent_down" },
      report: (field, outcome, ms, why) => void background.ask({ type: "fill.report", field, outcome, ms, ...(why !== undefined && { why: why as Refused }) }),
      relay: async () => !(await background.ask({ type: "relay.ask" }))?.refused,
      waits: (what) => {
        this.top?.wait(what);
        void background.ask({ type: "fill.waits", what });
      },
    };
  }
}

function same(a: { version: number } | null, b: { version: number } | null): boolean {
  return a?.version === b?.version;
}
