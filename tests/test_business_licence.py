"""What a business licence has by its kind of entity, form and day: the facts of its `template.toml`."""

from datetime import date
from functools import cache

import pypdfium2
import pytest

from certgen import wiring
from certgen.author import Studio
from certgen.author.exhibits import load_record
from certgen.core.codes import make_registration, make_uscc
from certgen.core.errors import ApplicationError, TemplateError
from certgen.reading import Reading
from certgen.template import Template, load_template
from tests.house import NOW

COMPANY = {
    "authority": "421200",
    "issued_on": "2022-03-01",
    "entity_kind": "公司",
    "credit_code": "91421200MA4900002N",
    "name": "咸宁市桂花源餐饮管理有限公司",
    "type": "有限责任公司",
    "legal_representative": "陈桂香",
    "capital": "1000000",
    "established_on": "2017-08-01",
    "term_until": "2037-07-31",
    "domicile": "咸宁市咸安区淦河大道108号",
    "scope": "餐饮服务。",
}
OF_KIND = {
    "公司": {},
    "非公司企业法人": {"term_until": ""},
    "合伙企业": {"capital": ""},
    "农民专业合作社": {"term_until": ""},
    "个人独资企业": {"capital": "", "term_until": ""},
    "个体工商户": {"capital": "", "term_until": "", "composition": "家庭经营", "name": ""},
    "分支机构": {"capital": "", "term_until": ""},
}
LABELS = {
    "公司": "名称 类型 法定代表人 经营范围 注册资本 成立日期 营业期限 住所",
    "非公司企业法人": "名称 类型 法定代表人 经营范围 注册资金 成立日期 经营期限 住所",
    "合伙企业": "名称 类型 执行事务合伙人 经营范围 成立日期 合伙期限 主要经营场所",
    "农民专业合作社": "名称 类型 法定代表人 业务范围 成员出资总额 成立日期 住所",
    "个人独资企业": "名称 类型 投资人 经营范围 成立日期 住所",
    "个体工商户": "名称 类型 经营者 经营范围 组成形式 注册日期 经营场所",
    "分支机构": "名称 类型 负责人 经营范围 成立日期 营业期限 营业场所",
}


@cache
def studio() -> Studio:
    return wiring.open_studio(clock=lambda: NOW)


@cache
def template() -> Template:
    return load_template(wiring.template_folders()["business-licence"])


def record(kind: str = "公司", **other: object) -> dict[str, object]:
    return {k: v for k, v in (COMPANY | {"entity_kind": kind} | OF_KIND[kind] | other).items() if v != ""}


def read(kind: str = "公司", **other: object) -> Reading:
    return studio().read(template(), record(kind, **other))


def refused(kind: str = "公司", **other: object) -> dict[str, str]:
    with pytest.raises(ApplicationError) as error:
        read(kind, **other)
    return {problem.field: problem.wanted.en for problem in error.value.problems}


def texts_of(reading: Reading, copy: str) -> dict[str, str]:
    """Give the texts of the first page that a record decides, by the names of their boxes."""
    (chosen,) = (c for c in template().copies if c.id == copy)
    return {s.box.name: s.text for s in studio().compose(template(), reading, chosen, "plain")[2].pages[0]}


def lines_of(reading: Reading, copy: str, paper: str = "plain") -> list[list[str]]:
    """Give the lines of text of each page, without blanks."""
    chosen = [c for c in template().copies if c.id == copy]
    (made,) = studio().specimens(template(), reading, (paper,), chosen)  # type: ignore[arg-type]
    with pypdfium2.PdfDocument(made.pdf) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    return [["".join(line.split()) for line in text.splitlines()] for text in texts]


@pytest.mark.parametrize("copy", ["original", "duplicate"])
@pytest.mark.parametrize("day", ["2017-08-01", "2022-03-01"])
@pytest.mark.parametrize("kind", LABELS)
def test_a_licence_has_the_fields_of_its_kind_of_entity_and_no_others(kind: str, day: str, copy: str) -> None:
    reading = read(kind, issued_on=day)
    texts = texts_of(reading, copy)
    labels = {name: text for name, text in texts.items() if name.endswith("_label") and name != "credit_code_label"}
    assert sorted(labels.values()) == sorted(LABELS[kind].split())
    assert all(texts[name.removesuffix("_label")] for name in labels)


@pytest.mark.parametrize(("kind", "letter"), list(zip(LABELS, "ABCDEFG", strict=True)))
def test_the_form_of_2014_bears_the_letter_of_the_kind_of_entity(kind: str, letter: str) -> None:
    assert dict(read(kind, issued_on="2017-08-01").printed)["format"] == letter
    assert "format" not in dict(read(kind).printed)


@pytest.mark.parametrize("letter", "BH")
def test_another_letter_is_refused(letter: str) -> None:
    assert set(refused(issued_on="2017-08-01", format=letter)) == {"format"}


@pytest.mark.parametrize("kind", [kind for kind in LABELS if kind != "个体工商户"])
def test_a_field_of_another_kind_of_entity_is_refused(kind: str) -> None:
    assert "entity is" in refused(kind, composition="个人经营")["composition"]


@pytest.mark.parametrize("kind", LABELS)
def test_only_a_sole_trader_may_have_no_name(kind: str) -> None:
    if kind == "个体工商户":
        reading = read(kind, name="")
        assert reading.holder == dict(reading.printed)["name"] == "***"
        assert "name" not in dict(reading.data)
    else:
        assert set(refused(kind, name="")) == {"name"}


@pytest.mark.parametrize("field", ["capital", "type", "legal_representative", "established_on", "domicile", "scope"])
def test_what_a_company_must_have_is_asked_for(field: str) -> None:
    assert set(refused(**{field: ""})) == {field}


def test_a_registration_number_is_taken_until_the_end_of_2017() -> None:
    old = make_registration("421202", 12345678)
    reading = read("个体工商户", issued_on="2017-12-31", established_on="2013-01-01", credit_code=old)
    assert reading.uscc == ""
    assert texts_of(reading, "duplicate")["credit_code_label"] == "注册号"
    assert texts_of(read("个体工商户"), "duplicate")["credit_code_label"] == "统一社会信用代码"
    assert set(refused("个体工商户", issued_on="2018-01-01", credit_code=old)) == {"credit_code"}


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ({}, "2017年08月01日 至 2037年07月31日"),
        ({"term_from": "2020-02-29"}, "2020年02月29日 至 2037年07月31日"),
        ({"term_until": ""}, "长期"),
    ],
)
def test_a_term_is_two_days_or_has_no_end(given: dict[str, object], printed: str) -> None:
    reading = read(**given)
    assert texts_of(reading, "original")["term_until"] == printed
    assert reading.valid_until == (None if printed == "长期" else date(2037, 7, 31))


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("1000000", "", "壹佰万圆整"),
        ("12345678", "", "壹仟贰佰叁拾肆万伍仟陆佰柒拾捌圆整"),
        ("50000", "美元", "伍万美元整"),
    ],
)
def test_capital_is_printed_in_words(amount: str, currency: str, words: str) -> None:
    assert texts_of(read(capital=amount, currency=currency), "duplicate")["capital_words"] == words


def test_further_premises_stand_on_the_attached_page_of_the_duplicate() -> None:
    reading = read(further_premises=[{"address": f"咸宁市银泉大道{n}号", "use": "仓库"} for n in range(1, 40)])
    first, *further = lines_of(reading, "duplicate")
    assert any("一照多址" in line for line in first)
    assert "咸宁市银泉大道39号" in "".join(line for page in further for line in page)
    assert len(lines_of(reading, "original")) == 1


def test_a_scope_of_3000_characters_is_printed_to_its_last(copy: str = "duplicate") -> None:
    scope = "；".join(f"第{n}项茶叶种植加工销售" for n in range(1, 300))[:2999] + "。"
    pages = lines_of(read(scope=scope), copy)
    words = "".join("".join(page) for page in pages)
    assert len(pages) > 1
    assert "经营范围（续）" in words
    assert all(f"第{n}项" in words for n in range(1, 220))


@pytest.mark.parametrize(
    ("day", "edition"),
    [
        ("2015-09-30", ""),
        ("2015-10-01", "hubei-3@1"),
        ("2016-10-01", "hubei-5@1"),
        ("2017-07-31", "hubei-5@1"),
        ("2017-08-01", "hubei-27@1"),
    ],
)
def test_the_catalogue_of_the_day_is_meant_when_none_is_named(day: str, edition: str) -> None:
    reading = read(issued_on=day, established_on="2014-01-01")
    found = dict(reading.printed)["merged_certificates"]
    assert (f"（{edition}）" in found) if edition else found == ""
    assert "merged_certificates" not in dict(reading.data)


def test_an_unconfirmed_item_counts_only_when_it_is_named_and_is_marked() -> None:
    assert "待核事项" not in dict(read().printed)["merged_certificates"]
    named = dict(read(merged_certificates="hubei-27@1：营业执照；待核事项22").printed)["merged_certificates"]
    assert named.endswith("：营业执照；待核事项22（示例）")


def test_two_certificates_of_a_sole_trader_were_merged_and_five_of_a_company() -> None:
    assert dict(read("个体工商户").printed)["merged_certificates"].endswith("：营业执照；税务登记证")
    assert dict(read().printed)["merged_certificates"].count("；") == 4


@pytest.mark.parametrize("value", ["hubei-28@1", "hubei-27", "hubei-27@1：驾驶证"])
def test_what_no_catalogue_lists_is_refused(value: str) -> None:
    assert set(refused(merged_certificates=value)) == {"merged_certificates"}


def test_merged_certificates_are_not_printed() -> None:
    for copy in ("original", "duplicate"):
        assert "税务登记证" not in "".join(lines_of(read(), copy)[0])


def test_the_catalogue_of_hubei_has_five_known_items_and_22_places() -> None:
    rule = next(r for r in template().rules["2019"] if r.catalogue)
    assert rule.catalogue is not None
    hubei, national = rule.catalogue.editions["hubei-27@1"], rule.catalogue.editions["national-24@1"]
    assert [len(hubei.items), sum(item.is_example for item in hubei.items)] == [27, 22]
    assert len(national.items) == 24
    assert not national.is_default


def test_many_licences_may_have_one_address() -> None:
    (mine,), (other,) = read().holds, read(credit_code=make_uscc("9", "1", "421200", "MA490099")).holds
    assert mine.fields == ("credit_code",)
    assert mine.values != other.values


@pytest.mark.parametrize(
    ("day", "office"),
    [
        ("2018-12-31", "咸宁市工商行政管理局"),
        ("2019-01-01", "咸宁市市场监督管理局"),
        ("2019-03-01", "咸宁市市场监督管理局"),
    ],
)
def test_the_office_of_the_day_issues(day: str, office: str) -> None:
    assert read(issued_on=day).authority.name == office


def test_official_stock_has_the_words_of_the_day_and_the_press_adds_its_figures() -> None:
    (plain,), (stock,) = lines_of(read(), "duplicate"), lines_of(read(), "duplicate", "overprint")
    assert {"年", "月", "日"} <= set("".join(plain))
    joined = "".join(stock)
    assert "营业执照" not in joined
    assert "监制" not in joined
    assert all(part in joined for part in ("2022", "03", "注册资本", "壹佰万圆整"))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("example = true }", "exemple = true }", "待核事项1"),
        ('name = "税务登记证" }', 'name = "税务；登记证" }', "税务；登记证"),
        ('only = ["公司", ', 'only = ["公司法人", ', "merged_certificates"),
    ],
)
def test_a_fault_of_a_catalogue_is_named(
    old: str, new: str, field: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    import shutil

    folder = tmp_path_factory.mktemp("kinds") / "business-licence"
    shutil.copytree(template().folder, folder, ignore=shutil.ignore_patterns("*.png"))
    file = folder / "catalogue.toml"
    file.write_text(file.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(TemplateError) as error:
        load_template(folder)
    assert field in error.value.field


def test_the_sample_is_read_as_it_stands() -> None:
    data = load_record(template().folder / "sample.json", "sample.json")
    assert studio().read(template(), data).form.id == "2019"
