"""Load a kind of document: `templates/<kind>/template.toml`, checked to the last key, as a Template."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

from certgen import derived, numbering, overlay, varying
from certgen.authorities import OFFICE
from certgen.catalogue import load_catalogue
from certgen.core import codes
from certgen.core.errors import FormatError
from certgen.core.model import Column, Field
from certgen.derived import FUNCTIONS, Derivation
from certgen.fieldtypes import BLANKS, TYPES, WHOLE, Rule, fold, make_rule, split_list
from certgen.limits import Limit, MinAge, Unique, UsccFrom
from certgen.numbering import Numbering, NumberMap
from certgen.reading import Copy, Form, Publicity, Reading, Source, Template
from certgen.reserved import RESERVED, Validity
from certgen.tomlfile import Table

__all__ = ["Copy", "Form", "Reading", "Template", "digest_of", "load_template"]

_SLUG = "[a-z0-9][a-z0-9-]{0,39}"
_NAME = "[a-z][a-z0-9_]{0,39}"
_FILE = r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}\.toml"
_FOLDER = "[A-Za-z0-9][A-Za-z0-9_-]{0,39}"
# What a layout may also name; a field of the same name would hide it.
_TAKEN = frozenset(RESERVED) | {"kind", "number", "sid", "sid_grouped", "page", "title", "copy_number", "copy_title"}
_TAKEN |= {"host", "form", "pages", "qr", "seal", "label"}
# 民委发〔2016〕33号 asks for 50 places in names of persons; company names may be twice as long.
_LEAST = {"person": 50, "company": 100}
_HOLDER_CODES = ("uscc", "uscc-or-citizen-id", "uscc-or-registration")
_IDS = ("citizen-id", "uscc-or-citizen-id")


def load_template(folder: Path) -> Template:
    """Load and check a template folder; raises TemplateError that names file, line and field."""
    top, layers = overlay.load_layers(folder)
    kind, version = top.text("kind", shape=_SLUG), top.number("version", least=1, most=10**6)
    title = top.label("title")
    copies = _copies(top)
    others = top.table("numberings") if top.has("numberings") else None
    forms, numbered = _forms(top, layers, copies, others.rest() if others else ())
    rules = _rules(top, forms, copies, layers)
    _check_variants(top, forms, rules)
    fields = tuple(rule.field for rule in rules)
    limits, unique = _limits(top, rules)
    by_form = {f.id: tuple(r for r in rules if not r.field.forms or f.id in r.field.forms) for f in forms}
    template = Template(
        kind=kind,
        version=version,
        title=title,
        fields=fields,
        copies=copies,
        forms=forms,
        numberings=_numberings(top, others, rules, numbered),
        validity=_validity(top, fields),
        limits=limits,
        unique=unique,
        holder=_holder(top, fields),
        holder_code=_holder_code(top, fields),
        folder=folder,
        digest=overlay.digest_of(layers, digest_of),
        under=layers[1:],
        publicity=_publicity(top, copies),
        elicence=_elicence(top),
        rules=by_form,
        filled={f: tuple(r for r in some if r.catalogue or _has_blank(r.field)) for f, some in by_form.items()},
        derived={form: tuple(r for r in some if r.derive) for form, some in by_form.items()},
        names=_names(top, fields),
        source=_source(top, rules),
        left_out={c.id: frozenset(f.name for f in fields if f.copies and c.id not in f.copies) for c in copies},
    )
    top.close()
    return template


def _has_blank(field: Field) -> bool:
    return field.by is not None and bool(field.by.blank)


def digest_of(folder: Path) -> str:
    """Give the SHA-256 (hex) of the names and bytes of what decides how documents look.

    Left out: samples and their pictures, cases, versions.lock and hidden files. Pictures under art/ count.
    """
    state = hashlib.sha256()
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    for name in sorted(files):
        parts = name.split("/")
        if parts[0] in ("cases", "samples", "versions.lock") or any(part[0] == "." for part in parts):
            continue
        if parts[0].startswith("sample.") or name == "samples.csv" or (name.endswith(".png") and parts[0] != "art"):
            continue
        data = files[name].read_bytes()
        state.update(f"{len(name.encode())} {len(data)}\n{name}".encode() + data)
    return state.hexdigest()


def _copies(top: Table) -> tuple[Copy, ...]:
    copies: list[Copy] = []
    for table in top.tables("copy", name="id"):
        copies.append(Copy(table.text("id", shape=_SLUG), table.label("title"), table.text("number", "")))
        table.close()
        if copies[-1].id in [copy.id for copy in copies[:-1]]:
            raise table.fault("id", "这一联写了两次", "the copy is declared twice")
    return tuple(copies)


def _forms(
    top: Table, layers: tuple[Path, ...], copies: tuple[Copy, ...], numberings: tuple[str, ...] = ()
) -> tuple[tuple[Form, ...], dict[str, str]]:
    """Read the forms, and by the id of each the name of its numbering, "" for the common one."""
    forms: list[Form] = []
    numbered: dict[str, str] = {}
    for table in top.tables("form", name="id"):
        name, day, folder = (
            table.text("id", shape=_SLUG),
            table.day("in_force_from"),
            table.text("folder", shape=_FOLDER),
        )
        here, *under = [layer / folder for layer in layers]
        form = Form(name, day, here, table.map("texts", optional=True), tuple(under), own_texts=_own_texts(table))
        form = replace(form, issuer=table.text("issuer", ""))
        form = _varied(table, form, layers)
        if forms and form.in_force_from <= forms[-1].in_force_from:
            raise table.fault(
                "in_force_from", "各版格式须按启用日期先后排列", "forms are not in the order of their days"
            )
        if form.id in [other.id for other in forms]:
            raise table.fault("id", "这一版格式写了两次", "the form is declared twice")
        for look, copy in product(form.looks, copies):
            if not look.layout(copy.id).is_file():
                name = f"{look.folder.name}/{copy.id}.xml"
                raise table.fault("folder", f"缺少版面文件 {name}", f"the layout {name} is missing")
        forms.append(form)
        name = numbered[form.id] = table.text("numbering", "", shape=_SLUG)
        if name and name not in numberings:
            raise table.fault("numbering", f"缺少 [numberings.{name}]", f"[numberings.{name}] is missing")
        table.close()
    return tuple(forms), numbered


def _own_texts(table: Table) -> dict[str, dict[str, str]]:
    if not table.has("own_texts"):
        return {}
    offices = table.table("own_texts")
    own = {}
    for office in offices.rest():
        if not re.fullmatch(OFFICE, office):
            raise offices.fault(office, "应为机关代码", "wanted the id of an authority")
        own[office] = offices.map(office)
    return own


def _varied(table: Table, form: Form, layers: tuple[Path, ...]) -> Form:
    """Read `variants = { field, folders }`: the layouts that a record is printed on by what a field of it says."""
    if not table.has("variants"):
        return form
    inner = table.table("variants")
    field, folders = inner.text("field"), inner.map("folders")
    inner.close()
    variants = {}
    for value, name in folders.items():
        if not re.fullmatch(_FOLDER, name):
            raise inner.fault("folders", f"“{name}”的写法不对", f"found {name!r}, wanted {_FOLDER}")
        here, *under = [layer / name for layer in layers]
        variants[value] = replace(form, folder=here, under=tuple(under))
    return replace(form, varies_by=field, variants=variants)


def _check_variants(top: Table, forms: tuple[Form, ...], rules: tuple[Rule, ...]) -> None:
    for form in forms:
        rule = next((r for r in rules if r.field.name == form.varies_by), None)
        if form.varies_by and (rule is None or (rule.field.forms and form.id not in rule.field.forms)):
            raise top.fault("form", f"{form.id} 版没有项目“{form.varies_by}”", f"{form.id} has no {form.varies_by!r}")
        if rule and rule.field.type == "choice" and (lost := set(form.variants) - set(rule.field.choices)):
            value = min(lost)
            raise top.fault("form", f"“{value}”不是“{form.varies_by}”的选项", f"{value!r} is no choice of it")


def _rules(top: Table, forms: tuple[Form, ...], copies: tuple[Copy, ...], layers: tuple[Path, ...]) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for table in top.tables("field", name="name"):
        rule = _rule(table, tuple(f.id for f in forms), tuple(c.id for c in copies), layers)
        _check_derivation(table, rule, rules)
        varying.check(table, rule.field, rule.catalogue, [other.field for other in rules])
        if rule.field.name in [other.field.name for other in rules]:
            raise table.fault("name", "项目名重复", "the field is declared twice")
        rules.append(rule)
    return tuple(rules)


def _rule(table: Table, forms: tuple[str, ...], copies: tuple[str, ...], layers: tuple[Path, ...] = ()) -> Rule:
    derive = _derivation(table)
    by = varying.parse(table)
    field = Field(
        name=table.text("name", shape=_NAME),
        label=table.label("label"),
        type=(kind := table.text("type")),
        required=table.flag("required", True) and derive is None,
        max_chars=table.number("max", 100, least=1, most=10000),
        public=table.flag("public", kind != "photo"),
        choices=table.words("choices"),
        mask=table.text("mask", ""),
        public_mask=table.text("public_mask", ""),
        forms=table.words("forms"),
        copies=table.words("copies"),
        columns=_columns(table),
        by=by,
    )
    bracket, open_list = table.flag("bracket", False), table.flag("open", False)
    file = table.text("catalogue", "", shape=_FILE)
    table.close()
    _check_field(table, field, bracket, open_list)
    if bool(file) != (kind == "catalogue") or (file and field.required):
        zh, en = "catalogue 类型须写明文件且 required = false", "type catalogue needs a file, and required = false"
        raise table.fault("catalogue", zh, en)
    for key, given, known in (("forms", field.forms, forms), ("copies", field.copies, copies)):
        if strange := [one for one in given if one not in known]:
            raise table.fault(key, f"没有“{strange[0]}”，只有 {known}", f"{strange[0]!r} is not one of {known}")
    catalogue = load_catalogue(overlay.find(layers, file), by.on if by else "") if file and layers else None
    rule = make_rule(field, bracket=bracket, open=open_list, derive=derive, catalogue=catalogue)
    if len({fold(choice) for choice in field.choices}) != len(field.choices):
        raise table.fault("choices", "有仅括号宽窄不同的选项", "two choices differ in the width of brackets only")
    return rule


def _columns(table: Table) -> tuple[Column, ...]:
    columns: list[Column] = []
    for inner in table.tables("columns", name="name") if table.has("columns") else ():
        name, label = inner.text("name", shape=_NAME), inner.label("label")
        most = inner.number("max", 100, least=1, most=10_000)
        columns.append(Column(name, label, most, inner.flag("required", True)))
        inner.close()
    spelled = [key for column in columns for key in {column.name, column.label.zh}]
    if len(set(spelled)) != len(spelled):
        raise table.fault("columns", "有两列同名", "two columns share a name")
    return tuple(columns)


def _derivation(table: Table) -> Derivation | None:
    if not table.has("derive"):
        return None
    if table.has("required"):
        raise table.fault("required", "推算的项目不能设此项", "is not for a field that is derived")
    try:
        return derived.parse(table.text("derive"))
    except FormatError as error:
        raise table.fault("derive", *error.message) from None


def _check_derivation(table: Table, rule: Rule, earlier: list[Rule]) -> None:
    if rule.derive is None:
        return
    function = FUNCTIONS[rule.derive.function]
    if rule.field.type not in function.gives:
        some = "、".join(function.gives)
        raise table.fault("type", f"{rule.derive.function} 得出 {some}", f"{rule.derive.function} gives {some}")
    for place, name in enumerate(rule.derive.sources):
        source = next((r.field for r in earlier if r.field.name == name), None)
        if source is None or not set(source.forms or rule.field.forms) >= set(rule.field.forms or source.forms):
            zh, en = f"“{name}”须在前面写明，且各版格式都有", f"{name!r} must be declared before, on the same forms"
            raise table.fault("derive", zh, en)
        if place == 0 and source.type not in function.reads:
            some = "、".join(function.reads)
            raise table.fault("derive", f"“{name}”须为 {some} 类型", f"{name!r} must be of type {some}")


def _check_field(table: Table, field: Field, bracket: bool, open_list: bool) -> None:
    kind = field.type
    if field.name in _TAKEN:
        raise table.fault("name", "这个名字已有别的用途", "the name is taken by the service")
    if kind not in TYPES:
        raise table.fault("type", f"没有“{kind}”这种类型", f"unknown type {kind!r}, wanted one of {', '.join(TYPES)}")
    if field.max_chars < (least := _LEAST.get(kind, 1)):
        raise table.fault("max", f"此类名称须容得下 {least} 个字", f"names of this type need at least {least}")
    if field.mask and (field.mask != "citizen-id" or kind not in _IDS):
        raise table.fault("mask", "只有身份号码可用 citizen-id 遮盖", "the only mask is citizen-id, on types of ID")
    if field.public_mask and (field.public_mask != "name" or kind != "person" or not field.public):
        raise table.fault("public_mask", "只有公开的 person 可用 name 遮盖", "the only one is name, on a public person")
    if field.choices and kind not in ("choice", "list"):
        raise table.fault("choices", "只有 choice 和 list 可有选项", "only choice and list have choices")
    if not field.choices and (kind == "choice" or (kind == "list" and not open_list)):
        raise table.fault("choices", "缺少选项", "choices are missing")
    if bool(field.columns) != (kind == "table"):
        raise table.fault("columns", "table 类型须有各列，其他类型不能有", "are for type table, which needs them")
    if kind == "photo" and field.public:
        raise table.fault("public", "照片不能公开", "cannot be true: the public never sees a photograph")
    if bracket and kind != "choice":
        raise table.fault("bracket", "只用于 choice", "is for choice only")
    if open_list and kind != "list":
        raise table.fault("open", "只用于 list", "is for list only")
    for choice in field.choices:
        if choice != choice.strip(BLANKS) or len(choice) > field.max_chars:
            raise table.fault("choices", f"“{choice}”首尾有空白或过长", f"{choice!r} has outer blanks or is too long")
        parts = split_list(choice) if kind == "list" else [choice]
        if "、".join(parts) != choice or (len(parts) > 1 and set(parts) <= set(field.choices)):
            raise table.fault("choices", f"“{choice}”会被拆成几项", f"{choice!r} would be split into several items")


def _names(top: Table, fields: tuple[Field, ...]) -> dict[str, str]:
    reserved = {label.zh: name for name, label in RESERVED.items()} | {name: name for name in RESERVED}
    names: dict[str, str] = {}
    for field in fields:
        for key in (field.name, fold(field.label.zh)):
            if key in names or key in RESERVED:
                raise top.fault("field", f"“{key}”指两个项目", f"{key!r} names two fields")
            names[key] = field.name
    return reserved | names


def _numberings(
    top: Table, others: Table | None, rules: tuple[Rule, ...], numbered: dict[str, str]
) -> dict[str, Numbering]:
    """Read `[numbering]` and the `[numberings.ID]` that forms name; gives the numbering of each form, by its id."""
    made: dict[str, Numbering] = {}
    for name in dict.fromkeys(numbered.values()):
        forms = [form for form, other in numbered.items() if other == name]
        table = others.table(name) if name and others else top.table("numbering")
        made |= dict.fromkeys(forms, _numbering(table, rules, forms))
    if others is not None:
        others.close()
    return made


def _numbering(table: Table, rules: tuple[Rule, ...], forms: list[str]) -> Numbering:
    pattern = table.text("pattern")
    offices = table.table("by_authority") if table.has("by_authority") else None
    maps = {name: _number_map(table.table(name), rules, forms) for name in table.rest()}
    table.close()
    own = _own_patterns(offices, maps) if offices else {}
    return _parsed(table, "pattern", numbering.parse, pattern, maps, own)


def _own_patterns(table: Table, maps: dict[str, NumberMap]) -> dict[str, Numbering]:
    own = {}
    for office in table.rest():
        if not re.fullmatch(OFFICE, office):
            raise table.fault(office, "应为机关代码", "wanted the id of an authority")
        own[office] = _parsed(table, office, numbering.take_apart, table.text(office), maps)
    return own


def _parsed(table: Table, key: str, parse: Callable[..., Numbering], *parts: object) -> Numbering:
    try:
        return parse(*parts)
    except FormatError as error:
        raise table.fault(key, *error.message) from None


def _number_map(table: Table, rules: tuple[Rule, ...], forms: list[str]) -> NumberMap:
    mapping = NumberMap(table.text("field"), table.map("map"))
    table.close()
    rule = next((rule for rule in rules if rule.field.name == mapping.field), None)
    if rule is None or not rule.field.required or (rule.field.forms and not set(forms) <= set(rule.field.forms)):
        raise table.fault("field", "须为各版格式都必填的项目", "wanted a field that every form requires")
    # Of one length, so that two records can never write the same number from different parts.
    if len({len(word) for word in mapping.values.values()}) != 1 or "" in mapping.values.values():
        raise table.fault("map", "各编码须等长且不为空", "codes must be of one length and not empty")
    if rule.field.choices and not rule.open and (lost := [c for c in rule.field.choices if mapping.get(c) is None]):
        raise table.fault("map", f"“{lost[0]}”没有编码", f"the choice {lost[0]!r} has no code")
    return mapping


def _validity(top: Table, fields: tuple[Field, ...]) -> Validity | None:
    if not top.has("validity"):
        return None
    table = top.table("validity")
    if sum(table.has(key) for key in ("years", "months", "field")) != 1:
        raise table.fault("", "须有 years、months、field 之一", "wanted one of years, months and field")
    if table.has("field"):
        validity = Validity(0, table.text("field"))
        if not any(f.name == validity.field and f.type == "date" and not f.forms for f in fields):
            raise table.fault("field", "须为各版格式都有的日期", "wanted a field of type date that every form has")
    elif table.has("months"):
        validity = Validity(table.number("months", least=1, most=1200))
    else:
        validity = Validity(12 * table.number("years", least=1, most=100))
    table.close()
    return validity


def _limits(top: Table, rules: tuple[Rule, ...]) -> tuple[tuple[Limit, ...], tuple[Unique, ...]]:
    limits: list[Limit] = []
    unique: list[Unique] = []
    for table in top.tables("rule") if top.has("rule") else ():
        if table.has("unique"):
            unique.append(_unique(table.table("unique"), rules))
        elif table.has("uscc_from"):
            limits.append(_uscc_from(table.table("uscc_from"), rules))
        else:
            limits.append(_min_age(table.table("min_age"), rules))
        table.close()
    return tuple(limits), tuple(unique)


def _min_age(table: Table, rules: tuple[Rule, ...]) -> MinAge:
    limit = MinAge(table.text("field"), table.number("years", least=1, most=150))
    table.close()
    if not any(r.field.name == limit.field and r.field.type == "citizen-id" for r in rules):
        raise table.fault("field", "须为 citizen-id 类型的项目", "wanted a field of type citizen-id")
    return limit


def _uscc_from(table: Table, rules: tuple[Rule, ...]) -> UsccFrom:
    limit = UsccFrom(table.text("field"), table.day("day"))
    table.close()
    if not any(r.field.name == limit.field and r.field.type == "uscc-or-registration" for r in rules):
        zh, en = "须为 uscc-or-registration 类型的项目", "wanted a field of type uscc-or-registration"
        raise table.fault("field", zh, en)
    return limit


def _unique(table: Table, rules: tuple[Rule, ...]) -> Unique:
    names, each_authority = table.words("fields"), table.flag("each_authority", False)
    table.close()
    # What is derived is not kept in the register, and follows from what is.
    known = {r.field.name: r.field for r in rules if not r.derive and r.field.type not in WHOLE}
    if not names or len(set(names)) != len(names) or not set(names) <= known.keys():
        raise table.fault(
            "fields",
            "须为互不相同的项目，且不能是推算的项目、表格或照片",
            "wanted the names of different fields, none of them derived, a table or a photo",
        )
    return Unique(tuple(known[name] for name in names), each_authority)


def _publicity(top: Table, copies: tuple[Copy, ...]) -> Publicity:
    if not top.has("public"):
        return Publicity()
    table = top.table("public")
    publicity = Publicity(table.flag("find", False), table.text("picture", ""), table.flag("original", False))
    table.close()
    if publicity.picture and publicity.picture not in [copy.id for copy in copies]:
        raise table.fault("picture", "没有这一联", "is not a copy of this kind")
    if publicity.picture and not publicity.find:
        raise table.fault("picture", "须同时设 find = true", "is for a kind with find = true")
    return publicity


def _source(top: Table, rules: tuple[Rule, ...]) -> Source | None:
    if not top.has("from"):
        return None
    table = top.table("from")
    source = Source(table.text("kind", shape=_SLUG), table.text("code", shape=_NAME), table.map("fields"))
    table.close()
    known = {r.field.name for r in rules if not r.derive}
    if strange := [name for name in source.fields if name not in known]:
        raise table.fault("fields", f"没有项目“{strange[0]}”", f"there is no field {strange[0]!r} to fill in")
    return source


def _elicence(top: Table) -> str:
    """Read the code of the kind: the USCC of the body that defined it, and three characters."""
    if not top.has("elicence"):
        return ""
    table = top.table("elicence")
    code = table.text("type", shape="[0-9A-Z]{21}")
    if not codes.is_uscc(code[:18]):
        raise table.fault(
            "type", f"“{code[:18]}”不是统一社会信用代码", f"{code[:18]!r} is no unified social credit code"
        )
    table.close()
    return code


def _holder(top: Table, fields: tuple[Field, ...]) -> str:
    name = top.text("holder")
    if not any(f.name == name and f.required and not f.forms and not f.copies for f in fields):
        raise top.fault("holder", "须为处处必填的项目", "wanted a field that every form and copy requires")
    return name


def _holder_code(top: Table, fields: tuple[Field, ...]) -> str:
    name = top.text("holder_code", "")
    if name and not any(f.name == name and f.type in _HOLDER_CODES for f in fields):
        raise top.fault("holder_code", "须为信用代码类型的项目", f"wanted a field of type {', '.join(_HOLDER_CODES)}")
    return name
