from datetime import date

import pytest

from certgen.authorities import load_authorities
from certgen.core.errors import SettingsError, TemplateError

TOML = """\
[[authority]]
id = "421200"
division = "421200"
short = "咸宁市"
telephone = "0715-12315"
names = [
    { from = 2015-01-01, name = "咸宁市食品药品监督管理局" },
    { from = 2019-01-01, name = "咸宁市市场监督管理局" },
]

[[authority]]
id = "421281"
division = "421281"
short = "赤壁市"
telephone = "0715-12315"
names = [{ from = 2015-01-01, name = "赤壁市食品药品监督管理局" }]
"""


def load(tmp_path, *texts):
    files = [tmp_path / f"{n}.toml" for n in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    return load_authorities(*files)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2015, 1, 1), "咸宁市食品药品监督管理局"),
        (date(2018, 12, 31), "咸宁市食品药品监督管理局"),
        (date(2019, 1, 1), "咸宁市市场监督管理局"),
        (date(2026, 11, 23), "咸宁市市场监督管理局"),
    ],
)
def test_an_authority_has_the_name_of_the_day(tmp_path, day, name):
    authority = load(tmp_path, TOML)["421200"].on(day)
    assert (authority.name, authority.short, authority.division, authority.telephone) == (
        name,
        "咸宁市",
        "421200",
        "0715-12315",
    )


def test_an_authority_has_no_name_before_its_first(tmp_path):
    with pytest.raises(SettingsError, match="421200 has no name on 2014-12-31"):
        load(tmp_path, TOML)["421200"].on(date(2014, 12, 31))


def test_a_later_file_replaces_an_authority_and_keeps_the_others(tmp_path):
    mine = TOML.partition("\n[[authority]]")[0].replace("0715-12315", "0715-1")
    found = load(tmp_path, TOML, mine)
    assert list(found) == ["421200", "421281"]
    assert found["421200"].latest.telephone == "0715-1"
    assert found["421281"].latest.telephone == "0715-12315"


@pytest.mark.parametrize(
    ("old", "new", "field", "line"),
    [
        ('id = "421281"', 'id = "421200"', "421200.id", 12),
        ('id = "421281"', 'id = "chibi"', "chibi.id", 12),
        ('division = "421281"', 'division = "4212"', "421281.division", 13),
        ("2019-01-01", "2015-01-01", "421200.names", 6),
        ('short = "赤壁市"', 'short = "赤壁市"\nshirt = 1', "421281.shirt", 15),
        ('short = "赤壁市"', 'short = ""', "421281.short", 14),
        ('"0715-12315"', '"call"', "421200.telephone", 5),
        ('name = "赤壁市食品药品监督管理局"', 'nam = "x"', "names[1].name", 16),
    ],
)
def test_a_wrong_authority_is_refused_at_its_line_and_field(tmp_path, old, new, field, line):
    with pytest.raises(TemplateError) as error:
        load(tmp_path, TOML.replace(old, new, 1))
    assert (error.value.field, error.value.line) == (field, line)
