"""Read QR symbols back from their modules, sharing nothing with how they are drawn.

The patterns are drawn, the symbol is walked and the syndromes are evaluated from the standard's own tables:

1. function patterns, both copies of the format information and of the version information are perfect;
2. the data are unmasked in order, and no remainder bit is set;
3. every Reed-Solomon syndrome of every block is zero;
4. segments, terminator and padding are as the standard has them.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from certgen.core.errors import FormatError, Text
from certgen.qr.shape import (
    BYTES,
    CHUNK,
    NUMERIC,
    POWER,
    VERSIONS,
    Indices,
    Modules,
    count_bits,
    digit_bits,
    multiples,
    padding,
    size_of,
)

# Of every version, level M: block count, parity codewords a block, rows and columns of alignment patterns.
# ISO/IEC 18004, "Error correction characteristics" and annex E.
_LAYOUT: dict[int, tuple[int, int, tuple[int, ...]]] = {
    5: (2, 24, (6, 30)),
    6: (4, 16, (6, 34)),
    7: (4, 18, (6, 22, 38)),
    8: (4, 22, (6, 24, 42)),
    9: (5, 22, (6, 26, 46)),
    10: (5, 26, (6, 28, 50)),
    11: (5, 30, (6, 30, 54)),
    12: (8, 22, (6, 32, 58)),
    13: (9, 22, (6, 34, 62)),
    14: (9, 24, (6, 26, 46, 66)),
    15: (10, 24, (6, 26, 48, 70)),
    16: (10, 28, (6, 26, 50, 74)),
    17: (11, 28, (6, 30, 54, 78)),
    18: (13, 26, (6, 30, 56, 82)),
    19: (14, 26, (6, 30, 58, 86)),
    20: (16, 26, (6, 34, 62, 90)),
}
_LEVEL_M = 0b00


_TEN_POWERS = 1 << np.arange(9, -1, -1)
_TRIPLES = np.array([b"%03d" % value for value in range(1000)])


def read_back(modules: Modules) -> str:
    """Read a symbol from its modules; see `read_back_many`."""
    return read_back_many((modules,))[0]


def read_back_many(symbols: Sequence[Modules]) -> list[str]:
    """Read symbols from their modules, trusting nothing of how they were drawn.

    No error is corrected: a symbol with one wrong module anywhere is refused. Raises FormatError for a symbol
    that is not a perfect one of level M, versions 5..20, with byte and numeric segments only.
    """
    texts: dict[int, str] = {}
    groups: dict[int, list[int]] = {}
    for number, modules in enumerate(symbols):
        groups.setdefault(_version_of(modules), []).append(number)
    for version, numbers in groups.items():
        for start in range(0, len(numbers), CHUNK):
            some = numbers[start : start + CHUNK]
            data = _reader(version).read(np.stack([symbols[number] for number in some]))
            texts.update((number, _parse(row, version)) for number, row in zip(some, data, strict=True))
    return [texts[number] for number in range(len(symbols))]


def _version_of(modules: Modules) -> int:
    side = len(modules)
    if modules.shape != (side, side) or side % 4 != 1 or (side - 17) // 4 not in VERSIONS:
        raise FormatError(Text("不是二维码", f"an array of {modules.shape} is no symbol of versions 5 to 20"))
    return (side - 17) // 4


@cache
def _reader(version: int) -> "_Reader":
    return _Reader(version)


class _Reader:
    """What the standard says of one version, and nothing of how our symbols are drawn."""

    def __init__(self, version: int) -> None:
        self.size = size_of(version)
        patterns = _patterns(version)
        self.format_places = _format_places(self.size)
        free = patterns < 0
        free.ravel()[self.format_places.ravel()] = False
        self.fixed = np.flatnonzero(patterns >= 0)
        self.expected = patterns.ravel()[self.fixed].astype(np.uint8)
        self.order = _walk(free)
        self.masks = np.ascontiguousarray(_masks(self.size).reshape(8, -1)[:, self.order])
        self.codewords = len(self.order) // 8
        blocks, parity, _ = _LAYOUT[version]
        self._lay_out(blocks, parity)

    def _lay_out(self, blocks: int, parity: int) -> None:
        """Note where interleaving put each codeword: `data` in order, `rows` by distance from the end of its block."""
        short, longer = divmod(self.codewords - blocks * parity, blocks)
        lengths = [short + (block >= blocks - longer) for block in range(blocks)]
        taken = iter(range(self.codewords))
        columns: list[list[int]] = [[] for _ in lengths]
        for at in range(short + 1):
            for block, length in enumerate(lengths):
                if at < length:
                    columns[block].append(next(taken))
        self.data: Indices = np.array([at for column in columns for at in column])
        for _ in range(parity):
            for column in columns:
                column.append(next(taken))
        longest = max(map(len, columns))
        rows = [[self.codewords] * (longest - len(column)) + column for column in columns]  # a zero before short ones
        self.rows: Indices = np.array(rows).T
        distance = np.arange(longest)[::-1, None]
        self.row_of: Indices = np.repeat(np.arange(longest) * 256, blocks).reshape(longest, blocks)
        self.syndromes = multiples(POWER[distance * np.arange(parity) % 255].astype(np.uint8))

    def read(self, symbols: Modules) -> Modules:
        """Give the data codewords of symbols (count, n, n) of this version."""
        flat = symbols.reshape(len(symbols), -1)
        if flat.dtype != np.uint8 or flat.max() > 1:
            raise FormatError(Text("二维码模块应为0或1", "modules are uint8, 0 or 1"))
        if (flat.take(self.fixed, axis=1) != self.expected).any():
            raise FormatError(Text("二维码功能图形有误", "a function pattern or the version information is wrong"))
        bits = flat.take(self.order, axis=1) ^ self.masks.take(self._mask_of(flat), axis=0)
        if bits[:, 8 * self.codewords :].any():
            raise FormatError(Text("二维码剩余位不为零", "a remainder bit is not zero"))
        words = np.packbits(bits, axis=1)[:, : self.codewords]
        ended = np.concatenate((words, np.zeros((len(words), 1), np.uint8)), axis=1)
        terms = self.syndromes.take(ended.take(self.rows, axis=1) + self.row_of, axis=0)
        if np.bitwise_xor.reduce(terms, axis=1).any():
            raise FormatError(Text("二维码纠错校验不符", "a Reed-Solomon syndrome is not zero"))
        return words.take(self.data, axis=1)

    def _mask_of(self, flat: Modules) -> Indices:
        """Read the mask from the format information, both copies of which must be a perfect one of level M."""
        numbers = flat.take(self.format_places, axis=1) @ (1 << np.arange(15))
        masks = _MASK_OF.take(numbers)
        if (numbers[:, 0] != numbers[:, 1]).any() or masks.min() < 0:
            raise FormatError(Text("二维码格式信息有误", "the format information is wrong or not of level M"))
        return masks[:, 0]


def _bch(value: int, generator: int) -> int:
    """Append to a value the remainder of its division, as format and version information do."""
    degree = generator.bit_length() - 1
    remainder = value << degree
    while remainder.bit_length() > degree:
        remainder ^= generator << remainder.bit_length() - degree - 1
    return value << degree | remainder


def _formats() -> Indices:
    """Map every 15 bits of format information to the mask of a level M symbol, or to -1."""
    masks = np.full(1 << 15, -1)
    for mask in range(8):
        masks[_bch(_LEVEL_M << 3 | mask, 0b10100110111) ^ 0b101010000010010] = mask
    return masks


_MASK_OF = _formats()


def _format_places(size: int) -> Indices:
    """Give the flat places of both copies of the format information, (2, 15), least significant bit first."""
    down, up = [*range(6), 7, 8], [7, *range(5, -1, -1)]
    first = [(row, 8) for row in down] + [(8, column) for column in up]
    second = [(8, size - 1 - at) for at in range(8)] + [(size - 7 + at, 8) for at in range(7)]
    return np.array([[row * size + column for row, column in copy] for copy in (first, second)])


def _patterns(version: int) -> npt.NDArray[np.int8]:
    """Draw the function patterns, the dark module and the version information; -1 where none of them is."""
    size, last = size_of(version), size_of(version) - 7
    patterns = np.full((size, size), -1, np.int8)
    patterns[6, :] = patterns[:, 6] = np.arange(size) % 2 == 0
    for row, column in ((0, 0), (0, last), (last, 0)):
        patterns[max(row - 1, 0) : row + 8, max(column - 1, 0) : column + 8] = 0
        patterns[row : row + 7, column : column + 7] = _rings(3) != 2
    centres = _LAYOUT[version][2]
    for row in centres:
        for column in centres:
            if (row, column) not in ((6, 6), (6, centres[-1]), (centres[-1], 6)):
                patterns[row - 2 : row + 3, column - 2 : column + 3] = _rings(2) != 1
    patterns[size - 8, 8] = 1
    if version >= 7:
        bits = _bch(version, 0b1111100100101) >> np.arange(18).reshape(6, 3) & 1
        patterns[:6, size - 11 : size - 8] = bits
        patterns[size - 11 : size - 8, :6] = bits.T
    return patterns


def _rings(radius: int) -> Indices:
    """Give the distance of every cell of a square from its centre, counted in rings."""
    away = np.abs(np.arange(-radius, radius + 1))
    return np.maximum(away[:, None], away)


def _walk(free: npt.NDArray[np.bool_]) -> Indices:
    """Give the flat places of data bits in order: two columns at a time, from the right, first upwards."""
    size = len(free)
    order: list[int] = []
    rows = range(size - 1, -1, -1)
    for right in (*range(size - 1, 6, -2), 5, 3, 1):  # column 6 is the timing pattern
        order += [row * size + column for row in rows for column in (right, right - 1) if free[row, column]]
        rows = rows[::-1]
    return np.array(order)


def _masks(size: int) -> Modules:
    """Draw the eight data masks, (8, size, size). ISO/IEC 18004, "Data mask pattern generation conditions"."""
    i, j = np.arange(size)[:, None], np.arange(size)
    conditions = (
        (i + j) % 2,
        i % 2 + 0 * j,
        j % 3 + 0 * i,
        (i + j) % 3,
        (i // 2 + j // 3) % 2,
        i * j % 2 + i * j % 3,
        (i * j % 2 + i * j % 3) % 2,
        ((i + j) % 2 + i * j % 3) % 2,
    )
    return np.array([condition == 0 for condition in conditions], np.uint8)


def _parse(data: Modules, version: int) -> str:
    """Read the segments, terminator and padding of a symbol's data codewords."""
    size = 8 * len(data)
    number = int.from_bytes(data.tobytes(), "big")
    bits = np.unpackbits(data)
    text, at = "", 0
    while size - at >= 4 and (mode := _field(number, size, at, 4)):
        if mode not in (BYTES, NUMERIC):
            raise FormatError(Text("二维码含有其他编码段", f"a segment of mode {mode:04b}"))
        width = count_bits(mode, version)
        count, start = _field(number, size, at + 4, width), at + 4 + width
        at = start + (8 * count if mode == BYTES else digit_bits(count))
        if not count or at > size:
            raise FormatError(Text("二维码编码段长度不对", f"a segment of {count} characters"))
        text += _link(number, size, start, count) if mode == BYTES else _digits(bits[start:at], count)
    if padding(at, size)[at:size] != bits[at:].tobytes():
        raise FormatError(Text("二维码填充不规范", "the padding is not the standard's"))
    return text


def _field(number: int, size: int, at: int, width: int) -> int:
    """Take `width` bits from bit `at` of `size`; zeros stand behind the last."""
    return (number << width >> size - at) & (1 << width) - 1


def _link(number: int, size: int, start: int, count: int) -> str:
    raw = _field(number, size, start, 8 * count).to_bytes(count, "big")
    if not raw.isascii():
        raise FormatError(Text("二维码网址应为ASCII", "a byte segment is not ASCII"))
    return raw.decode("ascii")


def _digits(bits: Modules, count: int) -> str:
    """Read digits, three from ten bits, the last one or two from four or seven."""
    whole = count // 3
    values = bits[: 10 * whole].reshape(-1, 10) @ _TEN_POWERS
    last, left = int("0" + "".join(map(str, bits[10 * whole :])), 2), count % 3
    if values.max(initial=0) > 999 or last >= 10**left:
        raise FormatError(Text("二维码数字段超出范围", "a group of digits is out of range"))
    return _TRIPLES.take(values).tobytes().decode("ascii") + (str(last).zfill(left) if left else "")
