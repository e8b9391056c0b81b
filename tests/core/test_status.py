from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen.core import status

# Every pair that may follow, written out a second time: the table is the law of a licence's life.
ENDS = {"superseded", "cancelled", "withdrawn", "annulled", "revoked", "void"}
ALLOWED = {("issued", "suspended"), ("suspended", "issued")} | set(product(("issued", "suspended"), ENDS))


@pytest.mark.parametrize(("before", "after"), list(product(get_args(status.Status), repeat=2)))
def test_a_status_follows_another_only_where_the_table_says_so(before, after):
    assert status.is_allowed(before, after) == ((before, after) in ALLOWED)


def test_every_status_has_a_label_in_both_languages_and_a_row_in_the_table():
    assert set(status.LABELS) == set(status.TRANSITIONS) == set(status.STATUSES)
    assert len({label.zh for label in status.LABELS.values()}) == len(status.STATUSES)
    assert status.LABELS["revoked"].zh == "吊销"


def test_nothing_follows_an_end():
    assert all(not status.TRANSITIONS[end] for end in ENDS)


def test_what_was_recorded_later_may_have_taken_effect_earlier():
    known = [(100, "suspended"), (200, "issued"), (150, "annulled")]
    assert [status.status_at(known, t) for t in (99, 100, 149, 150, 200)] == [
        "issued", "suspended", "suspended", "annulled", "annulled",
    ]  # fmt: skip


def test_a_suspension_of_tomorrow_is_not_in_force_today():
    assert status.status_at([(200, "suspended")], 199) == "issued"
    assert status.status_at([(200, "suspended"), (200, "issued")], 200) == "issued"


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(status.STATUSES))), st.integers(0, 9))
def test_nothing_follows_an_end_whatever_is_recorded(known, moment):
    before = status.status_at(known, moment)
    assert before not in ENDS or status.status_at(known, 9) == before


@pytest.mark.parametrize("action", status.ACTIONS.values(), ids=lambda action: action.word)
def test_an_action_starts_from_a_living_status_and_leaves_another(action):
    assert action.before <= {"issued", "suspended"} and action.before
    assert action.after not in action.before
    assert action.label.zh != action.label.en == action.word


@pytest.mark.parametrize(("word", "before"), list(product(status.ACTIONS, status.STATUSES)))
def test_an_action_is_allowed_only_where_the_table_says_so(word, before):
    from_suspended = {"reinstate", "cancel", "withdraw", "annul", "revoke", "void", "correct", "replace"}
    allowed = (before == "issued" and word != "reinstate") or (before == "suspended" and word in from_suspended)
    assert (before in status.ACTIONS[word].before) == allowed


def test_a_penalty_needs_its_legal_basis_and_a_formality_does_not():
    assert {w for w, a in status.ACTIONS.items() if a.needs_basis} == {"suspend", "withdraw", "annul", "revoke"}


def test_a_correction_keeps_the_days_and_voids_the_misprint():
    assert status.ACTIONS["correct"].keeps == {"day", "period"}
    assert status.ACTIONS["correct"].after == "void"
    assert {w: set(a.keeps) for w, a in status.ACTIONS.items() if a.successor} == {
        "correct": {"day", "period"}, "amend": {"period"}, "renew": set(), "replace": {"facts", "period"},
    }  # fmt: skip
