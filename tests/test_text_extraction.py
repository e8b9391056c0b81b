"""What is copied out of a document is what went in, character by character: poppler, pypdf and PDFium."""

import io
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pypdf
import pypdfium2
import pytest
from fontTools.ttLib import TTFont

from certgen.core.errors import ApplicationError
from certgen.fonts import VENDORED, Typefaces
from certgen.issue import Document, Refused
from certgen.settings import SHIPPED
from tests.house import House, Scratch, case, sample_2015

FONTS = SHIPPED / "_shared" / "fonts"
READERS = ["pdftotext", "pdftotext -raw", "pypdf", "PDFium"]
RARE = "䶮㛃𬱖𫖯𠅤㙓龘𰻝"
RADICALS = "马龙方文卜"
NAME = "阿卜杜热合曼·买买提"

Read = Callable[[str, bytes], str]


@pytest.fixture(scope="module")
def typefaces() -> Typefaces:
    return Typefaces(FONTS)


@pytest.fixture
def scratch(tmp_path: Path, typefaces: Typefaces) -> Scratch:
    return Scratch(tmp_path, typefaces)


@pytest.fixture
def read(tmp_path: Path, tool: Callable[[str], str]) -> Read:
    """Extract the text of a file's first page."""

    def extract(reader: str, pdf: bytes) -> str:
        if reader == "pypdf":
            return pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
        if reader == "PDFium":
            with pypdfium2.PdfDocument(pdf) as document:
                page = document[0].get_textpage()
                try:
                    return page.get_text_range().replace("\r\n", "\n")
                finally:
                    page.close()
        file = tmp_path / "read.pdf"
        file.write_bytes(pdf)
        options = reader.split()[1:]
        command = [tool("pdftotext"), "-enc", "UTF-8", *options, file, "-"]
        return subprocess.run(command, capture_output=True, check=True).stdout.decode().replace("\f", "")

    return extract


def page(font: str = "song", **attributes: object) -> str:
    """Write a layout with one large box for the field `v`."""
    given = {"x": 10, "y": 10, "width": 280, "height": 2980, "size": 12, "fit": "wrap"} | attributes
    words = " ".join(f'{name}="{value}"' for name, value in given.items())
    box = f'<text name="v" font="{font}" {words}>{{{{ v }}}}</text>'
    return f'<layout><page width="300" height="3000">{box}</page></layout>'


@cache
def sharing(font: str) -> list[str]:
    """List the groups of characters that have one glyph, from the font's own cmap; spaces and soft spaces apart."""
    of_glyph = defaultdict(list)
    with TTFont(FONTS / VENDORED[font], lazy=True) as file:
        for code, glyph in sorted(file.getBestCmap().items()):
            of_glyph[glyph].append(chr(code))
    groups = ["".join(chars) for chars in of_glyph.values() if len(chars) > 1]
    return [group for group in groups if not any(char.isspace() for char in group)]


# Characters that share a glyph


@pytest.mark.parametrize("font", VENDORED)
def test_characters_that_share_a_glyph_come_back_as_they_went_in(font: str, scratch: Scratch, read: Read) -> None:
    groups = sharing(font)
    face = scratch.typefaces.chain(font).faces[0]
    alone = [group for group in groups if all(face.glyph(char) for char in group)]
    assert len(groups) - len(alone) <= (1 if font == "kai" else 0)  # its ´ is composite, and comes from Hei
    pdf = scratch.pdf(page(font), v="\n".join(groups))
    for reader in READERS:
        assert [line for line in read(reader, pdf).split("\n") if line] == groups, reader


def test_the_faces_share_hundreds_of_glyphs_so_that_the_test_above_means_something() -> None:
    counts = {font: len(sharing(font)) for font in VENDORED}
    assert min(counts[font] for font in ("song", "song-bold", "hei", "hei-bold")) > 400
    assert "⻢马" in sharing("song")
    assert any({"·", "•"} <= set(group) for group in sharing("hei"))
    assert any(char > "\uffff" for group in sharing("song") for char in group)


@pytest.mark.parametrize("font", VENDORED)
def test_the_plate_s_common_characters_do_not_lend_their_code_to_look_alikes(
    font: str, scratch: Scratch, read: Read
) -> None:
    text = "马⻢龙⻰方⽅文⽂卜⼘·•‧・"
    pdf = scratch.pdf(page(font), common="马龙方文卜·", v=text)
    for reader in READERS:
        assert read(reader, pdf).strip() == text, reader


@pytest.mark.parametrize("font", VENDORED)
def test_characters_beyond_the_bmp_and_from_other_faces_come_back(font: str, scratch: Scratch, read: Read) -> None:
    text = f"咸宁{RARE}餐饮𠮷𡘙𫚭𬶋{NAME}ABC123"
    pdf = scratch.pdf(page(font), v=text)
    for reader in READERS:
        assert read(reader, pdf).strip() == text, reader


def test_every_character_of_gb2312_comes_back(scratch: Scratch, read: Read) -> None:
    rows = [*range(0xA1, 0xAA), *range(0xB0, 0xF8)]
    for part in (rows[:40], rows[40:]):
        lines = ["".join(char for char in _gb2312(row) if not char.isspace()) for row in part]
        pdf = scratch.pdf(page(size=8), v="\n".join(lines))
        assert "".join(read("pdftotext -raw", pdf).split()) == "".join(lines)


def _gb2312(row: int) -> Iterator[str]:
    for cell in range(0xA1, 0xFF):
        try:
            yield bytes((row, cell)).decode("gb2312")
        except UnicodeDecodeError:
            continue


# How text is set must not show in what is copied


@pytest.mark.parametrize("tracking", [0, 0.05, 0.09, 0.1, 0.2, 1, 2])
@pytest.mark.parametrize("align", ["left", "center", "right"])
def test_letter_spaced_text_is_copied_without_spaces(tracking: float, align: str, scratch: Scratch, read: Read) -> None:
    text = "食品经营许可证第2023号ABC"
    pdf = scratch.pdf(page(tracking=tracking, align=align), v=text)
    assert read("pdftotext", pdf).strip() == text
    assert read("PDFium", pdf).strip() == text


SQUEEZED = "食品（含冷藏食品）、热食“测试”，自制《饮品》（茶）。"


def test_squeezed_punctuation_is_copied_on_its_line(scratch: Scratch, read: Read) -> None:
    for size, x in ((9, 10), (10.5, 20.37), (11, 33.21), (12, 41.9), (13.7, 52.6), (16, 12.34)):
        assert read("pdftotext", scratch.pdf(page(size=size, x=x, width=220), v=SQUEEZED)).strip() == SQUEEZED


@pytest.mark.parametrize("width", [12, 14, 16])
def test_justified_text_in_a_narrow_box_is_copied_without_spaces(width: int, scratch: Scratch, read: Read) -> None:
    text = "正本、副本具有同等法律效力，正本应当悬挂在经营场所的显著位置。"
    pdf = scratch.pdf(page(width=width, align="justify"), v=text)
    assert read("pdftotext", pdf).replace("\n", "") == text


@pytest.mark.parametrize("width", [20, 30, 45, 90])
def test_justified_text_is_copied_without_spaces(width: int, scratch: Scratch, read: Read) -> None:
    text = "正本及副本具有同等法律效力，正本应当悬挂在经营场所的显著位置，不得伪造或者涂改。"
    pdf = scratch.pdf(page(width=width, align="justify"), v=text)
    assert read("pdftotext", pdf).replace("\n", "") == text


@pytest.mark.parametrize("align", ["left", "justify", "center", "right"])
def test_the_lines_of_a_wrapped_text_join_to_the_text(align: str, scratch: Scratch, read: Read) -> None:
    text = "预包装食品销售含冷藏冷冻食品，热食类食品制售，冷食类食品制售，糕点类食品制售含裱花蛋糕，自制饮品制售。" * 4
    pdf = scratch.pdf(page(width=70, align=align), v=text)
    for reader in READERS:
        assert read(reader, pdf).replace("\n", "") == text, reader


# Documents really issued


@pytest.fixture(scope="module")
def rare(common_house: House) -> tuple[Document, ...]:
    return common_house.issue(case("rare-characters"), papers=("plain", "overprint")).documents


@pytest.mark.parametrize("reader", READERS)
def test_rare_characters_of_an_issued_licence_come_back_code_point_by_code_point(
    reader: str, rare: tuple[Document, ...], read: Read
) -> None:
    for document in rare:
        text = read(reader, document.pdf)
        for wanted in (RARE, RADICALS, NAME, "马龙、方文卜", f"咸宁市{RARE}餐饮管理有限公司"):
            found = text[text.find(wanted[0]) :][: len(wanted)] if wanted not in text else wanted
            assert [f"U+{ord(c):04X}" for c in found] == [f"U+{ord(c):04X}" for c in wanted]


@pytest.mark.parametrize("reader", READERS[1:])  # in reading order, pdftotext puts columns between wrapped lines
def test_hostile_values_print_as_text(reader: str, common_house: House, read: Read) -> None:
    record = case("hostile")
    original, duplicate = common_house.issue(record).documents
    for field, value in record.items():
        for document in (original, duplicate) if field != "warehouse" else (duplicate,):
            if isinstance(value, str) and field not in {"authority", "issued_on"}:
                assert "".join(value.split()) in "".join(read(reader, document.pdf).split()), field


def test_braces_markup_and_paths_stay_what_they_are(common_house: House, read: Read) -> None:
    name = '{{7*7}}<img src="file:///etc/passwd">../../x'
    licence = common_house.issue(
        operator_name=name, legal_representative="{% if 1 %}49{% endif %}", premises="&amp;<b>]]>\\0 ${7*7}"
    )
    for document in licence.documents:
        text = read("pdftotext", document.pdf)
        for value in (name, "{% if 1 %}49{% endif %}", "&amp;<b>]]>\\0 ${7*7}"):
            assert value in text
        assert b"/Image" in document.pdf
        assert document.pdf.count(b"/Subtype/Image") == 1  # the QR code


@pytest.mark.parametrize("field", ["operator_name", "legal_representative", "domicile", "premises"])
def test_a_long_value_is_never_cut(field: str, common_house: House, read: Read) -> None:
    record = case("longest-2023")
    document = common_house.issue(record).documents[1]
    assert str(record[field]) in read("pdftotext -raw", document.pdf).replace("\n", "")


# Characters that nothing prints


def _unprintable(typefaces: Typefaces) -> str:
    """Find a character of Extension H that no face has, not even one that this machine has installed."""
    chain = typefaces.chain("song")
    return next(chr(c) for c in range(0x31350, 0x323B0) if not any(face.glyph(chr(c)) for face in chain.faces))


def test_a_character_without_a_glyph_refuses_the_record_naming_field_and_code_point(house: House) -> None:
    char = _unprintable(house.issuer.workshop.typefaces)
    before = house.counts()
    with pytest.raises(ApplicationError) as refusal:
        house.issue(legal_representative=f"陈{char}香")
    (problem,) = refusal.value.problems
    assert problem.field == "legal_representative"
    assert f"U+{ord(char):04X}" in problem.found
    assert "法定代表人" in problem.say("zh")
    assert house.counts() == before


def test_every_field_with_such_a_character_is_named_at_once(house: House) -> None:
    char = _unprintable(house.issuer.workshop.typefaces)
    with pytest.raises(ApplicationError) as refusal:
        house.issue(sample_2015(), operator_name=f"咸宁{char}店", premises=f"温泉{char}路", signatory=f"王{char}")
    assert {problem.field for problem in refusal.value.problems} == {"operator_name", "premises", "signatory"}


def test_a_refused_record_uses_up_no_number(house: House) -> None:
    char = _unprintable(house.issuer.workshop.typefaces)
    bad, good, after = (house.application(operator_name=f"咸宁市{mark}餐饮店") for mark in (char, "甲", "乙"))
    outcomes = house.try_to_issue(bad, good, after)
    assert isinstance(outcomes[0], Refused)
    first, second = outcomes[1].number, outcomes[2].number
    assert int(second[-7:-1]) - int(first[-7:-1]) == 1
    assert int(first[-7:-1]) == 1


def test_a_rare_character_counts_as_one_where_length_is_limited(house: House) -> None:
    assert house.issue(legal_representative="𬱖" * 50).number
