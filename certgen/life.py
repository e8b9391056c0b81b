"""The life of documents in the register: what happens to them, and what the status lists say.

Statuses are never columns: they follow from the events that have taken effect (certgen.core.status.status_at). A
change names a whole licence by its number, or one copy by its sid. It may take effect in the past or in the
future; it must be allowed both by what the licence was at that moment and, if that moment has passed, by what it is
now: who has ended takes nothing more.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from certgen.core.chinese import SHANGHAI, shown, unprintable
from certgen.core.errors import ApplicationError, FormatError, Problem, Text
from certgen.core.sid import parse as parse_sid
from certgen.core.status import ACTIONS, LABELS, Action, Event, Status, status_at
from certgen.database import Statements, seconds
from certgen.events import Happened, append

LONGEST = 500  # characters of a reason or a legal basis
AHEAD = timedelta(days=366)  # nothing is decided longer in advance; a year that is mistyped would be

_SHARDS = "SELECT shard FROM status_shards ORDER BY shard"
_RECORDED = """
    SELECT i.slot, i.request_id, i.ordinal FROM identities i
     WHERE i.request_id BETWEEN ? AND ? AND i.shard = ? AND EXISTS (
           SELECT 1 FROM documents d WHERE d.request_id = i.request_id AND d.ordinal = i.ordinal)"""
_REQUESTS = "SELECT coalesce(max(id), 0) FROM requests"
_SHARD_OF = "SELECT max(shard) FROM identities WHERE request_id = ?"
_LAST_EVENT = "SELECT coalesce(max(id), 0) FROM events"
_SHARDS_CHANGED = """
    SELECT DISTINCT i.shard FROM events e JOIN identities i ON i.request_id = e.request_id
     WHERE e.id > ? OR (e.effective_at > ? AND e.effective_at <= ?)"""
_CHANGES = """
    SELECT e.request_id, e.ordinal, e.effective_at, e.status FROM events e
     WHERE e.action <> 'issued' AND e.status IS NOT NULL
       AND e.request_id BETWEEN ? AND ? ORDER BY e.id"""
# Every recorded version, the newest first.
_COPIES = """
    SELECT i.request_id, i.ordinal, i.sid, r.number, r.kind, d.issued_on
      FROM requests r
      JOIN identities i ON i.request_id = r.id
      JOIN documents d ON d.request_id = i.request_id AND d.ordinal = i.ordinal
     WHERE {which} ORDER BY r.version DESC, i.ordinal, d.id"""
_HISTORY = """
    SELECT r.kind, r.version, coalesce(i.copy, ''), e.action, e.status, e.at, e.effective_at, e.actor, e.basis, e.reason
      FROM events e
      JOIN requests r ON r.id = e.request_id
      LEFT JOIN identities i ON i.request_id = e.request_id AND i.ordinal = e.ordinal
     WHERE {which} ORDER BY e.id"""
_OF_SID = """(r.number, r.kind) IN (
           SELECT x.number, x.kind FROM requests x JOIN identities n ON n.request_id = x.id WHERE n.sid = ?)"""

NUMBER = Text("编号", "Number")
STATUS = Text("状态", "Status")
_REASON, _BASIS, _ACTOR = Text("理由", "Reason"), Text("依据", "Legal basis"), Text("经办人", "Actor")
_EFFECTIVE = Text("生效时间", "Effective")


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody decides about a licence: a word of certgen.core.status.ACTIONS, who, why, and on what law.

    `effective_at` is when it counts from, past or future; None: at once.
    """

    action: str
    actor: str
    reason: str
    basis: str = ""
    effective_at: datetime | None = None


def shards(db: Statements) -> tuple[int, ...]:
    """List the status lists that have been begun."""
    return tuple(row[0] for row in db.rows(_SHARDS))


def last_event(db: Statements) -> int:
    """Give the number of the last event; 0 when nothing has happened yet."""
    row = db.row(_LAST_EVENT)
    return int(row[0]) if row else 0


def shards_changed(db: Statements, after_event: int, since: datetime, until: datetime) -> tuple[int, ...]:
    """List the status lists with an event behind `after_event`, or one that took effect in (since, until]."""
    rows = db.rows(_SHARDS_CHANGED, (after_event, seconds(since), seconds(until)))
    return tuple(sorted(row[0] for row in rows))


def slots(db: Statements, shard: int, at: datetime) -> Iterator[tuple[int, Status]]:
    """Give the place and status of every recorded document of a status list, at a moment; in no order."""
    recorded, moment = db.rows(_RECORDED, (*_span(db, shard), shard)), seconds(at)
    ids = [row[1] for row in recorded]
    changes = _changes(db, min(ids), max(ids)) if ids else {}
    for slot, request_id, ordinal in recorded:
        mine = changes.get(request_id)
        yield slot, "issued" if mine is None else status_at(_of(mine, ordinal), moment)


def _span(db: Statements, shard: int) -> tuple[int, int]:
    """Find the first and last version that may have a place in a list, without an index.

    Places are drawn in the order of ids, and ids have no gaps, so lists follow one another: twenty looks are enough.
    """
    ids = range(1, db.row(_REQUESTS)[0] + 1)

    def list_of(request_id: int) -> int:
        return int(db.row(_SHARD_OF, (request_id,))[0])

    first = bisect_left(ids, shard, key=list_of)
    # One more: the copies of a licence may lie in two lists.
    last = bisect_right(ids, shard, lo=first, key=list_of) + 1
    return first + 1, last


def history(db: Statements, number_or_sid: str) -> tuple[Event, ...]:
    """List what happened to every version of a number, or of the licence that a sid belongs to."""
    if unprintable(number_or_sid):
        return ()
    rows = db.rows(_HISTORY.format(which="r.number = ?"), (number_or_sid,))
    if not rows and (sid := _sid(number_or_sid)):
        rows = db.rows(_HISTORY.format(which=_OF_SID), (sid,))
    return tuple(_event(*row) for row in rows)


def _event(
    kind: str, version: int, copy: str, action: str, status: Status | None, at: int, effective_at: int, *said: str
) -> Event:
    actor, basis, reason = said
    written, counts = datetime.fromtimestamp(at, UTC), datetime.fromtimestamp(effective_at, UTC)
    return Event(kind, version, copy, action, status, written, counts, actor, basis, reason)


def change(db: Statements, number_or_sid: str, change: Change, at: datetime) -> tuple[str, ...]:
    """Write a change down; give the sids it is about. Raises ApplicationError when it is refused."""
    action = ACTIONS.get(change.action)
    if action is None or action.successor:
        words = ", ".join(word for word, one in ACTIONS.items() if not one.successor)
        raise ApplicationError((Problem("action", Text("操作", "Action"), shown(change.action), Text(words, words)),))
    now, effective = seconds(at), seconds(change.effective_at or at)
    if faults := check_words(action, change):
        raise ApplicationError(faults)
    copies, ordinal_matters = _copies(db, number_or_sid)
    if fault := _day_fault(copies, effective, now):
        raise ApplicationError((fault,))
    allowed = [c for c in copies if _refused(db, action, c, effective, now) is None]
    if not allowed:
        raise ApplicationError(tuple(f for c in copies[:1] if (f := _refused(db, action, c, effective, now))))
    targets = {(c.request_id, c.ordinal if ordinal_matters else None): None for c in allowed}
    append(
        db,
        [
            Happened(
                request_id, ordinal, action.word, action.after, effective, change.actor, change.basis, change.reason
            )
            for request_id, ordinal in targets
        ],
        now,
    )
    return tuple(dict.fromkeys(c.sid for c in allowed))


def check_words(action: Action, change: Change) -> tuple[Problem, ...]:
    """List what is wrong with reason, basis and actor."""
    faults = []
    for name, label, text, needed in (
        ("reason", _REASON, change.reason, True),
        ("basis", _BASIS, change.basis, action.needs_basis),
        ("actor", _ACTOR, change.actor, True),
    ):
        if (needed and not text.strip()) or len(text) > LONGEST or unprintable(text):
            wanted = Text(f"可印刷的文字，不超过 {LONGEST} 字", f"printable text of at most {LONGEST} characters")
            faults.append(Problem(name, label, shown(text), wanted))
    return tuple(faults)


def obstacle(action: Action, statuses: Sequence[Status]) -> Problem | None:
    """Say why an action cannot be done to copies of these statuses; None when one of them allows it."""
    if any(status in action.before for status in statuses):
        return None
    found = "、".join(dict.fromkeys(LABELS[status].zh for status in statuses))
    before = [LABELS[status] for status in LABELS if status in action.before]
    wanted = Text(
        f"{'或'.join(label.zh for label in before)}（方可{action.label.zh}）",
        f"{' or '.join(label.en for label in before)}, to {action.label.en} it",
    )
    return Problem("status", STATUS, found, wanted)


@dataclass(frozen=True, slots=True)
class _Copy:
    """One recorded copy of a version."""

    request_id: int
    ordinal: int
    sid: str
    number: str
    kind: str
    issued_on: str


def _copies(db: Statements, number_or_sid: str) -> tuple[list[_Copy], bool]:
    """Find what a change is about, and whether it is about single copies."""
    rows: Sequence[Any] = ()
    if not unprintable(number_or_sid):
        rows = db.rows(_COPIES.format(which="r.number = ?"), (number_or_sid,))
    by_sid = not rows
    if by_sid and (sid := _sid(number_or_sid)):
        rows = db.rows(_COPIES.format(which="i.sid = ?"), (sid,))
    copies = list(dict.fromkeys(_Copy(*row) for row in rows))
    if not copies:
        wanted = Text("登记簿中的编号或证照标识", "a number or sid of this register")
        raise ApplicationError((Problem("number", NUMBER, shown(number_or_sid), wanted),))
    if len({c.kind for c in copies}) > 1:
        wanted = Text("证照标识（此编号有不同种类的证照）", "a sid: licences of several kinds have this number")
        raise ApplicationError((Problem("number", NUMBER, shown(number_or_sid), wanted),))
    return copies, by_sid


def _sid(text: str) -> str:
    try:
        return parse_sid(text)
    except FormatError:
        return ""


def _refused(db: Statements, action: Action, copy: _Copy, effective: int, now: int) -> Problem | None:
    """Say why one copy cannot take an action with effect from a moment."""
    mine = list(_of(_changes(db, copy.request_id, copy.request_id).get(copy.request_id, []), copy.ordinal))
    then, today = status_at(mine, effective), status_at(mine, now)
    fault = obstacle(action, [then])
    if fault is None and effective < now and today not in ("issued", "suspended"):
        fault = obstacle(action, [today])
    return fault


def _day_fault(copies: list[_Copy], effective: int, now: int) -> Problem | None:
    """Nothing happens to a licence before its day, or in a year nobody can mean."""
    first = date.fromisoformat(min(c.issued_on for c in copies))
    if start_of(first) <= effective <= now + AHEAD.total_seconds():
        return None
    found = datetime.fromtimestamp(effective, SHANGHAI)
    wanted = Text(
        f"{first}（发证日期）以后、一年以内", f"from {first} on, its day of issue, and within a year from now"
    )
    return Problem("effective", _EFFECTIVE, f"{found:%Y-%m-%d %H:%M}", wanted)


def resolve(db: Statements, number_or_sid: str) -> tuple[str, str]:
    """Find number and kind of what a person names; raises ApplicationError."""
    copies, _ = _copies(db, number_or_sid)
    return copies[0].number, copies[0].kind


def start_of(day: date) -> int:
    """Give the first second of a Shanghai day."""
    return seconds(datetime.combine(day, time(), SHANGHAI))


def _changes(db: Statements, first: int, last: int) -> dict[int, list[Any]]:
    """Read what happened to the versions with ids from `first` to `last`: (ordinal, effective second, status)."""
    changes: dict[int, list[Any]] = {}
    for request_id, *change in db.rows(_CHANGES, (first, last)):
        changes.setdefault(request_id, []).append(change)
    return changes


def _of(changes: list[Any], ordinal: int) -> Iterator[tuple[int, Status]]:
    """Pick what happened to one copy, or to all of them."""
    return ((effective_at, status) for of, effective_at, status in changes if of is None or of == ordinal)
