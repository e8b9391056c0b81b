"""Items and guides: what is shipped may be published, what is wrong is named, and pages are set as Chinese is."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from pdfua import validate

from certgen import cli
from certgen.core import clreq
from certgen.core.errors import SettingsError, TemplateError
from certgen.fonts import Typefaces
from certgen.guide.catalogue import find_disclosures, load_catalogue, replace_value
from certgen.guide.flow import Column, Flow
from certgen.guide.guide import Edition, booklet, single
from certgen.guide.item import Item, load_item
from certgen.guide.lint import Disclosures, check_item, load_disclosures, longest_way
from certgen.guide.look import BOOKLET, LARGE, LOOKS, SHEET
from certgen.print.preflight import Preflight
from certgen.print.press import Conditions, Slug, press_pdf, singles
from certgen.scene import Publication, Words, render_pdf
from certgen.settings import SHIPPED

AT = datetime(2026, 11, 25, tzinfo=UTC)
ICC = (SHIPPED / "_shared" / "icc" / "sRGB2014.icc").read_bytes()
EDITION = Edition("咸宁市政务服务中心", "2026年第1版", "2026年11月")


@pytest.fixture(scope="module")
def typefaces() -> Typefaces:
    return Typefaces(SHIPPED / "_shared" / "fonts")


@pytest.fixture(scope="module")
def items() -> tuple[Item, ...]:
    return load_catalogue(SHIPPED, None)


@pytest.fixture(scope="module")
def disclosures() -> Disclosures:
    return find_disclosures(SHIPPED, None)


@pytest.fixture(scope="module")
def item(items: tuple[Item, ...]) -> Item:
    return next(one for one in items if one.id == "food-business-new")


# Items


def test_at_least_twelve_items_are_shipped_and_may_be_published(
    items: tuple[Item, ...], disclosures: Disclosures
) -> None:
    assert len(items) >= 12
    assert [found for one in items for found in check_item(one, disclosures)] == []


def test_days_on_the_chart_are_the_days_that_are_promised(items: tuple[Item, ...]) -> None:
    for one in items:
        assert longest_way(one) == one.promised, one.id


@pytest.mark.parametrize(
    ("change", "rule", "said"),
    [
        ({"basis": ()}, "disclosures", "办事依据"),
        ({"result": ""}, "disclosures", "办理结果"),
        ({"promised": 21}, "time", "the law allows 20"),
        ({"promised": 0}, "time", "without days"),
        ({"promise": "即办"}, "time", "即办"),
        ({"charged": True}, "fee", "no fee is named"),
        ({"exceptions": ()}, "stages", "wants an exception"),
        ({"promised": 9}, "chart", "10 days on the longest way"),
    ],
)
def test_what_is_wrong_with_an_item_is_named_by_rule(
    change: dict[str, object], rule: str, said: str, item: Item, disclosures: Disclosures
) -> None:
    found = check_item(replace(item, **change), disclosures)  # type: ignore[arg-type]
    assert any(f.rule == rule and (said in f.message.en or said in f.message.zh) for f in found), found


def test_a_required_material_says_when_it_is_accepted(item: Item, disclosures: Disclosures) -> None:
    bare = replace(item.materials[0], standard="", originals=0, source="")
    found = check_item(replace(item, materials=(bare,)), disclosures)
    assert [f.rule for f in found] == ["materials"] * 3
    assert found[0].field == "material[1]"


def test_a_telephone_number_is_one(item: Item, disclosures: Disclosures) -> None:
    odd = replace(item, office=replace(item.office, telephone="请咨询前台"))
    assert [f.rule for f in check_item(odd, disclosures)] == ["contact"]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('code = "1', 'code = "2', "code"),
        ('promise = "承诺"', 'promise = "尽快"', "promise"),
        ("promised = 10", 'promised = "十"', "promised"),
        ("visits = 1", "visits = 1\nwish = 2", "wish"),
        ('to = "accept"', 'to = "nowhere"', "step"),
        ('who = "审查科"', 'whom = "审查科"', "who"),
    ],
)
def test_a_fault_of_an_item_names_file_line_and_key(old: str, new: str, field: str, tmp_path: Path) -> None:
    text = (SHIPPED / "_guides" / "items" / "food-business-new.toml").read_text("utf-8")
    assert old in text
    file = tmp_path / "odd.toml"
    file.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(TemplateError) as caught:
        load_item(file)
    assert caught.value.file.endswith("odd.toml")
    assert field in caught.value.field


def test_there_are_eight_disclosures_and_each_names_a_field(tmp_path: Path) -> None:
    text = (SHIPPED / "_guides" / "disclosures.toml").read_text("utf-8")
    for odd in (text.replace('"办理结果" = "result"\n', ""), text.replace('"result"', '"colour"')):
        (tmp_path / "d.toml").write_text(odd, "utf-8")
        with pytest.raises(TemplateError):
            load_disclosures(tmp_path / "d.toml")


def test_a_value_is_changed_in_the_workspace_and_nowhere_else(tmp_path: Path) -> None:
    before = (SHIPPED / "_guides" / "items" / "elderly-card.toml").read_bytes()
    changed = replace_value(SHIPPED, tmp_path, "0715-8126345", "0715-8126999")
    assert len(changed) >= 12
    assert (SHIPPED / "_guides" / "items" / "elderly-card.toml").read_bytes() == before
    assert {one.office.supervision for one in load_catalogue(SHIPPED, tmp_path)} == {"0715-8126999"}


def test_a_change_that_would_spoil_an_item_changes_none(tmp_path: Path) -> None:
    with pytest.raises(TemplateError):
        replace_value(SHIPPED, tmp_path, "elderly-card", "老年")
    assert not list(tmp_path.rglob("*.toml"))
    with pytest.raises(SettingsError, match="no item holds"):
        replace_value(SHIPPED, tmp_path, "not in any item", "x")


# Guides


def works(items: tuple[Item, ...], typefaces: Typefaces) -> Iterator[tuple[str, Publication]]:
    yield "booklet", booklet(items, BOOKLET, typefaces, EDITION)
    for one in items:
        yield one.id, single(one, SHEET, typefaces, EDITION)


def test_guides_are_pdf_ua(items: tuple[Item, ...], item: Item, typefaces: Typefaces, tmp_path: Path) -> None:
    made = {"booklet": booklet(items, BOOKLET, typefaces, EDITION)}
    made |= {name: single(item, look, typefaces, EDITION) for name, look in LOOKS.items()}
    for name, work in made.items():
        (tmp_path / f"{name}.pdf").write_bytes(render_pdf(work, typefaces, ICC, AT))
        assert validate(str(tmp_path / f"{name}.pdf")).findings == (), name


def test_a_guide_is_read_in_order(item: Item, typefaces: Typefaces, tool: Callable[[str], str], tmp_path: Path) -> None:
    file = tmp_path / "guide.pdf"
    file.write_bytes(render_pdf(single(item, SHEET, typefaces, EDITION), typefaces, ICC, AT))
    heard = subprocess.run([tool("pdfinfo"), "-struct-text", str(file)], capture_output=True, text=True, check=True)
    said = "".join(line.strip().strip('"') for line in heard.stdout.splitlines() if line.strip().startswith('"'))
    order = [item.name, item.time, "办理依据", *item.basis, "申报条件", *item.conditions, "申报材料"]
    order += [*(m.name for m in item.materials), "办理流程", "咨询与监督", item.office.telephone, "常见问题"]
    at = 0
    for words in order:
        at = said.index(words, at)


def test_a_table_that_goes_on_says_its_head_once(typefaces: Typefaces) -> None:
    flow = Flow(SHEET, typefaces, lambda *_: ())
    tag = flow.table((Column("名称", 1), Column("内容", 2)), [(f"第{i}行", "内容" * 40) for i in range(60)])
    sheets = flow.sheets()
    assert len(sheets) > 2
    shown = ["".join(part.text for part in sheet.parts if "名称" in part.text) for sheet in sheets]
    assert shown == ["名称"] * len(sheets)
    heads = [row for row in tag.children if row.children[0].role == "TH"]
    assert (len(heads), len(tag.children)) == (1, 61)


def lines_of(work: Publication) -> Iterator[tuple[int, Words]]:
    for at, sheet in enumerate(work.sheets):
        for part in sheet.parts:
            if part.number:  # what runs through all pages is decoration, and no text that was broken
                yield from ((at, mark) for mark in part.marks if isinstance(mark, Words))


def test_no_line_begins_or_ends_with_what_must_not_and_none_leaves_the_page(
    items: tuple[Item, ...], typefaces: Typefaces
) -> None:
    for name, work in works(items, typefaces):
        for at, line in lines_of(work):
            text = line.line.text.strip()
            if not text or len(text) == 1:
                continue
            assert text[0] not in "，。、；：？！）》〉」』】”’…—", (name, at, text)
            assert text[-1] not in "（《〈「『【“‘", (name, at, text)
            end = line.x + line.line.width * line.size / 1000 + line.spread * (len(text) - 1)
            assert line.x >= -0.5, (name, at, text)
            assert end <= work.sheets[at].width + 0.5, (name, at, text)


def test_the_rules_of_line_breaking_are_the_projects_own() -> None:
    assert set("，。、；：？！）》") <= clreq.NEVER_FIRST
    assert set("（《") <= clreq.NEVER_LAST


def test_large_print_is_nowhere_below_eighteen_points(items: tuple[Item, ...], typefaces: Typefaces) -> None:
    for one in items:
        work = single(one, LARGE, typefaces, EDITION)
        sizes = [m.size for sheet in work.sheets for part in sheet.parts for m in part.marks if isinstance(m, Words)]
        assert min(sizes) >= 18, one.id


def test_no_heading_stands_alone_at_the_foot_of_a_page(items: tuple[Item, ...], typefaces: Typefaces) -> None:
    for name, work in works(items, typefaces):
        for at, sheet in enumerate(work.sheets):
            bodies = [m for part in sheet.parts if part.number for m in part.marks if isinstance(m, Words)]
            if bodies:
                lowest = max(bodies, key=lambda m: m.baseline)
                assert lowest.font != "hei-bold" or at < 4, (name, at, lowest.line.text)


def test_contents_and_index_lead_to_the_pages_they_name(items: tuple[Item, ...], typefaces: Typefaces) -> None:
    work = booklet(items, BOOKLET, typefaces, EDITION)
    pdf = render_pdf(work, typefaces, ICC, AT)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        numbers = {page.obj.objgen: i for i, page in enumerate(opened.pages)}
        links = [note for page in opened.pages for note in page.obj.get("/Annots", [])]
        assert len(links) == len(items) + len({one.department for one in items}) + 1
        for note in links:
            said = re.fullmatch(r"(.+)，第(\d+)页", str(note.Contents))
            assert said is not None
            target = numbers[note.Dest[0].objgen]
            assert target == int(said[2]) - 1
            heads = [m.line.text for part in work.sheets[target].parts for m in part.marks
                     if isinstance(m, Words) and m.font == "hei-bold"]  # fmt: skip
            assert said[1].replace("索引", "索　引") in "".join(heads)


def test_a_guide_can_be_printed(items: tuple[Item, ...], typefaces: Typefaces) -> None:
    work = booklet(items, BOOKLET, typefaces, EDITION)
    profile = (SHIPPED / "_shared" / "icc" / "ISOcoated_v2_300_bas.icc").read_bytes()
    pdf = press_pdf(work, singles(len(work.sheets)), Conditions(profile), Slug("手册", "2026-11-25"), typefaces, AT)
    assert Preflight().look(pdf) == []


# Commands


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: str) -> tuple[int, str, str]:
        home = ["--home", str(tmp_path / "home"), "--lang", "en"]
        monkeypatch.setattr(sys, "argv", ["certgen", "guide", words[0], *home, *words[1:]])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out, said.err

    return command


def test_the_shipped_items_pass_their_check(run: Run) -> None:
    code, out, _ = run("check")
    assert (code, "no faults" in out) == (0, True)


def test_a_faulty_item_of_the_workspace_is_told_and_written_down(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "templates" / "_guides" / "items"
    folder.mkdir(parents=True)
    text = (SHIPPED / "_guides" / "items" / "elderly-card.toml").read_text("utf-8")
    (folder / "elderly-card.toml").write_text(text.replace('result = "《湖北省老年人优待证》"', 'result = ""'), "utf-8")
    code, out, _ = run("check", "--csv", str(tmp_path / "found.csv"), "--json")
    (found,) = json.loads(out)
    assert (code, found["item"], found["field"], found["rule"]) == (2, "elderly-card", "result", "disclosures")
    assert "办理结果" in (tmp_path / "found.csv").read_text("utf-8-sig")


def test_guides_charts_and_press_files_are_written(run: Run, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    assert run("make", "elderly-card", "--look", "large", "--out", out)[0] == 0
    assert run("chart", "elderly-card", "--out", out)[0] == 0
    code, said, _ = run("press", "elderly-card", "--look", "booklet", "--scheme", "F8", "--out", out, "--json")
    (made,) = json.loads(said)
    assert (code, made["padding"]) == (0, -made["pages"] % 8)
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"elderly-card-large.pdf", "elderly-card.svg", "elderly-card.txt", "elderly-card-booklet-F8.pdf"}


def test_an_item_that_was_cancelled_is_not_printed(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "templates" / "_guides" / "items"
    folder.mkdir(parents=True)
    text = (SHIPPED / "_guides" / "items" / "elderly-card.toml").read_text("utf-8")
    (folder / "elderly-card.toml").write_text(text.replace('life = "在办"', 'life = "取消"'), "utf-8")
    code, _, said = run("make", "elderly-card", "--out", str(tmp_path / "out"))
    assert (code, "none of these items is current" in said) == (2, True)


def test_an_item_that_is_not_there_is_refused_with_those_that_are(run: Run) -> None:
    code, _, said = run("chart", "tea-house")
    assert (code, "elderly-card" in said) == (2, True)


def test_too_much_ink_stops_a_press_file(run: Run, tmp_path: Path) -> None:
    code, _, said = run("press", "elderly-card", "--ink-limit", "150", "--out", str(tmp_path / "out"))
    assert (code, "of ink in all" in said) == (2, True)


def test_replacing_lists_the_items_it_touched(run: Run) -> None:
    code, out, _ = run("replace", "0715-8126310", "0715-8126311", "--json")
    assert (code, [row["item"] for row in json.loads(out)]) == (0, ["elderly-card"])
