// mover lets a user push the sign out of the way, and keeps its place in shares of the room around it, so that it is the
// same place in a window of another size.

/** Where the sign is: 0 is left or top, 1 right or bottom. */
export interface Place {
  x: number;
  y: number;
}

/** Where it is at first. */
export const START: Place = { x: 0.5, y: 1 };
const MARGIN = 12;

/** The style of a place. It leaves it to the browser to keep it in every window: nothing is measured, which would cost pages time. */
export function placed({ x, y }: Place): string {
  const [left, top] = [x, y].map((n) => `round(${MARGIN}px + (100% - ${2 * MARGIN}px) * ${n}, 1px)`);
  return `:host { left: ${left} !important; top: ${top} !important; transform: translate(round(${-100 * x}%, 1px), round(${-100 * y}%, 1px)) !important; }`;
}

/** Moves an element by what is grabbed of it. */
export class Mover {
  private follows = false;
  private grabbed: { dx: number; dy: number } | null = null;

  constructor(
    private readonly host: HTMLElement,
    private readonly handle: HTMLElement,
    private readonly write: (css: string) => void,
    private at: Place,
    private readonly moved: (at: Place) => void,
  ) {
    handle.addEventListener("pointerdown", (e) => this.grab(e));
  }

  /** How far the element can go. */
  private room(): { width: number; height: number } {
    const box = this.host.getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    const wide = document.compatMode === "BackCompat" ? innerHeight : clientHeight;
    return { width: Math.max(0, clientWidth - 2 * MARGIN - box.width), height: Math.max(0, wide - 2 * MARGIN - box.height) };
  }

  private grab(e: PointerEvent): void {
    if (!e.isTrusted || e.button !== 0) return;
    this.follow();
    const box = this.host.getBoundingClientRect();
    this.grabbed = { dx: e.clientX - box.x, dy: e.clientY - box.y };
    this.handle.setAttribute("data-moving", "");
    this.handle.setPointerCapture(e.pointerId);
  }

  /** Hears of the pointer from the first time on that something is grabbed. */
  private follow(): void {
    if (this.follows) return;
    this.follows = true;
    this.handle.addEventListener("pointermove", (e) => this.drag(e));
    for (const end of ["pointerup", "pointercancel"] as const) this.handle.addEventListener(end, (e) => this.drop(e));
  }

  private drag(e: PointerEvent): void {
    if (!e.isTrusted || !this.grabbed) return;
    const { width, height } = this.room();
    this.at = { x: share(e.clientX - this.grabbed.dx - MARGIN, width), y: share(e.clientY - this.grabbed.dy - MARGIN, height) };
    this.write(placed(this.at));
  }

  private drop(e: PointerEvent): void {
    if (!e.isTrusted || !this.grabbed) return;
    this.grabbed = null;
    this.handle.removeAttribute("data-moving");
    this.moved(this.at);
  }
}

function share(way: number, room: number): number {
  return room <= 0 ? 0 : Math.min(1, Math.max(0, way / room));
}
