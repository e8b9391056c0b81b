"""The rules the text of a QR code is judged by; as in `verify.checks`, each docstring is what its reader sees."""

# ruff: noqa: D401  # docstrings of rules speak to their reader

from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from certgen.core import qrtext
from certgen.core.errors import FormatError, Text, VerificationError
from certgen.core.model import Registered, Slot
from certgen.core.qrtext import Scanned
from certgen.core.trustlist import TrustEntry, TrustList
from verify.chain import verify_signature
from verify.checks import (
    LOST,
    CheckOf,
    build,
    check_enrolled,
    check_in_force,
    check_timely,
    check_unexpired,
    needs_recheck,
)
from verify.report import Facts, RegisterView, UnsureError, say_day
from verify.standing import Standing

_MAX_TEXT = 4096  # characters; the longest symbol holds fewer


class QrKeys:
    """The QR keys of a trust list, loaded when first met: loading one takes as long as checking a signature."""

    __slots__ = ("_entries", "_keys")

    def __init__(self, trust: TrustList | None) -> None:
        self._entries = {entry.kid: entry for entry in trust.entries if entry.use == "qr"} if trust else {}
        self._keys: dict[bytes, EllipticCurvePublicKey] = {}

    def entry(self, kid: bytes) -> TrustEntry | None:
        """Find who a kid belongs to."""
        return self._entries.get(kid)

    def key(self, entry: TrustEntry) -> EllipticCurvePublicKey:
        """Load the key of an entry. Raises FormatError for one that is not P-256."""
        key = self._keys.get(entry.kid)
        if key is None:
            loaded = load_der_public_key(entry.spki)
            if not isinstance(loaded, EllipticCurvePublicKey) or not isinstance(loaded.curve, SECP256R1):
                raise FormatError(Text("二维码密钥不是 P-256", "the QR key is not on P-256"))
            key = self._keys[entry.kid] = loaded
        return key


class QrCase:
    """One QR text on the table, and what earlier rules have found in it."""

    scanned: Scanned
    entry: TrustEntry | None = None
    registered: Registered | None = None

    def __init__(
        self,
        text: str,
        keys: QrKeys,
        trust: TrustList | None,
        register: RegisterView | None,
        standing: Standing,
        now: datetime,
    ) -> None:
        """Lay out the text with what the verifier knows."""
        self.text, self.keys, self.trust, self.register, self.now = text, keys, trust, register, now
        self.standing = standing

    def say_facts(self) -> Facts:
        """Give what the code itself attests."""
        facts = self.scanned.facts
        holder = (Text("持证人", "holder"), facts.holder)
        uscc: Facts = ((Text("统一社会信用代码", "unified social credit code"), facts.uscc),) if facts.uscc else ()
        return (
            (Text("编号", "number"), facts.number),
            holder,
            *uscc,
            (Text("签发日期", "issued on"), say_day(facts.issued_on)),
            (Text("有效期至", "valid until"), say_day(facts.valid_until)),
            (Text("证照标识", "sid"), self.scanned.sid),
        )


def is_ours(case: QrCase) -> None:
    """The code is written exactly as ours are.

    二维码格式规范，是本系统的写法。
    """
    if len(case.text) > _MAX_TEXT:
        raise FormatError(Text("二维码内容过长", "the text is longer than any of our codes"))
    case.scanned = qrtext.decode(case.text)


def is_of_our_host(case: QrCase) -> None:
    """The code leads to an address of the issuing service.

    二维码指向签发系统的网址。
    """
    if case.trust is None:
        raise UnsureError(Text("没有信任清单可查", "no trust list is at hand"))
    host = case.scanned.host
    if host not in case.trust.hosts:
        raise _wrong("Q2", f"网址 {host} 不是签发系统的", f"host {host} is not one of the issuing service")


def is_enrolled(case: QrCase) -> None:
    """The key of the code is on the list of trusted keys, for this kind of document.

    二维码密钥在信任清单中，且有权签发此类证照。
    """
    case.entry = case.keys.entry(case.scanned.kid)
    owner = case.entry.authority if case.entry else ""
    check_enrolled(case.entry, case.trust is not None, owner, case.scanned.facts.kind)


def is_signed(case: QrCase) -> None:
    """The code was signed with that key, for this address and this document.

    二维码的签名正确，与网址和证照标识相符。
    """
    if case.entry is None:
        raise UnsureError(Text("没有公钥可验", "there is no public key to check with"))
    try:
        verify_signature(case.keys.key(case.entry), case.scanned.signature, case.scanned.digest)
    except InvalidSignature as fault:
        raise _wrong("H2", "二维码的签名不正确", "the signature of the code does not hold") from fault


def is_registered(case: QrCase) -> None:
    """The document of this code stands in the register.

    签发登记簿中有此证照。
    """
    if case.register is None:
        raise UnsureError(Text("没有登记簿，仅按二维码核验", "no register at hand; the code is judged by itself"))
    scanned = case.scanned
    found = case.register.by_sid(scanned.sid)
    if found:
        begins = scanned.facts.record_digest
        case.registered = next((one for one in found if one.record_digest.startswith(begins)), found[-1])
    elif any(map(case.register.in_lost_range, (scanned.facts.number, scanned.sid))):
        raise UnsureError(LOST)
    else:
        raise _wrong("R1", "登记簿中没有此证照：从未签发", "never registered: we did not issue this document")


def agrees(case: QrCase) -> None:
    """What the code says is what the register says.

    二维码内容与登记簿一致。
    """
    known, facts = case.registered, case.scanned.facts
    if known is None:
        raise UnsureError(Text("没有登记可比", "there is nothing in a register to compare with"))
    same = (known.number, known.kind, known.issued_on, known.valid_until, known.record_digest[:16])
    owner = case.entry.authority if case.entry else known.authority
    if same != (facts.number, facts.kind, facts.issued_on, facts.valid_until, facts.record_digest):
        raise _wrong("M1", "二维码内容与登记簿不一致", "the code does not say what the register says")
    if owner != known.authority:
        raise _wrong("T1", "二维码密钥不属于证照所载机关", "the key is not of the authority the register names")


def is_timely(case: QrCase) -> None:
    """The code was signed while its key was in force.

    签发时密钥在有效期内。
    """
    if case.entry is None:
        raise UnsureError(Text("没有信任清单可查", "no trust list is at hand"))
    if case.registered is not None:
        check_timely(case.entry, (), case.registered.issued_at, by_register=True)
    elif (
        case.entry.compromised_at is not None
    ):  # a code carries the day printed on the paper, not the moment of signing
        raise needs_recheck(case.entry.compromised_at, by_register=False)


def is_in_force(case: QrCase) -> Text | None:
    """The document is in force today.

    证照目前有效。
    """
    facts = case.scanned.facts
    if case.registered is not None:
        check_in_force(case.registered.status, facts.valid_until, case.now, case.registered.begins)
        return None
    check_unexpired(facts.valid_until, case.now)
    return case.standing.check(Slot(facts.shard, facts.index), None, case.now)


def _wrong(rule: str, zh: str, en: str) -> VerificationError:
    return VerificationError(rule, Text(zh, en))


QR_CHECKS: tuple[CheckOf[QrCase], ...] = (
    build("Q1", "", is_ours),
    build("Q2", "Q1", is_of_our_host),
    build("T1", "Q1", is_enrolled),
    build("H2", "T1", is_signed),
    build("R1", "Q1", is_registered),
    build("M1", "R1", agrees),
    build("T4", "T1", is_timely),
    build("V", "Q1", is_in_force),
)
