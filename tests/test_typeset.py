"""Chinese lines: what may begin and end them, what is squeezed, and how text is made to fit its box."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certgen.core import clreq
from certgen.typeset import Fitted, Line, Overflow, break_lines, fit, is_simple, measure_line

# Written out by hand and not taken from the code under test.
NEVER_FIRST = set("，。！？；：、”’）》〉」』】〕…—％·,.;:!?)]}%")
NEVER_LAST = set("（“‘《〈「『【〔·([{")
OPENING = set("（“‘《〈「『【〔")
CLOSING = set("，。！？；：、”’）》〉」』】〕")


class Widths(dict[str, int]):
    """A face whose Latin is half an em wide."""

    def __missing__(self, char: str) -> int:
        return 500 if char < "\u2000" and char != "·" else 1000


FACE = Widths()
HAN = "食品经营许可证"


def texts(lines: tuple[Line, ...]) -> list[str]:
    return [line.text for line in lines]


def broken(text: str, em: float) -> list[str]:
    return texts(break_lines(text, FACE, round(em * 1000)))


def is_word(char: str) -> bool:
    return "!" <= char <= "~"


def is_legal(text: str, cut: int) -> bool:
    """Judge a cut afresh, character by character."""
    before, after = text[:cut].rstrip(" "), text[cut:]
    if after[0] == " " or after[0] in NEVER_FIRST or (before and before[-1] in NEVER_LAST):
        return False
    if text[cut - 1] == " ":
        return bool(before)
    if before[-1] in "\"'/" or after[0] in "\"'/-":
        return False
    apostrophe = before[-1] == "’" and len(before) > 1 and is_word(before[-2])
    return not (is_word(after[0]) and (is_word(before[-1]) or apostrophe))


def ink_width(text: str) -> int:
    """Add up a line afresh."""
    text = text.rstrip(" ")
    width = sum(FACE[char] for char in text)
    for a, b in pairwise(text):
        if (a in CLOSING and b in CLOSING | OPENING) or (a in OPENING and b in OPENING):
            width -= 500
        if (is_latin(a) and is_han(b)) or (is_han(a) and is_latin(b)):
            width += 250
    return width - 500 * (text[:1] in OPENING and text != "") - 500 * (text[-1:] in CLOSING and text != "")


def is_latin(char: str) -> bool:
    return (char.isascii() and char.isalnum()) or char == "%"


def is_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff" or char >= "\U00020000"


PROBES = {
    "a comma does not begin a line": ("食品经营许可证正本和副本，", 12, ["食品经营许可证正本和", "副本，"]),
    "a stop pushes its character over": (
        "国家对食品经营实行许可制度（一）",
        12,
        ["国家对食品经营实行许可制", "度（一）"],
    ),
    "an exclamation mark does not begin a line": (
        "国家对食品经营实行许可制！？度也",
        12,
        ["国家对食品经营实行许可", "制！？度也"],
    ),
    "a closing quote does not begin a line": (
        "“国家对食品经营实行许可制”度也",
        12,
        ["“国家对食品经营实行许可", "制”度也"],
    ),
    "an opening bracket does not end a line": (
        "国家对食品经营实行许可（制度）",
        12,
        ["国家对食品经营实行许可", "（制度）"],
    ),
    "an opening title mark does not end a line": (
        "依照国家法律和规定以及《食品法》",
        12,
        ["依照国家法律和规定以及", "《食品法》"],
    ),
    "a closing bracket and quote stay together": (
        "国家对食品“经营（许可）”制度",
        11,
        ["国家对食品“经营（许", "可）”制度"],
    ),
    "a dash is not split": ("国家对食品经营实行许可制——度", 12, ["国家对食品经营实行许可", "制——度"]),
    "an ellipsis is not split": ("国家对食品经营实行许可制……度", 12, ["国家对食品经营实行许可", "制……度"]),
    "a Latin word is not split": ("国家对食品经营的 Application 制度", 12, ["国家对食品经营的 ", "Application 制度"]),
    "an ID number is not split": ("公民身份号码320102194001010001号", 12, ["公民身份号码", "320102194001010001号"]),
    "an address of mail is not split": (
        "邮箱地址是zhang.san-1@example.gov.cn。",
        14,
        ["邮箱地址是", "zhang.san-1@example.gov.cn。"],
    ),
    "a web address is not split": (
        "见 https://a.example/b?c=d#e 页",
        12.5,
        ["见 ", "https://a.example/b?c=d#e ", "页"],
    ),
    "a percentage is whole": ("国家对食品经营实行许100％也", 12, ["国家对食品经营实行许", "100％也"]),
    "a name with a dot is whole on both sides": ("法定代表人阿卜杜拉·买买提", 10, ["法定代表人阿卜杜", "拉·买买提"]),
    "an apostrophe does not end a word": ("国家对食品经营者O’Brien", 10, ["国家对食品经营者", "O’Brien"]),
    "a line feed begins a line": ("正本\n\n副本", 12, ["正本", "", "副本"]),
    "the last line is not one character": ("国家对食品经营实行许可制度", 12, ["国家对食品经营实行许可", "制度"]),
    "nor one character and its stop": ("国家对食品经营实行许可制度。", 12, ["国家对食品经营实行许可", "制度。"]),
    "a word too long is cut at the measure": (
        "编号" + "1234567890" * 3,
        10,
        ["编号", "12345678901234567890", "1234567890"],
    ),
    "a cut word leaves more than one character": ("1" * 21, 10, ["1" * 19, "1" * 2]),
    "spaces at the end take no room": (
        "国家对食品经营实行许可制  度量衡",
        12,
        ["国家对食品经营实行许可制  ", "度量衡"],
    ),
    "a full-width space ends a line too": (
        "国家对食品经营实行许可制\u3000度量",
        12,
        ["国家对食品经营实行许可制\u3000", "度量"],
    ),
    "a space does not let a stop begin a line": (
        "国家对食品经营实行许可制 ，度量",
        12,
        ["国家对食品经营实行许可", "制 ，度量"],
    ),
    "a space does not let an opening mark end a line": ("国家对食品经营（ 许可制", 9, ["国家对食品经营", "（ 许可制"]),
    "a character and its variant selector are one": (
        "国家对食品经营者葛\U000e0100某人",
        9,
        ["国家对食品经营者", "葛\U000e0100某人"],
    ),
    "only spaces are one line": ("    ", 1, ["    "]),
    "nothing is no line": ("", 1, []),
}


@pytest.mark.parametrize(("text", "em", "lines"), PROBES.values(), ids=PROBES)
def test_a_probe_breaks_as_a_compositor_would(text: str, em: float, lines: list[str]) -> None:
    assert broken(text, em) == lines


KERNED = {
    "the half of a first and a last mark go": ("“二”", (), -500, 2000),
    "a stop and a closing quote": ("好。”", ((1, -500),), 0, 2000),
    "a colon and an opening quote": ("说：“好", ((1, -500),), 0, 3500),
    "two opening marks": ("见《“十四五”规划》", ((1, -500),), 0, 9000),
    "an opening mark and a closing one have nothing between": ("甲（）乙", (), 0, 4000),
    "a dash is not squeezed": ("甲”——乙", (), 0, 5000),
    "gaps on both sides of Latin": ("自2017年起", ((0, 250), (4, 250)), 0, 5500),
    "a gap on both sides of one letter": ("第A号", ((0, 250), (1, 250)), 0, 3000),
    "no gap where a space stands": ("自 2017 年起", (), 0, 6000),
    "no gap beside punctuation": ("自，2017。起", (), 0, 6000),
    "gap and squeeze in order": ("甲A乙。”丙", ((0, 250), (1, 250), (3, -500)), 0, 5500),
    "spaces at the end do not count": ("甲乙  ", (), 0, 2000),
    "nothing": ("", (), 0, 0),
}


@pytest.mark.parametrize(("text", "kerns", "indent", "width"), KERNED.values(), ids=KERNED)
def test_a_line_is_kerned_and_measured(text: str, kerns: tuple[tuple[int, int], ...], indent: int, width: int) -> None:
    assert measure_line(text, FACE) == Line(text, kerns, indent, width)


def test_squeezing_gains_a_character_as_typst_does() -> None:
    text = "国家对食品经营“二”许可证"
    assert broken("“" + HAN + "食品经营”", 12) == ["“" + HAN + "食品经营”"]
    assert len(text) == 13
    assert broken(text + "，“甲", 13) == ["国家对食品经营“二”许可", "证，“甲"]


def test_marks_of_a_proportional_face_are_not_squeezed() -> None:
    face = Widths({"”": 400, "“": 400, "。": 1000})
    assert measure_line("“好。”", face) == Line("“好。”", (), 0, 2800)


def test_a_space_is_kept_in_the_text_of_a_line() -> None:
    first, second = break_lines("Food Business Licence", FACE, 7000)
    assert (first.text, first.width, second.text) == ("Food Business ", 6500, "Licence")


def test_a_gap_is_lost_where_the_line_breaks() -> None:
    first, second = break_lines("国家对食品2017", FACE, 6000)
    assert (first, second) == (Line("国家对食品", (), 0, 5000, last=False), Line("2017", (), 0, 2000))


def test_only_the_end_of_a_paragraph_is_a_last_line() -> None:
    lines = break_lines("国家对食品经营\n实行许可", FACE, 4000)
    assert [(line.text, line.last) for line in lines] == [("国家对食", False), ("品经营", True), ("实行许可", True)]


@pytest.mark.parametrize("measure", [-1, 0, 499, 999])
def test_a_measure_narrower_than_a_character_is_refused(measure: int) -> None:
    with pytest.raises(ValueError, match="narrower"):
        break_lines("食品", FACE, measure)


def test_a_character_without_a_width_is_not_passed_over() -> None:
    with pytest.raises(KeyError):
        break_lines("食\U00020bb7", {"食": 1000}, 5000)


def test_only_punctuation_is_set_all_the_same() -> None:
    text = "，。！？" * 50 + "（" * 50
    lines = break_lines(text, FACE, 8000)
    assert "".join(texts(lines)) == text
    assert max(line.width for line in lines) <= 8000


def test_three_thousand_characters_are_set_without_loss() -> None:
    text = ("国家对食品生产经营实行“许可”制度（第35条），" * 200)[:3000]
    lines = break_lines(text, FACE, 20_000)
    assert "".join(texts(lines)) == text
    assert all(18_000 <= line.width <= 20_000 for line in lines[:-1])


PIECES = st.one_of(
    st.text(alphabet="国家对食品生产经营实行许可制度\U00020bb7", min_size=1, max_size=12),
    st.sampled_from("，。！？；：、）》】”’（《【“‘·％"),
    st.sampled_from(["——", "……", " ", "  ", "，“", "）”", "”，", "/", "-", "(", ")", '"', "’s"]),
    st.text(alphabet="abcXYZ0123456789.@-_", min_size=1, max_size=20),
)
MIXED = st.lists(PIECES, max_size=40).map("".join)


@settings(max_examples=400, deadline=None)
@given(MIXED, st.integers(8, 40))
def test_any_mixture_breaks_legally_without_loss_or_overflow(text: str, em: int) -> None:
    lines = break_lines(text, FACE, em * 1000)
    assert "".join(texts(lines)) == text
    start = 0
    for line in lines:
        assert line.width == ink_width(line.text) <= em * 1000
        stop = start + len(line.text)
        # A rule may give way only where no place in reach keeps it.
        if stop < len(text) and not is_legal(text, stop):
            assert not any(
                is_legal(text, cut) for cut in range(start + 1, stop + 1) if ink_width(text[start:cut]) <= em * 1000
            )
        start = stop


@settings(max_examples=200, deadline=None)
@given(MIXED, st.integers(8, 40))
def test_no_line_could_have_taken_the_next_piece_too(text: str, em: int) -> None:
    lines = break_lines(text, FACE, em * 1000)
    ends = [sum(map(len, texts(lines[:i]))) for i in range(len(lines) + 1)]
    for start, stop in list(pairwise(ends))[:-2]:  # the last but one may have fed the last
        longer = [cut for cut in range(stop + 1, len(text)) if is_legal(text, cut)]
        assert all(ink_width(text[start:cut]) > em * 1000 for cut in longer[:3])


@settings(max_examples=300, deadline=None)
@given(MIXED)
def test_a_simple_text_is_as_wide_as_its_characters(text: str) -> None:
    if is_simple(text):
        assert ink_width(text) == sum(FACE[char] for char in text)
        assert measure_line(text, FACE) == Line(text, (), 0, ink_width(text))


@pytest.mark.parametrize(
    "text", ["食品经营许可证", "咸宁市食品（集团）有限公司", "JY14212000000018", "Food Co. 食品，甲"]
)
def test_the_usual_values_are_simple(text: str) -> None:
    assert is_simple(text)


@pytest.mark.parametrize("text", ["（甲", "甲）", "甲，“乙", "2017年", "甲\n乙", "甲 ", ""])
def test_what_moves_anything_is_not_simple(text: str) -> None:
    assert not is_simple(text)


BOX = {"width": 120.0, "height": 12.0, "size": 12.0, "floor": 8.0, "leading": 1.5}


def set_in(text: str, mode: str, tracking: float = 0.0, reserve_lines: int = 0, **box: float) -> Fitted:
    return fit(text, FACE, mode=mode, tracking=tracking, reserve_lines=reserve_lines, **{**BOX, **box})  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["shrink", "wrap", "continue"])
def test_what_fits_is_left_as_it_is(mode: str) -> None:
    assert set_in("食品经营许可证正副本", mode) == Fitted(12.0, (Line("食品经营许可证正副本", (), 0, 10_000),), "")
    assert set_in("自2017年起施行", mode).size == 12.0
    assert set_in("", mode) == Fitted(12.0, (), "")


def test_a_width_that_comes_from_millimetres_still_fits_exactly() -> None:
    width = 120 / 72 * 25.4 / 25.4 * 72 - 1e-9
    assert set_in("食品经营许可证正副本", "shrink", width=width).size == 12.0


def test_shrinking_is_by_tenths_and_never_below_the_floor() -> None:
    assert set_in("食" * 13, "shrink").size == 9.2
    assert set_in("食" * 15, "shrink").size == 8.0
    with pytest.raises(Overflow) as caught:
        set_in("食" * 16, "shrink")
    assert caught.value.args == ("食" * 16,)


def test_what_shrinking_cannot_do_is_wrapped_at_the_floor() -> None:
    fitted = set_in("食" * 16, "shrink", height=20)
    assert (fitted.size, [len(line.text) for line in fitted.lines]) == (8.0, [14, 2])
    with pytest.raises(Overflow):
        set_in("食" * 16, "shrink", height=19.9)


def test_a_low_box_shrinks_a_line_too() -> None:
    assert set_in("食品", "shrink", height=9.57).size == 9.5


def test_line_feeds_are_kept_when_shrinking() -> None:
    fitted = set_in("食品经营许可证\n正本", "shrink", height=25)
    assert (fitted.size, texts(fitted.lines)) == (10.0, ["食品经营许可证", "正本"])


def test_wrapping_goes_down_by_half_points() -> None:
    assert set_in("食" * 20, "wrap", height=30).size == 12.0
    fitted = set_in("食" * 21, "wrap", height=30)
    assert (fitted.size, len(fitted.lines)) == (10.5, 2)
    with pytest.raises(Overflow):
        set_in("食" * 46, "wrap", height=30)


def test_a_floor_between_the_steps_is_tried_too() -> None:
    assert set_in("食" * 15, "wrap", floor=7.8).size == 8.0
    assert set_in("食" * 15, "wrap", size=12.2, floor=8.0).size == 8.0


def test_a_number_is_set_smaller_rather_than_cut() -> None:
    fitted = set_in("公民身份号码3201021940010100012345", "wrap", height=100)
    assert (fitted.size, texts(fitted.lines)) == (10.5, ["公民身份号码", "3201021940010100012345"])
    assert len(set_in("1" * 40, "wrap", height=100).lines) == 2


def test_tracking_counts_between_characters_only() -> None:
    assert set_in("食品经营", "shrink", tracking=0.5, width=5.5 * 12).size == 12.0
    assert set_in("食品经营", "shrink", tracking=0.5, width=5.5 * 11.5).size == 11.5
    assert texts(set_in("食品经营许可", "wrap", tracking=0.5, width=4 * 12, height=100).lines) == ["食品经", "营许可"]


def test_what_continues_fills_the_box_and_keeps_room_for_the_note() -> None:
    text = "热食类食品制售，冷食类食品制售，糕点类食品制售，自制饮品制售，预包装食品销售。"
    fitted = set_in(text, "continue", height=32)
    assert (fitted.size, len(fitted.lines), fitted.rest) == (8.0, 3, "")
    fitted = set_in(text * 2, "continue", height=32, reserve_lines=1)
    assert (fitted.size, len(fitted.lines)) == (8.0, 2)
    assert "".join(texts(fitted.lines)) + fitted.rest == text * 2
    assert fitted.rest[0] not in NEVER_FIRST
    assert not fitted.lines[-1].last


def test_what_continues_is_not_one_character() -> None:
    fitted = set_in("食" * 16, "continue")
    assert (len(fitted.lines[0].text), fitted.rest) == (14, "食食")


def test_a_continued_text_resumes_after_a_line_feed() -> None:
    fitted = set_in("食品\n经营\n许可", "continue", height=20)
    assert (texts(fitted.lines), fitted.rest) == (["食品", "经营"], "许可")
    assert fitted.lines[-1].last


def test_a_box_without_room_for_the_note_overflows() -> None:
    with pytest.raises(Overflow):
        set_in("食" * 40, "continue", reserve_lines=2)
    assert set_in("食" * 40, "continue", reserve_lines=1) == Fitted(8.0, (), "食" * 40)


def test_a_box_narrower_than_a_character_overflows() -> None:
    for mode in ("shrink", "wrap", "continue"):
        with pytest.raises(Overflow):
            set_in("食品", mode, width=7.9, height=100)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(MIXED, max_size=3).map("\n".join),
    st.sampled_from(["shrink", "wrap", "continue"]),
    st.floats(100, 400),
    st.floats(12, 90),
    st.sampled_from([0.0, 0.1, 0.35]),
)
def test_whatever_is_fitted_is_inside_its_box(
    text: str, mode: str, width: float, height: float, tracking: float
) -> None:
    try:
        fitted = set_in(text, mode, width=width, height=height, tracking=tracking)
    except Overflow:
        assert mode != "continue"
        return
    pieces = texts(fitted.lines)
    joined = "".join(pieces) + fitted.rest
    assert joined.replace("\n", "") == text.replace("\n", "")
    assert 8.0 <= fitted.size <= 12.0
    assert fitted.size * (1 + 1.5 * (len(pieces) - 1)) <= height * 1.00001
    for line in fitted.lines:
        gaps = max(0, len(line.text.rstrip()) - 1)
        assert (line.width + 1000 * tracking * gaps) * fitted.size / 1000 <= width * 1.00001


def test_the_classes_contradict_nobody() -> None:
    assert NEVER_FIRST <= clreq.NEVER_FIRST
    assert NEVER_LAST <= clreq.NEVER_LAST
    assert not clreq.NEVER_FIRST & clreq.NEVER_LAST - set("·‧・•／\u200d\u2060")
