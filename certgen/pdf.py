"""The few PDF object forms we write (ISO 32000-1, 7.3 and 7.5), always the same way: same input, same bytes."""

import zlib
from collections.abc import Iterable

from isal import isal_zlib

# isal's levels in the order of use. About once in 10⁷ documents packed bytes hold a token that the verifier counts,
# such as `%%EOF`; step 6 of issuing sees it, and another level gives other bytes.
LEVELS = (2, 3, 1)
# What rules S1 to S3 count in the whole file (certgen.core.gap).
_TOKENS = (
    b"%PDF-",
    b"%%EOF",
    b"startxref",
    b"/ByteRange",
    b"/Prev",
    b"/XRefStm",
    b"/ObjStm",
    b"/Encrypt",
    b"/Linearized",
)


def indirect(number: int, body: bytes) -> bytes:
    """Write an indirect object of generation 0."""
    return b"%d 0 obj\n%b\nendobj\n" % (number, body)


def stream(entries: bytes, data: bytes) -> bytes:
    """Write a stream object's body; `entries` are the dictionary's entries without Length."""
    return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (entries, len(data), data)


def deflated(entries: bytes, data: bytes, level: int = LEVELS[0]) -> bytes:
    """Write a Flate stream, fast: level 2 of isal costs a tenth of zlib 6 and 4 % of size."""
    return stream(entries + b"/Filter/FlateDecode", isal_zlib.compress(data, level))


def engraved(entries: bytes, data: bytes) -> bytes:
    """Write a Flate stream as small as zlib can, for what is written once and delivered a thousand times.

    None of the tokens that rules S1 to S3 count may stand in it by chance: every document would fail.
    """
    for level in range(9, 0, -1):
        packed = zlib.compress(data, level)
        if not any(token in packed for token in _TOKENS):
            break
    return stream(entries + b"/Filter/FlateDecode", packed)


def text_string(text: str) -> bytes:
    """Write a text string as UTF-16BE hex with its mark (7.9.2.2): no character can end it early."""
    return b"<feff%b>" % text.encode("utf-16-be").hex().encode()


def xref_lines(offsets: Iterable[int]) -> bytes:
    """Write the 20-byte lines of objects in use (7.5.4)."""
    return b"".join([b"%010d 00000 n \n" % offset for offset in offsets])
