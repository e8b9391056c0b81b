"""The nouns of the service: frozen values that every room shares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

from certgen.core.errors import Text
from certgen.core.status import Status

Paper = Literal["plain", "overprint"]
Use = Literal["seal", "qr", "status"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a field of type `table`."""

    name: str
    label: Text
    max_chars: int = 100
    required: bool = True


@dataclass(frozen=True, slots=True)
class By:
    """How a field varies with a choice of the record, that of the field `on`.

    `only` these values have it (empty: all); what each calls it, if not as all do; what each takes a blank to be.
    """

    on: str
    only: tuple[str, ...] = ()
    labels: Mapping[str, Text] = field(default_factory=dict, hash=False)
    blank: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind of document, declared once in `template.toml`.

    `forms` and `copies` are empty when the field belongs to all of them. `mask` names how the value is
    shortened on paper (`citizen-id`); the unmasked value stays in the register alone. `public_mask` shortens what
    stands on paper for the public and the QR code (`name`: 张*). `max_chars` counts rows for a `table`, which alone
    has `columns`. `by` says how it varies with a choice of the record.
    """

    name: str
    label: Text
    type: str
    required: bool = True
    max_chars: int = 100
    public: bool = True
    choices: tuple[str, ...] = ()
    mask: str = ""
    forms: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    public_mask: str = ""
    by: By | None = None

    def label_in(self, values: Mapping[str, str]) -> Text:
        """Give what the field is called in a record."""
        return self.by.labels.get(values.get(self.by.on, ""), self.label) if self.by else self.label

    def is_in(self, values: Mapping[str, str]) -> bool:
        """Tell whether a record may have the field; one whose deciding choice is not known may."""
        kind = values.get(self.by.on, "") if self.by else ""
        return not self.by or not kind or not self.by.only or kind in self.by.only

    def is_wanted(self, values: Mapping[str, str]) -> bool:
        """Tell whether a record must have the field."""
        kind = values.get(self.by.on, "") if self.by else ""
        if self.by and (self.by.only or self.by.blank) and (not kind or kind in self.by.blank):
            return False
        return self.required and self.is_in(values)


@dataclass(frozen=True, slots=True)
class Authority:
    """An issuing authority as it stood on one day; `id` is its GB/T 2260 division code."""

    id: str
    name: str
    short: str
    division: str
    telephone: str
    uscc: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """What somebody asks to have issued. `data` is untrusted until a template has read it.

    `request_key` is the caller's own: the same key always gives the same documents. `issued_on` is the
    day printed on the paper (Asia/Shanghai); None means today. `succession` is there when a new version of a
    licence is asked for.
    """

    kind: str
    data: Mapping[str, object]
    request_key: str
    succession: "Succession | None" = None


@dataclass(frozen=True, slots=True)
class Succession:
    """What a new version takes the place of, and why: a word of certgen.core.status.ACTIONS with a successor.

    `previous_id` is the register's name of the version it follows. `digest` (SHA-256) says what was asked for, so that
    a repeated request can be told from another one.
    """

    previous_id: int
    number: str
    action: str
    actor: str
    reason: str
    basis: str
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Hold:
    """Values that at most one licence in force of a kind may have: a `unique` rule applied to one record.

    `fields` are the rule's. `authority` is empty unless each authority counts for itself. `values` are normalised
    and **unmasked**; `label` and `shown` are what a refusal may say of them.
    """

    kind: str
    fields: tuple[str, ...]
    authority: str
    values: tuple[str, ...] = field(repr=False)
    label: Text
    shown: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a status list: `shard` is the list, `index` the entry in it."""

    shard: int
    index: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """The facts one document attests, as printed on it. One per sid; 正本 and 副本 are two.

    `fields` are values **as printed** (masked where the paper is masked), in the order of the template.
    `salt` (16 random bytes) stands nowhere else than in the attached record, so that the record's digest
    gives nothing away. Dates are Asia/Shanghai calendar dates; `issued_at` is UTC, whole seconds.
    """

    sid: str
    number: str
    version: int
    kind: str
    form: str
    copy: str
    copy_number: str
    template_digest: str
    authority: str
    authority_name: str
    issued_on: date
    valid_from: date
    valid_until: date | None
    issued_at: datetime
    fields: tuple[tuple[str, str], ...]
    slot: Slot
    salt: bytes
    metadata: tuple[tuple[str, str], ...] = ()  # by GB/T 36903, see certgen.core.metadata


@dataclass(frozen=True, slots=True)
class Registered:
    """What the register says of one document; all that the verifier needs to know.

    `status` is a word of `certgen.core.status`, as of the moment that was asked about; expiry is not a status. `public`
    holds label and value pairs that a template marks public, in the order of the paper. `has_newer`: a later version
    of the same licence is recorded (the public learns that, and not which).
    """

    sid: str
    number: str
    version: int
    kind: str
    title: Text
    form: str
    copy: str
    paper: Paper
    authority: str
    authority_name: str
    issued_on: date
    valid_until: date | None
    issued_at: datetime
    status: Status
    record_digest: bytes
    pdf_digest: bytes
    signer_fingerprint: bytes
    public: tuple[tuple[Text, str], ...]
    valid_from: date | None = None  # None: not asked for
    has_newer: bool = False

    @property
    def begins(self) -> date:
        """Give the first day on which the document permits anything."""
        return max(self.issued_on, self.valid_from or self.issued_on)


class Signer(Protocol):
    """Signs digests with one key, and says who it is. There is no way to ask for the key."""

    @property
    def certificate(self) -> bytes:
        """The signer's certificate, DER; empty for a bare QR key."""

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates between `certificate` and the root, DER, without the root."""

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo, DER."""

    @property
    def algorithm(self) -> Literal["ES256", "RS256"]:
        """ES256: ECDSA on P-256 with SHA-256. RS256: RSASSA-PKCS1-v1_5 with SHA-256."""

    @property
    def specimen(self) -> bool:
        """Whether this is a demo key: what it signs carries 样本 across the page."""

    def sign(self, digest: bytes) -> bytes:
        """Sign a SHA-256 digest: raw r‖s of 64 bytes with s ≤ n/2 for ES256, the RSA block for RS256.

        Deterministic (RFC 6979; PKCS#1 v1.5 is by nature). Raises SigningError.
        """
