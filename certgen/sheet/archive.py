"""The parts of an Office file: a ZIP archive from a stranger, opened within bounds.

Sizes that the archive claims for itself are not believed: what comes out is counted.
"""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from struct import error as StructError  # noqa: N812 - an exception's name
from xml.parsers import expat

from certgen.core.errors import SettingsError, Text

MAX_ARCHIVE = 64 << 20  # octets; the largest table we were shown, 40,000 rows, has 6 MB
MAX_PART = 256 << 20  # octets of XML in one part
MAX_ELEMENTS = 10_000_000  # a cell is two or three
_CHUNK = 1 << 16
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # all that Office writes; LZMA asks for memory at will
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, expat.ExpatError, StructError,
    NotImplementedError, RuntimeError, EOFError, OSError, ValueError, LookupError, OverflowError,
)  # fmt: skip

OnStart = Callable[[str, dict[str, str]], None]
OnEnd = Callable[[str], None]
OnText = Callable[[str], None]


class Archive:
    """The parts of one file, by name; names are compared without case, as Office does."""

    def __init__(self, data: bytes, name: str) -> None:
        """Read the directory. Raises SettingsError."""
        self.name = name
        if len(data) > MAX_ARCHIVE:
            raise self.refused("大于 64 MB", "is larger than 64 MB")
        with self.told():
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        self._parts = {info.filename.lower(): info for info in self._zip.infolist()}
        if len(self._parts) != len(self._zip.infolist()):
            raise self.refused("内有同名部分", "holds two parts of one name")

    def __contains__(self, part: str) -> bool:
        """Tell whether there is a part of this name."""
        return part.lower() in self._parts

    def refused(self, zh: str, en: str) -> SettingsError:
        """Make the error of a file that will not do; the name of the file is its subject."""
        return SettingsError(Text(f"{self.name} {zh}", f"{self.name} {en}"))

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn whatever damage raises into one sentence."""
        try:
            yield
        except SettingsError:
            raise
        except _DAMAGE as error:
            raise self.refused("已损坏，不能作为 XLSX 读取", "is damaged and cannot be read as XLSX") from error

    def parse(self, part: str, start: OnStart, end: OnEnd, text: OnText) -> None:
        """Run through the XML of a part; names come without prefix, and no more is kept than is handed out."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        names: dict[str, str] = {}
        count = 0

        def started(name: str, attributes: dict[str, str]) -> None:
            nonlocal count
            count += 1
            if count > MAX_ELEMENTS:
                raise self.refused("内容过多", "holds too much")
            if (short := names.get(name)) is None:
                short = names[name] = name.rpartition(":")[2]
            start(short, attributes)

        parser.StartElementHandler = started
        parser.EndElementHandler = lambda name: end(names[name])
        parser.CharacterDataHandler = text
        with self.told():
            for chunk in self._chunks(part):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)

    def _doctype(self, *_: object) -> None:
        raise self.refused("含有 DOCTYPE，Office 文件不应有", "holds a DOCTYPE, which no Office program writes")

    def _chunks(self, part: str) -> Iterator[bytes]:
        info = self._parts[part.lower()]
        if info.flag_bits & 1:
            raise self.refused("设有密码，请取消密码后保存", "has a password; take it off and save it again")
        if info.compress_type not in _METHODS:
            raise self.refused("使用了 Office 不用的压缩方法", "is packed in a way that no Office program uses")
        done = 0
        with self._zip.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                done += len(chunk)
                if done > MAX_PART:
                    raise self.refused("解压后过大", "is too large when unpacked")
                yield chunk

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Read what a part refers to inside the file: id → last word of the type, and the name of the other part."""
        folder, name = posixpath.split(part)
        source = posixpath.join(folder, "_rels", f"{name}.rels")
        found: dict[str, tuple[str, str]] = {}

        def start(element: str, given: dict[str, str]) -> None:
            if element == "Relationship" and given.get("TargetMode") != "External" and len(found) < 10_000:
                target = posixpath.normpath(posixpath.join("/", folder, given.get("Target", ""))).lstrip("/")
                found[given.get("Id", "")] = given.get("Type", "").rpartition("/")[2], target

        if source in self:
            self.parse(source, start, _nothing, _nothing)
        return found


def _nothing(_: str) -> None:
    """Let it pass."""
