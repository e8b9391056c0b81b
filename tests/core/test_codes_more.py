import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen.core import chinese, codes
from certgen.core.errors import FormatError

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "codes.json").read_text(encoding="utf-8"))
TODAY = date(2026, 11, 23)
A36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ISSUER = "11421200011330005C"
SCHEMES = (
    codes.DRUG_OLD,
    codes.DRUG_2024,
    codes.DRUG_PRODUCTION,
    codes.COSMETICS,
    codes.DEVICE_LICENCE,
    codes.DEVICE_FILING,
)


def accepts_citizen(text):
    return codes.is_citizen_id(text, TODAY)


ACCEPTS = {
    "uscc_valid": codes.is_uscc,
    "registration15_valid": codes.is_registration,
    "citizen_valid": accepts_citizen,
    "jy_valid": codes.is_jy,
    "sc_valid": codes.is_sc,
    "drug_old_valid": codes.DRUG_OLD.accepts,
    "drug_2024_valid": codes.DRUG_2024.accepts,
    "elicence_valid": codes.is_elicence,
}
REFUSES = {
    "uscc_invalid": codes.is_uscc,
    "jy_fails_check_on_import_warn": codes.is_jy,
    "sc_fails_check_on_import_warn": codes.is_sc,
    "elicence_invalid": codes.is_elicence,
}


# ---- the frozen vectors -----------------------------------------------------------------------------


@pytest.mark.parametrize(("scheme", "text"), [(s, text) for s in ACCEPTS for text in VECTORS[s]])
def test_a_right_code_is_accepted(scheme, text):
    assert ACCEPTS[scheme](text)


@pytest.mark.parametrize(("scheme", "text"), [(s, text) for s in REFUSES for text in VECTORS[s]])
def test_a_wrong_code_is_refused(scheme, text):
    assert not REFUSES[scheme](text)


def test_every_list_of_vectors_is_tried_here():
    elsewhere = {"about", "expiry_five_years", "amount_words"}
    assert VECTORS.keys() == ACCEPTS.keys() | REFUSES.keys() | elsewhere


@pytest.mark.parametrize(("start", "end"), VECTORS["expiry_five_years"])
def test_five_years_end_on_the_day_before(start, end):
    assert chinese.ends_on(date.fromisoformat(start), months=60) == date.fromisoformat(end)


@pytest.mark.parametrize(("amount", "words"), VECTORS["amount_words"])
def test_amounts_are_written_in_words(amount, words):
    whole, _, part = amount.partition(".")
    assert chinese.amount_in_words(int(whole) * 100 + int(part.ljust(2, "0"))) == words


@pytest.mark.parametrize("text", VECTORS["jy_fails_check_on_import_warn"])
def test_a_jy_number_of_old_may_fail_its_check_but_not_its_shape(text):
    assert codes.jy_shape_fault(text) is None
    assert "with check digit" in codes.jy_fault(text).en
    assert codes.jy_shape_fault(text[:-1]) == codes.jy_fault(text[:-1]) is not None


@pytest.mark.parametrize("text", VECTORS["sc_fails_check_on_import_warn"])
def test_an_sc_number_of_old_may_fail_its_check_but_not_its_shape(text):
    assert codes.sc_shape_fault(text) is None
    assert "with check digit" in codes.sc_fault(text).en
    assert codes.sc_shape_fault(text[:-1]) == codes.sc_fault(text[:-1]) is not None


def test_an_identifier_of_food_reads_back_to_its_licence():
    parts = codes.parse_elicence("11100000MB0143028R039.11421200011330005C.JY24212020000020.001.4")
    assert parts == ("11100000MB0143028R039", ISSUER, "JY24212020000020", 1)
    assert codes.is_jy(parts.serial)


# ---- every error of one character -------------------------------------------------------------------

CHECKED = [
    *((text, codes.is_uscc, A36) for text in VECTORS["uscc_valid"]),
    *((text, codes.is_registration, "0123456789") for text in VECTORS["registration15_valid"]),
    *((text, accepts_citizen, "0123456789X") for text in VECTORS["citizen_valid"]),
    *((text, codes.is_jy, A36) for text in VECTORS["jy_valid"]),
    *((text, codes.is_sc, A36) for text in VECTORS["sc_valid"]),
    *((text, codes.is_elicence, A36 + ".") for text in VECTORS["elicence_valid"]),
]


@pytest.mark.parametrize(("text", "accepts", "alphabet"), CHECKED, ids=[text for text, _, _ in CHECKED])
def test_a_wrong_character_anywhere_is_caught(text, accepts, alphabet):
    for place, right in enumerate(text):
        for wrong in alphabet:
            if wrong != right:
                assert not accepts(text[:place] + wrong + text[place + 1 :])


# ---- made, read, made again -------------------------------------------------------------------------

DIVISION = st.from_regex(r"[1-9][0-9]{5}", fullmatch=True)
HAN = st.sampled_from("鄂咸嘉京沪粤武食药")
YEAR = st.integers(2000, 2099)


@given(st.sampled_from("19ANY"), st.sampled_from("123"), DIVISION, st.from_regex(r"[0-9A-H]{8}", fullmatch=True))
def test_a_uscc_reads_back_to_its_parts(department, kind, division, subject):
    text = codes.make_uscc(department, kind, division, subject)
    assert codes.parse_uscc(text) == (department, kind, division, subject)


@given(DIVISION, st.integers(0, 99_999_999))
def test_a_registration_number_reads_back_to_its_parts(authority, sequence):
    assert codes.parse_registration(codes.make_registration(authority, sequence)) == (authority, sequence)


@given(DIVISION, st.dates(date(1900, 1, 1), TODAY), st.integers(0, 999))
def test_a_citizen_id_reads_back_to_its_parts(division, born, order):
    text = codes.make_citizen_id(division, born, order)
    assert codes.parse_citizen_id(text, TODAY) == (division, born, order)
    assert codes.sex(text) == ("male" if order % 2 else "female")


@given(st.integers(1, 3), DIVISION, st.integers(0, 999_999))
def test_a_jy_number_reads_back_to_its_parts(business, division, sequence):
    text = codes.make_jy(business, division, sequence)
    assert codes.parse_jy(text) == (str(business), division, sequence)
    assert codes.make_jy(*codes.parse_jy(text)) == text


@given(st.sampled_from(["101", "131", "201", "203"]), DIVISION, st.integers(0, 9999))
def test_an_sc_number_reads_back_to_its_parts(category, division, sequence):
    assert codes.parse_sc(codes.make_sc(category, division, sequence)) == (category, division, sequence)


@given(
    st.from_regex(r"[0-9A-Z]{3}", fullmatch=True),
    st.from_regex(r"[0-9A-Z]{1,64}", fullmatch=True),
    st.integers(1, 999),
)
def test_an_identifier_reads_back_to_its_parts_with_its_root_and_without(kind, serial, version):
    parts = ("11100000MB0143028R" + kind, ISSUER, serial, version)
    text = codes.make_elicence(*parts)
    assert codes.parse_elicence(text) == codes.parse_elicence(codes.ELICENCE_ROOT + text) == parts


@given(HAN, st.sampled_from("ABCD"), st.sampled_from("AB"), st.integers(0, 999), st.integers(0, 9999))
def test_drug_numbers_of_both_schemes_read_back_to_their_parts(province, mode, body, region, sequence):
    old = codes.DrugNumber(province, mode, body, f"{region:03d}", sequence)
    new = codes.DrugNumber(province, mode, body, f"{region:04d}", sequence)
    assert codes.DRUG_OLD.parse(codes.DRUG_OLD.make(old)) == old
    assert codes.DRUG_2024.parse(codes.DRUG_2024.make(new)) == new


@given(HAN, YEAR, st.integers(0, 9999))
def test_numbers_of_a_year_read_back_to_their_parts(province, year, sequence):
    parts = codes.YearNumber(province, year, sequence)
    for scheme in (codes.COSMETICS, codes.DRUG_PRODUCTION):
        assert scheme.parse(scheme.make(parts)) == parts


@given(
    HAN,
    st.text(HAN, min_size=1, max_size=2),
    YEAR,
    st.from_regex(r"[0-9A-Z]{4}", fullmatch=True),
    st.sampled_from(["食药监械", "药监械"]),
)
def test_device_numbers_read_back_to_their_parts_or_are_not_made(province, city, year, sequence, infix):
    parts = codes.DeviceNumber(province, city, year, sequence, infix)
    for scheme in (codes.DEVICE_LICENCE, codes.DEVICE_FILING):
        if "食" in city:
            with pytest.raises(FormatError):  # 咸食 + 药监械 is 咸 + 食药监械
                scheme.make(parts)
        else:
            assert scheme.parse(scheme.make(parts)) == parts


# ---- shapes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "text", "parts"),
    [
        (codes.DRUG_OLD, "鄂CB7150001", ("鄂", "C", "B", "715", 1)),
        (codes.DRUG_2024, "琼AA898000001", ("琼", "A", "A", "8980", 1)),
        (codes.DRUG_PRODUCTION, "鄂20170012", ("鄂", 2017, 12)),
        (codes.COSMETICS, "鲁妆20160001", ("鲁", 2016, 1)),
        (codes.DEVICE_LICENCE, "粤穗食药监械经营许20171161号", ("粤", "穗", 2017, "1161", "食药监械")),
        (codes.DEVICE_LICENCE, "沪浦食药监械经营许20160226号", ("沪", "浦", 2016, "0226", "食药监械")),
        (codes.DEVICE_LICENCE, "鄂咸药监械经营许20220001号", ("鄂", "咸", 2022, "0001", "药监械")),
        (codes.DEVICE_FILING, "鄂汉食药监械经营备2018H006号", ("鄂", "汉", 2018, "H006", "食药监械")),
    ],
)
def test_a_number_says_its_parts_and_belongs_to_one_scheme(scheme, text, parts):
    assert scheme.parse(text) == parts
    assert [other for other in SCHEMES if other.accepts(text)] == [scheme]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "鄂EB7150001",
        "鄂CC7150001",
        "CB7150001",
        "鄂cb7150001",
        "鄂CB71500010",
        "鄂CB７150001",
        "鄂AA89800001X",
        "鄂妆19990001",
        "鄂妆201600011",
        "鄂咸食药监械经营20170001号",
        "鄂咸食药监械经营许20170001",
        "鄂咸食药监械经营许2017000a号",
        "鄂食药监械经营许20170001号",
        "鄂CB7150001\n",
    ],
)
def test_a_number_out_of_shape_belongs_to_no_scheme(text):
    for scheme in SCHEMES:
        assert not scheme.accepts(text)
        for read in (scheme.check, scheme.parse):
            with pytest.raises(FormatError, match="such as"):
                read(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("11100000MB0143028X001.11421200011330005C.1.001.G", "its kind with a unified social credit code"),
        ("11100000MB0143028R001.11421200011330005D.1.001.G", "its issuer with a unified social credit code"),
        ("11100000MB0143028R001.11421200011330005C.2017080100001.001.H", "with check character G"),
        ("11100000MB0143028R001.11421200011330005C.2017080100001.000.G", "an identifier"),
        ("11100000MB0143028R001.11421200011330005C..001.G", "an identifier"),
        ("11100000mb0143028r001.11421200011330005C.1.001.G", "an identifier"),
        ("1.2.156.3005.11100000MB0143028R001.11421200011330005C.2017080100001.001.G", "an identifier"),
    ],
)
def test_a_faulty_identifier_says_where(text, says):
    with pytest.raises(FormatError, match=says):
        codes.check_elicence(text)


@pytest.mark.parametrize(
    "parts",
    [
        ("11100000MB0143028R01", ISSUER, "1", 1),
        ("11100000MB0143028R001", ISSUER, "", 1),
        ("11100000MB0143028R001", ISSUER, "鄂1", 1),
        ("11100000MB0143028R001", ISSUER, "1", 0),
        ("11100000MB0143028R001", ISSUER, "1", 1000),
        ("11100000MB0143028R001", "11421200011330005X", "1", 1),
    ],
)
def test_an_identifier_of_impossible_parts_is_not_made(parts):
    with pytest.raises(FormatError):
        codes.make_elicence(*parts)


@pytest.mark.parametrize(
    ("scheme", "parts"),
    [
        (codes.DRUG_OLD, codes.DrugNumber("鄂", "C", "B", "715", 10_000)),
        (codes.DRUG_OLD, codes.DrugNumber("鄂", "C", "B", "0715", 1)),
        (codes.DRUG_2024, codes.DrugNumber("鄂", "C", "B", "0715", -1)),
        (codes.COSMETICS, codes.YearNumber("鄂", 1999, 1)),
        (codes.DEVICE_FILING, codes.DeviceNumber("鄂", "咸", 2017, "1")),
    ],
)
def test_a_number_of_impossible_parts_is_not_made(scheme, parts):
    with pytest.raises(FormatError):
        scheme.make(parts)
