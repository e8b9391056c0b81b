"""The ledger of batches: which rows are issued, which are refused and why, and which are still to do.

    ready ──▶ issued          a row is issued in the transaction that records its documents,
       └────▶ refused         so ledger and register cannot disagree, whenever the power fails

An issued row stays issued. Running the same batch again opens the same ledger and goes on with what is ready.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from certgen.core.errors import RegisterError, Text
from certgen.database import Database, Statements

_INSERT_ROW = """
    INSERT INTO batch_rows (batch_id, row_number, request_key, state, reason) VALUES (?, ?, ?, 'ready', '')"""

State = Literal["ready", "issued", "refused"]


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One row of a batch; `reason` is the JSON of its problems, empty unless refused."""

    number: int
    request_key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """What a chunk did to its rows, by row number; handed to `Register.record` to be written with the documents."""

    batch_id: str
    issued: Sequence[int] = ()
    refused: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """How a batch stands, in rows."""

    ready: int = 0
    issued: int = 0
    refused: int = 0

    @property
    def total(self) -> int:
        """Count all rows."""
        return self.ready + self.issued + self.refused


class Ledger:
    """The rows of every batch in one register."""

    def __init__(self, database: Database) -> None:
        """Work on the register's own database."""
        self._database = database

    def open_batch(self, batch_id: str, kind: str, rows: Sequence[tuple[int, str]]) -> None:
        """Write the rows (number, request key) down as ready; nothing changes when they already are.

        Raises RegisterError when the batch was opened before with other rows.
        """
        digest = _digest(rows)
        with self._database.writing() as db:
            known = db.row("SELECT kind, rows_digest FROM batches WHERE id = ?", (batch_id,))
            if known is not None:
                if (known[0], bytes(known[1])) != (kind, digest):
                    raise _other_rows(batch_id)
                return
            db.run("INSERT INTO batches (id, kind, rows_digest) VALUES (?, ?, ?)", (batch_id, kind, digest))
            db.run_many(_INSERT_ROW, [(batch_id, number, key) for number, key in rows])

    def rows(self, batch_id: str, state: State, *, after: int = 0, limit: int = -1) -> tuple[LedgerRow, ...]:
        """List rows in one state in the order of the file, from the row number after `after`; -1 is no limit."""
        statement = (
            "SELECT row_number, request_key, reason FROM batch_rows "
            "WHERE batch_id = ? AND state = ? AND row_number > ? ORDER BY row_number"
        )
        values: tuple[object, ...] = (batch_id, state, after)
        if limit >= 0:
            statement, values = statement + " LIMIT ?", (*values, limit)
        with self._database.reading() as db:
            return tuple(LedgerRow(*row) for row in db.rows(statement, values))

    def finish_rows(self, batch_id: str, issued: Sequence[int]) -> None:
        """Mark rows as issued whose documents were recorded before: a resumed batch finds them done."""
        with self._database.writing() as db:
            enter(db, Progress(batch_id, issued=issued))

    def refuse_rows(self, batch_id: str, refused: Sequence[tuple[int, str]]) -> None:
        """Mark rows as refused, each with the JSON of its problems."""
        with self._database.writing() as db:
            enter(db, Progress(batch_id, refused=refused))

    def summary(self, batch_id: str) -> Summary:
        """Count the rows by state. Raises RegisterError when there is no such batch."""
        with self._database.reading() as db:
            if db.row("SELECT 1 FROM batches WHERE id = ?", (batch_id,)) is None:
                raise RegisterError(Text(f"没有批次 {batch_id}", f"there is no batch {batch_id!r}"))
            rows = db.rows("SELECT state, count(*) FROM batch_rows WHERE batch_id = ? GROUP BY state", (batch_id,))
        return Summary(**{state: count for state, count in rows})


def enter(db: Statements, progress: Progress) -> None:
    """Write a chunk's progress in the caller's transaction; what is issued is not touched again."""
    statement = (
        "UPDATE batch_rows SET state = ?, reason = ? WHERE batch_id = ? AND row_number = ? AND state <> 'issued'"
    )
    db.run_many(statement, [("issued", "", progress.batch_id, number) for number in progress.issued])
    db.run_many(statement, [("refused", reason, progress.batch_id, number) for number, reason in progress.refused])


def _digest(rows: Iterable[tuple[int, str]]) -> bytes:
    """Tell one list of rows from another; a key is written with its length, so no two lists run together."""
    state = hashlib.sha256(b"certgen-batch-1\n")
    for number, key in rows:
        state.update(f"{number} {len(key)} {key}\n".encode())
    return state.digest()


def _other_rows(batch_id: str) -> RegisterError:
    return RegisterError(
        Text(
            f"批次 {batch_id} 曾以不同的行打开：请用原文件继续，或以新批次签发",
            f"batch {batch_id!r} was opened before with other rows: go on with that file, or make these a new batch",
        )
    )
