"""Asks an ASGI application without a network, with bodies in any number of pieces and addresses as they come."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote


class Answer(NamedTuple):
    """What came back, and how much of the body was read for it."""

    status: int
    headers: dict[str, str]
    body: bytes
    taken: int

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Web:
    """An application to ask."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def get(self, target: str, method: str = "GET", **headers: str) -> Answer:
        return self.ask(method, target, (), **headers)

    def post(self, target: str, body: bytes | Iterable[bytes], content_type: str = "", **headers: str) -> Answer:
        pieces = (body,) if isinstance(body, bytes) else body
        more = {"content-type": content_type} if content_type else {}
        return self.ask("POST", target, pieces, **more, **headers)

    def ask(self, method: str, target: str, pieces: Iterable[bytes], **headers: str) -> Answer:
        """Send a request; header names are written with underscores."""
        return asyncio.run(self._ask(method, target, iter(pieces), headers))

    def ask_while(self, stalled: int, method: str, target: str, **headers: str) -> list[Answer]:
        """Ask twice: while that many uploads to /check stand still half-way, and after they were given up."""

        async def run() -> list[Answer]:
            never = asyncio.Event()
            slow = {"content-type": "application/pdf"}
            uploads = [
                asyncio.create_task(self._ask("POST", "/check", iter((b"%PDF-",)), slow, never)) for _ in range(stalled)
            ]
            await asyncio.sleep(0.05)
            during = await self._ask(method, target, iter((b"x",)), headers)
            for upload in uploads:
                upload.cancel()
            await asyncio.gather(*uploads, return_exceptions=True)
            return [during, await self._ask(method, target, iter((b"x",)), headers)]

        return asyncio.run(run())

    async def _ask(
        self,
        method: str,
        target: str,
        pieces: Iterator[bytes],
        headers: dict[str, str],
        until: asyncio.Event | None = None,
    ) -> Answer:
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(k.replace("_", "-").encode(), v.encode("latin-1")) for k, v in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("licence.example", 443),
        }
        taken = 0
        said: list[Any] = []

        async def receive() -> dict[str, Any]:
            nonlocal taken
            piece = next(pieces, None)
            if piece is None and until is not None:
                await until.wait()
            taken += len(piece or b"")
            return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

        async def send(message: Any) -> None:
            said.append(message)

        await self.app(scope, receive, send)
        given = {k.decode().lower(): v.decode() for k, v in said[0]["headers"]}
        return Answer(said[0]["status"], given, b"".join(m.get("body", b"") for m in said[1:]), taken)
