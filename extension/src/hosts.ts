// Hosts, compared as the agent compares them: exactly, or below.

/** Whether host is one of hosts or below one of them. */
export function within(host: string, hosts: readonly string[]): boolean {
  return hosts.some((h) => host === h || (h !== "" && host.endsWith("." + h)));
}

/** The host of a URL that the browser gave; empty unless it is https on its own port. */
export function hostOf(url: string | undefined): string {
  if (!url) return "";
  try {
    const parsed = new URL(url);
    return parsed.protocol === "https:" && parsed.port === "" ? parsed.hostname : "";
  } catch {
    return "";
  }
}
