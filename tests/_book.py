"""A register in a folder of its own, and licences of nothing for it."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

from sqlalchemy import create_engine, text

from certgen import database
from certgen.core import sid as sids
from certgen.core.errors import Text
from certgen.core.model import Certificate
from certgen.register import Recorded, Register, Reservation, Reserved

AT = datetime(2026, 11, 23, 1, 2, 3, 456789, tzinfo=UTC)
PLATE = b"%PDF-1.7\n" + b"plate" * 1000
PLATE_DIGEST = hashlib.sha256(PLATE).digest()


class Book:
    """A register in a folder of its own, with seeded chance."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        self.folder, self.random, self.now = folder, Random(seed), AT
        self.file, self.marks = folder / "register.db", folder / "high-water.jsonl"
        self.url = f"sqlite:///{self.file}"
        self.register = self.open()

    def open(self, *, readonly: bool = False) -> Register:
        return Register.open(self.url, high_water=self.marks, readonly=readonly, clock=lambda: self.now)

    def reopen(self) -> Register:
        self.register.close()
        self.register = self.open()
        return self.register

    def ask(self, key: str, body: bytes = b"body", **changes: object) -> Reservation:
        asked = Reservation(
            request_key=key,
            body_digest=hashlib.sha256(body).digest(),
            kind="food-business",
            form="2015",
            authority="421200",
            template_digest="a" * 64,
            counter="JY1421202",
            first=1,
            last=999_999,
            number=number,
            data=b'{"id":"421202199001011234"}',
            copies=("original", "duplicate"),
            sids=(self.sid(), self.sid()),
            salts=(self.random.randbytes(16), self.random.randbytes(16)),
        )
        return replace(asked, **changes)  # type: ignore[arg-type]

    def sid(self) -> str:
        return sids.make(self.random.getrandbits(60))

    def reserve(self, *asked: Reservation) -> list[Reserved]:
        return self.register.reserve(asked, AT, self.random.randbytes)

    def recorded(self, promise: Reserved, at: int = 0, paper: str = "plain", strike: bytes = b"strike") -> Recorded:
        strike += promise.sids[at].encode() + paper.encode()
        certificate = Certificate(
            sid=promise.sids[at],
            number=promise.number,
            version=promise.version,
            kind="food-business",
            form="2015",
            copy=("original", "duplicate")[at],
            copy_number="",
            template_digest="a" * 64,
            authority="421200",
            authority_name="咸宁市市场监督管理局",
            issued_on=date(2026, 11, 23),
            valid_from=date(2026, 11, 23),
            valid_until=date(2031, 11, 22),
            issued_at=promise.reserved_at,
            fields=(("operator_name", "咸宁市某某餐饮有限公司"),),
            slot=promise.slots[at],
            salt=promise.salts[at],
        )
        return Recorded(
            certificate,
            paper,  # type: ignore[arg-type]
            Text("食品经营许可证", "Food Business Licence"),
            ((Text("经营者名称", "Operator"), "咸宁市某某餐饮有限公司"),),
            PLATE_DIGEST,
            strike,
            hashlib.sha256(PLATE + strike).digest(),
            hashlib.sha256(strike).digest(),
            b"f" * 32,
        )

    def issue(self, key: str) -> tuple[Reserved, list[Recorded]]:
        self.register.put_plate(PLATE_DIGEST, PLATE, "plate")
        (promise,) = self.reserve(self.ask(key))
        made = [self.recorded(promise, 0), self.recorded(promise, 1)]
        self.register.record(made, AT, "clerk")
        return promise, made

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        engine = create_engine(self.url, module=database.sqlite_driver())
        try:
            with engine.begin() as connection:
                result = connection.execute(text(statement))
                return [tuple(row) for row in result] if result.returns_rows else []
        finally:
            engine.dispose()


def number(sequence: int) -> str:
    return f"JY1421202{sequence:06d}{sequence % 10}"
