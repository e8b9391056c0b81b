"""Rules of the house that can be run: what the tree holds, and what it must never hold."""

import ast
import hashlib
import re
import subprocess
import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent
ROOMS = ("certgen", "keys", "verify", "api")
PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["project"]
CONSTRAINTS = (HOUSE / "constraints.txt").read_text("utf-8")


def _tracked() -> list[Path]:
    """List the files git knows, or would add; an unpacked archive has no git and is walked whole."""
    listing = ["git", "-C", str(HOUSE), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(listing, check=True, capture_output=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        names = [str(path.relative_to(HOUSE)) for path in HOUSE.rglob("*") if ".venv" not in path.parts]
    return [HOUSE / name for name in names if name and (HOUSE / name).is_file()]


def _texts() -> list[tuple[str, str]]:
    """Read every tracked text file: its name from the root of the tree, and its content."""
    texts = []
    for path in _tracked():
        data = path.read_bytes()
        if b"\0" not in data[:8192]:
            texts.append((path.relative_to(HOUSE).as_posix(), data.decode("utf-8", "replace")))
    return texts


def _places(pattern: str, *, but: str = "") -> list[str]:
    """Find `file:line` of every match in tracked text, leaving out files whose name starts with `but`."""
    wanted = re.compile(pattern)
    return [
        f"{name}:{number}"
        for name, text in _texts()
        if not (but and name.startswith(but))
        for number, line in enumerate(text.splitlines(), 1)
        if wanted.search(line)
    ]


# What the tree holds


@pytest.mark.parametrize(
    "name",
    [
        *("README.md", "README.zh.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "NOTICE"),
        *("docs/formats.md", "docs/issuance.md", "docs/verification.md", "docs/keys.md", "docs/adr/0000-template.md"),
    ],
)
def test_the_promised_document_exists_and_says_something(name: str) -> None:
    assert len((HOUSE / name).read_text("utf-8")) > 300


def test_the_change_log_has_a_place_for_what_comes_next() -> None:
    assert "\n## [Unreleased]\n" in (HOUSE / "CHANGELOG.md").read_text("utf-8")


def test_every_decision_fits_on_one_page_and_names_what_was_refused() -> None:
    pages = sorted((HOUSE / "docs" / "adr").glob("[0-9]*.md"))
    assert len({page.name[:4] for page in pages}) == len(pages) > 1, "two decisions share a number"
    for page in pages:
        text = page.read_text("utf-8")
        assert len(text.splitlines()) <= 60, f"{page.name} is longer than a page"
        assert len(text) <= 4500, f"{page.name} is longer than a page"
        assert "refused" in text.lower(), f"{page.name} does not say what was refused"


@pytest.mark.parametrize("folder", ["templates/_shared/fonts", "templates/_shared/icc", "api/pages/qr"])
def test_vendored_files_are_the_bytes_their_provenance_names(folder: str) -> None:
    shared = HOUSE / folder
    rows = re.findall(
        r"^\| `([^`]+)` \|.*\| `[0-9a-f]{64}` \| `([0-9a-f]{64})` \|$",
        (shared / "PROVENANCE.md").read_text("utf-8"),
        re.M,
    )
    named = {name for name, _ in rows}
    present = {path.relative_to(shared).as_posix() for path in shared.rglob("*") if path.is_file()}
    assert named == present - {"PROVENANCE.md"}
    for name, digest in rows:
        assert hashlib.sha256((shared / name).read_bytes()).hexdigest() == digest, name


# What it must never hold


def test_no_private_key_lies_in_the_tree() -> None:
    assert not _places("-----BEGIN " + "[A-Z ]*PRIVATE KEY", but="tests/vectors/")


def test_no_file_names_a_package_host_or_a_path_of_somebodys_machine() -> None:
    hosts = (
        r"pypi\.(org|python)|python"
        + r"hosted|npm"
        + r"js\.|registry\.npm|index-"
        + r"url [a-z]|--find-"
        + r"links [a-z/]"
    )
    paths = r"(?<![\w.\])}*])/(work|root|tmp|opt)" + r"/|\.\./" + r"shared|file://" + r"/(work|root|tmp|opt|home)"
    assert not _places(f"{hosts}|{paths}")


def test_no_folder_of_tests_is_a_package_since_it_would_shadow_a_room() -> None:
    assert not list((HOUSE / "tests").rglob("__init__.py"))


def test_templates_hold_data_and_no_python() -> None:
    assert not list((HOUSE / "templates").rglob("*.py"))


def test_no_name_hides_what_a_thing_does() -> None:
    assert not _places(r"^\s*class \w*(Manager|Handler|Helper|Utils?|Base)\b")


def test_the_name_of_every_test_is_a_sentence() -> None:
    names = {
        f"{path.name}:{node.name}"
        for path in (HOUSE / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and node.name.count("_") < 3
    }
    assert not names


# What it stands on


def _name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def _pins() -> list[str]:
    return re.findall(r"^[a-z][^#]*?(?=^[a-z]|\Z)", CONSTRAINTS, re.M | re.S)


def test_every_constraint_is_one_exact_version_with_hashes() -> None:
    assert len(_pins()) > 50
    for pin in _pins():
        assert re.match(r"[a-z0-9.-]+==[0-9][\w.]*( ; [^\n]*)? \\\n( {4}--hash=sha256:[0-9a-f]{64}( \\)?\n)+\Z", pin), (
            pin[:80]
        )


def test_every_dependency_is_constrained() -> None:
    extras = [requirement for extra in PROJECT["optional-dependencies"].values() for requirement in extra]
    wanted = {_name(requirement) for requirement in [*PROJECT["dependencies"], *extras, "hatchling"]}
    assert not wanted - {_name(pin) for pin in _pins()}


def test_every_library_a_room_imports_is_declared() -> None:
    extras = PROJECT["optional-dependencies"]
    offered = [*PROJECT["dependencies"], *(each for extra in extras if extra != "dev" for each in extras[extra])]
    declared = {_name(requirement) for requirement in offered}
    owners = packages_distributions()
    strangers = set()
    for room in ROOMS:
        for path in (HOUSE / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
                for top in {name.split(".")[0] for name in names} - set(ROOMS) - sys.stdlib_module_names:
                    if not declared & {_name(owner) for owner in owners.get(top, [top])}:
                        strangers.add(f"{path.relative_to(HOUSE)} imports {top}")
    assert not strangers


# Distributions whose metadata names no licence; looked up in their LICENSE files.
UNSAID = {"pysqlite3": "zlib"}
ALLOWED = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|zlib|MPL|Mozilla|LGPL|Lesser General Public", re.I
)
REFUSED = re.compile(r"(?<!L)\bA?GPL|(?<!Lesser )General Public License|AGPL|SSPL|proprietary$", re.I)


def _licence(of: Distribution) -> str:
    """Read the licence a distribution declares: the expression, else the short field, else the classifiers."""
    data = of.metadata
    classifiers = [c for c in data.get_all("Classifier") or [] if c.startswith("License :: OSI")]
    field = (data.get("License") or "").strip().split("\n")[0]
    return data.get("License-Expression") or "; ".join(classifiers) or field or UNSAID.get(of.name.lower(), "")


def _everything_we_run() -> dict[str, str]:
    """Walk what a full installation without the development tools brings in: name → licence."""
    extras = PROJECT["optional-dependencies"]
    to_see = [*PROJECT["dependencies"], *(each for extra in extras if extra != "dev" for each in extras[extra])]
    seen: dict[str, str] = {}
    while to_see:
        requirement = to_see.pop()
        try:
            found = distribution(_name(requirement))
        except PackageNotFoundError:
            continue
        if found.name not in seen:
            seen[found.name] = _licence(found)
            to_see += [each for each in found.requires or [] if "extra ==" not in each]
    return seen


def test_everything_we_run_is_permissive_or_weakly_copyleft() -> None:
    licences = _everything_we_run()
    assert len(licences) > 20
    refused = {name: said for name, said in licences.items() if not ALLOWED.search(said) or REFUSED.search(said)}
    assert not refused
