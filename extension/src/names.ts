// How things are called in front of users.

const titles: Record<string, string> = { x: "X", facebook: "Facebook", instagram: "Instagram", pinterest: "Pinterest" };

/** The name of a network; a site that the company added is called by its host. */
export function networkName(network: string): string {
  return titles[network] ?? network.replace(/^site:/, "");
}

/** The name of an account, as @acme; at a site that the company added it goes without the site, and may be an e-mail address. */
export function accountName({ handle, network }: { handle: string; network: string }): string {
  const name = network.startsWith("site:") ? handle.replace(/@[^@]*$/, "") : handle;
  return name === "" || name.includes("@") ? name : "@" + name;
}
