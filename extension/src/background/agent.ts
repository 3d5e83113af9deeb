// The connection to the agent, through the native host. What does not have exactly the shape of its type is dropped.

import * as wire from "../gen/messages";
import { firefox, hasContainers, thisBrowser } from "./browser";
import { base64url, publicKey } from "./key";

/** Why the agent cannot be asked. */
export type Down = "agent_missing" | "agent_down" | "host_forbidden" | "too_old";

/** A no of the agent. */
export class No extends Error {
  /** said is what the agent says of it, for people; empty where it was not the agent. */
  constructor(readonly code: wire.Code, readonly said = "") {
    super(code);
  }
}

/** What the agent tells its owner. */
export interface Listener {
  up(welcome: wire.Welcome): void;
  down(why: Down): void;
  event<K extends keyof wire.Events>(type: K, body: wire.Events[K]): void;
}

interface Waiting {
  type: keyof wire.Requests;
  yes(body: unknown): void;
  no(why: No): void;
  timer: ReturnType<typeof setTimeout>;
}

/** How long an answer may take. */
const patience = 20_000;
/** The first pause before another try, in milliseconds; it doubles, and alarms try every half minute anyway. */
const firstPause = 500;
const longestPause = 15_000;

export class Agent {
  private port: chrome.runtime.Port | undefined;
  private waiting = new Map<number, Waiting>();
  private lastID = 0;
  private turn: Promise<unknown> = Promise.resolve();
  private pause = firstPause;
  /** Part of all that is signed on this connection. */
  challenge = "";

  constructor(private readonly listener: Listener) {}

  get connected(): boolean {
    return this.challenge !== "";
  }

  /** Connects, if there is no connection. */
  connect(): void {
    if (this.port) return;
    const port = chrome.runtime.connectNative(wire.HOST_NAME);
    this.port = port;
    port.onMessage.addListener((message) => this.heard(message));
    port.onDisconnect.addListener(() => this.lost(port));
    void this.hello().catch((no) => port === this.port && this.drop(port, isStranger(no) ? "too_old" : "agent_down"));
  }

  private async hello(): Promise<void> {
    const nonce = base64url(crypto.getRandomValues(new Uint8Array(16)).buffer);
    const welcome = await this.ask("hello", {
      extension_version: chrome.runtime.getManifest().version,
      ...(await thisBrowser()),
      profile_key: await publicKey(),
      mode: (await hasContainers()) ? "container" : "same_profile",
      nonce,
    });
    if (!welcome.versions.includes(wire.VERSION)) throw new No("version_unsupported");
    this.challenge = welcome.challenge;
    this.pause = firstPause;
    this.listener.up(welcome);
  }

  /** Asks; throws a [No]. */
  ask<K extends keyof wire.Requests>(type: K, body: wire.Requests[K]["body"]): Promise<wire.Requests[K]["answer"]> {
    return this.askWith(type, async () => body);
  }

  /** Asks with a body that depends on the request's id. Requests leave one after the other, so that ids only grow. */
  askWith<K extends keyof wire.Requests>(type: K, body: (id: number) => Promise<wire.Requests[K]["body"]>): Promise<wire.Requests[K]["answer"]> {
    const sent = this.turn.then(() => this.send(type, body));
    this.turn = sent.catch(() => undefined);
    return sent.then((s) => s.answer);
  }

  private async send<K extends keyof wire.Requests>(type: K, make: (id: number) => Promise<wire.Requests[K]["body"]>) {
    const port = this.port;
    const id = ++this.lastID;
    const body = await make(id);
    if (!port || port !== this.port) throw new No("agent_down");
    if (wire.check(wire.requests[type].body, body) !== undefined) throw new No("bad_message");
    const answer = new Promise<wire.Requests[K]["answer"]>((yes, no) => {
      const timer = setTimeout(() => this.settle(id)?.no(new No("agent_down")), patience);
      this.waiting.set(id, { type, yes: yes as (body: unknown) => void, no, timer });
    });
    answer.catch(() => undefined); // whoever asked sees it
    port.postMessage({ v: wire.VERSION, id, type, body });
    return { answer };
  }

  private settle(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    if (waiting) clearTimeout(waiting.timer);
    this.waiting.delete(id);
    return waiting;
  }

  private heard(message: unknown): void {
    if (wire.check("Envelope", message) !== undefined) return;
    const { v, id, type, body = {} } = message as wire.Envelope;
    if (v !== wire.VERSION) return this.settle(id ?? 0)?.no(new No("version_unsupported"));
    if (id) this.answered(id, type, body);
    else if (Object.hasOwn(wire.events, type)) this.told(type as keyof wire.Events, body);
  }

  private answered(id: number, type: string, body: unknown): void {
    const waiting = this.settle(id);
    if (!waiting) return;
    if (type === "ok" && wire.check(wire.requests[waiting.type].answer, body) === undefined) waiting.yes(body);
    else if (type === "error" && wire.check("Refusal", body) === undefined) waiting.no(noOf(body as wire.Refusal));
    else waiting.no(new No("bad_message"));
  }

  private told<K extends keyof wire.Events>(type: K, body: unknown): void {
    if (wire.check(wire.events[type], body) === undefined) this.listener.event(type, body as wire.Events[K]);
  }

  private lost(port: chrome.runtime.Port): void {
    const error = firefox ? (port as unknown as { error?: Error }).error?.message : chrome.runtime.lastError?.message;
    if (port === this.port) this.forget(reason(error ?? ""));
  }

  private drop(port: chrome.runtime.Port, why: Down): void {
    port.disconnect();
    this.forget(why);
  }

  private forget(why: Down): void {
    this.port = undefined;
    this.challenge = "";
    for (const id of [...this.waiting.keys()]) this.settle(id)?.no(new No("agent_down"));
    this.listener.down(why);
    setTimeout(() => this.connect(), this.pause);
    this.pause = Math.min(2 * this.pause, longestPause);
  }
}

/** Whether a hello was refused because the two speak differently. */
function isStranger(no: unknown): boolean {
  return no instanceof No && ["version_unsupported", "bad_message", "unknown_type"].includes(no.code);
}

function noOf({ code, text }: wire.Refusal): No {
  return new No(code, text);
}

/** What the browser's words about a lost connection mean. */
function reason(words: string): Down {
  if (/host not found|No such native application/i.test(words)) return "agent_missing";
  if (/forbidden/i.test(words)) return "host_forbidden";
  return "agent_down";
}
