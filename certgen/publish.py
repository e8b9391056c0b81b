"""Publishing: the status lists of every shard, signed, beside the anchors, where a web server can give them away.

    1 anchors    root certificate and trust list are copied when they differ
    2 choose     the shards where something happened or took effect since the last time, whose list is due to be signed
                 anew (older than its ttl), or cannot be used (no file, another key, origin or life)
    3 each       statuses are read from the register, packed, signed, judged as a stranger would, and written whole
    4 remember   the last event that was looked at

A crash after any step costs nothing but that the next run does more. What lies in the folder is not signed again:
whoever could write there (it is the public's) would have an old list signed as a new one. Only where the register knows
of nothing does an earlier list of ours speak on: a register restored from a backup must not call what it has lost
never issued.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from certgen import published
from certgen.core import statuslist
from certgen.core.errors import CertgenError, SettingsError, Text
from certgen.core.model import Signer
from certgen.core.qrtext import host_of
from certgen.core.status import Status
from certgen.core.statuslist import StatusList
from certgen.core.trustlist import TrustList
from certgen.published import Published

_NOTICE = timedelta(days=5)  # a ceremony may have to wait for a working day


class Book(Protocol):
    """What publishing asks of the register."""

    def shards(self) -> tuple[int, ...]:
        """List the status lists that have been begun."""

    def slots(self, shard: int, at: datetime) -> Iterable[tuple[int, Status]]:
        """Give place and status of every recorded document of a shard, at a moment."""

    def last_event(self) -> int:
        """Give the number of the last event; 0 for none."""

    def shards_changed(self, after_event: int, since: datetime, until: datetime) -> tuple[int, ...]:
        """List the shards with an event behind `after_event`, or one that took effect in (since, until]."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where lists go and how long they live: `ttl_s` until readers ask again, `life_s` until nobody relies on them."""

    folder: Path
    memory: Path
    origin: str
    ttl_s: int
    life_s: int


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes. `open_signer` opens the status key, and is asked only when something must be signed."""

    plan: Plan
    book: Book
    open_signer: Callable[[], Signer]
    root: bytes
    trust_file: bytes
    trust: TrustList

    def publish(self, now: datetime) -> tuple[str, ...]:
        """Bring the folder up to date; give the paths that were written. `now` is UTC.

        Raises SigningError when the status key does not open, SettingsError when it is missing, when the folder cannot
        be written or when the trust list does not have our host, VerificationError (L1) when the trust list would not
        believe what the key signs.
        """
        now = now.astimezone(UTC).replace(microsecond=0)
        self._check_host()
        try:
            self.plan.folder.mkdir(parents=True, exist_ok=True)
            with _turn(self.plan.folder):
                return tuple(self._publish(now))
        except OSError as fault:
            raise SettingsError(
                Text(f"无法写入发布目录：{fault.strerror}", f"the published folder cannot be written: {fault.strerror}")
            ) from fault

    def doubts(self, now: datetime) -> tuple[Text, ...]:
        """Say what the key officer must see to before readers notice: a trust list or status key about to run out."""
        ends = self.trust.issued_at + timedelta(seconds=self.trust.ttl_s)
        key_ends = max((entry.not_after for entry in self.trust.entries if entry.use == "status"), default=ends)
        return tuple(
            Text(
                f"{zh}于 {end:%Y-%m-%d %H:%M} UTC 到期，请运行 {command}",
                f"{en} runs out {end:%Y-%m-%d %H:%M} UTC: run {command}",
            )
            for zh, en, end, command in (
                ("信任清单", "the trust list", ends, "python -m keys trust-list"),
                ("状态列表密钥", "the status key", key_ends, "python -m keys status-key"),
            )
            if now > end - _NOTICE
        )

    def add_vectors(self, files: Iterable[Path]) -> tuple[str, ...]:
        """Publish test vectors: JSON files, by their names. Raises SettingsError."""
        try:
            names = [f"{published.VECTORS}/{file.name}" for file in files if self._put_vector(file)]
        except OSError as fault:
            raise SettingsError(
                Text(f"无法发布测试向量：{fault.strerror}", f"test vectors cannot be published: {fault.strerror}")
            ) from fault
        return tuple(names)

    def _check_host(self) -> None:
        host = host_of(self.plan.origin)
        if host not in self.trust.hosts:
            command = f"python -m keys trust-list --host {host}"
            raise SettingsError(
                Text(
                    f"信任清单中没有网址 {host}，请运行 {command}",
                    f"the trust list does not have the host {host}: run {command}",
                )
            )

    def _publish(self, now: datetime) -> Iterator[str]:
        yield from self._anchors()
        seen = self.book.last_event()
        for shard in self._choose(seen, now):
            self._write(f"{published.STATUS}/{shard}.cwt", self._list(shard, now))
            yield f"{published.STATUS}/{shard}"
        _write_whole(self.plan.memory, json.dumps({"event": seen, "at": now.isoformat()}).encode())

    def _put_vector(self, file: Path) -> bool:
        return self._put(f"{published.VECTORS}/{file.name}", file.read_bytes())

    def _anchors(self) -> list[str]:
        anchors = {published.ROOT: self.root, published.TRUST: self.trust_file}
        return [name for name, content in anchors.items() if self._put(name, content)]

    def _choose(self, seen: int, now: datetime) -> list[int]:
        begun, memory = self._begun(), self._memory()
        if memory is None or memory[0] > seen or memory[1] > now:  # the first time, a restored register, a wrong clock
            return begun
        changed = frozenset(self.book.shards_changed(*memory, now))
        return [shard for shard in begun if shard in changed or self._is_due(shard, now)]

    def _begun(self) -> list[int]:
        """List the shards of the register, and those that a restored register has lost and we have published."""
        ours = (shard for shard in Published(self.plan.folder).shards() if self._last(shard) is not None)
        return sorted({*ours, *self.book.shards()})

    def _last(self, shard: int) -> StatusList | None:
        """Give the list of this shard that lies in the folder, if a reader would believe it."""
        try:
            data = (self.plan.folder / published.STATUS / f"{shard}.cwt").read_bytes()
            found = statuslist.decode(data, self.trust)
        except (OSError, CertgenError):
            return None
        return found if found.shard == shard else None

    def _memory(self) -> tuple[int, datetime] | None:
        """Give the last event looked at and when. In doubt nothing is remembered, and every shard is looked at."""
        try:
            kept = json.loads(self.plan.memory.read_bytes())
            event, at = kept["event"], datetime.fromisoformat(kept["at"])
        except (OSError, ValueError, LookupError, TypeError):
            return None
        return (event, at) if type(event) is int and at.tzinfo is not None else None

    def _is_due(self, shard: int, now: datetime) -> bool:
        """Say whether the list of a shard must be signed anew although nothing happened in it."""
        found = self._last(shard)
        if found is None:
            return True
        life = (found.uri, found.ttl_s, found.expires_at - found.issued_at)
        wanted = (statuslist.uri_of(self.plan.origin, shard), self.plan.ttl_s, timedelta(seconds=self.plan.life_s))
        return life != wanted or not found.issued_at <= now < found.due_at

    def _list(self, shard: int, now: datetime) -> bytes:
        packed, last = statuslist.pack(self.book.slots(shard, now)), self._last(shard)
        if last is not None:
            packed = statuslist.carry_over(packed, last.packed)
        expires, uri = now + timedelta(seconds=self.plan.life_s), statuslist.uri_of(self.plan.origin, shard)
        data = statuslist.encode(StatusList(uri, now, expires, self.plan.ttl_s, packed), self.open_signer())
        statuslist.decode(data, self.trust)  # a key that was rotated or marked as stolen is told here, not by a citizen
        return data

    def _put(self, name: str, content: bytes) -> bool:
        """Write a file if it differs from what lies there; say whether it did."""
        with suppress(OSError):
            if (self.plan.folder / name).read_bytes() == content:
                return False
        self._write(name, content)
        return True

    def _write(self, name: str, content: bytes) -> None:
        file = self.plan.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(file, content)


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Wait for our turn: of two publishers at once, the one that read first must not write last."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write_whole(file: Path, content: bytes) -> None:
    """Write a file whole or not at all, for everybody to read."""
    handle, temporary = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fchmod(opened.fileno(), 0o644)
            os.fsync(opened.fileno())
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
