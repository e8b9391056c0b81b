"""Strike: one record onto a plate → a PDF with an empty signature gap, and the digest to sign.

The strike continues the plate's objects 1 … k:

    content (one a page) · QR picture · fonts of the missing characters · record.json · its file specification ·
    XMP · signature field · pages · page tree · catalog · signature dictionary · xref · trailer · %%EOF

The signature dictionary comes last, so that the gap stands near the end of the file and everything before it is
hashed once. Sizes of everything behind the gap are known beforehand: `/ByteRange` is written right the first time.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from certgen import photo, qr
from certgen.core import gap, record
from certgen.core.chinese import shown
from certgen.core.errors import ApplicationError, FormatError, Problem, Text
from certgen.core.metadata import NAMES
from certgen.core.model import Certificate, Field, Paper
from certgen.core.sid import grouped
from certgen.fonts import Typefaces
from certgen.ink import Case, Fonts, element, font_objects, label_of, typeset_box
from certgen.layout import ImageBox, Layout, Page, Square, TextBox
from certgen.pdf import LEVELS, deflated, stream, text_string, xref_lines
from certgen.plate import Plate
from certgen.scene.document import Objects
from certgen.tabular import Flow
from certgen.typeset import Fitted, measure_line

CONTINUED_NOTE = "（续见附页）"
MAX_PAGES = 60  # a runaway text, not a licence


@dataclass(frozen=True, slots=True)
class Face:
    """What is the same for every document of a form, copy and paper: its layout and its words."""

    layout: Layout
    paper: Paper
    title: Text
    copy_title: str
    labels: Mapping[str, Text]
    blanks: Mapping[str, str]  # every field's name with "", so that a field left out is blank and not unknown
    context: Mapping[str, object]  # what the engraver knew
    varied: tuple[Field, ...] = ()  # fields that some records call otherwise

    def label(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """Give what a record calls its fields, in Chinese."""
        common = {name: label.zh for name, label in self.labels.items()}
        return common | {field.name: field.label_in(values).zh for field in self.varied}


@dataclass(frozen=True, slots=True)
class Certified:
    """The facts of a document, their canonical bytes, and the SHA-256 of those."""

    certificate: Certificate
    record: bytes
    digest: bytes

    @classmethod
    def of(cls, certificate: Certificate) -> "Certified":
        """Write the record once; the QR code, the attachment and the register all use it."""
        data = record.encode(certificate)
        return cls(certificate, data, record.digest(data))


@dataclass(frozen=True, slots=True)
class Symbol:
    """A QR code as a picture: `rows` of bits padded to bytes, 1 is dark, `size` modules across."""

    text: str
    size: int
    rows: bytes


class Placed(NamedTuple):
    """A further code on the first page."""

    square: Square
    symbol: Symbol


@dataclass(frozen=True, slots=True)
class Struck:
    """A document that nobody has looked at yet. `head` ends before `<`, `tail` begins after `>`."""

    certified: Certified
    paper: Paper
    symbol: Symbol
    plate: Plate
    head: bytes
    tail: bytes
    digest: bytes
    gap_bytes: int
    opened: Any  # the SHA-256 state of the file up to the gap
    codes: tuple[Placed, ...] = ()


def strike(
    plate: Plate,
    face: Face,
    certified: Certified,
    symbol: Symbol,
    gap_bytes: int,
    typefaces: Typefaces,
    draft: "Draft",
    level: int = LEVELS[0],
) -> Struck:
    """Set a record on a plate.

    `gap_bytes` is the room for the CMS; `draft` is what `compose` gave for the same record before it had a number;
    `level` is how hard streams are packed. Raises ApplicationError for a number that has no room.
    """
    certificate, data = certified.certificate, certified.record
    fonts = Fonts("S")

    def pack(entries: bytes, data: bytes) -> bytes:
        return deflated(entries, data, level)

    codes = _codes(face, _context(face, certificate)) if face.layout.main.codes else ()
    composed = _Compositor(plate, face, typefaces, fonts, codes).set(numbered(draft, face, certificate, typefaces))
    objects = _Objects(plate)
    contents = [objects.add(pack(b"", content.encode())) for content in composed.contents]
    pictures = b"/Q %d 0 R" % objects.add(_picture(symbol))
    for i, code in enumerate(codes, 1):
        pictures += b"/Q%d %d 0 R" % (i, objects.add(_picture(code.symbol)))
    for i, (_, jpeg) in enumerate(draft.photos, 1):
        pictures += b"/I%d %d 0 R" % (i, objects.add(stream(_PHOTO, jpeg)))
    font_names = [plate.font_resources]
    for i, font in enumerate(fonts.values()):
        number = objects.extend(font_objects(objects.next, "STRIK" + chr(65 + i), font, pack))
        font_names.append(b"/%b %d 0 R" % (font.resource.encode(), number))
    resources = b"/Resources<</Font<<%b>>/XObject<<%b%b>>>>" % (
        b"".join(font_names),
        b"".join(b"/%b %d 0 R" % (role.encode(), number) for role, number in plate.facts.forms.items()),
        pictures,
    )
    when = _pdf_date(certificate.issued_at)
    attached = objects.add(
        pack(b"/Type/EmbeddedFile/Subtype/application#2Fjson/Params<</ModDate(%b)/Size %d>>" % (when, len(data)), data)
    )
    attachment = objects.add(
        b"<</Type/Filespec/F(record.json)/UF(record.json)/AFRelationship/Data/Desc(The facts this document attests)"
        b"/EF<</F %d 0 R/UF %d 0 R>>>>" % (attached, attached)
    )
    metadata = objects.add(stream(b"/Type/Metadata/Subtype/XML", _xmp(certificate, face).encode()))
    # Numbers of what follows are known: field, pages, tree, catalog, signature.
    field = objects.next
    first_page, tree = field + 1, field + 1 + len(contents)
    catalog, signature = tree + 1, tree + 2
    sealed = face.layout.sealed_at
    objects.add(_field(plate, face.layout.page_at(sealed), signature, first_page + sealed))
    for i, (content, page) in enumerate(zip(contents, composed.pages, strict=True)):
        annotation = b"/Annots[%d 0 R]" % field if i == sealed else b""
        box = b"[0 0 %.2f %.2f]" % (page.width, page.height)
        objects.add(
            b"<</Type/Page/Parent %d 0 R/MediaBox%b/TrimBox%b%b/Contents %d 0 R%b>>"
            % (tree, box, box, resources, content, annotation)
        )
    kids = b" ".join(b"%d 0 R" % (first_page + i) for i in range(len(contents)))
    objects.add(b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(contents), kids))
    objects.add(
        b"<</Type/Catalog/Version/1.7/Pages %d 0 R/Metadata %d 0 R/OutputIntents[%d 0 R]/Lang(zh-CN)/AF[%d 0 R]"
        b"/Names<</EmbeddedFiles<</Names[(record.json) %d 0 R]>>>>/AcroForm<</Fields[%d 0 R]/SigFlags 3>>"
        b"/Perms<</DocMDP %d 0 R>>/ViewerPreferences<</DisplayDocTitle true>>>>"
        % (tree, metadata, plate.facts.intent, attachment, attachment, field, signature)
    )
    head, tail = objects.close(signature, catalog, certificate, when, gap_bytes, certified.digest)
    hashed = plate.hashed.copy()
    hashed.update(head)
    opened = hashed.copy()
    hashed.update(tail)
    return Struck(certified, face.paper, symbol, plate, head, tail, hashed.digest(), gap_bytes, opened, codes)


class _Objects(Objects):
    """The objects k+1 … of a strike, with their offsets in the finished file."""

    def __init__(self, plate: Plate) -> None:
        super().__init__(plate.objects + 1, len(plate.content))
        self.plate = plate

    def close(
        self, signature: int, catalog: int, certificate: Certificate, when: bytes, gap_bytes: int, record_digest: bytes
    ) -> tuple[bytes, bytes]:
        """Write the signature dictionary, xref and trailer; gives what stands before `<` and after `>`."""
        self.offsets.append(self.at)
        opening = b"%d 0 obj\n<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M(%b)/Name%b%b" % (
            signature,
            when,
            text_string(certificate.authority_name),
            b"/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P 1/V/1.2>>>>]",
        )
        name = record_digest[:16].hex().encode()  # the file's identifier follows from what it attests
        before = len(opening) + len(b"/ByteRange ") + len(gap.byte_range(0, 0, 0)) + len(b"/Contents ")
        start = self.at + before
        end = start + 2 + 2 * gap_bytes
        closing = b">>\nendobj\n"
        table = end + len(closing)
        tail = b"%bxref\n0 %d\n%b%btrailer\n<</Size %d/Root %d 0 R/ID[<%b><%b>]>>\nstartxref\n%d\n%%%%EOF\n" % (
            closing,
            signature + 1,
            self.plate.xref,
            xref_lines(self.offsets),
            signature + 1,
            catalog,
            name,
            name,
            table,
        )
        ranges = b"/ByteRange " + gap.byte_range(start, end, end + len(tail)) + b"/Contents "
        return b"".join([*self.parts, opening, ranges]), tail


class Setting(NamedTuple):
    """A box, its words, and how they were fitted into it."""

    box: TextBox
    text: str
    fitted: Fitted


Photos = tuple[tuple[ImageBox, bytes], ...]
# A JPEG as it is (ISO 32000-1, 7.4.8); every photograph was encoded by us, in RGB.
_PHOTO = b"/Type/XObject/Subtype/Image/ColorSpace/DeviceRGB/BitsPerComponent 8/Width %d/Height %d/Filter/DCTDecode" % (
    photo.WIDTH,
    photo.HEIGHT,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """The fitted texts of each page of a document: the main page, its back if it has one, continuations.

    `drawn`, if any, are the rules of tables, page by page; `photos` stand on the main page or its back.
    """

    pages: tuple[tuple[Setting, ...], ...]
    drawn: tuple[str, ...] = ()
    photos: Photos = ()


def compose(
    face: Face, certificate: Certificate, typefaces: Typefaces, photos: Mapping[str, bytes] = MappingProxyType({})
) -> Draft:
    """Fit all texts of a record into their boxes; number and sid may be any of the right length.

    `photos` are the pictures that the record attests, by what it says of them: their digests.
    Done before a number is used up, so that none is lost on a text that does not fit. Raises ApplicationError with
    every field that has no glyph or no room.
    """
    problems: list[Problem] = []
    context = _context(face, certificate)

    def settings(boxes: list[tuple[TextBox, str]]) -> list[Setting]:
        set_ = []
        for box, words in boxes:
            # Whatever number and sid it will have, it will fit: they are tried in the widest characters of their kind.
            try:
                tried = _widest(words, typefaces.advances(box.font)) if box.numbered else words
                set_.append(Setting(box, words, typeset_box(box, tried, typefaces, face.labels)))
            except ApplicationError as error:
                problems.extend(error.problems)
        return set_

    tables, pages = _Tables(face, context, typefaces, problems), []
    for at, page in enumerate(face.layout.fixed):
        context["page"] = at + 1
        pages.append(tables.on(page, tuple(settings(face.layout.struck(face.paper, context, at)))))
    calls = context["label"]
    rest = "\n".join(f"{calls.get(s.box.name, s.box.name)}（续）：{s.fitted.rest}" for s in pages[0] if s.fitted.rest)
    further = face.layout.continuation
    while (rest or tables.left) and further and not problems:
        context["page"] = len(pages) + 1
        body = settings([(further.continued, rest)]) if rest and further.continued else []
        if len(pages) == MAX_PAGES or (rest and not (body and body[0].fitted.lines)):
            problems += tables.endless() or [_endless(face, pages[0])]
            break
        pages.append(tables.on(further, (*settings(face.layout.struck("plain", context, len(pages))), *body)))
        rest = body[0].fitted.rest if body else ""
    if face.layout.counts_pages and not problems:
        pages = [_recounted(face, context, i, page, len(pages), settings) for i, page in enumerate(pages)]
    if face.layout.main.codes and not problems:
        problems += _code_faults(face, context)
    if problems:
        raise ApplicationError(tuple(problems))
    pictures = tuple(
        (box, photos[context[box.name]])
        for page in face.layout.fixed
        for box in page.images
        if context[box.name] and not (box.preprinted and face.paper == "overprint")
    )
    return Draft(tuple(pages), tuple(tables.drawn), pictures)


class _Tables:
    """The tables of a document, page after page; what is wrong with them goes to `problems`."""

    def __init__(self, face: Face, context: Mapping[str, Any], typefaces: Typefaces, problems: list[Problem]) -> None:
        self.face, self.problems, self.drawn = face, problems, list[str]()
        boxes = face.layout.tables_on(face.paper)
        self.flows = [
            Flow(box, context[box.name], typefaces, face.labels.get(box.name) or Text(box.name, box.name))
            for box in boxes
            if context[box.name]
        ]

    @property
    def left(self) -> bool:
        """Say whether rows wait for a further page."""
        return any(flow.left for flow in self.flows)

    def on(self, page: Page, texts: tuple[Setting, ...]) -> tuple[Setting, ...]:
        """Set what a page holds of every table among its texts, in the order of the layout."""
        further, cells, drawn = self.face.layout.continuation, list[Setting](), ""
        for flow in self.flows:
            box = page.table(flow.name)
            if box is None or not flow.left:
                continue
            try:
                area = flow.fill(box, further.table(flow.name) if further else None, page.height)
            except ApplicationError as error:
                self.problems += error.problems
                continue
            cells += [Setting(*cell) for cell in area.cells]
            drawn += area.drawn
        if self.flows:
            self.drawn.append(drawn)
        return tuple(sorted((*texts, *cells), key=lambda s: s.box.line)) if cells else texts

    def endless(self) -> list[Problem]:
        """Refuse the tables that have no end."""
        return [problem for flow in self.flows if flow.left for problem in flow.endless().problems]


def _recounted(
    face: Face,
    context: dict[str, Any],
    at: int,
    page: tuple[Setting, ...],
    pages: int,
    settings: Callable[[list[tuple[TextBox, str]]], list[Setting]],
) -> tuple[Setting, ...]:
    """Set the numbered texts of a page again, now that the pages have been counted: a condition may drop or add one."""
    context |= {"page": at + 1, "pages": pages}
    texts = face.layout.struck(face.paper, context, at)
    again = settings([(box, text) for box, text in texts if box.numbered])
    return tuple(sorted([s for s in page if not s.box.numbered] + again, key=lambda s: s.box.line))


def numbered(draft: Draft, face: Face, certificate: Certificate, typefaces: Typefaces) -> Draft:
    """Set the real number and sid in a draft; all else stays as it was fitted. Raises ApplicationError."""
    context = _context(face, certificate)
    context["pages"] = len(draft.pages)
    layout, pages = face.layout, []
    for at, page in enumerate(draft.pages):
        context["page"] = at + 1
        texts = layout.numbered(face.paper, context, at)
        new = {id(box): text for box, text in texts if box.numbered}
        pages.append(tuple([_set(s.box, new[id(s.box)], typefaces, face) if s.box.numbered else s for s in page]))
    return Draft(tuple(pages), draft.drawn, draft.photos)


def _set(box: TextBox, text: str, typefaces: Typefaces, face: Face) -> Setting:
    return Setting(box, text, typeset_box(box, text, typefaces, face.labels))


def _widest(text: str, advances: Mapping[str, int]) -> str:
    digit, letter = (max(kind, key=advances.__getitem__) for kind in ("0123456789", "ABCDEFGHJKMNPQRSTVWXYZ"))
    return "".join([digit if "0" <= c <= "9" else letter if "A" <= c <= "Z" else c for c in text])


def _endless(face: Face, page: tuple[Setting, ...]) -> Problem:
    box, text = next((s.box, s.text) for s in page if s.fitted.rest)
    wanted = Text(f"连同附页不超过 {MAX_PAGES} 页的内容", f"a text of at most {MAX_PAGES} pages with its continuation")
    return Problem(box.name, label_of(box, face.labels), text[:39] + "…", wanted)


@dataclass(frozen=True, slots=True)
class _Composed:
    contents: tuple[str, ...]
    pages: tuple[Page, ...]


class _Compositor:
    """Turns fitted texts into the content streams of the pages."""

    def __init__(self, plate: Plate, face: Face, typefaces: Typefaces, fonts: Fonts, codes: tuple[Placed, ...]) -> None:
        self.plate, self.face, self.typefaces, self.fonts, self.codes = plate, face, typefaces, fonts, codes
        self.cases: dict[str, Case] = {}
        x, y = plate.offset_mm
        self.shift = f"1 0 0 1 {x * 72 / 25.4:.2f} {-y * 72 / 25.4:.2f} cm\n" if x or y else ""

    def set(self, draft: Draft) -> _Composed:
        pages = [self.face.layout.page_at(i) for i in range(len(draft.pages))]
        contents = [
            self.page(page, settings, draft.drawn[i] if draft.drawn else "", draft.photos, first=i == 0)
            for i, (page, settings) in enumerate(zip(pages, draft.pages, strict=True))
        ]
        return _Composed(tuple(contents), tuple(pages))

    def page(self, page: Page, settings: tuple[Setting, ...], drawn: str, photos: Photos, *, first: bool) -> str:
        out = [f"{self.shift}q /{page.role} Do Q\n{drawn}"]
        # By identity: a card may have equal places on both sides.
        here = {id(box) for box in page.images}
        out += [_pictured(f"I{i}", box, page) for i, (box, _) in enumerate(photos, 1) if id(box) in here]
        for setting in settings:
            box, fitted = setting.box, setting.fitted
            case = self.cases.get(box.font) or self.case(box.font)
            text = setting.text.removesuffix(fitted.rest) if fitted.rest else setting.text
            if fitted.rest and first:
                note = measure_line(CONTINUED_NOTE, self.typefaces.advances(box.font), 0)
                fitted = fitted._replace(lines=(*fitted.lines, note))
                text += CONTINUED_NOTE
            out.append(element(box, text, fitted, case, page.height))
        if page.qr and page.role != "continuation":
            out.append(_shown("Q", page.qr, page))
        if first:
            out += [_shown(f"Q{i}", code.square, page) for i, code in enumerate(self.codes, 1)]
        return "".join(out)

    def case(self, font: str) -> Case:
        held = self.plate.held(self.typefaces, font)
        case = self.cases[font] = Case(self.typefaces.chain(font), held, self.fonts)
        return case


def _shown(name: str, s: Square, page: Page) -> str:
    y = page.height - s.y - s.size
    return f"/Artifact BMC\nq 0 g {s.size:.2f} 0 0 {s.size:.2f} {s.x:.2f} {y:.2f} cm /{name} Do Q\nEMC\n"


def _pictured(name: str, box: ImageBox, page: Page) -> str:
    y = page.height - box.y - box.height
    return f"/Figure BMC\nq {box.width:.2f} 0 0 {box.height:.2f} {box.x:.2f} {y:.2f} cm /{name} Do Q\nEMC\n"


def _codes(face: Face, context: Mapping[str, object]) -> tuple[Placed, ...]:
    """Draw the further codes of a record; raises FormatError where `_code_faults` would have found a fault."""
    return tuple([Placed(box.square, _plain(text)) for box, text in face.layout.codes(context)])


@lru_cache(maxsize=1024)  # 正本 and 副本 carry the same one, and a chunk has some hundred licences
def _plain(text: str) -> Symbol:
    modules = qr.encode_plain(text)
    return Symbol(text, len(modules), qr.packed(modules))


def _code_faults(face: Face, context: Mapping[str, object]) -> Iterator[Problem]:
    """Find the codes that are larger than was measured; only a condition in their text can make them so."""
    for box, text in face.layout.codes(context):
        try:
            fits = qr.size_of(qr.version_for_plain(text)) <= box.modules
        except FormatError:
            fits = False
        if not fits:
            wanted = Text("能印成二维码的内容（ASCII，不超过版面预留）", "ASCII text that fits the room for its code")
            yield Problem(box.name, face.labels.get(box.name) or Text(box.name, box.name), shown(text), wanted)


def _context(face: Face, certificate: Certificate) -> dict[str, Any]:
    values = dict(certificate.fields)
    return {
        **face.blanks,
        **values,
        **face.context,
        "label": face.label(values),
        "number": certificate.number,
        "sid": certificate.sid,
        "sid_grouped": grouped(certificate.sid),
        "issued_on": certificate.issued_on,
        "valid_from": certificate.valid_from,
        "valid_until": certificate.valid_until,
        "page": 1,
        "pages": MAX_PAGES,  # until they are counted: no count has more digits
    }


def _picture(symbol: Symbol) -> bytes:
    # A stencil: a bit of 1 is painted with Decode [1 0] (ISO 32000-1, 8.9.6.2). Sharp, and only the black plate.
    kind = b"/Type/XObject/Subtype/Image/ImageMask true/BitsPerComponent 1/Decode[1 0]/Interpolate false"
    return stream(b"%b/Width %d/Height %d" % (kind, symbol.size, symbol.size), symbol.rows)


def _field(plate: Plate, page: Page, signature: int, page_number: int) -> bytes:
    """Write the signature field; its appearance is the seal, so a click on the seal opens the signature panel."""
    rect, appearance = b"0 0 0 0", b""
    if plate.facts.seal and page.seal:
        s = page.seal
        bottom = page.height - s.y - s.size
        rect = b"%.2f %.2f %.2f %.2f" % (s.x, bottom, s.x + s.size, bottom + s.size)
        appearance = b"/AP<</N %d 0 R>>" % plate.facts.seal
    # F 132: print, locked (ISO 32000-1, table 165); PDF/A wants Print.
    return b"<</Type/Annot/Subtype/Widget/FT/Sig/T(Seal)/V %d 0 R/Rect[%b]/P %d 0 R/F 132%b>>" % (
        signature,
        rect,
        page_number,
        appearance,
    )


@lru_cache(maxsize=64)  # a chunk has one moment, and strftime is slow
def _pdf_date(when: datetime) -> bytes:
    return f"D:{when:%Y%m%d%H%M%S}Z".encode()


# XMP is not deflated, and the verifier counts tokens over the whole file (ADR 0006): a holder called %%EOF, /Prev or
# startxref gets a licence too.
_TOKENLESS = {"%": "&#37;", "/": "&#47;", "startxref": "startxre&#102;"}


def _xmp(certificate: Certificate, face: Face) -> str:
    """Write the XMP packet: PDF/A-3u, what the document is, and its metadata by GB/T 36903 as the public may see it."""
    when = certificate.issued_at.isoformat()[:19] + "Z"
    title = f"{face.title.zh}（{face.copy_title}）{certificate.number}"
    said = "".join([f"<gb:{name}>{escape(value, _TOKENLESS)}</gb:{name}>" for name, value in certificate.metadata])
    return _XMP % {"when": when, "title": escape(title), "sid": certificate.sid, "gb": said and _GB % said}


_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" pdfaid:part="3" pdfaid:conformance="U"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreateDate="%(when)s" xmp:ModifyDate="%(when)s"
 xmp:MetadataDate="%(when)s" xmp:CreatorTool="certgen" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" pdf:Producer="certgen"
 xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="application/pdf" dc:identifier="%(sid)s">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">%(title)s</rdf:li></rdf:Alt></dc:title>
</rdf:Description>%(gb)s</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
# PDF/A wants every property of a schema that it does not know described (ISO 19005-3, 6.6.2.3.3).
_GB = (
    """
<rdf:Description rdf:about="" xmlns:gb="urn:gb-t:36903:2018#">%s</rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource"><pdfaSchema:schema>GB/T 36903</pdfaSchema:schema>
<pdfaSchema:namespaceURI>urn:gb-t:36903:2018#</pdfaSchema:namespaceURI><pdfaSchema:prefix>gb</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq>"""
    + "".join(
        f"""
<rdf:li pdfaProperty:name="{name}" pdfaProperty:valueType="Text" pdfaProperty:category="external"
 pdfaProperty:description="{meaning}"/>"""
        for name, meaning in NAMES.items()
    )
    + """
</rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"""
)
