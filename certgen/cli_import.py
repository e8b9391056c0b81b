"""The commands about tables and older systems: what is wrong with which row, and what is known of a number."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from certgen import settings
from certgen.console import HomeOption, JsonOption, LangOption, answer, begin, current, fail, say, unknown_kind
from certgen.core.chinese import SHANGHAI, shown
from certgen.core.errors import ApplicationError, SettingsError, Text

if TYPE_CHECKING:
    from certgen.inherited import Inherited
    from certgen.sheet import Heading
    from certgen.wiring import Desk

_NOTE = Text("由旧系统签发，本系统没有其文件", "issued by an older system; there is no document of it here")


def import_legacy(
    kind: str,
    table: Annotated[Path, typer.Argument(help="XLSX or CSV with the columns number and holder; see docs/import.md.")],
    source: Annotated[str, typer.Option("--source", help="The older system; default the name of the file.")] = "",
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take in what older systems issued: their numbers are never given out again."""
    from certgen import legacy, wiring
    from certgen.sheet import load_sheet

    session = begin(home, lang, as_json)
    with wiring.open_desk(settings.load(session.home), readonly=False) as opened:
        if kind not in opened.templates:
            fail(unknown_kind(kind, opened.templates))
        template, now = opened.templates[kind], opened.clock()
        sheet = load_sheet(table, legacy.names(template))
        today = now.astimezone(SHANGHAI).date()
        done = legacy.import_table(opened.register, template, sheet, source or shown(table.name, 100), now, today)
    report_rows(list(done.refused), sheet.columns)
    for row, doubt in done.warned:
        say(f"注意：第 {row} 行已导入，{doubt.say('zh')}", f"warning: row {row} was imported; {doubt.say('en')}")
    counts = {"new": done.new, "known": done.known, "refused": len(done.refused), "warned": len(done.warned)}
    said = Text(
        f"新导入 {done.new}，此前已有 {done.known}，拒绝 {len(done.refused)}；校验不符但已导入 {len(done.warned)}",
        f"{done.new} imported, {done.known} known before, {len(done.refused)} refused; "
        f"{len(done.warned)} imported although a check digit fails",
    )
    answer(counts, [said.say(session.lang)])
    raise typer.Exit(2 if done.refused else 0)


def report_rows(faults: Iterable[tuple[int, ApplicationError]], columns: Mapping[str, "Heading"]) -> None:
    """Name row, column, header, value and reason of every fault."""
    from certgen.batch import place

    for row, error in faults:
        for p in error.problems:
            column = columns.get(p.field)
            zh, en = place(column, p.label.zh, "zh"), place(column, p.field, "en")
            say(f"第 {row} 行{zh} {p.say('zh')}", f"row {row}{en}: {p.say('en')}")


def show_inherited(opened: "Desk", number: str) -> None:
    """Answer what is known of a number that an older system issued; fail when nothing is."""
    found = opened.register.inherited(number)
    if not found:
        fail(no_document(opened, number), 1)
    answer([_facts(one) for one in found], [_line(one) for one in found])


def _facts(one: "Inherited") -> dict[str, Any]:
    return {
        "number": one.number,
        "kind": one.kind,
        "holder": one.holder,
        "credit_code": one.credit_code,
        "issued_on": str(one.issued_on) if one.issued_on else None,
        "valid_until": str(one.valid_until) if one.valid_until else None,
        "source": one.source,
        "inherited": True,
    }


def _line(one: "Inherited") -> str:
    days = f"{one.issued_on or '…'} – {one.valid_until or '…'}"
    return f"{one.number}  {one.kind}  {one.holder}  {days}  {_NOTE.say(current().lang)} ({one.source})"


def no_document(opened: "Desk", number: str) -> SettingsError:
    """Make the error of a number that has no document here; one of an older system is not called unknown."""
    name = shown(number)
    if opened.register.inherited(number):
        return SettingsError(Text(f"“{name}”{_NOTE.zh}", f"{name!r} was {_NOTE.en}"))
    return SettingsError(Text(f"登记簿中没有“{name}”", f"the register has no {name!r}"))
