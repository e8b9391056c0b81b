"""What this process has judged before: files that passed every rule, by their SHA-256.

All rules but R1 and V ask about the bytes, the anchors and what the register says, and about nothing else. Where these
three are the same as before, so are the answers. Nothing is taken from the register on trust: a row that somebody
planted has never passed a rule, whatever digest it names, and a row that was altered is no longer the same.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from certgen.core.model import Registered
from certgen.core.trustlist import TrustEntry
from verify.report import Facts, Finding

_MOST = 16_384  # files, of about 2 KB each; the one not asked for longest is forgotten


@dataclass(slots=True)
class Vouched:
    """A file that passed: the row of the register it was compared with, what each rule found, and who sealed it.

    `said` are the facts as they were last told, and the minute they were told in: ages and moments are in minutes.
    """

    registered: Registered
    findings: tuple[Finding, ...]
    entry: TrustEntry | None
    said: tuple[datetime | None, Facts] = (None, ())


class Known:
    """The files that passed under one set of anchors. Safe from several threads."""

    __slots__ = ("_lock", "_vouched")

    def __init__(self) -> None:
        """Know nothing yet."""
        self._vouched: OrderedDict[bytes, Vouched] = OrderedDict()
        self._lock = Lock()

    def of(self, digest: bytes) -> Vouched | None:
        """Find what is known of a file."""
        with self._lock:
            found = self._vouched.get(digest)
            if found is not None:
                self._vouched.move_to_end(digest)
            return found

    def learn(self, digest: bytes, vouched: Vouched) -> None:
        """Take note of a file that passed every rule but V."""
        with self._lock:
            self._vouched[digest] = vouched
            if len(self._vouched) > _MOST:
                self._vouched.popitem(last=False)
