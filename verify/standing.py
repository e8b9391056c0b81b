"""Where a document stands when no register is at hand: what signed status lists say, and how old they are (rule V).

no list of its shard             cannot tell
a place where nothing was issued failed; cannot tell where the document may be younger than the list
suspended                        failed; cannot tell by a list out of date: it may have been reinstated
any other word but issued        failed, however old the list: these words are final
issued                           in force; cannot tell when the list, or the trust list, is out of date
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from certgen.core.errors import Text, VerificationError
from certgen.core.model import Slot
from certgen.core.status import LABELS, TRANSITIONS, Status
from certgen.core.statuslist import StatusList
from certgen.core.trustlist import TrustList
from verify.report import Facts, UnsureError, say_age, say_moment

_SKEW = timedelta(minutes=5)  # by which clocks may differ
_RECORDING = timedelta(hours=1)  # from reserving a place to recording what was issued, a long batch included
_NOTHING_KNOWN = Text("没有最新状态，不能断定目前是否有效", "no fresh status is at hand: it may have been revoked")


class Standing:
    """The status lists at hand, the newest of each shard, and the trust list that vouches for who signed them."""

    __slots__ = ("_lists", "_trust")

    def __init__(self, lists: Iterable[StatusList], trust: TrustList | None) -> None:
        """Take lists that `certgen.core.statuslist.decode` has accepted."""
        self._lists = {one.shard: one for one in sorted(lists, key=lambda one: one.issued_at)}
        self._trust = trust

    def check(self, slot: Slot, issued_at: datetime | None, now: datetime) -> Text:
        """Say that the document at a place is in force, as of when. `issued_at` is None where only a day is known.

        Raises VerificationError (V) when it is not in force, UnsureError when nobody here can tell.
        """
        found = self._lists.get(slot.shard)
        if found is None or self._trust is None:
            raise UnsureError(_NOTHING_KNOWN)
        if found.issued_at > now + _SKEW:
            moment = say_moment(found.issued_at)
            raise UnsureError(
                Text(
                    f"状态列表签发于 {moment}，晚于本机时间，请校准",
                    f"the status list is of {moment}: set this clock right",
                )
            )
        status = found.status(slot.index)
        if status is None:
            raise _unknown(found, issued_at, now)
        if status != "issued":
            raise _not_in_force(status, found, now)
        self._check_fresh(found, now)
        moment, age = say_moment(found.issued_at), say_age(now - found.issued_at)
        return Text(
            f"截至 {moment} 有效（状态列表已签发 {age.zh}）", f"in force as of {moment}, by a status list {age.en} old"
        )

    def say(self, slot: Slot, now: datetime) -> Facts:
        """Give the age of the list that is asked about a place."""
        found = self._lists.get(slot.shard)
        return () if found is None else ((Text("状态列表签发于", "status list of"), say_old(found.issued_at, now)),)

    def _check_fresh(self, found: StatusList, now: datetime) -> None:
        if now >= found.expires_at:
            age = say_age(now - found.issued_at)
            raise UnsureError(
                Text(
                    f"状态列表已签发 {age.zh}，其后有无变化不得而知，请取新的列表",
                    f"the status list is {age.en} old: what happened since is not known; fetch a newer one",
                )
            )
        if self._trust is not None and not self._trust.is_fresh(now):
            age = say_age(now - self._trust.issued_at)
            raise UnsureError(
                Text(
                    f"信任清单已签发 {age.zh}，密钥此后是否失密不得而知，请取新的清单",
                    f"the trust list is {age.en} old: a key may have been stolen since; fetch a newer one",
                )
            )


def say_old(moment: datetime, now: datetime) -> Text:
    """Write a moment and how long ago it was."""
    at, age = say_moment(moment), say_age(now - moment)
    return Text(f"{at}（{age.zh}前）", f"{at} ({age.en} ago)")


def _unknown(found: StatusList, issued_at: datetime | None, now: datetime) -> UnsureError | VerificationError:
    """Nothing was issued at this place when the list was signed.

    A corrected licence keeps its printed day, so a day alone does not say that a document is older than the list: a
    licence fetched at the window this morning must not be called forged by yesterday's list.
    """
    age = say_age(now - found.issued_at)
    if issued_at is not None and issued_at + _RECORDING < found.issued_at:
        moment = say_moment(found.issued_at)
        return VerificationError(
            "V",
            Text(
                f"从未签发：{moment} 的状态列表中没有此证",
                f"never issued: the status list of {moment} does not know it",
            ),
        )
    return UnsureError(
        Text(
            f"状态列表（{age.zh}前）中没有此证：从未签发，或在其后签发；请取新的列表",
            f"the status list, {age.en} old, does not know it: never issued, or only since then; fetch a newer one",
        )
    )


def _not_in_force(status: Status, found: StatusList, now: datetime) -> UnsureError | VerificationError:
    age, label = say_age(now - found.issued_at), LABELS[status]
    if TRANSITIONS[status] and now >= found.expires_at:
        return UnsureError(
            Text(
                f"{age.zh}前状态为“{label.zh}”，其后不得而知",
                f"{label.en} {age.en} ago; what happened since is not known",
            )
        )
    return VerificationError(
        "V",
        Text(
            f"证照真实，但状态为“{label.zh}”（状态列表已签发 {age.zh}）",
            f"authentic, but not in force: {label.en}, by a status list {age.en} old",
        ),
    )
