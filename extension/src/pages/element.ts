// Small helpers to make elements. Text is always text: nothing is ever parsed as HTML.

type Child = Node | string | null | undefined | false;

/** An element with attributes and children. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Record<string, string> = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((c): c is Node | string => Boolean(c)));
  return element;
}

/** A button that does something; it stays pressed until that is done. Its key lets the focus come back to it. */
export function button(key: string, label: string, kind: "primary" | "plain" | "quiet", press: () => unknown): HTMLButtonElement {
  const b = el("button", { type: "button", class: kind, "data-key": key }, label);
  b.addEventListener("click", async () => {
    b.setAttribute("aria-disabled", "true");
    await press();
    b.removeAttribute("aria-disabled");
  });
  return b;
}

const svgNames = "http://www.w3.org/2000/svg";

/** An element of a drawing. */
export function svg(tag: string, attributes: Record<string, string | number>, ...children: SVGElement[]): SVGElement {
  const element = document.createElementNS(svgNames, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}
