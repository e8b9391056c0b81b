"""What goes around every answer: headers, an empty body for HEAD, and a bare 500 for what nobody foresaw.

Nothing of a request is logged: neither its address, which holds a sid, nor the words of an error, which may hold a
name.
"""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import PurePath
from typing import Any

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PERMISSIONS = b"permissions-policy"
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", _CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (_PERMISSIONS, b"camera=(), microphone=(), geolocation=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-robots-tag", b"noindex"),
)
_WITHOUT_STORE = (*HEADERS, (b"cache-control", b"no-store"))
_log = logging.getLogger("certgen.api")


class Guard:
    """ASGI, outermost: puts the headers on every answer, and takes the body off one to HEAD."""

    def __init__(self, app: App) -> None:
        """Stand around an application."""
        self._app = Silence(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD"

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _headers(message["headers"])
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        await self._app(scope, receive, answer)


class Silence:
    """ASGI: answers what nobody foresaw with a bare 500. Also within the framework, which would answer it in words."""

    def __init__(self, app: App) -> None:
        """Stand around an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; nothing escapes."""
        has_begun = False

        async def answer(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception as fault:  # border control: no traceback, whose lines may hold a name or a number
            _log.error("a request failed: %s", _place(fault))
            if has_begun:
                raise ConnectionError("an answer broke off") from None
            start = {"type": "http.response.start", "status": 500, "headers": [(b"content-type", b"text/plain")]}
            await send(start)
            await send({"type": "http.response.body", "body": b"500"})


def _headers(given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    names = {name for name, _ in given}
    general = HEADERS if b"cache-control" in names else _WITHOUT_STORE
    if _PERMISSIONS in names:  # of the one page that opens the camera
        general = tuple(header for header in general if header[0] != _PERMISSIONS)
    return [*given, *general]


def _place(fault: BaseException) -> str:
    """Name an error by its class and the line that raised it, and nothing of what it says."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    return f"{type(fault).__name__} at {where}"
