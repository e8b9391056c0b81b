"""Issued PDFs under other people's eyes: qpdf, poppler, pikepdf, pyHanko, openssl, zxing, zbar – and byte by byte.

pikepdf's validator knows level B only and approves no file with a form, permissions or attachments (it says
"unsupported", and looks no further). So it gets the file with level U written as B, whose demands U includes, and with
those parts blanked out in place; what is blanked is checked here.
"""

import io
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pikepdf
import pikepdf.pdfa
import pypdf
import pytest
import zxingcpp
from PIL import Image
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from certgen.core import gap, record
from certgen.issue import Document
from certgen.layout import POINT
from tests.house import NOW, House, case, sample, sample_2015
from verify.report import Report, Verdict

Tool = Callable[[str], str]
RECORDS = {"2015": sample_2015, "2023": sample}
NAMES = [
    f"{form} {copy} {paper}"
    for form in RECORDS
    for copy in ("original", "duplicate")
    for paper in ("plain", "overprint")
]

# Where an active or foreign thing would stand: none of these names may occur in any dictionary.
FORBIDDEN = frozenset(
    {
        "AA",
        "JavaScript",
        "JS",
        "OpenAction",
        "Launch",
        "URI",
        "GoToR",
        "GoToE",
        "SubmitForm",
        "ImportData",
        "ResetForm",
        "Movie",
        "Sound",
        "RichMedia",
        "Rendition",
        "3D",
        "XFA",
        "NeedAppearances",
        "Trans",
        "PresSteps",
        "TR",
        "HTP",
        "OPI",
        "PS",
        "Ref",
        "F5",
        "Alternates",
        "Encrypt",
        "ObjStm",
        "XRef",
        "Prev",
        "XRefStm",
        "Linearized",
        "OCProperties",
        "OC",
        "DigestLocation",
        "DigestMethod",
        "DigestValue",
        "UR3",
        "SMask",
        "ca",
        "CA",
        "BM",
        "LZWDecode",
        "Crypt",
    }
)


@pytest.fixture(scope="module")
def documents(common_house: House) -> dict[str, Document]:
    """Both forms, copies and papers."""
    made = {}
    for form, take in RECORDS.items():
        for document in common_house.issue(take(), papers=("plain", "overprint")).documents:
            made[f"{form} {document.copy} {document.paper}"] = document
    return made


@pytest.fixture(params=NAMES)
def document(documents: dict[str, Document], request: pytest.FixtureRequest) -> Document:
    return documents[request.param]


@pytest.fixture
def file(document: Document, tmp_path: Path) -> Path:
    path = tmp_path / "licence.pdf"
    path.write_bytes(document.pdf)
    return path


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert not done.stderr, done.stderr.decode()
    return done.stdout.decode()


def objects(pdf: bytes) -> dict[int, bytes]:
    """Cut a file into its objects by its own xref table, and see that nothing stands between them."""
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n\Z", pdf)[1])
    head = re.match(rb"xref\n0 (\d+)\n0000000000 65535 f \n", pdf[start:])
    lines = pdf[start + head.end() : start + head.end() + 20 * (int(head[1]) - 1)]
    offsets = [int(lines[i : i + 10]) for i in range(0, len(lines), 20)]
    assert lines == b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    assert offsets == sorted(offsets)
    found = {}
    for number, (a, b) in enumerate(zip(offsets, [*offsets[1:], start], strict=True), 1):
        opening, closing = b"%d 0 obj\n" % number, b"\nendobj\n"
        assert pdf[a:b].startswith(opening)
        assert pdf[a:b].endswith(closing)
        found[number] = pdf[a + len(opening) : b - len(closing)]
    assert pdf[: offsets[0]] == gap.HEADER
    return found


def dictionaries(pdf: bytes) -> bytes:
    """Give all that is not stream data."""
    return b"\n".join(body.partition(b"\nstream\n")[0] for body in objects(pdf).values())


# What other programs say


def test_qpdf_finds_nothing_wrong(file: Path, tool: Tool) -> None:
    said = run(tool("qpdf"), "--check", file)
    assert "No syntax or stream encoding errors found" in said
    assert "WARNING" not in said


def test_pdfsig_calls_the_signature_valid_over_the_whole_document(file: Path, document: Document, tool: Tool) -> None:
    said = run(tool("pdfsig"), file)
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert said.count("Signature #") == 1
    b, c = gap.locate(document.pdf).b, gap.locate(document.pdf).c
    assert f"[0 - {b}], [{c} - {len(document.pdf)}]" in said


def test_pdfsig_sees_one_altered_byte(documents: dict[str, Document], tmp_path: Path, tool: Tool) -> None:
    pdf = bytearray(documents["2015 duplicate plain"].pdf)
    pdf[pdf.index(b"/Lang(zh-CN)") + 7] ^= 1
    (tmp_path / "altered.pdf").write_bytes(pdf)
    assert "Signature is Valid." not in run(tool("pdfsig"), tmp_path / "altered.pdf")


def test_pyhanko_judges_the_certified_document_valid_and_unmodified(document: Document, common_house: House) -> None:
    root = load_cert_from_pemder(str(common_house.settings.root_certificate))
    context = ValidationContext(trust_roots=[root], moment=NOW, allow_fetching=False)
    (signature,) = PdfFileReader(io.BytesIO(document.pdf)).embedded_signatures
    status = validate_pdf_signature(signature, context)
    assert status.bottom_line
    assert status.trusted
    assert status.docmdp_ok
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert status.modification_level is ModificationLevel.NONE
    assert signature.docmdp_level.value == 1


@pytest.mark.parametrize("name", ["2015 original plain", "2023 duplicate overprint"])
def test_openssl_verifies_the_signature_as_cades_up_to_the_root(
    name: str, documents: dict[str, Document], common_house: House, tmp_path: Path, tool: Tool
) -> None:
    pdf = documents[name].pdf
    found = gap.locate(pdf)
    (tmp_path / "cms").write_bytes(found.der(pdf))
    (tmp_path / "content").write_bytes(pdf[: found.b] + pdf[found.c :])
    command: list[str | Path] = [tool("openssl"), "cms", "-verify", "-cades", "-binary", "-inform", "DER"]
    command += ["-in", tmp_path / "cms", "-content", tmp_path / "content", "-out", tmp_path / "out"]
    command += ["-CAfile", common_house.settings.root_certificate, "-attime", str(int(NOW.timestamp()))]
    done = subprocess.run([*command, "-purpose", "any"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_an_rsa_seal_is_valid_for_poppler_and_for_us(tmp_path: Path, tool: Tool) -> None:
    with House(tmp_path / "home", algorithm="RS256") as house:
        document = house.issue().documents[1]
        (tmp_path / "rsa.pdf").write_bytes(document.pdf)
        house.verifier.pdf(document.pdf).require()
    said = run(tool("pdfsig"), tmp_path / "rsa.pdf")
    assert "Signature is Valid." in said
    assert "Total document signed" in said


def is_genuine(report: Report) -> bool:
    """Say whether nothing but the last day of the licence is against it: the sample of 2015 has expired."""
    return [finding.rule for finding in report.findings if finding.ok is not True] in ([], ["V"])


def test_our_own_verifier_finds_the_document_genuine(document: Document, common_house: House) -> None:
    report = common_house.verifier.pdf(document.pdf)
    assert is_genuine(report)
    assert report.document.number == document.number


def test_our_own_verifier_passes_a_licence_in_force(documents: dict[str, Document], common_house: House) -> None:
    assert common_house.verifier.pdf(documents["2023 duplicate plain"].pdf).verdict is Verdict.PASSED


# PDF/A-3u


def _blank(pdf: bytes, pattern: bytes, instead: bytes = b"") -> bytes:
    (found,) = re.finditer(pattern, pdf, re.DOTALL)
    return pdf[: found.start()] + instead.ljust(found.end() - found.start()) + pdf[found.end() :]


def as_level_b(pdf: bytes) -> bytes:
    """Write level U as B and blank the metadata by GB/T 36903 with the description of its schema, in place.

    pikepdf permits no schema of one's own, though PDF/A does when it is described; see the test of the description.
    """
    assert pdf.count(b'pdfaid:part="3" pdfaid:conformance="U"') == 1
    if b"xmlns:gb=" in pdf:
        pdf = _blank(pdf, rb'\n<rdf:Description rdf:about="" xmlns:gb=.*(?=</rdf:RDF>)')
    return pdf.replace(b'pdfaid:conformance="U"', b'pdfaid:conformance="B"')


def without_what_pikepdf_does_not_know(pdf: bytes) -> bytes:
    """Blank the form, its widget, the permissions and the attachment, in place: every offset stays."""
    for entry in (
        rb"/AcroForm<<.*?>>",
        rb"/Perms<<.*?>>",
        rb"/Names<<.*?>>>>",
        rb"/AF\[\d+ 0 R\]",
        rb"/Annots\[\d+ 0 R\]",
    ):
        pdf = _blank(pdf, entry)
    for start in (rb"<</Type/EmbeddedFile", rb"<</Type/Filespec", rb"<</Type/Annot"):
        pdf = _blank(pdf, rb"(?<= 0 obj\n)" + start + rb".*?(?=\nendobj\n)", b"null")
    return pdf


def test_pikepdf_approves_the_pages_as_pdf_a_3b(document: Document) -> None:
    pdf = without_what_pikepdf_does_not_know(as_level_b(document.pdf))
    assert len(pdf) == len(document.pdf)
    report = pikepdf.pdfa.validate_written(io.BytesIO(pdf), "3b")
    assert report.passed, report.findings


def test_pikepdf_finds_no_violation_in_the_whole_file(document: Document) -> None:
    report = pikepdf.pdfa.validate_written(io.BytesIO(as_level_b(document.pdf)), "3b")
    assert not [finding for finding in report.findings if finding.kind == "violation"]
    parts = {finding.rule + finding.where.rpartition(" ")[2].lstrip("0123456789") for finding in report.findings}
    assert parts == {"pikepdf:schema-Catalog/AcroForm", "pikepdf:schema-Catalog/Perms", "pikepdf:embedded-file"}


def test_pikepdf_would_see_a_font_that_is_not_embedded(documents: dict[str, Document]) -> None:
    pdf = without_what_pikepdf_does_not_know(as_level_b(documents["2015 duplicate plain"].pdf))
    broken = pdf.replace(b"/FontFile2", b"/FontFileX")
    assert not pikepdf.pdfa.validate_written(io.BytesIO(broken), "3b").passed


def test_every_font_is_embedded_and_says_which_characters_it_shows(document: Document) -> None:
    found = objects(document.pdf)
    fonts = [body for body in found.values() if b"/Type/Font/" in body and b"/Subtype/Type0" in body]
    assert fonts
    for font in fonts:
        assert re.search(rb"/ToUnicode \d+ 0 R", font)
        descendant = found[int(re.search(rb"/DescendantFonts\[(\d+) 0 R\]", font)[1])]
        assert b"/CIDToGIDMap/Identity" in descendant
        descriptor = found[int(re.search(rb"/FontDescriptor (\d+) 0 R", descendant)[1])]
        assert re.search(rb"/FontFile2 \d+ 0 R", descriptor)
    assert sum(body.startswith(b"<</Type/Font/") for body in found.values()) == 2 * len(fonts)


def xmp_of(document: Document) -> str:
    return pypdf.PdfReader(io.BytesIO(document.pdf)).trailer["/Root"]["/Metadata"].get_data().decode()


def test_xmp_says_pdf_a_3u_and_which_licence_it_is(documents: dict[str, Document]) -> None:
    document = documents["2015 duplicate plain"]
    xmp = xmp_of(document)
    assert 'pdfaid:part="3" pdfaid:conformance="U"' in xmp
    assert f"<gb:ZZBH>{document.number}</gb:ZZBH>" in xmp
    assert document.sid in xmp


def test_xmp_says_what_the_record_says_by_the_names_of_the_standard(document: Document) -> None:
    (attached,) = pypdf.PdfReader(io.BytesIO(document.pdf)).attachments["record.json"]
    tree = ElementTree.fromstring(xmp_of(document).partition("?>")[2].rpartition("<?")[0])
    gb = "{urn:gb-t:36903:2018#}"
    said = [(node.tag.removeprefix(gb), node.text) for node in tree.iter() if node.tag.startswith(gb)]
    assert said == [tuple(pair) for pair in json.loads(attached)["metadata"]]
    assert len(said) >= 10


def test_a_holder_named_like_a_token_of_pdf_gets_a_licence(common_house: House) -> None:
    name = "startxref /Prev %%EOF 饭店"
    (document, *_) = common_house.issue(sample() | {"operator_name": name}).documents
    tree = ElementTree.fromstring(xmp_of(document).partition("?>")[2].rpartition("<?")[0])
    assert [node.text for node in tree.iter("{urn:gb-t:36903:2018#}CZZT")] == [name]


def test_every_name_of_the_standard_is_described_as_pdf_a_wants_it(document: Document) -> None:
    tree = ElementTree.fromstring(xmp_of(document).partition("?>")[2].rpartition("<?")[0])
    used = {node.tag.partition("}")[2] for node in tree.iter() if node.tag.startswith("{urn:gb-t:36903:2018#}")}
    described = {}
    for node in tree.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"):
        facts = {key.partition("}")[2]: value for key, value in node.attrib.items() if "property#" in key}
        if facts:
            assert facts.keys() == {"name", "valueType", "category", "description"}
            described[facts["name"]] = facts["valueType"]
    assert used <= described.keys()
    assert set(described.values()) == {"Text"}
    (uri,) = tree.iter("{http://www.aiim.org/pdfa/ns/schema#}namespaceURI")
    assert uri.text == "urn:gb-t:36903:2018#"


def test_the_attachment_is_the_canonical_record_and_hangs_on_the_document(document: Document) -> None:
    with pikepdf.open(io.BytesIO(document.pdf)) as pdf:
        ((name, attached),) = pdf.attachments.items()
        assert name == "record.json"
        certificate = record.decode(attached.get_file().read_bytes())
        specification = pdf.Root.AF[0]
        assert specification.objgen == attached.obj.objgen
        assert specification.AFRelationship == "/Data"
        assert specification.EF.F.Subtype == "/application/json"
        assert specification.UF == specification.F == "record.json"
    assert (certificate.sid, certificate.copy) == (document.sid, document.copy)


# What we write, byte by byte


def test_the_file_is_one_revision_and_ends_once(document: Document) -> None:
    pdf = document.pdf
    assert pdf.startswith(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    assert pdf.endswith(b"\n%%EOF\n")
    for token in (b"%PDF-", b"%%EOF", b"startxref", b"/ByteRange", b"\ntrailer\n"):
        assert pdf.count(token) == 1
    assert re.findall(rb"(?<!start)xref\n", pdf) == [b"xref\n"]


def test_every_stream_has_its_length_and_an_end_of_line_before_its_end(document: Document) -> None:
    streams = [body for body in objects(document.pdf).values() if b"stream\n" in body]
    assert streams
    for body in streams:
        head, _, rest = body.partition(b"\nstream\n")
        length = int(re.search(rb"/Length (\d+)>>\Z", head)[1])
        assert rest[length:] == b"\nendstream"


def test_nothing_in_the_file_is_active_or_transparent_or_external(document: Document) -> None:
    names = set(re.findall(r"/([A-Za-z0-9.#+-]+)", dictionaries(document.pdf).decode("latin-1")))
    assert not names & FORBIDDEN
    assert {"Catalog", "Sig", "OutputIntent", "Filespec"} <= names  # the search sees names at all


def test_the_only_picture_of_a_document_is_its_qr_code(document: Document) -> None:
    pictures = [body for body in objects(document.pdf).values() if b"/Subtype/Image" in body]
    assert len(pictures) == 1
    assert b"/ImageMask true/BitsPerComponent 1" in pictures[0]
    assert b"/Interpolate false" in pictures[0]


def test_the_document_is_certified_and_permits_no_change(document: Document) -> None:
    with pikepdf.open(io.BytesIO(document.pdf)) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        signature = field.V
        assert pdf.Root.AcroForm.SigFlags == 3
        assert signature.is_indirect
        assert pdf.Root.Perms.DocMDP.objgen == signature.objgen
        assert (signature.Filter, signature.SubFilter) == ("/Adobe.PPKLite", "/ETSI.CAdES.detached")
        (reference,) = signature.Reference
        assert (reference.TransformMethod, reference.TransformParams.P) == ("/DocMDP", 1)
        assert str(signature.M) == "D:20261123020000Z"
        (widget,) = pdf.pages[0].Annots
        assert widget.objgen == field.objgen
        assert int(widget.F) & 0b1111110 == 4  # printed, and neither hidden nor without view


@pytest.mark.parametrize("name", NAMES[::2])
def test_the_seal_on_plain_paper_is_the_appearance_of_the_signature(name: str, documents: dict[str, Document]) -> None:
    with pikepdf.open(io.BytesIO(documents[name].pdf)) as pdf:
        (widget,) = pdf.pages[0].Annots
        left, bottom, right, top = (float(v) for v in widget.Rect)
        assert right - left == pytest.approx(42 * POINT, abs=0.1) or right - left > 42 * POINT  # 42 mm, larger on A3
        assert top - bottom == pytest.approx(right - left, abs=0.02)
        assert [float(v) for v in widget.AP.N.BBox] == pytest.approx([0, 0, right - left, top - bottom], abs=0.02)


def test_sizes_stay_within_what_an_office_line_carries(documents: dict[str, Document]) -> None:
    for name, document in documents.items():
        assert len(document.strike) <= 40_000, name
        assert len(document.pdf) <= 150_000, name


def test_the_longest_licence_is_as_conforming_as_the_sample(common_house: House, tmp_path: Path, tool: Tool) -> None:
    for document in common_house.issue(case("longest")).documents:
        pdf = without_what_pikepdf_does_not_know(as_level_b(document.pdf))
        assert pikepdf.pdfa.validate_written(io.BytesIO(pdf), "3b").passed
        (tmp_path / "longest.pdf").write_bytes(document.pdf)
        run(tool("qpdf"), "--check", tmp_path / "longest.pdf")


# The QR code on the page


def _raster(file: Path, dpi: float, tool: Tool) -> Image.Image:
    done = subprocess.run([tool("pdftoppm"), "-r", f"{dpi:g}", "-gray", file], capture_output=True, check=True)
    return Image.open(io.BytesIO(done.stdout))


def _zxing(picture: Image.Image) -> str:
    (found,) = zxingcpp.read_barcodes(picture)
    return str(found.text)


@pytest.fixture(scope="module")
def pyzbar() -> Any:
    return pytest.importorskip("pyzbar.pyzbar", exc_type=ImportError)  # needs the system's libzbar


@pytest.mark.slow
@pytest.mark.parametrize("name", ["2015 original plain", "2015 duplicate plain", "2023 duplicate overprint"])
def test_two_decoders_read_the_code_from_300_dpi_and_one_from_150(
    name: str, documents: dict[str, Document], common_house: House, tmp_path: Path, tool: Tool, pyzbar: Any
) -> None:
    file = tmp_path / "page.pdf"
    file.write_bytes(documents[name].pdf)
    fine = _raster(file, 300, tool)
    text = _zxing(fine)
    assert [found.data.decode() for found in pyzbar.decode(fine, [pyzbar.ZBarSymbol.QRCODE])] == [text]
    assert _zxing(_raster(file, 150, tool)) == text
    report = common_house.verifier.qr(text)
    assert is_genuine(report)
    assert report.document.sid == documents[name].sid
    assert report.document.number == documents[name].number


@pytest.mark.slow
@pytest.mark.parametrize("name", ["2015 original plain", "2023 original plain"])
def test_an_a3_original_printed_on_a4_still_reads(
    name: str, documents: dict[str, Document], common_house: House, tmp_path: Path, tool: Tool
) -> None:
    file = tmp_path / "page.pdf"
    file.write_bytes(documents[name].pdf)
    text = _zxing(_raster(file, 300 * 0.71, tool))
    report = common_house.verifier.qr(text)
    assert is_genuine(report)
    assert report.document.sid == documents[name].sid


@pytest.mark.slow
def test_the_code_of_the_longest_licence_reads_at_150_dpi(common_house: House, tmp_path: Path, tool: Tool) -> None:
    document = common_house.issue(case("longest")).documents[1]
    file = tmp_path / "page.pdf"
    file.write_bytes(document.pdf)
    text = _zxing(_raster(file, 150, tool))
    report = common_house.verifier.qr(text)
    assert is_genuine(report)
    assert report.document.sid == document.sid


def test_a_licence_past_its_last_day_is_genuine_but_not_in_force(house: House) -> None:
    document = house.issue().documents[0]
    house.verifier.pdf(document.pdf).require()
    house.clock.tick(days=5 * 366)
    report = house.verifier.pdf(document.pdf)
    assert report.verdict is Verdict.FAILED
    assert report.reason.rule == "V"
