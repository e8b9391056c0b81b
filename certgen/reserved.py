"""The keys of a record that no template declares: the authority, the day of issue, the period, the request key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from certgen import fieldtypes
from certgen.authorities import AuthorityRecord
from certgen.core.chinese import ends_on
from certgen.core.errors import Problem, Text
from certgen.core.model import Authority
from certgen.fieldtypes import RefusedError

RESERVED: Mapping[str, Text] = {
    "authority": Text("发证机关", "Issuing authority"),
    "issued_on": Text("发证日期", "Date of issue"),
    "valid_from": Text("有效期自", "Valid from"),
    "valid_until": Text("有效期至", "Valid until"),
    "request_key": Text("申请编号", "Request key"),
}
AHEAD = timedelta(days=366)  # a period may begin this long after the day of issue, as renewals do


def reserved_problem(name: str, found: str, wanted: Text) -> Problem:
    """Make the Problem of a reserved key."""
    return Problem(name, RESERVED[name], found, wanted)


def read_day(given: Mapping[str, object], name: str, problems: list[Problem]) -> date | None:
    """Read one of the days; None when it is not given, or wrong and added to the problems."""
    value = given.get(name)
    if fieldtypes.is_blank(value):
        return None
    try:
        return fieldtypes.read_day(value)
    except RefusedError as error:
        problems.append(reserved_problem(name, fieldtypes.found(value), error.wanted))
        return None


def read_authority(
    given: Mapping[str, object], authorities: Mapping[str, AuthorityRecord], day: date, problems: list[Problem]
) -> Authority | None:
    """Read the authority as named on a day. When none is given, it is the only one there is."""
    value = given.get("authority")
    if fieldtypes.is_blank(value):
        record = next(iter(authorities.values())) if len(authorities) == 1 else None
    else:
        record = authorities.get(str(value).strip(fieldtypes.BLANKS)) if type(value) in (str, int) else None
    if record is None:
        some = [f"{one.id} {one.latest.short}" for one in list(authorities.values())[:8]]
        wanted = Text(f"下列机关代码之一：{'、'.join(some)}", f"the code of one authority: {', '.join(some)}")
    elif record.since[0] > day:
        wanted = Text(f"{day} 已设立的机关", f"an authority that existed on {day}")
    else:
        return record.on(day)
    problems.append(reserved_problem("authority", fieldtypes.found(value), wanted))
    return None


@dataclass(frozen=True, slots=True)
class Validity:
    """How long a document is good: for whole months, or (0) to the day that a date field gives, "" for ever."""

    months: int
    field: str = ""


def period(
    months: int | None, issued_on: date, valid_from: date | None, valid_until: date | None, problems: list[Problem]
) -> tuple[date, date | None]:
    """Work out the period of a document: from its day of issue for whole months, unless the record says otherwise.

    A record names `valid_until` when it continues an older period, which may be shorter than the rule but not
    longer. No document begins more than a year after its issue or has expired on that day.
    """
    begin = valid_from or issued_on
    if not _begins(begin, issued_on, problems):
        return begin, None
    if months is None:
        if valid_until:
            wanted = Text("空白（本证照长期有效）", "nothing: this kind does not expire")
            problems.append(reserved_problem("valid_until", valid_until.isoformat(), wanted))
        return begin, None
    last = ends_on(begin, months=months)
    end, earliest = valid_until or last, max(begin + timedelta(days=1), issued_on)
    if last < earliest:
        wanted = Text(
            f"至发证日期（{issued_on}）尚未期满的日期", f"a period that lasts to the day of issue, {issued_on}"
        )
        problems.append(reserved_problem("valid_from", begin.isoformat(), wanted))
    elif not earliest <= end <= last:
        wanted = Text(f"{earliest} 至 {last} 之间的日期", f"a date from {earliest} to {last}")
        problems.append(reserved_problem("valid_until", end.isoformat(), wanted))
    return begin, end


def period_to(
    field: tuple[str, Text, str], issued_on: date, given: tuple[date | None, date | None], problems: list[Problem]
) -> tuple[date, date | None]:
    """Work out the period of a document that ends on the day in a field: its name, label and value, "" for no end.

    `given` are `valid_from` and `valid_until` of the record; the second may only repeat the field.
    """
    name, label, value = field
    begin, valid_until = given[0] or issued_on, given[1]
    end = date.fromisoformat(value) if value else None
    earliest = max(begin + timedelta(days=1), issued_on)
    if not _begins(begin, issued_on, problems):
        return begin, None
    if valid_until and valid_until != end:
        wanted = Text(f"空白，或与“{label.zh}”相同", f"nothing, or the same as {label.en}")
        problems.append(reserved_problem("valid_until", valid_until.isoformat(), wanted))
    if end and end < earliest:
        wanted = Text(f"{earliest} 或以后的日期", f"a date from {earliest} on")
        problems.append(Problem(name, label, value, wanted))
    return begin, end


def _begins(begin: date, issued_on: date, problems: list[Problem]) -> bool:
    if begin - issued_on <= AHEAD:
        return True
    wanted = Text(f"发证日期（{issued_on}）后一年以内的日期", f"a date within a year of the day of issue, {issued_on}")
    problems.append(reserved_problem("valid_from", begin.isoformat(), wanted))
    return False
