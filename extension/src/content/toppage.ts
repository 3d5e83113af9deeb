// toppage is what only the top frame does: the sign above the page, who is signed in, and the pages that are closed.
import type { Relation } from "../gen/messages";
import type { PagePack, PageState } from "../internal";
import { AddressWatch } from "./addresswatch";
import { type BannerView, type Line, Banner } from "./banner";
import type { Wait } from "./engine";
import { InFrame } from "./frame";
import { guardedClass } from "./guards";
import { IdentityWatch } from "./identitywatch";
import type { Tools } from "./page";
import { StopPage } from "./stop";
import { name, timeLeft } from "./texts";

/** What the sign begins with, by who is signed in: nobody may be, or the page does not tell. */
const WHO: Record<Relation, string> = { lease: "ext_page_as", unknown: "ext_page_lent", personal: "ext_page_not", other_account: "ext_page_not" };

/** The top frame of a tab. */
export class TopPage {
  private state: PageState | null = null;
  private banner: Banner | null = null;
  private lost = false;
  private stopPage: StopPage | null = null;
  private stopped = "";
  private walked = false;
  private identity: IdentityWatch | null = null;
  private relation: Relation = "unknown";
  private draftLine: string | null = null;
  private waits: Wait | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly address = new AddressWatch(() => this.moved());
  private readonly drawing = new InFrame(() => this.drawNow());
  private readonly onFocus = (): void => this.focused();
  private toldFocus = false;
  private lookedFor = false; // somebody may be signed in since the state was put together

  constructor(private readonly tools: Tools) {}

  apply(state: PageState): void {
    const before = this.state;
    const active = state.lease !== null || state.watch;
    this.state = active ? state : null;
    const same = before?.lease?.id === state.lease?.id && before?.pack?.version === state.pack?.version && (before !== null) === active;
    if (!same) this.restart(before !== null);
    else if (isInFront()) this.tellFocus(); // the agent may be another one
    this.guard();
    this.draw();
  }

  /** Who is signed in may be another one. */
  look(): void {
    if (this.identity) this.identity.again();
    else this.lookedFor = true;
  }

  /** A line of advice about the draft, or none. */
  advise(line: string | null): void {
    this.draftLine = line;
    this.draw();
  }

  /** Says what the page waits for before anything can be filled in. */
  wait(what: Wait | null): void {
    if (what === this.waits) return;
    this.waits = what;
    this.draw();
  }

  private restart(ran: boolean): void {
    if (ran) this.end();
    if (!this.state?.pack) return;
    this.relation = "unknown";
    this.address.begin();
    for (const type of ["focus", "blur"]) addEventListener(type, this.onFocus);
    document.addEventListener("visibilitychange", this.onFocus);
    if (isInFront() !== this.toldFocus) this.tellFocus();
    const { pack, lease, cookies } = this.state;
    this.identity = new IdentityWatch(pack.identity, lease, this.lookedFor ? null : cookies, {
      cookies: async () => (await this.tools.background.ask({ type: "identity.cookies" })) ?? { relation: "unknown", others: [] },
      seen: (relation, signedIn) => this.seen(relation, signedIn),
    });
    this.identity.begin();
  }

  private end(): void {
    this.address.end();
    this.identity?.end();
    this.identity = null;
    for (const type of ["focus", "blur"]) removeEventListener(type, this.onFocus);
    document.removeEventListener("visibilitychange", this.onFocus);
    clearTimeout(this.timer);
    this.banner?.hide();
    this.stopPage?.hide();
    this.stopped = "";
    this.draftLine = null;
  }

  private moved(): void {
    this.walked = true;
    this.identity?.moved();
    this.guard();
    this.draw();
  }

  private focused(): void {
    this.tellFocus();
    this.draw();
  }

  private tellFocus(): void {
    if (!this.state?.lease) return;
    this.toldFocus = isInFront();
    void this.tools.background.ask({ type: "page.focus", focused: this.toldFocus });
  }

  /** Without a lease nothing is told to anybody: what the user does on his own account is his own. */
  private seen(relation: Relation, signedIn: boolean): void {
    this.relation = relation;
    this.draw();
    if (!this.state?.lease) return;
    void this.tools.background.ask({ type: "identity.seen", relation });
    if (signedIn && (relation === "lease" || relation === "unknown")) void this.tools.background.ask({ type: "session.began", verified: relation === "lease" });
  }

  /** Puts a closed page's sign before it, and takes it away where it is not needed any more. */
  private guard(): void {
    const lease = this.state?.lease;
    const closed = lease && this.state?.pack ? guardedClass(this.state.pack.guards, lease.allowed_guards) : undefined;
    const key = closed ? `${closed} ${location.pathname}` : "";
    if (key === this.stopped) return;
    this.stopped = key;
    if (!closed || !lease) return this.stopPage?.hide();
    this.stopPage ??= new StopPage(() => this.leave());
    const { text } = this.tools;
    this.stopPage.show({ title: text("ext_stop_title", name(lease)), text: text(`ext_stop_${closed}`), help: text("ext_stop_help"), back: text("ext_stop_back") });
    void this.tools.background.ask({ type: "guard.hit", page_class: closed });
  }

  private leave(): void {
    if (this.walked || (history.length > 1 && document.referrer !== "")) history.back();
    else location.replace(this.state?.pack?.home_url ?? "/");
  }

  /** The sign comes with the next frame, and goes at once. */
  private draw(): void {
    if (this.speaks()) return this.drawing.ask();
    this.drawing.cancel();
    clearTimeout(this.timer);
    this.banner?.hide();
  }

  /** A closed page says by itself whose account this is. */
  private speaks(): boolean {
    const { lease, pack } = this.state ?? {};
    return !!pack && (!!lease || this.relation === "personal") && this.stopped === "" && !this.lost;
  }

  private drawNow(): void {
    clearTimeout(this.timer);
    this.banner ??= new Banner(this.state!.place, {
      moved: (place) => void this.tools.background.ask({ type: "banner.moved", place }),
      lost: () => this.lose(),
    });
    this.banner.show(this.view(this.state!.pack!));
    if (this.state!.lease && !document.hidden) this.timer = setTimeout(() => this.draw(), untilNextMinute(this.state!.lease.ends_at));
  }

  /** The page took the sign away again and again: it has won, and the popup says so. */
  private lose(): void {
    this.lost = true;
    this.draw();
    void this.tools.background.ask({ type: "banner.lost" });
  }

  private view(pack: PagePack): BannerView {
    const { text } = this.tools;
    const lease = this.state?.lease;
    if (!lease) return { who: text("ext_page_watch", pack.title), left: "", tone: "advice", lines: [{ id: "watch", tone: "calm", text: text("ext_page_watch_text") }] };
    const lines = this.lines();
    const tone = lines.some((l) => l.tone === "warning") ? "warning" : lines.some((l) => l.tone === "advice") ? "advice" : "calm";
    return { who: text(WHO[this.relation], name(lease), pack.title), left: timeLeft(text, lease.ends_at - Date.now()), tone, lines };
  }

  private lines(): Line[] {
    const { text } = this.tools;
    const lines: Line[] = (this.state?.lines ?? []).filter((r) => r.until > Date.now()).map((r) => ({ id: r.id, tone: "calm", text: [r.title, r.text].filter(Boolean).join(" · ") }));
    const { lease, pack } = this.state ?? {};
    if (!lease || !pack) return lines;
    if (this.relation === "personal" || this.relation === "other_account") lines.unshift({ id: "who", tone: "warning", text: text(`ext_page_${this.relation}`, name(lease), pack.title) });
    if (this.state!.code_asked > Date.now()) lines.unshift({ id: "code", tone: "calm", text: text("ext_code_asked", pack.title) });
    if (this.waits) lines.unshift({ id: "waits", tone: "advice", text: text(`ext_waits_${this.waits}`) });
    if (this.draftLine) lines.unshift({ id: "draft", tone: "advice", text: this.draftLine });
    return lines;
  }
}

function isInFront(): boolean {
  return document.hasFocus() && !document.hidden;
}

function untilNextMinute(end: number): number {
  const left = end - Date.now();
  return left <= 0 ? 60_000 : (left % 60_000) + 50;
}
