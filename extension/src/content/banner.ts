// banner tells as whom the user works and for how long, in a small sign above the page. It has nothing to press, so no page
// can trick anybody into pressing it; it can be moved, and stays where it was put.
import { InFrame } from "./frame";
import { type Place, Mover, START, placed } from "./mover";
import { Dress, Stay, isDark, make } from "./sheet";
import { markOurs } from "./ours";

/** How urgent something is. */
export type Tone = "calm" | "advice" | "warning";

/** A line below the sign's first one. */
export interface Line {
  id: string;
  tone: Tone;
  text: string;
}

/** What the sign says. */
export interface BannerView {
  /** "You are @acme on Instagram", or whose account it is not, or only that it is checked out. */
  who: string;
  /** "23 min left" */
  left: string;
  tone: Tone;
  /** At most three are shown, the most urgent ones. */
  lines: readonly Line[];
}

/** Who hears what becomes of the sign. */
export interface Listener {
  /** The user put it elsewhere. */
  moved(place: Place): void;
  /** The page took it away too often. */
  lost(): void;
}

const MOST_LINES = 3;
const urgency: Record<Tone, number> = { warning: 0, advice: 1, calm: 2 };

/** The sign. */
export class Banner {
  private readonly host = make("div", "");
  private readonly root = this.host.attachShadow({ mode: "closed" });
  private readonly box = make("div", "box");
  private readonly who = make("div", "who");
  private readonly left = make("div", "left");
  private readonly lines = make("div", "lines");
  private readonly stay: Stay;
  private readonly rising = new InFrame(() => this.rise());
  private shown = "";
  private readonly dresses: Dress[] = [];
  private linesDress: Dress | undefined;
  private held = false; // a page did something to the sign

  /** Without a place it is where signs are at first. */
  constructor(place: Place | null, listener: Listener) {
    this.stay = new Stay(this.host, (again) => this.lift(again), () => this.host.matches(":popover-open"), () => listener.lost());
    this.dress(css + placed(place ?? START));
    let moved: Dress | undefined; // lies over the other one
    new Mover(this.host, this.box, (where) => (moved ??= this.dress("")).write(where), place ?? START, (at) => listener.moved(at));
    markOurs(this.host);
    this.host.addEventListener("toggle", () => this.host.isConnected && this.shown && this.stay.keep());
    this.lines.setAttribute("role", "status");
    const first = make("div", "first");
    first.append(make("div", "dot"), this.who, this.left);
    this.box.setAttribute("role", "note");
    this.box.append(first, this.lines);
    this.root.append(this.box);
  }

  show(view: BannerView): void {
    const key = JSON.stringify(view);
    if (key !== this.shown) this.draw(view);
    if (this.shown) this.rising.ask();
    else this.stay.attach();
    this.shown = key;
  }

  hide(): void {
    if (!this.shown) return;
    this.shown = "";
    this.rising.cancel();
    this.stay.detach();
  }

  private draw(view: BannerView): void {
    if (view.tone !== "calm" || view.lines.length > 0) this.dressLines();
    this.box.setAttribute("data-tone", view.tone);
    this.box.setAttribute("data-page", isDark() ? "dark" : "light");
    this.who.textContent = view.who;
    this.left.textContent = view.left;
    const lines = [...view.lines].sort((a, b) => urgency[a.tone] - urgency[b.tone]).slice(0, MOST_LINES);
    this.lines.replaceChildren(...lines.map(lineElement));
  }

  /** Most pages show no line, and need no style for any. */
  private dressLines(): void {
    this.linesDress ??= this.dress(linesCSS);
  }

  private dress(text: string): Dress {
    const dress = new Dress(this.root, text);
    if (this.held) dress.hold();
    this.dresses.push(dress);
    return dress;
  }

  private lift(again: boolean): void {
    if (again) this.hold();
    if (this.host.getAttribute("popover") !== "manual") this.host.setAttribute("popover", "manual");
    if (!this.host.matches(":popover-open")) this.host.showPopover();
  }

  private hold(): void {
    this.held = true;
    for (const dress of this.dresses) dress.hold();
  }

  /** Comes up again over what the page has lifted above it since. */
  private rise(): void {
    const box = this.host.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    if (!top || top === this.host || !this.host.matches(":popover-open")) return;
    this.stay.pause(() => {
      this.host.hidePopover();
      this.host.showPopover();
    });
  }
}

function lineElement(line: Line): HTMLElement {
  const el = make("p", "line", line.text);
  el.setAttribute("data-tone", line.tone);
  el.dir = "auto";
  return el;
}

const css = `
:host {
  all: initial !important; display: block !important; position: fixed !important; direction: ltr !important;
  width: max-content !important; max-width: min(440px, calc(100vw - 24px)) !important;
}
:host(:not(:popover-open)) { display: none !important; }
.box {
  --ground: #ffffff; --ink: #1d2530; --soft: #5f6a79; --edge: #c6ccd6; --mark: #0b6e69; --warm: #8f5200; --hot: #b3261e;
  box-sizing: border-box; padding: 7px 14px 7px 12px; border-radius: 17px; cursor: grab; user-select: none;
  background: var(--ground); color: var(--ink); border: 1px solid var(--edge); box-shadow: 0 2px 10px rgb(0 0 0 / 22%);
  font: 500 13px/18px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; text-align: left; touch-action: none;
}
.box[data-page="dark"] { --ground: #1c222a; --ink: #e7ebf0; --soft: #98a4b2; --edge: #4a5563; --mark: #57c7be; --warm: #f2b866; --hot: #ff8a80; }
.box[data-moving] { cursor: grabbing; }
.first { display: flex; align-items: baseline; column-gap: 8px; }
.dot { flex: none; align-self: center; width: 8px; height: 8px; border-radius: 4px; background: var(--mark); }
.who { min-width: 0; overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.left { flex: none; color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.left:not(:empty)::before { content: "·"; margin-right: 8px; }
@media (forced-colors: active) { .box { border-color: CanvasText; } .dot { forced-color-adjust: none; } }
`;

const linesCSS = `
.box[data-tone="advice"] { border-color: var(--warm); }
.box[data-tone="warning"] { border-color: var(--hot); border-width: 2px; padding: 6px 13px 6px 11px; }
.box[data-tone="advice"] .dot { background: var(--warm); border-radius: 1px; transform: rotate(45deg); }
.box[data-tone="warning"] .dot { background: var(--hot); border-radius: 0; }
.line { margin: 4px 0 0; padding-left: 16px; font-weight: 400; color: var(--ink); overflow-wrap: anywhere; max-width: 400px; }
.line[data-tone="advice"] { color: var(--warm); }
.line[data-tone="warning"] { color: var(--hot); font-weight: 600; }
@media (forced-colors: active) { .box[data-tone] { border-color: CanvasText; } }
@media (prefers-reduced-motion: no-preference) { .box { transition: border-color 150ms; } }
`;
