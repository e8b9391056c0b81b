"""Codes of bodies: organisation code, unified social credit code, 15-digit registration number."""

import re
from operator import mul
from typing import NamedTuple

from certgen.core.codes.checking import V36, made, mod11_10, refuse
from certgen.core.errors import Text

_A31 = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_V31 = {c: i for i, c in enumerate(_A31)}

# ---- organisation code, GB 11714-1997: eight characters and a check ---------------------------------

_ORGANISATION = re.compile(r"[0-9A-Z]{8}[0-9X]")
_W_ORGANISATION = (3, 7, 9, 10, 5, 8, 4, 2)


def organisation_check(body: str) -> str:
    """Compute the check character of the eight characters of an organisation code."""
    return "0X987654321"[sum(map(mul, map(V36.__getitem__, body), _W_ORGANISATION)) % 11]


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
    refuse(text, organisation_fault(text))


def make_organisation(body: str) -> str:
    """Add the check character to eight digits and capitals; raises FormatError."""
    return made(body + organisation_check(body) if re.fullmatch(r"[0-9A-Z]{8}", body) else body, check_organisation)


# ---- unified social credit code, GB 32100-2015 ------------------------------------------------------

_USCC = re.compile(r"[1-9ANY][1-9][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_W_USCC = tuple(pow(3, i, 31) for i in range(17))
USCC_SHAPE = Text(
    "18 位统一社会信用代码（数字和大写字母，不用 I、O、S、V、Z）",
    "a unified social credit code of 18 digits and capitals (never I, O, S, V, Z)",
)


class Uscc(NamedTuple):
    """What a USCC says: department, kind and division of the registering office, and the subject code unchecked."""

    department: str
    kind: str
    division: str
    subject: str


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


def parse_uscc(text: str) -> Uscc:
    """Take a USCC apart; raises FormatError unless it passes both checks."""
    check_uscc(text)
    return Uscc(text[0], text[1], text[2:8], text[8:16])


def is_uscc(text: str) -> bool:
    """Tell whether the text is a USCC that passes both checks."""
    return uscc_fault(text) is None


def check_uscc(text: str) -> None:
    """Raise FormatError unless the text is a USCC that passes both checks."""
    refuse(text, uscc_fault(text))


def make_uscc(department: str, kind: str, division: str, subject: str) -> str:
    """Build a USCC from one, one, six and eight characters and two checks; raises FormatError."""
    head = department + kind + division + subject
    if not _USCC.fullmatch(head + "00"):
        return made(head, check_uscc)
    body = head + organisation_check(subject)
    return made(body + uscc_check(body), check_uscc)


# ---- 15-digit business registration number, GS 15-2006 ----------------------------------------------


def registration_fault(text: str) -> Text | None:
    """Say what a 15-digit registration number should have been; None when it is right."""
    if not re.fullmatch(r"[1-9][0-9]{14}", text):
        return Text("15 位工商注册号", "a business registration number of 15 digits")
    if (check := mod11_10(text[:14])) != text[14]:
        return Text(f"末位校验码为 {check} 的 15 位工商注册号", f"a registration number with check digit {check}")
    return None


def parse_registration(text: str) -> tuple[str, int]:
    """Take a registration number apart into authority and sequence; raises FormatError."""
    check_registration(text)
    return text[:6], int(text[6:14])


def is_registration(text: str) -> bool:
    """Tell whether the text is a 15-digit registration number."""
    return registration_fault(text) is None


def check_registration(text: str) -> None:
    """Raise FormatError unless the text is a 15-digit registration number."""
    refuse(text, registration_fault(text))


def make_registration(authority: str, sequence: int) -> str:
    """Build a 15-digit registration number of a six-digit authority; raises FormatError."""
    body = f"{authority}{sequence:08d}"
    return made(body + mod11_10(body), check_registration)
