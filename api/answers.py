"""How every route answers: a page, JSON, or a refusal in whichever of the two was asked for."""

from fastapi import HTTPException, Request, Response

from api import problems
from api.front import Said, encode
from api.guard import App, Scope
from api.page import Pages, language_of, squeezed, wants_json
from certgen.core.errors import CertgenError

VARY = {"vary": "Accept, Accept-Language"}


class Answers:
    """Writes answers over pages that were read once."""

    def __init__(self, pages: Pages) -> None:
        """Take the pages."""
        self.pages = pages

    def page(self, name: str, request: Request, status: int = 200, **values: object) -> Response:
        """Write a page in the caller's language."""
        return squeezed(self.pages.write(name, language_of(request), status, **values), request)

    def json(self, body: dict[str, object]) -> Response:
        """Write JSON."""
        return Response(encode(body), 200, VARY, "application/json")

    def unknown(self, request: Request) -> Response:
        """Say that there is no such document, and nothing more."""
        if wants_json(request):
            return _response(say_problem(problems.UNKNOWN, request))
        return self.page("unknown.html", request, 404)

    def problem(self, request: Request, kind: problems.Kind, error: CertgenError | None = None) -> Response:
        """Write a refusal. A program that sends a raw body gets JSON unless it asks for a page."""
        if kind is problems.UNKNOWN:
            return self.unknown(request)
        if "html" in request.headers.get("accept", "") and not request.url.path.endswith(".json"):
            body = kind.as_json(language_of(request), error)
            return self.page("problem.html", request, kind.status, title=kind.title, body=body)
        return _response(say_problem(kind, request, error))

    async def refuse(self, request: Request, fault: Exception) -> Response:
        """Answer what HTTP refuses."""
        status = fault.status_code if isinstance(fault, HTTPException) else getattr(fault, "status_code", 500)
        return self.problem(request, problems.OF_STATUS.get(status, problems.OF_STATUS[500]))

    async def report(self, request: Request, fault: Exception) -> Response:
        """Answer an error of ours by the table."""
        if not isinstance(fault, CertgenError):
            raise fault
        return self.problem(request, problems.kind_of(fault), fault)

    def turn_away(self, scope: Scope, wait_s: int) -> App:
        """Tell who asks too often when to ask again."""
        answer = self.problem(Request(scope), problems.OF_STATUS[429])
        answer.headers["retry-after"] = str(wait_s)
        return answer


def say_problem(kind: problems.Kind, request: Request, error: CertgenError | None = None) -> Said:
    """Write a refusal as JSON."""
    return Said(kind.status, problems.MEDIA_TYPE.encode(), encode(kind.as_json(language_of(request), error)))


def _response(said: Said) -> Response:
    return Response(said.body, said.status, VARY, said.media_type.decode())
