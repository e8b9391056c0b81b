"""A document with a back: two fixed pages of one layout, then what goes on."""

import io
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from certgen.core.errors import TemplateError, Text
from certgen.core.model import Field
from certgen.fonts import Typefaces
from certgen.photo import digest
from certgen.proof import read_qr
from certgen.settings import SHIPPED
from tests.house import House, Scratch
from tests.soundness import check_sound

LAYOUT = """<layout>
<page width="85.6" height="53.98">
<text name="name" x="4" y="10" width="60" height="6" size="9">{{ name }}</text>
<text name="front" x="4" y="46" width="60" height="4" size="8">{{ number }} {{ page }} {{ pages }}</text>
</page>
<page role="back" width="85.6" height="53.98">
<text name="fixed" x="4" y="4" width="30" height="5" size="8">背面</text>
<text name="address" x="4" y="10" width="40" height="12" size="8" fit="wrap">{{ address }}</text>
<text name="behind" x="4" y="46" width="40" height="4" size="8">{{ sid }} {{ page }} {{ pages }}</text>
<qr x="55" y="10" size="27"/>
<seal x="30" y="30" size="16"/>
</page></layout>"""
VALUES = {"name": "张三", "address": "湖北省咸宁市咸安区浮山街道"}


@pytest.fixture(scope="module")
def typefaces() -> Typefaces:
    return Typefaces(SHIPPED / "_shared" / "fonts")


@pytest.fixture
def scratch(tmp_path: Path, typefaces: Typefaces) -> Scratch:
    return Scratch(tmp_path, typefaces)


def pages_of(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as document:
        return ["".join(page.get_textpage().get_text_range().split()) for page in document]


def test_front_and_back_are_the_pages_of_one_sound_document(scratch: Scratch, tool: Callable[[str], str]) -> None:
    pdf = scratch.pdf(LAYOUT, **VALUES)
    front, back = pages_of(pdf)
    assert "张三" in front
    assert "背面" in back
    assert "湖北省咸宁市咸安区浮山街道" in back
    assert "张三" not in back
    assert pdf == scratch.pdf(LAYOUT, **VALUES)
    check_sound(pdf, scratch.folder, tool)


def test_each_side_knows_its_place_and_how_many_there_are(scratch: Scratch) -> None:
    front, back = pages_of(scratch.pdf(LAYOUT, **VALUES))
    assert front.endswith("12")
    assert back.endswith("22")


def test_code_and_seal_may_stand_on_the_back(scratch: Scratch) -> None:
    pdf = scratch.pdf(LAYOUT, **VALUES)
    assert read_qr(pdf, (55, 10, 27, 27), 1).startswith("https://")
    with pikepdf.open(io.BytesIO(pdf)) as document:
        front, back = document.pages
        assert "/Annots" not in front
        assert back.obj == back.Annots[0].P
        assert document.Root.AcroForm.Fields[0].objgen == back.Annots[0].objgen


def test_photographs_may_stand_on_both_sides(tmp_path: Path, typefaces: Typefaces) -> None:
    jpeg = b"\xff\xd8 two sides \xff\xd9"
    scratch = Scratch(
        tmp_path, typefaces, (Field("photo", Text("照片", "Photo"), "photo", public=False),), {digest(jpeg): jpeg}
    )
    image = '<image name="photo" x="66" y="1" width="5" height="7"/>'
    layout = LAYOUT.replace("</page>", image + "</page>")
    with pikepdf.open(io.BytesIO(scratch.pdf(layout, photo=digest(jpeg), **VALUES))) as document:
        for page, name in zip(document.pages, ("/I1", "/I2"), strict=True):
            drawn = [str(o[0]) for o, op in pikepdf.parse_content_stream(page) if str(op) == "Do"]
            assert name in drawn
            assert len([one for one in drawn if one.startswith("/I")]) == 1


def test_a_text_that_goes_on_does_so_behind_the_back(scratch: Scratch) -> None:
    flowing = LAYOUT.replace('height="6" size="9">{{ name }}', 'height="12" size="9" fit="continue">{{ name }}')
    further = '<page role="continuation" width="85.6" height="53.98"><continued x="4" y="4" width="70" height="40" '
    pdf = scratch.pdf(
        flowing.replace("</layout>", further + 'size="9"/></page></layout>'), **VALUES | {"name": "张" * 60}
    )
    front, back, rest = pages_of(pdf)
    assert "张" in front
    assert "张" not in back
    assert "张" in rest
    assert (front + rest).count("张") == 60


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('<text name="name"', '<qr x="55" y="10" size="27"/><text name="name"', "qr"),
        ('<text name="name"', '<seal x="55" y="10" size="17"/><text name="name"', "seal"),
        ('fit="wrap"', 'fit="continue"', "fit"),
        ("<qr ", '<code text="http://a.example" ', "code"),
        ('<page role="back"', '<page role="back" width="9" height="9"/><page role="back"', "role"),
    ],
)
def test_what_only_one_side_can_have_is_refused_on_the_other(old: str, new: str, field: str, scratch: Scratch) -> None:
    with pytest.raises(TemplateError) as refusal:
        scratch.pdf(LAYOUT.replace(old, new), **VALUES)
    assert refusal.value.field == field or (field == "fit" and refusal.value.field in {"fit", "address"})


# What the public sees of a name

TEMPLATE = """
kind = "pass"
version = 1
title = { zh = "证件", en = "Pass" }
holder = "name"
[numbering]
pattern = "ZJ{division}{year}{seq:5}"
[[copy]]
id = "original"
title = { zh = "卡", en = "Card" }
[[form]]
id = "1"
in_force_from = 2020-01-01
folder = "1"
[[field]]
name = "name"
label = { zh = "姓名", en = "Name" }
type = "person"
public_mask = "name"
[[field]]
name = "address"
label = { zh = "住址", en = "Address" }
type = "address"
public = false
max = 60
"""
GIVEN = {"authority": "421200", "name": "阿卜杜热合曼·买买提", "address": "湖北省咸宁市咸安区浮山街道"}


def _house(house: House, template: str = TEMPLATE) -> House:
    folder = house.settings.home / "templates" / "pass"
    (folder / "1").mkdir(parents=True)
    (folder / "template.toml").write_text(template, "utf-8")
    layout = LAYOUT.replace('size="9"', 'size="9" floor="4"').replace('size="8"', 'size="8" floor="4"')
    (folder / "1" / "original.xml").write_text(layout, "utf-8")
    house.close()
    return House(house.settings.home)


def test_the_public_sees_a_star_for_the_name_on_paper(house: House) -> None:
    cards = _house(house)
    (document,) = cards.issue(GIVEN, kind="pass").documents
    assert "阿卜杜热合曼·买买提" in pages_of(document.pdf)[0]
    code = read_qr(document.pdf, None, 1)
    offline = cards.verifier.qr(code)
    doors = [repr(cards.verifier.pdf(document.pdf).as_json()), repr(offline.as_json())]
    doors.append(repr(cards.register.by_sid(document.sid)))
    offline.require()
    for said in doors:
        assert "阿*" in said
        assert "阿卜" not in said
        assert "买买提" not in said
        assert "浮山" not in said


def test_a_code_says_no_more_of_a_masked_holder_to_who_has_no_register(house: House) -> None:
    cards = _house(house)
    (document,) = cards.issue(GIVEN, kind="pass").documents
    from certgen import wiring

    stranger = wiring.make_verifier(cards.settings.root_certificate, cards.settings.trust, None, cards.clock)
    said = repr(stranger.qr(read_qr(document.pdf, None, 1)).as_json())
    assert "阿*" in said
    assert "买买提" not in said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('public_mask = "name"', 'public_mask = "half"'),
        ('public_mask = "name"', 'public_mask = "name"\npublic = false'),
        ("public = false", 'public_mask = "name"'),
    ],
)
def test_a_mask_that_nobody_knows_is_refused(old: str, new: str, house: House) -> None:
    with pytest.raises(TemplateError) as refusal:
        _house(house, TEMPLATE.replace(old, new)).issue(GIVEN, kind="pass")
    assert refusal.value.field.endswith("public_mask")
