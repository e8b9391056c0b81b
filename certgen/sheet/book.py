"""What a sheet needs from the rest of its workbook: which part it is, the shared texts, what its numbers mean."""

import re

from certgen.core.errors import SettingsError
from certgen.sheet.archive import Archive
from certgen.sheet.formats import meaning

MAX_STRINGS = 2_000_000
MAX_TEXT = 65_536  # characters; a cell holds 32,767, escapes are longer
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


class Book:
    """What a sheet needs from the rest of its workbook."""

    def __init__(self, archive: Archive) -> None:
        """Read it. Raises SettingsError."""
        self._archive = archive
        main = self._only("_rels/.rels", archive.relations(""), "officeDocument")
        self.epoch_1904 = False
        self._sheets: list[tuple[str, bool]] = []
        archive.parse(main, self._start, _nothing, _nothing)
        relations = archive.relations(main)
        self.sheet = self._first_shown(relations)
        parts = {kind: target for kind, target in relations.values() if target in archive}
        self.strings = _strings(archive, parts["sharedStrings"]) if "sharedStrings" in parts else []
        self.meanings = _meanings(archive, parts["styles"]) if "styles" in parts else []

    def _only(self, where: str, relations: dict[str, tuple[str, str]], wanted: str) -> str:
        for kind, target in relations.values():
            if kind == wanted and target in self._archive:
                return target
        raise self._archive.refused(f"不是 XLSX 工作簿（{where}）", f"is not an XLSX workbook ({where})")

    def _start(self, element: str, given: dict[str, str]) -> None:
        if element == "workbookPr":
            self.epoch_1904 = given.get("date1904") in ("1", "true")
        elif element == "sheet" and len(self._sheets) < 10_000:
            key = next((value for name, value in given.items() if name.rpartition(":")[2] == "id"), "")
            self._sheets.append((key, given.get("state", "visible") == "visible"))

    def _first_shown(self, relations: dict[str, tuple[str, str]]) -> str:
        for key, is_shown in self._sheets:
            kind, target = relations.get(key, ("", ""))
            if is_shown and kind == "worksheet" and target in self._archive:
                return target
        raise self._archive.refused("没有可见的工作表", "has no sheet that is not hidden")


def too_long(archive: Archive) -> SettingsError:
    """Make the error of a text that no cell could hold."""
    return archive.refused("有过长的单元格", "has a cell that is too long")


def _nothing(_: str) -> None:
    """Let it pass."""


def _strings(archive: Archive, part: str) -> list[str]:
    """Read the texts that cells refer to; how a word is pronounced (rPh) is not part of it."""
    strings: list[str] = []
    said: list[str] = []
    length = 0
    inside = {"t": 0, "rPh": 0}

    def start(element: str, _: dict[str, str]) -> None:
        nonlocal length
        if element == "si":
            said.clear()
            length = 0
        elif element in inside:
            inside[element] += 1

    def end(element: str) -> None:
        if element in inside:
            inside[element] -= 1
        elif element == "si":
            strings.append(unescaped("".join(said)))
            if len(strings) > MAX_STRINGS:
                raise archive.refused("内容过多", "holds too much")

    def text(chunk: str) -> None:
        nonlocal length
        if inside["t"] and not inside["rPh"]:
            said.append(chunk)
            length += len(chunk)
            if length > MAX_TEXT:
                raise too_long(archive)

    archive.parse(part, start, end, text)
    return strings


def _meanings(archive: Archive, part: str) -> list[str]:
    """Read what the numbers of each cell style mean."""
    codes: dict[int, str] = {}
    styles: list[str] = []
    inside = False

    def start(element: str, given: dict[str, str]) -> None:
        nonlocal inside
        if element == "numFmt":
            codes[int(given["numFmtId"])] = given["formatCode"][:255]
        elif element == "cellXfs":
            inside = True
        elif element == "xf" and inside and len(styles) < 100_000:
            number = int(given.get("numFmtId", "0"))
            styles.append(meaning(number, codes.get(number, "")))

    def end(element: str) -> None:
        nonlocal inside
        inside = inside and element != "cellXfs"

    archive.parse(part, start, end, _nothing)
    return styles


def unescaped(text: str) -> str:
    """Write out `_x000D_` and its like (18.4, ST_Xstring)."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
