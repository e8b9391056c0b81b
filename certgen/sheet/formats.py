"""What a number in a cell means: its number format says whether it is a date, and which zeros stand before it.

ECMA-376 part 1, 18.8.30 (numFmt). Ids 27 to 36 and 50 to 58 mean dates in Chinese versions of Office, and are never
written out in the file.
"""

import re
from datetime import datetime, timedelta

DAY, MOMENT, PLAIN = "day", "moment", "plain"

_BUILT_IN = {
    **dict.fromkeys((14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58), DAY),
    22: MOMENT,
}
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.I)
_CODE = re.compile("0{2,15}")
_LAST_SERIAL = 2_958_465  # 9999-12-31
_EPOCHS_APART = 1462  # days
_LEAP_BUG = 60  # the day that Lotus 1-2-3 thought 1900 had: 29 February


def meaning(format_id: int, code: str) -> str:
    """Tell what numbers of a format are: `day`, `moment`, `plain`, or the zeros (`0000`) that give them their width."""
    if not code:
        return _BUILT_IN.get(format_id, PLAIN)
    bare = _QUOTED.sub("", code.split(";")[0]).lower()
    if _CODE.fullmatch(bare):
        return bare
    if "general" in bare or not ("y" in bare or "d" in bare):
        return PLAIN
    return MOMENT if "h" in bare or "s" in bare else DAY


def say_number(raw: str, how: str, epoch_1904: bool) -> str | None:
    """Write a stored number as the cell shows it, dates as 2017-08-01; None when its last digits were lost.

    A spreadsheet keeps 15 digits: an ID of 18 that was typed as a number ends in zeros nobody typed. Raises ValueError
    for what is no number.
    """
    number = float(raw)
    if not abs(number) < 1e15:  # NaN too
        return None
    if how in (DAY, MOMENT) and (day := _moment(number, epoch_1904)) is not None:
        return day.date().isoformat() if how == DAY or not number % 1 else day.isoformat(" ", "seconds")
    text = str(int(number)) if number == int(number) else f"{number:.15g}"
    return text.zfill(len(how)) if how.startswith("0") else text


def _moment(serial: float, epoch_1904: bool) -> datetime | None:
    if epoch_1904:
        serial += _EPOCHS_APART
    elif int(serial) == _LEAP_BUG:
        return None
    elif serial < _LEAP_BUG:
        serial += 1
    if not 1 < serial < _LAST_SERIAL + 1:
        return None
    return datetime(1899, 12, 30) + timedelta(seconds=round(serial * 86_400))  # noqa: DTZ001 - a cell has no zone
