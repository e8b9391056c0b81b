"""Who sealed it: from the certificate bag to our root, once for each distinct bag (rules T2 and T3).

root (pinned, never in a bag) ── issuing CA: CA, path length 0, keyCertSign
└── seal: not a CA, digitalSignature, emailProtection + documentSigning +
our own usage, one of our policies, P-256 or RSA of 2048 bits and more
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from certgen.core import oids
from certgen.core.cms import Algorithm, CmsProfile, bag_of, decode, peek_bag
from certgen.core.errors import FormatError, Text, VerificationError
from certgen.core.trustlist import TrustEntry, TrustList

_MAX_SEALERS = 256  # distinct bags kept; then all are forgotten
_SHA256 = SHA256()
_PREHASHED = ECDSA(Prehashed(_SHA256))
_PKCS1 = PKCS1v15()
_USAGES = {
    ExtendedKeyUsageOID.EMAIL_PROTECTION,  # without it poppler-based readers refuse to trust a seal
    x509.ObjectIdentifier(oids.DOCUMENT_SIGNING),
    x509.ObjectIdentifier(oids.SEAL_USAGE),
}
_POLICIES = {x509.ObjectIdentifier(oids.OFFICIAL_POLICY), x509.ObjectIdentifier(oids.SPECIMEN_POLICY)}
_UNDERSTOOD = {
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.CERTIFICATE_POLICIES,
}
PublicKey = EllipticCurvePublicKey | RSAPublicKey
_Kind = TypeVar("_Kind", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class Sealer:
    """One signer, examined: what its containers look like, its key, and what is wrong with its chain.

    `entry` is None for a stranger. `windows` are the lives of its certificates, both ends included.
    """

    profile: CmsProfile
    key: PublicKey
    entry: TrustEntry | None
    windows: tuple[tuple[datetime, datetime], ...]
    fault: VerificationError | None


class Sealers:
    """Everybody who may have sealed a document, examined when first met."""

    __slots__ = ("_enrolled", "_known", "_root", "_trust")

    def __init__(self, root_spki: bytes, root_certificate: bytes, trust: TrustList | None) -> None:
        """Pin the root. Raises FormatError when certificate and key are not of one root."""
        self._root, self._trust = _load(root_certificate), trust
        if _spki(self._root) != root_spki:
            raise FormatError(Text("根证书与根公钥不符", "the root certificate is not for the root's public key"))
        seals = [entry for entry in trust.entries if entry.use == "seal"] if trust else []
        self._enrolled = {bag_of(entry.certificate, entry.chain): entry for entry in seals}
        self._known: dict[bytes, Sealer] = {}

    def of(self, container: bytes) -> Sealer:
        """Find who made a container. Raises VerificationError (C…) when it is not as anybody of ours writes it."""
        try:
            bag = peek_bag(container)
        except FormatError:
            bag = b""
        known = self._known.get(bag)
        if known is None:
            known = self._meet(bag, container)
            if len(self._known) >= _MAX_SEALERS:
                self._known = {}
            self._known[bag] = known
        return known

    def _meet(self, bag: bytes, container: bytes) -> Sealer:
        entry = self._enrolled.get(bag)
        if entry is not None:
            return self._examine(entry.certificate, entry.chain, entry.algorithm, entry)
        # nobody enrolled this bag: look at it all the same, so that the report can say what it is
        parts = decode(container)
        if self._trust and self._trust.find(sha256(parts.certificate).digest()):
            raise _wrong("C5", "证书与登记的不同", "the certificates are not those enrolled for this seal")
        issuers = tuple(c for c in parts.certificates if c != parts.certificate)
        return self._examine(parts.certificate, issuers, parts.algorithm, None)

    def _examine(
        self, certificate: bytes, chain: tuple[bytes, ...], algorithm: Algorithm, entry: TrustEntry | None
    ) -> Sealer:
        fault: VerificationError | None = None
        seal, issuers = _load(certificate), tuple(map(_load, chain))
        try:
            _check_path(seal, issuers, self._root)
            _check_issuer(issuers[0])
            _check_seal(seal, entry)
        except VerificationError as found:
            fault = found
        windows = tuple((c.not_valid_before_utc, c.not_valid_after_utc) for c in (seal, *issuers))
        return Sealer(CmsProfile(certificate, chain, algorithm), _key(seal, algorithm), entry, windows, fault)


def verify_signature(key: PublicKey, signature: bytes, digest: bytes) -> None:
    """Check a raw signature (r‖s, or an RSA block) over a SHA-256 digest. Raises InvalidSignature."""
    if isinstance(key, RSAPublicKey):
        key.verify(signature, digest, _PKCS1, Prehashed(_SHA256))
        return
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key.verify(encode_dss_signature(r, s), digest, _PREHASHED)


def _check_path(seal: x509.Certificate, issuers: tuple[x509.Certificate, ...], root: x509.Certificate) -> None:
    if len(issuers) != 1:
        raise _wrong("T2", "证书链不是一级", f"{len(issuers)} issuing certificates, wanted one")
    for child, parent in ((seal, issuers[0]), (issuers[0], root)):
        try:
            child.verify_directly_issued_by(parent)
        except (ValueError, TypeError, InvalidSignature) as fault:
            raise _wrong("T2", "证书链不通向本系统的根证书", "the certificates do not lead to our root") from fault
        if child.signature_hash_algorithm is None or child.signature_hash_algorithm.name != "sha256":
            raise _wrong("T2", "证书签名算法不被接受", "a certificate is not signed with SHA-256")


def _check_issuer(issuer: x509.Certificate) -> None:
    basic, usage = _extension(issuer, x509.BasicConstraints), _extension(issuer, x509.KeyUsage)
    if not basic.critical or not basic.value.ca or basic.value.path_length != 0:
        raise _wrong("T3", "颁发证书不是末级机构证书", "the issuer is not a CA with path length 0")
    if not usage.critical or not usage.value.key_cert_sign:
        raise _wrong("T3", "颁发证书不得签发证书", "the issuer's key usage does not let it sign certificates")
    _see_critical(issuer)


def _check_seal(seal: x509.Certificate, entry: TrustEntry | None) -> None:
    basic, usage = _extension(seal, x509.BasicConstraints), _extension(seal, x509.KeyUsage)
    if basic.value.ca:
        raise _wrong("T3", "机构证书被用来签章", "the certificate of a CA was used as a seal")
    if not usage.critical or not usage.value.digital_signature or usage.value.key_cert_sign:
        raise _wrong("T3", "印章证书的密钥用途不对", "the seal's key usage is not digital signature")
    if not set(_extension(seal, x509.ExtendedKeyUsage).value) >= _USAGES:
        raise _wrong("T3", "印章证书的扩展用途不对", "the seal's extended usage is not that of our documents")
    policies = {policy.policy_identifier for policy in _extension(seal, x509.CertificatePolicies).value}
    if len(policies & _POLICIES) != 1:
        raise _wrong("T3", "印章证书的策略不对", "the seal's policy is not one of ours")
    is_specimen = x509.ObjectIdentifier(oids.SPECIMEN_POLICY) in policies
    if entry is not None and entry.specimen != is_specimen:
        raise _wrong("T3", "样本印章与登记不符", "policy and trust list disagree on whether it is a specimen")
    _see_critical(seal)


def _see_critical(certificate: x509.Certificate) -> None:
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            raise _wrong("T3", "证书含有未知的关键扩展", f"critical extension {extension.oid.dotted_string} is unknown")


def _extension(certificate: x509.Certificate, kind: type[_Kind]) -> x509.Extension[_Kind]:
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except (x509.ExtensionNotFound, ValueError) as fault:
        raise _wrong("T3", "证书缺少必要的扩展", f"a certificate has no good {kind.__name__}") from fault


def _key(seal: x509.Certificate, algorithm: Algorithm) -> PublicKey:
    """Give the seal's key when it is of a kind we accept. Raises VerificationError (C7)."""
    key = seal.public_key()
    if algorithm == "ES256" and isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key
    if algorithm == "RS256" and isinstance(key, RSAPublicKey) and 2048 <= key.key_size <= 4096:
        return key
    raise _wrong("C7", "印章密钥不被接受", "the seal's key is not P-256, or RSA of 2048 to 4096 bits")


def _load(certificate: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(certificate)
    except ValueError as fault:
        raise _wrong("C5", "证书读不出来", "a certificate cannot be read") from fault


def _spki(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _wrong(rule: str, zh: str, en: str) -> VerificationError:
    return VerificationError(rule, Text(zh, en))
