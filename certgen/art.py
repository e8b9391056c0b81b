"""Art: an SVG drawn in any vector editor → PDF path operators.

svglib reads it, reportlab draws it, pypdf lifts the drawing off reportlab's page. Only paths are accepted: text would
bring a font of reportlab's (not embedded), opacity and pictures would bring resources that a plate does not carry.
"""

import io
import re
from pathlib import Path
from typing import NamedTuple

from certgen.core.errors import TemplateError, Text

# reportlab selects a font and an unchanged matrix again and again, though nothing uses them.
_IDLE = re.compile(rb"BT /F1 [\d.]+ Tf [\d.]+ TL ET\s*|^1 0 0 1 0 0 cm\s+", re.MULTILINE)
_LONG = re.compile(rb"-?\d*\.\d{3,}")


class Drawing(NamedTuple):
    """Path operators and the size they are drawn at, in points; the origin is at the lower left."""

    content: bytes
    width: float
    height: float


def load_art(file: Path) -> Drawing:
    """Draw an SVG file; raises TemplateError naming it when it holds more than paths."""
    # Imported here: engraving is rare, and these three cost a cold start a third of a second.
    from pypdf import PdfReader
    from reportlab.graphics import renderPDF
    from reportlab.pdfgen.canvas import Canvas
    from svglib.svglib import svg2rlg

    picture = svg2rlg(str(file))
    if picture is None or not picture.width or not picture.height:
        raise TemplateError(file.name, 0, "art", Text("不是可读的 SVG", "not an SVG that can be read"))
    page = io.BytesIO()
    canvas = Canvas(page, pagesize=(picture.width, picture.height), invariant=1, pageCompression=0)
    renderPDF.draw(picture, canvas, 0, 0)
    canvas.save()
    drawn = PdfReader(page).pages[0]
    resources = drawn["/Resources"]
    if "/XObject" in resources or "/ExtGState" in resources or "/Shading" in resources:  # type: ignore[operator]
        raise TemplateError(
            file.name,
            0,
            "art",
            Text(
                "图样只能由路径组成，不能有透明、渐变或图片", "art may hold paths only, no opacity, gradient or picture"
            ),
        )
    contents = drawn.get_contents()
    content = _IDLE.sub(b"", contents.get_data() if contents is not None else b"")
    if b" Tf" in content or b" Tj" in content:  # text in reportlab's own font selects none
        raise TemplateError(
            file.name, 0, "art", Text("图样里的文字须先转为路径", "text in art must be turned into paths")
        )
    # Two decimals are 3.5 µm; a matrix keeps all of its digits.
    lines = (
        x if x.endswith(b" cm") else _LONG.sub(lambda m: b"%g" % round(float(m[0]), 2), x) for x in content.split(b"\n")
    )
    return Drawing(b"\n".join(lines) + b"\n", picture.width, picture.height)
