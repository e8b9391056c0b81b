"""What the public may look up: licences by their number, or by the credit code of who holds them.

Only codes that a document shows to anybody are kept here, and only those of organisations: a citizen's number is
masked on paper, and one that is not is left out all the same. Which kinds may be looked up is the asker's to say.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from certgen import lookup
from certgen.core import codes
from certgen.core.chinese import unprintable
from certgen.core.errors import Text
from certgen.core.model import Registered
from certgen.database import Statements, places

MOST = 40  # documents of one answer: twenty licences of two copies
_LONGEST = 64  # characters of a number
_EVER = date.max
# The request is found by its sid: who records knows no other name of it.
_ENTER = """
    INSERT INTO credit_codes (code, request_id) SELECT ?, i.request_id FROM identities i WHERE i.sid = ?
    ON CONFLICT DO NOTHING"""
_FIND = """
    SELECT i.sid FROM requests r JOIN identities i ON i.request_id = r.id
     WHERE r.id IN (SELECT x.id FROM requests x WHERE x.number = ?
                    UNION SELECT c.request_id FROM credit_codes c WHERE c.code = ?)
       AND r.kind IN ({kinds})
       AND EXISTS (SELECT 1 FROM documents d WHERE d.request_id = r.id AND d.ordinal = i.ordinal)
       AND NOT EXISTS (SELECT 1 FROM requests n JOIN documents d ON d.request_id = n.id
                        WHERE n.number = r.number AND n.kind = r.kind AND n.version > r.version)
     ORDER BY r.kind, r.number, i.ordinal LIMIT {most}"""


def enter_codes(db: Statements, shown: Iterable[tuple[str, Sequence[tuple[Text, str]]]]) -> None:
    """Keep the codes that documents show: sid, and labels with values."""
    db.run_many(_ENTER, [(code, sid) for sid, public in shown for code in codes_of(public)])


def codes_of(public: Sequence[tuple[Text, str]]) -> set[str]:
    """Pick the credit codes out of what a document shows."""
    values = (value for _, value in public if len(value) == 18)
    return {value for value in values if codes.is_uscc(value) and not codes.is_citizen_id(value, _EVER)}


def find_public(db: Statements, wanted: str, kinds: Sequence[str], moment: int) -> tuple[Registered, ...]:
    """Find the current versions of these kinds, every copy once, by exact number or credit code, as of a second."""
    asked = wanted.strip().upper()[:_LONGEST]
    if unprintable(asked):  # a lone surrogate would not even reach the database
        asked = ""
    statement = _FIND.format(kinds=places(len(kinds)), most=MOST)
    sids = [row[0] for row in db.rows(statement, (asked, asked, *kinds))]
    found = [lookup.documents(db, lookup.BY_SID, sid, moment=moment) for sid in sids]
    return tuple(papers[0] for papers in found if papers)
