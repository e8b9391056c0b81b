"""Places in the status lists: unique because they are counted, unguessable because they are permuted.

A status list is a *shard* of 131,072 entries. Were they handed out in order, two licences would tell anybody how
many were issued between them (IETF Token Status List asks for random places). Drawing at random and trying again
slows down as a shard fills, and needs an index to find collisions; so position 0, 1, 2 … of a shard is sent
through a keyed permutation instead: a Feistel network over 8 + 9 bits whose round functions are tables cut from
SHAKE-256 of the shard's key.
"""

from functools import lru_cache
from hashlib import shake_256

SHARD = 131_072  # entries: 2 ** 17
_LOW = 9  # bits of the lower half; the upper has 8
_LOWS, _HIGHS = 1 << _LOW, 1 << 8
_ROUNDS = 8  # pairs


class Shard:
    """The permutation of one status list."""

    __slots__ = ("_rounds",)

    def __init__(self, key: bytes) -> None:
        """Cut the round tables from a key of 32 random bytes."""
        per_round = _LOWS + 2 * _HIGHS
        stream = shake_256(b"certgen-status-slots-1" + key).digest(_ROUNDS * per_round)
        self._rounds = tuple(_tables(stream[i : i + per_round]) for i in range(0, len(stream), per_round))

    def slot(self, position: int) -> int:
        """Give the place of the `position`-th document of this shard; both run from 0 to 131,071."""
        high, low = position >> _LOW, position & (_LOWS - 1)
        for of_low, of_high in self._rounds:
            high ^= of_low[low]
            low ^= of_high[high]
        return high << _LOW | low


def _tables(stream: bytes) -> tuple[bytes, tuple[int, ...]]:
    """Cut one table from 9 bits to 8 and one from 8 bits to 9."""
    wide = stream[_LOWS:]
    return stream[:_LOWS], tuple((wide[i] << 8 | wide[i + 1]) & (_LOWS - 1) for i in range(0, len(wide), 2))


@lru_cache(maxsize=8)
def shard(key: bytes) -> Shard:
    """Give the permutation of a key; the newest few are kept, since a chunk draws from one or two."""
    return Shard(key)
