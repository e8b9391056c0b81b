"""What at most one licence in force may have: the `unique` rules of templates, kept inside the reserving transaction.

A licence *holds* its values – a credit code, an identity number – from its reservation on. A hold lasts while one copy
is in force or suspended and has not expired; one that was reserved and never recorded lasts ten minutes, or a
crash at a counter would lock somebody out for good. A new version of the same number is never in its own way.

Values are looked up by a digest, so that one column serves every rule. The digest is no secret: the register has
the values themselves.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from certgen.core.chinese import SHANGHAI
from certgen.core.errors import Problem, Text
from certgen.core.model import Hold
from certgen.core.status import status_at
from certgen.database import Statements, places

UNFINISHED_S = 600  # a reservation nobody came back to does not hold for longer

_HOLDERS = """
    SELECT h.digest, h.request_id, h.at, r.number, r.kind,
           (SELECT count(*) FROM identities i WHERE i.request_id = h.request_id),
           (SELECT count(*) FROM documents d WHERE d.request_id = h.request_id),
           (SELECT max(d.valid_until) FROM documents d WHERE d.request_id = h.request_id)
      FROM holds h JOIN requests r ON r.id = h.request_id
     WHERE h.digest IN ({digests}) ORDER BY h.request_id"""
_CHANGES = """
    SELECT e.ordinal, e.effective_at, e.status FROM events e
     WHERE e.request_id = ? AND e.action <> 'issued' AND e.status IS NOT NULL ORDER BY e.id"""
_KEEP = """
    INSERT INTO holds (digest, request_id, at) VALUES (?, ?, ?)
    ON CONFLICT (digest, request_id) DO UPDATE SET at = excluded.at"""
_KNOWN_RULES = "SELECT rule FROM hold_rules WHERE rule IN ({rules})"
_REQUESTS = "SELECT id, authority, reserved_at, data FROM requests WHERE kind = ? AND id > ? ORDER BY id LIMIT 1000"


@dataclass(frozen=True, slots=True)
class Claim:
    """A request and what it wants to hold; `number` is empty while it has none."""

    request_key: str
    number: str
    holds: tuple[Hold, ...]


@dataclass(frozen=True, slots=True)
class Holder:
    """A licence that holds something, as of now."""

    request_id: int
    number: str  # empty: another record of the same chunk, which has none yet
    until: date | None
    is_issued: bool = True

    def refusal(self, hold: Hold) -> Problem:
        """Say who is in the way of somebody else's hold."""
        day = Text(f"，有效期至 {self.until}", f", valid until {self.until}") if self.until else Text("", "")
        wanted = Text(
            f"尚无有效证照者（已有 {self.number}{day.zh}，请办理变更、延续或补办）",
            f"one without a licence of this kind in force (there is {self.number}{day.en}: amend, renew or replace it)",
        )
        if not self.is_issued:
            wanted = Text(
                "没有其他正在办理的申请者" + (f"（{self.number} 正在办理）" if self.number else ""),
                "one that no other request asks for" + (f" ({self.number} is being issued)" if self.number else ""),
            )
        return Problem(hold.fields[0], hold.label, hold.shown, wanted)


def refused(db: Statements, claims: Sequence[Claim], at: datetime) -> dict[str, Problem]:
    """Give what stands in the way of each claim, by request key. Of two claims to one thing the first is good."""
    wanted = {digest_of(hold): hold for claim in claims for hold in claim.holds}
    if not wanted:
        return {}
    _learn(db, wanted.values())
    taken: dict[bytes, list[Holder]] = find(db, list(wanted), at)
    problems: dict[str, Problem] = {}
    for claim in claims:
        holds = [(hold, holder) for hold in claim.holds for holder in taken.get(digest_of(hold), ())]
        other = next(((hold, h) for hold, h in holds if not claim.number or h.number != claim.number), None)
        if other is not None:
            problems[claim.request_key] = other[1].refusal(other[0])
            continue
        for hold in claim.holds:
            taken.setdefault(digest_of(hold), []).append(Holder(0, claim.number, None, is_issued=False))
    return problems


def holders(db: Statements, hold: Hold, at: datetime) -> list[Holder]:
    """Find who holds one thing at a moment, the oldest first."""
    _learn(db, [hold])
    return find(db, [digest_of(hold)], at).get(digest_of(hold), [])


def find(db: Statements, digests: list[bytes], at: datetime) -> dict[bytes, list[Holder]]:
    """Find who holds what at a moment."""
    moment, today = int(at.timestamp()), at.astimezone(SHANGHAI).date()
    held: dict[bytes, list[Holder]] = {}
    for row in db.rows(_HOLDERS.format(digests=places(len(digests))), digests):
        until = date.fromisoformat(row[7]) if row[7] else None
        if _is_living(db, row, until, moment, today):
            held.setdefault(bytes(row[0]), []).append(Holder(row[1], row[3], until, bool(row[6])))
    return held


def keep(db: Statements, holds: Iterable[tuple[Hold, int]], at: int) -> None:
    """Write down what requests (by id) hold."""
    db.run_many(_KEEP, [(digest_of(hold), request_id, at) for hold, request_id in holds])


def _is_living(db: Statements, row: Any, until: date | None, moment: int, today: date) -> bool:
    _, request_id, at, _, _, copies, documents, _ = row
    if not documents:
        return bool(at + UNFINISHED_S > moment)
    if until is not None and until < today:
        return False
    changes = db.rows(_CHANGES, (request_id,))
    return any(
        status_at(((when, word) for of, when, word in changes if of is None or of == ordinal), moment)
        in ("issued", "suspended")
        for ordinal in range(copies)
    )


def _learn(db: Statements, wanted: Iterable[Hold]) -> None:
    """Take up a rule that is new: find what the licences issued before it hold. Once for a rule, and then never."""
    rules = {_rule_of(hold): hold for hold in wanted}
    known = {bytes(row[0]) for row in db.rows(_KNOWN_RULES.format(rules=places(len(rules))), list(rules))}
    for rule, hold in rules.items():
        if rule in known:
            continue
        last = 0
        while rows := db.rows(_REQUESTS, (hold.kind, last)):
            found = [(_of(hold, row), row[0], row[2]) for row in rows]
            db.run_many(_KEEP, [(digest_of(mine), *rest) for mine, *rest in found if mine is not None])
            last = rows[-1][0]
        db.run("INSERT INTO hold_rules (rule) VALUES (?)", (rule,))


def _of(like: Hold, row: Any) -> Hold | None:
    """Read what an earlier request holds by the same rule; None when one of its values is blank."""
    _, authority, _, data = row
    given: Mapping[str, str] = json.loads(bytes(data))
    values = tuple(given.get(name, "") for name in like.fields)
    return (
        Hold(like.kind, like.fields, authority if like.authority else "", values, like.label, "")
        if all(values)
        else None
    )


def digest_of(hold: Hold) -> bytes:
    """Name a rule and the values that somebody holds by it (16 bytes)."""
    return _digest([hold.kind, hold.fields, bool(hold.authority), hold.authority, hold.values])


def _rule_of(hold: Hold) -> bytes:
    return _digest([hold.kind, hold.fields, bool(hold.authority)])


def _digest(parts: list[object]) -> bytes:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).digest()[:16]
