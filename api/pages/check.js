// Sends the chosen file as it is, and shows the answer in place. Without this script the form does the same.
"use strict";
const form = document.getElementById("file-form");
const told = document.getElementById("progress");
const MAX_BYTES = 25 * 1024 * 1024;

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
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/pdf", Accept: "text/html" },
      body: file,
      cache: "no-store",
    });
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
