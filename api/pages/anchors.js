// What a judgement needs from the service: the root that came with this page, the two kinds of signed lists, the register.
// Each is asked for anew; where no network is, the service worker answers with what it kept, and the lists say their age.

import { decode as decodeStatuses } from "./statuslist.js";
import { decode as decodeTrust } from "./trust.js";

const PATIENCE_MS = 6000;

export const t = document.documentElement.lang === "en" ? (_, en) => en : (zh) => zh;

export const canVerify = () => Boolean(globalThis.isSecureContext && globalThis.crypto && crypto.subtle);

// The trust list, or null where none can be had or the root did not sign it.
export async function trustList() {
  return decoded("/trust.cose", (data) => decodeTrust(data, root()));
}

// The status list of a shard, or null likewise.
export async function statusList(shard, trust) {
  const list = await decoded(`/status/${shard}`, (data) => decodeStatuses(data, trust));
  return list && list.shard === shard ? list : null;
}

// What the register says of a sid: its JSON, {} when it knows none, null when it cannot be asked.
export async function register(sid) {
  try {
    const answer = await within(`/${sid}.json`, { cache: "no-store" });
    return answer.ok ? await answer.json() : answer.status === 404 ? {} : null;
  } catch {
    return null;
  }
}

// Whether a register that knows no such sid may have lost it: only then does the service not call the code forged.
export async function mayBeLost(text) {
  try {
    const options = {
      method: "POST",
      headers: { "Content-Type": "text/plain", Accept: "application/json" },
      body: text,
    };
    return (await (await within("/check.json", options)).json()).verdict === "INDETERMINATE";
  } catch {
    return false;
  }
}

// Names of kinds and of their two fields in a code, for when the register is not there to say them.
export async function kinds() {
  try {
    return await (await within(asset("kinds.json"))).json();
  } catch {
    return {};
  }
}

// Files of the pages lie beside this one, under an address that changes with them.
export const asset = (name) => new URL(name, import.meta.url).href;

async function decoded(address, decode) {
  try {
    const answer = await within(address);
    const data = new Uint8Array(await answer.arrayBuffer()); // read in any case: an unread answer keeps its connection
    return answer.ok ? await decode(data) : null;
  } catch {
    return null;
  }
}

async function within(address, options = {}) {
  const patience = new AbortController();
  const alarm = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    return await fetch(address, { ...options, signal: patience.signal });
  } finally {
    clearTimeout(alarm);
  }
}

function root() {
  const text = document.querySelector("meta[name=certgen-root]").content;
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
