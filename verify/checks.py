"""The rules a PDF is judged by, in order. The docstring of a rule is the sentence its reader is shown.

Each function raises VerificationError when the rule is broken, `UnsureError` when nobody could say, and otherwise
returns None, or a sentence that fits better than its own.
"""

# ruff: noqa: D401  # docstrings of rules speak to their reader

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Generic, TypeVar

from cryptography.exceptions import InvalidSignature

from certgen.core import record
from certgen.core.chinese import SHANGHAI
from certgen.core.errors import FormatError, Text, VerificationError
from certgen.core.gap import Gap, Tail, locate, read_tail
from certgen.core.model import Certificate, Registered
from certgen.core.status import LABELS
from certgen.core.trustlist import EVERY_KIND, TrustEntry
from verify.chain import Sealer, Sealers, verify_signature
from verify.heads import Head
from verify.opinion import Opinions, Sight
from verify.pdf import MAX_PDF, read_record
from verify.report import Finding, RegisterView, say_moment
from verify.report import UnsureError as UnsureError
from verify.standing import Standing

if TYPE_CHECKING:
    from hashlib import _Hash

_END = b"%%EOF\n"
_MAX_PREFIXES = 8
_OBJECT = re.compile(rb"[\r\n][0-9]+[ \t\r\n]+[0-9]+[ \t\r\n]+obj[^A-Za-z0-9]")
LOST = Text("登记簿曾恢复，此号段记录缺失", "the register was restored and has lost this range of numbers")
_IN_BOTH = (
    *("sid", "number", "version", "kind", "form", "copy", "authority", "authority_name"),
    *("issued_on", "valid_until", "issued_at"),
)
_CaseT = TypeVar("_CaseT")


class Case:
    """One PDF on the table, and what earlier rules have found in it."""

    gap: Gap
    message_digest: bytes
    signature: bytes
    sealer: Sealer
    registered: Registered | None = None

    def __init__(
        self,
        pdf: bytes,
        head: Head,
        sealers: Sealers,
        register: RegisterView | None,
        standing: Standing,
        now: datetime,
        opinions: Opinions,
        *,
        trusts: bool,
    ) -> None:
        """Lay out the file with what the verifier knows. `trusts` says whether a trust list is at hand."""
        self.pdf, self.head, self.sealers, self.register, self.now = pdf, head, sealers, register, now
        self.standing, self.opinions, self.trusts = standing, opinions, trusts

    @cached_property
    def tail(self) -> Tail:
        """The end of the file. Raises VerificationError (S2)."""
        return read_tail(self.pdf)

    @cached_property
    def hashed(self) -> tuple["_Hash", int]:
        """The hash of everything before the gap, or where the gap seems to be: rules R1 and H1 share it."""
        end = max(self.pdf.rfind(b"/Contents <") + 10, self.head.clean)
        return self.head.hash(self.pdf, end), end

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the whole file."""
        begun, done = self.hashed
        whole = begun.copy()
        whole.update(memoryview(self.pdf)[done:])
        return whole.digest()

    @cached_property
    def sight(self) -> Sight:
        """What the second parser sees. Raises UnsureError."""
        return self.opinions.of(self.pdf)

    @cached_property
    def record(self) -> bytes:
        """The canonical record inside. Raises VerificationError (M1)."""
        return read_record(self.pdf, self.tail)

    @cached_property
    def certificate(self) -> Certificate:
        """The facts of the record inside. Raises VerificationError (M1)."""
        try:
            return record.decode(self.record)
        except FormatError as fault:
            raise _wrong("M1", "文件内的记录不规范", f"the record inside is not canonical: {fault}") from fault

    @property
    def facts(self) -> Registered | Certificate:
        """What the document attests, from the best source: the register, else the record inside."""
        try:
            return self.registered or self.certificate
        except VerificationError as fault:  # rule M1 will name it
            raise UnsureError(Text("文件内的记录读不出来", "the record inside cannot be read")) from fault


@dataclass(frozen=True, slots=True)
class CheckOf(Generic[_CaseT]):
    """A rule: its identifier, the rules it builds on, the function, and what a reader sees when it holds."""

    rule: str
    needs: tuple[str, ...]
    run: Callable[[_CaseT], Text | None]
    passed: Finding


def build(rule: str, needs: str, run: Callable[[_CaseT], Text | None]) -> CheckOf[_CaseT]:
    """Make a rule of a function; its docstring is English, an empty line, Chinese."""
    en, _, zh = (run.__doc__ or rule).partition("\n\n")
    return CheckOf(rule, tuple(needs.split()), run, Finding(rule, True, Text(zh.strip() or en, en.strip())))


def is_small(case: Case) -> None:
    """The file is of a size that our documents have.

    文件大小在本系统证照的范围内。
    """
    if len(case.pdf) > MAX_PDF:
        raise _wrong("I1", "文件过大，不是本系统的证照", f"{len(case.pdf)} octets, wanted at most {MAX_PDF}")


def is_registered(case: Case) -> None:
    """Exactly this file, byte for byte, stands in the register of issued documents.

    签发登记簿中有与此完全相同的文件。
    """
    if case.register is None:
        raise UnsureError(Text("没有登记簿，仅按文件本身核验", "no register at hand; the file is judged by itself"))
    case.registered = case.register.by_digest(case.digest)
    if case.registered is not None:
        return
    original = _registered_beginning(case.pdf, case.register)
    if original is not None:
        case.registered = original
        name = f"{original.number} ({original.sid})"
        raise _wrong(
            "R2",
            f"开头是我们签发的原件 {name}，其后被添加了内容；请取用原件",
            f"it begins with our genuine original {name}, but bytes were added after it; use the original",
        )
    claimed = _claimed(case)
    if claimed and any(map(case.register.in_lost_range, (claimed.number, claimed.sid))):
        raise UnsureError(LOST)
    raise _wrong("R1", "登记簿中没有这份文件：从未签发", "never registered: we did not issue this file")


def has_our_shape(case: Case) -> None:
    """The file is one unbroken whole as our press writes it, and the signature covers all of it.

    文件结构完整，签名覆盖全文。
    """
    case.gap = locate(case.pdf, case.head.clean, case.tail if case.head.data else None)


def has_our_container(case: Case) -> None:
    """The signature is written exactly as ours are, with nothing added.

    签名数据格式规范，无夹带内容。
    """
    der = case.gap.der(case.pdf)
    case.sealer = case.sealers.of(der)
    case.message_digest, case.signature = case.sealer.profile.decode(der)


def is_unchanged(case: Case) -> None:
    """Nothing in the document has changed since it was sealed.

    加盖电子印章后内容未被改动。
    """
    begun, done = case.hashed
    if case.gap.digest(case.pdf, begun if done <= case.gap.b else None, done) != case.message_digest:
        raise _wrong("H1", "文件内容在签章后被改动", "the document was changed after it was sealed")


def is_signed(case: Case) -> None:
    """The signature was made with the private key of this seal.

    签名确由该印章的密钥作出。
    """
    attributes = case.sealer.profile.signed_attributes(case.message_digest)
    try:
        verify_signature(case.sealer.key, case.signature, sha256(attributes).digest())
    except InvalidSignature as fault:
        raise _wrong("H2", "签名不是该印章作出的", "the signature was not made with the key of this seal") from fault


def is_enrolled(case: Case) -> None:
    """The seal is on the list of trusted seals, for this authority and this kind of document.

    印章在信任清单中，且有权签发此类证照。
    """
    check_enrolled(case.sealer.entry, case.trusts, case.facts.authority, case.facts.kind)


def is_chained(case: Case) -> None:
    """The certificates of the seal lead to our root, and were made for sealing documents.

    印章证书由本系统根证书签发，用途正确。
    """
    if case.sealer.fault is not None:
        raise VerificationError(case.sealer.fault.rule, case.sealer.fault.message)


def is_timely(case: Case) -> None:
    """The document was sealed while the seal was in force.

    签章时印章在有效期内。
    """
    known = case.registered is not None
    check_timely(case.sealer.entry, case.sealer.windows, case.facts.issued_at, by_register=known)


def is_seen_alike(case: Case) -> None:
    """Another parser opens the file without a doubt, sees the same signature, and nothing in it that acts or hides.

    另一解析器读取无误，所见签名相同，文件内无可执行或隐藏的内容。
    """
    sight = case.sight
    if sight.opens == "silent":
        raise UnsureError(
            Text("另一解析器未能在限度内读完", "a second parser did not come to an end within its limits: try again")
        )
    if sight.opens != "whole":
        raise _wrong("O1", "另一解析器不能无误地打开此文件", f"a second parser finds the file {sight.opens}")
    if sight.fields != 1 or sight.signatures != 1:
        raise _wrong("O2", "签名域不唯一", f"{sight.fields} form fields, {sight.signatures} signatures, wanted one")
    if not sight.certifies:
        raise _wrong("O3", "签名未声明禁止任何改动", "the signature does not certify that nothing may be changed")
    gap = case.gap
    held = case.pdf[gap.b + 1 : gap.b + 65].decode("ascii")
    if sight.range != (0, gap.b, gap.c, gap.total - gap.c) or sight.contents != held:
        raise _wrong("O4", "另一解析器看到的签名不是这一个", "a second parser sees another signature")
    if len(_OBJECT.findall(case.pdf)) != case.tail.size - 1:
        raise _wrong("O4", "文件内有目录之外的对象", "there are objects that the table does not name")
    if sight.active or not sight.is_plain:
        raise _wrong("O5", "文件内有可执行、外链、隐藏或夹带的内容", "something acts, fetches, hides or is attached")


def holds_its_record(case: Case) -> Text | None:
    """The record inside the document is the one in the register.

    文件内的记录与登记簿一致。
    """
    if case.registered is None:
        certificate = case.certificate
        return Text(
            f"文件内的记录规范完整，编号 {certificate.number}",
            f"the record inside is whole and well-formed: number {certificate.number}",
        )
    if record.digest(case.record) != case.registered.record_digest or not _says_the_same(case):
        raise _wrong("M1", "文件内的记录与登记簿不一致", "the record inside is not the one in the register")
    return None


def _says_the_same(case: Case) -> bool:
    """Compare what row and record both say: a row that was altered keeps the digest of its record."""
    row, inside = case.registered, case.certificate
    return all(getattr(row, name) == getattr(inside, name) for name in _IN_BOTH)


def is_in_force(case: Case) -> Text | None:
    """The document is in force today.

    证照目前有效。
    """
    if case.registered is not None:
        known = case.registered
        check_in_force(known.status, known.valid_until, case.now, known.begins)
        return None
    facts = case.facts
    check_unexpired(facts.valid_until, case.now)
    return case.standing.check(case.certificate.slot, facts.issued_at, case.now)


def check_enrolled(entry: TrustEntry | None, trusts: bool, authority: str, kind: str) -> None:
    """Rule T1. Raises VerificationError, or UnsureError without a trust list."""
    if entry is None and not trusts:
        raise UnsureError(Text("没有信任清单可查", "no trust list is at hand"))
    if entry is None:
        raise _wrong("T1", "印章不在信任清单中", "the signer is not on the trust list")
    if entry.authority != authority:
        raise _wrong(
            "T1",
            f"印章属于{entry.authority_name.zh}，不是证照所载机关",
            f"the seal belongs to {entry.authority_name.en}, not to the authority the document names",
        )
    if kind not in entry.kinds and entry.kinds != EVERY_KIND:
        raise _wrong("T1", "印章无权签发此类证照", f"the signer may not sign documents of kind {kind!r}")


def check_timely(
    entry: TrustEntry | None, windows: tuple[tuple[datetime, datetime], ...], at: datetime, *, by_register: bool
) -> None:
    """Rule T4. Raises VerificationError, or UnsureError when the key counts as stolen.

    What a stolen key signed may be ours or the thief's, so nothing is called forged: it must be checked again. Only a
    time that stands in the register (`by_register`) clears a document, since a thief writes any time he likes.
    """
    at = at.replace(microsecond=0)
    for start, end in ((entry.not_before, entry.not_after), *windows) if entry else windows:
        if not start <= at <= end:
            raise _wrong(
                "T4",
                f"签发时间 {say_moment(at)} 不在印章有效期内",
                f"sealed {say_moment(at)}, outside the life of the seal, {say_moment(start)} to {say_moment(end)}",
            )
    if entry is not None and entry.compromised_at is not None and (at >= entry.compromised_at or not by_register):
        raise needs_recheck(entry.compromised_at, by_register=by_register)


def needs_recheck(since: datetime, *, by_register: bool) -> UnsureError:
    """Say that the key counts as stolen and who can tell: the authority, or (not `by_register`) the register."""
    stolen = say_moment(since)
    if by_register:
        zh, en = "此证在其后签发，须由发证机关复核", "issued after that: the issuing authority must tell"
    else:
        zh, en = "须查登记簿复核", "only the register can tell what was issued before"
    return UnsureError(
        Text(
            f"签发此证的密钥自 {stolen} 起已失密，{zh}",
            f"needs re-check, its key counts as stolen since {stolen}; {en}",
        )
    )


def check_in_force(status: str, valid_until: date | None, now: datetime, begins: date | None = None) -> None:
    """Rule V by the register: status, then the period, which may be ahead (renewals). Raises VerificationError."""
    if status != "issued":
        label = next((text for word, text in LABELS.items() if word == status), Text(status, status))
        raise _wrong("V", f"证照真实，但状态为“{label.zh}”", f"authentic, but not in force: {label.en}")
    if begins is not None and today(now) < begins:
        day = begins.isoformat()
        raise _wrong("V", f"证照真实，但自 {day} 起才生效", f"authentic, but not in force before {day}")
    check_unexpired(valid_until, now)


def check_unexpired(valid_until: date | None, now: datetime) -> None:
    """Rule V: expiry. Raises VerificationError."""
    if valid_until is not None and today(now) > valid_until:
        day = valid_until.isoformat()
        raise _wrong("V", f"证照真实，但已于 {day} 到期", f"authentic, but not in force: expired on {day}")


def today(now: datetime) -> date:
    """Give the calendar day in Asia/Shanghai, where validity ends at midnight."""
    return now.astimezone(UTC).astimezone(SHANGHAI).date()


def _registered_beginning(pdf: bytes, register: RegisterView) -> Registered | None:
    """Rule R2: find a registered document at the beginning of a longer file."""
    hashed, done, view = sha256(), 0, memoryview(pdf)
    for _ in range(_MAX_PREFIXES):
        end = pdf.find(_END, done)
        if end < 0 or end + len(_END) == len(pdf):
            return None
        end += len(_END)
        hashed.update(view[done:end])
        done = end
        if (found := register.by_digest(hashed.digest())) is not None:
            return found
    return None


def _claimed(case: Case) -> Certificate | None:
    """Give what the file says of itself, if it says anything."""
    try:
        return case.certificate
    except VerificationError:
        return None


def _wrong(rule: str, zh: str, en: str) -> VerificationError:
    return VerificationError(rule, Text(zh, en))


CHECKS: tuple[CheckOf[Case], ...] = (
    build("I1", "", is_small),
    build("R1", "I1", is_registered),
    build("S", "I1", has_our_shape),
    build("C", "S", has_our_container),
    build("H1", "C", is_unchanged),
    build("H2", "C", is_signed),
    build("T1", "C", is_enrolled),
    build("T2", "C", is_chained),
    build("T4", "C", is_timely),
    build("O", "S H1 H2", is_seen_alike),
    build("M1", "S", holds_its_record),
    build("V", "S", is_in_force),
)
