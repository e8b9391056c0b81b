"""Find every fault of a kind, before a citizen does.

In this order:

    1 template.toml    each of its tables by itself
    2 the layouts      each element by itself
    3 the fixed page   art, fixed text and common characters, for every authority and paper
    4 the records      sample.json and cases/: read and set as issuing would, and on every form
    5 samples.csv      each row likewise
    6 the longest      values that template.toml permits have room

What stands on a faulty step is not tried: its faults would only repeat the first.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from certgen.author import declared
from certgen.author.exhibits import fitting, label_of, line_of, load_for, load_record, records
from certgen.author.studio import PAPERS, Studio, certificate
from certgen.core.errors import ApplicationError, Problem, SettingsError, TemplateError, Text
from certgen.core.model import Authority, Field
from certgen.fonts import MissingGlyph
from certgen.ink import typeset_box
from certgen.layout import Layout, Page, TextBox
from certgen.press import compose
from certgen.sheet import load_sheet
from certgen.template import Copy, Form, Template
from certgen.workshop import largest_symbol

LEAST_ROWS = 50  # of samples.csv; enough to try a batch


def check(folder: Path, studio: Studio) -> list[TemplateError]:
    """Give every fault of the kind in `folder`, in the order of the steps; files are named relative to it."""
    template, faults = declared.template(folder)  # 1
    fields = frozenset(f.name for f in template.fields) if template else declared.field_names(folder)
    modules, known = (largest_symbol(template), template.fields) if template else (1, ())
    layouts, layers = _layouts(folder, template), template.layers if template else (folder,)
    faults += [fault for file in layouts for fault in _layout_faults(file, layers, fields, modules, known)]  # 2
    if template and not faults:
        faults += _page_faults(template, studio)  # 3
    if template and not faults:
        faults += [*_record_faults(template, studio), *_table_faults(template, studio)]  # 4, 5
        faults += [] if faults else _longest_faults(template, studio)  # 6
    unique = {(fault.file, fault.line, fault.field, fault.message): fault for fault in faults}
    return list(unique.values())


def _layouts(folder: Path, template: Template | None) -> list[Path]:
    """List the layouts that this folder has itself: those it extends have been checked where they are."""
    looks = [look for form in template.forms for look in form.looks] if template else []
    forms = {look.folder.name for look in looks} if template else declared.form_folders(folder)
    return sorted({path for path in folder.glob("*/*.xml") if path.parent.name in forms})


def _layout_faults(
    file: Path, layers: tuple[Path, ...], fields: frozenset[str], modules: int, known: tuple[Field, ...]
) -> list[TemplateError]:
    folders = [layer / file.parent.name for layer in layers]
    return declared.layout_faults(file, fields, modules, known, folders)


def _page_faults(template: Template, studio: Studio) -> list[TemplateError]:
    faults = [*_common_faults(template, studio), *_number_faults(template, studio)]
    looks = [look for form in template.forms for look in form.looks]
    for form in looks:
        for copy in template.copies:
            faults += _fixed_faults(template, form, copy, studio)
    if faults:
        return faults
    for form in looks:
        for copy in template.copies:
            for paper in PAPERS:
                try:
                    studio.engrave(template, form, copy, paper, _offices(studio, form)[0])
                except TemplateError as error:
                    faults.append(TemplateError(f"art/{Path(error.file).name}", error.line, error.field, error.message))
    return faults


def _number_faults(template: Template, studio: Studio) -> Iterator[TemplateError]:
    """See that the authorities that number in their own way exist, and that each has the words its numbers need."""
    for form, numbering in template.numberings.items():
        for office in numbering.by_authority:
            if office not in studio.authorities:
                message = Text(f"没有机关 {office}", f"there is no authority {office}")
                yield TemplateError("template.toml", 0, f"by_authority.{office}", message)
        for record in studio.authorities.values():
            for token in numbering.of(record.id).spoken:
                if token not in record.words:
                    zh, en = f"机关 {record.id} 没有 {token}", f"authority {record.id} has no {token} for numbers"
                    yield TemplateError("template.toml", 0, "numbering", Text(f"{zh}（{form}）", f"{en} (form {form})"))


def _common_faults(template: Template, studio: Studio) -> Iterator[TemplateError]:
    file = template.file("common.txt")
    try:
        text = file.read_text("utf-8") if file.is_file() else ""
    except UnicodeDecodeError:
        yield TemplateError("common.txt", 0, "", Text("不是 UTF-8 编码", "is not UTF-8"))
        return
    for number, line in enumerate(text.splitlines(), 1):
        for char in "".join(line.split()):
            try:
                studio.workshop.typefaces.chain("song")[char]
            except MissingGlyph:
                code = f"{char} (U+{ord(char):04X})"
                yield TemplateError("common.txt", number, "", Text(f"字库中没有 {code}", f"no typeface has {code}"))


def _fixed_faults(template: Template, form: Form, copy: Copy, studio: Studio) -> Iterator[TemplateError]:
    """Set what no record changes, under the name of each authority."""
    for office in _offices(studio, form):
        face = studio.face(template, form, copy, "plain", office)
        for page, box in _boxes(face.layout):
            if not box.engraved:
                continue
            single = replace(page, elements=(box,))
            try:
                for _, text in face.layout.engraved(single, "plain", face.context):
                    typeset_box(box, text, studio.workshop.typefaces, face.labels)
            except TemplateError as error:
                yield error
            except ApplicationError as error:
                yield _placed(face.layout.file, box.line, error.problems[0])


def _record_faults(template: Template, studio: Studio) -> Iterator[TemplateError]:
    """Read and set the sample and the cases, and see that every form can be shown."""
    good: list[Mapping[str, object]] = []
    for file in records(*template.layers).values():
        label = label_of(file, template)
        try:
            data = template.with_photos(load_record(file, label), file.parent)
        except TemplateError as error:
            yield error
            continue
        if not any(template.names.get(key) == "issued_on" for key in data):
            message = Text(
                "须写明发证日期，否则图样每天不同", "wanted a day of issue, or its picture changes every day"
            )
            yield TemplateError(label, 0, "issued_on", message)
        problems = _faults(template, data, studio)
        for problem in problems:
            keys = {key for key, field in template.names.items() if field == problem.field} | {problem.field}
            yield _placed(label, line_of(file, keys), problem)
        if not problems:
            good.append(data)
    for form in template.forms:
        if good and fitting(template, form, good, studio) is None:
            message = Text(f"cases/ 中没有合于 {form.id} 版的记录", f"no record fits form {form.id}; add one to cases/")
            yield TemplateError("cases", 0, form.id, message)


def _faults(template: Template, data: Mapping[str, object], studio: Studio) -> tuple[Problem, ...]:
    """Read and set a record; a text that Jinja cannot render is a fault of its box."""
    try:
        return studio.faults(template, data)
    except TemplateError:
        return tuple(_jinja_faults(template, data, studio))


def _jinja_faults(template: Template, data: Mapping[str, object], studio: Studio) -> Iterator[Problem]:
    reading = studio.read(template, data)
    for copy in template.copies:
        face = studio.face(template, reading.form, copy, "plain", reading.authority)
        for page, box in _boxes(face.layout):
            try:
                single = replace(face, layout=_alone(face.layout, page, box))
                compose(single, certificate(template, reading, copy), studio.workshop.typefaces, reading.photos)
            except TemplateError as error:
                where, wanted = f"{face.layout.file}:{box.line}", Text("能排出的文字", "a text that can be rendered")
                yield Problem(box.name, Text(where, where), error.message.en, wanted)
            except ApplicationError:
                continue  # a text without room; it is reported when all texts can be rendered


def _table_faults(template: Template, studio: Studio) -> Iterator[TemplateError]:
    try:
        sheet = load_sheet(template.file("samples.csv"), template.names)
    except ApplicationError as error:
        yield from (_placed("samples.csv", 1, problem) for problem in error.problems)
        return
    except SettingsError as error:
        yield TemplateError("samples.csv", 0, "", error.message)
        return
    if (count := len(sheet.rows)) < LEAST_ROWS:
        message = Text(f"只有 {count} 行，至少要 {LEAST_ROWS} 行", f"has {count} rows, wanted {LEAST_ROWS} at least")
        yield TemplateError("samples.csv", 0, "", message)
    for row in sheet.rows:
        values = template.with_photos(row.values, template.file("samples.csv").parent)
        yield from (_placed("samples.csv", row.number, problem) for problem in _faults(template, values, studio))


def _longest_faults(template: Template, studio: Studio) -> Iterator[TemplateError]:
    """See that a layout has room for what template.toml permits; a shorter `max` or a larger box mends it."""
    candidates = [load_for(template, file) for file in records(*template.layers).values()]
    for form in template.forms:
        data = fitting(template, form, candidates, studio) or {}
        for copy in template.copies:
            lines = {box.name: box.line for _, box in _boxes(studio.workshop.layout(template, form, copy))}
            for field, value in longest(template, form).items():
                keys = [key for key in data if template.names.get(key) == field]
                one = {key: worth for key, worth in data.items() if key not in keys} | {field: value}
                try:
                    studio.compose(template, studio.read(template, one), copy, "plain")
                except ApplicationError as error:
                    for problem in error.problems:
                        yield _placed(f"{form.folder.name}/{copy.id}.xml", lines.get(problem.field, 0), problem)


def longest(template: Template, form: Form) -> dict[str, str]:
    """Make the longest value of each field of a form that has no fixed shape."""
    values: dict[str, str] = {}
    deciding = {rule.field.by.on for rule in template.rules[form.id] if rule.field.by}
    for rule in template.rules[form.id]:
        spec, most = rule.field, rule.field.max_chars
        if rule.derive or spec.name in deciding or (spec.by and spec.by.only):
            continue  # as long as what it follows from makes it; or another record, which has other fields
        if spec.type in {"text", "company", "person", "address"}:
            values[spec.name] = "鑫" * most
        elif spec.type == "choice":
            value = max(spec.choices, key=len)
            room = most - len(value) - 2
            values[spec.name] = f"{value}（{'鑫' * room}）" if rule.bracket and room > 0 else value
        elif spec.type == "table":
            values[spec.name] = json.dumps([{c.name: "鑫" * c.max_chars for c in spec.columns}])
        elif spec.type == "list":
            values[spec.name] = _longest_list(spec.choices, most, open=rule.open)
        elif spec.type in {"integer", "amount", "telephone"}:
            values[spec.name] = "9" * min(most, most if spec.type == "telephone" else 15)
    return values


def _longest_list(choices: tuple[str, ...], most: int, *, open: bool) -> str:
    value = ""
    for choice in sorted(choices, key=len, reverse=True):
        if len(value) + len(choice) + bool(value) <= most:
            value += f"、{choice}" if value else choice
    room = most - len(value) - 1
    return f"{value}、{'鑫' * room}" if open and room > 0 else value


def _offices(studio: Studio, form: Form) -> list[Authority]:
    """List the authorities under each name they issue a form under."""
    since, records = form.in_force_from, studio.authorities.values()
    named = [name for r in records for name in (r.on(max(since, r.since[0])), r.latest)]
    return list(dict.fromkeys(map(form.issued_by, named)))


def _boxes(layout: Layout) -> list[tuple[Page, TextBox]]:
    return [(page, box) for page in layout.pages for box in page.elements if isinstance(box, TextBox)]


def _alone(layout: Layout, page: Page, box: TextBox) -> Layout:
    """Give a layout that holds one text and nothing else."""
    return Layout(layout.file, replace(page, elements=(box,)), None)


def _placed(file: str, line: int, problem: Problem) -> TemplateError:
    label = problem.label
    zh = f"{label.zh}：现为“{problem.found}”，应为{problem.wanted.zh}"
    en = f"{label.en}: found {problem.found!r}, wanted {problem.wanted.en}"
    return TemplateError(file, line, problem.field, Text(zh, en))
