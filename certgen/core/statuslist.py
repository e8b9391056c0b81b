"""The status list: where 131,072 documents stand, in some kilobytes that a telephone can carry. Both directions.

An IETF Token Status List (draft-ietf-oauth-status-list, sections 4.1, 4.3 and 5.2) in CWT form, signed by the
service's status key: ``d2`` (tag 18) and a COSE_Sign1, external_aad empty. The protected header is
{1: -7, 4: kid, 16: "application/statuslist+cwt"}. The payload is a map::

    2 sub          tstr   <origin>/status/<shard>; the origin's host stands on the trust list
    4 exp          uint   seconds since 1970-01-01 UTC; from then on the list vouches for nobody
    6 iat          uint   likewise: when it was true
    65533          map    {"lst": bstr, zlib of 65,536 bytes, "bits": 4}
    65534 ttl      uint   seconds after which whoever has a network should ask for a newer one

Four bits a document, the even place in the low half of its byte::

    0 issued     2 suspended    B cancelled    D annulled    F never issued: what a place says at first
    1 revoked    3 superseded   C withdrawn    E void        4 … A are not used

3 and B to F are the values the draft leaves to applications. The whole is deterministic CBOR, and `decode` refuses
anything else; the deflated bytes alone are not compared, since zlib may write them otherwise tomorrow.
"""

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType

from certgen.core import cose, es256
from certgen.core.errors import FormatError, Text, VerificationError
from certgen.core.model import Signer
from certgen.core.qrtext import host_of
from certgen.core.status import Status
from certgen.core.trustlist import TrustEntry, TrustList

MEDIA_TYPE = "application/statuslist+cwt"
BITS = 4
ENTRIES = 131_072  # of one list: a shard of `certgen.slots`
NEVER_ISSUED = 0xF
VALUES: Mapping[Status, int] = MappingProxyType(
    {
        "issued": 0x0,
        "revoked": 0x1,
        "suspended": 0x2,
        "superseded": 0x3,
        "cancelled": 0xB,
        "withdrawn": 0xC,
        "annulled": 0xD,
        "void": 0xE,
    }
)
MAX_BYTES = 68_000  # of a whole list: deflate adds at most some bytes in 16 KB to what it cannot make smaller
_SIZE = ENTRIES * BITS // 8
_WORDS: Mapping[int, Status] = MappingProxyType({value: status for status, value in VALUES.items()})
_TAG = b"\xd2"  # 18: COSE_Sign1_Tagged, and no CWT tag around it (section 5.2)
_SUB, _EXP, _IAT, _LIST, _TTL = 2, 4, 6, 65533, 65534
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253402300799  # 9999-12-31T23:59:59Z, the last second a datetime holds
_URI = re.compile(r"([^/#?]+//[^/#?]+)/status/(0|[1-9][0-9]{0,9})", re.ASCII)
_USED = frozenset({*VALUES.values(), NEVER_ISSUED})
_USED_PAIRS = bytes(high << 4 | low for high in sorted(_USED) for low in sorted(_USED))
# Scattered places compress best without matches, rare ones with: whichever is shortest is written.
_STRATEGIES = (zlib.Z_FILTERED, zlib.Z_RLE, zlib.Z_HUFFMAN_ONLY)


@dataclass(frozen=True, slots=True)
class StatusList:
    """Where the documents of one shard stand. Times are UTC in whole seconds; `packed` is 65,536 bytes."""

    uri: str
    issued_at: datetime
    expires_at: datetime
    ttl_s: int
    packed: bytes

    @property
    def shard(self) -> int:
        """Which list it is. Raises FormatError for a uri not of the form `uri_of` gives."""
        return _parse_uri(self.uri)[1]

    @property
    def due_at(self) -> datetime:
        """When whoever has a network should ask for a newer one."""
        return self.issued_at + timedelta(seconds=self.ttl_s)

    def status(self, index: int) -> Status | None:
        """Give the status at a place from 0 to 131,071; None where nothing was ever issued."""
        if not 0 <= index < ENTRIES:
            raise FormatError(Text("状态列表位置超出范围", f"place {index} of a status list is out of range"))
        return _WORDS.get(self.packed[index >> 1] >> 4 * (index & 1) & 0xF)


def uri_of(origin: str, shard: int) -> str:
    """Give the address a list is published at, which it names as its subject."""
    return f"{origin}/status/{shard}"


def pack(statuses: Iterable[tuple[int, Status]]) -> bytes:
    """Lay (place, status) pairs out as 65,536 bytes; every other place says that nothing was issued there."""
    values = bytearray((NEVER_ISSUED,)) * ENTRIES
    for index, status in statuses:
        values[index] = VALUES[status]
    # Whole numbers as vectors: 65,536 shifts and ors in two operations.
    low, high = int.from_bytes(values[0::2], "little"), int.from_bytes(values[1::2], "little")
    return (high << 4 | low).to_bytes(_SIZE, "little")


def carry_over(packed: bytes, before: bytes) -> bytes:
    """Keep what an earlier list said of places where nothing seems to be issued any more.

    No place becomes *never issued* again: a register that says so was restored from a backup and has lost documents.
    """
    kept = bytearray(packed)
    for at, (new, old) in enumerate(zip(packed, before, strict=True)):
        if new != old:
            low, high = (
                now if now != NEVER_ISSUED else was for now, was in ((new & 15, old & 15), (new >> 4, old >> 4))
            )
            kept[at] = high << 4 | low
    return bytes(kept)


def encode(statuses: StatusList, signer: Signer) -> bytes:
    """Write the list and sign it with the status key. Raises FormatError for a list `decode` would refuse."""
    if signer.algorithm != "ES256":
        raise FormatError(Text("状态密钥应为 P-256", f"the status key signs {signer.algorithm}, wanted ES256"))
    payload = _payload(statuses, _deflate(statuses.packed))
    protected = _protected(sha256(signer.public_key).digest()[:4])
    digest = sha256(cose.sig_structure(protected, b"", payload)).digest()
    return _TAG + cose.sign1(protected, payload, signer.sign(digest))


def decode(data: bytes, trust: TrustList) -> StatusList:
    """Read a list signed by a status key of the trust list; nothing inside is looked at before the signature holds.

    Raises FormatError for bytes `encode` would not have written, VerificationError (rule L1) for a list that another
    key signed, that was changed, or that is not of this service. Whether it is fresh is the caller's question.
    """
    parts = _parse(data)
    entry = trust.of_kid("status", _kid(parts.protected))
    if entry is None:
        raise _wrong(
            "状态列表的签发密钥不在此信任清单中，请看有无更新的清单",
            "the status list is signed by a key that is not on this trust list; is there a newer one?",
        )
    digest = sha256(cose.sig_structure(parts.protected, b"", parts.payload)).digest()
    if not es256.is_signed(entry.spki, parts.signature, digest):
        raise _wrong("状态列表的签名不正确", "the status list's signature does not hold")
    statuses = _read(parts.payload)
    _check_signer(entry, statuses, trust)
    return statuses


def peek(data: bytes) -> StatusList:
    """Read a list without asking who signed it: for whoever only carries it. Raises FormatError."""
    return _read(_parse(data).payload)


def _parse(data: bytes) -> cose.Sign1:
    if len(data) > MAX_BYTES or not data.startswith(_TAG):
        raise FormatError(
            Text("不是状态列表", f"not a status list: a COSE_Sign1 with tag 18, at most {MAX_BYTES} bytes")
        )
    parts = cose.parse1(data[1:])
    cose.check_es256(parts.signature)
    if parts.protected != _protected(_kid(parts.protected)):
        raise FormatError(Text("状态列表的保护头不规范", "the protected header is not that of a status list"))
    return parts


def _protected(kid: bytes) -> bytes:
    return cose.encode_cbor({1: cose.ES256, 4: kid, 16: MEDIA_TYPE})


def _kid(protected: bytes) -> bytes:
    fields = cose.decode_cbor(protected)
    kid = fields.get(4) if isinstance(fields, dict) else None
    if not isinstance(kid, bytes) or len(kid) != 4:
        raise FormatError(Text("状态列表没有密钥标识", "a status list without a kid of 4 bytes"))
    return kid


def _payload(statuses: StatusList, deflated: bytes) -> bytes:
    """Encode the claims. Raises FormatError for what a reader would refuse."""
    host_of(_parse_uri(statuses.uri)[0])
    issued, expires = _seconds(statuses.issued_at), _seconds(statuses.expires_at)
    if not issued < expires or statuses.ttl_s <= 0:
        raise FormatError(
            Text("状态列表的有效期不对", "a status list that expires before it is issued, or without a ttl")
        )
    if len(statuses.packed) != _SIZE or statuses.packed.translate(None, _USED_PAIRS):
        raise FormatError(Text("状态列表内容不对", f"a status list of {len(statuses.packed)} bytes, or unused values"))
    inner: dict[str, cose.Cbor] = {"bits": BITS, "lst": deflated}
    return cose.encode_cbor({_SUB: statuses.uri, _EXP: expires, _IAT: issued, _LIST: inner, _TTL: statuses.ttl_s})


def _read(payload: bytes) -> StatusList:
    fields = cose.decode_cbor(payload)
    inner = fields.get(_LIST) if isinstance(fields, dict) else None
    deflated = inner.get("lst") if isinstance(inner, dict) else None
    if not isinstance(fields, dict) or not isinstance(deflated, bytes):
        raise FormatError(Text("不是状态列表", "the payload is not that of a status list"))
    uri = fields.get(_SUB)
    if not isinstance(uri, str):
        raise FormatError(Text("状态列表没有网址", "a status list without a subject"))
    statuses = StatusList(
        uri, _moment(fields.get(_IAT)), _moment(fields.get(_EXP)), _uint(fields.get(_TTL)), _inflate(deflated)
    )
    if _payload(statuses, deflated) != payload:  # unknown claims, other bits, …
        raise FormatError(Text("状态列表编码不规范", "the status list is not as we would have encoded it"))
    return statuses


def _check_signer(entry: TrustEntry, statuses: StatusList, trust: TrustList) -> None:
    """Hold a list to its key's life and to our hosts."""
    if not entry.not_before <= statuses.issued_at <= entry.not_after:
        raise _wrong("签发状态列表时密钥不在有效期内", "the status list was signed outside the life of its key")
    if entry.compromised_at is not None:  # whoever stole the key writes any time he likes
        raise _wrong(
            "状态列表的密钥已失密，请取新的列表", "the key of the status list counts as stolen: fetch a newer one"
        )
    host = host_of(_parse_uri(statuses.uri)[0])
    if host not in trust.hosts:
        raise _wrong(
            f"状态列表属于 {host}，不是签发系统的", f"the status list is of {host}, not of the issuing service"
        )


def _deflate(packed: bytes) -> bytes:
    """Deflate in the zlib format. The same zlib gives the same bytes."""
    tries = (zlib.compressobj(9, wbits=15, memLevel=9, strategy=strategy) for strategy in _STRATEGIES)
    return min((squeeze.compress(packed) + squeeze.flush() for squeeze in tries), key=len)


def _inflate(deflated: bytes) -> bytes:
    """Inflate to exactly 65,536 bytes, never more. Raises FormatError."""
    inflate = zlib.decompressobj(wbits=15)
    try:
        packed = inflate.decompress(deflated, _SIZE + 1)
    except zlib.error as fault:
        raise FormatError(Text("状态列表解压失败", "the status list does not inflate")) from fault
    if len(packed) != _SIZE or not inflate.eof or inflate.unused_data:
        raise FormatError(Text("状态列表长度不对", f"the status list does not inflate to exactly {_SIZE} bytes"))
    return packed


def _parse_uri(uri: str) -> tuple[str, int]:
    """Take origin and shard apart. Raises FormatError."""
    match = _URI.fullmatch(uri)
    if match is None or int(match[2]) >= 1 << 32:
        raise FormatError(Text("状态列表网址不规范", f"subject {uri[:80]!r} is not <origin>/status/<shard>"))
    return match[1], int(match[2])


def _seconds(moment: datetime) -> int:
    if moment.tzinfo is None or moment.microsecond or moment < _EPOCH:
        raise FormatError(Text("时间应为带时区的整秒", f"time {moment.isoformat()}, wanted aware and in whole seconds"))
    return (moment - _EPOCH) // timedelta(seconds=1)


def _moment(value: cose.Cbor) -> datetime:
    seconds = _uint(value)
    if seconds > _LATEST:
        raise FormatError(Text("时间超出范围", f"second {seconds} since 1970 is out of range"))
    return _EPOCH + timedelta(seconds=seconds)


def _uint(value: cose.Cbor) -> int:
    if type(value) is not int or value < 0:  # not isinstance: True is no number here
        raise FormatError(
            Text("状态列表中有类型不对的项", f"uint wanted in a status list, found {type(value).__name__}")
        )
    return value


def _wrong(zh: str, en: str) -> VerificationError:
    return VerificationError("L1", Text(zh, en))
