// Counts what keeps a script busy: what it observes, what it waits for, what it listens to. It is imported before the script.

const observing = new Set<object>();
const waiting = new Set<unknown>();
const listening = new Set<string>();
let ran = 0;

type Observer = { observe(...args: unknown[]): void; disconnect(): void };
type Made = new (callback: (...args: unknown[]) => void) => Observer;
const all = globalThis as unknown as Record<string, unknown>;

for (const name of ["MutationObserver", "ResizeObserver", "IntersectionObserver", "PerformanceObserver"]) {
  const Native = all[name] as Made | undefined;
  if (!Native) continue;
  all[name] = class extends Native {
    constructor(callback: (...args: unknown[]) => void) {
      super((...args) => (ran++, callback(...args)));
      const [observe, disconnect] = [this.observe.bind(this), this.disconnect.bind(this)];
      this.observe = (...args) => (observing.add(this), observe(...args)); // Firefox does not look at the class for it
      this.disconnect = () => (observing.delete(this), disconnect());
    }
  };
}

for (const [set, clear, once] of [["setTimeout", "clearTimeout", true], ["setInterval", "clearInterval", false], ["requestIdleCallback", "cancelIdleCallback", true]] as const) {
  if (!all[set]) continue; // a worker is never idle
  const [start, stop] = [all[set] as typeof setTimeout, all[clear] as typeof clearTimeout];
  all[set] = (what: () => void, ...more: [number?]) => {
    const id = start(() => {
      if (once) waiting.delete(id);
      ran++;
      what();
    }, ...more);
    waiting.add(id);
    return id;
  };
  all[clear] = (id: number | undefined) => {
    waiting.delete(id);
    stop(id);
  };
}

type Listen = (type: string, heard: (e: Event) => void, ...more: unknown[]) => void;

/** Notes what is listened to at a target; unheard gives a way that is not counted. */
function note(target: { addEventListener: Listen; removeEventListener: Listen }): Listen {
  const [add, remove] = [target.addEventListener.bind(target), target.removeEventListener.bind(target)];
  target.addEventListener = (type, ...more) => (listening.add(type), add(type, ...more));
  target.removeEventListener = (type, ...more) => (listening.delete(type), remove(type, ...more));
  return add;
}

note(globalThis as never);
/** Listens at the document without being counted. */
export const unheard: Listen = "document" in globalThis ? note(document as never) : () => undefined;

/** What is going on now, and how often anything ran since the last time. */
export function counted(): object {
  const now = { observers: observing.size, timers: waiting.size, listeners: [...listening].sort(), ran };
  ran = 0;
  return now;
}
