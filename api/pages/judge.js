// Judges the text of a QR code by the rules of verify/qr.py, in its order; docs/verification.md names them.
// tests/browser runs both over the same texts: an answer that differs is a fault of one of them.

import { FormatError } from "./cbor.js";
import { hex, isSigned } from "./cose.js";
import { decode } from "./qrtext.js";
import { statusAt } from "./statuslist.js";
import { mayFor, ofKid } from "./trust.js";

const MAX_TEXT = 4096;
const SKEW_S = 300; // by which clocks may differ
const DAY_S = 86400;
const BEIJING_S = 8 * 3600; // validity ends at midnight in Asia/Shanghai, which has no summer time
const LEFT_OUT = ["R1", "M1"]; // without a register these two cannot be asked of anybody

// Each rule: its name, the rules it stands on, and what throws Wrong or Unsure; both carry a word for `words.js`.
class Wrong extends Error {
  constructor(word, rule = null, more = {}) {
    super(word);
    Object.assign(this, { rule, more });
  }
}
class Unsure extends Error {
  constructor(word, more = {}) {
    super(word);
    this.more = more;
  }
}

// `known`: {trust, lists, answer, isLost, now}: the decoded trust list or null; decoded status lists by shard; what the
// register answered as JSON, {} where it knows no such sid, null where it was not asked; whether it may have lost this
// one; the time in seconds. Gives {verdict, findings, scanned, entry, list}.
export async function judge(text, known) {
  const registered = known.answer && known.answer.sid ? known.answer : null;
  const table = { text, ...known, registered, scanned: null, entry: null };
  const findings = [];
  const fallen = new Set();
  for (const [rule, needs, ask] of RULES) {
    const finding = fallen.has(needs) ? { rule, ok: null, word: "not-asked" } : await answer(rule, ask, table);
    if (fallen.has(needs) || finding.ok === false) fallen.add(rule);
    findings.push(finding);
  }
  const list = table.scanned ? (known.lists || new Map()).get(table.scanned.facts.shard) || null : null;
  return { verdict: verdictOf(findings, known.answer), findings, scanned: table.scanned, entry: table.entry, list };
}

async function answer(rule, ask, table) {
  try {
    return { rule, ok: true, word: (await ask(table)) || "held" };
  } catch (fault) {
    if (fault instanceof Unsure) return { rule, ok: null, word: fault.message, ...fault.more };
    // Whatever else goes wrong must not let a code pass.
    const word = fault instanceof Wrong ? fault.message : fault instanceof FormatError ? "not-ours" : "broken";
    return { rule: fault.rule || rule, ok: false, word, ...fault.more };
  }
}

function verdictOf(findings, register) {
  if (findings.some((one) => one.ok === false)) return "FAILED";
  const isOpen = findings.some((one) => one.ok === null && (register || !LEFT_OUT.includes(one.rule)));
  const isStandingKnown = findings.some((one) => one.rule === "V" && one.ok);
  return isOpen || !isStandingKnown ? "INDETERMINATE" : "PASSED";
}

const RULES = [
  ["Q1", "", isOurs],
  ["Q2", "Q1", isOfOurHost],
  ["T1", "Q1", isEnrolled],
  ["H2", "T1", isSignedByIt],
  ["R1", "Q1", isRegistered],
  ["M1", "R1", agrees],
  ["T4", "T1", isTimely],
  ["V", "Q1", isInForce],
];

function isOurs(table) {
  if (table.text.length > MAX_TEXT) throw new FormatError("longer than any of our codes");
  table.scanned = decode(table.text);
}

function isOfOurHost({ trust, scanned }) {
  if (!trust) throw new Unsure("no-trust");
  if (!trust.hosts.includes(scanned.host)) throw new Wrong("host", "Q2", { host: scanned.host });
}

function isEnrolled(table) {
  if (!table.trust) throw new Unsure("no-trust");
  const entry = ofKid(table.trust, "qr", table.scanned.kid);
  if (!entry) throw new Wrong("stranger");
  table.entry = entry;
  if (!mayFor(entry, table.scanned.facts.kind)) throw new Wrong("wrong-kind");
}

async function isSignedByIt({ entry, scanned }) {
  if (!entry) throw new Unsure("no-trust");
  if (!(await isSigned(entry.spki, scanned.message, scanned.aad))) throw new Wrong("forged");
}

function isRegistered({ answer, isLost, scanned }) {
  if (!answer) throw new Unsure("no-register");
  if (isLost) throw new Unsure("lost");
  if (answer.sid !== scanned.sid) throw new Wrong("unknown");
}

function agrees({ registered: known, scanned: { facts }, entry }) {
  if (!known) throw new Unsure("no-register");
  const until = facts.validUntil === null ? null : isoDay(facts.validUntil);
  const isSame =
    known.number === facts.number &&
    known.kind === facts.kind &&
    known.issued_on === isoDay(facts.issuedOn) &&
    known.valid_until === until &&
    known.record_digest === hex(facts.digest);
  if (!isSame) throw new Wrong("differs");
  if (entry && entry.authority !== known.authority_id) throw new Wrong("other-authority", "T1");
}

function isTimely({ entry, registered: known }) {
  if (!entry) throw new Unsure("no-trust");
  const { notBefore, notAfter, compromisedAt } = entry;
  if (!known) {
    // A code carries the day printed on the paper, not the moment of signing: a thief may print any day.
    if (compromisedAt !== null) throw new Unsure("stolen", { at: compromisedAt });
    return;
  }
  const at = Math.floor(Date.parse(known.issued_at) / 1000);
  if (!(notBefore <= at && at <= notAfter)) throw new Wrong("untimely");
  if (compromisedAt !== null && at >= compromisedAt) throw new Unsure("stolen", { at: compromisedAt });
}

function isInForce({ registered: known, scanned: { facts }, now, lists, trust }) {
  if (known && known.status !== "issued") throw new Wrong("status", null, { status: known.status });
  if (facts.validUntil !== null && today(now) > facts.validUntil) throw new Wrong("expired");
  if (!known) checkListed(lists ? lists.get(facts.shard) : null, facts.index, trust, now);
}

// Where no register answers, a signed status list does; verify/standing.py is its twin.
function checkListed(list, index, trust, now) {
  if (!list || !trust) throw new Unsure("no-status");
  if (list.issuedAt > now + SKEW_S) throw new Unsure("clock", { at: list.issuedAt });
  const [status, isStale] = [statusAt(list, index), now >= list.expiresAt];
  // A licence fetched at the window this morning must not be called forged by yesterday's list.
  if (status === null) throw new Unsure("not-listed", { at: list.issuedAt });
  if (status === "suspended" && isStale) throw new Unsure("was-suspended", { at: list.issuedAt });
  if (status !== "issued") throw new Wrong("status", null, { status, at: list.issuedAt });
  if (isStale) throw new Unsure("stale-status", { at: list.issuedAt });
  if (!isFresh(trust, now)) throw new Unsure("stale-trust", { at: trust.issuedAt });
}

export const isFresh = (trust, now) => now - trust.issuedAt < trust.ttl;

export const today = (now) => Math.floor((now + BEIJING_S) / DAY_S);

// A day since 1970-01-01 as 2026-11-23.
export function isoDay(day) {
  return new Date(day * DAY_S * 1000).toISOString().slice(0, 10);
}
