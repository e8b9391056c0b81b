"""Begin a new kind from one that works: the same folder under another name, as version 1, approved by nobody yet."""

import re
import shutil
from collections.abc import Collection
from pathlib import Path

from certgen.author.approval import LOCK
from certgen.core.errors import SettingsError, Text

SLUG = re.compile("[a-z0-9][a-z0-9-]{0,39}")
TITLE = Text("（新证照名称）", "(title of the new kind)")


def begin(kind: str, like: Path, home: Path, taken: Collection[str]) -> Path:
    """Copy the folder `like` to `<home>/templates/<kind>`; gives the new folder.

    `taken` are the names of the kinds there are. Raises SettingsError for a name that is taken or no slug.
    """
    if not SLUG.fullmatch(kind):
        raise SettingsError(
            Text(
                f"种类名“{kind[:60]}”应为小写字母、数字和连字符，不超过 40 个字",
                f"the kind {kind[:60]!r} should be lower-case letters, digits and hyphens, at most 40",
            )
        )
    folder = home / "templates" / kind
    if kind in taken or folder.exists():
        raise SettingsError(Text(f"种类“{kind}”已经存在", f"there is a kind {kind!r} already"))
    declaration = _renamed((like / "template.toml").read_text("utf-8"), kind)
    shutil.copytree(like, folder, ignore=_left_behind)
    (folder / "template.toml").write_text(declaration, "utf-8", newline="\n")
    return folder


def _left_behind(folder: str, names: list[str]) -> set[str]:
    """Leave the lock and the pictures of the records; art may be PNG and is copied."""
    cases = Path(folder).name == "cases"
    pictures = {name for name in names if name == "sample.png" or (cases and name.endswith(".png"))}
    return pictures | ({LOCK} & set(names)) | {name for name in names if name.startswith(".")}


def _renamed(text: str, kind: str) -> str:
    """Write kind, version and title anew; comments and all the rest stay as they are."""
    title = f'{{ zh = "{TITLE.zh}", en = "{TITLE.en}" }}'
    head, bracket, rest = text.partition("\n[")
    for key, value in (("kind", f'"{kind}"'), ("version", "1"), ("title", title)):
        line = re.compile(rf"^{key}\s*=.*$", re.M)
        head = line.sub(f"{key} = {value}", head, count=1)
    return head + bracket + rest
