"""The verifier: one judgement behind three doors, a PDF, the text of a QR code, and (in the public pages) a sid.

It is handed its anchors, a register or none, and the time; it opens no file and no connection. Any bytes at
all give a Report.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from certgen.core.errors import CertgenError, Text, VerificationError
from certgen.core.model import Certificate, Registered, Slot
from certgen.core.status import LABELS
from certgen.core.statuslist import StatusList
from certgen.core.trustlist import TrustEntry, TrustList
from verify.chain import Sealers
from verify.checks import CHECKS, Case, CheckOf
from verify.heads import Heads
from verify.qr import QR_CHECKS, QrCase, QrKeys
from verify.report import Facts, Finding, RegisterView, Report, UnsureError, judge, say_day, say_moment
from verify.standing import Standing, say_old

_ASKED_OF_REGISTER = frozenset({"R1", "V"})
_COMPARED_WITH_REGISTER = frozenset({"R1", "M1", "V"})
_NOT_ASKED = Text("前面的核验未通过，此项未查", "not asked, since an earlier rule failed")
_CaseT = TypeVar("_CaseT")


class Verifier:
    """Judges documents against one root, one trust list and one register (or none)."""

    __slots__ = ("_heads", "_keys", "_now", "_register", "_sealers", "_standing", "_trust")

    def __init__(
        self,
        root_spki: bytes,
        root_certificate: bytes,
        trust: TrustList | None,
        register: RegisterView | None,
        now: Callable[[], datetime],
        lists: Iterable[StatusList] = (),
    ) -> None:
        """Pin the root (DER). `lists` answer rule V where the register is not asked.

        Raises FormatError when certificate and key are not of one root.
        """
        self._sealers, self._keys = Sealers(root_spki, root_certificate, trust), QrKeys(trust)
        self._trust, self._register, self._now = trust, register, now
        self._heads, self._standing = Heads(), Standing(lists, trust)

    def pdf(self, data: bytes, *, skip: frozenset[str] = frozenset()) -> Report:
        """Judge a PDF. Without R1 (in `skip`, for tests) the register is not asked at all."""
        register = None if "R1" in skip else self._register
        case = self._case(data, register)
        findings = _ask_all((check for check in CHECKS if check.rule not in skip), case)
        verdict = judge(findings, is_authoritative=register is not None)
        known: Registered | Certificate | None = case.registered
        if _is_genuine(findings):  # a forger's words are not repeated
            self._heads.learn(data, case.head, case.gap.b)
            known = case.facts
        facts: Facts = ()
        if known is not None:
            listed = self._standing.say(known.slot, case.now) if isinstance(known, Certificate) else ()
            facts = _say_facts(known, case.now) + self._say_signer(_entry_of(case)) + listed
        return Report(verdict, findings, facts, case.registered, register is not None)

    def qr(self, text: str) -> Report:
        """Judge the text of a QR code."""
        case = QrCase(text, self._keys, self._trust, self._register, self._standing, self._now())
        findings = _ask_all(QR_CHECKS, case)
        verdict = judge(findings, is_authoritative=self._register is not None)
        facts: Facts = ()
        if _is_genuine(findings):
            said = _say_facts(case.registered, case.now) if case.registered else case.say_facts()
            slot = Slot(case.scanned.facts.shard, case.scanned.facts.index)
            listed = () if case.registered else self._standing.say(slot, case.now)
            facts = said + self._say_signer(case.entry) + listed
        return Report(verdict, findings, facts, case.registered, self._register is not None)

    def document(self, pdf: bytes) -> None:
        """Check a PDF about to be registered: every rule but the register's. Raises VerificationError."""
        case = self._case(pdf, None)
        _require((check for check in CHECKS if check.rule not in _ASKED_OF_REGISTER), case)
        self._heads.learn(pdf, case.head, case.gap.b)

    def code(self, text: str) -> None:
        """Check the text of a QR code about to be registered likewise. Raises VerificationError."""
        case = QrCase(text, self._keys, self._trust, None, self._standing, self._now())
        _require((check for check in QR_CHECKS if check.rule not in _COMPARED_WITH_REGISTER), case)

    def _case(self, data: bytes, register: RegisterView | None) -> Case:
        head, trusts = self._heads.of(data), self._trust is not None
        return Case(data, head, self._sealers, register, self._standing, self._now(), trusts=trusts)

    def _say_signer(self, entry: TrustEntry | None) -> Facts:
        if entry is None or self._trust is None:
            return ()
        now = self._now()
        listed = (Text("信任清单签发于", "trust list of"), say_old(self._trust.issued_at, now))
        if not self._trust.is_fresh(now):
            listed = (listed[0], Text(f"{listed[1].zh}（已过期）", f"{listed[1].en} (out of date)"))
        mark: Facts = ((Text("印章性质", "nature of the seal"), Text("样本", "specimen")),) if entry.specimen else ()
        return (Text("印章属于", "seal of"), entry.authority_name.zh), *mark, listed


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
