"""COSE_Sign1 (RFC 9052, section 4.2) and the CBOR it needs, both directions, byte for byte.

What is written is deterministic CBOR (RFC 8949, section 4.2.1): shortest heads, definite lengths, map keys in
the bytewise order of their encodings, no tags, no floats. What is read must be exactly that::

    84                      COSE_Sign1, untagged: an array of four
       58 nn <protected>    bstr: the protected header map, encoded
       a0                   unprotected header: always empty
       58 nn <payload>      bstr
       58 40 <signature>    bstr: r‖s

    84 6a "Signature1" bstr(protected) bstr(external_aad) bstr(payload)      Sig_structure: what is signed
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from certgen.core.errors import FormatError, Text

ES256 = -7  # COSE algorithm identifiers, IANA registry "COSE Algorithms"
RS256 = -257
_ALG, _KID = 1, 4  # header labels; RFC 9052, section 3.1
_DEEPEST = 8  # far more than any format of ours nests; keeps a hostile text from exhausting the stack
_BYTES = tuple(bytes((value,)) for value in range(256))
_ARGUMENTS = tuple((24 + power, 1 << power, 1 << (8 << power)) for power in range(4))  # in 1, 2, 4, 8 bytes
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_HALF_ORDER = (_P256_ORDER // 2).to_bytes(32, "big")
_ORDER = _P256_ORDER.to_bytes(32, "big")

CborMap: TypeAlias = "Mapping[int, Cbor] | Mapping[str, Cbor] | Mapping[int | str, Cbor]"
Cbor: TypeAlias = "bool | int | bytes | str | Sequence[Cbor] | CborMap | None"


@dataclass(frozen=True, slots=True)
class Sign1:
    """The three parts of a COSE_Sign1; `protected` and `payload` are as signed, still encoded."""

    protected: bytes
    payload: bytes
    signature: bytes


def head(major: int, number: int) -> bytes:
    """Write the head of a data item: major type 0..7 and an argument below 2^64, in the fewest bytes."""
    if number < 24:
        return _BYTES[major << 5 | number]
    for info, size, limit in _ARGUMENTS:
        if number < limit:
            return _BYTES[major << 5 | info] + number.to_bytes(size, "big")
    raise FormatError(Text("整数超过64位", "an integer is longer than 64 bits"))


def encode_cbor(value: Cbor) -> bytes:
    """Encode a value deterministically. Raises FormatError for what has no encoding here (floats, tags, …)."""
    if isinstance(value, str):
        try:
            data = value.encode()
        except UnicodeEncodeError as error:
            raise FormatError(Text("文字含有孤立代理码位", "text holds a lone surrogate")) from error
        return head(3, len(data)) + data
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, ~value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, Mapping):
        return _encode_map(value)
    if isinstance(value, list | tuple):
        return head(4, len(value)) + b"".join(map(encode_cbor, value))
    raise FormatError(Text("该类型没有CBOR编码", f"a {type(value).__name__} has no encoding here"))


def decode_cbor(data: bytes) -> Cbor:
    """Decode exactly one deterministic CBOR item. Raises FormatError for anything `encode_cbor` would not write.

    Arrays become tuples, maps dictionaries.
    """
    value, end = _item(data, 0, 0)
    if end != len(data):
        raise FormatError(Text("CBOR后有多余字节", f"{len(data) - end} bytes follow the CBOR item"))
    return value


def protected_header(algorithm: int, kid: bytes) -> bytes:
    """Encode the protected header {1: algorithm, 4: kid}."""
    return encode_cbor({_ALG: algorithm, _KID: kid})


def parse_protected(protected: bytes) -> tuple[int, bytes]:
    """Give algorithm and kid of a protected header that holds exactly these two. Raises FormatError."""
    fields = decode_cbor(protected)
    if isinstance(fields, dict) and fields.keys() == {_ALG, _KID}:
        algorithm, kid = fields[_ALG], fields[_KID]
        if type(algorithm) is int and isinstance(kid, bytes):
            return algorithm, kid
    raise FormatError(Text("COSE保护头不是{1: alg, 4: kid}", "the protected header is not {1: alg, 4: kid}"))


def sig_structure(protected: bytes, aad: bytes, payload: bytes) -> bytes:
    """Build the bytes that are hashed and signed. RFC 9052, section 4.4."""
    return b"\x84\x6aSignature1" + b"".join(head(2, len(part)) + part for part in (protected, aad, payload))


def sign1(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    """Put an untagged COSE_Sign1 together; `signature` is over `sig_structure`."""
    parts = (protected, payload, signature)
    first, second, third = (head(2, len(part)) + part for part in parts)
    return b"\x84" + first + b"\xa0" + second + third


def parse1(data: bytes) -> Sign1:
    """Take an untagged COSE_Sign1 apart. Raises FormatError for anything `sign1` would not write.

    The signature is not checked, nor what the protected header and the payload hold.
    """
    parts = decode_cbor(data)
    if isinstance(parts, tuple) and len(parts) == 4:
        protected, unprotected, payload, signature = parts
        if isinstance(protected, bytes) and isinstance(payload, bytes) and isinstance(signature, bytes):
            if unprotected == {}:
                return Sign1(protected, payload, signature)
            raise FormatError(Text("COSE非保护头应为空", "the unprotected header is not empty"))
    raise FormatError(Text("不是COSE_Sign1", "not a COSE_Sign1: an array of bstr, map, bstr, bstr"))


def check_es256(signature: bytes) -> None:
    """Refuse what no signer of ours gives: r‖s of 64 bytes, both in 1..n-1, s ≤ n/2. Raises FormatError.

    A second valid signature for the same facts (n - s) would otherwise pass for another text.
    """
    if len(signature) != 64:
        raise FormatError(Text("签名应为64字节", f"a signature of {len(signature)} bytes, wanted 64"))
    r, s = signature[:32], signature[32:]  # compared as bytes: the same order as the numbers
    if not (any(r) and any(s) and r < _ORDER and s <= _HALF_ORDER):
        raise FormatError(Text("签名r、s超出范围", "r or s of the signature is out of range"))


def _encode_map(value: CborMap) -> bytes:
    if not all(type(key) is int or isinstance(key, str) for key in value):
        raise FormatError(Text("CBOR键应为整数或文字", "a CBOR map key is neither integer nor text"))
    pairs = sorted([encode_cbor(key) + encode_cbor(item) for key, item in value.items()])  # no key begins another
    return head(5, len(pairs)) + b"".join(pairs)


def _item(data: bytes, at: int, depth: int) -> tuple[Cbor, int]:
    """Decode the item that begins at `at`; give it and the offset behind it."""
    if depth > _DEEPEST:
        raise FormatError(Text("CBOR嵌套过深", "CBOR is nested too deeply"))
    major, number, at = _head(data, at)
    if major == 0:
        return number, at
    if major == 1:
        return ~number, at
    if major in (2, 3):
        return _string(data, at, number, major == 3)
    if major == 4:
        return _array(data, at, number, depth)
    if major == 5:
        return _map(data, at, number, depth)
    if major == 7 and 20 <= number <= 22:
        return (False, True, None)[number - 20], at
    raise FormatError(Text("CBOR含有标签、浮点数或未知值", "CBOR holds a tag, a float or an unknown simple value"))


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """Read a head in its shortest form: major type, argument, offset behind it."""
    if at >= len(data):
        raise _short()
    major, info = data[at] >> 5, data[at] & 31
    if info < 24:
        return major, info, at + 1
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(info)
    if size is None or major == 7:
        raise FormatError(Text("CBOR含有不定长或保留值", "CBOR holds an indefinite length or a reserved value"))
    end = at + 1 + size
    if end > len(data):
        raise _short()
    number = int.from_bytes(data[at + 1 : end], "big")
    if number < (24 if size == 1 else 1 << 4 * size):
        raise FormatError(Text("CBOR整数不是最短编码", "a CBOR head is longer than it need be"))
    return major, number, end


def _string(data: bytes, at: int, size: int, is_text: bool) -> tuple[bytes | str, int]:
    if size > len(data) - at:
        raise _short()
    raw = data[at : at + size]
    if not is_text:
        return raw, at + size
    try:
        return raw.decode(), at + size
    except UnicodeDecodeError as error:
        raise FormatError(Text("CBOR文字不是UTF-8", "CBOR text is not UTF-8")) from error


def _array(data: bytes, at: int, size: int, depth: int) -> tuple[tuple[Cbor, ...], int]:
    if size > len(data) - at:  # every item takes a byte at least
        raise _short()
    items = []
    for _ in range(size):
        item, at = _item(data, at, depth + 1)
        items.append(item)
    return tuple(items), at


def _map(data: bytes, at: int, size: int, depth: int) -> tuple[dict[int | str, Cbor], int]:
    if size > len(data) - at:
        raise _short()
    items: dict[int | str, Cbor] = {}
    before = b""
    for _ in range(size):
        start = at
        key, at = _item(data, at, depth + 1)
        if type(key) is not int and not isinstance(key, str):
            raise FormatError(Text("CBOR键应为整数或文字", "a CBOR map key is neither integer nor text"))
        if data[start:at] <= before:
            raise FormatError(Text("CBOR键重复或顺序不对", "CBOR map keys are repeated or out of order"))
        before = data[start:at]
        items[key], at = _item(data, at, depth + 1)
    return items, at


def _short() -> FormatError:
    return FormatError(Text("CBOR不完整", "CBOR ends too early"))
