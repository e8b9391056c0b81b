"""A small office and a hand-written PDF of our profile, so that the verifier is tried without the press.

Every byte stands here in the open; whatever is wrong with a document is done by `change`, before or after
it is sealed.
"""

import itertools
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from certgen.core import gap, record, statuslist
from certgen.core.cms import CmsProfile
from certgen.core.errors import RegisterError, Text
from certgen.core.model import Certificate, Registered, Signer, Slot
from certgen.core.qrtext import QrFacts, QrSeal
from certgen.core.status import Status
from certgen.core.statuslist import StatusList
from certgen.core.trustlist import TrustList
from keys.ceremony import Office as Enrolled
from keys.ceremony import qr_entry, seal_entry, status_entry
from keys.certificates import Algorithm, Pair, make_issuing_ca, make_qr_key, make_root, make_seal
from keys.signer import signer_of, spki_of
from verify import RegisterView, Verifier

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RESERVE = 1500  # octets; room for containers that carry more than they should
HOST = "licence.example:8000"
NAME = "咸宁市市场监督管理局"

CERTIFICATE = Certificate(
    sid="7K3MQ2ZD9XWA",
    number="JY14212020000012",
    version=1,
    kind="food-business",
    form="2023",
    copy="duplicate",
    copy_number="1—1",
    template_digest="ab" * 32,
    authority="421200",
    authority_name=NAME,
    issued_on=date(2026, 11, 20),
    valid_from=date(2026, 11, 20),
    valid_until=date(2031, 11, 19),
    issued_at=datetime(2026, 11, 20, 2, 3, 4, tzinfo=UTC),
    fields=(("operator_name", "温泉老味道餐饮店"), ("credit_code", "92421200MA4A1B2C3D")),
    slot=Slot(0, 77),
    salt=bytes(range(16)),
)


@dataclass
class Book:
    """A register in memory."""

    documents: list[Registered] = field(default_factory=list)
    lost: tuple[str, ...] = ()
    files: dict[bytes, bytes] = field(default_factory=dict)

    def by_digest(self, digest: bytes) -> Registered | None:
        return next((one for one in self.documents if one.pdf_digest == digest), None)

    def by_sid(self, sid: str) -> tuple[Registered, ...]:
        return tuple(one for one in self.documents if one.sid == sid)

    def in_lost_range(self, number_or_sid: str) -> bool:
        return number_or_sid in self.lost

    def pdf(self, pdf_digest: bytes) -> bytes:
        if pdf_digest not in self.files:
            raise RegisterError(Text("登记簿中没有这份文件", "no such file"))
        return self.files[pdf_digest]

    def enter(self, pdf: bytes, certificate: Certificate = CERTIFICATE, status: str = "issued") -> Registered:
        c = certificate
        title = Text("食品经营许可证", "Food Business Licence")
        public = ((Text("经营者名称", "Operator"), dict(c.fields)["operator_name"]),)
        written = Registered(
            c.sid, c.number, c.version, c.kind, title, c.form, c.copy, "plain", c.authority, c.authority_name,
            c.issued_on, c.valid_until, c.issued_at, status, record.digest(record.encode(c)), sha256(pdf).digest(),
            b"", public,
        )  # fmt: skip
        self.documents.append(written)
        self.files[written.pdf_digest] = pdf
        return written


class Office:
    """A root, a CA, one seal, one QR and one status key, made a year ago."""

    def __init__(self, algorithm: Algorithm = "ES256", *, specimen: bool = True, start: datetime | None = None) -> None:
        self.start = start or NOW - timedelta(days=365)
        serials = itertools.count(100)
        self.office: Enrolled = ("421200", Text(NAME, "Xianning"), ("*",))
        self.root = make_root("certgen", now=self.start, serial=next(serials), specimen=specimen)
        self.ca = make_issuing_ca(self.root, "certgen", now=self.start, serial=next(serials), specimen=specimen)
        self.seal = make_seal(
            self.ca, NAME, algorithm=algorithm, rsa_bits=2048, now=self.start, serial=next(serials), specimen=specimen
        )
        self.qr_key = make_qr_key()
        self.entry = seal_entry(self.office, self.seal, self.ca, specimen=specimen)
        self.qr_entry = qr_entry(self.office, self.qr_key, self.start.replace(microsecond=0), specimen=specimen)
        status_key = make_qr_key()
        status = status_entry(Text(NAME, "Xianning"), status_key, self.start.replace(microsecond=0), specimen=specimen)
        entries = (self.entry, self.qr_entry, status)
        self.trust = TrustList(NOW - timedelta(hours=3), 86_400, (HOST, "old.example"), entries)
        self.status_signer = signer_of(status_key, b"", (), specimen=specimen, name="status")
        self.signer = signer_of(self.seal.key, self.seal.der, (self.ca.der,), specimen=specimen, name="seal")
        self.qr_signer = signer_of(self.qr_key, b"", (), specimen=specimen, name="qr")

    def verifier(
        self,
        register: RegisterView | None = None,
        *,
        now: datetime = NOW,
        trust: TrustList | None = None,
        lists: Sequence[bytes] = (),
    ) -> Verifier:
        decoded = [statuslist.decode(data, trust or self.trust) for data in lists]
        return Verifier(self.root_spki, self.root.der, trust or self.trust, register, lambda: now, decoded)

    def status_list(self, status: Status | None, issued_at: datetime, *, shard: int = 0, place: int = 77) -> bytes:
        """Sign a list that gives one place a status, or none; it is good for a day."""
        packed = statuslist.pack([(place, status)] if status else [])
        uri = statuslist.uri_of(f"http://{HOST}", shard)
        made = StatusList(uri, issued_at, issued_at + timedelta(hours=24), 3600, packed)
        return statuslist.encode(made, self.status_signer)

    @property
    def root_spki(self) -> bytes:
        return spki_of(self.root.key)

    def signer_with(self, certificate: Pair, chain: tuple[bytes, ...]) -> Signer:
        return signer_of(certificate.key, certificate.der, chain, specimen=True, name="other seal")

    def qr(self, certificate: Certificate = CERTIFICATE, *, host: str = HOST, signer: Signer | None = None) -> str:
        signer = signer or self.qr_signer
        seal = QrSeal(f"http://{host}", signer.public_key)
        facts = QrFacts(
            certificate.kind, certificate.number, "温泉老味道餐饮店", False, "92421200MA4A1B2C3D",
            certificate.issued_on, certificate.valid_until, 0, 77, record.digest(record.encode(certificate))[:16],
        )  # fmt: skip
        unsigned = seal.to_sign(facts, certificate.sid)
        return seal.finish(unsigned, signer.sign(unsigned.digest)).text


def objects_of(data: bytes, certificate: Certificate, plate: int) -> list[bytes]:
    """The objects of a document, signature dictionary last; `plate` octets of them never change."""
    art = b"".join(sha256(b"%d" % i).digest() for i in range(plate // 32 + 1))[:plate]
    content = zlib.compress(certificate.number.encode())
    packed = zlib.compress(data)
    when = b"(D:20261120020304Z)"
    return [
        b"<</Length %d>>\nstream\n%b\nendstream" % (len(art), art),
        b"<</Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream" % (len(content), content),
        b"<</Type/EmbeddedFile/Subtype/application#2Fjson/Params<</ModDate%b/Size %d>>/Filter/FlateDecode/Length %d>>\n"
        b"stream\n%b\nendstream" % (when, len(data), len(packed), packed),
        b"<</Type/Filespec/F(record.json)/UF(record.json)/AFRelationship/Data/Desc(The facts this document attests)"
        b"/EF<</F 3 0 R/UF 3 0 R>>>>",
        b"<</Type/Annot/Subtype/Widget/FT/Sig/T(seal)/F 132/Rect[0 0 0 0]/P 6 0 R/V 9 0 R>>",
        b"<</Type/Page/Parent 7 0 R/MediaBox[0 0 297 210]/Resources<<>>/Contents 2 0 R/Annots[5 0 R]>>",
        b"<</Type/Pages/Count 1/Kids[6 0 R]>>",
        b"<</Type/Catalog/Version/1.7/Pages 7 0 R/Lang(zh-CN)/AF[4 0 R]/Names<</EmbeddedFiles<</Names"
        b"[(record.json) 4 0 R]>>>>/AcroForm<</Fields[5 0 R]/SigFlags 3>>/Perms<</DocMDP 9 0 R>>>>",
        b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M%b/Reference[<</Type/SigRef"
        b"/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P 1/V/1.2>>>>]" % when,
    ]


def build(
    office: Office,
    certificate: Certificate = CERTIFICATE,
    *,
    signer: Signer | None = None,
    data: bytes | None = None,
    plate: int = 2000,
    change: Callable[[bytes], bytes] = lambda unsigned: unsigned,
    container: Callable[[bytes, CmsProfile, Signer], bytes] | None = None,
) -> bytes:
    """Write and seal a document. `change` alters the file before it is sealed, keeping its length."""
    signer = signer or office.signer
    profile = CmsProfile(signer.certificate, signer.chain, signer.algorithm)
    objects = objects_of(record.encode(certificate) if data is None else data, certificate, plate)
    objects[-1] += gap.placeholder(profile.max_size + RESERVE) + b">>"
    out, offsets = gap.HEADER, []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<</Size %d/Root 8 0 R/ID[<%b><%b>]>>\n" % (len(objects) + 1, b"ab" * 16, b"ab" * 16)
    out += b"startxref\n%d\n%%%%EOF\n" % table
    return seal(change(out), profile, signer, container)


def seal(
    pdf: bytes,
    profile: CmsProfile,
    signer: Signer,
    container: Callable[[bytes, CmsProfile, Signer], bytes] | None = None,
) -> bytes:
    """Fill the gap of an unsigned file."""
    b = pdf.rindex(b"/Contents <") + 10
    c = pdf.index(b">", b) + 1
    at = pdf.rindex(b"/ByteRange [0 ") + 11
    brackets = gap.byte_range(b, c, len(pdf))
    pdf = pdf[:at] + brackets + pdf[at + len(brackets) :]
    digest = sha256(pdf[:b] + pdf[c:]).digest()
    der = (container or plain)(digest, profile, signer)
    return pdf[: b + 1] + der.hex().encode().ljust(c - b - 2, b"0") + pdf[c - 1 :]


def plain(digest: bytes, profile: CmsProfile, signer: Signer) -> bytes:
    """The container as it should be."""
    return profile.encode(digest, signer.sign(sha256(profile.signed_attributes(digest)).digest()))


def other(certificate: Certificate = CERTIFICATE, **changes: object) -> Certificate:
    """The same facts but for some."""
    return replace(certificate, **changes)  # type: ignore[arg-type]
