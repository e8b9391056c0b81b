"""What a flowchart says: steps in the lanes of whoever does them, and where each leads.

Symbols are those of GB/T 1526-1989 (ISO 5807): terminator, process, decision, document, predefined process, connector.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from certgen.core.errors import Text

Shape = Literal["start", "end", "process", "decision", "document", "subprocess", "connector"]
MOST_EXITS = 3  # of a decision: a diamond has four corners, and one of them is the entrance


@dataclass(frozen=True, slots=True)
class Exit:
    """A way out of a step; every exit of a decision has a label."""

    to: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One symbol. `lane` is the role that does it, `days` the working days it may take."""

    id: str
    lane: str
    title: str
    shape: Shape = "process"
    exits: tuple[Exit, ...] = ()
    days: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """A flowchart; `lanes` from left to right."""

    title: str
    lanes: tuple[str, ...]
    steps: tuple[Step, ...]

    def by_id(self) -> dict[str, Step]:
        """Give the steps by their names."""
        return {step.id: step for step in self.steps}


def check_chart(chart: Chart) -> list[tuple[str, Text]]:
    """Find what is wrong with a chart: the step, and why; a chart without faults can be drawn."""
    known = chart.by_id()
    faults = list(_each(chart, known))
    if faults:
        return faults
    return list(_as_a_whole(chart, known))


def _each(chart: Chart, known: Mapping[str, Step]) -> Iterator[tuple[str, Text]]:
    if len(known) != len(chart.steps):
        twice = next(s.id for i, s in enumerate(chart.steps) if s.id in {t.id for t in chart.steps[:i]})
        yield twice, Text("步骤标识重复", "this step is there twice")
    starts = [step.id for step in chart.steps if step.shape == "start"]
    if len(starts) != 1:
        yield "", Text(f"有 {len(starts)} 个起点，应为 1 个", f"{len(starts)} starts, wanted one")
    for step in chart.steps:
        if step.lane not in chart.lanes:
            yield step.id, Text(f"没有泳道“{step.lane}”", f"there is no lane {step.lane!r}")
        for way in step.exits:
            if way.to not in known:
                yield step.id, Text(f"通向不存在的步骤“{way.to}”", f"leads to {way.to!r}, which is not there")
            elif known[way.to].shape == "start":
                yield step.id, Text("通向起点", "leads back to the start; wanted the step after it")
            elif way.to == step.id:
                yield step.id, Text("通向自己", "leads to itself")
        yield from _exits(step)


def _exits(step: Step) -> Iterator[tuple[str, Text]]:
    count = len(step.exits)
    if step.shape == "decision":
        if not 2 <= count <= MOST_EXITS:
            yield step.id, Text(f"判断有 {count} 个出口，应为 2 至 3 个", f"a decision of {count} exits, wanted 2 or 3")
        labels = [way.label for way in step.exits]
        if not all(labels) or len(set(labels)) != count:
            yield step.id, Text("判断的每个出口应有不同的文字", "every exit of a decision wants a label of its own")
    elif step.shape == "end":
        if count:
            yield step.id, Text("终点不应有出口", "an end has no exit")
    elif count != 1:
        yield step.id, Text(f"有 {count} 个出口，应为 1 个", f"{count} exits, wanted one")


def _as_a_whole(chart: Chart, known: Mapping[str, Step]) -> Iterator[tuple[str, Text]]:
    start = next(step.id for step in chart.steps if step.shape == "start")
    reached = _reach([start], {step.id: [way.to for way in step.exits] for step in chart.steps})
    backwards: dict[str, list[str]] = {step.id: [] for step in chart.steps}
    for step in chart.steps:
        for way in step.exits:
            backwards[way.to].append(step.id)
    ending = _reach([step.id for step in chart.steps if step.shape == "end"], backwards)
    for step in chart.steps:
        if step.id not in reached:
            yield step.id, Text("从起点到不了这一步", "no way leads here from the start")
        elif step.id not in ending:
            yield step.id, Text("从这一步到不了终点", "no way leads from here to an end")


def _reach(first: Sequence[str], leads: Mapping[str, Sequence[str]]) -> set[str]:
    seen, waiting = set(first), list(first)
    while waiting:
        for then in leads[waiting.pop()]:
            if then not in seen:
                seen.add(then)
                waiting.append(then)
    return seen
