"""Approve a kind: its pictures are what was looked at, its lock line is what may go live.

versions.lock holds a line for each form of each version ever approved; a version never means two things.

    kind form version digest
    snack-stall 2015 1 8f0c…
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from certgen.author.check import check
from certgen.author.exhibits import SAMPLE, exhibits
from certgen.author.pictures import COLOURS, arrange, compose_picture, png
from certgen.author.studio import Studio
from certgen.core.errors import TemplateError, Text
from certgen.template import Template, load_template

LOCK = "versions.lock"
_HEAD = "# kind form version digest: written by `certgen template approve`; a version never means two things.\n"


@dataclass(frozen=True, slots=True)
class LockLine:
    """A form of a version that was approved; `digest` is the template's, in hex."""

    kind: str
    form: str
    version: int
    digest: str

    def encode(self) -> str:
        """Write the line."""
        return f"{self.kind} {self.form} {self.version} {self.digest}\n"


@dataclass(frozen=True, slots=True)
class Approved:
    """What came of it: the files written, or the faults for which nothing was."""

    faults: tuple[TemplateError, ...]
    files: tuple[Path, ...]


def load_lock(folder: Path) -> tuple[LockLine, ...]:
    """Read versions.lock, none when there is no file; raises TemplateError for a line it would not have written."""
    file = folder / LOCK
    if not file.exists():
        return ()
    lines = []
    for number, text in enumerate(file.read_text("utf-8").splitlines(), 1):
        if text.startswith("#") or not text:
            continue
        words = text.split(" ")
        good = len(words) == 4 and words[2].isdecimal() and len(words[3]) == 64
        line = LockLine(words[0], words[1], int(words[2]), words[3]) if good else None
        if line is None or line.encode() != text + "\n":
            message = Text("应为：种类 格式 版本 摘要", "wanted: kind form version digest")
            raise TemplateError(LOCK, number, "", message)
        lines.append(line)
    return tuple(lines)


def lines_of(template: Template) -> tuple[LockLine, ...]:
    """Give the lines that lock a template as it is now."""
    return tuple(LockLine(template.kind, form.id, template.version, template.digest) for form in template.forms)


def check_version(template: Template) -> None:
    """Refuse a folder that changed under a version that was approved, or that is older; raises TemplateError."""
    earlier = [line for line in load_lock(template.folder) if line.digest != template.digest]
    newest = max((line.version for line in earlier), default=0)
    if template.version <= newest:
        wanted = newest + 1
        raise TemplateError(
            "template.toml",
            0,
            "version",
            Text(
                f"内容与已批准的第 {newest} 版不同，请把 version 改为 {wanted}",
                f"the folder differs from version {newest}, which was approved: raise version to {wanted}",
            ),
        )


def approve(folder: Path, studio: Studio) -> Approved:
    """Check a kind, then write its pictures and its lock; raises TemplateError when the version must rise.

    1 check; 2 the version; 3 draw every picture; 4 write them, and the lock last: after a crash the lock still
    tells the old state, and the same command again mends all.
    """
    if faults := check(folder, studio):  # 1
        return Approved(tuple(faults), ())
    template = load_template(folder)
    check_version(template)  # 2
    shown = exhibits(template, studio)
    pictures = {one.picture: _picture(one.name, template, one.data, studio) for one in shown}  # 3
    for old in set((folder / "cases").glob("*.png")) - set(pictures):
        old.unlink()  # of a case that is no more
    for file, data in pictures.items():  # 4
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)
    kept = [line for line in load_lock(folder) if line.version != template.version]
    lock = folder / LOCK
    lock.write_text(_HEAD + "".join(line.encode() for line in (*kept, *lines_of(template))), "utf-8", newline="\n")
    return Approved((), (*pictures, lock))


def _picture(name: str, template: Template, data: Mapping[str, object], studio: Studio) -> bytes:
    pixels = compose_picture(arrange(list(studio.specimens(template, studio.read(template, data)))))
    # People look at the sample, in the README and in lists of kinds; the cases are for the tests.
    return png(pixels, colours=COLOURS) if name == SAMPLE else png(pixels, greys=True)
