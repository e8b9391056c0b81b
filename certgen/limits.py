"""What a record must satisfy beyond the shape of its fields: the `[[rule]]` tables of `template.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from certgen.core import codes
from certgen.core.chinese import birthday
from certgen.core.errors import Text
from certgen.core.model import Field, Hold


@dataclass(frozen=True, slots=True)
class MinAge:
    """`min_age = { field, years }`: who the identity number in `field` names has had that birthday by the day of issue.

    Asia/Shanghai calendar dates; who was born on 29 February has it on 1 March in common years.
    """

    field: str
    years: int

    def wanted(self, values: Mapping[str, str], day: date) -> Text | None:
        """Say what would do when the rule is broken; None when it is kept, or the field is empty."""
        text = values.get(self.field, "")
        if not text or birthday(codes.birth_date(text), self.years) <= day:
            return None
        # Without the birthday itself: ledgers keep what was wanted.
        return Text(
            f"{day} 已满 {self.years} 周岁者的公民身份号码",
            f"the citizen identity number of somebody who is {self.years} by {day}",
        )


@dataclass(frozen=True, slots=True)
class UsccFrom:
    """`uscc_from = { field, day }`: from that day of issue on, a registration number of 15 digits will not do."""

    field: str
    day: date

    def wanted(self, values: Mapping[str, str], day: date) -> Text | None:
        """Say what would do when the rule is broken; None when it is kept, or the field is empty."""
        text = values.get(self.field, "")
        if not text or day < self.day or codes.is_uscc(text):
            return None
        return Text(
            f"统一社会信用代码（{self.day} 起不再使用15位注册号）",
            f"a unified social credit code (numbers of 15 digits ended on {self.day})",
        )


Limit = MinAge | UsccFrom


@dataclass(frozen=True, slots=True)
class Unique:
    """`unique = { fields, each_authority }`: at most one licence in force of the kind has these values.

    A record that leaves one of the fields blank is not bound. The register keeps the rule (certgen.holds).
    """

    fields: tuple[Field, ...]
    each_authority: bool

    def hold(
        self, kind: str, values: Mapping[str, str], printed: Mapping[str, str], authority: str
    ) -> tuple[Hold, ...]:
        """Say what a record claims; nothing when a field is blank."""
        mine = tuple(values.get(field.name, "") for field in self.fields)
        if not all(mine):
            return ()
        names = tuple(field.name for field in self.fields)
        label = Text("、".join(f.label.zh for f in self.fields), ", ".join(f.label.en for f in self.fields))
        shown = "、".join(printed[name] for name in names)
        return (Hold(kind, names, authority if self.each_authority else "", mine, label, shown),)
