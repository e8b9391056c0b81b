"""A public service over a House, behind a real socket, and Debian's Chromium in front of it."""

import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import uvicorn
import zxingcpp
from playwright.sync_api import Page

from api.public import make_app
from certgen import wiring
from certgen.core.model import Registered
from tests.house import House

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--lang=zh-CN"),
)


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


class Told:
    """A register that says of a sid what a test wants said: what a later licence would have made of an older one."""

    def __init__(self, register: Any) -> None:
        self._register = register
        self.statuses: dict[str, str] = {}

    def by_sid(self, sid: str) -> tuple[Registered, ...]:
        found = self._register.by_sid(sid)
        return tuple(replace(known, status=self.statuses.get(sid, known.status)) for known in found)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._register, name)


class Site:
    """The service at an origin of its own; it can be stopped and started again, as a network fails and comes back."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.house = House(folder / "home", origin=self.origin)
        self.told = Told(self.house.register)
        self._desk = wiring.Desk(self.house.settings, self.told, self.house.clock)  # type: ignore[arg-type]
        self.app = make_app(self._desk)
        self._server: uvicorn.Server | None = None

    def start(self) -> None:
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=self.port, log_level="error", lifespan="off", access_log=False,
            server_header=False, timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = True
            self._thread.join(10)
            self._server = None

    def close(self) -> None:
        self.stop()
        self.house.close()


def picture_of(pdf: bytes, dpi: int = 200) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Rasterise the first page: rows of RGB."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return np.ascontiguousarray(document[0].render(scale=dpi / 72).to_numpy()[:, :, ::-1])
    finally:
        document.close()


def code_in(pdf: bytes) -> str:
    """Read the text of the code as a scanner does."""
    (found,) = zxingcpp.read_barcodes(picture_of(pdf, 150))
    return found.text


def around_code(pdf: bytes, width: int = 640, height: int = 480) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Give what a camera held over the code sees of the paper."""
    page = picture_of(pdf, 150)
    (found,) = zxingcpp.read_barcodes(page)
    corners = [(p.x, p.y) for p in (found.position.top_left, found.position.bottom_right)]
    x, y = (sum(corner[i] for corner in corners) // 2 for i in (0, 1))
    top, left = max(0, min(y - height // 2, page.shape[0] - height)), max(0, min(x - width // 2, page.shape[1] - width))
    return page[top : top + height, left : left + width]


def write_y4m(file: Path, frames: Iterable[np.ndarray[Any, np.dtype[np.uint8]]]) -> None:
    """Write frames as a film a fake camera plays: YUV4MPEG2, 4:2:0, BT.601 in full range."""
    with file.open("wb") as out:
        for at, frame in enumerate(frames):
            height, width, _ = frame.shape
            if at == 0:
                out.write(b"YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n" % (width, height))
            red, green, blue = np.moveaxis(frame.astype(float), 2, 0)
            luma = 0.299 * red + 0.587 * green + 0.114 * blue
            planes = [luma, 128 + (blue - luma) * 0.564, 128 + (red - luma) * 0.713]
            small = [plane.reshape(height // 2, 2, width // 2, 2).mean((1, 3)) for plane in planes[1:]]
            out.write(b"FRAME\n")
            for plane in (planes[0], *small):
                out.write(np.clip(np.rint(plane), 0, 255).astype(np.uint8).tobytes())


def heading(page: Page) -> str:
    """Give the verdict a page shows once its script has answered."""
    page.wait_for_selector("#told #verdict, section.verdict #verdict")
    return page.inner_text("#verdict")
