"""Which characters may stand where in a Chinese line.

GB/T 15834-2011 and W3C CLREQ: a mark that closes never begins a line, a mark that opens never ends one,
—— and …… stay whole, · is no place to break, and Latin words and numbers are one piece.
"""

import re

SPACES = " \t\u3000"  # vanish at a line's end; U+00A0 is not here, since it never breaks

# The glyph fills half of its em square; the blank half (left of an opening mark, right of a closing one)
# may be taken away.
FULL_OPENING = "（“‘《〈「『【〔［｛〖"
FULL_CLOSING = "）”’》〉」』】〕］｝〗，。、；：！？．"

# A base character and what modifies it are one glyph on paper: combining marks, joiners and the variation
# selectors that tell apart the forms of a character in a person's name.
_MODIFIERS = "".join(
    chr(code)
    for first, last in ((0x300, 0x36F), (0x200C, 0x200D), (0x2060, 0x2060), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
    for code in range(first, last + 1)
)
_DOTS = "·‧・•"  # 间隔号, as in 阿卜杜拉·买买提
_UNITS = "%％‰℃℉°′″㎡㎥㎏㎎㎝㎜㎞"

NEVER_FIRST = frozenset(FULL_CLOSING + ",.;:!?)]}" + "…—–～〜／" + _UNITS + _DOTS + _MODIFIERS)
NEVER_LAST = frozenset(FULL_OPENING + "([{" + _DOTS + "／￥＄￡№\u200d\u2060")
# Straight quotes, hyphens and strokes hold on to both neighbours; a space sets them free.
_CLINGS_BACK = NEVER_FIRST | frozenset("\"'-/\u00a0")
_CLINGS_ON = NEVER_LAST | frozenset("\"'/\u00a0")

_LETTERS = ((0x21, 0x7E), (0xA1, 0x52F), (0x1E00, 0x1EFF), (0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A))
# What words, numbers, addresses of mail and web are made of.
_WORD = frozenset(chr(code) for first, last in _LETTERS for code in range(first, last + 1)) - set(_DOTS + "°")

_HAN = (
    "〇々\u3041-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
    "\ufe00-\ufe0f\U000e0100-\U000e01ef"  # a variation selector ends a glyph of 汉字
)
_LATIN = "0-9A-Za-z%\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u0370-\u052f\u1e00-\u1eff"  # keeps a gap from 汉字

# Both begin with one plain class, so that the search skips over 汉字 in C. A match of SQUEEZED is the mark
# after which half an em is blank and not wanted.
SQUEEZED = re.compile(
    f"[{FULL_OPENING}{FULL_CLOSING}](?:(?=[{FULL_OPENING}])|(?<=[{FULL_CLOSING}])(?=[{FULL_CLOSING}]))"
)
LATIN_RUN = re.compile(f"[{_LATIN}]+")
HAN = re.compile(f"[{_HAN}]")

# Stretches of 汉字 and stretches of Latin, one mark or one space between any two: nothing to move.
_QUIET = f"(?:[{_HAN}—…]++|[!-~]++)"
SIMPLE = re.compile(f"{_QUIET}(?:[ ·{FULL_OPENING}{FULL_CLOSING}]{_QUIET})*+")


def next_line(text: str, end: int) -> int:
    """Say where the next line begins if the ink of this one ends before `end`; 0 when that is no place to break."""
    before, after = text[end - 1], text[end]
    if after in SPACES:
        start = end + 1
        while text[start] in SPACES:
            start += 1
        return 0 if before in SPACES or before in NEVER_LAST or text[start] in NEVER_FIRST else start
    if after in _CLINGS_BACK or before in _CLINGS_ON or before in SPACES:
        return 0
    return 0 if after in _WORD and _is_word_before(text, end) else end


def is_inside_word(text: str, cut: int) -> bool:
    """Say whether a cut before `cut` halves a word but leaves punctuation where it belongs."""
    before, after = text[cut - 1], text[cut]
    return before in _WORD and after in _WORD and before not in NEVER_LAST and after not in NEVER_FIRST


def _is_word_before(text: str, end: int) -> bool:
    # ’ closes a quotation or is the apostrophe of O’Brien.
    return text[end - 1] in _WORD or (text[end - 1] == "’" and end > 1 and text[end - 2] in _WORD)
