"""The page that checks files and codes.

    GET  /check                 asks for a file or a text; POST the same to be told; /check.json answers as JSON
    GET  /check/{sha256}        a file by its digest alone, 404 for one that must be sent; /check/{sha256}.json
    GET  /check/{sha256}.pdf    the original with this digest, where its template lets it be fetched

What is handed in is kept in memory while it is judged, and nowhere afterwards. The answer holds the register's data.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from api import judged, problems
from api.answers import Answers
from api.facts import Showing
from api.known import judge_known, parse_digest
from api.page import wants_json
from api.upload import HandedIn, read_upload
from certgen.core.model import Registered

if TYPE_CHECKING:
    from certgen.wiring import Desk

_MOST_UPLOADS = 16
_READ = ["GET", "HEAD"]


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
        known = self._desk.register.by_digest(parse_digest(digest))
        if known is None or ending not in ("", "json", "pdf"):
            return self._answers.problem(request, problems.UNKNOWN_FILE)
        if ending == "pdf":
            return self._original(request, known)
        now = self._desk.clock()
        report = judge_known(known, self._desk.trust, now)
        return self._say(request, judged.judge(report, self._showing.show(known, now), is_file=True))

    def _original(self, request: Request, known: Registered) -> Response:
        if not self._is_open(known):
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
        known, now = report.document, self._desk.clock()
        shown = self._showing.show(known, now) if known else None
        original = ""
        if known and judged.is_appended(report) and self._is_open(known):
            original = f"/check/{known.pdf_digest.hex()}.pdf"
        return judged.judge(report, shown, is_file=handed.pdf is not None, original=original)

    def _say(self, request: Request, result: judged.Judged) -> Response:
        if wants_json(request):
            return self._answers.json(result.as_json())
        appended = judged.is_appended(result.report)
        return self._answers.page("result.html", request, judged=result, appended=appended, at=self._desk.clock())
