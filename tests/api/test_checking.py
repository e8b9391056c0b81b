"""Checking a file: by its digest before it is sent, by itself, and what is offered for one that only begins well."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from api.public import make_app
from certgen import wiring
from certgen.reading import Publicity
from tests._place import HTML, PDF, Place, verdict
from tests._web import Web


def digest(pdf: bytes) -> str:
    return sha256(pdf).hexdigest()


def test_a_known_file_is_judged_by_its_digest_as_if_it_had_been_sent(place: Place) -> None:
    for pdf in (place.pdf, place.expired_pdf):
        known = place.web.get(f"/check/{digest(pdf)}", accept=HTML)
        sent = place.web.post("/check", pdf, PDF, accept=HTML)
        assert (known.status, verdict(known)) == (200, verdict(sent))
        twin, other = place.web.get(f"/check/{digest(pdf)}.json").json, place.web.post("/check.json", pdf, PDF).json
        assert {key: twin[key] for key in ("verdict", "rule", "title", "document")} == {
            key: other[key] for key in ("verdict", "rule", "title", "document")
        }


def test_a_status_changes_what_a_digest_gets(place: Place) -> None:
    place.book.change = lambda known: replace(known, status="revoked")
    assert verdict(place.web.get(f"/check/{digest(place.pdf)}", accept=HTML)) == "真实，但吊销"


NO_FILE = {
    "a digest of nothing we issued": "0" * 64,
    "in capitals": "AB" * 32,
    "too short": "ab",
    "markup": "%3Cscript%3E",
    "another ending": "0" * 64 + ".exe",
    "the original of nothing": "0" * 64 + ".pdf",
}


@pytest.mark.parametrize("name", NO_FILE.values(), ids=NO_FILE.keys())
def test_a_file_that_must_be_sent_gets_one_answer(place: Place, name: str) -> None:
    answer = place.web.get(f"/check/{name}")
    assert (answer.status, answer.json["type"]) == (404, "urn:certgen:problem:unknown-file")
    assert answer.body == place.web.get("/check/" + "1" * 64).body


def test_a_file_that_begins_with_an_original_is_offered_the_original(place: Place) -> None:
    appended = place.pdf + b"\n% from a mail gateway\n"
    page = place.web.post("/check", appended, PDF, accept=HTML)
    where = place.web.post("/check.json", appended, PDF).json["original"]
    assert where == f"/check/{digest(place.pdf)}.pdf"
    assert f'href="{where}"' in page.text
    answer = place.web.get(where)
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, PDF, place.pdf)
    assert answer.headers["content-disposition"] == f'attachment; filename="{place.sid}.pdf"'
    assert answer.headers["cache-control"] == "no-store"


def test_no_original_is_offered_for_a_file_that_is_whole_or_altered(place: Place) -> None:
    for pdf in (place.pdf, place.pdf[:-1], b"%PDF-1.7\n" + place.pdf):
        assert place.web.post("/check.json", pdf, PDF).json["original"] is None


class Closed(dict[str, Any]):
    """The templates of a workspace, none of which lets an original be fetched."""

    def __init__(self, templates: Any) -> None:
        super().__init__({kind: replace(templates[kind], publicity=Publicity()) for kind in templates})


def test_a_kind_that_keeps_its_originals_says_where_to_ask(place: Place) -> None:
    desk = wiring.Desk(place.house.settings, place.book, place.clock)  # type: ignore[arg-type]
    vars(desk)["templates"] = Closed(desk.templates)  # a cached property: this is its value from now on
    web, appended = Web(make_app(desk)), place.pdf + b"\n"
    page = web.post("/check", appended, PDF, accept=HTML)
    assert verdict(page) == "被改动过"
    assert "请向持证人或发证机关索取" in page.text
    assert web.post("/check.json", appended, PDF).json["original"] is None
    assert web.get(f"/check/{digest(place.pdf)}.pdf").body == web.get("/check/" + "0" * 64 + ".pdf").body
