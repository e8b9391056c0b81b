"""Files of other people's: they fail for what they are, their own signer taken for enrolled, and are told apart."""

import io
from datetime import UTC, datetime

import pikepdf
import pytest
from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.x509 import Certificate
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from tests.verify.attacks.frozen import Frozen, load_genuine
from verify import Verdict

pytestmark = pytest.mark.filterwarnings("ignore")


def page() -> bytes:
    """A page as an office program would write it."""
    canvas = Canvas(out := io.BytesIO(), invariant=True)
    canvas.drawString(100, 700, "food business licence")
    canvas.save()
    return out.getvalue()


def signed(subfilter: SigSeedSubFilter, *, certify: bool) -> bytes:
    """A page signed by pyHanko with a key and a root of its own."""
    seal = Frozen().seal
    key = seal.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    store = SimpleCertificateStore.from_certs([Certificate.load(Frozen().ca.der)])
    signer = signers.SimpleSigner(Certificate.load(seal.der), PrivateKeyInfo.load(key), store)
    how = signers.PdfSignatureMetadata(
        field_name="Seal",
        subfilter=subfilter,
        certify=certify,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        md_algorithm="sha256",
    )
    out = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(page()))
    signers.sign_pdf(writer, how, signer=signer, output=out)
    return out.getvalue()


def saved_by_pypdf() -> bytes:
    writer = PdfWriter()
    writer.append(PdfReader(io.BytesIO(load_genuine())))
    writer.write(out := io.BytesIO())
    return out.getvalue()


def saved_by_qpdf(**how: object) -> bytes:
    with pikepdf.open(io.BytesIO(load_genuine())) as pdf:
        pdf.save(out := io.BytesIO(), **how)  # type: ignore[arg-type]
    return out.getvalue()


def locked() -> bytes:
    return saved_by_qpdf(encryption=pikepdf.Encryption(user="secret", owner="secret"))


SAMPLES = {
    "signed by others": (lambda: signed(SigSeedSubFilter.ADOBE_PKCS7_DETACHED, certify=False), "somebody else signed"),
    "certified by others": (lambda: signed(SigSeedSubFilter.PADES, certify=True), "somebody else signed"),
    "unsigned": (page, "not signed"),
    "saved by pypdf": (saved_by_pypdf, ""),
    "saved by qpdf": (saved_by_qpdf, ""),
    "linearised by qpdf": (lambda: saved_by_qpdf(linearize=True), ""),
    "packed by qpdf": (
        lambda: saved_by_qpdf(object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=True),
        "",
    ),
    "encrypted": (locked, "encrypted"),
    "not a PDF": (lambda: b"PK\x03\x04 a document of words" * 9, "not a PDF"),
    "empty": (lambda: b"", "empty"),
    "damaged": (lambda: page()[:300], "damaged"),
    "too large": (lambda: b"%PDF-1.7\n" + bytes(17 * 2**20), "larger"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_foreign_file_fails_on_its_structure_and_is_described(name: str) -> None:
    make, said = SAMPLES[name]
    data, verifier = make(), Frozen().verifier()
    structure = verifier.structure(data)
    assert structure.verdict is Verdict.FAILED
    assert structure.reason is not None
    assert structure.reason.rule[0] in "ISCHO"
    report = verifier.pdf(data)
    assert report.verdict is Verdict.FAILED
    assert report.nature is not None
    assert said in report.nature.en
    assert report.nature.en in "\n".join(report.lines("en"))


def test_a_document_of_another_office_in_our_form_holds_together_but_is_never_passed() -> None:
    """The structural mode refuses nothing for want of trust: else it would prove nothing about structure."""
    office = Frozen()
    stranger = Frozen().verifier(trust=None)
    report = stranger.structure(load_genuine())
    assert report.verdict is Verdict.INDETERMINATE
    assert all(finding.ok for finding in report.findings)
    assert office.verifier(now=datetime(2040, 1, 1, tzinfo=UTC)).structure(load_genuine()).verdict is not Verdict.PASSED


def test_the_words_of_a_foreign_file_are_not_repeated() -> None:
    report = Frozen().verifier().pdf(signed(SigSeedSubFilter.PADES, certify=True))
    assert "咸宁" not in str(report.as_json())
