// The status list (IETF Token Status List, CWT form): where 131,072 documents stand; certgen/core/statuslist.py.

import { FormatError, decode as decodeCbor } from "./cbor.js";
import { checkEs256, isProtected, isSigned, parse1 } from "./cose.js";
import { hostOf } from "./qrtext.js";
import { ofKid, seconds, uint } from "./trust.js";

const MEDIA_TYPE = "application/statuslist+cwt";
const MAX_BYTES = 68000;
const SIZE = 65536; // bytes: 131,072 places of four bits
const URI = /^([^/#?]+\/\/[^/#?]+)\/status\/(0|[1-9][0-9]{0,9})$/;
const WORDS = {
  0: "issued",
  1: "revoked",
  2: "suspended",
  3: "superseded",
  11: "cancelled",
  12: "withdrawn",
  13: "annulled",
  14: "void",
};
const NEVER_ISSUED = 15;

// Read a list signed by a status key of the trust list; nothing inside is looked at before the signature holds.
// Gives {shard, issuedAt, expiresAt, packed}. Throws FormatError.
export async function decode(data, trust) {
  if (data.length > MAX_BYTES || data[0] !== 0xd2) throw new FormatError("not a status list");
  const message = parse1(data.subarray(1));
  checkEs256(message.signature);
  const header = decodeCbor(message.protectedHeader);
  const kid = header instanceof Map ? header.get(4) : undefined;
  const isOurs = kid instanceof Uint8Array && kid.length === 4 && isProtected(message.protectedHeader, kid, MEDIA_TYPE);
  if (!isOurs) throw new FormatError("the protected header is not that of a status list");
  const entry = ofKid(trust, "status", kid);
  if (!entry || !(await isSigned(entry.spki, message, new Uint8Array())))
    throw new FormatError("no status key on the trust list signed this");
  return checked(await claims(message.payload), entry, trust);
}

// The word for a place; null where nothing was ever issued.
export function statusAt(list, index) {
  return WORDS[(list.packed[index >> 1] >> (4 * (index & 1))) & 15] || null;
}

async function claims(payload) {
  const fields = decodeCbor(payload);
  const inner = fields instanceof Map ? fields.get(65533) : undefined;
  const isOurs =
    fields instanceof Map && fields.size === 5 && inner instanceof Map && inner.size === 2 && inner.get("bits") === 4;
  if (!isOurs || !(inner.get("lst") instanceof Uint8Array))
    throw new FormatError("the payload is not that of a status list");
  const uri = URI.exec(fields.get(2));
  if (!uri || Number(uri[2]) >= 2 ** 32) throw new FormatError("the subject is not <origin>/status/<shard>");
  const [expiresAt, issuedAt] = [seconds(fields.get(4)), seconds(fields.get(6))];
  if (issuedAt >= expiresAt || !uint(fields.get(65534)))
    throw new FormatError("expires before it is issued, or has no ttl");
  return { host: hostOf(uri[1]), shard: Number(uri[2]), issuedAt, expiresAt, packed: await inflated(inner.get("lst")) };
}

// Hold a list to its key's life and to our hosts.
function checked(list, entry, trust) {
  const isInLife = entry.notBefore <= list.issuedAt && list.issuedAt <= entry.notAfter;
  // Whoever stole the key writes any time he likes, so one date in the list clears nothing.
  if (!isInLife || entry.compromisedAt !== null || !trust.hosts.includes(list.host))
    throw new FormatError("signed outside the life of its key, by a stolen one, or of another host");
  return list;
}

// Inflate to exactly 65,536 bytes; a bomb is dropped as soon as it is larger.
async function inflated(deflated) {
  const packed = new Uint8Array(SIZE);
  let size = 0;
  try {
    const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
    for (const reader = stream.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (size + value.length > SIZE) {
        await reader.cancel();
        throw new FormatError("the list is too long");
      }
      packed.set(value, size);
      size += value.length;
    }
  } catch (fault) {
    throw fault instanceof FormatError ? fault : new FormatError("the list does not inflate");
  }
  const isUsed = (value) => value in WORDS || value === NEVER_ISSUED;
  if (size !== SIZE || !packed.every((byte) => isUsed(byte & 15) && isUsed(byte >> 4)))
    throw new FormatError("the list has not our length or holds unused values");
  return packed;
}
