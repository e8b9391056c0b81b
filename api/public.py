"""The public service: what a telephone opens that reads one of our codes, and the page that checks files.

    GET  /               what this is; an input for a sid
    GET  /{sid}          what the register says of a document, by the sid alone; /{sid}.json the same as JSON
    GET  /healthz        whether the register answers; /openapi.json what programs may ask

    /check               hand in a PDF, or the text of a code: api/checking.py
    /find                a licence by its number or its holder's code: api/finding.py
    /scan                the inspector's page; /shell, /sw.js and the files of the pages: api/shell.py
    /trust.cose          and whatever else checks offline: api/files.py

A sid that is malformed, unknown or was never given out gets one and the same answer, after the same work.
The register is opened read-only and no key is loaded; `tests/api` looks into the running process.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from api import problems
from api.answers import Answers, say_problem
from api.checking import Checking
from api.facts import Showing, Shown
from api.files import Files
from api.finding import Finding
from api.front import Front, Said, encode
from api.guard import App, Guard, Scope, Silence
from api.openapi import describe
from api.page import Asset, Pages, language_of, wants_json
from api.shell import Shell, kinds_json
from api.turnstile import Turnstile
from certgen.core import sid as sids
from certgen.core.errors import CertgenError, FormatError, Text
from certgen.core.model import Registered

if TYPE_CHECKING:
    from certgen.wiring import Desk

_NOBODY = "0" * sids.LENGTH  # asked for in place of what is no sid, so that both take the same time
_READ = ["GET", "HEAD"]


def make_app(desk: "Desk") -> App:
    """Make the application over an open desk. It keeps nothing between requests.

    From the outside in: headers and silence, the turnstile, the quick answers, the framework with the routes.
    """
    public = _Public(desk)
    front = Front(public.app, public.say_by_sid, is_quick=desk.register.is_embedded)
    return Guard(Turnstile(front, desk.settings.visitors, public.answers.turn_away))


class _Public:
    """The routes, and what they share."""

    def __init__(self, desk: "Desk") -> None:
        self.desk = desk
        self.answers = Answers(Pages(desk.settings.host, desk.root_spki, kinds_json(desk.templates)))
        specimens = frozenset(entry.fingerprint for entry in desk.trust.entries if entry.specimen)
        self.showing = Showing(self._copy_title, specimens)
        told = encode(describe(desk.settings.public_origin))
        self._description = Asset.of(told, "application/json")
        self.app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
        self._add_routes()

    def _add_routes(self) -> None:
        app, answers = self.app, self.answers
        routes: list[tuple[str, Callable[..., Any], list[str]]] = [
            ("/", self.home, _READ),
            *Checking(self.desk, self.showing, answers).routes,
            *Finding(self.desk, self.showing, answers).routes,
            *Files(self.desk, answers).routes,
            *((path, answer, _READ) for path, answer in Shell(answers.pages).routes),
            ("/healthz", self.health, _READ),
            ("/openapi.json", self.description, _READ),
            ("/{path:path}", self.document, _READ),
        ]
        for path, answer, methods in routes:
            app.add_api_route(path, answer, methods=methods, response_model=None)
        for status in problems.OF_STATUS:
            app.add_exception_handler(status, answers.refuse)
        app.add_exception_handler(CertgenError, answers.report)
        app.add_middleware(Silence)

    # Pages

    def home(self, request: Request) -> Response:
        """Say what this is; a sid typed in leads to its page."""
        typed = request.query_params.get("sid", "").strip()
        if not typed:
            return self.answers.page("home.html", request)
        try:
            found = sids.parse(typed[:64])
        except FormatError:
            return self.answers.unknown(request)
        tail = f"?lang={language_of(request)}" if "lang" in request.query_params else ""
        return RedirectResponse(f"/{found}{tail}", 303)

    def document(self, request: Request, path: str) -> Response:
        """Say what the register knows of a sid."""
        shown = self._by_sid(path.removesuffix(".json"))
        if shown is None:
            return self.answers.unknown(request)
        if wants_json(request):
            return self.answers.json(shown.as_json())
        return self.answers.page("document.html", request, shown=shown)

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
            return say_problem(problems.kind_of(error), Request(scope), error)
        if shown is None:
            return say_problem(problems.UNKNOWN, Request(scope))
        return Said(200, b"application/json", encode(shown.as_json()))

    def health(self) -> Response:
        """Say whether the register answers. Raises RegisterError."""
        self.desk.register.by_sid(_NOBODY)
        return self.answers.json({"status": "ok"})

    def description(self, request: Request) -> Response:
        """Send the description of what programs may ask."""
        return self._description.answer(request, 3600)

    def _copy_title(self, known: Registered) -> Text:
        """Name a copy as its template does, with its printed number."""
        template = self.desk.templates.get(known.kind)
        copies = template.copies if template else ()
        copy = next((copy for copy in copies if copy.id == known.copy), None)
        if copy is None:
            return Text(known.copy, known.copy)
        tail = f" {copy.number}" if copy.number else ""
        return Text(copy.title.zh + tail, copy.title.en + tail)
