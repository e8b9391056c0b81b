"""The types of field that `template.toml` may name: how each reads a value, and how it prints."""

import re
import reprlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from certgen import photo, rows
from certgen.catalogue import Catalogue
from certgen.core import codes
from certgen.core.chinese import format_date, mask_name, normalise_person, shown, unprintable
from certgen.core.errors import Text
from certgen.core.model import Field
from certgen.derived import Derivation

BLANKS = " \t\u00a0\u3000"
_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})-([0-9]{1,2})|/([0-9]{1,2})/([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)")
_TELEPHONE = re.compile(r"[0-9+ 转-]*[0-9][0-9+ 转-]*[0-9][0-9+ 转-]*[0-9][0-9+ 转-]*")
_BRACKETED = re.compile(r"([^（）]+)（([^（）]+)）")
_ITEM = re.compile(r"(?:[（(][^（）()]*[）)]|[^、；;])+")
_WIDE_BRACKETS = str.maketrans("()", "（）")
_TEXT = Text("文字", "text")
_LIST = Text("列表", "a list of texts")
_INTEGER = Text("整数", "a whole number")
_AMOUNT = Text("金额（如 50000 或 1409.50）", "an amount such as 50000 or 1409.50")
_DATE = Text("日期（如 2017-08-01）", "a date such as 2017-08-01")


class RefusedError(Exception):
    """A value is not wanted; `wanted` becomes a Problem and never leaves the reading of a record.

    `found` is the part of the value that is at fault; empty means all of it. It never goes into `wanted`: ledgers and
    result sheets keep what was wanted, and are no place for what somebody typed.
    """

    def __init__(self, wanted: Text, found: str = "") -> None:
        """Take the noun phrase that says what would do."""
        super().__init__(wanted.en)
        self.wanted, self.found = wanted, found


@dataclass(frozen=True, slots=True)
class Rule:
    """A field with what is worked out once: its choices by every spelling, and its type's functions.

    `bracket`: a choice may be followed by （…）. `open`: a list may hold other items than its choices.
    `derive`: the value follows from other fields, and an applicant need not give it. `catalogue`: what it is read by.
    """

    field: Field
    bracket: bool
    open: bool
    choices: Mapping[str, str]
    read: "Callable[[Rule, Any, date], str]"
    derive: Derivation | None = None
    catalogue: Catalogue | None = None


def make_rule(
    field: Field,
    *,
    bracket: bool,
    open: bool,
    derive: Derivation | None = None,
    catalogue: Catalogue | None = None,
) -> Rule:
    """Bind a field to its type; the type must be one of TYPES."""
    spellings = {fold(choice): choice for choice in field.choices} | {choice: choice for choice in field.choices}
    return Rule(field, bracket, open, spellings, TYPES[field.type], derive, catalogue)


def found(value: object) -> str:
    """Show an untrusted value in a Problem: at most 40 characters, all printable."""
    if value is None:
        return ""
    return shown(value if isinstance(value, str) else reprlib.repr(value))


def is_blank(value: object) -> bool:
    """Tell whether nothing was given: null, or blanks only as empty columns of a table have."""
    return value is None or (type(value) is str and not value.strip(BLANKS))


def read(rule: Rule, value: object, today: date) -> str:
    """Read one untrusted value as its normalised text, empty when there is none; raises RefusedError."""
    if rule.field.type in WHOLE:
        return "" if is_blank(value) else rule.read(rule, value, today)
    text = (value if type(value) is str else _plain(rule.field.type, value)).strip(BLANKS)
    if not text:
        return ""
    if bad := unprintable(text):
        raise RefusedError(Text(f"可印刷的字符（不能有 {bad}）", f"printable characters (there is a {bad})"))
    text = rule.read(rule, text, today)
    if len(text) > rule.field.max_chars:
        most, has = rule.field.max_chars, len(text)
        raise RefusedError(Text(f"不超过 {most} 个字（现有 {has} 个）", f"at most {most} characters (there are {has})"))
    return text


def printed(rule: Rule, text: str, today: date) -> str:
    """Write a normalised value as it stands on paper: dates in words of 年月日, masks applied."""
    if rule.field.type == "date" and text:
        return format_date(date.fromisoformat(text))
    if rule.field.mask == "citizen-id" and codes.is_citizen_id(text, today):
        return codes.mask_citizen_id(text)
    if rule.catalogue and text:
        return rule.catalogue.printed(text)
    if rule.field.type == "photo" and text:
        return photo.digest(photo.decode(text))
    return text


def in_public(field: Field, text: str) -> str:
    """Shorten a printed value to what the public may see of it, on the page and in the QR code."""
    return mask_name(text) if field.public_mask else text


def read_day(value: object) -> date:
    """Read a day from a date or from 2017-08-01, 2017/8/1 or 2017年8月1日; raises RefusedError."""
    if type(value) is date:
        return value
    match = _DAY.fullmatch(value.strip(BLANKS)) if type(value) is str else None
    try:
        year, month, day = (int(part) for part in match.groups() if part) if match else (0, 0, 0)
        return date(year, month, day)
    except ValueError:
        raise RefusedError(_DATE) from None


def fold(text: str) -> str:
    """Spell a heading or a choice one way: no outer blanks, brackets of full width."""
    return text.strip(BLANKS).translate(_WIDE_BRACKETS)


def split_list(text: str) -> list[str]:
    """Split at 、 ； and ; but not inside brackets, where 、 is part of an item's name."""
    return [item for item in (i.strip(BLANKS) for i in _ITEM.findall(text)) if item]


def _plain(kind: str, value: object) -> str:
    if value is None:
        return ""
    if kind == "list":
        if type(value) in (list, tuple) and all(type(item) is str for item in value):  # type: ignore[attr-defined]
            return "、".join(value)  # type: ignore[arg-type]
        raise RefusedError(_LIST)
    if kind == "integer":
        if type(value) is int and 0 <= value < 10**15:
            return str(value)
        raise RefusedError(_INTEGER)
    if kind == "amount":
        if type(value) is int and 0 <= value < 10**15:
            return str(value)
        raise RefusedError(_AMOUNT)
    if kind == "date":
        return read_day(value).isoformat()
    raise RefusedError(_TEXT)


def _text(rule: Rule, text: str, today: date) -> str:
    return text


def _person(rule: Rule, text: str, today: date) -> str:
    return normalise_person(text)


def _upper(text: str) -> str:
    # 'ﬁ'.upper() is 'FI': only ASCII may turn into a code.
    return text.upper() if text.isascii() else text


def _uscc(rule: Rule, text: str, today: date) -> str:
    code = _upper(text)
    if fault := codes.uscc_fault(code):
        raise RefusedError(fault)
    return code


def _citizen_id(rule: Rule, text: str, today: date) -> str:
    code = _upper(text)
    if fault := codes.citizen_id_fault(code, today):
        raise RefusedError(fault)
    return code


def _uscc_or_citizen_id(rule: Rule, text: str, today: date) -> str:
    code = _upper(text)
    uscc = codes.uscc_fault(code)
    if uscc is None or (citizen := codes.citizen_id_fault(code, today)) is None:
        return code
    # Eighteen digits may be meant as either: a possible birth date tells.
    if citizen is not codes.CITIZEN_ID_SHAPE and citizen is not codes.CITIZEN_ID_BIRTH:
        raise RefusedError(citizen)
    if uscc is not codes.USCC_SHAPE:
        raise RefusedError(uscc)
    raise RefusedError(Text(f"{uscc.zh}，或{citizen.zh}", f"{uscc.en}, or {citizen.en}"))


def _uscc_or_registration(rule: Rule, text: str, today: date) -> str:
    # Bodies registered before the merged codes of 2015-17 kept the number of 15 digits.
    code = _upper(text)
    uscc = codes.uscc_fault(code)
    if uscc is None or (registration := codes.registration_fault(code)) is None:
        return code
    raise RefusedError(registration if len(code) == 15 else uscc)


def _amount(rule: Rule, text: str, today: date) -> str:
    match = re.fullmatch(r"([0-9]{1,15})(?:\.([0-9]{1,2}))?", text)
    if not match:
        raise RefusedError(_AMOUNT)
    part = (match[2] or "").ljust(2, "0")
    return f"{int(match[1])}.{part}" if part != "00" else str(int(match[1]))


def _date(rule: Rule, text: str, today: date) -> str:
    return read_day(text).isoformat()


def _choice(rule: Rule, text: str, today: date) -> str:
    wide = fold(text)
    if (choice := rule.choices.get(wide)) is not None:
        return choice
    parts = _BRACKETED.fullmatch(wide) if rule.bracket else None
    if parts and (base := rule.choices.get(parts[1].strip(BLANKS))) is not None and parts[2].strip(BLANKS):
        return f"{base}（{parts[2].strip(BLANKS)}）"
    raise RefusedError(_one_of(rule))


def _list(rule: Rule, text: str, today: date) -> str:
    items = [_item(rule, item) for item in _joined(rule, split_list(text))]
    if double := next((item for item, times in Counter(items).items() if times > 1), ""):
        raise RefusedError(
            Text("互不相同的项目（此项出现两次）", "different items (this one comes twice)"), shown(double)
        )
    return "、".join(items)


def _joined(rule: Rule, parts: list[str]) -> Iterator[str]:
    """Put together again the choices that have a 、 in their own name, the longest first."""
    most, at = max((choice.count("、") for choice in rule.field.choices), default=0), 0
    while at < len(parts):
        reach = range(min(most + 1, len(parts) - at), 1, -1)
        many = next((n for n in reach if fold("、".join(parts[at : at + n])) in rule.choices), 1)
        yield "、".join(parts[at : at + many])
        at += many  # and not what is left: a list of a million would be copied a million times


def _item(rule: Rule, item: str) -> str:
    choice = rule.choices.get(item) or rule.choices.get(fold(item))
    if choice is None and not rule.open:
        raise RefusedError(_one_of(rule), shown(item))
    return item if choice is None else choice


def _one_of(rule: Rule) -> Text:
    some, more = rule.field.choices[:8], len(rule.field.choices) > 8
    return Text(f"下列之一：{'、'.join(some)}{'等' if more else ''}", f"one of {', '.join(some)}{' …' if more else ''}")


def _telephone(rule: Rule, text: str, today: date) -> str:
    if not _TELEPHONE.fullmatch(text):
        raise RefusedError(Text("电话号码（数字、-、+、空格、转）", "a telephone number of digits, -, +, blanks or 转"))
    return text


def _integer(rule: Rule, text: str, today: date) -> str:
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise RefusedError(_INTEGER)
    return str(int(text))


def _table(rule: Rule, value: object, today: date) -> str:
    return rows.read(value, rule.field.columns, rule.field.max_chars, RefusedError)


def _photo(rule: Rule, value: object, today: date) -> str:
    return photo.read(value, RefusedError)


def _catalogue(rule: Rule, text: str, today: date) -> str:
    return rule.catalogue.read(text, RefusedError) if rule.catalogue else text


TYPES: Mapping[str, "Callable[[Rule, Any, date], str]"] = {
    "text": _text,
    "company": _text,
    "person": _person,
    "address": _text,
    "uscc": _uscc,
    "citizen-id": _citizen_id,
    "uscc-or-citizen-id": _uscc_or_citizen_id,
    "uscc-or-registration": _uscc_or_registration,
    "date": _date,
    "choice": _choice,
    "list": _list,
    "telephone": _telephone,
    "integer": _integer,
    "amount": _amount,
    "catalogue": _catalogue,
    "table": _table,
    "photo": _photo,
}
WHOLE = frozenset({"table", "photo"})  # types that read a value as it was given, and not as a line of text
