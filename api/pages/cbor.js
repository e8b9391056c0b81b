// Deterministic CBOR (RFC 8949, section 4.2.1), the little of it that our formats use; the twin of certgen/core/cose.py.
// Decoding refuses whatever encoding would not have written: another spelling of the same facts is not ours.
//
// Integers become numbers (BigInt above 2^53), byte strings Uint8Array, arrays Array, maps Map.

export class FormatError extends Error {}

const DEEPEST = 8; // far more than any format of ours nests
const UTF8 = new TextEncoder();
const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// One item and nothing behind it. Throws FormatError.
export function decode(data) {
  const reader = { data, at: 0 };
  const value = item(reader, 0);
  if (reader.at !== data.length) throw new FormatError("bytes follow the CBOR item");
  return value;
}

export function encode(value) {
  if (value === null) return Uint8Array.of(0xf6);
  if (typeof value === "boolean") return Uint8Array.of(value ? 0xf5 : 0xf4);
  if (typeof value === "number" || typeof value === "bigint")
    return value >= 0 ? head(0, value) : head(1, -1n - BigInt(value));
  if (typeof value === "string") {
    const text = UTF8.encode(value);
    return join(head(3, text.length), text);
  }
  if (value instanceof Uint8Array) return join(head(2, value.length), value);
  if (Array.isArray(value)) return join(head(4, value.length), ...value.map(encode));
  const pairs = [...value].map(([key, member]) => join(encode(key), encode(member))).sort(order);
  return join(head(5, pairs.length), ...pairs);
}

// The head of an item in the fewest bytes: major type 0..7 and an argument below 2^64.
export function head(major, number) {
  const type = major << 5;
  if (number < 24) return Uint8Array.of(type | Number(number));
  const power = [0x100, 0x10000, 0x100000000].findIndex((limit) => number < limit);
  const size = power < 0 ? 8 : 1 << power;
  const out = new Uint8Array(1 + size);
  out[0] = type | (power < 0 ? 27 : 24 + power);
  let rest = BigInt(number);
  for (let at = size; at > 0; at--, rest >>= 8n) out[at] = Number(rest & 255n);
  return out;
}

export function join(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

// Bytewise, a shorter one before whatever it begins.
export function order(a, b) {
  for (let at = 0; at < a.length && at < b.length; at++) if (a[at] !== b[at]) return a[at] - b[at];
  return a.length - b.length;
}

export const equal = (a, b) => a.length === b.length && order(a, b) === 0;

function item(reader, depth) {
  if (depth > DEEPEST) throw new FormatError("CBOR is nested too deeply");
  const [major, number] = readHead(reader);
  if (major === 0) return number;
  if (major === 1) return typeof number === "bigint" ? -1n - number : -1 - number;
  if (major === 2) return take(reader, number);
  if (major === 3) return text(take(reader, number));
  if (major === 4) return array(reader, number, depth);
  if (major === 5) return map(reader, number, depth);
  if (major === 7 && number >= 20 && number <= 22) return [false, true, null][number - 20];
  throw new FormatError("CBOR holds a tag, a float or an unknown value");
}

function readHead(reader) {
  const { data } = reader;
  if (reader.at >= data.length) throw new FormatError("CBOR ends too early");
  const first = data[reader.at++];
  const [major, info] = [first >> 5, first & 31];
  if (info < 24) return [major, info];
  if (info > 27 || major === 7) throw new FormatError("CBOR holds an indefinite length or a reserved value");
  const size = 1 << (info - 24);
  let number = 0n;
  for (const byte of take(reader, size)) number = (number << 8n) | BigInt(byte);
  if (number < (size === 1 ? 24n : 1n << BigInt(4 * size)))
    throw new FormatError("a CBOR head is longer than it need be");
  return [major, number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : number];
}

function take(reader, size) {
  if (size > reader.data.length - reader.at) throw new FormatError("CBOR ends too early");
  return reader.data.subarray(reader.at, (reader.at += Number(size)));
}

function text(bytes) {
  try {
    return STRICT.decode(bytes);
  } catch {
    throw new FormatError("CBOR text is not UTF-8");
  }
}

function array(reader, size, depth) {
  if (size > reader.data.length - reader.at) throw new FormatError("CBOR ends too early"); // an item takes a byte
  return Array.from({ length: Number(size) }, () => item(reader, depth + 1));
}

function map(reader, size, depth) {
  if (size > reader.data.length - reader.at) throw new FormatError("CBOR ends too early");
  const members = new Map();
  let before = new Uint8Array();
  for (let left = Number(size); left > 0; left--) {
    const start = reader.at;
    const key = item(reader, depth + 1);
    if (!["number", "bigint", "string"].includes(typeof key))
      throw new FormatError("a CBOR map key is neither integer nor text");
    const spelt = reader.data.subarray(start, reader.at);
    if (order(spelt, before) <= 0) throw new FormatError("CBOR map keys are repeated or out of order");
    before = spelt;
    members.set(key, item(reader, depth + 1));
  }
  return members;
}
