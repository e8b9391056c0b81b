"""The high-water mark: how far every counter has run, kept outside the register.

A register restored from last night's backup does not know the numbers given out since. The mark does: it is
written and flushed to disk after a reservation commits and before its numbers leave the register, so a counter
below its mark proves a restore. One line of JSON a step, appended; the highest of a scope counts:

    {"scope": "JY1421202", "first": 1, "highest": 200, "shapes": [["JY1421202", 6, 1]]}

A *shape* says where the sequence stands in a number – after `JY1421202`, 6 digits, then 1 more character – so
that a lost number can be told from an invented one without its template. Keep this file on another disk than the
register, and never restore it together with the register.
"""

import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from certgen.core.errors import RegisterError, Text

_COMPACT_BYTES = 1_000_000  # a longer file is rewritten with one line a scope when it is opened


class Shape(NamedTuple):
    """Where a sequence stands in a number; `digits` 0 when it cannot be seen there."""

    prefix: str
    digits: int
    tail: int

    def fits(self, number: str) -> bool:
        """Say whether a number could have been made by the same rule."""
        if not self.digits:
            return number.startswith(self.prefix)
        return len(number) == len(self.prefix) + self.digits + self.tail and number.startswith(self.prefix)

    def covers(self, number: str, first: int, last: int) -> bool:
        """Say whether a number's sequence may lie from `first` to `last`; in doubt, yes."""
        if not self.fits(number):
            return False
        digits = number[len(self.prefix) :][: self.digits]
        return not self.digits or (digits.isascii() and digits.isdecimal() and first <= int(digits) <= last)

    @classmethod
    def of(cls, number: Callable[[int], str], first: int, last: int) -> "Shape":
        """Find the sequence in the numbers a rule makes, by trying a few."""
        span, width = last - first, len(str(last))
        tried = {n: number(n) for n in (first, last, first + span // 2, first + span // 3, first + span * 3 // 7)}
        texts = list(tried.values())
        for at in range(len(texts[0]) - width + 1):
            if all(t[at : at + width] == str(n).zfill(width) for n, t in tried.items()):
                return cls(texts[0][:at], width, len(texts[0]) - at - width)
        return cls(_common(texts), 0, 0)


def _common(texts: Sequence[str]) -> str:
    """Give the characters that all texts begin with."""
    least, most = min(texts), max(texts)
    return next((least[:i] for i, c in enumerate(least) if not most.startswith(c, i)), least)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one counter has run, from `first` to `highest` inclusive."""

    scope: str
    first: int
    highest: int
    shapes: tuple[Shape, ...]


def encode_shapes(shapes: Iterable[Shape]) -> str:
    """Write shapes as JSON, as they stand in the mark and in the register."""
    return json.dumps(list(shapes), ensure_ascii=False, separators=(",", ":"))


def decode_shapes(text: str) -> tuple[Shape, ...]:
    """Read what `encode_shapes` wrote."""
    return tuple(Shape(*shape) for shape in json.loads(text))


def _encode(mark: Mark) -> bytes:
    head = json.dumps({"scope": mark.scope, "first": mark.first, "highest": mark.highest}, ensure_ascii=False)
    return f'{head[:-1]}, "shapes": {encode_shapes(mark.shapes)}}}\n'.encode()


def _decode(line: bytes) -> Mark:
    entry = json.loads(line)
    shapes = tuple(Shape(*shape) for shape in entry["shapes"])
    return Mark(str(entry["scope"]), int(entry["first"]), int(entry["highest"]), shapes)


def _merge(known: dict[str, Mark], mark: Mark) -> None:
    old = known.get(mark.scope, mark)
    shapes = old.shapes + tuple(s for s in mark.shapes if s not in old.shapes)
    known[mark.scope] = Mark(mark.scope, min(old.first, mark.first), max(old.highest, mark.highest), shapes)


class HighWater:
    """The file of marks; several processes may hold it open at once."""

    def __init__(self, path: Path) -> None:
        """Remember the place; nothing is read or made before it is needed."""
        self._path = path
        self._known: dict[str, Mark] = {}
        self._turn = threading.Lock()

    def load(self) -> dict[str, Mark]:
        """Read every mark, by scope; a missing file has none. Raises RegisterError when it is damaged."""
        with _told(self._path):
            data = self._path.read_bytes() if self._path.exists() else b""
        marks: dict[str, Mark] = {}
        # What follows the last newline is a line cut short by a power cut: its numbers never left the register.
        for line in data.split(b"\n")[:-1]:
            try:
                _merge(marks, _decode(line))
            except (ValueError, KeyError, TypeError) as error:
                raise _damaged(self._path, line) from error
        self._known = marks
        return dict(marks)

    def advance(self, marks: Iterable[Mark]) -> None:
        """Append the marks that are news, and flush them to disk. Raises RegisterError when that fails."""
        with self._turn:
            news = [mark for mark in marks if self._is_news(mark)]
            if news:
                self._append(news)

    def _append(self, news: list[Mark]) -> None:
        with _told(self._path), self._locked() as file:
            size = os.fstat(file).st_size
            torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
            if torn:
                os.ftruncate(file, os.pread(file, size, 0).rfind(b"\n") + 1)
            _write(file, b"".join(_encode(mark) for mark in news))
            os.fdatasync(file)
            if size == 0:
                _sync_folder(self._path)
        for mark in news:
            _merge(self._known, mark)

    def compact(self) -> None:
        """Rewrite a long file with one line a scope."""
        if not self._path.exists() or self._path.stat().st_size < _COMPACT_BYTES:
            return
        with _told(self._path), self._locked():
            marks = self.load()
            fresh = self._path.with_name(self._path.name + ".new")
            file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                _write(file, b"".join(_encode(mark) for mark in marks.values()))
                os.fsync(file)
            finally:
                os.close(file)
            fresh.replace(self._path)
            _sync_folder(self._path)

    def _is_news(self, mark: Mark) -> bool:
        old = self._known.get(mark.scope)
        return old is None or mark.highest > old.highest or not set(mark.shapes) <= set(old.shapes)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """Open the file and hold its lock; open again when another process has just replaced it."""
        while True:
            file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                if self._path.exists() and os.fstat(file).st_ino == self._path.stat().st_ino:
                    yield file
                    return
            finally:
                os.close(file)


def _write(file: int, data: bytes) -> None:
    """Write all of it; a short write comes before a full disk says so."""
    while data:
        data = data[os.write(file, data) :]


def _sync_folder(path: Path) -> None:
    """Make a new name in a folder survive a power cut."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn an error of the disk into one that says what the operator must do."""
    try:
        yield
    except OSError as error:
        raise RegisterError(
            Text(
                f"高水位文件 {path} 无法读写（{error.strerror}）：编号已停止发放，请检查磁盘空间与权限后重试",
                f"the high-water file {path} cannot be read or written ({error.strerror}): no numbers are given out "
                "until there is room on the disk and permission to write",
            )
        ) from error


def _damaged(path: Path, line: bytes) -> RegisterError:
    found = line[:60].decode(errors="replace")
    return RegisterError(
        Text(
            f"高水位文件 {path} 已损坏（“{found}”）：请从副本恢复该文件，切勿删除",
            f"the high-water file {path} is damaged at {found!r}: put back a good copy, and do not delete it",
        )
    )
