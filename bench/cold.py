"""Time the command from process start to file written: `certgen issue` and `certgen verify`, cold.

A cold start is a new process, with everything to import, keys to decrypt and typefaces to map; the workspace is ready
and its register holds the plates. The limit is a process that imports nothing. What costs is listed by -X importtime.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from _timing import row
from _workspace import KIND, NOW, records, workspace

from certgen.settings import SHIPPED
from certgen.sheet import load_sheet
from certgen.template import load_template

_ROOT = Path(__file__).resolve().parent.parent
CARD = "elderly-card"  # with a photograph, while its holder waits at the counter
_COMMAND = "from certgen.cli import main; main()"
# Byte code is written by the first run, as on any machine, also where it is switched off for development.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| ( *)(\S+)")


def run(*arguments: str, options: tuple[str, ...] = (), code: str = _COMMAND, fine: tuple[int, ...] = (0,)) -> str:
    """Run a command in a new process; give what it wrote on standard error."""
    command = [sys.executable, *options, "-c", code, *arguments]
    done = subprocess.run(command, cwd=_ROOT, env=_ENVIRONMENT, capture_output=True, text=True)
    if done.returncode not in fine:
        raise SystemExit(f"{arguments} ended {done.returncode}: {done.stderr}")
    return done.stderr


def cards(folder: Path) -> Iterator[Path]:
    """Write the rows of a card's table as files, each with its photograph beside it; every holder has one card.

    One office issues them all on one day, so that one plate serves them.
    """
    template = load_template(SHIPPED / CARD)
    shutil.copytree(template.folder / "cases" / "photos", folder / "cases" / "photos")
    for line in load_sheet(template.file("samples.csv"), template.names).rows:
        same = {"authority": "421202", "issued_on": NOW.date().isoformat()}
        values = {template.names[key]: value for key, value in line.values.items()} | same
        file = folder / f"card-{line.number}.json"
        file.write_text(json.dumps(values, ensure_ascii=False), "utf-8")
        yield file


def measure(things: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Call everything in turn; give the median seconds of each."""
    times: dict[str, list[float]] = {name: [] for name in things}
    for _ in range(rounds):
        for name, call in things.items():
            began = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - began)
    print("fastest: " + ", ".join(f"{name} {min(values) * 1e3:.0f} ms" for name, values in times.items()))
    return {name: median(values) for name, values in times.items()}


def slowest(said: str, most: int) -> list[str]:
    """List the modules that cost most by themselves, then packages with all they bring in."""
    found = [(int(own), int(all_), name, len(space)) for own, all_, space, name in _IMPORT.findall(said)]
    own = sorted(found, reverse=True)[:most]
    whole = sorted(((all_, name) for _, all_, name, depth in found if depth <= 8), reverse=True)[:most]
    total = sum(mine for mine, *_ in found)
    lines = [f"{len(found)} modules imported, {total / 1e3:.0f} ms (importtime itself slows them)"]
    for (mine, _, name, _), (with_all, package) in zip(own, whole, strict=False):
        lines.append(f"  {mine / 1e3:>7.1f} ms {name:<48} with what they import {with_all / 1e3:>7.1f} ms {package}")
    return lines


def main() -> None:
    """Print one line a figure, then the imports that cost most."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--imports", type=int, default=15, help="how many of the slowest modules to list")
    chosen = parser.parse_args()
    with workspace(one_copy=False) as settings:
        folder = settings.home.parent
        out, record = folder / "out", folder / "record.json"
        record.write_text(json.dumps(next(records(1)), ensure_ascii=False), "utf-8")

        def issue(*options: str) -> str:
            return run("issue", KIND, str(record), "--out", str(out), "--home", str(settings.home), options=options)

        waiting = cards(folder)

        def issue_card(*options: str) -> str:
            command = ("issue", CARD, str(next(waiting)), "--out", str(out), "--home", str(settings.home))
            return run(*command, options=options)

        def verify(*options: str) -> str:
            return run("verify", str(pdf), "--home", str(settings.home), options=options, fine=(0, 1))

        issue()  # engraves the plates
        issue_card()
        pdf = next(out.glob("*-duplicate.pdf"))
        verify()
        things = {"issue": issue, "issue of a card": issue_card, "verify": verify}
        took = measure(things | {"python": lambda: run(code="pass")}, chosen.rounds)
        wanted = {"issue": "must 1.5 s, aim 0.7 s", "issue of a card": "must 1 s", "verify": "", "python": ""}
        for name, seconds in took.items():
            print(row(f"certgen {name}, cold" if name != "python" else "python alone", seconds, wanted=wanted[name]))
        for name, call in (("issue", issue), ("verify", verify)):
            print(f"{name}: " + "\n".join(slowest(call("-X", "importtime"), chosen.imports)))


if __name__ == "__main__":
    main()
