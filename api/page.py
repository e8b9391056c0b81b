"""The pages: Jinja2 with autoescape, and files that never change while the process runs, each with its ETag."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.facts import say_moment
from certgen.core.errors import Lang, Text

FOLDER = Path(__file__).parent / "pages"
_CODE = re.compile(r"[0-9A-Z*]{10,}")
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """Bytes with their type and tag."""

    content: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, content: bytes, media_type: str) -> "Asset":
        """Tag bytes by their digest."""
        return cls(content, media_type, f'"{sha256(content).hexdigest()[:20]}"')

    def answer(self, request: Request, max_age_s: int) -> Response:
        """Send it, or say that the caller has it already."""
        headers = {"etag": self.etag, "cache-control": f"public, max-age={max_age_s}"}
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(self.content, headers=headers, media_type=self.media_type)


class Pages:
    """Writes pages."""

    def __init__(self, host: str) -> None:
        """Read every template and file once; `host` is the one that our codes open."""
        files = [file for file in sorted(FOLDER.iterdir()) if file.suffix in _TYPES]
        self.assets: Mapping[str, Asset] = {f.name: Asset.of(f.read_bytes(), _TYPES[f.suffix]) for f in files}
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(host=host, asset=self._address, groups=groups)
        self._templates = {file.name: self._environment.get_template(file.name) for file in FOLDER.glob("*.html")}

    def _address(self, name: str) -> str:
        return f"/static/{name}?v={self.assets[name].etag[1:9]}"

    def write(self, name: str, lang: Lang, status: int = 200, **values: object) -> Response:
        """Write a page in a language."""

        def t(zh: str | Text, en: str = "") -> str:
            return zh.say(lang) if isinstance(zh, Text) else zh if lang == "zh" else en

        page = self._templates[name].render(lang=lang, t=t, moment=lambda at: say_moment(at, lang), **values)
        return HTMLResponse(page, status, {"vary": "Accept, Accept-Language", "content-language": lang})


def groups(value: str) -> list[str]:
    """Cut a long code into fours, which are easier to compare; anything else stays whole."""
    return [value[i : i + 4] for i in range(0, len(value), 4)] if _CODE.fullmatch(value) else [value]


def language_of(request: Request) -> Lang:
    """Choose a language: ?lang=, else the first of ours that the browser lists, else Chinese."""
    asked = request.query_params.get("lang", "")
    if asked in ("zh", "en"):
        return "en" if asked == "en" else "zh"
    for entry in request.headers.get("accept-language", "")[:200].split(","):
        tag = entry.split(";")[0].strip().lower()[:2]
        if tag in ("zh", "en"):
            return "en" if tag == "en" else "zh"
    return "zh"


def wants_json(request: Request) -> bool:
    """Tell whether the caller asks for JSON: by the address, or by Accept without HTML."""
    accept = request.headers.get("accept", "")
    return request.url.path.endswith(".json") or ("json" in accept and "html" not in accept)
