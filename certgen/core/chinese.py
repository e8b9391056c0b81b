"""What Chinese documents ask of text: dates, periods, names, GB 18030, printable characters, amounts."""

import re
from datetime import date, timedelta, timezone

from certgen.core.errors import FormatError, Text

# Where validity begins and ends at midnight. Without daylight saving since 1991; a fixed offset needs no zone files.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")

# ---- characters ------------------------------------------------------------------------------------

# Written out and not asked of unicodedata, whose tables change with the Python version: the same record
# must be accepted everywhere. Unassigned code points pass, since Ext H is unassigned in Python 3.11;
# the fonts refuse what they cannot draw.
_UNPRINTABLE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # controls, line ends among them
    "\u00ad\u034f\u061c\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # unseen, and bidi
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"  # unseen, beyond the BMP
    "\u115f\u1160\u2800\u3164\uffa0"  # print as a blank
    "\ufffc\ufffd"  # stand for something that was lost
    "\ud800-\udfff"  # lone surrogates
    "\ue000-\uf8ff\U000f0000-\U0010ffff"  # private use, with the noncharacters of planes 15 and 16
    "\ufdd0-\ufdef" + "".join(chr(plane << 16 | low) for plane in range(15) for low in (0xFFFE, 0xFFFF)) + "]"
)

# What of it str.isprintable() lets pass, under every version of its tables: a test walks all code points.
_PASSES = re.compile("[\u034f\u115f\u1160\u2800\u3164\uffa0\ufffc\ufffd]")


def unprintable(text: str) -> str:
    """Name the first character that must not stand on paper as `U+XXXX`; empty when there is none."""
    if text.isprintable() and not _PASSES.search(text):
        return ""  # ten times as fast as the long pattern
    bad = _UNPRINTABLE.search(text)
    return f"U+{ord(bad[0]):04X}" if bad else ""


def check_printable(text: str) -> None:
    """Refuse controls, bidi and unseen characters, lone surrogates, private use and noncharacters.

    Raises FormatError that names the code point.
    """
    if bad := unprintable(text):
        raise FormatError(Text(f"含有不能印刷的字符 {bad}", f"found {bad}, wanted printable characters only"))


def shown(text: str, limit: int = 40) -> str:
    """Make untrusted text safe to show: at most `limit` characters, the unprintable as `U+XXXX`."""
    safe = _UNPRINTABLE.sub(lambda bad: f"<U+{ord(bad[0]):04X}>", text[: limit + 1])
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


# Python's codec follows the mapping of the year 2000. GB 18030-2005 moved one two-byte code and
# GB 18030-2022 eighteen more from private use to real characters.
_MOVED = {
    0xE7C7: 0x1E3F,
    **dict(
        zip(
            range(0xE78D, 0xE797),
            (0xFE10, 0xFE12, 0xFE11, 0xFE13, 0xFE14, 0xFE15, 0xFE16, 0xFE17, 0xFE18, 0xFE19),
            strict=True,
        )
    ),
    **dict(zip((0xE81E, 0xE826, 0xE82B, 0xE82C, 0xE832, 0xE843, 0xE854, 0xE864), range(0x9FB4, 0x9FBC), strict=True)),
}


def decode_gb18030(data: bytes) -> str:
    """Decode by GB 18030-2022, where Python's codec leaves 19 codes in private use.

    Raises FormatError with the offset of the first byte that is no GB 18030. Other private-use characters
    stay for `check_printable` to refuse.
    """
    try:
        return data.decode("gb18030").translate(_MOVED)
    except UnicodeDecodeError as error:
        raise FormatError(
            Text(f"第 {error.start} 字节处不是 GB 18030 编码", f"byte {error.start} is not GB 18030")
        ) from None


# 民委发〔2016〕33号 wants U+00B7 between the parts of a name.
_DOTS = str.maketrans(dict.fromkeys("\u0387\u2022\u2027\u30fb\uff65\u2e31\uff0e\u2219\u22c5", "\u00b7"))


def normalise_person(name: str) -> str:
    """Write every look-alike of the middle dot as U+00B7; for names of persons only.

    Nothing else changes: NFC and NFKC would put other characters in place of the legal ones.
    """
    return name.translate(_DOTS)


# ---- days and periods (Asia/Shanghai calendar dates) -----------------------------------------------

_FIGURES = "〇一二三四五六七八九"


def format_date(day: date) -> str:
    """Write a day as licences print it: 2017年08月01日."""
    return f"{day.year:04d}年{day.month:02d}月{day.day:02d}日"


def format_date_cn(day: date) -> str:
    """Write a day as formal decisions do: 二〇一七年八月一日."""
    year = "".join(_FIGURES[int(c)] for c in f"{day.year:04d}")
    return f"{year}年{_below_hundred(day.month)}月{_below_hundred(day.day)}日"


def _below_hundred(n: int) -> str:
    tens, ones = divmod(n, 10)
    lead = "" if tens == 0 else "十" if tens == 1 else _FIGURES[tens] + "十"
    return lead + (_FIGURES[ones] if ones else "")


def ends_on(valid_from: date, years: int = 0, *, months: int = 0) -> date:
    """Give the last day of a period of whole years and months: the day before the same day comes again.

    Where a month lacks that day, the period ends with the month: from 29 February on 28 February of a common year.
    Raises FormatError beyond year 9999.
    """
    later, month = divmod(valid_from.month - 1 + months, 12)
    year = valid_from.year + years + later
    try:
        try:
            again = date(year, month + 1, valid_from.day)
        except ValueError:
            again = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    except ValueError:
        raise FormatError(Text(f"{year} 年超出可用的日期", f"year {year} is beyond the calendar")) from None
    return again - timedelta(days=1)


def birthday(born: date, years: int) -> date:
    """Give the day on which somebody has had so many birthdays; born on 29 February, 1 March in common years.

    Raises FormatError beyond year 9999.
    """
    return ends_on(born, years) + timedelta(days=1)


# ---- amounts ---------------------------------------------------------------------------------------


def mask_name(name: str) -> str:
    """Leave the first character of a person's name and one star, whatever its length: 张三 and 张小三 are both 张*."""
    return f"{name[0]}*" if name else ""


_BIG = "零壹贰叁肆伍陆柒捌玖"
LARGEST_AMOUNT = 10**18 - 1  # cents


def amount_in_words(cents: int, *, prefix: str = "", unit: str = "圆", suffix: str = "整") -> str:
    """Write an amount of cents in words (支付结算办法): 1409.50 is 壹仟肆佰零玖圆伍角.

    `suffix` follows whole units only. Raises FormatError below zero and from ten thousand trillion up.
    """
    if not 0 <= cents <= LARGEST_AMOUNT:
        raise FormatError(Text("金额超出可写的范围", f"found {cents} cents, wanted 0 to {LARGEST_AMOUNT}"))
    whole, part = divmod(cents, 100)
    jiao, fen = divmod(part, 10)
    words = _whole(whole) + unit if whole or not part else ""
    if not part:
        return prefix + words + suffix
    if jiao:
        words += _BIG[jiao] + "角"
    elif words:
        words += "零"
    return prefix + words + (_BIG[fen] + "分" if fen else "")


def _whole(n: int) -> str:
    for size, name in ((10**8, "亿"), (10**4, "万"), (1000, "仟"), (100, "佰"), (10, "拾")):
        if n >= size:
            high, low = divmod(n, size)
            gap = "零" if 0 < low < size // 10 else ""
            return _whole(high) + name + gap + (_whole(low) if low else "")
    return _BIG[n]
