"""The register: the book of what was reserved and issued, and the only store of issued documents.

    register = Register.open("sqlite:///register.db", high_water=Path("high-water.jsonl"), clock=now)
    register.reserve(…)    step 2 of issuing: certgen.reservations
    register.record(…)     step 7 of issuing: certgen.documents
    register.inherit(…)    what older systems issued: certgen.inherited
    register.by_sid(…)     what verifiers and officers ask: certgen.lookup
    register.change(…)     what happens to a licence later: certgen.life
    register.ledger        batches: certgen.ledger

One register may be open in many threads and processes; writers take turns (certgen.database).
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import IntegrityError

from certgen import documents, events, holds, inherited, life, lookup, reservations, versions
from certgen.core.errors import RegisterError, Text
from certgen.core.model import Hold, Registered
from certgen.core.status import Event, Standing, Status, standing_of
from certgen.database import Database, Statements, open_database, seconds
from certgen.documents import Recorded
from certgen.findable import enter_codes, find_public
from certgen.highwater import HighWater
from certgen.inherited import Added, Inherited
from certgen.ledger import Ledger, Progress, enter
from certgen.life import Change
from certgen.reservations import Reservation, Reserved
from certgen.schema import REVISION
from certgen.versions import Version

_PLATES_KEPT = 64  # about 100 KB each

__all__ = ["Added", "Change", "Inherited", "Progress", "Recorded", "Register", "Reservation", "Reserved", "Version"]


class Register:
    """The book. `open` makes one; every method raises RegisterError when the operator must act."""

    def __init__(self, database: Database, high_water: HighWater, clock: Callable[[], datetime]) -> None:
        """Take an open database with the tables of this release; see `open`."""
        # Marks first: a writer counts, commits, then marks. Read the other way round, a busy register would look
        # like a restored one.
        marks = high_water.load()
        with database.reading() as db:
            counters = reservations.read_counters(db)
        self._clock = clock
        self._database = database
        self._high_water = high_water
        self._marks = marks
        self._gaps = reservations.lost(marks, counters)
        self._unsettled = bool(self._gaps)
        self._plates: dict[bytes, tuple[bytes, Any]] = {}
        self.ledger = Ledger(database)
        if not database.readonly:
            high_water.advance(mark for mark in counters.values())

    @classmethod
    def open(cls, url: str, *, high_water: Path, clock: Callable[[], datetime], readonly: bool = False) -> "Register":
        """Open a register, made or brought up to date if need be; `readonly` does neither and cannot write.

        `high_water` is a file outside the database, best on another disk. `clock` says what time it is when somebody
        asks for a status: one that takes effect tomorrow is not in force today.
        """
        database = open_database(url, readonly=readonly)
        try:
            _check_revision(database)
            marks = HighWater(high_water)
            if not readonly:
                marks.compact()
            return cls(database, marks, clock)
        except BaseException:
            database.close()
            raise

    @property
    def is_embedded(self) -> bool:
        """Whether it is a file of this machine, so that asking it waits for no network."""
        return self._database.is_embedded

    def close(self) -> None:
        """Close every connection. The register must not be used afterwards."""
        self._database.close()

    # Issuing

    def reserve(
        self, reservations_: Sequence[Reservation], at: datetime, chance: Callable[[int], bytes]
    ) -> list[Reserved]:
        """Promise each licence its number, sids, salts and status places, all in one transaction.

        The same request key and body give the earlier promise, so that a resumed crash gives the same bytes; the
        same key with another body gives `conflict`, and a licence in force with the same `holds` gives `refused`.
        `chance(n)` gives n random bytes. Raises RegisterError when a run of numbers is used up or a proposed sid is
        taken (then nothing is reserved: propose others).
        """
        if not reservations_:
            return []
        with self._database.writing() as db:
            if self._unsettled:
                reservations.settle(db, self._marks, at)
            with _unique():
                promises, marks = reservations.reserve(db, reservations_, at, chance)  # 1 to 4
        self._unsettled = False  # 5: committed
        # 6: only then may a number be seen, or a restored register could not know that it was given out.
        self._high_water.advance(marks)
        return promises  # 7

    def record(self, recorded: Sequence[Recorded], at: datetime, actor: str, ledger: Progress | None = None) -> None:
        """Write signed documents with strikes, `issued` events, outbox lines and ledger rows in one transaction.

        Recording the same document again changes nothing. Raises RegisterError, having written nothing, when one
        was never reserved, or is recorded already with other bytes.
        """
        with self._database.writing() as db:
            if recorded:
                documents.record(db, recorded, at, actor, lambda plate: self._plate(db, plate)[1].copy())
                enter_codes(db, [(d.certificate.sid, d.public) for d in recorded])
            if ledger is not None:
                enter(db, ledger)

    # Changing

    def change(self, number_or_sid: str, change: Change, at: datetime) -> tuple[Registered, ...]:
        """Suspend, reinstate or end a licence with all its copies, or (by sid) one copy; one transaction.

        Gives the documents it changed. Raises ApplicationError, having written nothing, when there is none, the
        table of certgen.core.status refuses, or reason, basis, actor or day are not what the action needs.
        """
        with self._database.writing() as db:
            sids = life.change(db, number_or_sid.strip(), change, at)
            moment = seconds(at)
            return tuple(d for sid in sids for d in lookup.documents(db, lookup.BY_SID, sid, moment=moment))

    def base(self, number_or_sid: str, request_key: str) -> Version:
        """Find what a new version follows: the newest version, or what this very request followed before.

        Raises ApplicationError when the register has no such number.
        """
        with self._database.reading() as db:
            return versions.base(db, number_or_sid.strip(), request_key)

    def holders(self, hold: Hold, at: datetime) -> tuple[Version, ...]:
        """Find the licences of a kind that hold a value by its `unique` rule and have not ended, newest first."""
        with self._database.writing() as db:  # a rule nobody has asked for yet is learnt first
            found = holds.holders(db, hold, at)
            return tuple(versions.of(db, one.request_id) for one in reversed(found) if one.is_issued)

    def mark_used(self, kind: str, numbers: Iterable[str], source: str) -> None:
        """Mark numbers of an older system as used: no counter will give them out. `source` names that system."""
        with self._database.writing() as db:
            db.run_many(
                "INSERT INTO used_numbers (number, kind, source) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [(number, kind, source) for number in numbers],
            )

    def inherit(self, licences: Sequence[Inherited], at: datetime) -> Added:
        """Take licences of older systems in, and mark their numbers as used, all in one transaction.

        Taking the same licence in again changes nothing. A number that this register has issued itself, or has of
        another holder or of other days, is left as it is and named.
        """
        with self._database.writing() as db:
            return inherited.add(db, licences, at)

    # Plates

    def put_plate(self, digest: bytes, content: bytes, key: str) -> None:
        """Keep a plate under its digest and its key; keeping it again changes nothing.

        Raises RegisterError when the bytes do not give the digest, or the key has another plate.
        """
        if hashlib.sha256(content).digest() != digest:
            raise RegisterError(_bad_plate(key))
        with self._database.writing() as db:
            known = db.row("SELECT digest FROM plate_keys WHERE key = ?", (key,))
            if known is not None and bytes(known[0]) != digest:
                raise RegisterError(_other_plate(key))
            db.run("INSERT INTO plates (digest, content) VALUES (?, ?) ON CONFLICT DO NOTHING", (digest, content))
            db.run("INSERT INTO plate_keys (key, digest) VALUES (?, ?) ON CONFLICT DO NOTHING", (key, digest))

    def plate(self, digest: bytes) -> bytes | None:
        """Give a plate's bytes, or None when there is none of this digest."""
        row = self._row("SELECT content FROM plates WHERE digest = ?", digest)
        return bytes(row[0]) if row is not None else None

    def plate_digest(self, key: str) -> bytes | None:
        """Give the digest of the plate kept under a key, or None."""
        row = self._row("SELECT digest FROM plate_keys WHERE key = ?", key)
        return bytes(row[0]) if row is not None else None

    # Asking

    def by_digest(self, pdf_digest: bytes) -> Registered | None:
        """Find the document whose file has this SHA-256."""
        with self._database.reading() as db:
            found = lookup.documents(db, lookup.BY_DIGEST, pdf_digest, moment=self._now())
        return found[0] if found else None

    def by_sid(self, sid: str) -> tuple[Registered, ...]:
        """Find the documents of a sid as stored: one for each paper, plain first."""
        with self._database.reading() as db:
            return lookup.documents(db, lookup.BY_SID, sid, moment=self._now())

    def by_request(self, request_key: str) -> tuple[Registered, ...]:
        """Find what was recorded for a request key: every copy, every paper."""
        with self._database.reading() as db:
            return lookup.documents(db, lookup.BY_REQUEST, request_key, moment=self._now())

    def find(self, number_or_sid: str) -> tuple[Registered, ...]:
        """Find what a person asks for: a number's current version with all copies, or a sid as typed."""
        with self._database.reading() as db:
            return lookup.find(db, number_or_sid, self._clock())

    def find_on(self, number_or_sid: str, when: date | datetime) -> tuple[Registered, ...]:
        """Find what stood for a number on a day (at its end, Asia/Shanghai) or at a moment, or a sid's documents.

        Statuses are as of then, by what is known now: an event that was written down later and took effect earlier
        counts.
        """
        with self._database.reading() as db:
            return lookup.find_on(db, number_or_sid, when)

    def status_on(self, sid: str, when: date | datetime) -> Standing | None:
        """Tell whether a document was in force on a day or at a moment, as `find_on`; None for an unknown sid."""
        found = self.find_on(sid, when)
        day, _ = lookup.moment_of(when)
        return standing_of(found[0].status, found[0].begins, found[0].valid_until, day) if found else None

    def history(self, number_or_sid: str) -> tuple[Event, ...]:
        """List what happened to a licence, all its versions and copies, in the order it was written down."""
        with self._database.reading() as db:
            return life.history(db, number_or_sid.strip())

    def find_public(self, number_or_code: str, kinds: Sequence[str]) -> tuple[Registered, ...]:
        """Find current licences of these kinds, every copy once, by exact number or credit code."""
        with self._database.reading() as db:
            return find_public(db, number_or_code, kinds, self._now())

    def inherited(self, number: str) -> tuple[Inherited, ...]:
        """Find what older systems issued under a number, of any kind."""
        with self._database.reading() as db:
            return inherited.find(db, number)

    def in_lost_range(self, number: str) -> bool:
        """Tell whether a number may be one that a restored register has forgotten; in doubt, yes.

        A sid is random and lies in no range: a verifier asks for the number it has read.
        """
        with self._database.reading() as db:
            return lookup.is_lost(db, number, self._gaps)

    def shards(self) -> tuple[int, ...]:
        """List the status lists that have been begun, by number."""
        with self._database.reading() as db:
            return life.shards(db)

    def last_event(self) -> int:
        """Give the number of the last event; 0 when nothing has happened yet."""
        with self._database.reading() as db:
            return life.last_event(db)

    def shards_changed(self, after_event: int, since: datetime, until: datetime) -> tuple[int, ...]:
        """List the status lists where something happened behind an event, or took effect in (since, until]."""
        with self._database.reading() as db:
            return life.shards_changed(db, after_event, since, until)

    def slots(self, shard: int, at: datetime) -> list[tuple[int, Status]]:
        """Give (place, status) of every recorded document of a status list at a moment, in no order.

        A place that is not there was never issued: nobody has it, or it is promised and nothing is recorded yet.
        An event counts from its effective time on.
        """
        with self._database.reading() as db:
            return list(life.slots(db, shard, at))

    def pdf(self, pdf_digest: bytes) -> bytes:
        """Give a document's file: plate and strike. Raises RegisterError when it is unknown or damaged."""
        with self._database.reading() as db:
            row = db.row(
                "SELECT d.plate, s.content FROM documents d JOIN strikes s ON s.document_id = d.id "
                "WHERE d.pdf_digest = ?",
                (pdf_digest,),
            )
            if row is None:
                raise RegisterError(_no_document(pdf_digest))
            content, state = self._plate(db, bytes(row[0]))
        strike, state = bytes(row[1]), state.copy()
        state.update(strike)
        if state.digest() != pdf_digest:
            raise RegisterError(_damaged(pdf_digest))
        return content + strike

    def check_events(self) -> int:
        """Follow the chain of events from the first and count them; raises RegisterError where it is broken."""
        with self._database.reading() as db:
            return events.check(db)

    def _now(self) -> int:
        return seconds(self._clock())

    def _row(self, statement: str, value: str | bytes) -> Any:
        with self._database.reading() as db:
            return db.row(statement, (value,))

    def _plate(self, db: Statements, digest: bytes) -> tuple[bytes, Any]:
        """Give a plate's bytes and the SHA-256 state after them; kept, since thousands of documents share one."""
        known = self._plates.get(digest)
        if known is None:
            row = db.row("SELECT content FROM plates WHERE digest = ?", (digest,))
            if row is None:
                raise RegisterError(_no_plate(digest))
            content = bytes(row[0])
            if len(self._plates) >= _PLATES_KEPT:
                self._plates.clear()
            known = self._plates[digest] = content, hashlib.sha256(content)
        return known


def _check_revision(database: Database) -> None:
    """Compare the register's revision with ours, and make or upgrade its tables when it is older."""
    with database.reading() as db:
        found = _revision(db)
    if found == REVISION:
        return
    if database.readonly:
        raise RegisterError(_other_revision(found))
    # Imported here: a register that is up to date opens without Alembic, 0.2 s sooner.
    from alembic.util.exc import CommandError

    from certgen.migrations import upgrade

    # Under the writer's turn: of two processes that find an empty file, one makes the tables.
    with database.writing() as db:
        if _revision(db) == REVISION:
            return
        try:
            upgrade(db.connection)
        except CommandError as error:
            raise RegisterError(_other_revision(found)) from error


def _revision(db: Statements) -> str | None:
    """Read what Alembic wrote down; None for a register without tables."""
    if not db.has_table("alembic_version"):
        return None
    row = db.row("SELECT version_num FROM alembic_version")
    return str(row[0]) if row is not None else None


@contextmanager
def _unique() -> Iterator[None]:
    """Say what it means when the database finds a sid or a number twice."""
    try:
        yield
    except IntegrityError as error:
        said = str(error.orig)
        if "sid" in said:
            raise RegisterError(_SID_TAKEN) from error
        if "number" in said:
            raise RegisterError(_number_taken(said)) from error
        raise


_SID_TAKEN = Text(
    "随机生成的证照标识已被占用：未预留任何内容，请重试",
    "a sid drawn at random is taken: nothing was reserved, try again",
)


def _number_taken(said: str) -> Text:
    return Text(
        f"编号规则给出了已用过的编号（{said}）：未预留任何内容，请检查该种类的编号规则",
        f"a numbering rule gave a number that is taken ({said}): nothing was reserved; check the rule of this kind",
    )


def _no_plate(digest: bytes) -> Text:
    return Text(
        f"登记簿中没有底版 {digest.hex()[:16]}：未登记任何内容，请重试",
        f"the register has no plate {digest.hex()[:16]}: nothing was recorded, try again",
    )


def _bad_plate(key: str) -> Text:
    return Text(f"底版“{key}”的内容与其摘要不符", f"the bytes of plate {key!r} do not give its digest")


def _other_plate(key: str) -> Text:
    return Text(
        f"底版“{key}”已有另一内容：雕版结果变化时须更换引擎版本",
        f"plate {key!r} is kept already with other bytes: a change of the engraving needs a new engine version",
    )


def _no_document(pdf_digest: bytes) -> Text:
    return Text(
        f"登记簿中没有摘要为 {pdf_digest.hex()[:16]} 的文件",
        f"the register has no document of digest {pdf_digest.hex()[:16]}",
    )


def _damaged(pdf_digest: bytes) -> Text:
    return Text(
        f"文件 {pdf_digest.hex()[:16]} 在登记簿中的内容已损坏：请停止签发，用备份恢复",
        f"the stored bytes of document {pdf_digest.hex()[:16]} are damaged: stop issuing and put back a backup",
    )


def _other_revision(found: str | None) -> Text:
    return Text(
        f"登记簿的结构版本为 {found or '（无）'}，本程序需要 {REVISION}："
        "较旧时请先由签发（office）进程打开一次以升级，较新时请使用新版程序",
        f"the register's tables are of revision {found or '(none)'}, this release needs {REVISION}: open an older one "
        "once with the office process to upgrade it; a newer one needs the newer release",
    )
