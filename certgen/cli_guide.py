"""`certgen guide …`: check items, draw their charts, make guides for readers and files for the press."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from certgen import console
from certgen.console import HomeOption, JsonOption, LangOption
from certgen.core.errors import SettingsError, Text
from certgen.settings import SHIPPED

if TYPE_CHECKING:
    from certgen.guide.guide import Edition
    from certgen.guide.item import Item
    from certgen.guide.lint import Finding
    from certgen.guide.order import Order
    from certgen.print.impose import Edge, Imposition
    from certgen.print.press import Conditions
    from certgen.scene import Publication

PUBLISHER = "咸宁市政务服务中心"
guide_app = typer.Typer(no_args_is_help=True, help="Service guides: check items, draw flowcharts, make guides.")


class LookOf(StrEnum):
    """How a guide looks."""

    sheet = "sheet"
    booklet = "booklet"
    large = "large"


class SchemeOf(StrEnum):
    """How pages are handed to the press: one by one, or on folded sheets."""

    single = "single"
    F4 = "F4"
    F8 = "F8"
    F16 = "F16"
    F32 = "F32"


ItemArgument = Annotated[str, typer.Argument(metavar="ITEM", help="An item; all of them when none is named.")]
OutOption = Annotated[Path, typer.Option("--out", help="Folder for the files.")]
LookOption = Annotated[LookOf, typer.Option(help="sheet (A4), booklet (A5, every item) or large (A4, 18 pt and more).")]


@guide_app.command()
def check(
    item: ItemArgument = "",
    findings: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write the findings to this file too.")
    ] = None,
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find what keeps items from being published: disclosures, days, fees, materials, the flowchart."""
    from certgen.guide.catalogue import find_disclosures
    from certgen.guide.lint import check_item

    session = console.begin(home, lang, as_json)
    disclosures = find_disclosures(SHIPPED, session.home)
    chosen = _chosen(item)
    found = [finding for one in chosen for finding in check_item(one, disclosures)]
    if findings:
        _written(findings, _as_csv(found).encode("utf-8-sig"))
    rows = [{"item": f.item, "field": f.field, "rule": f.rule, "message": f.message._asdict()} for f in found]
    lines = [f"{f.item}  {f.field}  [{f.rule}]  {f.message.say(session.lang)}" for f in found]
    good = Text(f"{len(chosen)} 个事项，没有问题", f"{len(chosen)} items, no faults").say(session.lang)
    console.answer(rows, lines or [good])
    raise typer.Exit(2 if found else 0)


def _as_csv(found: Sequence["Finding"]) -> str:
    sink = io.StringIO()
    writer = csv.writer(sink)
    writer.writerow(("事项", "项目", "规则", "问题", "finding"))
    writer.writerows((f.item, f.field, f.rule, f.message.zh, f.message.en) for f in found)
    return sink.getvalue()


@guide_app.command()
def make(
    item: ItemArgument = "",
    look: LookOption = LookOf.sheet,
    out: OutOption = Path(),
    publisher: Annotated[str, typer.Option(help="Who publishes it.")] = PUBLISHER,
    edition: Annotated[str, typer.Option(help="Which edition.")] = "",
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make guides to read on a screen: tagged PDF with bookmarks. The booklet holds every item."""
    from certgen import wiring
    from certgen.scene import render_pdf

    console.begin(home, lang, as_json)
    works = _works(item, look, _edition(publisher, edition))
    console.make_folder(out)
    typefaces, at = wiring.house_typefaces(), wiring.now()
    files = [_written(out / f"{name}-{look}.pdf", render_pdf(work, typefaces, _srgb(), at)) for name, work in works]
    console.answer([str(file) for file in files], [str(file) for file in files])


@guide_app.command()
def press(
    item: ItemArgument = "",
    look: LookOption = LookOf.booklet,
    scheme: Annotated[SchemeOf, typer.Option(help="single pages, or sheets folded by a scheme.")] = SchemeOf.single,
    stacked: Annotated[bool, typer.Option("--stacked", help="Sheets lie on each other (perfect binding).")] = False,
    bound: Annotated[str, typer.Option(help="left or right.")] = "left",
    caliper: Annotated[float, typer.Option(help="Thickness of the paper in mm, for creep.")] = 0.1,
    bleed: Annotated[float, typer.Option(help="In mm.")] = 3.0,
    ink_limit: Annotated[float, typer.Option(help="Of the four inks together, in per cent.")] = 300.0,
    profile: Annotated[
        Path | None, typer.Option(help="The print shop's own ICC profile; default ISO Coated v2 300 %.")
    ] = None,
    condition: Annotated[str, typer.Option(help="The name of its printing condition.")] = "FOGRA39",
    black: Annotated[bool, typer.Option("--black", help="Everything on the black plate.")] = False,
    outlines: Annotated[bool, typer.Option("--outlines", help="Type as paths (转曲).")] = False,
    job: Annotated[str, typer.Option(help="Name of the job, for the slug line.")] = "",
    out: OutOption = Path(),
    publisher: Annotated[str, typer.Option(help="Who publishes it.")] = PUBLISHER,
    edition: Annotated[str, typer.Option(help="Which edition.")] = "",
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make files for the press: PDF/X-4 with bleed and marks. A file that fails preflight is not written."""
    console.begin(home, lang, as_json)
    if bound not in ("left", "right"):
        raise SettingsError(Text("装订边应为 left 或 right", f"bound {bound!r}, wanted left or right"))
    works = _works(item, look, _edition(publisher, edition))
    options = _Press(
        scheme, stacked, bound == "right", caliper, _conditions(profile, condition, bleed, ink_limit, black, outlines)
    )
    rows, lines = [], []
    console.make_folder(out)
    for name, work in works:
        pdf, plan = _pressed(work, job or name, options)
        file = _written(out / f"{name}-{look}-{scheme}.pdf", pdf)
        rows.append({"file": str(file), "pages": len(work.sheets), "sheets": len(plan.sheets), "padding": plan.padding})
        blank = Text(f"补空白页 {plan.padding}", f"{plan.padding} blank pages put in before the last")
        said = blank.say(console.current().lang) if plan.padding else ""
        lines.append(f"{file}  {len(work.sheets)} p.  {said}".rstrip())
    console.answer(rows, lines)


@guide_app.command()
def order(
    table: Annotated[Path, typer.Argument(help="CSV with the columns 品名, 送达点, 数量; UTF-8 or GB 18030.")],
    number: Annotated[str, typer.Option(help="Of the order; stands on every paper of it.")],
    look: LookOption = LookOf.sheet,
    scheme: Annotated[SchemeOf, typer.Option(help="single pages, or sheets folded by a scheme.")] = SchemeOf.single,
    out: Annotated[Path, typer.Option("--out", help="The ZIP to write.")] = Path("order.zip"),
    publisher: Annotated[str, typer.Option(help="Who publishes it.")] = PUBLISHER,
    edition: Annotated[str, typer.Option(help="Which edition.")] = "",
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pack an order for the print shop: press files, job ticket, labels, delivery notes and a manifest, as one ZIP."""
    console.begin(home, lang, as_json)
    asked, packed = pack_order(table, number, look, scheme, publisher, edition)
    file = _written(out, packed)
    copies = sum(line.copies for line in asked.lines)
    titles, points = len(asked.titles), len(asked.points)
    zh, en = f"{titles} 种，{points} 处，共 {copies} 份", f"{titles} titles, {points} points, {copies} copies"
    rows = {"file": str(file), "titles": titles, "points": points, "copies": copies}
    console.answer(rows, [f"{file}  {Text(zh, en).say(console.current().lang)}"])


def pack_order(
    table: Path,
    number: str,
    look: LookOf = LookOf.sheet,
    scheme: SchemeOf = SchemeOf.single,
    publisher: str = PUBLISHER,
    edition: str = "",
) -> "tuple[Order, bytes]":
    """Make every press file of an order, and pack them with what goes with them; gives the order and the ZIP."""
    from certgen import wiring
    from certgen.guide.order import Title, pack, parse_order

    made, handed_in = _edition(publisher, edition), _read(table)
    items = {one.id: one.name for one in _chosen("") if one.life in ("在办", "承接")}
    known = items | {"guides": f"{publisher}办事指南"}
    asked = parse_order(_decoded(handed_in, table), number, made.name, known)
    options = _Press(scheme, False, False, 0.1, _conditions(None, "FOGRA39", 3.0, 300.0, False, False))
    titles = []
    for title in asked.titles:
        one, shape = ("", LookOf.booklet) if title == "guides" else (title, look)
        ((_, work),) = _works(one, shape, made)
        pdf, plan = _pressed(work, f"{number} {title}", options)
        titles.append(Title(title, known[title], pdf, len(work.sheets), len(plan.sheets), plan.padding))
    return asked, pack(asked, titles, handed_in, wiring.house_typefaces(), _srgb(), wiring.now())


def make_booklet() -> bytes:
    """Make the booklet of all items, to be read on a screen."""
    from certgen import wiring
    from certgen.scene import render_pdf

    ((_, work),) = _works("", LookOf.booklet, _edition(PUBLISHER, ""))
    return render_pdf(work, wiring.house_typefaces(), _srgb(), wiring.now())


def _srgb() -> bytes:
    return (SHIPPED / "_shared" / "icc" / "sRGB2014.icc").read_bytes()


@guide_app.command()
def chart(
    item: ItemArgument = "",
    out: OutOption = Path(),
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw flowcharts as SVG, each with its steps as a list to be read aloud."""
    from certgen import wiring
    from certgen.guide.chart import draw, narrate
    from certgen.guide.look import SHEET
    from certgen.scene import Part, Sheet, render_svg

    session = console.begin(home, lang, as_json)
    console.make_folder(out)
    typefaces, files = wiring.house_typefaces(), []
    for one in _chosen(item):
        said = [step.say(session.lang) for step in narrate(one.chart)]
        for number, drawn in enumerate(draw(one.chart, typefaces, SHEET.measure(), 700.0), 1):
            sheet = Sheet(drawn.width, drawn.height, (Part(drawn.marks),))
            svg = render_svg(sheet, typefaces, one.name, "\n".join(said))
            files.append(_written(out / f"{one.id}{'' if number == 1 else f'-{number}'}.svg", svg.encode()))
        _written(out / f"{one.id}.txt", ("\n".join(said) + "\n").encode())
    console.answer([str(file) for file in files], [str(file) for file in files])


@guide_app.command()
def replace(
    old: Annotated[str, typer.Argument(help="What stands there now: a telephone number, a name.")],
    new: Annotated[str, typer.Argument(help="What shall stand there.")],
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change a value across all items, in the workspace; lists the items whose guides must be made anew."""
    from certgen.guide.catalogue import replace_value

    session = console.begin(home, lang, as_json)
    changed = replace_value(SHIPPED, session.home, old, new)
    rows = [{"item": one.item, "file": str(one.file), "times": one.times} for one in changed]
    console.answer(rows, [f"{one.item}  {one.times}×  {one.file}" for one in changed])


def _chosen(item: str) -> "tuple[Item, ...]":
    from certgen.guide.catalogue import load_catalogue

    items = load_catalogue(SHIPPED, console.current().home)
    if not item:
        return items
    chosen = tuple(one for one in items if one.id == item)
    if not chosen:
        known = ", ".join(one.id for one in items)
        raise SettingsError(Text(f"没有事项“{item[:40]}”，已有：{known}", f"no item {item[:40]!r}; known are {known}"))
    return chosen


def _works(item: str, look: LookOf, edition: "Edition") -> "list[tuple[str, Publication]]":
    """Set the guides asked for: a booklet of all chosen items, or one work for each that is current (在办)."""
    from certgen import wiring
    from certgen.guide.guide import booklet, single
    from certgen.guide.look import LOOKS

    chosen = [one for one in _chosen(item) if one.life in ("在办", "承接")]
    if not chosen:
        raise SettingsError(Text("没有在办的事项", "none of these items is current"))
    typefaces, looks = wiring.house_typefaces(), LOOKS[look]
    if look is LookOf.booklet:
        return [(item or "guides", booklet(chosen, looks, typefaces, edition))]
    return [(one.id, single(one, looks, typefaces, edition)) for one in chosen]


def _edition(publisher: str, name: str) -> "Edition":
    from certgen import wiring
    from certgen.guide.guide import Edition

    day = wiring.now() + timedelta(hours=8)
    return Edition(publisher, name or f"{day.year}年版", f"{day.year}年{day.month}月")


@dataclass(frozen=True, slots=True)
class _Press:
    """How pages are handed over."""

    scheme: SchemeOf
    stacked: bool
    bound_right: bool
    caliper_mm: float
    conditions: "Conditions"


def _conditions(
    profile: Path | None, condition: str, bleed: float, ink_limit: float, black: bool, outlines: bool
) -> "Conditions":
    from certgen.print.press import Conditions

    own = _read(profile) if profile else (SHIPPED / "_shared" / "icc" / "ISOcoated_v2_300_bas.icc").read_bytes()
    return Conditions(own, condition, bleed, ink_limit / 100, black, outlines)


def _pressed(work: "Publication", job: str, options: _Press) -> "tuple[bytes, Imposition]":
    """Make a press file; raises SettingsError when the preflight finds a fault, so that it is never written."""
    from certgen import wiring
    from certgen.print.fold import SCHEMES
    from certgen.print.impose import booklet
    from certgen.print.marks import MM
    from certgen.print.preflight import Preflight
    from certgen.print.press import Slug, press_pdf, singles

    count, conditions = len(work.sheets), options.conditions
    if options.scheme is SchemeOf.single:
        plan = singles(count)
    else:
        bound: Edge = "right" if options.bound_right else "left"
        caliper = options.caliper_mm * MM
        plan = booklet(count, SCHEMES[options.scheme], nested=not options.stacked, bound=bound, caliper=caliper)
    at = wiring.now()
    slug = Slug(job, f"{at + timedelta(hours=8):%Y-%m-%d}")
    pdf = press_pdf(work, plan, conditions, slug, wiring.house_typefaces(), at)
    faults = Preflight(conditions.ink_limit, conditions.bleed_mm).look(pdf)
    if faults:
        said = [f"{f.page}: {f.rule}: {f.message.say(console.current().lang)}" for f in faults]
        raise SettingsError(Text("印前检查未通过：" + "；".join(said), "preflight failed: " + "; ".join(said)))
    return pdf, plan


def _decoded(data: bytes, file: Path) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SettingsError(Text(f"{file.name} 不是 UTF-8 或 GB 18030", f"{file.name} is neither UTF-8 nor GB 18030"))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise console.unreadable(file, error) from error


def _written(file: Path, content: bytes) -> Path:
    try:
        file.write_bytes(content)
    except OSError as error:
        text = Text(f"写不了 {file}：{error.strerror}", f"{file} cannot be written: {error.strerror}")
        raise SettingsError(text) from error
    return file
