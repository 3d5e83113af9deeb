// Runs first in every page of the replicas: notes when things happened, in milliseconds since the navigation began.
"use strict";
const clock = (window.clock = { filled: {}, identity: 0, sign: 0, warning: 0 });

document.addEventListener("input", (e) => { if (e.target.value) clock.filled[e.target.type] = performance.now(); }, true);

// A frame was drawn when the next task after it runs.
function drawn(name) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => { clock[name] ||= performance.now(); };
  port2.postMessage(0);
}

// A sign of one line is 34 px high; with a warning below it has three lines.
const sizes = new ResizeObserver(([{ target }]) => {
  const { height } = target.getBoundingClientRect();
  if (height > 0) drawn("sign");
  if (height > 60) drawn("warning");
});

const identities = '[data-testid="SideNav_AccountSwitcher_Button"], script[type="application/json"]:not([id])';
let sign;
new MutationObserver(() => {
  if (!clock.identity && document.querySelector(identities)) clock.identity = performance.now();
  const now = [...document.documentElement.children].find((e) => e.getAttribute("popover") === "manual");
  if (!now || now === sign) return;
  sign = now;
  sizes.observe(sign);
}).observe(document, { subtree: true, childList: true });
