"""What the pages say is there: commands, options, files, links; and both READMEs say the same."""

import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from certgen.cli import app

HOUSE = Path(__file__).resolve().parents[1]
READMES = ("README.md", "README.zh.md")
PAGES = sorted(
    page.relative_to(HOUSE).as_posix()
    for page in [*HOUSE.glob("*.md"), *HOUSE.glob("docs/**/*.md")]
    if page.name != "0000-template.md"
)
_FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.M | re.S)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"(?:certgen|keys|verify|api|templates|tests|bench|docs|\.ci)/[\w./*-]+|[\w.-]+\.(?:md|toml)")
_MADE = ("demo/", "certgen.toml", "authorities.toml", "versions.lock")  # made by running, or one a kind
_COMMAND = re.compile(r"(?:^\$ |^ {4}|`)(certgen [a-z][^`\n]*)", re.M)


def _text(name: str) -> str:
    return (HOUSE / name).read_text("utf-8")


def _prose(name: str) -> str:
    return _FENCE.sub("", _text(name))


def _commands(name: str) -> list[list[str]]:
    """Find what a page has people type, as words; remarks are left out."""
    return [shlex.split(line, comments=True) for line in _COMMAND.findall(_text(name))]


def _help(*words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0, f"certgen {' '.join(words)} is no command"
    return result.output


def _groups() -> set[str]:
    return {group.name for group in app.registered_groups}


def _known() -> dict[str, typer.models.CommandInfo]:
    groups = {group.name: group.typer_instance for group in app.registered_groups}
    flat = {_name(c): c for c in app.registered_commands}
    return flat | {f"{name} {_name(c)}": c for name, sub in groups.items() for c in sub.registered_commands}


def _name(command: typer.models.CommandInfo) -> str:
    return command.name or command.callback.__name__.replace("_", "-")


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_option_on_a_page_exists(page: str) -> None:
    for _, *words in _commands(page):
        depth = 2 if words[0] in _groups() and len(words) > 1 else 1
        said = _help(*words[:depth])
        for option in {word.partition("=")[0] for word in words[depth:] if word.startswith("--")}:
            assert option in said, f"{page}: certgen {' '.join(words)}"


@pytest.mark.parametrize("page", READMES)
def test_a_readme_shows_every_command(page: str) -> None:
    shown = {" ".join(words[1:3]) if words[1] in _groups() else words[1] for words in _commands(page)}
    missing = set(_known()) - shown - {"demo"}  # which is `make demo`
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_every_target_of_make_on_a_page_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", _text("Makefile"), re.M))
    asked = re.findall(r"(?:^|`)make ([a-z]+)\b", _text(page), re.M)
    assert not set(asked) - targets


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    folder = (HOUSE / page).parent
    for link in _LINK.findall(_prose(page)):
        if not link.startswith(("http://", "https://", "#")):
            assert (folder / link.partition("#")[0]).exists(), f"{page}: {link}"


@pytest.mark.parametrize("page", PAGES)
def test_every_file_named_on_a_page_exists(page: str) -> None:
    told = _prose(page).partition("\n## What we refused")[0]  # a decision also names what it did not make
    names = [match[0] for code in _CODE.findall(told) if (match := _PATH.fullmatch(code))]
    gone = [name for name in names if not name.startswith(_MADE) and not _exists(page, name)]
    assert not gone


def _exists(page: str, name: str) -> bool:
    folders = (HOUSE, (HOUSE / page).parent, HOUSE / "templates" / "food-business")
    return any(list(folder.glob(name.rstrip("/"))) for folder in folders)


def test_both_readmes_have_the_same_headings_rows_pictures_and_commands() -> None:
    english, chinese = READMES
    for pattern in (r"^#+ ", r"^\|", r"^!\[", r"^\* "):
        counts = [len(re.findall(pattern, _prose(name), re.M)) for name in READMES]
        assert counts[0] == counts[1] > 0, f"{counts} lines of {pattern}"
    assert _commands(english) == _commands(chinese)
    assert [_LINK.findall(_prose(n).replace(".zh.svg", ".svg"))[1:] for n in READMES] == [
        _LINK.findall(_prose(english))[1:]
    ] * 2


def test_the_exit_codes_of_both_readmes_are_the_same() -> None:
    first, second = (re.findall(r"^\| ([0-3]) \|", _text(name), re.M) for name in READMES)
    assert first == second == ["0", "1", "2", "3"]


def test_the_pictures_are_small_enough_for_a_slow_line() -> None:
    for picture in (HOUSE / "docs" / "pictures").iterdir():
        assert picture.stat().st_size <= 300_000, picture.name


GUIDES = ("docs/templates.md", "docs/templates.zh.md")


def test_both_guides_for_authors_have_the_same_headings_rows_examples_and_commands() -> None:
    for pattern in (r"^#+ ", r"^\|", r"^\* ", r"^[0-9]\. "):
        counts = [len(re.findall(pattern, _prose(name), re.M)) for name in GUIDES]
        assert counts[0] == counts[1] > 0, f"{counts} lines of {pattern}"
    english, chinese = ([_without_remarks(part) for part in _FENCE.findall(_text(name))] for name in GUIDES)
    assert [part.count("\n") for part in english] == [part.count("\n") for part in chinese]
    assert english[1:] == chinese[1:], "all but the remarks is the same; the first is a list of files"
    assert _commands(GUIDES[0]) == _commands(GUIDES[1])


def _without_remarks(example: str) -> str:
    return re.sub(r"\s+# .*$", "", example, flags=re.M)
