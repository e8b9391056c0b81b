"""Flowcharts: what is refused, where lines may run, and five hundred charts drawn by chance."""

import itertools
import random
from dataclasses import replace

import pytest

from certgen.core.errors import Text
from certgen.fonts import Typefaces
from certgen.guide.chart import Chart, Drawn, Exit, Step, check_chart, draw, narrate
from certgen.scene import Part, Sheet, render_svg
from certgen.settings import SHIPPED

A4 = (510.0, 700.0)  # points, within margins
LANES = ("申请人", "综合窗口", "审查科", "分管领导", "制证室")
WORDS = (
    "受理",
    "材料是否齐全、符合法定形式",
    "现场核查",
    "一次性告知",
    "审定",
    "制作食品经营许可证",
    "送达",
    "补正材料",
    "专家评审",
)
LABELS = ("是", "否", "需要", "不需要", "材料不齐全", "不属于本机关职权范围", "符合", "不符合", "可当场更正")
Box = tuple[float, float, float, float]


@pytest.fixture(scope="module")
def typefaces() -> Typefaces:
    return Typefaces(SHIPPED / "_shared" / "fonts")


SMALL = Chart(
    "补领",
    LANES[:2],
    (
        Step("start", "申请人", "提出申请", "start", (Exit("look"),)),
        Step("look", "综合窗口", "材料齐全？", "decision", (Exit("make", "是"), Exit("mend", "否"))),
        Step("mend", "申请人", "补正", "document", (Exit("look"),)),
        Step("make", "综合窗口", "制证", "process", (Exit("end"),), 3),
        Step("end", "申请人", "领取", "end"),
    ),
)


def random_chart(seed: int, most: int = 30) -> Chart:
    """Make a chart without faults: a chain that branches, joins and loops back."""
    chance = random.Random(seed)
    lanes = LANES[: chance.randint(1, 5)]
    count = chance.randint(2, most - 2)
    names = [f"n{i}" for i in range(count)]
    steps = [Step("start", chance.choice(lanes), "提出申请", "start", (Exit("n0"),))]
    for i, name in enumerate(names):
        onward = names[i + 1] if i + 1 < count else "end"
        lane, title = chance.choice(lanes), chance.choice(WORDS)
        if chance.random() < 0.35:
            others = [*names[max(0, i - 6) : i], *names[i + 2 : i + 8], "end"]
            extra = chance.sample(
                [o for o in dict.fromkeys(others) if o != onward], k=min(len(others) - 1, 1 + (chance.random() < 0.3))
            )
            targets = [onward, *extra]
            if len(targets) > 1:
                labels = chance.sample(LABELS, len(targets))
                ways = tuple(Exit(t, label) for t, label in zip(targets, labels, strict=True))
                steps.append(Step(name, lane, title + "？", "decision", ways))
                continue
        shape = chance.choice(("process", "document", "subprocess"))
        steps.append(Step(name, lane, title, shape, (Exit(onward),), chance.choice((0, 0, 1, 5))))
    return Chart("随机", lanes, (*steps, Step("end", chance.choice(lanes), "办结", "end")))


def overlap(a: Box, b: Box) -> bool:
    return (
        a[0] < b[0] + b[2] - 0.01
        and b[0] < a[0] + a[2] - 0.01
        and a[1] < b[1] + b[3] - 0.01
        and b[1] < a[1] + a[3] - 0.01
    )


def stretches(points: tuple[tuple[float, float], ...]) -> list[Box]:
    return [(min(ax, bx), min(ay, by), abs(ax - bx), abs(ay - by)) for (ax, ay), (bx, by) in itertools.pairwise(points)]


def crosses(line: Box, box: Box) -> bool:
    """Tell whether a stretch runs through a box, not counting its edge."""
    grown = (line[0] - 0.02, line[1] - 0.02, line[2] + 0.04, line[3] + 0.04)
    return overlap(grown, (box[0] + 0.1, box[1] + 0.1, box[2] - 0.2, box[3] - 0.2))


def check_drawn(drawn: Drawn) -> None:
    boxes = list(drawn.steps.values())
    for a, b in itertools.combinations(boxes, 2):
        assert not overlap(a, b), "two steps overlap"
    for a, b in itertools.combinations(drawn.labels, 2):
        assert not overlap(a, b), "two labels overlap"
    for label, box in itertools.product(drawn.labels, boxes):
        assert not overlap(label, box), "a label stands on a step"
    for box in (*boxes, *drawn.labels):
        assert box[0] >= 0 and box[0] + box[2] <= drawn.width + 0.01, "beyond the sheet"
        assert box[1] >= 0 and box[1] + box[3] <= drawn.height + 0.01, "beyond the sheet"
    for source, target, points in drawn.lines:
        assert all(abs(ax - bx) < 0.01 or abs(ay - by) < 0.01 for (ax, ay), (bx, by) in itertools.pairwise(points))
        for line in stretches(points):
            for step, box in drawn.steps.items():
                assert not crosses(line, box), f"the line {source}–{target} runs through {step}"
            for label in drawn.labels:
                assert not crosses(line, label), f"the line {source}–{target} runs through a label"
    for (sa, ta, a), (sb, tb, b) in itertools.combinations(drawn.lines, 2):
        if ta != tb:
            for one, other in itertools.product(stretches(a), stretches(b)):
                assert not runs_together(one, other), f"{sa}–{ta} runs on {sb}–{tb}"


def runs_together(a: Box, b: Box) -> bool:
    """Tell whether two stretches lie on each other for more than a point."""
    for axis in (0, 1):
        across = 1 - axis
        if a[2 + across] < 0.01 and b[2 + across] < 0.01 and abs(a[across] - b[across]) < 0.5:
            shared = min(a[axis] + a[2 + axis], b[axis] + b[2 + axis]) - max(a[axis], b[axis])
            if shared > 1:
                return True
    return False


@pytest.mark.parametrize("seed", range(60))
def test_lines_run_through_nothing_and_labels_stand_free(seed: int, typefaces: Typefaces) -> None:
    chart = random_chart(seed)
    assert check_chart(chart) == []
    for drawn in draw(chart, typefaces, *A4):
        check_drawn(drawn)


@pytest.mark.slow
def test_so_it_is_in_five_hundred_charts(typefaces: Typefaces) -> None:
    for seed in range(60, 500):
        for drawn in draw(random_chart(seed), typefaces, *A4):
            check_drawn(drawn)


@pytest.mark.parametrize("seed", range(20))
def test_exits_of_a_decision_leave_by_corners_of_their_own(seed: int, typefaces: Typefaces) -> None:
    for drawn in draw(random_chart(seed), typefaces, *A4):
        for source, lines in itertools.groupby(sorted(drawn.lines), key=lambda line: line[0]):
            begins = [points[0] for _, _, points in lines]
            assert len(set(begins)) == len(begins), source


def test_no_line_enters_where_another_leaves(typefaces: Typefaces) -> None:
    for seed in range(40):
        for drawn in draw(random_chart(seed), typefaces, *A4):
            leaves = {(source, points[0]) for source, _, points in drawn.lines}
            assert not leaves & {(target, points[-1]) for _, target, points in drawn.lines}


def test_a_large_chart_goes_on_on_further_sheets_joined_by_letters(typefaces: Typefaces) -> None:
    chart = next(c for c in (random_chart(seed, 60) for seed in range(99)) if len(c.steps) > 50)
    steps = tuple(replace(step, title=step.title * 2) for step in chart.steps)
    sheets = draw(replace(chart, steps=steps), typefaces, 510, 400)
    assert len(sheets) > 1
    drawn = [set(sheet.steps) for sheet in sheets]
    for step in chart.steps:
        assert sum(step.id in names for names in drawn) == 1, step.id
    comes = {name.removeprefix("in ") for names in drawn for name in names if name.startswith("in ")}
    goes = {name.split()[-1] for names in drawn for name in names if name.startswith("out ")}
    assert comes == goes != set()
    for sheet in sheets:
        check_drawn(sheet)
        assert (sheet.width <= 510.01, sheet.height <= 400.01) == (True, True)


def test_the_same_chart_gives_the_same_drawing(typefaces: Typefaces) -> None:
    assert draw(random_chart(3), typefaces, *A4) == draw(random_chart(3), typefaces, *A4)


def test_a_chart_is_told_as_a_list_that_leads_on() -> None:
    assert [said.zh for said in narrate(SMALL)] == [
        "第1步（申请人）提出申请→第2步",
        "第2步（综合窗口）材料齐全？：是→第4步；否→第3步",
        "第3步（申请人）补正→第2步",
        "第4步（综合窗口）制证（3个工作日）→第5步",
        "第5步（申请人）领取",
    ]


def test_every_step_and_label_stands_in_the_svg(typefaces: Typefaces) -> None:
    (drawn,) = draw(SMALL, typefaces, *A4)
    sheet = Sheet(drawn.width, drawn.height, (Part(drawn.marks),))
    svg = render_svg(sheet, typefaces, "补领", "\n".join(said.zh for said in narrate(SMALL)))
    for words in ("提出申请", "材料齐全？", "补正", "制证", "领取", "是", "否", "申请人", "综合窗口"):
        assert f">{words}</text>" in svg
    assert "3个工作日" in svg


@pytest.mark.parametrize(
    ("step", "change", "found"),
    [
        ("end", {"shape": "start", "exits": (Exit("look"),)}, "2 starts"),
        ("make", {"lane": "财务"}, "no lane"),
        ("make", {"exits": (Exit("gone"),)}, "not there"),
        ("make", {"exits": (Exit("start"),)}, "back to the start"),
        ("make", {"exits": (Exit("make"),)}, "itself"),
        ("make", {"exits": ()}, "0 exits"),
        ("make", {"exits": (Exit("mend"),)}, "no way leads from here to an end"),
        ("look", {"exits": (Exit("make", "是"),)}, "1 exits"),
        ("look", {"exits": (Exit("make", "是"), Exit("mend", "是"))}, "label"),
        ("look", {"exits": (Exit("make", "是"), Exit("mend", ""))}, "label"),
        ("look", {"exits": (Exit("make", "是"), Exit("end", "否"))}, "no way leads here"),
        ("end", {"exits": (Exit("look"),)}, "an end has no exit"),
    ],
)
def test_a_faulty_chart_is_refused_with_the_step(step: str, change: dict[str, object], found: str) -> None:
    steps = tuple(replace(s, **change) if s.id == step else s for s in SMALL.steps)  # type: ignore[arg-type]
    faults = check_chart(replace(SMALL, steps=steps))
    assert any(found in said.en for _, said in faults), faults
    assert all(isinstance(said, Text) for _, said in faults)


def test_a_step_that_is_there_twice_is_refused() -> None:
    assert any("twice" in said.en for _, said in check_chart(replace(SMALL, steps=(*SMALL.steps, SMALL.steps[-1]))))
