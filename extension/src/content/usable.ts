// usable tells whether a person could click a field right now. A field that only a script can reach is never filled:
// pages hide fields to read what a filler types, and X keeps its password field transparent until it is needed.
import { drawnParent, elementsAt } from "./dom";
import { isOurs } from "./ours";

/** Why a field cannot be used. */
export type Unusable = "gone" | "disabled" | "read_only" | "no_pointer" | "transparent" | "too_small" | "outside" | "covered";

const LEAST_OPACITY = 0.5;
const LEAST_WIDTH = 12;
const LEAST_HEIGHT = 8;
/** How much of its size a frame around the field may keep at least. */
const LEAST_SCALE = 0.5;

/** Why a field cannot be used now; undefined if it can. "outside" may be cured by scrolling. */
export function unusable(el: HTMLInputElement): Unusable | undefined {
  if (!el.isConnected) return "gone";
  if (el.matches(":disabled")) return "disabled";
  if (el.readOnly) return "read_only";
  if (getComputedStyle(el).pointerEvents === "none") return "no_pointer";
  if (isFaint(el)) return "transparent";
  return place(el) ?? behindFrames(el);
}

/** Whether too little of an element is left to be seen. What masks and drawn filters leave nobody can compute, so nothing may have one. */
function isFaint(el: Element): boolean {
  return opacity(el) < LEAST_OPACITY || isMasked(el);
}

function isMasked(el: Element): boolean {
  for (let at: Element | null = el; at; at = drawnParent(at)) {
    const style = getComputedStyle(at);
    if ((style.maskImage || "none") !== "none" || style.filter.includes("url(")) return true;
  }
  return false;
}

/** The same of the frames around the document: inside of one that is out of sight everything is. They are of the same origin, or nothing is filled. */
function behindFrames(el: Element): Unusable | undefined {
  const { x, y, width, height } = el.getBoundingClientRect();
  const at = { x: x + width / 2, y: y + height / 2 };
  for (let view: Window = window; view !== view.parent; view = view.parent) {
    const frame = view.frameElement;
    if (!frame) return "covered";
    if (isFaint(frame)) return "transparent";
    const box = frame.getBoundingClientRect();
    const scale = box.width / ((frame as HTMLElement).offsetWidth || 1);
    at.x = box.x + (at.x + frame.clientLeft) * scale;
    at.y = box.y + (at.y + frame.clientTop) * scale;
    if (scale < LEAST_SCALE) return "too_small";
    if (at.x < 0 || at.y < 0 || at.x >= view.parent.innerWidth || at.y >= view.parent.innerHeight) return "outside";
    if (elementsAt(at.x, at.y, view.parent.document)[0] !== frame) return "covered";
  }
  return undefined;
}

/** The share of an element that its own and its ancestors' opacities, also those of filters, leave. */
export function opacity(el: Element): number {
  let product = 1;
  for (let at: Element | null = el; at; at = drawnParent(at)) {
    const style = getComputedStyle(at);
    product *= Number(style.opacity) * filtered(style.filter);
  }
  return product;
}

/** The opacity that a computed filter leaves: "blur(2px) opacity(0.1)" leaves 0.1. */
export function filtered(filter: string): number {
  let product = 1;
  for (const [, amount = "1", percent] of filter.matchAll(/\bopacity\(\s*([\d.]+)(%?)\s*\)/g)) {
    product *= Math.min(1, Number(amount) / (percent ? 100 : 1));
  }
  return product;
}

function place(el: HTMLElement): Unusable | undefined {
  const box = el.getBoundingClientRect();
  if (box.width < LEAST_WIDTH || box.height < LEAST_HEIGHT) return "too_small";
  if (!isInside(box)) return "outside";
  if (!isHit(el, box, 0.5, 0.5)) return "covered";
  return halfSeen(el, box) ? undefined : "covered";
}

function isInside(box: DOMRect): boolean {
  const x = box.x + box.width / 2;
  const y = box.y + box.height / 2;
  return x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
}

/** Whether the topmost element at a part of the box is the field; what is ours may lie over it without covering it. */
function isHit(el: Element, box: DOMRect, across: number, down: number): boolean {
  const hits = elementsAt(box.x + box.width * across, box.y + box.height * down);
  return hits.find((e) => !isOurs(e)) === el;
}

/** Four more places, of which a label or an eye icon may take half: an overlay with a hole over the center takes all. */
function halfSeen(el: Element, box: DOMRect): boolean {
  const places: [number, number][] = [[0.2, 0.3], [0.8, 0.3], [0.2, 0.7], [0.8, 0.7]];
  return places.filter(([x, y]) => isHit(el, box, x, y)).length >= 2;
}
