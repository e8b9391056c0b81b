"""What a verification answers: findings, a verdict, and the facts that may be shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NoReturn, Protocol

from certgen.core.errors import Lang, Text, VerificationError
from certgen.core.model import Registered

Facts = tuple[tuple[Text, str | Text], ...]  # label and value; a value in words is in both languages


class Verdict(StrEnum):
    """The three answers of ETSI EN 319 102-1, as the command's exit code."""

    PASSED = "PASSED"
    INDETERMINATE = "INDETERMINATE"
    FAILED = "FAILED"

    @property
    def exit_code(self) -> int:
        """0 authentic and in force, 1 not, 3 cannot tell."""
        return {"PASSED": 0, "FAILED": 1, "INDETERMINATE": 3}[self.value]

    @property
    def text(self) -> Text:
        """The verdict in words."""
        return _VERDICTS[self]


_VERDICTS = {
    Verdict.PASSED: Text("真实有效", "authentic and in force"),
    Verdict.INDETERMINATE: Text("无法断定", "cannot tell"),
    Verdict.FAILED: Text("未通过核验", "not verified"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found: `ok` is None when it could not be asked, or could not tell."""

    rule: str
    ok: bool | None
    message: Text


class UnsureError(Exception):
    """A rule that could not be asked, or that nobody here can answer."""

    def __init__(self, message: Text) -> None:
        self.message = message
        super().__init__(message.en)


class RegisterView(Protocol):
    """The little of a register that a verifier may see."""

    def by_digest(self, digest: bytes) -> Registered | None:
        """Find the document whose whole file has this SHA-256."""

    def by_sid(self, sid: str) -> tuple[Registered, ...]:
        """Find the documents of a sid: its papers, newest last."""

    def in_lost_range(self, number_or_sid: str) -> bool:
        """Say whether a restored register may have lost this number or sid."""

    def pdf(self, pdf_digest: bytes) -> bytes:
        """Give the stored original of a document, as it was issued. Raises RegisterError when there is none."""


@dataclass(frozen=True, slots=True)
class Report:
    """The whole answer. It has no truth value: ask `verdict`, or call `require()`."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    facts: Facts = ()
    document: Registered | None = None
    is_authoritative: bool = True  # whether a register was at hand
    nature: Text | None = None  # what the file is, where it is not built as ours are

    def __bool__(self) -> NoReturn:
        raise TypeError("a report is neither true nor false; ask .verdict or call .require()")

    @property
    def reason(self) -> Finding | None:
        """The finding that names the verdict: the first that failed, else the first that could not tell.

        That there is no register is no reason where the reader asked for an answer without one.
        """
        if self.verdict is Verdict.PASSED:
            return None
        failed = (f for f in self.findings if f.ok is False)
        unsure = (f for f in self.findings if f.ok is None and f.rule not in _left_out(self.is_authoritative))
        return next(failed, None) or next(unsure, None)

    @property
    def _as_of(self) -> Finding | None:
        """What a whole answer rests on where there is no register: never a bare tick."""
        return None if self.is_authoritative else next((f for f in self.findings if f.rule == "V"), None)

    def require(self) -> "Report":
        """Give the report back when it PASSED. Raises VerificationError naming the rule otherwise."""
        if self.verdict is Verdict.PASSED:
            return self
        reason = self.reason
        raise VerificationError(reason.rule, reason.message) if reason else VerificationError("V", self.verdict.text)

    def as_json(self) -> dict[str, object]:
        """Give the report as plain values, both languages beside each other."""
        reason = self.reason
        return {
            "verdict": self.verdict.value,
            "rule": reason.rule if reason else None,
            "findings": [{"rule": f.rule, "ok": f.ok, "message": f.message._asdict()} for f in self.findings],
            "facts": [
                {"label": label._asdict(), "value": value._asdict() if isinstance(value, Text) else value}
                for label, value in self.facts
            ],
            "nature": self.nature._asdict() if self.nature else None,
            "sid": self.document.sid if self.document else None,
            "number": self.document.number if self.document else None,
            "status": self.document.status if self.document else None,
        }

    def lines(self, lang: Lang) -> Sequence[str]:
        """Write the report for a terminal."""
        marks = {True: "✓", False: "✗", None: "?"}
        said = self.reason or self._as_of
        title = self.verdict.text.say(lang)
        out = [f"{title}: {said.message.say(lang)}" if said else title]
        if self.nature:
            out.append(f"  {self.nature.say(lang)}")
        out += [f"  {label.say(lang)}: {say(value, lang)}" for label, value in self.facts]
        return [*out, *(f"  {marks[f.ok]} {f.rule:3} {f.message.say(lang)}" for f in self.findings)]


def _left_out(is_authoritative: bool) -> frozenset[str]:
    """Name the rules that only a register answers, where there is none."""
    return frozenset() if is_authoritative else frozenset({"R1", "M1"})


def judge(findings: Sequence[Finding], *, is_authoritative: bool) -> Verdict:
    """Draw the verdict: one failure fails; PASSED needs every answer and somebody who knows the status.

    With a register (`is_authoritative`) that is the register. Without one it is a fresh status list: then rule V holds,
    and what only a register could have been asked is left out.
    """
    if any(finding.ok is False for finding in findings):
        return Verdict.FAILED
    left_out = _left_out(is_authoritative)
    if any(finding.ok is None for finding in findings if finding.rule not in left_out):
        return Verdict.INDETERMINATE
    is_standing_known = any(finding.rule == "V" and finding.ok for finding in findings)
    return Verdict.PASSED if is_standing_known else Verdict.INDETERMINATE


def say(value: str | Text, lang: Lang) -> str:
    """Write a value; what is not in words is the same in every language."""
    return value.say(lang) if isinstance(value, Text) else value


def say_day(day: date | None) -> Text:
    """Write a day, or 长期 for a licence without an end."""
    return Text(day.isoformat(), day.isoformat()) if day else Text("长期", "without end")


def say_moment(moment: datetime) -> str:
    """Write a moment in UTC, to the minute."""
    return moment.astimezone(UTC).isoformat(" ", "minutes")[:16] + "Z"


def say_age(age: timedelta) -> Text:
    """Write how long ago something was, in minutes, hours or days, rounded down."""
    minutes = max(0, age // timedelta(minutes=1))
    for size, zh, en, least in ((1440, "天", "days", 2), (60, "小时", "h", 1)):
        if minutes >= size * least:
            return Text(f"{minutes // size} {zh}", f"{minutes // size} {en}")
    return Text(f"{minutes} 分钟", f"{minutes} min")
