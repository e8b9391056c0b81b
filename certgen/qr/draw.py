"""Draw QR symbols of two segments: bytes for the link with its "#", and a number for the digits behind it.

For one version and mask the modules are an affine function of the data bits, so that a symbol costs a few array
operations, and many symbols of one version cost the same few:

1. bits: headers, link, digits (ten bits for three), terminator and padding;
2. Reed-Solomon: the parity of a block is the XOR of one table row a codeword;
3. modules: bits gathered in the order of placement, XOR the symbol of all-zero data (its patterns and mask).

Function patterns, placement and block lengths are taken from the `qrcode` library once a version.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from certgen.core.errors import FormatError, Text
from certgen.core.qrtext import QrText
from certgen.qr.shape import (
    BYTES,
    CHUNK,
    LOG,
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

# Three ASCII digits times these give their value and 5328, since "0" is 48. The ten bits of each value follow.
_HUNDREDS = np.array((100, 10, 1))
_TEN_BITS = np.zeros((48 * 111 + 1000, 10), np.uint8)
_TEN_BITS[48 * 111 :] = np.arange(1000)[:, None] >> np.arange(9, -1, -1) & 1


@lru_cache(maxsize=4096)
def version_for(url_bytes: int, digits: int) -> int:
    """Give the smallest version for a link of `url_bytes` (its "#" not counted) and so many digits.

    Raises FormatError when version 20 is too small.
    """
    for version in VERSIONS:
        if _header_bits(version, url_bytes) + digit_bits(digits) <= 8 * sum(_blocks(version)[0]):
            return version
    raise FormatError(Text("二维码内容过长", f"{url_bytes} bytes and {digits} digits are too long for version 20-M"))


def encode(texts: Sequence[QrText], mask: int = 2) -> list[Modules]:
    """Draw one symbol a text, each in the smallest version that holds it: uint8 arrays (n, n), 1 = dark.

    `mask` is 0..7; choosing the best by penalty would cost more than all the rest. Arrays drawn together share
    memory: copy one to keep it long. Raises FormatError for a text that is not ASCII and digits, or too long.
    """
    groups: dict[tuple[int, int], list[int]] = {}
    for number, text in enumerate(texts):
        if not (text.url.isascii() and text.digits.isascii() and text.digits.isdigit()):
            raise FormatError(Text("二维码内容应为ASCII网址和数字", "wanted an ASCII link and decimal digits"))
        key = version_for(len(text.url), len(text.digits)), len(text.url)
        groups.setdefault(key, []).append(number)
    symbols: dict[int, Modules] = {}
    for (version, url_bytes), numbers in groups.items():
        plan = _plan(version, mask)
        for start in range(0, len(numbers), CHUNK):
            some = numbers[start : start + CHUNK]
            symbols.update(zip(some, plan.draw([texts[number] for number in some], url_bytes), strict=True))
    return [symbols[number] for number in range(len(texts))]


def version_for_plain(text: str) -> int:
    """Give the smallest version for a text in one segment of bytes; raises FormatError as `encode_plain` does."""
    if not text.isascii():
        raise FormatError(Text("二维码内容应为ASCII", "wanted ASCII in a code: write other characters with urlencode"))
    for version in VERSIONS:
        if 4 + count_bits(BYTES, version) + 8 * len(text) <= 8 * sum(_blocks(version)[0]):
            return version
    raise FormatError(Text("二维码内容过长", f"{len(text)} bytes are too long for version 20-M"))


def encode_plain(text: str, mask: int = 2) -> Modules:
    """Draw a text as one segment of bytes, in the smallest version that holds it; as an array of `encode`.

    Raises FormatError for a text that is not ASCII, or too long.
    """
    version = version_for_plain(text)
    plan, raw = _plan(version, mask), text.encode()
    head = 4 + count_bits(BYTES, version)
    number = (BYTES << count_bits(BYTES, version) | len(raw)) << 8 * len(raw) | int.from_bytes(raw, "big")
    end = head + 8 * len(raw)
    packed_bits = np.frombuffer(number.to_bytes(-(-end // 8), "big"), np.uint8)
    bits = np.frombuffer(bytearray(padding(end, plan.data_bits)), np.uint8).reshape(1, -1)
    bits[0, :end] = np.unpackbits(packed_bits)[-end:]
    symbol: Modules = plan.paint(bits)[0]
    return symbol


def packed(modules: Modules) -> bytes:
    """Pack a symbol to one bit a module, rows padded to whole bytes, dark = 1.

    For a PDF image with /ImageMask true and /BitsPerComponent 1 this needs /Decode [1 0]: by default an image
    mask paints where a sample is 0.
    """
    return np.packbits(modules, axis=1).tobytes()


@cache
def _plan(version: int, mask: int) -> "_Plan":
    return _Plan(version, mask)


class _Plan:
    """All that can be known of a symbol before its text is: tables and places, made once."""

    def __init__(self, version: int, mask: int) -> None:
        lengths, parity = _blocks(version)
        blocks, longest = len(lengths), max(lengths)
        self.version, self.size, self.data_bits = version, size_of(version), 8 * sum(lengths)
        # One row a position, one column a block. A shorter block comes after a zero, which changes no remainder:
        # that zero is the byte behind the data.
        position = np.arange(longest)[:, None] - (longest - np.array(lengths))
        first = np.cumsum((0, *lengths[:-1]))
        self.codewords: Indices = np.where(position >= 0, first + position, sum(lengths))
        self.row_of: Indices = np.repeat(np.arange(longest) * 256, blocks).reshape(longest, blocks)
        self.remainders = _remainders(longest, parity)
        self.base, order = _drawn_empty(version, mask)
        self.places = self._places(order, lengths, parity)

    def draw(self, texts: Sequence[QrText], url_bytes: int) -> Modules:
        """Draw texts that fit this version and whose links are equally long."""
        return self.paint(self._bits(texts, url_bytes))

    def paint(self, bits: Modules) -> Modules:
        """Draw symbols from their data bits and a byte of zeros behind each."""
        codewords = np.packbits(bits, axis=1).take(self.codewords, axis=1)
        remainders = self.remainders.take(codewords + self.row_of, axis=0)
        parity = np.bitwise_xor.reduce(remainders, axis=1).reshape(len(bits), -1)
        bits = np.concatenate((bits, np.unpackbits(parity.view(np.uint8), axis=1)), axis=1)
        modules = bits.take(self.places, axis=1)
        modules ^= self.base
        return modules.reshape(-1, self.size, self.size)

    def _bits(self, texts: Sequence[QrText], url_bytes: int) -> Modules:
        """Lay out both segments and the padding, then a byte of zeros."""
        headers = b"".join([_header(text, self.version) for text in texts])
        most = -(-max([len(text.digits) for text in texts]) // 3)
        triples = "".join([_whole_triples(text.digits).ljust(3 * most, "0") for text in texts])
        start = _header_bits(self.version, url_bytes)
        ends = [start + digit_bits(len(text.digits)) for text in texts]
        bits = np.frombuffer(bytearray().join([padding(end, self.data_bits) for end in ends]), np.uint8)
        bits = bits.reshape(len(texts), -1)
        bits[:, :start] = np.unpackbits(np.frombuffer(headers, np.uint8).reshape(len(texts), -1), axis=1)[:, -start:]
        values = np.frombuffer(triples.encode(), np.uint8).reshape(-1, 3) @ _HUNDREDS
        bits[:, start : start + 10 * most] |= _TEN_BITS.take(values, axis=0).reshape(len(texts), -1)
        return bits

    def _places(self, order: Indices, lengths: tuple[int, ...], parity: int) -> Indices:
        """Say for every module which bit it shows: one behind the data, always zero, where it shows none."""
        firsts = [sum(lengths[:block]) for block in range(len(lengths))]
        blocks = list(zip(firsts, lengths, strict=True))
        behind, stride = self.data_bits // 8 + 1, self.remainders.shape[1] * 8
        data = [first + at for at in range(max(lengths)) for first, length in blocks if at < length]
        check = [behind + block * stride + at for at in range(parity) for block in range(len(lengths))]
        bits = (np.array(data + check)[:, None] * 8 + np.arange(8)).ravel()
        places = np.full(self.size * self.size, self.data_bits)
        places[order[: len(bits)]] = bits
        return places


def _header_bits(version: int, url_bytes: int) -> int:
    """Count the bits before the first digit: mode, count and bytes of the link, mode and count of the number."""
    return 4 + count_bits(BYTES, version) + 8 * (url_bytes + 1) + 4 + count_bits(NUMERIC, version)


def _header(text: QrText, version: int) -> bytes:
    """Write the bits before the first digit, at the end of whole bytes."""
    link = text.url.encode() + b"#"
    width = count_bits(NUMERIC, version)
    number = (BYTES << count_bits(BYTES, version) | len(link)) << 8 * len(link) | int.from_bytes(link, "big")
    number = (number << 4 | NUMERIC) << width | len(text.digits)
    return number.to_bytes(-(-_header_bits(version, len(text.url)) // 8), "big")


def _whole_triples(digits: str) -> str:
    """Replace one or two last digits by the three whose ten bits begin with the right four or seven."""
    left = len(digits) % 3
    return digits if left == 0 else digits[:-left] + str(int(digits[-left:]) << (6, 3)[left - 1]).zfill(3)


@cache
def _blocks(version: int) -> tuple[tuple[int, ...], int]:
    """Give the data codewords of every block, and the parity codewords that each of them has."""
    from qrcode.base import rs_blocks  # here: a reader of this module need not load it
    from qrcode.constants import ERROR_CORRECT_M

    blocks = rs_blocks(version, ERROR_CORRECT_M)
    return tuple(block.data_count for block in blocks), blocks[0].total_count - blocks[0].data_count


class _Row(list[Any]):
    """A row of modules that notes in `order` the places filled."""

    def __init__(self, number: int, modules: list[Any], order: list[tuple[int, int]]) -> None:
        super().__init__(modules)
        self.number, self.order = number, order

    def __setitem__(self, column: Any, module: Any) -> None:
        self.order.append((self.number, column))
        super().__setitem__(column, module)


def _drawn_empty(version: int, mask: int) -> tuple[Modules, Indices]:
    """Have `qrcode` draw all-zero data; give the flat modules and, in order, where it placed the bits."""
    from qrcode.constants import ERROR_CORRECT_M  # here: it loads an imaging library that nothing else needs
    from qrcode.main import QRCode

    symbol = QRCode(version=version, error_correction=ERROR_CORRECT_M)
    order: list[tuple[int, int]] = []
    fill = symbol.map_data

    def watch(data: Any, mask_pattern: Any) -> None:
        """Let it fill the symbol, whose function patterns stand by now, under our eyes."""
        symbol.modules = [_Row(number, modules, order) for number, modules in enumerate(symbol.modules)]
        fill(data, mask_pattern)

    symbol.map_data = watch
    symbol.data_cache = ()  # no data: what is left of the symbol is filled as if with zeros
    symbol.makeImpl(False, mask)
    modules: Modules = np.array(symbol.modules, np.uint8)
    places: Indices = np.array(order, np.intp) @ np.array((size_of(version), 1))
    return modules.ravel(), places


def _times(vector: Modules, value: int) -> Modules:
    """Multiply every element by one value."""
    product: Modules = (POWER[LOG[vector] + LOG[value]] * ((vector > 0) & (value > 0))).astype(np.uint8)
    return product


def _remainders(longest: int, parity: int) -> npt.NDArray[np.uint64]:
    """Tabulate the parity that each value adds at each position of a block of `longest` data codewords."""
    generator = np.ones(1, np.uint8)  # the product of all x - 2^root, highest power first
    for root in range(parity):
        generator = np.append(generator, np.uint8(0)) ^ np.append(np.uint8(0), _times(generator, POWER[root]))
    generator = generator[1:]  # the leading 1 falls away in every division
    vectors = [generator]
    for _ in range(longest - 1):
        last = vectors[-1]
        vectors.append(np.append(last[1:], np.uint8(0)) ^ _times(generator, last[0]))
    return multiples(np.array(vectors[::-1]))
