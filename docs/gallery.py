"""Draw the gallery: a picture of every copy of every kind's sample, guides and press sheets, and one contact sheet.

`make gallery` draws all of it anew into docs/gallery. Samples are set by the studio: unsigned, with 样本 across them.
"""

import io
import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from certgen import wiring
from certgen.author.pictures import Pixels, render
from certgen.core.errors import Text
from certgen.fonts import VENDORED
from certgen.guide.catalogue import load_catalogue
from certgen.guide.chart import draw
from certgen.guide.flow import moved
from certgen.guide.guide import Edition, booklet
from certgen.guide.look import BOOKLET
from certgen.print.fold import SCHEMES
from certgen.print.impose import booklet as imposed
from certgen.print.marks import MM
from certgen.print.press import Conditions, Slug, press_pdf
from certgen.scene import Part, Publication, Sheet, render_pdf
from certgen.settings import SHIPPED
from certgen.template import load_template

HERE = Path(__file__).parent / "gallery"
NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
WIDE = 900  # pixels of a picture
COLOURS = 64
LARGEST = 150_000  # bytes of a picture
COLUMNS, THUMB, GAP, LABEL = 4, 340, 36, 54  # of the contact sheet; lengths in pixels
PAPER, INK = (236, 238, 235), (29, 36, 34)

Shown = tuple[str, str, Pixels]  # file name, title, picture


def samples() -> Iterator[Shown]:
    """Render the sample of every kind: each page of each copy, on plain paper."""
    studio = wiring.open_studio(clock=lambda: NOW)
    for kind, folder in wiring.template_folders().items():
        template = load_template(folder)
        record = template.with_photos(json.loads(template.file("sample.json").read_text("utf-8")), folder)
        reading = studio.read(template, record)
        for specimen in studio.specimens(template, reading, ("plain",)):
            pages = render(specimen.pdf, _dpi(specimen.face.layout.main.width))
            several = len(template.copies) > 1
            for number, page in enumerate(pages, 1):
                name = f"{kind}-{specimen.copy.id}" + (f"-{number}" if len(pages) > 1 else "")
                title = template.title.zh + (f"（{specimen.copy.title.zh}）" if several else "")
                yield name, title + (f" {number}/{len(pages)}" if len(pages) > 1 else ""), page


def guides() -> Iterator[Shown]:
    """Render a spread of the booklet, a flowchart, and a sheet as the press gets it."""
    typefaces, items = wiring.house_typefaces(), load_catalogue(SHIPPED, None)
    srgb, cmyk = ((SHIPPED / "_shared" / "icc" / f"{n}.icc").read_bytes() for n in ("sRGB2014", "ISOcoated_v2_300_bas"))
    work = booklet(items, BOOKLET, typefaces, Edition("咸宁市政务服务中心", "2026年第1版", "2026年11月"))
    pages = render(render_pdf(work, typefaces, srgb, NOW), 96)
    yield "guide-cover", "办事指南：封面", pages[0]
    spread = next(i for i in range(5, len(pages), 2) if work.sheets[i].label and i % 2 == 1)
    yield "guide-spread", "办事指南：对开页", np.concatenate(pages[spread : spread + 2], axis=1)
    item = next(one for one in items if len(one.chart.lanes) > 3)
    (drawn,) = draw(item.chart, typefaces, 520, 700)
    sheet = Sheet(drawn.width + 24, drawn.height + 24, (Part(tuple(moved(mark, 12, 12) for mark in drawn.marks)),))
    chart = Publication(Text(item.name, item.id), (sheet,), ())
    yield "flowchart", f"流程图：{item.name}", render(render_pdf(chart, typefaces, srgb, NOW), 120)[0]
    plan = imposed(len(work.sheets), SCHEMES["F16"], caliper=0.1 * MM)
    press = press_pdf(
        work, plan, Conditions(cmyk), Slug("办事指南 2026年第1版", f"{date(2026, 11, 25)}"), typefaces, NOW
    )
    yield "press-sheet", "印刷大版：16页折手，带出血和标记", render(press, 56)[3]


def _dpi(width: float) -> float:
    return WIDE / (width / 72)


def small_png(pixels: Pixels) -> bytes:
    """Write a picture with as many colours as its size permits."""
    image = Image.fromarray(pixels)
    if image.width > WIDE:
        image = image.resize((WIDE, round(image.height * WIDE / image.width)), Image.Resampling.LANCZOS)
    for colours in (COLOURS, 32, 16, 8):
        sink = io.BytesIO()
        reduced = image.quantize(colours, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
        reduced.save(sink, "PNG", optimize=True)
        if sink.tell() <= LARGEST:
            break
    return sink.getvalue()


def contact_sheet(shown: list[Shown]) -> bytes:
    """Put a thumbnail of everything on one sheet, with its title."""
    font = ImageFont.truetype(SHIPPED / "_shared" / "fonts" / VENDORED["hei"], 21)
    rows = [shown[i : i + COLUMNS] for i in range(0, len(shown), COLUMNS)]
    tall = [max(_thumb(pixels).height for _, _, pixels in row) for row in rows]
    sheet = Image.new("RGB", (GAP + COLUMNS * (THUMB + GAP), GAP + sum(t + LABEL + GAP for t in tall)), PAPER)
    pen, y = ImageDraw.Draw(sheet), GAP
    for row, height in zip(rows, tall, strict=True):
        for column, (_, title, pixels) in enumerate(row):
            x, thumb = GAP + column * (THUMB + GAP), _thumb(pixels)
            left, top = x + (THUMB - thumb.width) // 2, y + height - thumb.height
            pen.rectangle((left + 3, top + 4, left + thumb.width + 3, top + thumb.height + 4), fill=(208, 212, 208))
            sheet.paste(thumb, (left, top))
            words = title if pen.textlength(title, font) <= THUMB else title[:15] + "…"
            pen.text((x + (THUMB - pen.textlength(words, font)) / 2, y + height + 14), words, fill=INK, font=font)
        y += height + LABEL + GAP
    sink = io.BytesIO()
    sheet.quantize(96, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(sink, "PNG", optimize=True)
    return sink.getvalue()


def _thumb(pixels: Pixels) -> Image.Image:
    image = Image.fromarray(pixels)
    scale = min(THUMB / image.width, THUMB * 1.1 / image.height)
    return image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)


def main() -> None:
    """Draw everything anew; a picture of a kind that is gone goes too."""
    HERE.mkdir(exist_ok=True)
    shown = [*samples(), *guides()]
    for old in HERE.glob("*.png"):
        old.unlink()
    for name, _, pixels in shown:
        (HERE / f"{name}.png").write_bytes(small_png(pixels))
    (HERE / "contact-sheet.png").write_bytes(contact_sheet(shown))
    sys.stdout.write(f"{len(shown)} pictures in docs/gallery\n")


if __name__ == "__main__":
    main()
