import pytest

from tests.verify.builder import Book, Office, build


@pytest.fixture(scope="session")
def office() -> Office:
    return Office()


@pytest.fixture(scope="session")
def pdf(office: Office) -> bytes:
    """A document as it should be."""
    return build(office)


@pytest.fixture
def book(pdf: bytes) -> Book:
    """A register that holds that document."""
    book = Book()
    book.enter(pdf)
    return book
