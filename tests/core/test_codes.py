import json
import string
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen.core import codes
from certgen.core.errors import FormatError

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "codes.json").read_text(encoding="utf-8"))
TODAY = date(2026, 11, 23)

DIVISIONS = st.sampled_from(["421200", "421202", "421221", "421222", "421223", "421224", "421281"])
A31 = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.parametrize("code", VECTORS["uscc_valid"])
def test_a_published_uscc_is_accepted_and_so_is_the_organisation_code_inside(code):
    codes.check_uscc(code)
    codes.check_organisation(code[8:17])
    assert codes.make_uscc(code[0], code[1], code[2:8], code[8:16]) == code


@pytest.mark.parametrize("code", VECTORS["uscc_invalid"])
def test_a_wrong_uscc_is_refused(code):
    assert not codes.is_uscc(code)


def test_both_checks_of_a_uscc_are_run():
    assert codes.is_organisation("91110000100003962T"[8:17])
    assert codes.uscc_fault("91110000100003962T") is not None
    body = "91421200MA490000X"  # organisation check is 2; the outer check is made to fit
    assert not codes.is_uscc(body + codes.uscc_check(body))


@pytest.mark.parametrize("code", ["91421200MA4900002N", "91421200MAAWPNGX50", "911101083303521997"])
def test_every_single_character_error_and_every_swap_of_neighbours_in_the_body_of_a_uscc_is_caught(code):
    wrong = [code[:i] + c + code[i + 1 :] for i in range(18) for c in A31 if c != code[i]]
    assert len(wrong) == 540
    wrong += [code[:i] + code[i + 1] + code[i] + code[i + 2 :] for i in range(16) if code[i] != code[i + 1]]
    assert not any(map(codes.is_uscc, wrong))


@pytest.mark.parametrize(
    "text", ["", "91421200ma4900002n", "91421200MA4900002N\n", " 91421200MA4900002N", "９1421200MA4900002N"]
)
def test_a_uscc_is_never_mended_in_silence(text):
    with pytest.raises(FormatError, match="wanted a unified social credit code"):
        codes.check_uscc(text)


@given(st.sampled_from("123456789ANY"), st.sampled_from("1239"), DIVISIONS, st.text(A31, min_size=8, max_size=8))
def test_a_uscc_we_make_is_one_we_accept(department, kind, division, subject):
    assert codes.is_uscc(codes.make_uscc(department, kind, division, subject))


def test_impossible_parts_make_no_uscc():
    for parts in [("B", "1", "421200", "MA490000"), ("9", "1", "42120", "MA490000"), ("9", "1", "421200", "MA49000I")]:
        with pytest.raises(FormatError):
            codes.make_uscc(*parts)


@pytest.mark.parametrize(
    ("body", "check"), [("71526726", "X"), ("10000396", "2"), ("19220382", "1"), ("69073662", "0"), ("18401107", "X")]
)
def test_an_organisation_code_has_the_check_of_the_standard(body, check):
    assert codes.make_organisation(body) == body + check


@pytest.mark.parametrize("code", VECTORS["registration15_valid"])
def test_a_published_registration_number_is_accepted_and_no_single_digit_may_change(code):
    codes.check_registration(code)
    assert codes.make_registration(code[:6], int(code[6:14])) == code
    _no_single_digit_may_change(code, 0, codes.is_registration)


@pytest.mark.parametrize("code", VECTORS["citizen_valid"])
def test_a_published_citizen_id_is_accepted_and_no_single_digit_may_change(code):
    codes.check_citizen_id(code, TODAY)
    _no_single_digit_may_change(code, 0, lambda text: codes.is_citizen_id(text, TODAY))


def test_a_citizen_id_tells_birth_and_sex():
    assert codes.birth_date("11010519491231002X") == date(1949, 12, 31)
    assert (codes.sex("11010519491231002X"), codes.sex("440524188001010014")) == ("female", "male")


@pytest.mark.parametrize(
    ("born", "why"),
    [("20230229", "no such day"), ("20261124", "tomorrow"), ("18751231", "151 years old"), ("19491301", "month 13")],
)
def test_a_citizen_id_with_an_impossible_birth_is_refused_though_its_check_fits(born, why):
    body = f"421202{born}001"
    fault = codes.citizen_id_fault(body + codes.citizen_id_check(body), TODAY)
    assert fault is codes.CITIZEN_ID_BIRTH, why


@given(DIVISIONS, st.dates(date(1877, 1, 1), TODAY), st.integers(0, 999))
def test_a_citizen_id_we_make_is_one_we_accept(division, born, order):
    text = codes.make_citizen_id(division, born, order)
    assert codes.is_citizen_id(text, TODAY)
    assert codes.birth_date(text) == born


def test_a_masked_citizen_id_hides_month_and_day_of_birth():
    assert codes.mask_citizen_id("11010519491231002X") == "1101051949****002X"


@pytest.mark.parametrize("number", VECTORS["jy_valid"])
def test_a_published_jy_number_is_accepted_and_no_single_digit_may_change(number):
    codes.check_jy(number)
    assert codes.make_jy(int(number[2]), number[3:9], int(number[9:15])) == number
    _no_single_digit_may_change(number, 2, codes.is_jy)


@pytest.mark.parametrize("number", VECTORS["sc_valid"])
def test_a_published_sc_number_is_accepted_and_no_single_digit_may_change(number):
    codes.check_sc(number)
    assert codes.make_sc(number[2:5], number[5:11], int(number[11:15])) == number
    _no_single_digit_may_change(number, 2, codes.is_sc)


@pytest.mark.parametrize("number", VECTORS["jy_fails_check_on_import_warn"])
def test_a_jy_number_that_fails_its_check_is_refused_and_the_check_is_named(number):
    with pytest.raises(FormatError, match="check digit 2"):
        codes.check_jy(number)


@pytest.mark.parametrize("number", VECTORS["sc_fails_check_on_import_warn"])
def test_an_sc_number_that_fails_its_check_is_refused(number):
    assert not codes.is_sc(number)


@given(st.integers(1, 3), DIVISIONS, st.integers(0, 999_999))
def test_a_jy_number_we_make_is_one_we_accept(business, division, sequence):
    assert codes.is_jy(codes.make_jy(business, division, sequence))


def test_no_jy_number_is_made_beyond_its_places():
    for parts in [(4, "421200", 1), (1, "421200", 1_000_000), (1, "42120", 1)]:
        with pytest.raises(FormatError):
            codes.make_jy(*parts)


def test_the_hybrid_checks_have_their_known_values():
    assert codes.mod11_10("0794") == "5"
    assert codes.mod37_36("A12425GABC1234002") == "M"
    for identifier in VECTORS["elicence_valid"]:
        body, check = identifier.replace(".", "")[:-1], identifier[-1]
        assert codes.mod37_36(body) == check


@pytest.mark.parametrize("text", ["07a4", "０７９４", "", "07 4"])
def test_a_check_digit_is_computed_over_digits_only(text):
    with pytest.raises(FormatError):
        codes.mod11_10(text)


@given(st.text(string.digits, min_size=4, max_size=14), st.data())
def test_mod_11_10_catches_every_single_digit_error(body, data):
    code = body + codes.mod11_10(body)
    at = data.draw(st.integers(0, len(code) - 1))
    digit = data.draw(st.sampled_from([d for d in string.digits if d != code[at]]))
    wrong = code[:at] + digit + code[at + 1 :]
    assert codes.mod11_10(wrong[:-1]) != wrong[-1]


@given(st.text(string.digits + string.ascii_uppercase, min_size=4, max_size=30), st.data())
def test_mod_37_36_catches_every_single_character_error(body, data):
    code = body + codes.mod37_36(body)
    at = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from([c for c in string.digits + string.ascii_uppercase if c != code[at]]))
    wrong = code[:at] + other + code[at + 1 :]
    assert codes.mod37_36(wrong[:-1]) != wrong[-1]


@given(st.text())
def test_any_text_at_all_gets_an_answer(text):
    for is_code in (codes.is_uscc, codes.is_organisation, codes.is_registration, codes.is_jy, codes.is_sc):
        assert is_code(text) in (True, False)
    assert codes.is_citizen_id(text, TODAY) in (True, False)


def _no_single_digit_may_change(code, start, is_code):
    for at in range(start, len(code)):
        for digit in string.digits:
            if digit != code[at]:
                assert not is_code(code[:at] + digit + code[at + 1 :])
