// stop draws the page that stands before another one: nothing behind it can be reached with mouse or keyboard. Its one
// button goes back and can do nothing else.
import { Dress, Stay, isDark, make } from "./sheet";

/** What the page says. */
export interface StopView {
  title: string;
  text: string;
  /** What to do instead. */
  help: string;
  back: string;
}

/** A page over the page. */
export class StopPage {
  private readonly host = make("div", "");
  private readonly root = this.host.attachShadow({ mode: "closed" });
  private readonly dress = new Dress(this.root, css);
  private readonly dialog = make("dialog", "page") as HTMLDialogElement;
  private readonly stay: Stay;
  private up = false;

  /** goBack leaves the page behind; it is also called if the page takes this one away again and again. */
  constructor(private readonly goBack: () => void) {
    this.stay = new Stay(this.host, (again) => this.lift(again), () => this.dialog.open, goBack);
    this.dialog.setAttribute("closedby", "none");
    this.dialog.addEventListener("cancel", (e) => e.preventDefault());
    this.dialog.addEventListener("close", () => this.up && this.stay.keep());
    this.root.append(this.dialog);
  }

  show(view: StopView): void {
    this.dialog.dataset["page"] = isDark() ? "dark" : "light";
    this.dialog.setAttribute("aria-label", view.title);
    const button = make("button", "back", view.back);
    button.addEventListener("click", (e) => e.isTrusted && this.goBack());
    const card = make("div", "card");
    card.append(make("h1", "title", view.title), make("p", "text", view.text), make("p", "help", view.help), button);
    this.dialog.replaceChildren(card);
    this.up = true;
    this.stay.attach();
  }

  hide(): void {
    if (!this.up) return;
    this.up = false;
    this.dialog.close();
    this.stay.detach();
  }

  private lift(again: boolean): void {
    if (again) this.dress.hold();
    if (!this.dialog.open) this.dialog.showModal();
  }
}

const css = `
:host { all: initial !important; display: block !important; visibility: visible !important; opacity: 1 !important; direction: ltr !important; }
.page {
  --ground: #f5f6f8; --card: #ffffff; --ink: #1d2530; --soft: #5f6a79; --edge: #dfe3e9; --mark: #0b6e69; --on-mark: #ffffff;
  position: fixed; inset: 0; width: 100vw; height: 100vh; max-width: none; max-height: none; margin: 0; padding: 24px; border: 0; box-sizing: border-box;
  display: grid; place-items: center; overflow: auto; background: var(--ground); color: var(--ink);
  font: 400 16px/24px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
.page:not([open]) { display: none; }
.page[data-page="dark"] { --ground: #14181e; --card: #1c222a; --ink: #e7ebf0; --soft: #98a4b2; --edge: #2b333d; --mark: #57c7be; --on-mark: #06221f; }
.page::backdrop { background: #14181e; }
.card {
  box-sizing: border-box; width: min(480px, 100%); padding: 32px; border-radius: 16px; border: 1px solid var(--edge); border-top: 6px solid var(--mark);
  background: var(--card); overflow-wrap: anywhere;
}
.title { margin: 0 0 12px; font-size: 22px; line-height: 30px; font-weight: 650; }
.text { margin: 0 0 12px; }
.help { margin: 0 0 24px; color: var(--soft); }
.back {
  font: inherit; font-weight: 600; padding: 10px 20px; border-radius: 10px; border: 0; background: var(--mark); color: var(--on-mark); cursor: pointer;
}
.back:focus-visible { outline: 3px solid var(--mark); outline-offset: 3px; }
@media (forced-colors: active) { .card, .back { border: 1px solid CanvasText; } }
`;
