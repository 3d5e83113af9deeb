// The harness runs where content scripts run, and does what a test asks for through the page: window.postMessage({to:
// "harness", id, op, args}). Its background answers as the test says and writes down what it was asked, but never a value.

import { type Account, type Seen, join, relate } from "../../extension/src/accounts";
import { isOwnFrame, refuseAddress, resembles } from "../../extension/src/content/address";
import { findInDraft } from "../../extension/src/content/draft";
import { guessScreen } from "../../extension/src/content/generic";
import { InFrame } from "../../extension/src/content/frame";
import { guardedClass } from "../../extension/src/content/guards";
import "../../extension/src/content/more";
import { packForFill, packForPage } from "../../extension/src/background/forpages";
import { Page } from "../../extension/src/content/page";
import { byAddress, refuseField, type FieldName } from "../../extension/src/content/refuse";
import { unusable } from "../../extension/src/content/usable";
import { WordList, hashWord } from "../../extension/src/content/words";
import { world } from "../../extension/src/content/world";
import type { Relation, Words } from "../../extension/src/gen/messages";
import type { Pack } from "../../extension/src/gen/pack";
import type { PageState } from "../../extension/src/internal";

const calls: { type: string; at: number; [field: string]: unknown }[] = [];
/** What the background knows of a page: what it tells it is less. */
type Known = Omit<PageState, "pack" | "words"> & { pack: Pack | null; words: Words | null };

function told({ pack, words, ...rest }: Known): PageState {
  return { ...rest, pack: pack && packForPage(pack), words: words?.version ?? 0 };
}

const background = {
  state: null as Known | null,
  values: {} as Record<string, string | { refused: string }>,
  cookies: { relation: "unknown" as Relation, others: [] as Account[] },
  delay: 0,
  ttl: 5000,
  held: false,
};
let release = (): void => undefined;

async function answer(message: { type: string; field?: string }): Promise<unknown> {
  calls.push({ ...message, at: performance.now() });
  const { state } = background;
  switch (message.type) {
    case "page.begin":
      return state && { state: { ...told(state), cookies: background.cookies } };
    case "fill.pack":
      return { pack: state?.pack ? packForFill(state.pack) : null };
    case "draft.rules":
      return { rules: state?.pack ? { composers: state.pack.composers, words: state.words } : null };
    case "identity.cookies":
      return background.cookies;
    case "fill.value":
      return value(message.field ?? "");
  }
  return {};
}

async function value(field: string): Promise<unknown> {
  const delay = background.delay;
  if (background.held) await new Promise<void>((done) => (release = done));
  else if (delay > 0) await new Promise((done) => setTimeout(done, delay));
  const known = background.values[field];
  return typeof known === "string" ? { value: known, until: Date.now() + background.ttl } : known ?? { refused: "no_lease" };
}

function find(selector: string): HTMLInputElement {
  return selector.split(" >>> ").reduce<ParentNode>((root, s, i, all) => {
    const el = root.querySelector(s)!;
    return i < all.length - 1 ? el.shadowRoot! : el;
  }, document) as unknown as HTMLInputElement;
}

/** The closed shadow roots of what is not the page's own. */
function ours(): ShadowRoot[] {
  const open = (el: Element): ShadowRoot | null => {
    const firefox = (el as unknown as { openOrClosedShadowRoot?: ShadowRoot }).openOrClosedShadowRoot;
    return firefox ?? (chrome as unknown as { dom?: { openOrClosedShadowRoot(e: Element): ShadowRoot | null } }).dom?.openOrClosedShadowRoot(el) ?? null;
  };
  return [...document.documentElement.children].flatMap((el) => (el.matches("head, body") ? [] : open(el) ?? []));
}

interface Drawn {
  text: string[];
  tone: string;
  page: string;
  box: { x: number; y: number; width: number; height: number };
  pressable: number;
  onTop: boolean;
}

function drawn(root: ShadowRoot): Drawn {
  const first = root.querySelector<HTMLElement>(".box, .page")!;
  const { x, y, width, height } = first.getBoundingClientRect();
  const text = [...root.querySelectorAll(".who, .left, .line, .title, .text, .help, .back")].map((e) => e.textContent ?? "");
  const pressable = root.querySelectorAll("button, a, input, select, textarea, summary, [onclick], [tabindex], [role=button], [contenteditable]").length;
  const onTop = document.elementFromPoint(x + width / 2, y + height / 2) === root.host;
  return { text, tone: first.dataset["tone"] ?? "", page: first.dataset["page"] ?? "", box: { x, y, width, height }, pressable, onTop };
}

let page: Page | null = null;

let observers = 0;
const NativeObserver = MutationObserver;
globalThis.MutationObserver = class extends NativeObserver {
  constructor(callback: MutationCallback) {
    super(callback);
    observers++;
  }
};

const ops = {
  unusable: (selector: string) => unusable(find(selector)) ?? "",
  refuseField: (selector: string, field: FieldName, address: string) => refuseField(find(selector), field, address) ?? "",
  byAddress: (address: string) => byAddress(address) ?? "",
  refuseAddress: (address: string, hosts: string[]) => refuseAddress(address, hosts) ?? "",
  resembles,
  isOwnFrame: () => isOwnFrame(),
  guess: () => guessScreen().fields.map((f) => `${f.value}:${f.inputs.map((i) => i.id).join("+")}`),
  guarded: (pack: Pack, allowed: [], address: string) => guardedClass(pack.guards, allowed, new URL(address)) ?? "",
  drafts: (texts: string[], words: Words | null) => {
    const list = words && new WordList(words);
    return texts.map((t) => findInDraft(t, list).map((f) => `${f.class}:${t.slice(f.start, f.end)}`));
  },
  draftCost: (text: string, words: Words) => {
    const began = performance.now();
    findInDraft(text, new WordList(words));
    return performance.now() - began;
  },
  hashWord,
  relate: (seen: Seen[], lease: Account, others: Account[]) => relate(seen, lease, others),
  join: (cookie: Relation, onPage: Relation, seen: Seen[]) => join(cookie, onPage, seen),
  set: (change: Partial<typeof background>) => void Object.assign(background, change),
  /** The background answers the question for a value that it held back. */
  release: () => release(),
  /** The second script is there, and knows nothing yet. */
  bring: () => {
    page = new Page({
      background: { ask: answer as never },
      text: (key, ...values) => chrome.i18n.getMessage(key, values) || `<${key}>`,
      more: async () => world.more,
    });
  },
  begin: async () => {
    ops.bring();
    await page!.begin();
  },
  /** What the background would send. */
  send: async (type: "page.state" | "fill.start" | "fill.stop" | "identity.look" | "sign_out", message: { state?: Known }) => {
    if (message.state) background.state = message.state;
    return page!.answers[type]!({ ...message, ...(message.state && { state: told(message.state) }) } as never);
  },
  calls: (type: string) => calls.filter((c) => type === "" || c.type === type),
  ours: () => ours().map(drawn),
  /** How many observers of the page the script makes when it begins, until it has said what it has to say. */
  observers: async () => {
    const before = observers;
    const fresh = new Page({ background: { ask: answer as never }, text: (key) => key, more: async () => world.more });
    await fresh.begin();
    await new Promise<void>((drawn) => new InFrame(drawn).ask()); // asked for after those of the page
    fresh.apply({ ...told(background.state!), lease: null, watch: false });
    return observers - before;
  },
} as const;

addEventListener("message", (e) => {
  const { to, id, op, args } = (e.data ?? {}) as { to?: string; id: number; op: keyof typeof ops; args: never[] };
  if (to !== "harness" || e.source !== window) return;
  void Promise.resolve()
    .then(() => (ops[op] as (...list: never[]) => unknown)(...args))
    .then(
      (result) => postMessage({ to: "page", id, result: JSON.stringify(result ?? null) }, "*"),
      (error: unknown) => postMessage({ to: "page", id, error: String(error instanceof Error ? `${error.message}\n${error.stack}` : error) }, "*"),
    );
});
