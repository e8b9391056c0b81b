"""Every error this service raises, and who must act on it.

    CertgenError
    ├── TemplateError       the template's author: names file, line, field
    ├── ApplicationError    the applicant or the clerk: every problem of a record at once
    ├── SettingsError       the operator: a setting, a workspace or a passphrase is wrong
    ├── RegisterError       the operator: the register cannot promise what it must
    ├── SigningError        whoever runs the key
    ├── FormatError         the sender of the bytes: what a decoder refuses
    └── VerificationError   the reader of a document: the rule that failed

Messages are lower-case clauses that say what was found and what was wanted.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Lang = Literal["zh", "en"]


class Text(NamedTuple):
    """One sentence or label in both languages of the service."""

    zh: str
    en: str

    def say(self, lang: Lang) -> str:
        """Give the wording in one language."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field of an application.

    `label` is what a person sees beside the field; `found` is what was typed, made safe to print and
    shortened; `wanted` is what would have been accepted.
    """

    field: str
    label: Text
    found: str
    wanted: Text

    def say(self, lang: Lang) -> str:
        """Write the problem as one sentence."""
        if lang == "zh":
            return f"{self.label.zh}：现为“{self.found}”，应为{self.wanted.zh}"
        return f"{self.label.en} ({self.field}): found {self.found!r}, wanted {self.wanted.en}"


class CertgenError(Exception):
    """The root of every error we raise on purpose."""

    def __init__(self, message: Text | str) -> None:
        """Keep the message in both languages; a plain string serves for both."""
        self.message = Text(message, message) if isinstance(message, str) else message
        super().__init__(self.message.en)

    def say(self, lang: Lang) -> str:
        """Write the error for a person."""
        return self.message.say(lang)


class TemplateError(CertgenError):
    """A template is wrong; its author must mend `file` at `line` (1-based, 0 when not known)."""

    def __init__(self, file: str, line: int, field: str, message: Text | str) -> None:
        """Name the place as well as the fault."""
        super().__init__(message)
        self.file, self.line, self.field = file, line, field

    def say(self, lang: Lang) -> str:
        """Write place and fault as `file:line: field: message`."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.field}: {super().say(lang)}" if self.field else f"{place}: {super().say(lang)}"


class ApplicationError(CertgenError):
    """A record is refused; `problems` holds all its faults, in the order of the form."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Take at least one problem."""
        self.problems = problems
        super().__init__(Text("；".join(p.say("zh") for p in problems), "; ".join(p.say("en") for p in problems)))


class SettingsError(CertgenError):
    """The operator must mend a setting, a workspace or a passphrase."""


class RegisterError(CertgenError):
    """The operator must look after the register."""


class SigningError(CertgenError):
    """Whoever runs the key must act: it is missing, expired, locked or not permitted."""


class FormatError(CertgenError, ValueError):
    """Bytes or text that a decoder refuses, since its encoder would not have written them."""


class VerificationError(CertgenError):
    """A document fails a rule of judgement; `rule` is its identifier, such as `S2`."""

    def __init__(self, rule: str, message: Text | str) -> None:
        """Name the rule as well as the fault."""
        super().__init__(message)
        self.rule = rule
