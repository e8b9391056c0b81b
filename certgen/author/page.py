"""The preview page: a small server for one author on this machine.

    GET /                what the author looks at
    GET /scene.json      the pages, boxes and faults of what is wished for: ?case= &form= &copy= &paper=
    GET /stamp           changes with every save; the page asks twice a second
    GET /check.json      every fault of the kind, as `certgen template check` finds them
    GET /page/NAME.png   a picture of /scene.json

It listens on 127.0.0.1 and answers no other host name: a web page elsewhere that points its own name here would
otherwise read what an office is drafting. It signs nothing and knows no register.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from certgen.author.live import Scene, Wish, look, stamp_of
from certgen.author.studio import Studio
from certgen.core.errors import Lang, SettingsError, TemplateError, Text

_FOLDER = Path(__file__).parent / "pages"
_FILES = {"/preview.css": "text/css; charset=utf-8", "/preview.js": "text/javascript; charset=utf-8"}
_JSON = "application/json"
_KEPT = 48  # pictures; a scene has a handful
_POLICY = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'"
Check = Callable[[Path, Studio], list[TemplateError]]
Answer = tuple[int, str, bytes]
_NOTHING: Answer = (404, "text/plain", b"not here\n")


class Desk:
    """What the page asks, answered one request at a time: PDFium is not made for two threads."""

    def __init__(self, folder: Path, open_studio: Callable[[], Studio], check: Check, wish: Wish, lang: Lang) -> None:
        """Look at the kind in `folder`; `open_studio` is asked again whenever a file has changed."""
        self._folder, self._open, self._check, self._wish, self._lang = folder, open_studio, check, wish, lang
        self._turn, self._pictures = Lock(), dict[str, bytes]()
        self._studio: tuple[str, Studio] | None = None

    def answer(self, path: str, query: str) -> Answer:
        """Answer a GET: status, media type, body."""
        if path in _FILES:
            return 200, _FILES[path], (_FOLDER / path[1:]).read_bytes()
        if path == "/favicon.ico":
            return 204, "text/plain", b""
        if path == "/stamp":
            return 200, "text/plain", stamp_of(self._folder).encode()
        with self._turn:
            if path == "/":
                return 200, "text/html; charset=utf-8", self._page()
            if path == "/scene.json":
                asked = {key: values[0][:80] for key, values in parse_qs(query).items()}
                wish = Wish(**{key: asked.get(key, "") for key in ("case", "form", "copy", "paper")})
                stamp = stamp_of(self._folder)  # first: what is saved while we draw is drawn next time
                return (
                    200,
                    _JSON,
                    self._said({"stamp": stamp, **self._scene(look(self._folder, self._at(stamp), wish))}),
                )
            if path == "/check.json":
                faults = self._check(self._folder, self._at(stamp_of(self._folder)))
                return 200, _JSON, self._said([fault.say(self._lang) for fault in faults])
            picture = self._pictures.get(path.removeprefix("/page/").removesuffix(".png"))
            return (200, "image/png", picture) if picture else _NOTHING

    def _at(self, stamp: str) -> Studio:
        """Give a studio that has seen no older state of the files."""
        if self._studio is None or self._studio[0] != stamp:
            self._studio = stamp, self._open()
        return self._studio[1]

    def _scene(self, scene: Scene) -> dict[str, object]:
        for shot in scene.shots:
            self._pictures[shot.name] = shot.picture
        while len(self._pictures) > max(_KEPT, len(scene.shots)):
            del self._pictures[next(iter(self._pictures))]
        return {
            "title": scene.title.say(self._lang),
            "cases": scene.cases,
            "forms": scene.forms,
            "copies": [[copy, title.say(self._lang)] for copy, title in scene.copies],
            "wish": asdict(scene.wish),
            "faults": [fault.say(self._lang) for fault in scene.faults],
            "shots": [
                {
                    "src": f"/page/{shot.name}.png",
                    "width": shot.width,
                    "height": shot.height,
                    "file": shot.file,
                    "outlines": [asdict(outline) for outline in shot.outlines],
                }
                for shot in scene.shots
            ],
        }

    def _page(self) -> bytes:
        environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
        lang = self._lang

        def t(zh: str, en: str) -> str:
            return Text(zh, en).say(lang)

        page = environment.get_template("preview.html")
        return page.render(lang=lang, t=t, kind=self._folder.name, wish=self._wish).encode()

    @staticmethod
    def _said(data: object) -> bytes:
        return json.dumps(data, ensure_ascii=False).encode()


class _Asked(BaseHTTPRequestHandler):
    """Hands requests to the desk."""

    desk: ClassVar[Desk]
    hosts: ClassVar[frozenset[str]]

    def do_GET(self) -> None:
        """Answer."""
        if self.headers.get("Host", "") not in self.hosts:
            status, media_type, body = 421, "text/plain", b"this page is for 127.0.0.1 alone\n"
        else:
            parts = urlsplit(self.path)
            status, media_type, body = self.desk.answer(parts.path, parts.query)
        self.send_response(status)
        headers = {
            "Content-Type": media_type,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal is the author's."""


def make_server(
    folder: Path, open_studio: Callable[[], Studio], check: Check, wish: Wish, *, lang: Lang, port: int
) -> ThreadingHTTPServer:
    """Make the server, listening but not yet serving; port 0 takes a free one. Raises SettingsError."""

    class Asked(_Asked):
        desk = Desk(folder, open_studio, check, wish, lang)

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Asked)
    except OSError as error:
        zh, en = f"端口 {port} 用不了：{error.strerror}", f"port {port} cannot be used: {error.strerror}"
        raise SettingsError(Text(zh, en)) from error
    Asked.hosts = frozenset(f"{name}:{server.server_port}" for name in ("127.0.0.1", "localhost"))
    return server
