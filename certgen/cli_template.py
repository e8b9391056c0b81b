"""`certgen template …`: the author's commands. None of them needs a workspace, opens a key or issues anything."""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from certgen import console
from certgen.console import HomeOption, JsonOption, LangOption
from certgen.core.errors import SettingsError, TemplateError, Text

if TYPE_CHECKING:
    from certgen.author import Studio
    from certgen.template import Template

template_app = typer.Typer(no_args_is_help=True, help="Make, look at, check and approve kinds of documents.")
_T = TypeVar("_T")
DPI = 150  # of previews; enough to judge type and lines


class PaperOf(StrEnum):
    """A paper to look at."""

    plain = "plain"
    overprint = "overprint"


@template_app.command()
def check(
    kind: Annotated[str, typer.Argument(help="A kind; all of them when none is named.")] = "",
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find every fault of a kind: its declaration, layouts, sample, cases, table of samples and longest values."""
    from certgen import author, wiring

    session = console.begin(home, lang, as_json)
    studio, faults = wiring.open_studio(session.home), list[tuple[str, TemplateError]]()
    folders = {kind: _folder(kind, session.home)} if kind else wiring.template_folders(session.home)
    for name, folder in folders.items():
        faults += [(name, fault) for fault in author.check(folder, studio)]
    if not faults:
        done = [Text(f"{name}：没有问题", f"{name}: no faults").say(session.lang) for name in folders]
        console.answer([], done + [note for folder in folders.values() if (note := _note(folder))])
        return
    console.answer(*_report(faults))
    raise typer.Exit(2)


def _report(faults: list[tuple[str, TemplateError]]) -> tuple[list[dict[str, object]], list[str]]:
    rows: list[dict[str, object]] = [
        {"kind": kind, "file": f.file, "line": f.line, "field": f.field, "message": f.message._asdict()}
        for kind, f in faults
    ]
    return rows, [f"{kind}/{fault.say(console.current().lang)}" for kind, fault in faults]


def _note(folder: Path) -> str:
    """Say that a sound folder is not yet approved."""
    from certgen.author.approval import lines_of, load_lock
    from certgen.template import load_template

    template = load_template(folder)
    if set(lines_of(template)) <= set(load_lock(folder)):
        return ""
    command = f"certgen template approve {template.kind}"
    return Text(f"尚未批准：{command}", f"not yet approved: {command}").say(console.current().lang)


@template_app.command()
def preview(
    kind: str,
    case: Annotated[str, typer.Option(help="A record of cases/, by its name without .json; default the sample.")] = "",
    form: Annotated[str, typer.Option(help="A form; the record is moved to it.")] = "",
    copy: Annotated[str, typer.Option(help="One copy; default all.")] = "",
    paper: Annotated[PaperOf, typer.Option(help="plain, or overprint for official stock.")] = PaperOf.plain,
    out: Annotated[Path, typer.Option("--out", help="Folder for the PDF and PNG files.")] = Path(),
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw a record as PDF and PNG, with 样本 across it. Nothing is signed, numbered or registered."""
    from certgen import wiring
    from certgen.author.pictures import png, render
    from certgen.template import load_template

    session = console.begin(home, lang, as_json)
    template = load_template(_folder(kind, session.home))
    studio = wiring.open_studio(session.home)
    name, data = _record(template, case, form, studio)
    reading = studio.read(template, data)
    copies = [_one_of({c.id: c for c in template.copies}, copy, Text("联", "copy"))] if copy else template.copies
    console.make_folder(out)
    files = []
    for specimen in studio.specimens(template, reading, (paper.value,), copies):
        stem = f"{kind}-{name}-{reading.form.id}-{specimen.copy.id}-{paper}"
        pages = render(specimen.pdf, DPI)
        names = [f"{stem}{f'-{number}' if len(pages) > 1 else ''}.png" for number in range(1, len(pages) + 1)]
        contents = [(f"{stem}.pdf", specimen.pdf)] + [(n, png(page, DPI)) for n, page in zip(names, pages, strict=True)]
        files += [_written(out / name, content) for name, content in contents]
    rows = [{"file": str(file), "sha256": hashlib.sha256(file.read_bytes()).hexdigest()} for file in files]
    console.answer(rows, [row["file"] for row in rows])


def _record(template: "Template", case: str, form: str, studio: "Studio") -> tuple[str, Mapping[str, object]]:
    """Find the record to draw: the case, or the sample; for a form alone, the first record that fits it."""
    from certgen.author.exhibits import SAMPLE, fitting, label_of, load_record, records
    from certgen.author.studio import on_form

    files = records(*template.layers)
    name = case or SAMPLE
    named = _one_of(files, name, Text("例", "case"))
    data = load_record(named, label_of(named, template))
    if not form:
        return name, data
    wanted = _one_of({f.id: f for f in template.forms}, form, Text("版", "form"))
    for other, file in () if case else files.items():
        fits = fitting(template, wanted, [load_record(file, other)], studio)
        if fits is not None:
            return other, fits
    return name, on_form(template, data, wanted)


def _one_of(known: Mapping[str, _T], name: str, what: Text) -> _T:
    if name not in known:
        names = ", ".join(known)
        zh = f"没有名为“{name[:40]}”的{what.zh}，已有：{names}"
        raise SettingsError(Text(zh, f"there is no {what.en} {name[:40]!r}; known are {names}"))
    return known[name]


def _written(file: Path, content: bytes) -> Path:
    try:
        file.write_bytes(content)
    except OSError as error:
        text = Text(f"写不了 {file}：{error.strerror}", f"{file} cannot be written: {error.strerror}")
        raise SettingsError(text) from error
    return file


@template_app.command()
def approve(
    kind: str,
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a kind, redraw its pictures and lock this version of it."""
    from certgen import author, wiring

    session = console.begin(home, lang, as_json)
    approved = author.approve(_folder(kind, session.home), wiring.open_studio(session.home))
    if approved.faults:
        console.answer(*_report([(kind, fault) for fault in approved.faults]))
        raise typer.Exit(2)
    console.answer([str(file) for file in approved.files], [str(file) for file in approved.files])


@template_app.command()
def new(
    kind: str,
    like: Annotated[str, typer.Option("--like", metavar="OTHER", help="The kind to begin from.")],
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Begin a new kind in the workspace's templates/ as a copy of another."""
    from certgen import author, wiring

    session = console.begin(home, lang, as_json)
    folder = author.begin(kind, _folder(like, session.home), session.home, wiring.template_folders(session.home))
    console.answer({"folder": str(folder)}, [str(folder)])


def _folder(kind: str, home: Path) -> Path:
    from certgen import wiring

    folders = wiring.template_folders(home)
    if kind not in folders:
        raise console.unknown_kind(kind, folders)
    return folders[kind]
