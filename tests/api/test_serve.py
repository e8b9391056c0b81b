"""The running process: it answers over a socket, opens the register for reading only, and holds no key and no press."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests._workspace import ROOT, command, live_home, write_record
from tests.house import KIND

TELL = """
import atexit, sys
atexit.register(lambda: sys.stderr.write("LOADED " + " ".join(sorted(sys.modules)) + "\\n"))
"""
DOORS = {
    "certgen serve": TELL + "from certgen.cli import main; main()",
    "python -m api": TELL + "from api.serve import main; raise SystemExit(main())",
}
NEVER = (
    *("keys", "reportlab", "svglib", "PIL", "qrcode", "zxingcpp", "pypdfium2", "alembic"),
    *("certgen.issue", "certgen.plate", "certgen.press", "certgen.fonts", "certgen.workshop", "certgen.pades"),
)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, bytes]:
    """A workspace, the sid of a document in it, and the document."""
    folder = tmp_path_factory.mktemp("serve")
    home = live_home(folder / "home")
    record = write_record(folder / "r.json")
    issued = command("issue", KIND, record, "--home", home, "--out", folder, "--json").json[1]
    return home, issued["sid"], Path(issued["file"]).read_bytes()


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


class Running:
    """A server in a process of its own."""

    def __init__(self, program: str, *arguments: object) -> None:
        self.port = free_port()
        words = [sys.executable, "-c", program, *map(str, arguments), "--port", str(self.port)]
        self.process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def ask(self, method: str, target: str, body: bytes | None = None, kind: str = "") -> tuple[int, bytes]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            link.request(method, target, body, {"Content-Type": kind} if kind else {})
            answer = link.getresponse()
            return answer.status, answer.read()
        finally:
            link.close()

    def wait(self) -> None:
        """Wait until it answers."""
        for _ in range(200):
            assert self.process.poll() is None, self.process.communicate()[0]
            try:
                assert self.ask("GET", "/healthz") == (200, b'{"status":"ok"}')
            except ConnectionRefusedError:
                time.sleep(0.05)
            else:
                return
        pytest.fail("it does not answer")

    def stop(self) -> str:
        """Press Ctrl-C, and give what it wrote."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=20)[0].decode()


@pytest.fixture(params=DOORS, ids=[name.replace(" ", "-") for name in DOORS])
def running(request: pytest.FixtureRequest, live: tuple[Path, str, bytes]) -> Iterator[Running]:
    command_line = ["serve", "--public"] if request.param == "certgen serve" else []
    server = Running(DOORS[request.param], *command_line, "--home", live[0], "--lang", "en")
    try:
        server.wait()
        yield server
    finally:
        server.process.kill()
        server.process.wait()
        if server.process.stdout:
            server.process.stdout.close()


@pytest.mark.slow
def test_the_public_process_answers_and_loads_no_key_no_press_and_logs_nothing(
    running: Running, live: tuple[Path, str, bytes]
) -> None:
    _, sid, pdf = live
    assert running.ask("GET", f"/{sid}")[0] == 200
    assert running.ask("GET", "/ZZZZZZZZZZZZ")[0] == 404
    assert b'"PASSED"' in running.ask("POST", "/check.json", pdf, "application/pdf")[1]
    assert running.ask("HEAD", f"/{sid}") == (200, b"")
    known = json.loads(running.ask("GET", f"/{sid}.json")[1])
    assert running.ask("GET", f"/find.json?q={known['number']}")[0] == 200
    assert running.ask("GET", f"/check/{sha256(pdf).hexdigest()}.json")[0] == 200
    said = running.stop()
    told, _, loaded = said.partition("LOADED ")
    modules = set(loaded.split())
    assert {"api.public", "verify", "certgen.register"} <= modules, "the probe sees nothing"
    assert not [name for name in modules if any(name == no or name.startswith(no + ".") for no in NEVER)]
    values = (sid, known["number"], sha256(pdf).hexdigest(), *(one["value"] for one in known["public"]))
    assert not [value for value in values if value in told]
    assert not re.search(r"GET|POST|/check|JY\d|Traceback", told)


@pytest.mark.slow
def test_the_public_process_cannot_write_the_register(live: tuple[Path, str, bytes]) -> None:
    program = (
        "import sys; from pathlib import Path; from certgen import settings, wiring; "
        "desk = wiring.open_desk(settings.load(Path(sys.argv[1]))); desk.register.mark_used('k', ['1'], 's')"
    )
    done = subprocess.run([sys.executable, "-c", program, str(live[0])], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"reading only" in done.stderr


def test_serve_asks_for_a_side(tmp_path: Path) -> None:
    said = command("serve", "--home", tmp_path)
    assert (said.code, "--public" in said.err) == (2, True)


def test_a_folder_that_is_no_workspace_is_refused_as_a_sentence(tmp_path: Path) -> None:
    said = command("serve", "--public", "--home", tmp_path)
    assert said.code == 2
    assert "Traceback" not in said.err
