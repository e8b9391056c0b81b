"""One suite over every folder of templates/: a new kind is tested by being there."""

import io
import re
from bisect import bisect_left
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from lxml import etree
from PIL import Image, ImageFilter

from certgen import author, layout, wiring
from certgen.author import Exhibit, Studio, exhibits
from certgen.author.approval import lines_of, load_lock
from certgen.author.check import longest
from certgen.author.exhibits import fitting, load_for, records
from certgen.author.pictures import Pixels, Place, arrange, compare, load_png, render
from certgen.author.studio import PAPERS, Specimen
from certgen.core import gap
from certgen.core.errors import ApplicationError
from certgen.core.model import Paper
from certgen.fonts import MissingGlyph
from certgen.layout import TextBox
from certgen.press import CONTINUED_NOTE
from certgen.reading import Reading
from certgen.settings import SHIPPED
from certgen.sheet import load_sheet
from certgen.template import Template, load_template
from tests.house import NOW

FOLDERS = wiring.template_folders()
LONGEST_ORIGIN = "https://" + "a" * 38 + ".b"  # 48 characters, what QR boxes are measured for
PICTURES_MOST = 1_500_000  # bytes of a kind's pictures; they stay in git for ever
HOSTILE = (
    "{{7*7}}{% for a in b %}{{ self }}",
    '<img src="file:///etc/passwd">&lt;b&gt;&#x41;',
    "../../x /ByteRange [0 1 2 3] %%EOF",
    "endstream endobj (\\) Tj ET startxref",
)


@cache
def studio() -> Studio:
    return wiring.open_studio(clock=lambda: NOW)


@cache
def template_of(kind: str) -> Template:
    return load_template(FOLDERS[kind])


@cache
def exhibits_of(kind: str) -> dict[str, Exhibit]:
    return {exhibit.name: exhibit for exhibit in exhibits(template_of(kind), studio())}


@cache
def placed(kind: str, name: str) -> dict[tuple[str, str], Place]:
    template, exhibit = template_of(kind), exhibits_of(kind)[name]
    _, dpi = picture(exhibit.picture)
    return arrange(list(studio().specimens(template, studio().read(template, exhibit.data))), dpi)


@cache
def picture(file: Path) -> tuple[Pixels, float]:
    return load_png(file)


@cache
def record_on(kind: str, form: str) -> dict[str, object]:
    """Give a record of a form, keyed by names of fields."""
    template = template_of(kind)
    candidates = [load_for(template, file) for file in records(template.folder).values()]
    (wanted,) = (f for f in template.forms if f.id == form)
    found = fitting(template, wanted, candidates, studio())
    assert found is not None
    return {template.names[key]: value for key, value in found.items()}


def one(
    kind: str, data: dict[str, object], copy: str, paper: Paper, at: Studio | None = None
) -> tuple[Reading, Specimen]:
    template, place = template_of(kind), at or studio()
    reading = place.read(template, data)
    (specimen,) = place.specimens(template, reading, (paper,), [c for c in template.copies if c.id == copy])
    return reading, specimen


def shown_fields(specimen: Specimen) -> set[str]:
    """Name the texts that stand on a paper."""
    boxes = [e for page in specimen.face.layout.fixed for e in page.elements if isinstance(e, TextBox)]
    return {box.name for box in boxes if not (box.preprinted and specimen.paper == "overprint")}


def words_of(pdf: bytes) -> str:
    """Extract all text, without white space: where a line breaks is not the question."""
    return "".join(pages_of(pdf))


def pages_of(pdf: bytes) -> list[str]:
    """Extract the text of each page, without white space."""
    with pypdfium2.PdfDocument(pdf) as document:
        return ["".join(page.get_textpage().get_text_range().split()) for page in document]


def stands_in(value: str, pdf: bytes) -> bool:
    """Tell whether a value stands in a document, whole or, with a note that it goes on, from page to page."""
    first, *further = pages_of(pdf)
    if any(value in words for words in (first, *further)):
        return True
    begun = _begun(value, first)
    if f"{value[:begun]}{CONTINUED_NOTE}" not in first:
        return False
    for words in further:
        begun += _begun(value[begun:], words)
    return begun == len(value)


def _begun(value: str, words: str) -> int:
    """Count the characters of a value's longest beginning that stands in the words."""
    return bisect_left(range(1, len(value) + 1), True, key=lambda n: value[:n] not in words)


def each(*what: str) -> list[object]:
    """List kinds with their forms, copies and papers as named parameters."""
    found = []
    for kind in FOLDERS:
        template = template_of(kind)
        forms = [form.id for form in template.forms] if "form" in what else [""]
        copies = [copy.id for copy in template.copies] if "copy" in what else [""]
        for parts in product([kind], forms, copies, PAPERS if "paper" in what else [""]):
            values = [part for part in parts if part]
            found.append(pytest.param(*values, id="-".join(values)))
    return found


# Sound, approved, and looking as it did


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_kind_that_is_shipped_has_no_faults(kind: str) -> None:
    assert [fault.say("en") for fault in author.check(FOLDERS[kind], studio())] == []


@pytest.mark.parametrize("kind", FOLDERS)
def test_exactly_the_forms_of_a_kind_are_locked_with_its_digest(kind: str) -> None:
    template = template_of(kind)
    current = [line for line in load_lock(template.folder) if line.version == template.version]
    assert current == list(lines_of(template)), f"changed since it was approved: certgen template approve {kind}"


@pytest.mark.parametrize("kind", FOLDERS)
def test_no_version_was_ever_approved_twice(kind: str) -> None:
    lines = load_lock(FOLDERS[kind])
    assert len({(line.form, line.version) for line in lines}) == len(lines)
    assert all(earlier.version <= later.version for earlier, later in pairwise(lines))
    assert {line.kind for line in lines} == {kind}


@pytest.mark.parametrize("kind", FOLDERS)
def test_every_record_has_a_picture_and_every_picture_a_record(kind: str) -> None:
    drawn = {FOLDERS[kind] / "sample.png", *(FOLDERS[kind] / "cases").glob("*.png")}
    assert drawn == {exhibit.picture for exhibit in exhibits_of(kind).values()}
    assert sum(file.stat().st_size for file in drawn) < PICTURES_MOST


@pytest.mark.parametrize(
    ("kind", "name", "copy", "paper"),
    [
        pytest.param(kind, name, copy.id, paper, id=f"{kind}-{name}-{copy.id}-{paper}")
        for kind in FOLDERS
        for name in exhibits_of(kind)
        for copy in template_of(kind).copies
        for paper in PAPERS
    ],
)
def test_a_record_looks_as_in_its_picture(kind: str, name: str, copy: str, paper: str) -> None:
    pixels, _ = picture(exhibits_of(kind)[name].picture)
    difference = compare(pixels, placed(kind, name)[copy, paper])
    assert difference.is_small, f"{difference}; if it is meant: certgen template approve {kind}"


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_picture_shows_each_form(kind: str) -> None:
    template = template_of(kind)
    shown = {studio().read(template, exhibit.data).form.id for exhibit in exhibits_of(kind).values()}
    assert shown == {form.id for form in template.forms}


# What one record becomes


@pytest.mark.parametrize(("kind", "form", "copy", "paper"), each("form", "copy", "paper"))
def test_the_same_record_gives_the_same_bytes_from_two_presses(kind: str, form: str, copy: str, paper: Paper) -> None:
    data = record_on(kind, form)
    fresh = wiring.open_studio(clock=lambda: NOW)
    reading, first = one(kind, data, copy, paper)
    assert reading.form.id == form
    assert first.pdf == one(kind, data, copy, paper, fresh)[1].pdf


@pytest.mark.parametrize(("kind", "form", "copy", "paper"), each("form", "copy", "paper"))
def test_hostile_values_stay_text(kind: str, form: str, copy: str, paper: Paper) -> None:
    template, data = template_of(kind), record_on(kind, form)
    free = {"text", "company", "person", "address"}
    rules = [r.field for r in template.rules[form] if r.field.type in free and r.derive is None]
    hostile = {spec.name: HOSTILE[i % len(HOSTILE)][: spec.max_chars] for i, spec in enumerate(rules)}
    _, harmless = one(kind, data, copy, paper)
    _, specimen = one(kind, data | hostile, copy, paper)
    assert len(render(specimen.pdf, 20)) == len(render(harmless.pdf, 20))
    assert specimen.pdf.count(b" 0 obj\n") == harmless.pdf.count(b" 0 obj\n")
    gap.locate(specimen.pdf)
    words = words_of(specimen.pdf)
    shown = shown_fields(specimen) & set(hostile)
    assert shown
    for name in shown:
        assert "".join(hostile[name].split()) in words, name


@pytest.mark.parametrize(("kind", "form", "copy", "paper"), each("form", "copy", "paper"))
def test_all_that_is_printed_copies_back(kind: str, form: str, copy: str, paper: Paper) -> None:
    reading, specimen = one(kind, record_on(kind, form), copy, paper)
    words = words_of(specimen.pdf)
    for name, value in (*reading.printed_for(copy), ("number", reading.number(reading.first))):
        if name in shown_fields(specimen):
            assert "".join(value.split()) in words, name


@pytest.mark.parametrize(("kind", "form", "copy"), each("form", "copy"))
def test_the_longest_values_have_room_or_are_refused_by_name(kind: str, form: str, copy: str) -> None:
    template, data = template_of(kind), record_on(kind, form)
    (declared,) = (f for f in template.forms if f.id == form)
    values = longest(template, declared)
    assert values
    for name, value in values.items():
        try:
            _, specimen = one(kind, data | {name: value}, copy, "plain")
        except ApplicationError as error:
            assert [problem.field for problem in error.problems] == [name]
        else:
            if name in shown_fields(specimen):
                assert stands_in(value, specimen.pdf)


@pytest.mark.parametrize(("kind", "form", "copy"), each("form", "copy"))
def test_a_value_that_is_longer_than_its_place_is_refused_and_not_cut(kind: str, form: str, copy: str) -> None:
    template, data = template_of(kind), record_on(kind, form)
    reading = studio().read(template, data)
    endless = replace(
        reading, printed=tuple((n, "鑫" * 40_000 if n == template.holder else v) for n, v in reading.printed)
    )
    chosen = next(c for c in template.copies if c.id == copy)
    with pytest.raises(ApplicationError) as refused:
        studio().compose(template, endless, chosen, "plain")
    assert [problem.field for problem in refused.value.problems] == [template.holder]


# The code


@pytest.mark.parametrize(("dpi", "blur", "noise"), [(150, 0.4, 6), (200, 0.8, 12)], ids=["coarse", "blurred"])
@pytest.mark.parametrize(("kind", "form", "copy", "paper"), each("form", "copy", "paper"))
def test_the_widest_code_is_read_from_a_bad_picture(
    kind: str, form: str, copy: str, paper: Paper, dpi: float, blur: float, noise: float
) -> None:
    template, data = template_of(kind), record_on(kind, form)
    most = next(spec.max_chars for spec in template.fields if spec.name == template.holder)
    _, specimen = one(
        kind, data | {template.holder: "咸" * most}, copy, paper, replace(studio(), origin=LONGEST_ORIGIN)
    )
    (found,) = zxingcpp.read_barcodes(_badly_seen(specimen, dpi, blur, noise))
    assert found.text == specimen.struck.symbol.text


@pytest.mark.parametrize(("kind", "form", "copy"), each("form", "copy"))
def test_the_code_of_a_copy_printed_at_71_percent_is_read(kind: str, form: str, copy: str) -> None:
    _, specimen = one(kind, record_on(kind, form), copy, "plain")
    (found,) = zxingcpp.read_barcodes(_badly_seen(specimen, 300 * 0.71, 0.6, 12))
    assert found.text == specimen.struck.symbol.text


def _badly_seen(specimen: Specimen, dpi: float, blur: float, noise: float) -> np.ndarray:
    """Look at the code with a poor scanner: too few pixels, out of focus by some of them, in bad light."""
    found = specimen.face.layout.code_at
    assert found is not None
    at, square = found
    x, y, size, scale = square.x, square.y, square.size, dpi / 72
    page = render(specimen.pdf, dpi)[at]
    quiet = size * 4 / specimen.struck.symbol.size
    box = [round(v * scale) for v in (x - quiet, y - quiet, x + size + quiet, y + size + quiet)]
    image = Image.fromarray(page).convert("L").crop(tuple(box)).filter(ImageFilter.GaussianBlur(blur))
    dim = np.asarray(image) * 0.7 + 30
    grain = np.random.default_rng(20170801).normal(0, noise, dim.shape)
    return np.clip(dim + grain, 0, 255).astype(np.uint8)


# Characters


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_typeface_has_every_character_of_the_records(kind: str) -> None:
    template = template_of(kind)
    rows = load_sheet(template.folder / "samples.csv", template.names).rows
    values = [str(value) for row in rows for value in row.values.values()]
    values += [
        str(value)
        for exhibit in exhibits_of(kind).values()
        for key, value in exhibit.data.items()
        if template.names.get(key) not in template.photos
    ]
    chars = {char for value in values for char in value if char.isprintable()}
    fonts = {
        element.font
        for form in template.forms
        for copy in template.copies
        for page in studio().workshop.layout(template, form, copy).pages
        for element in page.elements
        if isinstance(element, TextBox)
    }
    missing = set()
    for font in fonts:
        chain = studio().workshop.typefaces.chain(font)
        for char in chars:
            try:
                chain[char]
            except MissingGlyph:
                missing.add(f"{font} U+{ord(char):04X}")
    assert len(chars) > 50
    assert not missing


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_character_that_no_typeface_has_is_refused_by_field_and_code_point(kind: str) -> None:
    template = template_of(kind)
    data = record_on(kind, template.forms[-1].id) | {template.holder: "\U0002a6d5"}
    problems = studio().faults(template, data)
    assert [problem.field for problem in problems] == [template.holder]
    assert problems[0].found == "\U0002a6d5 (U+2A6D5)"


# Authorities and days


def test_the_city_and_its_six_counties_issue() -> None:
    assert sorted(studio().authorities) == ["421200", "421202", "421221", "421222", "421223", "421224", "421281"]


@pytest.mark.parametrize("authority", wiring.authorities())
@pytest.mark.parametrize(("kind", "form", "copy"), each("form", "copy"))
def test_every_authority_finds_room_for_its_name(kind: str, form: str, copy: str, authority: str) -> None:
    template = template_of(kind)
    last = next((later.in_force_from for earlier, later in pairwise(template.forms) if earlier.id == form), NOW.date())
    first = next(f.in_force_from for f in template.forms if f.id == form)
    for day in (first, last - timedelta(days=1)):
        data = record_on(kind, form) | {"authority": authority, "issued_on": day.isoformat()}
        reading, specimen = one(kind, data, copy, "plain")
        assert reading.form.id == form
        assert reading.authority == reading.form.issued_by(studio().authorities[authority].on(day))
        assert reading.authority.name in words_of(specimen.pdf)


@pytest.mark.parametrize(("kind", "form"), each("form"))
def test_a_form_is_chosen_from_its_first_day_on(kind: str, form: str) -> None:
    template = template_of(kind)
    place = [f.id for f in template.forms].index(form)
    day = template.forms[place].in_force_from
    assert template.form_on(day).id == form
    eve = day - timedelta(days=1)
    if place:
        assert template.form_on(eve).id == template.forms[place - 1].id
    else:
        with pytest.raises(ApplicationError) as refused:
            template.form_on(eve)
        assert [problem.field for problem in refused.value.problems] == ["issued_on"]


@pytest.mark.parametrize(
    ("day", "form"),
    [
        ("2015-10-01", "2015"),
        ("2018-08-31", "2015"),
        ("2018-09-01", "2018"),
        ("2023-11-30", "2018"),
        ("2023-12-01", "2023"),
        ("2026-11-23", "2023"),
    ],
)
def test_a_food_licence_is_on_the_form_of_its_day(day: str, form: str) -> None:
    data = record_on("food-business", form) | {"issued_on": day}
    assert studio().read(template_of("food-business"), data).form.id == form


def test_a_food_licence_of_the_day_before_the_first_form_is_refused() -> None:
    data = record_on("food-business", "2015") | {"issued_on": "2015-09-30"}
    with pytest.raises(ApplicationError) as refused:
        studio().read(template_of("food-business"), data)
    (problem,) = refused.value.problems
    assert (problem.field, problem.found) == ("issued_on", "2015-09-30")
    assert "2015-10-01" in problem.wanted.en


# The schema that editors complete from

XSD = SHIPPED / "_shared" / "layout.xsd"
_XS = "{http://www.w3.org/2001/XMLSchema}"


@cache
def schema() -> etree._Element:
    return etree.parse(XSD).getroot()


def _attributes(node: etree._Element) -> dict[str, etree._Element]:
    """Collect the attributes a declaration has, through its groups."""
    found: dict[str, etree._Element] = {}
    for child in node:
        if child.tag == f"{_XS}attribute":
            found[child.get("name")] = child
        elif child.tag == f"{_XS}attributeGroup":
            (group,) = (g for g in schema().findall(f"{_XS}attributeGroup") if g.get("name") == child.get("ref"))
            found |= _attributes(group)
        elif child.tag in {f"{_XS}complexType", f"{_XS}simpleContent", f"{_XS}extension"}:
            found |= _attributes(child)
    return found


def test_the_schema_knows_the_elements_that_a_layout_may_hold() -> None:
    assert {e.get("name") for e in schema().findall(f"{_XS}element")} == set(layout.ATTRIBUTES)


@pytest.mark.parametrize("tag", layout.ATTRIBUTES)
def test_the_schema_and_the_reader_agree_on_an_element(tag: str) -> None:
    (element,) = (e for e in schema().findall(f"{_XS}element") if e.get("name") == tag)
    declared = _attributes(element)
    assert set(declared) == set(layout.ATTRIBUTES[tag])
    for name, default in layout.ATTRIBUTES[tag].items():
        assert (declared[name].get("use") == "required") is (default is None), name
        assert declared[name].get("default", "") == (default or ""), name
        listed = {e.get("value") for e in declared[name].iter(f"{_XS}enumeration")}
        if listed:
            assert listed == layout._WORDS[name] - {""}, name


def test_the_schema_lists_the_typefaces() -> None:
    (font,) = (t for t in schema().findall(f"{_XS}simpleType") if t.get("name") == "font")
    assert {e.get("value") for e in font.iter(f"{_XS}enumeration")} == layout._WORDS["font"]


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*/*/*.xml")), ids=lambda f: "-".join(f.parts[-3:]))
def test_a_shipped_layout_is_valid_by_the_schema(file: Path) -> None:
    etree.XMLSchema(schema()).assertValid(etree.parse(file))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<qr ", "<barcode "),
        ('size="', 'sizes="'),
        ('font="song"', 'font="times"'),
        ('color="#', 'color="'),
        ('width="297"', ""),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(old: str, new: str) -> None:
    text = (SHIPPED / "food-business" / "2023" / "duplicate.xml").read_text("utf-8")
    wrong = re.sub(re.escape(old), new, text, count=1)
    assert wrong != text
    assert not etree.XMLSchema(schema()).validate(etree.parse(io.BytesIO(wrong.encode())))
