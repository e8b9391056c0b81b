r"""Text into lines, the Chinese way, and lines into boxes.

Lengths inside a line are thousandths of an em, those of a box are points. Where a line may end is said in
`certgen.core.clreq`. No fonts here: `advance` says how wide a character is, and raises KeyError (or has
`__missing__`) for one it does not know; it is never asked about "\n".
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Literal, NamedTuple

from certgen.core import clreq

Mode = Literal["shrink", "wrap", "continue"]
Advance = Mapping[str, int]

EM = 1000
HALF = 500  # the blank half of a full-width mark
GAP = 250  # between 汉字 and Latin; CLREQ: a quarter of an em
STEP_PT = 0.5  # how much smaller `wrap` tries next
SLACK = 1 + 1e-6  # boxes come from mm, so that equal lengths differ in the last bits

_OPENING = frozenset(clreq.FULL_OPENING)
_CLOSING = frozenset(clreq.FULL_CLOSING)
_SPACES = frozenset(clreq.SPACES)
_MARKS = clreq.FULL_OPENING + clreq.FULL_CLOSING
_simple = clreq.SIMPLE.fullmatch


class Overflow(ValueError):  # noqa: N818 - the printer's word
    """Text that fits its box at no permitted size; whoever knows the field names it."""


class Line(NamedTuple):
    """One line of type, in thousandths of an em.

    `kerns` are pairs (i, k): after character i move on by k more, negative is closer. `indent` (<= 0) moves
    the start to the left, where an opening mark is blank. `width` counts both, but neither the spaces at the
    end nor the blank half of a closing mark there. `text` keeps those spaces, for whoever extracts it.
    `last` tells the end of a paragraph, which is not to be justified.
    """

    text: str
    kerns: tuple[tuple[int, int], ...]
    indent: int
    width: int
    last: bool = True


class Fitted(NamedTuple):
    """Lines at a `size` in points that fit their box; `rest` is to be set elsewhere, "" when there is none."""

    size: float
    lines: tuple[Line, ...]
    rest: str


def is_simple(text: str) -> bool:
    """Say quickly that `text` is one line as wide as the sum of its characters; False means "perhaps not"."""
    return _simple(text) is not None


def measure_line(text: str, advance: Advance, gap: int = GAP) -> Line:
    """Set `text` as one line of whatever length; `gap` as in `fit`."""
    if _simple(text):
        return Line(text, (), 0, sum(map(advance.__getitem__, text)))
    return _whole(text, list(map(advance.__getitem__, text)), gap)


def break_lines(text: str, advance: Advance, measure: int, gap: int = GAP) -> tuple[Line, ...]:
    r"""Break `text` into lines no wider than `measure`; "\n" begins a new one.

    Joined, the lines give back the text but for "\n". A word or number is cut only when it is wider than
    the measure, and a rule of punctuation is broken only when nothing else is left. Raises ValueError when
    the measure is narrower than a character.
    """
    return tuple(line for p in _paragraphs(text, advance, 0, gap) for line in p.lines(p.cuts(measure)))


def fit(
    text: str,
    advance: Advance,
    *,
    width: float,
    height: float,
    size: float,
    floor: float,
    leading: float,
    tracking: float = 0.0,
    mode: Mode,
    reserve_lines: int = 0,
    gap: int = GAP,
) -> Fitted:
    """Set `text` in a box of `width` by `height` points, at `size` if possible and never below `floor`.

    `leading` is a factor of the size; `tracking`, in em, follows every character but a line's last and is
    not counted in `Line.width`. The first line needs `size`, each further one `size * leading`. `gap` is what stands
    between 汉字 and Latin, in thousandths of an em: readers of PDF take more than 100 for a space, so a text that
    must copy back exactly wants 0.

    * shrink: each paragraph on one line, shrunk to what is needed, to 0.1 pt; else wrapped at `floor`.
    * wrap: as many lines as it takes, by steps of 0.5 pt down to `floor`. A word is not cut if a smaller
      size can hold it.
    * continue: as wrap; else the box is filled at `floor` but for `reserve_lines`, and the remainder is `rest`.

    Raises Overflow.
    """
    if not text:
        return Fitted(size, (), "")
    # The usual value: a few characters that fit as they are, measured once, whether they do or not.
    one_line = height * SLACK >= size and "\n" not in text
    if one_line and _simple(text):
        line = Line(text, (), 0, sum(map(advance.__getitem__, text)))
        if (line.width + EM * tracking * (len(text) - 1)) * size <= width * EM * SLACK:
            return Fitted(size, (line,), "")
        one_line = False
    paragraphs = _paragraphs(text, advance, round(EM * tracking), gap)
    if one_line:
        line = paragraphs[0].whole()
        if (line.width + EM * tracking * (len(text) - 1)) * size <= width * EM * SLACK:
            return Fitted(size, (line,), "")
    floor = min(floor, size)
    box = _Box(text, width * SLACK, height * SLACK, leading, paragraphs)
    if mode == "shrink":
        fitted = box.shrunk(size, floor) or box.wrapped((floor,))
    else:
        fitted = box.wrapped(_sizes(size, floor))
        if fitted is None and mode == "continue":
            fitted = box.filled(floor, reserve_lines)
    if fitted is None:
        raise Overflow(text)
    return fitted


def _whole(text: str, widths: list[int], gap: int) -> Line:
    """Set a text of known widths as one line."""
    end = len(text.rstrip(clreq.SPACES))
    if not end:
        return Line(text, (), 0, 0)
    kerns = tuple(_moves(text, widths, gap))
    width = sum(widths) if end == len(text) else sum(widths[:end])
    for _, move in kerns:
        width += move
    if widths[end - 1] == EM and text[end - 1] in _CLOSING:
        width -= HALF
    indent = -HALF if widths[0] == EM and text[0] in _OPENING else 0
    return Line(text, kerns, indent, width + indent)


def _moves(text: str, widths: list[int], gap: int) -> list[tuple[int, int]]:
    """Find what to add after which character: squeezed marks and gaps beside Latin."""
    moves = []
    for match in clreq.SQUEEZED.finditer(text):
        i = match.start()
        if widths[i] == widths[i + 1] == EM:  # a mark of a proportional font has no blank half to give
            moves.append((i, -HALF))
    if not gap:
        return moves
    squeezed = len(moves)
    is_han = clreq.HAN.match
    for match in clreq.LATIN_RUN.finditer(text):
        start, end = match.span()
        if start and is_han(text, start - 1):
            moves.append((start - 1, gap))
        if is_han(text, end):
            moves.append((end - 1, gap))
    if squeezed:
        moves.sort()
    return moves


def _paragraphs(text: str, advance: Advance, track: int, gap: int) -> "list[_Paragraph]":
    return [_Paragraph(part, advance, track, gap) for part in text.split("\n")] if text else []


@lru_cache(maxsize=256)  # a layout has a few dozen pairs
def _sizes(size: float, floor: float) -> tuple[float, ...]:
    steps = int((size - floor) / STEP_PT)
    sizes = [round(size - STEP_PT * step, 3) for step in range(steps + 1)]
    return tuple(sizes) if sizes[-1] <= floor else (*sizes, floor)


class _Paragraph:
    r"""Text without "\n", measured once and broken for as many measures as need be.

    `begins[i]` is where character i would stand on one endless line, tracking included. A list of cuts
    holds the positions where lines begin, and last where the last one ends.
    """

    __slots__ = ("begins", "gap", "ink", "moves", "text", "track", "widths")

    def __init__(self, text: str, advance: Advance, track: int, gap: int) -> None:
        self.text, self.track, self.gap = text, track, gap
        self.ink = len(text.rstrip(clreq.SPACES))
        self.widths = pitches = list(map(advance.__getitem__, text))
        self.moves = _moves(text, pitches, gap)
        if track:
            pitches = [width + track for width in pitches]
        elif self.moves:
            pitches = pitches.copy()
        for i, move in self.moves:
            pitches[i] += move
        self.begins = list(accumulate(pitches, initial=0))

    def whole(self) -> Line:
        """Make one line of all of it."""
        return next(self.lines([0, len(self.text)]))

    def lines(self, cuts: list[int]) -> Iterator[Line]:
        """Make the lines between `cuts`."""
        text, moves, length = self.text, self.moves, len(self.text)
        used, count = 0, len(moves)
        for start, stop in pairwise(cuts):
            first = used
            while used < count and moves[used][0] < stop:
                used += 1
            end = self._ink_end(start, stop)
            if end == start:
                yield Line(text[start:stop], (), 0, 0, stop == length)
                continue
            # What follows the last character is not part of the line.
            kerns = tuple([(i - start, move) for i, move in moves[first:used] if i < end - 1]) if used > first else ()
            indent = self._indent(start)
            width = self._reach(end) - self.begins[start] - self.track * (end - 1 - start) + indent
            yield Line(text[start:stop], kerns, indent, width, stop == length)

    def cuts(self, measure: int, most: int | None = None, *, whole_words: bool = False) -> list[int]:
        """Fill lines of at most `measure`, greedily; stop unfinished after `most` lines.

        Raises ValueError when a character is wider than the measure; with `whole_words`, also when a word is.
        """
        cuts, forced = [0], False
        while cuts[-1] < self.ink and (most is None or len(cuts) <= most):
            cut = self._cut(cuts[-1], measure)
            if not cut:
                if whole_words:
                    raise ValueError(f"a measure of {measure} would cut a word")
                cut, forced = self._forced_cut(cuts[-1], measure), True
            cuts.append(cut)
        if cuts[-1] >= self.ink:
            cuts[max(1, len(cuts) - 1) :] = [len(self.text)]  # the spaces at the end go with the last line
            if len(cuts) > 2:
                self._feed_last_line(cuts, measure, forced)
        return cuts

    def _cut(self, start: int, measure: int) -> int:
        """Find the furthest place to end a line that begins at `start`; 0 when there is none."""
        limit = self.begins[start] + measure - self._indent(start)
        for end in range(self._furthest(start, limit), start, -1):
            if self._reach(end) <= limit:
                if end == self.ink:
                    return end
                cut = clreq.next_line(self.text, end)
                if cut:
                    return cut
        return 0

    def _forced_cut(self, start: int, measure: int) -> int:
        """Cut where no break is legal: inside a word if that leaves punctuation in place, else anywhere."""
        limit = self.begins[start] + measure - self._indent(start)
        fitting = [end for end in range(self._furthest(start, limit), start, -1) if self._reach(end) <= limit]
        if not fitting:
            raise ValueError(f"a measure of {measure} is narrower than {self.text[start]!r}")
        return next((end for end in fitting if clreq.is_inside_word(self.text, end)), fitting[0])

    def _furthest(self, start: int, limit: int) -> int:
        # The next line may begin beyond the limit: the blank half of the last mark and the tracking go.
        return bisect_right(self.begins, limit + HALF + self.track, start + 1, self.ink + 1) - 1

    def _feed_last_line(self, cuts: list[int], measure: int, forced: bool) -> None:
        """Give a last line of a single character, marks aside, company from the line before."""
        before, start, text = cuts[-3], cuts[-2], self.text
        if self.ink - start > 4 or len(text[start : self.ink].strip(_MARKS)) > 1:
            return
        for end in range(start - 1, (before + start - 1) // 2, -1):
            cut = clreq.next_line(text, end) or (end if forced and clreq.is_inside_word(text, end) else 0)
            if before < cut < start:
                if self._reach(self.ink) - self.begins[cut] + self._indent(cut) <= measure:
                    cuts[-2] = cut
                return

    def _ink_end(self, start: int, stop: int) -> int:
        while stop > start and self.text[stop - 1] in _SPACES:
            stop -= 1
        return stop

    def _reach(self, end: int) -> int:
        """Say how far the text before `end` reaches, without the blank half of a closing mark."""
        width = self.widths[end - 1]
        if width == EM and self.text[end - 1] in _CLOSING:
            width = HALF
        return self.begins[end - 1] + width

    def _indent(self, start: int) -> int:
        return -HALF if self.widths[start] == EM and self.text[start] in _OPENING else 0


@dataclass(frozen=True, slots=True)
class _Box:
    """A text and the box it must go into, in points."""

    text: str
    width: float
    height: float
    leading: float
    paragraphs: list[_Paragraph]

    def shrunk(self, size: float, floor: float) -> Fitted | None:
        """Set each paragraph on one line, between `floor` and `size`."""
        lines = tuple(_whole(p.text, p.widths, p.gap) for p in self.paragraphs)
        tall = 1 + (len(lines) - 1) * self.leading
        wide = max((_tracked(line, p) for line, p in zip(lines, self.paragraphs, strict=True)), default=0)
        most = min(self.height / tall, self.width * EM / max(wide, 1))
        if most < floor:
            return None
        return Fitted(min(size, max(floor, int(most * 10) / 10)) if most < size else size, lines, "")

    def wrapped(self, sizes: Iterable[float]) -> Fitted | None:
        """Set all of the text at the first of `sizes` that can, rather without cutting a word."""
        for whole_words in (True, False):
            for size in sizes:
                lines = self._all_lines(size, whole_words)
                if lines is not None:
                    return Fitted(size, lines, "")
        return None

    def filled(self, size: float, reserve: int) -> Fitted | None:
        """Set as much as the box holds above `reserve` empty lines."""
        room = self._room(size) - reserve
        if room < 0:
            return None
        lines: list[Line] = []
        done = 0
        for p in self.paragraphs:
            left = room - len(lines)
            try:
                # One line more than there is room for: a paragraph that ends there must not end on one character.
                cuts = p.cuts(self._measure(size), left + 1)[: left + 1]
            except ValueError:
                return None
            lines += p.lines(cuts)
            done += cuts[-1]
            if cuts[-1] < len(p.text) or len(cuts) == 1:
                break
            done += 1
        return Fitted(size, tuple(lines), self.text[done:])

    def _all_lines(self, size: float, whole_words: bool) -> tuple[Line, ...] | None:
        room, measure = self._room(size), self._measure(size)
        lines: list[Line] = []
        for p in self.paragraphs:
            try:
                cuts = p.cuts(measure, room - len(lines) + 1, whole_words=whole_words)
            except ValueError:
                return None
            lines += p.lines(cuts)
            if len(lines) > room:
                return None
        return tuple(lines)

    def _measure(self, size: float) -> int:
        return int(self.width * EM / size)

    def _room(self, size: float) -> int:
        """Count the lines of `size` that the height holds."""
        return 0 if self.height < size else 1 + int((self.height - size) / (size * self.leading))


def _tracked(line: Line, paragraph: _Paragraph) -> int:
    return line.width + paragraph.track * max(0, paragraph.ink - 1)
