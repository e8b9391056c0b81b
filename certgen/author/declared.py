"""What an author declared, piece by piece: every fault of template.toml and of a layout, not the first alone.

`load_template` and `load_layout` stop at the first fault, as issuing should. Here the same readers are given one
table or one element at a time.
"""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import jinja2

from certgen import layout as layouts
from certgen import template as templates
from certgen.core.errors import TemplateError, Text
from certgen.core.model import Field
from certgen.layout import ATTRIBUTES, Layout, Node, load_layout
from certgen.overlay import load_layers
from certgen.template import Template, load_template

T = TypeVar("T")
FILE = "template.toml"
_MENDS = 20  # faults of one element; more of them is not a layout


def template(folder: Path) -> tuple[Template | None, list[TemplateError]]:
    """Read template.toml; gives the template, or None and the faults of each of its tables."""
    faults: list[TemplateError] = []

    def attempt(part: Callable[[], T]) -> T | None:
        try:
            return part()
        except TemplateError as error:
            where = Path(error.file).parent
            label = FILE if where == folder else f"{where.name}/{FILE}"  # of the kind that is extended
            faults.append(TemplateError(label, error.line, error.field, error.message))
            return None

    loaded = attempt(lambda: load_template(folder))
    if loaded is None:
        _each_table(folder, attempt)
    elif loaded.kind != folder.name:
        text = Text(f"与目录名“{folder.name}”不同", f"wanted the name of the folder, {folder.name!r}")
        faults.append(TemplateError(FILE, 0, "kind", text))
    return loaded, faults


def _each_table(folder: Path, attempt: Callable[[Callable[[], Any]], Any]) -> None:
    loaded = attempt(lambda: load_layers(folder))
    if loaded is None:
        return
    top, layers = loaded
    raws = [_raw(layer) for layer in layers]
    raw = {key: value for one in reversed(raws) for key, value in one.items()}
    ids = {key: tuple(str(t.get("id")) for one in raws for t in _tables(one, key)) for key in ("form", "copy")}
    copies = attempt(lambda: templates._copies(top))
    if copies is not None:
        attempt(
            lambda: templates._forms(
                top, layers, copies, tuple(name for one in raws for name in _table(one, "numberings"))
            )
        )
    for table in attempt(lambda: top.tables("field", name="name")) or []:
        attempt(partial(templates._rule, table, ids["form"], ids["copy"]))
    for key in ("kind", "title", "holder", *(() if _table(raw, "numberings") else ("numbering",))):
        if key not in raw:
            attempt(partial(top.table, key))


def layout_faults(
    file: Path,
    fields: frozenset[str],
    largest_qr: int,
    declared: Sequence[Field] = (),
    folders: Sequence[Path] = (),
) -> list[TemplateError]:
    """Read a layout element by element; gives all its faults."""
    label = f"{file.parent.name}/{file.name}"
    try:
        root = layouts._parse(file)
    except TemplateError as error:
        return [TemplateError(label, error.line, error.field, error.message)]
    reader = layouts._Reader(
        label, tuple(folders) or (file.parent,), fields, largest_qr, {field.name: field for field in declared}
    )
    faults = []
    for page in root.children:
        empty = replace(page, children=())
        faults += _mended(label, empty, reader.page)
        if not faults:
            faults += [
                fault for child in page.children for fault in _mended(label, child, partial(_alone, reader, page))
            ]
    if not faults:
        try:
            load_layout(file, fields=fields, largest_qr=largest_qr, declared=declared, folders=folders)
        except TemplateError as error:
            faults.append(error)
    return faults


def _alone(reader: layouts._Reader, page: Node, node: Node) -> Layout:
    """Read an element as if it were the only one of its page, and compile its text."""
    return Layout(reader.file, reader.page(replace(page, children=(node,))), None)


def _mended(file: str, node: Node, read: Callable[[Node], object]) -> list[TemplateError]:
    """Read an element, leaving out the attribute that is at fault until none is; gives the faults met."""
    faults: list[TemplateError] = []
    while len(faults) < _MENDS:
        try:
            read(node)
        except TemplateError as error:
            faults.append(error)
            optional = ATTRIBUTES.get(node.tag, {}).get(error.field, "") is not None
            if error.field in node.attributes and optional:
                kept = {key: value for key, value in node.attributes.items() if key != error.field}
                node = replace(node, attributes=kept)
                continue
        except jinja2.TemplateError as error:
            faults.append(TemplateError(file, node.line, node.attributes.get("name", node.tag), str(error)))
        break
    return faults


def field_names(folder: Path) -> frozenset[str]:
    """Give the names of the fields of a template.toml that has faults."""
    return frozenset(str(t.get("name")) for t in _tables(_raw(folder), "field"))


def form_folders(folder: Path) -> frozenset[str]:
    """Give the folders of the forms of a template.toml that may have faults."""
    return frozenset(str(t.get("folder")) for t in _tables(_raw(folder), "form"))


def _raw(folder: Path) -> dict[str, Any]:
    try:
        return tomllib.loads((folder / FILE).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def _tables(raw: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = raw.get(key)
    return [t for t in found if isinstance(t, dict)] if isinstance(found, list) else []


def _table(raw: dict[str, Any], key: str) -> dict[str, Any]:
    found = raw.get(key)
    return found if isinstance(found, dict) else {}
