"""Files sent by people who mean harm: each gets an answer, none a 5xx, and others are answered meanwhile."""

import asyncio
import threading
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.public import make_app
from certgen import wiring
from certgen.visitors import from_table
from tests._place import PDF, Place
from tests._web import Web

HEAD, END = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", b"\n%%EOF\n"


@pytest.fixture(scope="module")
def unlimited(opened: Place) -> Place:
    """The service for somebody who sends many files a minute."""
    chosen = replace(opened.house.settings, visitors=from_table({"checks_a_minute": 0}))
    web = Web(make_app(wiring.Desk(chosen, opened.book, opened.clock)))  # type: ignore[arg-type]
    return replace(opened, web=web)


def bomb() -> bytes:
    """200 MB of zeros in a stream of 200 KB, packed once more."""
    packed = zlib.compress(zlib.compress(bytes(200 * 2**20), 9), 9)
    stream = b"1 0 obj<</Filter[/FlateDecode/FlateDecode]/Length %d>>stream\n%b\nendstream endobj" % (
        len(packed),
        packed,
    )
    return HEAD + stream + END


def loops() -> bytes:
    return HEAD + b"1 0 obj<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]/Parent 1 0 R>>endobj trailer<</Root 1 0 R>>" + END


FILES = {
    "one byte": b"%",
    "a bomb": bomb(),
    "loops": loops(),
    "deep nesting": HEAD + b"<<" * 100_000 + b">>" * 100_000 + END,
    "encrypted": HEAD + b"trailer<</Encrypt<</Filter/Standard/V 5>>>>" + END,
    "many ends": HEAD + END * 50_000,
    "many beginnings": (HEAD + END) * 50_000,
    "a huge number": HEAD + b"startxref\n" + b"9" * 100_000 + END,
    "a zip": b"PK\x03\x04" + bytes(2000),
    "16 MB of a token": HEAD + b"/ByteRange [" * (16 * 2**20 // 12 - 10) + END,
}


def is_answered(place: Place, content: bytes) -> None:
    answer = place.web.post("/check.json", content, PDF)
    assert answer.status == 200
    assert answer.json["verdict"] == "FAILED"
    assert answer.json["original"] is None


@pytest.mark.parametrize("content", FILES.values(), ids=FILES.keys())
def test_a_hostile_file_is_refused_in_words(unlimited: Place, content: bytes) -> None:
    is_answered(unlimited, content)


def test_a_licence_cut_off_anywhere_is_refused_in_words(unlimited: Place) -> None:
    for length in range(1, len(unlimited.pdf), len(unlimited.pdf) // 40):
        is_answered(unlimited, unlimited.pdf[:length])


def test_rubbish_alone_or_in_the_midst_of_a_licence_is_refused_in_words(unlimited: Place) -> None:
    web, pdf = unlimited.web, unlimited.pdf

    @settings(max_examples=60, derandomize=True)
    @given(st.binary(min_size=1, max_size=400), st.integers(0, len(pdf) - 1))
    def attempt(rubbish: bytes, at: int) -> None:
        end = at + len(rubbish)
        for content in (rubbish, pdf[:at] + rubbish + pdf[end:] if pdf[at:end] != rubbish else rubbish):
            answer = web.post("/check.json", content, PDF)
            assert (answer.status, answer.json["verdict"]) == (200, "FAILED")

    attempt()


def test_fifty_megabytes_are_cut_off_while_they_stream(unlimited: Place) -> None:
    answer = unlimited.web.post("/check.json", (bytes(2**20) for _ in range(50)), PDF)
    assert (answer.status, answer.json["type"]) == (413, "urn:certgen:problem:too-large")
    assert answer.taken <= 26 * 2**20


class Slow:
    """A verifier that is not done until it is told."""

    def __init__(self, verifier: Any) -> None:
        self._verifier, self.begun, self.go_on = verifier, threading.Event(), threading.Event()

    def pdf(self, content: bytes) -> Any:
        self.begun.set()
        assert self.go_on.wait(20)
        return self._verifier.pdf(content)


@pytest.fixture
def slow(unlimited: Place) -> Iterator[tuple[Web, Slow]]:
    desk = wiring.Desk(unlimited.house.settings, unlimited.book, unlimited.clock)  # type: ignore[arg-type]
    verifier = Slow(unlimited.house.verifier)
    vars(desk)["verifier"] = verifier  # a cached property: this is its value from now on
    yield Web(make_app(desk)), verifier
    verifier.go_on.set()


def test_others_are_answered_while_a_file_is_judged(unlimited: Place, slow: tuple[Web, Slow]) -> None:
    web, verifier = slow

    async def run() -> tuple[list[Any], Any]:
        upload = asyncio.create_task(web._ask("POST", "/check.json", iter((unlimited.pdf,)), {"content-type": PDF}))
        while not verifier.begun.is_set():
            await asyncio.sleep(0.01)
        targets = (
            f"/{unlimited.sid}",
            f"/{unlimited.sid}.json",
            "/check",
            "/trust.cose",
            f"/find.json?q={unlimited.sid}",
        )
        others = [await web._ask("GET", target, iter(()), {}) for target in targets]
        assert not upload.done()
        verifier.go_on.set()
        return others, await upload

    others, judged = asyncio.run(run())
    assert [answer.status for answer in others] == [200, 200, 200, 200, 404]
    assert judged.json["verdict"] == "PASSED"
