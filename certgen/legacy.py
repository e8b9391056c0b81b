"""The table of what older systems issued → inherited licences, with faults and warnings by row.

Columns: number and holder, and where they are known credit_code, issued_on, valid_until and source. A JY or SC number
whose check digit fails is taken in with a warning, since such numbers are in force (typing, or an issuer's software); a
credit code that fails is refused, because the wrong one names somebody else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from certgen.core import codes
from certgen.core.chinese import shown, unprintable
from certgen.core.errors import ApplicationError, Problem, Text
from certgen.fieldtypes import BLANKS, RefusedError, fold, read_day
from certgen.inherited import Inherited
from certgen.register import Register
from certgen.sheet import Row, Sheet
from certgen.template import Template

LABELS: Mapping[str, Text] = {
    "number": Text("编号", "Number"),
    "holder": Text("持证人", "Holder"),
    "credit_code": Text("统一社会信用代码", "Credit code"),
    "issued_on": Text("发证日期", "Date of issue"),
    "valid_until": Text("有效期至", "Valid until"),
    "source": Text("来源", "Source"),
}
_OTHER_NAMES = {"许可证编号": "number", "证号": "number", "社会信用代码": "credit_code"}
_MOST = {
    "number": 64,
    "holder": 200,
    "credit_code": 40,
    "issued_on": 40,
    "valid_until": 40,
    "source": 100,
}  # characters
_REQUIRED = ("number", "holder")
_CHECKED: tuple[tuple[str, Callable[[str], Text | None]], ...] = (("JY", codes.jy_fault), ("SC", codes.sc_fault))


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a table: licences that are new, that were known, rows refused, and rows to look at again."""

    new: int
    known: int
    refused: tuple[tuple[int, ApplicationError], ...]
    warned: tuple[tuple[int, Problem], ...]


def names(template: Template) -> dict[str, str]:
    """List the headers such a table may have: ours, and those of the kind for holder and code."""
    own = {name: name for name in LABELS} | {label.zh: name for name, label in LABELS.items()} | _OTHER_NAMES
    for field, name in ((template.holder, "holder"), (template.holder_code, "credit_code")):
        own |= {f.name: name for f in template.fields if f.name == field}
        own |= {fold(f.label.zh): name for f in template.fields if f.name == field}
    return own


def import_table(
    register: Register, template: Template, sheet: Sheet, source: str, at: datetime, today: date
) -> Imported:
    """Take in every row that is right, in one transaction, and say what is wrong with the others.

    `source` is for rows that do not name theirs. Raises ApplicationError when the table lacks number or holder.
    """
    _check_columns(sheet)
    headers = names(template)
    good: list[tuple[int, Inherited]] = []
    refused: list[tuple[int, ApplicationError]] = []
    for row in sheet.rows:
        try:
            good.append((row.number, _read(row, headers, template.kind, source, today)))
        except ApplicationError as error:
            refused.append((row.number, error))
    added = register.inherit([one for _, one in good], at)
    refused += [(good[place][0], _taken(good[place][1], _OURS)) for place in added.issued]
    refused += [(good[place][0], _taken(good[place][1], _DIFFERS)) for place in added.other]
    left = added.issued | added.other
    doubts = ((row, _doubt(one.number)) for place, (row, one) in enumerate(good) if place not in left)
    warned = tuple((row, doubt) for row, doubt in doubts if doubt)
    return Imported(added.new, added.known, tuple(sorted(refused, key=lambda pair: pair[0])), warned)


def _check_columns(sheet: Sheet) -> None:
    missing = [LABELS[name] for name in _REQUIRED if name not in sheet.columns]
    if missing:
        wanted = Text(
            f"含有{'、'.join(label.zh for label in missing)}列的表",
            f"a column for {' and '.join(label.en for label in missing)}",
        )
        raise ApplicationError((Problem("header", Text("表头", "Header row"), "", wanted),))


def _read(row: Row, headers: Mapping[str, str], kind: str, source: str, today: date) -> Inherited:
    problems: list[Problem] = []
    given = _given(row, headers, problems)
    number, code = _upper(given["number"]), _upper(given["credit_code"])
    if code and (fault := codes.uscc_fault(code)):
        problems.append(_problem("credit_code", code, fault))
    issued_on, valid_until = _period(given, today, problems)
    if problems:
        raise ApplicationError(tuple(problems))
    return Inherited(number, kind, given["holder"], code, issued_on, valid_until, given["source"] or source)


def _given(row: Row, headers: Mapping[str, str], problems: list[Problem]) -> dict[str, str]:
    """Sort the cells of a row by their meaning, "" for what is not given, and check what every text must be."""
    given: dict[str, str] = {}
    for key, value in row.values.items():
        text = str(value).strip(BLANKS)
        if key not in headers:
            wanted = Text("空白（此列没有列名）", "nothing: this column has no name")
            problems.append(Problem(key, Text(f"第 {key[1:]} 列", f"column {key[1:]}"), shown(text), wanted))
        elif given.setdefault(headers[key], text) != text:
            problems.append(
                _problem(headers[key], text, Text("一个值（两列同义）", "one value: two columns mean this"))
            )
    for name, most in _MOST.items():
        text = given.setdefault(name, "")
        if not text and name in _REQUIRED:
            problems.append(_problem(name, "", Text("填写内容（必填项）", "a value: it is required")))
        elif bad := unprintable(text):
            wanted = Text(f"可印刷的字符（不能有 {bad}）", f"printable characters (there is a {bad})")
            problems.append(_problem(name, text, wanted))
        elif len(text) > most:
            problems.append(_problem(name, text, Text(f"不超过 {most} 个字", f"at most {most} characters")))
    return given


def _period(given: Mapping[str, str], today: date, problems: list[Problem]) -> tuple[date | None, date | None]:
    issued_on, valid_until = _day(given, "issued_on", problems), _day(given, "valid_until", problems)
    if issued_on and issued_on > today:
        wanted = Text(f"不晚于今天（{today}）的日期", f"a date no later than today, {today}")
        problems.append(_problem("issued_on", str(issued_on), wanted))
    if issued_on and valid_until and valid_until < issued_on:
        wanted = Text(f"不早于发证日期（{issued_on}）的日期", f"a date no earlier than the day of issue, {issued_on}")
        problems.append(_problem("valid_until", str(valid_until), wanted))
    return issued_on, valid_until


def _day(given: Mapping[str, str], name: str, problems: list[Problem]) -> date | None:
    if not (text := given.get(name)):
        return None
    try:
        return read_day(text)
    except RefusedError as error:
        problems.append(_problem(name, text, error.wanted))
        return None


def _upper(text: str) -> str:
    return text.upper() if text.isascii() else text  # 'ﬁ'.upper() is 'FI'


_OURS = Text("旧系统的编号（此编号由本系统签发）", "a number of an older system: this one was issued here")
_DIFFERS = Text(
    "与此前导入或前面各行一致的内容（此编号的持证人、代码或日期不同）",
    "what was imported before, or stands in an earlier row: this number has another holder, code or day",
)


def _taken(one: Inherited, wanted: Text) -> ApplicationError:
    return ApplicationError((_problem("number", one.number, wanted),))


def _doubt(number: str) -> Problem | None:
    for prefix, fault_of in _CHECKED:
        if number.startswith(prefix) and (fault := fault_of(number)):
            return _problem("number", number, fault)
    return None


def _problem(name: str, found: str, wanted: Text) -> Problem:
    return Problem(name, LABELS[name], shown(found), wanted)
