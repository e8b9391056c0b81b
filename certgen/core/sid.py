"""The sid: 12 Crockford base32 characters that name one document, in print and in the QR.

bits    60 random bits, most significant first, five to a character
stored  0123456789AB                upper case, alphabet 0-9 A-Z without I L O U
shown   0123 4567 89AB
typed   as shown, or in lower case, with hyphens or spaces, with I or L for 1 and O for 0
"""

from certgen.core.chinese import shown
from certgen.core.errors import FormatError, Text

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12

_SYMBOLS = frozenset(ALPHABET)
# An explicit table and not str.upper(), which turns 'ſ' into 'S' and 'ﬁ' into 'FI'.
_TYPED = str.maketrans(
    {**{c.lower(): c for c in ALPHABET}, **dict.fromkeys("IiLl", "1"), **dict.fromkeys("Oo", "0"), " ": "", "-": ""}
)


def make(random60: int) -> str:
    """Write 60 random bits as a sid; raises FormatError when the number has more."""
    if not 0 <= random60 < 1 << 60:
        raise FormatError(Text("证照标识须由 60 位随机数生成", "a sid is made from a number of 60 bits"))
    return "".join([ALPHABET[random60 >> shift & 31] for shift in range(55, -1, -5)])


def parse(text: str) -> str:
    """Read what a person typed or a QR said as a stored sid; raises FormatError."""
    sid = text.translate(_TYPED)
    if len(sid) != LENGTH or not _SYMBOLS.issuperset(sid):
        raise FormatError(
            Text(
                f"现为“{shown(text)}”，应为 12 位证照标识（数字和字母，不含 U）",
                f"found {shown(text)!r}, wanted a sid of 12 digits and letters (no U)",
            )
        )
    return sid


def is_sid(text: str) -> bool:
    """Tell whether the text is a sid exactly as stored."""
    return len(text) == LENGTH and _SYMBOLS.issuperset(text)


def grouped(sid: str) -> str:
    """Write a stored sid in groups of four, as it stands under the QR code."""
    return f"{sid[:4]} {sid[4:8]} {sid[8:]}"
