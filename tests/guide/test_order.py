"""Orders: what the shop gets adds up, and a table with faults is refused whole."""

import csv
import hashlib
import io
import json
import re
import sys
import zipfile

import pypdfium2
import pytest

from certgen import cli
from certgen.core.errors import ApplicationError
from certgen.guide.order import PACK, packs_of, parse_order
from certgen.print.preflight import Preflight

KNOWN = {"elderly-card": "老年人优待证办理", "guides": "办事指南"}
TABLE = """\
品名,送达点,数量
老年人优待证办理,咸安区政务大厅,1200
elderly-card,嘉鱼县政务大厅,450
guides,咸安区政务大厅,30
"""


def test_a_title_is_named_by_its_name_or_its_id() -> None:
    order = parse_order(TABLE, "P1", "2026年版", KNOWN)
    assert [(line.title, line.copies) for line in order.lines] == [
        ("elderly-card", 1200),
        ("elderly-card", 450),
        ("guides", 30),
    ]
    assert (order.copies_of("elderly-card"), order.points) == (1650, ("咸安区政务大厅", "嘉鱼县政务大厅"))


@pytest.mark.parametrize("copies", [1, PACK - 1, PACK, PACK + 1, 5 * PACK, 1_000_000])
def test_packs_hold_every_copy(copies: int) -> None:
    packs = packs_of(copies)
    assert sum(packs) == copies
    assert all(0 < pack <= PACK for pack in packs)


def test_every_fault_of_a_table_is_told_at_once() -> None:
    with pytest.raises(ApplicationError) as caught:
        parse_order("品名,送达点,数量\n没有的指南,大厅,5\nguides,,5\nguides,大厅,0\nguides,大厅,十\n", "P1", "e", KNOWN)
    assert [(p.field, p.label.en) for p in caught.value.problems] == [
        ("row 2", "title"), ("row 3", "delivery point"), ("row 4", "copies"), ("row 5", "copies"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "名称,数量\n", "品名,送达点,数量\n", "品名,送达点,数量\nguides,大厅,1\n办事指南,大厅,2\n"]
)
def test_a_table_that_is_no_order_is_refused(text: str) -> None:
    with pytest.raises(ApplicationError):
        parse_order(text, "P1", "e", KNOWN)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("order")
    (folder / "order.csv").write_bytes(TABLE.encode("gb18030"))
    words = ["order", str(folder / "order.csv"), "--number", "P2026-07", "--out", str(folder / "order.zip")]
    before, sys.argv = sys.argv, ["certgen", "guide", *words, "--home", str(folder / "home"), "--lang", "zh"]
    try:
        with pytest.raises(SystemExit) as stopped:
            cli.main()
    finally:
        sys.argv = before
    assert not stopped.value.code
    return zipfile.ZipFile(folder / "order.zip")


def test_the_zip_holds_what_the_manifest_says(packed: zipfile.ZipFile) -> None:
    manifest = json.loads(packed.read("manifest.json"))
    assert {*manifest["files"], "manifest.json"} == set(packed.namelist())
    for name, facts in manifest["files"].items():
        data = packed.read(name)
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (facts["sha256"], facts["bytes"])


def test_counts_add_up_from_the_order_to_the_manifest(packed: zipfile.ZipFile) -> None:
    manifest = json.loads(packed.read("manifest.json"))
    ordered = list(csv.reader(io.StringIO(packed.read("order.csv").decode("gb18030"))))[1:]
    assert manifest["copies"] == sum(int(row[2]) for row in ordered) == 1680
    assert {t["id"]: t["copies"] for t in manifest["titles"]} == {"elderly-card": 1650, "guides": 30}


def test_every_press_file_passes_the_preflight(packed: zipfile.ZipFile) -> None:
    files = [name for name in packed.namelist() if name.startswith("press/")]
    assert files == ["press/elderly-card.pdf", "press/guides.pdf"]
    assert [Preflight().look(packed.read(name)) for name in files] == [[], []]


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as opened:
        return "".join(re.sub(r"\s", "", page.get_textpage().get_text_range()) for page in opened)


def test_people_read_the_same_counts(packed: zipfile.ZipFile) -> None:
    ticket, notes, labels = (text_of(packed.read(f"{name}.pdf")) for name in ("ticket", "notes", "labels"))
    assert "P2026-07" in ticket
    assert "1,650" in ticket
    assert "1,680份" in ticket
    assert notes.count("送货单") == 2
    assert "1,230" in notes
    assert labels.count("咸安区政务大厅") == len(packs_of(1200)) + 1
    assert labels.count("嘉鱼县政务大厅") == len(packs_of(450))
