"""What the register answers: which documents it knows, as a verifier or an officer asks for them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from certgen.core.chinese import SHANGHAI, unprintable
from certgen.core.errors import FormatError, Text
from certgen.core.model import Registered
from certgen.core.sid import parse as parse_sid
from certgen.core.status import Status, status_at
from certgen.database import Statements, seconds
from certgen.documents import decode_public
from certgen.highwater import Mark, decode_shapes
from certgen.reservations import SLOTS

# One row for each change of a document (one row when there is none); the changes give its status.
_DOCUMENTS = """
    SELECT i.sid, r.number, r.version, r.kind, d.title_zh, d.title_en, r.form, i.copy, d.paper, r.authority,
           d.authority_name, d.issued_on, d.valid_from, d.valid_until, d.issued_at,
           d.record_digest, d.pdf_digest, d.signer, d.public,
           EXISTS (SELECT 1 FROM successions s JOIN documents y ON y.request_id = s.request_id
                    WHERE s.previous_id = d.request_id),
           d.id, e.effective_at, e.status
      FROM documents d
      JOIN identities i ON i.request_id = d.request_id AND i.ordinal = d.ordinal
      JOIN requests r ON r.id = d.request_id
      LEFT JOIN events e ON e.request_id = d.request_id AND e.action <> 'issued' AND e.status IS NOT NULL
                        AND (e.ordinal IS NULL OR e.ordinal = d.ordinal)
"""
BY_DIGEST = _DOCUMENTS + " WHERE d.pdf_digest = ? ORDER BY e.id"
BY_SID = _DOCUMENTS + " WHERE i.sid = ? ORDER BY d.paper DESC, e.id"
BY_REQUEST = _DOCUMENTS + " WHERE r.request_key = ? ORDER BY i.ordinal, d.paper DESC, e.id"
# A version that was reserved and never recorded is not the current one.
_OF_NUMBER = """
     WHERE r.number = ? AND r.version = (
           SELECT max(x.version) FROM requests x WHERE x.number = r.number AND x.kind = r.kind
              AND EXISTS (SELECT 1 FROM documents y WHERE y.request_id = x.id))
     ORDER BY r.kind, i.ordinal, d.paper DESC, e.id"""
BY_NUMBER = _DOCUMENTS + _OF_NUMBER
# The version that was in force on a day is the last whose day had come; on a day before all of them, the first.
_OF_NUMBER_ON = """
     WHERE r.number = ? AND r.version = (
           SELECT coalesce(max(CASE WHEN y.issued_on <= ? AND y.valid_from <= ? THEN x.version END), min(x.version))
             FROM requests x JOIN documents y ON y.request_id = x.id WHERE x.number = r.number AND x.kind = r.kind)
     ORDER BY r.kind, i.ordinal, d.paper DESC, e.id"""
BY_NUMBER_ON = _DOCUMENTS + _OF_NUMBER_ON


def documents(db: Statements, statement: str, *values: str | bytes, moment: int) -> tuple[Registered, ...]:
    """Run one of the statements above; statuses are as of a second."""
    found: dict[int, tuple[Any, list[tuple[int, Status]]]] = {}
    for *row, document_id, effective_at, status in db.rows(statement, values):
        _, changes = found.setdefault(document_id, (row, []))
        if status is not None:
            changes.append((effective_at, status))
    return tuple([_registered(row, status_at(changes, moment)) for row, changes in found.values()])


def find(db: Statements, number_or_sid: str, at: datetime) -> tuple[Registered, ...]:
    """Find the current version of a number with all its copies, or the documents of a sid."""
    wanted = number_or_sid.strip()
    return _find(db, wanted, (BY_NUMBER, wanted), seconds(at))


def find_on(db: Statements, number_or_sid: str, when: date | datetime) -> tuple[Registered, ...]:
    """Find what stood for a number at a moment (of a day: its end), as is known now, or the documents of a sid."""
    wanted, (day, moment) = number_or_sid.strip(), moment_of(when)
    return _find(db, wanted, (BY_NUMBER_ON, wanted, day.isoformat(), day.isoformat()), moment)


def moment_of(when: date | datetime) -> tuple[date, int]:
    """Give the Shanghai day of a moment, and its second; of a day, the last."""
    if isinstance(when, datetime):
        return when.astimezone(SHANGHAI).date(), seconds(when)
    return when, seconds(datetime.combine(when + timedelta(days=1), time(), SHANGHAI)) - 1


def _find(db: Statements, wanted: str, by_number: tuple[str, ...], moment: int) -> tuple[Registered, ...]:
    if unprintable(wanted):  # a lone surrogate would not even reach the database
        return ()
    if found := documents(db, *by_number, moment=moment):
        return found
    try:
        return documents(db, BY_SID, parse_sid(wanted), moment=moment)
    except FormatError:
        return ()


def is_lost(db: Statements, number: str, gaps: Sequence[Mark]) -> bool:
    """Tell whether a number may be one that a restored register has forgotten, or have a version that it has."""
    known = [(gap.scope, gap.first, gap.highest, gap.shapes) for gap in gaps]
    rows = db.rows("SELECT scope, first, last, shapes FROM lost_ranges")
    ranges = known + [(scope, first, last, decode_shapes(shapes)) for scope, first, last, shapes in rows]
    if any(s.covers(number, first, last) for _, first, last, shapes in ranges for s in shapes):
        return True
    # A new version draws no number; that it was there shows by its place in a status list alone.
    lost_places = any(scope == SLOTS for scope, *_ in ranges)
    return lost_places and db.row("SELECT 1 FROM requests WHERE number = ? LIMIT 1", (number,)) is not None


def _registered(row: Sequence[Any], status: Status) -> Registered:
    return Registered(
        sid=row[0],
        number=row[1],
        version=row[2],
        kind=row[3],
        title=Text(row[4], row[5]),
        form=row[6],
        copy=row[7],
        paper=row[8],
        authority=row[9],
        authority_name=row[10],
        issued_on=date.fromisoformat(row[11]),
        valid_from=date.fromisoformat(row[12]),
        valid_until=date.fromisoformat(row[13]) if row[13] else None,
        issued_at=datetime.fromtimestamp(row[14], UTC),
        status=status,
        record_digest=bytes(row[15]),
        pdf_digest=bytes(row[16]),
        signer_fingerprint=bytes(row[17]),
        public=decode_public(row[18]),
        has_newer=bool(row[19]),
    )
