"""CSV in UTF-8 (with or without mark) or GB 18030 → rows of cells."""

import csv
import io
import re
from collections.abc import Iterator

from certgen.core.chinese import decode_gb18030
from certgen.core.errors import FormatError, SettingsError, Text
from certgen.sheet.limits import MAX_COLUMNS, columns_refused

_LINE_END = re.compile("[\r\n]")


def read_csv(data: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """Give the rows with their numbers, the first being 1.

    Raises SettingsError for what is no CSV, ApplicationError for more columns than a table may have.
    """
    text = _decode(data, name)
    # A header of 100,000 columns is seen before the rows are taken apart.
    first = _LINE_END.split(text, maxsplit=1)[0]
    if first.count(",") >= MAX_COLUMNS:
        raise columns_refused(first.count(",") + 1)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from enumerate(reader, 1)
    except csv.Error as error:
        raise SettingsError(
            Text(f"第 {reader.line_num} 行不是有效的 CSV：{error}", f"line {reader.line_num} is not CSV: {error}")
        ) from error


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
