// frame puts work off until the page has drawn itself. Then style and layout are there, and looking at them costs nothing;
// before, the first who looks has all of the page's own work done in his time.

/** How long a page that draws nothing, as one in a tab behind others, is waited for, in milliseconds. */
const LONGEST = 1_000;

/** Work that is done once in the next frame, when layout is done, however often it was asked for until then. */
export class InFrame {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private layout: ResizeObserver | undefined;

  constructor(private readonly work: () => void) {}

  ask(): void {
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => this.run(), LONGEST);
    this.layout ??= new ResizeObserver(() => this.run()); // tells the size of what is new to it after the next layout
    this.layout.observe(document.documentElement);
  }

  cancel(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.layout?.disconnect();
  }

  private run(): void {
    this.cancel();
    this.work();
  }
}
