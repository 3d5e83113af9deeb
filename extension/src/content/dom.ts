// dom looks into pages across open shadow roots. Closed ones stay closed: what a page hides there is not filled.
import { findHere, matching, select } from "./find";

/** The most elements that a search across shadow roots looks at, so that no page can keep it busy. */
const MOST_ELEMENTS = 20_000;

// A field that is called parentElement becomes a property of its form, an image that is called querySelectorAll one of the document:
// what leads from element to element is therefore taken from where a page cannot put anything.
const slotOf = getter(Element.prototype, "assignedSlot");
const parentOf = getter(Node.prototype, "parentElement");
const typeOf = getter(Node.prototype, "nodeType");
const { getRootNode } = Node.prototype;
const { getAttribute, matches } = Element.prototype;

function getter<T extends object, K extends keyof T>(prototype: T, name: K): (of: T) => T[K] {
  const get = Object.getOwnPropertyDescriptor(prototype, name)!.get!;
  return (of) => get.call(of) as T[K];
}

/** The parent of an element as it is drawn: through slots and out of shadow roots. */
export function drawnParent(el: Element): Element | null {
  const parent = parentOf(el);
  const near = slotOf(el) ?? (parent && closedSlot(el, parent)) ?? parent;
  if (near) return near;
  const root = getRootNode.call(el);
  return isShadow(root) ? root.host : null;
}

/** The slot of a closed shadow root in which a child of its host is drawn: a page hides fields there as well as it hides the slot. */
function closedSlot(el: Element, host: Element): Element | undefined {
  const root = anyShadowRoot(host);
  return root ? [...root.querySelectorAll("slot")].find((s) => s.assignedElements().includes(el)) : undefined;
}

/** What browsers give to extensions alone. */
interface OnlyForExtensions {
  dom?: { openOrClosedShadowRoot(el: Element): ShadowRoot | null };
}

function anyShadowRoot(el: Element): ShadowRoot | null {
  const inFirefox = (el as { openOrClosedShadowRoot?: ShadowRoot | null }).openOrClosedShadowRoot;
  if (inFirefox !== undefined) return inFirefox;
  const { dom } = chrome as unknown as OnlyForExtensions; // Firefox has none
  return el instanceof HTMLElement ? dom?.openOrClosedShadowRoot(el) ?? null : null;
}

/** Also where it is another frame's. */
function isShadow(root: Node): root is ShadowRoot {
  return typeOf(root) === Node.DOCUMENT_FRAGMENT_NODE && "host" in root;
}

/** The document or shadow root that an element is in. */
export function rootOf(el: Element): ParentNode {
  return getRootNode.call(el) as Document | ShadowRoot;
}

/** An attribute of an element, of a form too; empty without one. */
export function attribute(el: Element, name: string): string {
  return getAttribute.call(el, name) ?? "";
}

/** Whether a selector fits an element, a form too. */
export function fits(el: Element, selector: string): boolean {
  return matches.call(el, selector);
}

/** The open shadow roots below a root, outermost first. */
function shadowRoots(root: ParentNode): ShadowRoot[] {
  const found: ShadowRoot[] = [];
  let seen = 0;
  const visit = (from: ParentNode): void => {
    for (const el of select(from, "*")) {
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

/** All elements that match, as findHere, and if there are none, those in all open shadow roots. That takes a while: only for a user who asked. */
export function findAll(selector: string, root: ParentNode = document): HTMLElement[] {
  const plain = findHere(selector, root);
  return plain.length > 0 ? plain : shadowRoots(root).flatMap((r) => matching(r, selector));
}

/** The elements of a list of selectors, each once, in the order of the list. */
export function findAny(selectors: readonly string[], root: ParentNode = document): HTMLElement[] {
  return [...new Set(selectors.flatMap((s) => findAll(s, root)))];
}

/** The elements at a point of the viewport, topmost first, as deep as open shadow roots go. */
export function elementsAt(x: number, y: number, from: DocumentOrShadowRoot = document): Element[] {
  const below: Element[] = [];
  let root = from;
  for (;;) {
    const hits: Element[] = hitsIn(root, x, y);
    below.unshift(...hits.filter((e) => !below.includes(e)));
    const inner: ShadowRoot | null | undefined = hits[0]?.shadowRoot;
    if (!inner || inner === root) return below;
    root = inner;
  }
}

function hitsIn(root: DocumentOrShadowRoot, x: number, y: number): Element[] {
  const of = isShadow(root as unknown as Node) ? ShadowRoot : Document;
  return (of.prototype as DocumentOrShadowRoot).elementsFromPoint.call(root, x, y);
}
