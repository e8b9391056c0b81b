"""Proofs: what is read from a page is what was drawn on it, where it was to be drawn."""

import subprocess
import sys

import pytest

from certgen import qr
from certgen.core.errors import FormatError
from certgen.core.qrtext import QrText
from certgen.proof import read_qr

FIRST = QrText("https://licence.example.cn/7K3MQ2ZD9XWA", "1" + "0123456789" * 48)
SECOND = QrText("https://licence.example.cn/0123456789AB", "1" + "9876543210" * 30)
MM = 72 / 25.4


def _pdf(*codes: tuple[QrText, float, float, float], boxes: str = "") -> bytes:
    """Draw codes (text, x, y, width; mm from the top left) on an A4 page, as image masks."""
    content, objects = [], [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"", b""]
    for text, x, y, width in codes:
        (modules,) = qr.encode([text])
        side, data = len(modules), qr.packed(modules)
        head = f"<</Type/XObject/Subtype/Image/Width {side}/Height {side}/ImageMask true/BitsPerComponent 1"
        objects.append(f"{head}/Decode[1 0]/Length {len(data)}>>stream\n".encode() + data + b"\nendstream")
        place = f"{width * MM:.4f} 0 0 {width * MM:.4f} {x * MM:.4f} {841.89 - (y + width) * MM:.4f} cm"
        content.append(f"q {place} /Q{len(objects)} Do Q")
    named = "".join(f"/Q{number} {number} 0 R" for number in range(5, len(objects) + 1))
    page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595.28 841.89]{boxes}/Contents 4 0 R"
    objects[2] = f"{page}/Resources<</XObject<<{named}>>>>>>".encode()
    objects[3] = f"<</Length {len(chr(10).join(content))}>>stream\n{chr(10).join(content)}\nendstream".encode()
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    table = b"xref\n0 %d\n0000000000 65535 f \n%btrailer<</Size %d/Root 1 0 R>>\n" % (
        len(objects) + 1,
        rows,
        len(objects) + 1,
    )
    return out + table + b"startxref\n%d\n%%%%EOF\n" % len(out)


ONE = _pdf((FIRST, 150, 240, 28))
TWO = _pdf((FIRST, 150, 240, 28), (SECOND, 20, 20, 25))


def test_the_code_in_the_box_is_read() -> None:
    assert read_qr(ONE, (150, 240, 28, 28)) == FIRST.text


def test_each_of_two_codes_is_read_by_its_box() -> None:
    assert read_qr(TWO, (150, 240, 28, 28)) == FIRST.text
    assert read_qr(TWO, (20, 20, 25, 25)) == SECOND.text


def test_the_whole_page_is_searched_without_a_box() -> None:
    assert read_qr(ONE, None) == FIRST.text


def test_an_original_printed_at_home_on_smaller_paper_is_read() -> None:
    assert read_qr(ONE, (150, 240, 28, 28), dpi=213) == FIRST.text  # 71 % of 300


def test_a_code_in_the_corner_of_the_page_is_read() -> None:
    assert read_qr(_pdf((FIRST, 2, 2, 28)), (2, 2, 28, 28)) == FIRST.text


@pytest.mark.parametrize("boxes", ["/TrimBox[28.35 28.35 566.93 813.54]", "/CropBox[28.35 28.35 566.93 813.54]"])
def test_a_box_counts_from_the_trimmed_page(boxes: str) -> None:
    pdf = _pdf((FIRST, 150, 240, 28), (SECOND, 100, 20, 25), boxes=boxes)
    assert read_qr(pdf, (140, 230, 28, 28)) == FIRST.text
    assert read_qr(pdf, (90, 10, 25, 25)) == SECOND.text


@pytest.mark.parametrize(
    ("what", "pdf", "box", "page"),
    [
        ("two codes on the page", TWO, None, 0),
        ("no code in the box", ONE, (20, 20, 28, 28), 0),
        ("half a code in the box", ONE, (165, 240, 28, 28), 0),
        ("an empty page", _pdf(), None, 0),
        ("a box beside the page", ONE, (400, 20, 28, 28), 0),
        ("a box before the page", ONE, (-100, 20, 28, 28), 0),
        ("a page too many", ONE, None, 1),
        ("a page before the first", ONE, None, -1),
        ("no PDF", b"certificate", None, 0),
        ("no bytes", b"", None, 0),
        ("a PDF cut short", ONE[:200], None, 0),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused(
    what: str, pdf: bytes, box: tuple[float, float, float, float] | None, page: int
) -> None:
    with pytest.raises(FormatError):
        read_qr(pdf, box, page)


def test_a_page_of_many_metres_is_refused() -> None:
    with pytest.raises(FormatError):
        read_qr(ONE.replace(b"595.28 841.89", b"14400 14400"), None, dpi=600)


def test_importing_the_module_loads_neither_renderer_nor_decoder() -> None:
    code = "import sys, certgen.proof; sys.exit(bool({'pypdfium2', 'zxingcpp', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
