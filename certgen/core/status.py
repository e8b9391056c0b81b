"""The life of a document as one table. Expiry is not in it: that is a comparison with today.

    issued ──▶ suspended ──▶ issued
       └──────────┴──▶ superseded cancelled withdrawn annulled revoked void      (all final)

注销 after 吊销, 撤销 or 撤回 is a formality that leaves the stronger word standing. What each action needs and does
stands in ACTIONS; docs/life.md shows the same table and is tested against it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product
from operator import itemgetter
from types import MappingProxyType
from typing import Literal, get_args

from certgen.core.errors import Text

Status = Literal["issued", "superseded", "suspended", "cancelled", "withdrawn", "annulled", "revoked", "void"]

STATUSES: tuple[Status, ...] = get_args(Status)

LABELS: Mapping[str, Text] = MappingProxyType(
    {
        "issued": Text("有效", "in force"),
        "superseded": Text("已被新证替代", "superseded"),
        "suspended": Text("暂扣", "suspended"),
        "cancelled": Text("注销", "cancelled"),
        "withdrawn": Text("撤回", "withdrawn"),
        "annulled": Text("撤销", "annulled"),
        "revoked": Text("吊销", "revoked"),
        "void": Text("作废", "void"),
    }
)

_BY_CALENDAR = {"expired": Text("已过有效期", "expired"), "ahead": Text("尚未生效", "not yet in force")}

ISSUED = "issued"  # the word of the event that issuing leaves; every other event has the word of an action


@dataclass(frozen=True, slots=True)
class Action:
    """What can happen to a licence once it is issued.

    `before` are the statuses it may start from, `after` is what it leaves. `successor`: a new version takes the
    place of the one acted on, with its status. `needs_basis`: nobody does this without a legal basis. `keeps`
    names what the new version has from the old one.
    """

    word: str
    label: Text
    before: frozenset[Status]
    after: Status
    needs_basis: bool = False
    successor: bool = False
    keeps: frozenset[Literal["facts", "day", "period"]] = frozenset()


_LIVING: frozenset[Status] = frozenset({"issued", "suspended"})
_IN_FORCE: frozenset[Status] = frozenset({"issued"})

ACTIONS: Mapping[str, Action] = MappingProxyType(
    {
        action.word: action
        for action in (
            Action("suspend", Text("暂扣", "suspend"), _IN_FORCE, "suspended", needs_basis=True),
            Action("reinstate", Text("恢复", "reinstate"), frozenset({"suspended"}), "issued"),
            Action("cancel", Text("注销", "cancel"), _LIVING, "cancelled"),
            Action("withdraw", Text("撤回", "withdraw"), _LIVING, "withdrawn", needs_basis=True),
            Action("annul", Text("撤销", "annul"), _LIVING, "annulled", needs_basis=True),
            Action("revoke", Text("吊销", "revoke"), _LIVING, "revoked", needs_basis=True),
            Action("void", Text("作废", "void"), _LIVING, "void"),
            # A suspended licence is not changed or renewed, but a misprint is put right and a lost paper replaced:
            # the new version is suspended too.
            Action(
                "correct", Text("更正", "correct"), _LIVING, "void", successor=True, keeps=frozenset({"day", "period"})
            ),
            Action(
                "amend", Text("变更", "amend"), _IN_FORCE, "superseded", successor=True, keeps=frozenset({"period"})
            ),
            Action("renew", Text("延续", "renew"), _IN_FORCE, "superseded", successor=True),
            Action(
                "replace",
                Text("补办", "replace"),
                _LIVING,
                "superseded",
                successor=True,
                keeps=frozenset({"facts", "period"}),
            ),
        )
    }
)

TRANSITIONS: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {before: frozenset(a.after for a in ACTIONS.values() if before in a.before) for before in STATUSES}
)

_PAIRS = frozenset((before, after) for before, after in product(STATUSES, STATUSES) if after in TRANSITIONS[before])


def is_allowed(before: Status, after: Status) -> bool:
    """Tell whether a document may go from one status to the other."""
    return (before, after) in _PAIRS


def status_at(events: Iterable[tuple[int, Status]], moment: int) -> Status:
    """Tell a document's status at a moment from what is known of its life.

    `events` are (effective second, status) in the order in which they were recorded. They count in the order in
    which they took effect, so what was recorded later may lie earlier; what the table refuses is passed over, so
    that nothing follows an end. A document that nothing happened to is `issued`.
    """
    status: Status = "issued"
    for effective_at, after in sorted(events, key=itemgetter(0)):  # stable: of one second, the order of recording
        if effective_at > moment:
            break
        if (status, after) in _PAIRS:
            status = after
    return status


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a licence's history.

    `copy` is empty when all copies are meant; `status` is what it left from `effective_at` on, None when it left
    the status as it was. Times are UTC; `at` is when it was written down.
    """

    kind: str
    version: int
    copy: str
    action: str
    status: Status | None
    at: datetime
    effective_at: datetime
    actor: str
    basis: str
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What a document was on a day: its status, and whether its period had begun and was over."""

    status: Status
    is_begun: bool
    is_over: bool

    @property
    def is_in_force(self) -> bool:
        """Whether it permitted anything."""
        return self.status == "issued" and self.is_begun and not self.is_over

    @property
    def word(self) -> str:
        """Give the status, or `expired` or `ahead`; what an authority decided weighs more than the calendar."""
        if self.status != "issued" or (self.is_begun and not self.is_over):
            return self.status
        return "expired" if self.is_over else "ahead"

    @property
    def label(self) -> Text:
        """Say it in words."""
        return _BY_CALENDAR.get(self.word) or LABELS[self.status]


def standing_of(status: Status, begins: date, valid_until: date | None, day: date) -> Standing:
    """Compare a document's period with a day; both ends belong to it."""
    return Standing(status, begins <= day, valid_until is not None and valid_until < day)
