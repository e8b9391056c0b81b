"""Items → guides: a booklet of many (cover, contents, chapters by department, index), a sheet for one, large type.

Everything said here is read from the item, so the days in the table are the days on the chart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from certgen.core.errors import Text
from certgen.fonts import Typefaces
from certgen.guide.chart import draw, narrate
from certgen.guide.flow import Column, Flow, Running
from certgen.guide.item import Item
from certgen.guide.look import MM, PALE, RULE, SOFT, TEAL, Look, Voice
from certgen.scene.model import WHITE, Bookmark, Ink, Link, Mark, Part, Path, Publication, Sheet, Tag, Words
from certgen.scene.shapes import polyline, rectangle
from certgen.typeset import measure_line

GOLD = Ink((0.72, 0.58, 0.24), (0.28, 0.38, 0.88, 0.0))
_BLEED = 3 * MM


@dataclass(frozen=True, slots=True)
class Edition:
    """What stands on the cover: who publishes, which edition, of which day (as written)."""

    publisher: str
    name: str
    day: str


def single(item: Item, look: Look, typefaces: Typefaces, edition: Edition) -> Publication:
    """Make the guide of one item."""
    flow = Flow(look, typefaces, _running(item.name, edition))
    tags = _chapter(flow, item, level=1)
    title = Text(f"{item.name}办事指南", f"Guide: {item.name}")
    return Publication(title, flow.sheets(), (Tag("Sect", (), tuple(tags)),), (Bookmark(item.name, 0),))


def booklet(items: Sequence[Item], look: Look, typefaces: Typefaces, edition: Edition) -> Publication:
    """Make a booklet: cover, contents, a chapter for each department, an index of all items by name."""
    title = f"{edition.publisher}办事指南"
    chapters = [(name, list(group)) for name, group in groupby(items, key=lambda item: item.department)]
    front = 2 + _contents_pages(len(items) + len(chapters), look)
    front += front % 2  # chapters begin on the right
    flow = Flow(look, typefaces, _running(title, edition), front, 1 + 10_000)
    sections, marks, pages = [], [], dict[str, int]()
    for department, group in chapters:
        flow.turn()
        pages[department] = flow.page
        inner, below = [flow.heading(department, look.title, 1, 60)], []
        for i, item in enumerate(group):
            if i:
                flow.turn()
            pages[item.id] = flow.page
            below.append(Bookmark(item.name, flow.page, flow.y))
            inner += _chapter(flow, item, level=2)
        sections.append(Tag("Sect", (), tuple(inner)))
        marks.append(Bookmark(department, pages[department], 0, tuple(below)))
    flow.turn()
    at = flow.page
    index = _index(flow, items, pages)
    entries = [
        e for name, group in chapters for e in ((0, name, pages[name]), *((1, i.name, pages[i.id]) for i in group))
    ]
    cover, cover_tags = _cover(look, typefaces, title, edition, len(items))
    contents, contents_tag = _contents(look, typefaces, [*entries, (0, "索引", at)], front)
    sheets = (*cover, *contents, *flow.sheets())
    tags = (*cover_tags, contents_tag, *sections, index)
    bookmarks = (Bookmark("目录", 2), *marks, Bookmark("索引", at))
    return Publication(Text(title, f"Service guides, {edition.name}"), sheets, tags, bookmarks)


def _chapter(flow: Flow, item: Item, level: int) -> list[Tag]:
    """Set one item, in the order that the standard for guides gives."""
    look = flow.look
    tags = [flow.heading(item.name, look.title if level == 1 else _smaller(look), level, 80)]
    facts = [
        ("实施编码", item.code), ("办理部门", item.department), ("服务对象", "、".join(item.subjects)),
        ("办件类型", "即办件" if item.promise == "即办" else "承诺件"), ("承诺时限", item.time),
        ("法定时限", f"{item.statutory}个工作日" if item.statutory else "当日"), ("收费标准", item.fee),
        ("到现场次数", "全程网办，不用到现场" if not item.visits else f"{item.visits}次"), ("办理结果", item.result),
        ("结果送达", item.delivery),
    ]  # fmt: skip
    tags.append(flow.table((Column("项目", 1.0), Column("内容", 3.6)), facts))

    def section(title: str, needs: float = 40) -> None:
        tags.append(flow.heading(title, look.heading, level + 1, needs))

    section("办理依据")
    tags.append(flow.bullets(item.basis))
    section("申报条件")
    tags.append(flow.bullets(item.conditions))
    section("申报材料", 60)
    rows = [
        (
            f"{m.name}{'' if m.required else '（如有）'}{'（可容缺）' if m.may_follow else ''}",
            _count(m.originals, m.copies), m.source, m.standard,
        )
        for m in item.materials
    ]  # fmt: skip
    tags.append(
        flow.table((Column("材料名称", 2.4), Column("份数", 1.4), Column("来源", 1.6), Column("受理标准", 2.3)), rows)
    )
    said = narrate(item.chart)
    if look.draws_charts:
        room = look.height - look.top - look.bottom - look.heading.pitch * 2 - look.heading.before
        charts = draw(item.chart, flow.typefaces, look.measure(), room)
        section("办理流程", charts[0].height)
        for number, drawn in enumerate(charts):
            alt = f"{item.name}流程图" + ("（续）" if number else "：" + "；".join(step.zh for step in said))
            tags.append(flow.figure(drawn.marks, drawn.width, drawn.height, alt))
    else:
        section("办理流程")
        tags.append(flow.bullets([step.zh for step in said], marks=["·"] * len(said)))
    section("咨询与监督")
    office = item.office
    contact = [f"办理地点：{office.place}", f"办公时间：{office.hours}", f"咨询电话：{office.telephone}",
               f"监督投诉：{office.supervision}"]  # fmt: skip
    contact += [f"网上办理：{office.online}"] if office.online else []
    tags.append(flow.bullets(contact, marks=["·"] * len(contact)))
    if item.questions:
        section("常见问题")
        for ask, answer in item.questions:
            tags.append(flow.paragraph(f"问：{ask}", ink=TEAL))
            tags.append(flow.paragraph(f"答：{answer}"))
    return tags


def _smaller(look: Look) -> Voice:
    return Voice(look.title.font, look.title.size * 0.84, look.title.leading, look.title.before, look.title.after)


def _count(originals: int, copies: int) -> str:
    said = [f"原件{originals}份"] if originals else []
    return "、".join([*said, *([f"复印件{copies}份"] if copies else [])])


def _running(title: str, edition: Edition) -> Running:
    """Make what stands on every page: a line above with the title, the page number below; all of it decoration."""

    def parts(page: int, look: Look, typefaces: Typefaces) -> tuple[Part, ...]:
        size = look.small.size
        left, right = look.left(page), look.left(page) + look.measure()
        advances = typefaces.advances("hei")
        head = measure_line(title, advances)
        number = measure_line(f"— {page + 1} —", advances)
        is_left = look.double_sided and page % 2 == 1
        wide = number.width * size / 1000
        y = look.top - 5.2 * MM
        foot = look.height - look.bottom + 8 * MM
        marks: list[Mark] = [
            Words(left if is_left else right - head.width * size / 1000, y, head, "hei", size, SOFT),
            Path(polyline([(left, y + 3.4), (right, y + 3.4)]), stroke=RULE, width=0.5),
            Words(left if is_left else right - wide, foot, number, "hei", size, SOFT),
        ]
        edition_line = measure_line(f"{edition.name}　{edition.day}", advances)
        x = right - edition_line.width * size / 1000 if is_left else left
        marks.append(Words(x, foot, edition_line, "hei", size, SOFT))
        return (Part(tuple(marks)),)

    return parts


def _cover(
    look: Look, typefaces: Typefaces, title: str, edition: Edition, count: int
) -> tuple[tuple[Sheet, Sheet], tuple[Tag, ...]]:
    """Set the cover, and the empty page behind it."""
    wide, tall = look.width, look.height
    band = tall * 0.42

    def centred(text: str, y: float, font: str, size: float, ink: Ink) -> Words:
        line = measure_line(text, typefaces.advances(font))
        size = min(size, (wide - 24 * MM) * 1000 / line.width)
        return Words((wide - line.width * size / 1000) / 2, y, line, font, size, ink)

    ground: list[Mark] = [
        Path(rectangle(-_BLEED, -_BLEED, wide + 2 * _BLEED, tall + 2 * _BLEED), fill=PALE),
        Path(rectangle(-_BLEED, tall * 0.2, wide + 2 * _BLEED, band), fill=TEAL),
        Path(rectangle(-_BLEED, tall * 0.2 - 2.2 * MM, wide + 2 * _BLEED, 0.9 * MM), fill=GOLD),
        Path(rectangle(-_BLEED, tall * 0.2 + band + 1.3 * MM, wide + 2 * _BLEED, 0.9 * MM), fill=GOLD),
    ]
    big = look.title.size * 1.75
    words = (
        centred(edition.publisher, tall * 0.2 + band * 0.36, "hei", big * 0.52, WHITE),
        centred("办事指南", tall * 0.2 + band * 0.64, "song-bold", big * 1.35, WHITE),
        centred(f"{edition.name}　{count}个事项", tall * 0.2 + band * 0.84, "hei", big * 0.36, WHITE),
        centred(edition.day, tall * 0.86, "hei", look.body.size * 1.1, TEAL),
    )
    parts = (Part(tuple(ground)), *(Part((word,), number) for number, word in enumerate(words, 1)))
    tags = (Tag("P", (1,)), Tag("H1", (2,)), Tag("P", (3,)), Tag("P", (4,)))
    return (Sheet(wide, tall, parts), Sheet(wide, tall, ())), tags


def _per_page(look: Look) -> int:
    return int((look.height - look.top - look.bottom - look.title.pitch - look.title.after) / (look.body.size * 1.95))


def _contents_pages(entries: int, look: Look) -> int:
    return -(-(entries + 1) // _per_page(look))


def _contents(
    look: Look, typefaces: Typefaces, entries: Sequence[tuple[int, str, int]], front: int
) -> tuple[tuple[Sheet, ...], Tag]:
    """Set the contents on the pages from 2 on: name, dots, page; each line is a link."""
    per, sheets, items, number = _per_page(look), [], [], 100
    pages = range(2, front)
    heading: Tag | None = None
    for at, page in enumerate(pages):
        left, parts = look.left(page), list[Part]()
        y = look.top
        if not at:
            line = measure_line("目　录", typefaces.advances(look.title.font))
            parts.append(
                Part((Words(left, y + look.title.size * 0.88, line, look.title.font, look.title.size, TEAL),), 99)
            )
            heading = Tag("H1", (99,))
            y += look.title.pitch + look.title.after
        for depth, name, target in entries[at * per : (at + 1) * per]:
            marks, area = _entry(look, typefaces, left, y, depth, name, target)
            parts.append(Part(marks, number))
            link = Link(page, area, f"{name}，第{target + 1}页", to_sheet=target)
            items.append(Tag("TOCI", (), (Tag("Link", (number,), link=link),)))
            number += 1
            y += look.body.size * 1.95
        sheets.append(Sheet(look.width, look.height, tuple(parts), str(page + 1)))
    assert heading is not None  # noqa: S101 - there is a page of contents at least
    return tuple(sheets), Tag("Sect", (), (heading, Tag("TOC", (), tuple(items))))


def _entry(
    look: Look, typefaces: Typefaces, left: float, y: float, depth: int, name: str, target: int
) -> tuple[tuple[Mark, ...], tuple[float, float, float, float]]:
    font = "hei-bold" if not depth else look.body.font
    size, whole = look.body.size, look.measure()
    advances = typefaces.advances(font)
    x = left + depth * size * 1.2
    number = measure_line(str(target + 1), typefaces.advances("hei"))
    said = measure_line(name, advances)
    end = left + whole - number.width * size / 1000
    shrink = min(1.0, (end - x - 14) * 1000 / max(said.width * size, 1))
    dots_from = x + said.width * size * shrink / 1000 + 5
    base = y + size * 0.88
    marks: tuple[Mark, ...] = (
        Words(x, base, said, font, size * shrink, TEAL if not depth else Ink((0.1, 0.1, 0.1), (0, 0, 0, 1))),
        Path(polyline([(dots_from, base - 1), (end - 5, base - 1)]), stroke=RULE, width=0.8, dash=(0.8, 2.6)),
        Words(end, base, number, "hei", size, SOFT),
    )
    return marks, (left, y - 2, whole, size * 1.7)


def _index(flow: Flow, items: Sequence[Item], pages: dict[str, int]) -> Tag:
    """Set the index: every item by name, with its department, telephone and page."""
    tags = [flow.heading("索　引", flow.look.title, 1, 80)]
    rows = [(item.name, item.department, item.time, str(pages[item.id] + 1)) for item in sorted(items, key=_by_sound)]
    columns = (Column("事项", 2.6), Column("部门", 1.6), Column("时限", 1.8), Column("页", 0.45))
    tags.append(flow.table(columns, rows))
    return Tag("Sect", (), tuple(tags))


def _by_sound(item: Item) -> bytes:
    """Sort by Pinyin, as far as GB 2312 does: its first level is in that order."""
    return item.name.encode("gb18030")
