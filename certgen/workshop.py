"""What the press stands in: typefaces, layouts and plates, each made once and kept.

A plate is looked for in memory, then in the register, and engraved only when nobody has it.
"""

from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from certgen import qr
from certgen.core.model import Authority, Paper
from certgen.core.qrtext import HOLDER_BYTES, QrFacts, QrSeal
from certgen.fonts import Typefaces
from certgen.layout import Layout, load_layout
from certgen.plate import Engraving, Plate, PlateFacts, engrave
from certgen.press import Face
from certgen.template import Copy, Form, Template

MAX_ORIGIN = 48  # characters of a public origin; longer ones would need a wider QR code than templates reserve


class Shelf(Protocol):
    """Where plates are kept between runs."""

    def plate_digest(self, key: str) -> bytes | None:
        """Find a plate by its key."""

    def plate(self, digest: bytes) -> bytes | None:
        """Give a plate's bytes."""

    def put_plate(self, digest: bytes, content: bytes, key: str) -> None:
        """Keep a plate."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a plate must know of the key that will seal its documents."""

    fingerprint: bytes
    specimen: bool


@dataclass(slots=True)
class Workshop:
    """Gives the press its faces and plates. `shared` is the folder of fonts and colour profiles."""

    typefaces: Typefaces
    shared: Path
    host: str
    offset_mm: tuple[float, float]
    shelf: Shelf
    _layouts: dict[tuple[str, ...], Layout] = field(default_factory=dict)
    _faces: dict[tuple[object, ...], tuple[Face, Engraving]] = field(default_factory=dict)
    _plates: dict[Engraving, Plate] = field(default_factory=dict)

    def layout(self, template: Template, form: Form, copy: Copy) -> Layout:
        """Read the layout of a form and copy; raises TemplateError."""
        key = (template.digest, form.id, form.folder.name, copy.id)
        if key not in self._layouts:
            names = frozenset(f.name for f in template.fields)
            file = form.layout(copy.id)
            self._layouts[key] = load_layout(
                file, fields=names, largest_qr=largest_symbol(template), declared=template.fields, folders=form.folders
            )
        return self._layouts[key]

    def face(
        self, template: Template, form: Form, copy: Copy, paper: Paper, authority: Authority, stamp: Stamp
    ) -> tuple[Face, Engraving]:
        """Gather what is the same for all documents of a form, copy, paper and authority."""
        key = (template.digest, form.id, form.folder.name, copy.id, paper, authority, stamp)
        if key not in self._faces:
            engraving = Engraving(
                template.digest,
                form.id if not form.varies_by else f"{form.id}/{form.folder.name}",
                copy.id,
                paper,
                authority,
                tuple(sorted(form.texts_of(authority.id).items())),
                template.title.zh,
                copy.title.zh,
                copy.number,
                self.host,
                stamp.fingerprint.hex(),
                stamp.specimen,
                self.offset_mm if paper == "overprint" else (0.0, 0.0),
            )
            layout = self.layout(template, form, copy)
            labels = {f.name: f.label for f in template.fields}
            blanks = dict.fromkeys(labels, "")
            varied = tuple(f for f in template.fields if f.by and f.by.labels)
            self._faces[key] = (
                Face(layout, paper, template.title, copy.title.zh, labels, blanks, engraving.context(), varied),
                engraving,
            )
        return self._faces[key]

    def plate(self, face: Face, engraving: Engraving, template: Template) -> Plate:
        """Give the plate of an engraving."""
        plate = self._plates.get(engraving)
        if plate is None:
            key = engraving.key
            plate = self._plates[engraving] = self._kept(key, engraving) or self._engraved(
                key, face, engraving, template
            )
        return plate

    def _kept(self, key: str, engraving: Engraving) -> Plate | None:
        content, facts = (
            digest and self.shelf.plate(digest) for digest in map(self.shelf.plate_digest, (key, key + "/facts"))
        )
        return Plate(content, PlateFacts.decode(facts), engraving.offset_mm) if content and facts else None

    def _engraved(self, key: str, face: Face, engraving: Engraving, template: Template) -> Plate:
        icc = (self.shared / "icc" / "sRGB2014.icc").read_bytes()
        common = template.file("common.txt")
        chars = "".join(common.read_text("utf-8").split()) if common.is_file() else ""
        plate = engrave(face.layout, engraving, self.typefaces, icc, chars)
        facts = plate.facts.encode()
        self.shelf.put_plate(sha256(facts).digest(), facts, key + "/facts")
        self.shelf.put_plate(plate.digest, plate.content, key)
        return plate


def largest_symbol(template: Template) -> int:
    """Count the modules across the widest QR code a record of this kind can have, without the quiet zone.

    The longest permitted origin, a holder cut at 60 bytes or masked, the last entry of a status list.
    """
    masked = any(field.name == template.holder and field.public_mask for field in template.fields)
    facts = QrFacts(
        template.kind,
        "0" * template.longest_number,
        "𠮷*" if masked else "宀" * (HOLDER_BYTES // 3) + "…",
        not masked,
        "0" * 18 if template.holder_code else "",
        date(2099, 12, 31),
        date(2199, 12, 31) if template.validity else None,
        65_535,
        131_071,
        bytes(16),
    )
    origin = "https://" + "a" * 38 + ".b"
    seal = QrSeal(origin, b"")
    text = seal.finish(seal.to_sign(facts, "0" * 12), b"\x7f" * 64)
    version = qr.version_for(MAX_ORIGIN + 13, len(text.digits))
    return qr.size_of(version)
