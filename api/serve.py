"""`certgen serve` and `python -m api`: the public service over a workspace, until Ctrl-C.

    python -m api [--home DIR] [--host 127.0.0.1] [--port 8000]

`processes` in `[public]` of the settings says how many processes answer; a broken one is started anew. No access log
is kept: an address holds a sid, and a sid says whose licence somebody looked at.
"""

import argparse
import gc
import logging
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from api.guard import App
from api.public import make_app
from certgen import settings, wiring
from certgen.core.errors import CertgenError, Lang, SettingsError, Text

_MOST_AT_ONCE = 256


def serve(home: Path, host: str, port: int, lang: Lang) -> None:
    """Serve until stopped. Raises SettingsError, RegisterError."""
    try:
        import uvicorn
    except ImportError as error:
        raise SettingsError(
            Text("缺少网页服务组件：pip install 'certgen[web]'", "the web extra is missing: pip install 'certgen[web]'")
        ) from error
    chosen = settings.load(home)
    wiring.open_desk(chosen).register.close()  # what is wrong is said here and once, not by every process
    processes = chosen.visitors.processes
    config = uvicorn.Config(
        partial(_app, chosen),
        factory=True,
        host=host,
        port=port,
        workers=processes,
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=True,
        lifespan="off",
        proxy_headers=False,  # a header is believed only where the settings say so: api.turnstile
        limit_concurrency=_MOST_AT_ONCE,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
    )
    _greet(chosen.public_origin, host, port, lang)
    server = uvicorn.Server(config)
    if processes == 1:
        server.run()
    else:
        from uvicorn.supervisors import Multiprocess

        Multiprocess(config, sockets=[config.bind_socket()]).run()


def _app(chosen: settings.Settings) -> App:
    """Make the application in the process that answers."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    app = make_app(wiring.open_desk(chosen))
    gc.freeze()  # what is loaded now stays until the end
    gc.enable()  # the command line had turned it off
    return app


def _greet(origin: str, host: str, port: int, lang: Lang) -> None:
    at = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    lines = [Text(f"公众查验服务：{at}/（按 Ctrl-C 结束）", f"the public service: {at}/ (Ctrl-C ends it)")]
    if origin != at:
        lines.append(
            Text(
                f"本工作区的二维码打开的是 {origin}（由 certgen init --origin 决定）",
                f"the codes of this workspace open {origin} (certgen init --origin decides)",
            )
        )
    sys.stderr.write("".join(line.say(lang) + "\n" for line in lines))


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and serve; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m api", description="The public verification service.")
    parser.add_argument("--home", type=Path, default=settings.default_home(), help="the workspace")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--lang", choices=("zh", "en"), default=settings.locale_language())
    given = parser.parse_args(arguments)
    try:
        serve(given.home, given.host, given.port, given.lang)
    except CertgenError as error:
        sys.stderr.write(error.say(given.lang) + "\n")
        return 2
    except KeyboardInterrupt:
        return 0
    return 0
