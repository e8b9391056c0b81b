"""The public service: what a telephone opens that reads one of our codes, and the page that checks files.

    GET  /               what this is; an input for a sid
    GET  /{sid}          what the register says of a document, by the sid alone; /{sid}.json the same as JSON
    GET  /check          hand in a PDF, or the text of a code; POST the same to be told
    GET  /scan           the inspector's page; /shell, /sw.js and the files of the pages: api/shell.py
    GET  /trust.cose     the root-signed trust list; /root.crt.pem the root
    GET  /healthz        whether the register answers

A sid that is malformed, unknown or was never given out gets one and the same answer, after the same work.
The register is opened read-only and no key is loaded; `tests/api` looks into the running process.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from api import judged, problems
from api.facts import Showing, Shown
from api.front import Front, Said, encode
from api.guard import App, Guard, Scope, Silence
from api.page import Asset, Pages, language_of, wants_json
from api.shell import Shell, kinds_json
from api.turnstile import Turnstile
from api.upload import HandedIn, read_upload
from certgen.core import sid as sids
from certgen.core.errors import CertgenError, FormatError, SettingsError, Text
from certgen.core.model import Registered

if TYPE_CHECKING:
    from certgen.wiring import Desk

_NOBODY = "0" * sids.LENGTH  # asked for in place of what is no sid, so that both take the same time
_MOST_UPLOADS = 16
_READ = ["GET", "HEAD"]


def make_app(desk: "Desk") -> App:
    """Make the application over an open desk. It keeps nothing between requests.

    From the outside in: headers and silence, the turnstile, the quick answers, the framework with the routes.
    """
    public = _Public(desk)
    front = Front(public.app, public.say_by_sid, is_quick=desk.register.is_embedded)
    return Guard(Turnstile(front, desk.settings.visitors, public.turn_away))


class _Public:
    """The routes, and what they share."""

    def __init__(self, desk: "Desk") -> None:
        self.desk = desk
        self.pages = Pages(desk.settings.host, desk.root_spki, kinds_json(desk.templates))
        self.shell = Shell(self.pages)
        specimens = frozenset(entry.fingerprint for entry in desk.trust.entries if entry.specimen)
        self.showing = Showing(self._copy_title, specimens)
        # Each may hold 25 MB twice over while it arrives. More are turned away, and pages by sid go on being answered.
        self._arriving = asyncio.Semaphore(_MOST_UPLOADS)
        # One file is judged at a time: a judgement takes milliseconds, and a file may weigh 25 MB.
        self._turn = asyncio.Semaphore(1)
        self.app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
        self._add_routes()

    def _add_routes(self) -> None:
        app = self.app
        routes: list[tuple[str, Callable[..., Any], list[str]]] = [
            ("/", self.home, _READ),
            ("/check", self.check_form, _READ),
            ("/check", self.check, ["POST"]),
            ("/check.json", self.check, ["POST"]),
            ("/trust.cose", self.trust_list, _READ),
            ("/root.crt.pem", self.root, _READ),
            ("/healthz", self.health, _READ),
            *((path, answer, _READ) for path, answer in self.shell.routes),
            ("/{path:path}", self.document, _READ),
        ]
        for path, answer, methods in routes:
            app.add_api_route(path, answer, methods=methods, response_model=None)
        for status in problems.OF_STATUS:
            app.add_exception_handler(status, self.refuse)
        app.add_exception_handler(CertgenError, self.report)
        app.add_middleware(Silence)

    # Pages

    def home(self, request: Request) -> Response:
        """Say what this is; a sid typed in leads to its page."""
        typed = request.query_params.get("sid", "").strip()
        if not typed:
            return self.pages.write("home.html", language_of(request))
        try:
            found = sids.parse(typed[:64])
        except FormatError:
            return self._unknown(request)
        tail = f"?lang={language_of(request)}" if "lang" in request.query_params else ""
        return RedirectResponse(f"/{found}{tail}", 303)

    def document(self, request: Request, path: str) -> Response:
        """Say what the register knows of a sid."""
        shown = self._by_sid(path.removesuffix(".json"))
        if shown is None:
            return self._unknown(request)
        if wants_json(request):
            return _json(shown.as_json())
        return self.pages.write("document.html", language_of(request), shown=shown)

    def _by_sid(self, name: str) -> Shown | None:
        try:
            wanted = sids.parse(name)
        except FormatError:
            wanted = _NOBODY
        found = self.desk.register.by_sid(wanted)
        return self.showing.show(found[0], self.desk.clock()) if found else None

    def say_by_sid(self, name: str, scope: Scope) -> Said:
        """Say the same as JSON, without a framework around it."""
        try:
            shown = self._by_sid(name)
        except CertgenError as error:
            body = problems.kind_of(error).as_json(language_of(Request(scope)), error)
            return _said_problem(body)
        if shown is None:
            return _said_problem(problems.UNKNOWN.as_json(language_of(Request(scope))))
        return Said(200, b"application/json", encode(shown.as_json()))

    def check_form(self, request: Request) -> Response:
        """Ask for a file or a text."""
        return self.pages.write("check.html", language_of(request))

    async def check(self, request: Request) -> Response:
        """Judge what is handed in, and say what each rule found."""
        if self._arriving.locked():
            raise HTTPException(503)
        async with self._arriving:
            handed = await read_upload(request)
        async with self._turn:
            result = await run_in_threadpool(self._judge, handed)
        if wants_json(request):
            return _json(result.as_json())
        return self.pages.write("result.html", language_of(request), judged=result, at=self.desk.clock())

    def _judge(self, handed: HandedIn) -> judged.Judged:
        verifier = self.desk.verifier
        report = verifier.pdf(handed.pdf) if handed.pdf is not None else verifier.qr(handed.text or "")
        shown = self.showing.show(report.document, self.desk.clock()) if report.document else None
        return judged.judge(report, shown, is_file=handed.pdf is not None)

    # Files

    def trust_list(self, request: Request) -> Response:
        """Send the trust list as it lies in the workspace now."""
        return _anchor(self.desk.settings.trust, "application/cose").answer(request, 3600)

    def root(self, request: Request) -> Response:
        """Send the root certificate."""
        return _anchor(self.desk.settings.root_certificate, "application/x-pem-file").answer(request, 3600)

    def health(self) -> Response:
        """Say whether the register answers. Raises RegisterError."""
        self.desk.register.by_sid(_NOBODY)
        return _json({"status": "ok"})

    # Refusals

    def _unknown(self, request: Request) -> Response:
        if wants_json(request):
            return _problem(problems.UNKNOWN.as_json(language_of(request)))
        return self.pages.write("unknown.html", language_of(request), 404)

    async def refuse(self, request: Request, fault: Exception) -> Response:
        """Answer what HTTP refuses."""
        status = fault.status_code if isinstance(fault, HTTPException) else getattr(fault, "status_code", 500)
        kind = problems.OF_STATUS.get(status, problems.OF_STATUS[500])
        return self._write_problem(request, kind, kind.as_json(language_of(request)))

    def turn_away(self, scope: Scope, wait_s: int) -> App:
        """Tell who asks too often when to ask again."""
        request, kind = Request(scope), problems.OF_STATUS[429]
        answer = self._write_problem(request, kind, kind.as_json(language_of(request)))
        answer.headers["retry-after"] = str(wait_s)
        return answer

    async def report(self, request: Request, fault: Exception) -> Response:
        """Answer an error of ours by the table."""
        if not isinstance(fault, CertgenError):
            raise fault
        kind = problems.kind_of(fault)
        return self._write_problem(request, kind, kind.as_json(language_of(request), fault))

    def _write_problem(self, request: Request, kind: problems.Kind, body: dict[str, object]) -> Response:
        if kind is problems.UNKNOWN:
            return self._unknown(request)
        # A program that sends a raw body gets JSON unless it asks for a page.
        if "html" in request.headers.get("accept", "") and not request.url.path.endswith(".json"):
            return self.pages.write("problem.html", language_of(request), kind.status, title=kind.title, body=body)
        return _problem(body)

    def _copy_title(self, known: Registered) -> Text:
        """Name a copy as its template does, with its printed number."""
        template = self.desk.templates.get(known.kind)
        copies = template.copies if template else ()
        copy = next((copy for copy in copies if copy.id == known.copy), None)
        if copy is None:
            return Text(known.copy, known.copy)
        tail = f" {copy.number}" if copy.number else ""
        return Text(copy.title.zh + tail, copy.title.en + tail)


def _json(body: dict[str, object]) -> Response:
    return _answer(Said(200, b"application/json", encode(body)))


def _problem(body: dict[str, object]) -> Response:
    return _answer(_said_problem(body))


def _said_problem(body: dict[str, object]) -> Said:
    status = body["status"]
    assert isinstance(status, int)  # noqa: S101 - a Kind's own
    return Said(status, problems.MEDIA_TYPE.encode(), encode(body))


def _answer(said: Said) -> Response:
    return Response(said.body, said.status, {"vary": "Accept, Accept-Language"}, said.media_type.decode())


def _anchor(file: Path, media_type: str) -> Asset:
    try:
        return Asset.of(file.read_bytes(), media_type)
    except OSError as error:
        raise SettingsError(Text(f"读不到 {file.name}", f"{file.name} cannot be read")) from error
