// COSE_Sign1 (RFC 9052, section 4.2) with ES256, as certgen/core/cose.py writes and reads it.
//
//   84 bstr(protected) a0 bstr(payload) 58 40 r‖s          COSE_Sign1, untagged
//   84 6a "Signature1" bstr(protected) bstr(external_aad) bstr(payload)      Sig_structure: what is signed

import { FormatError, decode, encode, equal, head, join, order } from "./cbor.js";

export const ES256 = -7;
const P256 = { name: "ECDSA", namedCurve: "P-256" };
const ORDER = bytes("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
const HALF = bytes("7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8");
const SIGNATURE1 = join(Uint8Array.of(0x84, 0x6a), new TextEncoder().encode("Signature1"));

// Take a message apart; neither headers nor signature are judged. Throws FormatError.
export function parse1(data) {
  const parts = decode(data);
  if (Array.isArray(parts) && parts.length === 4) {
    const [protectedHeader, unprotected, payload, signature] = parts;
    const areBytes = [protectedHeader, payload, signature].every((part) => part instanceof Uint8Array);
    if (areBytes && unprotected instanceof Map && unprotected.size === 0)
      return { protectedHeader, payload, signature };
  }
  throw new FormatError("not a COSE_Sign1");
}

// Refuse what no signer of ours gives: r‖s of 64 bytes, both in 1..n-1, s ≤ n/2. Throws FormatError.
// A second valid signature for the same facts (n - s) would otherwise pass for another text.
export function checkEs256(signature) {
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)];
  const isGood =
    signature.length === 64 && r.some(Boolean) && s.some(Boolean) && order(r, ORDER) < 0 && order(s, HALF) <= 0;
  if (!isGood) throw new FormatError("r or s of the signature is out of range");
}

// Say whether the key of a SubjectPublicKeyInfo signed the message. A key that is not on P-256 signed nothing.
export async function isSigned(spki, { protectedHeader, payload, signature }, aad) {
  const signed = join(SIGNATURE1, ...[protectedHeader, aad, payload].flatMap((part) => [head(2, part.length), part]));
  return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, await loaded(spki), signature, signed);
}

export async function kidOf(spki) {
  return (await sha256(spki)).subarray(0, 4);
}

export async function sha256(data) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

// The protected header {1: ES256, 4: kid}, and a type under 16 where a format has one.
export function isProtected(found, kid, type) {
  const fields = [[1, ES256], [4, kid], ...(type ? [[16, type]] : [])];
  return equal(found, encode(new Map(fields)));
}

export function bytes(hex) {
  return Uint8Array.from(hex.match(/../g) || [], (pair) => parseInt(pair, 16));
}

export function hex(data) {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const keys = new Map(); // loading a key takes as long as checking a signature

function loaded(spki) {
  const name = hex(spki);
  if (!keys.has(name)) keys.set(name, crypto.subtle.importKey("spki", spki, P256, false, ["verify"]));
  return keys.get(name);
}
