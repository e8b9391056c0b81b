// Follows the files of a kind: asks for the stamp twice a second, and for the scene when it has changed.
"use strict";
const $ = (id) => document.getElementById(id);
const words = document.body.dataset;
const SVG = "http://www.w3.org/2000/svg";
const PX_PER_MM = 96 / 25.4;
let seen = "";
let asked = 0; // of several scenes on their way, only the newest is shown

const status = (text, tone = "") => Object.assign($("status"), { textContent: text, className: tone });

function fill(select, options, chosen) {
  select.replaceChildren(...options.map(([value, label]) => new Option(label, value, false, value === chosen)));
}

function list(faults) {
  $("faults").replaceChildren(...faults.map((fault) => Object.assign(document.createElement("li"), { textContent: fault })));
}

function outline(box, width) {
  const group = document.createElementNS(SVG, "g");
  const rect = document.createElementNS(SVG, "rect");
  for (const side of ["x", "y", "width", "height"]) rect.setAttribute(side, box[side]);
  rect.setAttribute("class", box.tag);
  const where = box.line ? ` · ${words.line} ${box.line}` : "";
  const said = `${box.name}  <${box.tag}>  x ${box.x}  y ${box.y}  ${box.width} × ${box.height} mm  ${box.note}${where}`;
  rect.addEventListener("mouseenter", () => { $("box").textContent = said; });
  rect.addEventListener("mouseleave", () => { $("box").textContent = ""; });
  const name = document.createElementNS(SVG, "text");
  const size = width / 110;
  name.setAttribute("x", box.x);
  name.setAttribute("y", Math.max(box.y - size / 4, size));
  name.setAttribute("font-size", size);
  name.setAttribute("stroke-width", size / 4);
  name.textContent = box.name;
  group.append(rect, name);
  return group;
}

function page(shot) {
  const figure = document.createElement("figure");
  const sheet = Object.assign(document.createElement("div"), { className: "sheet" });
  sheet.dataset.width = shot.width;
  const picture = Object.assign(new Image(), { src: shot.src, alt: shot.file });
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${shot.width} ${shot.height}`);
  svg.append(...shot.outlines.map((box) => outline(box, shot.width)));
  sheet.append(picture, svg);
  const size = `${shot.file} · ${shot.width.toFixed(1)} × ${shot.height.toFixed(1)} mm`;
  figure.append(sheet, Object.assign(document.createElement("figcaption"), { textContent: size }));
  return figure;
}

function zoom() {
  const percent = Number($("zoom").value);
  $("percent").textContent = `${percent} %`;
  // A card is shown larger than life and a poster smaller, so that either fills the table at 100 %.
  const room = Math.max(320, $("pages").clientWidth);
  for (const sheet of document.querySelectorAll(".sheet")) {
    const life = sheet.dataset.width * PX_PER_MM;
    sheet.style.width = `${Math.min(room, Math.max(life, 480)) * percent / 100}px`;
  }
}

function shows() {
  $("pages").classList.toggle("outlines", $("outlines").checked);
  $("pages").classList.toggle("names", $("names").checked);
}

async function draw() {
  const turn = ++asked;
  status(words.busy, "busy");
  const wish = new URLSearchParams();
  for (const key of ["case", "form", "copy", "paper"]) wish.set(key, $(key).value || words[key] || "");
  const answer = await fetch(`/scene.json?${wish}`);
  const scene = await answer.json();
  if (turn !== asked) return;
  seen = scene.stamp;
  $("title").textContent = scene.title;
  fill($("case"), scene.cases.map((name, i) => [name, i === scene.cases.length - 1 ? words.longest : name]), scene.wish.case);
  fill($("form"), [["", words.auto], ...scene.forms.map((form) => [form, form])], wish.get("form"));
  fill($("copy"), [["", words.all], ...scene.copies], scene.wish.copy);
  $("paper").value = scene.wish.paper;
  for (const key of ["case", "form", "copy", "paper"]) words[key] = "";
  list(scene.faults);
  $("pages").classList.toggle("stale", scene.faults.length > 0);
  if (scene.faults.length) return status(words.faulty, "bad");
  $("pages").replaceChildren(...scene.shots.map(page));
  zoom();
  status(`${words.good} · ${new Date().toLocaleTimeString()}`);
}

async function follow() {
  try {
    const answer = await fetch("/stamp");
    if ((await answer.text()) !== seen) await draw();
  } catch {
    status(words.lost, "bad");
  }
  setTimeout(follow, 500);
}

for (const key of ["case", "form", "copy", "paper"]) $(key).addEventListener("change", draw);
for (const key of ["outlines", "names"]) $(key).addEventListener("change", shows);
$("zoom").addEventListener("input", zoom);
window.addEventListener("resize", zoom);
document.addEventListener("keydown", (event) => {
  const box = { o: "outlines", n: "names" }[event.key.toLowerCase()];
  if (!box || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select")) return;
  $(box).checked = !$(box).checked;
  shows();
});
$("check").addEventListener("click", async () => {
  $("check").disabled = true;
  status(words.busy, "busy");
  try {
    const faults = await (await fetch("/check.json")).json();
    list(faults);
    if (faults.length) status(String(faults.length), "bad");
    else status(words.sound);
  } catch {
    status(words.lost, "bad");
  }
  $("check").disabled = false;
});
follow();
