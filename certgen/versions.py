"""New versions of a licence in the register: what they follow, whether they may, and what becomes of the old one.

Step 2 of issuing reserves a new version under the number of the old one; step 7 records it and ends the old one in the
same transaction. Between them the old one stands as it was. What hangs over the old version goes along: a suspension
in force, and what was decided to take effect later.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from certgen.core.chinese import shown
from certgen.core.errors import Problem, RegisterError, Text
from certgen.core.model import Succession
from certgen.core.status import ACTIONS, Status, status_at
from certgen.database import Statements, places, seconds
from certgen.events import Happened
from certgen.life import NUMBER, obstacle, resolve, start_of

_VERSIONS = """
    SELECT r.id, r.number, r.kind, r.version, r.form, r.authority, d.issued_on, d.valid_from, d.valid_until, r.data
      FROM requests r JOIN documents d ON d.request_id = r.id
     WHERE {which} ORDER BY r.version DESC, d.id LIMIT 1"""
_CURRENT = _VERSIONS.format(which="r.number = ? AND r.kind = ?")
_FOLLOWED = _VERSIONS.format(
    which="r.id = (SELECT s.previous_id FROM successions s JOIN requests x ON x.id = s.request_id "
    "WHERE x.request_key = ?)"
)
_NEXT = """
    SELECT p.id, p.counter, p.sequence, p.number,
           (SELECT max(x.version) + 1 FROM requests x WHERE x.number = p.number AND x.kind = p.kind)
      FROM requests p WHERE p.id IN ({ids})"""
_NEWEST = """
    SELECT x.id, x.version FROM requests p JOIN requests x ON x.number = p.number AND x.kind = p.kind
     WHERE p.id = ? AND EXISTS (SELECT 1 FROM documents d WHERE d.request_id = x.id)
     ORDER BY x.version DESC LIMIT 1"""
_EVENTS = """
    SELECT i.copy, e.action, e.status, e.effective_at, e.actor, e.basis, e.reason
      FROM identities i LEFT JOIN events e ON e.request_id = i.request_id AND e.action <> 'issued'
                        AND e.status IS NOT NULL AND (e.ordinal IS NULL OR e.ordinal = i.ordinal)
     WHERE i.request_id = ? ORDER BY i.ordinal, e.id"""
_COPIES = "SELECT copy, ordinal FROM identities WHERE request_id = ?"
_KEEP = """
    INSERT INTO successions (request_id, previous_id, action, actor, basis, reason) VALUES (?, ?, ?, ?, ?, ?)"""
_UNFINISHED = """
    SELECT s.request_id, s.previous_id, s.action, s.actor, s.basis, s.reason, r.number
      FROM successions s JOIN requests r ON r.id = s.request_id
     WHERE s.request_id IN ({ids}) AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.request_id = s.request_id)
     ORDER BY s.request_id"""


@dataclass(frozen=True, slots=True)
class Version:
    """A recorded version of a licence, with the private values it was issued from."""

    request_id: int
    number: str
    kind: str
    version: int
    form: str
    authority: str
    issued_on: date
    valid_from: date
    valid_until: date | None
    data: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next version stands: the run of numbers it belongs to, number and version."""

    counter: str
    sequence: int
    number: str
    version: int


def base(db: Statements, number_or_sid: str, request_key: str) -> Version:
    """Find what a new version follows: what this very request followed before, else the newest there is.

    Raises ApplicationError when the register has no such number.
    """
    row = db.row(_FOLLOWED, (request_key,))
    return _version(db.row(_CURRENT, resolve(db, number_or_sid)) if row is None else row)


def of(db: Statements, request_id: int) -> Version:
    """Read a recorded version by its id."""
    return _version(db.row(_VERSIONS.format(which="r.id = ?"), (request_id,)))


def refused(db: Statements, wanted: Mapping[str, Succession], at: datetime) -> dict[str, Problem]:
    """Give what stands in the way of new versions, by request key; of two of one licence the first is good."""
    problems: dict[str, Problem] = {}
    taken: set[int] = set()
    for key, succession in wanted.items():
        problem = _overtaken(db, succession, taken) or obstacle(
            ACTIONS[succession.action], list(_statuses(_life(db, succession.previous_id), seconds(at)).values())
        )
        if problem is None:
            taken.add(succession.previous_id)
        else:
            problems[key] = problem
    return problems


def places_of(db: Statements, successions: Sequence[Succession]) -> list[Place]:
    """Give each new version its place behind the newest that was ever reserved."""
    ids = [s.previous_id for s in successions]
    found = {row[0]: Place(*row[1:]) for row in db.rows(_NEXT.format(ids=places(len(ids))), ids)} if ids else {}
    return [found[i] for i in ids]


def keep(db: Statements, successions: Sequence[tuple[int, Succession]]) -> None:
    """Write down what reserved versions (by id) follow."""
    db.run_many(_KEEP, [(i, s.previous_id, s.action, s.actor, s.basis, s.reason) for i, s in successions])


def succeed(db: Statements, begins: Mapping[int, date], at: datetime) -> list[Happened]:
    """Say what becomes of the old versions when new ones (by id, with their first day) are about to be recorded.

    Nothing for a version that is recorded already. Raises RegisterError when an old version has been changed since
    the new one was reserved.
    """
    happened: list[Happened] = []
    for row in db.rows(_UNFINISHED.format(ids=places(len(begins))), list(begins)):
        request_id, previous_id, word, actor, basis, reason, number = row
        life, now = _life(db, previous_id), seconds(at)
        statuses, action = _statuses(life, now), ACTIONS[word]
        succession = Succession(previous_id, number, word, actor, reason, basis, b"")
        if _overtaken(db, succession, set()) or obstacle(action, list(statuses.values())):
            raise _changed_meanwhile(number)
        since = max(now, start_of(begins[request_id]))
        happened.append(Happened(previous_id, None, word, action.after, since, actor, basis, reason))
        happened += _carried(db, request_id, life, statuses, now)
    return happened


def _carried(
    db: Statements, request_id: int, life: Mapping[str, list[Any]], statuses: Mapping[str, Status], now: int
) -> list[Happened]:
    """Write anew what hangs over an old version: the suspension of a copy, and what takes effect later."""
    ordinals = {copy: ordinal for copy, ordinal in db.rows(_COPIES, (request_id,))}
    carried = []
    for copy in life.keys() & ordinals.keys():
        for word, status, effective_at, *said in life[copy]:
            pending = effective_at > now and status != "superseded"
            if pending or (status == statuses[copy] == "suspended" and effective_at <= now):
                since = max(now, effective_at)
                carried.append(Happened(request_id, ordinals[copy], word, status, since, *said))
    return sorted(carried, key=lambda h: h.effective_at)


def _life(db: Statements, request_id: int) -> dict[str, list[Any]]:
    """Read what happened to each copy: word, status, effective second, actor, basis, reason."""
    life: dict[str, list[Any]] = {}
    for copy, *line in db.rows(_EVENTS, (request_id,)):
        life.setdefault(copy, []).extend([line] if line[0] is not None else [])
    return life


def _statuses(life: Mapping[str, list[Any]], now: int) -> dict[str, Status]:
    return {copy: status_at([(line[2], line[1]) for line in lines], now) for copy, lines in life.items()}


def _overtaken(db: Statements, succession: Succession, taken: set[int]) -> Problem | None:
    """Tell whether the version that a new one would follow is no longer the newest."""
    newest = db.row(_NEWEST, (succession.previous_id,))
    if newest is not None and newest[0] == succession.previous_id and succession.previous_id not in taken:
        return None
    wanted = Text("其间未被他人变更的证照", "a licence that nobody else has changed meanwhile")
    return Problem("number", NUMBER, shown(succession.number), wanted)


def _changed_meanwhile(number: str) -> RegisterError:
    return RegisterError(
        Text(
            f"证照 {number} 在办理期间已被他人变更：未登记任何内容，请重新提出申请",
            f"licence {number} was changed by somebody else meanwhile: nothing was recorded; ask anew",
        )
    )


def _version(row: Any) -> Version:
    request_id, number, kind, version, form, authority, issued_on, valid_from, until, data = row
    return Version(
        request_id,
        number,
        kind,
        version,
        form,
        authority,
        date.fromisoformat(issued_on),
        date.fromisoformat(valid_from),
        date.fromisoformat(until) if until else None,
        json.loads(bytes(data)),
    )
