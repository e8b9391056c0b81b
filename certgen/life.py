"""The life of documents in the register: what happened to them, and what they were on a day.

Statuses are never columns: they follow from the events that have taken effect (certgen.core.status.status_at).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from certgen.core.status import Status, status_at
from certgen.database import Statements
from certgen.reservations import seconds

_SHARDS = "SELECT shard FROM status_shards ORDER BY shard"
_RECORDED = """
    SELECT i.slot, i.request_id, i.ordinal FROM identities i
     WHERE i.shard = ? AND EXISTS (
           SELECT 1 FROM documents d WHERE d.request_id = i.request_id AND d.ordinal = i.ordinal)"""
_LAST_EVENT = "SELECT coalesce(max(id), 0) FROM events"
_SHARDS_CHANGED = """
    SELECT DISTINCT i.shard FROM events e JOIN identities i ON i.request_id = e.request_id
     WHERE e.id > ? OR (e.effective_at > ? AND e.effective_at <= ?)"""
_CHANGES = """
    SELECT e.request_id, e.ordinal, e.effective_at, e.status FROM events e
     WHERE e.action <> 'issued' AND e.status IS NOT NULL
       AND e.request_id BETWEEN ? AND ? ORDER BY e.id"""


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
    recorded, moment = db.rows(_RECORDED, (shard,)), seconds(at)
    ids = [row[1] for row in recorded]
    changes: dict[int, list[Any]] = {}
    for request_id, *change in db.rows(_CHANGES, (min(ids), max(ids))) if ids else ():
        changes.setdefault(request_id, []).append(change)
    for slot, request_id, ordinal in recorded:
        mine = changes.get(request_id)
        yield slot, "issued" if mine is None else status_at(_of(mine, ordinal), moment)


def _of(changes: list[Any], ordinal: int) -> Iterator[tuple[int, Status]]:
    """Pick what happened to one copy, or to all of them."""
    return ((effective_at, status) for of, effective_at, status in changes if of is None or of == ordinal)
