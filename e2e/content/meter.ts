// The meter is loaded before the content script, in its world, and counts how long that works on a page: its text, that of the scripts which
// come later, and whatever the browser calls of them, with all that is awaited in it: timers, frames, idle time, events, observers,
// answers. What the meter is the first to touch counts as the content script's, which would touch it next: most of all chrome.runtime,
// which browsers make when it is asked for.

const began = performance.now();

/** How long nothing of the content script runs before it counts as done. */
const QUIET = 500;
/** More than any chain of promises here is long. */
const MOST_AWAITED = 40;

/** What the window had before; Firefox has it from the page's, and makes it when it is asked for. */
const before = new Map<string, PropertyDescriptor | undefined>();

function real<T>(name: string): T {
  const own = before.get(name);
  return (own ? (own.value ?? own.get?.call(globalThis)) : (window as unknown as Record<string, unknown>)[name]) as T;
}
const cost = { api: 0, text: 0, early: 0, late: 0, longest: 0, observers: 0 };
let working = false;
let start = began;
let last = began;
let awaited = 0; // answers that did not come, idle time that was not there

function work<T>(run: () => T): T {
  if (working) return run();
  begin();
  try {
    return run();
  } finally {
    void finish();
  }
}

function begin(): void {
  working = true;
  start = performance.now();
}

/** What is awaited runs before the browser's next task. */
async function finish(): Promise<void> {
  const late = document.readyState === "complete";
  for (let i = 0; i < MOST_AWAITED; i++) await null;
  last = performance.now();
  if (late) cost.longest = Math.max(cost.longest, last - start);
  cost[late ? "late" : "early"] += last - start;
  working = false;
}

type Callback = (this: unknown, ...args: unknown[]) => unknown;

function counted(f: Callback): Callback {
  return function (this: unknown, ...args) {
    return work(() => f.apply(this, args));
  };
}

/** Something that comes once, which is waited for. */
function expected(f: Callback): Callback {
  awaited++;
  return function (this: unknown, ...args) {
    awaited--;
    return f.apply(this, args);
  };
}

/** Puts something around a thing of the window when the script asks for it for the first time: what it does not ask for costs it nothing. */
function around<T>(name: string, wrap: (real: T) => T): void {
  before.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
  let wrapped: T | undefined;
  Object.defineProperty(globalThis, name, { configurable: true, get: () => (wrapped ??= wrap(real<T>(name))) });
}

type Later = (f: Callback, ...rest: unknown[]) => number;

for (const name of ["setTimeout", "setInterval", "requestAnimationFrame"]) {
  around<Later>(name, (start) => (f, ...rest) => start.call(window, counted(f), ...rest));
}
around<Later>("requestIdleCallback", (start) => (f, ...rest) => start.call(window, expected(counted(f)), ...rest));

around<typeof ResizeObserver>("ResizeObserver", (Real) =>
  class extends Real {
    constructor(callback: ResizeObserverCallback) {
      super(counted(callback as Callback) as ResizeObserverCallback);
    }
  });

const listeners = new WeakMap<object, Callback>();
const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;

EventTarget.prototype.addEventListener = function (this: EventTarget | undefined, type: string, f: never, ...rest: []) {
  if (!listeners.has(f)) listeners.set(f, counted(f));
  add.call(this ?? window, type, listeners.get(f) as never, ...rest);
};
EventTarget.prototype.removeEventListener = function (this: EventTarget | undefined, type: string, f: never, ...rest: []) {
  remove.call(this ?? window, type, (listeners.get(f) ?? f) as never, ...rest);
};

around<typeof MutationObserver>("MutationObserver", (Real) =>
  class extends Real {
    constructor(callback: MutationCallback) {
      super(counted(callback as Callback) as MutationCallback);
      cost.observers++;
    }
  });

const asked = performance.now();
const { runtime } = chrome;
cost.api = performance.now() - asked;
const send = runtime.sendMessage.bind(runtime) as (message: unknown) => Promise<unknown>;
Object.assign(runtime, { sendMessage: ask });

function ask(message: unknown): Promise<unknown> {
  awaited++;
  const answered = (f: Callback): Callback => counted((...args) => (awaited--, f(...args)));
  return new Promise((ok, no) => void send(message).then(answered(ok as Callback), answered(no)));
}

/** Called before the text of a script that comes later, and after the text of each. */
Object.assign(globalThis, { contentScriptBegins: begin, contentScriptRan: () => (working ? void finish() : (cost.text = performance.now() - began - cost.api)) });

async function settled(): Promise<typeof cost> {
  const later = real<Later>("setTimeout");
  while (document.readyState !== "complete" || awaited > 0 || performance.now() - last < QUIET) await new Promise((done) => later.call(window, done as Callback, 50));
  return cost;
}

add.call(window, "message", ((e: MessageEvent<{ to?: string; id: number }>) => {
  if (e.data?.to !== "harness" || e.source !== window) return;
  void settled().then((result) => postMessage({ to: "page", id: e.data.id, result: JSON.stringify(result) }, "*"));
}) as EventListener);

export {};
