"""Photographs of a table: files beside it, named by its rows."""

from pathlib import Path

import pytest

from certgen import batch as batches
from certgen.issue import Issued, Refused
from certgen.sheet import load_sheet
from tests.house import House
from tests.test_photo import LAYOUT, TEMPLATE, face, file_of

PLAIN = ("plain",)


@pytest.fixture
def passes(house: House) -> House:
    """A house that issues passes with photographs."""
    folder = house.settings.home / "templates" / "pass"
    (folder / "1").mkdir(parents=True)
    (folder / "template.toml").write_text(TEMPLATE, "utf-8")
    layout = LAYOUT.replace('height="54"', 'height="60"').replace('size="26"', 'size="28"').replace('x="57"', 'x="56"')
    layout = layout.replace('size="9"', 'size="9" floor="4"').replace('size="8"', 'size="6"')
    (folder / "1" / "original.xml").write_text(layout, "utf-8")
    house.close()
    return House(house.settings.home)


def table(folder: Path, *rows: str) -> Path:
    (folder / "faces").mkdir(parents=True, exist_ok=True)
    (folder / "faces" / "a.png").write_bytes(file_of(face(), "PNG"))
    (folder / "faces" / "b.png").write_bytes(file_of(face().rotate(180), "PNG"))
    file = folder / "table.csv"
    file.write_text("authority,姓名,照片\n" + "".join(f"421200,{row}\n" for row in rows), "utf-8")
    return file


def run(house: House, file: Path) -> list[batches.RowResult]:
    sheet = load_sheet(file, house.issuer.templates["pass"].names)
    batch = batches.open_batch(house.issuer, "pass", sheet, PLAIN)
    return [result for chunk in batches.run(house.issuer, batch, PLAIN) for result in chunk]


def test_a_table_names_the_photographs_that_lie_beside_it(passes: House, tmp_path: Path) -> None:
    results = run(passes, table(tmp_path, "张三,faces/a.png", "李四,faces/b.png"))
    assert all(isinstance(r.outcome, Issued) for r in results)
    assert run(passes, tmp_path / "table.csv") == []  # the same batch: nothing is left to do


@pytest.mark.parametrize("path", ["faces/none.png", "../a.png", "/etc/a.png", "faces/a.gif", "faces"])
def test_a_photograph_that_is_not_beside_the_table_refuses_its_row_alone(
    passes: House, tmp_path: Path, path: str
) -> None:
    (tmp_path / "a.png").write_bytes(file_of(face(), "PNG"))
    good, bad = run(passes, table(tmp_path / "t", "张三,faces/a.png", f"李四,{path}"))
    assert isinstance(good.outcome, Issued)
    assert isinstance(bad.outcome, Refused)
    assert [(p.field, bad.row) for p in bad.outcome.error.problems] == [("photo", 3)]


def test_another_photograph_under_the_same_name_makes_another_record(passes: House, tmp_path: Path) -> None:
    file = table(tmp_path, "张三,faces/a.png", "李四,faces/b.png")
    first = {r.outcome.number for r in run(passes, file)}
    (tmp_path / "faces" / "b.png").write_bytes(file_of(face().rotate(90, expand=True).resize((600, 800)), "PNG"))
    same, other = run(passes, file)
    assert same.outcome.again
    assert not other.outcome.again
    assert same.outcome.number in first
    assert other.outcome.number not in first


def test_a_check_looks_at_the_photographs_too(passes: House, tmp_path: Path) -> None:
    file = table(tmp_path, "张三,faces/a.png", "李四,faces/none.png")
    sheet = load_sheet(file, passes.issuer.templates["pass"].names)
    assert [bool(error) for _, error in batches.check(passes.issuer, "pass", sheet, PLAIN)] == [False, True]
