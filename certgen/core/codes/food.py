"""Numbers of food licences: JY (trade) and SC (production).

Numbers that older systems issued fail their check now and then. What takes them in refuses a `…_shape_fault` and
warns of a `…_fault`.
"""

import re
from typing import NamedTuple

from certgen.core.codes.checking import made, mod11_10, refuse
from certgen.core.errors import Text

_JY = re.compile(r"JY[1-3][0-9]{13}")
_JY_NAME = Text("食品经营许可证编号（JY 加 14 位数字）", "a food business licence number: JY and 14 digits")
_SC_NAME = Text("食品生产许可证编号（SC 加 14 位数字）", "a food production licence number: SC and 14 digits")
_SC = re.compile(r"SC(?:1(?:0[1-9]|[12][0-9]|3[01])|20[1-3])[0-9]{11}")


class FoodNumber(NamedTuple):
    """What a number says: 1 sales, 2 catering, 3 canteen for JY, the class of food 101 … for SC; division; sequence."""

    category: str
    division: str
    sequence: int


def _licence_fault(text: str, shape: re.Pattern[str], name: Text) -> Text | None:
    if not shape.fullmatch(text):
        return name
    if (check := mod11_10(text[2:15])) != text[15]:
        return Text(f"校验正确的{name.zh}（末位应为 {check}）", f"{name.en}, with check digit {check}")
    return None


def jy_fault(text: str) -> Text | None:
    """Say what a food business licence number should have been; None when it is right."""
    return _licence_fault(text, _JY, _JY_NAME)


def jy_shape_fault(text: str) -> Text | None:
    """Say what a food business number should look like; None when it does, whatever its check digit."""
    return None if _JY.fullmatch(text) else _JY_NAME


def parse_jy(text: str) -> FoodNumber:
    """Take a food business licence number apart; raises FormatError."""
    check_jy(text)
    return FoodNumber(text[2], text[3:9], int(text[9:15]))


def is_jy(text: str) -> bool:
    """Tell whether the text is a food business licence number."""
    return jy_fault(text) is None


def check_jy(text: str) -> None:
    """Raise FormatError unless the text is a food business licence number."""
    refuse(text, jy_fault(text))


def make_jy(business: int | str, division: str, sequence: int) -> str:
    """Build a food business number; `business` is 1 sales, 2 catering, 3 canteen. Raises FormatError."""
    body = f"{business}{division}{sequence:06d}"
    return made(f"JY{body}{mod11_10(body)}", check_jy)


def sc_fault(text: str) -> Text | None:
    """Say what a food production licence number should have been; None when it is right."""
    return _licence_fault(text, _SC, _SC_NAME)


def sc_shape_fault(text: str) -> Text | None:
    """Say what a food production number should look like; None when it does, whatever its check digit."""
    return None if _SC.fullmatch(text) else _SC_NAME


def parse_sc(text: str) -> FoodNumber:
    """Take a food production licence number apart; raises FormatError."""
    check_sc(text)
    return FoodNumber(text[2:5], text[5:11], int(text[11:15]))


def is_sc(text: str) -> bool:
    """Tell whether the text is a food production licence number."""
    return sc_fault(text) is None


def check_sc(text: str) -> None:
    """Raise FormatError unless the text is a food production licence number."""
    refuse(text, sc_fault(text))


def make_sc(food_class: str, division: str, sequence: int) -> str:
    """Build a food production number; `food_class` is 101-131 or an additive's 201-203. Raises FormatError."""
    body = f"{food_class}{division}{sequence:04d}"
    return made(f"SC{body}{mod11_10(body)}", check_sc)
