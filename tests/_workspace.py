"""The command line over a workspace, in this process or in another, and what a register holds."""

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from certgen import cli
from certgen.schema import metadata
from tests.house import House, sample_2023

ROOT = Path(__file__).parent.parent
RUN = "from certgen.cli import main; main()"


class Said(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def faults(self) -> list[str]:
        """The lines that name a fault of a record."""
        return [line.removeprefix("  - ") for line in self.err.splitlines() if line.startswith("  - ")]


def live_home(folder: Path) -> Path:
    """Make a workspace for the command line, whose clock is the real one: its seals are in force now."""
    with House(folder, at=datetime.now(UTC)) as house:
        house.engrave()
    return folder


def command(*arguments: object, lang: str = "en") -> Said:
    """Run `certgen` in this process, as a terminal would see it."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["certgen", *map(str, arguments), "--lang", lang]
    code: object = 0
    try:
        with redirect_stdout(out), redirect_stderr(err):
            cli.main()
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.argv = before
    assert isinstance(code, int), code
    return Said(code, out.getvalue(), err.getvalue())


def python(*arguments: object, **more: Any) -> Said:
    """Run Python in another process from the project's root, and wait for it."""
    done = subprocess.run([sys.executable, *map(str, arguments)], cwd=ROOT, capture_output=True, check=False, **more)
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


def write_record(file: Path, record: Mapping[str, object] | None = None, **changes: object) -> Path:
    """Write a record of the form of 2023 with changes; None takes a field away."""
    data = dict(sample_2023() if record is None else record) | changes
    file.write_text(json.dumps({k: v for k, v in data.items() if v is not None}, ensure_ascii=True), "utf-8")
    return file


def book(house: House) -> dict[str, list[tuple[object, ...]]]:
    """Copy every row of every table."""
    with house.register._database.reading() as db:
        return {name: [tuple(row) for row in db.rows(f"SELECT * FROM {name}")] for name in metadata.tables}


def files(folder: Path) -> dict[str, str]:
    """Give the digest of every file below a folder; the register's own are left to `book`."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("register.db")
    }
