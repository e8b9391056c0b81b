"""The picture of a licence for everybody to look at: screen resolution, every code covered, 公示 burnt in.

A clean original printed from a web page would be a licence on somebody else's wall. So the picture is small, marked all
over, without its seal, and its codes are painted over: one that scans off a screen makes any paper look genuine. A
picture on which a code can still be read, or none was found, is not given out.

Drawing takes half a second and three libraries, which the public process does not load: this file is also the program
of a child with limits. It gets a PDF of ours and the words for the mark, and gives back a PNG.
"""

import contextlib
import json
import resource
import subprocess
import sys
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

MEMORY_BYTES = 1024 * 2**20  # address space
CPU_S, WALL_S = 8, 10
WIDTH = 1100  # pixels of the finished picture
_LOOK = 3  # how much larger it is drawn to find the codes
_MARGIN = 0.25  # around a code, of its width
_INK = (178, 24, 24)


def draw(pdf: bytes, font: Path, mark: str, line: str) -> bytes | None:
    """Draw the first page as PNG; None when it cannot be drawn within the limits, or a code cannot be covered."""
    words = json.dumps({"font": str(font), "mark": mark, "line": line}).encode()
    command = [sys.executable, "-I", str(Path(__file__))]  # -I: nothing beside this file can be imported
    try:
        done = subprocess.run(  # noqa: S603
            command, input=words + b"\n" + pdf, capture_output=True, timeout=WALL_S, check=False, env={}
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout or None


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _child(words: dict[str, str], pdf: bytes) -> bytes:
    page: Any = import_module("pypdfium2").PdfDocument(pdf)[0]
    large = page.render(scale=_LOOK * WIDTH / page.get_width()).to_pil().convert("RGB")
    _cover(large)
    picture = large.resize((WIDTH, round(WIDTH * large.height / large.width)), reducing_gap=2.0)
    if _codes(picture) or _codes(large):
        return b""
    marked = _mark(picture, words)
    out = BytesIO()
    marked.convert("P", palette=1, colors=128).save(out, "PNG", optimize=True)
    return out.getvalue()


def _codes(picture: Any) -> list[Any]:
    reader: Any = import_module("zxingcpp")
    found: list[Any] = reader.read_barcodes(picture, formats=reader.BarcodeFormat.QRCode)
    return found


def _cover(picture: Any) -> None:
    """Paint over every code. Raises ValueError when there is none: ours has one on every page it seals."""
    draw: Any = import_module("PIL.ImageDraw").Draw(picture)
    found = _codes(picture)
    if not found:
        raise ValueError("no code was found")
    for code in found:
        corners = [getattr(code.position, name) for name in ("top_left", "top_right", "bottom_right", "bottom_left")]
        across, down = [c.x for c in corners], [c.y for c in corners]
        margin = (max(across) - min(across)) * _MARGIN / 4
        draw.rectangle(
            (min(across) - margin, min(down) - margin, max(across) + margin, max(down) + margin), fill=(226, 226, 226)
        )


def _mark(picture: Any, words: dict[str, str]) -> Any:
    """Write the mark across, again and again, and under it where and when it was shown."""
    image, drawing, fonts = (import_module(f"PIL.{name}") for name in ("Image", "ImageDraw", "ImageFont"))
    size = picture.width // 9
    large, small = fonts.truetype(words["font"], size), fonts.truetype(words["font"], size // 6)
    side = int((picture.width**2 + picture.height**2) ** 0.5) + size
    layer = image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen = drawing.Draw(layer)
    step_x, step_y = size * 4, int(size * 2.6)
    for row, top in enumerate(range(0, side, step_y)):
        for left in range(-step_x // 2 * (row % 2), side, step_x):
            pen.text((left, top), words["mark"], font=large, fill=(*_INK, 78))
            pen.text((left, top + int(size * 1.25)), words["line"], font=small, fill=(*_INK, 130))
    turned = layer.rotate(24, resample=image.Resampling.BICUBIC)
    left, top = (side - picture.width) // 2, (side - picture.height) // 2
    marked = picture.convert("RGBA")
    marked.alpha_composite(turned.crop((left, top, left + picture.width, top + picture.height)))
    return marked.convert("RGB")


if __name__ == "__main__":
    _limit()
    with contextlib.suppress(Exception):  # nothing said means nothing drawn
        head, _, body = sys.stdin.buffer.read().partition(b"\n")
        sys.stdout.buffer.write(_child(json.loads(head), body))
