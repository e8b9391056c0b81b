"""The ledger of batches: rows are done once, with their documents, and a second run goes on where the first stood."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from certgen.core import sid
from certgen.core.errors import RegisterError, Text
from certgen.core.model import Certificate
from certgen.ledger import Ledger, LedgerRow, Summary
from certgen.register import Progress, Recorded, Register, Reservation

AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
ROWS = [(number, f"batch-{number}") for number in range(2, 12)]  # row 1 of the sheet is its head
PLATE = b"plate"


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    register = Register.open(f"sqlite:///{tmp_path / 'register.db'}", high_water=tmp_path / "marks", clock=lambda: AT)
    register.put_plate(hashlib.sha256(PLATE).digest(), PLATE, "plate")
    yield register
    register.close()


@pytest.fixture
def ledger(register: Register) -> Ledger:
    register.ledger.open_batch("b", "food-business", ROWS)
    return register.ledger


def make(register: Register, key: str) -> Recorded:
    """Reserve one licence and make its document."""
    proposed = sid.make(int.from_bytes(hashlib.sha256(key.encode()).digest()[:7], "big"))
    asked = Reservation(
        key, b"d", "food-business", "2015", "421200", "a" * 64, "c", 1, 999, lambda n: f"N{n:03d}", b"{}",
        ("original",), (proposed,), (bytes(16),),
    )  # fmt: skip
    (promise,) = register.reserve([asked], AT, os.urandom)
    day, strike = date(2026, 11, 23), key.encode()
    certificate = Certificate(
        promise.sids[0], promise.number, 1, "food-business", "2015", "original", "", "a" * 64, "421200", "咸宁市", day,
        day, None, AT, (), promise.slots[0], promise.salts[0],
    )  # fmt: skip
    pdf_digest = hashlib.sha256(PLATE + strike).digest()
    plate = hashlib.sha256(PLATE).digest()
    return Recorded(certificate, "plain", Text("证", "L"), (), plate, strike, pdf_digest, b"r" * 32, b"f" * 32)


def test_a_new_batch_is_ready_row_by_row(ledger: Ledger) -> None:
    assert ledger.rows("b", "ready") == tuple(LedgerRow(number, key, "") for number, key in ROWS)
    assert ledger.summary("b") == Summary(ready=10)
    assert ledger.summary("b").total == 10


def test_rows_come_in_portions(ledger: Ledger) -> None:
    first = ledger.rows("b", "ready", limit=4)
    assert [row.number for row in first] == [2, 3, 4, 5]
    assert [row.number for row in ledger.rows("b", "ready", after=5, limit=4)] == [6, 7, 8, 9]
    assert ledger.rows("b", "ready", limit=0) == ()


def test_opening_a_batch_again_changes_nothing(ledger: Ledger) -> None:
    ledger.finish_rows("b", [2, 3])
    ledger.open_batch("b", "food-business", ROWS)
    assert ledger.summary("b") == Summary(ready=8, issued=2)


@pytest.mark.parametrize(
    ("kind", "rows"),
    [("food-business", ROWS[:-1]), ("food-business", [*ROWS[:-1], (11, "other")]), ("drug-business", ROWS)],
    ids=["a row less", "another key", "another kind"],
)
def test_a_batch_cannot_be_opened_with_other_rows(ledger: Ledger, kind: str, rows: list[tuple[int, str]]) -> None:
    with pytest.raises(RegisterError, match="other rows"):
        ledger.open_batch("b", kind, rows)
    assert ledger.summary("b") == Summary(ready=10)


def test_rows_are_issued_together_with_their_documents(register: Register, ledger: Ledger) -> None:
    made = [make(register, key) for _, key in ROWS[:3]]
    register.record(made, AT, "clerk", Progress("b", issued=[2, 3, 4], refused=[(5, '[{"field":"name"}]')]))
    assert ledger.summary("b") == Summary(ready=6, issued=3, refused=1)
    assert ledger.rows("b", "refused") == (LedgerRow(5, "batch-5", '[{"field":"name"}]'),)
    assert [row.number for row in ledger.rows("b", "issued")] == [2, 3, 4]


def test_a_row_is_not_issued_when_its_document_is_not_recorded(register: Register, ledger: Ledger) -> None:
    good, bad = make(register, "batch-2"), make(register, "batch-3")
    with pytest.raises(RegisterError):
        register.record([good, replace(bad, strike=b"x")], AT, "clerk", Progress("b", [2, 3], [(4, "[]")]))
    assert ledger.summary("b") == Summary(ready=10)
    assert register.by_digest(good.pdf_digest) is None


def test_a_chunk_of_refusals_alone_is_written_too(register: Register, ledger: Ledger) -> None:
    register.record([], AT, "clerk", Progress("b", refused=[(2, "[]")]))
    assert ledger.summary("b") == Summary(ready=9, refused=1)


def test_an_issued_row_stays_issued(ledger: Ledger) -> None:
    ledger.finish_rows("b", [2])
    ledger.refuse_rows("b", [(2, "[]"), (3, "[]")])
    assert ledger.summary("b") == Summary(ready=8, issued=1, refused=1)
    ledger.finish_rows("b", [2, 3])
    assert ledger.summary("b") == Summary(ready=8, issued=2)
    assert {row.reason for row in ledger.rows("b", "issued")} == {""}


def test_batches_do_not_touch_each_other(ledger: Ledger) -> None:
    ledger.open_batch("other", "food-business", ROWS)
    ledger.finish_rows("other", [2])
    assert ledger.summary("b") == Summary(ready=10)


def test_a_batch_nobody_opened_has_no_summary(ledger: Ledger) -> None:
    with pytest.raises(RegisterError, match="no batch 'x'"):
        ledger.summary("x")


def test_rows_that_only_differ_in_where_they_are_cut_are_other_rows(ledger: Ledger) -> None:
    ledger.open_batch("cut", "k", [(1, "a"), (2, "b")])
    with pytest.raises(RegisterError, match="other rows"):
        ledger.open_batch("cut", "k", [(1, "a 2 1 b")])


def test_two_hundred_thousand_rows_are_opened_in_one_go(register: Register) -> None:
    register.ledger.open_batch("big", "k", [(number, f"key-{number}") for number in range(200_000)])
    assert register.ledger.summary("big") == Summary(ready=200_000)


def test_a_reader_cannot_open_a_batch(register: Register, tmp_path: Path) -> None:
    reader = Register.open(
        f"sqlite:///{tmp_path / 'register.db'}", high_water=tmp_path / "marks", clock=lambda: AT, readonly=True
    )
    with pytest.raises(RegisterError, match="reading only"):
        reader.ledger.open_batch("b", "k", [])
    reader.close()
