// filling is one fill that a user asked for: it follows the log-in from screen to screen, asks for one value at a time
// when its field can be used, and types it. The user presses the page's buttons. While nobody asked there is no filling,
// and nothing in the page can begin one.
import type { FillPack } from "../internal";
import type { FieldName } from "./refuse";
import { type Screen, type ScreenField, type Wait, screenOf, waitOf } from "./engine";
import { type Outcome, fill } from "./fill";

/** Why a value was not typed: reasons of the page, the agent's codes pass through. */
export type Why = NonNullable<Screen["why"]> | "no_field" | "page_changed" | "changed_by_page" | string;

/** Who has the values. */
export interface Source {
  value(field: FieldName): Promise<{ value: string; until: number } | { refused: string }>;
  report(field: FieldName, outcome: "filled" | "changed_by_page" | "not_visible" | "refused", ms: number, why?: Why): void;
  /** The page wants a code that the source does not have by itself. */
  relay(): Promise<boolean>;
  /** The page wants something first that only the user can do; null once it does not any more. */
  waits(what: Wait | null): void;
}

/** What is to be filled. */
export interface Order {
  pack: FillPack;
  /** The fields that the lease has values for; a code without one is asked from a custodian. */
  fields: readonly FieldName[];
  only?: FieldName | undefined;
}

/** How often the page is looked at, in milliseconds, at most and at least: transitions tell no observer. */
const PAUSE = 30;
const TICK = 250;
const MOST_QUESTIONS = 6;
const LONGEST = 3 * 60_000;
/** The same for a page that waits for the user, who may have to fetch a telephone. */
const LONGEST_WAIT = 10 * 60_000;

/**
 * A fill that is asked for. It ends by stop, after six questions for values, or after three minutes; a page that waits for the user
 * has ten.
 */
export class Filling {
  private readonly filled = new WeakSet<HTMLInputElement>();
  private readonly verifying = new Set<FieldName>();
  private observer: MutationObserver | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;
  private soonTimer: ReturnType<typeof setTimeout> | undefined;
  private busy = false;
  private asked = 0;
  private told = new Set<string>();
  private waiting = false;
  private wait: Wait | null | undefined; // told for the first time on each page
  private begun = 0;

  constructor(private readonly order: Order, private readonly source: Source, private readonly now: () => number = () => performance.now()) {}

  /** Begins, and says what hinders it on this screen, if anything does. */
  start(): Why | undefined {
    this.begun = this.now();
    this.observer = new MutationObserver(() => this.soon());
    this.observer.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["class", "style", "hidden", "disabled", "readonly", "type", "inert"] });
    this.timer = setInterval(() => (this.isLate() ? this.stop() : void this.look()), TICK);
    const screen = this.screen();
    void this.look();
    return screen.fields.length > 0 || screen.step ? undefined : screen.why ?? "no_field";
  }

  /** Stops for good: a value that is on its way is forgotten. */
  stop(): void {
    this.observer?.disconnect();
    this.observer = undefined;
    clearInterval(this.timer);
    clearTimeout(this.soonTimer);
  }

  private isLate(): boolean {
    return this.now() - this.begun > (this.wait ? LONGEST_WAIT : LONGEST);
  }

  get running(): boolean {
    return this.observer !== undefined;
  }

  private screen(): Screen {
    return screenOf(this.order.pack);
  }

  private soon(): void {
    if (this.soonTimer !== undefined) return;
    this.soonTimer = setTimeout(() => {
      this.soonTimer = undefined;
      void this.look();
    }, PAUSE);
  }

  private async look(): Promise<void> {
    if (this.busy || !this.running) return;
    this.busy = true;
    try {
      await this.next();
    } finally {
      this.busy = false;
    }
  }

  private async next(): Promise<void> {
    const screen = this.screen();
    this.tellWait(waitOf(screen));
    const field = screen.fields.find((f) => this.wants(f));
    if (field) return this.serve(field);
    if (screen.why && screen.fields.length === 0) this.tell("password", "refused", screen.why);
  }

  /** What is to be done by hand is told when it begins and when it is over; the time for the form counts anew from then on. */
  private tellWait(what: Wait | null): void {
    if (what === this.wait) return;
    this.wait = what;
    this.begun = this.now();
    this.source.waits(what);
  }

  private wants(f: ScreenField): boolean {
    if (this.order.only && this.order.only !== f.value) return false;
    if (f.value === "code" && this.waiting) return false;
    if (this.verifying.has(f.value)) return false; // a field that was drawn anew gets the value that was asked for already
    return !f.inputs.some((i) => this.filled.has(i));
  }

  /** Gets one value and types it, if the page is still the same when the value is there. */
  private async serve(f: ScreenField): Promise<void> {
    if (!this.order.fields.includes(f.value)) return this.askCustodian(f);
    if (this.asked++ >= MOST_QUESTIONS) return this.stop();
    const page = location.href;
    const began = this.now();
    const answer = await this.source.value(f.value);
    if ("refused" in answer) return this.refused(f, answer.refused);
    if (!this.running) return;
    if (Date.now() > answer.until) return this.soon(); // too late: it is asked for anew
    if (page !== location.href) return this.source.report(f.value, "not_visible", this.since(began), "page_changed");
    f.inputs.forEach((i) => this.filled.add(i));
    this.verifying.add(f.value);
    void fill({ find: () => this.again(f, page), wait: pause }, answer.value).then((outcome) => this.done(f.value, outcome, this.since(began)));
    this.soon(); // the next field need not wait until this one is verified
  }

  private since(began: number): number {
    return Math.max(0, Math.round(this.now() - began));
  }

  private done(field: FieldName, outcome: Outcome, ms: number): void {
    this.verifying.delete(field);
    if (this.running) this.soon(); // the next screen may ask for the same
    if (outcome === "ok") return this.source.report(field, "filled", ms);
    this.source.report(field, outcome, ms, outcome === "changed_by_page" ? outcome : "page_changed");
  }

  /** The field as the page shows it now, at the address for which the value was given, if it can still be used; the page may have drawn it anew. What it is typed into counts as filled. */
  private again(f: ScreenField, page: string): HTMLInputElement[] {
    const now = this.running && page === location.href ? this.screen().fields.find((n) => n.value === f.value)?.inputs ?? [] : [];
    now.forEach((i) => this.filled.add(i));
    return now;
  }

  /** Of a refused value nothing is tried again on this screen. */
  private refused(f: ScreenField, why: string): void {
    f.inputs.forEach((i) => this.filled.add(i));
    this.source.report(f.value, "refused", 0, why);
  }

  private async askCustodian(f: ScreenField): Promise<void> {
    if (f.value !== "code") return;
    this.waiting = true;
    await this.source.relay();
  }

  private tell(field: FieldName, outcome: "refused", why: Why): void {
    if (this.told.has(why)) return;
    this.told.add(why);
    this.source.report(field, outcome, 0, why);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
