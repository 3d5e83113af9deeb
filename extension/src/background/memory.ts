// What the background knows. `Memory` lasts as long as the browser runs (storage.session), `Trace` until its clean-up is done
// (storage.local): a browser that was killed, or an agent that is gone, must not keep a session alive. Neither holds a secret.

import type { Wait } from "../content/engine";
import type { Place } from "../content/mover";
import type { Gesture, Lease, ProfileMode, Relation, Field, SignOut } from "../gen/messages";
import type { Refusal, ReminderLine, Trouble } from "../internal";

/** A fill that the user asked for, in one tab. */
export interface Asked {
  lease_id: string;
  gesture: Gesture;
  until: number;
  only?: Field;
  /** A custodian was asked for a code. */
  relay?: boolean;
  /** Until when it is waited for. */
  code_asked?: number;
  /** The page waits for the user. */
  waits?: Wait;
  /** There was time for that once. */
  waited?: boolean;
}

/** Where a lease left something in this profile, and what is to be removed. */
export interface Trace {
  id: string;
  network: string;
  handle: string;
  ends_at: number;
  hosts: string[];
  cookie_domains: string[];
  /** Hosts whose pages were seen with this lease. */
  seen: string[];
  /** The cookie store that it lives in, and how that is kept apart. */
  store: string;
  mode: ProfileMode;
  /** Somebody signed in. */
  session: boolean;
  /** The clean-up is done, and the agent does not know yet. */
  done?: Done;
}

/** What a clean-up did. */
export interface Done {
  cookies: number;
  origins: number;
  left_over: number;
  sign_out: SignOut;
  ms: number;
}

export interface Memory {
  trouble: Trouble;
  mode: ProfileMode;
  agent_version: string;
  /** A personal account is to be pointed out now; pages were told so last. */
  watch_personal: boolean;
  watched: boolean;
  offline_since: number;
  /** The networks that have a site pack. */
  networks: string[];
  /** How much this computer's clock is ahead of the hub's. */
  ahead: number;
  /** Live leases, in the time of this computer. */
  leases: Lease[];
  /** Fills asked for, by tab. */
  asked: Record<string, Asked>;
  /** As whom a tab is signed in. */
  relation: Record<string, Relation>;
  /** Tabs whose page does not let the banner be. */
  banner_lost: Record<string, boolean>;
  /** Why the last fill of a lease did not work. */
  refused: Record<string, Refusal>;
  lines: ReminderLine[];
  /** The digits to compare, and until when. */
  pairing: { code: string; until: number } | null;
  /** The page in front has the focus, as the agent was told. */
  focused: boolean;
  /** Leases that ended, for the ended page. */
  ended: Record<string, { network: string; handle: string; done: Done | null }>;
}

function nothing(): Memory {
  return {
    trouble: "starting", mode: "same_profile", agent_version: "", watch_personal: false, watched: false, offline_since: 0,
    networks: [], ahead: 0, focused: false, leases: [], asked: {}, relation: {}, banner_lost: {}, refused: {}, lines: [], pairing: null, ended: {},
  };
}

export let memory: Memory = nothing();
export let traces: Record<string, Trace> = {};
/** Where the user put the banner, in this profile. */
export let bannerPlace: Place | null = null;

/** Reads what was known before the background ended. */
export async function recall(): Promise<void> {
  const [session, local] = await Promise.all([chrome.storage.session.get("memory"), chrome.storage.local.get(["traces", "banner_place"])]);
  memory = { ...nothing(), ...(session.memory as Partial<Memory> | undefined) };
  traces = (local.traces as Record<string, Trace> | undefined) ?? {};
  bannerPlace = (local.banner_place as Place | undefined) ?? null;
}

/** Keeps what is known. */
export function remember(): void {
  void rememberNow();
}

/** As remember; done when it is stored. */
export async function rememberNow(): Promise<void> {
  await chrome.storage.session.set({ memory });
}

/** Keeps the traces; done when they are stored. */
export async function rememberTraces(): Promise<void> {
  await chrome.storage.local.set({ traces });
}

/** Keeps where the banner is. A page has no say in it, but its process sends it. */
export async function rememberPlace({ x, y }: Place): Promise<void> {
  if (![x, y].every((n) => typeof n === "number" && n >= 0 && n <= 1)) return;
  bannerPlace = { x, y };
  await chrome.storage.local.set({ banner_place: bannerPlace });
}
