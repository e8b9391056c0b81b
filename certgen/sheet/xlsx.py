"""XLSX → rows of cells as text: the first sheet that is not hidden, as the screen shows it.

ECMA-376 part 1, 18.2 (workbook) and 18.3 (worksheet), in either of its name spaces. Read as a stream, by hand: of the
two libraries there are, one makes a dense grid (a cell at XFD1048576, 2 KB of file, ends the process), the other
does not know the date formats of Chinese Office; see docs/import.md for what was measured.
"""

import re
from collections.abc import Iterable

from certgen.core.chinese import shown
from certgen.core.errors import ApplicationError, Problem, Text
from certgen.sheet.archive import MAX_PART, Archive
from certgen.sheet.book import MAX_TEXT, Book, too_long, unescaped
from certgen.sheet.formats import PLAIN, say_number
from certgen.sheet.limits import MAX_COLUMNS, columns_refused, letter

MAX_ROWS = 1_048_576
_MOST_FAULTS = 20
_PLACE = re.compile("([A-Z]{1,3})([1-9][0-9]{0,6})")

_DIGITS = Text(
    "文本格式的单元格（表格软件只保留 15 位数字，末几位已丢失：请将此列设为“文本”格式后重新填写）",
    "a cell formatted as text: a spreadsheet keeps 15 digits of a number and has lost the last ones; "
    "format the column as text and fill it in again",
)
_FORMULA = Text(
    "公式的计算结果（请用表格软件打开并保存）", "the result of its formula: open and save it in a spreadsheet"
)
_ERROR = Text("有效的值（单元格显示公式错误）", "a value: the formula in this cell has failed")
_MERGED = Text(
    "未合并的单元格（请取消合并，逐行填写）", "cells that are not merged: unmerge them and fill in every row"
)


def read_xlsx(data: bytes, name: str) -> list[tuple[int, list[str]]]:
    """Give the rows that are not blank, with the numbers a spreadsheet shows.

    Raises SettingsError for what is no workbook, ApplicationError for cells that cannot be trusted, each named.
    """
    archive = Archive(data, name)
    book = Book(archive)
    cells = _Cells(archive, book.strings, book.meanings, book.epoch_1904)
    with archive.told():
        archive.parse(book.sheet, cells.start, cells.end, cells.text)
    if faults := [*cells.faults, *_merged(cells.rows, cells.merges)]:
        raise ApplicationError(tuple(faults[:_MOST_FAULTS]))
    return [(number, _padded(row)) for number, row in cells.rows]


def _padded(row: dict[int, str]) -> list[str]:
    return [row.get(column, "") for column in range(max(row) + 1)]


class _Cells:
    """Takes the events of a sheet and keeps its rows, its merged ranges and what is wrong with its cells."""

    def __init__(self, archive: Archive, strings: list[str], meanings: list[str], epoch_1904: bool) -> None:
        self.rows: list[tuple[int, dict[int, str]]] = []
        self.merges: list[str] = []
        self.faults: list[Problem] = []
        self._archive, self._strings, self._meanings, self._epoch_1904 = archive, strings, meanings, epoch_1904
        self._number, self._column = 0, -1
        self._row: dict[int, str] = {}
        self._kind, self._style, self._formula, self._stored = "n", 0, False, False
        self._said: list[str] = []
        self._length = self._total = 0
        self._listening = self._silent = 0

    def start(self, element: str, given: dict[str, str]) -> None:
        """Begin an element."""
        if element == "c":
            self._cell(given)
        elif element in ("v", "t"):
            self._listening += 1
            self._stored = True
        elif element == "row":
            self._begin_row(given)
        elif element == "f":
            self._formula = True
        elif element == "rPh":
            self._silent += 1
        elif element == "mergeCell" and len(self.merges) < 100_000:
            self.merges.append(given.get("ref", ""))

    def end(self, element: str) -> None:
        """End an element."""
        if element in ("v", "t"):
            self._listening -= 1
        elif element == "c":
            self._close_cell()
        elif element == "row":
            if self._row:
                self.rows.append((self._number, self._row))
                self._row = {}
        elif element == "rPh":
            self._silent -= 1

    def text(self, chunk: str) -> None:
        """Take text; most of it lies between the elements and says nothing."""
        if self._listening and not self._silent:
            self._said.append(chunk)
            self._length += len(chunk)
            if self._length > MAX_TEXT:
                raise too_long(self._archive)

    def _begin_row(self, given: dict[str, str]) -> None:
        number = int(given["r"]) if "r" in given else self._number + 1
        if not self._number < number <= MAX_ROWS:
            raise ValueError("rows are not in order")
        self._number, self._column = number, -1

    def _cell(self, given: dict[str, str]) -> None:
        column = self._column + 1
        if "r" in given:
            place = _PLACE.fullmatch(given["r"])
            if place is None or int(place[2]) != self._number:
                raise ValueError("a cell outside its row")
            column = _column(place[1])
        if column < self._column + 1:
            raise ValueError("cells are not in order")
        self._column, self._kind, self._style = column, given.get("t", "n"), int(given.get("s", "0"))
        self._formula = self._stored = False
        self._said.clear()
        self._length = 0

    def _close_cell(self) -> None:
        if not self._stored and not self._formula:
            return  # it has a colour, perhaps, and no value
        value = "".join(self._said)
        if self._formula and not value and self._kind != "str":  # a text may be empty, a number not
            self._fault("=…", _FORMULA)
        elif self._kind == "e":
            self._fault(value, _ERROR)
        elif value.strip():
            self._keep(value)

    def _keep(self, value: str) -> None:
        if self._column >= MAX_COLUMNS:
            raise columns_refused(self._column + 1)
        if self._kind == "s":
            text: str | None = self._strings[int(value)]
        elif self._kind == "n":
            text = say_number(value, self._meanings[self._style] if self._meanings else PLAIN, self._epoch_1904)
        elif self._kind == "b":
            text = "TRUE" if value == "1" else "FALSE"
        else:  # str, inlineStr and, in strict files, d
            text = unescaped(value)
        if text is None:
            self._fault(f"{float(value):.15g}", _DIGITS)
        elif text.strip():
            self._total += len(text)
            if self._total > MAX_PART:  # one long text, named by a million cells
                raise self._archive.refused("内容过多", "holds too much")
            self._row[self._column] = text

    def _fault(self, found: str, wanted: Text) -> None:
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(_problem(self._number, self._column, found, wanted))


def _merged(rows: list[tuple[int, dict[int, str]]], merges: Iterable[str]) -> list[Problem]:
    """Refuse merged cells that hold something: whom else it was meant for, the file does not say."""
    faults: list[Problem] = []
    table = dict(rows)
    for ref in merges:
        first = _PLACE.fullmatch(ref.partition(":")[0])
        if first and (text := table.get(int(first[2]), {}).get(_column(first[1]))):
            place = Text(f"合并的单元格 {shown(ref)}", f"merged cells {shown(ref)}")
            faults.append(Problem(f"{first[1]}{first[2]}", place, shown(text), _MERGED))
        if len(faults) == _MOST_FAULTS:
            break
    return faults


def _problem(row: int, column: int, found: str, wanted: Text) -> Problem:
    name = letter(column)
    return Problem(f"{name}{row}", Text(f"第 {row} 行 {name} 列", f"row {row}, column {name}"), shown(found), wanted)


def _column(name: str) -> int:
    number = 0
    for c in name:
        number = number * 26 + ord(c) - ord("A") + 1
    return number - 1
