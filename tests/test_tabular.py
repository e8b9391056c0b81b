"""Tables: what a record may give, and how rows flow over pages without a word lost."""

import io
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pikepdf
import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certgen import rows
from certgen.core import record
from certgen.core.errors import ApplicationError, TemplateError, Text
from certgen.core.model import Column, Field
from certgen.fonts import Typefaces
from certgen.press import MAX_PAGES
from certgen.settings import SHIPPED
from tests.house import House, Scratch
from tests.soundness import check_sound

COLUMNS = (
    Column("category", Text("类别", "Category"), 20),
    Column("name", Text("品种明细", "Varieties"), 2000),
    Column("note", Text("备注", "Note"), 40, required=False),
)
FIELDS = (Field("items", Text("食品明细", "Items"), "table", max_chars=500, columns=COLUMNS),)
MARKS = """<column field="#" title="序号" width="14" align="center"/><column field="category" width="36"/>
    <column field="name" width="90"/><column field="note" width="30"/>"""
LAYOUT = f"""<layout>
  <page width="210" height="297">
    <text name="head" x="20" y="20" width="170" height="10" size="14">食品生产许可品种明细表</text>
    <text name="before" x="20" y="35" width="170" height="6" size="10">{{{{ before }}}}</text>
    <table name="items" x="20" y="50" width="170" height="60" size="10">
    {MARKS}
    </table>
    <text name="after" x="20" y="120" width="170" height="6" size="10">{{{{ after }}}}</text>
    <qr x="30" y="230" size="32"/>
    <text name="foot" x="20" y="280" width="100" height="6" size="9">第 {{{{ page }}}} 页 共 {{{{ pages }}}} 页</text>
  </page>
  <page role="continuation" width="210" height="297">
    <text name="title" x="20" y="12" width="170" height="8" size="12">食品明细（续）</text>
    <table name="items" x="20" y="30" width="170" height="240" size="10"/>
    <text name="foot" x="20" y="280" width="100" height="6" size="9">第 {{{{ page }}}} 页 共 {{{{ pages }}}} 页</text>
  </page>
</layout>"""
HEAD = "序号类别品种明细备注"


class WrongError(Exception):
    """What a fault becomes here."""


def refuse(wanted: Text, found: str) -> WrongError:
    return WrongError(wanted, found)


def read(value: object, most: int = 100) -> str:
    return rows.read(value, COLUMNS, most, refuse)


def items(count: int, **more: str) -> list[dict[str, str]]:
    return [{"category": f"类{i}", "name": f"品种{i}号", "note": "", **more} for i in range(1, count + 1)]


def text_of(value: list[dict[str, str]]) -> str:
    return rows.read(value, COLUMNS, 10_000, refuse)


@pytest.fixture(scope="module")
def typefaces() -> Typefaces:
    return Typefaces(SHIPPED / "_shared" / "fonts")


@pytest.fixture
def scratch(tmp_path: Path, typefaces: Typefaces) -> Scratch:
    return Scratch(tmp_path, typefaces, FIELDS)


def pdf_of(scratch: Scratch, value: list[dict[str, str]], layout: str = LAYOUT, paper: str = "plain") -> bytes:
    return scratch.pdf(layout, paper, items=text_of(value), before="表前", after="表后")


def pages(pdf: bytes) -> list[str]:
    return ["".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def body(pdf: bytes) -> str:
    """Join what the pages say in the table, without the heads."""
    said = pages(pdf)
    first = said[0].partition("表前")[2].rpartition("表后")[0]
    rest = [re.sub(r"第\d+页共\d+页$", "", page).partition("食品明细（续）")[2] for page in said[1:]]
    assert all(page.startswith(HEAD) for page in (first, *rest))
    return "".join(page.removeprefix(HEAD) for page in (first, *rest))


# The value


def test_a_table_is_read_by_names_or_labels_into_canonical_json() -> None:
    text = read([{"类别": " 糕点 ", "name": "麻花"}, {"note": None, "category": "饮料", "品种明细": 7, "备注": ""}])
    assert text == '[{"category":"糕点","name":"麻花","note":""},{"category":"饮料","name":"7","note":""}]'
    assert read(text) == text
    assert rows.parse(text)[0]["name"] == "麻花"
    assert rows.in_words(text, COLUMNS) == "类别 糕点，品种明细 麻花；类别 饮料，品种明细 7"


@pytest.mark.parametrize("value", [[], "[]", [{}], [{"name": " "}, {"note": None}]])
def test_a_table_without_rows_is_blank(value: object) -> None:
    assert read(value) == ""


FAULTS: dict[str, tuple[object, str, str]] = {
    "no table": ("糕点", "a table", ""),
    "a number": (7, "a table", ""),
    "an object": ({"category": "糕点"}, "a table", ""),
    "a row that is text": ([{"category": "甲", "name": "乙"}, "糕点"], "in row 2: an object", "糕点"),
    "an unknown column": ([{"kategorie": "甲"}], "in row 1: no columns but", "kategorie"),
    "a column twice": ([{"类别": "甲", "category": "乙", "name": "丙"}], "Category once", "乙"),
    "a cell left out": ([{"category": "甲"}], "in row 1: a value for Varieties", ""),
    "a cell that is a list": ([{"category": ["甲"], "name": "乙"}], "text for Category", "['甲']"),
    "true": ([{"category": True, "name": "乙"}], "text for Category", "True"),
    "a cell too long": ([{"category": "字" * 21, "name": "乙"}], "at most 20 characters", "字" * 21),
    "a line end": ([{"category": "甲\n乙", "name": "丙"}], "U+000A", "甲<U+000A>乙"),
    "a hidden character": ([{"category": "甲\u202e", "name": "丙"}], "U+202E", "甲<U+202E>"),
    "too many rows": (items(101), "at most 100 rows", ""),
    "nested without end": ("[" * 100_000, "a table", ""),
}


@pytest.mark.parametrize(("value", "says", "found"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_of_a_table_is_refused_with_its_row(value: object, says: str, found: str) -> None:
    with pytest.raises(WrongError) as refusal:
        read(value)
    wanted, seen = refusal.value.args
    assert says in wanted.en
    assert wanted.zh
    assert seen == found


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["category", "name", "note", "类别", "x"]), inner),
)


@given(_json)
def test_anything_at_all_is_a_table_that_reads_to_itself_or_a_refusal(value: object) -> None:
    try:
        text = read(value)
    except WrongError:
        return
    assert read(text) == text if text else not rows.parse(text)


# The page


@pytest.mark.parametrize(("count", "wanted"), [(1, 1), (8, 1), (60, 3), (500, 13)])
def test_rows_flow_over_pages_with_the_head_repeated_and_nothing_lost(
    count: int, wanted: int, scratch: Scratch
) -> None:
    value = items(count)
    pdf = pdf_of(scratch, value)
    assert body(pdf) == "".join(f"{i}{row['category']}{row['name']}" for i, row in enumerate(value, 1))
    said = pages(pdf)
    assert len(said) == wanted
    assert all(page.endswith(f"第{i}页共{wanted}页") for i, page in enumerate(said, 1))


_words = st.text(st.sampled_from("食品生产，。（）、ABC 12-糕点饮料"), min_size=1, max_size=300).filter(str.strip)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_words, st.text(st.sampled_from("备注甲乙"), max_size=40)), min_size=1, max_size=40))
def test_whatever_the_cells_hold_every_character_is_printed_once_and_in_order(
    scratch: Scratch, cells: list[tuple[str, str]]
) -> None:
    value = [{"category": "类", "name": name, "note": note} for name, note in cells]
    strict = rows.parse(text_of(value))
    wanted = "".join(f"{i}类{row['name']}{row['note']}" for i, row in enumerate(strict, 1))
    assert body(pdf_of(scratch, value)) == "".join(wanted.split())


def _levels(page: pikepdf.Page) -> tuple[list[float], list[float]]:
    """Give the heights of the rules, and of the lines of type between the uppermost and the lowest."""
    rules, type_ = [], []
    at = 0.0
    for operands, operator in pikepdf.parse_content_stream(page):
        if str(operator) == "m":
            at = float(operands[1])
        if str(operator) == "l" and float(operands[1]) == at:
            rules.append(at)
        if str(operator) == "Tm":
            type_.append(float(operands[5]))
    return rules, [y for y in type_ if min(rules) < y < max(rules)]


def test_a_row_is_as_high_as_its_tallest_cell_and_never_split(scratch: Scratch) -> None:
    value = [{"category": f"类{i}", "name": "长" * 200 if i % 3 else "短", "note": "末"} for i in range(1, 40)]
    with pikepdf.open(io.BytesIO(pdf_of(scratch, value))) as pdf:
        for page in pdf.pages:
            rules, lines = _levels(page)
            assert rules == sorted(rules, reverse=True)
            assert min(rules) > 0
            between = [sum(low < y < high for y in lines) for high, low in pairwise(rules)]
            heights = [high - low for high, low in pairwise(rules)]
            assert between[0] == 4  # the head
            assert set(between[1:]) <= {4, 3 + 9}  # 200 characters stand on nine lines, or eight
            assert len({round(height, 1) for height in heights}) <= 2
    for page in pages(pdf_of(scratch, value)):
        assert page.count("类") - page.count("类别") == page.count("末")


def test_a_row_taller_than_a_page_is_split_and_nothing_lost(scratch: Scratch) -> None:
    long = "".join(f"第{i}种，" for i in range(480))[:2000]
    value = [*items(3), {"category": "长", "name": long, "note": ""}, *items(2)]
    tight = LAYOUT.replace('height="240" size="10"', 'height="60" size="10"')
    pdf = pdf_of(scratch, value, tight)
    assert "".join(f"{i}类{i}品种{i}号" for i in range(1, 4)) + "4长" + long in body(pdf)
    assert body(pdf).endswith("5类1品种1号6类2品种2号")
    assert len(pages(pdf)) > 5


def test_a_table_without_end_is_refused_and_never_cut(scratch: Scratch) -> None:
    with pytest.raises(ApplicationError) as refusal:
        pdf_of(scratch, items(60 * MAX_PAGES))
    assert [problem.field for problem in refusal.value.problems] == ["items"]


def test_a_table_that_cannot_go_on_is_refused_and_never_cut(scratch: Scratch) -> None:
    alone = LAYOUT[: LAYOUT.index('  <page role="continuation"')] + "</layout>"
    assert body(pdf_of(scratch, items(8), alone))
    for value in (items(30), [{"category": "长", "name": "长" * 2000, "note": ""}]):
        with pytest.raises(ApplicationError) as refusal:
            pdf_of(scratch, value, alone)
        assert [problem.field for problem in refusal.value.problems] == ["items"]


def test_a_character_that_no_typeface_has_is_refused_by_field_and_code_point(scratch: Scratch) -> None:
    with pytest.raises(ApplicationError) as refusal:
        pdf_of(scratch, items(3, note="\U0001f600"))
    (problem,) = refusal.value.problems
    assert problem.field == "items"
    assert "U+1F600" in problem.found


def test_a_record_without_the_table_prints_none(scratch: Scratch) -> None:
    pdf = scratch.pdf(LAYOUT, items="", before="表前", after="表后")
    assert pages(pdf) == ["食品生产许可品种明细表表前表后第1页共1页"]


def test_a_table_and_a_text_flow_on_side_by_side(scratch: Scratch) -> None:
    scope = '<text name="scope" x="20" y="130" width="170" height="30" size="12" fit="continue">{{ before }}</text>'
    before = '<text name="before" x="20" y="35" width="170" height="6" size="10">{{ before }}</text>'
    table = '<table name="items" x="20" y="30" width="170" height="240" size="10"/>'
    lower = '<table name="items" x="20" y="130" width="170" height="140" size="10"/>'
    layout = LAYOUT.replace('<qr x="30"', f'{scope}\n<qr x="30"').replace(before, "")
    layout = layout.replace(table, f'<continued x="20" y="30" width="170" height="90" size="12"/>\n{lower}')
    for count, length in ((60, 500), (10, 4000), (200, 100)):
        said = "".join(pages(scratch.pdf(layout, items=text_of(items(count)), before="字" * length, after="表后")))
        assert said.count("字") == length
        assert all(f"品种{i}号" in said for i in range(1, count + 1))


@pytest.mark.parametrize("paper", ["plain", "overprint"])
def test_a_table_stands_on_either_paper_unless_it_is_for_plain_paper(paper: str, scratch: Scratch) -> None:
    assert body(pdf_of(scratch, items(30), paper=paper)).count("品种") == 30
    plain = LAYOUT.replace('height="60" size="10"', 'height="60" size="10" paper="plain"')
    assert ("品种1号" in "".join(pages(pdf_of(scratch, items(30), plain, paper)))) is (paper == "plain")


def test_the_same_table_gives_the_same_sound_file(scratch: Scratch, tool: Callable[[str], str]) -> None:
    value = [{"category": "类", "name": "𬱖䲟，" * 40, "note": ""} for _ in range(60)]
    pdf = pdf_of(scratch, value)
    assert pdf == pdf_of(scratch, value)
    check_sound(pdf, scratch.folder, tool)


# Faults of authors

WRONG = {
    "unknown field": ('name="items" x="20" y="50"', 'name="goods" x="20" y="50"', 5, "goods", "of type table"),
    "a field that is no table": ('name="items" x="20" y="50"', 'name="before" x="20" y="50"', 5, "before", "of type"),
    "unknown column": ('field="note"', 'field="remark"', 7, "field", "known are #, category, name, note"),
    "columns too wide": ('field="name" width="90"', 'field="name" width="91"', 5, "column", "wider"),
    "column too narrow": ('width="14"', 'width="8"', 6, "width", "two characters"),
    "no columns": (MARKS, "", 5, "column", "no <column>"),
    "too low": ('height="60" size="10"', 'height="10" size="10"', 5, "items", "head and a row"),
    "off the page": ('y="50" width="170"', 'y="250" width="170"', 5, "items", "off the page"),
    "something else within": (MARKS, "<line x1='1' y1='1' x2='2' y2='2'/>", 6, "line", "only <column>"),
    "words within": (MARKS, MARKS + "甲", 5, "table", "no words"),
    "another on the same page": (
        '<qr x="30"', '<table name="items" x="1" y="1" width="9" height="60" size="10"/><qr x="30"', 10, "items", "one"
    ),
    "goes on from nowhere": ('<table name="items" x="20" y="50"', '<table name="x" x="20" y="50"', 5, "x", "no field"),
    "other columns further on": (
        'height="240" size="10"/>', 'height="240" size="10"><column field="name" width="90"/></table>', 15, "column",
        "other columns",
    ),
    "narrower further on": (
        'width="170" height="240" size="10"', 'width="150" height="240" size="10"', 15, "column", "too wide"
    ),
    "column outside a table": ('<qr x="30"', '<column field="name" width="9"/><qr x="30"', 10, "column", "belong"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "field", "says"), WRONG.values(), ids=WRONG.keys())
def test_a_fault_of_a_table_is_refused_when_its_layout_is_read(
    old: str, new: str, line: int, field: str, says: str, scratch: Scratch
) -> None:
    assert LAYOUT.count(old) == 1
    with pytest.raises(TemplateError) as refusal:
        pdf_of(scratch, items(1), LAYOUT.replace(old, new))
    assert (refusal.value.line, refusal.value.field) == (line, field)
    assert says in refusal.value.message.en


# A kind of its own

TEMPLATE = """
kind = "list"
version = 1
title = { zh = "品种表", en = "List" }
holder = "before"
[numbering]
pattern = "PZ{division}{year}{seq:5}"
[[copy]]
id = "original"
title = { zh = "正本", en = "Original" }
[[form]]
id = "1"
in_force_from = 2020-01-01
folder = "1"
[[field]]
name = "before"
label = { zh = "企业", en = "Company" }
type = "company"
[[field]]
name = "after"
label = { zh = "附言", en = "Remark" }
type = "text"
required = false
[[field]]
name = "items"
label = { zh = "食品明细", en = "Items" }
type = "table"
max = 200
columns = [
    { name = "category", label = { zh = "类别", en = "Category" }, max = 20 },
    { name = "name", label = { zh = "品种明细", en = "Varieties" }, max = 2000 },
    { name = "note", label = { zh = "备注", en = "Note" }, max = 40, required = false },
]
"""


def _house(house: House, template: str = TEMPLATE) -> House:
    folder = house.settings.home / "templates" / "list"
    (folder / "1").mkdir(parents=True)
    (folder / "template.toml").write_text(template, "utf-8")
    (folder / "1" / "original.xml").write_text(LAYOUT, "utf-8")
    house.close()
    return House(house.settings.home)


def test_a_licence_with_a_table_is_issued_recorded_and_verified(house: House) -> None:
    lists = _house(house)
    wanted = {"authority": "421200", "before": "咸宁市桂花糕食品有限公司", "items": items(45)}
    document = lists.issue(wanted, kind="list").documents[0]
    lists.verifier.pdf(document.pdf).require()
    with pikepdf.open(io.BytesIO(document.pdf)) as pdf:
        attested = record.decode(pdf.attachments["record.json"].get_file().read_bytes())
    assert json.loads(dict(attested.fields)["items"]) == items(45)
    assert lists.register.by_digest(document.pdf_digest).public[-1] == (
        Text("食品明细", "Items"),
        rows.in_words(text_of(items(45)), COLUMNS),
    )


def test_a_record_with_a_faulty_row_is_refused_by_field_row_and_value(house: House) -> None:
    lists = _house(house)
    value = [*items(2), {"category": "糕点"}]
    with pytest.raises(ApplicationError) as refusal:
        lists.issue({"authority": "421200", "before": "咸宁市桂花糕食品有限公司", "items": value}, kind="list")
    (problem,) = refusal.value.problems
    assert problem.field == "items"
    assert "in row 3" in problem.wanted.en


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('type = "table"', 'type = "text"', "items.columns"),
        ("max = 40, required", "most = 40, required", "note.most"),
        ('name = "note"', 'name = "name"', "items.columns"),
        ('name = "note"', 'name = "NOTE"', "NOTE.name"),
        ('zh = "备注"', 'zh = "类别"', "items.columns"),
    ],
)
def test_a_fault_of_columns_is_refused_when_the_template_is_read(old: str, new: str, field: str, house: House) -> None:
    with pytest.raises(TemplateError) as refusal:
        _house(house, TEMPLATE.replace(old, new)).issue({}, kind="list")
    assert refusal.value.field == field
