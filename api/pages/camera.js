// Finds QR codes in pictures: the browser's own reader where it has one, else the vendored one, loaded when first needed.

import { asset } from "./anchors.js";

const PAUSE_MS = 120;
const MAX_SIDE = 1600; // a photograph of 50 megapixels is shrunk before it is searched

let reader = null;

// All texts of codes in a picture (a file or a video element); none gives an empty list.
export async function textsIn(picture) {
  reader = reader || (await openReader());
  const image = picture instanceof Blob ? await shrunk(picture) : picture;
  return (await reader.detect(image)).map((found) => found.rawValue);
}

// Watch the rear camera until `isDone(texts)` says so; gives a function that stops it. Rejects where there is no camera
// or nobody allowed it.
export async function watch(video, isDone) {
  const wanted = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: wanted });
  let isOn = true;
  const stop = () => {
    isOn = false;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
  video.srcObject = stream;
  await video.play();
  (async () => {
    while (isOn) {
      const texts = video.readyState >= 2 ? await textsIn(video).catch(() => []) : [];
      if (isOn && texts.length && isDone(texts)) return stop();
      await new Promise((resume) => setTimeout(resume, PAUSE_MS));
    }
  })();
  return stop;
}

export const hasCamera = () =>
  Boolean(globalThis.isSecureContext && navigator.mediaDevices && navigator.mediaDevices.getUserMedia);

async function openReader() {
  const own = globalThis.BarcodeDetector;
  if (own && (await own.getSupportedFormats().catch(() => [])).includes("qr_code"))
    return new own({ formats: ["qr_code"] });
  const { BarcodeDetector } = await import(asset("qr/decode.js"));
  return new BarcodeDetector({ formats: ["qr_code"] });
}

async function shrunk(file) {
  const whole = await createImageBitmap(file);
  const scale = Math.min(1, MAX_SIDE / Math.max(whole.width, whole.height));
  const canvas = Object.assign(document.createElement("canvas"), {
    width: Math.round(whole.width * scale),
    height: Math.round(whole.height * scale),
  });
  canvas.getContext("2d").drawImage(whole, 0, 0, canvas.width, canvas.height);
  whole.close();
  return canvas;
}
