"""A verifier's report in plain words: what happened, what to do, and what each rule found.

The page repeats nothing of what was handed in: where a rule's own message may quote the file or the code, a fixed
sentence stands in for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from api.facts import Shown
from certgen.core.errors import Text
from verify import Finding, Report, Verdict

_QUOTING: Mapping[str, Text] = MappingProxyType(
    {
        "I": Text("文件大小不在本系统证照的范围内。", "The file is larger than any document of ours."),
        "S": Text(
            "文件的结构不是我们签发时的样子：有内容被添加、删去或改写。",
            "The file is not built as we built it: something was added, removed or rewritten.",
        ),
        "C": Text(
            "文件里没有我们写的电子签名，或签名数据被改动。",
            "There is no signature as we write them, or it was altered.",
        ),
        "M": Text("内容与登记簿不一致，或读不出来。", "It does not say what the register says, or cannot be read."),
        "Q1": Text("这段文字不是我们的二维码内容。", "This is not the text of a code of ours."),
        "Q2": Text(
            "二维码指向的网址不是签发系统的，可能是仿冒网站。",
            "The code leads to an address that is not ours. It may be an imitation.",
        ),
    }
)
_WORDS = {True: Text("通过", "passed"), False: Text("未通过", "failed"), None: Text("未能查", "unknown")}
_FIRST = (False, None, True)  # what a reader should see first
_READABLE = Text("文件内的记录格式规范。", "The record inside is well-formed.")
_NOT_ASKED = "not asked, since an earlier rule failed"


@dataclass(frozen=True, slots=True)
class Line:
    """One rule: `ok`, a word for it, and its sentence."""

    rule: str
    ok: bool | None
    word: Text
    message: Text


@dataclass(frozen=True, slots=True)
class Judged:
    """A report as a page shows it; `shown` is the register's own data, when there is any."""

    report: Report
    is_file: bool
    verdict: Text
    meaning: Text
    tone: str
    lines: tuple[Line, ...]
    not_asked: int
    shown: Shown | None
    original: str = ""  # where the clean original of a file with additions may be fetched

    def as_json(self) -> dict[str, object]:
        """Give the same answer as plain values."""
        reason = self.report.reason
        return {
            "verdict": self.report.verdict.value,
            "rule": reason.rule if reason else None,
            "title": self.verdict._asdict(),
            "meaning": self.meaning._asdict(),
            "findings": [
                {"rule": f.rule, "ok": f.ok, "message": plain(f, is_known=self.shown is not None)._asdict()}
                for f in self.report.findings
            ],
            "document": self.shown.as_json() if self.shown else None,
            "original": self.original or None,
        }


def judge(report: Report, shown: Shown | None, *, is_file: bool, original: str = "") -> Judged:
    """Put a report into words."""
    asked = [f for f in report.findings if f.message.en != _NOT_ASKED]
    asked.sort(key=lambda f: _FIRST.index(f.ok))
    lines = tuple(Line(f.rule, f.ok, _WORDS[f.ok], plain(f, is_known=shown is not None)) for f in asked)
    verdict, meaning, tone = _say(report, shown, is_file)
    return Judged(report, is_file, verdict, meaning, tone, lines, len(report.findings) - len(asked), shown, original)


def is_appended(report: Report) -> bool:
    """Tell whether a file begins with an original of ours and goes on."""
    return any(f.rule == "R2" and f.ok is False for f in report.findings)


def plain(finding: Finding, *, is_known: bool) -> Text:
    """Give a rule's sentence without a word of what was handed in."""
    if finding.ok is None:
        return _sentence(finding.message)
    if finding.ok:
        return _sentence(finding.message) if is_known or finding.rule != "M1" else _READABLE
    sentence = _QUOTING.get(finding.rule) or _QUOTING.get(finding.rule[:1]) or finding.message
    return _sentence(sentence)


def _say(report: Report, shown: Shown | None, is_file: bool) -> tuple[Text, Text, str]:
    failed = [f.rule for f in report.findings if f.ok is False]
    if report.verdict is Verdict.PASSED:
        return (
            Text("真实有效", "Genuine and in force"),
            Text(
                "这份文件是我们签发的原件，一个字节也没有改动；登记簿记载它目前有效。",
                "This is the very file that we issued, unaltered, and the register says that it is in force.",
            )
            if is_file
            else Text(
                "这个二维码是我们签发的，内容与登记簿一致，证照目前有效。请把下面的内容与纸上逐项比对。",
                "This code is ours and says what the register says; the document is in force. Compare what follows "
                "with the paper.",
            ),
            "good",
        )
    if failed == ["V"] and shown is not None:
        genuine = Text(
            "真实，但" + shown.verdict.zh, "Genuine, but " + shown.verdict.en[:1].lower() + shown.verdict.en[1:]
        )
        return genuine, shown.meaning, "wait" if shown.tone == "wait" else "bad"
    if is_appended(report):
        return (
            Text("被改动过", "Altered"),
            Text(
                "这份文件的开头是我们签发的原件，但后面被添加了内容。请不要使用它，只认登记簿中的原件。",
                "This file begins with an original of ours, but something was added to it. Do not rely on it: what "
                "counts is the original in the register.",
            ),
            "bad",
        )
    if report.verdict is Verdict.FAILED:
        return _not_ours(is_file)
    return (
        Text("无法断定", "Cannot tell"),
        Text(
            "有些核验现在做不了，所以不能说它是真的，也不能说它是假的。请稍后再试，或向发证机关核实。",
            "Something could not be checked just now, so we can neither confirm nor deny it. Try again later, or ask "
            "the authority.",
        ),
        "wait",
    )


def _not_ours(is_file: bool) -> tuple[Text, Text, str]:
    meaning = (
        Text(
            "这不是我们签发的文件，或者签发之后被改动过（哪怕只有一个字）。请不要凭它办事；如有疑问，请向发证机关核实。",
            "We did not issue this file, or it was altered afterwards, be it by one character. Do not rely on it; when "
            "in doubt, ask the authority.",
        )
        if is_file
        else Text(
            "这个二维码不是我们签发的，或者内容被改动过。请不要相信带有它的证照；如有疑问，请向发证机关核实。",
            "This code is not ours, or was altered. Do not rely on a document that carries it; when in doubt, ask the "
            "authority.",
        )
    )
    return Text("未通过核验", "Not verified"), meaning, "bad"


def _sentence(text: Text) -> Text:
    """End a clause as a sentence."""
    zh = text.zh if text.zh.endswith("。") else text.zh + "。"
    en = text.en if text.en.endswith(".") else text.en[:1].upper() + text.en[1:] + "."
    return Text(zh, en)
