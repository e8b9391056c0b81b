"""An office whose keys, certificates and document never change, so that every vector can be made again.

Keys are derived from their names: whoever reads this has them, and nobody trusts them. The document is one of the
press's (`food-business`, for pre-printed paper), with more room for its signature; `genuine.pdf` is sealed with the
frozen seal.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from certgen.core import gap
from certgen.core.cms import CmsProfile
from certgen.core.errors import Text
from certgen.core.model import Signer
from certgen.core.trustlist import TrustEntry, TrustList
from keys.ceremony import seal_entry
from keys.certificates import Pair, make_issuing_ca, make_root, make_seal
from keys.signer import signer_of
from tests.verify.builder import HOST, NAME, NOW, Office, seal

VECTORS = Path(__file__).parents[2] / "vectors" / "pdf"
ROOM = 2150  # octets; for containers that carry more than they should
START = NOW - timedelta(days=365)
Extensions = Callable[[list[x509.Extension[x509.ExtensionType]]], list[x509.Extension[x509.ExtensionType]]]


def key_of(name: str) -> EllipticCurvePrivateKey:
    return derive_private_key(int.from_bytes(sha256(f"certgen test key: {name}".encode()).digest()), SECP256R1())


def weak_key() -> RSAPrivateKey:
    """RSA of 2048 bits with the exponent 3, which our ceremony never makes."""
    key = load_pem_private_key((VECTORS / "rsa-e3.key.pem").read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    return key


def certify(
    made: Pair,
    key: EllipticCurvePrivateKey | RSAPrivateKey,
    issuer: Pair | None,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    change: Extensions = lambda extensions: extensions,
) -> Pair:
    """Make the certificate `made` again for a frozen key, signed without chance by a frozen issuer (None: itself)."""
    old = made.certificate
    signer = issuer.key if issuer else key
    assert isinstance(signer, EllipticCurvePrivateKey)
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(issuer.certificate.subject if issuer else old.issuer)
        .public_key(key.public_key())
        .serial_number(old.serial_number)
        .not_valid_before(start or old.not_valid_before_utc)
        .not_valid_after(end or old.not_valid_after_utc)
    )
    for extension in change(list(old.extensions)):
        value = extension.value
        if isinstance(value, x509.SubjectKeyIdentifier):
            value = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        if isinstance(value, x509.AuthorityKeyIdentifier):
            value = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        builder = builder.add_extension(value, extension.critical)
    return Pair(key, builder.sign(signer, SHA256(), ecdsa_deterministic=True))


class Frozen(Office):
    """The office, and the seals of those who should not have one."""

    def __init__(self) -> None:
        self.start = START
        self.office = ("421200", Text(NAME, "Xianning"), ("*",))
        root = make_root("certgen", now=START, serial=100, specimen=True)
        self.root = certify(root, key_of("root"), None)
        self.ca = self._authority("ca", 101)
        self.seal = self.other("seal", 102)
        self.qr_key = key_of("qr")
        self.entry = seal_entry(self.office, self.seal, self.ca, specimen=True)
        self.signer = self.signer_with(self.seal, (self.ca.der,))
        self.qr_signer = signer_of(self.qr_key, b"", (), specimen=True, name="qr")
        self.weak = self.other("weak", 111, key=weak_key())
        self.expired = self.other("expired", 113, end=NOW - timedelta(days=90))
        self.early = self.other("not yet valid", 114, start=NOW + timedelta(days=90))
        self.of_server = self.other("tls", 116, change=usage_of_tls)
        self.without_usage = self.other("no usage", 117, change=without(x509.KeyUsage))
        self.without_policy = self.other("no policy", 118, change=without(x509.CertificatePolicies))
        self.critical = self.other("critical", 119, change=unknown_critical)
        self.below = self.other("below the seal", 120, ca=self.seal)
        self.false_ca = self._authority("false ca", 101, root=self.false_root())
        self.of_false_ca = self.other("seal of the false ca", 102, ca=self.false_ca)
        stolen = replace(self._enrol(self.other("stolen", 110)), compromised_at=NOW - timedelta(days=30))
        chibi = ("421281", Text("赤壁市市场监督管理局", "Chibi"), ("*",))
        sibling = seal_entry(chibi, self.other("sibling", 112), self.ca, specimen=True)
        # A trust list made without care: rules T2 to T4 and H2 must refuse these by themselves.
        ours = (self.weak, self.expired, self.early, self.of_server, self.without_usage, self.without_policy)
        more = [self._enrol(pair) for pair in (*ours, self.critical)]
        more += [self._enrol(self.below, self.seal), self._enrol(self.of_false_ca, self.false_ca)]
        entries = (self.entry, stolen, sibling, *more)
        self.trust = TrustList(NOW - timedelta(hours=3), 86_400, (HOST,), entries)

    def _authority(self, name: str, serial: int, *, root: Pair | None = None) -> Pair:
        root = root or self.root
        made = make_issuing_ca(root, "certgen", now=START, serial=serial, specimen=True)
        return certify(made, key_of(name), root)

    def other(
        self,
        name: str,
        serial: int,
        *,
        ca: Pair | None = None,
        key: EllipticCurvePrivateKey | RSAPrivateKey | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        change: Extensions = lambda extensions: extensions,
    ) -> Pair:
        """A seal by any other key, certified by our CA or another."""
        made = make_seal(
            self.ca if ca is None else ca, NAME, algorithm="ES256", rsa_bits=0, now=START, serial=serial, specimen=True
        )
        return certify(made, key or key_of(name), ca or self.ca, start=start, end=end, change=change)

    def _enrol(self, pair: Pair, ca: Pair | None = None) -> TrustEntry:
        """Enrol a seal for longer than its certificate lives: the certificate must decide."""
        entry = seal_entry(self.office, pair, ca or self.ca, specimen=True)
        return replace(entry, not_before=START.replace(microsecond=0), not_after=self.entry.not_after)

    def false_root(self) -> Pair:
        return certify(make_root("certgen", now=START, serial=100, specimen=True), key_of("false root"), None)


def without(kind: type[x509.ExtensionType]) -> Extensions:
    return lambda extensions: [one for one in extensions if not isinstance(one.value, kind)]


def usage_of_tls(extensions: list[x509.Extension[x509.ExtensionType]]) -> list[x509.Extension[x509.ExtensionType]]:
    server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return [
        x509.Extension(one.oid, one.critical, server) if isinstance(one.value, x509.ExtendedKeyUsage) else one
        for one in extensions
    ]


def unknown_critical(
    extensions: list[x509.Extension[x509.ExtensionType]],
) -> list[x509.Extension[x509.ExtensionType]]:
    kind = x509.ObjectIdentifier("1.3.6.1.4.1.99999.1")
    return [*extensions, x509.Extension(kind, True, x509.UnrecognizedExtension(kind, b"\x05\x00"))]


def load_genuine() -> bytes:
    return (VECTORS / "genuine.pdf").read_bytes()


def objects_in(pdf: bytes) -> dict[int, bytes]:
    """Take a file of ours apart: the value of each object, in the order of the file."""
    at = int(pdf[pdf.rindex(b"startxref\n") + 10 :].split(b"\n")[0])
    count = int(pdf[at:].split(b"\n")[1].split()[1])
    lines = pdf[at:].split(b"\n")[3 : count + 2]
    offsets = sorted((int(line[:10]), number) for number, line in enumerate(lines, 1))
    ends = [offset for offset, _ in offsets[1:]] + [at]
    found = {}
    for (offset, number), end in zip(offsets, ends, strict=True):
        opening, closing = b"%d 0 obj\n" % number, b"\nendobj\n"
        assert pdf.startswith(opening, offset)
        assert pdf[:end].endswith(closing)
        found[number] = pdf[offset + len(opening) : end - len(closing)]
    return found


def assemble(
    objects: dict[int, bytes], *, root: int, before: bytes = gap.HEADER, extra: bytes = b"", trailer: bytes = b""
) -> bytes:
    """Write a file of one revision from objects 1 to n. `extra` stands before the table, `trailer` in it."""
    out, offsets = before, {}
    for number, body in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    out += extra
    table, size = len(out), len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    out += b"".join(b"%010d 00000 n \n" % offsets[number] for number in range(1, size))
    identity = b"ab" * 16
    out += b"trailer\n<</Size %d/Root %d 0 R/ID[<%b><%b>]%b>>\n" % (size, root, identity, identity, trailer)
    return out + b"startxref\n%d\n%%%%EOF\n" % table


def unsigned(pdf: bytes) -> tuple[dict[int, bytes], int]:
    """Give the objects of a document with an empty gap, and the number of its catalog."""
    objects = objects_in(pdf)
    number = next(n for n, body in objects.items() if body.startswith(b"<</Type/Sig/"))
    start = objects[number].index(b"/ByteRange")
    objects[number] = objects[number][:start] + gap.placeholder(ROOM) + b">>"
    root = int(pdf[pdf.rindex(b"/Root ") + 6 :].split()[0])
    return objects, root


def sealed(
    office: Office,
    pdf: bytes,
    *,
    signer: Signer | None = None,
    container: Callable[[bytes, CmsProfile, Signer], bytes] | None = None,
    change: Callable[[dict[int, bytes]], None] = lambda objects: None,
    extra: bytes = b"",
    trailer: bytes = b"",
) -> bytes:
    """Alter the objects of a document, and seal it again with a key of ours."""
    signer = signer or office.signer
    objects, root = unsigned(pdf)
    change(objects)
    profile = CmsProfile(signer.certificate, signer.chain, signer.algorithm)
    return seal(assemble(objects, root=root, extra=extra, trailer=trailer), profile, signer, container)


def number_of(objects: dict[int, bytes], opening: bytes) -> int:
    """Find the one object that begins so."""
    (found,) = (number for number, body in objects.items() if body.startswith(opening))
    return found
