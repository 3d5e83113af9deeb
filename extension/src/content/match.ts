// match tells by a site pack which of a network's pages this is.
import type { Match } from "../gen/pack";
import { findHere } from "./find";

/** The parts of an address that count. */
export type Address = Pick<URL, "hostname" | "pathname" | "search">;

/** Whether a page is meant: every list that is not empty has to hold, of each but absent one entry. */
export function holds(match: Match, url: Address = location): boolean {
  return leadsTo(match, url) && oneOf(match.present, (s) => findHere(s).length > 0) && !(match.absent ?? []).some((s) => findHere(s).length > 0);
}

/** Whether an address may be that of a page that is meant: what the page shows is not looked at. */
export function leadsTo(match: Match, url: Address): boolean {
  return (
    oneOf(match.hosts, (h) => h === url.hostname) &&
    oneOf(match.paths, (p) => isPath(url.pathname, p)) &&
    oneOf(match.contains, (c) => (url.pathname + url.search).includes(c))
  );
}

function oneOf(list: readonly string[] | undefined, test: (entry: string) => boolean): boolean {
  return !list || list.length === 0 || list.some(test);
}

/** Whether a path begins so, or is the whole one where it ends in "$", with or without a slash at its end. */
function isPath(path: string, wanted: string): boolean {
  if (!wanted.endsWith("$")) return path.startsWith(wanted);
  const whole = wanted.slice(0, -1).replace(/\/$/, "");
  return path.replace(/\/$/, "") === whole;
}
