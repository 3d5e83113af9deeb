// world is what the two scripts of a document have together. It lies in the world of content scripts, where no page sees it, and under
// a symbol: an element whose id was the name would be found in its place.
import type { More } from "./more";

interface World {
  /** The elements of the page that are the extension's. */
  ours: WeakSet<Element>;
  /** What the second script brought; null until it is there. */
  more: More | null;
}

const KEY = Symbol.for("keyshift");

export const world: World = ((globalThis as { [KEY]?: World })[KEY] ??= { ours: new WeakSet(), more: null });
