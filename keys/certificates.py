"""The X.509 profile (RFC 5280) of our own authorities: root, issuing CA, seals.

    root         P-256, 20 years, CA pathLen 1, keyCertSign + cRLSign
    issuing CA   P-256, 10 years, CA pathLen 0, the policy of its seals
    seal         P-256 or RSA, 3 years, not a CA, digitalSignature + nonRepudiation,
                 EKU emailProtection + documentSigning + our own, our policy

No AIA and no CRL URLs: the verifier never fetches anything, and compromise stands in the trust list.
emailProtection is there because poppler-based readers do not trust a seal without it.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificatePolicies, ExtendedKeyUsage, PolicyInformation
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from certgen.core.errors import SigningError, Text
from certgen.core.oids import DOCUMENT_SIGNING, OFFICIAL_POLICY, SEAL_USAGE, SPECIMEN_POLICY
from keys.pkcs8 import PrivateKey

ROOT_YEARS: Final = 20
CA_YEARS: Final = 10
SEAL_YEARS: Final = 3
SPECIMEN_MARK: Final = "测试专用章"
_NAME_BYTES: Final = 64  # the library counts ub-common-name in UTF-8 bytes, so 21 hanzi

Algorithm = Literal["ES256", "RS256"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A private key and the certificate of its public half. Lives only as long as a ceremony."""

    key: PrivateKey = field(repr=False)
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        """The certificate's bytes."""
        return self.certificate.public_bytes(Encoding.DER)


def make_root(house: str, *, now: datetime, serial: int, specimen: bool) -> Pair:
    """Make the root key and its self-signed certificate; `house` is the organisation's name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _subject(house, _fit(f"{house} 根证书", specimen=specimen))
    builder = _begin(name, name, key, now, years_after(now, ROOT_YEARS), serial)
    return Pair(key, _authority(builder, path_length=1).sign(key, SHA256()))


def make_issuing_ca(root: Pair, house: str, *, now: datetime, serial: int, specimen: bool) -> Pair:
    """Make the CA that signs seals, certified by the root; its life ends no later than the root's."""
    key = ec.generate_private_key(ec.SECP256R1())
    end = min(years_after(now, CA_YEARS), root.certificate.not_valid_after_utc)
    name = _subject(house, _fit(f"{house} 签发证书", specimen=specimen))
    builder = _authority(_begin(name, root.certificate.subject, key, now, end, serial), path_length=0)
    builder = _with_issuer(builder, root).add_extension(_policy(specimen=specimen), critical=False)
    return Pair(key, builder.sign(_ec(root), SHA256()))


def make_seal(
    ca: Pair, name: str, *, algorithm: Algorithm, rsa_bits: int, now: datetime, serial: int, specimen: bool
) -> Pair:
    """Make an authority's electronic seal; its life ends no later than the CA's.

    `rsa_bits` (2048 or 3072) counts for RS256 alone. Raises SigningError for a name too long for a certificate.
    """
    key = _seal_key(algorithm, rsa_bits)
    end = min(years_after(now, SEAL_YEARS), ca.certificate.not_valid_after_utc)
    subject = _subject(name, _fit(f"{name} 电子印章", specimen=specimen))
    usages = [ExtendedKeyUsageOID.EMAIL_PROTECTION, *map(ObjectIdentifier, (DOCUMENT_SIGNING, SEAL_USAGE))]
    builder = (
        _with_issuer(_begin(subject, ca.certificate.subject, key, now, end, serial), ca)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(seal=True), critical=True)
        .add_extension(ExtendedKeyUsage(usages), critical=False)
        .add_extension(_policy(specimen=specimen), critical=False)
    )
    return Pair(key, builder.sign(_ec(ca), SHA256()))


def make_qr_key() -> ec.EllipticCurvePrivateKey:
    """Make a QR key: P-256, without a certificate; the trust list alone vouches for it."""
    return ec.generate_private_key(ec.SECP256R1())


def years_after(moment: datetime, years: int) -> datetime:
    """Give the same day `years` later in whole seconds UTC; 29 February becomes 28 February."""
    moment = moment.astimezone(UTC).replace(microsecond=0)
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, day=28)


def _seal_key(algorithm: Algorithm, rsa_bits: int) -> PrivateKey:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if rsa_bits not in (2048, 3072):
        raise SigningError(
            Text(f"RSA 位数应为 2048 或 3072，现为 {rsa_bits}", f"RSA of {rsa_bits} bits, wanted 2048 or 3072")
        )
    return rsa.generate_private_key(public_exponent=65537, key_size=rsa_bits)


def _fit(name: str, *, specimen: bool) -> str:
    """Mark a specimen's common name; where both words do not fit, the mark takes the place of the last word."""
    if specimen:
        marked = f"{name} {SPECIMEN_MARK}"
        name = marked if len(marked.encode()) <= _NAME_BYTES else f"{name.rpartition(' ')[0]} {SPECIMEN_MARK}"
    return name


def _subject(organisation: str, common: str) -> x509.Name:
    for value in (organisation, common):
        if len(value.encode()) > _NAME_BYTES:
            raise SigningError(
                Text(
                    f"名称“{value}”超过证书允许的 {_NAME_BYTES} 字节",
                    f"{value!r} is longer than {_NAME_BYTES} bytes of UTF-8",
                )
            )
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _begin(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, start: datetime, end: datetime, serial: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(start.astimezone(UTC).replace(microsecond=0))
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _authority(builder: x509.CertificateBuilder, *, path_length: int) -> x509.CertificateBuilder:
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return builder.add_extension(constraints, critical=True).add_extension(_usage(seal=False), critical=True)


def _with_issuer(builder: x509.CertificateBuilder, issuer: Pair) -> x509.CertificateBuilder:
    identifier = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
    )


def _policy(*, specimen: bool) -> CertificatePolicies:
    return CertificatePolicies(
        [PolicyInformation(ObjectIdentifier(SPECIMEN_POLICY if specimen else OFFICIAL_POLICY), None)]
    )


def _usage(*, seal: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=seal,
        content_commitment=seal,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not seal,
        crl_sign=not seal,
        encipher_only=False,
        decipher_only=False,
    )


def _ec(authority: Pair) -> ec.EllipticCurvePrivateKey:
    """Narrow an authority's key: root and CA are always P-256."""
    if not isinstance(authority.key, ec.EllipticCurvePrivateKey):
        raise SigningError(Text("根与签发密钥应为 P-256", "root and CA keys are on P-256"))
    return authority.key
