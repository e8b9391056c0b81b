"""New versions of a licence on the command line: correct, amend, renew, replace."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from certgen import settings
from certgen.cli_import import no_document
from certgen.cli_life import ActorOption, BasisOption, ReasonOption, document_json, document_line, refuse
from certgen.cli_publish import publish_after
from certgen.console import (
    HomeOption,
    JsonOption,
    LangOption,
    PaperChoice,
    PaperOption,
    answer,
    begin,
    fail,
    make_folder,
    office,
    read_record,
)
from certgen.core.chinese import SHANGHAI, unprintable
from certgen.core.errors import ApplicationError
from certgen.core.status import ACTIONS, standing_of

if TYPE_CHECKING:
    from certgen.wiring import Office

_NumberArgument = Annotated[str, typer.Argument(metavar="NUMBER")]
_OutOption = Annotated[Path, typer.Option("--out", help="Folder for the PDFs.")]
_KeyOption = Annotated[
    str, typer.Option("--key", help="Your own request key; without one the same command is the same request.")
]
_HELP = {
    "correct": "Put a misprint right 更正: number and days stay, the misprint is void. RECORD holds what changes.",
    "amend": "Change a licence 变更: number and period stay, issued today. RECORD holds what changes.",
    "renew": "Renew a licence 延续: the number stays, a new period begins. RECORD may hold what changes.",
    "replace": "Replace a lost paper 补办: same number, facts and period, issued today; the lost one is superseded.",
}


def add_commands(app: typer.Typer) -> None:
    """Add a command for every action that makes a new version."""
    for word, action in ACTIONS.items():
        if action.successor:
            app.command(word, help=_HELP[word])(_command(word, takes_record="facts" not in action.keeps))


def _command(word: str, *, takes_record: bool) -> Callable[..., None]:
    def run(
        number: str,
        record: Path | None,
        words: tuple[str, str, str],
        out: Path,
        paper: PaperChoice,
        key: str,
    ) -> None:
        from certgen.batch import deliver
        from certgen.issue import Refused
        from certgen.life import Change
        from certgen.succession import propose

        reason, basis, actor = words
        given = read_record(record) if record else {}
        change = Change(word, actor or settings.login_name(), reason, basis)
        with office() as opened:
            if unprintable(number) or not opened.register.find(number):
                fail(no_document(opened, number), 1)
            try:
                application = propose(opened.issuer, number, change, _with_photos(opened, number, given, record), key)
                opened.issuer.read(application, paper.papers)
                make_folder(out)
                outcome = opened.issuer.issue([application], papers=paper.papers)[0]
            except ApplicationError as error:
                refuse(error)
            if isinstance(outcome, Refused):
                refuse(outcome.error)
            files = deliver(out, outcome.documents)
            publish_after(opened)
            found = {(d.sid, d.paper): d for d in opened.register.by_request(application.request_key)}
            today = opened.clock().astimezone(SHANGHAI).date()
            rows, lines = [], []
            for made, file in zip(outcome.documents, files, strict=True):
                d = found[made.sid, made.paper]
                standing = standing_of(d.status, d.begins, d.valid_until, today)
                rows.append(document_json(d, standing, today, opened.outward) | {"file": str(file)})
                lines.append(f"{document_line(d, standing)}  {file}")
            answer(rows, lines)

    def with_record(
        number: _NumberArgument,
        reason: ReasonOption,
        record: Annotated[Path | None, typer.Argument(help="A JSON file of what changes, or - for input.")] = None,
        basis: BasisOption = "",
        actor: ActorOption = "",
        out: _OutOption = Path(),
        paper: PaperOption = PaperChoice.plain,
        key: _KeyOption = "",
        home: HomeOption = None,
        lang: LangOption = None,
        as_json: JsonOption = False,
    ) -> None:
        begin(home, lang, as_json)
        run(number, record, (reason, basis, actor), out, paper, key)

    def without(
        number: _NumberArgument,
        reason: ReasonOption,
        basis: BasisOption = "",
        actor: ActorOption = "",
        out: _OutOption = Path(),
        paper: PaperOption = PaperChoice.plain,
        key: _KeyOption = "",
        home: HomeOption = None,
        lang: LangOption = None,
        as_json: JsonOption = False,
    ) -> None:
        begin(home, lang, as_json)
        run(number, None, (reason, basis, actor), out, paper, key)

    return with_record if takes_record else without


def _with_photos(opened: "Office", number: str, given: dict[str, object], record: Path | None) -> Mapping[str, object]:
    """Read the photographs that a record names by their files."""
    from certgen import photo

    template = opened.issuer.templates.get(opened.register.find(number)[0].kind)
    if record is None or template is None:
        return given
    names = frozenset(field.name for field in template.fields if field.type == "photo")
    read: Mapping[str, object] = photo.with_files(given, template.names, names, record.parent)
    return read
