"""Inks as a press prints them: CMYK, black type on top of what lies under it, and never more ink than paper takes.

GWG 2015 checks most of what is decided here: type of black alone, overprinting black, white that knocks out, no rich
black in type, total area coverage.
"""

from dataclasses import dataclass

from certgen.core.errors import TemplateError, Text
from certgen.scene.model import Ink

REGISTRATION = Ink((0.0, 0.0, 0.0), (1.0, 1.0, 1.0, 1.0))  # every plate: for marks alone
OVERPRINT, KNOCKOUT = "GO", "GK"  # names of the graphics states among a page's resources
GRAPHICS_STATES = b"/GO<</Type/ExtGState/OP true/op true/OPM 1>>/GK<</Type/ExtGState/OP false/op false/OPM 0>>"
OVERPRINT_UP_TO = 12.0  # points; larger black type knocks out, or what lies under it would show through
RICH = 0.85  # of black: with other inks beside it, type of this ink fringes when a plate is off by a hair


@dataclass(frozen=True, slots=True)
class PressColours:
    """CMYK for one job. `ink_limit` is the most that the four inks may add up to (3.0 is 300 %).

    `black_only` prints everything on the black plate: what has colour becomes a grey of the same lightness.
    """

    ink_limit: float = 3.0
    black_only: bool = False

    def cmyk(self, ink: Ink) -> tuple[float, float, float, float]:
        """Give the four parts. Raises TemplateError for more ink than the limit."""
        if self.black_only:
            return 0.0, 0.0, 0.0, _black_of(ink)
        total = sum(ink.cmyk)
        if total > self.ink_limit + 1e-9:
            zh = f"总墨量 {total:.0%}，上限 {self.ink_limit:.0%}"
            en = f"{total:.0%} of ink in all, wanted at most {self.ink_limit:.0%}"
            raise TemplateError("press", 0, "ink", Text(zh, en))
        return ink.cmyk

    def fill(self, ink: Ink) -> str:
        """Choose the ink of areas; areas always knock out what is under them."""
        if ink is REGISTRATION:
            return "/All cs 1 scn\n"
        return f"/{KNOCKOUT} gs {_parts(self.cmyk(ink))} k\n"

    def stroke(self, ink: Ink) -> str:
        """Choose the ink of lines."""
        if ink is REGISTRATION:
            return "/All CS 1 SCN\n"
        return f"/{KNOCKOUT} gs {_parts(self.cmyk(ink))} K\n"

    def text(self, ink: Ink, size: float) -> str:
        """Choose the ink of type: small black overprints. Raises TemplateError for type of rich black."""
        parts = self.cmyk(ink)
        if parts[3] >= RICH and any(parts[:3]):
            message = Text("文字用了多色黑", "type in rich black; wanted black alone")
            raise TemplateError("press", 0, "ink", message)
        is_black = parts == (0.0, 0.0, 0.0, 1.0)
        state = OVERPRINT if is_black and size <= OVERPRINT_UP_TO else KNOCKOUT
        return f"/{state} gs {_parts(parts)} k\n"


def _parts(cmyk: tuple[float, ...]) -> str:
    return " ".join([f"{part:.4g}" for part in cmyk])


def _black_of(ink: Ink) -> float:
    """Give the black that is as dark as an ink on a screen; white stays paper, and black stays full."""
    red, green, blue = ink.rgb
    return round(1 - (0.2126 * red + 0.7152 * green + 0.0722 * blue), 3)
