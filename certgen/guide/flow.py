"""Text that flows over pages: headings, paragraphs, lists, tables and figures → sheets and tags.

A heading never stands alone at the foot of a page, a row of a table is never cut, a table that goes on repeats its head
(to a reader who cannot see, the head is said once), and a paragraph leaves no single line behind or ahead.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from certgen.fonts import Typefaces
from certgen.guide.look import PALE, RULE, SOFT, TEAL, Look, Voice
from certgen.scene.model import BLACK, WHITE, Ink, Mark, Part, Path, Sheet, Tag, Words
from certgen.scene.shapes import polyline, rectangle
from certgen.typeset import Line, break_lines, measure_line

EM = 1000
_PADDING = 3.2  # points inside a cell
Running = Callable[[int, Look, Typefaces], tuple[Part, ...]]  # what stands on every page: its number from 0


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its title, and its share of the width."""

    title: str
    share: float


@dataclass(slots=True)
class Flow:
    """Sets one text after another; `sheets` and `tags` are what has been set."""

    look: Look
    typefaces: Typefaces
    running: Running
    first_page: int = 0  # of the publication, so that left and right pages are known
    first_part: int = 1
    tags: list[Tag] = field(default_factory=list)
    _pages: list[list[Part]] = field(default_factory=list)
    _y: float = 0.0
    _next: int = 0

    def __post_init__(self) -> None:
        self._next = self.first_part
        self._turn()

    # Pages

    @property
    def page(self) -> int:
        """The number of the page that is being set, from 0, within the publication."""
        return self.first_page + len(self._pages) - 1

    @property
    def next_part(self) -> int:
        """The number that the next part will have."""
        return self._next

    @property
    def y(self) -> float:
        """How far down the page is full."""
        return self._y

    def sheets(self) -> tuple[Sheet, ...]:
        """Finish: every page with what runs through all of them."""
        look = self.look
        done = []
        for at, parts in enumerate(self._pages):
            page = self.first_page + at
            done.append(
                Sheet(look.width, look.height, (*self.running(page, look, self.typefaces), *parts), str(page + 1))
            )
        return tuple(done)

    def turn(self) -> None:
        """Go on on a new page, unless this one is empty."""
        if self._pages[-1]:
            self._turn()

    def _turn(self) -> None:
        self._pages.append([])
        self._y = self.look.top

    def _left(self) -> float:
        return self.look.left(self.page)

    def _room(self) -> float:
        return self.look.height - self.look.bottom - self._y

    def _add(self, marks: Sequence[Mark], number: int = 0) -> None:
        self._pages[-1].append(Part(tuple(marks), number))

    def _number(self) -> int:
        self._next += 1
        return self._next - 1

    # Texts

    def heading(self, text: str, voice: Voice, level: int, needs: float = 0.0, ink: Ink = TEAL) -> Tag:
        """Set a heading; `needs` is how much of what follows must stand on the same page."""
        lines = self._lines(text, voice, self.look.measure())
        tall = voice.before + voice.pitch * len(lines) + voice.after
        if self._room() < tall + needs:
            self.turn()
        if self._pages[-1]:
            self._y += voice.before
        number = self._number()
        self._add(self._set(lines, voice, self._left(), self.look.measure(), ink, justify=False), number)
        self._y += voice.after
        role = {1: "H1", 2: "H2", 3: "H3"}[level]
        return Tag(role, (number,))  # type: ignore[arg-type]

    def paragraph(self, text: str, voice: Voice | None = None, ink: Ink = BLACK, indent: float = 0.0) -> Tag:
        """Set a paragraph; it may go on on the next page, never with a single line before or behind."""
        voice = voice or self.look.body
        lines = self._lines(text, voice, self.look.measure() - indent)
        parts = []
        while lines:
            fits = max(0, int((self._room() + voice.pitch - voice.size) / voice.pitch))
            take = min(fits, len(lines))
            if take < len(lines):
                take -= len(lines) - take == 1  # no widow
                take = 0 if take == 1 else take  # no orphan
            if take <= 0 and self._pages[-1]:
                self._turn()
                continue
            take = max(take, 1)
            number = self._number()
            left = self._left() + indent
            self._add(self._set(lines[:take], voice, left, self.look.measure() - indent, ink), number)
            parts.append(number)
            lines = lines[take:]
        self._y += voice.after
        return Tag("P", tuple(parts))

    def bullets(self, texts: Sequence[str], voice: Voice | None = None, marks: Sequence[str] = ()) -> Tag:
        """Set a list; `marks` are the labels, numbers by default."""
        voice = voice or self.look.body
        advances = self.typefaces.advances(voice.font)
        items = []
        labels = marks or [f"{i}." for i in range(1, len(texts) + 1)]
        indent = max((measure_line(label, advances).width for label in labels), default=0) * voice.size / EM
        indent += voice.size * 0.45
        for label, text in zip(labels, texts, strict=True):
            lines = self._lines(text, voice, self.look.measure() - indent)
            if self._room() < voice.pitch * min(2, len(lines)):
                self.turn()
            before = self._number()
            line = measure_line(label, advances)
            self._add((Words(self._left(), self._y + voice.size * 0.88, line, voice.font, voice.size, SOFT),), before)
            body = self.paragraph(text, voice, indent=indent)
            items.append(Tag("LI", (), (Tag("Lbl", (before,)), Tag("LBody", body.parts))))
        return Tag("L", (), tuple(items))

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Tag:
        """Set a table with ruled rows; the head is set again on each further page, as decoration."""
        look, voice = self.look, self.look.table
        whole = look.measure()
        widths = [whole * column.share / sum(c.share for c in columns) for column in columns]
        head_voice = Voice("hei-bold", voice.size, voice.leading)
        head = [self._lines(c.title, head_voice, w - 2 * _PADDING) for c, w in zip(columns, widths, strict=True)]
        head_tall = self._tall(head, voice)
        body = [
            [self._lines(cell, voice, w - 2 * _PADDING) for cell, w in zip(row, widths, strict=True)] for row in rows
        ]
        if self._room() < head_tall + (self._tall(body[0], voice) if body else 0):
            self.turn()
        numbers = tuple(self._number() for _ in columns)
        self._row(head, head_voice, widths, numbers, WHITE, TEAL)
        tags = [Tag("TR", (), tuple(Tag("TH", (n,), scope="Column") for n in numbers))]
        for i, row in enumerate(body):
            if self._room() < self._tall(row, voice):
                self._turn()
                self._row(head, head_voice, widths, (0,) * len(columns), WHITE, TEAL)
            numbers = tuple(self._number() for _ in columns)
            self._row(row, voice, widths, numbers, BLACK, PALE if i % 2 else None)
            tags.append(Tag("TR", (), tuple(Tag("TD", (n,)) for n in numbers)))
        self._y += look.body.after + 4
        return Tag("Table", (), tuple(tags))

    def _tall(self, cells: Sequence[Sequence[Line]], voice: Voice) -> float:
        return max(len(lines) for lines in cells) * voice.pitch + 2 * _PADDING

    def _row(
        self,
        cells: Sequence[tuple[Line, ...]],
        voice: Voice,
        widths: Sequence[float],
        numbers: Sequence[int],
        ink: Ink,
        ground: Ink | None,
    ) -> None:
        tall, x, top = self._tall(cells, voice), self._left(), self._y
        marks: list[Mark] = []
        if ground:
            marks.append(Path(rectangle(x, top, sum(widths), tall), fill=ground))
        marks.append(Path(polyline([(x, top + tall), (x + sum(widths), top + tall)]), stroke=RULE, width=0.5))
        self._add(marks)
        for lines, width, number in zip(cells, widths, numbers, strict=True):
            self._y = top + _PADDING
            words = self._set(lines, voice, x + _PADDING, width - 2 * _PADDING, ink, justify=False)
            self._add(words, number)
            x += width
        self._y = top + tall

    def figure(self, marks: Sequence[Mark], width: float, height: float, alt: str) -> Tag:
        """Place a drawing of its own size, in the middle; `alt` is what it says to whoever cannot see it."""
        if self._room() < height:
            self.turn()
        x, y = self._left() + (self.look.measure() - width) / 2, self._y
        number = self._number()
        self._add([moved(mark, x, y) for mark in marks], number)
        self._y += height + self.look.body.after
        return Tag("Figure", (number,), alt=alt, area=(x, y, width, height))

    def skip(self, points: float) -> None:
        """Leave room."""
        self._y += points

    def _lines(self, text: str, voice: Voice, measure: float) -> tuple[Line, ...]:
        return break_lines(text, self.typefaces.advances(voice.font), int(measure * EM / voice.size))

    def _set(
        self, lines: Sequence[Line], voice: Voice, left: float, measure: float, ink: Ink, *, justify: bool = True
    ) -> list[Words]:
        set_ = []
        for line in lines:
            count = len(line.text.rstrip())
            room = measure - line.width * voice.size / EM
            # A line that is much too short is left as it is: stretched, it would look like a fence.
            spread = room / (count - 1) if justify and not line.last and count > 1 and room < measure * 0.12 else 0.0
            set_.append(Words(left, self._y + voice.size * 0.88, line, voice.font, voice.size, ink, spread))
            self._y += voice.pitch
        return set_


def moved(mark: Mark, x: float, y: float) -> Mark:
    """Give a mark elsewhere."""
    if isinstance(mark, Words):
        return replace(mark, x=mark.x + x, baseline=mark.baseline + y)
    if isinstance(mark, Path):
        steps = tuple([s._replace(at=tuple([v + (y if i % 2 else x) for i, v in enumerate(s.at)])) for s in mark.steps])
        return replace(mark, steps=steps)
    return replace(mark, x=mark.x + x, y=mark.y + y)
