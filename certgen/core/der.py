"""The few bytes of DER (ITU-T X.690) that signatures and certificates here are made of, both directions.

    identifier octet, length (short form below 128, else 0x81, 0x82 or 0x83 and that many octets), contents

Only single-octet tags and definite, minimal lengths exist for us; BER is refused.
"""

from certgen.core.errors import FormatError

SEQUENCE, SET, INTEGER, BIT_STRING, OCTET_STRING, OID, NULL = 0x30, 0x31, 0x02, 0x03, 0x04, 0x06, 0x05


def header(tag: int, length: int) -> bytes:
    """Encode an identifier and a length below 2^24."""
    if length < 0x80:
        return bytes((tag, length))
    octets = length.to_bytes(3, "big").lstrip(b"\0")
    return bytes((tag, 0x80 | len(octets))) + octets


def tlv(tag: int, *parts: bytes) -> bytes:
    """Encode one value whose contents are `parts` in a row."""
    body = b"".join(parts)
    return header(tag, len(body)) + body


def integer(unsigned: bytes) -> bytes:
    """Encode a non-negative INTEGER given as big-endian octets, shortest form."""
    octets = unsigned.lstrip(b"\0") or b"\0"
    return tlv(INTEGER, b"\0", octets) if octets[0] & 0x80 else tlv(INTEGER, octets)


def oid(dotted: str) -> bytes:
    """Encode an OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    out = bytearray()
    for arc in (40 * first + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(0x80 | arc & 0x7F)
        out += bytes(reversed(septets))
    return tlv(OID, bytes(out))


def measure(data: bytes, start: int = 0) -> tuple[int, int, int]:
    """Read an identifier and a length: `(tag, start of contents, end)`.

    Raises FormatError for multi-octet tags, indefinite or non-minimal lengths, and contents that end
    beyond `data`.
    """
    if start + 2 > len(data) or data[start] & 0x1F == 0x1F:
        raise FormatError("a DER value is cut short, or its tag takes more than one octet")
    tag, length, body = data[start], data[start + 1], start + 2
    if length & 0x80:
        count = length & 0x7F
        octets = data[body : body + count]
        if not 1 <= count <= 3 or len(octets) != count or octets[0] == 0 or (count == 1 and octets[0] < 0x80):
            raise FormatError("a DER length is indefinite, too large or not in its shortest form")
        length, body = int.from_bytes(octets, "big"), body + count
    if body + length > len(data):
        raise FormatError(f"a DER value of {length} octets reaches beyond its container")
    return tag, body, body + length


class Reader:
    """Walks the values inside one constructed DER value, in order."""

    __slots__ = ("_data", "_end", "_start")

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        """Read `data[start:end]`."""
        self._data, self._start, self._end = data, start, len(data) if end is None else end

    def more(self) -> bool:
        """Say whether a value is left."""
        return self._start < self._end

    def peek(self) -> int:
        """Look at the next tag, 0 when nothing is left."""
        return self._data[self._start] if self.more() else 0

    def next(self, tag: int) -> tuple[int, int, int]:
        """Step over a value of this tag: `(start, start of contents, end)`. Raises FormatError."""
        start = self._start
        if not self.more():
            raise FormatError(f"a DER value ends where tag {tag:#04x} was wanted")
        found, body, end = measure(self._data, start)
        if found != tag or end > self._end:
            raise FormatError(f"DER tag {found:#04x} found where {tag:#04x} was wanted")
        self._start = end
        return start, body, end

    def raw(self, tag: int) -> bytes:
        """Take the next value, identifier and length included."""
        start, _, end = self.next(tag)
        return self._data[start:end]

    def contents(self, tag: int) -> bytes:
        """Take the contents of the next value."""
        _, body, end = self.next(tag)
        return self._data[body:end]

    def inside(self, tag: int) -> "Reader":
        """Step into the next value."""
        _, body, end = self.next(tag)
        return Reader(self._data, body, end)

    def done(self) -> None:
        """Raise FormatError unless everything was read."""
        if self.more():
            raise FormatError(f"{self._end - self._start} octets follow where a DER value should end")
