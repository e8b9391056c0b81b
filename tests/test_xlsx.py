"""Workbooks: what a clerk sees on the screen is what is read; what cannot be trusted is named by row and column."""

import csv
import io
import re
import time
import warnings
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certgen.core.errors import ApplicationError, CertgenError, SettingsError
from certgen.core.model import Application
from certgen.fieldtypes import TYPES
from certgen.sheet import Sheet, example, example_xlsx, letter, load_sheet
from certgen.sheet.archive import MAX_PART
from certgen.sheet.formats import DAY, MOMENT, PLAIN, meaning, say_number
from certgen.template import load_template
from certgen.wiring import authorities
from tests._workspace import command, live_home, python
from tests.house import KIND, SHIPPED, sample, sample_2023
from tests.test_batch import write_table

TEMPLATE = load_template(SHIPPED / KIND)
NAMES = TEMPLATE.names
ID = "422301198503071230"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def book(folder: Path, *rows: list[Any], change: Callable[[Any], None] | None = None) -> Path:
    """Write a workbook with somebody else's library."""
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    if change:
        change(workbook.active)
    workbook.save(folder / "表.xlsx")
    return folder / "表.xlsx"


def rewrite(file: Path, parts: Mapping[str, bytes | None], **more: Any) -> Path:
    """Put other parts into a workbook; None takes one out."""
    with zipfile.ZipFile(file) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w", **({"compression": zipfile.ZIP_DEFLATED} | more)) as archive:
        for name, data in (kept | dict(parts)).items():
            if data is not None:
                archive.writestr(name, data)
    return file


def edit(file: Path, part: str, pattern: str, new: str) -> Path:
    """Change the XML of one part."""
    with zipfile.ZipFile(file) as archive:
        text = archive.read(part).decode()
    changed = re.sub(pattern, new, text)
    assert changed != text
    return rewrite(file, {part: changed.encode()})


def sheet_xml(folder: Path, inside: str) -> Path:
    """Write a workbook whose sheet is this XML."""
    xml = f'<worksheet xmlns="{MAIN}">{inside}</worksheet>'
    return rewrite(book(folder, ["x"]), {"xl/worksheets/sheet1.xml": xml.encode()})


def shared(folder: Path, strings: str, rows: str) -> Path:
    """Write a workbook as Excel does: its texts are in a part of their own."""
    file = sheet_xml(folder, f"<sheetData>{rows}</sheetData>")
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    edit(
        file,
        "xl/_rels/workbook.xml.rels",
        "</Rel",
        f'<Relationship Id="s" Type="{kind}" Target="sharedStrings.xml"/></Rel',
    )
    return rewrite(file, {"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{strings}</sst>'.encode()})


def load(file: Path) -> Sheet:
    return load_sheet(file, NAMES)


def refused(file: Path) -> CertgenError:
    with pytest.raises((ApplicationError, SettingsError)) as caught:
        load(file)
    for lang in ("zh", "en"):
        assert len(caught.value.say(lang)) < 8000
    return caught.value


def values(file: Path) -> list[dict[str, object]]:
    return [{NAMES[key]: value for key, value in row.values.items()} for row in load(file).rows]


# ---- what is read -----------------------------------------------------------------------------------


def test_texts_dates_and_numbers_are_read_as_the_screen_shows_them(tmp_path: Path) -> None:
    def show(sheet: Any) -> None:
        sheet["C2"].number_format = "yyyy年m月d日"
        sheet["D2"].number_format = "0000"

    header = ["经营者名称", "社会信用代码（身份证号码）", "issued_on", "warehouse", "premises"]
    row = ["桂花源䶮龘𠮷", "91421200MA4900002N", date(2024, 6, 3), 715, 12.0]
    assert values(book(tmp_path, header, row, change=show)) == [
        {"operator_name": "桂花源䶮龘𠮷", "credit_code": "91421200MA4900002N", "issued_on": "2024-06-03",
         "warehouse": "0715", "premises": "12"},
    ]  # fmt: skip


def test_rows_and_columns_keep_the_names_a_spreadsheet_gives_them(tmp_path: Path) -> None:
    sheet = load(book(tmp_path, [], [None, None], ["operator_name", "经营场所"], ["甲", "一楼"], [], ["", " "], ["乙"]))
    assert [row.number for row in sheet.rows] == [4, 7]
    assert sheet.rows[1].values == {"operator_name": "乙"}
    assert (sheet.columns["premises"].letter, sheet.columns["premises"].header) == ("B", "经营场所")


def test_letters_go_on_behind_z() -> None:
    assert [letter(i) for i in (0, 25, 26, 51, 52, 701, 702, 16383)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD"]


def test_a_workbook_and_a_csv_of_the_same_records_are_the_same_rows(tmp_path: Path) -> None:
    table = write_table(tmp_path / "t.csv", 5)
    cells = list(csv.reader(io.StringIO(table.read_text("utf-8-sig"))))
    assert load(book(tmp_path, *cells)).rows == load(table).rows


def test_a_formula_counts_by_the_result_stored_with_it(tmp_path: Path) -> None:
    cells = '<row r="1"><c r="A1" t="str"><f>"operator"&amp;"_name"</f><v>operator_name</v></c></row>' \
        '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c></row>'  # fmt: skip
    assert values(sheet_xml(tmp_path, f"<sheetData>{cells}</sheetData>")) == [{"operator_name": "2"}]


def test_a_formula_that_was_never_computed_is_refused(tmp_path: Path) -> None:
    error = refused(book(tmp_path, ["operator_name"], ['=CONCATENATE("甲","乙")']))
    assert "row 2, column A (A2): found '=…', wanted the result of its formula" in error.say("en")


def test_hidden_sheets_are_passed_over(tmp_path: Path) -> None:
    file = book(tmp_path, ["secret"], ["x"])
    workbook = openpyxl.load_workbook(file)
    shown = workbook.create_sheet("登记")
    shown.append(["operator_name"])
    shown.append(["甲"])
    workbook.worksheets[0].sheet_state = "hidden"
    workbook.active = 1
    workbook.save(file)
    assert values(file) == [{"operator_name": "甲"}]
    edit(file, "xl/workbook.xml", 'state="visible"', 'state="veryHidden"')
    assert "no sheet that is not hidden" in refused(file).say("en")


def test_the_sound_of_a_word_and_the_colours_of_its_letters_are_not_read(tmp_path: Path) -> None:
    strings = "<si><t>operator_name</t></si><si><r><rPr><b/></rPr><t>桂 </t></r><r><t>花_x4E00__x005F_</t></r>" \
        '<rPh sb="0" eb="1"><t>guihua</t></rPh><phoneticPr fontId="1"/></si>'  # fmt: skip
    file = shared(tmp_path, strings, '<row><c t="s"><v>0</v></c></row><row><c t="s"><v>1</v></c></row>')
    assert values(file) == [{"operator_name": "桂 花一_"}]


def test_a_strict_workbook_with_prefixes_and_an_absolute_path_is_read_too(tmp_path: Path) -> None:
    file = book(tmp_path, ["operator_name"])
    strict = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    xml = f'<x:worksheet xmlns:x="{strict}"><x:sheetData><x:row r="1"><x:c t="inlineStr"><x:is><x:t>issued_on</x:t>' \
        '</x:is></x:c></x:row><x:row r="2"><x:c t="d"><x:v>2024-06-03</x:v></x:c></x:row></x:sheetData>' \
        "</x:worksheet>"  # fmt: skip
    rewrite(file, {"xl/worksheets/Sheet1.xml": xml.encode("utf-16"), "xl/worksheets/sheet1.xml": None})
    assert values(file) == [{"issued_on": "2024-06-03"}]


def test_the_calendar_of_1904_is_four_years_later(tmp_path: Path) -> None:
    def show(sheet: Any) -> None:
        sheet.parent.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904

    assert values(book(tmp_path, ["issued_on"], [date(2024, 6, 3)], change=show)) == [{"issued_on": "2024-06-03"}]


FORMATS = [
    (14, "", DAY), (31, "", DAY), (57, "", DAY), (22, "", MOMENT), (0, "", PLAIN), (49, "", PLAIN), (20, "", PLAIN),
    (176, 'yyyy"年"m"月"d"日";@', DAY), (177, "[$-804]yyyy\\-mm\\-dd", DAY), (178, "yyyy/m/d h:mm", MOMENT),
    (179, "[DBNum1][$-804]yyyy年m月d日", DAY), (180, "0000", "0000"), (181, "#,##0.00", PLAIN), (182, "[Red]0", PLAIN),
    (183, 'General"day"', PLAIN), (184, "h:mm", PLAIN), (185, '"d"0', PLAIN), (186, "0_);[Red]\\(0\\)", PLAIN),
]  # fmt: skip


@pytest.mark.parametrize(("number", "code", "wanted"), FORMATS, ids=[f"{n} {c}" for n, c, _ in FORMATS])
def test_a_number_format_says_what_its_numbers_are(number: int, code: str, wanted: str) -> None:
    assert meaning(number, code) == wanted


NUMBERS = {
    "a day": ("45446", DAY, False, "2024-06-03"),
    "a day that hides its hour": ("45446.75", DAY, False, "2024-06-03"),
    "a moment": ("45446.5", MOMENT, False, "2024-06-03 12:00:00"),
    "a moment at midnight": ("45446", MOMENT, False, "2024-06-03"),
    "the first day": ("1", DAY, False, "1900-01-01"),
    "before the day that was not": ("59", DAY, False, "1900-02-28"),
    "the day that was not": ("60", DAY, False, "60"),
    "after the day that was not": ("61", DAY, False, "1900-03-01"),
    "the last day": ("2958465", DAY, False, "9999-12-31"),
    "beyond the calendar": ("2958466", DAY, False, "2958466"),
    "a negative day": ("-5", DAY, False, "-5"),
    "a day since 1904": ("43984", DAY, True, "2024-06-03"),
    "zeros before": ("715", "0000", False, "0715"),
    "a sum that floats": ("0.30000000000000004", PLAIN, False, "0.3"),
    "fifteen digits": ("421200000000017", PLAIN, False, "421200000000017"),
    "sixteen digits": ("4212000000000170", PLAIN, False, None),
    "an ID as Excel keeps it": ("4.2230119850307098E+17", PLAIN, False, None),
    "nothing": ("NaN", PLAIN, False, None),
    "everything": ("inf", PLAIN, False, None),
}


@pytest.mark.parametrize(("raw", "how", "epoch", "wanted"), NUMBERS.values(), ids=NUMBERS.keys())
def test_a_number_is_written_as_its_cell_shows_it(raw: str, how: str, epoch: bool, wanted: str | None) -> None:
    assert say_number(raw, how, epoch) == wanted


@given(st.dates(date(1900, 3, 1), date(9999, 12, 31)))
def test_every_day_survives_its_serial(day: date) -> None:
    assert say_number(str((day - date(1899, 12, 30)).days), DAY, False) == day.isoformat()


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20).filter(lambda t: not t.startswith("="))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5))
def test_what_another_library_writes_is_what_we_read(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["operator_name", "premises"])
    for at, row in enumerate(rows, 2):
        for column, text in enumerate(row, 1):
            cell = workbook.active.cell(at, column)
            cell.value, cell.data_type = text, "s"
    workbook.save(tmp_path / "t.xlsx")
    wanted = [
        (i, {k: v for k, v in zip(("operator_name", "premises"), row, strict=True) if v.strip()})
        for i, row in enumerate(rows, 2)
        if any(cell.strip() for cell in row)
    ]
    if not wanted:
        refused(tmp_path / "t.xlsx")
        return
    assert [(row.number, row.values) for row in load(tmp_path / "t.xlsx").rows] == wanted


# ---- what cannot be trusted -------------------------------------------------------------------------


def test_an_id_whose_digits_a_number_lost_is_refused_by_row_and_column(tmp_path: Path) -> None:
    error = refused(book(tmp_path, ["operator_name", "credit_code"], ["甲", "91421200MA4900002N"], ["乙", int(ID)]))
    assert error.say("en").startswith("row 3, column B (B3): found '4.22301198503071e+17', wanted a cell formatted as")
    assert "format the column as text" in error.say("en")
    assert error.say("zh").startswith("第 3 行 B 列：现为“4.22301198503071e+17”，应为文本格式的单元格")


def test_a_failed_formula_is_refused_by_row_and_column(tmp_path: Path) -> None:
    error = refused(book(tmp_path, ["operator_name", "premises"], ["甲", "#REF!"]))
    assert "row 2, column B (B2): found '#REF!', wanted a value" in error.say("en")


def test_merged_cells_that_hold_something_are_refused_and_named(tmp_path: Path) -> None:
    def merge(sheet: Any) -> None:
        sheet.merge_cells("B2:B4")
        sheet.merge_cells("A6:C6")

    rows = [["operator_name", "premises"], ["甲", "一楼"], ["乙"], ["丙"]]
    error = refused(book(tmp_path, *rows, change=merge))
    assert isinstance(error, ApplicationError)
    assert [p.field for p in error.problems] == ["B2"], "merged cells without a value hurt nobody"
    assert "merged cells B2:B4" in error.say("en")


def test_twenty_faults_are_named_and_no_more(tmp_path: Path) -> None:
    error = refused(book(tmp_path, ["credit_code"], *([int(ID)] for _ in range(100))))
    assert isinstance(error, ApplicationError)
    assert [p.field for p in error.problems] == [f"A{i}" for i in range(2, 22)]


def test_a_value_without_a_header_is_kept_for_the_record_that_refuses_it(tmp_path: Path) -> None:
    (row,) = load(book(tmp_path, ["operator_name"], ["甲", None, "丙"])).rows
    assert row.values == {"operator_name": "甲", "#3": "丙"}


def test_coloured_cells_far_to_the_right_and_below_are_no_columns_and_no_rows(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="A1" t="str"><v>operator_name</v></c><c r="XFD1" s="0"/></row>' \
        '<row r="2"><c r="A2" t="str"><v>甲</v></c></row><row r="1048576"><c r="XFD1048576" s="0"/></row>'  # fmt: skip
    sheet = load(sheet_xml(tmp_path, f"<sheetData>{rows}</sheetData>"))
    assert [(row.number, row.values) for row in sheet.rows] == [(2, {"operator_name": "甲"})]


# ---- what is no table -------------------------------------------------------------------------------

FAR = '<row r="1"><c r="A1" t="str"><v>operator_name</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
WRONG_SHEETS = {
    "a cell at the far end": (FAR, "at most 500 columns"),
    "a cell beyond the far end": ('<row r="1"><c r="BDWGN1"><v>1</v></c></row>', "is damaged"),
    "a row beyond the far end": ('<row r="1048577"><c><v>1</v></c></row>', "is damaged"),
    "a row without end": (f'<row r="{"9" * 5000}"><c><v>1</v></c></row>', "is damaged"),
    "rows out of order": ('<row r="2"><c><v>1</v></c></row><row r="1"><c><v>1</v></c></row>', "is damaged"),
    "a cell twice": ('<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>', "is damaged"),
    "a cell of another row": ('<row r="1"><c r="A2"><v>1</v></c></row>', "is damaged"),
    "a text that is not there": ('<row r="1"><c t="s"><v>99</v></c></row>', "is damaged"),
    "a style that is not there": ('<row r="1"><c s="99"><v>1</v></c></row>', "is damaged"),
    "a number of letters": ('<row r="1"><c><v>abc</v></c></row>', "is damaged"),
    "half an element": ('<row r="1"><c', "is damaged"),
    "a text of a megabyte": (f'<row r="1"><c t="str"><v>{"x" * 2**20}</v></c></row>', "a cell that is too long"),
    "nothing": ("", "a first row that names the columns"),
}


@pytest.mark.parametrize(("rows", "said"), WRONG_SHEETS.values(), ids=WRONG_SHEETS.keys())
def test_a_sheet_that_no_program_writes_is_refused_in_one_sentence(tmp_path: Path, rows: str, said: str) -> None:
    file = sheet_xml(tmp_path, f"<sheetData>{rows}</sheetData>")
    start = time.perf_counter()
    assert said in refused(file).say("en")
    assert time.perf_counter() - start < 1.0


def test_an_entity_that_laughs_a_billion_times_is_not_listened_to(tmp_path: Path) -> None:
    file = sheet_xml(tmp_path, "")
    rewrite(file, {"xl/worksheets/sheet1.xml": (LAUGHS + "<x>&b;</x>").encode()})
    assert "DOCTYPE" in refused(file).say("en")


def _ole(file: Path) -> None:
    file.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4096))


def _encrypt(file: Path) -> None:
    data = bytearray(file.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + flags] |= 1
            at = data.find(mark, at + 4)
    file.write_bytes(data)


def _twice(file: Path) -> None:
    with zipfile.ZipFile(file, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("xl/workbook.xml", b"<workbook/>")


WRONG_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "an old workbook, or one with a password": (_ole, "has a password, or is an old .xls"),
    "an archive with a password": (_encrypt, "has a password"),
    "a name twice": (_twice, "two parts of one name"),
    "text": (lambda file: file.write_text("operator_name\n甲\n"), "is not an XLSX file"),
    "an empty file": (lambda file: file.write_bytes(b""), "is not an XLSX file"),
    "the first half": (lambda file: file.write_bytes(file.read_bytes()[:3000]), "is damaged"),
    "another archive": (lambda file: rewrite(file, {"_rels/.rels": None}), "is not an XLSX workbook"),
    "no workbook": (lambda file: rewrite(file, {"xl/workbook.xml": None}), "is not an XLSX workbook"),
    "no sheet": (lambda file: rewrite(file, {"xl/worksheets/sheet1.xml": None}), "no sheet that is not hidden"),
    "packed by LZMA": (lambda file: rewrite(file, {}, compression=zipfile.ZIP_LZMA), "packed in a way"),
    "a sheet outside": (
        lambda file: edit(file, "xl/_rels/workbook.xml.rels", '(Target="/xl/worksheets)', r'TargetMode="External" \1'),
        "no sheet that is not hidden",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "said"), WRONG_FILES.values(), ids=WRONG_FILES.keys())
def test_a_file_that_is_no_workbook_is_refused_in_one_sentence(
    tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    file = book(tmp_path, ["operator_name"], ["甲"])
    spoil(file)
    error = refused(file)
    assert isinstance(error, SettingsError)
    assert said in error.say("en")
    assert file.name in error.say("zh")


def _bomb(kind: str) -> tuple[str, bytes]:
    """Give a part that is small when packed."""
    if kind == "blanks":
        return "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{MAIN}">'.encode() + b" " * (MAX_PART + 1)
    if kind == "cells":
        return "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{MAIN}">'.encode() + b"<c/>" * 11_000_000
    return "xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">'.encode() + b"<si><t>a</t></si>" * 5_000_000


IN_HALF_A_GIGABYTE = """
import resource, sys
from pathlib import Path
from certgen.core.errors import SettingsError
from certgen.sheet.xlsx import read_xlsx
data = Path(sys.argv[1]).read_bytes()
resource.setrlimit(resource.RLIMIT_DATA, (512 << 20, -1))
try:
    read_xlsx(data, "t.xlsx")
except SettingsError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["blanks", "cells", "strings"])
def test_a_bomb_is_put_out_in_bounded_time_and_memory(tmp_path: Path, kind: str) -> None:
    name, data = _bomb(kind)
    file = rewrite(shared(tmp_path, "<si><t>x</t></si>", ""), {name: data}, compresslevel=1)
    start = time.perf_counter()
    answer = python("-c", IN_HALF_A_GIGABYTE, file)
    assert "too" in answer.out, answer.err
    assert time.perf_counter() - start < 60


def test_one_long_text_named_by_many_cells_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certgen.sheet.xlsx.MAX_PART", 1_000_000)
    strings = f"<si><t>{'x' * 30_000}</t></si>"
    rows = "".join(f'<row r="{i}"><c t="s"><v>0</v></c></row>' for i in range(1, 100))
    assert "holds too much" in refused(shared(tmp_path, strings, rows)).say("en")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_leaves_a_table_or_one_of_our_errors(tmp_path: Path, data: st.DataObject) -> None:
    file = tmp_path / "表.xlsx"
    whole = tmp_path / "whole"
    if not whole.exists():
        whole.write_bytes(book(tmp_path, ["operator_name"], ["甲"]).read_bytes())
    spoilt = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        spoilt[data.draw(st.integers(4, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(spoilt)
    try:
        assert load(file).rows
    except (ApplicationError, SettingsError) as error:
        assert error.say("zh")


# ---- the commands -----------------------------------------------------------------------------------

KINDS = sorted(folder.parent.name for folder in SHIPPED.glob("*/template.toml"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_empty_table_of_every_kind_reads_back_to_a_record_that_may_be_issued(
    tmp_path: Path, kind: str, suffix: str
) -> None:
    import json

    template = load_template(SHIPPED / kind)
    record = json.loads((template.folder / "sample.json").read_text("utf-8"))
    file = tmp_path / f"{kind}{suffix}"
    if suffix == ".csv":
        file.write_text(example(template, record), "utf-8")
    else:
        file.write_bytes(example_xlsx(template, record))
    (row,) = load_sheet(file, template.names).rows
    today = date(2026, 11, 23)
    with_photos = partial(template.with_photos, folder=template.folder)  # they lie beside the table, as its sample
    read = template.read(Application(kind, with_photos(row.values), "k"), authorities(), today)
    assert read.data == template.read(Application(kind, with_photos(record), "k"), authorities(), today).data


VALUES: dict[str, object] = {
    "text": "文字 <&> \"引号\", 逗号", "company": "桂花源（湖北）有限公司", "person": "买买提·艾力",
    "address": "温泉路 1 号",
    "uscc": "91421200MA4900002N", "citizen-id": ID, "uscc-or-citizen-id": ID, "uscc-or-registration": "421200000000017",
    "date": "2024-06-03", "choice": "甲", "list": ["甲", "乙（一、二）"], "telephone": "0715-12315", "integer": 12,
    "amount": "1000000.50", "table": [{"a": "麻花", "b": "1，2；3"}, {"a": "桂花糕", "b": ""}],
}  # fmt: skip
MORE = {
    "choice": 'choices = ["甲", "乙"]',
    "list": 'choices = ["甲", "乙（一、二）"]',
    "table": 'columns = [{ name = "a", label = { zh = "品种", en = "Item" } }, '
    '{ name = "b", label = { zh = "备注", en = "Note" }, required = false }]',
}


def test_the_examples_cover_every_type_of_field() -> None:
    # A photograph stays in a file of its own; a catalogue names a file too, and the business licence's table has one.
    assert not TYPES.keys() - VALUES.keys() - {"photo", "catalogue"}


@pytest.mark.parametrize("type_", [name for name in VALUES if name in TYPES])
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_field_of_every_type_survives_the_empty_table(tmp_path: Path, type_: str, suffix: str) -> None:
    folder = tmp_path / "every-type"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "original.xml").write_text("<layout/>", "utf-8")
    (folder / "template.toml").write_text(
        f'''
kind = "every-type"
version = 1
title = {{ zh = "各类", en = "Every type" }}
holder = "name"
numbering.pattern = "X{{year}}{{seq:4}}"
copy = [{{ id = "original", title = {{ zh = "正本", en = "Original" }} }}]
form = [{{ id = "1", in_force_from = 2015-10-01, folder = "1" }}]
[[field]]
name = "name"
label = {{ zh = "名称", en = "Name" }}
type = "text"
[[field]]
name = "value"
label = {{ zh = "值", en = "Value" }}
type = "{type_}"
{MORE.get(type_, "")}
''', "utf-8")  # fmt: skip
    template = load_template(folder)
    record = {"name": "甲", "value": VALUES[type_], "authority": "421200", "issued_on": "2024-06-03"}
    file = tmp_path / f"t{suffix}"
    file.write_bytes(example(template, record).encode() if suffix == ".csv" else example_xlsx(template, record))
    (row,) = load_sheet(file, template.names).rows
    read, given = (
        template.read(Application("every-type", one, "k"), authorities(), date(2026, 11, 23)).data
        for one in (row.values, record)
    )
    assert read == given


def test_the_empty_workbook_is_text_throughout_and_the_same_every_day(tmp_path: Path) -> None:
    made = example_xlsx(TEMPLATE, sample())
    assert made == example_xlsx(TEMPLATE, sample())
    (tmp_path / "t.xlsx").write_bytes(made)
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    assert {cell.number_format for row in sheet.iter_rows() for cell in row} == {"@"}
    assert sheet.freeze_panes == "A2"
    assert sheet["C1"].value == TEMPLATE.fields[0].label.zh


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return live_home(tmp_path_factory.mktemp("xlsx") / "home")


def test_a_clerk_fills_in_a_workbook_and_issues_it(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "t.xlsx"
    assert command("kinds", "--csv", KIND, "--xlsx", file).code == 0
    workbook = openpyxl.load_workbook(file)
    record = sample_2023() | {"operator_name": "第二家"}
    header = {NAMES[cell.value]: cell.column for cell in workbook.active[1]}
    for name, value in record.items():
        workbook.active.cell(3, header[name]).value = "、".join(value) if isinstance(value, list) else value
    workbook.active.cell(3, header["issued_on"]).value = date(2024, 6, 3)
    workbook.active.cell(3, header["issued_on"]).number_format = "yyyy/m/d"
    workbook.active.cell(4, header["operator_name"]).value = "第三家"
    workbook.save(file)
    checked = command("batch", KIND, file, "--home", home, "--check")
    assert checked.code == 2
    assert "3 rows, 2 good, 1 with faults" in checked.out
    column = letter(header["legal_representative"] - 1)
    label = next(f.label for f in TEMPLATE.fields if f.name == "legal_representative")
    assert f"row 4, column {column} {label.zh}: {label.en} (legal_representative): found '', wanted" in checked.err
    made = command("batch", KIND, file, "--home", home, "--out", tmp_path / "out", lang="zh")
    assert "共 3 行：签发 2，拒绝 1" in made.out
    refused_row = [
        line for line in (tmp_path / "out" / "results.csv").read_text("utf-8-sig").splitlines() if "refused" in line
    ]
    assert len(refused_row) == 1
    assert f"{column} 列 {label.zh}：应为" in refused_row[0]


def test_a_workbook_goes_to_a_file_and_only_with_a_kind(tmp_path: Path) -> None:
    assert "--xlsx goes with --csv KIND" in command("kinds", "--xlsx", tmp_path / "t.xlsx").err
    answer = command("kinds", "--csv", KIND, "--xlsx", tmp_path / "nowhere" / "t.xlsx")
    assert answer.code == 2
    assert "cannot be written: No such file" in answer.err


@pytest.mark.slow
def test_fifteen_thousand_rows_of_fifteen_columns_are_read_within_ten_seconds(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet()
    names = [f.name for f in TEMPLATE.fields][:15]
    sheet.append(names)
    for place in range(15_000):
        sheet.append([f"第{place}家店第{i}项内容" for i in range(len(names))])
    workbook.save(tmp_path / "t.xlsx")
    start = time.perf_counter()
    assert len(load(tmp_path / "t.xlsx").rows) == 15_000
    assert time.perf_counter() - start < 10
