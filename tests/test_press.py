"""The press: what each paper carries, what flows on, and what preflight lets through."""

import ast
import io
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pikepdf
import pypdf
import pypdfium2
import pytest
import zxingcpp

from certgen.core.chinese import format_date
from certgen.core.errors import ApplicationError, SigningError, TemplateError
from certgen.core.sid import grouped
from certgen.fonts import Typefaces
from certgen.issue import Document, Issued
from certgen.layout import POINT
from certgen.pades import PdfSeal
from certgen.preflight import Prepared, Window, lint
from certgen.press import CONTINUED_NOTE, MAX_PAGES, Certified, Struck
from certgen.settings import SHIPPED
from tests.house import NOW, House, Scratch, sample, sample_2015, symbol, unsigned

PALE = (240, 222, 217)  # 样本
BOTH = ("plain", "overprint")

Tool = Callable[[str], str]


@pytest.fixture(scope="module")
def typefaces() -> Typefaces:
    return Typefaces(SHIPPED / "_shared" / "fonts")


@pytest.fixture
def scratch(tmp_path: Path, typefaces: Typefaces) -> Scratch:
    return Scratch(tmp_path, typefaces)


@pytest.fixture(scope="module")
def specimens(common_house: House) -> dict[str, Document]:
    return _by_name(common_house.issue(papers=BOTH))


@pytest.fixture(scope="module")
def productions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Document]]:
    """The same licence where production keys sign."""
    with House(tmp_path_factory.mktemp("production") / "home", specimen=False) as house:
        yield _by_name(house.issue(papers=BOTH))


def _by_name(licence: Issued) -> dict[str, Document]:
    return {f"{d.copy} {d.paper}": d for d in licence.documents}


def picture(pdf: bytes, dpi: float = 50) -> np.ndarray:
    """Draw the first page, with its annotations, in RGB."""
    with pypdfium2.PdfDocument(pdf) as document:
        document.init_forms()
        return document[0].render(scale=dpi / 72, rev_byteorder=True).to_numpy()[:, :, :3].astype(int).copy()


def share(pixels: np.ndarray, colour: Sequence[int], tolerance: int = 3) -> float:
    """Say which part of a picture has a colour."""
    return float((abs(pixels - np.array(colour)).max(axis=2) <= tolerance).mean())


def mark_colour(marked: np.ndarray, clean: np.ndarray) -> tuple[int, ...]:
    """Find the colour that one picture has more of than the other."""
    counts = Counter(map(tuple, marked.reshape(-1, 3).tolist()))
    counts.subtract(map(tuple, clean.reshape(-1, 3).tolist()))
    return counts.most_common(1)[0][0]


def redness(pixels: np.ndarray) -> float:
    red, green, blue = (pixels[:, :, i] for i in range(3))
    return float(((red > 180) & (green < 90) & (blue < 90)).mean())


def words(pdf: bytes, page: int = 0) -> str:
    return pypdf.PdfReader(io.BytesIO(pdf)).pages[page].extract_text()


def solid(text: str) -> str:
    return "".join(text.split())


# Papers


def _printed(record: dict[str, object], document: Document) -> list[str]:
    """List all that belongs on pre-printed stock: what differs from licence to licence, the code, and its words."""
    issued = date.fromisoformat(str(record.get("issued_on", "2026-11-23")))
    until = issued.replace(year=issued.year + 5) - timedelta(days=1)
    fields = {
        k: "、".join(v) if isinstance(v, list) else str(v)
        for k, v in record.items()
        if k not in ("authority", "issued_on")
    }
    if document.copy == "original":
        fields.pop("warehouse")
    authority, telephone = (
        ("咸宁市食品药品监督管理局", "12331") if issued.year == 2017 else ("咸宁市市场监督管理局", "12315")
    )
    number = "1—1" if document.copy == "duplicate" else ""
    days = [format_date(issued), format_date(until)]
    return [
        *fields.values(),
        *days,
        document.number,
        grouped(document.sid),
        "licence.example:8443",
        authority,
        telephone,
        number,
        "扫码核验",
    ]


@pytest.mark.parametrize("copy", ["original", "duplicate"])
@pytest.mark.parametrize("form", ["2015", "2023"])
def test_overprint_carries_the_variable_text_and_nothing_else(form: str, copy: str, common_house: House) -> None:
    record = {"2015": sample_2015, "2023": sample}[form]()
    document = _by_name(common_house.issue(record, papers=("overprint",)))[f"{copy} overprint"]
    assert Counter(solid(words(document.pdf))) == Counter(solid("".join(_printed(record, document))))


def test_plain_paper_carries_that_and_the_labels(specimens: dict[str, Document]) -> None:
    for copy in ("original", "duplicate"):
        over, plain = (Counter(solid(words(specimens[f"{copy} {paper}"].pdf))) for paper in ("overprint", "plain"))
        assert over < plain
        assert "食品经营许可证" in words(specimens[f"{copy} plain"].pdf)
        assert "食品经营许可证" not in words(specimens[f"{copy} overprint"].pdf)


@pytest.mark.parametrize("copy", ["original", "duplicate"])
def test_overprint_has_no_art_and_no_seal_and_plain_paper_has_both(copy: str, productions: dict[str, Document]) -> None:
    over, plain = picture(productions[f"{copy} overprint"].pdf), picture(productions[f"{copy} plain"].pdf)
    assert redness(plain) > 0.001
    assert redness(over) == 0
    assert share(over, (255, 255, 255)) > 0.9
    assert share(plain, (255, 255, 255)) < 0.3
    with pikepdf.open(io.BytesIO(productions[f"{copy} overprint"].pdf)) as pdf:
        (widget,) = pdf.pages[0].Annots
        assert "/AP" not in widget
        assert [float(v) for v in widget.Rect] == [0, 0, 0, 0]
        assert set(pdf.pages[0].Resources.XObject.keys()) == {"/main", "/Q"}
        operators = {str(operator) for _, operator in pikepdf.parse_content_stream(pdf.pages[0].Resources.XObject.main)}
    assert operators <= {
        "BMC",
        "BDC",
        "EMC",
        "BT",
        "ET",
        "Tf",
        "Tm",
        "Tc",
        "TJ",
        "Tj",
        "Td",
        "rg",
        "q",
        "Q",
        "cm",
    }  # no path, no picture


@pytest.mark.parametrize("name", ["original plain", "original overprint", "duplicate plain", "duplicate overprint"])
def test_a_demo_key_marks_the_page_as_a_specimen_and_a_production_key_does_not(
    name: str, specimens: dict[str, Document], productions: dict[str, Document]
) -> None:
    marked, clean = picture(specimens[name].pdf), picture(productions[name].pdf)
    pale = mark_colour(marked, clean)
    assert min(pale) > 200  # text over it stays legible
    assert share(marked, pale) > 0.01
    assert share(clean, pale) < 0.001
    rows, columns = np.nonzero(abs(marked - np.array(pale)).max(axis=2) <= 3)
    assert rows.max() - rows.min() > 0.4 * len(marked)
    assert columns.max() - columns.min() > 0.3 * len(marked[0])


def test_the_specimen_mark_is_no_text_that_could_be_copied(specimens: dict[str, Document]) -> None:
    assert "样本" not in words(specimens["duplicate plain"].pdf)


def test_the_verifier_says_whether_a_seal_is_a_specimen(specimens: dict[str, Document], common_house: House) -> None:
    facts = common_house.verifier.pdf(specimens["duplicate plain"].pdf).facts
    assert any("样本" in value for _, value in facts)


def _where(pdf: bytes, text: str, tmp_path: Path, tool: Tool) -> tuple[float, float]:
    """Find the upper left corner of a word on the first page, in points."""
    (tmp_path / "boxes.pdf").write_bytes(pdf)
    boxes = subprocess.run(
        [tool("pdftotext"), "-bbox", tmp_path / "boxes.pdf", "-"], capture_output=True, check=True
    ).stdout.decode()
    x, y = re.search(rf'<word xMin="([\d.]+)" yMin="([\d.]+)"[^>]*>{text}<', boxes).groups()
    return float(x), float(y)


def _where_code(pdf: bytes) -> tuple[float, float]:
    """Find the upper left corner of the QR code in points from the upper left of the page."""
    (found,) = zxingcpp.read_barcodes(np.ascontiguousarray(picture(pdf, 150).astype(np.uint8)))
    return found.position.top_left.x * 72 / 150, found.position.top_left.y * 72 / 150


@pytest.mark.slow
def test_an_offset_moves_all_of_an_overprint_and_nothing_on_plain_paper(
    model_home: Path, tmp_path: Path, tool: Tool
) -> None:
    made = []
    for name, offset in (("without", [0, 0]), ("with", [3.0, -2.0])):
        with House(tmp_path / name, keys=model_home / "keys", overprint_offset_mm=offset) as house:
            made.append(_by_name(house.issue(papers=BOTH)))
    without, moved = made
    for copy in ("original", "duplicate"):
        before, after = without[f"{copy} overprint"].pdf, moved[f"{copy} overprint"].pdf
        for text in ("陈桂香", without["original plain"].number, "扫码核验"):  # of the strike, and of the plate
            (x0, y0), (x1, y1) = (_where(pdf, text, tmp_path, tool) for pdf in (before, after))
            assert (x1 - x0, y1 - y0) == pytest.approx((3 * POINT, -2 * POINT), abs=0.02)
        (x0, y0), (x1, y1) = _where_code(before), _where_code(after)
        assert (x1 - x0, y1 - y0) == pytest.approx((3 * POINT, -2 * POINT), abs=0.8)
        assert without[f"{copy} plain"].pdf == moved[f"{copy} plain"].pdf


def test_a_field_left_out_prints_nothing_in_its_place(common_house: House) -> None:
    document = common_house.issue(warehouse=None).documents[1]
    assert str(sample()["warehouse"]) not in solid(words(document.pdf))


# A text that flows on

TEMPLATE = """
kind = "notice"
version = 1
title = { zh = "告知书", en = "Notice" }
holder = "addressee"
[numbering]
pattern = "GZ{division}{year}{seq:5}"
[[copy]]
id = "original"
title = { zh = "正本", en = "Original" }
[[form]]
id = "1"
in_force_from = 2020-01-01
folder = "1"
[[field]]
name = "addressee"
label = { zh = "当事人", en = "Addressee" }
type = "company"
[[field]]
name = "reasons"
label = { zh = "理由", en = "Reasons" }
type = "text"
max = 10000
[[field]]
name = "advice"
label = { zh = "提示", en = "Advice" }
type = "text"
max = 10000
required = false
"""
LAYOUT = """<layout>
  <page width="210" height="297">
    <text name="head" x="20" y="20" width="170" height="12" font="hei-bold" size="18" align="center">告知书</text>
    <text name="addressee" x="20" y="40" width="170" height="14" size="12" floor="8" fit="wrap">{{ addressee }}</text>
    <text name="reasons" x="20" y="60" width="170" height="60" size="12" floor="10" fit="continue">{{ reasons }}</text>
    <text name="advice" x="20" y="125" width="170" height="40" size="12" floor="10" fit="continue">{{ advice }}</text>
    <qr x="30" y="230" size="32"/>
    <seal x="140" y="220" size="42"/>
    <text name="sid" x="20" y="266" width="60" height="5" size="9">{{ sid_grouped }}</text>
  </page>
  <page role="continuation" width="210" height="297">
    <text name="further" x="20" y="12" width="170" height="8" size="9">附页 {{ number }} 第{{ page }}页</text>
    <continued x="20" y="30" width="170" height="240" size="11" leading="1.5"/>
  </page>
</layout>
"""
SENTENCES = (
    "现查明，当事人未在规定期限内提交更正材料；"
    "经两次书面催告（含电话通知），仍未补正。ABC-2026/17号通知已于3月5日送达，"
)


@pytest.fixture
def notices(house: House) -> House:
    """A house with a kind of its own, whose texts flow on to further pages."""
    folder = house.settings.home / "templates" / "notice"
    (folder / "1").mkdir(parents=True)
    (folder / "template.toml").write_text(TEMPLATE, "utf-8")
    (folder / "1" / "original.xml").write_text(LAYOUT, "utf-8")
    house.close()
    return House(house.settings.home)


def _notice(house: House, reasons: str, **more: str) -> Document:
    record = {"authority": "421200", "addressee": "咸宁市桂花源餐饮管理有限公司", "reasons": reasons, **more}
    return house.issue(record, kind="notice").documents[0]


def _body(pdf: bytes, number: str, advice: str = "") -> str:
    """Join what the pages say of the text, without the note, the heads of the pages and the name of the field."""
    pages = [solid(page.extract_text()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]
    first = pages[0].partition("有限公司")[2].rpartition(CONTINUED_NOTE)[0]
    rest = "".join(page.partition(f"附页{number}第{i}页")[2] for i, page in enumerate(pages[1:], 2))
    assert rest.startswith("理由（续）：")
    return first + rest.removeprefix("理由（续）：")


def test_a_text_of_3000_characters_flows_over_pages_and_nothing_is_lost(notices: House) -> None:
    text = (SENTENCES * 60)[:2999] + "。"
    document = _notice(notices, text)
    assert len(text) == 3000
    assert _body(document.pdf, document.number) == solid(text)
    assert len(pypdf.PdfReader(io.BytesIO(document.pdf)).pages) == 3
    notices.verifier.pdf(document.pdf).require()


@pytest.mark.parametrize("length", [830, 900, 1000, 1700, 5000, 9999])
def test_wherever_a_text_breaks_between_pages_nothing_is_lost(length: int, notices: House) -> None:
    text = (SENTENCES * 200)[:length]
    document = _notice(notices, text)
    assert _body(document.pdf, document.number) == solid(text)


def test_paragraphs_keep_their_lines_over_the_break(notices: House, scratch: Scratch) -> None:
    text = "\n".join(f"第{i}条 {SENTENCES}" for i in range(1, 40))
    pdf = scratch.pdf(LAYOUT, addressee="咸宁市有限公司", reasons=text, advice="")
    lines = [line for page in pypdf.PdfReader(io.BytesIO(pdf)).pages for line in page.extract_text().split("\n")]
    starts = [line for line in lines if line.startswith("第") and "条 现" in line]
    assert len(starts) == 39


def test_two_texts_flow_on_one_after_the_other_each_under_its_name(scratch: Scratch) -> None:
    pdf = scratch.pdf(LAYOUT, addressee="甲公司", reasons="理" * 1500, advice="示" * 1500)
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]
    said = solid("".join(pages))
    assert Counter(said)["理"] == 1500
    assert Counter(said)["示"] == 1500
    assert pages[0].count(CONTINUED_NOTE) == 2
    assert solid(pages[1]).index("「reasons」（续）：理") < said.index("「advice」（续）：示")


def test_letter_spaced_text_that_flows_on_is_copied_once_and_with_its_note(
    scratch: Scratch, tmp_path: Path, tool: Tool
) -> None:
    text = "".join(chr(code) for code in range(0x4E00, 0x4E00 + 1600))
    spaced = LAYOUT.replace('size="12" floor="10" fit="continue"', 'size="12" fit="continue" tracking="0.12"', 1)
    (tmp_path / "spaced.pdf").write_bytes(scratch.pdf(spaced, addressee="ABC", reasons=text, advice=""))
    command = [tool("pdftotext"), "-raw", tmp_path / "spaced.pdf", "-"]
    said = Counter(subprocess.run(command, capture_output=True, check=True).stdout.decode())
    assert {said[char] for char in text[-500:]} == {1}
    assert said["见"] == 1  # of the note


def test_a_text_that_fits_needs_no_further_page(notices: House) -> None:
    document = _notice(notices, SENTENCES)
    assert len(pypdf.PdfReader(io.BytesIO(document.pdf)).pages) == 1
    assert CONTINUED_NOTE not in words(document.pdf)


def test_only_the_first_page_carries_code_and_seal(notices: House) -> None:
    with pikepdf.open(io.BytesIO(_notice(notices, SENTENCES * 30).pdf)) as pdf:
        drawn = [{str(o[0]) for o, op in pikepdf.parse_content_stream(page) if str(op) == "Do"} for page in pdf.pages]
        assert drawn == [{"/main", "/Q"}, {"/continuation"}]
        assert ["/Annots" in page for page in pdf.pages] == [True, False]


def test_a_text_without_end_is_refused_and_never_cut(scratch: Scratch) -> None:
    small = LAYOUT.replace('height="240" size="11"', 'height="8" size="11"')
    with pytest.raises(ApplicationError) as refusal:
        scratch.pdf(small, addressee="甲公司", reasons=SENTENCES * 100, advice="")
    (problem,) = refusal.value.problems
    assert problem.field == "reasons"
    assert str(MAX_PAGES) in problem.say("en")


def test_a_text_that_must_not_flow_on_is_refused_and_never_cut(common_house: House) -> None:
    layout = (SHIPPED / "food-business" / "2023" / "duplicate.xml").read_text("utf-8")
    assert 'fit="continue"' not in layout
    with pytest.raises(ApplicationError) as refusal:
        common_house.issue(legal_representative="长" * 51)
    assert {problem.field for problem in refusal.value.problems} == {"legal_representative"}


def test_a_box_that_overflows_names_the_field_and_its_smallest_size(scratch: Scratch) -> None:
    box = '<text name="v" x="5" y="5" width="30" height="5" size="9" floor="7">{{ v }}</text>'
    page = f'<layout><page width="100" height="100">{box}</page></layout>'
    with pytest.raises(ApplicationError) as refusal:
        scratch.strike(page, v="字" * 100)
    (problem,) = refusal.value.problems
    assert problem.field == "v"
    assert "7 pt" in problem.say("en")


def test_more_different_characters_than_a_font_of_ours_holds_are_printed_or_refused(scratch: Scratch) -> None:
    text = "".join(chr(code) for code in range(0x4E00, 0x4E00 + 4200))
    try:
        pdf = scratch.pdf(LAYOUT, addressee="甲公司", reasons=text, advice="")
    except ApplicationError as refusal:
        assert refusal.problems[0].field == "reasons"
    else:
        assert Counter("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages))["一"] == 1


# Preflight

PAGE = """<layout><page width="100" height="100">
  <qr x="20" y="20" size="30"/><text name="v" x="5" y="5" width="60" height="9" size="9">{{ v }}</text>
</page></layout>"""
IN_FORCE = Window(NOW - timedelta(days=1), NOW + timedelta(days=1))


@pytest.fixture
def struck(scratch: Scratch) -> Struck:
    return scratch.strike(PAGE, v="咸宁")


def test_preflight_lets_a_sound_page_through(struck: Struck) -> None:
    assert lint([struck], [IN_FORCE], NOW) == [Prepared(struck)]


def test_preflight_refuses_a_page_whose_code_says_something_else(struck: Struck) -> None:
    other = symbol("9876543210" * 45)
    assert other.size == struck.symbol.size
    forged = replace(struck, symbol=replace(struck.symbol, rows=other.rows))
    with pytest.raises(TemplateError) as refusal:
        lint([struck, forged], [IN_FORCE, IN_FORCE], NOW)  # one bad page stops them all
    assert refusal.value.field == "qr"


@pytest.mark.parametrize("bit", [0, 7, 2000])
def test_preflight_forgives_not_one_wrong_module(bit: int, struck: Struck) -> None:
    rows = bytearray(struck.symbol.rows)
    at = len(rows) // 2 + bit // 8 if bit else 5 * ((struck.symbol.size + 7) // 8) + 3
    rows[at % len(rows)] ^= 0x80 >> bit % 8
    with pytest.raises((TemplateError, ValueError)):
        lint([replace(struck, symbol=replace(struck.symbol, rows=bytes(rows)))], [IN_FORCE], NOW)


@pytest.mark.parametrize(
    "window",
    [
        Window(NOW - timedelta(days=9), NOW - timedelta(seconds=1)),
        Window(NOW + timedelta(seconds=1), NOW + timedelta(days=9)),
    ],
    ids=["expired", "not yet in force"],
)
def test_preflight_refuses_a_seal_that_is_not_in_force(window: Window, struck: Struck) -> None:
    with pytest.raises(SigningError, match="key officer"):
        lint([struck], [window], NOW)


@pytest.mark.parametrize("now", [IN_FORCE.not_before, IN_FORCE.not_after], ids=["first", "last"])
def test_a_seal_is_in_force_on_its_first_and_last_moment(now: object, struck: Struck) -> None:
    assert lint([struck], [IN_FORCE], now)


def test_preflight_refuses_dates_out_of_order(struck: Struck) -> None:
    facts = replace(struck.certified.certificate, valid_until=date(2025, 1, 1))
    with pytest.raises(TemplateError, match="2025-01-01 is before valid_from 2026-01-05"):
        lint([replace(struck, certified=Certified.of(facts))], [IN_FORCE], NOW)


def test_an_expired_seal_stops_issuing_before_anything_is_reserved_or_recorded(house: House) -> None:
    house.issue()
    before = house.counts()
    house.clock.tick(days=20 * 366)
    with pytest.raises(SigningError):
        house.issue(issued_on="2026-11-23")
    assert {k: v for k, v in house.counts().items() if k in ("documents", "strikes", "events")} == {
        k: v for k, v in before.items() if k in ("documents", "strikes", "events")
    }


def test_nothing_but_preflight_makes_a_page_ready_to_sign() -> None:
    makers = []
    for file in sorted((SHIPPED.parent / "certgen").rglob("*.py")):
        calls = (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call))
        makers += [
            file.name for call in calls if getattr(call.func, "id", getattr(call.func, "attr", "")) == "Prepared"
        ]
    assert makers == ["preflight.py"]


def test_a_seal_refuses_a_page_that_left_another_gap(struck: Struck, common_house: House) -> None:
    seal: PdfSeal = common_house.issuer.seal_of("421200")
    (prepared,) = lint([struck], [IN_FORCE], NOW)
    assert struck.gap_bytes != seal.gap_bytes
    with pytest.raises(SigningError, match="the gap holds"):
        seal.strike(prepared)


def test_a_struck_page_is_whole_but_for_its_signature(struck: Struck) -> None:
    with pikepdf.open(io.BytesIO(unsigned(struck))) as pdf:
        assert not pdf.check_pdf_syntax() if hasattr(pdf, "check_pdf_syntax") else not pdf.check()
        assert not any(bytes(pdf.Root.AcroForm.Fields[0].V.Contents))
