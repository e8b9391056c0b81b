"""Licences that older systems issued: their numbers are used, their holders known, and there is no document of ours.

Such a number is never given out again, and whoever asks for it is told where it comes from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from certgen.core.chinese import unprintable
from certgen.database import Statements, places, seconds

_COLUMNS = "number, kind, holder, credit_code, issued_on, valid_until, source"
_OF_NUMBER = f"SELECT {_COLUMNS} FROM inherited WHERE number = ? ORDER BY kind"  # noqa: S608 - our own words
_KNOWN = f"SELECT {_COLUMNS} FROM inherited WHERE kind = ? AND number IN ({{numbers}})"  # noqa: S608 - likewise
_ISSUED = "SELECT number FROM requests WHERE kind = ? AND number IN ({numbers})"
_USE = "INSERT INTO used_numbers (number, kind, source) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_ADD = f"INSERT INTO inherited ({_COLUMNS}, imported_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - likewise
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Inherited:
    """A licence of an older system, named by `source`; the days are None when that system did not say."""

    number: str
    kind: str
    holder: str
    credit_code: str
    issued_on: date | None
    valid_until: date | None
    source: str

    def is_same(self, other: "Inherited") -> bool:
        """Tell whether the other says the same of this number; which file it came in does not matter."""
        return self._said() == other._said()

    def _said(self) -> tuple[object, ...]:
        return self.number, self.kind, self.holder, self.credit_code, self.issued_on, self.valid_until


@dataclass(frozen=True, slots=True)
class Added:
    """What became of licences: counts of `new` and `known`, and those left as they are, by their places in the list.

    The numbers of `issued` are ours already, those of `other` are known with another holder or other days.
    """

    new: int
    known: int
    issued: frozenset[int]
    other: frozenset[int]


def add(db: Statements, licences: Sequence[Inherited], at: datetime) -> Added:
    """Write new ones down in the caller's transaction, a number of the list that comes first before those after it."""
    issued: set[int] = set()
    other: set[int] = set()
    new = known = 0
    for kind, some in _runs(licences):
        ours, have = _already(db, kind, [one.number for _, one in some])
        fresh: list[Inherited] = []
        for place, one in some:
            earlier = have.setdefault(one.number, one)
            if one.number in ours:
                issued.add(place)
            elif earlier is one:
                fresh.append(one)
            elif earlier.is_same(one):
                known += 1
            else:
                other.add(place)
        new += len(fresh)
        db.run_many(_USE, [(one.number, one.kind, one.source) for one in fresh])
        db.run_many(_ADD, [(*_values(one), seconds(at)) for one in fresh])
    return Added(new, known, frozenset(issued), frozenset(other))


def _already(db: Statements, kind: str, numbers: list[str]) -> tuple[set[str], dict[str, Inherited]]:
    """Say which numbers we have issued, and what is known of the others."""
    marks = places(len(numbers))
    ours = {row[0] for row in db.rows(_ISSUED.format(numbers=marks), [kind, *numbers])}
    return ours, {row[0]: _inherited(row) for row in db.rows(_KNOWN.format(numbers=marks), [kind, *numbers])}


def find(db: Statements, number: str) -> tuple[Inherited, ...]:
    """Find what is known of a number as typed."""
    wanted = number.strip()
    if unprintable(wanted):  # a lone surrogate would not even reach the database
        return ()
    return tuple(_inherited(row) for row in db.rows(_OF_NUMBER, (wanted,)))


def _runs(licences: Sequence[Inherited]) -> Iterator[tuple[str, list[tuple[int, Inherited]]]]:
    for kind in dict.fromkeys(one.kind for one in licences):
        of_kind = [(place, one) for place, one in enumerate(licences) if one.kind == kind]
        for at in range(0, len(of_kind), _AT_ONCE):
            yield kind, of_kind[at : at + _AT_ONCE]


def _values(one: Inherited) -> tuple[str | None, ...]:
    days = [day.isoformat() if day else None for day in (one.issued_on, one.valid_until)]
    return one.number, one.kind, one.holder, one.credit_code, *days, one.source


def _inherited(row: Any) -> Inherited:
    number, kind, holder, code, issued_on, valid_until, source = row
    days = [date.fromisoformat(day) if day else None for day in (issued_on, valid_until)]
    return Inherited(number, kind, holder, code, days[0], days[1], source)
