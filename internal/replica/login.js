// Draws the screens of a variant, and sends what was typed when a screen is submitted.
"use strict";
const variant = JSON.parse(document.getElementById("variant").textContent);
let screen = variant.screen;

function take(root, selector) {
  if (selector === "boxes") return [...root.querySelectorAll("#boxes input")].map(b => b.value).join("");
  return root.querySelector(selector)?.value ?? "";
}

async function submitScreen(root, s) {
  const values = Object.fromEntries(Object.entries(s.Take ?? {}).map(([what, selector]) => [what, take(root, selector)]));
  const answer = await (await tell("/replica/submit", { screen, values })).json();
  document.documentElement.dataset.answer = JSON.stringify(answer);
  if (answer.error) { root.querySelector(".error").textContent = answer.error; return; }
  if (answer.home) { location.assign(answer.home); return; }
  if (answer.next === undefined) return;
  const path = variant.screens[answer.next].Path;
  if (!variant.spa) { location.assign(path); return; }
  screen = answer.next;
  history.pushState(null, "", path);
  draw();
}

function draw() {
  const s = variant.screens[screen], root = document.createElement("div");
  root.innerHTML = s.HTML + '<p class="error" role="alert"></p>';
  document.getElementById("main").replaceChildren(root);
  document.documentElement.dataset.screen = screen;
  for (const form of root.querySelectorAll("form")) form.addEventListener("submit", e => { e.preventDefault(); submitScreen(root, s); });
  for (const b of root.querySelectorAll("[data-submit]")) b.addEventListener("click", e => { if (e.isTrusted) submitScreen(root, s); });
  if (s.Script) new Function("root", s.Script)(root);
  if (s.Kind === "approve") waitForApproval(root, s);
}

async function waitForApproval(root, s) {
  for (;;) {
    const { approved } = await (await fetch("/replica/approved")).json();
    if (approved) { submitScreen(root, s); return; }
    await new Promise(r => setTimeout(r, 100));
  }
}

draw();
