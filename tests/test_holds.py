"""What only one licence in force may have: the `unique` rule, from the template to the register."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from certgen import holds
from certgen.core.errors import ApplicationError, Text
from certgen.core.model import Hold
from certgen.issue import Issued, Refused
from certgen.register import Reservation, Reserved
from tests._book import AT, PLATE, PLATE_DIGEST, Book
from tests.house import House, sample, sample_2015

KIND = "food-business"
CODE, OTHER = Hold(KIND, ("credit_code",), "", ("A",), Text("代码", "Code"), "A"), "421221"
RULE = f"""\
extends = "{KIND}"
kind = "{KIND}"
version = 1

[[rule]]
unique = {{ fields = ["credit_code"] }}
"""


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    book = Book(tmp_path)
    yield book
    book.register.close()


def ask(book: Book, key: str, code: str = "A", **changes: object) -> Reservation:
    return book.ask(key, holds=(replace(CODE, values=(code,), shown=code),), **changes)


def issue(book: Book, key: str, code: str = "A", days: float = 0) -> Reserved:
    (promise,) = book.register.reserve([ask(book, key, code)], AT + timedelta(days=days), book.random.randbytes)
    if promise.refused is None:
        book.register.put_plate(PLATE_DIGEST, PLATE, "plate")
        book.register.record([book.recorded(promise, 0), book.recorded(promise, 1)], AT, "clerk")
    return promise


def end(book: Book, request_id: int, status: str, ordinal: str = "NULL", days: float = 0) -> None:
    (((line,),),) = [book.rows("SELECT max(id) + 1 FROM events")]
    at = int((AT + timedelta(days=days)).timestamp())
    book.rows(
        f"INSERT INTO events VALUES ({line}, {request_id}, {ordinal}, NULL, 'x', '{status}', {at}, {at}, 'me', '', "
        f"'why', x'{line:02}')"
    )


def test_a_second_licence_is_refused_and_names_the_first(book: Book) -> None:
    first = issue(book, "a")
    refused = issue(book, "b")
    assert refused.refused is not None
    assert (refused.refused.field, refused.refused.found) == ("credit_code", "A")
    assert first.number in refused.refused.wanted.en and "2031-11-22" in refused.refused.wanted.en
    assert (refused.number, refused.sids, refused.conflict) == ("", (), False)
    assert issue(book, "c", "B").sequence == 2, "the refused one cost no number"


def test_a_kind_without_the_rule_is_not_bound(book: Book) -> None:
    issue(book, "a")
    (promise,) = book.reserve(book.ask("b"))
    assert promise.refused is None
    assert book.rows("SELECT count(*) FROM holds") == [(1,)]


def test_the_same_request_is_never_in_its_own_way(book: Book) -> None:
    first = issue(book, "a")
    assert issue(book, "a") == replace(first, done=True)


@pytest.mark.parametrize("status", ["cancelled", "withdrawn", "annulled", "revoked", "void", "superseded"])
def test_a_licence_that_has_ended_makes_room(book: Book, status: str) -> None:
    issue(book, "a")
    end(book, 1, status, days=1)
    assert issue(book, "b").refused is not None, "it ends tomorrow"
    assert issue(book, "b", days=1).refused is None


def test_a_suspended_licence_does_not(book: Book) -> None:
    issue(book, "a")
    end(book, 1, "suspended")
    assert issue(book, "b").refused is not None


def test_one_living_copy_is_enough_to_be_in_the_way(book: Book) -> None:
    issue(book, "a")
    end(book, 1, "void", ordinal="0")
    assert issue(book, "b").refused is not None
    end(book, 1, "void", ordinal="1")
    assert issue(book, "b").refused is None


def test_a_licence_that_has_expired_makes_room_the_day_after(book: Book) -> None:
    issue(book, "a")  # until 2031-11-22, Shanghai; AT is 2026-11-23 09:02 there
    last = (AT.replace(year=2031, day=22) - AT).days
    assert issue(book, "b", days=last).refused is not None
    assert issue(book, "b", days=last + 1).refused is None


def test_a_reservation_that_was_never_finished_is_in_the_way_for_ten_minutes(book: Book) -> None:
    first = book.register.reserve([ask(book, "a")], AT, book.random.randbytes)[0]
    minute = 1 / 24 / 60
    refused = issue(book, "b", days=9 * minute)
    assert refused.refused is not None and f"{first.number} is being issued" in refused.refused.wanted.en
    other = issue(book, "c", days=10 * minute)
    assert other.refused is None
    assert issue(book, "a", days=11 * minute).refused is not None, "and comes back too late"


def test_of_two_records_in_one_chunk_the_first_is_good(book: Book) -> None:
    asked = [ask(book, "a"), ask(book, "b"), ask(book, "a"), ask(book, "c", "B")]
    a, b, again, c = book.register.reserve(asked, AT, book.random.randbytes)
    assert a == again and a.refused is None
    assert b.refused is not None and "no other request asks for" in b.refused.wanted.en
    assert (a.sequence, c.sequence) == (1, 2)


def test_a_key_with_another_body_takes_nothing_from_anybody(book: Book) -> None:
    issue(book, "a")
    assert book.register.reserve([ask(book, "a", "B", body=b"other")], AT, bytes)[0].conflict
    assert issue(book, "b", "B").refused is None


def test_ten_threads_that_want_one_thing_get_it_once(book: Book) -> None:
    got: list[Reserved] = []
    asked = [ask(book, f"k{i}") for i in range(10)]
    threads = [threading.Thread(target=lambda r=r: got.extend(book.register.reserve([r], AT, bytes))) for r in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(p.refused is None for p in got) == 1 and len(got) == 10


def test_each_authority_may_count_for_itself(book: Book) -> None:
    here, there = (replace(CODE, authority=one) for one in ("421200", OTHER))
    a, b, c = (book.reserve(book.ask(key, holds=(hold,)))[0] for key, hold in (("a", here), ("b", there), ("c", here)))
    assert a.refused is None and b.refused is None and c.refused is not None


def test_a_rule_that_is_new_counts_the_licences_issued_before_it(book: Book) -> None:
    for key, code in (("a", "A"), ("b", "")):
        book.register.put_plate(PLATE_DIGEST, PLATE, "plate")
        (promise,) = book.reserve(book.ask(key, data=b'{"credit_code":"%s"}' % code.encode()))
        book.register.record([book.recorded(promise, 0), book.recorded(promise, 1)], AT, "clerk")
    assert issue(book, "c", "A").refused is not None
    assert issue(book, "d", "B").refused is None
    assert book.rows("SELECT count(*) FROM hold_rules") == [(1,)]
    assert book.rows("SELECT count(*) FROM holds") == [(2,)], "a blank value holds nothing"


def test_digests_of_different_rules_and_values_differ() -> None:
    others = [
        CODE,
        replace(CODE, kind="k"),
        replace(CODE, fields=("x",)),
        replace(CODE, authority="421200"),
        replace(CODE, values=("B",)),
        replace(CODE, fields=("a", "b"), values=("A", "")),
    ]
    assert len({holds.digest_of(hold) for hold in others}) == len(others)
    assert holds.digest_of(CODE) == holds.digest_of(replace(CODE, label=Text("", ""), shown="")), "words do not count"
    assert "A" not in repr(replace(CODE, shown=""))[60:]


# Through the office


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    folder = tmp_path / "home" / "templates" / KIND
    folder.mkdir(parents=True)
    (folder / "template.toml").write_text(RULE, "utf-8")
    with House(tmp_path / "home") as house:
        yield house


def test_one_code_has_one_licence_in_force(house: House) -> None:
    first = house.issue(operator_name="甲", valid_until="2026-12-01")
    with pytest.raises(ApplicationError) as error:
        house.issue(operator_name="乙")
    (problem,) = error.value.problems
    assert problem.field == "credit_code" and first.number in problem.say("zh") and first.number in problem.say("en")
    house.clock.tick(days=9)
    assert house.issue(operator_name="乙").number != first.number


def test_a_record_that_has_expired_already_is_in_nobodys_way(house: House) -> None:
    record = sample_2015()
    one, other, third = house.try_to_issue(
        house.application("a"), house.application("b"), house.application("c", record=record)
    )
    assert isinstance(one, Issued) and isinstance(other, Refused) and isinstance(third, Issued)


def test_a_refusal_shows_an_identity_number_masked(house: House) -> None:
    citizen = "11010519491231002X"
    house.issue(credit_code=citizen)
    with pytest.raises(ApplicationError) as error:
        house.issue(credit_code=citizen)
    assert citizen not in str(error.value) and "****" in error.value.problems[0].found
    assert sample()["credit_code"] != citizen
