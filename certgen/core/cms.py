"""The signature container of our PDFs: CMS SignedData (RFC 5652) in DER, byte for byte one shape.

    SEQUENCE { signedData, [0] { SEQUENCE {
        1, SET { sha256 }, SEQUENCE { data },                      -- no eContent
        [0] { seal certificate, issuing CA },                      -- the pinned bag, in DER order
        SET { SEQUENCE {                                           -- one SignerInfo
            1, issuer and serial number, sha256,
            [0] { contentType, cmsAlgorithmProtection, messageDigest, signingCertificateV2 },  -- in DER order
            ecdsa-with-SHA256 | sha256WithRSAEncryption NULL, OCTET STRING signature } } } } }

Everything but the message digest and the signature is known when a signer is enrolled, so a message is
put together from three pieces; nothing else is accepted. Rules: C1 DER, C2 kind and version, C3 digest
algorithms, C4 no content, C5 the certificate bag, C6 one signer, C7 algorithms, C8 signed attributes,
C9 no unsigned ones, C10 s ≤ n/2.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from certgen.core.der import (
    BIT_STRING,
    INTEGER,
    NULL,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    Reader,
    header,
    integer,
    measure,
    oid,
    tlv,
)
from certgen.core.errors import FormatError, Text, VerificationError

Algorithm = Literal["ES256", "RS256"]

HALF_ORDER = bytes.fromhex("7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8")  # n/2 of P-256
_SIGNED_DATA, _DATA = oid("1.2.840.113549.1.7.2"), oid("1.2.840.113549.1.7.1")
_CONTENT_TYPE, _MESSAGE_DIGEST = oid("1.2.840.113549.1.9.3"), oid("1.2.840.113549.1.9.4")
_ESS_V2, _PROTECTION = oid("1.2.840.113549.1.9.16.2.47"), oid("1.2.840.113549.1.9.52")
_SHA256 = tlv(SEQUENCE, oid("2.16.840.1.101.3.4.2.1"))  # no parameters (RFC 5754, section 2)
_ALGORITHMS: dict[Algorithm, bytes] = {
    "ES256": tlv(SEQUENCE, oid("1.2.840.10045.4.3.2")),
    "RS256": tlv(SEQUENCE, oid("1.2.840.113549.1.1.11"), tlv(NULL)),
}
_ONE = tlv(INTEGER, b"\x01")
_TAG_0, _TAG_1 = 0xA0, 0xA1
_LONGEST_ECDSA = 71  # r may need a leading zero octet, s ≤ n/2 never does
_USUAL_ECDSA = range(64, _LONGEST_ECDSA + 1)  # shorter ones come up once in 2^32 signatures
# what stands before the bag: three outer headers of four octets (a bag has 256 octets or more), then fixed values
_OPENING = _ONE + tlv(SET, _SHA256) + tlv(SEQUENCE, _DATA)
_BAG_AT = 4 + len(_SIGNED_DATA) + 4 + 4 + len(_OPENING)


@dataclass(frozen=True, slots=True)
class CmsParts:
    """What a container says. `signature` is raw r‖s or the RSA block; `certificate` is the signer's."""

    certificates: tuple[bytes, ...]
    certificate: bytes
    issuer_serial: bytes
    algorithm: Algorithm
    message_digest: bytes
    signed_attributes: bytes
    signature: bytes


class CmsProfile:
    """Everything about the containers of one signer that does not change from document to document."""

    __slots__ = ("_attributes", "_between", "_heads", "_raw_size", "_signer", "algorithm", "bag", "certificate")

    def __init__(self, certificate: bytes, chain: tuple[bytes, ...], algorithm: Algorithm) -> None:
        """Lay the templates out. Certificates are DER, without the root. Raises FormatError."""
        self.certificate, self.algorithm = certificate, algorithm
        issuer_serial, self._raw_size = _read_certificate(certificate, algorithm)
        self.bag = bag_of(certificate, chain)
        marker = sha256(b"where the message digest stands").digest()
        before, after = _attribute_set(certificate, algorithm, marker).split(marker)
        self._attributes = (before, after)
        self._between = after + _ALGORITHMS[algorithm]
        # inside the message the same attributes are tagged [0] instead of SET (RFC 5652, section 5.3)
        self._signer = _ONE + issuer_serial + _SHA256 + bytes((_TAG_0,)) + before[1:]
        sizes = _USUAL_ECDSA if algorithm == "ES256" else (self._raw_size,)
        self._heads = {size: self._head(size) for size in sizes}

    @property
    def max_size(self) -> int:
        """The largest container `encode` can write, in octets."""
        return len(self._assemble(bytes(32), bytes(max(self._heads))))

    def signed_attributes(self, message_digest: bytes) -> bytes:
        """Give the DER SET OF attributes that is hashed and signed (RFC 5652, section 5.4)."""
        return message_digest.join(self._attributes)

    def encode(self, message_digest: bytes, signature: bytes) -> bytes:
        """Put a container together from a SHA-256 digest and a raw signature.

        Raises FormatError for a signature or digest of the wrong length, and for s > n/2.
        """
        if len(signature) != self._raw_size or len(message_digest) != 32:
            raise FormatError(f"a signature of {len(signature)} octets where {self._raw_size} were wanted")
        if self.algorithm == "RS256":
            return self._assemble(message_digest, signature)
        if signature[32:] > HALF_ORDER:
            raise FormatError("the ECDSA signature has s above n/2")
        return self._assemble(message_digest, tlv(SEQUENCE, integer(signature[:32]), integer(signature[32:])))

    def decode(self, der: bytes) -> tuple[bytes, bytes]:
        """Give message digest and raw signature of a container that `encode` would have written.

        Raises VerificationError naming the rule that any other container breaks.
        """
        lead = len(self._heads[max(self._heads)])
        try:
            start = lead + 32 + len(self._between)
            value = der[measure(der, start)[1] :]
            digest, raw = der[lead : lead + 32], value if self.algorithm == "RS256" else _raw_signature(value)
            if self.encode(digest, raw) == der:
                return digest, raw
        except FormatError:
            pass  # the slow path says which rule it was
        parts = decode(der)
        if parts.algorithm != self.algorithm:
            raise _wrong("C7", "签名算法与登记的不同", "the algorithm is not the one enrolled for this seal")
        if parts.certificates != tuple(_each(self.bag)):
            raise _wrong("C5", "证书与登记的不同", "the certificates are not the ones enrolled for this seal")
        return parts.message_digest, parts.signature

    def _head(self, size: int) -> bytes:
        """Write everything before the message digest, for a signature value of `size` octets."""
        rest = 32 + len(self._between) + len(header(OCTET_STRING, size)) + size
        info = header(SEQUENCE, len(self._signer) + rest) + self._signer
        infos = header(SET, len(info) + rest) + info
        inner = _OPENING + self.bag + infos
        data = header(SEQUENCE, len(inner) + rest) + inner
        explicit = _SIGNED_DATA + header(_TAG_0, len(data) + rest) + data
        return header(SEQUENCE, len(explicit) + rest) + explicit

    def _assemble(self, message_digest: bytes, value: bytes) -> bytes:
        size = len(value)
        head = self._heads.get(size) or self._head(size)
        return b"".join((head, message_digest, self._between, header(OCTET_STRING, size), value))


def bag_of(certificate: bytes, chain: tuple[bytes, ...]) -> bytes:
    """Write the certificate bag of a signer."""
    return tlv(_TAG_0, *sorted((certificate, *chain)))


def peek_bag(der: bytes) -> bytes:
    """Take the certificate bag from where our containers have it, to look a signer up; nothing is checked.

    Raises FormatError when no DER value stands there.
    """
    return der[_BAG_AT : measure(der, _BAG_AT)[2]]


def decode(der: bytes) -> CmsParts:
    """Read a container of any signer, by rules C1 to C10 (of C5 only the order: nobody is pinned here).

    Raises VerificationError naming the first rule that fails.
    """
    try:
        parts = _read(der)
        others = tuple(c for c in parts.certificates if c != parts.certificate)
        again = CmsProfile(parts.certificate, others, parts.algorithm).encode(parts.message_digest, parts.signature)
    except FormatError as fault:
        raise _wrong("C1", "签名数据不是规范的 DER 编码", f"the container is not strict DER: {fault}") from fault
    if again != der:
        raise _wrong("C1", "签名数据不是本系统所写的形式", "the container is not as we write it")
    return parts


def _read(der: bytes) -> CmsParts:
    outer = Reader(der)
    info = outer.inside(SEQUENCE)
    outer.done()
    if info.raw(OID) != _SIGNED_DATA:
        raise _wrong("C2", "不是签名数据", "the container is not signed data")
    explicit = info.inside(_TAG_0)
    info.done()
    data = explicit.inside(SEQUENCE)
    explicit.done()
    if data.raw(INTEGER) != _ONE:
        raise _wrong("C2", "签名数据版本不是 1", "the version of the signed data is not 1")
    if data.raw(SET) != tlv(SET, _SHA256):
        raise _wrong("C3", "摘要算法不是唯一的 SHA-256", "the digest algorithms are not SHA-256 alone")
    if data.raw(SEQUENCE) != tlv(SEQUENCE, _DATA):
        raise _wrong("C4", "签名数据夹带内容", "the container carries content of its own")
    certificates = tuple(_each(data.raw(_TAG_0)))
    if data.peek() != SET or tuple(sorted(set(certificates))) != certificates:
        raise _wrong("C5", "证书重复、次序不对或附带吊销列表", "certificates are doubled, out of order, or not alone")
    infos = data.inside(SET)
    data.done()
    signer = infos.inside(SEQUENCE)
    if infos.more():
        raise _wrong("C6", "签名者不止一个", "there is more than one signer")
    return _read_signer(signer, certificates)


def _read_signer(signer: Reader, certificates: tuple[bytes, ...]) -> CmsParts:
    if signer.raw(INTEGER) != _ONE or signer.peek() != SEQUENCE:
        raise _wrong("C6", "签名者不是以颁发者和序列号指明", "the signer is not named by issuer and serial number")
    issuer_serial = signer.raw(SEQUENCE)
    if signer.raw(SEQUENCE) != _SHA256:
        raise _wrong("C7", "摘要算法不是 SHA-256", "the digest algorithm is not SHA-256 without parameters")
    if signer.peek() != _TAG_0:
        raise _wrong("C8", "没有签名属性", "there are no signed attributes")
    attributes = bytes((SET,)) + signer.raw(_TAG_0)[1:]
    wanted = signer.raw(SEQUENCE)
    algorithm = next((name for name, value in _ALGORITHMS.items() if value == wanted), None)
    if algorithm is None:
        raise _wrong("C7", "签名算法不被接受", "the signature algorithm is not one of ours")
    signature = signer.contents(OCTET_STRING)
    if signer.more():
        raise _wrong("C9", "带有未签名的附加属性", "there are unsigned attributes")
    named = [c for c in certificates if _read_certificate(c)[0] == issuer_serial]
    if not named:
        raise _wrong("C6", "签名者的证书不在其中", "the signer's certificate is not in the bag")
    if len(named) > 1:
        raise _wrong("C5", "两张证书同名同号", "two certificates share an issuer and a serial number")
    certificate = named[0]
    digest = _message_digest(attributes)
    if attributes != _attribute_set(certificate, algorithm, digest):
        raise _wrong("C8", "签名属性不是规定的四项", "the signed attributes are not exactly the four we write")
    raw = _raw_signature(signature) if algorithm == "ES256" else signature
    if algorithm == "ES256" and raw[32:] > HALF_ORDER:
        raise _wrong("C10", "签名值可变形（s 大于 n/2）", "the signature is malleable (s is above n/2)")
    return CmsParts(certificates, certificate, issuer_serial, algorithm, digest, attributes, raw)


def _attribute_set(certificate: bytes, algorithm: Algorithm, message_digest: bytes) -> bytes:
    ess = tlv(SEQUENCE, tlv(SEQUENCE, tlv(SEQUENCE, tlv(OCTET_STRING, sha256(certificate).digest()))))  # RFC 5035
    protection = tlv(SEQUENCE, _SHA256, bytes((_TAG_1,)) + _ALGORITHMS[algorithm][1:])  # RFC 6211
    pairs = (
        (_CONTENT_TYPE, _DATA),
        (_MESSAGE_DIGEST, tlv(OCTET_STRING, message_digest)),
        (_ESS_V2, ess),
        (_PROTECTION, protection),
    )
    return tlv(SET, *sorted(tlv(SEQUENCE, kind, tlv(SET, value)) for kind, value in pairs))


def _message_digest(attributes: bytes) -> bytes:
    """Find the digest among attributes; zeros when it is missing, for the comparison to refuse."""
    inside = Reader(attributes).inside(SET)
    while inside.more():
        attribute = inside.inside(SEQUENCE)
        if attribute.raw(OID) == _MESSAGE_DIGEST:
            return attribute.inside(SET).contents(OCTET_STRING)
    return bytes(32)


def _read_certificate(certificate: bytes, algorithm: Algorithm = "ES256") -> tuple[bytes, int]:
    """Give issuerAndSerialNumber, DER, and the length of the raw signatures the key makes."""
    tbs = Reader(certificate).inside(SEQUENCE).inside(SEQUENCE)
    if tbs.peek() == _TAG_0:
        tbs.raw(_TAG_0)
    serial, _, issuer, _, _ = (tbs.raw(tag) for tag in (INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE))
    named = tlv(SEQUENCE, issuer, serial)
    if algorithm == "ES256":
        return named, 64
    key = tbs.inside(SEQUENCE)
    key.raw(SEQUENCE)
    modulus = Reader(key.contents(BIT_STRING)[1:]).inside(SEQUENCE).contents(INTEGER)
    return named, len(modulus.lstrip(b"\0"))


def _raw_signature(value: bytes) -> bytes:
    """Turn ECDSA-Sig-Value (RFC 3279, section 2.2.3) into r‖s. Raises FormatError."""
    outer = Reader(value)
    pair = outer.inside(SEQUENCE)
    outer.done()
    r, s = pair.contents(INTEGER), pair.contents(INTEGER)
    pair.done()
    raw = b"".join(part.lstrip(b"\0").rjust(32, b"\0") for part in (r, s))
    if len(raw) != 64 or tlv(SEQUENCE, integer(raw[:32]), integer(raw[32:])) != value:
        raise FormatError("the ECDSA signature value is not two positive integers of 32 octets")
    return raw


def _each(bag: bytes) -> list[bytes]:
    inside, found = Reader(bag).inside(bag[0]), []
    while inside.more():
        found.append(inside.raw(SEQUENCE))
    return found


def _wrong(rule: str, zh: str, en: str) -> VerificationError:
    return VerificationError(rule, Text(zh, en))
