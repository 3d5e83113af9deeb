// editor reads what is written in an input or an editable element, and marks places in it without touching it.
import type { Span } from "./words";

/** A text with the nodes that it came from. */
export interface Written {
  text: string;
  nodes: { node: Text; start: number }[];
}

const BLOCKS = "div, p, li, blockquote, pre, h1, h2, h3, section, [data-block]";

/** What an element holds. */
export function read(el: HTMLElement, most: number): Written {
  if ("value" in el) return { text: String(el.value).slice(0, most), nodes: [] };
  const written: Written = { text: "", nodes: [] };
  const walker = document.createTreeWalker(el, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  let block: Element | null = null;
  for (let n = walker.nextNode(); n && written.text.length < most; n = walker.nextNode()) {
    if (n.nodeType !== Node.TEXT_NODE) {
      if ((n as Element).matches("br")) written.text += "\n";
      continue;
    }
    const around = (n as Text).parentElement!.closest(BLOCKS);
    if (around !== block && written.text !== "" && !written.text.endsWith("\n")) written.text += "\n";
    block = around;
    written.nodes.push({ node: n as Text, start: written.text.length });
    written.text += (n as Text).data;
  }
  return written;
}

/** The ranges of places in a text. */
export function ranges(written: Written, spans: readonly Span[]): Range[] {
  return spans.flatMap((s) => {
    const [from, to] = [nodeAt(written, s.start), nodeAt(written, s.end - 1)];
    if (!from || !to) return [];
    const range = document.createRange();
    range.setStart(from.node, Math.min(s.start - from.start, from.node.length));
    range.setEnd(to.node, Math.min(s.end - to.start, to.node.length));
    return [range];
  });
}

function nodeAt(written: Written, at: number): { node: Text; start: number } | undefined {
  return written.nodes.findLast((n) => n.start <= at && at < n.start + n.node.length);
}

const NAME = "keyshift-advice";
const LINE = "underline dotted 2px #d9822b";

/** A calm line below what was found. */
export class Underline {
  private sheet: CSSStyleSheet | null = null;
  private input: HTMLElement | null = null;

  /** Marks the places, and nothing else any more. */
  mark(el: HTMLElement, written: Written, spans: readonly Span[]): void {
    this.clear();
    if (spans.length === 0) return;
    if (written.nodes.length === 0) return this.markInput(el);
    try {
      this.dress(el.getRootNode() as Document | ShadowRoot);
      CSS.highlights.set(NAME, new Highlight(...ranges(written, spans)));
    } catch {
      return; // a browser without highlights: the line of advice is still there
    }
  }

  clear(): void {
    if ("highlights" in CSS) CSS.highlights.delete(NAME);
    this.input?.style.removeProperty("text-decoration");
    this.input = null;
  }

  /** Places inside an input cannot be marked, so all of it is. */
  private markInput(el: HTMLElement): void {
    el.style.setProperty("text-decoration", LINE);
    this.input = el;
  }

  private dress(root: Document | ShadowRoot): void {
    if (!this.sheet) {
      this.sheet = new CSSStyleSheet();
      this.sheet.replaceSync(`::highlight(${NAME}) { text-decoration: ${LINE}; text-underline-offset: 3px; }`);
    }
    if (!root.adoptedStyleSheets.includes(this.sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, this.sheet];
  }
}
