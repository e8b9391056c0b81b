import json
import sys
import unicodedata
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen.core import chinese
from certgen.core.errors import FormatError

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "codes.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("start", "end"), VECTORS["expiry_five_years"])
def test_a_period_of_five_years_ends_the_day_before_the_anniversary(start, end):
    assert chinese.ends_on(date.fromisoformat(start), 5) == date.fromisoformat(end)


def test_a_period_may_end_on_leap_day_and_run_to_leap_day():
    assert chinese.ends_on(date(2020, 2, 29), 4) == date(2024, 2, 28)
    assert chinese.ends_on(date(2020, 3, 1), 4) == date(2024, 2, 29)
    assert chinese.ends_on(date(2017, 1, 1), 5) == date(2021, 12, 31)


def test_a_period_beyond_the_calendar_is_refused():
    with pytest.raises(FormatError, match="10001"):
        chinese.ends_on(date(9996, 2, 29), 5)


@given(st.dates(date(1900, 1, 1), date(2900, 1, 1)), st.integers(1, 20))
def test_the_day_after_a_period_begins_the_next_year_of_the_same_day(start, years):
    end = chinese.ends_on(start, years)
    following = date.fromordinal(end.toordinal() + 1)
    assert following.year == start.year + years
    assert (following.month, following.day) in {(start.month, start.day), (3, 1)}


@pytest.mark.parametrize(
    ("day", "figures", "formal"),
    [
        (date(2017, 8, 1), "2017年08月01日", "二〇一七年八月一日"),
        (date(2020, 2, 29), "2020年02月29日", "二〇二〇年二月二十九日"),
        (date(2010, 10, 10), "2010年10月10日", "二〇一〇年十月十日"),
        (date(1999, 12, 31), "1999年12月31日", "一九九九年十二月三十一日"),
        (date(2021, 11, 20), "2021年11月20日", "二〇二一年十一月二十日"),
    ],
)
def test_a_day_is_written_as_licences_and_as_decisions_write_it(day, figures, formal):
    assert chinese.format_date(day) == figures
    assert chinese.format_date_cn(day) == formal


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        *VECTORS["amount_words"],
        ("10000000", "壹仟万圆整"),
        ("500000000", "伍亿圆整"),
        ("16409.02", "壹万陆仟肆佰零玖圆零贰分"),
        ("1680.32", "壹仟陆佰捌拾圆叁角贰分"),
        ("10", "壹拾圆整"),
        ("100000", "壹拾万圆整"),
        ("100001234", "壹亿零壹仟贰佰叁拾肆圆整"),
        ("1000000000000", "壹万亿圆整"),
        ("0.5", "伍角"),
        ("0.05", "伍分"),
    ],
)
def test_an_amount_is_written_in_words(amount, words):
    assert chinese.amount_in_words(int(Decimal(amount) * 100)) == words


def test_an_amount_takes_the_prefix_unit_and_suffix_of_the_place():
    assert chinese.amount_in_words(5_000_000, prefix="人民币", unit="元", suffix="") == "人民币伍万元"


@given(st.integers(0, 10**16 - 1))
def test_an_amount_in_words_reads_back(yuan):
    words = chinese.amount_in_words(yuan * 100, unit="", suffix="")
    assert "零零" not in words
    assert _value(words) == yuan


@pytest.mark.parametrize("cents", [-1, 10**18])
def test_an_amount_without_words_is_refused(cents):
    with pytest.raises(FormatError):
        chinese.amount_in_words(cents)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a\0", "U+0000"),
        ("a\nb", "U+000A"),
        ("\x7f", "U+007F"),
        ("\x85", "U+0085"),
        ("公\u202e司", "U+202E"),
        ("\u2066", "U+2066"),
        ("\u200b", "U+200B"),
        ("\ufeff", "U+FEFF"),
        ("\ud800", "U+D800"),
        ("\ue000", "U+E000"),
        ("\U000f0000", "U+F0000"),
        ("\U0010ffff", "U+10FFFF"),
        ("\ufdd0", "U+FDD0"),
        ("\U0001ffff", "U+1FFFF"),
        ("\u3164", "U+3164"),
        ("\ufffd", "U+FFFD"),
        ("\u2028", "U+2028"),
    ],
)
def test_a_character_that_must_not_print_is_refused_and_named(text, named):
    with pytest.raises(FormatError, match=f"found {named.replace('+', '[+]')},"):
        chinese.check_printable(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "䶮㐂𠮷𫖯𬭊鿏鿭𰻝𱍐",
        "阿卜杜热合曼·买买提",
        "{{7*7}}",
        '<img src="file:///etc/passwd">',
        "../../x",
        "a\u3000b",
        "ᠮᠣᠩᠭᠣᠯ བོད",
    ],
)
def test_what_can_be_drawn_is_printable(text):
    chinese.check_printable(text)


def test_the_quick_look_and_the_long_pattern_agree_on_every_code_point():
    wrong = [
        cp
        for cp in range(sys.maxunicode + 1)
        if bool(chinese.unprintable(chr(cp))) != bool(chinese._UNPRINTABLE.match(chr(cp)))
    ]
    assert wrong == []


def test_every_control_format_surrogate_and_private_character_is_unprintable():
    for cp in range(sys.maxunicode + 1):
        c = chr(cp)
        category = unicodedata.category(c)
        if category in {"Cc", "Cs", "Co", "Zl", "Zp"} or cp & 0xFFFE == 0xFFFE:
            assert chinese.unprintable(c) == f"U+{cp:04X}"
        # Arabic, Kaithi, Egyptian and shorthand format characters are visible or joined to what is.
        if category == "Cf" and not chinese.unprintable(c):
            assert 0x600 <= cp <= 0x8E2 or cp >= 0x110BD


@given(st.text())
def test_what_is_shown_is_short_and_printable(text):
    shown = chinese.shown(text)
    chinese.check_printable(shown)
    assert len(shown) <= 40
    assert len(text) > 40 or chinese.unprintable(text) or shown == text


@pytest.mark.parametrize("dot", "\u0387\u2022\u2027\u30fb\uff65\u2e31\uff0e\u2219\u22c5")
def test_a_look_alike_of_the_middle_dot_in_a_name_becomes_the_middle_dot(dot):
    assert chinese.normalise_person(f"阿卜杜热合曼{dot}买买提") == "阿卜杜热合曼·买买提"


def test_a_compatibility_ideograph_in_a_name_stays_itself():
    assert chinese.normalise_person("\uf900\U0002f800") == "\uf900\U0002f800"


@pytest.mark.parametrize(
    ("code", "cp"),
    [
        ("A8BC", 0x1E3F),
        *zip(
            ["A6D9", "A6DA", "A6DB", "A6DC", "A6DD", "A6DE", "A6DF", "A6EC", "A6ED", "A6F3"],
            (0xFE10, 0xFE12, 0xFE11, 0xFE13, 0xFE14, 0xFE15, 0xFE16, 0xFE17, 0xFE18, 0xFE19),
            strict=True,
        ),
        *zip(["FE59", "FE61", "FE66", "FE67", "FE6D", "FE7E", "FE90", "FEA0"], range(0x9FB4, 0x9FBC), strict=True),
    ],
)
def test_a_code_that_gb_18030_2022_moved_decodes_to_its_character(code, cp):
    text = chinese.decode_gb18030(bytes.fromhex(code))
    assert text == chr(cp)
    chinese.check_printable(text)


def test_names_beyond_the_basic_plane_decode_from_gb_18030():
    text = "䶮㐂𠮷𫖯𬭊鿏鿭𰻝𱍐，阿卜·买买提"
    assert chinese.decode_gb18030(text.encode("gb18030")) == text


def test_bytes_that_are_not_gb_18030_are_refused_with_their_place():
    with pytest.raises(FormatError, match="byte 2 "):
        chinese.decode_gb18030("咸".encode("gb18030") + b"\xff")


def test_private_use_that_nobody_moved_stays_for_the_printable_check():
    with pytest.raises(FormatError, match="U\\+E000"):
        chinese.check_printable(chinese.decode_gb18030("\ue000".encode("gb18030")))


def _value(words):
    for unit, size in (("亿", 10**8), ("万", 10**4), ("仟", 1000), ("佰", 100), ("拾", 10)):
        if unit in words:
            high, _, low = words.rpartition(unit) if unit == "亿" else words.partition(unit)
            return _value(high) * size + _value(low.lstrip("零") or "零")
    return "零壹贰叁肆伍陆柒捌玖".index(words)
