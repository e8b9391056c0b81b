"""Rows and ports: a step stands below what leads to it, and every exit of a decision has a corner of its own.

A step has one cell of the grid of lanes and rows to itself. An only successor in another lane may stand beside what
leads to it, so that the line between them is straight.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

from certgen.guide.chart.steps import Chart, Step

Port = Literal["left", "right", "top", "bottom"]
Cell = tuple[int, int]  # lane, row


@dataclass(frozen=True, slots=True)
class Edge:
    """One exit: from where to where, by which corner it leaves, and whether it leads back up."""

    source: str
    target: str
    label: str
    port: Port
    is_back: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """The cell of each step, how many rows there are, and the edges."""

    cells: Mapping[str, Cell]
    rows: int
    edges: tuple[Edge, ...]


def place(chart: Chart, at_least: Mapping[str, int] | None = None) -> Placed:
    """Give every step a cell. `at_least` keeps steps from rising above a row (of a chart cut into pages)."""
    known = chart.by_id()
    back = back_edges(chart, known)
    lanes = {lane: i for i, lane in enumerate(chart.lanes)}
    incoming: dict[str, list[str]] = {step.id: [] for step in chart.steps}
    for step in chart.steps:
        for way in step.exits:
            if (step.id, way.to) not in back:
                incoming[way.to].append(step.id)
    cells: dict[str, Cell] = {}
    taken: set[Cell] = set()
    shared: set[str] = set()  # steps that have somebody beside them
    for id_ in in_order(chart, known, back):
        lane = lanes[known[id_].lane]
        row = max((cells[before][1] + 1 for before in incoming[id_]), default=0)
        least = (at_least or {}).get(id_, 0)
        row = max(row, least)
        before = incoming[id_][0] if len(incoming[id_]) == 1 else ""
        is_free = before and before not in shared and cells[before][1] >= least
        if is_free and _may_stand_beside(known[before], cells[before], lane, taken):
            row = cells[before][1]
            shared |= {before, id_}
        while (lane, row) in taken:
            row += 1
        cells[id_] = (lane, row)
        taken.add((lane, row))
    entered: dict[str, Port] = {}  # who has somebody beside it, and where that line comes in
    for step in chart.steps:
        for way in step.exits:
            (lane, row), (other, same) = cells[step.id], cells[way.to]
            if row == same and (step.id, way.to) not in back:
                entered[way.to] = "left" if lane < other else "right"
    edges = tuple(edge for step in chart.steps for edge in _leave(step, cells, back, entered.get(step.id)))
    return Placed(cells, 1 + max(row for _, row in cells.values()), edges)


def _may_stand_beside(before: Step, cell: Cell, lane: int, taken: set[Cell]) -> bool:
    """Say whether a straight line can lead from a step to its neighbour, with nothing in between."""
    if lane == cell[0] or (before.shape != "decision" and len(before.exits) > 1):
        return False
    low, high = sorted((cell[0], lane))
    return not any((between, cell[1]) in taken for between in range(low, high + 1) if between != cell[0])


def back_edges(chart: Chart, known: Mapping[str, Step]) -> set[tuple[str, str]]:
    """Find the edges that close a loop, walking depth first from the start in the order of the exits."""
    back: set[tuple[str, str]] = set()
    done: set[str] = set()
    roots = [step.id for step in chart.steps if step.shape == "start"] + [step.id for step in chart.steps]
    for root in roots:
        if root in done:
            continue
        path, stack = {root}, [(root, iter(known[root].exits))]
        while stack:
            here, ways = stack[-1]
            way = next(ways, None)
            if way is None:
                stack.pop()
                path.discard(here)
                done.add(here)
            elif way.to in path:
                back.add((here, way.to))
            elif way.to not in done:
                path.add(way.to)
                stack.append((way.to, iter(known[way.to].exits)))
    return back


def in_order(chart: Chart, known: Mapping[str, Step], back: set[tuple[str, str]]) -> list[str]:
    """Sort the steps so that each comes after everything that leads to it; else as the chart lists them."""
    waits = dict.fromkeys(known, 0)
    for step in chart.steps:
        for way in step.exits:
            waits[way.to] += (step.id, way.to) not in back
    order = {step.id: i for i, step in enumerate(chart.steps)}
    ready, sorted_ = [id_ for id_ in known if not waits[id_]], []
    while ready:
        ready.sort(key=order.__getitem__, reverse=True)
        here = ready.pop()
        sorted_.append(here)
        for way in known[here].exits:
            if (here, way.to) not in back:
                waits[way.to] -= 1
                if not waits[way.to]:
                    ready.append(way.to)
    return sorted_


def _leave(step: Step, cells: Mapping[str, Cell], back: set[tuple[str, str]], entered: Port | None) -> list[Edge]:
    """Give each exit its port, all different, so that the lines turn as little as can be."""
    wishes = [_wishes(cells[step.id], cells[way.to], (step.id, way.to) in back) for way in step.exits]
    if entered:
        wishes = [wish | {entered: wish[entered] + 9} for wish in wishes]
    ports: tuple[Port, ...] = ("bottom", "right", "left")
    best = min(
        permutations(ports, len(step.exits)),
        key=lambda chosen: sum(wish[port] for wish, port in zip(wishes, chosen, strict=True)),
    )
    return [
        Edge(step.id, way.to, way.label, port, (step.id, way.to) in back)
        for way, port in zip(step.exits, best, strict=True)
    ]


def _wishes(here: Cell, there: Cell, is_back: bool) -> dict[Port, int]:
    """Say how much a line would mind to leave by each port: turns, about."""
    aside, below = there[0] - here[0], there[1] - here[1]
    if is_back or below < 0:
        return {"bottom": 6, "left": 1 if aside <= 0 else 2, "right": 2 if aside <= 0 else 1}
    if not below:
        return {"bottom": 4, "right": 0 if aside > 0 else 5, "left": 0 if aside < 0 else 5}
    if not aside:
        return {"bottom": 0, "left": 3, "right": 3}
    return {"bottom": 2, "right": 1 if aside > 0 else 4, "left": 1 if aside < 0 else 4}
