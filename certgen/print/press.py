"""A publication and its imposition → one PDF/X-4 (ISO 15930-7:2010) for the press.

    output intent · a Form XObject for each page · pictures, fonts · a surface for each side of each sheet · catalog

Pages are drawn once and placed as often as the imposition wants. On a surface each is clipped at its bleed, and at the
spine, where no bleed may reach over the fold. Nothing is transparent, every colour is CMYK or a mark on all plates.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from certgen.fonts import Typefaces
from certgen.ink import Case, Fonts
from certgen.pdf import deflated, stream, text_string
from certgen.print.colour import GRAPHICS_STATES, REGISTRATION, PressColours
from certgen.print.impose import Cell, Imposition, SheetPlan
from certgen.print.marks import HAIR, MARGIN_MM, MM, Box, colour_bar, cut_marks, slug_place, targets
from certgen.scene.content import Resources, content
from certgen.scene.document import Objects, embed, finish
from certgen.scene.model import BLACK, Ink, Mark, Part, Path, Publication, Sheet, Words
from certgen.typeset import measure_line

HEADER = b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n"
_SLUG_SIZE = 6.0  # points
_FOLD_DASH = (3.0, 2.0)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the print shop asks for: profile (ICC bytes) and the name of its condition, bleed, ink limit, options.

    `creep_factor` multiplies the creep: some shops count the thickness of the paper twice. `outlines` turns type
    into paths (转曲) for shops that cannot take fonts.
    """

    profile: bytes
    condition: str = "FOGRA39"
    bleed_mm: float = 3.0
    ink_limit: float = 3.0
    black_only: bool = False
    outlines: bool = False
    creep_factor: float = 1.0

    @property
    def bleed(self) -> float:
        """The bleed in points."""
        return self.bleed_mm * MM


@dataclass(frozen=True, slots=True)
class Slug:
    """What the line in the margin says: the job, and the day of the file (Asia/Shanghai, as written)."""

    job: str
    day: str


@dataclass(frozen=True, slots=True)
class _Surface:
    """One side of a sheet, laid out: its size with margins, where its trim is, the cells and their trims."""

    width: float
    height: float
    trim: Box
    cells: tuple[tuple[Cell, Box], ...]
    folds_x: tuple[float, ...]
    folds_y: tuple[float, ...]
    name: str


def singles(pages: int) -> Imposition:
    """Hand over every page by itself, with bleed and marks: what most shops ask for."""
    plans = [SheetPlan(f"{page + 1}", 1, 1, (Cell(0, 0, page),), ()) for page in range(pages)]
    return Imposition(tuple(plans), 0)


def press_pdf(
    work: Publication, imposition: Imposition, conditions: Conditions, slug: Slug, typefaces: Typefaces, at: datetime
) -> bytes:
    """Write the press file: the same inputs give the same bytes. All pages have the size of the first.

    Raises MissingGlyph, and TemplateError for an ink that the conditions do not permit.
    """
    colours = PressColours(conditions.ink_limit, conditions.black_only)
    fonts, objects = Fonts("F"), Objects(at=len(HEADER))
    chains = typefaces.chain if conditions.outlines else None
    resources = Resources(lambda font: Case(typefaces.chain(font), {}, fonts), chains)
    drawn = [content(sheet, {}, resources, colours).encode() for sheet in work.sheets]
    digest = hashlib.sha256(b"\0".join(drawn)).hexdigest()[:16]
    surfaces = [s for plan in imposition.sheets for s in _surfaces(plan, work.sheets[0], conditions)]
    marked = [content(_marks(s, conditions, slug, digest, typefaces), {}, resources, colours) for s in surfaces]

    profile = objects.add(deflated(b"/N 4", conditions.profile))
    intent = objects.add(_intent(conditions.condition, profile))
    separation = objects.add(stream(b"/FunctionType 4/Domain[0 1]/Range[0 1 0 1 0 1 0 1]", b"{dup dup dup}"))
    shared = embed(objects, resources, fonts)
    shared += b"/ExtGState<<%b>>/ColorSpace<</All[/Separation/All/DeviceCMYK %d 0 R]>>" % (GRAPHICS_STATES, separation)
    inside = objects.add(b"<<%b>>" % shared)
    forms = [
        objects.add(_form(sheet, data, conditions.bleed, inside))
        for sheet, data in zip(work.sheets, drawn, strict=True)
    ]
    named = b"".join([b"/P%d %d 0 R" % (i, number) for i, number in enumerate(forms)])
    outside = objects.add(b"<<%b>>" % shared.replace(b"/XObject<<", b"/XObject<<" + named, 1))
    contents = [
        objects.add(deflated(b"", (_placed(s, work.sheets[0], conditions) + marks).encode()))
        for s, marks in zip(surfaces, marked, strict=True)
    ]
    tree = objects.next + len(surfaces)
    for surface, number in zip(surfaces, contents, strict=True):
        objects.add(_page(surface, conditions.bleed, tree, outside, number))
    kids = b" ".join(b"%d 0 R" % (tree - len(surfaces) + i) for i in range(len(surfaces)))
    objects.add(b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(surfaces), kids))
    metadata = objects.add(stream(b"/Type/Metadata/Subtype/XML", _xmp(work, at, digest).encode()))
    catalog = objects.add(
        b"<</Type/Catalog/Pages %d 0 R/Metadata %d 0 R/OutputIntents[%d 0 R]/Lang(%b)>>"
        % (tree, metadata, intent, work.language.encode())
    )
    when = f"D:{at:%Y%m%d%H%M%S}Z".encode()
    info = objects.add(
        b"<</Title%b/Creator(certgen)/Producer(certgen)/CreationDate(%b)/ModDate(%b)/Trapped/False>>"
        % (text_string(work.title.zh), when, when)
    )
    return finish(objects, catalog, info, HEADER)


def _intent(condition: str, profile: int) -> bytes:
    return (
        b"<</Type/OutputIntent/S/GTS_PDFX/OutputConditionIdentifier(%b)/Info(%b)"
        b"/RegistryName(http://www.color.org)/DestOutputProfile %d 0 R>>"
        % (condition.encode(), condition.encode(), profile)
    )


def _form(sheet: Sheet, data: bytes, bleed: float, resources: int) -> bytes:
    box = (-bleed, -bleed, sheet.width + bleed, sheet.height + bleed)
    entries = b"/Type/XObject/Subtype/Form/BBox[%.3f %.3f %.3f %.3f]/Resources %d 0 R" % (*box, resources)
    return deflated(entries, data)


def _surfaces(plan: SheetPlan, page: Sheet, conditions: Conditions) -> Iterator[_Surface]:
    for side, cells in (("A", plan.front), ("B", plan.back)):
        if cells:
            yield _laid_out(plan, cells, f"{plan.name}{side if plan.back else ''}", page, conditions)


def _laid_out(plan: SheetPlan, cells: Sequence[Cell], name: str, page: Sheet, conditions: Conditions) -> _Surface:
    """Put the cells side by side: spines touch, everything that is cut leaves room for two bleeds."""
    margin, gap = MARGIN_MM * MM, 2 * conditions.bleed
    by_place = {(cell.row, cell.column): cell for cell in cells}
    is_book = any(cell.spine != "none" for cell in cells)
    xs, folds_x, x = [margin], list[float](), margin
    for column in range(1, plan.columns):
        left, right = by_place[0, column - 1], by_place[0, column]
        between = 0.0 if (left.spine, right.spine) == ("right", "left") else gap
        folds_x.append(x + page.width + between / 2)
        x += page.width + between
        xs.append(x)
    ys = [margin + row * (page.height + gap) for row in range(plan.rows)]
    folds_y = [y - gap / 2 for y in ys[1:]]
    trim = Box(margin, margin, xs[-1] + page.width - margin, ys[-1] + page.height - margin)
    placed = tuple((cell, Box(xs[cell.column], ys[cell.row], page.width, page.height)) for cell in cells)
    folds = (tuple(folds_x), tuple(folds_y)) if is_book else ((), ())
    return _Surface(trim.width + 2 * margin, trim.height + 2 * margin, trim, placed, *folds, name)


def _placed(surface: _Surface, page: Sheet, conditions: Conditions) -> str:
    """Place the pages of a surface, each clipped."""
    out, bleed = [], conditions.bleed
    for cell, box in surface.cells:
        if cell.page is None:
            continue
        left = box.x - (0 if cell.spine == "left" else bleed)
        right = box.right + (0 if cell.spine == "right" else bleed)
        bottom = surface.height - box.bottom - bleed
        clip = f"{left:.3f} {bottom:.3f} {right - left:.3f} {box.height + 2 * bleed:.3f} re W n"
        shift = cell.creep * conditions.creep_factor * (-1 if cell.spine == "left" else 1)
        x, y = box.x + shift, surface.height - box.bottom
        turn = f"-1 0 0 -1 {x + page.width:.3f} {y + page.height:.3f}" if cell.turned else f"1 0 0 1 {x:.3f} {y:.3f}"
        out.append(f"q {clip} {turn} cm /P{cell.page} Do Q\n")
    return "".join(out)


def _marks(surface: _Surface, conditions: Conditions, slug: Slug, digest: str, typefaces: Typefaces) -> Sheet:
    """Draw what stands in the margins, as a sheet of its own."""
    bleed, cells = conditions.bleed, surface.cells
    cut_x = [box.x for cell, box in cells if cell.spine != "left"] + [b.right for c, b in cells if c.spine != "right"]
    cut_y = [y for _, box in cells for y in (box.y, box.bottom)]
    marks: list[Mark] = [_line(steps) for steps in cut_marks(cut_x, cut_y, surface.trim, bleed)]
    folds = cut_marks(surface.folds_x, surface.folds_y, surface.trim, bleed)
    marks += [_line(steps, _FOLD_DASH) for steps in folds]
    marks += [_line(steps) for steps in targets(surface.trim, (*cut_x, *surface.folds_x), (*cut_y, *surface.folds_y))]
    bar = colour_bar(surface.trim, (*cut_x, *surface.folds_x)) if not conditions.black_only else iter(())
    marks += [Path(steps, fill=Ink((0.5, 0.5, 0.5), inks)) for inks, steps in bar]
    plates = "K" if conditions.black_only else "C M Y K"
    said = f"{slug.job}  {surface.name}  {plates}  {slug.day}  SHA-256 {digest}"
    x, baseline = slug_place(surface.trim)
    line = measure_line(said, typefaces.advances("hei"))
    size = min(_SLUG_SIZE, (surface.trim.width / 2) * 1000 / max(line.width, 1))
    marks.append(Words(x, baseline, line, "hei", size, BLACK))
    return Sheet(surface.width, surface.height, (Part(tuple(marks)),))


def _line(steps: Iterable[object], dash: tuple[float, ...] = ()) -> Path:
    return Path(tuple(steps), stroke=REGISTRATION, width=HAIR, dash=dash)  # type: ignore[arg-type]


def _page(surface: _Surface, bleed: float, tree: int, resources: int, number: int) -> bytes:
    t = surface.trim
    bottom = surface.height - t.bottom
    trim = (t.x, bottom, t.right, bottom + t.height)
    bled = (t.x - bleed, bottom - bleed, t.right + bleed, bottom + t.height + bleed)
    return (
        b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 %.3f %.3f]/BleedBox[%.3f %.3f %.3f %.3f]"
        b"/TrimBox[%.3f %.3f %.3f %.3f]/Resources %d 0 R/Contents %d 0 R>>"
        % (tree, surface.width, surface.height, *bled, *trim, resources, number)
    )


def _xmp(work: Publication, at: datetime, digest: str) -> str:
    """Write the XMP packet of PDF/X-4: its version, and the identifiers that media management wants."""
    values = {"when": at.isoformat()[:19] + "Z", "title": escape(work.title.zh), "digest": digest}
    return _XMP % values


_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfxid="http://www.npes.org/pdfx/ns/id/" pdfxid:GTS_PDFXVersion="PDF/X-4"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreateDate="%(when)s" xmp:ModifyDate="%(when)s"
 xmp:MetadataDate="%(when)s" xmp:CreatorTool="certgen"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" pdf:Producer="certgen" pdf:Trapped="False"
 xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmpMM:DocumentID="uuid:%(digest)s" xmpMM:VersionID="1"
 xmpMM:RenditionClass="default" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="application/pdf">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">%(title)s</rdf:li></rdf:Alt></dc:title>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
