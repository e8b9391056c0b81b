"""The command that publishes status lists, and what other commands do so that the lists tell of what they did."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from certgen import settings
from certgen.console import HomeOption, JsonOption, LangOption, answer, begin, desk, passphrases, say
from certgen.core.errors import CertgenError, Text

if TYPE_CHECKING:
    from certgen.wiring import Desk


def publish(
    vectors: Annotated[
        Path | None, typer.Option("--vectors", metavar="DIR", help="Publish this folder's test vectors (*.json) too.")
    ] = None,
    home: HomeOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign the status lists that have changed or grown old, and put them where the public fetches them.

    Run it by a timer, every ten minutes or so: what needs nothing is left alone.
    """
    from certgen import wiring

    session = begin(home, lang, as_json)
    chosen = settings.load(session.home)
    with desk() as opened:
        publisher = wiring.open_publisher(chosen, passphrases(chosen), opened.register)
        now = opened.clock()
        for zh, en in publisher.doubts(now):
            say(f"注意：{zh}", f"warning: {en}")
        written = publisher.publish(now)
        if vectors is not None:
            written += publisher.add_vectors(sorted(vectors.glob("*.json")))
    nothing = Text("无须更新", "nothing had to be written").say(session.lang)
    answer({"folder": str(chosen.published), "written": list(written)}, list(written) or [nothing])


def publish_after(opened: "Desk") -> None:
    """Publish what a command has just changed, if the status key opens without anybody being asked.

    What the command did is done: a fault here is told and changes nothing about its answer.
    """
    from certgen import wiring

    chosen = opened.settings
    if not chosen.publish_after_commands or chosen.passphrase_file is None:
        return
    try:
        wiring.open_publisher(chosen, passphrases(chosen), opened.register).publish(opened.clock())
    except CertgenError as error:
        zh, en = error.message
        say(f"注意：状态列表未能发布：{zh}", f"warning: the status lists were not published: {en}")
