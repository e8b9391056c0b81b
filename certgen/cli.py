"""The command line: thin. It reads arguments, calls one room, and says what happened in the reader's language.

Exit codes: 0 done (verify: authentic and in force), 1 not, 2 refused or misused, 3 cannot tell.
"""

import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from certgen import cli_versions, settings
from certgen.cli_card import card
from certgen.cli_guide import guide_app
from certgen.cli_import import import_legacy, no_document, report_rows
from certgen.cli_life import add_commands, show
from certgen.cli_publish import publish, publish_after
from certgen.cli_template import template_app
from certgen.console import (
    HomeOption,
    JsonOption,
    LangOption,
    PaperChoice,
    PaperOption,
    answer,
    begin,
    desk,
    fail,
    make_folder,
    office,
    read_record,
    unknown_kind,
    unreadable,
)
from certgen.core.chinese import shown, unprintable
from certgen.core.errors import CertgenError, SettingsError, Text

if TYPE_CHECKING:
    from certgen.issue import Outcome
    from certgen.sheet import Heading

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(template_app, name="template")
app.add_typer(guide_app, name="guide")
app.command("import-legacy")(import_legacy)
app.command()(card)
app.command()(publish)
app.command()(show)
add_commands(app)
cli_versions.add_commands(app)


@app.command()
def init(
    home: HomeOption = None,
    lang: LangOption = None,
    origin: Annotated[
        str, typer.Option(help="What QR codes open: https://host, or http://host:port in a demo.")
    ] = "http://127.0.0.1:8000",
    algorithm: Annotated[str, typer.Option(help="Of the seals: ES256 (P-256) or RS256.")] = "ES256",
    rsa_bits: Annotated[int, typer.Option(help="2048 or 3072, for RS256.")] = 3072,
    passphrase_file: Annotated[
        Path | None, typer.Option(help="Passphrase of the new keys; without one a demo passphrase is drawn.")
    ] = None,
    production: Annotated[
        bool, typer.Option("--production", help="Keys whose documents do not carry 样本; needs --passphrase-file.")
    ] = False,
) -> None:
    """Make a workspace: settings, keys of every authority, trust list, empty register."""
    from certgen import wiring

    session = begin(home, lang)
    if algorithm not in {"ES256", "RS256"} or rsa_bits not in {2048, 3072}:
        fail(
            SettingsError(
                Text(
                    f"算法 {algorithm} {rsa_bits}：应为 ES256 或 RS256（2048、3072）",
                    f"algorithm {algorithm} {rsa_bits}: wanted ES256, or RS256 of 2048 or 3072 bits",
                )
            )
        )
    if production and passphrase_file is None:
        fail(SettingsError(Text("正式密钥须用 --passphrase-file 给出口令", "production keys need --passphrase-file")))
    try:
        secret = passphrase_file.read_bytes().rstrip(b"\r\n") if passphrase_file else None
    except OSError as error:
        fail(unreadable(passphrase_file, error))
    made = wiring.make_workspace(
        session.home,
        origin=origin,
        algorithm="RS256" if algorithm == "RS256" else "ES256",
        rsa_bits=rsa_bits,
        specimen=not production,
        passphrase=secret,
    )
    answer(
        {"home": str(made.home)}, [Text(f"工作区已建立：{made.home}", f"workspace made: {made.home}").say(session.lang)]
    )


@app.command()
def kinds(
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    csv: Annotated[
        str,
        typer.Option("--csv", metavar="KIND", help="Write an empty table of this kind: headers and one example row."),
    ] = "",
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", metavar="FILE", help="With --csv: write it to this file as a workbook.")
    ] = None,
) -> None:
    """List the kinds of documents, or write an empty table of one."""
    from certgen import wiring
    from certgen.sheet import example, example_xlsx

    session = begin(home, lang, as_json)
    templates = wiring.Templates(session.home)
    if csv:
        if csv not in templates:
            fail(unknown_kind(csv, templates))
        template, sample = templates[csv], read_record(templates[csv].file("sample.json"))
        if xlsx is None:
            sys.stdout.write(example(template, sample))
        else:
            _write(xlsx, example_xlsx(template, sample))
        return
    if xlsx is not None:
        fail(SettingsError(Text("--xlsx 须与 --csv KIND 同用", "--xlsx goes with --csv KIND")))
    listed = list(templates.values())
    width = max((len(t.kind) for t in listed), default=0)
    answer(
        [
            {"kind": t.kind, "title": t.title._asdict(), "version": t.version, "forms": [f.id for f in t.forms]}
            for t in listed
        ],
        [f"{t.kind:<{width}}  {t.title.say(session.lang)}  ({', '.join(f.id for f in t.forms)})" for t in listed],
    )


def _write(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        name = shown(str(file), 80)
        fail(SettingsError(Text(f"无法写入 {name}：{error.strerror}", f"{name} cannot be written: {error.strerror}")))


@app.command()
def issue(
    kind: str,
    record: Annotated[Path, typer.Argument(help="A JSON file, or - for standard input.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the PDFs.")] = Path(),
    paper: PaperOption = PaperChoice.plain,
    key: Annotated[
        str, typer.Option("--key", help="Your own request key: the same key always gives the same documents.")
    ] = "",
    source: Annotated[
        str, typer.Option("--from", metavar="CODE", help="Fill blanks in from the licence that has this code.")
    ] = "",
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Issue one licence: every copy of it, signed, registered and written to files."""
    from certgen import wiring
    from certgen.batch import deliver
    from certgen.core.model import Application
    from certgen.filling import fill
    from certgen.issue import Refused, request_key

    session = begin(home, lang, as_json)
    data = read_record(record)
    with office() as opened:
        if template := opened.issuer.templates.get(kind):
            data = template.with_photos(data, record.parent)
        application = Application(kind, data, key or request_key(data) or wiring.new_request_key())
        if source and template:
            application = fill(opened.issuer, application, source)
        opened.issuer.read(application, paper.papers)
        make_folder(out)  # after the faults, which leave nothing behind; before a number is used up
        outcome = opened.issuer.issue([application], papers=paper.papers)[0]
        if isinstance(outcome, Refused):
            fail(outcome.error)
        files = deliver(out, outcome.documents)
        publish_after(opened)
    rows = [
        {
            "number": d.number,
            "sid": d.sid,
            "copy": d.copy,
            "paper": d.paper,
            "file": str(f),
            "sha256": d.pdf_digest.hex(),
        }
        for d, f in zip(outcome.documents, files, strict=True)
    ]
    note = (
        Text("（此前已签发，内容相同）", " (issued before; the same documents)").say(session.lang)
        if outcome.again
        else ""
    )
    answer(rows, [f"{r['number']}  {r['sid']}  {r['file']}{note}" for r in rows])


@app.command()
def batch(
    kind: str,
    table: Annotated[Path, typer.Argument(help="An XLSX file, or CSV in UTF-8 or GB 18030.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the PDFs and results.csv.")] = Path("out"),
    paper: PaperOption = PaperChoice.plain,
    check: Annotated[bool, typer.Option("--check", help="Read and set every row; issue nothing.")] = False,
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Issue a table of records. The same command after any interruption goes on where it stood."""
    from certgen import batch as batches
    from certgen.sheet import load_sheet

    session = begin(home, lang, as_json)
    with office() as opened:
        templates = opened.issuer.templates
        if kind not in templates:
            fail(unknown_kind(kind, templates))
        sheet = load_sheet(table, templates[kind].names)
        if check:
            faults = [(row, error) for row, error in batches.check(opened.issuer, kind, sheet, paper.papers) if error]
            report_rows(faults, sheet.columns)
            counts = {"rows": len(sheet.rows), "good": len(sheet.rows) - len(faults), "refused": len(faults)}
            answer(
                counts,
                [
                    Text(
                        f"共 {counts['rows']} 行，可签发 {counts['good']} 行，有误 {counts['refused']} 行；未签发",
                        f"{counts['rows']} rows, {counts['good']} good, {counts['refused']} with faults; "
                        "nothing was issued",
                    ).say(session.lang)
                ],
            )
            raise typer.Exit(2 if faults else 0)
        make_folder(out)
        ledger = batches.open_batch(opened.issuer, kind, sheet, paper.papers)
        again = batches.redeliver(opened.issuer, ledger, paper.papers, out)
        total = opened.register.ledger.summary(ledger.id)
        with _progress(total.total, done=total.issued + total.refused) as advance:
            for results in batches.run(opened.issuer, ledger, paper.papers):
                _deliver_chunk(results, out, sheet.columns)
                advance(len(results))
        summary = opened.register.ledger.summary(ledger.id)
        batches.write_results(opened.issuer, ledger, out / "results.csv", session.lang)
        publish_after(opened)
    data = {
        "rows": summary.total,
        "issued": summary.issued,
        "refused": summary.refused,
        "rewritten": again,
        "out": str(out),
    }
    answer(
        data,
        [
            Text(
                f"共 {summary.total} 行：签发 {summary.issued}，拒绝 {summary.refused}；文件与 results.csv 在 {out}",
                f"{summary.total} rows: {summary.issued} issued, {summary.refused} refused; "
                f"files and results.csv are in {out}",
            ).say(session.lang)
        ],
    )
    raise typer.Exit(2 if summary.refused else 0)


def _deliver_chunk(results: list[Any], out: Path, columns: Mapping[str, "Heading"]) -> None:
    from certgen.batch import deliver
    from certgen.issue import Issued, Refused

    for result in results:
        outcome: Outcome = result.outcome
        if isinstance(outcome, Issued):
            deliver(out, outcome.documents)
    report_rows([(r.row, r.outcome.error) for r in results if isinstance(r.outcome, Refused)], columns)


@contextmanager
def _progress(total: int, done: int) -> Iterator[Any]:
    """Show a bar on a terminal and nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total, completed=done, rate="")

        def advance(rows: int) -> None:
            bar.advance(task, rows)
            speed = bar.tasks[0].speed
            bar.update(task, rate=f"{speed:.0f}/s" if speed else "")

        yield advance


@app.command()
def verify(
    what: Annotated[str, typer.Argument(help="A PDF, a picture of a QR code, or the text of one.")],
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the register; judge as a stranger would.")
    ] = False,
    status: Annotated[
        list[Path] | None,
        typer.Option("--status", help="With --offline: a status list, or a folder of them; may be repeated."),
    ] = None,
) -> None:
    """Judge a document or a QR code: 0 authentic and in force, 1 not, 3 cannot tell."""
    from certgen import wiring
    from verify.doors import answer as judge

    session = begin(home, lang, as_json)
    chosen = settings.load(session.home)
    if status and not offline:
        fail(SettingsError(Text("--status 须与 --offline 同用", "--status goes with --offline")))
    try:
        if offline:
            anchors = chosen.root_certificate, chosen.trust
            report = judge(wiring.make_verifier(*anchors, None, wiring.now, status or ()), what)
        else:
            with desk() as opened:
                report = judge(opened.verifier, what)
    except OSError as error:
        fail(unreadable(what, error))
    answer(report.as_json(), list(report.lines(session.lang)))
    raise typer.Exit(report.verdict.exit_code)


@app.command()
def fetch(
    number: Annotated[str, typer.Argument(metavar="NUMBER|SID")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the PDFs.")] = Path(),
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the signed PDFs of a licence again, byte for byte."""
    from certgen.batch import deliver
    from certgen.issue import Document

    begin(home, lang, as_json)
    with desk() as opened:
        found = () if unprintable(number) else opened.register.find(number)
        if not found:
            fail(no_document(opened, number), 1)
        make_folder(out)
        documents = [
            Document(d.sid, d.number, d.copy, d.paper, b"", opened.register.pdf(d.pdf_digest), d.pdf_digest)
            for d in found
        ]
        files = deliver(out, documents)
    answer([str(f) for f in files], [str(f) for f in files])


@app.command()
def serve(
    public: Annotated[bool, typer.Option("--public", help="The pages that QR codes open.")] = False,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen at.", min=1, max=65535)] = 8000,
    home: HomeOption = None,
    lang: LangOption = None,
) -> None:
    """Answer the public over HTTP, until Ctrl-C: whether a licence is genuine and in force."""
    from importlib import import_module

    session = begin(home, lang)
    if not public:
        fail(SettingsError(Text("请写明 --public（公众查验页面）", "say --public (the pages that QR codes open)")))
    import_module("api.serve").serve(session.home, host, port, session.lang)  # by name: only api knows the web


@app.command()
def demo(home: HomeOption = None, lang: LangOption = None) -> None:
    """Show the main job: keys, licences from records, verification, and one altered byte refused."""
    from certgen.demo import run

    session = begin(home or Path("demo"), lang)
    raise typer.Exit(run(session.home, session.lang))


# Down here: its commands use what stands above.


def main() -> None:
    """Run, and report our own errors as sentences."""
    gc.disable()  # most commands end before there is anything to collect; an office turns it on again
    try:
        app()
    except CertgenError as error:
        try:
            fail(error)
        except typer.Exit as stop:
            raise SystemExit(stop.exit_code) from None
    finally:
        gc.enable()  # whoever called us, such as a test, goes on
