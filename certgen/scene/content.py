"""A sheet → PDF operators (ISO 32000-1, annex A). How an ink is named is the business of a `Colours`."""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeGuard

from certgen.fonts import Chain, Glyph
from certgen.ink import WIDE, Case, line_run
from certgen.scene.model import BLACK, Ink, Mark, Modules, Part, Path, Picture, Sheet, Words


class Colours(Protocol):
    """How inks are written: for a screen, or for a press."""

    def fill(self, ink: Ink) -> str:
        """Choose the ink of areas."""

    def stroke(self, ink: Ink) -> str:
        """Choose the ink of lines."""

    def text(self, ink: Ink, size: float) -> str:
        """Choose the ink of type of a size in points; a press may want to overprint it."""


class ScreenColours:
    """sRGB, by the output intent of the file."""

    def fill(self, ink: Ink) -> str:
        """Choose the ink of areas."""
        return "{:.4g} {:.4g} {:.4g} rg\n".format(*ink.rgb)

    def stroke(self, ink: Ink) -> str:
        """Choose the ink of lines."""
        return "{:.4g} {:.4g} {:.4g} RG\n".format(*ink.rgb)

    def text(self, ink: Ink, size: float) -> str:
        """Choose the ink of type."""
        return self.fill(ink)


class Resources:
    """What the pages of one file share: a case for each face, and the names of pictures and outlines.

    With `outlines`, a maker of chains, type is drawn as paths (转曲) and no font is asked for.
    """

    def __init__(self, case_of: Callable[[str], Case], outlines: Callable[[str], Chain] | None = None) -> None:
        """Take a maker of cases; each is made once."""
        self._case_of, self._cases = case_of, dict[str, Case]()
        self.outlines = outlines
        self.pictures: dict[Modules | Picture, str] = {}
        self.glyphs: dict[Glyph, str] = {}

    def case(self, font: str) -> Case:
        """Give the case of a face."""
        if font not in self._cases:
            self._cases[font] = self._case_of(font)
        return self._cases[font]

    def glyph(self, glyph: Glyph) -> str:
        """Name the outline of a character."""
        return self.glyphs.setdefault(glyph, f"G{len(self.glyphs)}")

    def picture(self, mark: Modules | Picture) -> str:
        """Name a picture; the same picture has one name, wherever it stands."""
        return self.pictures.setdefault(mark, f"X{len(self.pictures)}")


def content(sheet: Sheet, roles: Mapping[int, str], resources: Resources, colours: Colours) -> str:
    """Write the marks of a sheet; parts with a role are marked content, numbered 0, 1, … in the order of the sheet.

    `roles` says the role of each numbered part, and is empty for a file without tags.
    """
    out, mcid = [], 0
    for part in sheet.parts:
        for marks in sequences(part):
            painted = "".join([_mark(mark, sheet.height, resources, colours) for mark in marks])
            # A justified line carries itself as ActualText (14.9.4): readers would see a space between characters that
            # merely stand apart. poppler looks for it in a Span, and loses count of sequences inside one another.
            first = marks[0]
            actual = f"/ActualText<feff{first.line.text.encode('utf-16-be').hex()}>" if _is_spread(first) else ""
            if roles and part.number:
                role = "Span" if actual else roles[part.number]
                out.append(f"/{role}<</MCID {mcid}{actual}>>BDC\n{painted}EMC\n")
                mcid += 1
            elif roles:
                out.append(f"/Artifact BMC\n{painted}EMC\n")
            else:
                out.append(f"/Span<<{actual}>>BDC\n{painted}EMC\n" if actual else painted)
    return "".join(out)


def sequences(part: Part) -> list[tuple[Mark, ...]]:
    """Cut a part into the sequences of marked content that it is written as: a justified line is one by itself."""
    found: list[list[Mark]] = []
    for mark in part.marks:
        if not found or _is_spread(mark) or _is_spread(found[-1][0]):
            found.append([])
        found[-1].append(mark)
    return [tuple(marks) for marks in found]


def _is_spread(mark: Mark) -> TypeGuard[Words]:
    """Say whether readers would see a space where characters merely stand apart."""
    return isinstance(mark, Words) and (
        mark.spread > WIDE * mark.size or any(move > 1000 * WIDE for _, move in mark.line.kerns)
    )


def _mark(mark: Mark, height: float, resources: Resources, colours: Colours) -> str:
    if isinstance(mark, Words):
        if resources.outlines:
            return _outlined(mark, height, resources, resources.outlines(mark.font), colours)
        return words(mark, height, resources.case(mark.font), colours)
    if isinstance(mark, Path):
        return path(mark, height, colours)
    name = resources.picture(mark)
    wide, tall = (mark.size, mark.size) if isinstance(mark, Modules) else (mark.width, mark.height)
    ink = colours.fill(BLACK) if isinstance(mark, Modules) else ""
    return f"q {ink}{wide:.3f} 0 0 {tall:.3f} {mark.x:.3f} {height - mark.y - tall:.3f} cm /{name} Do Q\n"


def words(mark: Words, height: float, case: Case, colours: Colours) -> str:
    """Write one line of type."""
    x = mark.x + mark.line.indent * mark.size / 1000
    run = line_run(mark.line, case, f" {mark.size:g} Tf [<")
    place = f"1 0 0 1 {x:.2f} {height - mark.baseline:.2f} Tm\n"
    spread = f"{mark.spread:.3f} Tc\n" if mark.spread else ""
    return f"BT\n{colours.text(mark.ink, mark.size)}{spread}{place}{run}{'0 Tc' + chr(10) if spread else ''}ET\n"


def _outlined(mark: Words, height: float, resources: Resources, chain: Chain, colours: Colours) -> str:
    """Draw one line of type as paths, character by character."""
    em, moves = mark.size / 1000, dict(mark.line.kerns)
    x, y = mark.x + mark.line.indent * em, height - mark.baseline
    out = [colours.text(mark.ink, mark.size)]
    for i, char in enumerate(mark.line.text):
        glyph = chain[char]
        if glyph.program:
            out.append(f"q {em:.5g} 0 0 {em:.5g} {x:.3f} {y:.3f} cm /{resources.glyph(glyph)} Do Q\n")
        x += (glyph.advance + moves.get(i, 0)) * em + mark.spread
    return "".join(out)


def path(mark: Path, height: float, colours: Colours) -> str:
    """Write a path: its inks, its steps, and how it is painted."""
    out = ["q "] if mark.dash else []
    if mark.fill:
        out.append(colours.fill(mark.fill))
    if mark.stroke:
        dash = f"[{' '.join(f'{length:g}' for length in mark.dash)}]0 d " if mark.dash else ""
        out.append(f"{colours.stroke(mark.stroke)}{dash}{mark.width:g} w\n")
    for name, values in mark.steps:
        turned = [f"{v:.2f}" if i % 2 == 0 else f"{height - v:.2f}" for i, v in enumerate(values)]
        out.append(" ".join([*turned, name]) + "\n")
    out.append({(True, True): "B", (True, False): "f", (False, True): "S", (False, False): "n"}[
        mark.fill is not None, mark.stroke is not None
    ])  # fmt: skip
    out.append(" Q\n" if mark.dash else "\n")
    return "".join(out)
