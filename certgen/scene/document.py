"""A publication → the objects of its pages, and a whole unsigned PDF.

    contents · pictures · fonts · link annotations · pages · page tree · structure tree · outline

Whoever signs a publication writes these onto a plate and adds its own catalog (certgen.press); `render_pdf` adds one
that says PDF/UA-1 and PDF/A-2u.
"""

import hashlib
import itertools
from dataclasses import dataclass, field
from datetime import datetime
from xml.sax.saxutils import escape

from certgen.fonts import Typefaces, outline
from certgen.ink import Case, Fonts, font_objects
from certgen.pdf import deflated, indirect, stream, text_string, xref_lines
from certgen.scene import tags
from certgen.scene.content import Colours, Resources, ScreenColours, content
from certgen.scene.model import Bookmark, Link, Modules, Picture, Publication

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_GLYPH = b"/Type/XObject/Subtype/Form/BBox[-1000 -1000 3000 2000]"  # in a 1000-unit em
_SPACES = {"rgb": b"/DeviceRGB", "cmyk": b"/DeviceCMYK", "grey": b"/DeviceGray"}


@dataclass
class Objects:
    """Objects in the order of their numbers, with their offsets; `at` is where the next one will stand."""

    next: int = 1
    at: int = len(HEADER)
    parts: list[bytes] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)

    def add(self, body: bytes) -> int:
        """Write an object; gives its number."""
        return self.extend([indirect(self.next, body)])

    def extend(self, written: list[bytes]) -> int:
        """Take objects that are written already; gives the number of the first."""
        first = self.next
        for data in written:
            self.offsets.append(self.at)
            self.parts.append(data)
            self.at += len(data)
        self.next += len(written)
        return first


@dataclass(frozen=True, slots=True)
class Pages:
    """Where the parts of a publication stand: object numbers, 0 for what there is not."""

    first: int  # of its pages; the others follow
    tree: int
    structure: int
    outline: int

    def catalog(self) -> bytes:
        """Write the entries of the catalog that name them."""
        out = b"/Pages %d 0 R" % self.tree
        out += b"/MarkInfo<</Marked true>>/StructTreeRoot %d 0 R" % self.structure if self.structure else b""
        return out + (b"/Outlines %d 0 R/PageMode/UseOutlines" % self.outline if self.outline else b"")


def write_pages(
    objects: Objects,
    work: Publication,
    typefaces: Typefaces,
    colours: Colours | None = None,
    *,
    first_annotations: bytes = b"",
    page_entries: bytes = b"",
    tagged: bool = True,
) -> Pages:
    """Write a publication's pages. Raises MissingGlyph, and ValueError for tags and parts that contradict each other.

    `first_annotations` are references for page one beside its links (a signature field), `page_entries` go into every
    page dictionary.
    """
    fonts = Fonts("F")
    resources = Resources(lambda font: Case(typefaces.chain(font), {}, fonts))
    roles, where = (tags.roles(work.tags), tags.places(work.sheets)) if tagged else ({}, {})
    if tagged and roles.keys() != where.keys():
        raise ValueError(f"parts without a tag, or tags without a part: {sorted(roles.keys() ^ where.keys())[:9]}")
    paint = colours or ScreenColours()
    contents = [objects.add(deflated(b"", content(s, roles, resources, paint).encode())) for s in work.sheets]
    shared = objects.add(b"<<%b>>" % embed(objects, resources, fonts))
    pressed = tags.links(work.tags) if tagged else []
    annotation = objects.next
    page, count = annotation + len(pressed), len(work.sheets)
    for i, link in enumerate(pressed):
        objects.add(_annotation(link, work, page, count + i))
    tree = page + count
    for at, (sheet, drawn) in enumerate(zip(work.sheets, contents, strict=True)):
        notes = b" ".join(b"%d 0 R" % (annotation + i) for i, link in enumerate(pressed) if link.sheet == at)
        notes = b" ".join(filter(None, (first_annotations if at == 0 else b"", notes)))
        box = b"[0 0 %.3f %.3f]" % (sheet.width, sheet.height)
        entries = b"/Annots[%b]/Tabs/S" % notes if notes else b""
        entries += b"/StructParents %d" % at if tagged else b""
        objects.add(
            b"<</Type/Page/Parent %d 0 R/MediaBox%b/TrimBox%b/Resources %d 0 R/Contents %d 0 R%b%b>>"
            % (tree, box, box, shared, drawn, entries, page_entries)
        )
    kids = b" ".join(b"%d 0 R" % (page + at) for at in range(count))
    objects.add(b"<</Type/Pages/Count %d/Kids[%b]>>" % (count, kids))
    structure = 0
    if tagged:
        structure = objects.extend(tags.structure(objects.next, work.tags, where, work.sheets, page, annotation))
    return Pages(page, tree, structure, _outline(objects, work, page) if work.bookmarks else 0)


def embed(objects: Objects, resources: Resources, fonts: Fonts) -> bytes:
    """Write the pictures, outlines and fonts that pages have asked for; gives the entries of a resource dictionary."""
    pictures = [(name, _picture(mark)) for mark, name in resources.pictures.items()]
    pictures += [(name, deflated(_GLYPH, outline(glyph) + b"f\n")) for glyph, name in resources.glyphs.items()]
    named = b"".join([b"/%b %d 0 R" % (name.encode(), objects.add(body)) for name, body in pictures])
    shown = []
    for i, font in enumerate(fonts.values()):
        number = objects.extend(font_objects(objects.next, "SCENE" + chr(65 + i), font))
        shown.append(b"/%b %d 0 R" % (font.resource.encode(), number))
    return b"/Font<<%b>>/XObject<<%b>>" % (b"".join(shown), named)


def _picture(mark: Modules | Picture) -> bytes:
    if isinstance(mark, Modules):  # a stencil: sharp, and only the black plate
        kind = b"/Type/XObject/Subtype/Image/ImageMask true/BitsPerComponent 1/Decode[1 0]/Interpolate false"
        return stream(b"%b/Width %d/Height %d" % (kind, mark.count, mark.count), mark.rows)
    kind = b"/Type/XObject/Subtype/Image/ColorSpace%b/BitsPerComponent 8/Filter/DCTDecode" % _SPACES[mark.space]
    return stream(b"%b/Width %d/Height %d" % (kind, *mark.pixels), mark.jpeg)


def _annotation(link: Link, work: Publication, page: int, parent: int) -> bytes:
    x, y, width, height = link.area
    bottom = work.sheets[link.sheet].height - y - height
    if link.address:
        goes = b"/A<</S/URI/URI%b>>" % _ascii_string(link.address)
    else:
        goes = b"/Dest[%d 0 R/XYZ null %.2f null]" % (page + link.to_sheet, work.sheets[link.to_sheet].height)
    # F 4: print (PDF/A-2, 6.3.2). The width of the border is 0: a link is seen by its type.
    return b"<</Type/Annot/Subtype/Link/F 4/Border[0 0 0]/Rect[%.2f %.2f %.2f %.2f]/Contents%b/StructParent %d%b>>" % (
        x, bottom, x + width, bottom + height, text_string(link.says), parent, goes,
    )  # fmt: skip


def _ascii_string(text: str) -> bytes:
    return b"(%b)" % text.encode("ascii").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _outline(objects: Objects, work: Publication, page: int) -> int:
    """Write the outline (ISO 32000-1, 12.3.3): the root, then every line after its elder."""
    root = objects.next
    written: list[bytes] = [b""]

    def level(marks: tuple[Bookmark, ...], parent: int) -> tuple[int, int]:
        numbers = []
        for mark in marks:
            numbers.append(root + len(written))
            written.append(b"")
            inside = level(mark.children, numbers[-1]) if mark.children else None
            kids = b"/First %d 0 R/Last %d 0 R/Count -%d" % (*inside, len(mark.children)) if inside else b""
            height = work.sheets[mark.sheet].height
            place = b"/Dest[%d 0 R/XYZ null %.2f null]" % (page + mark.sheet, height - mark.top)
            written[numbers[-1] - root] = b"/Title%b/Parent %d 0 R%b%b" % (
                text_string(mark.title),
                parent,
                place,
                kids,
            )
        for before, after in itertools.pairwise(numbers):
            written[before - root] += b"/Next %d 0 R" % after
            # The name Prev, written with an escape (7.3.5): rule S2 counts the plain word in the whole of a signed
            # file, where it could only mean an older revision.
            written[after - root] += b"/P#72ev %d 0 R" % before
        return numbers[0], numbers[-1]

    first, last = level(work.bookmarks, root)
    written[0] = b"/Type/Outlines/First %d 0 R/Last %d 0 R/Count %d" % (first, last, len(work.bookmarks))
    for body in written:
        objects.add(b"<<%b>>" % body)
    return root


def render_pdf(
    work: Publication, typefaces: Typefaces, icc: bytes, at: datetime, colours: Colours | None = None
) -> bytes:
    """Write a whole PDF, unsigned: tagged, PDF/UA-1 and PDF/A-2u.

    `icc` is an RGB profile. The same inputs give the same bytes. Raises MissingGlyph.
    """
    objects = Objects()
    profile = objects.add(deflated(b"/N 3", icc))
    intent = objects.add(
        b"<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/DestOutputProfile %d 0 R>>" % profile
    )
    pages = write_pages(objects, work, typefaces, colours)
    metadata = objects.add(stream(b"/Type/Metadata/Subtype/XML", xmp(work, at, "A-2u").encode()))
    catalog = objects.add(
        b"<</Type/Catalog%b/Metadata %d 0 R/OutputIntents[%d 0 R]/Lang(%b)/ViewerPreferences<</DisplayDocTitle true>>>>"
        % (pages.catalog(), metadata, intent, work.language.encode())
    )
    return finish(objects, catalog, objects.add(b"<</Title%b>>" % text_string(work.title.zh)))


def finish(objects: Objects, catalog: int, info: int, header: bytes = HEADER) -> bytes:
    """Write header, objects, cross-reference table and trailer; the file's identifier follows from its bytes."""
    body = header + b"".join(objects.parts)
    name = hashlib.sha256(body).hexdigest()[:32].encode()
    table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (objects.next, xref_lines(objects.offsets))
    return b"%b%btrailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]>>\nstartxref\n%d\n%%%%EOF\n" % (
        body, table, objects.next, catalog, info, name, name, len(body),
    )  # fmt: skip


def xmp(work: Publication, at: datetime, conformance: str) -> str:
    """Write the XMP packet: the title in both languages, the moment (UTC), PDF/UA-1 and PDF/A."""
    part, level = conformance.removeprefix("A-")[0], conformance[-1].upper()
    return _XMP % {
        "when": at.isoformat()[:19] + "Z",
        "zh": escape(work.title.zh),
        "en": escape(work.title.en),
        "part": part,
        "level": level,
    }


# PDF/A wants every property of a schema that it does not know described (ISO 19005-2, 6.6.2.3.3).
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" pdfaid:part="%(part)s" pdfaid:conformance="%(level)s"
 xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreateDate="%(when)s" xmp:ModifyDate="%(when)s" xmp:MetadataDate="%(when)s"
 xmp:CreatorTool="certgen" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" pdf:Producer="certgen"
 xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="application/pdf">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">%(zh)s</rdf:li><rdf:li xml:lang="zh-CN">%(zh)s</rdf:li><rdf:li xml:lang="en">%(en)s</rdf:li></rdf:Alt></dc:title>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource"><pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI><pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 the file conforms to</pdfaProperty:description></rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""  # noqa: E501
