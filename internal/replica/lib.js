// Runs in every replica and hostile page, before anything else in it: whatever stands in a field is told to the world.
"use strict";
const told = new Map();

function tell(path, body) {
  return fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), keepalive: true });
}

function fieldsBelow(root) {
  const found = [...root.querySelectorAll("input, textarea, select, [contenteditable]")];
  for (const e of root.querySelectorAll("*")) if (e.shadowRoot) found.push(...fieldsBelow(e.shadowRoot));
  return found;
}

function lookAtFields() {
  for (const f of fieldsBelow(document)) {
    const value = f.isContentEditable ? f.textContent : f.type === "checkbox" ? "" : f.value;
    if (value && told.get(f) !== value && f.dataset.own === undefined) {
      told.set(f, value);
      tell("/replica/typed", { field: f.name || f.id || f.type || "text", value, page: document.documentElement.dataset.page, frame: top !== window });
    }
  }
}
document.addEventListener("input", lookAtFields, true);
document.addEventListener("change", lookAtFields, true);
addEventListener("pagehide", lookAtFields);
setInterval(lookAtFields, 25);

// hydrate replaces the fields by new, empty ones after a while, as a framework does that draws over a server's page.
function hydrate(root, ms) {
  setTimeout(() => {
    for (const f of root.querySelectorAll("input:not([type=submit])")) {
      const next = f.cloneNode();
      next.value = "";
      f.replaceWith(next);
    }
    document.documentElement.dataset.hydrated = "yes";
  }, ms);
}

// boxes makes single-digit inputs one field: typing goes on to the next, pasting fills all, and the last one may submit.
function boxes(root, submits) {
  const all = [...root.querySelectorAll("#boxes input")];
  const done = () => { if (submits && all.every(b => b.value)) root.querySelector("form").requestSubmit(); };
  all.forEach((b, i) => {
    b.addEventListener("input", () => { b.value = b.value.slice(-1); if (b.value && all[i + 1]) all[i + 1].focus(); done(); });
    b.addEventListener("paste", e => {
      e.preventDefault();
      const text = e.clipboardData.getData("text").replace(/\D/g, "");
      all.forEach((box, j) => { box.value = text[j] ?? ""; });
      lookAtFields();
      done();
    });
  });
  all[0].focus();
}
