"""TOML read strictly: every key is asked for by type, and what nobody asked for is an error with its line."""

import re
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Self

from certgen.core.chinese import shown, unprintable
from certgen.core.errors import TemplateError, Text

_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(#.*)?")
_AT_LINE = re.compile(r"at line (\d+)")
_REQUIRED: Any = object()


class Table:
    """One table of a TOML file. Each value is taken once; `close` refuses the keys that were not taken.

    `field` is what a TemplateError names: the path of the table, or for a `[[field]]` its name.
    """

    def __init__(self, file: Path, lines: list[str], values: dict[str, Any], field: str, line: int, end: int) -> None:
        """Stand at `line` (1-based): the table's own keys are on the lines after it up to `end`."""
        self._file, self._lines, self._values = file, lines, dict(values)
        self._at, self._end = line, end
        self._own = frozenset(values)
        self._under: Table | None = None
        self.field = field

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read a file as its top table; raises TemplateError when it is missing or is not TOML."""
        try:
            text = file.read_bytes().decode()
            lines = text.split("\n")
            return cls(file, lines, tomllib.loads(text), "", 0, len(lines))
        except OSError as error:
            raise TemplateError(
                str(file), 0, "", Text(f"文件无法读取：{error.strerror}", f"cannot be read: {error.strerror}")
            ) from None
        except UnicodeDecodeError as error:
            raise TemplateError(str(file), 0, "", Text("文件不是 UTF-8 编码", "is not UTF-8")) from error
        except tomllib.TOMLDecodeError as error:
            line = _AT_LINE.search(str(error))
            message = Text(f"不是正确的 TOML：{error}", f"is not TOML: {error}")
            raise TemplateError(str(file), int(line[1]) if line else 0, "", message) from None

    def over(self, under: "Table") -> "Table":
        """Lay this table over another: a key that it does not have is the other's, and so in the tables in it."""
        self._under = under
        return self

    def fault(self, key: str, zh: str, en: str) -> TemplateError:
        """Make the error that names this table and one of its keys (empty: the table itself), where that key stands."""
        if self._under is not None and key not in self._own and self._under._knows(key):
            return self._under.fault(key, zh, en)
        name = ".".join(part for part in (self.field, key) if part)
        return TemplateError(str(self._file), self._line(key), name, Text(zh, en))

    def text(self, key: str, default: str = _REQUIRED, *, shape: str = "", empty: bool = False) -> str:
        """Take a printable string; `shape` is a pattern it must match whole."""
        value = self._take(key, default, lambda v: isinstance(v, str), "字符串", "a string")
        if not value and not empty and default is _REQUIRED:
            raise self.fault(key, "不能为空", "is empty")
        if bad := unprintable(value):
            raise self.fault(key, f"含有不能印刷的字符 {bad}", f"holds {bad}, wanted printable characters")
        if shape and value and not re.fullmatch(shape, value):
            raise self.fault(key, f"“{shown(value)}”的写法不对", f"found {shown(value)!r}, wanted {shape}")
        return str(value)

    def number(self, key: str, default: int = _REQUIRED, *, least: int, most: int) -> int:
        """Take a whole number between two bounds, both allowed."""
        value = self._take(key, default, lambda v: type(v) is int, "整数", "a whole number")
        if not least <= value <= most:
            raise self.fault(key, f"{value} 应在 {least} 至 {most} 之间", f"found {value}, wanted {least} to {most}")
        return int(value)

    def flag(self, key: str, default: bool) -> bool:
        """Take true or false."""
        return bool(self._take(key, default, lambda v: isinstance(v, bool), "true 或 false", "true or false"))

    def day(self, key: str) -> date:
        """Take a local date."""
        value: date = self._take(key, _REQUIRED, lambda v: type(v) is date, "日期", "a date")
        return value

    def label(self, key: str) -> Text:
        """Take a table of the two languages, `{ zh = "…", en = "…" }`."""
        both = self.table(key)
        text = Text(both.text("zh"), both.text("en"))
        both.close()
        return text

    def words(self, key: str) -> tuple[str, ...]:
        """Take a list of different, printable, non-empty strings; absent is empty."""
        value = self._take(
            key, [], lambda v: isinstance(v, list) and all(isinstance(w, str) for w in v), "字符串列表", "strings"
        )
        for word in value:
            if not word.strip() or unprintable(word) or value.count(word) > 1:
                found = shown(word)
                raise self.fault(key, f"“{found}”为空、重复或不能印刷", f"{found!r} is empty, double or unprintable")
        return tuple(value)

    def map(self, key: str, *, optional: bool = False) -> dict[str, str]:
        """Take a table of printable strings, in the order of the file."""
        if optional and not self.has(key):
            return {}
        inner = self.table(key)
        strings = {name: inner.text(name, empty=True) for name in inner.rest()}
        inner.close()
        return strings

    def table(self, key: str) -> "Table":
        """Take a table, inline or under its own header."""
        under = self._under.table(key) if self._under is not None and self._under.has(key) else None
        if under is not None and key not in self._values:
            return under
        values = self._take(key, _REQUIRED, lambda v: isinstance(v, dict), "表", "a table")
        name = f"{self.field}.{key}" if self.field else key
        made = Table(self._file, self._lines, values, name, *self._place(name, key, 0))
        return made if under is None else made.over(under)

    def tables(self, key: str, *, name: str = "") -> "list[Table]":
        """Take an array of at least one table; `name` is the key whose value names each, in errors and overlays."""
        laid = self._under.tables(key, name=name) if self._under is not None and self._under.has(key) else []
        if laid and key not in self._values:
            return laid
        places = {table.field: place for place, table in enumerate(laid)} if name else {}
        made = list(laid) if places else []
        for table in self._tables(key, name):
            if table.field not in places:
                made.append(table)
            elif made[place := places[table.field]] is laid[place]:
                made[place] = table.over(laid[place])
            else:
                raise table.fault(name, "写了两次", "is declared twice")
        return made

    def _tables(self, key: str, name: str) -> "list[Table]":
        found = self._take(
            key,
            _REQUIRED,
            lambda v: isinstance(v, list) and v and all(isinstance(t, dict) for t in v),
            "表组",
            "tables",
        )
        made = []
        for place, values in enumerate(found):
            label = values.get(name)
            field = shown(label) if isinstance(label, str) else f"{key}[{place + 1}]"
            made.append(Table(self._file, self._lines, values, field, *self._place(key, key, place)))
        return made

    def has(self, key: str) -> bool:
        """Tell whether the key is there and not yet taken."""
        return key in self._values or (self._under is not None and self._under.has(key))

    def rest(self) -> tuple[str, ...]:
        """List the keys not yet taken."""
        return tuple(dict.fromkeys((*(self._under.rest() if self._under is not None else ()), *self._values)))

    def close(self) -> None:
        """Refuse keys that nobody asked for."""
        if self._values:
            key = next(iter(self._values))
            raise self.fault(key, f"没有名为“{shown(key)}”的设置项", "is an unknown key")
        if self._under is not None:
            self._under.close()

    def _knows(self, key: str) -> bool:
        return key in self._own or (self._under is not None and self._under._knows(key))

    def _drop(self, key: str) -> None:
        """Count a key of the tables under this one as taken."""
        if self._under is not None:
            self._under._values.pop(key, None)
            self._under._drop(key)

    def _take(self, key: str, default: Any, fits: Callable[[Any], object], zh: str, en: str) -> Any:
        if key not in self._values:
            if self._under is not None and self._under.has(key):
                return self._under._take(key, default, fits, zh, en)
            if default is _REQUIRED:
                raise self.fault(key, "缺少这一项", "is missing")
            return default
        value = self._values[key]
        if not fits(value):
            raise self.fault(key, f"应为{zh}", f"wanted {en}, found {type(value).__name__}")
        del self._values[key]
        self._drop(key)
        return value

    def _place(self, header: str, key: str, place: int) -> tuple[int, int]:
        """Find the line of a table and the last line of its keys; the keys of an inline table have no lines."""
        headers = [n for n, line in enumerate(self._lines, 1) if (h := _HEADER.fullmatch(line)) and h[1] == header]
        if place >= len(headers):
            inner = [
                n
                for n, line in enumerate(self._lines)
                if (h := _HEADER.fullmatch(line)) and h[1].startswith(f"{header}.")
            ]
            return (inner[0], len(self._lines)) if inner else (self._line(key),) * 2
        line = headers[place]
        rest = enumerate(self._lines[line:], line)
        return line, next((n for n, text in rest if _HEADER.fullmatch(text)), len(self._lines))

    def _line(self, key: str) -> int:
        wanted = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[.=]""")
        header = f"{self.field}.{key}" if self.field else key
        for number, line in enumerate(self._lines[self._at : self._end], self._at + 1):
            if wanted.match(line) or ((h := _HEADER.fullmatch(line)) and h[1] == header):
                return number
        return self._at
