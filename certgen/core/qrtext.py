"""The text of a licence's QR code: a link anybody can open, and facts one can verify offline.

    https://licence.example.gov.cn/7K3MQ2ZD9XWA#1523…0417
    ^origin                        ^sid         ^digits

`digits` is the decimal value of ``01 ‖ COSE_Sign1`` (see `certgen.core.cose`): the leading 01 is the version of
this format, and keeps the number of bytes. The protected header is ``a2 01 26 04 44 kid`` = {1: -7, 4: kid}; the
kid is the first 4 bytes of the SHA-256 of the key's SubjectPublicKeyInfo. The external_aad is
``certgen-1|host[:port]|sid``, so that neither half of the text can be put to another. The payload is a map::

    1 kind           tstr        6 issued_on      uint, days since 1970-01-01
    2 number         tstr        7 valid_until    uint, the same; absent: no expiry
    3 holder         tstr        8 shard          uint, which status list
    4 holder_cut     true        9 index          uint, place in it
    5 uscc           tstr       10 record_digest  bstr, first 16 bytes of the record's SHA-256

4 is absent when false and 5 when empty. The whole is deterministic CBOR, and `decode` refuses anything else.
"""

import re
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import TypeVar

from certgen.core import cose
from certgen.core.errors import FormatError, Text
from certgen.core.sid import is_sid

HOLDER_BYTES = 60  # UTF-8; longer names are cut there, on a character, and marked with …
DIGITS_MAX = 1600  # above what a version 20-M symbol holds; bounds the work a hostile text can cause
_ORIGIN_MAX = 253 + len("https://:65535")  # a host name has at most 253 characters
_VERSION = b"\x01"
_EPOCH = date(1970, 1, 1).toordinal()
_LAST_DAY = date.max.toordinal() - _EPOCH
_LIST_SLOTS = 131_072  # entries of one status list

_T = TypeVar("_T")

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ORIGIN = re.compile(rf"(https?)://({_LABEL}(?:\.{_LABEL})*(?::([1-9][0-9]{{0,4}}))?)", re.ASCII)
_TEXT = re.compile(r"([^/#]+//[^/#]+)/([^/#]+)#([1-9][0-9]*)", re.ASCII)
_UNWANTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # controls, line ends, half characters
_USCC = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class QrFacts:
    """What a QR code attests. `holder` is as `holder_of` gives it; `record_digest` is 16 bytes, `uscc` may be ""."""

    kind: str
    number: str
    holder: str
    holder_cut: bool
    uscc: str
    issued_on: date
    valid_until: date | None
    shard: int
    index: int
    record_digest: bytes


@dataclass(frozen=True, slots=True)
class QrText:
    """The two segments of a symbol: `url` goes in as bytes, with the "#", and `digits` as a number."""

    url: str
    digits: str

    @property
    def text(self) -> str:
        """What a scanner reads."""
        return f"{self.url}#{self.digits}"


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A text that waits for its signature over `digest` (SHA-256 of the Sig_structure)."""

    url: str
    body: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a text says; to be believed only once `signature` over `digest` is checked with the key of `kid`."""

    origin: str
    host: str
    sid: str
    kid: bytes
    facts: QrFacts
    digest: bytes
    signature: bytes


def holder_of(name: str) -> tuple[str, bool]:
    """Shorten a name to 60 UTF-8 bytes and '…'; say whether it had to be cut."""
    data = name.encode()
    if len(data) <= HOLDER_BYTES:
        return name, False
    return data[:HOLDER_BYTES].decode(errors="ignore") + "…", True


def host_of(origin: str) -> str:
    """Give host[:port] of an origin such as `http://10.0.0.7:8000`.

    Raises FormatError for anything but lower-case http or https, a host name (IDN as punycode) or IPv4 address, and
    a port only where it is not the scheme's own: every origin has one spelling.
    """
    match = _ORIGIN.fullmatch(origin) if len(origin) <= _ORIGIN_MAX else None
    if match is None or match[3] == {"http": "80", "https": "443"}[match[1]]:
        raise FormatError(Text("网址来源不规范", f"origin {origin[:80]!r} is not in the form scheme://host[:port]"))
    if match[3] and int(match[3]) > 65535:
        raise FormatError(Text("端口号超出范围", f"port {match[3]} is above 65535"))
    return match[2]


class QrSeal:
    """Writes the QR texts of one key under one origin."""

    def __init__(self, origin: str, public_key: bytes) -> None:
        """Take the public origin and the key's SubjectPublicKeyInfo (DER). Raises FormatError for the origin."""
        self.origin, self.host = origin, host_of(origin)
        self.kid = sha256(public_key).digest()[:4]
        protected = cose.protected_header(cose.ES256, self.kid)
        # A sid always has 12 characters, so all that stands before it is the same for every text.
        signed = cose.sig_structure(protected, _aad(self.host, "0" * 12), b"")
        self._signed_prefix = signed[: -len("0" * 12) - 1]
        self._body_prefix = _VERSION + b"\x84" + cose.head(2, len(protected)) + protected + b"\xa0"
        self._url_prefix = origin + "/"

    def to_sign(self, facts: QrFacts, sid: str) -> Unsigned:
        """Encode the facts; the signer signs `.digest`. Raises FormatError for facts `decode` would refuse."""
        if not is_sid(sid):
            raise _bad_sid(sid)
        payload = _encode_facts(facts)
        attached = cose.head(2, len(payload)) + payload
        digest = sha256(self._signed_prefix + sid.encode() + attached).digest()
        return Unsigned(self._url_prefix + sid, self._body_prefix + attached, digest)

    def finish(self, unsigned: Unsigned, signature: bytes) -> QrText:
        """Add the signature, r‖s of 64 bytes with s ≤ n/2. Raises FormatError for any other."""
        cose.check_es256(signature)
        return QrText(unsigned.url, str(int.from_bytes(unsigned.body + b"\x58\x40" + signature, "big")))


def decode(text: str) -> Scanned:
    """Read a scanned text; checking the signature is the verifier's job.

    Raises FormatError for any text that `QrSeal` would not have written.
    """
    match = _TEXT.fullmatch(text)
    if match is None or len(match[3]) > DIGITS_MAX:
        raise FormatError(Text("不是本系统的二维码", "not of the form origin/sid#digits"))
    origin, sid, digits = match.groups()
    host = host_of(origin)
    if not is_sid(sid):
        raise _bad_sid(sid)
    number = int(digits)
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if not data.startswith(_VERSION):
        raise FormatError(Text("二维码版本未知", f"version {data[0]} of the QR text is not known"))
    sign1 = cose.parse1(data[1:])
    algorithm, kid = cose.parse_protected(sign1.protected)
    if algorithm != cose.ES256 or len(kid) != 4:
        raise FormatError(Text("二维码签名算法不是ES256", f"algorithm {algorithm} with a kid of {len(kid)} bytes"))
    cose.check_es256(sign1.signature)
    digest = sha256(cose.sig_structure(sign1.protected, _aad(host, sid), sign1.payload)).digest()
    return Scanned(origin, host, sid, kid, _decode_facts(sign1.payload), digest, sign1.signature)


def _aad(host: str, sid: str) -> bytes:
    return f"certgen-1|{host}|{sid}".encode()


def _encode_facts(facts: QrFacts) -> bytes:
    """Encode the map; written out, since `encode_cbor` of a dictionary would take twice the time."""
    _check(facts)
    items = [b"\x01", _tstr(facts.kind), b"\x02", _tstr(facts.number), b"\x03", _tstr(facts.holder)]
    if facts.holder_cut:
        items += b"\x04", b"\xf5"
    if facts.uscc:
        items += b"\x05", _tstr(facts.uscc)
    items += b"\x06", cose.head(0, facts.issued_on.toordinal() - _EPOCH)
    if facts.valid_until is not None:
        items += b"\x07", cose.head(0, facts.valid_until.toordinal() - _EPOCH)
    items += b"\x08", cose.head(0, facts.shard), b"\x09", cose.head(0, facts.index)
    items += b"\x0a\x50", facts.record_digest
    return cose.head(5, len(items) // 2) + b"".join(items)


def _tstr(text: str) -> bytes:
    data = text.encode()
    return cose.head(3, len(data)) + data


def _decode_facts(payload: bytes) -> QrFacts:
    fields = cose.decode_cbor(payload)
    if not isinstance(fields, dict):
        raise FormatError(Text("二维码内容不是映射", "the payload is not a map"))
    facts = QrFacts(
        kind=_typed(fields, 1, str),
        number=_typed(fields, 2, str),
        holder=_typed(fields, 3, str),
        holder_cut=4 in fields and _typed(fields, 4, bool),
        uscc=_typed(fields, 5, str) if 5 in fields else "",
        issued_on=_day(_typed(fields, 6, int)),
        valid_until=_day(_typed(fields, 7, int)) if 7 in fields else None,
        shard=_typed(fields, 8, int),
        index=_typed(fields, 9, int),
        record_digest=_typed(fields, 10, bytes),
    )
    if _encode_facts(facts) != payload:  # unknown keys, a false that should be absent, …
        raise FormatError(Text("二维码内容编码不规范", "the payload is not as we would have encoded it"))
    return facts


def _typed(fields: dict[int | str, cose.Cbor], key: int, wanted: type[_T]) -> _T:
    value = fields.get(key)
    if type(value) is not wanted:  # not isinstance: True is no number here
        raise FormatError(Text(f"二维码第{key}项类型不对", f"item {key} is not {wanted.__name__}"))
    return value


def _day(days: int) -> date:
    if not 0 <= days <= _LAST_DAY:
        raise FormatError(Text("日期超出范围", f"day {days} since 1970-01-01 is out of range"))
    return date.fromordinal(days + _EPOCH)


def _check(facts: QrFacts) -> None:
    """Hold writer and reader to the same bounds."""
    for name, value, most in (("kind", facts.kind, 64), ("number", facts.number, 64), ("holder", facts.holder, 64)):
        if not value or len(value) > most or _UNWANTED.search(value):
            raise FormatError(Text(f"{name}为空、过长或含控制字符", f"{name} is empty, too long or holds controls"))
    size = len(facts.holder.encode())
    if facts.holder_cut:
        # Cut on a character of at most 4 bytes: 57 to 60 bytes are left, and the … takes 3.
        is_good = facts.holder.endswith("…") and HOLDER_BYTES <= size <= HOLDER_BYTES + 3
    else:
        is_good = size <= HOLDER_BYTES
    if not is_good:
        raise FormatError(Text("持证人名称未按规则截短", f"holder of {size} bytes is not as holder_of would give it"))
    if facts.uscc and not _USCC.fullmatch(facts.uscc):
        raise FormatError(Text("统一社会信用代码格式不对", "uscc is not 18 characters of the USCC alphabet"))
    if not 0 <= facts.shard < 1 << 32 or not 0 <= facts.index < _LIST_SLOTS:
        raise FormatError(Text("状态列表位置超出范围", f"slot {facts.shard}/{facts.index} is out of range"))
    if len(facts.record_digest) != 16:
        raise FormatError(Text("记录摘要应为16字节", f"record digest of {len(facts.record_digest)} bytes, wanted 16"))
    if facts.issued_on.toordinal() < _EPOCH or (facts.valid_until and facts.valid_until.toordinal() < _EPOCH):
        raise FormatError(Text("日期早于1970年", "a day before 1970-01-01"))


def _bad_sid(sid: str) -> FormatError:
    return FormatError(Text("证照标识不规范", f"sid {sid[:20]!r} is not 12 characters of Crockford base32"))
