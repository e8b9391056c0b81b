"""Press files: plates as a press would make them, boxes, marks, and a preflight that finds what was put wrong."""

import hashlib
import io
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path as File
from typing import Any

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image

from certgen import qr
from certgen.core.errors import TemplateError, Text
from certgen.fonts import Typefaces
from certgen.print.fold import SCHEMES
from certgen.print.impose import booklet, cut_and_stack
from certgen.print.marks import MARGIN_MM, MM
from certgen.print.preflight import Preflight
from certgen.print.press import Conditions, Slug, press_pdf, singles
from certgen.scene import BLACK, WHITE, Ink, Mark, Modules, Part, Path, Picture, Publication, Sheet, Words
from certgen.scene.shapes import rectangle
from certgen.settings import SHIPPED
from certgen.typeset import measure_line

AT = datetime(2026, 11, 25, tzinfo=UTC)
SLUG = Slug("A5手册 260000册", "2026-11-25")
PROFILE = (SHIPPED / "_shared" / "icc" / "ISOcoated_v2_300_bas.icc").read_bytes()
CONDITIONS = Conditions(PROFILE)
WIDE, TALL = 148 * MM, 210 * MM
TEAL = Ink((0.1, 0.3, 0.3), (0.75, 0.3, 0.5, 0.5))


@pytest.fixture(scope="module")
def typefaces() -> Typefaces:
    return Typefaces(SHIPPED / "_shared" / "fonts")


def say(typefaces: Typefaces, text: str, x: float, y: float, size: float = 10.5, ink: Ink = BLACK) -> Words:
    return Words(x, y, measure_line(text, typefaces.advances("song")), "song", size, ink)


@pytest.fixture(scope="module")
def work(typefaces: Typefaces) -> Publication:
    modules = qr.encode_plain("https://licence.example/7K3M9QX2TB4V")
    code = Modules(60, 300, 28 * MM, len(modules), qr.packed(modules))

    def page(number: int) -> Sheet:
        band = Path(rectangle(-9, -9, WIDE + 18, 49), fill=TEAL)
        words = (say(typefaces, f"第{number}页", 40, 25, 14, WHITE), say(typefaces, f"这是正文第{number}页。", 40, 90))
        return Sheet(WIDE, TALL, (Part((band, *words, code)),), str(number))

    return Publication(Text("办事指南", "guides"), tuple(page(n) for n in range(1, 17)), ())


def make(work: Publication, typefaces: Typefaces, **change: Any) -> bytes:
    return press_pdf(work, singles(len(work.sheets)), replace(CONDITIONS, **change), SLUG, typefaces, AT)


@pytest.fixture(scope="module")
def pdf(work: Publication, typefaces: Typefaces) -> bytes:
    return make(work, typefaces)


def plates(pdf: bytes, folder: File, gs: str, page: int = 1) -> dict[str, np.ndarray]:
    """Separate a page with Ghostscript: plate → ink, 0 to 1."""
    (folder / "in.pdf").write_bytes(pdf)
    command = [gs, "-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=tiffsep", "-r144", "-dOverprint=/enable"]
    command += [f"-dFirstPage={page}", f"-dLastPage={page}", f"-sOutputFile={folder}/p.tif", str(folder / "in.pdf")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    names = ("Cyan", "Magenta", "Yellow", "Black")
    return {name: 1 - np.asarray(Image.open(folder / f"p({name}).tif").convert("L")) / 255 for name in names}


def patch(plate: np.ndarray, x: float, y: float, wide: float, tall: float) -> np.ndarray:
    """Cut a rectangle out of a plate; millimetres from the top left of the trim."""
    scale = 144 / 25.4
    left, top = (x + MARGIN_MM) * scale, (y + MARGIN_MM) * scale
    return plate[int(top) : int(top + tall * scale), int(left) : int(left + wide * scale)]


def test_text_is_on_the_black_plate_alone_and_marks_are_on_all(
    pdf: bytes, tool: Callable[[str], str], tmp_path: File
) -> None:
    made = plates(pdf, tmp_path, tool("gs"))
    words = {name: patch(plate, 14, 28, 40, 5).max() for name, plate in made.items()}
    assert words["Black"] > 0.9
    assert max(words[name] for name in ("Cyan", "Magenta", "Yellow")) < 0.02
    code = {name: patch(plate, 21, 105, 28, 28).max() for name, plate in made.items()}
    assert (code["Black"] > 0.9, max(code[n] for n in ("Cyan", "Magenta", "Yellow")) < 0.02) == (True, True)
    for name, plate in made.items():
        crop = patch(plate, -9.5, -0.4, 4, 0.8)
        target = patch(plate, 148 / 2 - 2, -11.8, 4, 4)
        assert (crop.max() > 0.5, target.max() > 0.5) == (True, True), name
    assert patch(made["Cyan"], 50, 3, 40, 4).mean() == pytest.approx(0.75, abs=0.02)


def test_small_black_type_overprints_and_white_type_knocks_out(
    typefaces: Typefaces, tool: Callable[[str], str], tmp_path: File
) -> None:
    ground = Path(rectangle(0, 0, WIDE, TALL), fill=Ink((0.9, 0.9, 0.6), (0.0, 0.0, 0.4, 0.0)))
    marks: tuple[Mark, ...] = (ground, say(typefaces, "黑", 40, 60, 12), say(typefaces, "白", 120, 60, 12, WHITE))
    made = plates(
        make(Publication(Text("t", "t"), (Sheet(WIDE, TALL, (Part(marks),)),), ()), typefaces), tmp_path, tool("gs")
    )
    x, y = 40 / MM, 60 / MM - 4
    assert patch(made["Yellow"], x, y, 4, 4).min() > 0.35, "yellow goes on under the black"
    assert patch(made["Yellow"], 120 / MM, y, 4, 4).min() < 0.05, "no yellow under the white"


def test_every_page_has_its_boxes(pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert len(opened.pages) == 16
        for page in opened.pages:
            media, bleed, trim = ([float(v) for v in page.obj[k]] for k in ("/MediaBox", "/BleedBox", "/TrimBox"))
            assert (trim[2] - trim[0], trim[3] - trim[1]) == pytest.approx((WIDE, TALL), abs=0.01)
            assert [t - b for t, b in zip(trim, bleed, strict=True)] == pytest.approx(
                [3 * MM, 3 * MM, -3 * MM, -3 * MM], abs=0.01
            )
            assert media[0] < bleed[0] < trim[0]


def test_it_says_that_it_is_pdf_x_4(pdf: bytes) -> None:
    assert pdf.startswith(b"%PDF-1.6\n")
    assert b'pdfxid:GTS_PDFXVersion="PDF/X-4"' in pdf
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        (intent,) = opened.Root.OutputIntents
        assert (str(intent.S), str(intent.OutputConditionIdentifier)) == ("/GTS_PDFX", "FOGRA39")
        assert hashlib.sha256(intent.DestOutputProfile.read_bytes()).digest() == hashlib.sha256(PROFILE).digest()
        assert str(opened.docinfo.Trapped) == "/False"
        assert "/ID" in opened.trailer


def test_the_slug_names_job_page_plates_and_digest(pdf: bytes) -> None:
    with pypdfium2.PdfDocument(pdf) as opened:
        said = opened[2].get_textpage().get_text_range()
    assert "A5手册 260000册 3 C M Y K 2026-11-25 SHA-256" in " ".join(said.split())


def test_the_same_inputs_give_the_same_file(pdf: bytes, work: Publication, typefaces: Typefaces) -> None:
    assert make(work, typefaces) == pdf


def test_an_imposed_sheet_shows_its_pages_where_the_plan_puts_them(work: Publication, typefaces: Typefaces) -> None:
    plan = booklet(16, SCHEMES["F16"], caliper=0.1 * MM)
    imposed = press_pdf(work, plan, CONDITIONS, SLUG, typefaces, AT)
    with pypdfium2.PdfDocument(imposed) as opened:
        assert len(opened) == 2
        front = opened[0].render(scale=1, rev_byteorder=True).to_numpy()[:, :, :3]
        said = [opened[i].get_textpage().get_text_range() for i in range(2)]
    for number in range(1, 17):
        there = f"正文第{number}页" in said[0]
        assert there == (number in {2, 3, 6, 7, 10, 11, 14, 15})
        assert (f"正文第{number}页" in said[1]) == (not there)
    # The bands of the heads meet in the middle of the sheet, and are not clipped at the spines.
    middle = front[front.shape[0] // 2 - 60 : front.shape[0] // 2 + 60, 60:-60]
    assert (middle < 140).all(axis=2).mean() > 0.3


def test_no_bleed_reaches_over_a_spine(typefaces: Typefaces) -> None:
    red, blue = Ink((0.8, 0.1, 0.1), (0, 1, 1, 0)), Ink((0.1, 0.1, 0.8), (1, 1, 0, 0))
    pages = tuple(
        Sheet(WIDE, TALL, (Part((Path(rectangle(-9, -9, WIDE + 18, TALL + 18), fill=ink),)),))
        for ink in (red, red, blue, red)
    )
    work = Publication(Text("t", "t"), pages, ())
    imposed = press_pdf(work, booklet(4, SCHEMES["F4"]), CONDITIONS, SLUG, typefaces, AT)
    with pypdfium2.PdfDocument(imposed) as opened:
        inside = opened[0].render(scale=2, rev_byteorder=True).to_numpy()[:, :, :3]  # pages 2 and 3
    spine = round(2 * (MARGIN_MM * MM + WIDE))
    row = inside[inside.shape[0] // 2]
    assert (row[spine - 4][0] > row[spine - 4][2], row[spine + 4][2] > row[spine + 4][0]) == (True, True)


def test_creep_moves_the_contents_towards_the_spine(
    work: Publication, typefaces: Typefaces, tool: Callable[[str], str]
) -> None:
    def left_of_words(caliper: float) -> float:
        imposed = press_pdf(work, booklet(16, SCHEMES["F4"], caliper=caliper), CONDITIONS, SLUG, typefaces, AT)
        command = [tool("pdftotext"), "-f", "7", "-l", "7", "-bbox", "-", "-"]  # the innermost sheet: pages 8 and 9
        said = subprocess.run(command, input=imposed, capture_output=True, check=True).stdout.decode()
        found = re.search(r'xMin="([\d.]+)"[^>]*>这是正文第9页', said)
        assert found is not None
        return float(found[1])

    assert left_of_words(0.0) - left_of_words(0.5) == pytest.approx(1.5, abs=0.05)


def test_outlines_carry_no_font_and_look_the_same(pdf: bytes, work: Publication, typefaces: Typefaces) -> None:
    drawn = make(work, typefaces, outlines=True)
    assert b"/FontFile2" not in drawn
    pictures = []
    for file in (pdf, drawn):
        with pypdfium2.PdfDocument(file) as opened:
            pictures.append(opened[0].render(scale=2, rev_byteorder=True).to_numpy()[:, :, 0].astype(int))
    assert np.abs(pictures[0] - pictures[1]).mean() < 0.6


def test_a_black_only_job_needs_one_plate(
    work: Publication, typefaces: Typefaces, tool: Callable[[str], str], tmp_path: File
) -> None:
    made = plates(make(work, typefaces, black_only=True), tmp_path, tool("gs"))
    for name in ("Cyan", "Magenta", "Yellow"):
        assert patch(made[name], 0, 0, 148, 210).max() < 0.02
    assert patch(made["Black"], 50, 3, 40, 4).mean() > 0.5


def test_too_much_ink_is_refused_where_it_is_drawn(typefaces: Typefaces) -> None:
    flood = Path(rectangle(0, 0, 10, 10), fill=Ink((0, 0, 0), (0.9, 0.9, 0.9, 0.9)))
    with pytest.raises(TemplateError, match="360%"):
        make(Publication(Text("t", "t"), (Sheet(WIDE, TALL, (Part((flood,)),)),), ()), typefaces)


def test_rich_black_type_is_refused(typefaces: Typefaces) -> None:
    rich = say(typefaces, "黑", 40, 60, 12, Ink((0, 0, 0), (0.6, 0.4, 0.4, 1.0)))
    with pytest.raises(TemplateError, match="rich black"):
        make(Publication(Text("t", "t"), (Sheet(WIDE, TALL, (Part((rich,)),)),), ()), typefaces)


# Preflight


def read_code(pdf: bytes, page: int, place: tuple[float, float, float, float]) -> str:
    """Read a code from a picture of the page, as a shop's camera would."""
    import zxingcpp

    with pypdfium2.PdfDocument(pdf) as opened:
        pixels = opened[page - 1].render(scale=300 / 72).to_numpy()
    x, y, wide, tall = (v * 300 / 72 for v in place)
    cut = pixels[
        max(int(pixels.shape[0] - y - tall - 40), 0) : int(pixels.shape[0] - y + 40),
        max(int(x - 40), 0) : int(x + wide + 40),
    ]
    found = zxingcpp.read_barcodes(np.ascontiguousarray(cut))
    return found[0].text if found else ""


def test_our_own_files_may_be_released(pdf: bytes, work: Publication, typefaces: Typefaces) -> None:
    assert Preflight(read=read_code).look(pdf) == []
    imposed = press_pdf(work, booklet(16, SCHEMES["F8"]), CONDITIONS, SLUG, typefaces, AT)
    assert Preflight().look(imposed) == []
    assert Preflight().look(make(work, typefaces, outlines=True)) == []
    assert Preflight().look(press_pdf(work, cut_and_stack(8, 2, 2), CONDITIONS, SLUG, typefaces, AT)) == []


def spoil(pdf: bytes, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    """Change a file as an editor would."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        change(opened)
        opened.save(out)
    return out.getvalue()


def in_a_form(operators: bytes) -> Callable[[pikepdf.Pdf], None]:
    """Add operators to the first page's form: two levels down."""

    def change(opened: pikepdf.Pdf) -> None:
        form = opened.pages[0].obj.Resources.XObject["/P0"]
        form.write(form.read_bytes() + b"\n" + operators)

    return change


def no_font_file(opened: pikepdf.Pdf) -> None:
    for obj in opened.objects:
        if isinstance(obj, pikepdf.Dictionary) and "/FontFile2" in obj:
            del obj["/FontFile2"]


def small_trim(opened: pikepdf.Pdf) -> None:
    opened.pages[0].obj.BleedBox = opened.pages[0].obj.TrimBox


def no_intent(opened: pikepdf.Pdf) -> None:
    del opened.Root.OutputIntents


def transparent(opened: pikepdf.Pdf) -> None:
    opened.pages[0].obj.Resources.ExtGState["/GO"].ca = 0.5


def rgb_space(opened: pikepdf.Pdf) -> None:
    form = opened.pages[0].obj.Resources.XObject["/P0"]
    form.Resources.ColorSpace["/Web"] = pikepdf.Array([pikepdf.Name("/CalRGB"), pikepdf.Dictionary()])
    form.write(form.read_bytes() + b"\n/Web cs 0 0 1 sc 0 0 9 9 re f")


@pytest.mark.parametrize(
    ("change", "rule", "said"),
    [
        (in_a_form(b"1 0 0 rg 0 0 9 9 re f"), "colour", "RGB"),
        (rgb_space, "colour", "colour space"),
        (in_a_form(b"1 1 1 1 k 0 0 9 9 re f"), "colour", "400%"),
        (transparent, "colour", "transparency"),
        (in_a_form(b"BT /F0 10 Tf 0.6 0.4 0.4 1 k <0001> Tj ET"), "type", "rich black"),
        (in_a_form(b"BT /F0 10 Tf /GO gs 0 0 0 0 k <0001> Tj ET"), "type", "overprints"),
        (in_a_form(b"BT /F0 3 Tf 0 0 0 1 k <0001> Tj ET"), "type", "3.0 pt"),
        (in_a_form(b"q 0.3 0 0 0.3 0 0 cm BT /F0 10 Tf <0001> Tj ET Q"), "type", "3.0 pt"),
        (in_a_form(b"BT /Helv 10 Tf (x) Tj ET"), "fonts", "not embedded"),
        (no_font_file, "fonts", "not embedded"),
        (in_a_form(b"q 20 0 0 20 0 0 cm /X0 Do Q"), "codes", "modules"),
        (small_trim, "boxes", "bleed"),
        (no_intent, "intent", "output intent"),
    ],
)
def test_what_was_put_wrong_is_found_two_levels_down(
    change: Callable[[pikepdf.Pdf], None], rule: str, said: str, pdf: bytes
) -> None:
    faults = Preflight().look(spoil(pdf, change))
    assert any(fault.rule == rule and said in fault.message.en for fault in faults), faults


def test_a_coarse_or_rgb_picture_is_found(typefaces: Typefaces) -> None:
    sink = io.BytesIO()
    Image.new("RGB", (100, 100), (200, 30, 30)).save(sink, "JPEG")
    photo = Picture(40, 40, 100, 100, sink.getvalue(), (100, 100), "rgb")
    file = make(Publication(Text("t", "t"), (Sheet(WIDE, TALL, (Part((photo,)),)),), ()), typefaces)
    assert {fault.rule for fault in Preflight().look(file)} == {"colour", "images"}


def test_a_code_that_does_not_read_back_is_found(work: Publication, typefaces: Typefaces) -> None:
    sheet = work.sheets[0]
    blot = Path(rectangle(70, 310, 60, 60), fill=BLACK)
    spoiled = replace(sheet, parts=(*sheet.parts, Part((blot,))))
    file = make(replace(work, sheets=(spoiled,)), typefaces)
    assert [fault.rule for fault in Preflight(read=read_code).look(file)] == ["codes"]


def test_a_damaged_file_is_a_fault_and_no_crash(pdf: bytes) -> None:
    for broken in (b"", b"%PDF-1.6", pdf[: len(pdf) // 2]):
        assert [fault.rule for fault in Preflight().look(broken)] == ["file"]
