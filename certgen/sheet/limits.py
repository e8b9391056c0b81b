"""How large a table may be, how its columns are named, and what is said of one that is refused as a whole."""

from certgen.core.errors import ApplicationError, Problem, Text

MAX_BYTES = 512 * 1024 * 1024
MAX_COLUMNS = 500


def letter(column: int) -> str:
    """Name a column, from 0, as spreadsheets do: A, B, … Z, AA."""
    name = ""
    column += 1
    while column:
        column, place = divmod(column - 1, 26)
        name = chr(ord("A") + place) + name
    return name


def header_refused(found: str, zh: str, en: str) -> ApplicationError:
    """Make the error of a header row that will not do."""
    return ApplicationError((Problem("header", Text("表头", "Header row"), found, Text(zh, en)),))


def columns_refused(count: int) -> ApplicationError:
    """Make the error of a table that is too wide."""
    return header_refused(f"{count}", f"不超过 {MAX_COLUMNS} 列", f"at most {MAX_COLUMNS} columns")
