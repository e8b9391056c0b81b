"""Fields that vary with a choice of the record: `by = { field, only, labels, blank }` in `template.toml`.

by.on     a field of type choice that stands before this one
by.only      the values of it that have this field; elsewhere it must be blank. Without it, all have it
by.labels    what a value calls the field, if not as all do: { "个体工商户" = { zh = "经营者", en = "Operator" } }
by.blank     what a value takes the field to be when it is left blank: { "个体工商户" = "***" }
"""

from collections.abc import Iterable

from certgen.catalogue import Catalogue
from certgen.core.errors import Text
from certgen.core.model import By, Field
from certgen.tomlfile import Table


def parse(table: Table) -> By | None:
    """Read `by` of a field's table; None without it. Raises TemplateError."""
    if not table.has("by"):
        return None
    inner = table.table("by")
    name, only = inner.text("field"), inner.words("only")
    labels: dict[str, Text] = {}
    if inner.has("labels"):
        named = inner.table("labels")
        labels = {value: named.label(value) for value in named.rest()}
        named.close()
    blank = inner.map("blank", optional=True)
    inner.close()
    return By(name, only, labels, blank)


def check(table: Table, field: Field, catalogue: Catalogue | None, earlier: Iterable[Field]) -> None:
    """Refuse a `by` that no record could follow, its catalogue's too; `earlier` are the fields before."""
    by, only = field.by, catalogue.only if catalogue else frozenset()
    if by is None:
        if only:
            raise table.fault("by", "目录中有 only，须写明 by", "the catalogue has items with only: by is missing")
        return
    source = next((one for one in earlier if one.name == by.on), None)
    if source is None or source.type != "choice" or not source.required or source.forms:
        raise table.fault(
            "by", "field 须为前面各版格式都必填的 choice", "wanted a choice before it that all forms require"
        )
    if strange := next((v for v in (*by.only, *by.labels, *by.blank, *only) if v not in source.choices), ""):
        raise table.fault("by", f"“{strange}”不是“{by.on}”的选项", f"{strange!r} is no choice of {by.on!r}")
    if "" in by.blank.values():
        raise table.fault("by", "blank 的值不能为空", "a value of blank cannot be empty")
