"""What the preview page shows of a kind at one moment: its pages as pictures, the boxes on them, and every fault.

Everything is read anew from the folder, so that what an author has just saved is what is shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from certgen.author.check import longest
from certgen.author.exhibits import SAMPLE, choose, fitting, load_for, one_of, records
from certgen.author.pictures import png, render
from certgen.author.studio import PAPERS, Specimen, Studio
from certgen.core.errors import ApplicationError, CertgenError, Text
from certgen.layout import POINT, Mark, Page, Square
from certgen.overlay import load_layers
from certgen.template import Template, load_template

LONGEST = "longest values"  # no file of cases/ has a space in its name
_WIDE_PX = 1400  # of a picture, about; a card is enlarged and an A3 sheet is not
_LEAST_DPI, _MOST_DPI = 96.0, 400.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What the author asks to see; an empty word leaves the choice to the template."""

    case: str = ""
    form: str = ""
    copy: str = ""
    paper: str = "plain"


@dataclass(frozen=True, slots=True)
class Outline:
    """A box of the layout, in millimetres from the top left; `line` of the layout file, 0 when it is not known."""

    name: str
    tag: str
    x: float
    y: float
    width: float
    height: float
    note: str
    line: int


@dataclass(frozen=True, slots=True)
class Shot:
    """One page: its picture (PNG), its size in millimetres and its outlines."""

    picture: bytes
    width: float
    height: float
    file: str
    outlines: tuple[Outline, ...]

    @property
    def name(self) -> str:
        """Name the picture by its contents."""
        return sha256(self.picture).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Scene:
    """What can be chosen, what was, and what it looks like; `shots` are empty when there are faults."""

    title: Text
    cases: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    copies: tuple[tuple[str, Text], ...] = ()
    wish: Wish = Wish()
    shots: tuple[Shot, ...] = ()
    faults: tuple[Text, ...] = ()


def stamp_of(folder: Path) -> str:
    """Name the present state of a kind's files, of those it extends, and of what all kinds share."""
    try:
        layers = load_layers(folder)[1]
    except CertgenError:  # half-written: its own files tell when it is mended
        layers = (folder,)
    state = sha256()
    for place in (*layers, *(layer.parent / "_shared" for layer in layers)):
        for file in sorted(place.rglob("*")):
            if file.suffix in {".toml", ".xml", ".svg", ".json", ".txt", ".csv", ".jpg", ".jpeg", ".png"}:
                try:
                    seen = file.stat()
                except OSError:  # an editor replaces a file in two steps
                    continue
                state.update(f"{file}\0{seen.st_mtime_ns}\0{seen.st_size}\n".encode())
    return state.hexdigest()[:16]


def look(folder: Path, studio: Studio, wish: Wish) -> Scene:
    """Draw what the author wishes to see; never raises for a fault of the template or of the record."""
    try:
        template = load_template(folder)
    except CertgenError as fault:
        return Scene(Text(folder.name, folder.name), wish=wish, faults=(_said(fault),))
    cases, forms = (*records(*template.layers), LONGEST), tuple(form.id for form in template.forms)
    copies = tuple((copy.id, copy.title) for copy in template.copies)
    try:
        name, data = _record(template, studio, wish)
        reading = studio.read(template, data)
        chosen = Wish(name, reading.form.id, wish.copy, wish.paper)
        copy = [one_of({c.id: c for c in template.copies}, wish.copy, Text("联", "copy"))] if wish.copy else ()
        papers = [paper for paper in PAPERS if paper == wish.paper] or PAPERS[:1]
        shots = [shot for specimen in studio.specimens(template, reading, papers, copy) for shot in _shots(specimen)]
        return Scene(template.title, cases, forms, copies, chosen, tuple(shots))
    except ApplicationError as error:
        faults = tuple(Text(p.say("zh"), p.say("en")) for p in error.problems)
        return Scene(template.title, cases, forms, copies, wish, faults=faults)
    except CertgenError as fault:
        return Scene(template.title, cases, forms, copies, wish, faults=(_said(fault),))


def _said(fault: CertgenError) -> Text:
    return Text(fault.say("zh"), fault.say("en"))


def _record(template: Template, studio: Studio, wish: Wish) -> tuple[str, Mapping[str, object]]:
    if wish.case != LONGEST:
        return choose(template, wish.case, wish.form, studio)
    by_id = {form.id: form for form in template.forms}
    form = one_of(by_id, wish.form, Text("版", "form")) if wish.form else template.forms[-1]
    known = [load_for(template, file) for file in records(*template.layers).values()]
    base = fitting(template, form, known, studio)
    if base is None:
        return choose(template, SAMPLE, form.id, studio)
    values = longest(template, form)
    return LONGEST, {key: value for key, value in base.items() if template.names.get(key) not in values} | values


def _shots(specimen: Specimen) -> Iterator[Shot]:
    layout = specimen.face.layout
    dpi = min(_MOST_DPI, max(_LEAST_DPI, _WIDE_PX / (layout.main.width / 72)))
    for at, pixels in enumerate(render(specimen.pdf, dpi)):
        page = layout.page_at(at)
        yield Shot(png(pixels, dpi), page.width / POINT, page.height / POINT, layout.file, tuple(outlines(page)))


def outlines(page: Page) -> Iterator[Outline]:
    """Outline every box of a page that holds words, a picture or a code; decoration is left out."""
    for element in page.elements:
        if isinstance(element, Mark):
            continue
        fit = f"{element.fit} {element.size:g}" + (
            f" → {element.floor:g} pt" if element.floor < element.size else " pt"
        )
        yield _outline(element.name or "text", "text", element, fit, element.line)
    for table in page.tables:
        yield _outline(table.name, "table", table, f"{len(table.columns)} columns", table.line)
    for image in page.images:
        yield _outline(image.name, "image", image, "", 0)
    if page.continued:
        yield _outline("continued", "continued", page.continued, "", page.continued.line)
    squares: Sequence[tuple[str, str, Square | None, int]] = [
        ("qr", "qr", page.qr, 0),
        ("seal", "seal", page.seal, 0),
        *((code.name or "code", "code", code.square, code.line) for code in page.codes),
    ]
    for name, tag, square, line in squares:
        if square:
            side = round(square.size / POINT, 2)
            yield Outline(name, tag, round(square.x / POINT, 2), round(square.y / POINT, 2), side, side, "", line)


def _outline(name: str, tag: str, box: object, note: str, line: int) -> Outline:
    x, y, width, height = (round(getattr(box, side) / POINT, 2) for side in ("x", "y", "width", "height"))
    return Outline(name, tag, x, y, width, height, note, line)
