"""Many: the rows of a table, in chunks, with a ledger in the register.

A chunk is issued and noted in the ledger in one transaction, and only then are its files written. So whatever is
killed, and whenever: the same command goes on with the rows that are still `ready`, and writes files that are missing.
"""

import csv
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from certgen import photo
from certgen.core.chinese import shown
from certgen.core.errors import ApplicationError, Lang, Problem, SettingsError, Text
from certgen.core.model import Application, Paper
from certgen.issue import Document, Issuer, Outcome, Refused, request_key
from certgen.register import Progress
from certgen.sheet import Heading, Row, Sheet
from certgen.template import Template

LOOK = 10  # in the first chunk and every tenth after it, a page is read from its picture; that takes 15 ms
CHUNK = 200  # rows a transaction: small enough to lose little, large enough to share one fsync


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row."""

    row: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Batch:
    """One table to be issued: its rows, where its fields stand, and the name under which the ledger knows it.

    `folder` is the table's: photographs that rows name by path are read from it, a chunk at a time.
    """

    id: str
    kind: str
    rows: tuple[tuple[int, Application], ...]
    columns: Mapping[str, Heading]
    folder: Path


def open_batch(issuer: Issuer, kind: str, sheet: Sheet, papers: Sequence[Paper]) -> Batch:
    """Name a batch after its file, photographs, kind and papers, so that the same command finds the same ledger."""
    template = issuer.templates[kind]
    photos = [_photos(template, row, sheet.folder) for row in sheet.rows] if template.photos else []
    named = [kind, list(papers), sheet.digest.hex(), *([photos] if any(photos) else [])]
    name = hashlib.sha256(json.dumps(named).encode()).hexdigest()[:24]
    rows = tuple((row.number, _application(kind, row, photos[i] if photos else [])) for i, row in enumerate(sheet.rows))
    issuer.register.ledger.open_batch(name, kind, [(number, application.request_key) for number, application in rows])
    return Batch(name, kind, rows, sheet.columns, sheet.folder)


def _photos(template: Template, row: Row, folder: Path) -> list[str]:
    """Give the digests of the photographs that a row names; the files are read again when their chunk is issued."""
    return [
        hashlib.sha256(file.read_bytes()).hexdigest()
        for key, value in sorted(row.values.items())
        if template.names.get(key) in template.photos and (file := photo.file_of(str(value), folder))
    ]


def _application(kind: str, row: Row, photos: Sequence[str] = ()) -> Application:
    """Make a row a request; one without a key of its own is known by its contents, its photographs among them.

    So a table that is handed in again, with its seven faulty rows mended, does not issue the other 493 a second time.
    """
    known = [kind, row.values, *([photos] if photos else [])]
    contents = json.dumps(known, ensure_ascii=False, sort_keys=True, default=str)
    digest = hashlib.sha256(contents.encode("utf-8", "surrogatepass")).hexdigest()
    return Application(kind, row.values, request_key(row.values) or f"row:{digest[:40]}")


def _with_photos(template: Template, application: Application, folder: Path) -> Application:
    """Put photographs in the place of their paths, for one chunk: a table's worth of them would not fit in memory."""
    if not template.photos:
        return application
    return replace(application, data=template.with_photos(application.data, folder))


def _first_rows(rows: Sequence[tuple[int, Application]]) -> dict[str, int]:
    """Find the row in which each request stands first."""
    first: dict[str, int] = {}
    for number, application in rows:
        first.setdefault(application.request_key, number)
    return first


def _repeated(row: int) -> ApplicationError:
    label = Text("整行", "Row")
    wanted = Text(f"未出现过的记录（与第 {row} 行相同）", f"a record of its own; it repeats row {row}")
    return ApplicationError((Problem("row", label, str(row), wanted),))


def check(
    issuer: Issuer, kind: str, sheet: Sheet, papers: Sequence[Paper]
) -> Iterator[tuple[int, ApplicationError | None]]:
    """Read and set every row without reserving anything; gives each row's error, or None."""
    template = issuer.templates[kind]
    rows = [(row.number, _application(kind, row, _photos(template, row, sheet.folder))) for row in sheet.rows]
    first = _first_rows(rows)
    for number, application in rows:
        if (earlier := first[application.request_key]) != number:
            yield number, _repeated(earlier)
            continue
        try:
            issuer.read(_with_photos(template, application, sheet.folder), papers)
            yield number, None
        except ApplicationError as error:
            yield number, error


def run(issuer: Issuer, batch: Batch, papers: Sequence[Paper], chunk_rows: int = CHUNK) -> Iterator[list[RowResult]]:
    """Issue the rows that are still to do, a chunk at a time; a chunk is durable when it is given out."""
    ready = {row.number for row in issuer.register.ledger.rows(batch.id, "ready")}
    rows = [(number, application) for number, application in batch.rows if number in ready]
    first, template = _first_rows(batch.rows), issuer.templates[batch.kind]
    for at in range(0, len(rows), chunk_rows):
        chunk = rows[at : at + chunk_rows]
        fresh = [(number, one) for number, one in chunk if first[one.request_key] == number]
        repeats = [
            RowResult(number, Refused(one, _repeated(first[one.request_key])))
            for number, one in chunk
            if first[one.request_key] != number
        ]
        numbers = [number for number, _ in fresh]
        noted = _noted(batch.id, numbers, repeats)
        look = at % (LOOK * chunk_rows) == 0
        whole = [_with_photos(template, one, batch.folder) for _, one in fresh]
        outcomes = issuer.issue(whole, papers=papers, batch=noted, look=look)
        results = [RowResult(number, outcome) for number, outcome in zip(numbers, outcomes, strict=True)]
        yield sorted([*results, *repeats], key=lambda result: result.row)


def _noted(
    batch_id: str, numbers: Sequence[int], repeats: Sequence[RowResult]
) -> Callable[[Sequence[Outcome]], Progress]:
    def note(outcomes: Sequence[Outcome]) -> Progress:
        results = [*(RowResult(n, outcome) for n, outcome in zip(numbers, outcomes, strict=True)), *repeats]
        refused = tuple((r.row, reason(r.outcome.error)) for r in results if isinstance(r.outcome, Refused))
        issued = tuple(r.row for r in results if not isinstance(r.outcome, Refused))
        return Progress(batch_id, issued, refused)

    return note


def reason(error: ApplicationError) -> str:
    """Write down why a row was refused, without what was found: a ledger is no place for ID numbers."""
    problems = [
        {"field": p.field, "zh": f"{p.label.zh}：应为{p.wanted.zh}", "en": f"{p.label.en}: wanted {p.wanted.en}"}
        for p in error.problems
    ]
    return json.dumps(problems, ensure_ascii=False)


def file_name(number: str, copy: str, paper: Paper) -> str:
    """Name a document's file; a number holds no separator or dot that could lead elsewhere."""
    safe = "".join(c if c.isalnum() else "-" for c in number)
    return f"{safe}-{copy}{'' if paper == 'plain' else '-' + paper}.pdf"


def _part(file: Path) -> Path:
    """Name what becomes a file when it is whole; of two batches that write the same file, each has its own."""
    return file.with_suffix(f".{os.getpid()}.part")


def deliver(out: Path, documents: Sequence[Document]) -> list[Path]:
    """Write files; each appears whole or not at all. Raises SettingsError when the disk is full or not writable."""
    files = []
    for document in documents:
        file = out / file_name(document.number, document.copy, document.paper)
        part = _part(file)
        try:
            with part.open("wb") as sink:
                sink.writelines((document.plate, document.strike))
            part.replace(file)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise SettingsError(
                Text(
                    f"无法写入 {file.name}：{error.strerror}。证照已登记：重新运行同一批次，"
                    f"或用 certgen fetch {document.number} 补写",
                    f"{file.name} cannot be written: {error.strerror}. It is in the register: run the same batch "
                    "again, or "
                    f"write it with certgen fetch {document.number}",
                )
            ) from error
        files.append(file)
    return files


def redeliver(issuer: Issuer, batch: Batch, papers: Sequence[Paper], out: Path) -> int:
    """Write the files of rows that an earlier run issued and that are not in `out`; gives how many."""
    written = 0
    issued = {row.number for row in issuer.register.ledger.rows(batch.id, "issued")}
    for number, application in batch.rows:
        if number not in issued:
            continue
        for known in issuer.register.by_request(application.request_key):
            if known.paper in papers and not (out / file_name(known.number, known.copy, known.paper)).exists():
                pdf = issuer.register.pdf(known.pdf_digest)
                deliver(out, [Document(known.sid, known.number, known.copy, known.paper, b"", pdf, known.pdf_digest)])
                written += 1
    return written


def place(column: Heading | None, said: str, lang: Lang) -> str:
    """Say where in a table a fault is: the letter of its column, and its header unless that is `said` already."""
    if column is None:
        return ""
    header = "" if column.header == said else f" {shown(column.header)}"
    return f" {column.letter} 列{header}" if lang == "zh" else f", column {column.letter}{header}"


def _reasons(batch: Batch, why: str, lang: Lang) -> str:
    said = []
    for problem in json.loads(why) if why else ():
        where = place(batch.columns.get(problem["field"]), problem["zh"].partition("：")[0], lang)
        said.append(
            f"{where[1:]} {problem['zh']}".lstrip() if lang == "zh" else f"{where[2:]}: {problem['en']}".lstrip(": ")
        )
    return "; ".join(said)


def write_results(issuer: Issuer, batch: Batch, file: Path, lang: Lang) -> None:
    """Write the sheet of what became of each row: row, state, number, sid, files, reason. Raises SettingsError."""
    ledger = issuer.register.ledger
    states = {
        row.number: (state, row.reason)
        for state in ("issued", "refused", "ready")
        for row in ledger.rows(batch.id, state)
    }
    lines: list[list[object]] = [["row", "state", "number", "sid", "file", "reason"]]
    for number, application in batch.rows:
        state, why = states[number]
        if state != "issued":
            lines.append([number, state, "", "", "", _reasons(batch, why, lang)])
            continue
        for d in issuer.register.by_request(application.request_key):
            lines.append([number, state, d.number, d.sid, file_name(d.number, d.copy, d.paper), ""])
    part = _part(file)
    try:
        with part.open("w", encoding="utf-8-sig", newline="") as sink:
            csv.writer(sink).writerows(lines)
        part.replace(file)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise SettingsError(
            Text(
                f"无法写入 {file.name}：{error.strerror}。证照均已登记；重新运行同一命令即可",
                f"{file.name} cannot be written: {error.strerror}. All is in the register; run the same command again",
            )
        ) from error
