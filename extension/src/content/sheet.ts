// sheet makes the parts of the page that are ours: an element with a closed shadow root, above everything else. Closed is
// for tidiness: a page can take the element away, and then it is put back a few times. Nothing in it releases a value.
/** How often an element is put back before the page has won. */
export const MOST_RETURNS = 5;

/**
 * The style of a shadow root. It begins as a style element, which browsers read with the least work; coming from an extension it is not
 * under the page's content security policy.
 */
export class Dress {
  private readonly style = document.createElement("style");
  private sheet: CSSStyleSheet | null = null;

  constructor(private readonly root: ShadowRoot, private css: string) {
    this.style.textContent = css;
    root.append(this.style);
  }

  /** Writes it anew. */
  write(css: string): void {
    this.css = css;
    if (this.sheet) this.sheet.replaceSync(css);
    else this.style.textContent = css;
  }

  /** Keeps it whatever the page does: where a page puts a style element elsewhere, its policy counts. */
  hold(): void {
    if (this.sheet) return;
    const sheet = new CSSStyleSheet();
    this.root.adoptedStyleSheets = [...this.root.adoptedStyleSheets, sheet];
    sheet.replaceSync(this.css);
    this.sheet = sheet;
    this.style.remove();
  }
}

/** An element with a class and text. */
export function make(tag: string, name: string, text = ""): HTMLElement {
  const el = document.createElement(tag);
  if (name) el.className = name;
  if (text) el.textContent = text;
  return el;
}

/** Whether a page is drawn dark, by the background that it has; a page without one follows the user's taste. */
export function isDark(): boolean {
  for (const el of [document.body, document.documentElement]) {
    const light = el && lightness(getComputedStyle(el).backgroundColor);
    if (light !== null && light !== undefined) return light < 0.4;
  }
  const scheme = getComputedStyle(document.documentElement).colorScheme;
  return scheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches;
}

/** The lightness of a computed color from 0 to 1; null for one that lets most through. */
export function lightness(color: string): number | null {
  if (!color.startsWith("rgb")) return null;
  const [r = 0, g = 0, b = 0, alpha = 1] = color.slice(color.indexOf("(") + 1, -1).split(",").map(Number);
  if (alpha < 0.5) return null;
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

/** An element of ours that stays in the page until it is taken away here. */
export class Stay {
  private returns = 0;
  private readonly watch = new MutationObserver(() => this.keep());

  /** What lifts the element into the top layer, again after the page took it away; lost says that it did so too often. */
  constructor(readonly host: HTMLElement, private readonly lift: (again: boolean) => void, private readonly isUp: () => boolean, private readonly lost: () => void) {}

  attach(again = false): void {
    if (!this.host.isConnected) document.documentElement.append(this.host);
    this.lift(again);
    this.watch.observe(document, { childList: true });
    this.watch.observe(document.documentElement, { childList: true });
    this.watch.observe(this.host, { attributes: true });
  }

  /** Does something to the element that is not to be undone. */
  pause(what: () => void): void {
    this.watch.disconnect();
    what();
    this.attach();
  }

  detach(): void {
    this.watch.disconnect();
    this.host.remove();
  }

  /** Puts the element back if it is gone or not up any more. */
  keep(): void {
    if (this.host.isConnected && this.isUp()) return;
    this.watch.disconnect();
    if (this.returns++ < MOST_RETURNS) return this.attach(true);
    this.host.remove();
    this.lost();
  }
}
