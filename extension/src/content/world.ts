// world is what the scripts of a document have together. It lies in the world of content scripts, where no page sees it, and under
// a symbol: an element whose id was the name would be found in its place.
import type { PageState } from "../internal";
import type { More } from "./more";
import type { Page } from "./page";

interface World {
  /** The elements of the page that are the extension's. */
  ours: WeakSet<Element>;
  /** What the background said there is to do, until the second script has it. */
  state: PageState | null;
  /** What the second script made; null until it is there. */
  page: Page | null;
  /** What the third script brought; null until it is there. */
  more: More | null;
}

const KEY = Symbol.for("keyshift");

export const world: World = ((globalThis as { [KEY]?: World })[KEY] ??= { ours: new WeakSet(), state: null, page: null, more: null });
