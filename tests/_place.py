"""The public service over a house with three licences, whose register and clock a test may change."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from certgen.core.model import Registered
from tests._web import Answer, Web
from tests.house import Clock, House

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
PDF = "application/pdf"
NOBODY = "ZZZZZZZZZZZZ"


class Book:
    """A register whose answers a test may change; it counts the questions."""

    def __init__(self, register: Any) -> None:
        self._register = register
        self.change: Callable[[Registered], Registered] = lambda known: known
        self.fault: Exception | None = None
        self.asked: list[str] = []

    def by_sid(self, sid: str) -> tuple[Registered, ...]:
        self.asked.append(sid)
        if self.fault:
            raise self.fault
        return tuple(map(self.change, self._register.by_sid(sid)))

    def by_digest(self, digest: bytes) -> Registered | None:
        found = self._register.by_digest(digest)
        return self.change(found) if found else None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._register, name)


@dataclass
class Place:
    """The service with three licences: one in force, one expired, one of a sole trader."""

    web: Web
    book: Book
    clock: Clock
    house: House
    sid: str
    pdf: bytes
    expired: str
    expired_pdf: bytes
    trader: str


def verdict(answer: Answer) -> str:
    found = re.search(r'<h1 id="verdict">([^<]*)</h1>', answer.text)
    assert found, answer.text
    return found[1]
