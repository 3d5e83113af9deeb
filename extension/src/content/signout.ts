// signout presses what a network asks to be pressed to sign out, as the site pack says. It is the only place where the
// extension presses anything in a page, and it never does so in a log-in.
import type { SignOut as Result } from "../gen/messages";
import type { Pack } from "../gen/pack";
import { elementsAt, findAll } from "./dom";

const EACH = 5_000;
const TICK = 50;

/** Presses one after the other as they appear; "not_possible" where the pack knows nothing to press. */
export async function signOut(pack: Pack): Promise<Result> {
  const press = pack.sign_out.press ?? [];
  for (const selector of press) {
    const button = await appears(selector);
    if (!button) return "failed";
    click(button);
  }
  return press.length > 0 ? "done" : "not_possible";
}

/** As a mouse would: what is in the middle of it gets the click, which its surroundings hear too. Drawings have no click of their own. */
function click(el: Element): void {
  const { x, y, width, height } = el.getBoundingClientRect();
  const hit = elementsAt(x + width / 2, y + height / 2)[0];
  (hit && el.contains(hit) ? hit : el).dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, composed: true }));
}

async function appears(selector: string): Promise<HTMLElement | undefined> {
  const late = performance.now() + EACH;
  for (;;) {
    const found = findAll(selector).find((el) => el.getClientRects().length > 0);
    if (found || performance.now() > late) return found;
    await new Promise((done) => setTimeout(done, TICK));
  }
}
