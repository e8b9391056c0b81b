"""What is the same at the head of many documents, hashed and searched once.

Every document struck on one plate begins with the plate's bytes. A head is the longest beginning that two
documents have had in common; both had passed every rule. Only work is saved: hashes and searches come out as
those of the whole file would.
"""

from collections import deque
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from hashlib import _Hash

_MOST_HEADS, _MOST_RECENT = 48, 8  # of about 60 KB each
_SHORTEST = 4096  # octets; below this there is nothing to save
_SAMPLE = 256
_RANGE = 128  # octets before the gap in which /ByteRange stands


class Head(NamedTuple):
    """The first octets of a file and their SHA-256, still open; `clean` octets hold no token of rules S1 to S3."""

    data: bytes
    state: "_Hash"

    @property
    def clean(self) -> int:
        """Octets that need not be searched again."""
        return len(self.data)

    def hash(self, pdf: bytes, end: int) -> "_Hash":
        """Start SHA-256 of a file that begins with this head: of its first `end` octets, not fewer than `clean`."""
        hashed = self.state.copy()
        hashed.update(memoryview(pdf)[len(self.data) : end])
        return hashed


_NONE = Head(b"", sha256())


class Heads:
    """The heads met so far, longest first. Safe from several threads."""

    __slots__ = ("_known", "_lock", "_recent")

    def __init__(self) -> None:
        self._known: tuple[Head, ...] = ()
        self._recent: deque[bytes] = deque(maxlen=_MOST_RECENT)
        self._lock = Lock()

    def of(self, pdf: bytes) -> Head:
        """Find the longest known head of a file; an empty one when there is none."""
        for head in self._known:
            if pdf.startswith(head.data):
                return head
        return _NONE

    def learn(self, pdf: bytes, head: Head, gap: int) -> None:
        """Take note of a document that passed: its head is what it shares with an earlier one.

        `gap` is the offset of its signature. A head ends before the signed range is written: the same document
        seen twice teaches nothing.
        """
        start, end = head.clean, gap - _RANGE
        if start > len(pdf) // 2:
            return
        with self._lock:
            self._learn(pdf, start, end)

    def _learn(self, pdf: bytes, start: int, end: int) -> None:
        sample = pdf[start : start + max(_SAMPLE, _SHORTEST - start)]
        for other in self._recent:
            if other.startswith(sample, start) and (length := _common(pdf, other, start)) < end:
                data = pdf[:length]
                known = (Head(data, sha256(data)), *self._known[: _MOST_HEADS - 1])
                self._known = tuple(sorted(known, key=lambda one: -one.clean))
                return
        self._recent.append(pdf)


def _common(one: bytes, other: bytes, start: int) -> int:
    """Count the octets that two files have in common from their beginning, knowing that `start` are."""
    low, high = start, min(len(one), len(other)) + 1
    while low + 1 < high:
        middle = (low + high) // 2
        if other.startswith(one[low:middle], low):
            low = middle
        else:
            high = middle
    return low
