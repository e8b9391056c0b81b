"""Licences of older systems: taken in once, never given out again, never called unknown."""

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from certgen import legacy
from certgen.core.codes import make_jy
from certgen.core.errors import ApplicationError
from certgen.inherited import Inherited
from certgen.issue import Issued
from certgen.migrations import upgrade
from certgen.proof import read_qr
from certgen.schema import REVISION, metadata
from certgen.sheet import load_sheet
from certgen.template import load_template
from tests._workspace import ROOT, Said, book, command, live_home
from tests.house import KIND, NOW, SHIPPED, House, sample_2023
from verify import Verdict

TEMPLATE = load_template(SHIPPED / KIND)
TODAY = date(2026, 11, 23)
CODES = json.loads((ROOT / "tests" / "vectors" / "codes.json").read_text("utf-8"))
USCC = "91421200MA4900002N"
HEADER = "编号,持证人,统一社会信用代码,发证日期,有效期至,来源"


def number(sequence: int) -> str:
    """Write the number that food-business would give to catering in the city."""
    return make_jy(2, "421200", sequence)


def take(house: House, folder: Path, *lines: str, source: str = "旧系统") -> legacy.Imported:
    """Import a table."""
    file = folder / "旧.csv"
    file.write_text("\n".join(lines), "utf-8")
    sheet = load_sheet(file, legacy.names(TEMPLATE))
    return legacy.import_table(house.register, TEMPLATE, sheet, source, NOW, TODAY)


def faults(done: legacy.Imported) -> dict[int, list[str]]:
    return {row: [f"{p.field}: {p.wanted.en}" for p in error.problems] for row, error in done.refused}


# ---- the numbers ------------------------------------------------------------------------------------


def test_a_number_of_an_older_system_is_never_given_out_again(house: House, tmp_path: Path) -> None:
    first = house.issue(sample_2023())
    division, start = first.number[3:9], int(first.number[9:15])
    taken = [make_jy(int(first.number[2]), division, start + i) for i in (1, 2, 4)]
    done = take(house, tmp_path, "number,holder", *(f"{n},甲" for n in taken))
    assert (done.new, done.known, done.refused, done.warned) == (3, 0, (), ())
    after = [int(house.issue(sample_2023()).number[9:15]) for _ in range(3)]
    assert after == [start + 3, start + 5, start + 6]


def test_the_same_table_again_changes_nothing(house: House, tmp_path: Path) -> None:
    lines = (HEADER, f"{number(7)},甲饭店,{USCC},2016-03-01,2021-02-28,食药监", f"{number(8)},乙饭店,,,,")
    take(house, tmp_path, *lines)
    before = book(house)
    done = take(house, tmp_path, *lines, source="another name for the same")
    assert (done.new, done.known, done.refused) == (0, 2, ())
    assert book(house) == before


def test_what_was_said_of_a_number_is_kept(house: House, tmp_path: Path) -> None:
    take(house, tmp_path, HEADER, f"  {number(7).lower()} ,甲饭店,{USCC.lower()},2016/3/1,2021年2月28日,食药监")
    (one,) = house.register.inherited(f" {number(7)} ")
    assert one == Inherited(number(7), KIND, "甲饭店", USCC, date(2016, 3, 1), date(2021, 2, 28), "食药监")
    take(house, tmp_path, "编号,持证人", "鄂CB7150001,乙药店")
    (other,) = house.register.inherited("鄂CB7150001")
    assert other == Inherited("鄂CB7150001", KIND, "乙药店", "", None, None, "旧系统")


def test_headers_of_the_kind_serve_as_well(house: House, tmp_path: Path) -> None:
    done = take(house, tmp_path, "许可证编号,经营者名称,社会信用代码(身份证号码)", f"{number(7)},甲饭店,{USCC}")
    assert done.new == 1
    assert house.register.inherited(number(7))[0].credit_code == USCC


def test_a_row_with_another_holder_is_refused_and_the_first_stands(house: House, tmp_path: Path) -> None:
    done = take(house, tmp_path, "number,holder", f"{number(7)},甲", f"{number(7)},甲", f"{number(7)},乙")
    assert (done.new, done.known) == (1, 1)
    assert list(faults(done)) == [4]
    assert "another holder" in faults(done)[4][0]
    again = take(house, tmp_path, "number,holder,issued_on", f"{number(7)},甲,2016-01-01")
    assert "another holder, code or day" in faults(again)[2][0]
    assert house.register.inherited(number(7))[0].holder == "甲"


def test_a_number_that_was_issued_here_is_refused(house: House, tmp_path: Path) -> None:
    ours = house.issue(sample_2023()).number
    done = take(house, tmp_path, "number,holder", f"{ours},甲", f"{number(999_999)},乙")
    assert faults(done) == {2: ["number: a number of an older system: this one was issued here"]}
    assert done.new == 1
    assert not house.register.inherited(ours)


def test_thousands_are_taken_in_at_once(house: House, tmp_path: Path) -> None:
    done = take(house, tmp_path, "number,holder", *(f"{number(i)},第{i}家" for i in range(1, 3001)))
    assert done.new == 3000
    assert house.counts()["requests"] == 0


# ---- the check digits -------------------------------------------------------------------------------


def test_a_food_number_whose_check_digit_fails_is_taken_in_with_a_warning(house: House, tmp_path: Path) -> None:
    doubtful = ["JY11101050363440", "JY24201060000031", "SC12442011202449", "SC11453282248002", "JY1234"]
    done = take(house, tmp_path, "number,holder", f"{number(7)},甲", *(f"{n},甲" for n in doubtful))
    assert (done.new, done.refused) == (6, ())
    assert [(row, doubt.found) for row, doubt in done.warned] == list(enumerate(doubtful, 3))
    assert "with check digit 2" in done.warned[0][1].wanted.en


@pytest.mark.parametrize("code", ["91421200MA4900002M", "420100000000017", "91421200MA4900002", "422301198503071238"])
def test_a_credit_code_that_fails_is_refused(house: House, tmp_path: Path, code: str) -> None:
    done = take(house, tmp_path, "number,holder,credit_code", f"{number(7)},甲,{code}")
    assert list(faults(done)) == [2]
    assert faults(done)[2][0].startswith("credit_code: ")
    assert not house.register.inherited(number(7))


WRONG_ROWS = {
    "no number": (",甲,,,,", "number: a value: it is required"),
    "no holder": (f"{number(7)},,,,,x", "holder: a value: it is required"),
    "a long number": (f"{'1' * 65},甲,,,,", "number: at most 64 characters"),
    "a long holder": (f"{number(7)},{'甲' * 201},,,,", "holder: at most 200 characters"),
    "what cannot be printed": (f"{number(7)},甲\u202e,,,,", "holder: printable characters (there is a U+202E)"),
    "no day": (f"{number(7)},甲,,2016-02-30,,", "issued_on: a date such as 2017-08-01"),
    "a day to come": (f"{number(7)},甲,,2026-11-24,,", "issued_on: a date no later than today, 2026-11-23"),
    "an end before the beginning": (
        f"{number(7)},甲,,2016-03-01,2016-02-29,", "valid_until: a date no earlier than the day of issue, 2016-03-01"
    ),
    "a cell without a header": (f"{number(7)},甲,,,,,x", "#7: nothing: this column has no name"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "wanted"), WRONG_ROWS.values(), ids=WRONG_ROWS.keys())
def test_a_wrong_row_is_refused_and_the_others_are_taken_in(
    house: House, tmp_path: Path, line: str, wanted: str
) -> None:
    done = take(house, tmp_path, HEADER, line, f"{number(8)},乙,,,,")
    assert faults(done) == {2: [wanted]}
    assert done.new == 1


def test_two_columns_of_one_meaning_may_not_differ(house: House, tmp_path: Path) -> None:
    done = take(house, tmp_path, "number,编号,holder", f"{number(7)},{number(8)},甲", f"{number(9)},{number(9)},乙")
    assert faults(done) == {2: ["number: one value: two columns mean this"]}


def test_a_table_without_numbers_or_holders_is_refused(house: House, tmp_path: Path) -> None:
    with pytest.raises(ApplicationError, match="a column for Number and Holder"):
        take(house, tmp_path, "source", "x")


# ---- the commands -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return live_home(tmp_path_factory.mktemp("legacy") / "home")


def run(home: Path, *arguments: object, lang: str = "en") -> Said:
    return command(*arguments, "--home", home, lang=lang)


def test_a_clerk_imports_a_table_and_is_told_what_it_held(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "旧台账.csv"
    file.write_text(f"number,holder,credit_code\n{number(21)},甲\nJY11101050363440,乙\n", "gb18030")
    done = run(home, "import-legacy", KIND, file)
    assert done.code == 0
    assert "2 imported, 0 known before, 0 refused; 1 imported although a check digit fails" in done.out
    assert "warning: row 3 was imported; Number (number): found 'JY11101050363440', wanted" in done.err
    file.write_text(f"number,holder,credit_code\n{number(22)},甲,{USCC[:-1]}X\n{number(21)},甲,\n", "utf-8")
    wrong = run(home, "import-legacy", KIND, file, "--json", lang="zh")
    assert wrong.code == 2
    assert wrong.json == {"new": 0, "known": 1, "refused": 1, "warned": 0}
    assert wrong.err.startswith("第 2 行 C 列 credit_code 统一社会信用代码：现为“91421200MA4900002X”，应为")


def test_show_says_of_an_older_number_where_it_comes_from(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "旧.csv"
    file.write_text(f"{HEADER}\n{number(31)},甲饭店,{USCC},2016-03-01,2021-02-28,食药监系统\n", "utf-8")
    assert run(home, "import-legacy", KIND, file).code == 0
    shown = run(home, "show", number(31))
    assert shown.code == 0
    assert "issued by an older system" in shown.out
    assert "2016-03-01 – 2021-02-28" in shown.out
    assert "由旧系统签发" in run(home, "show", number(31), lang="zh").out
    (facts,) = run(home, "show", number(31), "--json").json
    assert (facts["inherited"], facts["holder"], facts["source"]) == (True, "甲饭店", "食药监系统")
    fetched = run(home, "fetch", number(31))
    assert fetched.code == 1
    assert "was issued by an older system; there is no document of it here" in fetched.err
    for word in ("forged", "fake", "never registered", "the register has no"):
        assert word not in shown.out + shown.err + fetched.err


@pytest.mark.parametrize("wrong", [number(32), "\udcff", "' OR 1=1 --", "x" * 5000, ""])
def test_a_number_that_nobody_issued_is_still_not_found(home: Path, wrong: str) -> None:
    answer = run(home, "show", wrong)
    assert answer.code == 1
    assert "the register has no" in answer.err


def test_an_unknown_kind_is_named_with_those_there_are(home: Path, tmp_path: Path) -> None:
    answer = run(home, "import-legacy", "nothing", tmp_path / "x.csv")
    assert answer.code == 2
    assert KIND in answer.err


def test_importing_takes_no_key(home: Path, tmp_path: Path) -> None:
    keys = home / "keys"
    aside = {file: file.read_bytes() for file in keys.glob("*.key.pem")}
    assert aside
    try:
        for file in aside:
            file.unlink()
        table = tmp_path / "t.csv"
        table.write_text(f"number,holder\n{number(41)},甲\n", "utf-8")
        assert run(home, "import-legacy", KIND, table).code == 0
    finally:
        for file, data in aside.items():
            file.write_bytes(data)


# ---- the verifier -----------------------------------------------------------------------------------


@pytest.fixture
def sealed_elsewhere(house: House, tmp_path: Path, model_home: Path) -> Iterator[tuple[House, Issued]]:
    """A register that knows a number as inherited, and a document of that number out of another register."""
    shutil.copytree(model_home, tmp_path / "other")
    with House(tmp_path / "other", keys=house.settings.keys, seed=7) as other:
        document = other.issue(sample_2023())
    take(house, tmp_path, "number,holder", f"{document.number},甲")
    yield house, document


def test_a_sealed_document_that_nobody_registered_is_refused_though_its_number_was_inherited(
    sealed_elsewhere: tuple[House, Issued],
) -> None:
    # Older systems sealed nothing with our keys: such a file was made with a stolen one.
    house, licence = sealed_elsewhere
    report = house.verifier.pdf(licence.documents[0].pdf)
    assert report.verdict is Verdict.FAILED
    assert report.reason is not None
    assert report.reason.rule == "R1"
    assert house.verifier.qr(read_qr(licence.documents[0].pdf, None)).verdict is Verdict.FAILED


def test_a_forgery_with_an_inherited_number_is_still_refused(sealed_elsewhere: tuple[House, Issued]) -> None:
    house, licence = sealed_elsewhere
    pdf = licence.documents[0].pdf
    at = len(pdf) // 2
    changed = pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]
    assert house.verifier.pdf(changed).verdict is Verdict.FAILED


# ---- the register of the release before -------------------------------------------------------------


def _at_revision_0001(connection: Connection, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    """Make the tables as revision 0001 did, and fill them."""
    upgrade(connection, "0001")
    assert MigrationContext.configure(connection).get_current_revision() == "0001"
    there = set(inspect(connection).get_table_names())
    for table in metadata.sorted_tables:
        if table.name in there:
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            marks = ", ".join("?" * len(table.columns))
            for row in rows[table.name]:
                connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", row)


def test_a_register_of_revision_0001_is_upgraded_with_all_that_is_in_it(house: House, tmp_path: Path) -> None:
    from certgen.database import open_database

    first = house.issue(sample_2023())
    house.register.mark_used(KIND, [number(2)], "before there was a table of holders")
    rows = book(house)
    house.close()
    old = house.settings.home / "register.db"
    for file in old.parent.glob("register.db*"):
        file.unlink()
    database = open_database(f"sqlite:///{old}", readonly=False)
    with database.writing() as db:
        _at_revision_0001(db.connection, rows)
    database.close()

    with House(house.settings.home, seed=2) as upgraded:
        assert book(upgraded) == rows
        with upgraded.register._database.reading() as db:
            assert db.row("SELECT version_num FROM alembic_version")[0] == REVISION
        assert upgraded.register.check_events() == 2
        upgraded.verifier.pdf(first.documents[0].pdf).require()
        assert take(upgraded, tmp_path, "number,holder", f"{number(2)},甲").new == 1, (
            "a number known without its holder"
        )
        assert upgraded.register.inherited(number(2))[0].holder == "甲"
        taken = {first.number, number(2)}
        assert upgraded.issue(sample_2023() | {"operator_name": "又一家"}, key="another").number not in taken
