// generic guesses the log-in of a site that an admin added, of which no site pack tells more than the host. It takes what
// looks like a log-in and nothing else; what refuse says holds here too.
import { findAll } from "./dom";
import type { Screen, ScreenField } from "./engine";
import { lineOf } from "./find";
import { formOf, refuseField } from "./refuse";
import { unusable } from "./usable";

const TEXT = 'input:not([type]), input[type="text" i], input[type="email" i], input[type="tel" i], input[type="number" i]';
const USER = /user|login|log-in|e-?mail|account|benutzer|konto|anmelde|identifiant|courriel|usuario|correo/;
const CODE = /otp|totp|2fa|mfa|one.?time|verif|auth.{0,12}code|security.?code|passcode|einmal|code.{0,10}(?:6|six|sechs)/;
const LEAST_BOXES = 4;
const MOST_BOXES = 8;

/** What of a log-in can be filled on the page now. */
export function guessScreen(): Screen {
  const notes: Screen = { step: null, fields: [] };
  const code = codeField(notes);
  if (code) return { step: null, fields: [code] };
  const password = first(findAll('input[type="password" i]').filter((el) => !isCode(el)), "password", notes);
  const username = usernameField(password?.inputs[0], notes);
  const fields = [username, password].filter((f): f is ScreenField => f !== undefined);
  return fields.length > 0 ? { step: null, fields } : notes;
}

function first(list: readonly HTMLElement[], value: ScreenField["value"], notes: Screen): ScreenField | undefined {
  const good = list.find((el) => isGood(el as HTMLInputElement, value, notes));
  return good && { value, inputs: [good as HTMLInputElement] };
}

function isGood(el: HTMLInputElement, value: ScreenField["value"], notes: Screen): boolean {
  const why = refuseField(el, value) ?? unusable(el);
  if (why) notes.why ??= why;
  return !why;
}

/** The name is asked for before the password, in the same form, or alone in a form that looks like a log-in. */
function usernameField(password: HTMLInputElement | undefined, notes: Screen): ScreenField | undefined {
  const form = password && formOf(password);
  const texts = findAll(TEXT, form ?? document).filter((el) => !password || isBefore(el, password));
  const named = texts.filter((el) => /(?:^| )(?:username|email)(?: |$)/.test(el.getAttribute("autocomplete") ?? "") || USER.test(wordsOf(el)));
  const likely = password ? [...named, ...texts.slice(-1)] : named.filter((el) => isLogIn(el as HTMLInputElement));
  return first(likely, "username", notes);
}

function isBefore(el: Element, other: Element): boolean {
  return (el.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
}

/** A name alone is asked for in many places: the page has to say that it is for signing in. */
function isLogIn(el: HTMLInputElement): boolean {
  const form = formOf(el);
  const said = [location.pathname, form.id, form.getAttribute("name"), form.getAttribute("action"), form.getAttribute("aria-label"), el.getAttribute("autocomplete")];
  return /log-?_?in|sign-?_?in|signin|auth|session|sso|anmeld|username/.test(said.join(" ").toLowerCase());
}

function codeField(notes: Screen): ScreenField | undefined {
  const inputs = findAll(`${TEXT}, input[type="password" i]`).filter(isCode) as HTMLInputElement[];
  const good = inputs.filter((el) => isGood(el, "code", notes));
  const boxes = good.filter((el) => el.maxLength === 1);
  if (boxes.length >= LEAST_BOXES && boxes.length <= MOST_BOXES) return { value: "code", inputs: boxes };
  const one = good.find((el) => el.maxLength !== 1);
  return one && { value: "code", inputs: [one] };
}

function isCode(el: Element): boolean {
  if ((el.getAttribute("autocomplete") ?? "").includes("one-time-code")) return true;
  const input = el as HTMLInputElement;
  const numeric = input.inputMode === "numeric" || input.type === "number" || input.maxLength === 1 || input.maxLength === 6;
  return numeric && (CODE.test(wordsOf(el)) || input.maxLength === 1);
}

/** What a field is called by the page's author and for its reader. */
function wordsOf(el: Element): string {
  const input = el as HTMLInputElement;
  const labels = [...(input.labels ?? [])].map((l) => lineOf(l, 60));
  return [input.name, input.id, input.placeholder, el.getAttribute("aria-label"), ...labels].join(" ").toLowerCase();
}
