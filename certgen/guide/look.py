"""How guides look: page, margins, type. Lengths in points; every look has the same voices in other sizes."""

from dataclasses import dataclass

from certgen.scene.model import Ink

MM = 72 / 25.4
TEAL = Ink((0.12, 0.29, 0.27), (0.75, 0.3, 0.5, 0.5))
PALE = Ink((0.925, 0.948, 0.94), (0.06, 0.0, 0.04, 0.02))
RULE = Ink((0.68, 0.74, 0.72), (0.0, 0.0, 0.0, 0.34))
SOFT = Ink((0.33, 0.37, 0.36), (0.0, 0.0, 0.0, 0.74))


@dataclass(frozen=True, slots=True)
class Voice:
    """A kind of text: face, size, leading as a factor of the size, room before and after in points."""

    font: str
    size: float
    leading: float
    before: float = 0.0
    after: float = 0.0

    @property
    def pitch(self) -> float:
        """Give the distance of two baselines."""
        return self.size * self.leading


@dataclass(frozen=True, slots=True)
class Look:
    """A page and its voices. `inner` is the margin at the spine, `outer` the other one."""

    width: float
    height: float
    top: float
    bottom: float
    inner: float
    outer: float
    title: Voice
    heading: Voice
    body: Voice
    small: Voice
    table: Voice
    double_sided: bool = False

    @property
    def draws_charts(self) -> bool:
        """Say whether a flowchart is drawn: in large print its type would be small, and its steps stand as a list."""
        return self.body.size < 14

    def measure(self) -> float:
        """Give the width of the type area."""
        return self.width - self.inner - self.outer

    def left(self, page: int) -> float:
        """Say where the type area begins on a page (from 0); the spine of a right-hand page is at its left."""
        return self.inner if not self.double_sided or page % 2 == 0 else self.outer


def _look(millimetres: tuple[float, ...], voices: tuple[Voice, Voice, Voice, Voice, Voice], double_sided: bool) -> Look:
    width, height, top, bottom, inner, outer = (length * MM for length in millimetres)
    title, heading, body, small, table = voices
    return Look(width, height, top, bottom, inner, outer, title, heading, body, small, table, double_sided)


def _voices(body: float) -> tuple[Voice, Voice, Voice, Voice, Voice]:
    return (
        Voice("hei-bold", body * 1.75, 1.35, 0, body * 0.9),
        Voice("hei-bold", body * 1.12, 1.45, body * 1.0, body * 0.3),
        Voice("song", body, 1.65, 0, body * 0.25),
        Voice("hei", body * 0.82, 1.5),
        Voice("song", body * 0.92, 1.5),
    )


_LARGE = (
    Voice("hei-bold", 28, 1.35, 0, 16),
    Voice("hei-bold", 21, 1.45, 18, 6),
    Voice("hei", 18, 1.6, 0, 6),
    Voice("hei", 18, 1.5),
    Voice("hei", 18, 1.45),
)
BOOKLET = _look((148, 210, 19, 17, 17, 14), _voices(9.5), double_sided=True)
SHEET = _look((210, 297, 24, 20, 24, 24), _voices(11.0), double_sided=False)
LARGE = _look((210, 297, 22, 20, 20, 20), _LARGE, double_sided=False)  # nothing below 18 pt
LOOKS = {"booklet": BOOKLET, "sheet": SHEET, "large": LARGE}
