// Keeps the inspector's page working without a network. The server writes a first line: VERSION and KEPT, the addresses
// of the pages and files. What is kept: those, the trust list, and status lists, each of which says its own age.
// Never kept: an address with a sid, nor any answer about one. A code opened offline gets one shell for every sid.
"use strict";

const FILES = `files-${VERSION}`;
const LISTS = "lists";
const PATIENCE_MS = 3000;
const SID = /^\/[0-9A-Za-z]{12}$/;
const LIST = /^\/(trust\.cose|status\/\d+)$/;

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(
    caches.open(FILES).then((cache) => cache.addAll(KEPT.map((address) => new Request(address, { cache: "reload" })))),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(names.filter((name) => name !== FILES && name !== LISTS).map((name) => caches.delete(name))),
      )
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { pathname, searchParams, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  if (LIST.test(pathname)) event.respondWith(freshOr(event.request, () => kept(LISTS, pathname), pathname));
  else if (KEPT.includes(pathname) && pathname.startsWith("/static/"))
    event.respondWith(keptOr(pathname, event.request));
  else if (event.request.mode === "navigate" && (pathname === "/scan" || SID.test(pathname))) {
    const page = `${pathname === "/scan" ? "/scan" : "/shell"}?lang=${language(searchParams)}`;
    event.respondWith(freshOr(event.request, () => kept(FILES, page)));
  }
});

// The network, unless it fails or takes too long; a list that came is kept.
async function freshOr(request, fallback, keepAs = "") {
  const asked = fetch(request).then(async (answer) => {
    if (answer.ok && keepAs) await (await caches.open(LISTS)).put(keepAs, answer.clone());
    return answer;
  });
  const late = new Promise((_, refuse) => setTimeout(refuse, PATIENCE_MS, new Error("too slow")));
  try {
    return await Promise.race([asked, late]);
  } catch {
    return (await fallback()) || asked;
  }
}

async function keptOr(address, request) {
  return (await kept(FILES, address)) || fetch(request);
}

async function kept(name, address) {
  return (await caches.open(name)).match(address, { ignoreVary: true });
}

function language(query) {
  if (["zh", "en"].includes(query.get("lang"))) return query.get("lang");
  const first = (navigator.languages || []).find((one) => /^(zh|en)/.test(one));
  return first && first.startsWith("en") ? "en" : "zh";
}
