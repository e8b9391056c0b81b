"""A small publication through the writers, and what other people's readers say of it."""

import io
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pikepdf
import pikepdf.pdfa
import pypdfium2
import pytest
from pdfua import validate

from certgen.core.errors import Text
from certgen.fonts import MissingGlyph, Typefaces
from certgen.scene import (
    BLACK,
    RED,
    Bookmark,
    Link,
    Modules,
    Part,
    Path,
    Publication,
    Sheet,
    Tag,
    Words,
    render_pdf,
    render_svg,
)
from certgen.scene.shapes import circle, polyline, rectangle
from certgen.settings import SHIPPED
from certgen.typeset import break_lines, measure_line

AT = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
ICC = (SHIPPED / "_shared" / "icc" / "sRGB2014.icc").read_bytes()
BODY = "申请人应当提交《食品经营许可申请书》等材料，自受理之日起10个工作日办结；不收费。咨询电话0715-8126345。"


@pytest.fixture(scope="module")
def typefaces() -> Typefaces:
    return Typefaces(SHIPPED / "_shared" / "fonts")


def say(typefaces: Typefaces, text: str, x: float, y: float, font: str = "song", size: float = 12) -> Words:
    return Words(x, y, measure_line(text, typefaces.advances(font)), font, size)


@pytest.fixture(scope="module")
def work(typefaces: Typefaces) -> Publication:
    lines = break_lines(BODY, typefaces.advances("song"), 24_000)
    body = tuple(
        Words(60, 120 + 20 * i, line, "song", 12, BLACK, 0 if line.last else (288 - line.width * 0.012) / 30)
        for i, line in enumerate(lines)
    )
    rule = Path(polyline([(60, 90), (348, 90)]), stroke=RED, width=1.5)
    stamp = Path(circle(300, 300, 40), stroke=RED, width=2, dash=(4, 2))
    code = Modules(60, 260, 60, 8, bytes([0b10101010, 0b01010101] * 4))
    first = Sheet(
        420,
        595,
        (
            Part((say(typefaces, "办事指南", 60, 80, "hei-bold", 22),), 1),
            Part((rule,)),
            Part(body, 2),
            Part((stamp, code), 3),
            Part((say(typefaces, "第2页", 60, 400),), 4),
            Part((say(typefaces, "官方网站", 160, 400),), 5),
            *(Part((say(typefaces, word, 60 + 90 * (i % 2), 440 + 20 * (i // 2)),), 10 + i)
              for i, word in enumerate(("材料", "份数", "申请书", "1"))),
        ),
    )  # fmt: skip
    second = Sheet(420, 595, (Part((say(typefaces, "常见问题", 60, 80, "hei-bold", 18),), 6),))
    row = tuple(Tag("TH", (10 + i,), scope="Column") for i in range(2))
    return Publication(
        Text("办事指南：食品经营许可", "Guide: food business licence"),
        (first, second),
        (
            Tag("H1", (1,)),
            Tag("P", (2,)),
            Tag("Figure", (3,), alt="印章与二维码", area=(60, 260, 280, 80)),
            Tag("P", (), (Tag("Link", (4,), link=Link(0, (60, 388, 60, 16), "转到第2页", to_sheet=1)),)),
            Tag("P", (), (Tag("Link", (5,), link=Link(0, (160, 388, 60, 16), "网站", "http://127.0.0.1/a(b)")),)),
            Tag("Table", (), (Tag("TR", (), row), Tag("TR", (), (Tag("TD", (12,)), Tag("TD", (13,)))))),
            Tag("H2", (6,)),
        ),
        (Bookmark("办事指南", 0, 60, (Bookmark("说明", 0, 100),)), Bookmark("常见问题", 1)),
    )


@pytest.fixture(scope="module")
def pdf(work: Publication, typefaces: Typefaces) -> bytes:
    return render_pdf(work, typefaces, ICC, AT)


def test_it_is_pdf_ua(pdf: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("ua") / "work.pdf"
    file.write_bytes(pdf)
    report = validate(str(file))
    assert not report.findings, report.findings
    assert len(report.outcomes) > 10


def test_it_is_pdf_a(pdf: bytes) -> None:
    level_b = pdf.replace(b'pdfaid:conformance="U"', b'pdfaid:conformance="B"')  # the library knows no other
    # The library permits no extension schema, so it knows no pdfuaid:part either; PDF/A itself asks for both together.
    findings = pikepdf.pdfa.validate_written(io.BytesIO(level_b), "2b").findings
    assert findings
    others = [str(f) for f in findings if not re.search("XMP [a-z]+ (pdfa[EST]|pdfaProperty|pdfuaid)", str(f))]
    assert not others
    start, end = level_b.index(b'<rdf:Description rdf:about="" xmlns:pdfaExt'), level_b.index(b"</rdf:RDF>")
    without = level_b[:start] + b" " * (end - start) + level_b[end:]
    without = without.replace(b'pdfuaid:part="1"', b" " * 16)
    assert pikepdf.pdfa.validate_written(io.BytesIO(without), "2b").passed


def test_a_reader_of_the_structure_hears_everything_in_order(
    pdf: bytes, tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("read") / "work.pdf"
    file.write_bytes(pdf)
    heard = subprocess.run([tool("pdfinfo"), "-struct-text", str(file)], capture_output=True, text=True, check=True)
    lines = [line.strip() for line in heard.stdout.splitlines()]
    said = [line.strip('"') for line in lines if line.startswith('"')]
    assert "".join(said) == f"办事指南{BODY}第2页官方网站材料份数申请书1常见问题"


def test_text_copies_as_it_was_although_it_is_justified(pdf: bytes, tool: Callable[[str], str]) -> None:
    copied = subprocess.run([tool("pdftotext"), "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    assert BODY in copied.replace("\n", "")


def test_qpdf_finds_nothing(pdf: bytes, tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("qpdf") / "work.pdf"
    file.write_bytes(pdf)
    done = subprocess.run([tool("qpdf"), "--check", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_outline_leads_to_its_pages(pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as opened, opened.open_outline() as outline:
        assert [item.title for item in outline.root] == ["办事指南", "常见问题"]
        assert [item.title for item in outline.root[0].children] == ["说明"]
        second = opened.Root.Outlines.Last
        assert second.Dest[0].objgen == opened.pages[1].obj.objgen
        assert second.Prev.Title == "办事指南"  # although its name is written with an escape


def test_links_lead_where_they_say(pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        inside, outside = opened.pages[0].Annots
        assert inside.Dest[0].objgen == opened.pages[1].obj.objgen
        assert str(outside.A.URI) == "http://127.0.0.1/a(b)"


def test_the_same_publication_gives_the_same_bytes(pdf: bytes, work: Publication, typefaces: Typefaces) -> None:
    assert render_pdf(work, typefaces, ICC, AT) == pdf


def test_what_is_painted_is_seen(pdf: bytes) -> None:
    with pypdfium2.PdfDocument(pdf) as opened:
        pixels = opened[0].render(scale=2, rev_byteorder=True).to_numpy()[:, :, :3]
    red = pixels[180:181, 240:600].reshape(-1, 3)
    assert (red[:, 0] > 150).all()
    assert (red[:, 1] < 80).all()
    stencil = pixels[520:640, 120:240]
    assert 0.4 < (stencil < 128).mean() < 0.6


def test_a_part_that_no_tag_names_is_refused(work: Publication, typefaces: Typefaces) -> None:
    with pytest.raises(ValueError, match="without a tag"):
        render_pdf(replace(work, tags=work.tags[1:]), typefaces, ICC, AT)


def test_a_part_that_two_tags_claim_is_refused(work: Publication, typefaces: Typefaces) -> None:
    with pytest.raises(ValueError, match="claimed by"):
        render_pdf(replace(work, tags=(*work.tags, Tag("P", (1,)))), typefaces, ICC, AT)


def test_a_missing_glyph_is_refused(typefaces: Typefaces) -> None:
    with pytest.raises(MissingGlyph):
        say(typefaces, "\U00031234", 0, 0)


def test_an_svg_has_the_words_and_a_description(work: Publication, typefaces: Typefaces) -> None:
    drawn = render_svg(work.sheets[0], typefaces, "办事指南", "一 <二>")
    assert '<desc id="d">一 &lt;二&gt;</desc>' in drawn
    assert ">官方网站</text>" in drawn
    assert drawn.count("<path") >= 3


@pytest.mark.parametrize("radius", [0.0, 4.0, 99.0])
def test_a_rectangle_stays_in_its_bounds(radius: float) -> None:
    values = [v for step in rectangle(10, 20, 40, 30, radius) for v in step.at]
    assert all(10 <= x <= 50 for x in values[0::2])
    assert all(20 <= y <= 50 for y in values[1::2])
