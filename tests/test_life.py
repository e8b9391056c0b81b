"""The life of documents: what happened to them, what they were on a day, and what the status lists say."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest

from certgen.core import sid as sids
from certgen.core.errors import ApplicationError, Problem
from certgen.core.model import Slot
from certgen.core.status import ACTIONS, STATUSES
from certgen.register import Change
from certgen.slots import SHARD
from tests._book import AT, PLATE, PLATE_DIGEST, Book


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    book = Book(tmp_path)
    yield book
    book.register.close()


def listed(book: Book, days: float = 0) -> dict[Slot, str]:
    at = AT + timedelta(days=days)
    return {Slot(shard, i): word for shard in book.register.shards() for i, word in book.register.slots(shard, at)}


def change(book: Book, what: str, action: str, days: float | None = None, at: float = 0, **said: str) -> list[str]:
    """Change a licence on day `at`, with effect from day `days`; give the sids that it was about."""
    effective = None if days is None else AT + timedelta(days=days)
    words = {"actor": "inspector", "reason": "why", "basis": "行政许可法第六十九条"} | said
    done = book.register.change(what, Change(action, effective_at=effective, **words), AT + timedelta(days=at))
    return [document.sid for document in done]


def refusal(book: Book, what: str, action: str, days: float | None = None, at: float = 0, **said: str) -> Problem:
    before = book.rows("SELECT count(*) FROM events")
    with pytest.raises(ApplicationError) as error:
        change(book, what, action, days, at, **said)
    assert book.rows("SELECT count(*) FROM events") == before
    (problem,) = error.value.problems
    return problem


def statuses(book: Book, what: str, at: float = 0) -> list[str]:
    book.now = AT + timedelta(days=at)
    return [document.status for document in book.register.find(what)]


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
    change(book, one.number, "suspend", days=2)
    change(book, other.sids[1], "void")
    assert listed(book) == dict.fromkeys([*one.slots, other.slots[0]], "issued") | {other.slots[1]: "void"}
    assert listed(book, days=2)[one.slots[0]] == listed(book, days=2)[one.slots[1]] == "suspended"


# Changes


def test_a_change_is_about_all_copies_of_a_number_or_one_copy_of_a_sid(book: Book) -> None:
    one, _ = book.issue("a")
    assert change(book, one.number, "suspend") == list(one.sids)
    assert statuses(book, one.number) == ["suspended", "suspended"]
    assert change(book, sids.grouped(one.sids[1]).lower(), "void") == [one.sids[1]]
    assert statuses(book, one.number) == ["suspended", "void"]
    assert change(book, one.number, "reinstate") == [one.sids[0]]
    assert statuses(book, one.number) == ["issued", "void"]


def test_a_change_leaves_an_event_in_the_chain_and_a_line_in_the_outbox(book: Book) -> None:
    one, _ = book.issue("a")
    change(book, one.number, "revoke", basis="食品安全法第一百二十四条", reason="制售假药", actor="王磊")
    assert book.register.check_events() == 3
    assert book.rows(
        "SELECT e.ordinal, e.action, e.status, e.actor, e.basis, e.reason, o.topic "
        "FROM events e JOIN outbox o ON o.event_id = e.id WHERE e.id = 3"
    ) == [(None, "revoke", "revoked", "王磊", "食品安全法第一百二十四条", "制售假药", "revoke")]


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("word", [word for word, action in ACTIONS.items() if not action.successor])
def test_the_register_refuses_what_the_table_refuses(book: Book, before: str, word: str) -> None:
    one, _ = book.issue("a")
    if before != "issued":
        book.rows(f"INSERT INTO events VALUES (3, 1, NULL, NULL, 'x', '{before}', 1, 1, 'me', '', 'why', x'00')")
    if before in ACTIONS[word].before:
        change(book, one.number, word)
        assert set(statuses(book, one.number)) == {ACTIONS[word].after}
    else:
        problem = refusal(book, one.number, word)
        assert (problem.field, problem.label.en) == ("status", "Status")
        assert set(statuses(book, one.number)) == {before}


@pytest.mark.parametrize(
    ("said", "field"),
    [({"reason": " "}, "reason"), ({"actor": ""}, "actor"), ({"basis": ""}, "basis"), ({"reason": "x" * 501}, "reason"),
     ({"reason": "\x1b[31m"}, "reason")],
)  # fmt: skip
def test_a_change_needs_reason_basis_and_actor(book: Book, said: dict[str, str], field: str) -> None:
    one, _ = book.issue("a")
    assert refusal(book, one.number, "suspend", **said).field == field


def test_a_formality_needs_no_legal_basis(book: Book) -> None:
    one, _ = book.issue("a")
    change(book, one.number, "cancel", basis="")
    assert statuses(book, one.number) == ["cancelled", "cancelled"]


@pytest.mark.parametrize("word", ["correct", "amend", "renew", "replace", "issued", "destroy"])
def test_a_new_version_is_not_made_by_writing_a_word_down(book: Book, word: str) -> None:
    one, _ = book.issue("a")
    assert refusal(book, one.number, word).field == "action"


@pytest.mark.parametrize("what", ["JY14212020000099", "000000000000", "", "\udc80"])
def test_what_the_register_does_not_have_is_not_changed(book: Book, what: str) -> None:
    book.issue("a")
    assert refusal(book, what, "cancel").field == "number"


def test_a_number_of_two_kinds_asks_for_a_sid(book: Book) -> None:
    one, _ = book.issue("a")
    book.register.put_plate(PLATE_DIGEST, PLATE, "plate")
    (other,) = book.reserve(book.ask("b", kind="drug-business", counter="other"))
    book.register.record([book.recorded(other, 0), book.recorded(other, 1)], AT, "clerk")
    assert "several kinds" in refusal(book, one.number, "cancel").wanted.en
    change(book, one.sids[0], "cancel")
    assert statuses(book, other.sids[0]) == ["issued"]


def test_a_suspension_of_tomorrow_can_be_taken_back_today(book: Book) -> None:
    one, _ = book.issue("a")
    change(book, one.number, "suspend", days=1)
    assert (statuses(book, one.number), statuses(book, one.number, at=1)) == (["issued"] * 2, ["suspended"] * 2)
    assert refusal(book, one.number, "reinstate").found == "有效"
    change(book, one.number, "reinstate", days=1)
    assert statuses(book, one.number, at=1) == ["issued"] * 2


def test_a_licence_that_will_end_can_still_be_suspended_and_one_that_has_ended_cannot(book: Book) -> None:
    one, _ = book.issue("a")
    change(book, one.number, "cancel", days=30)
    change(book, one.number, "suspend", days=2, at=1)
    assert [statuses(book, one.number, at=day)[0] for day in (1, 2, 29, 30)] == [
        "issued", "suspended", "suspended", "cancelled",
    ]  # fmt: skip
    assert refusal(book, one.number, "revoke", at=30).found == "注销"
    assert refusal(book, one.number, "revoke", days=1, at=30).found == "注销", "not even with effect from before"


def test_nothing_happens_before_the_day_of_issue_or_in_a_year_nobody_means(book: Book) -> None:
    one, _ = book.issue("a")  # on 2026-11-23 at 09:02 in Xianning
    assert refusal(book, one.number, "void", days=-0.4).field == "effective"
    assert refusal(book, one.number, "void", days=367).field == "effective"
    change(book, one.number, "void", days=-0.3)
    assert statuses(book, one.number) == ["void", "void"]


# What it was on a day


def test_what_was_on_a_day_is_answered_by_what_is_known_now(book: Book) -> None:
    one, _ = book.issue("a")
    day = date(2026, 11, 25)
    assert book.register.status_on(one.sids[0], day).is_in_force
    change(book, one.number, "annul", days=1, at=300)
    assert not book.register.status_on(one.sids[0], day).is_in_force
    assert book.register.status_on(one.sids[0], day).status == "annulled"
    assert book.register.status_on(one.sids[0], AT).is_in_force
    assert book.register.status_on("0" * 12, day) is None


def test_a_day_counts_to_its_end_and_a_moment_to_its_second(book: Book) -> None:
    one, _ = book.issue("a")
    change(book, one.number, "suspend", days=0.5)  # at 21:02 in Xianning
    assert book.register.status_on(one.sids[0], date(2026, 11, 23)).status == "suspended"
    assert book.register.status_on(one.sids[0], AT).status == "issued"


def test_a_period_has_a_first_and_a_last_day(book: Book) -> None:
    one, _ = book.issue("a")
    days = [date(2026, 11, 22), date(2026, 11, 23), date(2031, 11, 22), date(2031, 11, 23)]
    standings = [book.register.status_on(one.sids[0], day) for day in days]
    assert [s.is_in_force for s in standings] == [False, True, True, False]
    assert [s.label.en for s in standings] == ["not yet in force", "in force", "in force", "expired"]


def test_history_tells_everything_in_the_order_it_was_written_down(book: Book) -> None:
    one, _ = book.issue("a")
    book.issue("b")
    change(book, one.number, "suspend", days=1, reason="整改")
    change(book, one.sids[1], "void", at=2)
    told = book.register.history(one.number)
    assert [(e.version, e.copy, e.action, e.status, e.reason) for e in told] == [
        (1, "original", "issued", "issued", ""),
        (1, "duplicate", "issued", "issued", ""),
        (1, "", "suspend", "suspended", "整改"),
        (1, "duplicate", "void", "void", "why"),
    ]
    assert (told[2].at, told[2].effective_at) == (
        AT.replace(microsecond=0),
        (AT + timedelta(days=1)).replace(microsecond=0),
    )
    assert book.register.history(one.sids[1]) == told
    assert book.register.history("none") == book.register.history("\udc80") == ()


def test_a_list_and_a_question_give_the_same_status(book: Book) -> None:
    words = ["suspend", "cancel", "reinstate", "suspend", "void", "revoke"]
    for key in "abc":
        book.issue(key)
    numbers = [f"JY1421202{i:06d}{i}" for i in (1, 2, 3)]
    for i in range(40):
        word, number, day = book.random.choice(words), book.random.choice(numbers), book.random.randrange(9)
        with suppress(ApplicationError):
            change(book, number, word, days=day, at=i % 9)
    for at in range(10):
        by_list = Counter(listed(book, at).values())
        assert by_list == Counter(word for number in numbers for word in statuses(book, number, at))
    assert len(by_list) > 1


def test_lists_follow_one_another_and_a_licence_may_lie_in_two(book: Book) -> None:
    places = {}
    for edge in (1, 2):
        for i in range(4):  # the second licence of each four has its copies in two lists
            one, _ = book.issue(f"{edge}-{i}")
            places |= dict(zip(one.slots, one.sids, strict=True))
            if i == 0:
                last = edge * SHARD - 2
                book.rows(f"UPDATE counters SET highest = {last} WHERE scope = 'status-slots'")
    assert len(places) == 16 and {slot.shard for slot in places} == {0, 1, 2}
    assert listed(book) == dict.fromkeys(places, "issued")
