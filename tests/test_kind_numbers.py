"""The numbers and periods that shipped kinds give, beside what the regulations and published licences show."""

import re

import pytest

from certgen.author.exhibits import load_record
from certgen.core.codes import is_sc, make_sc
from certgen.reading import Reading
from certgen.template import load_template
from tests.test_templates import FOLDERS, record_on, studio

OLD_DRUG = re.compile(r"[\u4e00-\u9fff][ABCD][AB]\d{3}\d{4}")
NEW_DRUG = re.compile(r"[\u4e00-\u9fff][ABCD][AB]\d{4}\d{5}")
LETTERS = {"批发": "A", "零售连锁": "B", "零售（连锁）": "C", "零售": "D"}


def reading_of(kind: str, form: str, **changed: str) -> Reading:
    template = load_template(FOLDERS[kind])
    return studio().read(template, {**record_on(kind, form), **changed})


@pytest.mark.parametrize("form", ["2004", "2018"])
@pytest.mark.parametrize(("mode", "letter"), LETTERS.items(), ids=LETTERS.values())
def test_an_old_drug_licence_has_three_digits_of_region_and_four_of_sequence(mode: str, letter: str, form: str) -> None:
    number = reading_of("drug-business", form, business_mode=mode, legal_status="非法人").number(1)
    assert number == f"鄂{letter}B7150001"
    assert OLD_DRUG.fullmatch(number)


@pytest.mark.parametrize(("mode", "letter"), LETTERS.items(), ids=LETTERS.values())
def test_a_drug_licence_from_2024_on_has_four_digits_of_region_and_five_of_sequence(mode: str, letter: str) -> None:
    number = reading_of("drug-business", "2024", business_mode=mode, legal_status="法人").number(1)
    assert number == f"鄂{letter}A071500001"
    assert NEW_DRUG.fullmatch(number)


@pytest.mark.parametrize(
    ("day", "form"), [("2018-08-31", "2004"), ("2018-09-01", "2018"), ("2023-12-31", "2018"), ("2024-01-01", "2024")]
)
def test_a_drug_licence_is_on_the_form_of_its_day(day: str, form: str) -> None:
    assert reading_of("drug-business", form, issued_on=day).form.id == form


@pytest.mark.parametrize(
    ("kind", "form", "day", "number"),
    [
        ("device-licence", "2014", "2017-08-01", "鄂咸食药监械经营许20170042号"),
        ("device-licence", "2018", "2022-04-30", "鄂咸食药监械经营许20220042号"),
        ("device-licence", "2022", "2022-05-01", "鄂咸药监械经营许20220042号"),
        ("device-filing", "2014", "2017-08-01", "鄂咸食药监械经营备20170042号"),
        ("device-filing", "2022", "2026-11-23", "鄂咸药监械经营备20260042号"),
    ],
)
def test_a_device_paper_is_numbered_by_its_year(kind: str, form: str, day: str, number: str) -> None:
    assert reading_of(kind, form, issued_on=day).number(42) == number


def test_a_device_filing_never_expires_and_a_licence_does_after_five_years() -> None:
    assert reading_of("device-filing", "2022", issued_on="2025-07-09").valid_until is None
    until = reading_of("device-licence", "2022", issued_on="2025-07-09").valid_until
    assert until is not None
    assert until.isoformat() == "2030-07-08"


def test_no_two_authorities_write_the_same_number_for_a_workshop() -> None:
    numbers = {
        reading_of("small-workshop", "2019", authority=authority).number(1) for authority in studio().authorities
    }
    assert len(numbers) == len(studio().authorities)
    assert "嘉食坊登字〔2026〕00001号" in numbers


@pytest.mark.parametrize("kind", ["drug-business", "device-licence", "device-filing", "small-workshop"])
def test_the_sample_of_a_licence_is_on_the_form_in_force_today(kind: str) -> None:
    template = load_template(FOLDERS[kind])
    data = load_record(template.folder / "sample.json", "sample.json")
    assert studio().read(template, data).form == template.forms[-1]


def test_a_producer_of_every_class_of_food_is_numbered_as_the_scheme_says() -> None:
    template = load_template(FOLDERS["food-production"])
    (classes,) = (field.choices for field in template.fields if field.name == "food_categories")
    assert len(classes) == 34
    for food in classes:
        number = reading_of("food-production", "2020", food_categories=food, authority="421222").number(1)
        assert is_sc(number), (food, number)
        assert number == make_sc(number[2:5], "421222", 1)
    assert reading_of("food-production", "2020", food_categories="糕点、酒类").number(1)[:5] == "SC124"


def test_a_construction_permit_has_division_day_sequence_and_kind_of_works() -> None:
    reading = reading_of("construction-permit", "2014", issued_on="2026-03-18", works="市政基础设施工程")
    assert reading.number(7) == "421200202603180702"
    assert reading.valid_until is None
