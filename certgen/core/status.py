"""The life of a document as one table. Expiry is not in it: that is a comparison with today.

    issued ──▶ suspended ──▶ issued
       └──────────┴──▶ superseded cancelled withdrawn annulled revoked void      (all final)

注销 after 吊销, 撤销 or 撤回 is a formality that leaves the stronger word standing.
"""

from collections.abc import Mapping
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

_ENDS: frozenset[Status] = frozenset({"superseded", "cancelled", "withdrawn", "annulled", "revoked", "void"})

TRANSITIONS: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        "issued": _ENDS | {"suspended"},
        # A suspended licence is not renewed or changed, but a lost paper may be replaced.
        "suspended": _ENDS | {"issued"},
        "superseded": frozenset(),
        "cancelled": frozenset(),
        "withdrawn": frozenset(),
        "annulled": frozenset(),
        "revoked": frozenset(),
        "void": frozenset(),
    }
)


def is_allowed(before: Status, after: Status) -> bool:
    """Tell whether a document may go from one status to the other."""
    return after in TRANSITIONS[before]
