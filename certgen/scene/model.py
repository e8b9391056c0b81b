"""The nouns of a page that is not a form: marks on sheets, and the tags that say what they are.

Lengths are points (1/72 inch) from the top left of the trimmed sheet, y downwards. A mark may reach into the bleed,
that is to negative places and beyond the sheet; whoever writes a screen PDF cuts it off there.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from certgen.core.errors import Text
from certgen.typeset import Line


@dataclass(frozen=True, slots=True)
class Ink:
    """One colour as a screen shows it and as a press prints it; parts run from 0 to 1."""

    rgb: tuple[float, float, float]
    cmyk: tuple[float, float, float, float]


BLACK = Ink((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
WHITE = Ink((1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.0))
GREY = Ink((0.36, 0.38, 0.38), (0.0, 0.0, 0.0, 0.72))
RED = Ink((0.8, 0.13, 0.1), (0.0, 0.8, 0.8, 0.0))  # GB/T 9704-2012, 5.2.4 as read in a summary: M80 Y80


@dataclass(frozen=True, slots=True)
class Words:
    """One line of type: `x` and `baseline`, a face of `certgen.fonts.VENDORED`, `size` and `spread` in points.

    `spread` follows every character: how a line is justified.
    """

    x: float
    baseline: float
    line: Line
    font: str
    size: float
    ink: Ink = BLACK
    spread: float = 0.0


class Step(NamedTuple):
    """One step of a path: m, l, c or h as in PDF, and its places: x, y, x, y, and so on."""

    op: Literal["m", "l", "c", "h"]
    at: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """A path of moves, lines, curves and closings; filled, stroked or both. `dash` are lengths on and off."""

    steps: tuple[Step, ...]
    fill: Ink | None = None
    stroke: Ink | None = None
    width: float = 0.5
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Modules:
    """A QR code: `rows` of bits padded to bytes, 1 is dark, `count` modules across; printed in black alone."""

    x: float
    y: float
    size: float
    count: int
    rows: bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG; `space` is the colour space that its bytes are in."""

    x: float
    y: float
    width: float
    height: float
    jpeg: bytes
    pixels: tuple[int, int]
    space: Literal["rgb", "cmyk", "grey"]


Mark = Words | Path | Modules | Picture


@dataclass(frozen=True, slots=True)
class Part:
    """Marks that belong together. `number` is its name among all parts of a publication; 0 is decoration.

    Parts stand on a sheet in the order in which they are painted, and a reader hears them in the order of the tags.
    """

    marks: tuple[Mark, ...]
    number: int = 0

    @property
    def text(self) -> str:
        """Give the words, as somebody would copy them."""
        return "".join([mark.line.text for mark in self.marks if isinstance(mark, Words)])


@dataclass(frozen=True, slots=True)
class Link:
    """A place to press: on sheet `sheet` (from 0) the rectangle left, top, width, height.

    It leads to a web address, or to the top of another sheet.
    """

    sheet: int
    area: tuple[float, float, float, float]
    says: str
    address: str = ""
    to_sheet: int = 0


Role = Literal[
    "Document", "Part", "Sect", "H1", "H2", "H3", "P", "L", "LI", "Lbl", "LBody", "Table", "TR", "TH", "TD",
    "Figure", "Caption", "TOC", "TOCI", "Link", "Note", "Form", "Span",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tag:
    """What some parts are (ISO 32000-1, 14.8.4): a role, the parts themselves, then the tags inside.

    A Figure needs `alt`, and `area` (left, top, width, height on the sheet of its first part); a TH needs `scope`.
    """

    role: Role
    parts: tuple[int, ...] = ()
    children: tuple["Tag", ...] = ()
    alt: str = ""
    scope: Literal["", "Row", "Column"] = ""
    spans: tuple[int, int] = (1, 1)  # rows, columns of a cell
    area: tuple[float, float, float, float] | None = None
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A line of the outline: leads to a sheet (from 0), at `top` points from its top."""

    title: str
    sheet: int
    top: float = 0.0
    children: tuple["Bookmark", ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page, trimmed; `label` is the page number printed on it, "" for none."""

    width: float
    height: float
    parts: tuple[Part, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Publication:
    """Sheets in order, what they mean, and how to find one's way. The title is shown by readers instead of the file."""

    title: Text
    sheets: tuple[Sheet, ...]
    tags: tuple[Tag, ...]
    bookmarks: tuple[Bookmark, ...] = ()
    language: str = "zh-CN"
