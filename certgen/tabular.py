"""Tables on a page: rows as high as their tallest cell, flowing over pages with the head repeated.

A row stays on one page unless it is taller than a page; a cell that is too long for a line wraps. Nothing is clipped.
Cells are set one after the other, row by row: that is the order in which they are copied.
"""

from collections.abc import Sequence
from typing import NamedTuple

from certgen import rows
from certgen.core.errors import ApplicationError, Problem, Text
from certgen.fonts import MissingGlyph, Typefaces
from certgen.layout import Column, TableBox, TextBox
from certgen.typeset import EM, SLACK, Fitted, Line, break_lines

NUMBER = "#"  # the column that counts the rows
FEWEST = 3  # lines of a row taller than a page that begin at the foot of one


class Cell(NamedTuple):
    """A cell as the press takes texts: its box, its words, and how they were fitted."""

    box: TextBox
    text: str
    fitted: Fitted


class Area(NamedTuple):
    """What stands of a table on one page: its cells, and the operators of its rules."""

    cells: list[Cell]
    drawn: str


class _Row(NamedTuple):
    texts: tuple[str, ...]
    lines: tuple[tuple[Line, ...], ...]
    height: float


class Flow:
    """A table on its way over the pages of a document; `left` are the rows that have yet to be set."""

    def __init__(self, box: TableBox, value: str, typefaces: Typefaces, label: Text) -> None:
        """Take the canonical JSON of a table."""
        self.name, self.label, self.value, self.typefaces = box.name, label, value, typefaces
        given = enumerate(rows.parse(value), 1)
        self.left = [tuple(str(i) if c.field == NUMBER else row[c.field] for c in box.columns) for i, row in given]

    def fill(self, box: TableBox, later: TableBox | None, page_height: float) -> Area:
        """Set as many rows as the box holds; `later` is where the rest will go.

        Raises ApplicationError naming the field for a character without a glyph, and for rows without room.
        """
        head = self._row(box, tuple(c.title for c in box.columns), head=True)
        cells, y = self._cells(box, head, box.y, head=True), box.y + head.height
        edges, limit = [box.y, y], box.y + box.height * SLACK
        if y > limit:
            raise self.endless()
        while self.left:
            row = self._row(box, self.left[0])
            if y + row.height > limit:
                part = None if self._fits(later, self.left[0]) else self._part(box, row, limit - y, len(edges) == 2)
                if part is None or later is None:
                    break
                row, self.left[0] = part
            else:
                del self.left[0]
            cells += self._cells(box, row, y)
            y += row.height
            edges.append(y)
        if self.left and (later is None or (len(edges) == 2 and later is box)):
            raise self.endless()
        return Area(cells, _rules(box, edges, page_height))

    def endless(self) -> ApplicationError:
        """Refuse a table that has no room."""
        count = len(rows.parse(self.value))
        wanted = Text(f"能排进版面的表格（现有 {count} 行）", f"a table that fits its place ({count} rows found)")
        return ApplicationError((Problem(self.name, self.label, f"{count} × …", wanted),))

    def _fits(self, box: TableBox | None, texts: tuple[str, ...]) -> bool:
        """Say whether a row fits on a page of its own."""
        if box is None:
            return False
        head = self._row(box, tuple(c.title for c in box.columns), head=True)
        return head.height + self._row(box, texts).height <= box.height * SLACK

    def _part(self, box: TableBox, row: _Row, room: float, first: bool) -> tuple[_Row, tuple[str, ...]] | None:
        """Split a row taller than a page: what goes into the room, and the words that are left of each cell."""
        count = 1 + int((room - 2 * box.padding - box.size) / (box.size * box.leading))
        if room < 2 * box.padding + box.size or (count < FEWEST and not first):
            return None
        here = tuple(lines[:count] for lines in row.lines)
        texts = tuple("".join(line.text for line in lines) for lines in here)
        rest = tuple("".join(line.text for line in lines[count:]) for lines in row.lines)
        return _Row(texts, here, _height(box, here)), rest

    def _row(self, box: TableBox, texts: tuple[str, ...], *, head: bool = False) -> _Row:
        advances = self.typefaces.advances(box.head if head else box.font)
        try:
            lines = tuple(
                break_lines(text, advances, int((column.width - 2 * box.padding) * SLACK * EM / box.size), gap=0)
                for column, text in zip(box.columns, texts, strict=True)
            )
        except MissingGlyph as missing:
            raise missing.refusal(self.name, self.label) from missing
        return _Row(texts, lines, _height(box, lines))

    def _cells(self, box: TableBox, row: _Row, y: float, *, head: bool = False) -> list[Cell]:
        cells, x = [], box.x
        for column, text, lines in zip(box.columns, row.texts, row.lines, strict=True):
            if lines:
                place = _place(box, column, x, y, row.height, head=head)
                cells.append(Cell(place, text, Fitted(box.size, lines, "")))
            x += column.width
        return cells


def _height(box: TableBox, lines: Sequence[tuple[Line, ...]]) -> float:
    most = max(1, *map(len, lines))
    return box.size + (most - 1) * box.size * box.leading + 2 * box.padding


def _place(box: TableBox, column: Column, x: float, y: float, height: float, *, head: bool) -> TextBox:
    p = box.padding
    return TextBox(
        box.name, x + p, y + p, column.width - 2 * p, height - 2 * p, box.head if head else box.font, box.size,
        box.size, "wrap", "center" if head else column.align, "middle", box.leading, 0.0, box.color, "", False, False,
        False, box.line,
    )  # fmt: skip


def _rules(box: TableBox, edges: Sequence[float], page_height: float) -> str:
    """Write the lines around rows and columns."""
    if not box.rule:
        return ""
    right = box.x + sum(column.width for column in box.columns)
    red, green, blue = box.color
    out = [f"/Artifact BMC\n{red:g} {green:g} {blue:g} RG {box.rule:.2f} w\n"]
    out += [f"{box.x:.2f} {page_height - y:.2f} m {right:.2f} {page_height - y:.2f} l S\n" for y in edges]
    x, top, bottom = box.x, page_height - edges[0], page_height - edges[-1]
    for width in (*[column.width for column in box.columns], 0.0):
        out.append(f"{x:.2f} {bottom:.2f} m {x:.2f} {top:.2f} l S\n")
        x += width
    return "".join([*out, "EMC\n"])
