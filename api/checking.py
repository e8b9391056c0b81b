"""The page that checks files and codes.

    GET  /check                 asks for a file or a text; POST the same to be told; /check.json answers as JSON
    GET  /check/{sha256}        a file by its digest alone, 404 for one that must be sent; /check/{sha256}.json
    GET  /check/{sha256}.pdf    the original with this digest, where its template lets it be fetched

What is handed in is kept in memory while it is judged, and nowhere afterwards. The answer holds the register's data.

The browser hashes the file and asks by its digest first, so that most files need not be sent at all. Whoever knows the
digest of a registered file has, or had, that file: nobody guesses 256 bits, and no page, code or record gives it away.
So the answer may be the same as for the file, and the original may be fetched by it, where its template lets it be:
that is how somebody whose copy grew a mail footer gets the clean one (docs/adr/0011).
"""

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from api import judged, problems
from api.answers import Answers
from api.facts import Showing
from api.page import wants_json
from api.upload import HandedIn, read_upload
from certgen.core.model import Registered
from verify import Report

if TYPE_CHECKING:
    from certgen.wiring import Desk

_MOST_UPLOADS = 16
_READ = ["GET", "HEAD"]
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Checking:
    """The routes, over an open desk."""

    def __init__(self, desk: "Desk", showing: Showing, answers: Answers) -> None:
        """Take what the routes share."""
        self._desk, self._showing, self._answers = desk, showing, answers
        # Each may hold 25 MB twice over while it arrives. More are turned away, and pages by sid go on being answered.
        self._arriving = asyncio.Semaphore(_MOST_UPLOADS)
        # One file is judged at a time: a judgement takes milliseconds, and a file may weigh 25 MB.
        self._turn = asyncio.Semaphore(1)

    @property
    def routes(self) -> tuple[tuple[str, Callable[..., Any], list[str]], ...]:
        """Paths, what answers them, and the methods."""
        return (
            ("/check", self.form, _READ),
            ("/check", self.check, ["POST"]),
            ("/check.json", self.check, ["POST"]),
            ("/check/{name}", self.by_digest, _READ),
        )

    def form(self, request: Request) -> Response:
        """Ask for a file or a text."""
        return self._answers.page("check.html", request)

    async def check(self, request: Request) -> Response:
        """Judge what is handed in, and say what each rule found."""
        if self._arriving.locked():
            raise HTTPException(503)
        async with self._arriving:
            handed = await read_upload(request)
        async with self._turn:
            result = await run_in_threadpool(self._judge, handed)
        return self._say(request, result)

    def by_digest(self, request: Request, name: str) -> Response:
        """Say what is known of a file by its digest, or send it."""
        digest, _, ending = name.partition(".")
        if ending == "pdf":
            return self._original(request, parse_digest(digest))
        report = self._desk.verifier.digest(parse_digest(digest)) if ending in ("", "json") else None
        if report is None or report.document is None:
            return self._answers.problem(request, problems.UNKNOWN_FILE)
        return self._say(request, self._put(report, is_file=True))

    def _original(self, request: Request, digest: bytes) -> Response:
        known = self._desk.register.by_digest(digest)
        if known is None or not self._is_open(known):
            return self._answers.problem(request, problems.UNKNOWN_FILE)
        name = f'attachment; filename="{known.sid}.pdf"'
        content = self._desk.register.pdf(known.pdf_digest)
        return Response(content, 200, {"content-disposition": name}, "application/pdf")

    def _is_open(self, known: Registered) -> bool:
        template = self._desk.templates.get(known.kind)
        return template is not None and template.publicity.original

    def _judge(self, handed: HandedIn) -> judged.Judged:
        verifier = self._desk.verifier
        report = verifier.pdf(handed.pdf) if handed.pdf is not None else verifier.qr(handed.text or "")
        return self._put(report, is_file=handed.pdf is not None)

    def _put(self, report: Report, *, is_file: bool) -> judged.Judged:
        known = report.document
        shown = self._showing.show(known, self._desk.clock()) if known else None
        is_offered = known is not None and judged.is_appended(report) and self._is_open(known)
        original = f"/check/{known.pdf_digest.hex()}.pdf" if known and is_offered else ""
        return judged.judge(report, shown, is_file=is_file, original=original)

    def _say(self, request: Request, result: judged.Judged) -> Response:
        if wants_json(request):
            return self._answers.json(result.as_json())
        appended = judged.is_appended(result.report)
        return self._answers.page("result.html", request, judged=result, appended=appended, at=self._desk.clock())


def parse_digest(text: str) -> bytes:
    """Read a SHA-256 as it stands in the address; what is none becomes one that no file has."""
    return bytes.fromhex(text) if _DIGEST.fullmatch(text) else bytes(32)
