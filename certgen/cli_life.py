"""What happens to a licence once it is issued, on the command line: show it, suspend it, end it."""

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from certgen import settings
from certgen.cli_import import no_document, show_inherited
from certgen.cli_publish import publish_after
from certgen.console import (
    HomeOption,
    JsonOption,
    LangOption,
    answer,
    begin,
    current,
    desk,
    fail,
)
from certgen.core.chinese import SHANGHAI, shown, unprintable
from certgen.core.errors import ApplicationError, SettingsError, Text
from certgen.core.model import Registered
from certgen.core.status import ACTIONS, ISSUED, LABELS, Event, Standing, standing_of

if TYPE_CHECKING:
    from certgen.outward import Outward
    from certgen.wiring import Desk

REFUSED = Text("未作任何变更：", "nothing was changed:")
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, in words that stay in the register.")]
ActorOption = Annotated[str, typer.Option("--actor", help="Who decided; default the name you are logged in with.")]
BasisOption = Annotated[str, typer.Option("--basis", help="The law and article it rests on.")]
_EffectiveOption = Annotated[
    str, typer.Option("--effective", metavar="DATE", help="The day from whose beginning it counts; default at once.")
]


def show(
    number: Annotated[str, typer.Argument(metavar="NUMBER|SID")],
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="What it was at the end of that day.")] = "",
    history: Annotated[bool, typer.Option("--history", help="Everything that happened to it.")] = False,
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the register says of a licence: its copies, dates and status, today or on a day, or its history."""
    session = begin(home, lang, as_json)
    asked = parse_day(on, "--on") if on else None
    with desk() as opened:
        found: tuple[Registered, ...] = ()
        if not unprintable(number):
            found = opened.register.find_on(number, asked) if asked else opened.register.find(number)
        if not found:
            show_inherited(opened, number)
            return
        if history:
            events = opened.register.history(number)
            answer([_event_json(e) for e in events], [_event_line(e) for e in events])
            return
        day = asked or opened.clock().astimezone(SHANGHAI).date()
        standings = [standing_of(d.status, d.begins, d.valid_until, day) for d in found]
        both = list(zip(found, standings, strict=True))
        lines = [document_line(d, standing) for d, standing in both]
        if any(d.has_newer for d in found):
            lines.append(Text("  此证照已有更新的版本", "  there is a newer version of this licence").say(session.lang))
        lines += [f"  {label.say(session.lang)}  {value}" for label, value in found[0].public]
        answer([document_json(d, standing, day, opened.outward) for d, standing in both], lines)


def document_line(d: Registered, standing: Standing) -> str:
    """Write a document as one line."""
    status = standing.label.say(current().lang)
    return f"{d.number}  v{d.version}  {d.copy}  {d.paper}  {d.sid}  {d.issued_on} – {d.valid_until or '…'}  {status}"


def parse_day(text: str, option: str) -> date:
    """Read the day of an option."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        found = shown(text)
        fail(SettingsError(Text(f"{option}“{found}”应为日期，如 2025-05-01", f"{option} {found!r}: wanted 2025-05-01")))


def document_json(d: Registered, standing: Standing, day: date, systems: "tuple[Outward, ...]") -> dict[str, Any]:
    """Write a document as plain values, with the codes of other systems for what it is."""
    return {
        "number": d.number,
        "version": d.version,
        "sid": d.sid,
        "kind": d.kind,
        "copy": d.copy,
        "paper": d.paper,
        "form": d.form,
        "authority": d.authority_name,
        "issued_on": str(d.issued_on),
        "valid_from": str(d.valid_from),
        "valid_until": str(d.valid_until) if d.valid_until else None,
        "on": str(day),
        "status": d.status,
        "expired": standing.is_over,
        "in_force": standing.is_in_force,
        "has_newer": d.has_newer,
        "codes": {system.id: code for system in systems if (code := system.code(standing))},
        "sha256": d.pdf_digest.hex(),
        "public": [[label.say(current().lang), value] for label, value in d.public],
    }


def _event_json(e: Event) -> dict[str, Any]:
    return {
        "version": e.version,
        "copy": e.copy or None,
        "action": e.action,
        "status": e.status,
        "at": e.at.isoformat(),
        "effective_at": e.effective_at.isoformat(),
        "actor": e.actor,
        "basis": e.basis,
        "reason": e.reason,
    }


def _event_line(e: Event) -> str:
    say = current().lang
    label = Text("签发", "issued") if e.action == ISSUED else ACTIONS[e.action].label if e.action in ACTIONS else None
    word = label.say(say) if label else e.action
    status = f" → {LABELS[e.status].say(say)}" if e.status and e.action != ISSUED else ""
    counts = ""
    if e.effective_at != e.at:
        counts = Text(f"，自 {_moment(e.effective_at)} 起", f", from {_moment(e.effective_at)}").say(say)
    why = "  ".join(part for part in (e.basis, e.reason) if part)
    copy = e.copy or Text("全部", "all copies").say(say)
    return f"{_moment(e.at)}  v{e.version}  {copy}  {word}{status}{counts}  {e.actor}  {why}".rstrip()


def _moment(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def refuse(error: ApplicationError) -> NoReturn:
    """Say why a change was refused, and end."""
    fail(error, lead=REFUSED)


def add_commands(app: typer.Typer) -> None:
    """Add a command for every action that makes no new version."""
    for word, action in ACTIONS.items():
        if not action.successor:
            app.command(word, help=_HELP[word])(_command(word))


_HELP = {
    "suspend": "Suspend a licence 暂扣: until it is reinstated it permits nothing. Needs --basis.",
    "reinstate": "Give a suspended licence back 恢复.",
    "cancel": "Cancel a licence 注销: the formality at its end, also at the holder's wish.",
    "withdraw": "Withdraw a licence 撤回: law or circumstances have changed. Needs --basis.",
    "annul": "Annul a licence 撤销: it should not have been granted. Needs --basis.",
    "revoke": "Revoke a licence 吊销, as a penalty. Needs --basis.",
    "void": "Declare a paper void 作废, such as a misprint that nothing takes the place of.",
}


def _command(word: str) -> Callable[..., None]:
    def command(
        number: Annotated[str, typer.Argument(metavar="NUMBER|SID", help="A number: all copies; a sid: that one.")],
        reason: ReasonOption,
        basis: BasisOption = "",
        actor: ActorOption = "",
        effective: _EffectiveOption = "",
        home: HomeOption = None,
        lang: LangOption = None,
        as_json: JsonOption = False,
    ) -> None:
        from certgen import wiring
        from certgen.life import Change, start_of

        session = begin(home, lang, as_json)
        since = start_of(parse_day(effective, "--effective")) if effective else None
        at = datetime.fromtimestamp(since, SHANGHAI) if since is not None else None
        with wiring.open_desk(settings.load(session.home), readonly=False) as opened:
            if unprintable(number) or not opened.register.find(number):
                fail(no_document(opened, number), 1)
            change = Change(word, actor or settings.login_name(), reason, basis, at)
            try:
                done = opened.register.change(number, change, opened.clock())
            except ApplicationError as error:
                refuse(error)
            publish_after(opened)
            _say_done(opened, done, at)

    return command


def _say_done(opened: "Desk", done: tuple[Registered, ...], effective: datetime | None) -> None:
    now = opened.clock()
    today = now.astimezone(SHANGHAI).date()
    standings = [standing_of(d.status, d.begins, d.valid_until, today) for d in done]
    both = list(zip(done, standings, strict=True))
    lines = [document_line(d, standing) for d, standing in both]
    if effective and effective > now:
        lines.append(
            Text(f"自 {effective:%Y-%m-%d} 起生效", f"takes effect on {effective:%Y-%m-%d}").say(current().lang)
        )
    answer([document_json(d, standing, today, opened.outward) for d, standing in both], lines)
