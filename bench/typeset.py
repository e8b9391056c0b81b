"""Break Chinese prose beside reportlab's wordWrap="CJK" (same text, measure and face), and fit the usual values.

The limit of a fit is the time it takes to look up and add the widths of the characters.
"""

from functools import partial
from pathlib import Path

from _timing import interleave, row
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

from certgen.typeset import break_lines, fit

_FONT = Path(__file__).parents[1] / "templates/_shared/fonts/NotoSerifSC-400.ttf"
_SIZE_PT = 12.0
_PROSE = (
    "根据《中华人民共和国食品安全法》第三十五条，“国家对食品生产经营实行许可制度。”从事食品生产、食品销售、"
    "餐饮服务，应当依法取得许可。2015年10月1日起施行的《食品经营许可管理办法》（总局令第17号）规定：申请人应当"
    "如实向所在地县级以上地方市场监督管理部门提交有关材料和反映真实情况，并对申请材料的真实性负责……"
) * 20
_VALUES = {
    "fit a name of 20 characters": "咸宁市咸安区永安大道东方食品有限公司分店",
    "fit a number": "JY14212000000018",
    "fit a date, four gaps": "2017年08月01日",
    "fit, a mark at the end": "热食类食品制售（限单位食堂）",
}
_NEVER_FIRST = "，。！？；：、”’）》…"
_NEVER_LAST = "（“‘《"


def misplaced(lines: list[str]) -> int:
    """Count the lines that begin or end with a mark that must not stand there."""
    first = sum(line[:1] in _NEVER_FIRST for line in lines[1:])
    return first + sum(line[-1:] in _NEVER_LAST for line in lines[:-1])


def main() -> None:
    """Print one row per measure (time per character) and one per value."""
    pdfmetrics.registerFont(TTFont("song", str(_FONT)))
    width_of = pdfmetrics.getFont("song").stringWidth
    characters = {*_PROSE, *"".join(_VALUES.values())}
    advance = {char: round(width_of(char, 1000)) for char in characters}
    peer = Paragraph(_PROSE, ParagraphStyle("cjk", fontName="song", fontSize=_SIZE_PT, wordWrap="CJK"))
    for em in (12, 28, 40):
        ours = partial(break_lines, _PROSE, advance, em * 1000)
        theirs = partial(peer.breakLinesCJK, em * _SIZE_PT)
        took = interleave({"ours": ours, "theirs": theirs})
        print(row(f"break at {em} em, each character", *(seconds / len(_PROSE) for seconds in took.values())))
        wrong = misplaced(["".join(words) for _, words in theirs().lines])
        print(f"    marks misplaced: {misplaced([line.text for line in ours()])}; peer {wrong}")
    box = {"width": 300.0, "height": 20.0, "size": 12.0, "floor": 8.0, "leading": 1.4}
    for name, value in _VALUES.items():
        ours = partial(fit, value, advance, mode="shrink", **box)
        took = interleave({"ours": ours, "limit": partial(_add_up, value, advance)})
        print(row(name, took["ours"], limit=took["limit"]))


def _add_up(text: str, advance: dict[str, int]) -> int:
    return sum(map(advance.__getitem__, text))


if __name__ == "__main__":
    main()
