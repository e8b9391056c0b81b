"""Tables of records: what is read, and what is refused with one clear sentence."""

import csv
import io
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certgen.core.errors import ApplicationError, CertgenError, FormatError, SettingsError
from certgen.sheet import MAX_COLUMNS, Sheet, example, load_sheet
from certgen.template import load_template
from tests.house import KIND, SHIPPED, sample, sample_2023

TEMPLATE = load_template(SHIPPED / KIND)
NAMES = TEMPLATE.names


def table(*lines: str, end: str = "\r\n") -> str:
    return "".join(line + end for line in lines)


def load(folder: Path, data: str | bytes) -> Sheet:
    file = folder / "表.csv"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return load_sheet(file, NAMES)


def refused(folder: Path, data: str | bytes) -> CertgenError:
    with pytest.raises((ApplicationError, SettingsError)) as caught:
        load(folder, data)
    for lang in ("zh", "en"):
        assert len(caught.value.say(lang)) < 4000
    return caught.value


SMALL = table("经营者名称,社会信用代码（身份证号码）", "桂花源䶮龘,91421200MA4900002N")
NARROW = SMALL.replace("（", "(").replace("）", ")")


@pytest.mark.parametrize(
    "data",
    [SMALL.encode(), b"\xef\xbb\xbf" + SMALL.encode(), SMALL.encode("gb18030"), SMALL.replace("\r\n", "\n").encode(),
     SMALL.replace("\r\n", "\r").encode(), SMALL.rstrip().encode(), NARROW.encode()],
    ids=["UTF-8", "with BOM", "GB 18030", "LF", "CR", "no last line end", "narrow brackets"],
)  # fmt: skip
def test_a_table_is_read_in_every_coding_a_spreadsheet_writes(tmp_path: Path, data: bytes) -> None:
    (row,) = load(tmp_path, data).rows
    assert row.number == 2
    assert {NAMES[key]: value for key, value in row.values.items()} == {
        "operator_name": "桂花源䶮龘", "credit_code": "91421200MA4900002N",
    }  # fmt: skip


def test_characters_that_gb_18030_moved_are_those_of_2022(tmp_path: Path) -> None:
    (row,) = load(tmp_path, b"operator_name\n\xa8\xbc\xd6\xd0\n").rows
    assert row.values["operator_name"] == "\u1e3f中"


def test_quotes_hold_commas_quotes_and_line_ends_and_rows_count_as_in_a_spreadsheet(tmp_path: Path) -> None:
    text = table("operator_name,premises", '"甲,乙 ""丙""","一楼\n二楼"', "", "丁,三楼")
    first, second = load(tmp_path, text).rows
    assert first.values == {"operator_name": '甲,乙 "丙"', "premises": "一楼\n二楼"}
    assert (first.number, second.number) == (2, 4)


def test_blank_cells_and_blank_rows_are_left_out(tmp_path: Path) -> None:
    (row,) = load(tmp_path, table("operator_name,premises,warehouse", ",,", "甲, ,\u3000", " , ,")).rows
    assert row.values == {"operator_name": "甲"}


def test_short_rows_lack_fields_and_long_rows_keep_what_has_no_column(tmp_path: Path) -> None:
    short, long = load(tmp_path, table("operator_name,premises", "甲", "乙,二楼,丙,,丁")).rows
    assert short.values == {"operator_name": "甲"}
    assert long.values == {"operator_name": "乙", "premises": "二楼", "#3": "丙", "#5": "丁"}


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    assert load(tmp_path, SMALL).digest != load(tmp_path, SMALL.encode("gb18030")).digest


REFUSED = {
    "an empty file": (b"", "header", "a first row that names the columns"),
    "a mark and nothing else": (b"\xef\xbb\xbf", "header", "names the columns"),
    "a blank line": (b"\r\n", "header", "names the columns"),
    "commas alone": (b",,,\n", "header", "names the columns"),
    "a header and no row": (table("operator_name"), "header", "at least one row"),
    "a header and blank rows": (table("operator_name,premises", ",", ""), "header", "at least one row"),
    "a wrong column": (table("operator_name,telephone", "甲,1"), "column 2", "a known column"),
    "a column of another writing": (table("经營者名稱", "甲"), "column 1", "a known column"),
    "a column without a name": (table("operator_name,", "甲,1"), "column 2", "a known column"),
    "a doubled column": (table("operator_name,premises,operator_name", "甲,1,乙"), "column 3", "a name used once"),
    "a formula for a column": (table("operator_name,=1+1", "甲,1"), "column 2", "a known column"),
    "a column of a megabyte": (table("操" * 100_000, "甲"), "column 1", "a known column"),
    "one column too many": (table(",".join(["x"] * (MAX_COLUMNS + 1)), "甲"), "header", "at most 500 columns"),
    "too many columns behind quotes": (table('"a\nb"' + ",x" * MAX_COLUMNS, "甲"), "header", "at most 500 columns"),
}


@pytest.mark.parametrize(("data", "field", "wanted"), REFUSED.values(), ids=REFUSED.keys())
def test_a_wrong_table_is_refused_in_one_sentence(tmp_path: Path, data: str | bytes, field: str, wanted: str) -> None:
    error = refused(tmp_path, data)
    assert isinstance(error, ApplicationError)
    (problem,) = error.problems
    assert problem.field == field
    assert wanted in problem.wanted.en
    assert len(problem.found) <= 40


def test_twenty_wrong_columns_are_named_and_no_more(tmp_path: Path) -> None:
    error = refused(tmp_path, table(",".join(f"x{i}" for i in range(400)), "甲"))
    assert isinstance(error, ApplicationError)
    assert [p.field for p in error.problems] == [f"column {i}" for i in range(1, 21)]


@pytest.mark.parametrize("name", ["经营者名称", "x", ""])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"], ids=["LF", "CR", "CRLF"])
def test_a_hundred_thousand_columns_are_refused_at_once_with_one_fault(tmp_path: Path, name: str, end: str) -> None:
    text = ",".join([name] * 100_000) + end + ",".join(["甲"] * 100_000) + end
    start = time.perf_counter()
    error = refused(tmp_path, text)
    assert time.perf_counter() - start < 1.0
    assert isinstance(error, ApplicationError)
    (problem,) = error.problems
    assert (problem.field, problem.found) == ("header", "100000")


def test_a_row_of_a_hundred_thousand_cells_is_read_at_once(tmp_path: Path) -> None:
    start = time.perf_counter()
    (row,) = load(tmp_path, table("operator_name", ",".join(["甲"] * 100_000))).rows
    assert time.perf_counter() - start < 1.0
    assert len(row.values) == 100_000


UNREADABLE = {
    "UTF-16": (SMALL.encode("utf-16"), "neither UTF-8 nor GB 18030"),
    "a picture": (b"\x89PNG\r\n\x1a\n\xff\xff", "neither UTF-8 nor GB 18030"),
    "a quote that never closes": (table("operator_name", '"甲'), "not CSV"),
    "text behind a quote": (table("operator_name", '"甲"乙'), "line 2 is not CSV"),
    "a cell of a megabyte": (table("operator_name", "甲" * 400_000), "line 2 is not CSV"),
}


@pytest.mark.parametrize(("data", "said"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_file_that_is_no_table_is_refused_in_one_sentence(tmp_path: Path, data: str | bytes, said: str) -> None:
    error = refused(tmp_path, data)
    assert isinstance(error, SettingsError)
    assert said in error.say("en")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nothing\.csv cannot be read: No such file"):
        load_sheet(tmp_path / "nothing.csv", NAMES)
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load_sheet(tmp_path, NAMES)


def test_nul_control_and_private_use_in_a_cell_reach_the_record_that_refuses_them(tmp_path: Path) -> None:
    (row,) = load(tmp_path, table("operator_name,premises", "甲\x00乙,\ue000\x1b[2J")).rows
    assert row.values == {"operator_name": "甲\x00乙", "premises": "\ue000\x1b[2J"}


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400) | st.text(max_size=200).map(lambda t: f"premises\n{t}".encode(errors="ignore")))
def test_any_bytes_are_a_table_or_one_of_our_errors(tmp_path: Path, data: bytes) -> None:
    try:
        sheet = load(tmp_path, data)
    except (ApplicationError, SettingsError, FormatError) as error:
        assert error.say("zh")
        return
    assert sheet.rows
    assert len({row.number for row in sheet.rows}) == len(sheet.rows)


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5))
def test_what_a_spreadsheet_writes_is_what_we_read(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    sink = io.StringIO()
    csv.writer(sink).writerows([("operator_name", "premises"), *rows])
    wanted = [
        (i, {k: v for k, v in zip(("operator_name", "premises"), row, strict=True) if v.strip()})
        for i, row in enumerate(rows, 2)
        if any(cell.strip() for cell in row)
    ]
    if not wanted:
        refused(tmp_path, sink.getvalue())
        return
    assert [(row.number, row.values) for row in load(tmp_path, sink.getvalue()).rows] == wanted


@pytest.mark.parametrize("record", [sample(), sample_2023()], ids=["2015", "2023"])
def test_the_example_table_of_a_kind_reads_back_to_its_sample(tmp_path: Path, record: dict[str, object]) -> None:
    (row,) = load(tmp_path, example(TEMPLATE, record)).rows
    read = {NAMES[key]: value for key, value in row.values.items()}
    items = record["business_items"]
    assert isinstance(items, list)
    assert read == record | {"business_items": "、".join(items)}
