from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from certgen.authorities import AuthorityRecord, load_authorities
from certgen.core.errors import ApplicationError, TemplateError
from certgen.core.model import Application, Authority
from certgen.template import load_template

TODAY = date(2026, 11, 23)
WORDS = {"{province}": "鄂", "{city}": "咸", "{region3}": "715", "{region4}": "0715"}
AUTHORITIES = {
    id: AuthorityRecord(id, (date(2015, 1, 1),), (Authority(id, short + "局", short, id, "12315"),), WORDS)
    for id, short in (("421200", "咸宁市"), ("421221", "嘉鱼县"))
}

TOML = """\
kind = "drug-shop"
version = 1
title = { zh = "药品证", en = "Drug Licence" }
holder = "operator"

[numbering]
pattern = "{province}{mode}{body}{region3}{seq:4}"
mode = { field = "business", map = { "批发" = "A", "零售" = "D" } }
body = { field = "legal", map = { "是" = "A", "否" = "B" } }

[numberings.new]
pattern = "{province}{mode}A{region4}{seq:5}"
mode = { field = "business", map = { "批发" = "A", "零售" = "D" } }

[numberings.new.by_authority]
421221 = "嘉药{year}第{seq:3}号"

[validity]
years = 5

[[copy]]
id = "original"
title = { zh = "正本", en = "Original" }

[[form]]
id = "2004"
in_force_from = 2015-01-01
folder = "paper"

[[form]]
id = "2024"
in_force_from = 2024-01-01
folder = "paper"
numbering = "new"

[[field]]
name = "operator"
label = { zh = "企业名称", en = "Company" }
type = "company"

[[field]]
name = "business"
label = { zh = "经营方式", en = "Business" }
type = "choice"
choices = ["批发", "零售"]

[[field]]
name = "legal"
label = { zh = "法人", en = "Legal person" }
type = "choice"
choices = ["是", "否"]
forms = ["2004"]
"""
OLD = {
    "authority": "421200",
    "issued_on": "2017-08-01",
    "operator": "咸宁市桂花药房",
    "business": "零售",
    "legal": "否",
}
NEW = {"authority": "421200", "issued_on": "2025-08-01", "operator": "咸宁市桂花药房", "business": "零售"}


def write(folder, toml=TOML):
    (folder / "paper").mkdir(parents=True, exist_ok=True)
    (folder / "paper" / "original.xml").write_text("<layout/>", encoding="utf-8")
    (folder / "template.toml").write_text(toml, encoding="utf-8")
    return folder


def load(folder, *changes):
    """Load TOML with pairs of old and new text changed, which must be there."""
    toml = TOML
    for old, new in changes:
        assert old in toml
        toml = toml.replace(old, new, 1)
    return load_template(write(folder, toml))


def read(template, record, authorities=AUTHORITIES, today=TODAY):
    return template.read(Application(template.kind, record, ""), authorities, today)


def problems(template, record, authorities=AUTHORITIES, today=TODAY):
    with pytest.raises(ApplicationError) as error:
        read(template, record, authorities, today)
    return error.value.problems


def fault(folder, *changes):
    with pytest.raises(TemplateError) as error:
        load(folder, *changes)
    return error.value


# ---- numbering --------------------------------------------------------------------------------------


def test_each_form_may_number_in_its_own_way(tmp_path):
    template = load(tmp_path)
    assert read(template, OLD).number(1) == "鄂DB7150001"
    assert read(template, NEW).number(1) == "鄂DA071500001"


def test_an_authority_may_have_a_pattern_of_its_own(tmp_path):
    reading = read(load(tmp_path), NEW | {"authority": "421221"})
    assert (reading.number(7), reading.counter) == ("嘉药2025第007号", "嘉药2025第号")
    assert read(load(tmp_path), OLD | {"authority": "421221"}).number(1) == "鄂DB7150001"


def test_an_authority_without_the_words_of_a_number_is_a_problem_that_names_the_missing_one(tmp_path):
    silent = {id: replace(one, words={"{province}": "鄂"}) for id, one in AUTHORITIES.items()}
    (found,) = problems(load(tmp_path), OLD, silent)
    assert (found.field, found.found) == ("authority", "421200")
    assert "region3" in found.wanted.en


def test_a_list_counts_by_its_first_item(tmp_path):
    template = load(tmp_path, ('type = "choice"\nchoices = ["批发"', 'type = "list"\nchoices = ["批发"'))
    assert read(template, NEW | {"business": ["零售", "批发"]}).number(1) == "鄂DA071500001"
    assert read(template, NEW | {"business": ["批发", "零售"]}).number(1) == "鄂AA071500001"


def test_the_longest_number_counts_bytes_of_every_form_and_authority(tmp_path):
    assert load(tmp_path).longest_number == len("嘉药2025第001号".encode())


@pytest.mark.parametrize(
    ("old", "new", "field", "says", "line"),
    [
        ("{region4}", "{region5}", "numberings.new.pattern", "unknown token", 12),
        ('numbering = "new"', 'numbering = "old"', "2024.numbering", "[numberings.old] is missing", 34),
        ("[validity]", '[numberings.spare]\npattern = "X{seq:3}"\n[validity]', "numberings.spare", "unknown key", 18),
        ('421221 = "嘉药', '嘉鱼 = "嘉药', "", "is not TOML", 16),
        ('421221 = "嘉药', '42122 = "嘉药', "numberings.new.by_authority.42122", "the id of an authority", 16),
        ("第{seq:3}号", "号", "numberings.new.by_authority.421221", "exactly one", 16),
        ("{mode}A{region4}", "A{region4}", "numberings.new.pattern", "does not use 'mode'", 12),
        ("mode = { field", "year = { field", "numbering.pattern", "'year' is taken", 7),
        ("{mode}A{region4}", "{legal}A{region4}", "numberings.new.pattern", "unknown token", 12),
        ('{mode}A{region4}{seq:5}"', '{mode}{body}{seq:5}"\nbody = { field = "legal", map = { "是" = "A" } }',
         "numberings.new.body.field", "every form requires", 13),
    ],
)  # fmt: skip
def test_a_wrong_numbering_is_refused_at_its_line_and_field(tmp_path, old, new, field, says, line):
    error = fault(tmp_path, (old, new))
    assert says in str(error)
    assert (error.field, error.line) == (field, line)


def test_the_authorities_of_this_house_give_every_word_of_a_number():
    house = Path(__file__).parents[1] / "templates" / "_shared" / "authorities.toml"
    assert all(record.words.keys() == WORDS.keys() for record in load_authorities(house).values())


@pytest.mark.parametrize(("key", "bad"), [("province", "H"), ("city", ""), ("region3", "0715"), ("region4", "715")])
def test_a_word_of_an_authority_has_its_shape(tmp_path, key, bad):
    text = '[[authority]]\nid = "421200"\ndivision = "421200"\nshort = "咸宁市"\ntelephone = "0715-12315"\n'
    file = tmp_path / "authorities.toml"
    file.write_text(f'{text}{key} = "{bad}"\nnames = [{{ from = 2015-01-01, name = "局" }}]\n', encoding="utf-8")
    with pytest.raises(TemplateError) as error:
        load_authorities(file)
    assert (error.value.field, error.value.line) == (f"421200.{key}", 6)
