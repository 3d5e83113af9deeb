// identitywatch notices who is signed in as soon as the page shows it, and when that changes. It observes the page only
// until it knows.
import { type Account, type Seen, join, relate } from "../accounts";
import type { Relation } from "../gen/messages";
import type { Pack } from "../gen/pack";
import { readPage } from "./identity";
import { isOurs } from "./usable";

/** How often a page that changes is read at most, in milliseconds. */
const PAUSE = 100;
/** How long after each new address the page is observed at most. */
const LONGEST = 20_000;

/** What the background says of cookies, without what is in them, and the user's other accounts of the company. */
export interface CookieAnswer {
  relation: Relation;
  others: Account[];
}

/** Whom to ask and to tell. */
export interface Listener {
  cookies(): Promise<CookieAnswer>;
  /** Called when the relation is known for the first time and whenever it changes; signedIn tells whether anybody is. */
  seen(relation: Relation, signedIn: boolean): void;
}

/** Watches one page for one lease; without a lease everybody is a stranger. */
export class IdentityWatch {
  private observer: MutationObserver | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private until = 0;
  private last = "";
  private turn = 0;
  private looked = 0;
  /** Looks again, unless nobody sees the page: it looks when somebody does. */
  readonly again = (): void => void (document.hidden || this.look());

  constructor(private readonly pack: Pack, private readonly lease: Account | null, private readonly listener: Listener) {}

  begin(): void {
    for (const type of ["visibilitychange", "DOMContentLoaded"]) document.addEventListener(type, this.again);
    addEventListener("focus", this.again);
    this.moved();
  }

  /** The page went to another address: who is signed in may be another one. */
  moved(): void {
    this.until = performance.now() + LONGEST;
    this.observer ??= new MutationObserver((records) => records.some(isOfPage) && this.soon());
    this.observer.observe(document, { subtree: true, childList: true });
    void this.look();
  }

  end(): void {
    for (const type of ["visibilitychange", "DOMContentLoaded"]) document.removeEventListener(type, this.again);
    removeEventListener("focus", this.again);
    this.rest();
    this.turn++;
  }

  private rest(): void {
    this.observer?.disconnect();
    this.forget();
  }

  /** What changed up to now is seen now: there is no need to look once more because of it. */
  private forget(): void {
    this.observer?.takeRecords();
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** At once after a rest, and then not more often than every PAUSE. */
  private soon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.look();
    }, Math.max(0, this.looked + PAUSE - performance.now()));
  }

  /** Reads page and cookies; answers that come after the next question are forgotten. */
  private async look(): Promise<void> {
    const turn = ++this.turn;
    this.looked = performance.now();
    this.forget();
    const seen = readPage(this.pack);
    const cookies = await this.listener.cookies();
    if (turn !== this.turn) return;
    const relation = this.relation(seen, cookies);
    const signedIn = relation !== "unknown" || seen.length > 0;
    if (seen.some((s) => s.gives !== "signed_in") || performance.now() > this.until) this.rest();
    const key = `${relation} ${signedIn}`;
    if (key === this.last || (this.last === "" && !signedIn)) return;
    this.last = key;
    this.listener.seen(relation, signedIn);
  }

  private relation(seen: readonly Seen[], cookies: CookieAnswer): Relation {
    if (this.lease) return join(cookies.relation, relate(seen, this.lease, cookies.others), seen);
    const named = seen.filter((s) => s.gives !== "signed_in");
    const ours = cookies.others.some((o) => relate(named, o) === "lease");
    return ours ? "other_account" : named.length > 0 ? "personal" : cookies.relation;
  }
}

/** Whether the page itself changed: that our sign is there now says nothing of it. */
function isOfPage({ addedNodes, removedNodes }: MutationRecord): boolean {
  return [...addedNodes, ...removedNodes].some((node) => !isOurs(node));
}
