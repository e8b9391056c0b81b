import json
import pickle
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen.authorities import AuthorityRecord, load_authorities
from certgen.core.chinese import check_printable
from certgen.core.errors import ApplicationError, RegisterError, TemplateError
from certgen.core.model import Application, Authority
from certgen.fieldtypes import split_list
from certgen.template import digest_of, load_template

TODAY = date(2026, 11, 23)
COMPANY, TRADER, CITIZEN = "91421200MA4900002N", "92421202MA4A000111", "11010519491231002X"

SPECIAL = "特殊食品销售（保健食品、婴幼儿配方乳粉）"

TOML = """\
kind = "snack-bar"
version = 3
title = { zh = "小餐饮证", en = "Snack Bar Licence" }
holder = "operator_name"
holder_code = "credit_code"

[numbering]
pattern = "JY{class}{division}{seq:6}{mod11_10}"
class = { field = "business", map = { "食品销售经营者" = "1", "餐饮服务经营者" = "2" } }

[validity]
years = 5

[[copy]]
id = "original"
title = { zh = "正本", en = "Original" }
number = ""

[[copy]]
id = "duplicate"
title = { zh = "副本", en = "Duplicate" }
number = "1—1"

[[form]]
id = "2015"
in_force_from = 2015-10-01
folder = "2015"
texts = { supervised_by = "监制" }

[[form]]
id = "2023"
in_force_from = 2023-12-01
folder = "2023"

[[field]]
name = "operator_name"
label = { zh = "经营者名称", en = "Operator" }
type = "company"

[[field]]
name = "credit_code"
label = { zh = "社会信用代码(身份证号码)", en = "Credit code" }
type = "uscc-or-citizen-id"
mask = "citizen-id"

[[field]]
name = "person"
label = { zh = "负责人", en = "Person in charge" }
type = "person"
max = 50

[[field]]
name = "business"
label = { zh = "主体业态", en = "Business" }
type = "choice"
choices = ["食品销售经营者", "餐饮服务经营者"]
bracket = true

[[field]]
name = "items"
label = { zh = "经营项目", en = "Items" }
type = "list"
choices = [
    "预包装食品销售（含冷藏冷冻食品）",
    "特殊食品销售（保健食品、婴幼儿配方乳粉）",
    "热食类食品制售",
]

[[field]]
name = "extras"
label = { zh = "其他项目", en = "Extras" }
type = "list"
open = true
required = false

[[field]]
name = "warehouse"
label = { zh = "仓库地址", en = "Warehouse" }
type = "address"
required = false
copies = ["duplicate"]

[[field]]
name = "signatory"
label = { zh = "签发人", en = "Signed by" }
type = "person"
forms = ["2015"]

[[field]]
name = "opened"
label = { zh = "开业日期", en = "Opened" }
type = "date"
required = false

[[field]]
name = "telephone"
label = { zh = "电话", en = "Telephone" }
type = "telephone"
required = false

[[field]]
name = "seats"
label = { zh = "座位", en = "Seats" }
type = "integer"
required = false
"""

AUTHORITIES = {
    id: AuthorityRecord(
        id,
        (date(2015, 1, 1), date(2019, 1, 1)),
        tuple(Authority(id, f"{short}{name}", short, id, "12315") for name in ("食药监局", "市场监管局")),
    )
    for id, short in (("421200", "咸宁市"), ("421202", "咸安区"))
}
RECORD = {
    "authority": "421200",
    "issued_on": "2017-08-01",
    "operator_name": "咸宁市桂花源餐饮管理有限公司",
    "credit_code": COMPANY,
    "person": "陈桂香",
    "business": "餐饮服务经营者（大型餐馆、集体用餐配送）",
    "items": ["热食类食品制售", "预包装食品销售（含冷藏冷冻食品）"],
    "signatory": "王建国",
}


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return load_template(write(tmp_path_factory.mktemp("templates")))


def write(folder, toml=TOML):
    for form in ("2015", "2023"):
        for copy in ("original", "duplicate"):
            path = folder / form / f"{copy}.xml"
            path.parent.mkdir(exist_ok=True)
            path.write_text("<layout/>", encoding="utf-8")
    (folder / "template.toml").write_text(toml, encoding="utf-8")
    return folder


def read(template, today=TODAY, authorities=AUTHORITIES, **changes):
    data = {key: value for key, value in {**RECORD, **changes}.items() if value is not ...}
    return template.read(Application("snack-bar", data, "key"), authorities, today)


def problems(template, **changes):
    with pytest.raises(ApplicationError) as error:
        read(template, **changes)
    return error.value.problems


def problem(template, **changes):
    (only,) = problems(template, **changes)
    return only


# ---- a good record ----------------------------------------------------------------------------------


def test_a_good_record_is_read(template):
    reading = read(template, seats=40, telephone="0715-8888888 转 2", opened="2017年8月1日")
    assert (reading.kind, reading.form.id, reading.holder, reading.uscc) == (
        "snack-bar",
        "2015",
        RECORD["operator_name"],
        COMPANY,
    )
    assert reading.authority == Authority("421200", "咸宁市食药监局", "咸宁市", "421200", "12315")
    assert (reading.issued_on, reading.valid_from, reading.valid_until) == (
        date(2017, 8, 1), date(2017, 8, 1), date(2022, 7, 31),
    )  # fmt: skip
    assert dict(reading.data)["items"] == "热食类食品制售、预包装食品销售（含冷藏冷冻食品）"
    assert dict(reading.data)["opened"] == "2017-08-01"
    assert dict(reading.printed)["opened"] == "2017年08月01日"
    assert dict(reading.printed)["seats"] == "40"


def test_every_field_of_the_form_is_printed_in_order_and_those_left_out_are_empty(template):
    names = [name for name, _ in read(template).printed]
    assert names == [field.name for field in template.fields]
    assert dict(read(template).printed)["warehouse"] == ""
    assert "warehouse" not in dict(read(template).data)


def test_a_field_of_the_duplicate_is_left_out_of_the_original(template):
    reading = read(template, warehouse="永安街道36号")
    assert "warehouse" not in dict(reading.printed_for("original"))
    assert reading.printed_for("duplicate") == reading.printed


def test_a_number_is_built_from_its_pattern_and_its_counter_is_what_the_numbers_share(template):
    reading = read(template)
    assert (reading.counter, reading.first, reading.last) == ("JY2421200", 1, 999_999)
    assert reading.number(2) == "JY24212000000022"
    assert read(template, authority="421202", business="食品销售经营者").number(1) == "JY14212020000012"
    assert template.longest_number == 16


@pytest.mark.parametrize("seq", [0, 1_000_000])
def test_a_used_up_counter_is_the_operators_business(template, seq):
    with pytest.raises(RegisterError, match="JY2421200"):
        read(template).number(seq)


def test_the_form_and_the_name_of_the_office_are_those_of_the_day_of_issue(template):
    reading = read(template, issued_on="2023-12-01", signatory=...)
    assert (reading.form.id, reading.authority.name) == ("2023", "咸宁市市场监管局")
    assert "signatory" not in dict(reading.printed)
    assert read(template, issued_on="2023-11-30").form.id == "2015"
    assert template.form_on(date(2015, 10, 1)).id == "2015"


def test_a_record_without_a_day_is_issued_today(template):
    reading = read(template, today=date(2020, 2, 29), issued_on=...)
    assert (reading.issued_on, reading.valid_until) == (date(2020, 2, 29), date(2025, 2, 28))


def test_a_record_without_an_authority_takes_the_only_one(template):
    assert read(template, authorities={"421202": AUTHORITIES["421202"]}, authority=...).authority.id == "421202"
    assert problem(template, authority=...).field == "authority"


def test_chinese_labels_serve_as_names_also_with_narrow_brackets_or_blanks(template):
    labels = {field.name: field.label.zh for field in template.fields} | {
        "authority": "发证机关",
        "issued_on": "发证日期",
    }
    data = {f" {labels[name]} ": value for name, value in RECORD.items()}
    assert template.read(Application("snack-bar", data, ""), AUTHORITIES, TODAY).data == read(template).data


def test_a_masked_identity_number_is_masked_on_paper_only(template):
    reading = read(template, credit_code=CITIZEN.lower())
    assert dict(reading.printed)["credit_code"] == "1101051949****002X"
    assert dict(reading.data)["credit_code"] == CITIZEN
    assert reading.uscc == ""
    assert CITIZEN not in repr(reading)


@pytest.mark.parametrize(
    ("field", "value", "becomes"),
    [
        ("operator_name", " \u3000桂花源　餐饮\t", "桂花源　餐饮"),
        ("operator_name", "{{7*7}}", "{{7*7}}"),
        ("operator_name", '<img src="file:///etc/passwd">', '<img src="file:///etc/passwd">'),
        ("operator_name", "../../x", "../../x"),
        ("operator_name", "某某(湖北)有限公司", "某某(湖北)有限公司"),
        ("operator_name", "𠮷" * 100, "𠮷" * 100),
        ("credit_code", COMPANY.lower(), COMPANY),
        ("person", "阿卜杜热合曼•买买提", "阿卜杜热合曼·买买提"),
        ("person", "\uf900", "\uf900"),
        ("business", "餐饮服务经营者(大型餐馆)", "餐饮服务经营者（大型餐馆）"),
        ("items", f"热食类食品制售；{SPECIAL}", f"热食类食品制售、{SPECIAL}"),
        ("items", ("预包装食品销售(含冷藏冷冻食品)",), "预包装食品销售（含冷藏冷冻食品）"),
        ("extras", ["自制豆浆", "现磨咖啡"], "自制豆浆、现磨咖啡"),
        ("opened", "2017/8/1", "2017-08-01"),
        ("opened", date(2017, 8, 1), "2017-08-01"),
        ("telephone", "+86 715 8888888", "+86 715 8888888"),
        ("seats", "0040", "40"),
        ("seats", 0, "0"),
    ],
)  # fmt: skip
def test_a_value_is_normalised_no_more_than_its_type_asks(template, field, value, becomes):
    assert dict(read(template, **{field: value}).data)[field] == becomes


@given(st.lists(st.text("甲乙、；;（）() ", max_size=6)))
def test_a_list_split_and_joined_splits_the_same_again(items):
    once = split_list("、".join(items))
    assert split_list("、".join(once)) == once


# ---- the same request -------------------------------------------------------------------------------


def test_data_read_again_give_the_same_data_and_the_same_digest(template):
    first = read(template, credit_code=CITIZEN, extras="甲；乙（丙、丁）", seats=4, opened="2017/8/1")
    again = read(template, **dict(first.data))
    assert (again.data, again.body_digest) == (first.data, first.body_digest)


def test_a_request_sent_again_after_midnight_is_the_same_request(template):
    evening, morning = (read(template, today=day, issued_on=...) for day in (date(2020, 1, 1), date(2020, 1, 2)))
    assert evening.issued_on != morning.issued_on
    assert evening.body_digest == morning.body_digest


@pytest.mark.parametrize(
    "change",
    [
        {"operator_name": "别的公司"},
        {"authority": "421202"},
        {"issued_on": "2017-08-02"},
        {"issued_on": ...},
        {"valid_from": "2017-08-02"},
        {"valid_until": "2020-01-01"},
        {"credit_code": CITIZEN},
    ],
)
def test_a_request_for_something_else_has_another_digest(template, change):
    changed = read(template, today=date(2018, 1, 1), **change)
    assert changed.body_digest != read(template).body_digest
    assert len(changed.body_digest) == 32


# ---- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("operator_name", "", "required"),
        ("operator_name", "  ", "required"),
        ("operator_name", None, "required"),
        ("operator_name", ..., "required"),
        ("operator_name", 5, "text"),
        ("operator_name", True, "text"),
        ("operator_name", ["a"], "text"),
        ("operator_name", {"a": {}}, "text"),
        ("operator_name", "字" * 101, "at most 100 characters (there are 101)"),
        ("operator_name", "a\0b", "U+0000"),
        ("operator_name", "a\nb", "U+000A"),
        ("operator_name", "a\n", "U+000A"),
        ("operator_name", "a\u202eb", "U+202E"),
        ("operator_name", "\ud800", "U+D800"),
        ("operator_name", "\ue000", "U+E000"),
        ("credit_code", "914403001922038217", "call for 6"),
        ("credit_code", "11010519491231002", "18 digits and capitals"),
        ("credit_code", "110105194912310021", "citizen identity number that passes its check"),
        ("credit_code", "ﬁ" * 9, "citizen identity number"),
        ("person", "字" * 51, "at most 50"),
        ("business", "理发", "one of 食品销售经营者, 餐饮服务经营者"),
        ("business", "餐饮服务经营者（）", "one of"),
        ("business", "餐饮服务经营者（a（b））", "one of"),
        ("items", ["热食类食品制售", "理发"], "one of 预包装食品销售"),
        ("items", ["热食类食品制售", "热食类食品制售"], "comes twice"),
        ("items", [], "required"),
        ("items", "、", "required"),
        ("items", [1], "a list of texts"),
        ("items", {"a": 1}, "a list of texts"),
        ("opened", "2017-02-29", "a date"),
        ("opened", "2017-8/1", "a date"),
        ("opened", "２０１７-08-01", "a date"),
        ("opened", 20170801, "a date"),
        ("telephone", "call me", "telephone"),
        ("telephone", "--", "telephone"),
        ("seats", "4.5", "a whole number"),
        ("seats", 4.0, "a whole number"),
        ("seats", True, "a whole number"),
        ("seats", -1, "a whole number"),
        ("seats", 10**15, "a whole number"),
        ("authority", "999999", "421200 咸宁市"),
        ("authority", ["421200"], "the code of one"),
        ("issued_on", "2026-11-24", "no later than today"),
        ("issued_on", "2015-09-30", "2015-10-01"),
        ("issued_on", "soon", "a date"),
        ("issued_on", 5, "a date"),
        ("valid_from", "2018-08-03", "within a year"),
        ("valid_from", "2012-08-01", "lasts to the day of issue"),
        ("valid_until", "2022-08-01", "2022-07-31"),
        ("valid_until", "2017-08-01", "2017-08-02"),
        ("colour", "red", "a field of this kind"),
    ],
)
def test_a_wrong_value_is_one_problem_that_names_its_field_and_what_was_wanted(template, field, value, wanted):
    found = problem(template, **{field: value})
    assert found.field == field
    assert wanted in found.wanted.en
    check_printable(found.say("zh"))
    assert len(found.found) <= 40


def test_six_faults_are_six_problems_in_the_order_of_the_form(template):
    wrong = {"colour": "red", "seats": "many", "issued_on": "2030-01-01", "operator_name": "", "valid_until": "x"}
    found = problems(template, **wrong, credit_code=COMPANY[:-1] + "0")
    assert [p.field for p in found] == ["operator_name", "credit_code", "seats", "issued_on", "valid_until", "colour"]
    assert found[0].label.zh == "经营者名称"


def test_a_value_for_a_form_that_lacks_the_field_is_a_problem_and_a_blank_is_not(template):
    found = problem(template, issued_on="2024-01-01")
    assert (found.field, found.found) == ("signatory", "王建国")
    assert "2023" in found.wanted.en
    assert read(template, issued_on="2024-01-01", signatory=" ").form.id == "2023"


def test_a_misspelt_field_is_answered_with_the_right_one(template):
    found = problems(template, operater_name="甲", operator_name=...)
    assert [p.field for p in found] == ["operator_name", "operater_name"]
    assert "operator_name" in found[1].wanted.en


def test_a_field_given_by_name_and_by_label_is_a_problem(template):
    assert "two names" in problem(template, 负责人="李四").wanted.en


def test_a_hundred_thousand_columns_are_told_shortly(template):
    found = problems(template, **{f"column{n}": "x" for n in range(100_000)})
    assert len(found) == 51
    assert found[-1].found == "99950"


@pytest.mark.parametrize("data", [None, [], "text", 5])
def test_a_record_that_is_no_object_is_refused(template, data):
    with pytest.raises(ApplicationError, match="an object of field names"):
        template.read(Application("snack-bar", data, ""), AUTHORITIES, TODAY)


def test_a_record_of_another_kind_is_refused(template):
    with pytest.raises(ApplicationError, match="Snack Bar Licence"):
        template.read(Application("barber", RECORD, ""), AUTHORITIES, TODAY)


def test_an_authority_is_not_used_before_it_existed(template):
    young = {"421200": replace(AUTHORITIES["421200"], since=(date(2018, 1, 1), date(2019, 1, 1)))}
    with pytest.raises(ApplicationError, match="existed on 2017-08-01"):
        read(template, authorities=young)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*RECORD, "seats", "opened", "valid_from"]) | st.text(), JSON))
def test_any_record_is_read_or_refused_with_problems_fit_to_print(template, data):
    try:
        template.read(Application("snack-bar", data, ""), AUTHORITIES, TODAY)
    except ApplicationError as error:
        assert error.problems
        for found in error.problems:
            check_printable(found.say("zh") + found.say("en"))


def test_reading_stays_cheap(template):
    application = Application("snack-bar", RECORD, "")
    best = min(_time(template, application) for _ in range(20))
    assert best < 400e-6  # measured 45 µs


def _time(template, application):
    start = time.perf_counter()
    for _ in range(10):
        template.read(application, AUTHORITIES, TODAY)
    return (time.perf_counter() - start) / 10


# ---- templates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "field", "says", "line"),
    [
        ("version = 3", "version = 3\ncolour = 1", "colour", "unknown key", 3),
        ("version = 3", "version = true", "version", "a whole number", 2),
        ("version = 3", "version = 0", "version", "wanted 1 to", 2),
        ("version = 3", "", "version", "missing", 0),
        ("version = 3", "version = ", "", "is not TOML", 2),
        ('kind = "snack-bar"', 'kind = "../x"', "kind", "found '../x'", 1),
        ('en = "Snack Bar Licence" }', 'de = "x" }', "title.en", "missing", 3),
        ('"Snack Bar Licence"', '"a\\u202e"', "title.en", "U+202E", 3),
        ('holder = "operator_name"', 'holder = "nobody"', "holder", "requires", 4),
        ('holder = "operator_name"', 'holder = "signatory"', "holder", "requires", 4),
        ('holder_code = "credit_code"', 'holder_code = "person"', "holder_code", "uscc", 5),
        ("{seq:6}", "{seq:6}{moon}", "numbering.pattern", "unknown token '{moon}'", 8),
        ("{seq:6}", "{seq:6}{", "numbering.pattern", "unknown token", 8),
        ("{seq:6}", "", "numbering.pattern", "exactly one {seq:N}", 8),
        ("{seq:6}", "{seq:6}{seq:6}", "numbering.pattern", "exactly one {seq:N}", 8),
        ("{seq:6}{mod11_10}", "{mod11_10}{seq:6}", "numbering.pattern", "after {seq:N}", 8),
        ("JY{class}", "JY", "numbering.pattern", "does not use 'class'", 8),
        ('field = "business", map', 'field = "items2", map', "numbering.class.field", "every form requires", 9),
        ('"餐饮服务经营者" = "2"', '"餐饮服务经营者" = "22"', "numbering.class.map", "of one length", 9),
        (', "餐饮服务经营者" = "2"', "", "numbering.class.map", "'餐饮服务经营者' has no code", 9),
        ("years = 5", "years = 5.0", "validity.years", "a whole number", 12),
        ('id = "duplicate"', 'id = "original"', "original.id", "declared twice", 20),
        ('folder = "2023"', 'folder = "2024"', "2023.folder", "2024/original.xml is missing", 33),
        ('folder = "2023"', 'folder = "../x"', "2023.folder", "wanted", 33),
        ("2023-12-01", "2015-10-01", "2023.in_force_from", "order", 32),
        ("2023-12-01", '"2023-12-01"', "2023.in_force_from", "a date", 32),
        ('type = "company"', 'type = "firm"', "operator_name.type", "unknown type 'firm'", 38),
        ('type = "company"', 'type = "company"\nmax = 99', "operator_name.max", "at least 100", 39),
        ('type = "company"', 'type = "company"\nmaximum = 99', "operator_name.maximum", "unknown key", 39),
        ("max = 50", "max = 49", "person.max", "at least 50", 50),
        ('mask = "citizen-id"', 'mask = "all"', "credit_code.mask", "the only mask", 44),
        ('name = "person"', 'name = "operator_name"', "operator_name.name", "declared twice", 47),
        ('name = "person"', 'name = "sid"', "sid.name", "taken", 47),
        ('name = "person"', 'name = "Person"', "Person.name", "wanted", 47),
        ('zh = "负责人"', 'zh = "经营者名称"', "field", "names two fields", 35),
        (
            '["食品销售经营者", "餐饮服务经营者"]',
            '["食品销售经营者", "食品销售经营者"]',
            "business.choices",
            "double",
            56,
        ),
        ('["食品销售经营者", "餐饮服务经营者"]', "[]", "business.choices", "missing", 56),
        ('    "热食类食品制售",', '    "热食类；食品制售",', "items.choices", "split", 63),
        ("bracket = true", "open = true", "business.open", "list only", 57),
        ('copies = ["duplicate"]', 'copies = ["triplicate"]', "warehouse.copies", "'triplicate' is not one of", 81),
        ('forms = ["2015"]', 'forms = ["1999"]', "signatory.forms", "'1999' is not one of", 87),
    ],
)
def test_a_wrong_template_is_refused_at_its_line_and_field(tmp_path, old, new, field, says, line):
    assert old in TOML
    with pytest.raises(TemplateError) as error:
        load_template(write(tmp_path, TOML.replace(old, new, 1)))
    assert says in error.value.message.en
    assert (error.value.field, error.value.line) == (field, line)
    assert error.value.file.endswith("template.toml")


def test_a_missing_or_unreadable_template_is_the_authors_business(tmp_path):
    with pytest.raises(TemplateError, match="cannot be read"):
        load_template(tmp_path)
    (tmp_path / "template.toml").write_bytes(b"kind = '\xff'")
    with pytest.raises(TemplateError, match="UTF-8"):
        load_template(tmp_path)


def test_a_template_without_validity_never_expires(tmp_path):
    endless = load_template(write(tmp_path, TOML.replace("[validity]\nyears = 5\n", "")))
    assert endless.validity is None
    assert read(endless).valid_until is None
    assert "does not expire" in problem(endless, valid_until="2020-01-01").wanted.en


def test_a_number_may_hold_the_year_and_end_in_words(tmp_path):
    toml = TOML.replace('"JY{class}{division}{seq:6}{mod11_10}"', '"鄂咸食药监械经营许{year}{seq:4}号"')
    toml = "\n".join(line for line in toml.splitlines() if not line.startswith("class ="))
    reading = read(load_template(write(tmp_path, toml)))
    assert (reading.number(7), reading.counter) == ("鄂咸食药监械经营许20170007号", "鄂咸食药监械经营许2017号")
    assert reading.last == 9999


def test_the_digest_follows_what_decides_the_look_and_nothing_else(tmp_path):
    before = digest_of(write(tmp_path))
    for name in (
        "sample.json",
        "samples.csv",
        "sample.png",
        "cases/long.json",
        "versions.lock",
        "2015/x.png",
        ".DS_Store",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
    assert digest_of(tmp_path) == before
    for name in ("art/frame.svg", "art/stamp.png", "2015/original.xml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("other", encoding="utf-8")
        assert digest_of(tmp_path) != before
        before = digest_of(tmp_path)
    (tmp_path / "art/stamp.png").rename(tmp_path / "art/stomp.png")
    assert digest_of(tmp_path) != before


def test_a_template_can_be_sent_to_a_worker(template):
    copy = pickle.loads(pickle.dumps(template))
    assert read(copy) == read(template)


def test_the_templates_of_this_house_load_and_their_samples_can_be_issued():
    house = Path(__file__).parents[1] / "templates"
    authorities = load_authorities(house / "_shared" / "authorities.toml")
    folders = [path.parent for path in sorted(house.glob("[!_]*/template.toml"))]
    assert folders
    for folder in folders:
        sample = json.loads((folder / "sample.json").read_text(encoding="utf-8"))
        kind = load_template(folder)
        assert kind.kind == folder.name
        sample = kind.with_photos(sample, folder)
        assert kind.read(Application(kind.kind, sample, ""), authorities, TODAY).number(1)
