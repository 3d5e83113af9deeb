// What somebody who is signed in leaves in a browser: every kind of storage that there is.
"use strict";
const trusted = window.trustedTypes?.createPolicy("replica", { createScriptURL: s => s });
async function leaveTraces() {
  localStorage.setItem("replica", "signed in");
  sessionStorage.setItem("replica", "signed in");
  document.cookie = "seen_home=1; path=/; secure; max-age=86400";
  await new Promise((done, failed) => {
    const open = indexedDB.open("replica", 1);
    open.onupgradeneeded = () => open.result.createObjectStore("drafts", { autoIncrement: true });
    open.onsuccess = () => {
      const t = open.result.transaction("drafts", "readwrite");
      t.objectStore("drafts").add("a draft");
      t.oncomplete = () => { open.result.close(); done(); };
    };
    open.onerror = failed;
  });
  await (await caches.open("replica")).put("/replica/cached", new Response("cached"));
  const worker = "/replica/worker.js";
  await navigator.serviceWorker.register(trusted ? trusted.createScriptURL(worker) : worker, { scope: "/" });
  await navigator.serviceWorker.ready;
  document.documentElement.dataset.traces = "left";
}
leaveTraces().catch(e => { document.documentElement.dataset.traces = String(e); });

// Client-side navigation, as all four networks do it.
document.addEventListener("click", e => {
  const link = e.target.closest?.("a[data-spa]");
  if (!link) return;
  e.preventDefault();
  history.pushState(null, "", link.getAttribute("href"));
  document.getElementById("where").textContent = location.pathname;
});

// Facebook's account menu comes a little after it was asked for.
document.getElementById("account")?.addEventListener("click", () => setTimeout(() => { document.getElementById("menu").hidden = false; }, 100));
document.getElementById("log-out")?.addEventListener("click", () => document.getElementById("leaves").submit());
