"""What each process loads: whoever only verifies has neither keys, nor a press, nor a web server in memory."""

import shutil
from pathlib import Path

import pytest

from certgen import wiring
from certgen.core.errors import RegisterError
from tests._workspace import Said, book, command, files, live_home, python, write_record
from tests.house import KIND, House

HEAVY = [
    "keys", "reportlab", "svglib", "fastapi", "alembic", "PIL", "pypdf", "pikepdf", "qrcode", "zxingcpp", "pypdfium2",
]  # fmt: skip
TELL = """
import atexit, sys
roots = lambda: sys.stderr.write("LOADED " + " ".join(sorted({name.partition(".")[0] for name in sys.modules})) + "\\n")
atexit.register(roots)
"""
CERTGEN = TELL + "from certgen.cli import main; main()"
VERIFY = TELL + "import runpy; runpy.run_module('verify', run_name='__main__', alter_sys=True)"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A workspace and a document of it."""
    folder = tmp_path_factory.mktemp("live")
    home = live_home(folder / "home")
    record = write_record(folder / "r.json")
    issued = command("issue", KIND, record, "--home", home, "--out", folder / "out", "--json").json
    return home, Path(issued[1]["file"])


def loaded(answer: Said) -> set[str]:
    line = answer.err.splitlines()[-1]
    assert line.startswith("LOADED ")
    return set(line.split()[1:])


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--offline"], ["--json"]], ids=["register", "offline", "json"])
def test_a_process_that_only_verifies_loads_no_keys_no_press_and_no_web(
    live: tuple[Path, Path], more: list[str]
) -> None:
    home, file = live
    answer = python("-c", CERTGEN, "verify", file, "--home", home, *more)
    assert answer.code == (3 if "--offline" in more else 0), answer
    assert not loaded(answer) & set(HEAVY)
    assert {"verify", "certgen", "cryptography"} <= loaded(answer), "the probe sees nothing"


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["show", "fetch"])
def test_a_process_that_only_reads_loads_no_keys(live: tuple[Path, Path], tmp_path: Path, verb: str) -> None:
    home, file = live
    number = file.name.partition("-")[0]
    more = ["--out", tmp_path] if verb == "fetch" else []
    answer = python("-c", CERTGEN, verb, number, "--home", home, *more)
    assert answer.code == 0
    assert not loaded(answer) & {"keys", "reportlab", "svglib", "fastapi", "alembic"}


@pytest.mark.slow
def test_the_offline_verifier_loads_no_database_and_nothing_of_generation(live: tuple[Path, Path]) -> None:
    home, file = live
    anchors = ["--root", home / "keys" / "root.crt.pem", "--trust", home / "keys" / "trust.cose"]
    answer = python("-c", VERIFY, file, *anchors)
    assert answer.code == 3, answer
    assert not loaded(answer) & {*HEAVY, "sqlalchemy", "sqlite3", "pysqlite3", "numpy", "jinja2", "typer"}
    assert "verify" in loaded(answer)


@pytest.mark.slow
def test_a_process_that_issues_does_load_keys(live: tuple[Path, Path], tmp_path: Path) -> None:
    record = write_record(tmp_path / "r.json")
    answer = python("-c", CERTGEN, "issue", KIND, record, "--home", live[0], "--out", tmp_path)
    assert answer.code == 0
    assert "keys" in loaded(answer), "else the tests above prove nothing"
    assert not loaded(answer) & {"fastapi", "alembic"}


def test_a_desk_can_neither_sign_nor_write(live: tuple[Path, Path]) -> None:
    with wiring.open_desk(wiring.settings.load(live[0])) as desk:
        assert not hasattr(desk, "issuer")
        with pytest.raises(RegisterError, match="open for reading only"):
            desk.register.mark_used(KIND, ["JY1"], "test")


def test_verifying_showing_and_fetching_change_nothing(live: tuple[Path, Path], tmp_path: Path) -> None:
    home, file = live
    number = file.name.partition("-")[0]
    with House(home) as house:
        before = book(house)
    left = files(home)
    for words in (["verify", file], ["verify", file, "--offline"], ["show", number], ["fetch", number]):
        command(*words, *(["--out", tmp_path] if words[0] == "fetch" else []), "--home", home)
    assert files(home) == left
    with House(home) as house:
        assert book(house) == before


def test_a_kind_of_the_workspace_lies_over_the_shipped_one(house: House, tmp_path: Path) -> None:
    folder = house.settings.home / "templates" / KIND
    shutil.copytree(house.issuer.templates[KIND].folder, folder)
    toml = (folder / "template.toml").read_text("utf-8")
    (folder / "template.toml").write_text(toml.replace("Food Business Licence", "Ours"), "utf-8")
    shutil.copytree(folder, folder.with_name("other"))
    changed = toml.replace('kind = "food-business"', 'kind = "other"')
    (folder.with_name("other") / "template.toml").write_text(changed, "utf-8")
    templates = wiring.Templates(house.settings.home)
    assert set(templates) == {*wiring.Templates(), "other"}
    assert templates[KIND].title.en == "Ours"
    assert wiring.Templates()[KIND].title.en == "Food Business Licence"


def test_an_office_of_the_workspace_lies_over_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "authorities.toml").write_text(
        '[[authority]]\nid = "421202"\ndivision = "421202"\nshort = "咸安区"\ntelephone = "0715-1"\n'
        'names = [{ from = 2015-01-01, name = "新局" }]\n',
        "utf-8",
    )
    ours, shipped = wiring.authorities(tmp_path), wiring.authorities()
    assert ours["421202"].latest.name == "新局"
    assert {k for k in shipped if ours[k] != shipped[k]} == {"421202"}
