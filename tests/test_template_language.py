from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen.authorities import AuthorityRecord, load_authorities
from certgen.core.chinese import birthday
from certgen.core.codes import make_citizen_id
from certgen.core.errors import ApplicationError, TemplateError
from certgen.core.model import Application, Authority
from certgen.derived import age
from certgen.reading import Publicity
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
NEW_MAP = (
    'seq:5}"\nmode = { field = "business", map = { "批发"',
    'seq:5}"\nmode = { field = "business", map = { "批发、零星批发"',
)
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


def test_a_number_may_begin_anew_on_every_day(tmp_path):
    template = load(tmp_path, ("{province}{mode}A{region4}{seq:5}", "{division}{date}{seq:2}{mode}"))
    first = read(template, NEW)
    assert (first.number(1), first.counter) == ("4212002025080101D", "42120020250801D")
    assert read(template, NEW | {"issued_on": "2025-12-31"}).number(7) == "4212002025123107D"


def test_an_authority_without_the_words_of_a_number_is_a_problem_that_names_the_missing_one(tmp_path):
    silent = {id: replace(one, words={"{province}": "鄂"}) for id, one in AUTHORITIES.items()}
    (found,) = problems(load(tmp_path), OLD, silent)
    assert (found.field, found.found) == ("authority", "421200")
    assert "region3" in found.wanted.en


def test_a_list_counts_by_its_first_item(tmp_path):
    template = load(tmp_path, ('type = "choice"\nchoices = ["批发"', 'type = "list"\nchoices = ["批发"'))
    assert read(template, NEW | {"business": ["零售", "批发"]}).number(1) == "鄂DA071500001"
    assert read(template, NEW | {"business": ["批发", "零售"]}).number(1) == "鄂AA071500001"


def test_a_choice_may_have_the_mark_between_items_in_its_own_name(tmp_path):
    named = ('type = "choice"\nchoices = ["批发"', 'type = "list"\nchoices = ["批发、零星批发"')
    template = load(tmp_path, named, ('map = { "批发" = "A"', 'map = { "批发、零星批发" = "A"'), NEW_MAP)
    for value in (["零售", "批发、零星批发"], "零售、批发、零星批发", "零售；批发、零星批发"):
        assert dict(read(template, NEW | {"business": value}).printed)["business"] == "零售、批发、零星批发"
        assert read(template, NEW | {"business": value}).number(1) == "鄂DA071500001"
    assert read(template, NEW | {"business": "批发、零星批发、零售"}).number(1) == "鄂AA071500001"
    assert problems(template, NEW | {"business": "批发、零售"})[0].found == "批发"


def test_a_choice_that_reads_as_two_others_is_refused(tmp_path):
    (change,) = [('type = "choice"\nchoices = ["批发"', 'type = "list"\nchoices = ["批发、零售", "批发"')]
    assert "split" in fault(tmp_path, change).message.en


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


# ---- validity ---------------------------------------------------------------------------------------

ENDS = """
[[field]]
name = "lease_ends"
label = { zh = "租期至", en = "Lease ends" }
type = "date"
required = false
"""


@pytest.mark.parametrize(
    ("issued", "end"),
    [
        ("2017-08-01", "2018-01-31"),
        ("2017-08-31", "2018-02-28"),
        ("2019-08-31", "2020-02-29"),
        ("2017-06-30", "2017-12-29"),
    ],
)
def test_a_period_may_be_of_months_and_ends_the_day_before_the_day_comes_again(tmp_path, issued, end):
    template = load(tmp_path, ("years = 5", "months = 6"))
    reading = read(template, OLD | {"issued_on": issued})
    assert reading.valid_until == date.fromisoformat(end)


def by_field(tmp_path):
    return load(tmp_path, ("years = 5", 'field = "lease_ends"'), ('forms = ["2004"]', 'forms = ["2004"]\n' + ENDS))


def test_a_field_may_give_the_last_day(tmp_path):
    template = by_field(tmp_path)
    assert read(template, OLD | {"lease_ends": "2031年5月6日"}).valid_until == date(2031, 5, 6)
    assert read(template, OLD | {"租期至": "2031-05-06", "valid_until": "2031-05-06"}).valid_until == date(2031, 5, 6)
    assert read(template, OLD).valid_until is None


@pytest.mark.parametrize(
    ("more", "field", "says"),
    [
        ({"lease_ends": "2017-07-31"}, "lease_ends", "from 2017-08-02 on"),
        ({"lease_ends": "2017-08-01"}, "lease_ends", "from 2017-08-02 on"),
        ({"lease_ends": "never"}, "lease_ends", "a date"),
        ({"lease_ends": "2031-05-06", "valid_until": "2031-05-05"}, "valid_until", "the same as Lease ends"),
        ({"valid_until": "2031-05-05"}, "valid_until", "the same as Lease ends"),
        ({"valid_from": "2019-08-01"}, "valid_from", "within a year"),
    ],
)
def test_a_last_day_that_cannot_be_is_one_problem(tmp_path, more, field, says):
    (found,) = problems(by_field(tmp_path), OLD | more)
    assert found.field == field
    assert says in found.wanted.en


@pytest.mark.parametrize(
    ("new", "field", "says"),
    [
        ("years = 5\nmonths = 6", "validity", "one of years"),
        ("", "validity", "one of years"),
        ("months = 0", "validity.months", "wanted 1"),
        ('field = "operator"', "validity.field", "type date"),
        ('field = "nothing"', "validity.field", "type date"),
    ],
)
def test_a_wrong_validity_is_refused(tmp_path, new, field, says):
    error = fault(tmp_path, ("years = 5", new))
    assert error.field == field
    assert says in str(error)


# ---- derived fields and rules -----------------------------------------------------------------------

WOMAN, MAN = "440524188001010014", "11010519491231002X"
CARD = """
[[rule]]
min_age = { field = "id_number", years = 60 }

[[field]]
name = "id_number"
label = { zh = "公民身份号码", en = "ID number" }
type = "citizen-id"
required = false

[[field]]
name = "sex"
label = { zh = "性别", en = "Sex" }
type = "choice"
choices = ["男", "女"]
derive = "sex(id_number)"

[[field]]
name = "born"
label = { zh = "出生日期", en = "Born" }
type = "date"
derive = "birth_date(id_number)"

[[field]]
name = "age"
label = { zh = "年龄", en = "Age" }
type = "integer"
derive = "age(id_number)"

[[field]]
name = "colour"
label = { zh = "卡色", en = "Colour" }
type = "text"
derive = 'band(age, "60 蓝色", "65 红色")'

[[field]]
name = "capital"
label = { zh = "注册资本", en = "Capital" }
type = "amount"
required = false

[[field]]
name = "capital_words"
label = { zh = "注册资本（大写）", en = "Capital in words" }
type = "text"
derive = "amount_words(capital)"
"""


def card(tmp_path, *changes):
    toml = TOML + CARD
    for old, new in changes:
        assert old in toml
        toml = toml.replace(old, new, 1)
    return load_template(write(tmp_path, toml))


def test_what_follows_from_a_field_is_printed_and_need_not_be_given(tmp_path):
    reading = read(card(tmp_path), OLD | {"id_number": MAN, "capital": "1409.50"})
    printed = dict(reading.printed)
    assert (printed["sex"], printed["born"], printed["age"]) == ("女", "1949年12月31日", "67")
    assert (printed["colour"], printed["capital"]) == ("红色", "1409.50")
    assert printed["capital_words"] == "壹仟肆佰零玖圆伍角"


def test_what_is_kept_is_what_was_given(tmp_path):
    template = card(tmp_path)
    bare = read(template, OLD | {"id_number": MAN})
    full = read(template, OLD | {"id_number": MAN, "sex": "女", "born": "1949/12/31", "age": 67, "colour": "红色"})
    assert full == bare
    assert not {"sex", "born", "age", "colour"} & dict(bare.data).keys()


def test_without_its_source_a_derived_field_is_empty(tmp_path):
    printed = dict(read(card(tmp_path), OLD).printed)
    assert {printed[name] for name in ("sex", "born", "age", "colour", "capital_words")} == {""}
    (found,) = problems(card(tmp_path), OLD | {"sex": "男"})
    assert (found.field, found.found) == ("sex", "男")


@pytest.mark.parametrize(("name", "value"), [("sex", "男"), ("born", "1949-12-30"), ("age", "66"), ("colour", "蓝色")])
def test_a_given_value_that_does_not_follow_is_one_problem(tmp_path, name, value):
    (found,) = problems(card(tmp_path), OLD | {"id_number": MAN, name: value})
    assert found.field == name
    assert "what follows from" in found.wanted.en
    assert "1949" not in found.wanted.en + found.wanted.zh  # ledgers keep what was wanted


def test_a_faulty_source_is_the_only_problem(tmp_path):
    (found,) = problems(card(tmp_path), OLD | {"id_number": MAN[:-1] + "1", "sex": "男", "age": 5})
    assert found.field == "id_number"


def test_words_of_an_amount_have_the_prefix_and_unit_of_the_template(tmp_path):
    change = ('"amount_words(capital)"', """'amount_words(capital, "人民币", "元")'""")
    template = card(tmp_path, change)
    assert dict(read(template, OLD | {"capital": 1000000}).printed)["capital_words"] == "人民币壹佰万元整"


def test_the_unit_of_an_amount_may_stand_in_a_field(tmp_path):
    currency = """[[field]]
name = "currency"
label = { zh = "币种", en = "Currency" }
type = "text"
required = false

[[field]]
name = "capital_words\""""
    change = ('"amount_words(capital)"', """'amount_words(capital, "", currency)'""")
    template = card(tmp_path, ('[[field]]\nname = "capital_words"', currency), change)
    assert dict(read(template, OLD | {"capital": "5", "currency": "美元"}).printed)["capital_words"] == "伍美元整"
    assert dict(read(template, OLD | {"capital": "5"}).printed)["capital_words"] == "伍圆整"


@pytest.mark.parametrize(
    ("text", "kept"), [("007.50", "7.50"), ("1.5", "1.50"), ("5.00", "5"), (0, "0"), ("0.05", "0.05")]
)
def test_an_amount_is_kept_in_one_spelling(tmp_path, text, kept):
    assert dict(read(card(tmp_path), OLD | {"capital": text}).data)["capital"] == kept


@pytest.mark.parametrize("text", ["1.005", "-1", "1e3", ".5", "1,000", 1.5, True, "１", "1" * 16])
def test_an_amount_is_a_plain_number(tmp_path, text):
    (found,) = problems(card(tmp_path), OLD | {"capital": text})
    assert "an amount such as" in found.wanted.en


@pytest.mark.parametrize(
    ("born", "day", "allowed"),
    [
        ("1957-08-01", "2017-08-01", True),
        ("1957-08-02", "2017-08-01", False),
        ("1956-02-29", "2016-02-28", False),
        ("1956-02-29", "2016-02-29", True),
        ("1960-02-29", "2021-02-28", True),
        ("1900-01-01", "2017-08-01", True),
    ],
)
def test_nobody_is_sixty_a_day_too_early(tmp_path, born, day, allowed):
    record = OLD | {"id_number": make_citizen_id("421202", date.fromisoformat(born), 1), "issued_on": day}
    if allowed:
        assert read(card(tmp_path), record).number(1)
    else:
        (found,) = problems(card(tmp_path), record)
        assert found.field == "id_number"
        assert "60" in found.wanted.en
        assert born[5:] not in found.wanted.en


def test_born_on_29_february_one_is_of_age_on_1_march_of_a_common_year(tmp_path):
    young = ("years = 60", "years = 59")
    record = OLD | {"id_number": make_citizen_id("421202", date(1960, 2, 29), 1)}
    assert problems(card(tmp_path, young), record | {"issued_on": "2019-02-28"})
    assert read(card(tmp_path, young), record | {"issued_on": "2019-03-01"}).number(1)


@given(st.dates(date(1900, 1, 1), date(2000, 12, 31)), st.dates(date(2001, 1, 1), date(2100, 12, 31)))
def test_an_age_is_the_number_of_birthdays_so_far(born, day):
    years = age(born, day)
    assert birthday(born, years) <= day < birthday(born, years + 1)


@pytest.mark.parametrize(
    ("old", "new", "field", "says"),
    [
        ("sex(id_number)", "sexx(id_number)", "sex.derive", "FUNCTION(field)"),
        ("sex(id_number)", "sex()", "sex.derive", "FUNCTION(field)"),
        ("sex(id_number)", "sex('x')", "sex.derive", "FUNCTION(field)"),
        ("sex(id_number)", "sex(id_number, operator)", "sex.derive", "wants 0 to 0"),
        ("sex(id_number)", "sex(nobody)", "sex.derive", "declared before"),
        ("sex(id_number)", "sex(capital)", "sex.derive", "declared before"),
        ("sex(id_number)", "sex(operator)", "sex.derive", "of type citizen-id"),
        ("sex(id_number)", "birth_date(id_number)", "sex.type", "gives date"),
        ('"60 蓝色"', '"sixty"', "colour.derive", "'60 红'"),
        ('derive = "birth_date', 'required = false\nderive = "birth_date', "born.required", "derived"),
        ('{ field = "id_number", years = 60 }', '{ field = "operator", years = 60 }', "rule[1].min_age.field", "type"),
        ('{ field = "id_number", years = 60 }', '{ field = "id_number", years = 0 }', "rule[1].min_age.years", "1 to"),
        ("min_age", "max_age", "rule[1].min_age", "missing"),
    ],
)
def test_a_wrong_derivation_or_rule_is_refused(tmp_path, old, new, field, says):
    with pytest.raises(TemplateError) as error:
        card(tmp_path, (old, new))
    assert error.value.field == field
    assert says in str(error.value)
    assert error.value.line


# ---- codes of bodies --------------------------------------------------------------------------------


def test_a_body_may_be_known_by_either_of_its_codes(tmp_path):
    body = '[[field]]\nname = "code"\nlabel = { zh = "代码", en = "Code" }\ntype = "uscc-or-registration"\n\n'
    template = load(
        tmp_path,
        ("[[field]]", body + "[[field]]"),
        ('holder = "operator"', 'holder = "operator"\nholder_code = "code"'),
    )
    assert read(template, OLD | {"code": "421202123456783"}).uscc == ""
    assert read(template, OLD | {"code": "91421200ma4900002n"}).uscc == "91421200MA4900002N"
    for wrong, says in (("421202123456784", "check digit 3"), ("91421200MA4900002M", "passes its check"), ("x", "18")):
        (found,) = problems(template, OLD | {"code": wrong})
        assert says in found.wanted.en


# ---- unique -----------------------------------------------------------------------------------------

UNIQUE = '[[rule]]\nunique = { fields = ["id_number", "operator"] }\n'


def test_a_record_claims_what_only_one_licence_may_have(tmp_path):
    (hold,) = read(card(tmp_path, ("[[rule]]", f"{UNIQUE}\n[[rule]]")), NEW | {"id_number": MAN}).holds
    assert (hold.fields, hold.values[0], hold.authority) == (("id_number", "operator"), MAN, "")
    assert hold.label.en == "ID number, " + hold.label.en.split(", ")[1]


def test_a_record_that_leaves_the_field_blank_claims_nothing(tmp_path):
    template = card(tmp_path, ("[[rule]]", f"{UNIQUE}\n[[rule]]"))
    assert read(template, NEW).holds == () == read(card(tmp_path / "plain"), NEW | {"id_number": MAN}).holds


def test_each_authority_may_be_asked_for_itself(tmp_path):
    toml = UNIQUE.replace("] }", "], each_authority = true }")
    (hold,) = read(card(tmp_path, ("[[rule]]", f"{toml}\n[[rule]]")), NEW | {"id_number": MAN}).holds
    assert hold.authority == "421200"


@pytest.mark.parametrize("fields", ['"sex"', '"nothing"', "", '"id_number", "id_number"'])
def test_a_unique_rule_names_different_fields_that_the_register_keeps(tmp_path, fields):
    toml = f"[[rule]]\nunique = {{ fields = [{fields}] }}\n"
    with pytest.raises(TemplateError) as error:
        card(tmp_path, ("[[rule]]", f"{toml}\n[[rule]]"))
    assert error.value.field == "rule[1].unique.fields"


PUBLICITY = {
    "a picture of no copy": ('find = true\npicture = "third"', "picture", "not a copy"),
    "a picture that nobody finds": ('picture = "original"', "picture", "find = true"),
    "a word for yes": ('find = "yes"', "find", "true or false"),
    "a slip of the pen": ("finds = true", "finds", ""),
}


@pytest.mark.parametrize(("lines", "key", "message"), PUBLICITY.values(), ids=PUBLICITY.keys())
def test_a_fault_in_what_the_public_may_do_is_named(tmp_path, lines, key, message):
    with pytest.raises(TemplateError) as error:
        card(tmp_path, ("[[copy]]", f"[public]\n{lines}\n\n[[copy]]"))
    assert error.value.field == f"public.{key}"
    assert message in error.value.message.en


def test_the_public_may_do_nothing_unless_the_template_says_so(tmp_path):
    assert card(tmp_path).publicity == Publicity(find=False, picture="", original=False)
    said = '[public]\nfind = true\npicture = "original"\n\n[[copy]]'
    assert card(tmp_path / "b", ("[[copy]]", said)).publicity == Publicity(find=True, picture="original")


# ---- one form, several looks ------------------------------------------------------------------------

LOOKS = """
issuer = "{short}民政局"
texts = { benefit = "免费", rest = "其余" }
own_texts = { 421221 = { benefit = "半价" } }
variants = { field = "business", folders = { "零售" = "retail" } }
"""


def looks(folder, more=LOOKS):
    (folder / "retail").mkdir(parents=True)
    (folder / "retail" / "original.xml").write_text("<layout/>", encoding="utf-8")
    return load(folder, ('folder = "paper"\nnumbering = "new"', f'folder = "paper"\nnumbering = "new"{more}'))


def test_what_a_record_says_chooses_its_layouts_and_keeps_its_form(tmp_path):
    template = looks(tmp_path)
    for business, folder in (("批发", "paper"), ("零售", "retail")):
        reading = read(template, NEW | {"business": business})
        assert (reading.form.id, reading.form.layout("original").parent.name) == ("2024", folder)
        assert reading.number(1) == read(load(tmp_path / folder), NEW | {"business": business}).number(1)


def test_an_authority_prints_its_own_words_and_the_others_of_the_form(tmp_path):
    form = looks(tmp_path).forms[-1]
    assert form.texts_of("421221") == {"benefit": "半价", "rest": "其余"}
    assert form.texts_of("421200") == {"benefit": "免费", "rest": "其余"}


def test_a_form_says_under_which_name_an_authority_issues_it(tmp_path):
    template = looks(tmp_path)
    assert read(template, NEW | {"authority": "421221"}).authority.name == "嘉鱼县民政局"
    assert read(template, OLD | {"authority": "421221"}).authority.name == "嘉鱼县局"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"retail" }', '"elsewhere" }', "layout"),
        ('"retail" }', '"../retail" }', "wanted"),
        ('field = "business"', 'field = "colour"', "has no"),
        ('"零售" = "retail"', '"租赁" = "retail"', "no choice"),
        ("421221 =", "jiayu =", "id of an authority"),
    ],
)
def test_a_look_that_cannot_be_chosen_is_refused(tmp_path, old, new, says):
    with pytest.raises(TemplateError) as error:
        looks(tmp_path, LOOKS.replace(old, new))
    assert says in error.value.message.en
