"""Reads QR codes off a picture, as an extra: `pip install certgen[images]`.

A picture is a stranger's file, and decoders of pictures have holes: it is opened in a child process with limits
on memory, processor time and patience, which is handed the bytes and gives back texts. This file is also the
program of that child, so it imports nothing of ours at its head.
"""

import contextlib
import json
import resource
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

MEMORY_BYTES = 512 * 2**20  # address space
CPU_S, WALL_S = 2, 3
MAX_PICTURE = 16 * 2**20  # octets
MAX_PIXELS = 60_000_000  # an A4 page at 600 dpi has 35 million
_MODULES = ("PIL", "zxingcpp")
_FORMATS = ("PNG", "JPEG")
_BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


def is_picture(data: bytes) -> bool:
    """Say whether a file begins as a PNG or a JPEG does."""
    return data.startswith(_BEGINNINGS)


def read_codes(data: bytes, needs: tuple[str, ...] = _MODULES) -> tuple[str, ...]:
    """Give the texts of all QR codes on a PNG or JPEG.

    Raises SettingsError when the extra is not installed, FormatError when the picture cannot be read within
    the limits.
    """
    from certgen.core.errors import FormatError, SettingsError, Text

    if any(find_spec(name) is None for name in needs):
        raise SettingsError(
            Text("读取图片需要另装：pip install certgen[images]", "to read pictures: pip install certgen[images]")
        )
    if len(data) > MAX_PICTURE:
        raise FormatError(Text("图片文件过大", f"a picture of {len(data)} octets, wanted at most {MAX_PICTURE}"))
    command = [sys.executable, "-I", str(Path(__file__))]  # -I: nothing beside this file can be imported
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=WALL_S, check=False, env={})  # noqa: S603
    except subprocess.TimeoutExpired as fault:
        raise FormatError(Text("图片处理超时", f"the picture took longer than {WALL_S} s")) from fault
    try:
        texts = json.loads(done.stdout)
    except ValueError as fault:
        raise FormatError(Text("图片读不出来", "the picture cannot be read within the limits")) from fault
    return tuple(str(text) for text in texts)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _child(data: bytes) -> list[str]:
    image: Any = import_module("PIL.Image")
    image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # the library refuses beyond twice its limit
    reader: Any = import_module("zxingcpp")
    with image.open(BytesIO(data), formats=_FORMATS) as picture:
        grey = picture.convert("L")
    found = reader.read_barcodes(grey, formats=reader.BarcodeFormat.QRCode)
    return [code.text for code in found]


if __name__ == "__main__":
    _limit()
    with contextlib.suppress(Exception):  # nothing said means nothing read; the parent words it
        sys.stdout.write(json.dumps(_child(sys.stdin.buffer.read())))
