// identitywatch notices who is signed in as soon as the page shows it, and when that changes. It observes the page only
// until it knows.
import { type Account, type Seen, join, relate } from "../accounts";
import type { Relation } from "../gen/messages";
import type { PagePack } from "../internal";
import { readPage } from "./identity";
import { isOurs } from "./ours";

/** How often a page that changes is read at most, in milliseconds. */
const PAUSE = 100;
/** How long after each new address the page is observed at most. */
const LONGEST = 20_000;

/** How long a look lasts for a page that comes to the front, as one does that was just loaded, in milliseconds. */
const FRESH = 1_000;

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
  private looked = 0;
  private seen: readonly Seen[] = [];
  private questions = 0;
  private asking = false;
  private last = "";
  private readonly cameToFront = (): void => void (performance.now() - this.looked > FRESH && this.again());

  /** Cookies are what the background said of them just now; null where it has to be asked. */
  constructor(private readonly signals: PagePack["identity"], private readonly lease: Account | null, private cookies: CookieAnswer | null, private readonly listener: Listener) {}

  begin(): void {
    document.addEventListener("visibilitychange", this.cameToFront);
    addEventListener("focus", this.cameToFront);
    this.until = performance.now() + LONGEST;
    this.look(!this.cookies);
  }

  /** Looks again; a page that nobody sees does when somebody sees it. */
  again(): void {
    if (document.hidden) this.looked = -Infinity;
    else this.look(true);
  }

  /** The page went to another address: who is signed in may be another one. */
  moved(): void {
    this.until = performance.now() + LONGEST;
    this.look(true);
  }

  end(): void {
    document.removeEventListener("visibilitychange", this.cameToFront);
    removeEventListener("focus", this.cameToFront);
    this.rest();
    this.questions++;
  }

  /** What changes from now on is not heard of. */
  private rest(): void {
    this.observer?.disconnect();
    clearTimeout(this.timer);
  }

  /** Hears of the next change, and of none after it until there was a look: a page that is built up changes a thousand times. */
  private observe(): void {
    this.observer ??= new MutationObserver((records) => records.some(isOfPage) && this.soon());
    this.observer.observe(document, { subtree: true, childList: true });
  }

  /**
   * At once after a rest, and then not more often than every PAUSE. With a lease the background says when a cookie changes; without
   * one it is asked.
   */
  private soon(): void {
    this.rest();
    this.timer = setTimeout(() => this.look(!this.lease), Math.max(0, this.looked + PAUSE - performance.now()));
  }

  /** Reads the page, and has the background look at the cookies if they are not known. */
  private look(ask: boolean): void {
    this.rest();
    this.looked = performance.now();
    this.seen = readPage(this.signals);
    if (this.looked < this.until && !this.seen.some((s) => s.gives !== "signed_in")) this.observe();
    if (ask) void this.ask();
    else this.judge();
  }

  /** An answer that comes after the next question is forgotten. */
  private async ask(): Promise<void> {
    const question = ++this.questions;
    this.asking = true;
    const cookies = await this.listener.cookies();
    if (question !== this.questions) return;
    this.asking = false;
    this.cookies = cookies;
    this.judge();
  }

  /** Tells who is signed in by page and cookies together, unless an answer is on its way. */
  private judge(): void {
    if (this.asking || !this.cookies) return;
    const relation = this.relation(this.seen, this.cookies);
    const signedIn = relation !== "unknown" || this.seen.length > 0;
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
