"""What every command shares: the session, the options, and how to say, answer and fail in the reader's language."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from certgen import settings
from certgen.core.chinese import shown
from certgen.core.errors import ApplicationError, CertgenError, FormatError, Lang, SettingsError, Text
from certgen.core.model import Paper

if TYPE_CHECKING:
    from certgen.wiring import Desk, Office


@dataclass
class Session:
    """What the options before the command say."""

    home: Path
    lang: Lang
    as_json: bool


_session = Session(Path("certgen-home"), "en", False)


class Language(StrEnum):
    """A language of messages."""

    zh = "zh"
    en = "en"


class PaperChoice(StrEnum):
    """Which papers to make."""

    plain = "plain"
    overprint = "overprint"
    both = "both"

    @property
    def papers(self) -> tuple[Paper, ...]:
        """List them."""
        both: tuple[Paper, ...] = ("plain", "overprint")
        return both if self is PaperChoice.both else (("plain",) if self is PaperChoice.plain else ("overprint",))


HomeOption = Annotated[
    Path | None, typer.Option("--home", help="The workspace; default CERTGEN_HOME or ./certgen-home.")
]
LangOption = Annotated[Language | None, typer.Option("--lang", help="Language of messages; default by locale.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON on standard output.")]
PaperOption = Annotated[PaperChoice, typer.Option("--paper", help="plain, overprint (onto pre-printed stock) or both.")]


def begin(home: Path | None, lang: Language | None, as_json: bool = False) -> Session:
    """Take the options of this command; everything said later is said in their language."""
    global _session  # one process, one command
    chosen: Lang = "zh" if lang is Language.zh else "en" if lang is Language.en else settings.locale_language()
    _session = Session(home or settings.default_home(), chosen, as_json)
    return _session


def current() -> Session:
    """Give the options of this command."""
    return _session


def say(zh: str, en: str) -> None:
    """Tell the person at the keyboard something that is not the answer itself."""
    print(Text(zh, en).say(_session.lang), file=sys.stderr)


def answer(data: Any, lines: list[str]) -> None:
    """Give the answer: JSON when asked for, else lines."""
    print(json.dumps(data, ensure_ascii=False, indent=2) if _session.as_json else "\n".join(lines))


def fail(error: CertgenError, code: int = 2, lead: Text | None = None) -> NoReturn:
    """Report an error as sentences and end; `lead` goes before the problems of a record or a change."""
    if _session.as_json:
        print(json.dumps(_error_json(error), ensure_ascii=False, indent=2))
    elif isinstance(error, ApplicationError):
        count = len(error.problems)
        of_record = Text(
            f"记录有 {count} 处问题，未签发：", f"the record has {count} fault{'s' * (count > 1)}; nothing was issued:"
        )
        say(*(lead or of_record))
        for problem in error.problems:
            print(f"  - {problem.say(_session.lang)}", file=sys.stderr)
    else:
        print(error.say(_session.lang), file=sys.stderr)
    raise typer.Exit(code)


def _error_json(error: CertgenError) -> dict[str, Any]:
    body: dict[str, Any] = {"error": type(error).__name__, "message": {"zh": error.message.zh, "en": error.message.en}}
    if isinstance(error, ApplicationError):
        body["problems"] = [
            {"field": p.field, "label": p.label._asdict(), "found": p.found, "wanted": p.wanted._asdict()}
            for p in error.problems
        ]
    return body


@contextmanager
def office() -> Iterator["Office"]:
    """Open the workspace for issuing."""
    from certgen import wiring

    chosen = settings.load(_session.home)
    with wiring.open_office(chosen, passphrases(chosen), actor=settings.login_name()) as opened:
        yield opened


def passphrases(chosen: settings.Settings) -> Callable[[str], bytes]:
    """Give passphrases by key name: from the workspace's file, or by asking the person at the keyboard."""
    from certgen import wiring

    return wiring.passphrase_source(
        chosen, lambda name: typer.prompt(f"passphrase of {name}", hide_input=True, err=True).encode()
    )


@contextmanager
def desk() -> Iterator["Desk"]:
    """Open the workspace for reading."""
    from certgen import wiring

    with wiring.open_desk(settings.load(_session.home)) as opened:
        yield opened


def read_record(file: Path) -> dict[str, object]:
    """Read a JSON record; raises SettingsError or FormatError that says what was found."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise unreadable(file, error) from error
    try:
        record = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise FormatError(Text(f"{file.name} 不是有效的 JSON：{error}", f"{file.name} is not JSON: {error}")) from error
    if not isinstance(record, dict):
        raise FormatError(Text(f"{file.name} 应为一个 JSON 对象", f"{file.name} should hold one JSON object"))
    return record


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a key that is given twice: JSON leaves open which of them counts."""
    record: dict[str, object] = {}
    for key, value in pairs:
        if key in record:
            raise ValueError(f"{shown(key)!r} is given twice")
        record[key] = value
    return record


def make_folder(out: Path) -> None:
    """Make a folder for files; raises SettingsError."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            Text(f"无法建立目录 {out}：{error.strerror}", f"folder {out} cannot be made: {error.strerror}")
        ) from error


def unknown_kind(kind: str, known: Any) -> SettingsError:
    """Say that a kind is not there, and which are."""
    names, kind = ", ".join(known), shown(kind)
    return SettingsError(Text(f"没有种类“{kind}”，已有：{names}", f"there is no kind {kind!r}; known are {names}"))


def unreadable(file: object, error: OSError) -> SettingsError:
    """Say which file cannot be read, and why."""
    name = shown(str(file), 80)
    return SettingsError(Text(f"读不到 {name}：{error.strerror}", f"{name} cannot be read: {error.strerror}"))
