"""A sheet → SVG 1.1, for web pages: real text in the reader's own typeface, so nothing is embedded.

Each character of a line has its own x, because the reader's typeface may be wider than ours: what was set without
a collision stays so.
"""

from itertools import accumulate
from xml.sax.saxutils import escape, quoteattr

from certgen.fonts import Typefaces
from certgen.scene.model import Ink, Mark, Modules, Path, Picture, Sheet, Words

_FAMILIES = {
    "song": "'Noto Serif SC','Songti SC',SimSun,serif",
    "hei": "'Noto Sans SC','PingFang SC','Microsoft YaHei',sans-serif",
    "kai": "'LXGW WenKai',KaiTi,'Kaiti SC',serif",
}


def render_svg(sheet: Sheet, typefaces: Typefaces, title: str, description: str) -> str:
    """Draw a sheet; `title` and `description` are what a screen reader says of it. Pictures are left out."""
    body = "".join([_mark(mark, typefaces) for part in sheet.parts for mark in part.marks])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {sheet.width:g} {sheet.height:g}" role="img" '
        f'aria-labelledby="t d"><title id="t">{escape(title)}</title><desc id="d">{escape(description)}</desc>'
        f"{body}</svg>\n"
    )


def _mark(mark: Mark, typefaces: Typefaces) -> str:
    if isinstance(mark, Words):
        return _words(mark, typefaces)
    if isinstance(mark, Path):
        return _path(mark)
    return _modules(mark) if isinstance(mark, Modules) else _no_picture(mark)


def _colour(ink: Ink | None) -> str:
    return "none" if ink is None else "#" + "".join([f"{round(255 * part):02x}" for part in ink.rgb])


def _words(mark: Words, typefaces: Typefaces) -> str:
    advances, moves, em = typefaces.advances(mark.font), dict(mark.line.kerns), mark.size / 1000
    pitches = [(advances[c] + moves.get(i, 0)) * em + mark.spread for i, c in enumerate(mark.line.text)]
    start = mark.x + mark.line.indent * em
    places = " ".join([f"{x:.2f}" for x in accumulate(pitches[:-1], initial=start)])
    name, _, bold = mark.font.partition("-")
    weight = ' font-weight="700"' if bold else ""
    return (
        f'<text y="{mark.baseline:.2f}" x="{places}" font-family={quoteattr(_FAMILIES[name])} '
        f'font-size="{mark.size:g}"{weight} fill="{_colour(mark.ink)}">{escape(mark.line.text)}</text>'
    )


def _path(mark: Path) -> str:
    steps = "".join([f"{op.upper() if at else 'Z'}{' '.join(f'{v:.2f}' for v in at)}" for op, at in mark.steps])
    dash = f' stroke-dasharray="{" ".join(f"{length:g}" for length in mark.dash)}"' if mark.dash else ""
    stroke = f' stroke="{_colour(mark.stroke)}" stroke-width="{mark.width:g}"{dash}' if mark.stroke else ""
    return f'<path d="{steps}" fill="{_colour(mark.fill)}"{stroke}/>'


def _modules(mark: Modules) -> str:
    row_bytes, side = -(-mark.count // 8), mark.size / mark.count
    runs = []
    for y in range(mark.count):
        row = mark.rows[y * row_bytes : (y + 1) * row_bytes]
        for x in range(mark.count):
            if row[x >> 3] >> (7 - x & 7) & 1:
                runs.append(f"M{mark.x + x * side:.2f} {mark.y + y * side:.2f}h{side:.2f}v{side:.2f}h-{side:.2f}z")
    return f'<path d="{"".join(runs)}" fill="#000"/>'


def _no_picture(mark: Picture) -> str:
    return f'<rect x="{mark.x:.2f}" y="{mark.y:.2f}" width="{mark.width:.2f}" height="{mark.height:.2f}" fill="#ddd"/>'
