"""Photographs: what is taken, what is left of a file, what is refused, and where it stands."""

import base64
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from certgen import photo
from certgen.cli import app
from certgen.core import record
from certgen.core.errors import ApplicationError, TemplateError, Text
from certgen.core.model import Field
from certgen.fonts import Typefaces
from certgen.settings import SHIPPED
from tests.house import House, Scratch
from tests.soundness import check_sound

FIELDS = (Field("photo", Text("照片", "Photo"), "photo", public=False),)
LAYOUT = """<layout>
<page width="85.6" height="54">
<image name="photo" x="4" y="10" width="25" height="35"/>
<text name="name" x="32" y="10" width="24" height="6" size="9">{{ name }}</text>
<text name="number" x="4" y="46" width="50" height="4" size="8">{{ number }} {{ sid }}</text>
<qr x="57" y="18" size="26"/>
</page></layout>"""


class WrongError(Exception):
    """What a fault becomes here."""


def refuse(wanted: Text, found: str) -> WrongError:
    return WrongError(wanted, found)


def face(width: int = 600, height: int = 800, mode: str = "RGB") -> Image.Image:
    """Draw something with an upper half, a lower half and a fleck left of both."""
    pixels = np.full((height, width, 3), (200, 180, 160), np.uint8)
    pixels[height // 2 :] = (40, 60, 120)
    pixels[height // 2 - height // 8 : height // 2, : width // 2] = (180, 30, 30)
    return Image.fromarray(pixels).convert(mode)


def file_of(picture: Image.Image, kind: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def taken(data: bytes) -> bytes:
    return photo.decode(photo.read(b64(data), refuse))


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


GOOD = {
    "jpeg": file_of(face()),
    "png": file_of(face(), "PNG"),
    "just large enough": file_of(face(295, 413), "PNG"),
    "large": file_of(face(4000, 5000), quality=70),
    "wide": file_of(face(1500, 500)),
    "grey": file_of(face(mode="L")),
    "cmyk": file_of(face(mode="CMYK")),
    "progressive": file_of(face(), progressive=True),
    "palette": file_of(face().quantize(16), "PNG"),
    "black and white": file_of(face(mode="1"), "PNG"),
    "transparent": file_of(face(mode="RGBA"), "PNG"),
    "two pictures in one, as telephones make": file_of(face(), "MPO", save_all=True, append_images=[face()]),
    "sixteen bits": file_of(Image.fromarray(np.full((800, 600), 40_000, np.uint16)), "PNG"),
}


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD.keys())
def test_any_jpeg_or_png_becomes_a_small_jpeg_of_ours(data: bytes) -> None:
    ours = taken(data)
    picture = Image.open(io.BytesIO(ours))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (295, 413))
    assert len(ours) < 60_000
    assert not set(picture.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert taken(data) == ours  # same input, same bytes


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD.keys())
def test_a_photograph_of_ours_is_taken_as_it_stands(data: bytes) -> None:
    ours = taken(data)
    assert photo.is_ours(ours)
    assert taken(ours) == ours


def test_sixteen_bits_of_grey_stay_grey() -> None:
    assert abs(int(pixels(taken(GOOD["sixteen bits"])).mean()) - 40_000 / 256) < 4


def test_the_middle_of_a_wide_photograph_is_kept_undistorted() -> None:
    disc = np.full((500, 1500, 3), 255, np.uint8)
    y, x = np.mgrid[:500, :1500]
    disc[(x - 750) ** 2 + (y - 250) ** 2 < 100**2] = 0
    dark = pixels(taken(file_of(Image.fromarray(disc), "PNG"))).mean(axis=2) < 128
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    assert abs(len(rows) - len(columns)) <= 2
    assert abs(columns.mean() - 147) < 2


def test_a_photograph_is_turned_as_the_camera_was_held() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    held = file_of(face().rotate(90, expand=True), exif=exif)
    assert abs(pixels(taken(held)) - pixels(taken(GOOD["jpeg"]))).mean() < 6


def test_what_is_transparent_becomes_white() -> None:
    clear = Image.new("RGBA", (600, 800), (0, 0, 0, 0))
    assert pixels(taken(file_of(clear, "PNG"))).min() > 250


def test_nothing_of_the_file_is_left_but_its_picture() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    whole = file_of(face(), exif=exif, comment=b"SECRET-COMMENT", icc_profile=b"SECRET" * 40, dpi=(72, 72)) + b"SECRET"
    assert whole.count(b"SECRET") > 40
    assert b"SECRET" not in taken(whole)
    assert taken(whole) == taken(GOOD["jpeg"])


def test_a_file_that_only_begins_like_ours_is_encoded_anew() -> None:
    ours = taken(GOOD["jpeg"])
    middle = len(ours) - 400
    for wrong in (
        ours + b"tail\xff\xd9",
        ours[:-2] + b"%%EOF\xff\xd9",
        ours[:middle] + b"\xff\xfe\x00\x08secret" + ours[middle:],
        ours[:middle] + b"/ByteRange" + ours[middle:],
    ):
        assert not photo.is_ours(wrong)
        try:
            clean = taken(wrong)
        except WrongError:
            continue
        assert photo.is_ours(clean)


def _bomb(width: int, height: int) -> bytes:
    """Write a PNG of a few hundred bytes that claims any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")


BAD: dict[str, tuple[object, str]] = {
    "a number": (7, "in base64"),
    "an object": ({"file": "x"}, "in base64"),
    "no base64": ("照片", "in base64"),
    "text": (b64(b"no picture at all"), "can be opened"),
    "nothing": ("data:image/png;base64,", "can be opened"),
    "a gif": (b64(file_of(face(mode="P"), "GIF")), "can be opened"),
    "a bmp": (b64(file_of(face(), "BMP")), "can be opened"),
    "a tiff": (b64(file_of(face(), "TIFF")), "can be opened"),
    "svg": (b64(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "can be opened"),
    "too narrow": (b64(file_of(face(294, 800))), "295 × 413"),
    "too low": (b64(file_of(face(600, 412))), "295 × 413"),
    "cut off": (b64(GOOD["jpeg"][: len(GOOD["jpeg"]) // 2]), "damaged"),
    "cut off png": (b64(GOOD["png"][: len(GOOD["png"]) // 2]), "damaged"),
    "a pixel too many": (b64(_bomb(5000, 4001)), "20 megapixels"),
    "a bomb": (b64(_bomb(9000, 9000)), "20 megapixels"),
    "a bomb that even Pillow sees": (b64(_bomb(60_000, 60_000)), "can be opened"),
    "a claim without pixels": (b64(_bomb(4000, 4000)), "damaged"),
    "a strip": (b64(file_of(face(2000, 450))), "4 times the other"),
    "a film": (b64(file_of(face(), "PNG", save_all=True, append_images=[face().rotate(180)])), "does not move"),
    "more than 8 MB": (b64(GOOD["jpeg"] + bytes(8_000_000)), "8 MB"),
    "a path that was not read": ("faces/one.jpg", "beside the record"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("value", "says"), BAD.values(), ids=BAD.keys())
def test_a_bad_photograph_is_refused_with_its_reason(value: object, says: str) -> None:
    with pytest.raises(WrongError) as refusal:
        photo.read(value, refuse)
    assert says in refusal.value.args[0].en
    assert refusal.value.args[0].zh


@given(st.binary(max_size=300), st.sampled_from([b"", GOOD["png"][:60], GOOD["jpeg"][:200], GOOD["jpeg"][:2000]]))
def test_any_bytes_are_a_photograph_or_a_refusal(data: bytes, head: bytes) -> None:
    try:
        ours = taken(head + data)  # what libjpeg mends is a picture still
    except WrongError:
        return
    assert photo.is_ours(ours)


# Files beside a record

NAMES = {"photo": "photo", "照片": "photo", "name": "name"}


def test_a_path_beside_the_record_is_read(tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "甲.JPG").write_bytes(GOOD["jpeg"])
    for key in ("photo", "照片"):
        made = photo.with_files({key: "faces/甲.JPG", "name": "a.jpg"}, NAMES, frozenset({"photo"}), tmp_path)
        assert made == {key: b64(GOOD["jpeg"]), "name": "a.jpg"}


@pytest.mark.parametrize("path", ["../secret.jpg", "/etc/secret.jpg", "none.jpg", "notes.txt", "link.jpg", "big.jpg"])
def test_a_path_that_leads_elsewhere_is_left_to_be_refused(path: str, tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(GOOD["jpeg"])
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "notes.txt").write_text("notes")
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "big.jpg").write_bytes(GOOD["jpeg"] + bytes(8_000_000))
    given = {"photo": path}
    assert photo.with_files(given, NAMES, frozenset({"photo"}), folder) == given


# On the page


@pytest.fixture(scope="module")
def typefaces() -> Typefaces:
    return Typefaces(SHIPPED / "_shared" / "fonts")


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    return taken(GOOD["jpeg"])


@pytest.fixture
def scratch(tmp_path: Path, typefaces: Typefaces, jpeg: bytes) -> Scratch:
    return Scratch(tmp_path, typefaces, FIELDS, {photo.digest(jpeg): jpeg})


@pytest.mark.parametrize("paper", ["plain", "overprint"])
def test_the_photograph_stands_in_its_place_upright(paper: str, scratch: Scratch, jpeg: bytes) -> None:
    pdf = scratch.pdf(LAYOUT, paper, photo=photo.digest(jpeg), name="张三")
    with pypdfium2.PdfDocument(pdf) as document:
        page = document[0].render(scale=300 / 72, rev_byteorder=True).to_numpy()[:, :, :3].astype(int)
    x, y = round(4 / 25.4 * 300), round(10 / 25.4 * 300)
    assert abs(page[y + 5 : y + 405, x + 5 : x + 285] - pixels(jpeg)[5:405, 5:285]).mean() < 4


def test_the_photograph_goes_into_the_file_as_it_was_encoded(scratch: Scratch, jpeg: bytes) -> None:
    with pikepdf.open(io.BytesIO(scratch.pdf(LAYOUT, photo=photo.digest(jpeg), name="张三"))) as pdf:
        image = pdf.pages[0].Resources.XObject.I1
        assert image.read_raw_bytes() == jpeg
        assert (image.Filter, image.ColorSpace, image.Width, image.Height) == ("/DCTDecode", "/DeviceRGB", 295, 413)


def test_a_record_without_a_photograph_prints_none(scratch: Scratch) -> None:
    with pikepdf.open(io.BytesIO(scratch.pdf(LAYOUT, photo="", name="张三"))) as pdf:
        assert set(pdf.pages[0].Resources.XObject.keys()) == {"/main", "/Q"}


def test_a_photograph_that_belongs_on_plain_paper_stands_there_alone(scratch: Scratch, jpeg: bytes) -> None:
    layout = LAYOUT.replace('height="35"/>', 'height="35" paper="plain"/>')
    for paper in ("plain", "overprint"):
        pdf = scratch.pdf(layout, paper, photo=photo.digest(jpeg), name="张三")
        assert (jpeg in pdf) is (paper == "plain")


def test_a_picture_that_the_record_does_not_attest_is_never_printed(scratch: Scratch, jpeg: bytes) -> None:
    with pytest.raises(KeyError):
        scratch.pdf(LAYOUT, photo=photo.digest(b"another"), name="张三")


def test_the_same_photograph_gives_the_same_sound_file(
    scratch: Scratch, jpeg: bytes, tool: Callable[[str], str]
) -> None:
    pdf = scratch.pdf(LAYOUT, photo=photo.digest(jpeg), name="张三")
    assert pdf == scratch.pdf(LAYOUT, photo=photo.digest(jpeg), name="张三")
    check_sound(pdf, scratch.folder, tool)


@pytest.mark.parametrize(
    ("old", "new", "field", "says"),
    [
        ('name="photo"', 'name="face"', "face", "of type photo"),
        ('name="photo"', 'name="name"', "name", "of type photo"),
        ('width="25"', 'width="30"', "width", "wanted 25.0 mm"),
        ('y="10" width="25"', 'y="20" width="25"', "photo", "off the page"),
    ],
)
def test_a_fault_of_a_place_is_refused_when_its_layout_is_read(
    old: str, new: str, field: str, says: str, scratch: Scratch
) -> None:
    with pytest.raises(TemplateError) as refusal:
        scratch.pdf(LAYOUT.replace(old, new, 1), photo="", name="张三")
    assert (refusal.value.line, refusal.value.field) == (3, field)
    assert says in refusal.value.message.en


# A kind of its own

TEMPLATE = """
kind = "pass"
version = 1
title = { zh = "证件", en = "Pass" }
holder = "name"
[numbering]
pattern = "ZJ{division}{year}{seq:5}"
[[copy]]
id = "original"
title = { zh = "正面", en = "Front" }
[[form]]
id = "1"
in_force_from = 2020-01-01
folder = "1"
[[field]]
name = "name"
label = { zh = "姓名", en = "Name" }
type = "person"
[[field]]
name = "photo"
label = { zh = "照片", en = "Photo" }
type = "photo"
"""


def _house(house: House, template: str = TEMPLATE) -> House:
    folder = house.settings.home / "templates" / "pass"
    (folder / "1").mkdir(parents=True)
    (folder / "template.toml").write_text(template, "utf-8")
    layout = LAYOUT.replace('height="54"', 'height="60"').replace('size="26"', 'size="28"').replace('x="57"', 'x="56"')
    layout = layout.replace('size="9"', 'size="9" floor="4"').replace('size="8"', 'size="6"')
    (folder / "1" / "original.xml").write_text(layout, "utf-8")
    house.close()
    return House(house.settings.home)


def test_a_card_with_a_photograph_is_issued_attested_by_digest_and_verified(house: House, jpeg: bytes) -> None:
    passes = _house(house)
    given = {"authority": "421200", "name": "张三", "photo": "data:image/jpeg;base64," + b64(GOOD["jpeg"])}
    issued = passes.issue(given, kind="pass", key="one")
    (document,) = issued.documents
    passes.verifier.pdf(document.pdf).require()
    with pikepdf.open(io.BytesIO(document.pdf)) as pdf:
        attested = dict(record.decode(pdf.attachments["record.json"].get_file().read_bytes()).fields)
        assert attested["photo"] == photo.digest(pdf.pages[0].Resources.XObject.I1.read_raw_bytes())
    assert not any(label.en == "Photo" for label, _ in passes.register.by_digest(document.pdf_digest).public)
    again = passes.issue(given | {"photo": b64(jpeg)}, kind="pass", key="one")  # as the register has it
    assert again.documents[0].pdf == document.pdf


def test_a_card_with_a_bad_photograph_is_refused_by_field(house: House) -> None:
    with pytest.raises(ApplicationError) as refusal:
        _house(house).issue({"authority": "421200", "name": "张三", "photo": "x.jpg"}, kind="pass")
    assert [problem.field for problem in refusal.value.problems] == ["photo"]


def test_a_photograph_is_never_public(house: House) -> None:
    with pytest.raises(TemplateError) as refusal:
        _house(house, TEMPLATE + "public = true\n").issue({}, kind="pass")
    assert refusal.value.field == "photo.public"


def test_the_command_line_reads_the_photograph_beside_the_record(house: House, tmp_path: Path) -> None:
    home = _house(house).settings.home
    (tmp_path / "face.png").write_bytes(GOOD["png"])
    (tmp_path / "record.json").write_text('{"authority": "421200", "姓名": "张三", "照片": "face.png"}', "utf-8")
    command = ["issue", "pass", str(tmp_path / "record.json"), "--out", str(tmp_path / "out"), "--home", str(home)]
    said = CliRunner().invoke(app, command)
    assert said.exit_code == 0, said.output
    assert len(list((tmp_path / "out").glob("*.pdf"))) == 1
