"""Looking a licence up by what stands on the wall: its number, or the credit code of who holds it.

    GET  /find?q=…                     status and public facts of the licences found; /find.json?q=… the same as JSON
    GET  /find/{kind}/{number}.png     the picture marked 公示 of one of them, while it is in force

Only kinds whose template says so (`[public]`) are found: never a card. A number that was never issued, one of another
kind and what is no number at all get one and the same answer, after the same question to the register.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from api import picture, problems
from api.answers import Answers
from api.facts import Showing, Shown
from api.page import wants_json
from certgen.core.model import Registered
from certgen.settings import SHIPPED

if TYPE_CHECKING:
    from certgen.reading import Publicity
    from certgen.wiring import Desk

_READ = ["GET", "HEAD"]
_FONT = SHIPPED / "_shared" / "fonts" / "NotoSansSC-700.ttf"
_MOST_WAITING = 4  # for a picture, in one process; a drawing takes up to a second
_KEPT = 100  # pictures, some 300 KB each
_A_DAY = "private, max-age=600"


@dataclass(frozen=True, slots=True)
class Found:
    """One licence: the copy that is shown, every copy's state, and where its picture is ("" for none)."""

    shown: Shown
    copies: tuple[Shown, ...]
    picture: str

    def as_json(self) -> dict[str, object]:
        """Give the same as plain values."""
        copies = [
            {"copy": one.copy_title._asdict(), "sid": one.document.sid, "state": one.state} for one in self.copies
        ]
        return {**self.shown.as_json(), "copies": copies, "picture": self.picture or None}


class Finding:
    """The routes, over an open desk."""

    def __init__(self, desk: "Desk", showing: Showing, answers: Answers) -> None:
        """Ask every template once whether its kind may be found."""
        self._desk, self._showing, self._answers = desk, showing, answers
        every = {kind: template.publicity for kind, template in desk.templates.items()}
        self._open: dict[str, Publicity] = {kind: one for kind, one in every.items() if one.find}
        self._pictures: OrderedDict[bytes, bytes] = OrderedDict()  # by the digest of the file
        self._turn, self._waiting = asyncio.Semaphore(1), asyncio.Semaphore(_MOST_WAITING)

    @property
    def routes(self) -> tuple[tuple[str, Callable[..., Any], list[str]], ...]:
        """Paths, what answers them, and the methods."""
        return (
            ("/find", self.find, _READ),
            ("/find.json", self.find, _READ),
            ("/find/{kind}/{name}", self.picture, _READ),
        )

    def find(self, request: Request) -> Response:
        """Ask for a number or a code, or say what was found."""
        asked = request.query_params.get("q", "").strip()
        if not asked and not wants_json(request):
            return self._answers.page("find.html", request, found=None)
        found = self._licences(asked)
        if wants_json(request):
            if not found:
                return self._answers.problem(request, problems.UNKNOWN_LICENCE)
            return self._answers.json({"licences": [one.as_json() for one in found]})
        return self._answers.page("find.html", request, 200 if found else 404, found=found)

    async def picture(self, request: Request, kind: str, name: str) -> Response:
        """Send the picture of a licence in force."""
        number = name.removesuffix(".png")
        found = await run_in_threadpool(self._licences, number)
        ours = [one for one in found if one.shown.document.kind == kind and one.shown.document.number == number]
        if not name.endswith(".png") or not ours or not ours[0].picture:
            return self._answers.problem(request, problems.UNKNOWN_LICENCE)
        content = await self._draw(ours[0].shown.document)
        return Response(content, 200, {"cache-control": _A_DAY}, "image/png")

    def _licences(self, asked: str) -> list[Found]:
        now = self._desk.clock()
        of: dict[tuple[str, str], list[Shown]] = {}
        for known in self._desk.register.find_public(asked, tuple(self._open)):
            of.setdefault((known.kind, known.number), []).append(self._showing.show(known, now))
        return [self._found(tuple(copies)) for copies in of.values()]

    def _found(self, copies: tuple[Shown, ...]) -> Found:
        wanted = self._open[copies[0].document.kind].picture
        shown = next((one for one in copies if one.document.copy == wanted), copies[0])
        known = shown.document
        # A masked value is of a person, whose paper says more about him than his template lets anybody see.
        is_personal = any("*" in value for _, value in known.public)
        has_one = wanted == known.copy and known.paper == "plain" and shown.state == "issued" and not is_personal
        return Found(shown, copies, f"/find/{known.kind}/{known.number}.png" if has_one else "")

    async def _draw(self, known: Registered) -> bytes:
        if kept := self._pictures.get(known.pdf_digest):
            self._pictures.move_to_end(known.pdf_digest)
            return kept
        if self._waiting.locked():
            raise HTTPException(503)
        async with self._waiting, self._turn:
            kept = self._pictures.get(known.pdf_digest) or await run_in_threadpool(self._drawn, known)
        if kept is None:
            raise HTTPException(503)
        self._pictures[known.pdf_digest] = kept
        while len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)
        return kept

    def _drawn(self, known: Registered) -> bytes | None:
        day = self._showing.day(self._desk.clock())
        line = f"仅供公示查询 {self._desk.settings.host} {day.isoformat()}"
        return picture.draw(self._desk.register.pdf(known.pdf_digest), _FONT, "公示", line)
