// Values: a document for which a fill was asked gets one value at a time. Who asks is what the browser says.

import { signedFill, type Fill, type Field, type Lease } from "../gen/messages";
import { hostOf, within } from "../hosts";
import type { FromPage, Refused } from "../internal";
import type { Agent } from "./agent";
import type { Fills } from "./fills";
import { sign } from "./key";
import type { Leases } from "./leases";
import { memory, remember, type Asked } from "./memory";
import type { Packs } from "./packs";
import { fillsAt, originOf, sameOriginUpwards } from "./place";

type Sender = chrome.runtime.MessageSender;
type Answer = FromPage["fill.value"]["answer"];

/** How long a custodian has to answer, and a little. */
const relayFor = 6 * 60_000;

export class Values {
  constructor(private readonly agent: Agent, private readonly leases: Leases, private readonly packs: Packs, private readonly fills: Fills) {}

  /** One value for the document that asks. */
  get(field: Field, sender: Sender): Promise<Answer> {
    const tab = sender.tab?.id ?? -1;
    return this.fills.whileAnswering(tab, () => this.getIn(tab, field, sender));
  }

  private async getIn(tab: number, field: Field, sender: Sender): Promise<Answer> {
    const asked = this.fills.askedIn(tab);
    const lease = asked && this.leases.get(asked.lease_id);
    if (!asked || !lease) return { refused: "not_asked" };
    const host = hostOf(sender.url);
    const why = await this.forbids(lease, asked, field, sender);
    if (why) return { refused: this.fills.refuse(lease.id, why, host) };
    try {
      const { value, ttl_ms } = await this.fetch(lease, asked, field, sender);
      const until = Date.now() + ttl_ms;
      return (await isStill(sender)) && this.leases.get(lease.id) ? { value, until } : { refused: this.fills.refuse(lease.id, "page_changed", host) };
    } catch (no) {
      return { refused: this.fills.refuseFor(lease.id, no, host) };
    }
  }

  /** Why the document may not have the value; undefined if it may. */
  private async forbids(lease: Lease, asked: Asked, field: Field, sender: Sender): Promise<Refused | undefined> {
    const origin = originOfSender(sender);
    if (!this.agent.connected) return "agent_down";
    if (!lease.fields.includes(field) && !(field === "code" && asked.relay)) return "field_refused";
    if (asked.only && asked.only !== field) return "field_refused";
    const pack = await this.packs.get(lease.network);
    if (!fillsAt(hostOf(origin), lease, pack) || !within(hostOf(sender.tab?.url), lease.hosts)) return "origin_refused";
    if (!(await sameOriginUpwards(sender.tab?.id ?? -1, sender.frameId ?? -1, origin))) return "frame_refused";
    return undefined;
  }

  private async fetch(lease: Lease, asked: Asked, field: Field, sender: Sender): Promise<Fill> {
    const request = {
      lease_id: lease.id, field, gesture: asked.gesture,
      origin: originOfSender(sender),
      top_origin: originOf(sender.tab?.url),
      document_id: sender.documentId ?? "",
      pack_version: (await this.packs.get(lease.network))?.version ?? 0,
    };
    const challenge = this.agent.challenge;
    return this.agent.askWith("fill.get", async (id) => ({ ...request, signature: await sign(signedFill(challenge, id, request)) }));
  }

  /** Asks a custodian for the code that the network sent there; it is filled in when the agent has it. */
  async relay(asked: Asked, sender: Sender): Promise<{ refused?: Refused }> {
    const origin = originOfSender(sender);
    const lease = this.leases.get(asked.lease_id);
    if (!lease || !within(hostOf(origin), lease.hosts)) return { refused: "origin_refused" };
    try {
      await this.agent.ask("relay.ask", { lease_id: lease.id, origin });
    } catch (no) {
      return { refused: this.fills.refuseFor(lease.id, no, hostOf(origin)) };
    }
    asked.relay = true;
    delete memory.refused[lease.id];
    asked.code_asked = Date.now() + relayFor;
    asked.until = Math.max(asked.until, asked.code_asked);
    remember();
    return {};
  }
}

function originOfSender(sender: Sender): string {
  return sender.origin ?? originOf(sender.url);
}

/** Whether the document that asked is still the one in its frame. */
async function isStill(sender: Sender): Promise<boolean> {
  const frame = await chrome.webNavigation.getFrame({ tabId: sender.tab?.id ?? -1, frameId: sender.frameId ?? -1 });
  const id = (frame as { documentId?: string } | null)?.documentId;
  return frame !== null && originOf(frame.url) === originOfSender(sender) && (id === undefined || id === sender.documentId);
}
