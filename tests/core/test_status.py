from itertools import product
from typing import get_args

import pytest

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
