"""Numbers of drug, device and cosmetics licences. None has a check digit; what differs is the shape.

    DRUG_OLD            鄂CB7150001      drug trade to 2023: province, mode, body, region 3, sequence 4
    DRUG_2024           鄂DA071500001    drug trade from 2024: the same with region 4, sequence 5
    DRUG_PRODUCTION     鄂20170001       province, year, sequence 4
    COSMETICS           鄂妆20170001     cosmetics production
    DEVICE_LICENCE      鄂咸食药监械经营许20170001号     the infix later without 食; sequences may hold capitals
    DEVICE_FILING       鄂咸食药监械经营备2018H006号

The drug numbers of 1999 (province and seven digits) are not read: import them as text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from certgen.core.chinese import shown
from certgen.core.codes.checking import refuse
from certgen.core.errors import FormatError, Text

P = TypeVar("P")
_HAN = "[\u4e00-\u9fff]"
_YEAR = "20[0-9]{2}"


class DrugNumber(NamedTuple):
    """What a drug-trade number says.

    `mode`: A wholesale, B chain, C shop of a chain, D single shop; `body`: A legal person, B none; `region`: three
    digits (telephone code without its 0) in the old scheme, four from 2024 on.
    """

    province: str
    mode: str
    body: str
    region: str
    sequence: int


class YearNumber(NamedTuple):
    """What a drug-production or cosmetics number says."""

    province: str
    year: int
    sequence: int


class DeviceNumber(NamedTuple):
    """What a device number says; `infix` is 食药监械, later 药监械, `sequence` four digits or capitals."""

    province: str
    city: str
    year: int
    sequence: str
    infix: str = "食药监械"


@dataclass(frozen=True, slots=True)
class Scheme(Generic[P]):
    """A kind of number without a check digit: its shape, and its parts both ways."""

    name: Text
    shape: re.Pattern[str]
    read: Callable[[re.Match[str]], P]
    write: Callable[[P], str]

    def fault(self, text: str) -> Text | None:
        """Say what a number should have been; None when it is right."""
        return None if self.shape.fullmatch(text) else self.name

    def accepts(self, text: str) -> bool:
        """Tell whether the text is a number of this scheme."""
        return self.fault(text) is None

    def check(self, text: str) -> None:
        """Raise FormatError unless the text is a number of this scheme."""
        refuse(text, self.fault(text))

    def parse(self, text: str) -> P:
        """Take a number apart; raises FormatError."""
        match = self.shape.fullmatch(text)
        if match is None:
            found = shown(text)
            raise FormatError(Text(f"现为“{found}”，应为{self.name.zh}", f"found {found!r}, wanted {self.name.en}"))
        return self.read(match)

    def make(self, parts: P) -> str:
        """Build a number; raises FormatError for parts that the number would not give back."""
        text = self.write(parts)
        if self.parse(text) != parts:
            raise FormatError(Text(f"{shown(text)} 读出的不是原来的各部分", f"{shown(text)!r} does not read back"))
        return text


def _drug(region: int, sequence: int, example: str) -> Scheme[DrugNumber]:
    return Scheme(
        Text(f"药品经营许可证号（如 {example}）", f"a drug-trade licence number such as {example}"),
        re.compile(f"({_HAN})([ABCD])([AB])([0-9]{{{region}}})([0-9]{{{sequence}}})"),
        lambda m: DrugNumber(m[1], m[2], m[3], m[4], int(m[5])),
        lambda p: f"{p.province}{p.mode}{p.body}{p.region}{p.sequence:0{sequence}d}",
    )


def _of_year(mark: str, name: Text) -> Scheme[YearNumber]:
    return Scheme(
        name,
        re.compile(f"({_HAN}){mark}({_YEAR})([0-9]{{4}})"),
        lambda m: YearNumber(m[1], int(m[2]), int(m[3])),
        lambda p: f"{p.province}{mark}{p.year:04d}{p.sequence:04d}",
    )


def _device(mark: str, name: Text) -> Scheme[DeviceNumber]:
    return Scheme(
        name,
        # No city has 食, so it always belongs to the infix.
        re.compile(f"({_HAN})((?:(?!食){_HAN}){{1,2}}?)(食药监械|药监械)经营{mark}({_YEAR})([0-9A-Z]{{4}})号"),
        lambda m: DeviceNumber(m[1], m[2], int(m[4]), m[5], m[3]),
        lambda p: f"{p.province}{p.city}{p.infix}经营{mark}{p.year:04d}{p.sequence}号",
    )


DRUG_OLD = _drug(3, 4, "鄂CB7150001")
DRUG_2024 = _drug(4, 5, "鄂DA071500001")
DRUG_PRODUCTION = _of_year(
    "", Text("药品生产许可证号（如 鄂20170001）", "a drug-production licence number such as 鄂20170001")
)
COSMETICS = _of_year(
    "妆", Text("化妆品生产许可证号（如 鄂妆20170001）", "a cosmetics-production licence number such as 鄂妆20170001")
)
DEVICE_LICENCE = _device(
    "许",
    Text(
        "医疗器械经营许可证号（如 鄂咸食药监械经营许20170001号）",
        "a device licence number such as 鄂咸食药监械经营许20170001号",
    ),
)
DEVICE_FILING = _device(
    "备",
    Text(
        "医疗器械经营备案号（如 鄂咸食药监械经营备20170001号）",
        "a device filing number such as 鄂咸食药监械经营备20170001号",
    ),
)
