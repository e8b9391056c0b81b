"""A whole service in a folder of its own, for tests that tell a story.

    house = House(tmp_path / "home")
    licence = house.issue(operator_name="…")
    house.clock.tick(days=366)
    house.verifier.pdf(licence.documents[0].pdf).require()

Time stands still unless it is told to tick, chance is drawn from a seed, keys cost next to nothing to open. The
folder is a workspace like any other, so the command line runs in it too.
"""

import itertools
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from certgen import qr, settings, wiring
from certgen.core.errors import Text
from certgen.core.model import Application, Authority, Certificate, Field, Paper, Slot
from certgen.core.qrtext import QrText
from certgen.fonts import Typefaces
from certgen.issue import Issued, Outcome, Refused
from certgen.layout import load_layout
from certgen.plate import Engraving, Plate, engrave
from certgen.press import Certified, Face, Struck, Symbol, compose, strike
from certgen.settings import SHIPPED
from keys.ceremony import hold_ceremony
from keys.pkcs8 import Cost

NOW = datetime(2026, 11, 23, 2, 0, 0, tzinfo=UTC)
ORIGIN = "https://licence.example:8443"
PASSPHRASE = b"horse battery"
KIND = "food-business"
_CHEAP = Cost(2, 1, 1)
_TABLES = ("requests", "identities", "documents", "strikes", "events", "outbox")


class Clock:
    """A clock that a test sets."""

    def __init__(self, at: datetime = NOW) -> None:
        self.now = at

    def __call__(self) -> datetime:
        return self.now

    def tick(self, **delta: float) -> None:
        """Move on (or back) by days, hours, seconds."""
        self.now += timedelta(**delta)


class House:
    """A workspace with its office open; keys and register are made when the folder has none."""

    def __init__(
        self,
        folder: Path,
        *,
        keys: Path | None = None,
        at: datetime = NOW,
        seed: int = 1,
        specimen: bool = True,
        algorithm: Literal["ES256", "RS256"] = "ES256",
        origin: str = ORIGIN,
        ttl_s: int = 20 * 366 * 86_400,  # so that a ticking clock makes old what a test is about, and nothing else
        **more: Any,
    ) -> None:
        """`keys` is the folder of a ceremony held before; `more` are further settings of `certgen.toml`."""
        raw = {"public_origin": origin, "keys": str(keys or "keys"), "passphrase_file": "passphrase", **more}
        self.settings = settings.from_mapping(folder, raw)
        if not (folder / settings.FILE).exists():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / settings.FILE).write_text("".join(f"{k} = {json.dumps(v)}\n" for k, v in raw.items()), "utf-8")
            (folder / "passphrase").write_bytes(PASSPHRASE)
        if not self.settings.trust.exists():
            _hold_ceremony(self.settings, at, algorithm, specimen=specimen, ttl_s=ttl_s)
        self.clock = Clock(at)
        self.chance = random.Random(seed).randbytes
        self._requests = itertools.count(1)
        self.office = wiring.open_office(
            self.settings, lambda _: PASSPHRASE, actor="test", clock=self.clock, chance=self.chance
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the register; the folder can be copied then."""
        self.office.register.close()

    @property
    def issuer(self) -> Any:
        return self.office.issuer

    @property
    def register(self) -> Any:
        return self.office.register

    @property
    def verifier(self) -> Any:
        return self.office.verifier

    def application(
        self, key: str = "", kind: str = KIND, record: Mapping[str, object] | None = None, **changes: object
    ) -> Application:
        """Write an application: today's sample (or `record`) with `changes`; None takes a field away."""
        data = dict(sample() if record is None else record) | changes
        return Application(
            kind, {k: v for k, v in data.items() if v is not None}, key or f"request-{next(self._requests)}"
        )

    def try_to_issue(self, *applications: Application, papers: Sequence[Paper] = ("plain",)) -> list[Outcome]:
        """Issue, and give back what was refused as well."""
        return list(self.office.issuer.issue(applications, papers=papers))

    def issue(
        self,
        record: Mapping[str, object] | None = None,
        *,
        papers: Sequence[Paper] = ("plain",),
        key: str = "",
        kind: str = KIND,
        **changes: object,
    ) -> Issued:
        """Issue one licence; raises ApplicationError when it is refused."""
        (outcome,) = self.try_to_issue(self.application(key, kind, record, **changes), papers=papers)
        if isinstance(outcome, Refused):
            raise outcome.error
        return outcome

    def publish(self) -> tuple[str, ...]:
        """Publish the status lists; give the paths that were written."""
        publisher = wiring.open_publisher(self.settings, lambda _: PASSPHRASE, self.register)
        return publisher.publish(self.clock())

    def counts(self) -> dict[str, int]:
        """Count what the register holds, table by table; numbers given out are in `counters`."""
        with self.register._database.reading() as db:
            rows = {table: db.row(f"SELECT count(*) FROM {table}")[0] for table in _TABLES}
            return rows | {"counters": sum(row[0] for row in db.rows("SELECT highest FROM counters"))}

    def engrave(self, papers: Sequence[Paper] = ("plain", "overprint")) -> None:
        """Put the plates of the sample's forms into the register, as if licences had been issued."""
        for application in (self.application(), self.application(record=sample_2015())):
            ready = self.issuer.read(application, papers)
            for job in ready.jobs:
                self.issuer.workshop.plate(job.face, job.engraving, ready.template)


def sample() -> dict[str, object]:
    """Give the sample record as somebody would hand it in today: on the form of 2023, issued on the day."""
    return {k: v for k, v in case("../sample").items() if k != "issued_on"}


def sample_2023() -> dict[str, object]:
    """Give the sample record with a day of issue in the past, on the same form and in force."""
    return sample() | {"issued_on": "2024-06-03"}


def sample_2015() -> dict[str, object]:
    """Give a record on the form of 2015; the licence has expired by now."""
    return case("form-2015")


def case(name: str) -> dict[str, object]:
    """Give one of the cases of food-business."""
    return json.loads((SHIPPED / KIND / "cases" / f"{name}.json").read_text("utf-8"))


def _hold_ceremony(
    chosen: settings.Settings, at: datetime, algorithm: Literal["ES256", "RS256"], *, specimen: bool, ttl_s: int
) -> None:
    offices = [(a.id, Text(a.on(at.date()).name, a.id), ("*",)) for a in wiring.authorities().values()]
    if algorithm == "RS256":  # such a key takes its time: the city's alone
        offices = [office for office in offices if office[0] == AUTHORITY.id]
    hold_ceremony(
        chosen.keys,
        offices,
        algorithm=algorithm,
        rsa_bits=2048,
        now=at - timedelta(days=1),
        serials=itertools.count(1000).__next__,
        passphrase=PASSPHRASE,
        specimen=specimen,
        hosts=[chosen.host],
        ttl_s=ttl_s,
        everyday=_CHEAP,
        vault=_CHEAP,
    )


AUTHORITY = Authority("421200", "咸宁市市场监督管理局", "咸宁市", "421200", "0715-12315")
CERTIFICATE = Certificate(
    "0" * 12,
    "JY14212000000012",
    1,
    "scratch",
    "1",
    "original",
    "",
    "0" * 64,
    "421200",
    AUTHORITY.name,
    date(2026, 1, 5),
    date(2026, 1, 5),
    date(2031, 1, 4),
    NOW,
    (),
    Slot(0, 0),
    bytes(16),
)
GAP = 1600


@dataclass(frozen=True, slots=True)
class Scratch:
    """A press for layouts that no kind has: an XML text and values → a struck page, without register or keys."""

    folder: Path
    typefaces: Typefaces
    declared: Sequence[Field] = ()
    photos: Mapping[str, bytes] = field(default_factory=dict)

    def face(
        self, xml: str, fields: Mapping[str, str] | Sequence[str], paper: Paper = "plain", specimen: bool = False
    ) -> tuple[Face, Engraving]:
        """Read a layout; raises TemplateError."""
        file = self.folder / "layout.xml"
        file.write_text(xml, "utf-8")
        layout = load_layout(file, fields=frozenset(fields), largest_qr=65, declared=self.declared)
        engraving = Engraving(
            "0" * 64,
            "1",
            "original",
            paper,
            AUTHORITY,
            (),
            "试样",
            "正本",
            "",
            "licence.example",
            "00",
            specimen,
            (0.0, 0.0),
        )
        labels = {name: Text(f"「{name}」", name) for name in fields}
        return Face(
            layout, paper, Text("试样", "Scratch"), "正本", labels, dict.fromkeys(fields, ""), engraving.context()
        ), engraving

    def plate(self, face: Face, engraving: Engraving, common: str = "") -> Plate:
        """Engrave."""
        return engrave(
            face.layout, engraving, self.typefaces, (SHIPPED / "_shared" / "icc" / "sRGB2014.icc").read_bytes(), common
        )

    def strike(self, xml: str, paper: Paper = "plain", common: str = "", **values: str) -> Struck:
        """Strike values onto a layout."""
        face, engraving = self.face(xml, values, paper)
        plate = self.plate(face, engraving, common)
        facts = certificate(**values)
        draft = compose(face, facts, self.typefaces, self.photos)
        return strike(plate, face, Certified.of(facts), symbol(), GAP, self.typefaces, draft)

    def pdf(self, xml: str, paper: Paper = "plain", common: str = "", **values: str) -> bytes:
        """Strike, and leave the signature empty."""
        return unsigned(self.strike(xml, paper, common, **values))


def certificate(**values: str) -> Certificate:
    """Certify scratch values."""
    return replace(CERTIFICATE, fields=tuple(values.items()))


def symbol(text: str = "0123456789" * 45) -> Symbol:
    """Draw a QR code that says nothing."""
    said = QrText(f"{ORIGIN}/{'0' * 12}", "1" + text)
    (modules,) = qr.encode([said])
    return Symbol(said.text, len(modules), qr.packed(modules))


def unsigned(struck: Struck) -> bytes:
    """Give a struck page as a file whose signature is all zeros."""
    return struck.plate.content + struck.head + b"<" + b"0" * (2 * struck.gap_bytes) + b">" + struck.tail
