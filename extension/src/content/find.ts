// find looks for the elements of a page: what both scripts of a document need of dom.

/** The elements that a selector finds below a root, whatever a page calls its images and fields. */
export function select(root: ParentNode, selector: string): NodeListOf<HTMLElement> {
  const of = root instanceof Document ? Document : root instanceof Element ? Element : DocumentFragment;
  return (of.prototype as ParentNode).querySelectorAll.call(root, selector) as NodeListOf<HTMLElement>;
}

/** The same as a list; a selector that this browser does not know finds nothing. */
export function matching(root: ParentNode, selector: string): HTMLElement[] {
  try {
    return [...select(root, selector)];
  } catch {
    return [];
  }
}

/** All elements that match. " >>> " in a selector goes from a host into its open shadow root. */
export function findHere(selector: string, root: ParentNode = document): HTMLElement[] {
  const [first = "", ...inner] = selector.split(" >>> ");
  if (inner.length === 0) return matching(root, first);
  return matching(root, first).flatMap((h) => (h.shadowRoot ? findHere(inner.join(" >>> "), h.shadowRoot) : []));
}

/** The text of an element on one line, at most this many characters of it. */
export function lineOf(el: Element, most = 200): string {
  return (el.textContent ?? "").slice(0, most * 4).replace(/\s+/g, " ").trim().slice(0, most);
}
