"""A table of records as a file → rows keyed by its headers.

The first row names the columns (of a workbook, the first that is not blank). Rows keep the number a spreadsheet
shows, columns their letter, so that every fault can be found again on the screen.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from certgen.core.chinese import shown
from certgen.core.errors import ApplicationError, Problem, SettingsError, Text
from certgen.fieldtypes import fold
from certgen.sheet.commas import read_csv
from certgen.sheet.limits import MAX_BYTES, MAX_COLUMNS, columns_refused, header_refused, letter

__all__ = ["MAX_COLUMNS", "Heading", "Row", "Sheet", "letter", "load_sheet"]

_ZIP, _OLE = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")
_BOOKS = (".xlsx", ".xlsm", ".xls", ".et")


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a table; `number` is its row as a spreadsheet shows it, the first being 1."""

    number: int
    values: dict[str, object]


@dataclass(frozen=True, slots=True)
class Heading:
    """Where a field stands: the letter of its column, and the header as the file has it."""

    letter: str
    header: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as read, the SHA-256 of its file, where each field stands, by its name, and the folder it lies in."""

    rows: tuple[Row, ...]
    digest: bytes
    columns: Mapping[str, Heading]
    folder: Path


def load_sheet(file: Path, known: Mapping[str, str]) -> Sheet:
    """Read a table; `known` are the headers a kind has, each with the name of its field.

    What begins as a ZIP archive is read as XLSX, everything else as CSV. Raises ApplicationError for a header that is
    not known, doubled or missing and for a cell that cannot be trusted, SettingsError for an unreadable file.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise SettingsError(Text(f"{file.name} 超过 512 MB", f"{file.name} is larger than 512 MB"))
        data = file.read_bytes()
    except OSError as error:
        raise SettingsError(
            Text(f"读不到文件 {file.name}：{error.strerror}", f"{file.name} cannot be read: {error.strerror}")
        ) from error
    header, rows = _parse(_cells(file, data), known)
    columns: dict[str, Heading] = {}
    for i, name in enumerate(header):
        columns.setdefault(known[name], Heading(letter(i), name))
    return Sheet(rows, hashlib.sha256(data).digest(), columns, file.parent)


def _cells(file: Path, data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Give the rows of a file with their numbers, whatever its format."""
    if data.startswith(_OLE):
        raise SettingsError(
            Text(
                f"{file.name} 设有密码，或是旧版 .xls、.et 文件：请取消密码，另存为 .xlsx",
                f"{file.name} has a password, or is an old .xls: take the password off and save it as .xlsx",
            )
        )
    if data.startswith(_ZIP):
        from certgen.sheet.xlsx import read_xlsx  # here: most tables are CSV

        return iter(read_xlsx(data, file.name))
    if file.suffix.lower() in _BOOKS:
        raise SettingsError(Text(f"{file.name} 不是有效的 XLSX 文件", f"{file.name} is not an XLSX file"))
    return read_csv(data, file.name)


def _parse(cells: Iterable[tuple[int, list[str]]], known: Mapping[str, str]) -> tuple[list[str], tuple[Row, ...]]:
    rows = iter(cells)
    _, first = next(rows, (1, []))
    header = [fold(name) for name in first]
    _check_header(header, known)
    found = tuple(_row(number, header, values) for number, values in rows if any(value.strip() for value in values))
    if not found:
        raise header_refused("0", "至少一行数据", "at least one row of data")
    return header, found


def _row(number: int, header: list[str], cells: list[str]) -> Row:
    values: dict[str, object] = {name: cell for name, cell in zip(header, cells, strict=False) if cell.strip()}
    if len(cells) > len(header):
        # Left in under its place, so that the row is refused with what was found there.
        values |= {f"#{i + 1}": cells[i] for i in range(len(header), len(cells)) if cells[i].strip()}
    return Row(number, values)


def _check_header(header: list[str], known: Mapping[str, str]) -> None:
    if len(header) > MAX_COLUMNS:  # in a CSV, behind a line end inside quotes
        raise columns_refused(len(header))
    if not any(header):
        raise header_refused("", "首行写明各列名称", "a first row that names the columns")
    strange = Text(
        f"已知的列名，如{'、'.join(sorted(known, key=len)[:6])}…",
        f"a known column, such as {', '.join(sorted(known)[:6])}…",
    )
    double = Text("不重复的列名", "a name used once")
    problems = [
        Problem(
            f"column {i + 1}",
            Text(f"{letter(i)} 列", f"column {letter(i)}"),
            shown(name),
            double if name in known else strange,
        )
        for i, name in enumerate(header)
        if name not in known or name in header[:i]
    ]
    if problems:
        raise ApplicationError(tuple(problems[:20]))
