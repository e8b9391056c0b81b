"""The verifier: one judgement behind three doors, a PDF, the text of a QR code, and (in the public pages) a sid.

It is handed its anchors, a register or none, and the time; it opens no file and no connection. Any bytes at
all give a Report.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from certgen.core.errors import CertgenError, FormatError, Text, VerificationError
from certgen.core.model import Certificate, Registered, Slot
from certgen.core.status import LABELS
from certgen.core.statuslist import StatusList
from certgen.core.trustlist import TrustEntry, TrustList
from verify.chain import Sealers
from verify.checks import CHECKS, Case, CheckOf, check_in_force
from verify.heads import Heads
from verify.known import Known, Vouched
from verify.nature import describe
from verify.opinion import OPINIONS, Opinions
from verify.pdf import MAX_PDF
from verify.qr import QR_CHECKS, QrCase, QrKeys
from verify.report import Facts, Finding, RegisterView, Report, UnsureError, Verdict, judge, say_day, say_moment
from verify.standing import Standing, say_old

_LEFT_OUT_OF_ISSUING = frozenset({"R1", "O", "V"})
_OF_STRUCTURE = frozenset({"I1", "S", "C", "H1", "H2", "O"})
_IN_FORCE = CHECKS[-1].passed
_COMPARED_WITH_REGISTER = frozenset({"R1", "M1", "V"})
_NOT_ASKED = Text("前面的核验未通过，此项未查", "not asked, since an earlier rule failed")
_CaseT = TypeVar("_CaseT")


@dataclass(frozen=True, slots=True)
class _Anchors:
    """Whom we trust, and what was learned under it: exchanged as one, so that no judgement sees half of a change."""

    trust: TrustList | None
    sealers: Sealers
    strangers: Sealers
    keys: QrKeys
    standing: Standing
    known: Known


class Verifier:
    """Judges documents against one root, one trust list and one register (or none). Safe from several threads.

    `pdf` may take up to 3 s over a hostile file, so whoever serves others meanwhile calls it in a thread. `digest`,
    `qr`, `code` and `document` start no process and parse nothing that is not ours.
    """

    __slots__ = ("_anchors", "_heads", "_now", "_opinions", "_register", "_root")

    def __init__(
        self,
        root_spki: bytes,
        root_certificate: bytes,
        trust: TrustList | None,
        register: RegisterView | None,
        now: Callable[[], datetime],
        lists: Iterable[StatusList] = (),
        opinions: Opinions = OPINIONS,
    ) -> None:
        """Pin the root (DER). `lists` answer rule V where the register is not asked; `opinions` ask a second parser.

        Raises FormatError when certificate and key are not of one root.
        """
        self._root = root_spki, root_certificate
        self._register, self._now, self._opinions = register, now, opinions
        self._heads = Heads()
        self._anchors = self._anchor(trust, lists)

    def renew(self, trust: TrustList, lists: Iterable[StatusList] = ()) -> None:
        """Take another trust list, and the status lists that it vouches for, while others judge on.

        Raises FormatError for a trust list older than the one at hand: a list that was withdrawn must not come back.
        """
        held = self._anchors.trust
        if held is not None and trust.issued_at < held.issued_at:
            raise FormatError(Text("信任清单比现用的旧", "the trust list is older than the one in use"))
        self._anchors = self._anchor(trust, lists)

    def _anchor(self, trust: TrustList | None, lists: Iterable[StatusList]) -> _Anchors:
        return _Anchors(
            trust,
            Sealers(*self._root, trust),
            Sealers(*self._root, None),
            QrKeys(trust),
            Standing(lists, trust),
            Known(),
        )

    def pdf(self, data: bytes, *, skip: frozenset[str] = frozenset()) -> Report:
        """Judge a PDF. Without R1 (in `skip`, for tests) the register is not asked at all.

        A file that passed before, as the register knew it then, is answered from memory (`verify.known`): only R1
        and V are asked again.
        """
        anchors, register = self._anchors, None if "R1" in skip else self._register
        case = self._case(data, register, anchors)
        if register is not None and not skip and len(data) <= MAX_PDF:
            again = self._again(case.digest, register, anchors, case.now)
            if again is not None:
                return again
        findings = _ask_all((check for check in CHECKS if check.rule not in skip), case)
        verdict = judge(findings, is_authoritative=register is not None)
        known: Registered | Certificate | None = case.registered
        if _is_genuine(findings):  # a forger's words are not repeated
            self._heads.learn(data, case.head, case.gap.b)
            known = case.facts
            if case.registered is not None and not skip:
                _learn(anchors.known, case, findings)
        facts: Facts = ()
        if known is not None:
            listed = anchors.standing.say(known.slot, case.now) if isinstance(known, Certificate) else ()
            facts = _say_facts(known, case.now) + _say_signer(anchors.trust, _entry_of(case), case.now) + listed
        nature = describe(data, self._opinions) if not skip and _is_foreign(findings) else None
        return Report(verdict, findings, facts, case.registered, register is not None, nature)

    def digest(self, digest: bytes) -> Report | None:
        """Judge a file of ours that stayed where it is, by its SHA-256; None when the file itself is wanted.

        What is judged is the original that the register keeps, so a planted row is found out here as well.
        """
        register, anchors = self._register, self._anchors
        if register is None:
            return None
        again = self._again(digest, register, anchors, self._now())
        if again is not None:
            return again
        try:
            if register.by_digest(digest) is None:
                return None
            original = register.pdf(digest)
        except CertgenError:  # a row without its document proves nothing
            return None
        return self.pdf(original) if sha256(original).digest() == digest else None

    def structure(self, data: bytes) -> Report:
        """Judge how a file is built and sealed, with its own signer taken for enrolled: I1, S, C, H and O alone.

        For samples of others, which must fail for what they are and not merely for want of trust. Never PASSED.
        """
        anchors = self._anchors
        case = self._case(data, None, replace(anchors, sealers=anchors.strangers))
        findings = _ask_all((check for check in CHECKS if check.rule in _OF_STRUCTURE), case)
        return Report(judge(findings, is_authoritative=True), findings, (), None, is_authoritative=False)

    def opinion(self, pdf: bytes) -> None:
        """Check a PDF by the O rules alone, which `document` leaves out. Raises VerificationError.

        Takes some milliseconds: for a sample of what is issued.
        """
        case = self._case(pdf, None, self._anchors)
        _require((check for check in CHECKS if check.rule in {"I1", "S", "O"}), case)

    def qr(self, text: str) -> Report:
        """Judge the text of a QR code."""
        anchors = self._anchors
        case = QrCase(text, anchors.keys, anchors.trust, self._register, anchors.standing, self._now())
        findings = _ask_all(QR_CHECKS, case)
        verdict = judge(findings, is_authoritative=self._register is not None)
        facts: Facts = ()
        if _is_genuine(findings):
            said = _say_facts(case.registered, case.now) if case.registered else case.say_facts()
            slot = Slot(case.scanned.facts.shard, case.scanned.facts.index)
            listed = () if case.registered else anchors.standing.say(slot, case.now)
            facts = said + _say_signer(anchors.trust, case.entry, case.now) + listed
        return Report(verdict, findings, facts, case.registered, self._register is not None)

    def document(self, pdf: bytes) -> None:
        """Check a PDF about to be registered: every rule but the register's and O. Raises VerificationError."""
        case = self._case(pdf, None, self._anchors)
        _require((check for check in CHECKS if check.rule not in _LEFT_OUT_OF_ISSUING), case)
        self._heads.learn(pdf, case.head, case.gap.b)

    def code(self, text: str) -> None:
        """Check the text of a QR code about to be registered likewise. Raises VerificationError."""
        anchors = self._anchors
        case = QrCase(text, anchors.keys, anchors.trust, None, anchors.standing, self._now())
        _require((check for check in QR_CHECKS if check.rule not in _COMPARED_WITH_REGISTER), case)

    def _case(self, data: bytes, register: RegisterView | None, anchors: _Anchors) -> Case:
        head, trusts = self._heads.of(data), anchors.trust is not None
        standing, now = anchors.standing, self._now()
        return Case(data, head, anchors.sealers, register, standing, now, self._opinions, trusts=trusts)

    def _again(self, digest: bytes, register: RegisterView, anchors: _Anchors, now: datetime) -> Report | None:
        """Answer for a file that passed before, if the register says the same of it as then."""
        vouched = anchors.known.of(digest)
        if vouched is None:
            return None
        try:
            row = register.by_digest(digest)
        except CertgenError:  # rule R1 will say so
            return None
        if row is None or row != vouched.registered:
            return None
        last = _ask_in_force(row, now)
        minute, facts = vouched.said
        if minute != (minute := now.replace(second=0, microsecond=0)):
            facts = _say_facts(row, minute) + _say_signer(anchors.trust, vouched.entry, minute)
            vouched.said = minute, facts
        return Report(Verdict.PASSED if last.ok else Verdict.FAILED, (*vouched.findings, last), facts, row)


def _say_signer(trust: TrustList | None, entry: TrustEntry | None, now: datetime) -> Facts:
    if entry is None or trust is None:
        return ()
    listed = (Text("信任清单签发于", "trust list of"), say_old(trust.issued_at, now))
    if not trust.is_fresh(now):
        listed = (listed[0], Text(f"{listed[1].zh}（已过期）", f"{listed[1].en} (out of date)"))
    mark: Facts = ((Text("印章性质", "nature of the seal"), Text("样本", "specimen")),) if entry.specimen else ()
    return (Text("印章属于", "seal of"), entry.authority_name.zh), *mark, listed


def _learn(known: Known, case: Case, findings: tuple[Finding, ...]) -> None:
    *asked, last = findings
    if last.rule == "V" and case.registered is not None and all(finding.ok for finding in asked):
        known.learn(case.digest, Vouched(case.registered, tuple(asked), _entry_of(case)))


def _is_foreign(findings: Iterable[Finding]) -> bool:
    """Say whether a file is not built as ours are, and does not begin as one either."""
    fallen = {finding.rule for finding in findings if finding.ok is False}
    return "R2" not in fallen and any(rule[0] in "ISC" for rule in fallen)


def _ask_in_force(row: Registered, now: datetime) -> Finding:
    """Ask rule V of a row of the register."""
    try:
        check_in_force(row.status, row.valid_until, now)
    except VerificationError as broken:
        return Finding(broken.rule, False, broken.message)
    return _IN_FORCE


def _ask_all(checks: Iterable[CheckOf[_CaseT]], case: _CaseT) -> tuple[Finding, ...]:
    """Ask every rule whose foundations held."""
    findings: list[Finding] = []
    fallen: set[str] = set()
    for check in checks:
        unfounded = not fallen.isdisjoint(check.needs)
        finding = Finding(check.rule, None, _NOT_ASKED) if unfounded else _ask(check, case)
        if unfounded or finding.ok is False:
            fallen.add(check.rule)
        findings.append(finding)
    return tuple(findings)


def _ask(check: CheckOf[_CaseT], case: _CaseT) -> Finding:
    try:
        sentence = check.run(case)
    except UnsureError as unsure:
        return Finding(check.rule, None, unsure.message)
    except VerificationError as broken:
        return Finding(broken.rule, False, broken.message)
    except CertgenError as refused:
        return Finding(check.rule, False, refused.message)
    except Exception as fault:  # border control: a fault of ours must neither pass a document nor show a traceback
        kind = type(fault).__name__
        return Finding(check.rule, False, Text(f"核验时出错（{kind}）", f"this rule could not be carried out ({kind})"))
    return check.passed if sentence is None else Finding(check.rule, True, sentence)


def _require(checks: Iterable[CheckOf[_CaseT]], case: _CaseT) -> None:
    for check in checks:
        finding = _ask(check, case)
        if not finding.ok:
            raise VerificationError(finding.rule, finding.message)


def _is_genuine(findings: Iterable[Finding]) -> bool:
    """Say whether every rule but that of status and expiry held, or could not be asked."""
    return all(finding.ok is not False or finding.rule == "V" for finding in findings)


def _entry_of(case: Case) -> TrustEntry | None:
    return case.sealer.entry if hasattr(case, "sealer") else None


def _say_facts(known: Registered | Certificate, now: datetime) -> Facts:
    facts = (
        (Text("编号", "number"), known.number),
        (Text("发证机关", "authority"), known.authority_name),
        (Text("签发日期", "issued on"), say_day(known.issued_on)),
        (Text("有效期至", "valid until"), say_day(known.valid_until)),
        (Text("证照标识", "sid"), known.sid),
    )
    if isinstance(known, Certificate):
        return facts + tuple((Text(name, name), value) for name, value in known.fields)
    word = next((label for word, label in LABELS.items() if word == known.status), Text(known.status, known.status))
    status = (
        Text("状态", "status"),
        Text(f"{word.zh}（{say_moment(now)} 查得）", f"{word.en}, as of {say_moment(now)}"),
    )
    return ((Text("证照名称", "document"), known.title.zh), *facts, status, *known.public)
