"""`certgen template …`: the author's commands. None of them needs a workspace, opens a key or issues anything."""

import hashlib
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from certgen import console
from certgen.console import HomeOption, JsonOption, LangOption
from certgen.core.errors import SettingsError, TemplateError, Text

if TYPE_CHECKING:
    from certgen.author.live import Wish

template_app = typer.Typer(no_args_is_help=True, help="Make, look at, check and approve kinds of documents.")
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
    out: Annotated[
        Path | None, typer.Option("--out", help="Write PDF and PNG files to this folder instead of serving a page.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the page; 0 takes a free one.")] = 8010,
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a kind on a page that follows every save, or with --out write PDF and PNG; 样本 stands across each page.

    Nothing is signed, numbered or registered. The page is for this machine alone; Ctrl-C ends it.
    """
    from certgen import wiring
    from certgen.author.live import Wish

    session = console.begin(home, lang, as_json)
    folder = _folder(kind, session.home)
    if out is None:
        _serve(folder, Wish(case, form, copy, paper.value), port)
        return
    from certgen.author.exhibits import choose, one_of
    from certgen.author.pictures import png, render
    from certgen.template import load_template

    template = load_template(folder)
    studio = wiring.open_studio(session.home)
    name, data = choose(template, case, form, studio)
    reading = studio.read(template, data)
    copies = [one_of({c.id: c for c in template.copies}, copy, Text("联", "copy"))] if copy else template.copies
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


def _serve(folder: Path, wish: "Wish", port: int) -> None:
    from certgen import author, wiring
    from certgen.author.page import make_server

    session = console.current()
    server = make_server(
        folder, lambda: wiring.open_studio(session.home), author.check, wish, lang=session.lang, port=port
    )
    address = f"http://127.0.0.1:{server.server_port}/"
    console.answer({"page": address, "kind": folder.name}, [f"{folder.name}  {address}"])
    sys.stdout.flush()  # whoever started us in a pipe waits for the address
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


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
