"""Issuing, in this order and no other (docs/issuance.md says what a crash after each step leaves behind).

    1 read     each record against its template, and set its texts: every fault at once, before anything is reserved
    2 reserve  sid, number and status place in the register: nothing is signed that the register has not seen
    3 certify  the facts, with the time; sign the text of the QR code
    4 strike   the facts onto plates; preflight
    5 sign     each document
    6 verify   our own bytes as a stranger would
    7 record   documents, statuses and outbox lines, in one transaction
    8 answer

A single licence is a chunk of one: there is one path. The same request key always gives the same documents: after a
crash between 2 and 7 the reservation is found again, with its time and salts, and gives the same bytes.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Protocol

from certgen import qr, rows
from certgen.authorities import AuthorityRecord
from certgen.core import metadata, sid
from certgen.core.chinese import SHANGHAI, shown, unprintable
from certgen.core.errors import ApplicationError, Problem, SigningError, Text, VerificationError
from certgen.core.model import Application, Certificate, Field, Paper, Signer, Slot, Succession
from certgen.core.qrtext import QrFacts, QrSeal, QrText, holder_of
from certgen.fieldtypes import found, in_public, is_blank
from certgen.fonts import MissingGlyph
from certgen.pades import PdfSeal
from certgen.pdf import LEVELS
from certgen.plate import Engraving
from certgen.preflight import Prepared, check_window, lint
from certgen.press import Certified, Draft, Face, Struck, Symbol, compose, strike
from certgen.register import Progress, Recorded, Register, Reservation, Reserved
from certgen.reserved import RESERVED
from certgen.template import Reading, Template
from certgen.workshop import Stamp, Workshop

LONGEST_KEY = 200  # characters of a request key
_NO_SALT = bytes(16)
BY_CHANCE = frozenset({"S1", "S2", "S3"})  # rules that packed bytes can break by holding a token (certgen.pdf.LEVELS)


class Check(Protocol):
    """The verifier, as issuing sees it. Both raise VerificationError."""

    def document(self, pdf: bytes) -> None:
        """Judge a signed PDF by every rule but the register's."""

    def code(self, text: str) -> None:
        """Judge the text of a QR code likewise."""


@dataclass(frozen=True, slots=True)
class QrKey:
    """A QR key at work: what it writes under which origin, and the signer."""

    seal: QrSeal
    signer: Signer


@dataclass(frozen=True, slots=True)
class Document:
    """One issued PDF: its plate's bytes followed by its strike's."""

    sid: str
    number: str
    copy: str
    paper: Paper
    plate: bytes
    strike: bytes
    pdf_digest: bytes

    @property
    def pdf(self) -> bytes:
        """The file."""
        return self.plate + self.strike


@dataclass(frozen=True, slots=True)
class Issued:
    """A record and its documents; `again` when an earlier run had issued them."""

    application: Application
    number: str
    documents: tuple[Document, ...]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A record and all that is wrong with it. Nothing of it was reserved."""

    application: Application
    error: ApplicationError


Outcome = Issued | Refused


@dataclass(frozen=True, slots=True)
class Job:
    """One PDF to make: a copy of a licence on one paper."""

    copy: int  # place among the template's copies
    paper: Paper
    face: Face
    engraving: Engraving
    draft: Draft


@dataclass(frozen=True, slots=True)
class Ready:
    """A record that was read and set: it can be issued."""

    application: Application
    template: Template
    reading: Reading
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Issuer:
    """Issues licences. Everything it needs from other rooms, and time and chance, is handed to it."""

    templates: Mapping[str, Template]
    authorities: Mapping[str, AuthorityRecord]
    workshop: Workshop
    register: Register
    seal_of: Callable[[str], PdfSeal]
    qr_key_of: Callable[[str], QrKey]
    check: Check
    proof: Callable[[bytes, tuple[float, float, float, float], int], str]
    clock: Callable[[], datetime]
    chance: Callable[[int], bytes]
    actor: str
    authority: str = ""  # who issues when a record does not say

    def today(self) -> date:
        """Give the calendar day where the licences are issued."""
        return self.clock().astimezone(SHANGHAI).date()

    def issue(
        self,
        applications: Sequence[Application],
        *,
        papers: Sequence[Paper] = ("plain",),
        batch: Callable[[Sequence[Outcome]], Progress] | None = None,
        look: bool = True,
    ) -> list[Outcome]:
        """Issue a chunk of records; the answer has their order.

        `batch` says what the ledger of a batch shall note in the transaction of step 7. Faults of a record refuse it
        alone; RegisterError, SigningError and VerificationError stop the chunk, and nothing of it is recorded.

        Every page of a licence issued alone is looked at as a camera would; of a chunk one page, and only if `look`.
        """
        today = self.today()
        outcomes: dict[int, Outcome] = {}
        ready: dict[int, Ready] = {}
        for i, application in enumerate(applications):  # 1
            try:
                ready[i] = self.read(application, papers, today)
            except ApplicationError as error:
                outcomes[i] = Refused(application, error)
        promises = self._reserve(list(ready.values()))  # 2
        work: list[tuple[int, Ready, Reserved]] = []
        for (i, one), promise in zip(ready.items(), promises, strict=True):
            if promise.conflict:
                outcomes[i] = Refused(one.application, _conflict(one.application))
            elif promise.refused:
                outcomes[i] = Refused(one.application, ApplicationError((promise.refused,)))
            elif promise.done and (earlier := self._earlier(one, papers)):
                outcomes[i] = earlier
            else:
                # A document bears the day on which it was promised, also when a crash or a second paper makes it later.
                promised = promise.reserved_at.astimezone(SHANGHAI).date()
                work.append((i, one if promised == today else self.read(one.application, papers, promised), promise))
        made = self._make([(one, promise) for _, one, promise in work], look)  # 3 to 6
        for (i, one, promise), documents in zip(work, made, strict=True):
            outcomes[i] = Issued(one.application, promise.number, tuple(d for d, _ in documents))
        answer = [outcomes[i] for i in range(len(applications))]
        recorded = [recorded for documents in made for _, recorded in documents]
        progress = batch(answer) if batch else None
        self.register.record(recorded, self.clock(), self.actor, progress)  # 7
        return answer  # 8

    def read(self, application: Application, papers: Sequence[Paper] = ("plain",), today: date | None = None) -> Ready:
        """Step 1 alone: read a record as on a day, and set its texts; reserves nothing.

        Raises ApplicationError with every fault, and SigningError when the keys that will be needed do not serve.
        """
        template = self.templates.get(application.kind)
        if template is None:
            known = "、".join(sorted(self.templates))
            wanted = Text(f"已有的种类：{known}", f"one of {known}")
            raise ApplicationError((Problem("kind", Text("证照种类", "Kind"), shown(application.kind), wanted),))
        reading = self._reading(template, application, today or self.today())
        seal = self.seal_of(reading.authority.id)
        check_window(
            seal.window, self.clock()
        )  # here too: each attempt with a seal that has expired would cost a number
        self.qr_key_of(reading.authority.id)
        stamp = Stamp(seal.fingerprint, seal.signer.specimen)
        now = self.clock()
        jobs, problems = [], dict[tuple[str, str], Problem]()
        for at, copy in enumerate(template.copies):
            certificate = _certificate(template, reading, now, None, at, application.succession)
            for paper in papers:
                face, engraving = self.workshop.face(template, reading.form, copy, paper, reading.authority, stamp)
                try:
                    jobs.append(
                        Job(
                            at,
                            paper,
                            face,
                            engraving,
                            compose(face, certificate, self.workshop.typefaces, reading.photos),
                        )
                    )
                except ApplicationError as error:
                    problems |= {(p.field, p.found): p for p in error.problems}
        if problems:
            raise ApplicationError(tuple(problems.values()))
        return Ready(application, template, reading, tuple(jobs))

    def _reading(self, template: Template, application: Application, today: date) -> Reading:
        data = application.data
        if (
            self.authority
            and isinstance(data, Mapping)
            and not any(template.names.get(key) == "authority" for key in data)
        ):
            application = replace(application, data={**data, "authority": self.authority})
        wrong = _key_faults(application)
        try:
            reading = template.read(application, self.authorities, today)
        except ApplicationError as error:
            unseen = self._glyph_faults(template, data, {p.field for p in error.problems})
            raise ApplicationError((*error.problems, *unseen, *wrong)) from error
        if wrong:
            raise ApplicationError(wrong)
        return reading

    def _glyph_faults(self, template: Template, data: Mapping[str, object], known: set[str]) -> Iterator[Problem]:
        """Find characters that no typeface has: a record that cannot be read is never set, and would hide them."""
        chain = self.workshop.typefaces.chain("song")
        labels = {field.name: field.label for field in template.fields if field.name not in known}
        for key, value in data.items() if isinstance(data, Mapping) else ():
            name = template.names.get(key, "")
            try:
                [chain[char] for char in str(value).strip() if name in labels]
            except MissingGlyph as missing:
                yield missing.problem(name, labels[name])

    def _reserve(self, ready: Sequence[Ready]) -> list[Reserved]:
        return self.register.reserve([self._reservation(one) for one in ready], self.clock(), self.chance)

    def _reservation(self, one: Ready) -> Reservation:
        reading, copies, succession = one.reading, len(one.template.copies), one.application.succession
        random = self.chance(24 * copies)
        draws = [random[24 * i : 24 * i + 24] for i in range(copies)]
        return Reservation(
            request_key=one.application.request_key,
            body_digest=reading.body_digest if succession is None else succession.digest,
            kind=reading.kind,
            form=reading.form.id,
            authority=reading.authority.id,
            template_digest=one.template.digest,
            counter=reading.counter,
            first=reading.first,
            last=reading.last,
            number=reading.number,
            data=json.dumps(dict(reading.data), ensure_ascii=False).encode(),
            copies=tuple(c.id for c in one.template.copies),
            sids=tuple(sid.make(int.from_bytes(d[:8], "big") >> 4) for d in draws),
            salts=tuple(d[8:] for d in draws),
            holds=reading.holds,
            succession=succession,
        )

    def _earlier(self, one: Ready, papers: Sequence[Paper]) -> Issued | None:
        """Find the documents of a request that was issued before; None when a paper asked for now is missing."""
        known = self.register.by_request(one.application.request_key)
        if not {(c.id, p) for c in one.template.copies for p in papers} <= {(d.copy, d.paper) for d in known}:
            return None
        documents = tuple(
            Document(d.sid, d.number, d.copy, d.paper, b"", self.register.pdf(d.pdf_digest), d.pdf_digest)
            for d in known
            if d.paper in papers
        )
        return Issued(one.application, known[0].number, documents, again=True)

    def render(self, work: Sequence[tuple[Ready, Reserved]], now: datetime, *, look: bool = True) -> list["Signed"]:
        """Take steps 3 to 5 for a chunk: facts, QR codes, pages, preflight, signatures."""
        items = self._certify(work)  # 3
        struck = [self._strike(item) for item in items]  # 4
        if len(work) == 1:  # a citizen waits for this one
            self._look(items, struck)
        elif look:
            self._look(items[-1:], struck[-1:])
        prepared = lint(struck, [item.seal.window for item in items], now)
        return [Signed(item, page, item.seal.strike(page)) for item, page in zip(items, prepared, strict=True)]  # 5

    def _make(self, work: Sequence[tuple[Ready, Reserved]], look: bool) -> list[list[tuple[Document, Recorded]]]:
        """Take steps 3 to 6 for a chunk; gives documents and what to record, for each record."""
        now = self.clock()
        made: dict[int, list[tuple[Document, Recorded]]] = {}
        codes = set()
        for signed in self.render(work, now, look=look):
            strike = self._checked(signed, now)  # 6
            made.setdefault(id(signed.item.one), []).append(_finish(signed.item, signed.page.struck, strike))
            if signed.item.symbol.text not in codes:
                codes.add(signed.item.symbol.text)
                self.check.code(signed.item.symbol.text)
        return [made[id(one)] for one, _ in work]

    def _checked(self, signed: "Signed", now: datetime) -> bytes:
        """Judge a document as a stranger would; what fails by chance is packed another way, anything else stops."""
        item, strike = signed.item, signed.strike
        plate = signed.page.struck.plate.content
        for level in (*LEVELS[1:], None):
            try:
                self.check.document(plate + strike)
                break
            except VerificationError as error:
                if error.rule not in BY_CHANCE or level is None:
                    raise
            (page,) = lint([self._strike(item, level)], [item.seal.window], now)
            strike = item.seal.strike(page)
        return strike

    def _certify(self, work: Sequence[tuple[Ready, Reserved]]) -> list["Item"]:
        facts = [(one, i, Certified.of(c)) for one, promise in work for i, c in _certificates(one, promise)]
        texts = [self._code(certified, one.reading) for one, _, certified in facts]
        # All symbols at once: one alone costs three times as much.
        symbols = [Symbol(t.text, len(m), qr.packed(m)) for t, m in zip(texts, qr.encode(texts), strict=True)]
        items = []
        for (one, i, certified), symbol in zip(facts, symbols, strict=True):
            seal = self.seal_of(one.reading.authority.id)
            items += [Item(one, job, certified, symbol, seal) for job in one.jobs if job.copy == i]
        return items

    def _code(self, certified: Certified, reading: Reading) -> QrText:
        certificate = certified.certificate
        key = self.qr_key_of(certificate.authority)
        holder, cut = holder_of(reading.holder)
        facts = QrFacts(
            certificate.kind,
            certificate.number,
            holder,
            cut,
            reading.uscc,
            certificate.issued_on,
            certificate.valid_until,
            certificate.slot.shard,
            certificate.slot.index,
            certified.digest[:16],
        )
        unsigned = key.seal.to_sign(facts, certificate.sid)
        return key.seal.finish(unsigned, key.signer.sign(unsigned.digest))

    def _strike(self, item: "Item", level: int = LEVELS[0]) -> Struck:
        job = item.job
        plate = self.workshop.plate(job.face, job.engraving, item.one.template)
        typefaces = self.workshop.typefaces
        return strike(plate, job.face, item.certified, item.symbol, item.seal.gap_bytes, typefaces, job.draft, level)

    def _look(self, items: Sequence["Item"], pages: Sequence[Struck]) -> None:
        """Decode the QR codes from a picture of the page itself."""
        for item, struck in zip(items, pages, strict=True):
            ours = item.job.face.layout.code_at
            page = struck.plate.content + struck.head + b"<" + b"0" * (2 * struck.gap_bytes) + b">" + struck.tail
            codes = [(0, *code) for code in struck.codes]
            for at, square, symbol in ([(*ours, struck.symbol)] if ours else []) + codes:
                x, y, size = (v * 25.4 / 72 for v in (square.x, square.y, square.size))
                if self.proof(page, (x, y, size, size), at) != symbol.text:
                    raise SigningError(
                        Text(
                            "印出的二维码无法读回，未签发", "the printed QR code does not read back; nothing was signed"
                        )
                    )


@dataclass(frozen=True, slots=True)
class Item:
    """One PDF in the making: its record, its facts, its QR code and the seal that will sign it."""

    one: Ready
    job: Job
    certified: Certified
    symbol: Symbol
    seal: PdfSeal


@dataclass(frozen=True, slots=True)
class Signed:
    """One PDF signed, and not yet judged."""

    item: Item
    page: Prepared
    strike: bytes


def _certificate(
    template: Template,
    reading: Reading,
    now: datetime,
    promise: Reserved | None,
    place: int,
    succession: Succession | None = None,
) -> Certificate:
    """Gather the facts of a copy, by its place; without a promise, with any number and sid in their places."""
    copy = template.copies[place]
    number = succession.number if succession else reading.number(reading.last) if promise is None else promise.number
    facts = Certificate(
        sid=promise.sids[place] if promise else "W" * 12,  # a letter: tried in the widest
        number=number,
        version=promise.version if promise else 1,
        kind=template.kind,
        form=reading.form.id,
        copy=copy.id,
        copy_number=copy.number,
        template_digest=template.digest,
        authority=reading.authority.id,
        authority_name=reading.authority.name,
        issued_on=reading.issued_on,
        valid_from=reading.valid_from,
        valid_until=reading.valid_until,
        issued_at=now.astimezone(UTC).replace(microsecond=0),
        fields=tuple([pair for pair in reading.printed_for(copy.id) if pair[1]]),
        slot=promise.slots[place] if promise else Slot(0, 0),
        salt=promise.salts[place] if promise else _NO_SALT,
    )
    if promise is None:  # metadata is not printed: a draft does without
        return facts
    return replace(
        facts,
        metadata=metadata.make(
            facts,
            title=template.title.zh,
            kind_code=template.elicence,
            office_code=reading.authority.uscc,
            holder=reading.holder,
            holder_code=reading.holder_code,
        ),
    )


def _certificates(one: Ready, promise: Reserved) -> list[tuple[int, Certificate]]:
    """State the facts of each copy that is to be made, by its place among the template's copies."""
    return [
        (place, _certificate(one.template, one.reading, promise.reserved_at, promise, place))
        for place in sorted({job.copy for job in one.jobs})
    ]


def _finish(item: Item, page: Struck, strike: bytes) -> tuple[Document, Recorded]:
    certificate, plate = item.certified.certificate, page.plate
    hashed = page.opened.copy()
    hashed.update(memoryview(strike)[len(page.head) :])
    digest = hashed.digest()
    template, paper = item.one.template, item.job.paper
    public = {f.name: f for f in template.fields if f.public}
    values = dict(certificate.fields)
    shown = tuple([_shown(public[name], value, values) for name, value in certificate.fields if name in public])
    return (
        Document(certificate.sid, certificate.number, certificate.copy, paper, plate.content, strike, digest),
        Recorded(
            certificate,
            paper,
            template.title,
            shown,
            plate.digest,
            strike,
            digest,
            item.certified.digest,
            item.seal.fingerprint,
        ),
    )


def _shown(field: Field, value: str, values: Mapping[str, str]) -> tuple[Text, str]:
    return field.label_in(values), rows.in_words(value, field.columns) if field.columns else in_public(field, value)


def _conflict(application: Application) -> ApplicationError:
    wanted = Text("未用于其他内容的编号", "a key that was not used for other data")
    return ApplicationError((Problem("request_key", RESERVED["request_key"], shown(application.request_key), wanted),))


def request_key(data: Mapping[str, object]) -> str:
    """Find a record's own request key, under its name or its label; empty when there is none."""
    return next((str(key).strip() for key in _keys(data) if not is_blank(key)), "")


def _keys(data: Mapping[str, object]) -> tuple[object, ...]:
    return data.get("request_key"), data.get(RESERVED["request_key"].zh)


def _key_faults(application: Application) -> tuple[Problem, ...]:
    given = _keys(application.data) if isinstance(application.data, Mapping) else ()
    for key in (application.request_key, *(key for key in given if not is_blank(key))):
        if type(key) not in (str, int) or not 0 < len(str(key)) <= LONGEST_KEY or unprintable(str(key)):
            wanted = Text(f"1 至 {LONGEST_KEY} 个可印刷的字符", f"1 to {LONGEST_KEY} printable characters")
            return (Problem("request_key", RESERVED["request_key"], found(key), wanted),)
    return ()
