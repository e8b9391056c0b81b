"""Lines that turn at right angles, on a grid of tracks between the cells.

    x of the grid:  tracks of gap 0 · middle of lane 0 · tracks of gap 1 · middle of lane 1 · …
    y of the grid:  tracks of gap 0 · middle of row 0 · tracks of gap 1 · …

A step fills the crossing of its lane's and its row's middle, so no line can run through it. A line begins at the port
that `certgen.guide.chart.place` gave it and ends at any port of its target but those that lines leave by. Lines to
the same target may run together, any others only cross. When there is no way left, every gap gets another track.

The search is A* over (crossing, direction), costs in points: short, straight, few crossings, in that order of price.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import pairwise

from certgen.guide.chart.place import Edge, Placed

RIGHT, DOWN, LEFT, UP = range(4)
_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))
_LEAVES = {"right": RIGHT, "bottom": DOWN, "left": LEFT, "top": UP}
_BEND, _CROSSING, _ASIDE, _FROM_BELOW, _TOGETHER = 30.0, 36.0, 42.0, 90.0, 0.35
_MOST_TRACKS = 12
_TRIES = 8  # with the same tracks, in other orders
_CELL, _TRACK = 100.0, 8.0  # points, about: the search needs proportions, the drawing has the real measures

Vertex = tuple[int, int]  # column and row of the grid


@dataclass(frozen=True, slots=True)
class Routed:
    """The corners of each edge on the grid, from its source to its target, and how many tracks a gap has."""

    ways: tuple[tuple[Vertex, ...], ...]
    tracks: int


def route(placed: Placed, lanes: int, tracks: int = 2) -> Routed:
    """Find a way for every edge. Raises ValueError when even the widest gaps have none."""
    for wide in range(tracks, _MOST_TRACKS + 1):
        order = sorted(placed.edges, key=_Grid(placed, lanes, wide).haste)
        for _ in range(_TRIES):
            grid, ways = _Grid(placed, lanes, wide), dict[Edge, list[Vertex]]()
            for edge in order:
                way = grid.way(edge)
                if way is None:
                    break
                ways[edge] = way
            else:
                return Routed(tuple([tuple(ways[edge]) for edge in placed.edges]), wide)
            order.remove(edge)  # whoever finds no way left goes first the next time
            order.insert(0, edge)
    raise ValueError(f"no way for every line with {_MOST_TRACKS} tracks in a gap")


@dataclass(slots=True)
class _Grid:
    """The grid and the lines that run on it so far."""

    placed: Placed
    lanes: int
    tracks: int
    solid: dict[Vertex, str] = field(default_factory=dict)  # crossing → the step on it
    runs: dict[tuple[Vertex, int], str] = field(default_factory=dict)  # crossing and direction → whose target
    passes: dict[Vertex, set[tuple[str, bool]]] = field(default_factory=dict)  # target, whether across
    corners: dict[Vertex, str] = field(default_factory=dict)
    left_by: dict[str, set[int]] = field(default_factory=dict)
    stubs: dict[Vertex, tuple[str, int]] = field(default_factory=dict)  # crossing before a port → whose, which way
    columns: list[float] = field(default_factory=list)
    rows: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.columns = self._marks(self.lanes)
        self.rows = self._marks(self.placed.rows)
        for step, (lane, row) in self.placed.cells.items():
            self.solid[self._middle(lane), self._middle(row)] = step
        for edge in self.placed.edges:
            way = _LEAVES[edge.port]
            self.left_by.setdefault(edge.source, set()).add(way)
            x, y = self.at(edge.source)
            self.stubs[x + _STEPS[way][0], y + _STEPS[way][1]] = edge.target, way
        for edge in self.placed.edges:  # the usual entrance; the only one of a decision of three exits
            x, y = self.at(edge.target)
            self.stubs.setdefault((x, y - 1), (edge.target, DOWN))

    def _middle(self, index: int) -> int:
        return index * (self.tracks + 1) + self.tracks

    def _marks(self, count: int) -> list[float]:
        marks, at = [], 0.0
        for i in range(count + 1):
            for _ in range(self.tracks):
                at += _TRACK
                marks.append(at)
            if i < count:
                at += _CELL / 2
                marks.append(at)
                at += _CELL / 2
        return marks

    def at(self, step: str) -> Vertex:
        lane, row = self.placed.cells[step]
        return self._middle(lane), self._middle(row)

    def haste(self, edge: Edge) -> tuple[bool, int]:
        """Order the lines: short ones first, those that lead back last."""
        (a, b), (c, d) = self.at(edge.source), self.at(edge.target)
        return edge.is_back, abs(a - c) + abs(b - d)

    def way(self, edge: Edge) -> list[Vertex] | None:
        """Find the cheapest way, and let it run; None when there is none."""
        start, goal, net = self.at(edge.source), self.at(edge.target), edge.target
        barred = self.left_by.get(edge.target, set())
        first = (start, _LEAVES[edge.port])
        best: dict[tuple[Vertex, int], float] = {first: 0.0}
        came: dict[tuple[Vertex, int], tuple[Vertex, int]] = {}
        waiting: list[tuple[float, float, tuple[Vertex, int]]] = [(0.0, 0.0, first)]
        columns, rows, solid, runs = self.columns, self.rows, self.solid, self.runs
        gx, gy = columns[goal[0]], rows[goal[1]]
        while waiting:
            _, cost, state = heappop(waiting)
            here, facing = state
            if here == goal:
                return self._run(state, came, net)
            if cost > best[state]:
                continue
            for turn in (facing,) if here == start else (facing, facing + 1 & 3, facing - 1 & 3):
                x, y = here[0] + _STEPS[turn][0], here[1] + _STEPS[turn][1]
                if not (0 <= x < len(columns) and 0 <= y < len(rows)):
                    continue
                there = (x, y)
                if there in solid and (there != goal or (turn + 2 & 3) in barred):
                    continue
                # A line of another target on this stretch, in either direction, or of ours against us: no way.
                beside, against = runs.get((here, turn)), runs.get((there, turn + 2 & 3))
                if (beside and beside != net) or against:
                    continue
                # Nor through the place just outside a port, along the line that will leave there.
                owner, way = self.stubs.get(there, (net, turn))
                if owner != net and (way - turn) % 2 == 0:
                    continue
                extra = 0.0 if turn == facing else self._corner(here, net)
                extra += self._straight(here, net, turn) if turn == facing and here != start else 0.0
                if extra == float("inf"):
                    continue
                length = abs(columns[x] - columns[here[0]]) + abs(rows[y] - rows[here[1]])
                total = cost + extra + (length * _TOGETHER if beside else length)
                if there == goal:
                    total += (0.0, 0.0, 0.0, _FROM_BELOW)[turn] + (_ASIDE if turn in (LEFT, RIGHT) else 0.0)
                    if turn != DOWN and columns[here[0]] != gx and rows[start[1]] == gy:
                        total -= _ASIDE  # the straight line between neighbours
                then = (there, turn)
                if total < best.get(then, float("inf")):
                    best[then] = total
                    came[then] = state
                    # Running together is cheaper than this says: the way may be a little dearer, and is found sooner.
                    left = abs(columns[x] - gx) + abs(rows[y] - gy) + (_BEND if x != goal[0] else 0.0)
                    heappush(waiting, (total + left, total, then))
        return None

    def _corner(self, here: Vertex, net: str) -> float:
        """Price a turn: never where a line of another target runs or turns, since nobody could tell them apart."""
        others = [other for other, _ in self.passes.get(here, ())]
        others += [self.corners.get(here, net), self.stubs.get(here, (net, 0))[0]]
        if any(other != net for other in others):
            return float("inf")
        return _BEND

    def _straight(self, here: Vertex, net: str, turn: int) -> float:
        """Price going straight on over a crossing."""
        if self.corners.get(here, net) != net:
            return float("inf")
        crossed = [other for other, across in self.passes.get(here, ()) if other != net]
        return _CROSSING * len(crossed)

    def _run(
        self, state: tuple[Vertex, int], came: dict[tuple[Vertex, int], tuple[Vertex, int]], net: str
    ) -> list[Vertex]:
        """Keep the line, and give its corners."""
        states = [state]
        while states[-1] in came:
            states.append(came[states[-1]])
        states.reverse()
        corners = [states[0][0]]
        for (before, facing), (_, turn) in pairwise(states):
            self.runs[before, turn] = net
            if before != states[0][0]:
                if facing == turn:
                    self.passes.setdefault(before, set()).add((net, turn in (LEFT, RIGHT)))
                else:
                    corners.append(before)
                    self.corners[before] = net
        return [*corners, states[-1][0]]


def used(ways: Sequence[Sequence[Vertex]], axis: int) -> set[int]:
    """Say which columns (axis 0) or rows (axis 1) of the grid a line runs along."""
    found = set()
    for way in ways:
        for a, b in pairwise(way):
            if a[axis] == b[axis]:
                found.add(a[axis])
    return found
