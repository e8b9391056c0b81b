"""How many can ask at once: `GET /<sid>.json` over a register of a million documents.

    ours      `python -m api`, two processes; the turnstile counts every question and refuses none
    peer      the obvious way: FastAPI, SQLAlchemy, pydantic, in the same server (bench/_web_peers.py)
    limit     an application that looks at nothing, in the same server

Closed loop: wrk, one thread, 32 connections, sids drawn from the whole register; requests a second. Fixed rate: 2,000 a
second by a client of our own (bench/_open_loop.py); the latency of a question counts from the time it was due. Client
and server share the machine. All three run in turn, round by round; medians. `web.py ROUNDS SECONDS` chooses.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from json import loads
from pathlib import Path
from statistics import median
from urllib.request import urlopen

from _million import million, sids

HERE = Path(__file__).parent
PROCESSES = 2
RATE = 2_000
_LUA = """
local paths, i = {}, 0
for line in io.lines("%s") do paths[#paths + 1] = line end
request = function() i = i %% #paths + 1; return wrk.format("GET", paths[i]) end
"""


def main(rounds: int = 5, seconds: float = 4) -> None:
    """Print the table."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: .ci/system wrk")
    begun = time.perf_counter()
    chosen = million()
    print(f"register of 1,000,000 documents, made or found in {time.perf_counter() - begun:.0f} s")
    known = [f"/{sid}.json" for sid in sids(chosen, 20_000)]
    wanted = "[public]\nlookups_a_minute = 10000000\n" + f"processes = {PROCESSES}\n"
    file = chosen.home / "certgen.toml"
    file.write_text(file.read_text("utf-8").partition("[public]")[0] + wanted, "utf-8")
    served = ["-m", "uvicorn", "--workers", str(PROCESSES), "--no-access-log", "--log-level", "warning"]
    programs = {
        "ours": ["-m", "api", "--home", str(chosen.home)],
        "peer": [*served, "--factory", "_web_peers:obvious"],
        "limit": [*served, "_web_peers:hello"],
    }
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="certgen-bench-")))
        (folder / "paths").write_text("\n".join(known), "ascii")
        (folder / "ask.lua").write_text(_LUA % (folder / "paths"), "ascii")
        ports = {name: stack.enter_context(_running(words, chosen.home)) for name, words in programs.items()}
        for port in ports.values():
            _check(port, known[0])
        for port in ports.values():
            _wrk(port, folder / "ask.lua", seconds)  # not counted: the register's pages are mapped as they are touched
        closed: dict[str, list[float]] = {name: [] for name in ports}
        open_: dict[str, list[dict[str, float]]] = {name: [] for name in ports}
        for _ in range(rounds):
            for name, port in ports.items():
                closed[name].append(_wrk(port, folder / "ask.lua", seconds))
            for name, port in ports.items():
                open_[name].append(_at_rate(port, known, seconds))
    _print(closed, open_)


def _print(closed: dict[str, list[float]], open_: dict[str, list[dict[str, float]]]) -> None:
    ours, peer, limit = (median(closed[name]) for name in ("ours", "peer", "limit"))
    print(
        f"GET /<sid>.json, closed loop   {ours:7.0f} req/s   peer {peer:6.0f}   {ours / peer:4.1f}x"
        f"   limit {limit:6.0f}   {ours / limit:4.2f} of it   must 5,000, aim 10,000"
    )
    for at in ("p50", "p99", "p99.9"):
        mine, theirs, least = (median(one[at] for one in open_[name]) for name in ("ours", "peer", "limit"))
        goal = "   must 50 ms, aim 15 ms" if at == "p99" else ""
        print(
            f"at {RATE:,} req/s, {at:<6}         {mine:7.1f} ms      peer {theirs:6.1f}"
            f"           limit {least:6.1f}{goal}"
        )
    for name, values in closed.items():
        lost = sum(one["asked"] - one["answered"] + one["wrong"] for one in open_[name])
        print(
            f"  {name}: closed loop {min(values):.0f} to {max(values):.0f} req/s; p99 at the rate "
            f"{', '.join(str(one['p99']) for one in open_[name])} ms; {lost} not answered or wrong"
        )


@contextmanager
def _running(words: Sequence[str], home: Path) -> Iterator[int]:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = int(asked.getsockname()[1])
    environment = {**os.environ, "CERTGEN_HOME": str(home), "PYTHONPATH": str(HERE)}
    command = [sys.executable, *words, "--port", str(port)]
    process = subprocess.Popen(command, cwd=HERE.parent, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def _check(port: int, path: str) -> None:
    """Wait until it answers."""
    for _ in range(400):
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}") as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"nobody answers at port {port}")


def _wrk(port: int, script: Path, seconds: float) -> float:
    command = ["wrk", "-t1", "-c32", f"-d{seconds:.0f}s", "-s", str(script), f"http://127.0.0.1:{port}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or (found := re.search(r"Requests/sec:\s+([\d.]+)", said)) is None:
        raise SystemExit(said)
    return float(found[1])


def _at_rate(port: int, paths: list[str], seconds: float) -> dict[str, float]:
    command = [sys.executable, str(HERE / "_open_loop.py"), str(port), str(RATE), str(seconds)]
    done = subprocess.run(command, input="\n".join(paths), capture_output=True, text=True, check=True)
    figures: dict[str, float] = loads(done.stdout)
    return figures


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
