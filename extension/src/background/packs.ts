// The site packs and words that the agent verified. They are asked for when a page needs them, and kept until the agent says that
// there is another.

import { shapes, type Pack } from "../gen/pack";
import type { Words } from "../gen/messages";
import { wrong } from "../shapes";
import type { Agent } from "./agent";

export class Packs {
  private packs = new Map<string, Promise<Pack | null>>();
  private words: Promise<Words | null> | undefined;
  private wordsVersion = -1;

  constructor(private readonly agent: Agent) {}

  /** The pack of a network; null when there is none. */
  get(network: string): Promise<Pack | null> {
    let pack = this.packs.get(network);
    if (!pack) {
      pack = this.load(network);
      this.packs.set(network, pack);
      void pack.then((p) => p === null && this.packs.delete(network));
    }
    return pack;
  }

  private async load(network: string): Promise<Pack | null> {
    const kept = "pack." + network;
    try {
      const { pack } = await this.agent.ask("pack.get", { network });
      if (wrong(shapes, "Pack", pack) !== undefined) return null;
      await chrome.storage.session.set({ [kept]: pack }); // for an end without the agent
      return pack as Pack;
    } catch {
      return ((await chrome.storage.session.get(kept))[kept] as Pack | undefined) ?? null;
    }
  }

  /** The company's words for drafts; null when there are none. */
  wordList(): Promise<Words | null> {
    this.words ??= this.agent.ask("words.get", {}).catch(() => {
      this.words = undefined;
      return null;
    });
    return this.words;
  }

  /** Says which words the agent has: others than before are asked for anew. */
  wordsAre(version: number): void {
    if (version !== this.wordsVersion) this.words = undefined;
    this.wordsVersion = version;
  }

  /** Forgets a network's pack, or everything. */
  forget(network?: string): void {
    if (network) this.packs.delete(network);
    else {
      this.packs.clear();
      this.words = undefined;
    }
  }
}
