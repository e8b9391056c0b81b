// The trust list: which key may sign what, signed by the root key that came with this page; certgen/core/trustlist.py.

import { FormatError, decode as decodeCbor } from "./cbor.js";
import { ES256, checkEs256, hex, isProtected, isSigned, kidOf, parse1, sha256 } from "./cose.js";

const AAD = new TextEncoder().encode("certgen-trust-1");
const USES = ["seal", "qr", "status"];
const RS256 = -257;
const LATEST = 253402300799; // 9999-12-31T23:59:59Z
const ALWAYS = [1, 2, 3, 4, 5, 6, 9, 10, 12]; // members of every entry; 7 and 8 are a seal's, 11 a stolen key's

// Read a list that the root key signed; nothing inside is looked at before the signature holds.
// Gives {issuedAt, ttl, hosts, entries}, times in seconds since 1970. Throws FormatError.
export async function decode(data, root) {
  const message = parse1(data);
  checkEs256(message.signature);
  if (!isProtected(message.protectedHeader, await kidOf(root)))
    throw new FormatError("another key than our root signed the list");
  if (!(await isSigned(root, message, AAD))) throw new FormatError("the list's signature does not hold");
  const fields = decodeCbor(message.payload);
  if (!hasExactly(fields, [0, 1, 2, 3, 4]) || fields.get(0) !== 1)
    throw new FormatError("a trust list of an unknown version");
  const list = {
    issuedAt: seconds(fields.get(1)),
    ttl: uint(fields.get(2)),
    hosts: texts(fields.get(3)),
    entries: await Promise.all(array(fields.get(4)).map(entry)),
  };
  const prints = new Set(list.entries.map((one) => one.fingerprint));
  const kids = new Set(list.entries.map((one) => `${one.use} ${one.kid}`));
  const areDistinct = prints.size === list.entries.length && kids.size === list.entries.length;
  if (!list.ttl || !list.hosts.length || !list.hosts.every(Boolean) || !areDistinct)
    throw new FormatError("a list without a life or a host, or with a key twice");
  return list;
}

export const ofKid = (list, use, kid) => list.entries.find((one) => one.use === use && one.kid === hex(kid));

export const mayFor = (entry, kind) => entry.kinds.includes(kind) || entry.kinds[0] === "*";

async function entry(fields) {
  const use = fields instanceof Map ? USES[fields.get(1)] : undefined;
  const isSeal = use === "seal";
  const more = [...(isSeal ? [7, 8] : []), ...(use && fields.has(11) ? [11] : [])];
  if (!use || !hasExactly(fields, [...ALWAYS, ...more])) throw new FormatError("an entry of an unknown form");
  const [algorithm, spki, name] = [fields.get(2), data(fields.get(6)), texts(fields.get(4), 2)];
  const certificate = isSeal ? data(fields.get(7)) : new Uint8Array();
  const chain = isSeal ? array(fields.get(8)).map(data) : [];
  const made = {
    use,
    authority: texts([fields.get(3)])[0],
    name: { zh: name[0], en: name[1] },
    kinds: texts(fields.get(5)),
    spki,
    kid: hex(await kidOf(spki)),
    fingerprint: hex(await sha256(isSeal ? certificate : spki)),
    notBefore: seconds(fields.get(9)),
    notAfter: seconds(fields.get(10)),
    compromisedAt: fields.has(11) ? seconds(fields.get(11)) : null,
    isSpecimen: fields.get(12),
  };
  const isGood =
    (algorithm === ES256 || (isSeal && algorithm === RS256)) &&
    made.authority &&
    made.kinds.length &&
    made.kinds.every(Boolean) &&
    (!made.kinds.includes("*") || made.kinds.length === 1) &&
    spki.length &&
    (!isSeal || (chain.length && hex(certificate).includes(hex(spki)))) &&
    made.notBefore <= made.notAfter &&
    typeof made.isSpecimen === "boolean";
  if (!isGood) throw new FormatError("an entry that contradicts itself");
  return made;
}

function hasExactly(fields, keys) {
  return fields instanceof Map && fields.size === keys.length && keys.every((key) => fields.has(key));
}

export function uint(value) {
  if ((typeof value !== "number" && typeof value !== "bigint") || value < 0)
    throw new FormatError("not an unsigned integer");
  return Number(value);
}

export function seconds(value) {
  if (uint(value) > LATEST) throw new FormatError("a time out of range");
  return value;
}

function array(value) {
  if (!Array.isArray(value)) throw new FormatError("not an array");
  return value;
}

function texts(value, count = null) {
  const isGood = array(value).every((one) => typeof one === "string") && (count === null || value.length === count);
  if (!isGood) throw new FormatError("not an array of texts");
  return value;
}

function data(value) {
  if (!(value instanceof Uint8Array)) throw new FormatError("not a byte string");
  return value;
}
