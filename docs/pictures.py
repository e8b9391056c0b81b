"""Draw the pictures of the README: a licence, and its verification in both languages (`make pictures`).

The sample record is issued in a workspace that is thrown away, on a fixed day and with drawn chance, so that a new
picture differs from the old one by what changed in template or press, and by the keys that signed.
"""

import itertools
import sys
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import shake_256
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from certgen import wiring
from certgen.author.pictures import png, render
from certgen.console import read_record
from certgen.core.errors import Lang
from certgen.core.model import Application
from certgen.issue import Issued

HERE = Path(__file__).parent / "pictures"
SAMPLE = Path(__file__).parents[1] / "templates" / "food-business" / "sample.json"
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DPI = 110
COLOURS = 48
LARGEST = 300_000  # bytes; the README opens on slow lines too
COLUMNS = 100
CELL, LINE, MARGIN = 8.4, 20, 18  # pixels
FACES = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', monospace"
MARKS = {"✓": "#3fb950", "✗": "#f85149", "?": "#d29922"}


def issue(home: Path) -> tuple[str, bytes, dict[Lang, list[str]]]:
    """Issue the sample; give the name of its 副本, the file, and what `certgen verify` says of it."""
    chosen = wiring.make_workspace(home, origin="https://licence.example", clock=lambda: NOW)
    ask = wiring.passphrase_source(chosen, lambda name: name.encode())
    draws = itertools.count()

    def chance(size: int) -> bytes:
        return shake_256(b"pictures %d" % next(draws)).digest(size)

    with wiring.open_office(chosen, ask, actor="pictures", clock=lambda: NOW, chance=chance) as office:
        outcome = office.issuer.issue([Application("food-business", read_record(SAMPLE), "pictures")])[0]
        if not isinstance(outcome, Issued):
            raise outcome.error
        document = outcome.documents[-1]
        report = office.verifier.pdf(document.pdf)
    spoken: dict[Lang, list[str]] = {"en": list(report.lines("en")), "zh": list(report.lines("zh"))}
    return f"{document.number}-{document.copy}.pdf", document.pdf, spoken


def cells(text: str) -> int:
    """Count the columns a text takes on a terminal: two for a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def folded(line: str) -> list[str]:
    """Break a line as a terminal does."""
    parts = [""]
    for char in line:
        if cells(parts[-1]) + cells(char) > COLUMNS:
            parts.append("")
        parts[-1] += char
    return parts


def terminal(command: str, lines: Sequence[str]) -> str:
    """Draw a terminal as SVG, in the faces of whoever looks at it."""
    rows = [part for line in (f"$ {command}", *lines) for part in folded(line)]
    width, height = round(COLUMNS * CELL + 2 * MARGIN), LINE * len(rows) + 2 * MARGIN
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="{FACES}" font-size="14">',
        f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>',
    ]
    for i, row in enumerate(rows):
        bare = row.strip()
        colour = MARKS.get(bare[:1], "#e6edf3" if i <= 1 else "#c9d1d9")
        x, y = MARGIN + CELL * (len(row) - len(row.lstrip())), MARGIN + LINE * (i + 0.72)
        if bare:
            place = f'x="{x:.1f}" y="{y:.1f}" xml:space="preserve"'
            out.append(f'<text {place} fill="{colour}">{escape(bare)}</text>')
    return "\n".join([*out, "</svg>\n"])


def main() -> int:
    """Write the three pictures; gives 1 when the licence's is too large."""
    HERE.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        name, pdf, spoken = issue(Path(folder) / "home")
    (page, *_) = render(pdf, DPI)
    picture = png(page, DPI, colours=COLOURS)
    (HERE / "licence.png").write_bytes(picture)
    for lang, file in (("en", "verification.svg"), ("zh", "verification.zh.svg")):
        (HERE / file).write_text(terminal(f"certgen verify {name}", spoken[lang]), "utf-8")
    sys.stdout.write(f"licence.png: {len(picture):,} bytes, wanted at most {LARGEST:,}\n")
    return int(len(picture) > LARGEST)


if __name__ == "__main__":
    sys.exit(main())
