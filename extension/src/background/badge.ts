// The badge: minutes that are left of the lease that ends first.

import { memory } from "./memory";
import { accountName } from "../names";
import { text } from "../texts";

const calm = "#1f6f66";
const soon = "#9a5b00";
const last = "#b3261e";

/** Shows what is left now. */
export async function showBadge(): Promise<void> {
  const ends = memory.leases.map((l) => l.ends_at).sort((a, b) => a - b)[0];
  const minutes = ends === undefined ? 0 : Math.max(1, Math.ceil((ends - Date.now()) / 60_000));
  await Promise.all([
    chrome.action.setBadgeText({ text: badgeText(minutes) }),
    chrome.action.setBadgeBackgroundColor({ color: trouble() ? soon : color(minutes) }),
    chrome.action.setBadgeTextColor({ color: "#ffffff" }),
    chrome.action.setTitle({ title: title() }),
  ]);
}

function trouble(): boolean {
  return memory.trouble !== "none" && memory.trouble !== "starting" && memory.leases.length === 0;
}

function badgeText(minutes: number): string {
  if (minutes === 0) return trouble() ? "!" : "";
  return minutes < 100 ? `${minutes}m` : `${Math.round(minutes / 60)}h`;
}

function color(minutes: number): string {
  if (minutes <= 2) return last;
  return minutes <= 10 ? soon : calm;
}

function title(): string {
  const names = memory.leases.map(accountName);
  return names.length ? text("ext_badge_title", names.join(", ")) : text("ext_name");
}
