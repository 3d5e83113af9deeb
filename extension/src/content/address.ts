// address tells whether a page's address is one that a lease may be used on. The background and the agent ask the same
// again with what the browser says; here it only saves questions and finds the words for the popup.

/** Why a page is not filled because of its address or its frame. */
export type AddressRefusal = "http" | "idn" | "look_alike" | "other_site" | "frame";

/** Why an address is refused; undefined if it is https on exactly one of the hosts. */
export function refuseAddress(address: string, hosts: readonly string[]): AddressRefusal | undefined {
  const url = parse(address);
  if (!url || !url.hostname) return "other_site";
  if (url.protocol !== "https:") return "http";
  if (hosts.includes(url.host)) return undefined;
  if (isForeign(url.hostname)) return "idn";
  return resembles(url.hostname, hosts) ? "look_alike" : "other_site";
}

function parse(address: string): URL | undefined {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}

/** Whether a host has letters beyond ASCII, or their encoded form. */
function isForeign(host: string): boolean {
  return /[^\x21-\x7e]/.test(host) || host.split(".").some((label) => label.startsWith("xn--"));
}

/** Whether a host looks as if it were one of the hosts: evil-x.com, x.com.log-in.example, faceb00k.com, instagrarn.com. */
export function resembles(host: string, hosts: readonly string[]): boolean {
  const labels = host.toLowerCase().split(/[.-]/).map(skeleton);
  return hosts.some((h) => {
    const name = skeleton(brand(h));
    return labels.some((label) => label === name || (name.length >= 5 && (label.includes(name) || oneApart(label, name))));
  });
}

/** The label of a host that people know it by: x of x.com, pinterest of www.pinterest.co.uk. */
function brand(host: string): string {
  const labels = host.toLowerCase().split(":")[0]!.split(".");
  const own = labels.filter((l, i) => i < labels.length - 1 && l !== "www" && !(l.length <= 3 && i > 0));
  return own.at(-1) ?? labels[0]!;
}

/** A label with letters that are taken for each other made the same. */
function skeleton(label: string): string {
  return label.replace(/rn/g, "m").replace(/vv/g, "w").replace(/0/g, "o").replace(/[1|i]/g, "l").replace(/5/g, "s").replace(/3/g, "e").replace(/4/g, "a");
}

/** Whether one letter more, fewer, other or swapped makes one word of the other. */
export function oneApart(a: string, b: string): boolean {
  let from = 0;
  while (from < a.length && a[from] === b[from]) from++;
  let ends = 0;
  while (ends < Math.min(a.length, b.length) - from && a.at(-1 - ends) === b.at(-1 - ends)) ends++;
  const [x, y] = [a.slice(from, a.length - ends), b.slice(from, b.length - ends)];
  return x.length + y.length <= 1 || (x.length === 1 && y.length === 1) || (x.length === 2 && y === x[1]! + x[0]!);
}

/** Whether this frame is the top one, or every frame around it is of the same origin. */
export function isOwnFrame(view: Window = window): boolean {
  if (view.origin === "null") return false;
  for (let at = view; at !== at.parent; at = at.parent) {
    if (!sameOrigin(at.parent, view)) return false;
  }
  return true;
}

function sameOrigin(outer: Window, inner: Window): boolean {
  try {
    return outer.location.origin === inner.location.origin;
  } catch {
    return false; // another origin does not even say what it is
  }
}
