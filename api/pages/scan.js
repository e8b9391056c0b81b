// The inspector's page: a camera, a picture or a pasted text, judged here; it never goes where a code leads.
// After one visit it works without a network: the service worker keeps the page and the lists, and never a sid.

import { canVerify, statusList, t, trustList } from "./anchors.js";
import { hasCamera, textsIn, watch } from "./camera.js";
import { answerTo, make, verdict } from "./result.js";
import { ago } from "./sentences.js";

const [camera, stopper, picture, form, pasted, video, told, place, again] = [
  "camera",
  "stop",
  "picture",
  "paste",
  "text",
  "video",
  "progress",
  "result",
  "again",
].map((id) => document.getElementById(id));
const MOST_LISTS = 64;
let stop = null;

document.body.classList.add("live");
if (!canVerify())
  tell(
    globalThis.isSecureContext
      ? t("这个浏览器不会核对签名，请换一个浏览器。", "This browser cannot check signatures; use another.")
      : t(
          "这一页不是经 https 打开的，浏览器不许用相机，也不许核对签名。",
          "This page did not come by https: the browser allows neither camera nor checking.",
        ),
  );
else if (!hasCamera())
  tell(
    t(
      "这个浏览器不让网页用相机，请选照片或粘贴文字。",
      "This browser gives pages no camera: choose a picture or paste the text.",
    ),
  );
camera.disabled = !canVerify() || !hasCamera();

camera.addEventListener("click", async () => {
  clear();
  tell(t("正在打开相机……", "Opening the camera …"));
  try {
    stop = await watch(video, (texts) => found(texts));
    document.body.classList.add("watching");
    tell(t("把二维码放进框里，离远一点也可以。", "Hold the code inside the frame."));
  } catch {
    tell(
      t(
        "相机没有打开：没有相机，或没有得到允许。可以选照片或粘贴文字。",
        "The camera did not open: there is none, or it was not allowed. Choose a picture or paste the text.",
      ),
    );
  }
});

stopper.addEventListener("click", () => {
  close();
  tell("");
});

picture.addEventListener("change", async () => {
  const [file] = picture.files;
  if (!file) return;
  clear();
  tell(t("正在读照片……", "Reading the picture …"));
  const texts = await textsIn(file).catch(() => []);
  picture.value = "";
  if (!texts.length)
    tell(
      t(
        "照片里没有读到二维码。拍近一点、拍平一点再试。",
        "No code was found in the picture. Come closer, hold it flat, try again.",
      ),
    );
  else found(texts);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  clear();
  found([pasted.value.trim()]);
});

again.addEventListener("click", () => {
  clear();
  if (!camera.disabled) camera.click();
});

// Of several codes in a picture ours is judged, so that the statutory one beside it does no harm.
function found(texts) {
  close();
  pasted.value = "";
  judgeText(texts.find((text) => /^https?:\/\/[^/]+\/[0-9A-Z]{12}#\d+$/.test(text)) || texts[0]);
  return true;
}

async function judgeText(text) {
  if (!canVerify()) return;
  tell(t("正在核对……", "Checking …"));
  const foreign = await foreignHost(text);
  const sections = foreign ? [foreign] : (await answerTo(text)).sections;
  place.replaceChildren(...sections);
  document.body.classList.add("answered");
  tell("");
  document.getElementById("verdict").focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

// Whatever leads to a host that is not on the root-signed list is refused before anything else is asked of it.
async function foreignHost(text) {
  const host = hostIn(text);
  const trust = await trustList();
  if (!trust || (host && trust.hosts.includes(host))) return null;
  const eyebrow = t("查验结论", "What we found");
  if (host === null)
    return verdict({
      tone: "bad",
      eyebrow,
      title: t("不是我们的二维码", "Not a code of ours"),
      meaning: t(
        "它不是网址，也不是本系统的二维码。不要凭它相信这张纸；纸上可能还有另一个码，请扫那一个。",
        "It is no address and no code of ours. Do not trust the paper for it; there may be another code on it.",
      ),
    });
  const meaning = t(
    "这个二维码指向上面的网址，它不在签发系统的名单上，可能是仿冒网站。不要打开它，也不要在上面填写任何信息。纸上若还有另一个码，请扫那一个。",
    "The code leads to the address above, which is not on the list of the issuing service. It may be an imitation: do not open it, and enter nothing there. If the paper has another code, scan that one.",
  );
  return verdict({ tone: "bad", eyebrow, title: t("不是我们的网址", "Not our address"), host, meaning });
}

// The host as the browser would open it: letters that only look like ours show as xn--…, and what stands before an @ is dropped.
function hostIn(text) {
  try {
    const { protocol, host } = new URL(text);
    return protocol === "http:" || protocol === "https:" ? host : null;
  } catch {
    return null;
  }
}

function close() {
  if (stop) stop();
  stop = null;
  document.body.classList.remove("watching");
}

function clear() {
  close();
  place.replaceChildren();
  document.body.classList.remove("answered");
}

function tell(words) {
  told.textContent = words;
}

// Keep the page and the lists for later, and say how old they are.
async function prepare() {
  const state = document.getElementById("offline");
  if (!("serviceWorker" in navigator) || !canVerify()) {
    state.textContent = t(
      "这个浏览器不能离线查验：没有网络时打不开这一页。",
      "This browser cannot check offline: without a network this page will not open.",
    );
    return;
  }
  await navigator.serviceWorker.register("/sw.js", { scope: "/" });
  await controlled();
  const trust = await trustList();
  const lists = [];
  for (let list; trust && lists.length < MOST_LISTS && (list = await statusList(lists.length, trust));)
    lists.push(list);
  const [now, oldest] = [Date.now() / 1000, Math.min(...lists.map((one) => one.issuedAt))];
  const parts = [
    trust
      ? t(`信任清单（${ago(trust.issuedAt, now, t)}）`, `the trust list (${ago(trust.issuedAt, now, t)})`)
      : t("没有信任清单", "no trust list"),
  ];
  if (lists.length)
    parts.push(
      t(
        `${lists.length} 份状态清单（${ago(oldest, now, t)}）`,
        `${lists.length} status lists (${ago(oldest, now, t)})`,
      ),
    );
  else parts.push(t("没有状态清单，离线时只能核对签名", "no status list: offline, signatures alone can be checked"));
  state.replaceChildren(
    make("b", {}, t("可以离线使用。", "Ready for use offline. ")),
    t("手机里有：", "In this phone: ") + parts.join(t("、", ", ")) + t("。", "."),
  );
  state.dataset.ready = "yes";
}

// Until the worker stands between page and network, nothing that is fetched would be kept.
function controlled() {
  const { serviceWorker } = navigator;
  return (
    serviceWorker.controller ||
    new Promise((resolve) => serviceWorker.addEventListener("controllerchange", resolve, { once: true }))
  );
}

await prepare();
