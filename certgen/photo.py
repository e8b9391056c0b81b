"""Photographs for cards: what somebody hands in → a small JPEG of ours, or a refusal with its reason.

A photograph comes as base64 (a data: URI will do) of a JPEG or PNG; the command line puts files in the place of
paths. It is turned upright, cropped in the middle to 295 × 413 dots – 25 × 35 mm at 300 dpi – and encoded anew, so that
nothing of the file is left but its picture: no place, no camera, no bytes behind the end. What we encoded ourselves is
taken as it stands, so that a stored record reads to itself.
"""

import base64
import binascii
import hashlib
import io
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from certgen.core.errors import Text

WIDTH, HEIGHT = 295, 413
MOST_BYTES = 8_000_000
MOST_PIXELS = 20_000_000
LONGEST_SIDE = 4  # times the other; a middle cut out of a longer strip is no portrait
QUALITIES = range(85, 60, -1)  # the first of them, but for the odd file that holds a token the verifier counts
_TOKENS = re.compile(rb"%PDF-|%%EOF|startxref|/ByteRange|/Prev|/XRefStm|/ObjStm|/Encrypt|/Linearized")
_URI = re.compile(r"data:image/(?:jpeg|png);base64,")
_PATH = re.compile(r"[^\0:]{1,500}\.(?:jpe?g|png)", re.IGNORECASE)
_MARKER = re.compile(rb"\xff[^\x00]")

Refuse = Callable[[Text, str], Exception]


def read(value: object, refuse: Refuse) -> str:
    """Read an untrusted photograph into base64 of a JPEG of ours; raises what `refuse` makes of the reason."""
    data = _bytes(value, refuse)
    return base64.b64encode(data if is_ours(data) else _encoded(_picture(data, refuse))).decode()


def decode(text: str) -> bytes:
    """Give the JPEG of what `read` wrote."""
    return base64.b64decode(text)


def digest(data: bytes) -> str:
    """Name a photograph in a record: `sha256:` and 64 hex digits. The picture itself is on the page."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def with_files(record: Mapping[str, object], names: Mapping[str, str], photos: frozenset[str], folder: Path) -> Any:
    """Put base64 in the place of paths to files beside a record, for the fields `photos`; `names` as in Template.

    Paths that lead out of `folder` and files that are not there stay as they are, to be refused by `read`.
    """
    if not isinstance(record, Mapping) or not photos:
        return record
    return {
        key: _of_file(value, folder) if names.get(key) in photos and isinstance(value, str) else value
        for key, value in record.items()
    }


def is_ours(data: bytes) -> bool:
    """Say whether bytes are what we would have encoded: our header, one scan, nothing behind it, and it decodes."""
    if not _is_of_our_size(data):  # before 25 headers are made to compare with, which takes longer than all the rest
        return False
    head = next((head for head in map(_header, QUALITIES) if data.startswith(head)), b"")
    if not head or not data.endswith(b"\xff\xd9") or _MARKER.search(data, len(head), len(data) - 2):
        return False
    if _TOKENS.search(data) or len(data) > WIDTH * HEIGHT * 3:
        return False
    try:
        _open(data).load()
    except Exception:  # whatever Pillow makes of it
        return False
    return True


def _is_of_our_size(data: bytes) -> bool:
    try:
        return bool(_open(data).size == (WIDTH, HEIGHT))
    except Exception:  # whatever Pillow makes of it
        return False


def file_of(value: str, folder: Path) -> Path | None:
    """Find the file of at most 8 MB that a path names in a folder; None when it leads out of it, or to nothing."""
    text = value.strip()
    if not _PATH.fullmatch(text):
        return None
    path = (folder / text).resolve()
    is_inside = path.is_relative_to(folder.resolve()) and path.is_file()
    return path if is_inside and path.stat().st_size <= MOST_BYTES else None


def _of_file(value: str, folder: Path) -> str:
    path = file_of(value, folder)
    return base64.b64encode(path.read_bytes()).decode() if path else value


def _bytes(value: object, refuse: Refuse) -> bytes:
    wanted = Text("照片（JPEG 或 PNG，以 base64 给出）", "a photograph: a JPEG or PNG in base64")
    if type(value) is not str:
        raise refuse(wanted, "")
    text = value.strip()
    if _PATH.fullmatch(text):
        raise refuse(Text("记录旁边不超过 8 MB 的照片文件", "a file of at most 8 MB beside the record"), "")
    text = "".join(text[match.end() if (match := _URI.match(text)) else 0 :].split())
    if len(text) > MOST_BYTES * 4 // 3 + 4:
        raise refuse(Text("不超过 8 MB 的照片", "a photograph of at most 8 MB"), "")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise refuse(wanted, "") from None
    if len(data) > MOST_BYTES:
        raise refuse(Text("不超过 8 MB 的照片", "a photograph of at most 8 MB"), "")
    return data


def _open(data: bytes) -> Any:
    from PIL import Image  # here: kinds without photographs need no imaging library

    return Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))


def _picture(data: bytes, refuse: Refuse) -> Any:
    """Decode within bounds: the size is looked at before a pixel is."""
    try:
        picture = _open(data)
        width, height = picture.size
    except Exception:  # Pillow raises what it likes at a broken file
        raise refuse(Text("能打开的 JPEG 或 PNG 照片", "a JPEG or PNG that can be opened"), "") from None
    if width * height > MOST_PIXELS:
        most = MOST_PIXELS // 1_000_000
        raise refuse(Text(f"不超过 {most} 百万像素的照片", f"at most {most} megapixels"), f"{width} × {height}")
    if max(width, height) > LONGEST_SIDE * min(width, height):
        wanted = Text(f"长边不超过短边 {LONGEST_SIDE} 倍的照片", f"no side more than {LONGEST_SIDE} times the other")
        raise refuse(wanted, f"{width} × {height}")
    if picture.format == "PNG" and getattr(picture, "is_animated", False):
        raise refuse(Text("静止的照片", "a photograph that does not move"), "")
    try:
        if picture.format == "JPEG":
            picture.draft("RGB", (2 * WIDTH, 2 * HEIGHT))  # decode at a half, a quarter or an eighth
        upright = _upright(picture)
    except Exception:
        raise refuse(Text("没有损坏的照片", "a photograph that is not damaged"), "") from None
    if upright.width < WIDTH or upright.height < HEIGHT:
        wanted = Text(f"不小于 {WIDTH} × {HEIGHT} 像素的照片", f"at least {WIDTH} × {HEIGHT} pixels")
        raise refuse(wanted, f"{width} × {height}")
    return upright


def _upright(picture: Any) -> Any:
    """Load a picture, turn it as its camera was held, and put it on white in RGB."""
    from PIL import Image, ImageOps

    picture.load()
    turned = ImageOps.exif_transpose(picture)
    if turned.mode in {"RGBA", "LA", "PA"} or "transparency" in turned.info:
        turned = turned.convert("RGBA")
        ground = Image.new("RGBA", turned.size, (255, 255, 255, 255))
        turned = Image.alpha_composite(ground, turned)
    if turned.mode in {"I;16", "I"}:
        turned = turned.point(lambda v: v / 256).convert("L")
    return turned.convert("RGB")


def _encoded(picture: Any) -> bytes:
    from PIL import Image, ImageOps

    small = ImageOps.fit(picture, (WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    small.info.clear()  # or Pillow would write resolution and profile again
    for quality in QUALITIES:
        data = _jpeg(small, quality)
        if not _TOKENS.search(data):
            break
    return data


def _jpeg(picture: Any, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, subsampling=0, optimize=False, progressive=False)
    return out.getvalue()


@cache
def _header(quality: int) -> bytes:
    """Give what every JPEG of ours begins with, up to its scan."""
    from PIL import Image

    data = _jpeg(Image.new("RGB", (WIDTH, HEIGHT)), quality)
    scan = data.index(b"\xff\xda")
    return data[: scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big")]
