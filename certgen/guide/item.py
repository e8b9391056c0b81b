"""An item (事项) as data: one TOML file, from which guide, flowchart, form and notice are drawn.

Keys follow the national list of implementation (政务服务事项实施清单); docs/guides.md says which is which. A file that
can be read is an Item; whether it may be published is another question (certgen.guide.lint).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from certgen.core.codes import is_uscc
from certgen.core.errors import TemplateError, Text
from certgen.guide.chart import Chart, Exit, Step, check_chart
from certgen.guide.chart.steps import Shape
from certgen.tomlfile import Table

Life = Literal["在办", "取消", "下放", "暂停", "承接"]
Promise = Literal["即办", "承诺"]
LIVES: tuple[Life, ...] = get_args(Life)
_SLUG = "[a-z0-9][a-z0-9-]{0,59}"
_CODE = re.compile(r"([0-9A-Z]{18})([0-9])([0-9]{12})")  # 实施编码: office, level, basic code


@dataclass(frozen=True, slots=True)
class Material:
    """A paper that an applicant brings. `standard` says when it is accepted; `form` names a blank form of ours."""

    name: str
    originals: int
    copies: int
    source: str
    standard: str
    required: bool = True
    form: str = ""
    may_follow: bool = False  # 容缺: may be brought later


@dataclass(frozen=True, slots=True)
class Fee:
    """Something to pay, and by which rule."""

    name: str
    standard: str
    basis: str


@dataclass(frozen=True, slots=True)
class Office:
    """Where and when the item is handled, whom to ask, and where to complain."""

    place: str
    hours: str
    telephone: str
    supervision: str
    online: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One matter of the centre. Days are working days; `promised` is 0 for 即办."""

    id: str
    name: str
    code: str
    life: Life
    department: str
    promise: Promise
    statutory: int
    promised: int
    visits: int
    subjects: tuple[str, ...]
    basis: tuple[str, ...]
    conditions: tuple[str, ...]
    result: str
    delivery: str
    charged: bool
    fees: tuple[Fee, ...]
    materials: tuple[Material, ...]
    chart: Chart
    office: Office
    questions: tuple[tuple[str, str], ...]
    exceptions: tuple[str, ...]
    file: str = ""

    @property
    def time(self) -> str:
        """Say the promise as a guide must: 即办, or within how many working days of acceptance."""
        return "即办" if self.promise == "即办" else f"自受理之日起{self.promised}个工作日办结"

    @property
    def fee(self) -> str:
        """Say what it costs: 不收费, or every fee with its rule."""
        if not self.charged:
            return "不收费"
        return "；".join(f"{fee.name}：{fee.standard}（{fee.basis}）" for fee in self.fees)

    @property
    def stages(self) -> int:
        """Count the stages (环节): what the office itself does, decisions and notices not counted."""
        return sum(step.shape in ("process", "subprocess") and step.days > 0 for step in self.chart.steps)


def load_item(file: Path) -> Item:
    """Read an item; raises TemplateError that names file, line and key."""
    top = Table.load(file)
    item = _item(top, file.name)
    top.close()
    return item


def load_items(files: Iterable[Path]) -> tuple[Item, ...]:
    """Read items, and give them in the order of departments and names; raises TemplateError."""
    items = [load_item(file) for file in files]
    known: dict[str, str] = {}
    for item in items:
        if item.id in known:
            message = Text(
                f"事项标识“{item.id}”与 {known[item.id]} 重复", f"item {item.id!r} is in {known[item.id]} too"
            )
            raise TemplateError(item.file, 0, "id", message)
        known[item.id] = item.file
    return tuple(sorted(items, key=lambda item: (item.department, item.id)))


def _item(top: Table, file: str) -> Item:
    code = top.text("code")
    match = _CODE.fullmatch(code)
    if match is None or not is_uscc(match[1]):
        zh, en = (
            "应为31位实施编码（18位统一社会信用代码、1位层级、12位基本编码）",
            "wanted 31 characters: USCC, level, basic code",
        )
        raise top.fault("code", zh, en)
    time, office = top.table("time"), top.table("office")
    promise = top.text("promise", shape="|".join(get_args(Promise)))
    item = Item(
        id=top.text("id", shape=_SLUG),
        name=top.text("name"),
        code=code,
        life=top.text("life", "在办", shape="|".join(LIVES)),  # type: ignore[arg-type]
        department=top.text("department"),
        promise=promise,  # type: ignore[arg-type]
        statutory=time.number("statutory", least=0, most=999),
        promised=time.number("promised", least=0, most=999),
        visits=top.number("visits", least=0, most=9),
        subjects=top.words("subjects"),
        basis=top.words("basis"),
        conditions=top.words("conditions"),
        result=top.text("result", ""),
        delivery=top.text("delivery", ""),
        charged=top.flag("charged", False),
        fees=tuple(_fee(table) for table in (top.tables("fee") if top.has("fee") else ())),
        materials=tuple(_material(table) for table in (top.tables("material") if top.has("material") else ())),
        chart=_chart(top),
        office=Office(
            office.text("place", ""),
            office.text("hours", ""),
            office.text("telephone", ""),
            office.text("supervision", ""),
            office.text("online", ""),
        ),
        questions=tuple(_question(table) for table in (top.tables("question") if top.has("question") else ())),
        exceptions=top.words("exceptions"),
        file=file,
    )
    time.close()
    office.close()
    return item


def _fee(table: Table) -> Fee:
    fee = Fee(table.text("name"), table.text("standard"), table.text("basis"))
    table.close()
    return fee


def _material(table: Table) -> Material:
    material = Material(
        name=table.text("name"),
        originals=table.number("originals", 0, least=0, most=99),
        copies=table.number("copies", 0, least=0, most=99),
        source=table.text("source", ""),
        standard=table.text("standard", ""),
        required=table.flag("required", True),
        form=table.text("form", "", shape=_SLUG),
        may_follow=table.flag("may_follow", False),
    )
    table.close()
    return material


def _question(table: Table) -> tuple[str, str]:
    pair = table.text("ask"), table.text("answer")
    table.close()
    return pair


def _chart(top: Table) -> Chart:
    """Read the steps; lanes are in the order in which they first act. Raises TemplateError for a faulty chart."""
    steps = []
    for table in top.tables("step", name="id"):
        ways = table.tables("next") if table.has("next") else []
        exits = []
        for way in ways:
            exits.append(Exit(way.text("to"), way.text("label", "")))
            way.close()
        steps.append(
            Step(
                table.text("id"),
                table.text("who"),
                table.text("title"),
                table.text("shape", "process", shape="|".join(get_args(Shape))),  # type: ignore[arg-type]
                tuple(exits),
                table.number("days", 0, least=0, most=999),
            )
        )
        table.close()
    chart = Chart(top.field or "", tuple(dict.fromkeys(step.lane for step in steps)), tuple(steps))
    for step, message in check_chart(chart):
        raise top.fault("step", f"步骤 {step}：{message.zh}", f"step {step}: {message.en}")
    return chart
