"""Pictures of documents: rendered by PDFium, kept as small PNG files, compared pixel by pixel with some tolerance.

A picture shows a whole record: a row for each paper, in it the pages of each copy. It knows its own resolution
(pHYs), so a later rendering takes the same. The sample's has a palette of colours, for people; the others have four
greys, a quarter of the bytes, and enough to see what stands where.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from certgen.author.studio import Specimen

Pixels = NDArray[np.uint8]  # rows × columns × 3

DPI = 80
COLOURS = 64
GREYS = 4
BLOCK = 12  # pixels; a character of 11 pt at 80 dpi
MEAN_MOST = 6.0  # of 255; what a palette costs is below 4
BLOCK_MOST = 16.0  # of 255; what a palette costs is below 8, another character 50 and more


@dataclass(frozen=True, slots=True)
class Difference:
    """How far a picture is from another, in steps of 255: on average, and in the worst block."""

    mean: float
    block: float
    at: tuple[int, int]  # left and top of the worst block, in pixels

    @property
    def is_small(self) -> bool:
        """Tell whether palettes and rounding explain it."""
        return self.mean <= MEAN_MOST and self.block <= BLOCK_MOST


def render(pdf: bytes, dpi: float = DPI) -> list[Pixels]:
    """Render every page. Not for two threads at once: PDFium is not made for it."""
    import pypdfium2  # here: it loads slowly, and only pictures need it

    with pypdfium2.PdfDocument(pdf) as document:
        document.init_forms()  # the seal is the appearance of a form field
        return [page.render(scale=dpi / 72, rev_byteorder=True).to_numpy()[:, :, :3].copy() for page in document]


def png(pixels: Pixels, dpi: float = DPI, *, colours: int = 0, greys: bool = False) -> bytes:
    """Write a PNG: in full, with a palette of so many colours, or in four greys."""
    from PIL import Image

    sink, depth = io.BytesIO(), {}
    image = Image.fromarray(pixels)
    if greys:
        image = Image.fromarray(_steps(pixels))
        image.putpalette([step * 255 // (GREYS - 1) for step in range(GREYS) for _ in range(3)])
        depth = {"bits": 2}
    elif colours:
        # By coverage: a palette by frequency has no red, and the seal turns brown.
        image = image.quantize(colours, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    image.save(sink, "PNG", optimize=True, dpi=(dpi, dpi), **depth)
    return sink.getvalue()


def in_greys(pixels: Pixels) -> Pixels:
    """Reduce a picture to four greys."""
    return np.repeat(_steps(pixels)[:, :, None] * np.uint8(255 // (GREYS - 1)), 3, axis=2)


def _steps(pixels: Pixels) -> NDArray[np.uint8]:
    grey = pixels @ np.array([0.299, 0.587, 0.114])  # luma, ITU-R BT.601
    steps: NDArray[np.uint8] = np.rint(grey * ((GREYS - 1) / 255)).astype(np.uint8)
    return steps


def load_png(file: Path) -> tuple[Pixels, float]:
    """Read a PNG file: its pixels and its resolution in dpi."""
    from PIL import Image

    with Image.open(file) as image:
        dpi: Any = image.info.get("dpi", (DPI, DPI))
        return np.asarray(image.convert("RGB")), float(round(dpi[0]))


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pages of one specimen stand in the picture of its record, in pixels."""

    left: int
    top: int
    pages: tuple[Pixels, ...]


def arrange(specimens: "Sequence[Specimen]", dpi: float = DPI) -> dict[tuple[str, str], Place]:
    """Render specimens and place them, a row for each paper: (copy, paper) → place."""
    places: dict[tuple[str, str], Place] = {}
    top = 0
    for paper in dict.fromkeys(s.paper for s in specimens):
        left = height = 0
        for specimen in specimens:
            if specimen.paper == paper:
                pages = tuple(render(specimen.pdf, dpi))
                places[specimen.copy.id, paper] = Place(left, top, pages)
                left += sum(page.shape[1] for page in pages)
                height = max(height, *(page.shape[0] for page in pages))
        top += height
    return places


def compose_picture(places: dict[tuple[str, str], Place]) -> Pixels:
    """Put pages in their places, on white."""
    parts = [part for place in places.values() for part in _parts(place)]
    width = max(left + page.shape[1] for left, _, page in parts)
    height = max(top + page.shape[0] for _, top, page in parts)
    sheet = np.full((height, width, 3), 255, np.uint8)
    for left, top, page in parts:
        sheet[top : top + page.shape[0], left : left + page.shape[1]] = page
    return sheet


def compare(picture: Pixels, place: Place) -> Difference:
    """Compare the pages of a specimen with their place in a picture; what the picture lacks counts as black."""
    worst = Difference(0.0, 0.0, (0, 0))
    means = []
    grey = bool((picture == picture[:, :, :1]).all())
    for left, top, full in _parts(place):
        page = in_greys(full) if grey else full
        there = np.zeros_like(page)
        cut = picture[top : top + page.shape[0], left : left + page.shape[1]]
        there[: cut.shape[0], : cut.shape[1]] = cut
        off = np.abs(page.astype(np.int16) - there).mean(axis=2)
        means.append(float(off.mean()))
        rows, columns = (-(-side // BLOCK) for side in off.shape)
        padded = np.zeros((rows * BLOCK, columns * BLOCK))
        padded[: off.shape[0], : off.shape[1]] = off
        blocks = padded.reshape(rows, BLOCK, columns, BLOCK).mean(axis=(1, 3))
        row, column = np.unravel_index(int(blocks.argmax()), blocks.shape)
        if (block := float(blocks.max())) > worst.block:
            worst = Difference(0.0, block, (left + int(column) * BLOCK, top + int(row) * BLOCK))
    return Difference(max(means), worst.block, worst.at)


def _parts(place: Place) -> list[tuple[int, int, Pixels]]:
    left = place.left
    parts = []
    for page in place.pages:
        parts.append((left, place.top, page))
        left += page.shape[1]
    return parts
