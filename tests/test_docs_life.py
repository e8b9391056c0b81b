"""docs/life.md shows the table that the code obeys, and a diagram of it."""

import re
from itertools import groupby
from pathlib import Path

from certgen.core.status import ACTIONS, STATUSES, is_allowed

PAGE = (Path(__file__).parent.parent / "docs" / "life.md").read_text("utf-8")


def test_the_page_shows_the_table_of_actions() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \| ([^|]+) \| (\w+) \| (\S+) \| ([^|]+) \| (\S+) \|$", PAGE, re.M)
    assert [row[0] for row in rows] == list(ACTIONS)
    for word, label, before, after, successor, keeps, basis in rows:
        action = ACTIONS[word]
        assert label == action.label.zh
        assert set(before.split(", ")) == action.before
        assert after == action.after
        assert (successor == "yes") == action.successor
        assert (basis == "yes") == action.needs_basis
        kept = set(keeps.strip().split(", ")) - {"–"}
        assert kept == ({"number"} if action.successor else set()) | action.keeps


def test_the_diagram_is_the_table() -> None:
    drawn = {
        (before, after): set(words.split(", "))
        for before, after, words in re.findall(r"^ +(\w+) --> (\w+): (.+)$", PAGE, re.M)
    }
    steps = sorted((b, action.after, word) for word, action in ACTIONS.items() for b in action.before)
    meant = {pair: {word for *_, word in group} for pair, group in groupby(steps, key=lambda step: step[:2])}
    assert drawn == meant
    assert {(a, b) for a in STATUSES for b in STATUSES if is_allowed(a, b)} == set(meant)
