"""The proof of a page: what a camera would read from it, independent of how we drew it."""

from typing import Any

from certgen.core.errors import FormatError, Text

Box = tuple[float, float, float, float]

_POINTS = 72 / 25.4  # a millimetre
_QUIET = 4 / 37  # quiet zone beside a symbol of version 5, which has the largest modules for its width
_PIXELS_MAX = 100_000_000  # five A3 pages at 300 dpi; a hostile page of 5 m would take gigabytes


def read_qr(pdf: bytes, box_mm: Box | None, page: int = 0, dpi: int = 300) -> str:
    """Rasterise a part of a page and read the one QR code in it.

    `box_mm` is (x, y, width, height) of the symbol without its quiet zone, in mm from the top left of the trimmed
    page as in a layout; None means the whole page. Pages count from 0. Raises FormatError when the PDF cannot be
    opened or has no such place, and when nothing, or more than one code, is read. Not for two threads at once:
    PDFium is not made for it.
    """
    import pypdfium2  # here: nothing but proofs needs these two, and they load slowly
    import zxingcpp

    try:
        with pypdfium2.PdfDocument(pdf) as document:
            if not 0 <= page < len(document):
                raise FormatError(Text(f"没有第{page + 1}页", f"page {page} of {len(document)} does not exist"))
            bitmap = _render(document[page], box_mm, dpi / 72)
            found = zxingcpp.read_barcodes(
                bitmap.to_numpy(),  # a view of the bitmap, which must live as long
                formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
                text_mode=zxingcpp.TextMode.Plain,
                try_invert=False,
            )
    except pypdfium2.PdfiumError as error:
        raise FormatError(Text("PDF无法打开", "the PDF cannot be opened")) from error
    if len(found) != 1:
        raise FormatError(Text(f"应有一个二维码，读到{len(found)}个", f"read {len(found)} QR codes, wanted one"))
    return str(found[0].text)


def _render(sheet: Any, box_mm: Box | None, scale: float) -> Any:
    """Render the box and its quiet zone in grey, `scale` pixels a point."""
    width, height = sheet.get_size()
    crop = (0.0, 0.0, 0.0, 0.0) if box_mm is None else _crop(sheet, box_mm)
    across, down = width - crop[0] - crop[2], height - crop[1] - crop[3]
    if across <= 0 or down <= 0 or across * down * scale * scale > _PIXELS_MAX:
        raise FormatError(Text("二维码不在页面内，或页面过大", "the box is outside the page, or the page too large"))
    return sheet.render(scale=scale, crop=crop, grayscale=True)


def _crop(sheet: Any, box_mm: Box) -> Box:
    """Give what PDFium is to leave out at the left, bottom, right and top, in points."""
    x, y, width, height = (length * _POINTS for length in box_mm)
    quiet = max(width, height) * _QUIET
    left, bottom, right, top = sheet.get_cropbox()
    trim_left, _, _, trim_top = sheet.get_trimbox()
    x, y = x + trim_left - left, y + top - trim_top
    edges = (x - quiet, (top - bottom) - (y + height + quiet), (right - left) - (x + width + quiet), y - quiet)
    first, second, third, fourth = (max(edge, 0.0) for edge in edges)
    return first, second, third, fourth
