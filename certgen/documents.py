"""Step 7 of issuing: documents, strikes, events, outbox and ledger are written in one transaction.

The strike's bytes live in the register, so there is no second store that could disagree with it; the PDF is the
plate's bytes followed by the strike's. Every document appends an event (certgen.events); a new version of a licence
takes the place of the old one here (certgen.life).
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from certgen import versions
from certgen.core.errors import RegisterError, Text
from certgen.core.model import Certificate, Paper
from certgen.core.status import ISSUED, Status
from certgen.database import Statements, places, seconds
from certgen.events import Happened, append

_RESERVED = """
    SELECT i.sid, i.request_id, i.ordinal, r.number, r.version, i.copy, i.salt, i.shard, i.slot, d.paper, d.pdf_digest,
           EXISTS (SELECT 1 FROM events e WHERE e.request_id = i.request_id AND e.status IS NOT NULL
                      AND (e.ordinal IS NULL OR e.ordinal = i.ordinal))
      FROM identities i
      JOIN requests r ON r.id = i.request_id
      LEFT JOIN documents d ON d.request_id = i.request_id AND d.ordinal = i.ordinal
     WHERE i.sid IN ({sids})"""
_INSERT_DOCUMENT = """
    INSERT INTO documents (id, request_id, ordinal, paper, title_zh, title_en, authority_name, issued_on, valid_from,
                           valid_until, issued_at, pdf_digest, record_digest, signer, plate, public)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_INSERT_STRIKE = "INSERT INTO strikes (document_id, content) VALUES (?, ?)"
# Made once: json.dumps would make an encoder for every document.
_short_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Recorded:
    """A signed document on its way into the register.

    `plate` is the digest of a plate the register has; `strike` the bytes after it; `public` what the template lets
    anybody see, label and value, in the order of the paper.
    """

    certificate: Certificate
    paper: Paper
    title: Text
    public: tuple[tuple[Text, str], ...]
    plate: bytes
    strike: bytes
    pdf_digest: bytes
    record_digest: bytes
    signer_fingerprint: bytes


class _Identity:
    """One copy as reserved, and the papers of it recorded so far."""

    __slots__ = ("_expected", "has_status", "ordinal", "papers", "request_id")

    def __init__(self, row: Any) -> None:
        self.request_id: int = row[1]
        self.ordinal: int = row[2]
        self._expected = (row[3], row[4], row[5], bytes(row[6]), row[7], row[8])
        self.papers: dict[str, bytes] = {}
        self.has_status = bool(row[11])

    def is_of(self, c: Certificate) -> bool:
        """Tell whether a certificate says what was reserved for it."""
        return self._expected == (c.number, c.version, c.copy, c.salt, c.slot.shard, c.slot.index)


def record(
    db: Statements, documents: Sequence[Recorded], at: datetime, actor: str, state_of: Callable[[bytes], Any]
) -> None:
    """Write signed documents and their `issued` events; those the register already has are passed over.

    `state_of` gives a fresh SHA-256 state after a plate's bytes. Raises RegisterError when a document was never
    reserved, differs from its reservation or from what is recorded for it, or is not what its digest says.
    """
    identities = _reserved(db, [d.certificate.sid for d in documents])
    next_id = db.row("SELECT coalesce(max(id), 0) + 1 FROM documents")[0]
    moment = seconds(at)
    rows, strikes, happened = [], [], []
    begins: dict[int, date] = {}  # of new versions of older licences
    for document in documents:
        identity = identities.get(document.certificate.sid)
        if identity is None or not identity.is_of(document.certificate):
            raise _not_reserved(document.certificate)
        earlier = identity.papers.get(document.paper)
        if earlier is not None:
            if earlier != document.pdf_digest:
                raise _other_bytes(document)
            continue
        _check_bytes(document, state_of)
        if document.certificate.version > 1:
            begins[identity.request_id] = max(document.certificate.issued_on, document.certificate.valid_from)
        # A further paper of a suspended licence must not put it back in force.
        status: Status | None = None if identity.has_status else "issued"
        happened.append(
            Happened(
                identity.request_id,
                identity.ordinal,
                ISSUED,
                status,
                moment,
                actor,
                document_id=next_id,
                record_digest=document.record_digest,
                pdf_digest=document.pdf_digest,
            )
        )
        rows.append(_row(next_id, identity, document))
        strikes.append((next_id, document.strike))
        identity.papers[document.paper] = document.pdf_digest
        identity.has_status = True
        next_id += 1
    if begins:
        happened += versions.succeed(db, begins, at)
    db.run_many(_INSERT_DOCUMENT, rows)
    db.run_many(_INSERT_STRIKE, strikes)
    append(db, happened, moment)


def _reserved(db: Statements, sids: list[str]) -> dict[str, _Identity]:
    identities: dict[str, _Identity] = {}
    for row in db.rows(_RESERVED.format(sids=places(len(sids))), sids):
        identity = identities.get(row[0])
        if identity is None:
            identity = identities[row[0]] = _Identity(row)
        if row[9] is not None:
            identity.papers[row[9]] = bytes(row[10])
    return identities


def _row(document_id: int, identity: _Identity, document: Recorded) -> tuple[Any, ...]:
    c = document.certificate
    return (
        document_id,
        identity.request_id,
        identity.ordinal,
        document.paper,
        *document.title,
        c.authority_name,
        c.issued_on.isoformat(),
        c.valid_from.isoformat(),
        c.valid_until.isoformat() if c.valid_until else None,
        seconds(c.issued_at),
        document.pdf_digest,
        document.record_digest,
        document.signer_fingerprint,
        document.plate,
        encode_public(document.public),
    )


def encode_public(public: tuple[tuple[Text, str], ...]) -> str:
    """Write labels and values as one flat JSON list: zh, en, value, zh, en, value and so on."""
    flat = [part for (zh, en), value in public for part in (zh, en, value)]
    return _short_json(flat)


def decode_public(text: str) -> tuple[tuple[Text, str], ...]:
    """Read what `encode_public` wrote."""
    flat = json.loads(text)
    return tuple((Text(zh, en), value) for zh, en, value in zip(flat[::3], flat[1::3], flat[2::3], strict=True))


def _check_bytes(document: Recorded, state_of: Callable[[bytes], Any]) -> None:
    """Hash plate and strike together once more: what cannot be delivered must not be recorded."""
    state = state_of(document.plate)
    state.update(document.strike)
    if state.digest() != document.pdf_digest:
        raise RegisterError(
            Text(
                f"证照 {document.certificate.sid} 的底版与打印数据合起来与其摘要不符：未登记，请报告此缺陷",
                f"plate and strike of {document.certificate.sid} do not give the digest of the document: nothing was "
                "recorded; please report this defect",
            )
        )


def _not_reserved(certificate: Certificate) -> RegisterError:
    return RegisterError(
        Text(
            f"证照 {certificate.sid}（{certificate.number}）未曾预留或与预留不符：未登记，请核对是否连接了正确的登记簿",
            f"{certificate.sid} ({certificate.number}) was not reserved so in this register: nothing was recorded; "
            "check that this is the right register",
        )
    )


def _other_bytes(document: Recorded) -> RegisterError:
    return RegisterError(
        Text(
            f"证照 {document.certificate.sid}（{document.paper}）已登记过另一份文件：同一证照不得有两个版本的字节",
            f"{document.certificate.sid} ({document.paper}) is recorded already with other bytes: one document has one "
            "file",
        )
    )
