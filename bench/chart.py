"""Time drawing a flowchart of 30 steps with lanes, beside Graphviz's dot (which has no lanes) where it is installed.

Ten charts made by chance, each of 28 to 32 steps; laying out, routing and writing the PDF, as a guide does it. dot lays
the same graph out with orthogonal lines and writes a PDF; starting its process is part of what a caller would wait for.
"""

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from statistics import median

from _timing import noise, race, row

from certgen.core.errors import Text
from certgen.fonts import Typefaces
from certgen.guide.chart import Chart, draw
from certgen.scene import Part, Publication, Sheet, render_pdf
from certgen.settings import SHIPPED

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.guide.test_chart import random_chart

A4 = (510.0, 700.0)
AT = datetime(2026, 11, 25, tzinfo=UTC)


def as_dot(chart: Chart) -> bytes:
    """Say the same graph to dot."""
    lines = ["digraph g {splines=ortho; node[shape=box, fontname=sans];"]
    lines += [f'"{step.id}" [label="{step.title}"];' for step in chart.steps]
    lines += [f'"{s.id}" -> "{way.to}" [xlabel="{way.label}"];' for s in chart.steps for way in s.exits]
    return "\n".join([*lines, "}"]).encode()


def main(rounds: int = 20) -> None:
    """Print one line a figure."""
    typefaces, icc = Typefaces(SHIPPED / "_shared" / "fonts"), (SHIPPED / "_shared/icc/sRGB2014.icc").read_bytes()
    charts = [c for c in (random_chart(seed, 60) for seed in range(200)) if 28 <= len(c.steps) <= 32][:10]
    turn, again = cycle(charts), cycle(charts)

    def ours() -> bytes:
        sheets = tuple([Sheet(d.width, d.height, (Part(d.marks),)) for d in draw(next(turn), typefaces, *A4)])
        return render_pdf(Publication(Text("图", "chart"), sheets, ()), typefaces, icc, AT)

    contestants = {"ours": ours, "layout": lambda: draw(next(again), typefaces, *A4)}
    dot = shutil.which("dot")
    if dot:
        said = [as_dot(chart) for chart in charts]
        queue = cycle(said)
        contestants["peer"] = lambda: subprocess.run([dot, "-Tpdf"], input=next(queue), capture_output=True, check=True)
    times = race(contestants, rounds)
    took = {name: median(values) for name, values in times.items()}
    peer = took.get("peer", float("nan"))
    print(row("a flowchart of 30 steps, PDF", took["ours"], peer, took["layout"], "must 200 ms, aim 60 ms"))
    print(row("… laid out and routed alone", took["layout"], peer, took["layout"], ""))
    if not dot:
        print("no peer: dot is not installed (apt-get install graphviz)")
    print(noise(times))


if __name__ == "__main__":
    main()
