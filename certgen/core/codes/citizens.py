"""Citizen identity number, GB 11643-1999 (ISO/IEC 7064 MOD 11-2)."""

import re
from datetime import date
from operator import mul
from typing import Literal, NamedTuple

from certgen.core.codes.checking import made, refuse
from certgen.core.errors import Text

_CITIZEN = re.compile(r"[1-9][0-9]{16}[0-9X]")
_W_CITIZEN = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
OLDEST = 150  # years
CITIZEN_ID_SHAPE = Text("18 位公民身份号码", "a citizen identity number of 18 characters")
CITIZEN_ID_BIRTH = Text("出生日期可信的公民身份号码", "a citizen identity number with a possible birth date")


class Citizen(NamedTuple):
    """What a citizen ID says; `order` is odd for men."""

    division: str
    born: date
    order: int


def citizen_id_check(body: str) -> str:
    """Compute the check character of the first 17 digits of a citizen ID."""
    return "10X98765432"[sum(map(mul, map(int, body), _W_CITIZEN)) % 11]


def citizen_id_fault(text: str, today: date) -> Text | None:
    """Say what a citizen ID should have been; None when it is right.

    The birth date must exist, be no later than `today` and no more than 150 years before. Divisions are
    not looked up, since many in old numbers are abolished.
    """
    if not _CITIZEN.fullmatch(text):
        return CITIZEN_ID_SHAPE
    try:
        born = birth_date(text)
    except ValueError:
        born = None
    if born is None or born > today or today.year - born.year > OLDEST:
        return CITIZEN_ID_BIRTH
    if (check := citizen_id_check(text[:17])) != text[17]:
        return Text(
            f"校验正确的公民身份号码（按前 17 位，末位应为 {check}）",
            f"a citizen identity number that passes its check (its first 17 digits call for {check} at the end)",
        )
    return None


def is_citizen_id(text: str, today: date) -> bool:
    """Tell whether the text is a citizen ID that somebody alive could hold."""
    return citizen_id_fault(text, today) is None


def check_citizen_id(text: str, today: date) -> None:
    """Raise FormatError unless the text is a citizen ID that somebody alive could hold."""
    refuse(text, citizen_id_fault(text, today))


def parse_citizen_id(text: str, today: date) -> Citizen:
    """Take a citizen ID apart; raises FormatError unless somebody alive could hold it."""
    check_citizen_id(text, today)
    return Citizen(text[:6], birth_date(text), int(text[14:17]))


def make_citizen_id(division: str, born: date, order: int) -> str:
    """Build a citizen ID from six digits, the birth date and an order number (odd for men)."""
    body = f"{division}{born:%Y%m%d}{order:03d}"
    text = body + citizen_id_check(body) if re.fullmatch(r"[1-9][0-9]{16}", body) else body
    return made(text, lambda whole: check_citizen_id(whole, born))


def birth_date(text: str) -> date:
    """Read the birth date in a citizen ID; raises ValueError when there is no such day."""
    return date(int(text[6:10]), int(text[10:12]), int(text[12:14]))


def sex(text: str) -> Literal["male", "female"]:
    """Read the sex in a citizen ID."""
    return "male" if int(text[16]) % 2 else "female"


def mask_citizen_id(text: str) -> str:
    """Hide digits 11 to 14 of a citizen ID (month and day of birth), as food licences do."""
    return f"{text[:10]}****{text[14:]}"
