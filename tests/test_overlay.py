import io
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime

import pypdf
import pytest

from certgen import author, wiring
from certgen.author.exhibits import exhibits, fitting
from certgen.core.errors import TemplateError
from certgen.core.model import Application
from certgen.template import digest_of, load_template

KIND = "food-business"
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
WORDS = "嘉鱼县市场监督管理局监制"
COUNTY = f"""\
extends = "{KIND}"
kind = "{KIND}"
version = 1

[[form]]
id = "2023"
texts = {{ supervised_by = "{WORDS}" }}
"""


@pytest.fixture(scope="module")
def studio():
    return wiring.open_studio(clock=lambda: NOW)


@pytest.fixture
def home(tmp_path):
    lay(tmp_path, COUNTY)
    return tmp_path


def lay(home, toml, kind=KIND):
    folder = home / "templates" / kind
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "template.toml").write_text(toml, "utf-8")
    return folder


def shipped():
    return wiring.template_folders()[KIND]


def words_of(template, studio, form, copy):
    wanted = next(one for one in template.forms if one.id == form)
    data = fitting(template, wanted, [one.data for one in exhibits(template, studio)], studio)
    reading = studio.read(template, data)
    copies = [one for one in template.copies if one.id == copy]
    (specimen,) = studio.specimens(template, reading, ("plain",), copies)
    return "".join(pypdf.PdfReader(io.BytesIO(specimen.pdf)).pages[0].extract_text().split())


# ---- a county's text --------------------------------------------------------------------------------


def test_a_county_changes_one_text_and_nothing_else(home, studio):
    county, base = wiring.Templates(home)[KIND], wiring.Templates()[KIND]
    assert WORDS in words_of(county, studio, "2023", "original")
    assert words_of(county, studio, "2023", "original").replace(WORDS, "国家市场监督管理总局监制") == words_of(
        base, studio, "2023", "original"
    )
    assert words_of(county, studio, "2018", "duplicate") == words_of(base, studio, "2018", "duplicate")
    assert county.forms[-1].texts["complaint_telephone"] == base.forms[-1].texts["complaint_telephone"]
    assert (county.fields, county.copies, county.numberings) == (base.fields, base.copies, base.numberings)


def test_a_county_is_checked_and_approved_in_its_own_folder(home, studio):
    folder = home / "templates" / KIND
    assert author.check(folder, studio) == []
    approved = author.approve(folder, studio)
    assert not approved.faults
    assert all(file.is_relative_to(home) for file in approved.files)
    assert {file.name for file in approved.files} >= {"sample.png", "versions.lock"}


def test_the_digest_covers_both_folders(home):
    folder = lay(home, COUNTY.replace(f'kind = "{KIND}"', 'kind = "county"'), "county")
    shutil.rmtree(home / "templates" / KIND)
    base = home / "templates" / KIND
    shutil.copytree(shipped(), base)
    digests = {load_template(folder).digest, load_template(base).digest, digest_of(folder)}
    for file in (base / "2023" / "original.xml", folder / "template.toml"):
        file.write_text(file.read_text("utf-8") + "\n", "utf-8")
        digests.add(load_template(folder).digest)
    assert len(digests) == 5


def test_a_layout_and_art_of_the_overlay_are_taken_before_those_under_it(home, studio):
    folder = home / "templates" / KIND
    (folder / "2023").mkdir()
    layout = (shipped() / "2023" / "original.xml").read_text("utf-8")
    (folder / "2023" / "original.xml").write_text(layout.replace("食品经营许可证", "食品许可"), "utf-8")
    (folder / "art").mkdir()
    frame = next(path for path in sorted((shipped() / "art").iterdir()) if path.name in layout)
    shutil.copy(frame, folder / "art")
    template = load_template(folder)
    assert template.forms[-1].layout("original").is_relative_to(home)
    assert not template.forms[-1].layout("duplicate").is_relative_to(home)
    for copy in template.copies:
        elements = studio.workshop.layout(template, template.forms[-1], copy).main.elements
        sources = {e.values["src"] for e in elements if getattr(e, "tag", "") == "art"}
        used = [source for source in sources if source.name == frame.name]
        assert all(source.is_relative_to(home.resolve()) for source in used)
        assert all(source.is_file() for source in sources)
    assert "食品许可" in words_of(template, studio, "2023", "original")


def test_pictures_of_records_under_an_overlay_belong_to_it(home, studio):
    shown = exhibits(wiring.Templates(home)[KIND], studio)
    assert {one.name for one in shown} >= {"sample"}
    assert all(one.picture.is_relative_to(home / "templates" / KIND) for one in shown)


def test_an_overlay_may_add_a_field_and_change_one(home, studio):
    more = """
[[field]]
name = "operator_name"
max = 120

[[field]]
name = "street_office"
label = { zh = "所属街道", en = "Street office" }
type = "text"
required = false
"""
    template, base = load_template(lay(home, COUNTY + more)), load_template(shipped())
    assert [f.name for f in template.fields] == [*(f.name for f in base.fields), "street_office"]
    name = next(f for f in template.fields if f.name == "operator_name")
    assert (name.max_chars, name.label.zh, name.type) == (120, "经营者名称", "company")
    data = author.exhibits(template, studio)[0].data | {"所属街道": "鱼岳镇"}
    reading = template.read(Application(KIND, data, ""), studio.authorities, date(2026, 11, 23))
    assert dict(reading.printed)["street_office"] == "鱼岳镇"


def test_an_overlay_may_lie_on_an_overlay(home):
    top = lay(home, f'extends = "{KIND}"\nkind = "town"\nversion = 7\n', "town")
    template = load_template(top)
    assert template.forms[-1].texts["supervised_by"] == WORDS
    assert [layer.name for layer in template.layers] == ["town", KIND, KIND]
    assert (template.kind, template.version, template.title.zh) == ("town", 7, "食品经营许可证")


# ---- faults -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "field", "says", "line"),
    [
        (f'extends = "{KIND}"', 'extends = "nothing"', "extends", "no kind 'nothing'", 1),
        (f'extends = "{KIND}"', 'extends = "../x"', "extends", "wanted", 1),
        ("version = 1", "version = 0", "version", "wanted 1", 3),
        ("version = 1", "version = 1\ncolour = 1", "colour", "unknown key", 4),
        ("texts = {", 'colour = "x"\ntexts = {', "2023.colour", "unknown key", 7),
        ("texts = {", "in_force_from = 2015-01-01\ntexts = {", "2023.in_force_from", "order", 7),
        ("texts = {", 'folder = "2024"\ntexts = {', "2023.folder", "is missing", 7),
        ('id = "2023"', 'id = "2027"', "2027.in_force_from", "missing", 5),
        ("[[form]]", '[[form]]\nid = "2023"\n[[form]]', "2023.id", "declared twice", 8),
        ("[[form]]", '[[field]]\nname = "operator_name"\nmax = 9\n[[form]]', "operator_name.max", "at least 100", 7),
        ("[[form]]", '[[field]]\nname = "tea"\n[[form]]', "tea.label", "missing", 5),
        ("[[form]]", "[validity]\nmonths = 6\n[[form]]", "validity", "one of years", 5),
        ("[[form]]", '[numbering]\npattern = "JY{x}{seq:6}"\n[[form]]', "numbering.pattern", "unknown token", 6),
    ],
)
def test_a_fault_of_an_overlay_is_named_at_its_line_of_the_overlay(home, studio, old, new, field, says, line):
    assert old in COUNTY
    folder = lay(home, COUNTY.replace(old, new, 1))
    with pytest.raises(TemplateError) as error:
        load_template(folder)
    assert says in error.value.message.en
    assert (error.value.field, error.value.line) == (field, line)
    assert error.value.file == str(folder / "template.toml")
    first = author.check(folder, studio)[0]
    assert (first.file, first.field, first.line) == ("template.toml", field, line)


def test_a_fault_under_an_overlay_names_the_file_it_is_in(home, studio):
    base = home / "templates" / "base"
    shutil.copytree(shipped(), base)
    text = (base / "template.toml").read_text("utf-8").replace("years = 5", "years = 0")
    (base / "template.toml").write_text(text, "utf-8")
    folder = lay(home, COUNTY.replace(f'extends = "{KIND}"', 'extends = "base"'))
    with pytest.raises(TemplateError) as error:
        load_template(folder)
    assert error.value.file == str(base / "template.toml")
    assert "years = 0" in text.splitlines()[error.value.line - 1]
    assert author.check(folder, studio)[0].file == "base/template.toml"


def test_a_fault_in_a_layout_of_an_overlay_names_file_line_and_element(home, studio):
    folder = home / "templates" / KIND
    (folder / "2023").mkdir()
    layout = (shipped() / "2023" / "original.xml").read_text("utf-8").replace('font="song"', 'font="comic"', 1)
    (folder / "2023" / "original.xml").write_text(layout, "utf-8")
    (fault,) = author.check(folder, studio)
    assert (fault.file, fault.field) == ("2023/original.xml", "font")
    assert fault.line == next(n for n, line in enumerate(layout.splitlines(), 1) if "comic" in line)


def test_a_value_without_room_is_found_in_an_overlay(home, studio):
    more = '\n[[field]]\nname = "operator_name"\nmax = 3000\n'
    faults = author.check(lay(home, COUNTY + more), studio)
    assert {fault.field for fault in faults} == {"operator_name"}


def test_numbers_of_offices_that_are_not_there_or_say_nothing_are_found(home, studio):
    spoken = (
        '[numbering]\npattern = "{city}{class}{seq:6}"\n[numbering.by_authority]\n429999 = "X{class}{seq:6}"\n[[form]]'
    )
    folder = lay(home, COUNTY.replace("[[form]]", spoken))
    assert [fault.field for fault in author.check(folder, studio)] == ["by_authority.429999"]
    silent = replace(studio, authorities={id: replace(one, words={}) for id, one in studio.authorities.items()})
    found = {fault.message.en.partition(" (")[0] for fault in author.check(folder, silent)}
    assert "authority 421221 has no {city} for numbers" in found


def test_a_circle_of_overlays_is_refused(home):
    first = lay(home, 'extends = "two"\nkind = "one"\nversion = 1\n', "one")
    lay(home, 'extends = "one"\nkind = "two"\nversion = 1\n', "two")
    with pytest.raises(TemplateError, match="no kind 'one'"):
        load_template(first)
