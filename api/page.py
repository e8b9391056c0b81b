"""The pages: Jinja2 with autoescape, and files that never change while the process runs, each with its ETag.

Every file is sent under an address that changes when any of them does: `/static/<version>/<name>`. A page and the
modules it loads are then always of one version, and a telephone that has them need not ask again.
"""

import gzip
import re
from base64 import b64encode
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
_TYPES |= {".txt": "text/plain; charset=utf-8"}
# What the result page loads, so that it is fetched at once and not link by link.
_MODULES = (
    *("document.js", "anchors.js", "result.js", "judge.js", "sentences.js"),
    *("qrtext.js", "trust.js", "statuslist.js", "cose.js", "cbor.js"),
)


@dataclass(frozen=True, slots=True)
class Asset:
    """Bytes with their type and tag, and the same deflated where that is shorter."""

    content: bytes
    media_type: str
    etag: str
    gzipped: bytes

    @classmethod
    def of(cls, content: bytes, media_type: str) -> "Asset":
        """Tag bytes by their digest."""
        gzipped = gzip.compress(content, 9, mtime=0)
        return cls(
            content, media_type, sha256(content).hexdigest()[:20], gzipped if len(gzipped) < len(content) else b""
        )

    def answer(self, request: Request, max_age_s: int, *, is_immutable: bool = False) -> Response:
        """Send it, or say that the caller has it already."""
        is_gzipped = bool(self.gzipped) and "gzip" in request.headers.get("accept-encoding", "")
        kept = f"public, max-age={max_age_s}" + (", immutable" if is_immutable else "")
        tag = f'"{self.etag}-gz"' if is_gzipped else f'"{self.etag}"'
        headers = {"etag": tag, "cache-control": kept, "vary": "Accept-Encoding"}
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if is_gzipped:
            headers["content-encoding"] = "gzip"
        return Response(self.gzipped if is_gzipped else self.content, headers=headers, media_type=self.media_type)


class Pages:
    """Writes pages."""

    def __init__(self, host: str, root_spki: bytes, kinds: bytes) -> None:
        """Read every template and file once.

        `host` is the one that our codes open, `root_spki` (DER) the key that scripts pin, `kinds` the JSON that names
        kinds and their fields to a telephone without a network.
        """
        files = {f.relative_to(FOLDER).as_posix(): f for f in sorted(FOLDER.rglob("*")) if f.is_file()}
        known = {name: Asset.of(f.read_bytes(), _TYPES[f.suffix]) for name, f in files.items() if f.suffix in _TYPES}
        self.assets: Mapping[str, Asset] = known | {"kinds.json": Asset.of(kinds, "application/json")}
        bodies = [f"{host}\n".encode(), root_spki, kinds, *(f.read_bytes() for f in files.values())]
        self.version = sha256(b"".join(sha256(body).digest() for body in bodies)).hexdigest()[:12]
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        root = b64encode(root_spki).decode()
        self._environment.globals.update(host=host, asset=self.address, groups=groups, root=root, modules=_MODULES)
        self._templates = {file.name: self._environment.get_template(file.name) for file in FOLDER.glob("*.html")}

    def address(self, name: str) -> str:
        """Give where a file is sent from. Raises KeyError for one that is not there."""
        return f"/static/{self.version}/{self.assets[name] and name}"

    def write(self, name: str, lang: Lang, status: int = 200, **values: object) -> Response:
        """Write a page in a language."""

        def t(zh: str | Text, en: str = "") -> str:
            return zh.say(lang) if isinstance(zh, Text) else zh if lang == "zh" else en

        page = self._templates[name].render(lang=lang, t=t, moment=lambda at: say_moment(at, lang), **values)
        headers = {"vary": "Accept, Accept-Encoding, Accept-Language", "content-language": lang}
        return HTMLResponse(page, status, headers)


def squeezed(page: Response, request: Request) -> Response:
    """Compress a page for whoever can read it so: on a slow line a third of a second less."""
    if "gzip" in request.headers.get("accept-encoding", ""):
        page.body = gzip.compress(bytes(page.body), 6, mtime=0)
        page.headers.update({"content-encoding": "gzip", "content-length": str(len(page.body))})
    return page


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
