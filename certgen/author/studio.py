"""The studio: documents to look at. The real press sets them, nobody signs them, no register hears of them.

Everything that chance and the hour decide in a licence is fixed here, so that the same template and record give the
same bytes on any day. Every page carries 样本; its QR code has the size of a real one, and a signature nobody made.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time

from certgen import qr
from certgen.authorities import AuthorityRecord
from certgen.core.errors import ApplicationError, Problem
from certgen.core.model import Application, Authority, Certificate, Paper, Slot
from certgen.core.qrtext import QrFacts, QrSeal, holder_of
from certgen.press import Certified, Draft, Face, Struck, Symbol, compose, strike
from certgen.template import Copy, Form, Reading, Template
from certgen.workshop import Stamp, Workshop

ORIGIN = "https://licence.example"
SID = "7K3M9QX2TB4V"
PAPERS: tuple[Paper, ...] = ("plain", "overprint")
GAP_BYTES = 2048  # stays empty; as wide as most seals need
_STAMP = Stamp(bytes(32), specimen=True)
_NO_SIGNATURE = b"\x7f" * 64


@dataclass(slots=True)
class MemoryShelf:
    """A shelf for plates that ends with the process."""

    plates: dict[bytes, bytes] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)

    def plate_digest(self, key: str) -> bytes | None:
        """Find a plate by its key."""
        return self.keys.get(key)

    def plate(self, digest: bytes) -> bytes | None:
        """Give a plate's bytes."""
        return self.plates.get(digest)

    def put_plate(self, digest: bytes, content: bytes, key: str) -> None:
        """Keep a plate."""
        self.keys[key], self.plates[digest] = digest, content


@dataclass(frozen=True, slots=True)
class Specimen:
    """One document to look at: a copy of a record on one paper, unsigned."""

    copy: Copy
    paper: Paper
    face: Face
    struck: Struck

    @property
    def pdf(self) -> bytes:
        """The file, with an empty signature gap."""
        struck = self.struck
        return struck.plate.content + struck.head + b"<" + b"0" * (2 * struck.gap_bytes) + b">" + struck.tail


@dataclass(frozen=True, slots=True)
class Studio:
    """Sets records without issuing them. `today` is the Asia/Shanghai date."""

    workshop: Workshop
    authorities: Mapping[str, AuthorityRecord]
    today: date
    origin: str = ORIGIN

    def read(self, template: Template, data: Mapping[str, object]) -> Reading:
        """Read a record as issuing would; raises ApplicationError with every fault."""
        # A form may be made ready before it comes into force.
        today = max(self.today, template.forms[-1].in_force_from)
        return template.read(Application(template.kind, data, "preview"), self.authorities, today)

    def face(self, template: Template, form: Form, copy: Copy, paper: Paper, authority: Authority) -> Face:
        """Give the layout and the words of a form, copy and paper; raises TemplateError."""
        return self.workshop.face(template, form, copy, paper, authority, _STAMP)[0]

    def engrave(self, template: Template, form: Form, copy: Copy, paper: Paper, authority: Authority) -> None:
        """Engrave a plate; raises TemplateError, and ApplicationError for a fixed text without room or glyph."""
        face, engraving = self.workshop.face(template, form, copy, paper, authority, _STAMP)
        self.workshop.plate(face, engraving, template)

    def compose(
        self, template: Template, reading: Reading, copy: Copy, paper: Paper
    ) -> tuple[Certificate, Face, Draft]:
        """Set the texts of one copy; raises ApplicationError with every field that has no glyph or no room."""
        face = self.face(template, reading.form, copy, paper, reading.authority)
        facts = certificate(template, reading, copy)
        return facts, face, compose(face, facts, self.workshop.typefaces, reading.photos)

    def specimens(
        self, template: Template, reading: Reading, papers: Sequence[Paper] = PAPERS, copies: Sequence[Copy] = ()
    ) -> Iterator[Specimen]:
        """Strike the copies of a record (every one, when none is named), paper by paper."""
        workshop, form = self.workshop, reading.form
        for paper in papers:
            for copy in copies or template.copies:
                facts, face, draft = self.compose(template, reading, copy, paper)
                _, engraving = workshop.face(template, form, copy, paper, reading.authority, _STAMP)
                plate = workshop.plate(face, engraving, template)
                certified = Certified.of(facts)
                symbol = self.symbol(certified, reading)
                struck = strike(plate, face, certified, symbol, GAP_BYTES, workshop.typefaces, draft)
                yield Specimen(copy, paper, face, struck)

    def faults(self, template: Template, data: Mapping[str, object]) -> tuple[Problem, ...]:
        """Read a record and set every copy of it; give all that is wrong."""
        try:
            reading = self.read(template, data)
        except ApplicationError as error:
            return error.problems
        found: dict[Problem, None] = {}
        for copy in template.copies:
            try:
                self.compose(template, reading, copy, "plain")
            except ApplicationError as error:
                found |= dict.fromkeys(error.problems)
        return tuple(found)

    def symbol(self, certified: Certified, reading: Reading) -> Symbol:
        """Draw the QR code of a document; its signature is a filler."""
        facts = certified.certificate
        holder, cut = holder_of(reading.holder)
        seal = QrSeal(self.origin, b"")
        text = seal.finish(
            seal.to_sign(
                QrFacts(
                    facts.kind, facts.number, holder, cut, reading.uscc, facts.issued_on, facts.valid_until,
                    facts.slot.shard, facts.slot.index, certified.digest[:16],
                ),
                facts.sid,
            ),
            _NO_SIGNATURE,
        )  # fmt: skip
        (modules,) = qr.encode([text])
        return Symbol(text.text, len(modules), qr.packed(modules))


def certificate(template: Template, reading: Reading, copy: Copy) -> Certificate:
    """Gather the facts of one copy, with what chance and the register would add fixed."""
    return Certificate(
        sid=SID,
        number=reading.number(reading.first),
        version=1,
        kind=template.kind,
        form=reading.form.id,
        copy=copy.id,
        copy_number=copy.number,
        template_digest="0" * 64,  # the picture shall not change with a comment in a layout
        authority=reading.authority.id,
        authority_name=reading.authority.name,
        issued_on=reading.issued_on,
        valid_from=reading.valid_from,
        valid_until=reading.valid_until,
        issued_at=datetime.combine(reading.issued_on, time(4), UTC),  # noon in Shanghai
        fields=tuple(pair for pair in reading.printed_for(copy.id) if pair[1]),
        slot=Slot(0, 131_071),
        salt=bytes(16),
    )


def on_form(template: Template, data: Mapping[str, object], form: Form) -> dict[str, object]:
    """Move a record to another form: issued on its first day, without the fields it lacks."""
    lacking = {spec.name for spec in template.fields if spec.forms and form.id not in spec.forms}
    periods = {"valid_from", "valid_until"}
    kept = {key: value for key, value in data.items() if template.names.get(key) not in lacking | periods}
    issued = next((key for key in kept if template.names.get(key) == "issued_on"), "issued_on")
    return kept | {issued: form.in_force_from.isoformat()}


def with_origin(studio: Studio, origin: str) -> Studio:
    """Give a studio whose QR codes open another address; for the longest one."""
    return replace(studio, origin=origin)
