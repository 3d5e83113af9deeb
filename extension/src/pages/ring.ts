// The ring: how much of a lease's time is left.

import { text } from "../texts";
import { el, svg } from "./element";

const radius = 25;
const around = 2 * Math.PI * radius;

/** A ring that shows the time from started to ends, once update is called. */
export function ring(started: number, ends: number): { element: HTMLElement; update(now: number): void } {
  const arc = svg("circle", { class: "arc", cx: 30, cy: 30, r: radius, "stroke-dasharray": around, transform: "rotate(-90 30 30)" });
  const number = el("b");
  const unit = el("small");
  const drawing = svg("svg", { viewBox: "0 0 60 60", "aria-hidden": "true" }, svg("circle", { class: "track", cx: 30, cy: 30, r: radius }), arc);
  const element = el("div", { class: "ring", role: "timer" }, drawing, el("span", {}, number, unit));
  const update = (now: number) => {
    const left = Math.max(0, ends - now);
    const share = Math.min(1, left / Math.max(1, ends - started));
    arc.setAttribute("stroke-dashoffset", String(around * (1 - share)));
    const [count, label] = amount(left);
    number.textContent = count;
    unit.textContent = label;
    element.setAttribute("aria-label", text("ext_left", `${count} ${label}`));
    element.dataset.soon = left <= 120_000 ? "last" : left <= 600_000 ? "soon" : "calm";
  };
  return { element, update };
}

function amount(left: number): [string, string] {
  const seconds = Math.ceil(left / 1000);
  if (seconds <= 90) return [String(seconds), text("ext_seconds")];
  const minutes = Math.ceil(left / 60_000);
  if (minutes < 100) return [String(minutes), text("ext_minutes")];
  return [(minutes / 60).toFixed(minutes < 600 ? 1 : 0), text("ext_hours")];
}
