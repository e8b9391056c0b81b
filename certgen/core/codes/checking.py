"""Check digits of ISO/IEC 7064 (GB/T 17710), and the raising of faults that all codes share."""

from collections.abc import Callable

from certgen.core.chinese import shown
from certgen.core.errors import FormatError, Text

A36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
V36 = {c: i for i, c in enumerate(A36)}


def refuse(text: str, fault: Text | None) -> None:
    """Raise the fault, if there is one, as FormatError."""
    if fault:
        found = shown(text)
        raise FormatError(Text(f"现为“{found}”，应为{fault.zh}", f"found {found!r}, wanted {fault.en}"))


def made(text: str, check: Callable[[str], None]) -> str:
    """Give a code that was put together, once its own check lets it pass."""
    check(text)
    return text


def _hybrid(text: str, modulus: int) -> str:
    product = modulus
    try:
        for c in text:
            product = ((product + V36[c]) % modulus or modulus) * 2 % (modulus + 1)
    except KeyError:
        found = shown(text)
        raise FormatError(Text(f"“{found}”含有不能校验的字符", f"{found!r} has a character without value")) from None
    return A36[(modulus + 1 - product) % modulus]


def mod11_10(digits: str) -> str:
    """Compute the MOD 11,10 check digit of a string of digits; raises FormatError for anything else."""
    if not (digits.isascii() and digits.isdigit()):
        refuse(digits, Text("数字", "digits"))
    return _hybrid(digits, 10)


def mod37_36(text: str) -> str:
    """Compute the MOD 37,36 check character of digits and capitals; raises FormatError for anything else."""
    return _hybrid(text, 36)
