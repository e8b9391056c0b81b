// Hashes the chosen file and asks whether the register knows it; only a file that it does not know is sent, as it is.
// Shows the answer in place. Without this script the form sends the file and shows the same.
"use strict";
const form = document.getElementById("file-form");
const told = document.getElementById("progress");
const MAX_BYTES = 25 * 1024 * 1024;
const AS_PAGE = { headers: { Accept: "text/html" }, cache: "no-store" };

// Only where the page came over https (or from this machine) is there crypto.subtle; elsewhere the file is sent.
async function digestOf(file) {
  if (!globalThis.crypto?.subtle) return null;
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function ask(file) {
  const digest = await digestOf(file);
  if (digest) {
    const known = await fetch(`/check/${digest}${new URL(form.action).search}`, AS_PAGE);
    if (known.ok) return known;
  }
  return fetch(form.action, {
    ...AS_PAGE,
    method: "POST",
    headers: { ...AS_PAGE.headers, "Content-Type": "application/pdf" },
    body: file,
  });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const file = document.getElementById("file").files[0];
  if (!file) return;
  if (file.size > MAX_BYTES) {
    told.textContent = told.dataset.large;
    return;
  }
  const button = form.querySelector("button");
  button.disabled = true;
  told.textContent = told.dataset.busy;
  try {
    const answer = await ask(file);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = page.title;
    document.getElementById("main").replaceWith(document.adoptNode(page.getElementById("main")));
    const verdict = document.getElementById("verdict");
    verdict.tabIndex = -1;
    verdict.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  } catch {
    told.textContent = told.dataset.failed;
    button.disabled = false;
  }
});
