"""Issuing authorities, from `authorities.toml`: who they are, and what they were called on a day.

A licence keeps the name its office had on the day of issue; the reform of 2018-19 renamed them all.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from certgen.core.codes import is_uscc
from certgen.core.errors import SettingsError, Text
from certgen.core.model import Authority
from certgen.numbering import OF_AUTHORITY
from certgen.tomlfile import Table

OFFICE = "[0-9]{6}(-[0-9a-z]{1,16})?"  # the id of an authority: its division, and a word when there are several
_SHAPES = {"province": "[一-鿿]", "city": "[一-鿿]{1,2}", "region3": "[0-9]{3}", "region4": "[0-9]{4}"}


@dataclass(frozen=True, slots=True)
class AuthorityRecord:
    """An authority through time; `since[i]` is the first day of `names[i]`, in order.

    `words` are what it puts into numbers, by token: {province} 鄂, {city} 咸, {region3} 715, {region4} 0715.
    """

    id: str
    since: tuple[date, ...]
    names: tuple[Authority, ...]
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def latest(self) -> Authority:
        """Give the authority under its newest name."""
        return self.names[-1]

    def on(self, day: date) -> Authority:
        """Give the authority as named on a day; raises SettingsError before its first name."""
        place = bisect_right(self.since, day)
        if not place:
            raise SettingsError(
                Text(
                    f"机关 {self.id} 在 {day} 尚无名称，最早为 {self.since[0]}",
                    f"authority {self.id} has no name on {day}, its first is of {self.since[0]}",
                )
            )
        return self.names[place - 1]


def load_authorities(*files: Path) -> Mapping[str, AuthorityRecord]:
    """Read authorities by id; a later file replaces whole records of earlier ones. Raises TemplateError."""
    found: dict[str, AuthorityRecord] = {}
    for file in files:
        top = Table.load(file)
        here: dict[str, AuthorityRecord] = {}
        for table in top.tables("authority", name="id"):
            record = _record(table)
            if record.id in here:
                raise table.fault("id", f"机关 {record.id} 写了两次", f"authority {record.id} is declared twice")
            here[record.id] = record
        top.close()
        found |= here
    return found


def _record(table: Table) -> AuthorityRecord:
    key = table.text("id", shape=OFFICE)
    division = table.text("division", shape="[0-9]{6}")
    short, telephone = table.text("short"), table.text("telephone", shape="[0-9+ 转-]{3,40}")
    uscc = table.text("uscc", "")
    if uscc and not is_uscc(uscc):
        raise table.fault("uscc", f"“{uscc}”不是统一社会信用代码", f"{uscc!r} is no unified social credit code")
    words = {f"{{{name}}}": table.text(name, shape=_SHAPES[name]) for name in OF_AUTHORITY if table.has(name)}
    since: list[date] = []
    names: list[Authority] = []
    for row in table.tables("names"):
        day = row.day("from")
        if since and day <= since[-1]:
            raise table.fault("names", "名称须按启用日期先后排列", "names are not in the order of their first days")
        since.append(day)
        names.append(
            Authority(id=key, name=row.text("name"), short=short, division=division, telephone=telephone, uscc=uscc)
        )
        row.close()
    table.close()
    return AuthorityRecord(key, tuple(since), tuple(names), words)
