"""What keeps an item from being published: each finding names item, field and rule.

disclosures   the eight disclosures (八公开) are all there; which eight is configuration
time          promised within what the law allows; 即办 takes no day
fee           charged with at least one fee, or none at all
stages        at most four stages and three working days, unless the item says why not
materials     every required one says when it is accepted, and how many of it
chart         the days on the flowchart add up to the promise
contact       a telephone number that is one
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from certgen.core.errors import Text
from certgen.guide.chart.place import back_edges, in_order
from certgen.guide.item import Item
from certgen.tomlfile import Table

_TELEPHONE = re.compile(r"(0\d{2,3}-)?\d{5,8}(转\d{1,4})?")
MOST_STAGES, MOST_DAYS = 4, 3


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must be put right before an item is published."""

    item: str
    field: str
    rule: str
    message: Text


@dataclass(frozen=True, slots=True)
class Disclosures:
    """The eight disclosures: label → the field of an item that answers it. The list is a setting, not a fact."""

    labels: Mapping[str, str]


_FIELDS: Mapping[str, Callable[[Item], object]] = {
    "name": lambda item: item.name,
    "basis": lambda item: item.basis,
    "conditions": lambda item: item.conditions,
    "materials": lambda item: item.materials,
    "chart": lambda item: item.chart.steps,
    "time": lambda item: item.time,
    "fee": lambda item: item.fee,
    "result": lambda item: item.result,
    "subjects": lambda item: item.subjects,
    "delivery": lambda item: item.delivery,
    "place": lambda item: item.office.place,
    "hours": lambda item: item.office.hours,
    "telephone": lambda item: item.office.telephone,
    "supervision": lambda item: item.office.supervision,
}


def load_disclosures(file: Path) -> Disclosures:
    """Read the eight; raises TemplateError for another number of them, or for a field that no item has."""
    top = Table.load(file)
    labels = top.map("eight_disclosures")
    top.close()
    if len(labels) != 8:
        raise top.fault("eight_disclosures", f"有 {len(labels)} 项，应为八项", f"{len(labels)} of them, wanted eight")
    for label, field in labels.items():
        if field not in _FIELDS:
            known = ", ".join(_FIELDS)
            raise top.fault("eight_disclosures", f"{label}：没有“{field}”", f"{label}: no {field!r}, known are {known}")
    return Disclosures(labels)


def check_item(item: Item, disclosures: Disclosures) -> list[Finding]:
    """Find everything that keeps an item from being published."""
    return [
        Finding(item.id, field, rule, Text(zh, en))
        for rule, look in _RULES
        for field, zh, en in look(item, disclosures)
    ]


_Found = Iterator[tuple[str, str, str]]  # field, what is wrong in Chinese and in English


def _disclosures(item: Item, disclosures: Disclosures) -> _Found:
    for label, field in disclosures.labels.items():
        if not _FIELDS[field](item):
            yield field, f"八公开之“{label}”没有内容", f"the disclosure {label} is empty"


def _time(item: Item, _: Disclosures) -> _Found:
    if item.promise == "即办" and item.promised:
        yield "promised", f"即办事项却承诺 {item.promised} 日", f"即办, but {item.promised} days are promised"
    if item.promise == "承诺" and not item.promised:
        yield "promised", "承诺件须写明承诺时限", "a promised item without days"
    if item.promised > item.statutory:
        zh = f"承诺 {item.promised} 日，超过法定 {item.statutory} 日"
        yield "promised", zh, f"{item.promised} days promised, the law allows {item.statutory}"


def _fee(item: Item, _: Disclosures) -> _Found:
    if item.charged and not item.fees:
        yield "fee", "收费事项没有收费项目", "charged, but no fee is named"
    if not item.charged and item.fees:
        yield "fee", "不收费事项却列有收费项目", "not charged, but fees are named"


def _stages(item: Item, _: Disclosures) -> _Found:
    if item.stages > MOST_STAGES and "stages" not in item.exceptions:
        yield (
            "step",
            f"{item.stages} 个环节，最多 {MOST_STAGES} 个",
            f"{item.stages} stages, wanted {MOST_STAGES} at most",
        )
    if item.promised > MOST_DAYS and "days" not in item.exceptions:
        zh = f"承诺 {item.promised} 个工作日，超过 {MOST_DAYS} 个须注明例外"
        yield "promised", zh, f"{item.promised} working days, more than {MOST_DAYS} wants an exception"


def _materials(item: Item, _: Disclosures) -> _Found:
    for number, material in enumerate(item.materials, 1):
        field = f"material[{number}]"
        if material.required and not material.standard:
            yield field, f"“{material.name}”没有受理标准", f"{material.name!r} does not say when it is accepted"
        if not material.originals and not material.copies:
            yield field, f"“{material.name}”没有份数", f"{material.name!r} does not say how many"
        if not material.source:
            yield field, f"“{material.name}”没有来源", f"{material.name!r} does not say where it comes from"


def _chart(item: Item, _: Disclosures) -> _Found:
    days = longest_way(item)
    if item.promise == "承诺" and days != item.promised:
        zh = f"流程图各环节共 {days} 日，承诺 {item.promised} 日"
        yield "step", zh, f"{days} days on the longest way of the chart, {item.promised} promised"
    endings = [step for step in item.chart.steps if step.shape == "end"]
    refusals = [s for s in item.chart.steps if s.title.startswith("不予") and s.shape != "end"]
    if len(endings) > 1 and not any(step.shape == "document" for step in refusals):
        yield "step", "有不予办理的结局，却没有书面通知", "it can end in a refusal, but there is no notice of one"


def longest_way(item: Item) -> int:
    """Add up the days of the longest way from the start to an end, no loop gone round."""
    known = item.chart.by_id()
    back = back_edges(item.chart, known)
    until = dict.fromkeys(known, 0)  # days before each step
    for name in in_order(item.chart, known, back):
        for way in known[name].exits:
            if (name, way.to) not in back:
                until[way.to] = max(until[way.to], until[name] + known[name].days)
    return max(until[name] + step.days for name, step in known.items())


def _contact(item: Item, _: Disclosures) -> _Found:
    for field, number in (("telephone", item.office.telephone), ("supervision", item.office.supervision)):
        if number and not _TELEPHONE.fullmatch(number):
            yield field, f"“{number}”不是电话号码", f"{number!r} is no telephone number"


_RULES: Sequence[tuple[str, Callable[[Item, Disclosures], _Found]]] = (
    ("disclosures", _disclosures),
    ("time", _time),
    ("fee", _fee),
    ("stages", _stages),
    ("materials", _materials),
    ("chart", _chart),
    ("contact", _contact),
)
