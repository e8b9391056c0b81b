// What a QR code says: origin/sid#digits, a link and signed facts; the reading half of certgen/core/qrtext.py.

import { FormatError, decode as decodeCbor, encode as encodeCbor, equal } from "./cbor.js";
import { checkEs256, isProtected, parse1 } from "./cose.js";

const HOLDER_BYTES = 60;
const DIGITS_MAX = 1600; // bounds the work a hostile text can cause
const ORIGIN_MAX = 253 + "https://:65535".length;
const LAST_DAY = 2932896; // 9999-12-31 in days since 1970-01-01
const SLOTS = 131072;
const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const ORIGIN = new RegExp(`^(https?)://(${LABEL}(?:\\.${LABEL})*(?::([1-9][0-9]{0,4}))?)$`);
const TEXT = /^([^/#]+\/\/[^/#]+)\/([^/#]+)#([1-9][0-9]*)$/;
const SID = /^[0-9A-HJKMNP-TV-Z]{12}$/;
const USCC = /^[0-9A-HJ-NPQRTUWXY]{18}$/;
const UNWANTED = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/;
const utf8 = new TextEncoder();

// Read a scanned text: {origin, host, sid, kid, facts, message, aad}. The signature is the judge's to check.
// Throws FormatError for any text that the service would not have written.
export function decode(text) {
  const match = TEXT.exec(text);
  if (!match || match[3].length > DIGITS_MAX) throw new FormatError("not of the form origin/sid#digits");
  const [, origin, sid, digits] = match;
  const host = hostOf(origin);
  if (!SID.test(sid)) throw new FormatError("a sid has 12 characters of Crockford base32");
  const data = bytesOf(BigInt(digits));
  if (data[0] !== 1) throw new FormatError("an unknown version");
  const message = parse1(data.subarray(1));
  const kid = kidIn(message.protectedHeader);
  checkEs256(message.signature);
  const aad = utf8.encode(`certgen-1|${host}|${sid}`);
  return { origin, host, sid, kid, facts: factsIn(message.payload), message, aad };
}

// host[:port] of an origin in its one spelling. Throws FormatError.
export function hostOf(origin) {
  const match = origin.length <= ORIGIN_MAX && ORIGIN.exec(origin);
  const isPlain = match && match[3] !== { http: "80", https: "443" }[match[1]] && Number(match[3] || 0) <= 65535;
  if (!isPlain) throw new FormatError("not of the form scheme://host[:port]");
  return match[2];
}

function bytesOf(number) {
  const digits = number.toString(16);
  const even = digits.length % 2 ? "0" + digits : digits;
  return Uint8Array.from(even.match(/../g), (pair) => parseInt(pair, 16));
}

function kidIn(header) {
  const fields = decodeCbor(header);
  const kid = fields instanceof Map ? fields.get(4) : undefined;
  if (!(kid instanceof Uint8Array) || kid.length !== 4 || !isProtected(header, kid))
    throw new FormatError("the protected header is not that of a QR text");
  return kid;
}

function factsIn(payload) {
  const fields = decodeCbor(payload);
  if (!(fields instanceof Map)) throw new FormatError("the payload is not a map");
  const facts = {
    kind: typed(fields, 1, "string"),
    number: typed(fields, 2, "string"),
    holder: typed(fields, 3, "string"),
    isHolderCut: fields.has(4) && typed(fields, 4, "boolean"),
    uscc: fields.has(5) ? typed(fields, 5, "string") : "",
    issuedOn: typed(fields, 6, "number"),
    validUntil: fields.has(7) ? typed(fields, 7, "number") : null,
    shard: typed(fields, 8, "number"),
    index: typed(fields, 9, "number"),
    digest: fields.get(10),
  };
  check(facts);
  if (!equal(encoded(facts), payload)) throw new FormatError("the payload is not as we would have encoded it");
  return facts;
}

function encoded(facts) {
  const fields = new Map([
    [1, facts.kind],
    [2, facts.number],
    [3, facts.holder],
  ]);
  if (facts.isHolderCut) fields.set(4, true);
  if (facts.uscc) fields.set(5, facts.uscc);
  fields.set(6, facts.issuedOn);
  if (facts.validUntil !== null) fields.set(7, facts.validUntil);
  return encodeCbor(fields.set(8, facts.shard).set(9, facts.index).set(10, facts.digest));
}

function typed(fields, key, type) {
  const value = fields.get(key);
  if (typeof value !== type) throw new FormatError(`item ${key} is not a ${type}`);
  return value;
}

// The bounds that the writer holds itself to.
function check(facts) {
  const isText = (value) => value !== "" && [...value].length <= 64 && !UNWANTED.test(value);
  const isDay = (day) => day >= 0 && day <= LAST_DAY;
  const size = utf8.encode(facts.holder).length;
  // Cut on a character of at most 4 bytes: 57 to 60 bytes are left, and the … takes 3.
  const isHolder = facts.isHolderCut
    ? facts.holder.endsWith("…") && size >= HOLDER_BYTES && size <= HOLDER_BYTES + 3
    : size <= HOLDER_BYTES;
  const isSlot = facts.shard >= 0 && facts.shard < 2 ** 32 && facts.index >= 0 && facts.index < SLOTS;
  const isGood =
    [facts.kind, facts.number, facts.holder].every(isText) &&
    isHolder &&
    (facts.uscc === "" || USCC.test(facts.uscc)) &&
    isSlot &&
    facts.digest instanceof Uint8Array &&
    facts.digest.length === 16 &&
    isDay(facts.issuedOn) &&
    (facts.validUntil === null || isDay(facts.validUntil));
  if (!isGood) throw new FormatError("a fact is out of its bounds");
}
