"""`layout.xml` → checked boxes, and a record → the words in them.

A layout says where things stand, in millimetres from the top left of the trimmed page. Its texts are Jinja2,
sandboxed, with undefined names as errors. They are rendered to *plain text after* the XML has been parsed, so a value
can never become an element; that is why nothing is escaped (docs/adr/0004).

All texts of a paper are compiled into one Jinja template, separated by a character that no record may contain:
one call renders a record. Lengths inside are points (1/72 inch), y measured from the top; the press turns it over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar
from xml.parsers import expat

from jinja2 import StrictUndefined, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from certgen.core.chinese import format_date, format_date_cn
from certgen.core.errors import FormatError, TemplateError, Text
from certgen.core.model import Field, Paper

POINT = 72 / 25.4  # points in a millimetre
SEPARATOR = "\x1e"  # RECORD SEPARATOR: a control character, so no record contains it
MIN_MODULE = 0.38  # mm; smaller modules are lost by telephone cameras on office paper
# What the engraver knows before there is a record. A text that uses only these is part of the plate.
ENGRAVED = frozenset({"authority", "form", "title", "copy_title", "copy_number", "host"})
STRUCK = frozenset({"number", "sid", "sid_grouped", "issued_on", "valid_from", "valid_until", "page", "pages", "label"})

NUMBERED = frozenset({"number", "sid", "sid_grouped", "page", "pages"})
PHOTO_SHAPE = 295 / 413  # width to height of every photograph (certgen.photo)
MOST_NUMBER = 40  # characters of a number, as codes are measured for

# Which attributes an element has: name → default, or None when it must be given. Also the source of layout.xsd's test.
_PLACE: dict[str, str | None] = {"x": None, "y": None}
_AREA: dict[str, str | None] = {**_PLACE, "width": None, "height": None}
_TYPE: dict[str, str | None] = {"font": "song", "size": None, "leading": "1.4", "color": "#000000"}
ATTRIBUTES: dict[str, dict[str, str | None]] = {
    "layout": {},
    "page": {"width": None, "height": None, "role": "main"},
    "text": {
        **_AREA, **_TYPE, "name": "", "floor": "", "fit": "shrink", "align": "left", "valign": "top",
        "tracking": "0", "print": "", "paper": "",
    },
    "art": {
        **_AREA, "src": None, "print": "", "paper": "", "repeat-x": "1", "dx": "0", "repeat-y": "1", "dy": "0",
        "rotate": "0", "flip": "",
    },
    "line": {
        **dict.fromkeys(("x1", "y1", "x2", "y2")), "width": "0.2", "color": "#000000", "print": "", "paper": "",
    },
    "box": {**_AREA, "line": "0.2", "color": "#000000", "fill": "", "print": "", "paper": ""},
    "qr": {**_PLACE, "size": None},
    "code": {**_PLACE, "size": None, "text": None, "name": ""},
    "seal": {**_PLACE, "size": None},
    "continued": {**_AREA, **_TYPE},
    "table": {**_AREA, **_TYPE, "name": None, "head-font": "song-bold", "line": "0.2", "padding": "1", "paper": ""},
    "image": {**_AREA, "name": None, "paper": ""},
    "column": {"field": None, "width": None, "title": "", "align": "left"},
}  # fmt: skip
_WORDS = {
    "font": (fonts := {"song", "song-bold", "hei", "hei-bold", "kai"}),
    "head-font": fonts,
    "fit": {"shrink", "wrap", "continue"},
    "align": {"left", "center", "right", "justify", "spread"},
    "valign": {"top", "middle", "bottom"},
    "print": {"", "always"},
    "paper": {"", "plain"},
    "role": {"main", "back", "continuation"},
    "rotate": {"0", "90", "180", "270"},
    "flip": {"", "x", "y"},
}
_ABOVE_ZERO = {"width", "height", "size", "floor", "leading", "repeat-x", "repeat-y"}
_COUNTS = {"repeat-x", "repeat-y"}
_MOST = 10_000  # of anything, and 500 tiles in a row: more is a slip of the finger
# What a text may do besides naming values. Whatever else Jinja knows reads files or reaches into other texts.
_STATEMENTS = (nodes.Output, nodes.If, nodes.For)
_TEXTUAL = {"name", "src", "color", "fill", "text", "field", "title", *_WORDS}


@dataclass(frozen=True, slots=True)
class Node:
    """One element as it stands in the file."""

    tag: str
    attributes: Mapping[str, str]
    line: int
    children: tuple["Node", ...]
    text: str


@dataclass(frozen=True, slots=True)
class TextBox:
    """A text and its place; lengths in points, `tracking` in ems.

    `engraved`: no record changes it. `preprinted`: official stock has it already. `numbered`: it names the number, the
    sid, the page or how many there are, which are known only after a record was read and set.
    """

    name: str
    x: float
    y: float
    width: float
    height: float
    font: str
    size: float
    floor: float
    fit: Literal["shrink", "wrap", "continue"]
    align: str
    valign: str
    leading: float
    tracking: float
    color: tuple[float, float, float]
    source: str
    engraved: bool
    preprinted: bool
    numbered: bool
    line: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Anything that is not text: art, line, box. `values` are its attributes, lengths in points."""

    tag: str
    values: Mapping[str, Any]
    preprinted: bool


@dataclass(frozen=True, slots=True)
class Square:
    """The place of a QR code or a seal: left, top and size in points."""

    x: float
    y: float
    size: float


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `field` names a column of the field, or is # for the number of the row."""

    field: str
    title: str
    width: float
    align: str


@dataclass(frozen=True, slots=True, eq=False)
class TableBox:
    """The place of a table and of its columns; lengths in points, `rule` the width of its lines."""

    name: str
    x: float
    y: float
    width: float
    height: float
    font: str
    head: str
    size: float
    leading: float
    color: tuple[float, float, float]
    rule: float
    padding: float
    columns: tuple[Column, ...]
    preprinted: bool
    line: int


@dataclass(frozen=True, slots=True)
class ImageBox:
    """The place of a photograph, by the name of its field."""

    name: str
    x: float
    y: float
    width: float
    height: float
    preprinted: bool


@dataclass(frozen=True, slots=True)
class CodeBox:
    """The place of a further QR code, of plain text; `source` is its Jinja, `modules` the most it may have across."""

    name: str
    square: Square
    source: str
    modules: int
    line: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a layout, in points, with its elements in reading order."""

    role: str
    width: float
    height: float
    elements: tuple[TextBox | Mark, ...]
    qr: Square | None
    seal: Square | None
    continued: TextBox | None
    codes: tuple[CodeBox, ...] = ()
    tables: tuple[TableBox, ...] = ()
    images: tuple[ImageBox, ...] = ()

    def tables_on(self, paper: Paper) -> list[TableBox]:
        """Give the tables of a paper."""
        return [table for table in self.tables if not (table.preprinted and paper == "overprint")]

    def table(self, name: str) -> TableBox | None:
        """Find the table of a field."""
        return next((table for table in self.tables if table.name == name), None)


AnyBox = TypeVar("AnyBox", TextBox, CodeBox)


class Layout:
    """The boxes of one form and copy, and the texts that go into them."""

    def __init__(self, file: str, main: Page, continuation: Page | None, back: Page | None = None) -> None:
        """Compile the texts of both papers."""
        self.file, self.main, self.continuation, self.back = file, main, continuation, back
        self.fixed = (main, back) if back else (main,)
        sides = [[e for e in page.elements if isinstance(e, TextBox)] for page in self.fixed]
        texts = [box for side in sides for box in side]
        further = [e for e in continuation.elements if isinstance(e, TextBox)] if continuation else []
        self._struck = {
            (at, paper): self._select(side, paper, engraved=False)
            for at, side in enumerate(sides)
            for paper in ("plain", "overprint")
        }
        self._further = self._select(further, "plain", engraved=False)
        self._templates = {side: _compile(boxes) for side, boxes in self._struck.items()}
        self._numbered = {side: tuple(b for b in boxes if b.numbered) for side, boxes in self._struck.items()}
        self._numbered_templates = {side: _compile(boxes) for side, boxes in self._numbered.items()}
        self._further_template = _compile(self._further)
        self._codes_template = _compile(main.codes)
        self.counts_pages = any("pages" in _names_in(box.source) for box in (*texts, *further) if box.numbered)

    def tables_on(self, paper: Paper) -> list[TableBox]:
        """Give the tables of a paper: those of the main page, then those that stand on continuation pages alone."""
        further = self.continuation.tables if self.continuation else ()
        return [*self.main.tables_on(paper), *(table for table in further if self.main.table(table.name) is None)]

    @staticmethod
    def _select(boxes: list[TextBox], paper: str, *, engraved: bool) -> tuple[TextBox, ...]:
        return tuple(b for b in boxes if b.engraved is engraved and not (b.preprinted and paper == "overprint"))

    @property
    def pages(self) -> tuple[Page, ...]:
        """List every page that is drawn: the fixed ones, then the one that is repeated."""
        return (*self.fixed, self.continuation) if self.continuation else self.fixed

    def page_at(self, at: int) -> Page:
        """Give the page that a document has in a place, from 0."""
        return self.fixed[at] if at < len(self.fixed) else self.continuation or self.main

    @property
    def code_at(self) -> tuple[int, Square] | None:
        """Find our QR code: the place of its page, from 0, and its square."""
        return next(((at, page.qr) for at, page in enumerate(self.fixed) if page.qr), None)

    @property
    def sealed_at(self) -> int:
        """Find the page that carries the seal; the first when none does."""
        return next((at for at, page in enumerate(self.fixed) if page.seal), 0)

    def struck(self, paper: Paper, context: Mapping[str, object], at: int = 0) -> list[tuple[TextBox, str]]:
        """Render the texts of a page, by its place, that a record changes, in reading order; blank ones not."""
        if at >= len(self.fixed):
            return self._render(self._further, self._further_template, context)
        return self._render(self._struck[at, paper], self._templates[at, paper], context)

    def numbered(self, paper: Paper, context: Mapping[str, object], at: int = 0) -> list[tuple[TextBox, str]]:
        """Render only those of `struck` that name the number, the sid or the page; of a continuation, all."""
        if at >= len(self.fixed):
            return self._render(self._further, self._further_template, context)
        return self._render(self._numbered[at, paper], self._numbered_templates[at, paper], context)

    def codes(self, context: Mapping[str, object]) -> list[tuple[CodeBox, str]]:
        """Render the texts of the further QR codes. Blank ones are left out."""
        return self._render(self.main.codes, self._codes_template, context)

    def engraved(self, page: Page, paper: Paper, context: Mapping[str, object]) -> list[tuple[TextBox, str]]:
        """Render the texts of a page that no record changes."""
        boxes = self._select([e for e in page.elements if isinstance(e, TextBox)], paper, engraved=True)
        return self._render(boxes, _compile(boxes), context)

    def _render(
        self, boxes: tuple[AnyBox, ...], template: Any, context: Mapping[str, object]
    ) -> list[tuple[AnyBox, str]]:
        if not boxes:
            return []
        try:
            texts = template.render(context).split(SEPARATOR)
            return [(box, text) for box, text in zip(boxes, texts, strict=True) if text]
        except Exception as error:  # an expression can fail in any way: 1 / 0, a filter on the wrong thing
            raise self._blame(boxes, context, error) from error

    def _blame(self, boxes: tuple[AnyBox, ...], context: Mapping[str, object], error: Exception) -> TemplateError:
        """Find the text that cannot be rendered, by rendering each alone."""
        for box in boxes:
            try:
                alone = _compile((box,)).render(context)
            except Exception as fault:
                return TemplateError(self.file, box.line, box.name or "text", f"{type(fault).__name__}: {fault}")
            if SEPARATOR in alone:
                return TemplateError(self.file, box.line, box.name or "text", Text("含控制字符", "a control character"))
        return TemplateError(self.file, 0, "text", str(error))


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    # Not escaped: the output is plain text for the typesetter, never markup.
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    environment.filters = {
        "date": format_date,
        "date_cn": format_date_cn,
        "long_term": lambda day: format_date(day) if isinstance(day, date) else "长期",
        "default": environment.filters["default"],
        "join": environment.filters["join"],
        "urlencode": environment.filters["urlencode"],
    }
    environment.globals.clear()
    return environment


def _compile(boxes: Sequence[TextBox | CodeBox]) -> Any:
    return _environment().from_string(SEPARATOR.join([box.source for box in boxes]))


def _names_in(source: str) -> set[str]:
    return meta.find_undeclared_variables(_environment().parse(source))


def load_layout(
    file: Path,
    *,
    fields: frozenset[str],
    largest_qr: int,
    declared: Sequence[Field] = (),
    folders: Sequence[Path] = (),
) -> Layout:
    """Read a layout file; `fields` are the names its texts may use, `largest_qr` the modules across the widest code.

    `declared` says of fields what they hold: further codes are measured for the longest. `folders` are those of a kind
    that extends another, topmost first: art is looked for beside each. Raises TemplateError with file, line and field.
    """
    root = _parse(file)
    name = f"{file.parent.name}/{file.name}"
    if root.tag != "layout":
        raise TemplateError(name, root.line, root.tag, Text("根元素应为 <layout>", "the root must be <layout>"))
    known = {field.name: field for field in declared}
    reader = _Reader(name, tuple(folders) or (file.parent,), fields, largest_qr, known)
    reader.values(root, "layout")
    reader.wordless(root)
    pages = {}
    for node in root.children:
        page = reader.page(node)
        if page.role in pages:
            raise TemplateError(
                name, node.line, "role", Text("同一用途的页只能有一页", "there can be one page of a role")
            )
        pages[page.role] = page
    if "main" not in pages:
        raise TemplateError(name, root.line, "page", Text("缺少主页面 <page>", "there is no main <page>"))
    continuation, back = pages.get("continuation"), pages.get("back")
    if back:
        _check_back(name, pages["main"], back)
    if any(isinstance(e, TextBox) and e.fit == "continue" for e in pages["main"].elements) and not continuation:
        raise TemplateError(
            name, 0, "fit", Text('用到 fit="continue" 但没有续页', 'fit="continue" needs a continuation page')
        )
    flows = any(isinstance(e, TextBox) and e.fit == "continue" for e in pages["main"].elements)
    if continuation and not continuation.continued and (flows or not continuation.tables):
        raise TemplateError(
            name, 0, "continued", Text("续页缺少 <continued>", "the continuation page has no <continued>")
        )
    if continuation and continuation.tables:
        continuation = replace(
            continuation, tables=tuple(_further(name, pages["main"], t) for t in continuation.tables)
        )
    return Layout(name, pages["main"], continuation, back)


def _check_back(file: str, main: Page, back: Page) -> None:
    """Refuse what only one page can have; `fit="continue"` starts on the main page, where its readers look for it."""
    for name, here, there in (("qr", main.qr, back.qr), ("seal", main.seal, back.seal)):
        if here and there:
            raise TemplateError(
                file, 0, name, Text("正反面只能有一个", "there can be one, on the front or on the back")
            )
    flowing = next((e for e in back.elements if isinstance(e, TextBox) and e.fit == "continue"), None)
    if flowing:
        message = Text("背面的文字不能续页", "a text on the back cannot flow on")
        raise TemplateError(file, flowing.line, flowing.name or "fit", message)


def _further(file: str, main: Page, table: TableBox) -> TableBox:
    """Give the table of a continuation page the columns of the table that it goes on with, unless it has its own."""
    first = main.table(table.name)
    if first is None:  # it stands on continuation pages alone
        if not table.columns:
            raise TemplateError(file, table.line, "column", Text("表格缺少 <column>", "the table has no <column>"))
        return table
    columns = table.columns or first.columns
    wide = sum(column.width for column in columns) > table.width + 0.01
    if wide or [c.field for c in columns] != [c.field for c in first.columns]:
        raise TemplateError(
            file, table.line, "column", Text("各列与主页面不符，或超出宽度", "other columns than before, or too wide")
        )
    return replace(table, columns=columns)


def _parse(file: Path) -> Node:
    """Parse XML into nodes that know their lines; a document type is refused (entities are a way to read files)."""
    name = f"{file.parent.name}/{file.name}"
    parser = expat.ParserCreate()
    stack: list[tuple[str, dict[str, str], int, list[Node], list[str]]] = [("", {}, 0, [], [])]

    def start(tag: str, attributes: dict[str, str]) -> None:
        stack.append((tag, attributes, parser.CurrentLineNumber, [], []))

    def end(_: str) -> None:
        tag, attributes, line, children, text = stack.pop()
        words = "\n".join(part.strip() for part in "".join(text).strip().splitlines())  # a line of the file is a line
        stack[-1][3].append(Node(tag, attributes, line, tuple(children), words))

    def doctype(*_: object) -> None:
        raise TemplateError(name, parser.CurrentLineNumber, "DOCTYPE", Text("不接受文档类型声明", "no DOCTYPE here"))

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda data: stack[-1][4].append(data)
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(file.read_bytes(), True)
    except expat.ExpatError as error:
        raise TemplateError(name, error.lineno, "XML", str(error)) from error
    except (ValueError, LookupError) as error:  # an encoding that expat leaves to Python, which does not know it either
        raise TemplateError(name, 1, "XML", Text("应为 UTF-8 编码", "wanted UTF-8")) from error
    except OSError as error:
        raise TemplateError(name, 0, "file", Text("找不到版式文件", "the layout file is missing")) from error
    return stack[0][3][0]


class _Endless(dict[str, str]):
    """Texts of which only the length matters, by any name."""

    def __missing__(self, name: str) -> str:
        return "宀" * 50


def _longest(field: Field | None) -> str:
    if field is None:
        return "宀" * 100
    if field.type in {"uscc", "citizen-id", "uscc-or-citizen-id", "uscc-or-registration"}:
        return "0" * 18
    if field.type == "integer":
        return "9" * 15
    if field.type == "choice":
        return max(field.choices, key=len) + "宀" * 10  # with a bracket
    return "宀" * field.max_chars


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns the nodes of one file into checked boxes."""

    file: str
    folders: tuple[Path, ...]
    fields: frozenset[str]
    largest_qr: int
    declared: Mapping[str, Field] = field(default_factory=dict)

    def fail(self, node: Node, field: str, zh: str, en: str) -> TemplateError:
        return TemplateError(self.file, node.line, field, Text(zh, en))

    def wordless(self, node: Node) -> None:
        """Refuse words where nobody would print them."""
        if node.text:
            raise self.fail(node, node.tag, f"<{node.tag}> 里不能有文字", f"there can be no words in <{node.tag}>")

    def page(self, node: Node) -> Page:
        if node.tag != "page":
            raise self.fail(node, node.tag, "<layout> 里只能有 <page>", "there can be only <page> in <layout>")
        values = self.values(node, "page")
        self.wordless(node)
        width, height = values["width"], values["height"]
        elements: list[TextBox | Mark] = []
        squares: dict[str, Square] = {}
        codes: list[CodeBox] = []
        tables: list[TableBox] = []
        images: list[ImageBox] = []
        continued = None
        for child in node.children:
            v = self.values(child, "page element")
            for inner in child.children if child.tag != "table" else ():
                raise self.fail(inner, inner.tag, "这里不能用这个元素", "this element does not belong here")
            if child.tag != "text":
                self.wordless(child)
            if child.tag in squares or (child.tag == "continued" and continued):
                raise self.fail(
                    child, child.tag, f"一页只能有一个 <{child.tag}>", f"there can be one <{child.tag}> a page"
                )
            if child.tag in {"qr", "seal"}:
                squares[child.tag] = self.square(child, v)
            elif child.tag == "continued":
                given = {"name": "continued", "floor": "", "tracking": 0.0, "fit": "continue"}
                continued = self.text(child, {**ATTRIBUTES["text"], **v, **given})
            elif child.tag == "text":
                elements.append(self.text(child, v))
            elif child.tag in {"art", "line", "box"}:
                elements.append(self.mark(child, v))
            elif child.tag == "code" and values["role"] == "main":
                codes.append(self.code(child, v))
            elif child.tag == "image" and values["role"] != "continuation":
                images.append(self.image(child, v))
            elif child.tag == "table" and values["role"] != "back":
                if any(table.name == v["name"] for table in tables):
                    raise self.fail(
                        child, v["name"], "一页只能有一个同名表格", "there can be one table of a name a page"
                    )
                tables.append(self.table(child, v, main=values["role"] == "main"))
            else:
                raise self.fail(child, child.tag, "这里不能用这个元素", "this element does not belong here")
            self.inside(child, v, width, height)
        return Page(
            values["role"], width, height, tuple(elements), squares.get("qr"), squares.get("seal"), continued,
            tuple(codes), tuple(tables), tuple(images),
        )  # fmt: skip

    def values(self, node: Node, where: str) -> dict[str, Any]:
        if node.tag not in ATTRIBUTES:
            known = ", ".join(sorted(ATTRIBUTES))
            raise self.fail(
                node, node.tag, f"未知元素（可用：{known}）", f"unknown element in {where}, known are {known}"
            )
        known_attributes = ATTRIBUTES[node.tag]
        for name in node.attributes:
            if name not in known_attributes:
                raise self.fail(node, name, f"<{node.tag}> 没有属性 {name}", f"<{node.tag}> has no attribute {name}")
        values: dict[str, Any] = {}
        for name, default in known_attributes.items():
            raw = node.attributes.get(name, default)
            if raw is None:
                raise self.fail(node, name, f"<{node.tag}> 缺少属性 {name}", f"<{node.tag}> lacks the attribute {name}")
            values[name] = self.value(node, name, raw)
        return values

    def value(self, node: Node, name: str, raw: str) -> Any:
        if name in _WORDS and raw not in _WORDS[name]:
            words = " | ".join(sorted(w for w in _WORDS[name] if w))
            raise self.fail(node, name, f"现为“{raw}”，应为 {words}", f"found {raw!r}, wanted {words}")
        if name in {"color", "fill"} and raw:
            try:
                if len(raw) != 7 or raw[0] != "#":
                    raise ValueError
                return tuple(round(int(raw[i : i + 2], 16) / 255, 3) for i in (1, 3, 5))
            except ValueError:
                raise self.fail(node, name, f"颜色“{raw}”应写作 #rrggbb", f"colour {raw!r}, wanted #rrggbb") from None
        if name in _TEXTUAL or (name == "floor" and not raw):
            return raw
        number = self.number(node, name, raw)
        # Sizes of type are points, leading and tracking are factors, counts are counts: the rest are millimetres.
        in_points = name == "floor" or (name == "size" and node.tag in {"text", "continued", "table"})
        plain = in_points or name in {"leading", "tracking", "repeat-x", "repeat-y"}
        return number if plain else number * POINT

    def number(self, node: Node, name: str, raw: str) -> float:
        try:
            number = float(raw)
        except ValueError:
            raise self.fail(node, name, f"现为“{raw}”，应为数字", f"found {raw!r}, wanted a number") from None
        if not abs(number) <= (500 if name in _COUNTS else _MOST):  # nor is nan
            raise self.fail(node, name, f"“{raw}”太大", f"{raw} is out of all measure")
        if number <= 0 and name in _ABOVE_ZERO:
            raise self.fail(node, name, f"现为“{raw}”，应大于 0", f"found {raw}, wanted more than 0")
        if name in _COUNTS and number != int(number):
            raise self.fail(node, name, f"现为“{raw}”，应为整数", f"found {raw}, wanted a whole number")
        return number

    def inside(self, node: Node, v: dict[str, Any], width: float, height: float) -> None:
        if node.tag == "line":
            (left, right), (top, bottom) = sorted((v["x1"], v["x2"])), sorted((v["y1"], v["y2"]))
        else:
            size = v.get("size", 0.0)
            left, top = v["x"], v["y"]
            right, bottom = left + v.get("width", size), top + v.get("height", size)
        if node.tag == "art":
            across, down = (v["repeat-x"] - 1) * v["dx"], (v["repeat-y"] - 1) * v["dy"]
            left, right = left + min(across, 0.0), right + max(across, 0.0)
            top, bottom = top + min(down, 0.0), bottom + max(down, 0.0)
        slack = 0.01
        if min(left, top) < -slack or right > width + slack or bottom > height + slack:
            box = ", ".join(f"{n / POINT:g}" for n in (left, top, right, bottom))
            page = f"{width / POINT:g} × {height / POINT:g} mm"
            name = node.attributes.get("name", node.tag)
            raise self.fail(node, name, f"框 ({box}) 超出页面 {page}", f"box ({box}) is off the page of {page}")

    def square(self, node: Node, v: dict[str, Any]) -> Square:
        size = v["size"]
        if node.tag == "qr" and size / POINT / self.largest_qr < MIN_MODULE:
            need = self.largest_qr * MIN_MODULE
            raise self.fail(
                node,
                "qr",
                f"二维码框 {size / POINT:g} mm 太小，最长内容需要至少 {need:.1f} mm",
                f"a QR box of {size / POINT:g} mm is too small, the longest text needs {need:.1f} mm",
            )
        return Square(v["x"], v["y"], size)

    def code(self, node: Node, v: dict[str, Any]) -> CodeBox:
        """Measure a further code for the longest text that its fields permit."""
        from certgen import qr  # here: most layouts have none, and it loads slowly

        source, size = v["text"], v["size"] / POINT
        self.names(node, source)
        try:
            longest = _environment().from_string(source).render(self.longest())
            modules = qr.size_of(qr.version_for_plain(longest))
        except FormatError as error:
            raise self.fail(node, "text", error.message.zh, error.message.en) from error
        except Exception as error:  # as in Layout._render
            raise TemplateError(self.file, node.line, "text", f"{type(error).__name__}: {error}") from error
        if size / modules < MIN_MODULE:
            need = modules * MIN_MODULE
            raise self.fail(
                node,
                "code",
                f"二维码框 {size:g} mm 太小，最长内容需要至少 {need:.1f} mm",
                f"a code of {size:g} mm is too small, the longest text needs {need:.1f} mm",
            )
        return CodeBox(v["name"] or "code", Square(v["x"], v["y"], v["size"]), source, modules, node.line)

    def table(self, node: Node, v: dict[str, Any], *, main: bool) -> TableBox:
        """Read a table and its columns, which a continuation page may leave to the main page."""
        spec = self.declared.get(v["name"])
        if spec is None or spec.type != "table":
            raise self.fail(
                node, v["name"], f"没有名为 {v['name']} 的表格项目", f"there is no field {v['name']} of type table"
            )
        labels = {"#": "序号"} | {column.name: column.label.zh for column in spec.columns}
        columns = tuple(self.column(child, labels, v) for child in node.children)
        if main and not columns:
            raise self.fail(node, "column", "表格缺少 <column>", "the table has no <column>")
        if sum(column.width for column in columns) > v["width"] + 0.01:
            raise self.fail(node, "column", "各列之和超出表格宽度", "the columns are wider than the table")
        if v["padding"] < 0 or v["line"] < 0 or v["height"] < 2 * (v["size"] + 2 * v["padding"]):
            raise self.fail(node, v["name"], "表格容不下一行", "the table cannot hold its head and a row")
        return TableBox(
            v["name"], v["x"], v["y"], v["width"], v["height"], v["font"], v["head-font"], v["size"], v["leading"],
            v["color"], v["line"], v["padding"], columns, v["paper"] == "plain", node.line,
        )  # fmt: skip

    def image(self, node: Node, v: dict[str, Any]) -> ImageBox:
        spec = self.declared.get(v["name"])
        if spec is None or spec.type != "photo":
            raise self.fail(
                node, v["name"], f"没有名为 {v['name']} 的照片项目", f"there is no field {v['name']} of type photo"
            )
        wanted = v["height"] * PHOTO_SHAPE
        if abs(v["width"] - wanted) > 0.02 * wanted:
            need = f"{wanted / POINT:.1f} mm"
            raise self.fail(node, "width", f"会使照片变形，宽应为 {need}", f"would distort the photo, wanted {need}")
        return ImageBox(v["name"], v["x"], v["y"], v["width"], v["height"], v["paper"] == "plain")

    def column(self, node: Node, labels: Mapping[str, str], table: Mapping[str, Any]) -> Column:
        if node.tag != "column":
            raise self.fail(node, node.tag, "<table> 里只能有 <column>", "there can be only <column> in <table>")
        for inner in node.children:
            raise self.fail(inner, inner.tag, "这里不能用这个元素", "this element does not belong here")
        self.wordless(node)
        v = self.values(node, "table")
        if v["field"] not in labels:
            known = ", ".join(labels)
            raise self.fail(node, "field", f"没有这一列（可用：{known}）", f"no column {v['field']}, known are {known}")
        if v["width"] - 2 * table["padding"] < 2 * table["size"]:
            raise self.fail(node, "width", "列宽容不下两个字", "the column cannot hold two characters")
        return Column(v["field"], v["title"] or labels[v["field"]], v["width"], v["align"])

    def longest(self) -> dict[str, object]:
        """Give every name that a text may use the longest value it can have."""
        day, words = date(2099, 12, 31), _Endless()
        known = {name: _longest(self.declared.get(name)) for name in self.fields}
        return {
            **known, **dict.fromkeys(("issued_on", "valid_from", "valid_until"), day), "authority": words,
            "label": words, "form": words,
            **dict.fromkeys(("title", "copy_title", "copy_number"), "宀" * 20), "host": "a" * 48,
            "number": "0" * MOST_NUMBER, "sid": "0" * 12, "sid_grouped": "0000 0000 0000", "page": 1, "pages": 99,
        }  # fmt: skip

    def mark(self, node: Node, v: dict[str, Any]) -> Mark:
        if node.tag == "art":
            places = [(folder / v["src"]).resolve() for folder in self.folders]
            v["src"] = next((place for place in places if place.is_file()), places[0])
            if not v["src"].is_file():
                raise self.fail(node, "src", f"找不到图样 {v['src'].name}", f"there is no art {v['src'].name}")
        return Mark(node.tag, v, v["print"] != "always")

    def text(self, node: Node, v: dict[str, Any]) -> TextBox:
        names = self.names(node, node.text)
        if v["fit"] == "continue" and names & NUMBERED:
            raise self.fail(
                node, "fit", "写有编号或页码的文字不能续页", "a text with a number or a page cannot flow on"
            )
        floor = v["floor"] or v["size"]
        if floor > v["size"]:
            raise self.fail(node, "floor", "最小字号大于字号", "the floor is above the size")
        if v["width"] < v["size"] or v["height"] < floor * 0.999:
            raise self.fail(
                node, node.attributes.get("name", "text"), "框容不下一个字", "the box cannot hold a character"
            )
        preprinted = v["print"] != "always" and (v["paper"] == "plain" or not names)
        return TextBox(
            v["name"], v["x"], v["y"], v["width"], v["height"], v["font"], v["size"], floor, v["fit"], v["align"],
            v["valign"], v["leading"], v["tracking"], v["color"], node.text, names <= ENGRAVED, preprinted,
            bool(names & NUMBERED), node.line,
        )  # fmt: skip

    def names(self, node: Node, source: str) -> frozenset[str]:
        if "{" not in source:
            return frozenset()
        try:
            tree = _environment().parse(source)
        except TemplateSyntaxError as error:
            line = node.line + error.lineno - 1
            raise TemplateError(self.file, line, node.attributes.get("name", "text"), str(error)) from error
        self.harmless(node, tree)
        own = {"self"} & {part.name for part in tree.find_all(nodes.Name)}  # Jinja's, and no field
        names = meta.find_undeclared_variables(tree) | own
        for name in sorted(names - ENGRAVED - STRUCK - self.fields):
            known = ", ".join(sorted(self.fields))
            raise self.fail(node, name, f"未知字段 {name}（可用：{known}）", f"unknown field {name}, known are {known}")
        return frozenset(names)

    def harmless(self, node: Node, tree: nodes.Template) -> None:
        """Refuse what Jinja would only refuse when a record is printed, or would not refuse at all."""
        box = node.attributes.get("name", "text")
        for part in tree.find_all(nodes.Stmt):
            if not isinstance(part, _STATEMENTS):
                tag = type(part).__name__.lower()
                raise self.fail(node, box, f"文字里不能用 {tag}", f"a text can use if and for, and not {tag}")
        for call in tree.find_all(nodes.Filter):
            if call.name not in _environment().filters:
                known = ", ".join(_environment().filters)
                raise self.fail(
                    node, box, f"没有过滤器 {call.name}（可用：{known}）", f"no filter {call.name}, known are {known}"
                )
        inner = [part.attr for part in tree.find_all(nodes.Getattr)]
        inner += [str(getattr(part.arg, "value", "")) for part in tree.find_all(nodes.Getitem)]
        for name in inner:
            if name.startswith("_"):
                raise self.fail(node, box, f"不能取用 {name}", f"{name} is out of reach")
