"""The preview page, asked as a browser asks it."""

import json
import re
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from certgen import author, wiring
from certgen.author.live import LONGEST, Wish
from certgen.author.page import make_server
from certgen.settings import SHIPPED
from tests.house import NOW

KIND = "small-workshop"
MAIN = "import sys; from certgen.cli import main; sys.argv = ['certgen', *sys.argv[1:]]; main()"
COMMAND = [sys.executable, "-c", MAIN, "template", "preview", KIND]
PIPES: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


@dataclass
class Browser:
    """Asks one server."""

    port: int
    host: str = ""

    def get(self, path: str, **query: str) -> tuple[int, bytes]:
        """Ask; gives status and body."""
        address = f"http://127.0.0.1:{self.port}{path}?{urlencode(query)}"
        request = urllib.request.Request(address, headers={"Host": self.host or f"127.0.0.1:{self.port}"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()

    def scene(self, **wish: str) -> Any:
        """Ask for a scene."""
        return json.loads(self.get("/scene.json", **wish)[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = tmp_path_factory.mktemp("templates") / KIND
    shutil.copytree(SHIPPED / KIND, kept, ignore=shutil.ignore_patterns("*.png"))
    return kept


@pytest.fixture(scope="module")
def browser(folder: Path) -> Iterator[Browser]:
    def studio() -> author.Studio:
        return wiring.open_studio(clock=lambda: NOW)

    server = make_server(folder, studio, author.check, Wish(), lang="zh", port=0)
    turn = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    turn.start()
    yield Browser(server.server_port)
    server.shutdown()
    server.server_close()
    turn.join()


@pytest.fixture
def layout(folder: Path) -> Iterator[Path]:
    """Give a layout that a test may spoil."""
    file = folder / "2017" / "original.xml"
    whole = file.read_text("utf-8")
    yield file
    file.write_text(whole, "utf-8")


def test_a_scene_shows_every_page_as_a_picture(browser: Browser) -> None:
    scene = browser.scene()
    assert scene["faults"] == []
    assert scene["shots"]
    for shot in scene["shots"]:
        status, picture = browser.get(shot["src"])
        assert (status, picture[:8]) == (200, b"\x89PNG\r\n\x1a\n")


def test_outlines_stand_on_the_page_and_say_where_in_the_file_they_are(browser: Browser, folder: Path) -> None:
    (shot,) = browser.scene()["shots"]
    lines = (folder / shot["file"]).read_text("utf-8").splitlines()
    boxes = {box["name"]: box for box in shot["outlines"]}
    assert {"qr", "seal", "number"} <= boxes.keys()
    for box in boxes.values():
        assert 0 <= box["x"] <= box["x"] + box["width"] <= shot["width"] + 0.01
        assert 0 <= box["y"] <= box["y"] + box["height"] <= shot["height"] + 0.01
    for name in ("number", "issued_on"):
        assert f'name="{name}"' in lines[boxes[name]["line"] - 1]


def test_every_case_is_offered_and_the_longest_values_last(browser: Browser, folder: Path) -> None:
    cases = browser.scene()["cases"]
    assert cases == ["sample", *sorted(file.stem for file in (folder / "cases").glob("*.json")), LONGEST]


def test_the_longest_values_make_another_picture_without_a_fault(browser: Browser) -> None:
    longest, sample = browser.scene(case=LONGEST), browser.scene()
    assert longest["faults"] == []
    assert longest["wish"]["case"] == LONGEST
    assert longest["shots"][0]["src"] != sample["shots"][0]["src"]


def test_a_form_and_a_paper_can_be_chosen(browser: Browser) -> None:
    forms = browser.scene()["forms"]
    assert [browser.scene(form=form)["wish"]["form"] for form in forms] == forms
    assert browser.scene(paper="overprint")["shots"][0]["src"] != browser.scene()["shots"][0]["src"]


def test_what_is_saved_changes_the_stamp_and_the_picture(browser: Browser, layout: Path) -> None:
    stamp, before = browser.get("/stamp"), browser.scene()
    layout.write_text(layout.read_text("utf-8").replace('size="', 'size="0', 1).replace('x="', 'x="1', 1), "utf-8")
    assert browser.get("/stamp") != stamp
    assert browser.scene()["shots"] != before["shots"]


def test_a_fault_is_told_with_file_and_line_and_mended_by_the_next_save(browser: Browser, layout: Path) -> None:
    whole = layout.read_text("utf-8")
    at = next(n for n, line in enumerate(whole.splitlines(), 1) if "{{ number }}" in line)
    layout.write_text(whole.replace("{{ number }}", "{{ nummber }}", 1), "utf-8")
    scene = browser.scene()
    assert scene["shots"] == []
    assert f"2017/original.xml:{at}" in scene["faults"][0]
    assert "nummber" in scene["faults"][0]
    layout.write_text(whole, "utf-8")
    assert browser.scene()["faults"] == []


def test_a_declaration_that_cannot_be_read_is_a_fault_and_no_crash(browser: Browser, folder: Path) -> None:
    file = folder / "template.toml"
    whole = file.read_bytes()
    try:
        file.write_bytes(b"kind = \n" + whole)
        assert "template.toml" in browser.scene()["faults"][0]
        assert browser.get("/stamp")[0] == 200
    finally:
        file.write_bytes(whole)


def test_the_whole_check_can_be_asked_for(browser: Browser, layout: Path) -> None:
    layout.write_text(layout.read_text("utf-8").replace("{{ number }}", "{{ nummber }}", 1), "utf-8")
    assert any("nummber" in fault for fault in json.loads(browser.get("/check.json")[1]))


def test_another_host_name_is_refused(browser: Browser) -> None:
    assert Browser(browser.port, "evil.example").get("/scene.json")[0] == 421
    assert Browser(browser.port, f"localhost:{browser.port}").get("/stamp")[0] == 200


@pytest.mark.parametrize("path", ["/page/../../certgen.toml", "/../page.py", "/preview.html", "/page/.png"])
def test_nothing_else_is_served(path: str, browser: Browser) -> None:
    assert browser.get(path)[0] == 404


def test_the_page_names_its_own_files_only(browser: Browser) -> None:
    page = browser.get("/")[1].decode()
    assert re.findall(r'(?:src|href)="([^"]+)"', page) == ["/preview.css", "/preview.js"]
    assert "<script>" not in page
    assert all(browser.get(path)[0] == 200 for path in ("/preview.css", "/preview.js"))


def test_the_command_says_where_the_page_is_and_ends_when_interrupted(tmp_path: Path) -> None:
    with subprocess.Popen([*COMMAND, "--port", "0", "--json", "--home", str(tmp_path)], **PIPES) as process:
        assert process.stdout is not None
        said = ""
        while not said.rstrip().endswith("}"):
            said += process.stdout.readline()
        port = int(json.loads(said)["page"].split(":")[2].strip("/"))
        assert Browser(port).get("/stamp")[0] == 200
        process.terminate()
        assert process.wait(10) is not None


def test_a_port_that_is_taken_is_named(browser: Browser, tmp_path: Path) -> None:
    taken = [*COMMAND, "--port", str(browser.port), "--home", str(tmp_path)]
    done = subprocess.run(taken, timeout=60, check=False, **PIPES)
    assert done.returncode == 2
    assert str(browser.port) in done.stderr
