"""Typefaces: what a subset says is what the face says, by fontTools' reading of both."""

import io
import pickle
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.basePen import BasePen
from fontTools.pens.recordingPen import RecordingPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, TTLibError

from certgen.core.errors import SettingsError
from certgen.fonts import VENDORED, Advances, Chain, Face, MissingGlyph, Typefaces, outline, subset
from certgen.settings import SHIPPED

FONTS = SHIPPED / "_shared" / "fonts"
TEXT = "食品经营许可证马⻢龙⻰·•䶮㛃𬱖𫖯𠅤㙓龘，。（）“”…—Ag09jœ\u3000 "


@pytest.fixture(scope="module")
def typefaces() -> Typefaces:
    return Typefaces(FONTS)


@pytest.fixture(params=VENDORED)
def font(request: pytest.FixtureRequest) -> Iterator[tuple[Face, TTFont]]:
    """A vendored face, as we read it and as fontTools does."""
    path = FONTS / VENDORED[request.param]
    with TTFont(path, lazy=True) as original:
        yield Face(path), original


def printable(face: Face, text: str) -> str:
    return "".join(char for char in text if face.glyph(char))


def opened(data: bytes) -> TTFont:
    """Open a subset, comparing every checksum: those of the tables, and that of the whole."""
    font = TTFont(io.BytesIO(data), checkChecksums=2)
    for tag in font.reader.keys():  # noqa: SIM118
        font.reader[tag]
    words = struct.unpack(f">{len(data) // 4}I", data)
    assert sum(words) & 0xFFFFFFFF == 0xB1B0AFBA  # OpenType, head.checkSumAdjustment
    return font


def drawn(glyphs: object, name: str) -> list[object]:
    pen = RecordingPen()
    glyphs[name].draw(pen)
    return pen.value


# Faces


def test_a_face_finds_the_glyphs_that_its_cmap_names(font: tuple[Face, TTFont]) -> None:
    face, original = font
    cmap, glyf = original.getBestCmap(), original["glyf"]
    codes = sorted(cmap)
    for code in [*codes[:: len(codes) // 400], codes[-1], *map(ord, printable(face, TEXT))]:
        glyph, known = face.glyph(chr(code)), glyf[cmap[code]]
        if known.isComposite() or (known.numberOfContours == 0 and not chr(code).isspace()):
            assert glyph is None
            continue
        advance, bearing = original["hmtx"][cmap[code]]
        assert glyph.metrics == advance.to_bytes(2, "big") + bearing.to_bytes(2, "big", signed=True)
        assert glyph.advance == round(advance * 1000 / original["head"].unitsPerEm)
    assert len(codes) > 30_000


def test_a_face_knows_no_more_than_its_cmap(font: tuple[Face, TTFont]) -> None:
    face, original = font
    cmap = original.getBestCmap()
    for code in (*range(0x20, 0x600), *range(0x31300, 0x31400), 0xE000, 0xFFFF, 0x10FFFF):
        if code not in cmap:
            assert face.glyph(chr(code)) is None


def test_the_house_prints_every_character_of_gbk(typefaces: Typefaces) -> None:
    chain = typefaces.chain("song")
    missing = []
    for row in range(0x81, 0xFF):
        for cell in (*range(0x40, 0x7F), *range(0x80, 0xFF)):
            try:
                char = bytes((row, cell)).decode("gbk")
            except UnicodeDecodeError:
                continue
            try:
                chain[char]
            except MissingGlyph:
                missing.append(char)
    assert not [char for char in missing if not "\ue000" <= char <= "\uf8ff"]


@pytest.mark.parametrize("name", VENDORED)
def test_a_character_comes_from_the_face_asked_for_if_it_has_it(name: str, typefaces: Typefaces) -> None:
    assert typefaces.chain(name)["证"].face.file == VENDORED[name]


@pytest.mark.parametrize("name", ["song", "song-bold"])
def test_a_character_that_a_face_lacks_comes_from_the_next_of_its_weight(name: str, typefaces: Typefaces) -> None:
    chain = typefaces.chain(name)
    own, hei = chain.faces[0], chain.faces[1]
    lacking = [chr(c) for c in range(0x20, 0x20000) if hei.glyph(chr(c)) and not own.glyph(chr(c))]
    lacking = lacking or [
        chr(c) for c in range(0x20, 0x20000) if chain.faces[2].glyph(chr(c)) and not own.glyph(chr(c))
    ]
    assert chain[lacking[0]].face is not own
    assert hei.file == VENDORED["hei-bold" if name == "song-bold" else "hei"]


def test_widths_are_those_of_the_glyphs(typefaces: Typefaces) -> None:
    chain, advances = typefaces.chain("song"), typefaces.advances("song")
    assert isinstance(advances, Advances)
    assert advances["证"] == 1000
    assert {char: advances[char] for char in TEXT} == {char: chain[char].advance for char in TEXT}
    with pytest.raises(MissingGlyph):
        advances["\U0010ffff"]


def test_a_missing_glyph_names_character_and_code_point(typefaces: Typefaces) -> None:
    with pytest.raises(MissingGlyph, match="U\\+10FFFF") as missing:
        typefaces.chain("kai")["\U0010ffff"]
    assert missing.value.char == "\U0010ffff"


def test_a_face_does_not_travel_to_another_process(typefaces: Typefaces) -> None:
    with pytest.raises(TypeError, match="load it again"):
        pickle.dumps(typefaces.chain("song").faces[0])


# Subsets


def test_a_subset_opens_with_right_checksums_and_holds_one_glyph_a_character(font: tuple[Face, TTFont]) -> None:
    face, _ = font
    text = printable(face, TEXT)
    made = opened(subset([face.glyph(char) for char in text]))
    assert made["maxp"].numGlyphs == len(text) + 1
    assert sorted(tag for tag in made.keys() if tag != "GlyphOrder") == ["glyf", "head", "hhea", "hmtx", "loca", "maxp"]  # noqa: SIM118
    assert all(made[tag] for tag in made.reader.keys())  # every table decodes  # noqa: SIM118


def test_the_outlines_and_widths_of_a_subset_are_those_of_the_face(font: tuple[Face, TTFont]) -> None:
    face, original = font
    text = printable(face, TEXT)
    made, cmap = opened(subset([face.glyph(char) for char in text])), original.getBestCmap()
    before, after = original.getGlyphSet(), made.getGlyphSet()
    for i, char in enumerate(text, 1):
        name = made.getGlyphName(i)
        assert drawn(after, name) == drawn(before, cmap[ord(char)]), char
        assert made["hmtx"][name] == original["hmtx"][cmap[ord(char)]], char
    assert made["head"].unitsPerEm == original["head"].unitsPerEm
    assert made["hhea"].ascent == original["hhea"].ascent


def test_a_subset_carries_no_instructions(font: tuple[Face, TTFont]) -> None:
    face, _ = font
    text = printable(face, TEXT)
    made = opened(subset([face.glyph(char) for char in text]))
    for name in made.getGlyphOrder():
        glyph = made["glyf"][name]
        assert not getattr(glyph, "program", None) or not glyph.program.getBytecode()


def test_glyph_0_of_a_subset_is_empty(typefaces: Typefaces) -> None:
    made = opened(subset([typefaces.chain("hei")["证"]]))
    assert made["glyf"][".notdef" if ".notdef" in made.getGlyphOrder() else "glyph00000"].numberOfContours == 0


def test_two_characters_of_one_glyph_get_a_glyph_each(typefaces: Typefaces) -> None:
    chain = typefaces.chain("song")
    made = opened(subset([chain["马"], chain["⻢"]]))
    first, second = made.getGlyphName(1), made.getGlyphName(2)
    assert first != second
    assert drawn(made.getGlyphSet(), first) == drawn(made.getGlyphSet(), second)


def test_a_large_subset_uses_long_offsets_and_still_opens(typefaces: Typefaces) -> None:
    chain = typefaces.chain("song")
    text = [chr(code) for code in range(0x4E00, 0x4E00 + 1200)]
    made = opened(subset([chain[char] for char in text]))
    assert made["head"].indexToLocFormat == 1
    with TTFont(FONTS / VENDORED["song"], lazy=True) as original:
        for i in (1, 600, 1200):
            name = original.getBestCmap()[ord(text[i - 1])]
            assert drawn(made.getGlyphSet(), made.getGlyphName(i)) == drawn(original.getGlyphSet(), name)


def test_a_damaged_subset_would_be_noticed(typefaces: Typefaces) -> None:
    data = bytearray(subset([typefaces.chain("song")["证"]]))
    data[-60] ^= 1
    with pytest.raises((AssertionError, TTLibError)):
        opened(bytes(data))


# Faces that we would rather not have


def _square(pen: TTGlyphPen) -> None:
    pen.moveTo((0, 0))
    pen.lineTo((0, 800))
    pen.lineTo((800, 800))
    pen.lineTo((800, 0))
    pen.closePath()


def _round(pen: TTGlyphPen) -> None:
    pen.qCurveTo((0, 0), (0, 800), (800, 800), (800, 0), None)  # control points alone
    pen.closePath()


def _build(path: Path, *, instructed: bool = False, beyond_bmp: bool = True) -> Path:
    """Write a small font: 甲 square, 乙 empty, 丙 composite, 丁 round, a space."""
    names = [".notdef", "square", "empty", "composite", "round", "space"]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    cmap = {0x7532: "square", 0x4E59: "empty", 0x4E19: "composite", 0x4E01: "round", 0x20: "space"}
    builder.setupCharacterMap(cmap | ({0x20000: "square"} if beyond_bmp else {}))
    draw: dict[str, Callable[[TTGlyphPen], None]] = {"square": _square, "round": _round}
    glyphs = {}
    for name in names:
        pen = TTGlyphPen(glyphs)
        if name == "composite":
            pen.addComponent("square", (1, 0, 0, 1, 0, 0))
        draw.get(name, lambda _: None)(pen)
        glyphs[name] = pen.glyph()
    if instructed:
        glyphs["square"].program.fromAssembly("SVTCA[0]")
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics({name: (900 if name == "square" else 500, 0) for name in names})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupOS2()
    builder.setupPost(keepGlyphNames=False)
    builder.save(path)
    return path


@pytest.fixture
def small(tmp_path: Path) -> Face:
    return Face(_build(tmp_path / "small.ttf"))


def test_an_empty_glyph_of_a_visible_character_is_refused_and_of_a_space_is_not(small: Face) -> None:
    assert small.glyph("乙") is None
    assert small.glyph(" ").program == b""
    with pytest.raises(MissingGlyph):
        Chain([small])["乙"]


def test_a_composite_glyph_is_left_to_the_next_face(small: Face, typefaces: Typefaces) -> None:
    assert small.glyph("丙") is None
    chain = Chain([small, typefaces.chain("song").faces[0]])
    assert chain["丙"].face.file == VENDORED["song"]
    assert chain["甲"].face is small


def test_instructions_are_stripped_and_the_outline_stays(tmp_path: Path) -> None:
    path = _build(tmp_path / "instructed.ttf", instructed=True)
    with TTFont(path) as original:
        square = original["glyf"][original.getBestCmap()[0x7532]]
        assert square.program.getBytecode()
    made = opened(subset([Face(path).glyph("甲")]))
    assert not made["glyf"][made.getGlyphName(1)].program.getBytecode()
    assert made["glyf"][made.getGlyphName(1)].coordinates == square.coordinates


def test_the_same_glyph_is_found_in_and_beyond_the_bmp(small: Face) -> None:
    assert small.glyph("甲").program == small.glyph("𠀀").program
    assert small.glyph("甲").advance == 900


def test_a_font_without_a_full_cmap_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no full Unicode map"):
        Face(_build(tmp_path / "bmp.ttf", beyond_bmp=False))


def test_a_missing_font_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.ttf"):
        Face(tmp_path / "nowhere.ttf")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"OTTO",
        b"\0\1\0\0",
        b"not a font at all, but long enough to have a head",
    ],
)
def test_what_is_no_truetype_font_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.ttf").write_bytes(content)
    with pytest.raises(SettingsError, match=r"bad\.ttf"):
        Face(tmp_path / "bad.ttf")


def test_an_extra_face_is_asked_last(tmp_path: Path) -> None:
    typefaces = Typefaces(FONTS, [tmp_path / "absent.ttf", _build(tmp_path / "extra.ttf")])
    chain = typefaces.chain("song")
    assert [face.file for face in chain.faces][-1] == "extra.ttf"
    assert chain["甲"].face.file == VENDORED["song"]


# Outlines


class _Cubic(BasePen):
    """Records moves, lines and cubic curves, as PDF knows them."""

    def __init__(self, glyphs: object) -> None:
        super().__init__(glyphs)
        self.out: list[tuple[str, tuple[float, ...]]] = []

    def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self.out.append(("m", pt))

    def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self.out.append(("l", pt))

    def _curveToOne(self, a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> None:  # noqa: N802
        self.out.append(("c", (*a, *b, *c)))

    def _closePath(self) -> None:  # noqa: N802
        self.out.append(("h", ()))


def _parsed(path: bytes) -> list[tuple[str, tuple[float, ...]]]:
    """Read path operators; a line back to where the contour began is the closing itself."""
    out: list[tuple[str, tuple[float, ...]]] = []
    start: tuple[float, ...] = ()
    for line in re.findall(rb"([-\d. e]*?)\s*([mlch])\n", path):
        numbers, operator = tuple(map(float, line[0].split())), line[1].decode()
        start = numbers if operator == "m" else start
        if operator == "h" and out[-1] == ("l", start):
            out.pop()
        out.append((operator, numbers))
    return out


def _same(ours: list[tuple[str, tuple[float, ...]]], theirs: list[tuple[str, tuple[float, ...]]], scale: float) -> bool:
    if [operator for operator, _ in ours] != [operator for operator, _ in theirs]:
        return False
    pairs = zip(ours, theirs, strict=True)
    return all(a == pytest.approx([v * scale for v in b], abs=0.02) for (_, a), (_, b) in pairs)


def test_an_outline_is_what_a_pen_of_fonttools_draws(font: tuple[Face, TTFont]) -> None:
    face, original = font
    glyphs, cmap = original.getGlyphSet(), original.getBestCmap()
    for char in printable(face, TEXT + "样本测试专用章咸宁市市场监督管理局囊龘8&@"):
        pen = _Cubic(glyphs)
        glyphs[cmap[ord(char)]].draw(pen)
        assert _same(_parsed(outline(face.glyph(char))), pen.out, 1000 / face.units), char


def test_a_contour_of_control_points_alone_is_drawn_as_fonttools_draws_it(tmp_path: Path) -> None:
    path = _build(tmp_path / "round.ttf")
    with TTFont(path) as original:
        pen = _Cubic(original.getGlyphSet())
        original.getGlyphSet()["round" if "round" in original.getGlyphOrder() else original.getBestCmap()[0x4E01]].draw(
            pen
        )
    assert [operator for operator, _ in pen.out] == ["m", "c", "c", "c", "c", "h"]
    assert _same(_parsed(outline(Face(path).glyph("丁"))), pen.out, 1)


def test_the_outline_of_a_space_is_nothing(typefaces: Typefaces) -> None:
    assert outline(typefaces.chain("song")[" "]) == b""
