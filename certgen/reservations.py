"""Step 2 of issuing: numbers, sids, salts and status places are promised before anything is signed.

1 look for earlier reservations with the same request keys, and for licences that stand in the way → 2 draw numbers →
3 draw places in the status list → 4 write all of it → 5 commit → 6 flush the high-water mark → 7 hand the promises
out. Everything from 1 to 5 is one transaction with the writer's turn; `docs/issuance.md` says what a crash after each
step leaves.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from certgen import holds, versions
from certgen.core.errors import Problem, RegisterError, Text
from certgen.core.model import Hold, Slot, Succession
from certgen.database import Statements, places, seconds
from certgen.highwater import Mark, Shape, decode_shapes, encode_shapes
from certgen.slots import SHARD, shard

SLOTS = "status-slots"  # the counter of status places; no number rule can be named so, since it has no digits

_EARLIER = """
    SELECT r.request_key, r.body_digest, r.counter, r.sequence, r.number, r.version, r.reserved_at,
           i.sid, i.salt, i.shard, i.slot, r.id,
           (SELECT count(*) FROM identities n WHERE n.request_id = r.id)
           = (SELECT count(DISTINCT d.ordinal) FROM documents d WHERE d.request_id = r.id)
      FROM requests r JOIN identities i ON i.request_id = r.id
     WHERE r.request_key IN ({keys}) ORDER BY r.id, i.ordinal"""
_INSERT_REQUEST = """
    INSERT INTO requests (id, request_key, body_digest, kind, form, authority, template_digest, counter, sequence,
                          number, version, reserved_at, data)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_INSERT_IDENTITY = """
    INSERT INTO identities (request_id, ordinal, sid, copy, salt, shard, slot) VALUES (?, ?, ?, ?, ?, ?, ?)"""
_COUNTERS = "SELECT scope, first, highest, shapes FROM counters"
_COUNTERS_OF = "SELECT scope, first, highest, shapes FROM counters WHERE scope IN ({scopes})"
_USED = "SELECT number FROM used_numbers WHERE number IN ({numbers}) AND kind = ?"
_KEEP_COUNTER = """
    INSERT INTO counters (scope, first, highest, shapes) VALUES (?, ?, ?, ?)
    ON CONFLICT (scope) DO UPDATE SET highest = excluded.highest, shapes = excluded.shapes"""
_KEEP_LOST = """
    INSERT INTO lost_ranges (scope, first, last, shapes, found_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (scope, first) DO UPDATE SET last = excluded.last"""


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a licence needs before it can be certified.

    `counter` names the run of numbers, `number` writes the number of a sequence from `first` to `last` inclusive;
    the same counter means the same rule.
    `data` is private JSON with unmasked values, kept in the register alone. `sids` and `salts` are proposals, one
    for each of `copies`; an earlier reservation with the same key has its own. `holds` are values that no other licence
    in force may have. With a `succession` no number is drawn: the new version has that of the old one.
    """

    request_key: str
    body_digest: bytes
    kind: str
    form: str
    authority: str
    template_digest: str
    counter: str
    first: int
    last: int
    number: Callable[[int], str]
    data: bytes
    copies: tuple[str, ...]
    sids: tuple[str, ...]
    salts: tuple[bytes, ...]
    holds: tuple[Hold, ...] = ()
    succession: Succession | None = None


@dataclass(frozen=True, slots=True)
class Reserved:
    """What the register promised. `reserved_at` is UTC, whole seconds.

    `done`: every copy has been recorded. `conflict`: the key was used for another body, and nothing is promised:
    `number` says which licence has it, the identities are empty. `refused`: something stands in the way, and nothing
    is promised either.
    """

    request_key: str
    sequence: int
    number: str
    version: int
    sids: tuple[str, ...]
    salts: tuple[bytes, ...]
    slots: tuple[Slot, ...]
    reserved_at: datetime
    done: bool
    conflict: bool
    refused: Problem | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """A reservation as it stands in the register, before it is handed out."""

    reserved: Reserved
    body_digest: bytes
    counter: str
    request_id: int

    def to(self, reservation: Reservation) -> Reserved:
        """Hand it to whoever asked, or tell them that their key belongs to another body."""
        if self.body_digest == reservation.body_digest:
            return self.reserved
        old = self.reserved
        return Reserved(
            old.request_key, old.sequence, old.number, old.version, (), (), (), old.reserved_at, old.done, conflict=True
        )


def read_counters(db: Statements, scopes: Iterable[str] | None = None) -> dict[str, Mark]:
    """Read counters by scope; every one when `scopes` is None."""
    wanted = None if scopes is None else sorted(set(scopes))
    rows = db.rows(_COUNTERS) if wanted is None else db.rows(_COUNTERS_OF.format(scopes=places(len(wanted))), wanted)
    return {r[0]: Mark(r[0], r[1], r[2], decode_shapes(r[3])) for r in rows}


def lost(marks: dict[str, Mark], counters: dict[str, Mark]) -> list[Mark]:
    """List what a restored register does not know: every range between a counter and its mark."""
    gaps = []
    for scope, mark in marks.items():
        known = counters[scope].highest if scope in counters else mark.first - 1
        if known < mark.highest:
            gaps.append(Mark(scope, known + 1, mark.highest, mark.shapes))
    return gaps


def settle(db: Statements, marks: dict[str, Mark], at: datetime) -> None:
    """Write lost ranges down and lift their counters over them, so that no number is given out twice."""
    for gap in lost(marks, read_counters(db)):
        # The keys of the lost status shards went with them, and with the keys the order of their places: a new
        # shard begins, because the rest of the old one cannot be told from what is taken.
        last = gap.highest if gap.scope != SLOTS else (gap.highest // SHARD + 1) * SHARD - 1
        db.run(_KEEP_LOST, (gap.scope, gap.first, last, encode_shapes(gap.shapes), seconds(at)))
        db.run(_KEEP_COUNTER, (gap.scope, marks[gap.scope].first, last, encode_shapes(gap.shapes)))


def reserve(
    db: Statements, reservations: Sequence[Reservation], at: datetime, chance: Callable[[int], bytes]
) -> tuple[list[Reserved], list[Mark]]:
    """Do steps 1 to 4; give the answer to each, and the marks that must be flushed before they leave."""
    promises = _earlier(db, [r.request_key for r in reservations])  # 1
    bound = any(r.holds or r.succession for r in reservations)
    refused = _refused(db, reservations, promises, at) if bound else {}
    asked = {r.request_key: r for r in reversed(reservations)}
    new = [r for key, r in asked.items() if key not in promises and key not in refused][::-1]
    counters = read_counters(db, {*(r.counter for r in reservations), SLOTS})
    if new:
        where = _place(db, new, counters)  # 2
        slots = _draw_slots(db, sum(len(r.copies) for r in new), counters, chance)  # 3
        db.run_many(_KEEP_COUNTER, [(c.scope, c.first, c.highest, encode_shapes(c.shapes)) for c in counters.values()])
        promises |= _write(db, new, where, slots, seconds(at))  # 4
    # What was promised before and not finished is promised anew.
    mine = [(r, promises[r.request_key]) for r in reservations if r.holds and r.request_key not in refused]
    held = [(h, p.request_id) for r, p in mine if p.body_digest == r.body_digest for h in r.holds]
    holds.keep(db, held, seconds(at))
    earlier = {p.counter for p in promises.values()} - counters.keys()
    marks = [*counters.values(), *(read_counters(db, earlier).values() if earlier else ())]
    return [_answer(r, promises, refused, at) for r in reservations], marks


def _refused(
    db: Statements, reservations: Sequence[Reservation], promises: dict[str, Promise], at: datetime
) -> dict[str, Problem]:
    """Find what stands in the way of licences that are not finished yet."""
    claims: dict[str, holds.Claim] = {}
    new_versions: dict[str, Succession] = {}
    for r in reservations:
        earlier = promises.get(r.request_key)
        if earlier is None or (not earlier.reserved.done and earlier.body_digest == r.body_digest):
            number = earlier.reserved.number if earlier else r.succession.number if r.succession else ""
            claims.setdefault(r.request_key, holds.Claim(r.request_key, number, r.holds))
            if r.succession:
                new_versions.setdefault(r.request_key, r.succession)
    refused = versions.refused(db, new_versions, at) if new_versions else {}
    return refused | holds.refused(db, [c for key, c in claims.items() if key not in refused], at)


def _answer(r: Reservation, promises: dict[str, Promise], refused: dict[str, Problem], at: datetime) -> Reserved:
    """Hand a promise out, or say what stands in its way."""
    problem = refused.get(r.request_key)
    if problem is None:
        return promises[r.request_key].to(r)
    return Reserved(r.request_key, 0, "", 0, (), (), (), at, done=False, conflict=False, refused=problem)


def _earlier(db: Statements, keys: list[str]) -> dict[str, Promise]:
    rows_of: dict[str, list[Any]] = {}
    for row in db.rows(_EARLIER.format(keys=places(len(keys))), keys):
        rows_of.setdefault(row[0], []).append(row)
    return {key: _promise(rows) for key, rows in rows_of.items()}


def _promise(rows: list[Any]) -> Promise:
    key, body_digest, counter, sequence, number, version, reserved_at, *_, done = rows[0]
    return Promise(
        Reserved(
            request_key=key,
            sequence=sequence,
            number=number,
            version=version,
            sids=tuple(r[7] for r in rows),
            salts=tuple(bytes(r[8]) for r in rows),
            slots=tuple(Slot(r[9], r[10]) for r in rows),
            reserved_at=datetime.fromtimestamp(reserved_at, UTC),
            done=bool(done),
            conflict=False,
        ),
        bytes(body_digest),
        counter,
        rows[0][11],
    )


def _place(db: Statements, new: list[Reservation], counters: dict[str, Mark]) -> list[versions.Place]:
    """Give every licence its number, and every new version of one the number that it has."""
    fresh = [r for r in new if r.succession is None]
    drawn = [
        versions.Place(r.counter, sequence, number, 1)
        for r, (sequence, number) in zip(fresh, _draw_numbers(db, fresh, counters), strict=True)
    ]
    if len(fresh) == len(new):
        return drawn
    numbers, followed = iter(drawn), iter(versions.places_of(db, [r.succession for r in new if r.succession]))
    return [next(followed) if r.succession else next(numbers) for r in new]


def _draw_numbers(db: Statements, new: list[Reservation], counters: dict[str, Mark]) -> list[tuple[int, str]]:
    """Give every reservation the next number of its counter that no older system has used."""
    runs: dict[tuple[str, str], list[int]] = {}
    for place, r in enumerate(new):
        runs.setdefault((r.counter, r.kind), []).append(place)
    drawn = [(0, "")] * len(new)
    for (counter, _), members in runs.items():
        rule = new[members[0]]
        mark = counters.get(counter) or Mark(counter, rule.first, rule.first - 1, ())
        free = _free_numbers(db, rule, mark.highest + 1, len(members))
        for place, number in zip(members, free, strict=True):
            drawn[place] = number
        counters[counter] = Mark(counter, mark.first, free[-1][0], _shapes(mark, rule, free))
    return drawn


def _free_numbers(db: Statements, rule: Reservation, start: int, count: int) -> list[tuple[int, str]]:
    """List the next numbers of a run that are not used; longer steps soon pass what an older system left."""
    free: list[tuple[int, str]] = []
    start, step = max(start, rule.first), count
    while len(free) < count:
        end = min(start + step, rule.last + 1)
        if start >= end:
            raise _exhausted(rule)
        run = [(sequence, rule.number(sequence)) for sequence in range(start, end)]
        statement = _USED.format(numbers=places(len(run)))
        used = {row[0] for row in db.rows(statement, [*(number for _, number in run), rule.kind])}
        free += [one for one in run if one[1] not in used]
        start, step = end, min(step * 4, 4000)
    return free[:count]


def _shapes(mark: Mark, rule: Reservation, numbers: list[tuple[int, str]]) -> tuple[Shape, ...]:
    """Give the shapes of a counter's numbers; nearly always the one that is known."""
    if all(any(shape.fits(number) for shape in mark.shapes) for _, number in numbers):
        return mark.shapes
    return (*mark.shapes, Shape.of(rule.number, rule.first, rule.last))


def _draw_slots(
    db: Statements, count: int, counters: dict[str, Mark], chance: Callable[[int], bytes]
) -> list[tuple[int, int]]:
    """Take the next places of the status lists, in an order nobody can guess; open a new list when one is full."""
    position = counters[SLOTS].highest + 1 if SLOTS in counters else 0
    drawn = []
    for number in range(position // SHARD, (position + count - 1) // SHARD + 1):
        permutation = shard(_shard_key(db, number, chance))
        start, end = max(position, number * SHARD), min(position + count, (number + 1) * SHARD)
        drawn += [(number, permutation.slot(p % SHARD)) for p in range(start, end)]
    counters[SLOTS] = Mark(SLOTS, 0, position + count - 1, ())
    return drawn


def _shard_key(db: Statements, number: int, chance: Callable[[int], bytes]) -> bytes:
    row = db.row("SELECT key FROM status_shards WHERE shard = ?", (number,))
    if row is not None:
        return bytes(row[0])
    key = chance(32)
    db.run("INSERT INTO status_shards (shard, key) VALUES (?, ?)", (number, key))
    return key


def _write(
    db: Statements, new: list[Reservation], where: list[versions.Place], slots: list[tuple[int, int]], at: int
) -> dict[str, Promise]:
    first_id = db.row("SELECT coalesce(max(id), 0) + 1 FROM requests")[0]
    moment, place = datetime.fromtimestamp(at, UTC), iter(slots)
    requests, identities, successions, promises = [], [], [], {}
    for request_id, (r, its) in enumerate(zip(new, where, strict=True), first_id):
        head = (request_id, r.request_key, r.body_digest, r.kind, r.form, r.authority, r.template_digest)
        requests.append((*head, its.counter, its.sequence, its.number, its.version, at, r.data))
        mine = []
        for ordinal, (copy, sid, salt) in enumerate(zip(r.copies, r.sids, r.salts, strict=True)):
            slot = next(place)
            identities.append((request_id, ordinal, sid, copy, salt, *slot))
            mine.append(Slot(*slot))
        if r.succession:
            successions.append((request_id, r.succession))
        named = (r.request_key, its.sequence, its.number, its.version, r.sids, r.salts, tuple(mine), moment)
        promises[r.request_key] = Promise(
            Reserved(*named, done=False, conflict=False), r.body_digest, its.counter, request_id
        )
    db.run_many(_INSERT_REQUEST, requests)
    db.run_many(_INSERT_IDENTITY, identities)
    versions.keep(db, successions)
    return promises


def _exhausted(r: Reservation) -> RegisterError:
    return RegisterError(
        Text(
            f"编号序列“{r.counter}”已用尽（最大 {r.last}）：请为该种类另定编号规则",
            f"the run of numbers {r.counter!r} is used up at {r.last}: give this kind a new numbering rule",
        )
    )
