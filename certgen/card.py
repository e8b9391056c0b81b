"""A registered card → the pages for a card printer, front and back.

The signed document is the card; this is what a machine prints of it, made from its stored bytes alone. So it is the
card that was issued, also years later, photograph and all, and the same bytes every time:

    1 read     the pages, and that they are of ID-1 size (ISO/IEC 7810)
    2 copy     what they draw: plate, texts with their fonts, photograph; neither signature nor record nor marks
    3 blacken  black becomes DeviceGray 0: drivers send pure black to the resin panel, and anything else to the dyes
    4 snap     QR codes, a stencil of one bit a module, to whole dots of the printer
    5 stamp    the seal, which was the appearance of the signature field

Colours stay RGB, which is what card printers take. A page is as many whole dots as come next to the size of a card:
1011 × 638 at 300 dpi, which is 0.04 mm more than 53.98 mm. On a page that ends within a dot, printers that count dots
from the top and those that count from the bottom would put a code on different ones.
"""

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from certgen.core.errors import SettingsError, Text
from certgen.layout import MIN_MODULE
from certgen.pdf import engraved, indirect, xref_lines

WIDTH_MM, HEIGHT_MM = 85.60, 53.98  # ID-1
DPI = 300
_SLACK_MM = 0.05
_INSET = 0.02  # of a dot: some rasterisers round edges outwards, and a hair too much would cost a whole dot
_POINT_MM = 25.4 / 72
_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_BLACK = re.compile(rb"(?<![\d.])0 0 0 (rg|RG)\b")
_CODE = re.compile(rb"q 0 g ([\d.]+) 0 0 \1 ([\d.-]+) ([\d.-]+) cm /(Q\d*) Do Q")


@dataclass(frozen=True, slots=True)
class Grid:
    """The dots of a printer, counted from the top left of a page of `height` points."""

    dpi: int
    height: float

    def snapped(self, x: float, y: float, size: float, modules: int) -> tuple[float, float, float]:
        """Give left, bottom and size in points of a code whose modules are whole dots, in the middle of its place.

        Raises SettingsError when a telephone could not read modules so small.
        """
        dot = 72 / self.dpi
        each = int(size / modules / dot + 1e-6)
        if each * dot * _POINT_MM < MIN_MODULE:
            raise SettingsError(
                Text(
                    f"每英寸 {self.dpi} 点时，二维码模块只有 {each * dot * _POINT_MM:.2f} mm，至少要 {MIN_MODULE} mm",
                    f"at {self.dpi} dpi a module of the code is {each * dot * _POINT_MM:.2f} mm, wanted {MIN_MODULE}",
                )
            )
        side = each * modules * dot
        spare = (size - side) / 2
        left = round((x + spare) / dot) * dot
        top = round((self.height - y - size + spare) / dot) * dot
        inset = dot * _INSET
        return left + inset, self.height - top - side + inset, side - 2 * inset


def render(pdf: bytes, dpi: int = DPI, sides: Sequence[int] | None = None) -> bytes:
    """Make the pages for a printer of `dpi` from a signed card; `sides`, from 0, picks some. Raises SettingsError."""
    import pypdf  # here: it loads slowly, and only cards need it

    reader = pypdf.PdfReader(io.BytesIO(pdf))
    pages = list(reader.pages)
    chosen = [pages[side] for side in (range(len(pages)) if sides is None else sides)]
    for page in chosen:
        _check_size(page)  # 1
    writer = _Writer()
    return writer.file([_side(writer, page, dpi) for page in chosen])


def pages_of(pdf: bytes) -> int:
    """Count the pages of a document."""
    import pypdf

    return len(pypdf.PdfReader(io.BytesIO(pdf)).pages)


def _check_size(page: Any) -> None:
    across, down = (float(side) * _POINT_MM for side in (page.mediabox.width, page.mediabox.height))
    if abs(across - WIDTH_MM) > _SLACK_MM or abs(down - HEIGHT_MM) > _SLACK_MM:
        raise SettingsError(
            Text(
                f"页面为 {across:.1f} × {down:.1f} mm，不是 {WIDTH_MM} × {HEIGHT_MM} mm 的卡片",
                f"the page is {across:.1f} × {down:.1f} mm and no card of {WIDTH_MM} × {HEIGHT_MM} mm",
            )
        )


def _side(writer: "_Writer", page: Any, dpi: int) -> bytes:
    """Write a page; gives the entries of its dictionary."""
    resources = page["/Resources"].get_object()
    width, height = (round(side / 25.4 * dpi) * 72 / dpi for side in (WIDTH_MM, HEIGHT_MM))
    lift = height - float(page.mediabox.height)  # what stands at the top left stays there
    grid = Grid(dpi, float(page.mediabox.height))
    objects = {name[1:].encode(): value.get_object() for name, value in resources["/XObject"].items()}

    def snapped(found: re.Match[bytes]) -> bytes:  # 4
        size, x, y = (float(found[i]) for i in (1, 2, 3))
        left, bottom, side = grid.snapped(x, y, size, int(objects[found[4]]["/Width"]))
        return b"q 0 g %.5f 0 0 %.5f %.5f %.5f cm /%b Do Q" % (side, side, left, bottom, found[4])

    content = _CODE.sub(snapped, _blackened(page.get_contents().get_data()))
    used = {name: value for name, value in resources["/XObject"].items() if b"/%b Do" % name[1:].encode() in content}
    drawn = b"".join(b"%b %d 0 R" % (name.encode(), writer.number(value)) for name, value in used.items())
    content = b"q 1 0 0 1 0 %.5f cm\n%bQ\n" % (lift, content)
    for i, (appearance, box) in enumerate(_seals(page)):  # 5
        drawn += b"/Seal%d %d 0 R" % (i, writer.number(appearance))
        content += b"q 1 0 0 1 %.5f %.5f cm /Seal%d Do Q\n" % (box[0], box[1] + lift, i)
    fonts = b"".join(
        b"%b %d 0 R" % (name.encode(), writer.number(value))
        for name, value in resources["/Font"].items()
        if b"%b " % name.encode() in content
    )
    return b"/MediaBox[0 0 %.5f %.5f]/Resources<</Font<<%b>>/XObject<<%b>>>>/Contents %d 0 R" % (
        width,
        height,
        fonts,
        drawn,
        writer.add(engraved(b"", content)),
    )


def _seals(page: Any) -> Iterator[tuple[Any, list[float]]]:
    for annotation in page.get("/Annots", ()):
        field = annotation.get_object()
        if "/AP" in field:
            yield field["/AP"].raw_get("/N"), [float(side) for side in field["/Rect"]]


def _blackened(content: bytes) -> bytes:  # 3
    return _BLACK.sub(lambda found: b"0 " + (b"g" if found[1] == b"rg" else b"G"), content)


class _Writer:
    """Copies objects of a document into another, each once, in the order in which they are asked for."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = [b"", b""]  # catalog and page tree
        self.known: dict[int, int] = {}

    def add(self, body: bytes) -> int:
        self.bodies.append(body)
        return len(self.bodies)

    def number(self, reference: Any) -> int:  # 2
        """Give the number here of an object that is there under `reference`."""
        if reference.idnum not in self.known:
            self.known[reference.idnum] = self.add(b"")
            self.bodies[self.known[reference.idnum] - 1] = self.body(reference.get_object())
        return self.known[reference.idnum]

    def body(self, value: Any) -> bytes:
        """Write an object of pypdf's, with what it refers to."""
        from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

        if isinstance(value, IndirectObject):
            return b"%d 0 R" % self.number(value)
        if isinstance(value, StreamObject):
            return self.stream(value)
        if isinstance(value, DictionaryObject):
            return b"<<%b>>" % self.entries(value)
        if isinstance(value, ArrayObject):
            return b"[%b]" % b" ".join(map(self.body, list.__iter__(value)))
        out = io.BytesIO()
        value.write_to_stream(out)
        return out.getvalue()

    def entries(self, value: Any, *left_out: str) -> bytes:
        return b"".join(
            b"%b %b" % (name.encode(), self.body(value.raw_get(name))) for name in value if name not in left_out
        )

    def stream(self, value: Any) -> bytes:
        if value.get("/Subtype") == "/Form":
            head = self.entries(value, "/Length", "/Filter", "/DecodeParms")
            return engraved(head, _blackened(value.get_data()))
        data: bytes = value._data
        return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (self.entries(value, "/Length"), len(data), data)

    def file(self, pages: Sequence[bytes]) -> bytes:
        """Write the file of these pages. Printers must not scale it to their paper."""
        kids = [self.add(b"<</Type/Page/Parent 2 0 R%b>>" % page) for page in pages]
        self.bodies[0] = b"<</Type/Catalog/Pages 2 0 R/ViewerPreferences<</PrintScaling/None>>>>"
        self.bodies[1] = b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(kids), b" ".join(b"%d 0 R" % k for k in kids))
        out, offsets = _HEADER, []
        for i, body in enumerate(self.bodies, 1):
            offsets.append(len(out))
            out += indirect(i, body)
        name, size = hashlib.sha256(out).hexdigest()[:32].encode(), len(self.bodies) + 1
        table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, xref_lines(offsets))
        tail = b"trailer\n<</Size %d/Root 1 0 R/ID[<%b><%b>]>>\nstartxref\n%d\n%%%%EOF\n" % (size, name, name, len(out))
        return out + table + tail
