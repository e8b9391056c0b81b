"""The trust list: which key may sign what, for whom and when; signed by the root key. Both directions.

A COSE_Sign1 (see `certgen.core.cose`), ES256 by the root key, external_aad `certgen-trust-1`. The payload::

    {0: 1,                          version of this format
     1: issued_at,                  uint, seconds since 1970-01-01 UTC; so are all times here
     2: ttl_s,                      uint, seconds after which a verifier should want a newer list
     3: [host[:port], …],           whose QR texts count; the current one first
     4: [entry, …]}

    entry {1: use                   0 seal, 1 qr, 2 status
           2: algorithm             -7 ES256, -257 RS256
           3: authority             tstr, its division id
           4: [zh, en]              its name
           5: [kind, …]             ["*"] for every kind
           6: SubjectPublicKeyInfo  bstr, DER
           7: certificate           bstr, DER; absent but for seals
           8: [issuing CA, …]       bstr, DER, without the root; likewise
           9: not_before            10: not_after, both included
          11: compromised_at        absent when the key is not known to be compromised
          12: specimen              bool}

Fingerprint and kid are computed, never written: two statements of one fact could disagree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Literal

from certgen.core import cose, es256
from certgen.core.errors import FormatError, Text, VerificationError
from certgen.core.model import Signer, Use

AAD = b"certgen-trust-1"
EVERY_KIND = ("*",)
_VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253402300799  # 9999-12-31T23:59:59Z, the last second a datetime holds
_USES: tuple[Use, ...] = ("seal", "qr", "status")
_ALGORITHMS: dict[int, Literal["ES256", "RS256"]] = {cose.ES256: "ES256", cose.RS256: "RS256"}
_CODES = {name: code for code, name in _ALGORITHMS.items()}


@dataclass(frozen=True, slots=True)
class TrustEntry:
    """One key and what it may sign. `entry_of` fills in `fingerprint` and `kid`.

    `fingerprint` is SHA-256 of the certificate for a seal, of the SPKI for any other key; `kid` the first 4 bytes
    of SHA-256 of the SPKI. Times are UTC in whole seconds; the window includes both ends.
    """

    fingerprint: bytes
    kid: bytes
    use: Use
    algorithm: Literal["ES256", "RS256"]
    authority: str
    authority_name: Text
    kinds: tuple[str, ...]
    spki: bytes
    certificate: bytes
    chain: tuple[bytes, ...]
    not_before: datetime
    not_after: datetime
    compromised_at: datetime | None
    specimen: bool

    def may_sign(self, kind: str, at: datetime) -> bool:
        """Say whether the key was good for this kind of document at that moment, and not yet compromised."""
        in_window = self.not_before <= at.replace(microsecond=0) <= self.not_after
        is_whole = self.compromised_at is None or at < self.compromised_at
        return in_window and is_whole and (kind in self.kinds or self.kinds == EVERY_KIND)


@dataclass(frozen=True, slots=True)
class TrustList:
    """Everybody whose signature counts. `hosts` has the current one first, former ones after it."""

    issued_at: datetime
    ttl_s: int
    hosts: tuple[str, ...]
    entries: tuple[TrustEntry, ...]

    def find(self, fingerprint: bytes) -> TrustEntry | None:
        """Give the entry with this fingerprint."""
        return next((entry for entry in self.entries if entry.fingerprint == fingerprint), None)

    def of_kid(self, use: Use, kid: bytes) -> TrustEntry | None:
        """Give the entry of a key without a certificate."""
        return next((entry for entry in self.entries if entry.use == use and entry.kid == kid), None)

    def is_fresh(self, now: datetime) -> bool:
        """Say whether the list is younger than its time to live."""
        return (now - self.issued_at).total_seconds() < self.ttl_s


def entry_of(
    *,
    use: Use,
    algorithm: Literal["ES256", "RS256"],
    authority: str,
    authority_name: Text,
    kinds: tuple[str, ...],
    spki: bytes,
    certificate: bytes,
    chain: tuple[bytes, ...],
    not_before: datetime,
    not_after: datetime,
    compromised_at: datetime | None,
    specimen: bool,
) -> TrustEntry:
    """Make an entry, its fingerprint and kid computed. Raises FormatError for one that contradicts itself."""
    kid = sha256(spki).digest()[:4]
    fingerprint = sha256(certificate or spki).digest()
    entry = TrustEntry(
        fingerprint, kid, use, algorithm, authority, authority_name, kinds, spki, certificate, chain,
        not_before, not_after, compromised_at, specimen,
    )  # fmt: skip
    _check_entry(entry)
    return entry


def encode(trust: TrustList, signer: Signer) -> bytes:
    """Write the list and sign it with the root key. Raises FormatError for a list `decode` would refuse."""
    if signer.algorithm != "ES256":
        raise FormatError(Text("根密钥应为 P-256", f"the root key signs {signer.algorithm}, wanted ES256"))
    for entry in trust.entries:
        _check_entry(entry)
    _check_list(trust)
    payload = cose.encode_cbor(_list_map(trust))
    protected = _protected(signer.public_key)
    digest = sha256(cose.sig_structure(protected, AAD, payload)).digest()
    return cose.sign1(protected, payload, signer.sign(digest))


def decode(data: bytes, root_spki: bytes) -> TrustList:
    """Read a list that the root key signed; nothing of the payload is looked at before the signature holds.

    Raises FormatError for bytes `encode` would not have written, VerificationError (rule T1) for a list that
    another key signed or that was changed. Whether the list is fresh is the caller's question.
    """
    parts = cose.parse1(data)
    cose.parse_protected(parts.protected)
    cose.check_es256(parts.signature)
    if parts.protected != _protected(root_spki):
        raise VerificationError(
            "T1", Text("信任清单不是由本系统根密钥签发", "another key than our root signed the trust list")
        )
    _check_signature(parts, root_spki)
    return _read_list(parts.payload)


def _check_signature(parts: cose.Sign1, root_spki: bytes) -> None:
    digest = sha256(cose.sig_structure(parts.protected, AAD, parts.payload)).digest()
    if not es256.is_signed(root_spki, parts.signature, digest):
        raise VerificationError("T1", Text("信任清单的签名不正确", "the trust list's signature does not hold"))


def _protected(spki: bytes) -> bytes:
    return cose.protected_header(cose.ES256, sha256(spki).digest()[:4])


def _list_map(trust: TrustList) -> cose.Cbor:
    entries = tuple(map(_entry_map, trust.entries))
    fields: dict[int | str, cose.Cbor] = {0: _VERSION, 1: _seconds(trust.issued_at), 2: trust.ttl_s}
    return fields | {3: trust.hosts, 4: entries}


def _entry_map(entry: TrustEntry) -> cose.Cbor:
    fields: dict[int | str, cose.Cbor] = {
        1: _USES.index(entry.use),
        2: _CODES[entry.algorithm],
        3: entry.authority,
        4: entry.authority_name,
        5: entry.kinds,
        6: entry.spki,
        9: _seconds(entry.not_before),
        10: _seconds(entry.not_after),
        12: entry.specimen,
    }
    if entry.use == "seal":
        fields |= {7: entry.certificate, 8: entry.chain}
    if entry.compromised_at is not None:
        fields[11] = _seconds(entry.compromised_at)
    return fields


def _read_list(payload: bytes) -> TrustList:
    fields = cose.decode_cbor(payload)
    if not isinstance(fields, dict) or fields.get(0) != _VERSION:
        raise FormatError(Text("信任清单版本未知", "a trust list of an unknown version"))
    trust = TrustList(
        issued_at=_moment(fields, 1),
        ttl_s=_uint(fields, 2),
        hosts=_texts(fields, 3),
        entries=tuple(_read_entry(entry) for entry in _array(fields, 4)),
    )
    _check_list(trust)
    if cose.encode_cbor(_list_map(trust)) != payload:  # unknown keys, a compromise of a null date …
        raise FormatError(Text("信任清单编码不规范", "the trust list is not as we would have encoded it"))
    return trust


def _read_entry(fields: cose.Cbor) -> TrustEntry:
    if not isinstance(fields, dict):
        raise FormatError(Text("信任清单条目不是映射", "an entry of the trust list is not a map"))
    use, algorithm, name = fields.get(1), fields.get(2), _texts(fields, 4)
    if type(use) is not int or not 0 <= use < len(_USES) or type(algorithm) is not int or algorithm not in _ALGORITHMS:
        raise FormatError(Text("用途或算法未知", "an entry with an unknown use or algorithm"))
    if len(name) != 2:
        raise FormatError(Text("机构名称应为中英文各一", "an authority's name is not in two languages"))
    is_seal = _USES[use] == "seal"
    return entry_of(
        use=_USES[use],
        algorithm=_ALGORITHMS[algorithm],
        authority=_text(fields.get(3)),
        authority_name=Text(*name),
        kinds=_texts(fields, 5),
        spki=_bytes(fields.get(6)),
        certificate=_bytes(fields.get(7)) if is_seal else b"",
        chain=tuple(map(_bytes, _array(fields, 8))) if is_seal else (),
        not_before=_moment(fields, 9),
        not_after=_moment(fields, 10),
        compromised_at=_moment(fields, 11) if 11 in fields else None,
        specimen=_bool(fields.get(12)),
    )


def _check_list(trust: TrustList) -> None:
    """Hold writer and reader to the same: a life, a host, and no key twice."""
    if trust.ttl_s <= 0 or not trust.hosts or not all(trust.hosts):
        raise FormatError(Text("信任清单缺少有效期或网址", "a trust list without a time to live or a host"))
    _seconds(trust.issued_at)
    for keys in ({entry.fingerprint for entry in trust.entries}, {(entry.use, entry.kid) for entry in trust.entries}):
        if len(keys) != len(trust.entries):
            raise FormatError(
                Text("信任清单中有重复的密钥", "two entries of the trust list share a fingerprint or kid")
            )


def _check_entry(entry: TrustEntry) -> None:
    """Refuse an entry that contradicts itself. Raises FormatError."""
    is_seal = entry.use == "seal"
    for is_good, wanted in (
        (bool(entry.authority and entry.kinds and all(entry.kinds)), "an authority and kinds"),
        ("*" not in entry.kinds or entry.kinds == EVERY_KIND, "'*' or names of kinds"),
        (bool(entry.spki), "a public key"),
        (bool(entry.certificate and entry.chain) == is_seal, "a certificate and its issuer for seals alone"),
        (bool(entry.certificate or entry.chain) == is_seal, "a certificate and its issuer for seals alone"),
        (entry.spki in entry.certificate or not is_seal, "the certificate's own public key"),
        (is_seal or entry.algorithm == "ES256", "ES256 for keys without a certificate"),
        (entry.kid == sha256(entry.spki).digest()[:4], "the kid of the public key"),
        (entry.fingerprint == sha256(entry.certificate or entry.spki).digest(), "the fingerprint of the key"),
        (_seconds(entry.not_before) <= _seconds(entry.not_after), "a window that opens before it closes"),
    ):
        if not is_good:
            raise FormatError(Text("信任清单条目自相矛盾", f"trust entry of {entry.authority!r}: wanted {wanted}"))


def _seconds(moment: datetime) -> int:
    """Count whole seconds since 1970. Raises FormatError for a naive time or a fraction."""
    if moment.tzinfo is None or moment.microsecond or moment < _EPOCH:
        raise FormatError(Text("时间应为带时区的整秒", f"time {moment.isoformat()}, wanted aware and in whole seconds"))
    return (moment - _EPOCH) // timedelta(seconds=1)


def _moment(fields: Mapping[int | str, cose.Cbor], key: int) -> datetime:
    seconds = _uint(fields, key)
    if seconds > _LATEST:
        raise FormatError(Text("时间超出范围", f"second {seconds} since 1970 is out of range"))
    return _EPOCH + timedelta(seconds=seconds)


def _uint(fields: Mapping[int | str, cose.Cbor], key: int) -> int:
    value = fields.get(key)
    if type(value) is not int or value < 0:  # not isinstance: True is no number here
        raise _wrong_type("uint", value)
    return value


def _array(fields: Mapping[int | str, cose.Cbor], key: int) -> tuple[cose.Cbor, ...]:
    value = fields.get(key)
    if not isinstance(value, tuple):
        raise _wrong_type("array", value)
    return value


def _texts(fields: Mapping[int | str, cose.Cbor], key: int) -> tuple[str, ...]:
    return tuple(map(_text, _array(fields, key)))


def _text(value: cose.Cbor) -> str:
    if not isinstance(value, str):
        raise _wrong_type("tstr", value)
    return value


def _bytes(value: cose.Cbor) -> bytes:
    if not isinstance(value, bytes):
        raise _wrong_type("bstr", value)
    return value


def _bool(value: cose.Cbor) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type("bool", value)
    return value


def _wrong_type(wanted: str, value: cose.Cbor) -> FormatError:
    return FormatError(
        Text("信任清单中有类型不对的项", f"{wanted} wanted in the trust list, found {type(value).__name__}")
    )
