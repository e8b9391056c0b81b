"""Values that follow from others: `derive = "sex(id_number)"` in `template.toml`.

sex(ID)                        男 or 女
birth_date(ID)                 the day of birth
age(ID)                        whole years on the day of issue
band(N, "60 蓝", "65 红")       the word of the highest figure that N reaches, "" below the first
word(C, "公司 A", "合伙企业 C")   the word beside the value of C, "" for any other value
amount_words(N, "人民币", "元")  an amount in words, with words before it and for the unit (both may be left out)

ID is a field of type citizen-id, N one of type integer or amount, C a choice; later arguments are words
in quotes, or fields.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from certgen.core import codes
from certgen.core.chinese import amount_in_words, birthday, shown
from certgen.core.errors import FormatError, Text

_CALL = re.compile(r"([a-z_]+)\(([^()]*)\)")
_ARGUMENT = re.compile(r"""\s*(?:([a-z][a-z0-9_]*)|"([^"]*)"|'([^']*)')\s*""")
_BAND = re.compile("([0-9]{1,9}) (.+)")


@dataclass(frozen=True, slots=True)
class Derivation:
    """A function of `FUNCTIONS` and its arguments: the names of fields, and words as they are."""

    text: str
    function: str
    arguments: tuple[str, ...]
    named: tuple[bool, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Name the fields it needs; the first is the one that it reads, later ones give words."""
        return tuple(a for a, is_name in zip(self.arguments, self.named, strict=True) if is_name)

    def compute(self, values: Mapping[str, str], day: date) -> str:
        """Work the value out on the day of issue; empty when the field it follows from is. Raises FormatError."""
        source, *words = [
            values.get(a, "") if is_name else a for a, is_name in zip(self.arguments, self.named, strict=True)
        ]
        return FUNCTIONS[self.function].compute(source, words, day) if source else ""


@dataclass(frozen=True, slots=True)
class Function:
    """What a derivation may call: the types of field it reads and gives, and how many words may follow."""

    reads: tuple[str, ...]
    gives: tuple[str, ...]
    words: range
    compute: Callable[[str, list[str], date], str]


def parse(text: str) -> Derivation:
    """Take a derivation apart; raises FormatError."""
    call = _CALL.fullmatch(text.strip())
    found = [_ARGUMENT.fullmatch(part) for part in call[2].split(",")] if call else []
    matches = [match for match in found if match]
    if call is None or call[1] not in FUNCTIONS or len(matches) != len(found) or not matches[0][1]:
        some = "、".join(FUNCTIONS)
        raise FormatError(
            Text(f"应为 函数(项目名)，函数有 {some}", f"wanted FUNCTION(field), FUNCTION being one of {some}")
        )
    named = tuple(bool(match[1]) for match in matches)
    one = Derivation(text, call[1], tuple(match[1] or match[2] or match[3] or "" for match in matches), named)
    words = FUNCTIONS[one.function].words
    if len(matches) - 1 not in words:
        raise FormatError(
            Text(f"{one.function} 的参数个数不对", f"{one.function} wants {words.start} to {words.stop - 1} words")
        )
    if one.function == "word" and (wrong := [w for w in one.arguments[1:] if not all(w.partition(" ")[::2])]):
        raise FormatError(
            Text(f"“{shown(wrong[0])}”应如 公司 A", f"found {shown(wrong[0])!r}, wanted such as '公司 A'")
        )
    if one.function == "band" and (wrong := [w for w in one.arguments[1:] if not _BAND.fullmatch(w)]):
        raise FormatError(Text(f"“{shown(wrong[0])}”应如 60 红", f"found {shown(wrong[0])!r}, wanted such as '60 红'"))
    return one


def age(born: date, day: date) -> int:
    """Count the birthdays of somebody up to a day; born on 29 February, they fall on 1 March in common years."""
    years = day.year - born.year
    return years if birthday(born, years) <= day else years - 1


def cents(amount: str) -> int:
    """Read an amount such as 1409.50 or 50000 as cents."""
    whole, _, part = amount.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def _sex(source: str, words: list[str], day: date) -> str:
    return "男" if codes.sex(source) == "male" else "女"


def _birth_date(source: str, words: list[str], day: date) -> str:
    return codes.birth_date(source).isoformat()


def _age(source: str, words: list[str], day: date) -> str:
    return str(max(0, age(codes.birth_date(source), day)))


def _band(source: str, words: list[str], day: date) -> str:
    bands = [(int(match[1]), match[2]) for match in map(_BAND.fullmatch, words) if match]
    return max((band for band in bands if band[0] <= int(source)), default=(0, ""))[1]


def _word(source: str, words: list[str], day: date) -> str:
    return dict(w.split(" ", 1) for w in words).get(source, "")


def _amount_words(source: str, words: list[str], day: date) -> str:
    prefix, unit = [*words, "", ""][:2]
    return amount_in_words(cents(source), prefix=prefix, unit=unit or "圆")


FUNCTIONS: Mapping[str, Function] = {
    "sex": Function(("citizen-id",), ("text", "choice"), range(1), _sex),
    "birth_date": Function(("citizen-id",), ("date",), range(1), _birth_date),
    "age": Function(("citizen-id",), ("integer",), range(1), _age),
    "band": Function(("integer",), ("text", "choice"), range(1, 20), _band),
    "word": Function(("choice",), ("text", "choice"), range(1, 40), _word),
    "amount_words": Function(("integer", "amount"), ("text",), range(3), _amount_words),
}
