"""What a telephone keeps: the inspector's page, one shell for every sid, the worker behind both, and files.

    GET  /scan                      camera, picture or text, judged on the telephone
    GET  /shell                     a page without an answer: the worker shows it for a sid where no network is
    GET  /sw.js                     the worker, scope /
    GET  /static/<version>/<name>   scripts, style, mark; kept for a year, since a changed file has another address
    GET  /static/<name>             the same for whoever kept an older address

None of them knows a sid, so none of them differs from one caller to the next but in language.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request, Response

from api.page import Asset, Pages, language_of
from certgen.core.errors import TemplateError

if TYPE_CHECKING:
    from certgen.template import Template

_DAY_S = 86_400
_YEAR_S = 365 * _DAY_S
_CAMERA = {"permissions-policy": "camera=(self), microphone=(), geolocation=()"}
_KEPT_PAGES = ("/scan?lang=zh", "/scan?lang=en", "/shell?lang=zh", "/shell?lang=en")
_JAVASCRIPT = "text/javascript; charset=utf-8"


class Shell:
    """The routes, over pages that were read once."""

    def __init__(self, pages: Pages) -> None:
        """Write the worker's first line: what it keeps, under which version."""
        self._pages = pages
        kept = [*_KEPT_PAGES, *map(pages.address, pages.assets)]
        first = f"const VERSION = {json.dumps(pages.version)}, KEPT = {json.dumps(kept)};\n"
        self._worker = Asset.of(first.encode() + pages.assets["sw.js"].content, _JAVASCRIPT)

    @property
    def routes(self) -> tuple[tuple[str, Callable[..., Any]], ...]:
        """Paths and what answers them."""
        return (
            ("/scan", self.scan),
            ("/shell", self.shell),
            ("/sw.js", self.worker),
            ("/static/{version}/{name:path}", self.versioned),
            ("/static/{name}", self.static),
        )

    def scan(self, request: Request) -> Response:
        """Send the inspector's page, the only one that may open the camera."""
        answer = self._pages.write("scan.html", language_of(request))
        answer.headers.update(_CAMERA)
        return answer

    def shell(self, request: Request) -> Response:
        """Send the page that knows nothing yet."""
        return self._pages.write("shell.html", language_of(request))

    def worker(self, request: Request) -> Response:
        """Send the worker; a browser asks for it anew each time, so that a new version is found."""
        return self._worker.answer(request, 0)

    def versioned(self, request: Request, version: str, name: str) -> Response:
        """Send a file under the address of its version."""
        is_current = version == self._pages.version
        return self._asset(name).answer(request, _YEAR_S if is_current else 0, is_immutable=is_current)

    def static(self, request: Request, name: str) -> Response:
        """Send a file under an address without a version."""
        return self._asset(name).answer(request, _DAY_S)

    def _asset(self, name: str) -> Asset:
        asset = self._pages.assets.get(name)
        if asset is None:
            raise HTTPException(404)
        return asset


def kinds_json(templates: Mapping[str, "Template"]) -> bytes:
    """Name each kind and the two fields that a code carries, for a telephone that cannot ask the register."""
    return json.dumps(dict(_named(templates)), ensure_ascii=False).encode()


def _named(templates: Mapping[str, "Template"]) -> Iterator[tuple[str, dict[str, dict[str, str]]]]:
    for kind in sorted(templates):
        try:
            template = templates[kind]
        except TemplateError:
            continue  # its documents are still shown, under the plain names of their fields
        labels = {field.name: field.label for field in template.fields}
        names = {"title": template.title, "holder": labels[template.holder], "code": labels.get(template.holder_code)}
        yield kind, {role: text._asdict() for role, text in names.items() if text}
