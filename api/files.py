"""What anybody may keep for checking offline: anchors, status lists, test vectors. Each has a tag and an age.

    GET  /trust.cose      the root-signed trust list
    GET  /root.crt.pem    the root
    GET  /status/{n}      the status list of shard n
    GET  /vectors/        what test vectors there are; /vectors/{name}.json one of them

The published folder of the workspace goes first; where nothing has been published yet the anchors are read from
where they were made, and the vectors are those that came with the programs.
"""

import gzip
from collections.abc import Callable
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response

from api import problems
from api.answers import Answers
from api.page import Asset
from certgen.core.errors import SettingsError, Text
from certgen.published import MEDIA_TYPES, ROOT, TRUST, Published, Resource

if TYPE_CHECKING:
    from certgen.wiring import Desk

_READ = ["GET", "HEAD"]
_HERE = Path(__file__).parent
_VECTORS = (_HERE / "vectors", _HERE.parent / "tests" / "vectors")  # in a wheel, in a checkout
_DAY_S = 86_400


class Files:
    """The routes, over an open desk."""

    def __init__(self, desk: "Desk", answers: Answers) -> None:
        """Look once at which vectors there are."""
        self._desk, self._answers = desk, answers
        self._published = Published(desk.settings.published)
        folder = next((folder for folder in _VECTORS if folder.is_dir()), _VECTORS[0])
        self._vectors = {file.name: file for file in sorted(folder.glob("*.json"))}

    @property
    def routes(self) -> tuple[tuple[str, Callable[..., Any], list[str]], ...]:
        """Paths, what answers them, and the methods."""
        return (
            ("/trust.cose", self.trust, _READ),
            ("/root.crt.pem", self.root, _READ),
            ("/status/{shard}", self.status, _READ),
            ("/vectors/", self.vectors, _READ),
            ("/vectors/{name}", self.vector, _READ),
        )

    def trust(self, request: Request) -> Response:
        """Send the trust list."""
        return self._anchor(request, TRUST, self._desk.settings.trust)

    def root(self, request: Request) -> Response:
        """Send the root certificate."""
        return self._anchor(request, ROOT, self._desk.settings.root_certificate)

    def status(self, request: Request, shard: str) -> Response:
        """Send a status list."""
        found = self._published.get(f"status/{shard}", self._desk.clock())
        return _send(request, found) if found else self._answers.problem(request, problems.NOT_PUBLISHED)

    def vectors(self) -> Response:
        """List the vectors with their digests."""
        files = [
            {"path": f"/vectors/{name}", "sha256": sha256(file.read_bytes()).hexdigest(), "bytes": file.stat().st_size}
            for name, file in self._vectors.items()
        ]
        return self._answers.json({"vectors": files})

    def vector(self, request: Request, name: str) -> Response:
        """Send a file of vectors."""
        if found := self._published.get(f"vectors/{name}", self._desk.clock()):
            return _send(request, found)
        file = self._vectors.get(name)
        if file is None:
            return self._answers.problem(request, problems.NOT_PUBLISHED)
        return Asset.of(file.read_bytes(), "application/json").answer(request, _DAY_S)

    def _anchor(self, request: Request, name: str, made: Path) -> Response:
        if found := self._published.get(name, self._desk.clock()):
            return _send(request, found)
        try:
            return Asset.of(made.read_bytes(), MEDIA_TYPES[name]).answer(request, 3600)
        except OSError as error:
            raise SettingsError(Text(f"读不到 {made.name}", f"{made.name} cannot be read")) from error


def _send(request: Request, found: Resource) -> Response:
    gzipped = _gzipped(found.content) if "gzip" in request.headers.get("accept-encoding", "") else b""
    headers = {
        "etag": f'{found.etag[:-1]}-gz"' if gzipped else found.etag,
        "cache-control": f"public, max-age={found.max_age_s}",
        "last-modified": format_datetime(found.last_modified, usegmt=True),
        "vary": "Accept-Encoding",
    }
    if found.etag[:-1] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if gzipped:
        headers["content-encoding"] = "gzip"
    return Response(gzipped or found.content, headers=headers, media_type=found.media_type)


@lru_cache(maxsize=16)
def _gzipped(content: bytes) -> bytes:
    """Compress what gets shorter by it: a trust list to a quarter, since its certificates repeat; a status list not."""
    gzipped = gzip.compress(content, 9, mtime=0)
    return gzipped if len(gzipped) < 0.9 * len(content) else b""
