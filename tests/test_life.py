"""The life of documents: what happened to them, what they were on a day, and what the status lists say."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certgen.core.model import Slot
from tests._book import AT, PLATE, PLATE_DIGEST, Book


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    book = Book(tmp_path)
    yield book
    book.register.close()


def listed(book: Book, days: float = 0) -> dict[Slot, str]:
    at = AT + timedelta(days=days)
    return {Slot(shard, i): word for shard in book.register.shards() for i, word in book.register.slots(shard, at)}


def put(book: Book, request_id: int, word: str, status: str, days: float = 0, ordinal: int | None = None) -> None:
    (((line,),), copy) = book.rows("SELECT max(id) + 1 FROM events"), "NULL" if ordinal is None else ordinal
    effective = int((AT + timedelta(days=days)).timestamp())
    book.rows(
        f"INSERT INTO events VALUES ({line}, {request_id}, {copy}, NULL, '{word}', '{status}', "
        f"{int(AT.timestamp())}, {effective}, 'inspector', '', 'why', x'00')"
    )


def test_an_empty_register_has_no_status_list(book: Book) -> None:
    assert book.register.shards() == ()
    assert book.register.slots(0, AT) == []


def test_every_recorded_document_has_its_place_and_a_promised_one_has_none(book: Book) -> None:
    one, _ = book.issue("a")
    (promise,) = book.reserve(book.ask("promised, never recorded"))
    book.register.put_plate(PLATE_DIGEST, PLATE, "plate")
    (half,) = book.reserve(book.ask("one copy of two"))
    book.register.record([book.recorded(half, 1), book.recorded(half, 1, "overprint")], AT, "clerk")
    assert listed(book) == dict.fromkeys([*one.slots, half.slots[1]], "issued")
    assert not set(promise.slots) & set(listed(book))


def test_a_status_list_says_what_has_taken_effect(book: Book) -> None:
    one, _ = book.issue("a")
    other, _ = book.issue("b")
    put(book, 1, "suspend", "suspended", days=2)
    put(book, 2, "void", "void", ordinal=1)
    assert listed(book) == dict.fromkeys([*one.slots, other.slots[0]], "issued") | {other.slots[1]: "void"}
    assert listed(book, days=2)[one.slots[0]] == listed(book, days=2)[one.slots[1]] == "suspended"
