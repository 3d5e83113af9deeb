// refuse finds the fields that look like a log-in and are not: setting a password, signing up, searching, paying. A
// password typed there would be published, changed or lost.
import { attribute, drawnParent, findAll, fits, rootOf } from "./dom";
import { findHere } from "./find";
import { unusable } from "./usable";

/** Why a field is never filled. */
export type FieldRefusal =
  | "new_password" | "two_passwords" | "sign_up" | "change_password" | "change_email" | "newsletter" | "search" | "payment"
  | "wrong_kind" | "sends_elsewhere";

/** What a field can be filled with. */
export type FieldName = "username" | "password" | "code";

const typesOf: Record<FieldName, readonly string[]> = {
  username: ["text", "email", "tel"],
  password: ["password"],
  code: ["text", "tel", "number", "password"],
};

/** Why a field is never filled with such a value; undefined if it may be. */
export function refuseField(el: HTMLInputElement, field: FieldName, address: string = location.href): FieldRefusal | undefined {
  if (isSearch(el)) return "search";
  if (!typesOf[field].includes(el.type)) return "wrong_kind";
  return byAutocomplete(el) ?? byAddress(address) ?? byForm(el, address);
}

function tokens(el: Element): string[] {
  return (el.getAttribute("autocomplete") ?? "").toLowerCase().split(/\s+/);
}

function byAutocomplete(el: Element): FieldRefusal | undefined {
  const all = tokens(el);
  if (all.includes("new-password")) return "new_password";
  return all.some((t) => t.startsWith("cc-")) ? "payment" : undefined;
}

function isSearch(el: HTMLInputElement): boolean {
  if (el.type === "search" || /^(?:q|query|search)$/i.test(el.name) || el.matches('[role="searchbox"]')) return true;
  return el.closest('[role="search"], search') !== null;
}

/** What paths and forms call themselves. Whole words, so that "designup" or "research" is something else. */
const words: readonly [RegExp, FieldRefusal][] = [
  [/(?:^|[^a-z])(?:sign[-_ ]?up|email[-_]?signup|register|registration|create[-_ ]?(?:an[-_ ]?)?account|join[-_ ]?now|r\.php|reg)(?:$|[^a-z])/, "sign_up"],
  [/(?:^|[^a-z])(?:(?:change|reset|update|new|forgot|recover)[-_ ]?password|password[-_/](?:change|reset|edit|new)|settings\/password|password\/(?:change|reset)|forgot|recover)(?:$|[^a-z])/, "change_password"],
  [/(?:^|[^a-z])(?:(?:change|update|new)[-_ ]?e?-?mail|settings\/e?-?mail|e?-?mail[-_/](?:change|edit))(?:$|[^a-z])/, "change_email"],
  [/(?:^|[^a-z])(?:newsletter|subscribe|subscription|mailing[-_ ]?list)(?:$|[^a-z])/, "newsletter"],
  [/(?:^|[^a-z])(?:checkout|payment|billing|credit[-_ ]?card)(?:$|[^a-z])/, "payment"],
];

/** The same in the words of buttons. They come in many languages; these are ours. */
const buttonWords: readonly [RegExp, FieldRefusal][] = [
  [/^(?:sign up|register|create (?:an )?account|join(?: now)?|registrieren|konto erstellen|s['’]inscrire|cr[ée]er un compte|registrarse|reg[ií]strate|crear (?:una )?cuenta)$/, "sign_up"],
  [/^(?:(?:change|reset|update|set|save) (?:my |your |the )?(?:new )?password|passwort (?:[äa]ndern|zur[üu]cksetzen)|(?:changer|modifier) le mot de passe|cambiar (?:la )?contraseña)$/, "change_password"],
  [/^(?:(?:change|update) (?:my |your )?e-?mail(?: address)?|e-?mail-adresse [äa]ndern)$/, "change_email"],
  [/^(?:subscribe|newsletter abonnieren|abonnieren|s['’]abonner|suscribirse|suscr[ií]bete)$/, "newsletter"],
  [/^(?:pay(?: now)?|buy(?: now)?|place order|bezahlen|jetzt kaufen|payer|pagar)$/, "payment"],
];

function firstOf(text: string, list: readonly [RegExp, FieldRefusal][]): FieldRefusal | undefined {
  return list.find(([re]) => re.test(text))?.[1];
}

/** What the path and the query say, but no address inside the query: where a log-in leads to is another page. */
export function byAddress(address: string): FieldRefusal | undefined {
  const url = new URL(address);
  const said = [...url.searchParams].filter(([, value]) => !value.includes("/")).map((p) => p.join("="));
  return firstOf([url.pathname, ...said, url.hash].join(" ").toLowerCase(), words);
}

/** The form of a field, or without one the nearest part of the page that stands for it. */
export function formOf(el: HTMLInputElement): Element {
  if (el.form) return el.form;
  for (let at: Element | null = el; at; at = drawnParent(at)) {
    if (fits(at, '[role="form"], [role="dialog"], dialog, main, section, article, body')) return at;
  }
  return document.documentElement;
}

function byForm(el: HTMLInputElement, address: string): FieldRefusal | undefined {
  const form = formOf(el);
  if (hasTwoPasswords(form)) return "two_passwords";
  if (inForm('[autocomplete~="new-password" i]', form).length > 0) return "new_password";
  if (inForm('[autocomplete^="cc-" i], [autocomplete*=" cc-" i]', form).length > 0) return "payment";
  if (!el.form) return undefined;
  return firstOf(namesOf(el.form), words) ?? byButtons(el.form) ?? byTarget(el.form, address);
}

/** What is in a form, and what stands elsewhere and says that it belongs to it. */
function inForm(selector: string, form: Element): HTMLElement[] {
  const elsewhere = findHere("[form]", rootOf(form)).filter((el) => (el as HTMLInputElement).form === form && fits(el, selector));
  return [...new Set([...findAll(selector, form), ...elsewhere])];
}

/** Transparent fields count too. X draws its whole form twice: a copy by the same name that nobody can use does not. */
function hasTwoPasswords(form: Element): boolean {
  const drawn = inForm('input[type="password" i]', form).filter((p) => p.getClientRects().length > 0) as HTMLInputElement[];
  const names = new Set(drawn.map((p, i) => p.name || String(i)));
  return names.size > 1 || drawn.filter((p) => !unusable(p)).length > 1;
}

function namesOf(form: HTMLFormElement): string {
  const said = ["id", "name", "class", "action", "data-testid", "aria-label"].map((a) => attribute(form, a));
  return said.join(" ").replace(/\?\S*/g, "").toLowerCase(); // an action's query says where it leads to
}

const submits = 'button:not([type]), button[type="submit" i], input[type="submit" i], input[type="image" i]';

/** Only what submits the form: a log-in page also has a button that leads to signing up. */
function byButtons(form: HTMLFormElement): FieldRefusal | undefined {
  for (const b of inForm(submits, form)) {
    const text = (fits(b, "input") ? attribute(b, "value") : b.textContent ?? "").replace(/\s+/g, " ").trim();
    const why = firstOf(text.toLowerCase(), buttonWords);
    if (why) return why;
  }
  return undefined;
}

/** Where the form, or one of its buttons, would send what is typed: to the page's own site or nowhere. */
function byTarget(form: HTMLFormElement, address: string): FieldRefusal | undefined {
  const targets = [attribute(form, "action"), ...inForm(submits, form).map((b) => attribute(b, "formaction"))];
  const strange = targets.some((to) => to.trim() !== "" && !isOwnTarget(to, new URL(address)));
  return strange ? "sends_elsewhere" : undefined;
}

function isOwnTarget(to: string, page: URL): boolean {
  try {
    const url = new URL(to, document.baseURI);
    return url.protocol === "javascript:" || (url.protocol === page.protocol && siteOf(url.hostname) === siteOf(page.hostname));
  } catch {
    return true; // sends nothing
  }
}

/** The end of a host that its owner is known by, as far as one can tell without a list: x.com of www.x.com, example.co.uk of id.example.co.uk. */
function siteOf(host: string): string {
  const labels = host.replace(/^www\./, "").split(".");
  const isShort = labels.length > 2 && labels.at(-2)!.length <= 3;
  return labels.slice(isShort ? -3 : -2).join(".");
}
