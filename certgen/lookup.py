"""What the register answers: which documents it knows, as a verifier or an officer asks for them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from certgen.core.chinese import unprintable
from certgen.core.errors import FormatError, Text
from certgen.core.model import Registered
from certgen.core.sid import parse as parse_sid
from certgen.database import Statements
from certgen.documents import decode_public
from certgen.highwater import Mark, decode_shapes

# The status is the last event's that says one, for this copy or for all copies.
_DOCUMENTS = """
    SELECT i.sid, r.number, r.version, r.kind, d.title_zh, d.title_en, r.form, i.copy, d.paper, r.authority,
           d.authority_name, d.issued_on, d.valid_until, d.issued_at,
           (SELECT e.status FROM events e WHERE e.request_id = d.request_id AND e.status IS NOT NULL
               AND (e.ordinal IS NULL OR e.ordinal = d.ordinal) ORDER BY e.id DESC LIMIT 1),
           d.record_digest, d.pdf_digest, d.signer, d.public
      FROM documents d
      JOIN identities i ON i.request_id = d.request_id AND i.ordinal = d.ordinal
      JOIN requests r ON r.id = d.request_id
"""
BY_DIGEST = _DOCUMENTS + " WHERE d.pdf_digest = ?"
BY_SID = _DOCUMENTS + " WHERE i.sid = ? ORDER BY d.paper DESC"
BY_REQUEST = _DOCUMENTS + " WHERE r.request_key = ? ORDER BY i.ordinal, d.paper DESC"
# A version that was reserved and never recorded is not the current one.
_OF_NUMBER = """
     WHERE r.number = ? AND r.version = (
           SELECT max(x.version) FROM requests x WHERE x.number = r.number AND x.kind = r.kind
              AND EXISTS (SELECT 1 FROM documents y WHERE y.request_id = x.id))
     ORDER BY r.kind, i.ordinal, d.paper DESC"""
BY_NUMBER = _DOCUMENTS + _OF_NUMBER


def documents(db: Statements, statement: str, value: str | bytes) -> tuple[Registered, ...]:
    """Run one of the statements above."""
    return tuple(_registered(row) for row in db.rows(statement, (value,)))


def find(db: Statements, number_or_sid: str) -> tuple[Registered, ...]:
    """Find the current version of a number with all its copies, or the documents of a sid."""
    wanted = number_or_sid.strip()
    if unprintable(wanted):  # a lone surrogate would not even reach the database
        return ()
    by_number = documents(db, BY_NUMBER, wanted)
    if by_number:
        return by_number
    try:
        return documents(db, BY_SID, parse_sid(wanted))
    except FormatError:
        return ()


def is_lost(db: Statements, number: str, gaps: Sequence[Mark]) -> bool:
    """Tell whether a number may be one that a restored register has forgotten."""
    if any(shape.covers(number, gap.first, gap.highest) for gap in gaps for shape in gap.shapes):
        return True
    rows = db.rows("SELECT first, last, shapes FROM lost_ranges")
    return any(s.covers(number, first, last) for first, last, shapes in rows for s in decode_shapes(shapes))


def _registered(row: Any) -> Registered:
    until = row[12]
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
        valid_until=date.fromisoformat(until) if until else None,
        issued_at=datetime.fromtimestamp(row[13], UTC),
        status=row[14],
        record_digest=bytes(row[15]),
        pdf_digest=bytes(row[16]),
        signer_fingerprint=bytes(row[17]),
        public=decode_public(row[18]),
    )
