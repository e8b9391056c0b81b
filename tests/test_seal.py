"""The drawn seal: everything inside its circle, letters from left to right, the same bytes every time."""

import re
from itertools import pairwise
from math import atan2, degrees, hypot

import pytest

from certgen import seal

SQUARE = b"0 -120 m 1000 -120 l 1000 880 l 0 880 l h"  # the whole em square: no real letter is larger
DIAMETER_PT = 42 * 72 / 25.4
NAMES = ["赤壁市市场监督管理局", "咸宁市咸安区食品药品监督管理局", "咸宁市" + "某" * 27]

Points = list[tuple[float, float]]


def drawn(name: str, bottom: str = "测试专用章", diameter_mm: float = 42) -> list[Points]:
    """Draw a seal of square letters; the points of each letter, relative to the centre, feet first."""
    text = seal.content(name, bottom, diameter_mm, lambda _: SQUARE).decode()
    letters = [line for line in text.splitlines() if re.fullmatch(r"\d+ \d+ m(?: \d+ \d+ l){3} h", line)]
    middle = diameter_mm * 36 / 25.4
    pairs = [re.findall(r"(\d+) (\d+) [ml]", line) for line in letters]
    return [[(int(x) / seal.UNITS - middle, int(y) / seal.UNITS - middle) for x, y in letter] for letter in pairs]


def angle(letter: Points) -> float:
    """Degrees clockwise from the top of a letter's middle."""
    return degrees(atan2(sum(x for x, _ in letter), sum(y for _, y in letter)))


@pytest.mark.parametrize("name", NAMES)
def test_every_letter_lies_inside_the_ring_and_outside_the_star(name: str) -> None:
    ring, star = DIAMETER_PT / 2 * (1 - seal.RING), DIAMETER_PT / 2 * seal.STAR
    for letter in drawn(name):
        assert all(star < hypot(x, y) < ring for x, y in letter)


@pytest.mark.parametrize("name", NAMES)
def test_the_name_runs_from_left_to_right_over_the_top_and_is_balanced(name: str) -> None:
    angles = [angle(letter) for letter in drawn(name, "")]
    assert len(angles) == len(name)
    assert angles == sorted(angles)
    assert angles[0] == pytest.approx(-angles[-1], abs=0.2)


@pytest.mark.parametrize("name", NAMES)
def test_letters_stand_with_their_feet_to_the_centre(name: str) -> None:
    for foot_left, foot_right, head_right, head_left in drawn(name, ""):
        assert hypot(*foot_left) < hypot(*head_left)
        assert hypot(*foot_right) == pytest.approx(hypot(*foot_left), abs=0.15)
        assert hypot(*head_right) == pytest.approx(hypot(*head_left), abs=0.15)


@pytest.mark.parametrize("name", NAMES)
def test_neighbours_do_not_touch_even_at_their_feet(name: str) -> None:
    letters = drawn(name, "")
    for left, right in pairwise(letters):
        # Seen from the centre, the next left foot lies clockwise of this right foot.
        (x1, y1), (x2, y2) = left[1], right[0]
        assert x1 * y2 - y1 * x2 < 0


def test_the_lower_line_is_straight_and_apart_from_the_longest_name() -> None:
    letters = drawn(NAMES[-1])
    name, bottom = letters[:30], letters[30:]
    assert len({round(letter[0][1], 2) for letter in bottom}) == 1
    reach = max(abs(x) for letter in bottom for x, _ in letter)
    top = max(y for letter in bottom for _, y in letter)
    low = [letter for letter in name if min(y for _, y in letter) < top]
    assert all(min(abs(x) for x, _ in letter) > reach for letter in low)


def test_a_long_name_is_condensed() -> None:
    def shape(name: str) -> float:
        left, right, _, head = drawn(name, "")[0]
        return hypot(right[0] - left[0], right[1] - left[1]) / hypot(head[0] - left[0], head[1] - left[1])

    assert shape(NAMES[0]) == pytest.approx(0.83, abs=0.03)
    assert shape(NAMES[-1]) < 0.6


def test_the_seal_scales_with_its_diameter() -> None:
    small, large = drawn(NAMES[0], diameter_mm=20), drawn(NAMES[0], diameter_mm=40)
    assert [x * 2 for x, _ in small[3]] == pytest.approx([x for x, _ in large[3]], abs=0.11)


def test_the_same_name_gives_the_same_bytes_and_leaves_the_page_as_it_was() -> None:
    data = seal.content(NAMES[1], "测试专用章", 42, lambda _: SQUARE)
    assert data == seal.content(NAMES[1], "测试专用章", 42, lambda _: SQUARE)
    assert data.startswith(b"q ")
    assert data.endswith(b" Q\n")


def test_a_curve_stays_a_curve_and_a_flat_one_becomes_a_line() -> None:
    bow = b"0 0 m 0 400 1000 400 1000 0 c h"
    flat = b"0 0 m 300 1 600 1 1000 0 c h"
    curves = [seal.content("章", "", 42, lambda _, path=path: path).count(b" c ") for path in (bow, flat)]  # type: ignore[misc]
    assert curves == [5, 4]  # four are the ring


def test_a_seal_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="name"):
        seal.content("", "测试专用章", 42, lambda _: SQUARE)
