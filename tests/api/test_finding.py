"""Looking a licence up: whom one finds, what one sees, and what nobody gets."""

import io
import re
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from api import picture
from api.public import make_app
from certgen import wiring
from certgen.reading import Publicity
from certgen.settings import SHIPPED
from tests._place import HTML, Place, verdict
from tests._web import Web
from tests.house import KIND

FONT = SHIPPED / "_shared" / "fonts" / "NotoSansSC-700.ttf"


def number_of(place: Place, sid: str) -> str:
    return str(place.house.register.by_sid(sid)[0].number)


def test_a_licence_is_found_by_its_number_and_by_its_holders_code(place: Place) -> None:
    (known, *_) = place.house.register.by_sid(place.sid)
    code = next(value for label, value in known.public if "信用代码" in label.zh)
    for asked in (known.number, code, f" {known.number.lower()} "):
        found = place.web.get(f"/find.json?q={asked.replace(' ', '%20')}").json["licences"]
        assert known.number in [one["number"] for one in found]
    (one,) = place.web.get(f"/find.json?q={known.number}").json["licences"]
    assert (one["copy"]["zh"], one["state"]) == ("正本", "issued")
    assert [copy["state"] for copy in one["copies"]] == ["issued", "issued"]
    page = place.web.get(f"/find?q={known.number}", accept=HTML)
    assert (page.status, verdict(page)) == (200, "有效")
    assert f'src="{one["picture"]}"' in page.text


NOT_FOUND = {
    "never issued": "JY14212990000019",
    "no number": "%27%20OR%201=1--",
    "a wildcard": "JY%25",
    "nothing": "",
    "NUL": "%00",
    "not UTF-8": "%ff%fe",
    "very long": "9" * 9_000,
    "a lone surrogate": "%ED%A0%80",
}


@pytest.mark.parametrize("asked", NOT_FOUND.values(), ids=NOT_FOUND.keys())
def test_what_cannot_be_found_gets_one_answer(place: Place, asked: str) -> None:
    known = place.web.get("/find.json?q=JY14212990000027")
    assert (known.status, known.json["type"]) == (404, "urn:certgen:problem:unknown-licence")
    answer = place.web.get(f"/find.json?q={asked}")
    assert (answer.status, answer.body, answer.headers) == (404, known.body, known.headers)
    assert place.web.get(f"/find/{KIND}/{asked[:50] or 'x'}.png").body == known.body


class Questions:
    """A register that writes down what it is asked."""

    def __init__(self, register: Any) -> None:
        self._register = register
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def find_public(self, asked: str, kinds: tuple[str, ...]) -> Any:
        self.asked.append((asked, kinds))
        return self._register.find_public(asked, kinds)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._register, name)


class Secret(dict[str, Any]):
    """The templates of a workspace, none of which lets a licence be found."""

    def __init__(self, templates: Any) -> None:
        super().__init__({kind: replace(templates[kind], publicity=Publicity()) for kind in templates})


def test_a_kind_that_is_not_public_is_as_unknown_as_what_was_never_issued(place: Place) -> None:
    book = Questions(place.house.register)
    desk = wiring.Desk(place.house.settings, book, place.clock)  # type: ignore[arg-type]
    vars(desk)["templates"] = Secret(desk.templates)  # a cached property: this is its value from now on
    web = Web(make_app(desk))
    number = number_of(place, place.sid)
    answers = [web.get(f"/find.json?q={asked}") for asked in (number, "JY14212990000019", "x")]
    assert len({(answer.status, answer.body) for answer in answers}) == 1
    assert web.get(f"/find/{KIND}/{number}.png").status == 404
    assert [kinds for _, kinds in book.asked] == [()] * 4, "each question is put once, whatever was asked"


def test_a_citizens_number_finds_nobody(place: Place) -> None:
    (known, *_) = place.house.register.by_sid(place.trader)
    masked = next(value for label, value in known.public if "*" in value)
    with place.house.register._database.reading() as db:
        data = db.row("SELECT data FROM requests WHERE number = ?", (known.number,))[0].decode()
    (number,) = re.findall(r"\d{17}[\dX]", data)
    assert masked[:10] == number[:10]
    for asked in (number, masked):
        assert place.web.get(f"/find.json?q={asked}").status == 404


@pytest.mark.parametrize("who", ["trader", "expired"])
def test_a_person_has_no_picture_and_neither_has_what_is_not_in_force(place: Place, who: str) -> None:
    sid = getattr(place, who)
    (known, *_) = place.house.register.by_sid(sid)
    if who == "trader":
        place.clock.now = known.issued_at.replace(year=known.issued_on.year + 1)
    (one,) = place.web.get(f"/find.json?q={known.number}").json["licences"]
    assert (one["state"], one["picture"]) == ("issued" if who == "trader" else "expired", None)
    assert place.web.get(f"/find/{KIND}/{known.number}.png").status == 404


def test_the_picture_is_small_marked_and_holds_no_code_that_can_be_read(place: Place) -> None:
    number = number_of(place, place.sid)
    answer = place.web.get(f"/find/{KIND}/{number}.png")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    image = Image.open(io.BytesIO(answer.body)).convert("RGB")
    assert image.width == picture.WIDTH
    assert not picture._codes(image)
    assert not picture._codes(image.resize((image.width * 3, image.height * 3)))
    red = sum(r > g + 40 and r > b + 40 for r, g, b in image.resize((220, 155)).get_flattened_data())
    assert red > 1500, "the mark is not all over it"
    assert place.web.get(f"/find/{KIND}/{number}.png").body == answer.body
    assert place.web.get(f"/find/drug-business/{number}.png").status == 404


def test_what_has_no_code_or_is_no_pdf_has_no_picture() -> None:
    assert picture.draw(b"%PDF-1.7\nno page", FONT, "公示", "x") is None
    blank = Image.new("RGB", (300, 200), "white")
    with pytest.raises(ValueError, match="no code"):
        picture._cover(blank)
