"""What stands outside the trim for people at the press: crop and fold marks, registration targets, colour bar, slug.

Crop marks, targets and fold marks are in /Separation /All, so that they print on every plate (ISO 32000-1, 8.6.6.4).
Lengths are points, y downwards as in a scene.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from certgen.scene.model import Step
from certgen.scene.shapes import circle, polyline, rectangle

MM = 72 / 25.4
CROP_MM, CROP_OFF_MM = 5.0, 1.0  # how long, and how far beyond the bleed they begin
MARGIN_MM = 14.0  # around the outermost trim: bleed, marks, bar and slug have room in it
HAIR = 0.25  # points
_TARGET = 2.4 * MM
_PATCH = 5 * MM
# Solids, half tints, overprints of two, a grey balance and a rich black within any limit.
PATCHES: tuple[tuple[float, float, float, float], ...] = (
    (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1),
    (0.5, 0, 0, 0), (0, 0.5, 0, 0), (0, 0, 0.5, 0), (0, 0, 0, 0.5),
    (0, 1, 1, 0), (1, 0, 1, 0), (1, 1, 0, 0), (0.5, 0.4, 0.4, 0),
)  # fmt: skip


class Box(NamedTuple):
    """A rectangle: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends."""
        return self.y + self.height


def cut_marks(xs: Iterable[float], ys: Iterable[float], whole: Box, bleed: float) -> Iterator[tuple[Step, ...]]:
    """Mark every line that is cut, in the margins around the outermost trim: `xs` upright lines, `ys` level ones."""
    gap, length = bleed + CROP_OFF_MM * MM, CROP_MM * MM
    for x in sorted(set(xs)):
        yield polyline([(x, whole.y - gap - length), (x, whole.y - gap)])
        yield polyline([(x, whole.bottom + gap), (x, whole.bottom + gap + length)])
    for y in sorted(set(ys)):
        yield polyline([(whole.x - gap - length, y), (whole.x - gap, y)])
        yield polyline([(whole.right + gap, y), (whole.right + gap + length, y)])


def targets(whole: Box, xs: Iterable[float], ys: Iterable[float]) -> Iterator[tuple[Step, ...]]:
    """Draw registration targets about the middle of each margin, clear of the marks at `xs` and `ys`."""
    off = (MARGIN_MM - 4.2) * MM
    middle_x, middle_y = _clear(whole.x + whole.width / 2, xs), _clear(whole.y + whole.height / 2, ys)
    for x, y in (
        (middle_x, whole.y - off), (middle_x, whole.bottom + off),
        (whole.x - off, middle_y), (whole.right + off, middle_y),
    ):  # fmt: skip
        yield circle(x, y, _TARGET * 0.6)
        yield polyline([(x - _TARGET, y), (x + _TARGET, y)])
        yield polyline([(x, y - _TARGET), (x, y + _TARGET)])


def _clear(middle: float, taken: Iterable[float]) -> float:
    """Step aside from marks that are nearer than 8 mm."""
    return middle - 12 * MM if any(abs(middle - place) < 8 * MM for place in taken) else middle


def colour_bar(whole: Box, xs: Iterable[float]) -> Iterator[tuple[tuple[float, float, float, float], tuple[Step, ...]]]:
    """Give the patches of the colour bar with their inks, in the margin below, right of the middle and of its marks."""
    y = whole.bottom + (MARGIN_MM - 6.7) * MM
    x = whole.x + whole.width / 2 + 5 * MM
    x = max([x, *(place + 5 * MM for place in xs if abs(place - x) < 8 * MM)])
    fits = int((whole.right - x) / _PATCH)
    for i, inks in enumerate(PATCHES[: max(fits, 0)]):
        yield inks, rectangle(x + i * _PATCH, y, _PATCH, _PATCH)


def slug_place(whole: Box) -> tuple[float, float]:
    """Say where the slug line begins: in the margin below, at the left; its baseline."""
    return whole.x, whole.bottom + (MARGIN_MM - 2.4) * MM
