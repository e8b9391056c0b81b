"""The history: appended, never updated, each line's digest covering the one before.

    digest = SHA-256("certgen-event-1" LF previous-digest JSON of the event's values)

A line that is missing or altered shows (`check`). Every line leaves one in the outbox, for whoever must be told.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from certgen.core.errors import RegisterError, Text
from certgen.core.status import Status
from certgen.database import Statements

_INSERT = """
    INSERT INTO events (id, request_id, ordinal, document_id, action, status, at, effective_at, actor, basis, reason,
                        digest)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_OUTBOX = "INSERT INTO outbox (event_id, topic) VALUES (?, ?)"
_LAST = "SELECT id, digest FROM events ORDER BY id DESC LIMIT 1"
_EVENTS = """
    SELECT e.id, e.request_id, e.ordinal, e.document_id, e.action, e.status, e.at, e.effective_at, e.actor, e.basis,
           e.reason, d.record_digest, d.pdf_digest, e.digest
      FROM events e LEFT JOIN documents d ON d.id = e.document_id
     WHERE e.id > ? ORDER BY e.id LIMIT 1000"""

# Made once: json.dumps would make an encoder for every event.
_ascii_json = json.JSONEncoder().encode


@dataclass(frozen=True, slots=True)
class Happened:
    """One line to be: what happened to a version of a licence, to one copy of it, or (ordinal None) to all.

    `status` is what it is from `effective_at` on; None: as before. `record_digest` and `pdf_digest` are those of
    the document that an `issued` line is about.
    """

    request_id: int
    ordinal: int | None
    action: str
    status: Status | None
    effective_at: int
    actor: str
    basis: str = ""
    reason: str = ""
    document_id: int | None = None
    record_digest: bytes | None = None
    pdf_digest: bytes | None = None


def append(db: Statements, happened: Sequence[Happened], at: int) -> None:
    """Write lines at the end of the history, recorded at a second."""
    row = db.row(_LAST)
    line, chain = (row[0], bytes(row[1])) if row is not None else (0, b"")
    lines, outbox = [], []
    for h in happened:
        line += 1
        head = (
            line, h.request_id, h.ordinal, h.document_id, h.action, h.status, at, h.effective_at, h.actor, h.basis,
            h.reason,
        )  # fmt: skip
        chain = link(chain, head, h.record_digest, h.pdf_digest)
        lines.append((*head, chain))
        outbox.append((line, h.action))
    db.run_many(_INSERT, lines)
    db.run_many(_OUTBOX, outbox)


def check(db: Statements) -> int:
    """Follow the chain and count the lines. Raises RegisterError at the first that is missing or altered."""
    line, chain = 0, b""
    while rows := db.rows(_EVENTS, (line,)):
        for *head, record_digest, pdf_digest, digest in rows:
            line += 1
            chain = link(chain, tuple(head), record_digest, pdf_digest)
            if head[0] != line or chain != digest:
                raise _broken_chain(line)
    return line


def link(chain: bytes, head: tuple[Any, ...], record_digest: bytes | None, pdf_digest: bytes | None) -> bytes:
    """Give the digest of a line: of the one before, its own values, and the document it is about."""
    digests = (record_digest and bytes(record_digest).hex(), pdf_digest and bytes(pdf_digest).hex())
    return hashlib.sha256(b"certgen-event-1\n" + chain + _ascii_json([*head, *digests]).encode()).digest()


def _broken_chain(line: int) -> RegisterError:
    return RegisterError(
        Text(
            f"事件记录第 {line} 行缺失或被改动：请停止签发并保全登记簿，与备份比对",
            f"line {line} of the history is missing or was altered: stop issuing, keep the register as it is and "
            "compare it with a backup",
        )
    )
