"""The public service, made once for a module of tests."""

from collections.abc import Iterator

import pytest

from api.public import make_app
from certgen import wiring
from tests._place import Book, Place
from tests._web import Web
from tests.house import Clock, House, case, sample_2015


@pytest.fixture(scope="module")
def opened(common_house: House) -> Place:
    valid, old = common_house.issue().documents[1], common_house.issue(sample_2015()).documents[1]
    trader = common_house.issue(case("sole-trader")).documents[1]
    book, clock = Book(common_house.register), Clock(common_house.clock())
    desk = wiring.Desk(common_house.settings, book, clock)  # type: ignore[arg-type]
    return Place(Web(make_app(desk)), book, clock, common_house, valid.sid, valid.pdf, old.sid, old.pdf, trader.sid)


@pytest.fixture
def place(opened: Place) -> Iterator[Place]:
    before = opened.clock.now
    yield opened
    opened.book.change, opened.book.fault, opened.clock.now = lambda known: known, None, before
    opened.book.asked.clear()
