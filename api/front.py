"""The answers that programs ask for most, `GET /<sid>.json`, given before routing: bare ASGI, one statement.

What it says is made where the page makes it; what it saves is the framework's way to it, which takes longer than all
the rest.
"""

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

from fastapi.concurrency import run_in_threadpool

from api.guard import App, Receive, Scope, Send

VARY = (b"vary", b"Accept, Accept-Language")
# Addresses that end in .json, or may, and are no sid's.
_FIXED = frozenset({"/check.json", "/find.json", "/openapi.json"})
_FOLDERS = ("/check/", "/find/", "/static/", "/status/", "/vectors/")


_short = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


class Said(NamedTuple):
    """A finished answer."""

    status: int
    media_type: bytes
    body: bytes


class Front:
    """ASGI: answers what it can, and hands on the rest."""

    def __init__(self, app: App, say: Callable[[str, Scope], Said], *, is_quick: bool) -> None:
        """`say` answers for a sid as it stands in the address; `is_quick` when it waits for no network."""
        self._app, self._say, self._is_quick = app, say, is_quick

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if not is_by_sid(scope):
            await self._app(scope, receive, send)
            return
        name = scope["path"][1:-5]
        said = self._say(name, scope) if self._is_quick else await run_in_threadpool(self._say, name, scope)
        headers = [(b"content-type", said.media_type), (b"content-length", b"%d" % len(said.body)), VARY]
        await send({"type": "http.response.start", "status": said.status, "headers": headers})
        await send({"type": "http.response.body", "body": said.body})


def is_by_sid(scope: Scope) -> bool:
    """Tell whether a request asks for the JSON of what it takes for a sid, be it one or not."""
    path: str = scope.get("path", "")
    return (
        path.endswith(".json")
        and scope["type"] == "http"
        and scope["method"] in ("GET", "HEAD")
        and path not in _FIXED
        and not path.startswith(_FOLDERS)
    )


def encode(body: Mapping[str, object]) -> bytes:
    """Write JSON as every answer has it."""
    return _short(body).encode()
