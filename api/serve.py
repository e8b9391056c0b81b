"""`certgen serve` and `python -m api`: the public service over a workspace, until Ctrl-C.

    python -m api [--home DIR] [--host 127.0.0.1] [--port 8000]

No access log is kept: an address holds a sid, and a sid says whose licence somebody looked at.
"""

import argparse
import gc
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

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
    with wiring.open_desk(chosen) as desk:
        app = make_app(desk)
        gc.freeze()  # what is loaded now stays until the end
        gc.enable()  # the command line had turned it off
        _greet(chosen.public_origin, host, port, lang)
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
        uvicorn.run(
            app,
            host=host,
            port=port,
            access_log=False,
            log_level="warning",
            server_header=False,
            lifespan="off",
            limit_concurrency=_MOST_AT_ONCE,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=5,
        )


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
