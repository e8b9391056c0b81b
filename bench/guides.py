"""Time all 692 guides of a centre, for the screen and for the press, made from the shipped items under other names.

One core. Each guide is an A4 sheet: set, written tagged, then written again as PDF/X-4 with bleed and marks, which the
preflight reads again. There is no peer: no library sets an item as a guide.
"""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle, islice, pairwise
from statistics import median
from time import perf_counter

from _timing import say

from certgen.fonts import Typefaces
from certgen.guide.catalogue import load_catalogue
from certgen.guide.guide import Edition, single
from certgen.guide.look import SHEET
from certgen.print.preflight import Preflight
from certgen.print.press import Conditions, Slug, press_pdf, singles
from certgen.scene import render_pdf
from certgen.settings import SHIPPED

AT = datetime(2026, 11, 25, tzinfo=UTC)
EDITION = Edition("咸宁市政务服务中心", "2026年版", "2026年11月")


def main(count: int = 692) -> None:
    """Print what all of them took, and the median of each step."""
    typefaces = Typefaces(SHIPPED / "_shared" / "fonts")
    srgb, cmyk = (
        (SHIPPED / "_shared" / "icc" / f"{name}.icc").read_bytes() for name in ("sRGB2014", "ISOcoated_v2_300_bas")
    )
    items = [
        replace(item, name=f"{item.name}（{i}）")
        for i, item in enumerate(islice(cycle(load_catalogue(SHIPPED, None)), count))
    ]
    steps: dict[str, list[float]] = {"set": [], "screen": [], "press": [], "preflight": []}
    begun, size = perf_counter(), 0
    for item in items:
        marks = [perf_counter()]
        work = single(item, SHEET, typefaces, EDITION)
        marks.append(perf_counter())
        size += len(render_pdf(work, typefaces, srgb, AT))
        marks.append(perf_counter())
        pdf = press_pdf(work, singles(len(work.sheets)), Conditions(cmyk), Slug(item.id, "2026-11-25"), typefaces, AT)
        marks.append(perf_counter())
        if Preflight().look(pdf):
            raise SystemExit(f"{item.id} fails its preflight")
        marks.append(perf_counter())
        for name, (start, end) in zip(steps, pairwise(marks), strict=True):
            steps[name].append(end - start)
    whole = perf_counter() - begun
    print(f"{count} guides, screen and press, preflighted: {whole:.1f} s   must 300 s on 2 cores, aim 90 s")
    print("median of each: " + ", ".join(f"{name} {say(median(times))}" for name, times in steps.items()))
    print(f"a screen guide has {size / count / 1000:.0f} kB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 692)
