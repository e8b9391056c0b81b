"""What a kind shows of itself: sample.json, each file of cases/, and one of these on every form that none is on."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from certgen.author.studio import Studio, on_form
from certgen.core.errors import SettingsError, TemplateError, Text
from certgen.overlay import find
from certgen.template import Form, Template

SAMPLE = "sample"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A record to show and the picture of it. `file` is the record's, relative to the kind's folder."""

    name: str
    file: str
    picture: Path
    data: Mapping[str, object]


def load_record(file: Path, name: str) -> dict[str, object]:
    """Read a JSON record; raises TemplateError that names the file as `name`."""
    try:
        record = json.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        message = Text(f"文件无法读取：{error.strerror}", f"cannot be read: {error.strerror}")
        raise TemplateError(name, 0, "", message) from None
    except json.JSONDecodeError as error:
        message = Text(f"不是正确的 JSON：{error.msg}", f"is not JSON: {error.msg}")
        raise TemplateError(name, error.lineno, "", message) from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise TemplateError(name, 0, "", Text("不是 UTF-8 编码的 JSON", "is not JSON in UTF-8")) from error
    if not isinstance(record, dict):
        raise TemplateError(name, 1, "", Text("应为一个 JSON 对象", "should hold one JSON object"))
    return record


def load_for(template: Template, file: Path) -> dict[str, object]:
    """Read a record of a kind, with the photographs that lie beside it; raises TemplateError."""
    record: dict[str, object] = template.with_photos(load_record(file, label_of(file, template)), file.parent)
    return record


def records(*layers: Path) -> dict[str, Path]:
    """Name the records of a kind by its folders, topmost first: the sample, then the cases in order."""
    cases = {case.stem: case for layer in reversed(layers) for case in sorted((layer / "cases").glob("*.json"))}
    return {SAMPLE: find(layers, "sample.json")} | {name: cases[name] for name in sorted(cases)}


def label_of(file: Path, template: Template) -> str:
    """Name a file of a kind relative to the folder it is in."""
    return next(file.relative_to(one) for one in template.layers if file.is_relative_to(one)).as_posix()


def exhibits(template: Template, studio: Studio) -> list[Exhibit]:
    """List what is pictured; raises TemplateError for a record that is not JSON, ApplicationError for a faulty one."""
    shown = []
    for name, file in records(*template.layers).items():
        label = label_of(file, template)
        picture = (template.folder / label).with_suffix(".png")  # never in the folder of the kind that is extended
        shown.append(Exhibit(name, label, picture, load_for(template, file)))
    seen = {studio.read(template, exhibit.data).form.id for exhibit in shown}
    for form in template.forms:
        data = None if form.id in seen else fitting(template, form, [one.data for one in shown], studio)
        if data is not None:
            name = f"form-{form.id}"
            shown.append(Exhibit(name, SAMPLE, template.folder / "cases" / f"{name}.png", data))
    return shown


def fitting(
    template: Template, form: Form, candidates: Sequence[Mapping[str, object]], studio: Studio
) -> Mapping[str, object] | None:
    """Find a record of a form: the first candidate that is on it, or that can be moved to it without a fault."""
    moved = [on_form(template, data, form) for data in candidates]
    own = [data for data in candidates if not studio.faults(template, data)]
    own = [data for data in own if studio.read(template, data).form.id == form.id]
    return next((data for data in [*own, *moved] if not studio.faults(template, data)), None)


def line_of(file: Path, keys: set[str]) -> int:
    """Find the line of a JSON file that holds one of the keys; 0 when none does."""
    for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), 1):
        if set(re.findall(r'"((?:[^"\\]|\\.)*)"\s*:', line)) & keys:
            return number
    return 0


def choose(template: Template, case: str, form: str, studio: Studio) -> tuple[str, Mapping[str, object]]:
    """Find the record to draw: the case, or the sample; for a form alone, the first record that fits it.

    Gives its name and its data. Raises SettingsError for a case or form that is not there, TemplateError for a file
    that is not JSON, ApplicationError for a faulty record.
    """
    files = records(*template.layers)
    name = case or SAMPLE
    named = one_of(files, name, Text("例", "case"))
    data = load_for(template, named)
    if not form:
        return name, data
    wanted = one_of({f.id: f for f in template.forms}, form, Text("版", "form"))
    for other, file in () if case else files.items():
        fits = fitting(template, wanted, [load_for(template, file)], studio)
        if fits is not None:
            return other, fits
    return name, on_form(template, data, wanted)


def one_of(known: Mapping[str, _T], name: str, what: Text) -> _T:
    """Pick by name; raises SettingsError that lists those there are."""
    if name not in known:
        names = ", ".join(known)
        zh = f"没有名为“{name[:40]}”的{what.zh}，已有：{names}"
        raise SettingsError(Text(zh, f"there is no {what.en} {name[:40]!r}; known are {names}"))
    return known[name]
