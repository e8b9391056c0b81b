"""What a verification answers: findings, a verdict, and the facts that may be shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
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


class RegisterView(Protocol):
    """The little of a register that a verifier may see."""

    def by_digest(self, digest: bytes) -> Registered | None:
        """Find the document whose whole file has this SHA-256."""

    def by_sid(self, sid: str) -> tuple[Registered, ...]:
        """Find the documents of a sid: its papers, newest last."""

    def in_lost_range(self, number_or_sid: str) -> bool:
        """Say whether a restored register may have lost this number or sid."""


@dataclass(frozen=True, slots=True)
class Report:
    """The whole answer. It has no truth value: ask `verdict`, or call `require()`."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    facts: Facts = ()
    document: Registered | None = None

    def __bool__(self) -> NoReturn:
        raise TypeError("a report is neither true nor false; ask .verdict or call .require()")

    @property
    def reason(self) -> Finding | None:
        """The finding that names the verdict: the first that failed, else the first that could not tell."""
        failed = (f for f in self.findings if f.ok is False)
        unsure = (f for f in self.findings if f.ok is None)
        return next(failed, None) or next(unsure, None)

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
            "sid": self.document.sid if self.document else None,
            "number": self.document.number if self.document else None,
            "status": self.document.status if self.document else None,
        }

    def lines(self, lang: Lang) -> Sequence[str]:
        """Write the report for a terminal."""
        marks = {True: "✓", False: "✗", None: "?"}
        reason = self.reason
        title = self.verdict.text.say(lang)
        out = [f"{title}: {reason.message.say(lang)}" if reason else title]
        out += [f"  {label.say(lang)}: {say(value, lang)}" for label, value in self.facts]
        return [*out, *(f"  {marks[f.ok]} {f.rule:3} {f.message.say(lang)}" for f in self.findings)]


def judge(findings: Sequence[Finding], *, is_authoritative: bool) -> Verdict:
    """Draw the verdict: one failure fails; PASSED needs every answer and somebody who knows the status."""
    if any(finding.ok is False for finding in findings):
        return Verdict.FAILED
    if not is_authoritative or any(finding.ok is None for finding in findings):
        return Verdict.INDETERMINATE
    return Verdict.PASSED


def say(value: str | Text, lang: Lang) -> str:
    """Write a value; what is not in words is the same in every language."""
    return value.say(lang) if isinstance(value, Text) else value


def say_day(day: date | None) -> Text:
    """Write a day, or 长期 for a licence without an end."""
    return Text(day.isoformat(), day.isoformat()) if day else Text("长期", "without end")


def say_moment(moment: datetime) -> str:
    """Write a moment in UTC, to the minute."""
    return moment.astimezone(UTC).isoformat(" ", "minutes")[:16] + "Z"
