"""Text onto a page: a box and its words → PDF operators, and the fonts that print them.

A character is shown by a code of two bytes: the CID, which is also the glyph's number in the subset. Codes are given
out by `Case`, a typesetter's case: it knows what the plate's fonts already hold and collects what is missing.
"""

from collections.abc import Callable, Mapping
from functools import cache

from certgen.core.errors import ApplicationError, Problem, Text
from certgen.fonts import Chain, Face, Glyph, MissingGlyph, Typefaces, subset
from certgen.layout import TextBox
from certgen.pdf import deflated, indirect
from certgen.typeset import Fitted, Line, Overflow, fit

MOST_BACK = 498  # thousandths of an em; poppler takes half an em back for the beginning of a new line
WIDE = 0.09  # em; readers of PDF take a wider gap between characters for a space
BASELINE = 0.88  # of the size, from the top of the em box: the ascent of the CJK faces we vendor


Code = tuple[str, str]  # how a character is shown: the font's resource name and the CID in hex
CIDS = tuple(f"{cid:04x}" for cid in range(1024))  # the usual ones, written beforehand


class Font:
    """A subset in the making: the characters of one face, in the order in which they were needed."""

    def __init__(self, resource: str, face: Face) -> None:
        """Name it as the page's resources will."""
        self.resource, self.face = resource, face
        self.codes: dict[str, Code] = {}
        self.glyphs: list[Glyph] = []


class Fonts(dict[Face, Font]):
    """The subset fonts that one piece of a document embeds."""

    def __init__(self, prefix: str) -> None:
        """Name resources with this prefix, so that those of plate and strike never collide."""
        super().__init__()
        self._prefix = prefix

    def __missing__(self, face: Face) -> Font:
        """Begin the font of a face."""
        self[face] = font = Font(f"{self._prefix}{len(self)}", face)
        return font


class Case(dict[str, Code]):
    """The codes of one face chain within one document; asks the plate first, then collects."""

    def __init__(self, chain: Chain, held: Mapping[str, Code], fonts: Fonts) -> None:
        """`held` are the codes of the plate's fonts for this chain."""
        super().__init__(held)
        self._chain, self._fonts = chain, fonts

    def __missing__(self, char: str) -> Code:
        """Give a new character the next code of its face's font; chains that share a face share its font."""
        glyph = self._chain[char]
        font = self._fonts[glyph.face]
        code = font.codes.get(char)
        if code is None:
            font.glyphs.append(glyph)
            cid = len(font.glyphs)
            code = font.codes[char] = (font.resource, CIDS[cid] if cid < len(CIDS) else f"{cid:04x}")
        self[char] = code
        return code


def label_of(box: TextBox, labels: Mapping[str, Text]) -> Text:
    """Name a box for a person: the label of its field, else its own name."""
    return labels.get(box.name) or Text(box.name, box.name)


def typeset_box(box: TextBox, text: str, typefaces: Typefaces, labels: Mapping[str, Text]) -> Fitted:
    """Fit a text into its box; raises ApplicationError naming the field when a glyph or room is missing."""
    try:
        return fit(
            text,
            typefaces.advances(box.font),
            width=box.width,
            height=box.height,
            size=box.size,
            floor=box.floor,
            leading=box.leading,
            tracking=box.tracking,
            mode=box.fit,
            reserve_lines=1 if box.fit == "continue" else 0,
            gap=0,  # a gap would come back as a space when the text is copied
        )
    except MissingGlyph as missing:
        raise missing.refusal(box.name, label_of(box, labels)) from missing
    except Overflow as overflow:
        shown = text if len(text) <= 40 else text[:39] + "…"
        wanted = Text(
            f"能以不小于 {box.floor:g} 磅的字号排进版面的内容（现有 {len(text)} 字）",
            f"a text that fits its place at {box.floor:g} pt or more ({len(text)} characters found)",
        )
        raise ApplicationError((Problem(box.name, label_of(box, labels), shown, wanted),)) from overflow


def element(box: TextBox, text: str, fitted: Fitted, case: Case, page_height: float) -> str:
    """Write a text as one marked-content sequence.

    Letter-spaced text carries itself as ActualText (ISO 32000-1, 14.9.4), or readers would copy 住 and 所 as two words.
    """
    words = f"<</ActualText<feff{text.encode('utf-16-be').hex()}>>>BDC" if _is_spread(box, fitted) else "BMC"
    return f"/Span {words}\nBT\n{show(box, fitted, case, page_height)}ET\nEMC\n"


def _is_spread(box: TextBox, fitted: Fitted) -> bool:
    """Say whether letter-spacing, or justifying, sets characters so far apart that readers see spaces."""
    if box.tracking > WIDE or box.align not in ("justify", "spread"):
        return box.tracking > WIDE
    ems, every = box.width / fitted.size, box.align == "spread"
    return any((every or not x.last) and ems - x.width / 1000 > WIDE * (len(x.text) - 1) for x in fitted.lines)


def show(box: TextBox, fitted: Fitted, case: Case, page_height: float) -> str:
    """Write the operators of a set text, between BT and ET."""
    size, lines = fitted.size, fitted.lines
    pitch = size * box.leading
    top = box.y
    if box.valign != "top":
        slack = box.height - size - pitch * (len(lines) - 1)
        top += slack / 2 if box.valign == "middle" else slack
    baseline = page_height - top - size * BASELINE
    em = size / 1000
    track = box.tracking * size
    out = [_fill(box.color)]
    for line in lines:
        count = len(line.text)
        x = box.x + line.indent * em
        tracking = track
        if box.align != "left":
            room = box.width - line.width * em - track * (count - 1)
            if box.align == "center":
                x += room / 2
            elif box.align == "right":
                x += room
            elif count > 1 and (box.align == "spread" or not line.last):
                tracking += room / (count - 1)
        shown = line_run(line, case, f" {size:g} Tf [<")
        if tracking:
            out.append(f"{tracking:.3f} Tc\n1 0 0 1 {x:.2f} {baseline:.2f} Tm\n{shown}0 Tc\n")
        else:
            out.append(f"1 0 0 1 {x:.2f} {baseline:.2f} Tm\n{shown}")
        baseline -= pitch
    return "".join(out)


@cache
def _fill(color: tuple[float, float, float]) -> str:
    red, green, blue = color
    return f"{red:g} {green:g} {blue:g} rg\n"


def line_run(line: Line, case: Case, select: str) -> str:
    """Show one line: a run for each font in it, with what moves its characters in between.

    `select` is what chooses a font, after its name.
    """
    pieces: list[str] = []
    add = pieces.append
    moves = dict(line.kerns)
    current = move = ""
    for i, (resource, code) in enumerate(map(case.__getitem__, line.text)):
        if resource is not current:
            # A move before another font ends this run: PDFium passes over a number that an empty string follows.
            add(f">{move}]TJ\n/{resource}{select}{code}" if current else f"/{resource}{select}{code}")
            current = resource
        else:
            add(f">{move}<{code}" if move else code)
        move = str(min(-moves[i], MOST_BACK)) if i in moves else ""
    add(f">{move}]TJ\n" if current else "")
    return "".join(pieces)


Pack = Callable[[bytes, bytes], bytes]  # writes a Flate stream from dictionary entries and data
FONT_OBJECTS = 5  # objects that `font_objects` writes for one font


def font_objects(first: int, tag: str, font: Font, pack: Pack = deflated) -> list[bytes]:
    """Write a subset as a Type0 font, objects `first` … `first`+4; the font itself is `first`.

    `tag` is six capitals that tell the subsets of a file apart (ISO 32000-1, 9.6.4). CIDFontType2: 9.7.4;
    ToUnicode: 9.10.3. CIDs are 1… in the order in which the characters were added.
    """
    d = font.face.descriptor
    name = f"{tag}+{d.name}".encode()
    widths = b"".join([b"%d[%d]" % (i, g.advance) for i, g in enumerate(font.glyphs, 1) if g.advance != 1000])
    program = subset(font.glyphs)
    return [
        indirect(
            first,
            b"<</Type/Font/Subtype/Type0/BaseFont/%b/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>"
            % (name, first + 1, first + 4),
        ),
        indirect(
            first + 1,
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont/%b"
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            b"/DW 1000/W[%b]/CIDToGIDMap/Identity/FontDescriptor %d 0 R>>" % (name, widths, first + 2),
        ),
        indirect(
            first + 2,
            b"<</Type/FontDescriptor/FontName/%b/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0/Ascent %d/Descent %d"
            b"/CapHeight %d/StemV 80/FontFile2 %d 0 R>>"
            % (name, *d.bbox, d.ascent, d.descent, d.cap_height, first + 3),
        ),
        indirect(first + 3, pack(b"/Length1 %d" % len(program), program)),
        indirect(first + 4, pack(b"", to_unicode(font.codes))),
    ]


def to_unicode(codes: Mapping[str, Code]) -> bytes:
    """Write the map from CIDs back to the text itself, UTF-16 pairs beyond the BMP."""
    rows = [
        f"<{cid}><{ord(c):04x}>" if c < "\U00010000" else f"<{cid}><{c.encode('utf-16-be').hex()}>"
        for c, (_, cid) in codes.items()
    ]
    blocks = []
    for at in range(0, len(rows), 100):  # a block holds at most 100 entries (Adobe Technical Note 5014)
        part = rows[at : at + 100]
        blocks.append(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar\n")
    return (_CMAP_HEAD + "".join(blocks) + _CMAP_TAIL).encode()


_CMAP_HEAD = (
    "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
    "/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n"
    "/CMapName/Adobe-Identity-UCS def\n/CMapType 2 def\n"
    "1 begincodespacerange\n<0000><ffff>\nendcodespacerange\n"
)
_CMAP_TAIL = "endcmap\nCMapName currentdict/CMap defineresource pop\nend\nend\n"
