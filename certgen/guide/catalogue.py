"""Where items lie: those shipped, and over them those of the workspace; and changing a value across all of them."""

from dataclasses import dataclass
from pathlib import Path

from certgen.core.errors import SettingsError, Text
from certgen.guide.item import Item, load_item, load_items
from certgen.guide.lint import Disclosures, load_disclosures

FOLDER = "_guides"


def item_files(shipped: Path, home: Path | None) -> dict[str, Path]:
    """Find the file of every item by its id; a workspace's own lies over the shipped one."""
    folders = [shipped / FOLDER / "items", *([home / "templates" / FOLDER / "items"] if home else [])]
    return {file.stem: file for folder in folders for file in sorted(folder.glob("*.toml"))}


def load_catalogue(shipped: Path, home: Path | None) -> tuple[Item, ...]:
    """Read every item, in the order of departments and names. Raises TemplateError."""
    return load_items(item_files(shipped, home).values())


def find_disclosures(shipped: Path, home: Path | None) -> Disclosures:
    """Read the eight disclosures: the workspace's own, else the shipped ones. Raises TemplateError."""
    own = home / "templates" / FOLDER / "disclosures.toml" if home else None
    return load_disclosures(own if own and own.is_file() else shipped / FOLDER / "disclosures.toml")


@dataclass(frozen=True, slots=True)
class Replaced:
    """An item whose file says something else now, and how often the value stood in it."""

    item: str
    file: Path
    times: int


def replace_value(shipped: Path, home: Path, old: str, new: str) -> list[Replaced]:
    """Change a value (a telephone number, a name) wherever it stands in an item; gives the items it touched.

    Shipped files are left alone: what changes is written to the workspace, which lies over them. All files are read
    with the new value before any is written, so a change that spoils one changes none. Raises SettingsError for a
    value that stands nowhere or is empty, TemplateError for an item that could not be read afterwards.
    """
    if len(old) < 2 or '"' in old + new or "\\" in old + new or "\n" in old + new:
        raise SettingsError(Text("要替换的内容太短或含引号", "the value is too short, or holds quotation marks"))
    folder = home / "templates" / FOLDER / "items"
    changed: list[tuple[Path, str, int]] = []
    for file in item_files(shipped, home).values():
        text = file.read_text("utf-8")
        if old in text:
            changed.append((folder / file.name, text.replace(old, new), text.count(old)))
    if not changed:
        raise SettingsError(Text(f"没有事项含有“{old}”", f"no item holds {old!r}"))
    folder.mkdir(parents=True, exist_ok=True)
    trial = folder / ".trial.toml.part"
    try:
        for _, text, _ in changed:
            trial.write_text(text, "utf-8")
            load_item(trial)
    finally:
        trial.unlink(missing_ok=True)
    for target, text, _ in changed:
        target.write_text(text, "utf-8")
    return [Replaced(target.stem, target, times) for target, _, times in changed]
