"""A template, and the reading of a record against it: untrusted data in, right values or every problem out."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from json import JSONEncoder
from pathlib import Path
from typing import Any

from certgen import fieldtypes, overlay, photo
from certgen.authorities import AuthorityRecord
from certgen.core import codes
from certgen.core.chinese import shown
from certgen.core.errors import ApplicationError, FormatError, Problem, Text
from certgen.core.model import Application, Authority, Field, Hold
from certgen.fieldtypes import RefusedError, Rule
from certgen.limits import Limit, Unique
from certgen.numbering import Numbering, NumberMap, Run
from certgen.reserved import RESERVED, Validity, period, period_to, read_authority, read_day, reserved_problem

STRANGERS = 50  # unknown keys reported one by one; a table of 100,000 columns is one mistake

_ONCE = Text("只填一次（名称与标签重复）", "one value (the field is given under two names)")
_canonical = JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Copy:
    """One paper of a licence, 正本 or 副本; `number` is its printed copy number, such as 1—1."""

    id: str
    title: Text
    number: str


@dataclass(frozen=True, slots=True)
class Form:
    """A printed form, used for what is issued from `in_force_from` until the next form's day.

    `folder` holds its layouts; `under` are the folders of the kinds that this one extends. `variants` are forms of the
    same id with layouts of their own, by the value of the field `varies_by`; `own_texts` are words that an authority
    has in the place of some of `texts`, by its id. `issuer` is a pattern of the name it issues under, "" for its own.
    """

    id: str
    in_force_from: date
    folder: Path
    texts: Mapping[str, str]
    under: tuple[Path, ...] = ()
    varies_by: str = ""
    variants: Mapping[str, "Form"] = field(default_factory=dict)
    own_texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    issuer: str = ""

    def of(self, values: Mapping[str, str]) -> "Form":
        """Give the variant that a record is printed on, itself when there is none."""
        return self.variants.get(values.get(self.varies_by, ""), self)

    def issued_by(self, authority: Authority) -> Authority:
        """Give an authority under the name that issues this form: {short} 民政局 for one of several offices there."""
        name = self.issuer.replace("{short}", authority.short)
        return replace(authority, name=name, uscc="") if name else authority  # the code is the other office's

    def texts_of(self, authority: str) -> Mapping[str, str]:
        """Give the words of the form as an authority prints them."""
        return {**self.texts, **self.own_texts.get(authority, {})}

    @property
    def looks(self) -> tuple["Form", ...]:
        """List the form and its variants."""
        return (self, *self.variants.values())

    @property
    def folders(self) -> tuple[Path, ...]:
        """List the folders in which its files may be, the topmost first."""
        return (self.folder, *self.under)

    def layout(self, copy: str) -> Path:
        """Find the layout of a copy; it need not exist."""
        return overlay.find(self.folders, f"{copy}.xml")


@dataclass(frozen=True, slots=True)
class Source:
    """Another kind that a record can be filled in from: `[from]`.

    `code` is the field of that kind by which its licence is found; `fields` maps our fields to its.
    """

    kind: str
    code: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """A record that may be issued. Nothing in it is untrusted any more.

    `data` is normalised and **unmasked**, given fields only, and reads to itself again; `printed` holds every
    field of the form in order, as on paper, with "" for one left out; `holder` is as the public may see it; `photos`
    are pictures by their printed digest; `holds` is what no other licence in force may have. `body_digest` (SHA-256,
    32 bytes) tells whether a repeated request asks for the same; it covers unmasked data, so it stays in the register.
    """

    kind: str
    form: Form
    authority: Authority
    issued_on: date
    valid_from: date
    valid_until: date | None
    data: tuple[tuple[str, str], ...] = field(repr=False)
    printed: tuple[tuple[str, str], ...]
    holder: str
    uscc: str
    run: Run
    body_digest: bytes = field(repr=False)
    left_out: Mapping[str, frozenset[str]] = field(repr=False)
    photos: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    holds: tuple[Hold, ...] = ()
    holder_code: str = ""  # as printed

    @property
    def counter(self) -> str:
        """Name the counter this record draws its number from, such as JY1421202."""
        return self.run.scope

    @property
    def first(self) -> int:
        """Give the smallest sequence of the counter."""
        return 1

    @property
    def last(self) -> int:
        """Give the largest sequence of the counter."""
        return self.run.last

    def number(self, seq: int) -> str:
        """Write the number with this sequence; raises RegisterError when the counter is used up."""
        return self.run.number(seq)

    def printed_for(self, copy: str) -> tuple[tuple[str, str], ...]:
        """Give the printed values of one copy, without the fields that stand on other copies only."""
        out = self.left_out[copy]
        return tuple([pair for pair in self.printed if pair[0] not in out]) if out else self.printed


@dataclass(frozen=True, slots=True)
class Publicity:
    """What the public may do with a kind beyond checking what it holds; nothing, unless its template says so.

    `find`: look a licence up by its number or its holder's credit code. `picture` is the copy of which a picture marked
    公示 is shown then, "" for none. `original`: fetch the original of a file that only begins with it.
    """

    find: bool = False
    picture: str = ""
    original: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A kind of document as its folder declares it. `validity` is None for no expiry.

    `digest` is the SHA-256 of its folders in hex. `rules`, `filled` (those of them of which a blank says
    something), `derived` (those that follow from others) and `numberings` (each by form id), `names` (every accepted
    key, label or name, to its name) and `left_out` (by copy id) are worked out once by `load_template`.
    """

    kind: str
    version: int
    title: Text
    fields: tuple[Field, ...]
    copies: tuple[Copy, ...]
    forms: tuple[Form, ...]
    numberings: Mapping[str, Numbering]
    validity: Validity | None
    limits: tuple[Limit, ...]
    unique: tuple[Unique, ...]
    holder: str
    holder_code: str
    folder: Path
    digest: str
    rules: Mapping[str, tuple[Rule, ...]]
    filled: Mapping[str, tuple[Rule, ...]]
    derived: Mapping[str, tuple[Rule, ...]]
    names: Mapping[str, str]
    left_out: Mapping[str, frozenset[str]]
    under: tuple[Path, ...] = ()
    source: Source | None = None
    publicity: Publicity = Publicity()
    elicence: str = ""  # the code of the kind by GB/T 36904, 21 characters; "" when it is not known

    @property
    def layers(self) -> tuple[Path, ...]:
        """List the folders of the kind, its own first, then those it extends."""
        return (self.folder, *self.under)

    def file(self, name: str) -> Path:
        """Find a file of the kind, such as `sample.json`; it need not exist."""
        return overlay.find(self.layers, name)

    def with_photos(self, data: Any, folder: Path) -> Any:
        """Put photographs in the place of their paths in a record that stands in `folder`."""
        return photo.with_files(data, self.names, self.photos, folder) if self.photos else data

    @property
    def photos(self) -> frozenset[str]:
        """Name the fields that hold photographs."""
        return frozenset(field.name for field in self.fields if field.type == "photo")

    @property
    def longest_number(self) -> int:
        """Count the bytes (UTF-8) of the longest number of any form."""
        return max(numbering.longest for numbering in self.numberings.values())

    def form_on(self, day: date) -> Form:
        """Give the form in force on a day; raises ApplicationError before the first."""
        for form in reversed(self.forms):
            if form.in_force_from <= day:
                return form
        first = self.forms[0].in_force_from
        wanted = Text(
            f"{first} 或以后的日期（此前没有本证照的格式）",
            f"a date from {first} on, when the first form came into force",
        )
        raise ApplicationError((reserved_problem("issued_on", day.isoformat(), wanted),))

    def read(self, application: Application, authorities: Mapping[str, AuthorityRecord], today: date) -> Reading:
        """Read a record, in this order; raises ApplicationError with every problem, in the order of the form.

        1 sort the keys; 2 the day of issue and its form; 3 every field, what follows from them, and the rules;
        4 the number's parts; 5 the authority; 6 the period.

        `today` is the Asia/Shanghai date. A missing `authority` is the only one there is.
        """
        problems: list[Problem] = []
        given = self._sort(application, problems)  # 1
        issued_on = read_day(given, "issued_on", problems)  # 2
        form = self._form(issued_on, given, today, problems)
        day = min(issued_on or today, today)
        values = self._values(form, given, today, problems)  # 3
        derived = self.derived[form.id]
        if derived or self.limits:
            self._derive(derived, values, day, today, problems)
            self._limit(values, day, problems)
        filled = _fill(self.filled[form.id], values, day) if self.filled[form.id] else frozenset()
        numbering = self.numberings[form.id]
        words = self._words(numbering.maps, values, problems)  # 4
        authority = read_authority(given, authorities, day, problems)  # 5
        valid_from, valid_until = read_day(given, "valid_from", problems), read_day(given, "valid_until", problems)  # 6
        begin, end = self._period(values, day, valid_from, valid_until, problems)
        if problems or authority is None:
            raise ApplicationError(self._ordered(problems))

        numbering = numbering.of(authority.id)
        words |= {"{division}": authority.division, "{year}": f"{day.year:04d}", "{date}": f"{day:%Y%m%d}"}
        if numbering.spoken:
            words |= self._spoken(numbering, authorities[authority.id])
        rules = self.rules[form.id]
        printed = tuple([(r.field.name, fieldtypes.printed(r, values[r.field.name], today)) for r in rules])
        code = values.get(self.holder_code, "")
        # Without what is derived: it follows again, perhaps otherwise on another day.
        names = {r.field.name for r in derived} | filled
        data = tuple([pair for pair in values.items() if pair[1] and pair[0] not in names])
        return Reading(
            kind=self.kind,
            form=form.of(values),
            authority=form.issued_by(authority),
            issued_on=day,
            valid_from=begin,
            valid_until=end,
            data=data,
            printed=printed,
            holder=next(
                fieldtypes.in_public(r.field, text)
                for r, (name, text) in zip(rules, printed, strict=True)
                if name == self.holder
            ),
            uscc=code if code and codes.is_uscc(code) and not codes.is_citizen_id(code, today) else "",
            run=numbering.run(words),
            body_digest=_body_digest(self.kind, data, authority.id, issued_on, valid_from, valid_until),
            left_out=self.left_out,
            photos={
                text: photo.decode(values[r.field.name])
                for r, (_, text) in zip(rules, printed, strict=True)
                if r.field.type == "photo" and text
            },
            # What has expired on its first day is an old licence put on record: it is in nobody's way.
            holder_code=next((text for name, text in printed if name == self.holder_code), ""),
            holds=self._holds(values, printed, authority) if self.unique and not (end and end < today) else (),
        )

    def _holds(
        self, values: Mapping[str, str], printed: tuple[tuple[str, str], ...], authority: Authority
    ) -> tuple[Hold, ...]:
        on_paper = dict(printed)
        return tuple(hold for rule in self.unique for hold in rule.hold(self.kind, values, on_paper, authority.id))

    def _sort(self, application: Application, problems: list[Problem]) -> dict[str, object]:
        if application.kind != self.kind:
            wanted = Text(f"{self.title.zh}（{self.kind}）", f"{self.title.en} ({self.kind})")
            problems.append(Problem("kind", Text("证照种类", "Kind"), shown(application.kind), wanted))
        given: dict[str, object] = {}
        strangers: list[str] = []
        names = self.names
        if not isinstance(application.data, Mapping):
            wanted = Text("由项目名和值组成的对象", "an object of field names and values")
            raise ApplicationError(
                (Problem("", Text("申请内容", "Record"), fieldtypes.found(application.data), wanted),)
            )
        for key, value in application.data.items():
            name = names.get(key) or names.get(fieldtypes.fold(str(key)))
            if name is None:
                strangers.append(str(key))
            elif name in given:
                problems.append(Problem(name, self._label(name), fieldtypes.found(value), _ONCE))
            else:
                given[name] = value
        if strangers:
            problems.extend(self._unknown(strangers, application.data))
        return given

    def _unknown(self, strangers: list[str], data: Mapping[str, object]) -> Iterator[Problem]:
        for key in strangers[:STRANGERS]:
            near = get_close_matches(key[:60], self.names, 1)
            hint = Text(f"（是否为“{near[0]}”？）", f" (did you mean {near[0]!r}?)") if near else Text("", "")
            wanted = Text(f"本证照的项目{hint.zh}", f"a field of this kind{hint.en}")
            yield Problem(shown(key), Text(shown(key), shown(key)), fieldtypes.found(data.get(key)), wanted)
        if more := len(strangers[STRANGERS:]):
            yield Problem("…", Text("其余项目", "Other fields"), str(more), Text("没有多余的项目", "no unknown fields"))

    def _form(self, day: date | None, given: Mapping[str, object], today: date, problems: list[Problem]) -> Form:
        if day and day > today:
            wanted = Text(f"不晚于今天（{today}）的日期", f"a date no later than today, {today}")
            problems.append(reserved_problem("issued_on", day.isoformat(), wanted))
        else:
            try:
                form = self.form_on(day or today)
                if not any(problem.field == "issued_on" for problem in problems):
                    return form
            except ApplicationError as error:
                problems.extend(error.problems)
        # The day is wrong: read the fields by the form they fit best, so that all their problems come at once.
        return max(
            self.forms, key=lambda f: (sum(r.field.name in given for r in self.rules[f.id]), -len(self.rules[f.id]))
        )

    def _values(self, form: Form, given: dict[str, object], today: date, problems: list[Problem]) -> dict[str, str]:
        values: dict[str, str] = {}
        used = 0
        for rule in self.rules[form.id]:
            spec = rule.field
            value = given.get(spec.name)
            used += spec.name in given
            text = ""
            try:
                text = fieldtypes.read(rule, value, today)
                if text and not spec.is_in(values):
                    raise RefusedError(_nothing_here(spec, values, self._label))
                if not text and spec.is_wanted(values):
                    raise RefusedError(Text("填写内容（必填项）", "a value: the field is required"))
            except RefusedError as error:
                found = error.found or fieldtypes.found(value)
                problems.append(Problem(spec.name, spec.label_in(values), found, error.wanted))
            values[spec.name] = text
        if used != sum(name not in RESERVED for name in given):
            for spec in self.fields:
                if spec.name not in values and (found := fieldtypes.found(given.get(spec.name)).strip()):
                    wanted = Text(f"空白（{form.id} 版格式没有这一项）", f"nothing: form {form.id} lacks this field")
                    problems.append(Problem(spec.name, spec.label, found, wanted))
        return values

    def _derive(
        self, derived: tuple[Rule, ...], values: dict[str, str], day: date, today: date, problems: list[Problem]
    ) -> None:
        faulty = {problem.field for problem in problems}
        for rule in derived:
            if rule.derive is None or faulty & {rule.field.name, *rule.derive.sources}:
                continue
            spec, given = rule.field, values[rule.field.name]
            try:
                value = fieldtypes.read(rule, rule.derive.compute(values, day), today)
                if given and given != value:
                    source = self._label(rule.derive.sources[0])
                    raise RefusedError(
                        Text(f"空白，或与“{source.zh}”相符的值", f"nothing, or what follows from {source.en}")
                    )
            except (RefusedError, FormatError) as error:
                wanted = error.wanted if isinstance(error, RefusedError) else error.message
                problems.append(Problem(spec.name, spec.label, shown(given), wanted))
                faulty.add(spec.name)
                value = ""
            values[spec.name] = value

    def _limit(self, values: Mapping[str, str], day: date, problems: list[Problem]) -> None:
        for limit in self.limits:
            if wanted := limit.wanted(values, day):
                found = shown(values[limit.field])
                problems.append(Problem(limit.field, self._label(limit.field), found, wanted))

    def _period(
        self,
        values: Mapping[str, str],
        day: date,
        valid_from: date | None,
        valid_until: date | None,
        problems: list[Problem],
    ) -> tuple[date, date | None]:
        rule = self.validity
        if rule is None or not rule.field:
            return period(rule.months if rule else None, day, valid_from, valid_until, problems)
        field = (rule.field, self._label(rule.field), values[rule.field])
        return period_to(field, day, (valid_from, valid_until), problems)

    def _words(self, maps: Mapping[str, NumberMap], values: dict[str, str], problems: list[Problem]) -> dict[str, str]:
        words = {}
        for token, mapping in maps.items():
            value = values[mapping.field]
            word = mapping.get(value)
            if word is not None:
                words[f"{{{token}}}"] = word
            elif value:
                some = list(mapping.values)[:8]
                wanted = Text(f"可编号的值：{'、'.join(some)}", f"a value that has a number: {', '.join(some)}")
                problems.append(Problem(mapping.field, self._label(mapping.field), shown(value), wanted))
        return words

    def _spoken(self, numbering: Numbering, office: AuthorityRecord) -> Mapping[str, str]:
        if lost := [token for token in numbering.spoken if token not in office.words]:
            name = lost[0][1:-1]
            wanted = Text(
                f"authorities.toml 中写有 {name} 的机关", f"an authority that authorities.toml gives a {name}"
            )
            raise ApplicationError((reserved_problem("authority", office.id, wanted),))
        return office.words

    def _label(self, name: str) -> Text:
        return RESERVED.get(name) or next(spec.label for spec in self.fields if spec.name == name)

    def _ordered(self, problems: list[Problem]) -> tuple[Problem, ...]:
        order = {name: place for place, name in enumerate(["kind", *(f.name for f in self.fields), *RESERVED])}
        return tuple(sorted(problems, key=lambda problem: order.get(problem.field, len(order))))


def _nothing_here(spec: Field, values: Mapping[str, str], label: Callable[[str], Text]) -> Text:
    kind = spec.by.on if spec.by else ""
    return Text(
        f"空白（{label(kind).zh}为“{values[kind]}”的没有这一项）",
        f"nothing: a record whose {label(kind).en} is {values[kind]} lacks this field",
    )


def _fill(rules: tuple[Rule, ...], values: dict[str, str], day: date) -> frozenset[str]:
    """Take blank fields to be what the template says they then are; gives the names of those."""
    blank = frozenset(rule.field.name for rule in rules if not values[rule.field.name])
    for rule in rules:
        name, by = rule.field.name, rule.field.by
        if rule.catalogue:
            given = values[name]
            values[name] = rule.catalogue.complete(given, values) if given else rule.catalogue.default(values, day)
        elif by and not values[name]:
            values[name] = by.blank.get(values.get(by.on, ""), "")
    return blank


def _body_digest(
    kind: str,
    data: tuple[tuple[str, str], ...],
    authority: str,
    issued_on: date | None,
    valid_from: date | None,
    valid_until: date | None,
) -> bytes:
    # Only the days that were asked for: the same request sent again after midnight is the same request.
    body = {
        "authority": authority,
        "data": dict(data),
        "issued_on": issued_on and issued_on.isoformat(),
        "kind": kind,
        "valid_from": valid_from and valid_from.isoformat(),
        "valid_until": valid_until and valid_until.isoformat(),
    }
    return hashlib.sha256(_canonical(body).encode()).digest()
