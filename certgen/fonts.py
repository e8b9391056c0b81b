"""Typefaces: which glyph prints a character, and the smallest font that prints a text.

A `Face` is one TrueType file, mapped into memory and read as far as it is needed. A `Chain` is the order in
which faces are asked for a character; it is a dictionary from character to `Glyph` that fills itself.

`subset` writes a TrueType font with **one glyph for each character**, in the order given: glyph 1 is the first
character, and so on. Two characters that share an outline (马 and the radical ⻢; · and •) get a glyph each, so a
ToUnicode map made from the text itself gives back exactly what went in, and no CIDToGIDMap is needed
(docs/adr/0003). References: ISO 32000-1, 9.7 (composite fonts) and 9.9 (embedded font programs); the OpenType
specification for the tables head, hhea, hmtx, loca, glyf, maxp and cmap formats 4 and 12.
"""

import mmap
import struct
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

from certgen.core.errors import ApplicationError, Problem, SettingsError, Text

VENDORED = {
    "song": "NotoSerifSC-400.ttf",
    "song-bold": "NotoSerifSC-700.ttf",
    "hei": "NotoSansSC-400.ttf",
    "hei-bold": "NotoSansSC-700.ttf",
    "kai": "LXGWWenKai-500.ttf",
}
# Ext B to H, when the operator has installed one of Debian's packages fonts-hanazono or fonts-babelstone-han.
SYSTEM = (
    "/usr/share/fonts/truetype/hanazono/HanaMinA.ttf",
    "/usr/share/fonts/truetype/hanazono/HanaMinB.ttf",
    "/usr/share/fonts/truetype/babelstone/BabelStoneHan.ttf",
)


class MissingGlyph(KeyError):  # noqa: N818 - what it is, as Overflow is
    """No face of a chain prints this character; whoever knows the field turns it into a problem."""

    def __init__(self, char: str) -> None:
        """Keep the character."""
        self.char = char
        super().__init__(f"no glyph for U+{ord(char):04X}")

    def problem(self, field: str, label: Text) -> Problem:
        """Say which character of which field cannot be printed."""
        return Problem(
            field,
            label,
            f"{self.char} (U+{ord(self.char):04X})",
            Text("字库中有字形的字符", "a character that one of the typefaces can print"),
        )

    def refusal(self, field: str, label: Text) -> ApplicationError:
        """Make the error that refuses the record."""
        return ApplicationError((self.problem(field, label),))


class Glyph(NamedTuple):
    """One character's printed form: `program` is its `glyf` entry in whole words, `metrics` its four `hmtx` bytes."""

    face: "Face"
    advance: int  # thousandths of an em
    program: bytes
    metrics: bytes
    sum: int  # of the words of `program`: a table's checksum is then a sum of what is known


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a PDF font descriptor wants to know, in thousandths of an em."""

    name: str
    ascent: int
    descent: int
    cap_height: int
    bbox: tuple[int, int, int, int]


class Face:
    """One TrueType file. Raises SettingsError when the file is missing or is not TrueType outlines."""

    def __init__(self, path: Path) -> None:
        """Map the file and note where its tables stand; nothing else is read yet."""
        try:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise SettingsError(Text(f"无法读取字体 {path.name}", f"typeface {path.name} cannot be read")) from error
        try:
            self._read_tables(path.name)
        except (struct.error, IndexError) as error:
            raise SettingsError(Text(f"{path.name} 不是字体文件", f"{path.name} is not a typeface")) from error

    def __repr__(self) -> str:
        """Name the file."""
        return f"Face({self.file})"

    def __reduce__(self) -> tuple[object, ...]:
        """Refuse to travel: a mapping is cheap to make again, and each process makes its own."""
        raise TypeError("a Face does not travel between processes; load it again from its file")

    def _read_tables(self, name: str) -> None:
        count = struct.unpack_from(">H", self._data, 4)[0]
        rows = (struct.unpack_from(">4sIII", self._data, 12 + 16 * i) for i in range(count))
        self._tables = {tag: (offset, length) for tag, _, offset, length in rows}
        if b"glyf" not in self._tables or b"cmap" not in self._tables:
            raise SettingsError(Text(f"字体 {name} 不含 TrueType 轮廓", f"{name} has no TrueType outlines"))
        self.file = name
        self.head, self.hhea, self.maxp = (self._table(tag) for tag in (b"head", b"hhea", b"maxp"))
        self.units = struct.unpack_from(">H", self.head, 18)[0]
        self._long_loca = struct.unpack_from(">h", self.head, 50)[0] == 1
        self._metrics_count = struct.unpack_from(">H", self.hhea, 34)[0]
        self._starts, self._ends, self._gids = self._read_cmap()

    def _table(self, tag: bytes) -> bytes:
        offset, length = self._tables[tag]
        return self._data[offset : offset + length]

    def _read_cmap(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        base = self._tables[b"cmap"][0]
        count = struct.unpack_from(">H", self._data, base + 2)[0]
        for i in range(count):
            platform, encoding, offset = struct.unpack_from(">HHI", self._data, base + 4 + 8 * i)
            if (platform, encoding) in {(3, 10), (0, 4), (0, 6)}:
                at = base + offset
                groups = struct.unpack_from(">I", self._data, at + 12)[0]
                flat = struct.unpack_from(f">{3 * groups}I", self._data, at + 16)
                return flat[0::3], flat[1::3], flat[2::3]
        raise SettingsError(Text(f"字体 {self.file} 缺少全码位映射", f"{self.file} has no full Unicode map"))

    def glyph(self, char: str) -> Glyph | None:
        """Find the glyph of a character; None when the face has none that can be embedded alone."""
        code = ord(char)
        at = bisect_right(self._starts, code) - 1
        if at < 0 or code > self._ends[at]:
            return None
        gid = self._gids[at] + code - self._starts[at]
        program = self._program(gid)
        if gid == 0 or program is None or (not program and not char.isspace()):
            return None  # an empty outline for a visible character would print as a blank
        metrics = self._metrics(gid)
        advance = round(int.from_bytes(metrics[:2], "big") * 1000 / self.units)
        return Glyph(self, advance, program, metrics, _sum(program))

    def notdef(self) -> Glyph:
        """Give an empty glyph 0: it is never shown, and a box would cost bytes."""
        return Glyph(self, 1000, b"", struct.pack(">Hh", self.units, 0), 0)

    def _program(self, gid: int) -> bytes | None:
        loca, glyf = self._tables[b"loca"][0], self._tables[b"glyf"][0]
        if self._long_loca:
            start, end = struct.unpack_from(">II", self._data, loca + 4 * gid)
        else:
            start, end = (2 * v for v in struct.unpack_from(">HH", self._data, loca + 2 * gid))
        raw = self._data[glyf + start : glyf + end]
        if not raw:
            return b""
        contours = struct.unpack_from(">h", raw)[0]
        if contours < 0:
            return None  # a composite names other glyphs by number; the faces we vendor have four, none needed
        at = 10 + 2 * contours
        hints = struct.unpack_from(">H", raw, at)[0]
        if hints:  # instructions call functions of tables that a subset leaves out
            raw = raw[:at] + b"\0\0" + raw[at + 2 + hints :]
        return raw + b"\0" * (-len(raw) % 4)

    def _metrics(self, gid: int) -> bytes:
        hmtx = self._tables[b"hmtx"][0]
        if gid < self._metrics_count:
            return self._data[hmtx + 4 * gid : hmtx + 4 * gid + 4]
        last = hmtx + 4 * (self._metrics_count - 1)
        bearing = last + 4 + 2 * (gid - self._metrics_count)
        return self._data[last : last + 2] + self._data[bearing : bearing + 2]

    @cached_property
    def descriptor(self) -> Descriptor:
        """The figures of a PDF font descriptor (ISO 32000-1, table 122)."""
        scale = 1000 / self.units
        ascent, descent = struct.unpack_from(">hh", self.hhea, 4)
        os2 = self._table(b"OS/2")
        cap = struct.unpack_from(">h", os2, 88)[0] if len(os2) >= 90 else ascent  # sCapHeight, version 2 and later
        bbox = struct.unpack_from(">4h", self.head, 36)
        name = self.file.removesuffix(".ttf")
        left, bottom, right, top = (round(v * scale) for v in bbox)
        return Descriptor(
            name, round(ascent * scale), round(descent * scale), round(cap * scale), (left, bottom, right, top)
        )


class Chain(dict[str, Glyph]):
    """The glyph of each character, from the first face that has it. Looks up once, then it is a dictionary."""

    def __init__(self, faces: Sequence[Face]) -> None:
        """Take the faces in the order of preference."""
        super().__init__()
        self.faces = tuple(faces)

    def __missing__(self, char: str) -> Glyph:
        """Ask the faces in turn; raises MissingGlyph."""
        for face in self.faces:
            if (glyph := face.glyph(char)) is not None:
                self[char] = glyph
                return glyph
        raise MissingGlyph(char)


class Advances(dict[str, int]):
    """The width of each character in thousandths of an em, for the typesetter."""

    def __init__(self, chain: Chain) -> None:
        """Measure with this chain."""
        super().__init__()
        self._chain = chain

    def __missing__(self, char: str) -> int:
        """Measure one more character; raises MissingGlyph."""
        self[char] = advance = self._chain[char].advance
        return advance


class Typefaces:
    """The faces of the house: a chain and its widths for each name that a layout may use."""

    def __init__(self, folder: Path, extra: Sequence[Path] = ()) -> None:
        """Map the vendored faces of `folder`; `extra` are further TrueType files for the rarest characters."""
        self._folder, self._extra = folder, tuple(extra)
        self._faces: dict[Path, Face] = {}
        self._chains: dict[str, tuple[Chain, Advances]] = {}

    def _face(self, path: Path) -> Face:
        if path not in self._faces:
            self._faces[path] = Face(path)
        return self._faces[path]

    def chain(self, name: str) -> Chain:
        """Give the chain of a face: itself, then Hei, then Kai, then what the system has."""
        return self._pair(name)[0]

    def advances(self, name: str) -> Advances:
        """Give the widths of a face."""
        return self._pair(name)[1]

    def _pair(self, name: str) -> tuple[Chain, Advances]:
        if name not in self._chains:
            order = dict.fromkeys((name, "hei-bold" if name.endswith("bold") else "hei", "kai"))
            paths = [self._folder / VENDORED[key] for key in order] + [p for p in self._extra if p.exists()]
            chain = Chain([self._face(path) for path in paths])
            self._chains[name] = chain, Advances(chain)
        return self._chains[name]


def subset(glyphs: Sequence[Glyph]) -> bytes:
    """Write a TrueType font of these glyphs, all of one face: glyph 0 is empty, glyph i+1 is `glyphs[i]`.

    Only what a PDF reader needs of a CIDFontType2 program: head, hhea, hmtx, loca, glyf, maxp.
    """
    face = glyphs[0].face
    programs = [g.program for g in glyphs]
    count = len(programs) + 1
    offsets = list(accumulate(map(len, programs), initial=0))
    short = offsets[-1] < 0x20000
    loca = struct.pack(f">{count + 1}H", 0, *[o >> 1 for o in offsets]) if short else b""
    loca = loca or struct.pack(f">{count + 1}I", 0, *offsets)
    head = face.head[:8] + b"\0\0\0\0" + face.head[12:50] + (b"\0\0" if short else b"\0\1") + face.head[52:54]
    hhea = face.hhea[:34] + struct.pack(">H", count)
    hmtx = face.notdef().metrics + b"".join([g.metrics for g in glyphs])
    maxp = face.maxp[:4] + struct.pack(">H", count) + face.maxp[6:]
    tables = [(b"glyf", b"".join(programs), sum([g.sum for g in glyphs]))]
    tables += [
        (t, d, _sum(d))
        for t, d in ((b"head", head), (b"hhea", hhea), (b"hmtx", hmtx), (b"loca", loca), (b"maxp", maxp))
    ]
    return _sfnt(tables)


def _sum(data: bytes) -> int:
    """Add up the words of a table, the last filled up with zeros (OpenType, "Calculating checksums")."""
    padded = data + b"\0" * (-len(data) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & 0xFFFFFFFF


def _sfnt(tables: Sequence[tuple[bytes, bytes, int]]) -> bytes:
    """Put tables (tag, data, sum of words; in order of their tags) behind a table directory with checksums."""
    at = 12 + 16 * len(tables)
    rows = [struct.pack(">IHHHH", 0x00010000, len(tables), 64, 2, 16 * len(tables) - 64)]
    body: list[bytes] = []
    for tag, data, total in tables:
        rows.append(struct.pack(">4sIII", tag, total & 0xFFFFFFFF, at, len(data)))
        body += (data, b"\0" * (-len(data) % 4))
        at += len(data) + -len(data) % 4
    directory = b"".join(rows)
    font = directory + b"".join(body)
    # head.checkSumAdjustment makes the sum over the whole font 0xB1B0AFBA; strict font loaders look at it.
    adjust = (0xB1B0AFBA - _sum(directory) - sum([total for _, _, total in tables])) & 0xFFFFFFFF
    head = len(directory) + len(body[0]) + len(body[1])
    return font[: head + 8] + adjust.to_bytes(4, "big") + font[head + 12 :]


def outline(glyph: Glyph) -> bytes:
    """Write a glyph as PDF path operators (m, l, c, h; not painted) in a 1000-unit em, baseline at y = 0."""
    scale = 1000 / glyph.face.units
    parts = []
    for contour in _contours(glyph.program):
        parts.append(_contour_path([(x * scale, y * scale, on) for x, y, on in contour]))
    return b"".join(parts)


def _contours(program: bytes) -> list[list[tuple[int, int, bool]]]:
    """Decode a simple glyph description (OpenType, glyf) into contours of points."""
    if not program:
        return []
    count = struct.unpack_from(">h", program)[0]
    ends = struct.unpack_from(f">{count}H", program, 10)
    at = 10 + 2 * count
    at += 2 + struct.unpack_from(">H", program, at)[0]
    flags: list[int] = []
    while len(flags) <= ends[-1]:
        flag = program[at]
        at += 1
        repeat = 0
        if flag & 8:
            repeat = program[at]
            at += 1
        flags += [flag] * (repeat + 1)
    axes = []
    for short, same in ((2, 16), (4, 32)):
        value, values = 0, []
        for flag in flags:
            if flag & short:
                value += program[at] if flag & same else -program[at]
                at += 1
            elif not flag & same:
                value += struct.unpack_from(">h", program, at)[0]
                at += 2
            values.append(value)
        axes.append(values)
    points = [(x, y, bool(flag & 1)) for x, y, flag in zip(axes[0], axes[1], flags, strict=True)]
    starts = [0, *(end + 1 for end in ends)]
    return [points[a:b] for a, b in pairwise(starts)]


def _contour_path(points: list[tuple[float, float, bool]]) -> bytes:
    """Turn one closed TrueType contour (quadratic) into cubic PDF curves."""
    if not any(on for *_, on in points):  # all control points: begin at the middle of two of them
        (ax, ay, _), (bx, by, _) = points[-1], points[0]
        points = [((ax + bx) / 2, (ay + by) / 2, True), *points]
    while not points[0][2]:
        points = points[1:] + points[:1]
    (x0, y0, _), rest = points[0], [*points[1:], points[0]]
    out, control = [f"{x0:.6g} {y0:.6g} m\n"], None
    for x, y, on in rest:
        if control is None:
            if on:
                out.append(f"{x:.6g} {y:.6g} l\n")
                x0, y0 = x, y
            else:
                control = (x, y)
            continue
        cx, cy = control
        ex, ey = (x, y) if on else ((cx + x) / 2, (cy + y) / 2)
        ax, ay, bx, by = x0 + 2 / 3 * (cx - x0), y0 + 2 / 3 * (cy - y0), ex + 2 / 3 * (cx - ex), ey + 2 / 3 * (cy - ey)
        out.append(f"{ax:.6g} {ay:.6g} {bx:.6g} {by:.6g} {ex:.6g} {ey:.6g} c\n")
        x0, y0, control = ex, ey, None if on else (x, y)
    return ("".join(out) + "h\n").encode()
