"""A newcomer makes a kind of his own, and a county its own words: by editing data, and by nothing else."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest

from certgen.proof import read_qr
from tests._workspace import command, live_home, write_record

KIND = "fishing-permit"
DAY = "2026-06-01"
COUNTY_WORDS = "嘉鱼县市场监督管理局监制"

# What he writes over, in every file of the copy: title, numbering, a choice's words, a text at the foot.
WORDS = {
    "（新证照名称）": "渔业捕捞许可证",
    "(title of the new kind)": "Fishing Permit",
    '"JY{class}{division}{seq:6}{mod11_10}"': '"鄂渔{division}{year}{class}{seq:4}"',
    "食品经营许可证": "渔业捕捞许可证",
    "主体业态": "作业类型",
    "食品销售经营者": "刺网作业",
    "餐饮服务经营者": "钓具作业",
    "单位食堂": "笼壶作业",
    "国家市场监督管理总局监制": "农业农村部监制",
}
ELICENCE = re.compile(r"(?:#.*\n)+\[elicence\]\ntype = .*\n\n")  # the code of another kind
VESSEL = """
[[field]]
name = "vessel"
label = { zh = "渔船名号", en = "Vessel" }
type = "text"
max = 40
forms = ["2023"]
"""
PLACE = 'x="{x}" y="{y}" width="60" height="7" size="11" floor="7"'
BOX = f'    <text name="vessel" {PLACE}>渔船名号 {{{{{{{{ vessel }}}}}}}}</text>\n'
PLACES = {"2023/original.xml": (290, 172), "2023/duplicate.xml": (198, 126)}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return live_home(tmp_path_factory.mktemp("newcomer") / "home")


@pytest.fixture
def home(model: Path, tmp_path: Path) -> Path:
    shutil.copytree(model, tmp_path / "home")
    return tmp_path / "home"


def edit(file: Path, change: Callable[[str], str]) -> None:
    before = file.read_text("utf-8")
    after = change(before)
    assert after != before, file.name
    file.write_text(after, "utf-8")


def translated(text: str) -> str:
    for old, new in WORDS.items():
        text = text.replace(old, new)
    return text


def make_his_own(folder: Path) -> None:
    """Edit a fresh copy of the food licence into a fishing permit."""
    for case in (folder / "cases").glob("*.json"):
        if case.stem != "form-2015":
            case.unlink()
    files = [f for f in folder.rglob("*") if f.suffix in {".toml", ".xml", ".json", ".csv"}]
    for file in files:
        file.write_text(translated(file.read_text("utf-8")), "utf-8")
    edit(folder / "template.toml", lambda text: ELICENCE.sub("", text) + VESSEL)
    for name, (x, y) in PLACES.items():
        edit(folder / name, lambda text, x=x, y=y: text.replace("  </page>", BOX.format(x=x, y=y) + "  </page>"))
    edit(folder / "sample.json", lambda text: text.replace("{\n", '{\n  "vessel": "鄂咸渔10086",\n', 1))
    edit(folder / "samples.csv", add_vessels)


def add_vessels(text: str) -> str:
    """Add a column to the table: a vessel for every row that is on the form of 2023."""
    head, *rows = text.splitlines()
    on_2023 = [row.split(",")[1] >= "2023-12-01" for row in rows]
    cells = [f"鄂咸渔{10000 + i}" if new else "" for i, new in enumerate(on_2023)]
    return "\n".join([f"{head},渔船名号", *[f"{row},{cell}" for row, cell in zip(rows, cells, strict=True)]]) + "\n"


def words_of(file: str) -> str:
    with pypdfium2.PdfDocument(Path(file).read_bytes()) as document:
        return "".join("".join(page.get_textpage().get_text_range().split()) for page in document)


def approve(kind: str, home: Path) -> None:
    """Approve a kind, which has to be without faults for it."""
    said = command("template", "approve", kind, "--home", home)
    assert said.code == 0, said.out


def test_a_newcomer_makes_looks_at_approves_issues_and_verifies_a_kind_without_a_line_of_python(
    home: Path, tmp_path: Path
) -> None:
    made = command("template", "new", KIND, "--like", "food-business", "--home", home, "--json")
    folder = home / "templates" / KIND
    assert (made.code, made.json) == (0, {"folder": str(folder)})
    make_his_own(folder)
    seen = command(
        "template", "preview", KIND, "--copy", "duplicate", "--home", home, "--out", tmp_path / "look", "--json"
    )
    assert seen.code == 0, seen.err
    looked = [row["file"] for row in seen.json]
    assert sorted(Path(file).suffix for file in looked) == [".pdf", ".png"]
    assert "渔船名号鄂咸渔10086" in words_of(next(file for file in looked if file.endswith(".pdf")))
    assert "not yet approved" in command("template", "check", KIND, "--home", home).out
    approve(KIND, home)
    assert "not yet approved" not in command("template", "check", KIND, "--home", home).out
    sample = json.loads((folder / "sample.json").read_text("utf-8"))
    record = write_record(tmp_path / "r.json", sample, issued_on=DAY)
    issued = command("issue", KIND, record, "--home", home, "--out", tmp_path / "out", "--json")
    assert issued.code == 0, issued.err
    assert [row["number"] for row in issued.json] == ["鄂渔421200202620001"] * 2
    for row in issued.json:
        words = words_of(row["file"])
        for wanted in ("渔业捕捞许可证", "渔船名号鄂咸渔10086", "作业类型", "农业农村部监制", row["number"]):
            assert wanted in words, wanted
        judged = command("verify", row["file"], "--home", home, "--json")
        assert (judged.code, judged.json["verdict"], judged.json["sid"]) == (0, "PASSED", row["sid"])
        code = read_qr(Path(row["file"]).read_bytes(), None)
        assert command("verify", code, "--home", home).code == 0
    assert f"{KIND} " in command("kinds", "--home", home).out


def test_a_slip_of_the_newcomers_pen_is_told_with_file_line_and_field(home: Path) -> None:
    command("template", "new", KIND, "--like", "food-business", "--home", home)
    toml = home / "templates" / KIND / "template.toml"
    edit(toml, lambda text: text.replace('name = "premises"\n', 'name = "premises"\ncolour = "red"\n'))
    line = toml.read_text("utf-8").splitlines().index('colour = "red"') + 1
    said = command("template", "check", KIND, "--home", home, "--json")
    assert said.code == 2
    (fault,) = said.json
    assert (fault["file"], fault["line"], fault["field"]) == ("template.toml", line, "premises.colour")


def test_a_county_changes_one_text_by_extends_and_issues_with_it(home: Path, tmp_path: Path) -> None:
    folder = home / "templates" / "food-business"
    folder.mkdir(parents=True)
    (folder / "template.toml").write_text(
        'extends = "food-business"\nkind = "food-business"\nversion = 1\n\n'
        f'[[form]]\nid = "2023"\ntexts = {{ supervised_by = "{COUNTY_WORDS}" }}\n',
        "utf-8",
    )
    approve("food-business", home)
    record = write_record(tmp_path / "r.json", authority="421221")
    issued = command("issue", "food-business", record, "--home", home, "--out", tmp_path / "out", "--json")
    assert issued.code == 0, issued.err
    assert {row["number"][:3] for row in issued.json} == {"JY2"}
    for row in issued.json:
        words = words_of(row["file"])
        assert COUNTY_WORDS in words
        assert "国家市场监督管理总局监制" not in words
        assert "12315" in words, "all else is as it is shipped"
        assert command("verify", row["file"], "--home", home).code == 0
