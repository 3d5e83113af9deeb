// page puts the parts together for one document: what the background says decides what runs. Without a lease, and where
// nothing is to be watched, nothing runs and nothing is observed.
import type { DraftHit, Field } from "../gen/messages";
import type { FillPack, FromPage, PageState, ToPage } from "../internal";
import { fillIn } from "../texts";
import { ComposerWatch } from "./composer";
import type { Filler } from "./filler";
import type { More } from "./more";
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
  /** Has the third script brought, once; null when it cannot be had. */
  more(): Promise<More | null>;
}

type Started = ToPage["fill.start"]["answer"];

type Answers = { [K in keyof ToPage]?: (message: ToPage[K]["ask"]) => Promise<ToPage[K]["answer"]> | ToPage[K]["answer"] };

const nothing: PageState = { lease: null, pack: null, words: 0, watch: false, fill: false, code_asked: 0, lines: [], place: null, cookies: null, texts: {} };

/** One document. */
export class Page {
  private state: PageState = nothing;
  private filler: Filler | null = null;
  private fillComes = false; // it waits for the third script
  private turn = 0; // counts what was asked about fills: the last counts
  private composer: ComposerWatch | null = null;
  private readonly top: TopPage | null;

  constructor(private readonly tools: Tools) {
    this.top = window === window.top ? new TopPage({ ...tools, text: this.text }) : null;
  }

  /** Most texts came with the state. */
  private readonly text: Text = (key, ...values) => {
    const known = this.state.texts[key];
    return known === undefined ? this.tools.text(key, ...values) : fillIn(known, values);
  };

  /** What the background may ask. */
  readonly answers: Answers = {
    "page.state": ({ state }) => (this.apply(state), {}),
    "fill.start": async ({ only, again }) => {
      if (!this.state.lease) await this.begin(); // it was just brought, or lost track
      return again && (this.fillComes || this.filler?.running) ? { started: true } : this.startFill(only);
    },
    "fill.stop": () => (this.stopFill(), {}),
    "identity.look": () => (this.top?.look(), {}),
    "sign_out": async ({ pack }) => ({ sign_out: (await (await this.tools.more())?.signOut(pack)) ?? "failed" }), // the lease is over, and with it the state
  };

  /** Asks what there is to do. */
  async begin(): Promise<void> {
    const answer = await this.tools.background.ask({ type: "page.begin", there: true });
    if (answer) this.apply(answer.state);
  }

  /** Takes over what the background knows now. */
  apply(state: PageState): void {
    const before = this.state;
    this.state = state;
    this.top?.apply(state);
    if (before.lease?.id !== state.lease?.id || before.words !== state.words || before.pack?.version !== state.pack?.version) this.watchComposer();
    if (!state.lease || !state.fill) this.stopFill();
    if (state.lease && state.fill && !this.fillComes && !this.filler?.begun) void this.startFill();
  }

  private watchComposer(): void {
    this.composer?.end();
    this.composer = null;
    this.top?.advise(null);
    if (!this.state.lease || !this.state.pack?.composers) return;
    const heard = {
      advise: (hits: readonly DraftHit[]) => this.top?.advise(hits.length > 0 ? advice(this.tools.text, hits) : null),
      report: (hits: DraftHit[]) => void this.tools.background.ask({ type: "draft.checked", hits, action: "warned" }),
    };
    this.composer = new ComposerWatch(async () => {
      const [more, answer] = await Promise.all([this.tools.more(), this.tools.background.ask({ type: "draft.rules" })]);
      return more && answer?.rules ? new more.Drafts(answer.rules, heard) : null;
    });
    this.composer.begin();
  }

  /** Begins to fill, or goes on once a custodian's code is there. Only the background asks for it: see second. */
  private async startFill(only?: Field): Promise<Started> {
    const { lease, pack } = this.state;
    if (!lease || !pack) return { started: false, why: "no_lease" };
    if (lease.mode === "delegated") return { started: false, why: "field_refused" }; // the user signs in with an own login
    const turn = ++this.turn;
    this.fillComes = true;
    const [more, answer] = await Promise.all([this.tools.more(), this.tools.background.ask({ type: "fill.pack" })]);
    if (turn !== this.turn) return { started: this.fillComes }; // it was stopped, or asked for once more
    this.fillComes = false;
    return this.startWith(more, answer?.pack ?? null, only);
  }

  /** Begins with what is true now: what was missing took a while. */
  private startWith(more: More | null, pack: FillPack | null, only?: Field): Started {
    const { lease } = this.state;
    if (!more || !lease || !pack) return { started: false, why: more ? "no_lease" : "agent_down" };
    this.filler ??= new more.Filler(this.tools.background, (what) => this.top?.wait(what));
    const why = this.filler.start(lease, pack, only);
    return why ? { started: false, why } : { started: true };
  }

  private stopFill(): void {
    this.turn++;
    this.fillComes = false;
    this.filler?.stop();
    this.top?.wait(null);
  }
}
