"""The signature gap of our PDFs: where it stands, what it covers, and rules S1 to S6.

    /ByteRange [0 BBBBBBBBBB CCCCCCCCCC DDDDDDDDDD]/Contents <3082…00>
                                                             ^        ^
                                                             b        c - 1

b is the offset of `<`, c the offset just after `>`, d = length of the file - c; ten digits each. The hex
is lower case: one DER value and zeros. The file is `%PDF-1.7`, objects, one classic xref section, one
trailer and one `%%EOF` (ISO 32000-1, 7.5), all of it in one revision.
"""

import re
from binascii import Error as HexError
from binascii import unhexlify
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from certgen.core.der import measure
from certgen.core.errors import FormatError, Text, VerificationError

if TYPE_CHECKING:
    from hashlib import _Hash

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_OPENING = b"/ByteRange [0 "
_CONTENTS = b"]/Contents <"
_FIXED = len(_OPENING) + 3 * 10 + 2  # octets before `]`
# /ByteRange, and what would make a second revision or hide objects from a plain reader. One character in front of the
# alternatives lets the search run from one of these to the next: a fifth of the time of a search for each word.
_NAMES = re.compile(rb"/(?:ByteRange|Prev|XRefStm|ObjStm|Encrypt|Linearized)")
_MARKS = re.compile(rb"%(?:PDF-|%EOF)")
_LONGEST = len(b"/Linearized")
_TAIL = re.compile(
    rb"trailer\n<</Size ([1-9][0-9]{0,6})/Root ([1-9][0-9]{0,6}) 0 R/ID\[<[0-9a-fA-F]{32}><[0-9a-fA-F]{32}>\]>>\n"
    rb"startxref\n([1-9][0-9]{0,9})\n%%EOF\n"
)
_TAIL_REACH = 200  # octets; the longest tail is 164
_ZEROED = bytes.maketrans(b"0123456789", b"0" * 10)
_FREE_LINE, _USED_LINE = b"0000000000 65535 f \n", b"0000000000 00000 n \n"
_BRACKETS = re.compile(rb"\[0 ([0-9]{10}) ([0-9]{10}) ([0-9]{10})\]")


def placeholder(size: int) -> bytes:
    """Write the empty gap for a signature container of at most `size` octets."""
    return _OPENING + b"0" * 10 + b" " + b"0" * 10 + b" " + b"0" * 10 + _CONTENTS + b"0" * (2 * size) + b">"


def byte_range(hex_start: int, hex_end: int, total: int) -> bytes:
    """Write `[0 b c d]` for a gap whose `<` is at `hex_start` and whose `>` is just before `hex_end`."""
    return b"[0 %010d %010d %010d]" % (hex_start, hex_end, total - hex_end)


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap that stands where rules S1 to S6 want it: `b` at `<`, `c` just after `>`, octets of the file."""

    b: int
    c: int
    total: int

    def digest(self, pdf: bytes, state: "_Hash | None" = None, done: int = 0) -> bytes:
        """Give SHA-256 of everything outside the gap.

        `state` may hold the hash of the first `done` octets (not beyond the gap); it is copied, not changed.
        """
        view = memoryview(pdf)
        hashed = state.copy() if state else sha256()
        hashed.update(view[done if state else 0 : self.b])
        hashed.update(view[self.c :])
        return hashed.digest()

    def der(self, pdf: bytes) -> bytes:
        """Take the signature container out, without its padding."""
        held = unhexlify(pdf[self.b + 1 : self.c - 1])
        return held[: measure(held)[2]]


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a file: where its xref section starts, how many entries it has, and its catalog."""

    xref: int
    size: int
    root: int

    def offset(self, pdf: bytes, number: int) -> int:
        """Find an object by its number. Raises FormatError for one that does not exist."""
        if not 0 < number < self.size:
            raise FormatError(f"object {number} is not among the {self.size} of the file")
        line = self.xref + len(b"xref\n0 %d\n" % self.size) + 20 * number
        return int(pdf[line : line + 10])


def read_tail(pdf: bytes) -> Tail:
    """Read trailer and `startxref`, and see that the one xref section is whole (rule S2)."""
    reach = max(0, len(pdf) - _TAIL_REACH)
    at = pdf.rfind(b"trailer\n", reach)
    match = _TAIL.fullmatch(pdf, at) if at >= 0 else None
    if match is None:
        raise _wrong("S2", "文件结尾不是本系统所写的形式", "the end of the file is not as we write it")
    size, root, start = map(int, match.groups())
    title = b"xref\n0 %d\n" % size
    lines = pdf[start + len(title) : at]
    whole = _FREE_LINE + _USED_LINE * (size - 1) if len(lines) == 20 * size else b""
    if not pdf.startswith(title, start) or lines[:20] + lines[20:].translate(_ZEROED) != whole:
        raise _wrong("S2", "交叉引用表不完整或不规范", "the cross-reference table is not whole, or not as we write it")
    return Tail(start, size, root)


def locate(pdf: bytes, clean: int = 0, tail: Tail | None = None) -> Gap:
    """Find the one signature gap of a document of ours, by rules S1 to S6.

    `clean` is the length of a head in which an earlier call has found no token (a plate is the same in
    every document struck on it); `tail` is what `read_tail` gave for the same bytes. Raises
    VerificationError naming the first rule that fails.
    """
    since = max(len(HEADER), clean - _LONGEST)
    marks, names = _MARKS.findall(pdf, since), [m.start() for m in _NAMES.finditer(pdf, since)]
    if not pdf.startswith(HEADER) or b"%PDF-" in marks:
        raise _wrong("S1", "文件头不在开头，或不止一个", "the header is not at the very start, or not alone")
    if marks != [b"%%EOF"] or not pdf.endswith(b"\n%%EOF\n"):
        raise _wrong("S2", "文件结束标记不唯一或不在末尾", "the end mark is not alone, or not at the very end")
    for at in names:
        if not pdf.startswith(b"/ByteRange", at):
            raise _wrong("S2", "文件含有本系统不写的结构", f"the file has {pdf[at : at + 8]!r}…, which we never write")
    if pdf.count(b"startxref", since) != 1:
        raise _wrong("S2", "文件不止一个版本", "the file has more than one revision")
    if tail is None:
        read_tail(pdf)
    at, b, c, d = _read_range(pdf, names)
    if c + d != len(pdf) or not b + 2 < c <= len(pdf):
        raise _wrong("S4", "签名没有覆盖整个文件", "the signature does not cover the whole file")
    _see_contents(pdf, at, b, c)
    return Gap(b, c, len(pdf))


def _read_range(pdf: bytes, names: list[int]) -> tuple[int, int, int, int]:
    at = names[0] if len(names) == 1 else -1
    match = _BRACKETS.match(pdf, at + len(_OPENING) - 3) if at >= 0 and pdf.startswith(_OPENING, at) else None
    if match is None:
        raise _wrong("S3", "签名范围缺失、重复或不规范", "the signed range is missing, doubled or not as we write it")
    b, c, d = map(int, match.groups())
    return at, b, c, d


def _see_contents(pdf: bytes, at: int, b: int, c: int) -> None:
    if not pdf.startswith(_CONTENTS, at + _FIXED) or b != at + _FIXED + len(_CONTENTS) - 1 or pdf[c - 1] != 0x3E:
        raise _wrong("S5", "签名值不在签名范围所留的位置", "the signature does not stand in the gap of its range")
    digits = pdf[b + 1 : c - 1]
    try:
        held = unhexlify(digits)
    except HexError:
        held = b""
    if held.hex().encode() != digits:
        raise _wrong("S5", "签名值含有小写十六进制以外的字符", "the signature holds other than lower-case hex")
    try:
        end = measure(held)[2]
    except FormatError as fault:
        raise _wrong("S6", "签名值不是 DER 编码", f"the signature is not DER: {fault}") from fault
    if held.count(0, end) != len(held) - end:
        raise _wrong("S6", "签名值之后的填充不是零", "the padding after the signature is not zero")


def _wrong(rule: str, zh: str, en: str) -> VerificationError:
    return VerificationError(rule, Text(zh, en))
