// dom looks into pages across open shadow roots. Closed ones stay closed: what a page hides there is not filled.

/** The most elements that a search across shadow roots looks at, so that no page can keep it busy. */
const MOST_ELEMENTS = 20_000;

/** The parent of an element as it is drawn: through slots and out of shadow roots. */
export function drawnParent(el: Element): Element | null {
  if (el.assignedSlot) return el.assignedSlot;
  if (el.parentElement) return el.parentElement;
  const root: Node = el.getRootNode();
  return "host" in root ? (root as ShadowRoot).host : null;
}

/** The open shadow roots below a root, outermost first. */
function shadowRoots(root: ParentNode): ShadowRoot[] {
  const found: ShadowRoot[] = [];
  let seen = 0;
  const visit = (from: ParentNode): void => {
    for (const el of from.querySelectorAll("*")) {
      if (++seen > MOST_ELEMENTS) return;
      if (el.shadowRoot) {
        found.push(el.shadowRoot);
        visit(el.shadowRoot);
      }
    }
  };
  visit(root);
  return found;
}

function matching(root: ParentNode, selector: string): HTMLElement[] {
  try {
    return [...root.querySelectorAll<HTMLElement>(selector)];
  } catch {
    return []; // a selector that this browser does not know finds nothing
  }
}

/** All elements that match. " >>> " in a selector goes from a host into its open shadow root. */
export function findHere(selector: string, root: ParentNode = document): HTMLElement[] {
  const [first = "", ...inner] = selector.split(" >>> ");
  if (inner.length === 0) return matching(root, first);
  return matching(root, first).flatMap((h) => (h.shadowRoot ? findHere(inner.join(" >>> "), h.shadowRoot) : []));
}

/** The same, and if there are none, those in all open shadow roots. That takes a while: only for a user who asked. */
export function findAll(selector: string, root: ParentNode = document): HTMLElement[] {
  const plain = findHere(selector, root);
  return plain.length > 0 ? plain : shadowRoots(root).flatMap((r) => matching(r, selector));
}

/** The elements of a list of selectors, each once, in the order of the list. */
export function findAny(selectors: readonly string[], root: ParentNode = document): HTMLElement[] {
  return [...new Set(selectors.flatMap((s) => findAll(s, root)))];
}

/** The elements at a point of the viewport, topmost first, as deep as open shadow roots go. */
export function elementsAt(x: number, y: number): Element[] {
  const below: Element[] = [];
  let root: DocumentOrShadowRoot = document;
  for (;;) {
    const hits: Element[] = root.elementsFromPoint(x, y);
    below.unshift(...hits.filter((e) => !below.includes(e)));
    const inner: ShadowRoot | null | undefined = hits[0]?.shadowRoot;
    if (!inner || inner === root) return below;
    root = inner;
  }
}

/** The text of an element on one line, at most this many characters of it. */
export function lineOf(el: Element, most = 200): string {
  return (el.textContent ?? "").slice(0, most * 4).replace(/\s+/g, " ").trim().slice(0, most);
}
