"""An order to the print shop: titles × delivery points × quantities → one ZIP with all that the shop needs.

    press/TITLE.pdf      PDF/X-4, read again by the preflight
    ticket.pdf           印刷工单: what to print, on what, how often, for people
    labels.pdf           a label for every pack
    notes.pdf            a delivery note for every delivery point, to be signed
    order.csv            the order as it was handed in
    manifest.json        every file with its SHA-256 and size, and all counts

The same order gives the same bytes: files stand in the order above, with one fixed time.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from certgen.core.chinese import shown
from certgen.core.errors import ApplicationError, Problem, Text
from certgen.fonts import Typefaces
from certgen.guide.flow import Column, Flow
from certgen.guide.look import SHEET, Look
from certgen.scene.document import render_pdf
from certgen.scene.model import Part, Publication, Tag

MOST = 1_000_000  # copies of a title for one delivery point; more is a slip of the finger
PACK = 200  # copies in a pack
_HEADERS = ("品名", "送达点", "数量")
_ZIP_TIME = (2020, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Line:
    """So many copies of a title for a delivery point."""

    title: str
    point: str
    copies: int


@dataclass(frozen=True, slots=True)
class Title:
    """What is printed: its name, its press file, how many pages it has, and on how many sheets."""

    id: str
    name: str
    press: bytes
    pages: int
    sheets: int
    padding: int


@dataclass(frozen=True, slots=True)
class Order:
    """A whole order: its number, the edition, the lines."""

    number: str
    edition: str
    lines: tuple[Line, ...]

    def copies_of(self, title: str) -> int:
        """Count the copies of a title for all points."""
        return sum(line.copies for line in self.lines if line.title == title)

    @property
    def points(self) -> tuple[str, ...]:
        """List the delivery points, as they first appear."""
        return tuple(dict.fromkeys(line.point for line in self.lines))

    @property
    def titles(self) -> tuple[str, ...]:
        """List the titles, as they first appear."""
        return tuple(dict.fromkeys(line.title for line in self.lines))


def parse_order(text: str, number: str, edition: str, known: Mapping[str, str]) -> Order:
    """Read an order from CSV with the columns 品名, 送达点 and 数量; `known` are titles by their ids.

    A title is named by its id or its name. Raises ApplicationError with every fault: row, column, found, wanted.
    """
    by_name = {name: id_ for id_, name in known.items()} | {id_: id_ for id_ in known}
    rows, problems, lines = csv.reader(io.StringIO(text)), list[Problem](), list[Line]()
    head = next(rows, [])
    if tuple(word.strip() for word in head[:3]) != _HEADERS:
        wanted = Text("、".join(_HEADERS), ", ".join(_HEADERS))
        raise ApplicationError((Problem("row 1", Text("表头", "headers"), shown(",".join(head)), wanted),))
    for at, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        title, point, copies = (*(cell.strip() for cell in row), "", "", "")[:3]
        if title not in by_name:
            wanted = Text("已有的品名", f"one of {', '.join(known)}")
            problems.append(Problem(f"row {at}", Text("品名", "title"), shown(title), wanted))
        if not point:
            problems.append(Problem(f"row {at}", Text("送达点", "delivery point"), "", Text("送达点名称", "a name")))
        if not copies.isdecimal() or not 0 < int(copies) <= MOST:
            wanted = Text(f"1 至 {MOST} 的整数", f"a whole number from 1 to {MOST}")
            problems.append(Problem(f"row {at}", Text("数量", "copies"), shown(copies), wanted))
        if not problems:
            lines.append(Line(by_name[title], point, int(copies)))
    double = [
        line for i, line in enumerate(lines) if any((o.title, o.point) == (line.title, line.point) for o in lines[:i])
    ]
    for line in double:
        wanted = Text("每个品名在每个送达点只写一行", "one row for a title and a delivery point")
        problems.append(Problem(line.title, Text("品名与送达点", "title and point"), shown(line.point), wanted))
    if not lines and not problems:
        problems.append(Problem("", Text("订单", "order"), "", Text("至少一行", "one row at least")))
    if problems:
        raise ApplicationError(tuple(problems))
    return Order(number, edition, tuple(lines))


def pack(
    order: Order, titles: Sequence[Title], handed_in: bytes, typefaces: Typefaces, icc: bytes, at: datetime
) -> bytes:
    """Write the ZIP. `titles` are those of the order, each with its press file."""
    files: dict[str, bytes] = {f"press/{title.id}.pdf": title.press for title in titles}
    for name, work in (
        ("ticket.pdf", ticket(order, titles, typefaces)),
        ("labels.pdf", labels(order, titles, typefaces)),
        ("notes.pdf", notes(order, titles, typefaces)),
    ):
        files[name] = render_pdf(work, typefaces, icc, at)
    files["order.csv"] = handed_in
    files["manifest.json"] = json.dumps(manifest(order, titles, files), ensure_ascii=False, indent=1).encode()
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".pdf") else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return sink.getvalue()


def manifest(order: Order, titles: Sequence[Title], files: Mapping[str, bytes]) -> dict[str, object]:
    """Say what is in the ZIP, and how many of what go where; counts add up or it is a fault of ours."""
    return {
        "order": order.number,
        "edition": order.edition,
        "files": {n: {"sha256": hashlib.sha256(d).hexdigest(), "bytes": len(d)} for n, d in files.items()},
        "titles": [
            {"id": t.id, "name": t.name, "pages": t.pages, "sheets": t.sheets, "padding": t.padding,
             "copies": order.copies_of(t.id)} for t in titles
        ],
        "deliveries": [{"title": line.title, "point": line.point, "copies": line.copies} for line in order.lines],
        "copies": sum(line.copies for line in order.lines),
    }  # fmt: skip


def packs_of(copies: int) -> list[int]:
    """Split copies into packs: full ones, and the rest."""
    full, rest = divmod(copies, PACK)
    return [PACK] * full + ([rest] if rest else [])


def ticket(order: Order, titles: Sequence[Title], typefaces: Typefaces) -> Publication:
    """Write the 印刷工单: what is printed, how often, and what becomes of it."""
    flow = Flow(SHEET, typefaces, _bare)
    tags = [flow.heading(f"印刷工单　{order.number}", SHEET.title, 1, 60)]
    total = sum(line.copies for line in order.lines)
    facts = [("版次", order.edition), ("品种", f"{len(titles)} 种"), ("送达点", f"{len(order.points)} 处"),
             ("总印数", f"{total:,} 份"), ("成品尺寸", "以各文件 TrimBox 为准，四边出血 3 毫米"),
             ("色彩", "CMYK；黑字叠印；输出条件以文件内 OutputIntent 为准"),
             ("文件", "PDF/X-4，字体已嵌入；SHA-256 见 manifest.json")]  # fmt: skip
    tags.append(flow.table((Column("项目", 1), Column("内容", 4)), facts))
    tags.append(flow.heading("印刷内容", SHEET.heading, 2, 60))
    rows = [(t.name, str(t.pages) + (f"（补空白 {t.padding}）" if t.padding else ""), str(t.sheets),
             f"{order.copies_of(t.id):,}", f"press/{t.id}.pdf") for t in titles]  # fmt: skip
    columns = (Column("品名", 2.6), Column("页数", 1.2), Column("印张", 0.7), Column("印数", 0.9), Column("文件", 2.2))
    tags.append(flow.table(columns, rows))
    tags.append(flow.heading("签认", SHEET.heading, 2, 80))
    signed = [("打样确认", "　", "　"), ("印刷完成", "　", "　"), ("出库", "　", "　")]
    tags.append(flow.table((Column("环节", 1), Column("签字", 2), Column("日期", 1)), signed))
    return Publication(Text(f"印刷工单 {order.number}", f"Job ticket {order.number}"), flow.sheets(), tuple(tags))


def notes(order: Order, titles: Sequence[Title], typefaces: Typefaces) -> Publication:
    """Write a delivery note for every point, each on its own page."""
    names = {title.id: title.name for title in titles}
    flow, tags = Flow(SHEET, typefaces, _bare), list[Tag]()
    for number, point in enumerate(order.points, 1):
        flow.turn()
        tags.append(flow.heading(f"送货单　{order.number}-{number:03}", SHEET.title, 1, 60))
        tags.append(flow.paragraph(f"送达点：{point}　　版次：{order.edition}"))
        mine = [line for line in order.lines if line.point == point]
        rows = [(names[line.title], f"{line.copies:,}", str(len(packs_of(line.copies))), "　") for line in mine]
        rows.append(
            ("合计", f"{sum(line.copies for line in mine):,}", str(sum(len(packs_of(x.copies)) for x in mine)), "　")
        )
        columns = (Column("品名", 3), Column("份数", 1), Column("包数", 0.8), Column("实收", 1))
        tags.append(flow.table(columns, rows))
        tags.append(flow.paragraph("收货人（签字）：　　　　　　　　　　　日期：　　　　年　　月　　日"))
    return Publication(Text(f"送货单 {order.number}", f"Delivery notes {order.number}"), flow.sheets(), tuple(tags))


def labels(order: Order, titles: Sequence[Title], typefaces: Typefaces) -> Publication:
    """Write a label for every pack, in the order of delivery: point, title, copies, pack of packs."""
    names = {title.id: title.name for title in titles}
    flow = Flow(SHEET, typefaces, _bare)
    tags = [flow.heading(f"包签　{order.number}", SHEET.title, 1, 60)]
    rows = []
    for line in order.lines:
        packs = packs_of(line.copies)
        rows += [(line.point, names[line.title], f"{copies}", f"{i}/{len(packs)}") for i, copies in enumerate(packs, 1)]
    columns = (Column("送达点", 2.2), Column("品名", 2.6), Column("份数", 0.8), Column("包", 0.8))
    tags.append(flow.table(columns, rows))
    return Publication(Text(f"包签 {order.number}", f"Pack labels {order.number}"), flow.sheets(), tuple(tags))


def _bare(page: int, look: Look, typefaces: Typefaces) -> tuple[Part, ...]:
    """Put nothing on every page."""
    return ()
