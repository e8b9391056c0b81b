"""Look at struck pages before anything is signed. Only here does a `Struck` become a `Prepared`.

Glyphs and room were seen to while setting: a page with a fault in them is never struck. What is left: the QR picture
says what was signed, dates are in order, and the seal is in force on the day it is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from certgen import qr
from certgen.core.errors import SigningError, TemplateError, Text
from certgen.press import Struck, Symbol


@dataclass(frozen=True, slots=True)
class Prepared:
    """A struck document that passed preflight, and may be signed."""

    struck: Struck


@dataclass(frozen=True, slots=True)
class Window:
    """When a seal is in force, as its certificate says; UTC."""

    not_before: datetime
    not_after: datetime


def check_window(window: Window, now: datetime) -> None:
    """Raise SigningError for a seal that is not in force."""
    if not window.not_before <= now <= window.not_after:
        until = f"{window.not_before:%Y-%m-%d} … {window.not_after:%Y-%m-%d}"
        raise SigningError(
            Text(
                f"印章证书不在有效期内（{until}），请联系密钥管理员",
                f"the seal is in force {until} only; ask the key officer",
            )
        )


def lint(struck: Sequence[Struck], windows: Sequence[Window], now: datetime) -> list[Prepared]:
    """Pass every page or none; `windows` are those of the seals, in the order of the pages.

    Raises SigningError for a seal that is not in force and TemplateError for a page that does not say what it should.
    """
    for window in set(windows):
        check_window(window, now)
    said = iter(qr.read_back_many([_modules(symbol) for page in struck for symbol in _symbols(page)]))
    for page in struck:
        certificate = page.certified.certificate
        if any(next(said) != symbol.text for symbol in _symbols(page)):
            raise TemplateError(
                certificate.kind, 0, "qr", Text("二维码与签发内容不符", "the QR code does not say what was signed")
            )
        end = certificate.valid_until
        if end is not None and end < certificate.valid_from:
            raise TemplateError(
                certificate.kind, 0, "valid_until", f"valid_until {end} is before valid_from {certificate.valid_from}"
            )
    return [Prepared(page) for page in struck]


def _symbols(page: Struck) -> list[Symbol]:
    return [page.symbol, *[code.symbol for code in page.codes]]


def _modules(symbol: Symbol) -> qr.Modules:
    """Read the modules from the very bytes that go into the document."""
    bits = np.unpackbits(np.frombuffer(symbol.rows, np.uint8).reshape(symbol.size, -1), axis=1)
    return bits[:, : symbol.size]
