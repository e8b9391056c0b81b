"""What whoever draws a QR symbol and whoever reads it must agree on: sizes, counts, padding, GF(256)."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Modules = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.intp]

VERSIONS = range(5, 21)
QUIET_ZONE = 4  # modules on every side, not part of any array here; ISO/IEC 18004, "Quiet zone"
NUMERIC, BYTES = 0b0001, 0b0100  # mode indicators
CHUNK = 64  # symbols worked on at a time, so that what they need stays in the processor's cache
_PAD = 0xEC, 0x11


def size_of(version: int) -> int:
    """Give the modules a side, without the quiet zone."""
    return 17 + 4 * version


def count_bits(mode: int, version: int) -> int:
    """Give the width of a character count. ISO/IEC 18004, "Number of bits in character count indicator"."""
    if mode == BYTES:
        return 8 if version < 10 else 16
    return 10 if version < 10 else 12


def digit_bits(digits: int) -> int:
    """Count the bits of so many digits: ten for three, the rest in four or seven."""
    return 10 * (digits // 3) + (0, 4, 7)[digits % 3]


@lru_cache(maxsize=1024)  # two kilobytes each
def padding(end: int, size: int) -> bytes:
    """Give a byte a bit: zeros up to `end`, terminator, padding up to `size`, and eight zeros more."""
    whole = min(-(-(end + 4) // 8), size // 8)
    data = bytes(whole) + bytes(_PAD[at % 2] for at in range(size // 8 - whole)) + b"\0"
    return np.unpackbits(np.frombuffer(data, np.uint8)).tobytes()


def _powers() -> tuple[Indices, Indices]:
    """Give the powers of 2 modulo x^8 + x^4 + x^3 + x^2 + 1, twice over, and the logarithms of 1..255."""
    powers, logarithms = np.zeros(510, np.intp), np.zeros(256, np.intp)
    value = 1
    for exponent in range(255):
        powers[exponent] = powers[exponent + 255] = value
        logarithms[value] = exponent
        value = value << 1 ^ (0x11D if value & 0x80 else 0)
    return powers, logarithms


POWER, LOG = _powers()


def multiples(vectors: Modules) -> npt.NDArray[np.uint64]:
    """Give every multiple v * vector as a row of eight-byte words, in row 256 * (number of the vector) + v."""
    product = POWER[LOG[:, None] + LOG[vectors][:, None, :]]
    product[(vectors == 0)[:, None, :] | (np.arange(256) == 0)[:, None]] = 0
    count, _, size = product.shape
    table = np.zeros((256 * count, -(-size // 8) * 8), np.uint8)
    table[:, :size] = product.reshape(-1, size)
    return table.view(np.uint64)
