"""A chart as marks on sheets, in the symbols of GB/T 1526-1989, and as a list to be read aloud.

What keeps labels free: a label stands beside the port that its line leaves by, in a strip of the cell that holds no
track. So no line but its own comes near it, and two labels never share a strip: a port has one line.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from certgen.core.errors import Text
from certgen.fonts import Typefaces
from certgen.guide.chart.place import Edge, Port, place
from certgen.guide.chart.route import Vertex, route, used
from certgen.guide.chart.steps import Chart, Exit
from certgen.guide.chart.steps import Step as Task
from certgen.scene.model import BLACK, WHITE, Ink, Mark, Path, Step, Words
from certgen.scene.shapes import circle, polyline, rectangle
from certgen.typeset import Line, break_lines, measure_line

TEAL = Ink((0.12, 0.29, 0.27), (0.75, 0.3, 0.5, 0.5))
MIST = Ink((0.955, 0.967, 0.962), (0.03, 0.0, 0.02, 0.02))
AMBER = Ink((1.0, 0.965, 0.87), (0.0, 0.03, 0.14, 0.0))
LINE = Ink((0.25, 0.31, 0.3), (0.0, 0.0, 0.0, 0.78))
SOFT = Ink((0.72, 0.77, 0.75), (0.0, 0.0, 0.0, 0.3))
RUST = Ink((0.63, 0.2, 0.08), (0.0, 0.0, 0.0, 0.85))
_SIZE, _SMALL, _LEADING = 9.0, 8.0, 12.0  # points, before the chart is scaled to its room
_WIDTHS = (98.0, 84.0, 72.0, 64.0)  # of a step: the widest with which the chart keeps its size
_LEAST_TALL = 30.0
_TRACK, _MARGIN, _HEAD, _STUB = 9.0, 7.0, 24.0, 11.0
_ARROW = 6.0
_FONT, _BOLD = "hei", "hei-bold"
_GOOD_SCALE = 0.86  # type of 7.7 pt
_LEAST_SCALE = 0.62  # type of 5.6 pt; smaller is not read by those whom the guide is for


@dataclass(frozen=True, slots=True)
class Drawn:
    """One sheet of a chart: its size in points, its marks, and where steps and labels stand (for whoever checks)."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    steps: Mapping[str, tuple[float, float, float, float]]  # left, top, width, height
    labels: tuple[tuple[float, float, float, float], ...]
    lines: tuple[tuple[str, str, tuple[tuple[float, float], ...]], ...]  # source, target, corners


def draw(chart: Chart, typefaces: Typefaces, width: float, height: float) -> list[Drawn]:
    """Draw a chart without faults on sheets of at most `width` by `height` points: as many as it needs."""
    for wide in _WIDTHS:
        whole = _Sheet(chart, {}, typefaces, wide)
        if width / whole.width >= _GOOD_SCALE:
            break
    sheets = [_Sheet(part, rows, typefaces, wide) for part, rows in _parts(whole, width, height)]
    scale = min(1.0, *(width / sheet.width for sheet in sheets), *(height / sheet.height for sheet in sheets))
    return [sheet.drawn(scale) for sheet in sheets]


def narrate(chart: Chart) -> list[Text]:
    """Say every step as a sentence, in the order of the rows; exits name the number of the step they lead to."""
    cells = place(chart).cells
    order = sorted(chart.steps, key=lambda step: (cells[step.id][1], cells[step.id][0]))
    number = {step.id: i for i, step in enumerate(order, 1)}

    def ways(step: Task) -> Text:
        if step.shape != "decision":
            return Text(
                "".join(f"→第{number[w.to]}步" for w in step.exits), "".join(f" → {number[w.to]}" for w in step.exits)
            )
        zh = "；".join(f"{way.label}→第{number[way.to]}步" for way in step.exits)
        return Text(f"：{zh}", "; ".join(f" {way.label} → {number[way.to]}" for way in step.exits))

    said = []
    for step in order:
        days, then = f"（{step.days}个工作日）" if step.days else "", ways(step)
        zh = f"第{number[step.id]}步（{step.lane}）{step.title}{days}{then.zh}"
        said.append(Text(zh, f"{number[step.id]}. [{step.lane}] {step.title}{then.en}"))
    return said


def _parts(whole: "_Sheet", width: float, height: float) -> Iterator[tuple[Chart, Mapping[str, int]]]:
    """Cut a chart that is too tall into sheets: a line to another sheet ends and begins in a lettered circle."""
    chart, scale = whole.chart, min(1.0, width / whole.width)
    if height / whole.height >= min(scale, _LEAST_SCALE):
        yield chart, {}
        return
    rows, row_of = whole.placed.rows, {step: row for step, (_, row) in whole.placed.cells.items()}
    for count in range(2, rows + 1):
        cuts = [round(rows * i / count) for i in range(count + 1)]
        sheet_of = {step: bisect_right(cuts, row) - 1 for step, row in row_of.items()}
        parts = [_cut(chart, row_of, sheet_of, at, low) for at, low in enumerate(cuts[:-1])]
        tallest = max(_Sheet(part, at_least, whole.typefaces, whole.wide).height for part, at_least in parts)
        if height / tallest >= min(scale, _LEAST_SCALE):
            yield from parts
            return
    yield chart, {}  # one row alone is too tall: let it be small


def _cut(
    chart: Chart, row_of: Mapping[str, int], sheet_of: Mapping[str, int], at: int, low: int
) -> tuple[Chart, Mapping[str, int]]:
    """Take the steps of a sheet, with circles where lines come from or go to other sheets."""
    known = chart.by_id()
    afar = [w.to for step in chart.steps for w in step.exits if sheet_of[step.id] != sheet_of[w.to]]
    letter = {target: _letter(i) for i, target in enumerate(dict.fromkeys(afar))}
    here = [step for step in chart.steps if sheet_of[step.id] == at]
    coming = [target for target in letter if sheet_of[target] == at]
    steps = [
        Task(f"in {target}", known[target].lane, letter[target], "connector", (Exit(target),)) for target in coming
    ]
    going: list[Task] = []
    for step in here:
        exits = []
        for way in step.exits:
            if sheet_of[way.to] == at:
                exits.append(way)
                continue
            name = f"out {step.id} {way.to}"
            going.append(Task(name, step.lane, letter[way.to], "connector"))
            exits.append(replace(way, to=name))
        steps.append(replace(step, exits=tuple(exits)))
    at_least = {step.id: row_of[step.id] - low + bool(coming) for step in here}
    return Chart(chart.title, chart.lanes, (*steps, *going)), at_least


def _letter(index: int) -> str:
    return chr(65 + index % 26) + (str(index // 26) if index >= 26 else "")


class _Sheet:
    """One chart laid out in its natural size."""

    def __init__(self, chart: Chart, at_least: Mapping[str, int], typefaces: Typefaces, wide: float) -> None:
        self.chart, self.typefaces, self.wide = chart, typefaces, wide
        self.known = chart.by_id()
        self.placed = place(chart, at_least)
        self.routed = route(self.placed, len(chart.lanes))
        self.texts = {step.id: self._set(step) for step in chart.steps}
        self.tags = {edge: self._label(edge.label) for edge in self.placed.edges if edge.label}
        self.xs, self.lane_edges = self._columns()
        self.ys, bottom = self._rows()
        self.width, self.height = self.lane_edges[-1], bottom

    def _set(self, step: Task) -> tuple[tuple[Line, ...], float, float]:
        """Break a title into lines; gives them with the width and height of the symbol."""
        advances = self.typefaces.advances(_FONT)
        if step.shape == "connector":
            return (measure_line(step.title, advances),), 22.0, 22.0
        if step.shape == "decision":
            best: tuple[float, tuple[Line, ...]] | None = None
            for em in range(12, 4, -1):
                lines = break_lines(step.title, advances, em * 1000)
                wide = max(line.width for line in lines) * _SIZE / 1000
                wide = max(wide, 46.0) if step.days else wide
                # A box fits a diamond when w / W + h / H is at most 1.
                tall = (len(lines) * _LEADING + (11 if step.days else 0)) / max(0.06, 1 - (wide + 4) / (self.wide + 12))
                if best is None or tall < best[0] - 0.5:
                    best = tall, lines
            assert best is not None  # noqa: S101 - the loop ran
            return best[1], self.wide + 12, max(best[0], 40.0)
        inner = self.wide - (22 if step.shape in ("start", "end", "subprocess") else 14)
        lines = break_lines(step.title, advances, int(inner * 1000 / _SIZE))
        tall = len(lines) * _LEADING + (11 if step.days else 0) + (16 if step.shape == "document" else 11)
        return lines, self.wide, max(tall, _LEAST_TALL)

    def _label(self, label: str) -> tuple[tuple[Line, ...], float, float]:
        advances = self.typefaces.advances(_FONT)
        lines = break_lines(label, advances, 6000)
        return lines, max(line.width for line in lines) * _SMALL / 1000, len(lines) * (_SMALL + 1.5)

    def _columns(self) -> tuple[list[float], list[float]]:
        """Give the x of every column of the grid, and the borders of the lanes."""
        tracks, busy = self.routed.tracks, used(self.routed.ways, 0)
        at, xs, borders = 0.0, list[float](), [0.0]
        for lane in range(len(self.chart.lanes) + 1):
            first = lane * (tracks + 1)
            taken = [c for c in range(first, first + tracks) if c in busy]
            # The border of the lanes is in the middle of the gap: an odd number of lines leaves one place free there.
            places = len(taken) + len(taken) % 2
            room = _MARGIN * 2 + _TRACK * max(places - 1, 1)
            spots = {c: at + _MARGIN + _TRACK * i for i, c in enumerate(taken)}
            xs += [spots.get(c, at + room / 2) for c in range(first, first + tracks)]
            if 0 < lane < len(self.chart.lanes):
                borders.append(at + room / 2)
            at += room
            if lane < len(self.chart.lanes):
                wide = max(
                    (self.texts[s][1] for s, cell in self.placed.cells.items() if cell[0] == lane), default=self.wide
                )
                left, right = self._strip(lane, "left", wide), self._strip(lane, "right", wide)
                xs.append(at + left + wide / 2)
                at += left + wide + right
        return xs, [*borders, at]

    def _strip(self, lane: int, port: Port, wide: float) -> float:
        """Say how much room the labels at one side of a lane need beside its widest step."""
        need = [
            self.texts[edge.source][1] / 2 + size[1] + 5 - wide / 2
            for edge, size in self.tags.items()
            if edge.port == port and self.placed.cells[edge.source][0] == lane
        ]
        return max([_MARGIN, *need])

    def _rows(self) -> tuple[list[float], float]:
        """Give the y of every row of the grid, and the bottom of the sheet."""
        tracks, busy = self.routed.tracks, used(self.routed.ways, 1)
        at, ys = _HEAD, list[float]()
        for row in range(self.placed.rows + 1):
            first = row * (tracks + 1)
            taken = [r for r in range(first, first + tracks) if r in busy]
            room = _STUB * 2 + _TRACK * max(len(taken) - 1, 0)
            spots = {r: at + _STUB + _TRACK * i for i, r in enumerate(taken)}
            ys += [spots.get(r, at + room / 2) for r in range(first, first + tracks)]
            at += room
            if row < self.placed.rows:
                above, below = self._extent(row)
                ys.append(at + above)
                at += above + below
        return ys, at

    def _extent(self, row: int) -> tuple[float, float]:
        """Say how far a row reaches above and below its middle: its steps, and labels at their sides and feet."""
        here = [step for step, (_, r) in self.placed.cells.items() if r == row]
        above = max((self.texts[step][2] / 2 for step in here), default=_LEAST_TALL / 2)
        below = above
        for edge, (_, _, tall) in self.tags.items():
            if self.placed.cells[edge.source][1] == row:
                if edge.port == "bottom":
                    below = max(below, self.texts[edge.source][2] / 2 + tall + 4)
                else:
                    above = max(above, tall + 5)
        return above, below

    def drawn(self, scale: float) -> Drawn:
        """Draw it, scaled."""
        boxes = {step.id: self._box(step.id) for step in self.chart.steps}
        labels = {edge: self._label_place(edge) for edge in self.tags}
        lines = [(e, self._corners(e, way)) for e, way in zip(self.placed.edges, self.routed.ways, strict=True)]
        marks = [*self._lanes(), *(mark for edge, points in lines for mark in _arrow(points))]
        for step in self.chart.steps:
            marks += self._symbol(step, boxes[step.id])
        for edge, place_ in labels.items():
            marks += self._words(self.tags[edge][0], place_, _SMALL, _SMALL + 1.5, RUST, _side(edge))
        return Drawn(
            self.width * scale,
            self.height * scale,
            tuple([_scaled(mark, scale) for mark in marks]),
            {step: _times(box, scale) for step, box in boxes.items()},
            tuple([_times(place_, scale) for place_ in labels.values()]),
            tuple((e.source, e.target, tuple((x * scale, y * scale) for x, y in p)) for e, p in lines),
        )

    def _box(self, step: str) -> tuple[float, float, float, float]:
        _, wide, tall = self.texts[step]
        lane, row = self.placed.cells[step]
        x, y = self._point(self._vertex(lane, row))
        return x - wide / 2, y - tall / 2, wide, tall

    def _vertex(self, lane: int, row: int) -> Vertex:
        tracks = self.routed.tracks
        return lane * (tracks + 1) + tracks, row * (tracks + 1) + tracks

    def _point(self, vertex: Vertex) -> tuple[float, float]:
        return self.xs[vertex[0]], self.ys[vertex[1]]

    def _corners(self, edge: Edge, way: Sequence[Vertex]) -> list[tuple[float, float]]:
        """Give the corners of a line, its ends moved from the middles of the symbols to their outlines."""
        points = [self._point(vertex) for vertex in way]
        points[0] = _to_outline(points[0], points[1], self._box(edge.source))
        points[-1] = _to_outline(points[-1], points[-2], self._box(edge.target))
        return points

    def _label_place(self, edge: Edge) -> tuple[float, float, float, float]:
        left, top, wide, tall = self._box(edge.source)
        _, w, h = self.tags[edge]
        if edge.port == "bottom":
            return left + wide / 2 + 3.5, top + tall + 1.5, w, h
        y = top + tall / 2 - h - 2
        return (left - w - 2, y, w, h) if edge.port == "left" else (left + wide + 2, y, w, h)

    def _lanes(self) -> Iterator[Mark]:
        edges = self.lane_edges
        for i, lane in enumerate(self.chart.lanes):
            x, wide = edges[i], edges[i + 1] - edges[i]
            if i % 2 == 0:
                yield Path(rectangle(x, _HEAD, wide, self.height - _HEAD), fill=MIST)
            yield Path(rectangle(x, 0, wide, _HEAD), fill=TEAL)
            line = measure_line(lane, self.typefaces.advances(_BOLD))
            size = min(10.5, (wide - 6) * 1000 / max(line.width, 1))
            yield Words(x + (wide - line.width * size / 1000) / 2, _HEAD / 2 + size * 0.37, line, _BOLD, size, WHITE)
        for x in edges[1:-1]:
            yield Path(polyline([(x, 0), (x, self.height)]), stroke=SOFT, width=0.6)
        yield Path(rectangle(0, 0, self.width, self.height), stroke=TEAL, width=0.9)

    def _symbol(self, step: Task, box: tuple[float, float, float, float]) -> Iterator[Mark]:
        x, y, wide, tall = box
        lines, _, _ = self.texts[step.id]
        dark = step.shape in ("start", "end")
        yield from _outline(step.shape, x, y, wide, tall)
        size, pitch = _SIZE, _LEADING
        middle = (x, y, wide, tall - (10 if step.days else 0) - (6 if step.shape == "document" else 0))
        yield from self._words(lines, middle, size, pitch, WHITE if dark else BLACK, "middle")
        if step.days:
            said = measure_line(f"{step.days}个工作日", self.typefaces.advances(_FONT))
            foot = y + tall - (11 if step.shape == "document" else 5.5)
            if step.shape == "decision":
                foot = y + tall / 2 + len(lines) * _LEADING / 2 + 3.5
            yield Words(x + (wide - said.width * 0.0075) / 2, foot, said, _FONT, 7.5, WHITE if dark else RUST)

    def _words(
        self,
        lines: Sequence[Line],
        box: tuple[float, float, float, float],
        size: float,
        pitch: float,
        ink: Ink,
        side: str,
    ) -> Iterator[Mark]:
        x, y, wide, tall = box
        top = y + (tall - pitch * len(lines)) / 2
        for i, line in enumerate(lines):
            room = wide - line.width * size / 1000
            left = x + {"left": 0.0, "middle": room / 2, "right": room}[side]
            yield Words(left, top + pitch * i + pitch / 2 + size * 0.37, line, _FONT, size, ink)


def _side(edge: Edge) -> str:
    return "right" if edge.port == "left" else "left"


def _outline(shape: str, x: float, y: float, wide: float, tall: float) -> Iterator[Path]:
    right, bottom, mx, my = x + wide, y + tall, x + wide / 2, y + tall / 2
    if shape in ("start", "end"):
        yield Path(rectangle(x, y, wide, tall, tall / 2), fill=TEAL)
    elif shape == "decision":
        yield Path(polyline([(mx, y), (right, my), (mx, bottom), (x, my)], closed=True), AMBER, LINE, 0.8)
    elif shape == "connector":
        yield Path(circle(mx, my, wide / 2), WHITE, LINE, 0.8)
    elif shape == "document":
        wave = 7.0
        steps = (
            Step("m", (x, y)),
            Step("l", (right, y)),
            Step("l", (right, bottom - wave)),
            Step("c", (right - wide / 4, bottom - 2.4 * wave, x + wide / 4, bottom + 1.4 * wave, x, bottom - wave)),
            Step("h"),
        )
        yield Path(steps, WHITE, LINE, 0.8)
    else:
        yield Path(rectangle(x, y, wide, tall), WHITE, LINE, 0.8)
        for edge in (x + 5, right - 5) if shape == "subprocess" else ():
            yield Path(polyline([(edge, y), (edge, bottom)]), stroke=LINE, width=0.8)


def _to_outline(
    middle: tuple[float, float], towards: tuple[float, float], box: tuple[float, float, float, float]
) -> tuple[float, float]:
    """Move the end of a line from the middle of a symbol to the side that it leaves or enters by."""
    x, y = middle
    if abs(towards[0] - x) > abs(towards[1] - y):
        return x + (box[2] / 2 if towards[0] > x else -box[2] / 2), y
    return x, y + (box[3] / 2 if towards[1] > y else -box[3] / 2)


def _arrow(points: Sequence[tuple[float, float]]) -> Iterator[Path]:
    (ax, ay), (bx, by) = points[-2], points[-1]
    length = max(abs(bx - ax), abs(by - ay), 0.01)
    dx, dy = (bx - ax) / length, (by - ay) / length
    base = (bx - dx * _ARROW, by - dy * _ARROW)
    yield Path(polyline([*points[:-1], base]), stroke=LINE, width=0.9)
    wing = _ARROW * 0.42
    head = [(bx, by), (base[0] - dy * wing, base[1] + dx * wing), (base[0] + dy * wing, base[1] - dx * wing)]
    yield Path(polyline(head, closed=True), fill=LINE)


def _times(box: tuple[float, float, float, float], scale: float) -> tuple[float, float, float, float]:
    x, y, wide, tall = box
    return x * scale, y * scale, wide * scale, tall * scale


def _scaled(mark: Mark, scale: float) -> Mark:
    if isinstance(mark, Words):
        return replace(mark, x=mark.x * scale, baseline=mark.baseline * scale, size=mark.size * scale)
    if isinstance(mark, Path):
        steps = tuple([Step(op, tuple([v * scale for v in at])) for op, at in mark.steps])
        return replace(mark, steps=steps, width=mark.width * scale)
    raise TypeError(f"a chart has no {type(mark).__name__}")
