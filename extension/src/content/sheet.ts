// sheet makes the parts of the page that are ours: an element with a closed shadow root, above everything else. Closed is
// for tidiness: a page can take the element away, and then it is put back a few times. Nothing in it releases a value.
/** How often an element is put back before the page has won. */
export const MOST_RETURNS = 5;

/** A style that can be written anew. */
export type Write = (css: string) => void;

/** Gives a shadow root a style, in a way that no page's content security policy forbids and no page can change. */
export function dress(root: ShadowRoot, css: string): Write {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    return (more) => sheet.replaceSync(more);
  } catch {
    const style = document.createElement("style");
    style.textContent = css;
    root.append(style);
    return (more) => (style.textContent = more);
  }
}

/** An element with a class and text. */
export function make(tag: string, name: string, text = ""): HTMLElement {
  const el = document.createElement(tag);
  el.className = name;
  el.textContent = text;
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
  const [r = 0, g = 0, b = 0, alpha = 1] = (color.match(/[\d.]+/g) ?? []).map(Number);
  if (!color.startsWith("rgb") || alpha < 0.5) return null;
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

/** An element of ours that stays in the page until it is taken away here. */
export class Stay {
  private returns = 0;
  private readonly watch = new MutationObserver(() => this.keep());

  /** What lifts the element into the top layer; lost says that the page took it away too often. */
  constructor(readonly host: HTMLElement, private readonly lift: () => void, private readonly isUp: () => boolean, private readonly lost: () => void) {}

  attach(): void {
    if (!this.host.isConnected) document.documentElement.append(this.host);
    this.lift();
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
    if (this.returns++ < MOST_RETURNS) return this.attach();
    this.host.remove();
    this.lost();
  }
}
