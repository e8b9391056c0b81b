"""Engrave: everything a record does not change → the frozen head of a PDF.

A plate is the file header and the objects 1 … k: output intent, the fonts of the fixed text (and of characters that
are common in records), art, fixed text, the seal. It is engraved once, stored in the register, and every document of
its kind begins with its bytes; workers use the stored bytes and never engrave again.

    content := HEADER object*          the head of the file
    facts   := JSON of PlateFacts      what a press must know to strike on it; stored beside it
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from certgen import seal
from certgen.art import load_art
from certgen.core.gap import HEADER
from certgen.core.model import Authority, Paper
from certgen.fonts import Typefaces, outline
from certgen.ink import FONT_OBJECTS, Case, Code, Fonts, element, font_objects, typeset_box
from certgen.layout import Layout, Mark, Page, TextBox
from certgen.pdf import engraved, indirect, xref_lines

ENGINE = "1"  # raised when the same inputs would give another plate; part of every plate's key
SEAL_BOTTOM = "测试专用章"  # what a generated seal must read; a real one is the authority's own file
SPECIMEN = "样本"


@dataclass(frozen=True, slots=True)
class Engraving:
    """What a plate is made from; two equal ones give the same bytes."""

    template_digest: str
    form: str
    copy: str
    paper: Paper
    authority: Authority
    texts: tuple[tuple[str, str], ...]
    title: str
    copy_title: str
    copy_number: str
    host: str
    signer_fingerprint: str
    specimen: bool
    offset_mm: tuple[float, float]

    @property
    def key(self) -> str:
        """Name the plate in the register."""
        text = json.dumps([ENGINE, asdict(self)], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def context(self) -> dict[str, Any]:
        """Give what a layout's fixed texts may name."""
        return {
            "authority": asdict(self.authority),
            "form": dict(self.texts),
            "title": self.title,
            "copy_title": self.copy_title,
            "copy_number": self.copy_number,
            "host": self.host,
        }


@dataclass(frozen=True, slots=True)
class PlateFont:
    """A font of the plate: its object, its name among a page's resources, its characters (CID 1 …)."""

    number: int
    resource: str
    file: str
    chars: str


@dataclass(frozen=True, slots=True)
class PlateFacts:
    """What a press must know of a plate: object numbers, fonts, offsets of the objects 1 … k."""

    offsets: tuple[int, ...]
    fonts: tuple[PlateFont, ...]
    forms: Mapping[str, int]  # role of the page → Form XObject
    seal: int  # Form XObject, 0 when the paper carries none
    intent: int

    def encode(self) -> bytes:
        """Write as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def decode(cls, data: bytes) -> "PlateFacts":
        """Read what `encode` wrote."""
        raw = json.loads(data)
        fonts = tuple(PlateFont(**font) for font in raw["fonts"])
        return cls(tuple(raw["offsets"]), fonts, raw["forms"], raw["seal"], raw["intent"])


class Plate:
    """A plate ready to strike on: its bytes, what a press must know, and the SHA-256 state after its bytes."""

    def __init__(self, content: bytes, facts: PlateFacts, offset_mm: tuple[float, float] = (0.0, 0.0)) -> None:
        """Hash the bytes once; `hashlib` states do not travel, so every process makes its own."""
        self.content, self.facts, self.offset_mm = content, facts, offset_mm
        self.hashed = hashlib.sha256(content)
        self.digest = self.hashed.digest()
        self.objects = len(facts.offsets)
        self.xref = b"0000000000 65535 f \n" + xref_lines(facts.offsets)
        self._codes = {
            font.file: {char: (font.resource, f"{i:04x}") for i, char in enumerate(font.chars, 1)}
            for font in facts.fonts
        }
        self._held: dict[str, dict[str, Code]] = {}
        self.font_resources = b"".join(b"/%b %d 0 R" % (f.resource.encode(), f.number) for f in facts.fonts)

    def held(self, typefaces: Typefaces, name: str) -> dict[str, Code]:
        """Give the codes of the characters that a face chain finds in the plate's fonts."""
        if name not in self._held:
            chain = typefaces.chain(name)
            found = {
                char: code
                for file, codes in self._codes.items()
                for char, code in codes.items()
                if chain[char].face.file == file
            }
            self._held[name] = found
        return self._held[name]


class _Engraver:
    """Collects objects in order; lives for one plate."""

    def __init__(self, layout: Layout, engraving: Engraving, typefaces: Typefaces) -> None:
        self.layout, self.engraving, self.typefaces = layout, engraving, typefaces
        self.objects: list[bytes] = []
        self.arts: dict[Path, tuple[int, float, float]] = {}
        self.fonts = Fonts("P")
        self.cases: dict[str, Case] = {}

    def add(self, body: bytes) -> int:
        self.objects.append(indirect(len(self.objects) + 1, body))
        return len(self.objects)

    def case(self, font: str) -> Case:
        if font not in self.cases:
            self.cases[font] = Case(self.typefaces.chain(font), {}, self.fonts)
        return self.cases[font]

    def form(self, content: bytes, width: float, height: float, resources: bytes = b"") -> int:
        head = b"/Type/XObject/Subtype/Form/BBox[0 0 %.2f %.2f]/Resources<<%b>>" % (width, height, resources)
        return self.add(engraved(head, content))

    def page(self, page: Page) -> tuple[bytes, dict[str, int]]:
        """Write the fixed part of a page, in reading order, one marked-content sequence an element."""
        # No stock is printed with continuation pages: they carry everything on any paper.
        paper = self.engraving.paper if page.role != "continuation" else "plain"
        out: list[str] = []
        names: dict[str, int] = {}
        marks = [e for e in page.elements if isinstance(e, Mark) and not (e.preprinted and paper == "overprint")]
        # 样本 stands on the ground and under the ornaments: it must be seen, and hide nothing.
        ground = next((i for i, mark in enumerate(marks) if mark.tag == "art"), len(marks))
        for i, mark in enumerate(marks):
            if i == ground:
                out.append(self.specimen(page))
            out.append(f"/Artifact BMC\n{self.mark(mark, page, names)}EMC\n")
        if ground == len(marks):
            out.append(self.specimen(page))
        for box, text in self.layout.engraved(page, paper, self.engraving.context()):
            fitted = typeset_box(box, text, self.typefaces, {})
            out.append(element(box, text, fitted, self.case(box.font), page.height))
        return "".join(out).encode(), names

    def mark(self, mark: Mark, page: Page, names: dict[str, int]) -> str:
        v = mark.values
        if mark.tag == "art":
            return self.art(v, page, names)
        red, green, blue = v["color"]
        if mark.tag == "line":
            x1, y1, x2, y2 = v["x1"], page.height - v["y1"], v["x2"], page.height - v["y2"]
            return f"{red:g} {green:g} {blue:g} RG {v['width']:.2f} w {x1:.2f} {y1:.2f} m {x2:.2f} {y2:.2f} l S\n"
        rect = f"{v['x']:.2f} {page.height - v['y'] - v['height']:.2f} {v['width']:.2f} {v['height']:.2f} re"
        ground = " ".join(f"{part:g}" for part in v["fill"])
        fill = f"{ground} rg {rect} f\n" if ground else ""
        stroke = f"{red:g} {green:g} {blue:g} RG {v['line']:.2f} w {rect} S\n" if v["line"] else ""
        return fill + stroke

    def art(self, v: Mapping[str, Any], page: Page, names: dict[str, int]) -> str:
        if v["src"] not in self.arts:
            drawing = load_art(v["src"])
            self.arts[v["src"]] = (
                self.form(drawing.content, drawing.width, drawing.height),
                drawing.width,
                drawing.height,
            )
        number, width, height = self.arts[v["src"]]
        name = f"A{number}"
        names[name] = number
        turned = v["rotate"] in {"90", "270"}
        across, along = (v["height"], v["width"]) if turned else (v["width"], v["height"])
        sx, sy = across / width, along / height
        if v["flip"] == "x":
            sx = -sx
        if v["flip"] == "y":
            sy = -sy
        cos, sin = {"0": (1, 0), "90": (0, -1), "180": (-1, 0), "270": (0, 1)}[v["rotate"]]
        out = []
        for row in range(int(v["repeat-y"])):
            for column in range(int(v["repeat-x"])):
                cx = v["x"] + column * v["dx"] + v["width"] / 2
                cy = page.height - (v["y"] + row * v["dy"] + v["height"] / 2)
                # Clockwise by `rotate` about the middle of the box, after the art was centred and scaled.
                a, b, c, d = sx * cos, sx * sin, -sy * sin, sy * cos
                e, f = cx - (a * width + c * height) / 2, cy - (b * width + d * height) / 2
                out.append(f"q {a:.4f} {b:.4f} {c:.4f} {d:.4f} {e:.2f} {f:.2f} cm /{name} Do Q\n")
        return "".join(out)

    def specimen(self, page: Page) -> str:
        """Write 样本 across the page as outlines, pale enough to read through: no text, so nothing to copy."""
        if not self.engraving.specimen:
            return ""
        chain = self.typefaces.chain("hei-bold")
        size = min(page.width, page.height) * 0.34 / 1000
        cos, sin = 0.866 * size, 0.5 * size
        out = ["/Artifact BMC\n0.94 0.87 0.85 rg\n"]
        for i, char in enumerate(SPECIMEN):
            x = page.width / 2 + (i - 1) * 1150 * cos + 75 * cos + 380 * sin
            y = page.height / 2 + (i - 1) * 1150 * sin + 75 * sin - 380 * cos
            out.append(f"q {cos:.5f} {sin:.5f} {-sin:.5f} {cos:.5f} {x:.2f} {y:.2f} cm\n")
            out.append(outline(chain[char]).decode() + "f Q\n")
        out.append("EMC\n")
        return "".join(out)

    def seal(self, page: Page) -> int:
        if page.seal is None or self.engraving.paper == "overprint":
            return 0
        chain = self.typefaces.chain("song")
        size = page.seal.size
        content = seal.content(
            self.engraving.authority.name, SEAL_BOTTOM, size * 25.4 / 72, lambda char: outline(chain[char])
        )
        return self.form(content, size, size)


def engrave(layout: Layout, engraving: Engraving, typefaces: Typefaces, icc: bytes, common: str) -> Plate:
    """Engrave a plate.

    `icc` is the sRGB profile of the output intent (PDF/A), `common` the characters that records of this kind use so
    often that every document's own font can do without them. Raises TemplateError and, for a fixed text that does not
    fit or has no glyph, ApplicationError naming the box.
    """
    work = _Engraver(layout, engraving, typefaces)
    profile = work.add(engraved(b"/N 3", icc))
    intent = work.add(
        b"<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB2014)/Info(sRGB IEC61966-2.1)"
        b"/RegistryName(http://www.color.org)/DestOutputProfile %d 0 R>>" % profile
    )
    drawn = {page.role: (page, *work.page(page)) for page in layout.pages}
    body = _most_used_font(layout)
    for char in common:
        work.case(body)[char]
    fonts = []
    for i, font in enumerate(work.fonts.values()):
        number = len(work.objects) + 1
        work.objects += font_objects(number, "PLATE" + chr(65 + i), font, engraved)
        assert len(work.objects) == number - 1 + FONT_OBJECTS  # noqa: S101
        fonts.append(PlateFont(number, font.resource, font.face.file, "".join(font.codes)))
    resources = b"/Font<<%b>>" % b"".join(b"/%b %d 0 R" % (f.resource.encode(), f.number) for f in fonts)
    forms = {}
    for role, (page, content, names) in drawn.items():
        art = b"".join(b"/%b %d 0 R" % (name.encode(), number) for name, number in names.items())
        forms[role] = work.form(content, page.width, page.height, resources + b"/XObject<<%b>>" % art)
    stamp = work.seal(layout.page_at(layout.sealed_at))
    offsets, at = [], len(HEADER)
    for data in work.objects:
        offsets.append(at)
        at += len(data)
    facts = PlateFacts(tuple(offsets), tuple(fonts), forms, stamp, intent)
    return Plate(HEADER + b"".join(work.objects), facts, engraving.offset_mm)


def _most_used_font(layout: Layout) -> str:
    fonts = [e.font for e in layout.main.elements if isinstance(e, TextBox) and not e.engraved]
    return max(sorted(set(fonts)), key=fonts.count, default="song")
