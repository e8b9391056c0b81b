"""Statutory codes and their check digits: for each `…_fault`, `is_…`, `check_…` and `make_…`.

A `…_fault` gives what would have been accepted, as a noun phrase that fits `Problem.wanted`, or None;
`check_…` raises it as FormatError; `make_…` writes a new code and raises FormatError for impossible
parts. All are strict, upper case only: what we issue must be right. A caller that imports numbers of
older systems decides itself what a failed check of a JY or SC number means.
"""

import re
from collections.abc import Callable
from datetime import date
from operator import mul
from typing import Literal

from certgen.core.chinese import shown
from certgen.core.errors import FormatError, Text

_A31 = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_A36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_V31 = {c: i for i, c in enumerate(_A31)}
_V36 = {c: i for i, c in enumerate(_A36)}


def _check(text: str, fault: Text | None) -> None:
    if fault:
        found = shown(text)
        raise FormatError(Text(f"现为“{found}”，应为{fault.zh}", f"found {found!r}, wanted {fault.en}"))


def _made(text: str, check: Callable[[str], None]) -> str:
    check(text)
    return text


# ---- ISO/IEC 7064 hybrid systems (GB/T 17710) ------------------------------------------------------


def _hybrid(text: str, modulus: int) -> str:
    product = modulus
    try:
        for c in text:
            product = ((product + _V36[c]) % modulus or modulus) * 2 % (modulus + 1)
    except KeyError:
        found = shown(text)
        raise FormatError(Text(f"“{found}”含有不能校验的字符", f"{found!r} has a character without value")) from None
    return _A36[(modulus + 1 - product) % modulus]


def mod11_10(digits: str) -> str:
    """Compute the MOD 11,10 check digit of a string of digits; raises FormatError for anything else."""
    if not (digits.isascii() and digits.isdigit()):
        _check(digits, Text("数字", "digits"))
    return _hybrid(digits, 10)


def mod37_36(text: str) -> str:
    """Compute the MOD 37,36 check character of digits and capitals; raises FormatError for anything else."""
    return _hybrid(text, 36)


# ---- organisation code, GB 11714-1997: eight characters and a check ---------------------------------

_ORGANISATION = re.compile(r"[0-9A-Z]{8}[0-9X]")
_W_ORGANISATION = (3, 7, 9, 10, 5, 8, 4, 2)


def organisation_check(body: str) -> str:
    """Compute the check character of the eight characters of an organisation code."""
    return "0X987654321"[sum(map(mul, map(_V36.__getitem__, body), _W_ORGANISATION)) % 11]


def organisation_fault(text: str) -> Text | None:
    """Say what an organisation code (no hyphen) should have been; None when it is right."""
    if not _ORGANISATION.fullmatch(text):
        return Text("9 位组织机构代码", "an organisation code of 9 characters")
    if (check := organisation_check(text[:8])) != text[8]:
        return Text(f"校验码为 {check} 的组织机构代码", f"an organisation code with check character {check}")
    return None


def is_organisation(text: str) -> bool:
    """Tell whether the text is an organisation code without its hyphen."""
    return organisation_fault(text) is None


def check_organisation(text: str) -> None:
    """Raise FormatError unless the text is an organisation code without its hyphen."""
    _check(text, organisation_fault(text))


def make_organisation(body: str) -> str:
    """Add the check character to eight digits and capitals; raises FormatError."""
    return _made(body + organisation_check(body) if re.fullmatch(r"[0-9A-Z]{8}", body) else body, check_organisation)


# ---- unified social credit code, GB 32100-2015 ------------------------------------------------------

_USCC = re.compile(r"[1-9ANY][1-9][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_W_USCC = tuple(pow(3, i, 31) for i in range(17))
USCC_SHAPE = Text(
    "18 位统一社会信用代码（数字和大写字母，不用 I、O、S、V、Z）",
    "a unified social credit code of 18 digits and capitals (never I, O, S, V, Z)",
)


def uscc_check(body: str) -> str:
    """Compute the check character of the first 17 characters of a USCC."""
    return _A31[-sum(map(mul, map(_V31.__getitem__, body), _W_USCC)) % 31]


def uscc_fault(text: str) -> Text | None:
    """Say what a USCC should have been; None when it is right.

    Both checks are run, its own and that of the organisation code inside: a wrong division can pass the
    second, a made-up subject code the first.
    """
    if not _USCC.fullmatch(text):
        return USCC_SHAPE
    if (check := uscc_check(text[:17])) != text[17]:
        return Text(
            f"校验正确的统一社会信用代码（按前 17 位，末位应为 {check}）",
            f"a unified social credit code that passes its check (its first 17 characters call for {check} at the end)",
        )
    if (check := organisation_check(text[8:16])) != text[16]:
        return Text(
            f"主体标识码校验正确的统一社会信用代码（按第 9 至 16 位，第 17 位应为 {check}）",
            f"a unified social credit code whose organisation code passes its check (characters 9 to 16 call for "
            f"{check} at place 17)",
        )
    return None


def is_uscc(text: str) -> bool:
    """Tell whether the text is a USCC that passes both checks."""
    return uscc_fault(text) is None


def check_uscc(text: str) -> None:
    """Raise FormatError unless the text is a USCC that passes both checks."""
    _check(text, uscc_fault(text))


def make_uscc(department: str, kind: str, division: str, subject: str) -> str:
    """Build a USCC from one, one, six and eight characters and two checks; raises FormatError."""
    head = department + kind + division + subject
    if not _USCC.fullmatch(head + "00"):
        return _made(head, check_uscc)
    body = head + organisation_check(subject)
    return _made(body + uscc_check(body), check_uscc)


# ---- 15-digit business registration number, GS 15-2006 ----------------------------------------------


def registration_fault(text: str) -> Text | None:
    """Say what a 15-digit registration number should have been; None when it is right."""
    if not re.fullmatch(r"[1-9][0-9]{14}", text):
        return Text("15 位工商注册号", "a business registration number of 15 digits")
    if (check := mod11_10(text[:14])) != text[14]:
        return Text(f"末位校验码为 {check} 的 15 位工商注册号", f"a registration number with check digit {check}")
    return None


def is_registration(text: str) -> bool:
    """Tell whether the text is a 15-digit registration number."""
    return registration_fault(text) is None


def check_registration(text: str) -> None:
    """Raise FormatError unless the text is a 15-digit registration number."""
    _check(text, registration_fault(text))


def make_registration(authority: str, sequence: int) -> str:
    """Build a 15-digit registration number of a six-digit authority; raises FormatError."""
    body = f"{authority}{sequence:08d}"
    return _made(body + mod11_10(body), check_registration)


# ---- citizen identity number, GB 11643-1999 (ISO/IEC 7064 MOD 11-2) ---------------------------------

_CITIZEN = re.compile(r"[1-9][0-9]{16}[0-9X]")
_W_CITIZEN = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
OLDEST = 150  # years
CITIZEN_ID_SHAPE = Text("18 位公民身份号码", "a citizen identity number of 18 characters")
CITIZEN_ID_BIRTH = Text("出生日期可信的公民身份号码", "a citizen identity number with a possible birth date")


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
    _check(text, citizen_id_fault(text, today))


def make_citizen_id(division: str, born: date, order: int) -> str:
    """Build a citizen ID from six digits, the birth date and an order number (odd for men)."""
    body = f"{division}{born:%Y%m%d}{order:03d}"
    text = body + citizen_id_check(body) if re.fullmatch(r"[1-9][0-9]{16}", body) else body
    return _made(text, lambda made: check_citizen_id(made, born))


def birth_date(text: str) -> date:
    """Read the birth date in a citizen ID; raises ValueError when there is no such day."""
    return date(int(text[6:10]), int(text[10:12]), int(text[12:14]))


def sex(text: str) -> Literal["male", "female"]:
    """Read the sex in a citizen ID."""
    return "male" if int(text[16]) % 2 else "female"


def mask_citizen_id(text: str) -> str:
    """Hide digits 11 to 14 of a citizen ID (month and day of birth), as food licences do."""
    return f"{text[:10]}****{text[14:]}"


# ---- food licences: JY (trade) and SC (production) --------------------------------------------------

_JY = re.compile(r"JY[1-3][0-9]{13}")
_JY_NAME = Text("食品经营许可证编号（JY 加 14 位数字）", "a food-business licence number: JY and 14 digits")
_SC_NAME = Text("食品生产许可证编号（SC 加 14 位数字）", "a food-production licence number: SC and 14 digits")
_SC = re.compile(r"SC(?:1(?:0[1-9]|[12][0-9]|3[01])|20[1-3])[0-9]{11}")


def _licence_fault(text: str, shape: re.Pattern[str], name: Text) -> Text | None:
    if not shape.fullmatch(text):
        return name
    if (check := mod11_10(text[2:15])) != text[15]:
        return Text(f"校验正确的{name.zh}（末位应为 {check}）", f"{name.en}, with check digit {check}")
    return None


def jy_fault(text: str) -> Text | None:
    """Say what a food-business licence number should have been; None when it is right."""
    return _licence_fault(text, _JY, _JY_NAME)


def is_jy(text: str) -> bool:
    """Tell whether the text is a food-business licence number."""
    return jy_fault(text) is None


def check_jy(text: str) -> None:
    """Raise FormatError unless the text is a food-business licence number."""
    _check(text, jy_fault(text))


def make_jy(business: int, division: str, sequence: int) -> str:
    """Build a food-business number; `business` is 1 sales, 2 catering, 3 canteen. Raises FormatError."""
    body = f"{business}{division}{sequence:06d}"
    return _made(f"JY{body}{mod11_10(body)}", check_jy)


def sc_fault(text: str) -> Text | None:
    """Say what a food-production licence number should have been; None when it is right."""
    return _licence_fault(text, _SC, _SC_NAME)


def is_sc(text: str) -> bool:
    """Tell whether the text is a food-production licence number."""
    return sc_fault(text) is None


def check_sc(text: str) -> None:
    """Raise FormatError unless the text is a food-production licence number."""
    _check(text, sc_fault(text))


def make_sc(food_class: str, division: str, sequence: int) -> str:
    """Build a food-production number; `food_class` is 101-131 or an additive's 201-203. Raises FormatError."""
    body = f"{food_class}{division}{sequence:04d}"
    return _made(f"SC{body}{mod11_10(body)}", check_sc)
