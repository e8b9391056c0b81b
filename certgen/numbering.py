"""How a kind of document is numbered: a pattern, and the run of numbers that one record draws from.

JY{class}{division}{seq:6}{mod11_10}    {class}      by the [numbering.class] map of a field's value
                                        {division}   the authority's six digits
                                        {year}       of the day of issue
                                        {date}       the day of issue, eight digits
                                        {province} {city} {region3} {region4}   of the authority's record
                                        {seq:6}      the sequence, six digits
                                        {mod11_10}   check digit over every digit before it
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from certgen.core.chinese import shown
from certgen.core.codes import mod11_10
from certgen.core.errors import FormatError, RegisterError, Text

_TOKEN = re.compile(r"\{([^{}]*)\}")
_SEQUENCE = re.compile(r"\{seq:([1-9]|1[0-2])\}")
# The most bytes (UTF-8) of what the service itself fills in. Hanzi take three.
_WIDEST = {"{division}": 6, "{year}": 4, "{date}": 8, "{province}": 3, "{city}": 6, "{region3}": 3, "{region4}": 4}
OF_AUTHORITY = ("province", "city", "region3", "region4")  # keys of authorities.toml that a pattern may name


@dataclass(frozen=True, slots=True)
class NumberMap:
    """What a field's value becomes in a number; a value counts without its （…）, a list by its first item."""

    field: str
    values: Mapping[str, str]

    def get(self, value: str) -> str | None:
        """Look a value up whole, then without its bracket, then as far as a 、, the longest item first."""
        found = self.values.get(value) or self.values.get(value.partition("（")[0])
        while not found and value:
            value = value.rpartition("、")[0]
            found = self.values.get(value)
        return found


@dataclass(frozen=True, slots=True)
class Run:
    """The numbers that differ in their sequence only; `scope` is what they share and names their counter."""

    before: str
    between: str
    after: str
    width: int
    checked: bool

    @property
    def scope(self) -> str:
        """Give the pattern filled in, without sequence and check digit."""
        return self.before + self.between + self.after

    @property
    def last(self) -> int:
        """Give the largest sequence the width holds; the first is 1."""
        return int(10**self.width) - 1

    def number(self, seq: int) -> str:
        """Write one number; raises RegisterError when the sequence is used up."""
        if not 1 <= seq <= self.last:
            raise RegisterError(
                Text(
                    f"{self.scope} 的序号 {seq} 超出 1 至 {self.last}",
                    f"sequence {seq} of {self.scope} is not in 1 to {self.last}",
                )
            )
        head = f"{self.before}{seq:0{self.width}d}{self.between}"
        if not self.checked:
            return head + self.after
        return head + mod11_10("".join([c for c in head if "0" <= c <= "9"])) + self.after


@dataclass(frozen=True, slots=True)
class Numbering:
    """A pattern taken apart: token names and literal text by turns, before, between and after the counter.

    `spoken` are the tokens that the authority's record answers. `by_authority` holds, by id, the authorities that
    number in their own way; their patterns fill in from the same maps.
    """

    pattern: str
    maps: Mapping[str, NumberMap]
    before: tuple[str, ...]
    between: tuple[str, ...]
    after: tuple[str, ...]
    width: int
    checked: bool
    spoken: tuple[str, ...] = ()
    by_authority: Mapping[str, "Numbering"] = field(default_factory=dict)

    def of(self, authority: str) -> "Numbering":
        """Give the numbering of an authority: its own pattern if it has one, else this."""
        return self.by_authority.get(authority, self)

    def run(self, words: Mapping[str, str]) -> Run:
        """Fill the pattern in; `words` gives `{division}`, `{year}`, `{date}` and every mapped token its text."""
        fill = [[words.get(piece, piece) for piece in part] for part in (self.before, self.between, self.after)]
        before, between, after = map("".join, fill)
        return Run(before, between, after, self.width, self.checked)

    @property
    def longest(self) -> int:
        """Count the bytes (UTF-8) of the longest number that this and the authorities' patterns can make."""
        mapped = {f"{{{name}}}": max(map(_bytes, one.values.values()), default=0) for name, one in self.maps.items()}
        widest = _WIDEST | mapped
        pieces = (*self.before, *self.between, *self.after)
        here = sum(widest.get(piece, _bytes(piece)) for piece in pieces) + self.width + self.checked
        return max([here, *(one.longest for one in self.by_authority.values())])


def _bytes(text: str) -> int:
    return len(text.encode())


def parse(pattern: str, maps: Mapping[str, NumberMap], own: Mapping[str, Numbering] | None = None) -> Numbering:
    """Take the pattern of a kind apart; `own` are authorities' patterns, already taken apart.

    Raises FormatError as `take_apart` does, and for a map that no pattern uses.
    """
    numbering = replace(take_apart(pattern, maps), by_authority=own or {})
    patterns = [one.pattern for one in (numbering, *numbering.by_authority.values())]
    if unused := [name for name in maps if not any(f"{{{name}}}" in one for one in patterns)]:
        raise FormatError(Text(f"编号规则没有用到“{unused[0]}”", f"the pattern does not use {unused[0]!r}"))
    return numbering


def take_apart(pattern: str, maps: Mapping[str, NumberMap]) -> Numbering:
    """Take one pattern apart; raises FormatError for tokens it does not know or that stand wrongly."""
    if taken := [name for name in maps if f"{{{name}}}" in _WIDEST or name == "mod11_10"]:
        raise FormatError(Text(f"“{taken[0]}”已有别的用途", f"the token {taken[0]!r} is taken by the service"))
    # Odd places are tokens. Text never looks like one, since tokens keep their braces.
    pieces = [f"{{{piece}}}" if place % 2 else piece for place, piece in enumerate(_TOKEN.split(pattern))]
    tokens = pieces[1::2]
    counters = [place for place, piece in enumerate(pieces) if _SEQUENCE.fullmatch(piece)]
    known = {*_WIDEST, "{mod11_10}"} | {f"{{{name}}}" for name in maps} | {pieces[i] for i in counters}
    strange = [t for t in tokens if t not in known] + [t for t in pieces[::2] if "{" in t or "}" in t]
    if strange:
        found = shown(strange[0])
        raise FormatError(Text(f"编号规则中有不认识的“{found}”", f"unknown token {found!r} in the pattern"))
    if len(counters) != 1:
        raise FormatError(Text("编号规则须有且只有一个 {seq:N}", "the pattern wants exactly one {seq:N}"))
    at = counters[0]
    checks = [i for i, piece in enumerate(pieces) if piece == "{mod11_10}"]
    if len(checks) > 1 or (checks and checks[0] < at):
        raise FormatError(
            Text("{mod11_10} 只能有一个，且在 {seq:N} 之后", "the pattern wants one {mod11_10}, after {seq:N}")
        )
    end = checks[0] if checks else len(pieces)
    width = int(pieces[at][5:-1])
    parts = [tuple(filter(None, part)) for part in (pieces[:at], pieces[at + 1 : end], pieces[end + 1 :])]
    spoken = tuple(f"{{{name}}}" for name in OF_AUTHORITY if f"{{{name}}}" in tokens)
    return Numbering(pattern, maps, parts[0], parts[1], parts[2], width, bool(checks), spoken)
