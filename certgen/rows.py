"""What a field of type `table` holds: rows of short texts, as canonical JSON from the form to the record.

    [{"category":"糕点","name":"麻花"},{"category":"","name":"桂花糕"}]

Every column stands in every row, keys in order (RFC 8785, as the record that it becomes part of).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from json import JSONEncoder

from certgen.core.chinese import shown, unprintable
from certgen.core.errors import Text
from certgen.core.model import Column

MOST_TEXT = 4_000_000  # characters of a table given as JSON text
_BLANKS = " \t\u00a0\u3000"
_TABLE = Text("表格（若干行，每行按列名填写）", "a table: a list of objects, one a row")
_canonical = JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode

Refuse = Callable[[Text, str], Exception]


def read(value: object, columns: Sequence[Column], most: int, refuse: Refuse) -> str:
    """Read an untrusted table, given as a list or as JSON text, into canonical JSON; "" when it has no rows.

    Columns go by name or Chinese label; blank rows are left out. Raises what `refuse` makes of the first fault, with
    the row counted from 1.
    """
    given = _given(value, refuse)
    names = {key: column for column in columns for key in (column.label.zh, column.name)}
    rows = [_row(i, row, columns, names, refuse) for i, row in enumerate(given, 1)]
    rows = [row for row in rows if row]
    if len(rows) > most:
        raise refuse(
            Text(f"不超过 {most} 行（现有 {len(rows)} 行）", f"at most {most} rows (there are {len(rows)})"), ""
        )
    return _canonical(rows) if rows else ""


def parse(text: str) -> list[dict[str, str]]:
    """Give the rows of canonical JSON."""
    rows: list[dict[str, str]] = json.loads(text) if text else []
    return rows


def in_words(text: str, columns: Sequence[Column]) -> str:
    """Write a table for a person to read on one line, blank cells left out."""
    named = [(column.name, column.label.zh) for column in columns]
    return "；".join("，".join(f"{zh} {row[name]}" for name, zh in named if row.get(name)) for row in parse(text))


def _given(value: object, refuse: Refuse) -> Sequence[object]:
    if isinstance(value, str):
        try:
            value = json.loads(value) if len(value) <= MOST_TEXT else None
        except (ValueError, RecursionError):
            raise refuse(_TABLE, "") from None
    if not isinstance(value, list | tuple):
        raise refuse(_TABLE, "")
    return value


def _row(
    number: int, row: object, columns: Sequence[Column], names: Mapping[str, Column], refuse: Refuse
) -> dict[str, str]:
    """Read one row; empty when all its cells are blank."""
    if not isinstance(row, Mapping):
        raise refuse(_at(number, Text("按列名填写的一行", "an object of column names and values")), shown(str(row)))
    cells = dict.fromkeys((column.name for column in columns), "")
    for key, value in row.items():
        column = names.get(str(key).strip(_BLANKS))
        if column is None:
            known = "、".join(c.label.zh for c in columns)
            raise refuse(_at(number, Text(f"只有这些列：{known}", f"no columns but {known}")), shown(str(key)))
        if cells[column.name]:
            raise refuse(
                _at(number, Text(f"“{column.label.zh}”只填一次", f"{column.label.en} once")), shown(str(value))
            )
        cells[column.name] = _cell(number, value, column, refuse)
    if not any(cells.values()):
        return {}
    if lost := next((column for column in columns if column.required and not cells[column.name]), None):
        raise refuse(_at(number, Text(f"填写“{lost.label.zh}”", f"a value for {lost.label.en}")), "")
    return cells


def _cell(number: int, value: object, column: Column, refuse: Refuse) -> str:
    if type(value) not in (str, int, type(None)):
        raise refuse(_at(number, Text(f"“{column.label.zh}”为文字", f"text for {column.label.en}")), shown(str(value)))
    text = "" if value is None else str(value).strip(_BLANKS)
    if bad := unprintable(text):
        wanted = Text(f"“{column.label.zh}”用可印刷的字符（不能有 {bad}）", f"printable characters (there is a {bad})")
        raise refuse(_at(number, wanted), shown(text))
    if len(text) > column.max_chars:
        most, has = column.max_chars, len(text)
        wanted = Text(
            f"“{column.label.zh}”不超过 {most} 个字（现有 {has} 个）",
            f"at most {most} characters for {column.label.en} (there are {has})",
        )
        raise refuse(_at(number, wanted), shown(text))
    return text


def _at(number: int, wanted: Text) -> Text:
    return Text(f"第 {number} 行：{wanted.zh}", f"in row {number}: {wanted.en}")
