"""The author's commands, on a kind so small that a run costs nothing."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from certgen import author, cli, wiring
from certgen.author import Studio
from certgen.author.approval import load_lock
from certgen.author.pictures import arrange, compare, compose_picture, in_greys, load_png, png, render
from certgen.author.studio import MemoryShelf
from certgen.core.errors import TemplateError
from certgen.template import load_template
from tests.house import NOW

DECLARATION = """\
kind = "slip"
version = 1
title = { zh = "凭条", en = "Slip" }
holder = "bearer"

[numbering]
pattern = "{division}{seq:4}"

[[copy]]
id = "only"
title = { zh = "单联", en = "Only" }

[[form]]
id = "old"
in_force_from = 2020-01-01
folder = "old"
texts = { note = "旧版" }

[[form]]
id = "new"
in_force_from = 2024-01-01
folder = "new"
texts = { note = "新版" }

[[field]]
name = "bearer"
label = { zh = "持有人", en = "Bearer" }
type = "person"
max = 50

[[field]]
name = "purpose"
label = { zh = "用途", en = "Purpose" }
type = "text"
max = 20
required = false
"""
LAYOUT = """\
<layout>
  <page width="105" height="74">
    <text name="title" x="5" y="5" width="60" height="6" size="14" align="center">凭条{{ form.note }}</text>
    <text name="authority" x="5" y="12" width="60" height="6" size="10">{{ authority.name }}</text>
    <text name="bearer" x="5" y="20" width="60" height="14" size="12" floor="6" fit="wrap">{{ bearer }}</text>
    <text name="purpose" x="5" y="36" width="60" height="8" size="10" floor="6">{{ purpose }}</text>
    <text name="issued_on" x="5" y="46" width="60" height="6" size="10">{{ issued_on | date }}</text>
    <qr x="70" y="36" size="32"/>
    <seal x="70" y="4" size="28"/>
  </page>
</layout>
"""
SAMPLE = {"authority": "421200", "issued_on": "2024-06-03", "bearer": "李文卿", "purpose": "领取证照"}


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "templates" / "slip"
    for form in ("old", "new"):
        (folder / form).mkdir(parents=True)
        (folder / form / "only.xml").write_text(LAYOUT, "utf-8")
    (folder / "cases").mkdir()
    (folder / "template.toml").write_text(DECLARATION, "utf-8")
    (folder / "sample.json").write_text(json.dumps(SAMPLE, ensure_ascii=False, indent=1), "utf-8")
    rows = [f"421200,2024-06-03,李文{'甲乙丙丁戊'[i % 5]},领取证照{i}" for i in range(50)]
    (folder / "samples.csv").write_text("\n".join(["发证机关,发证日期,持有人,用途", *rows]) + "\n", "utf-8")
    return tmp_path / "home"


@pytest.fixture
def slip(home: Path) -> Path:
    return home / "templates" / "slip"


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: str, lang: str = "en") -> Said:
        monkeypatch.setattr(
            sys, "argv", ["certgen", "template", words[0], "--home", str(home), "--lang", lang, *words[1:]]
        )
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        said = capsys.readouterr()
        return Said(int(stopped.value.code or 0), said.out, said.err)

    return command


@pytest.fixture(scope="module")
def studio() -> Studio:
    return wiring.open_studio(clock=lambda: NOW)


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


# check


def test_a_sound_kind_has_no_faults_and_is_said_to_wait_for_approval(run: Run) -> None:
    said = run("check", "slip")
    assert (said.code, said.out) == (0, "slip: no faults\nnot yet approved: certgen template approve slip\n")


def test_every_kind_is_checked_when_none_is_named(run: Run) -> None:
    said = run("check", lang="zh")
    assert said.code == 0
    assert {"food-business：没有问题", "slip：没有问题"} <= set(said.out.splitlines())


def test_a_kind_nobody_has_is_refused_with_the_names_of_those_there_are(run: Run) -> None:
    said = run("check", "slipp")
    assert said.code == 2
    known = said.err.rpartition(" are ")[2].strip().split(", ")
    assert {"food-business", "slip"} <= set(known)
    assert known == sorted(known)


def test_all_faults_are_told_by_file_line_and_field_and_not_the_first_alone(run: Run, slip: Path) -> None:
    change(slip / "new" / "only.xml", "{{ purpose }}", "{{ porpoise }}")
    change(slip / "new" / "only.xml", 'x="5" y="46"', 'x="95" y="46" colour="red" blink="yes"')
    change(slip / "old" / "only.xml", "<seal ", "<stamp ")
    change(slip / "template.toml", 'type = "text"', 'type = "words"')
    change(slip / "template.toml", "max = 50", "max = 5")

    def line(text: str) -> int:
        return (slip / "template.toml").read_text("utf-8").partition(text)[0].count("\n") + 1

    said = run("check", "slip")
    found = [told.split(": ")[:2] for told in said.out.splitlines()]
    assert said.code == 2
    assert found == [
        [f"slip/template.toml:{line('max = 5')}", "bearer.max"],
        [f"slip/template.toml:{line('words')}", "purpose.type"],
        ["slip/new/only.xml:6", "porpoise"],
        ["slip/new/only.xml:7", "colour"],
        ["slip/new/only.xml:7", "blink"],
        ["slip/new/only.xml:7", "issued_on"],
        ["slip/old/only.xml:9", "stamp"],
    ]


def test_faults_are_told_as_json_in_both_languages(run: Run, slip: Path) -> None:
    change(slip / "old" / "only.xml", "{{ bearer }}", "{{ barer }}")
    said = run("check", "slip", "--json")
    (fault,) = json.loads(said.out)
    assert said.code == 2
    assert (fault["kind"], fault["file"], fault["line"], fault["field"]) == ("slip", "old/only.xml", 5, "barer")
    assert set(fault["message"]) == {"zh", "en"}


_AUTHORITY = 'width="60" height="6" size="10">{{ a'
_ART = '<art src="../art/no.svg" x="0" y="0" width="9" height="9"/>'
FAULTS = {
    "a box off the page": ("new/only.xml", 'width="60" height="14"', 'width="101" height="14"', ":5: bearer"),
    "a QR box too small": ("new/only.xml", 'size="32"', 'size="16"', ":8: qr"),
    "an unclosed element": ("new/only.xml", "</page>", "", ":11: XML"),
    "a document type": ("new/only.xml", "<layout>", "<!DOCTYPE layout><layout>", ":1: DOCTYPE"),
    "an unknown filter": ("new/only.xml", "| date", "| dayte", ":7: issued_on"),
    "an open brace": ("new/only.xml", "{{ bearer }}", "{{ bearer }", ":5: bearer"),
    "an unknown text of the form": ("new/only.xml", "form.note", "form.nota", ":3: title"),
    "a narrow place for authorities": ("new/only.xml", _AUTHORITY, _AUTHORITY.replace("60", "20"), ":4: authority"),
    "a value without room": ("new/only.xml", 'width="60" height="8"', 'width="20" height="4"', ":6: purpose"),
    "art that is missing": ("new/only.xml", "<qr ", _ART + "<qr ", ":8: src"),
    "a folder of another name": ("template.toml", 'kind = "slip"', 'kind = "slop"', ": kind"),
    "a file that is no TOML": ("template.toml", "version = 1", "version = = 1", ":2:"),
    "a missing layout": ("template.toml", 'folder = "new"', 'folder = "newer"', ":22: new.folder"),
    "a sample that is no JSON": ("sample.json", '"421200",', '"421200"', ":3:"),
    "a sample without its day": ("sample.json", '"issued_on"', '"valid_from"', ": issued_on"),
    "a sample with an unknown field": ("sample.json", '"purpose"', '"porpoise"', ":5: porpoise"),
    "a row with a fault": ("samples.csv", "2024-06-03,李文乙", "2024-06-31,李文乙", ":3: issued_on"),
    "a table of a wrong column": ("samples.csv", "用途", "用处", ":1: column 4"),
    "a table that is too short": ("samples.csv", "421200,2024-06-03,李文甲,领取证照0\n", "", ": has 49 rows"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_by_its_place(name: str, slip: Path, studio: Studio) -> None:
    file, old, new, place = FAULTS[name]
    change(slip / file, old, new)
    faults = [fault.say("en") for fault in author.check(slip, studio)]
    assert any(fault.startswith(file + place) for fault in faults), faults


def test_two_faults_of_one_record_are_both_told(slip: Path, studio: Studio) -> None:
    (slip / "cases" / "bad.json").write_text(json.dumps(SAMPLE | {"bearer": "", "purpose": "长" * 21}), "utf-8")
    found = [(fault.file, fault.field) for fault in author.check(slip, studio)]
    assert found == [("cases/bad.json", "bearer"), ("cases/bad.json", "purpose")]


def test_a_character_without_glyph_is_told_where_it_stands(slip: Path, studio: Studio) -> None:
    (slip / "common.txt").write_text("李文\n\U0002a6d5\n", "utf-8")
    (fault,) = author.check(slip, studio)
    assert fault.say("en") == "common.txt:2: no typeface has \U0002a6d5 (U+2A6D5)"


@pytest.mark.parametrize(
    "drawing",
    ['<text x="1" y="5">A</text></svg>', '<rect width="5" height="5" fill-opacity="0.5"/></svg>', "<"],
    ids=["text", "opacity", "torn"],
)
def test_art_with_more_than_paths_is_told_by_its_name(drawing: str, slip: Path, studio: Studio) -> None:
    (slip / "art").mkdir()
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{drawing}'
    (slip / "art" / "words.svg").write_text(svg if drawing != "<" else "<svg", "utf-8")
    change(slip / "old" / "only.xml", "<qr ", _ART.replace("no.svg", "words.svg") + "<qr ")
    (fault,) = author.check(slip, studio)
    assert fault.file == "art/words.svg"


def test_a_form_that_no_record_fits_is_told(slip: Path, studio: Studio) -> None:
    stamp = '\n[[field]]\nname = "stamp"\nlabel = { zh = "章", en = "Stamp" }\ntype = "text"\nforms = ["old"]\n'
    (slip / "template.toml").write_text(DECLARATION + stamp, "utf-8")
    (fault,) = author.check(slip, studio)
    assert (fault.file, fault.field) == ("cases", "old")


# preview


def test_a_preview_is_a_picture_and_a_pdf_that_nobody_signed(run: Run, tmp_path: Path) -> None:
    said = run("preview", "slip", "--out", str(tmp_path / "out"), "--json")
    files = [Path(row["file"]) for row in json.loads(said.out)]
    assert (said.code, [file.name for file in files]) == (
        0,
        ["slip-sample-new-only-plain.pdf", "slip-sample-new-only-plain.png"],
    )
    pdf = files[0].read_bytes()
    assert re.search(rb"/Contents <0+>", pdf)
    with pypdfium2.PdfDocument(pdf) as document:
        assert "李文卿" in document[0].get_textpage().get_text_range()
    assert load_png(files[1])[1] == 150


def test_a_preview_carries_the_mark_of_a_specimen(slip: Path, studio: Studio) -> None:
    template = load_template(slip)
    (specimen,) = studio.specimens(template, studio.read(template, SAMPLE), ("plain",))
    colours, counts = np.unique(render(specimen.pdf)[0].reshape(-1, 3), axis=0, return_counts=True)
    red, green, blue = (int(v) for v in colours[np.argsort(counts)[-2]])  # the most frequent after white
    assert red > green > blue > 200, "样本 is pale and reddish"


def test_a_form_a_copy_and_a_paper_can_be_chosen(run: Run, tmp_path: Path) -> None:
    said = run("preview", "slip", "--form", "old", "--copy", "only", "--paper", "overprint", "--out", str(tmp_path))
    assert said.code == 0
    assert (tmp_path / "slip-sample-old-only-overprint.png").is_file()


@pytest.mark.parametrize(
    ("option", "known"), [("--case", "sample, only-case"), ("--form", "old, new"), ("--copy", "only")]
)
def test_a_case_form_or_copy_that_is_not_there_is_refused_with_those_that_are(
    option: str, known: str, run: Run, slip: Path, tmp_path: Path
) -> None:
    (slip / "cases" / "only-case.json").write_text(json.dumps(SAMPLE), "utf-8")
    said = run("preview", "slip", option, "nothing", "--out", str(tmp_path / "out"))
    assert said.code == 2
    assert known in said.err
    assert not list(tmp_path.glob("out/*"))


def test_a_preview_of_a_faulty_record_tells_its_faults(run: Run, slip: Path, tmp_path: Path) -> None:
    change(slip / "sample.json", "李文卿", "")
    said = run("preview", "slip", "--out", str(tmp_path / "out"), lang="zh")
    assert said.code == 2
    assert "持有人" in said.err


def test_a_picture_cannot_be_written_over_a_folder_that_is_not_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert run("preview", "slip", "--out", str(tmp_path / "file")).code == 2


def test_no_command_of_the_author_opens_the_room_of_keys_or_makes_a_workspace(slip: Path, home: Path) -> None:
    script = (
        "import sys; from certgen import author, wiring; from pathlib import Path;"
        "folder, home = map(Path, sys.argv[1:]); studio = wiring.open_studio(home); author.approve(folder, studio);"
        "assert not {m for m in sys.modules if m.split('.')[0] == 'keys'}"
    )
    subprocess.run([sys.executable, "-c", script, str(slip), str(home)], check=True, timeout=60)
    assert [path.name for path in home.iterdir()] == ["templates"]


# approve


def test_approving_writes_pictures_and_a_line_for_each_form(run: Run, slip: Path) -> None:
    (slip / "cases" / "long.json").write_text(json.dumps(SAMPLE | {"bearer": "长" * 50}), "utf-8")
    said = run("approve", "slip")
    names = [Path(line).relative_to(slip).as_posix() for line in said.out.splitlines()]
    assert (said.code, names) == (0, ["sample.png", "cases/long.png", "cases/form-old.png", "versions.lock"])
    digest = load_template(slip).digest
    lines = (slip / "versions.lock").read_text("utf-8").splitlines()
    assert lines[1:] == [f"slip old 1 {digest}", f"slip new 1 {digest}"]
    assert run("check", "slip").out == "slip: no faults\n"


def test_approving_again_changes_nothing(slip: Path, studio: Studio) -> None:
    first = {file: file.read_bytes() for file in author.approve(slip, studio).files}
    fresh = wiring.open_studio(clock=lambda: NOW)
    assert {file: file.read_bytes() for file in author.approve(slip, fresh).files} == first


def test_a_changed_folder_is_not_approved_until_its_version_rises(run: Run, slip: Path, studio: Studio) -> None:
    author.approve(slip, studio)
    before = {path: path.read_bytes() for path in slip.rglob("*") if path.is_file() and path.suffix != ".xml"}
    change(slip / "new" / "only.xml", 'y="46"', 'y="47"')
    said = run("approve", "slip")
    assert said.code == 2
    assert "raise version to 2" in said.err
    assert {path: path.read_bytes() for path in before} == before
    change(slip / "template.toml", "version = 1", "version = 2")
    assert run("approve", "slip").code == 0
    assert [(line.form, line.version) for line in load_lock(slip)] == [("old", 1), ("new", 1), ("old", 2), ("new", 2)]


def test_an_approved_version_cannot_come_back_with_other_content(slip: Path, studio: Studio) -> None:
    author.approve(slip, studio)
    change(slip / "template.toml", "version = 1", "version = 2")
    author.approve(slip, studio)
    change(slip / "template.toml", "version = 2", "version = 1")
    with pytest.raises(TemplateError, match="raise version to 3"):
        author.approve(slip, studio)


def test_records_may_change_without_a_new_version(slip: Path, studio: Studio) -> None:
    author.approve(slip, studio)
    lock = (slip / "versions.lock").read_bytes()
    change(slip / "sample.json", "领取证照", "领取执照")
    assert not author.approve(slip, studio).faults
    assert (slip / "versions.lock").read_bytes() == lock


def test_a_kind_with_faults_is_not_approved(run: Run, slip: Path) -> None:
    change(slip / "new" / "only.xml", "{{ bearer }}", "{{ barer }}")
    said = run("approve", "slip")
    assert said.code == 2
    assert "slip/new/only.xml:5: barer" in said.out
    assert not (slip / "versions.lock").exists()
    assert not (slip / "sample.png").exists()


def test_the_picture_of_a_case_that_is_no_more_goes(slip: Path, studio: Studio) -> None:
    (slip / "cases" / "gone.png").write_bytes(b"")
    author.approve(slip, studio)
    assert [file.name for file in (slip / "cases").glob("*.png")] == ["form-old.png"]


@pytest.mark.parametrize(
    "line", ["slip old one abc", "slip old 1", "slip old 01 " + "a" * 64, "slip  old 1 " + "a" * 64]
)
def test_a_line_that_approving_would_not_write_is_refused(line: str, slip: Path) -> None:
    (slip / "versions.lock").write_text(line + "\n", "utf-8")
    with pytest.raises(TemplateError, match="wanted: kind form version digest"):
        load_lock(slip)


# pictures


@pytest.mark.parametrize("change_of", [{"bearer": "李文脚"}, {"purpose": ""}, {"issued_on": "2024-06-04"}])
@pytest.mark.parametrize("kept", ["colours", "greys"])
def test_a_picture_tells_another_record(
    kept: str, change_of: dict[str, str], slip: Path, studio: Studio, tmp_path: Path
) -> None:
    template = load_template(slip)
    mine, other = ({**SAMPLE}, {**SAMPLE, **change_of})
    places = arrange(list(studio.specimens(template, studio.read(template, mine))))
    full = compose_picture(places)
    (tmp_path / "x.png").write_bytes(png(full, greys=True) if kept == "greys" else png(full, colours=64))
    picture, dpi = load_png(tmp_path / "x.png")
    others = arrange(list(studio.specimens(template, studio.read(template, other))), dpi)
    assert all(compare(picture, place).is_small for place in places.values())
    assert not any(compare(picture, place).is_small for place in others.values())


def test_a_text_moved_by_a_millimetre_is_seen(slip: Path, studio: Studio) -> None:
    template = load_template(slip)
    picture = in_greys(compose_picture(arrange(list(studio.specimens(template, studio.read(template, SAMPLE))))))
    change(slip / "new" / "only.xml", 'y="20"', 'y="21"')
    moved = load_template(slip)
    places = arrange(list(studio.specimens(moved, studio.read(moved, SAMPLE))))
    assert not any(compare(picture, place).is_small for place in places.values())


def test_a_picture_of_another_size_is_another_picture(slip: Path, studio: Studio) -> None:
    template = load_template(slip)
    places = arrange(list(studio.specimens(template, studio.read(template, SAMPLE))))
    assert not any(compare(compose_picture(places)[:40], place).is_small for place in places.values())


def test_a_shelf_in_memory_keeps_plates() -> None:
    shelf = MemoryShelf()
    assert shelf.plate_digest("key") is None
    shelf.put_plate(b"digest", b"content", "key")
    digest = shelf.plate_digest("key")
    assert digest == b"digest"
    assert shelf.plate(digest) == b"content"


# new


def test_a_new_kind_begins_as_a_sound_copy_that_nobody_approved(
    run: Run, home: Path, slip: Path, studio: Studio
) -> None:
    author.approve(slip, studio)
    said = run("new", "voucher", "--like", "slip")
    folder = slip.parent / "voucher"
    assert (said.code, said.out) == (0, f"{folder}\n")
    assert not [path.name for path in folder.rglob("*") if path.suffix in {".png", ".lock"}]
    template = load_template(folder)
    assert (template.kind, template.version, template.title.zh) == ("voucher", 1, "（新证照名称）")
    assert template.fields == load_template(slip).fields
    assert author.check(folder, studio) == []


def test_a_shipped_kind_can_be_begun_from(run: Run, home: Path) -> None:
    assert run("new", "tea-house", "--like", "food-business").code == 0
    assert load_template(home / "templates" / "tea-house").kind == "tea-house"


@pytest.mark.parametrize("name", ["slip", "food-business", "Slip", "", "-x", "../x", "a b", "凭条", "x" * 41])
def test_a_name_that_is_taken_or_no_slug_is_refused(name: str, run: Run, home: Path) -> None:
    before = sorted(home.rglob("*"))
    assert run("new", "--like", "slip", "--", name).code == 2
    assert sorted(home.rglob("*")) == before
