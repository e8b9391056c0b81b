"""Registers of older releases: brought up to date with everything that is in them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from certgen.core.model import Slot
from certgen.database import open_database
from certgen.migrations import upgrade
from certgen.schema import REVISION, metadata
from tests._book import AT, Book

NEWER = {
    "0002": {"successions", "holds", "hold_rules", "credit_codes"},
    "0003": {"credit_codes"},
}  # tables that a revision did not have


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    book = Book(tmp_path)
    yield book
    book.register.close()


def contents(book: Book, without: set[str]) -> dict[str, list[Any]]:
    """Read every row of every table that the older revision had."""
    tables = [table.name for table in metadata.sorted_tables if table.name not in without]
    return {name: book.rows(f"SELECT * FROM {name}") for name in tables}


def fill(connection: Connection, revision: str, rows: dict[str, list[Any]]) -> None:
    """Make the tables as a revision did, and fill them."""
    upgrade(connection, revision)
    for name, some in rows.items():
        for row in some:
            connection.exec_driver_sql(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", tuple(row))


@pytest.mark.parametrize("revision", NEWER)
def test_an_older_register_is_upgraded_with_all_that_is_in_it(book: Book, revision: str) -> None:
    promise, made = book.issue("a")
    book.issue("b")
    book.rows("INSERT INTO used_numbers VALUES ('N1', 'food-business', 'old system')")
    book.rows("INSERT INTO inherited VALUES ('N1', 'food-business', '甲', '', NULL, NULL, 'old system', 1)")
    before = contents(book, NEWER[revision])
    book.register.close()
    for file in book.folder.glob("register.db*"):
        file.unlink()
    database = open_database(book.url, readonly=False)
    with database.writing() as db:
        fill(db.connection, revision, before)
    database.close()

    book.register = book.open()
    assert book.rows("SELECT version_num FROM alembic_version") == [(REVISION,)]
    assert contents(book, NEWER[revision]) == before
    assert book.register.check_events() == 4
    assert [d.status for d in book.register.find(promise.number)] == ["issued", "issued"]
    assert book.register.pdf(made[0].pdf_digest)
    assert (
        dict.fromkeys(promise.slots, "issued").items()
        <= {Slot(0, place): word for place, word in book.register.slots(0, AT)}.items()
    )
    assert book.issue("c")[0].sequence == 3
