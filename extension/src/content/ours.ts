// ours knows which elements of a page are the extension's.
import { world } from "./world";

/** Says that an element is ours, such as the banner. */
export function markOurs(el: Element): void {
  world.ours.add(el);
}

/** Whether that was said of a node. */
export function isOurs(node: Node): boolean {
  return world.ours.has(node as Element);
}
