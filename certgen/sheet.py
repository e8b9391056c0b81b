"""A table of records: CSV in UTF-8 (with or without mark) or GB 18030 → rows keyed by its headers."""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from certgen.core.chinese import decode_gb18030, shown
from certgen.core.errors import ApplicationError, FormatError, Problem, SettingsError, Text
from certgen.fieldtypes import fold
from certgen.template import Template

MAX_BYTES = 512 * 1024 * 1024
MAX_COLUMNS = 500
_HEADER = Text("表头", "Header row")
_LINE_END = re.compile("[\r\n]")


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a table; `number` is its row as a spreadsheet shows it, the header being 1."""

    number: int
    values: dict[str, object]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as read, and the SHA-256 of its file."""

    rows: tuple[Row, ...]
    digest: bytes


def load_sheet(file: Path, known: Iterable[str]) -> Sheet:
    """Read a table; `known` are the headers a kind has.

    Raises ApplicationError for a header that is not known, doubled or missing, SettingsError for an unreadable file.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise SettingsError(Text(f"{file.name} 超过 512 MB", f"{file.name} is larger than 512 MB"))
        data = file.read_bytes()
    except OSError as error:
        raise SettingsError(
            Text(f"读不到文件 {file.name}：{error.strerror}", f"{file.name} cannot be read: {error.strerror}")
        ) from error
    rows = _parse(_decode(data, file.name), frozenset(known))
    return Sheet(rows, hashlib.sha256(data).digest())


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return decode_gb18030(data)
    except (UnicodeDecodeError, FormatError) as error:
        raise SettingsError(
            Text(f"{name} 既不是 UTF-8 也不是 GB 18030 编码", f"{name} is neither UTF-8 nor GB 18030")
        ) from error


def _parse(text: str, known: frozenset[str]) -> tuple[Row, ...]:
    # A header of 100,000 columns is seen before the rows are taken apart.
    first = _LINE_END.split(text, maxsplit=1)[0]
    if first.count(",") >= MAX_COLUMNS:
        raise _refused(f"{first.count(',') + 1}", f"不超过 {MAX_COLUMNS} 列", f"at most {MAX_COLUMNS} columns")
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = [fold(name) for name in next(reader, [])]
        _check_header(header, known)
        rows = []
        for number, cells in enumerate(reader, 2):
            if not any(cell.strip() for cell in cells):
                continue
            values: dict[str, object] = {name: cell for name, cell in zip(header, cells, strict=False) if cell.strip()}
            if len(cells) > len(header):
                # Left in under its place, so that the row is refused with what was found there.
                values |= {f"#{i + 1}": cells[i] for i in range(len(header), len(cells)) if cells[i].strip()}
            rows.append(Row(number, values))
    except csv.Error as error:
        raise SettingsError(
            Text(f"第 {reader.line_num} 行不是有效的 CSV：{error}", f"line {reader.line_num} is not CSV: {error}")
        ) from error
    if not rows:
        raise _refused("0", "至少一行数据", "at least one row of data")
    return tuple(rows)


def _check_header(header: list[str], known: frozenset[str]) -> None:
    if len(header) > MAX_COLUMNS:  # behind a line end inside quotes
        raise _refused(f"{len(header)}", f"不超过 {MAX_COLUMNS} 列", f"at most {MAX_COLUMNS} columns")
    if not any(header):
        raise _refused("", "首行写明各列名称", "a first row that names the columns")
    problems = []
    for i, name in enumerate(header):
        if name not in known:
            place = Text(f"第 {i + 1} 列", f"column {i + 1}")
            wanted = Text(
                f"已知的列名，如{'、'.join(sorted(known, key=len)[:6])}…",
                f"a known column, such as {', '.join(sorted(known)[:6])}…",
            )
            problems.append(Problem(f"column {i + 1}", place, shown(name), wanted))
        elif name in header[:i]:
            place = Text(f"第 {i + 1} 列", f"column {i + 1}")
            problems.append(Problem(f"column {i + 1}", place, shown(name), Text("不重复的列名", "a name used once")))
    if problems:
        raise ApplicationError(tuple(problems[:20]))


def _refused(found: str, zh: str, en: str) -> ApplicationError:
    return ApplicationError((Problem("header", _HEADER, found, Text(zh, en)),))


def example(template: Template, sample: Mapping[str, object]) -> str:
    """Write an empty table of a kind as CSV: Chinese headers and one example row, with a mark for spreadsheets."""
    columns = {"authority": "发证机关", "issued_on": "发证日期"} | {f.name: f.label.zh for f in template.fields}
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\r\n")
    writer.writerow(columns.values())
    cells = [sample.get(name, "") for name in columns]
    writer.writerow(["、".join(map(str, cell)) if isinstance(cell, list) else cell for cell in cells])
    return "\ufeff" + sink.getvalue()
