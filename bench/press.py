"""Time a 32-page booklet, imposed with bleed, creep and all marks, beside pikepdf placing the same pages on sheets.

Ours begins with the pages as values and ends with a PDF/X-4. pikepdf begins with our single pages, already made, and
only puts each as a Form XObject onto a sheet, without a mark: what any imposition of a finished PDF must do at least.
The limit is packing the same bytes.
"""

import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pikepdf
from _timing import noise, race, row

from certgen.core.errors import Text
from certgen.fonts import Typefaces
from certgen.pdf import deflated
from certgen.print.fold import SCHEMES
from certgen.print.impose import booklet
from certgen.print.marks import MM
from certgen.print.press import Conditions, Slug, press_pdf, singles
from certgen.scene import BLACK, WHITE, Ink, Part, Publication, Sheet, Words
from certgen.scene import Path as Figure
from certgen.scene.shapes import rectangle
from certgen.settings import SHIPPED
from certgen.typeset import break_lines, measure_line

AT = datetime(2026, 11, 25, tzinfo=UTC)
WIDE, TALL = 148 * MM, 210 * MM
BODY = "申请人应当向所在地市场监督管理部门提交申请书等材料，自受理之日起10个工作日办结；不收费。咨询电话0715-8126345。"


def pages(typefaces: Typefaces, count: int = 32) -> Publication:
    """Set pages of a guide: a coloured band, a heading and thirty justified lines."""
    advances, measure = typefaces.advances("song"), WIDE - 80
    lines = break_lines(BODY * 16, advances, int(measure * 1000 / 10.5))

    def page(number: int) -> Sheet:
        band = Figure(rectangle(-9, -9, WIDE + 18, 49), fill=Ink((0.1, 0.3, 0.3), (0.75, 0.3, 0.5, 0.5)))
        head = Words(40, 25, measure_line(f"第{number}页", typefaces.advances("hei-bold")), "hei-bold", 14, WHITE)
        body = [
            Words(40, 60 + 16 * i, line, "song", 10.5, BLACK, max(0, measure - line.width * 0.0105) / len(line.text))
            for i, line in enumerate(lines[:30])
        ]
        return Sheet(WIDE, TALL, (Part((band, head, *body)),), str(number))

    return Publication(Text("办事指南", "guides"), tuple(page(n) for n in range(1, count + 1)), ())


def peer(single: bytes) -> bytes:
    """Place finished pages two up with pikepdf, in the order of a saddle-stitched booklet."""
    sink, out = io.BytesIO(), pikepdf.new()
    with pikepdf.open(io.BytesIO(single)) as source:
        count = len(source.pages)
        for sheet in range(count // 4):
            for left, right in ((count - 1 - 2 * sheet, 2 * sheet), (2 * sheet + 1, count - 2 - 2 * sheet)):
                page = out.add_blank_page(page_size=(2 * WIDE + 80, TALL + 80))
                page.add_overlay(source.pages[left], pikepdf.Rectangle(40, 40, 40 + WIDE, 40 + TALL))
                page.add_overlay(source.pages[right], pikepdf.Rectangle(40 + WIDE, 40, 40 + 2 * WIDE, 40 + TALL))
        out.save(sink)
    return sink.getvalue()


def main(rounds: int = 15) -> None:
    """Print one line a figure."""
    typefaces = Typefaces(SHIPPED / "_shared" / "fonts")
    conditions = Conditions((SHIPPED / "_shared/icc/ISOcoated_v2_300_bas.icc").read_bytes())
    slug, work = Slug("bench", "2026-11-25"), pages(typefaces)
    plan, large = booklet(32, SCHEMES["F4"], caliper=0.1 * MM), booklet(32, SCHEMES["F16"], caliper=0.1 * MM)
    single = press_pdf(work, singles(32), conditions, slug, typefaces, AT)
    times = race(
        {
            "saddle": lambda: press_pdf(work, plan, conditions, slug, typefaces, AT),
            "signature": lambda: press_pdf(work, large, conditions, slug, typefaces, AT),
            "single": lambda: press_pdf(work, singles(32), conditions, slug, typefaces, AT),
            "peer": lambda: peer(single),
            "limit": lambda: deflated(b"", single),
        },
        rounds,
    )
    took = {name: median(values) for name, values in times.items()}
    for name, title in (
        ("saddle", "32 pages, saddle stitch, marks"),
        ("signature", "… two 16-page signatures"),
        ("single", "… single pages with bleed"),
    ):
        wanted = "must 150 ms, aim 40 ms" if name == "saddle" else ""
        print(row(title, took[name], took["peer"], took["limit"], wanted))
    print(noise(times))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    main()
