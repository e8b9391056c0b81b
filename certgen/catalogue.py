"""Catalogues of what a document stands for beyond its text, from a versioned file: fields of type `catalogue`.

    default = true        the newest such edition is meant by a record that names none
    [[edition]]           id, version, effective_from, title, items = [{ name, example, only }]

A value is an edition and the items of it that apply: `merged-27@1：营业执照；税务登记证`. A record that names no
edition has the one in force on its day; one that names no items has those that are known to be real and apply to
it. What is an example stands in the file so that nobody takes it for the list of an office, and counts only when it
is asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from certgen.core.chinese import shown
from certgen.core.errors import Text
from certgen.tomlfile import Table

Refuse = Callable[[Text, str], Exception]
_SLUG = "[a-z0-9][a-z0-9-]{0,39}"
_BETWEEN, _NEXT = "：", "；"
_SHAPE = Text(
    "目录编号@版本，可接“：”和以“；”分开的目录事项",
    "a catalogue as id@version, and after ： items of it, with ； between them",
)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry. `only` are the values of the deciding field that have it, empty for all."""

    name: str
    is_example: bool
    only: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of a catalogue, in force from a day; the newest that is `default` is meant when none is named."""

    id: str
    version: int
    effective_from: date
    title: Text
    is_default: bool
    items: tuple[Item, ...]

    @property
    def key(self) -> str:
        """Name the edition in records."""
        return f"{self.id}@{self.version}"

    def applying(self, kind: str) -> tuple[str, ...]:
        """Name the items that a record of a kind has when it names none."""
        return tuple(i.name for i in self.items if not i.is_example and (not i.only or kind in i.only))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The editions of a file, by key. `by` names the field that decides what applies, "" when all does."""

    editions: Mapping[str, Edition]
    by: str = ""

    @property
    def only(self) -> frozenset[str]:
        """List the values of the deciding field that some item names."""
        return frozenset(value for e in self.editions.values() for item in e.items for value in item.only)

    def on(self, day: date) -> Edition | None:
        """Find the newest default edition in force on a day."""
        found = [e for e in self.editions.values() if e.is_default and e.effective_from <= day]
        return max(found, key=lambda e: e.effective_from, default=None)

    def default(self, values: Mapping[str, str], day: date) -> str:
        """Give what a record means that leaves the field blank; "" before the first edition."""
        edition = self.on(day)
        return _text(edition, edition.applying(values.get(self.by, ""))) if edition else ""

    def complete(self, text: str, values: Mapping[str, str]) -> str:
        """Add the items that apply to a value that names an edition alone."""
        edition = None if _BETWEEN in text else self.editions.get(text)
        return _text(edition, edition.applying(values.get(self.by, ""))) if edition else text

    def read(self, text: str, refuse: Refuse) -> str:
        """Read an edition and its items, separated by ；; raises what `refuse` makes of the first fault."""
        key, between, names = text.partition(_BETWEEN)
        edition = self.editions.get(key.strip())
        if edition is None:
            some = "、".join(self.editions)
            raise refuse(Text(f"{_SHAPE.zh}（{some}）", f"{_SHAPE.en} ({some})"), shown(key))
        if not between:
            return edition.key
        known = {item.name for item in edition.items}
        given = [name.strip() for name in names.split(_NEXT) if name.strip()]
        if strange := next((name for name in given if name not in known), ""):
            title = edition.title
            raise refuse(Text(f"{title.zh}内的事项", f"an item of {title.en}"), shown(strange))
        return _text(edition, [item.name for item in edition.items if item.name in given])

    def printed(self, text: str) -> str:
        """Write a value for a person: the title of the edition, then the items."""
        key, _, names = text.partition(_BETWEEN)
        edition = self.editions[key]
        marked = {item.name: f"{item.name}（示例）" if item.is_example else item.name for item in edition.items}
        return f"{edition.title.zh}（{edition.key}）{_BETWEEN}" + _NEXT.join(marked[n] for n in names.split(_NEXT) if n)


def _text(edition: Edition, names: tuple[str, ...] | list[str]) -> str:
    return f"{edition.key}{_BETWEEN}{_NEXT.join(names)}"


def load_catalogue(file: Path, by: str = "") -> Catalogue:
    """Read a catalogue; `by` names the field that decides what applies. Raises TemplateError."""
    top = Table.load(file)
    editions: dict[str, Edition] = {}
    for table in top.tables("edition", name="id"):
        edition = Edition(
            table.text("id", shape=_SLUG),
            table.number("version", least=1, most=9999),
            table.day("effective_from"),
            table.label("title"),
            table.flag("default", False),
            tuple(_item(row) for row in table.tables("items", name="name")),
        )
        table.close()
        names = [item.name for item in edition.items]
        if double := next((name for name in names if names.count(name) > 1), ""):
            raise table.fault("items", f"“{double}”写了两次", f"{double!r} is declared twice")
        if edition.key in editions:
            raise table.fault("version", "这一版写了两次", "the edition is declared twice")
        editions[edition.key] = edition
    top.close()
    return Catalogue(editions, by)


def _item(table: Table) -> Item:
    item = Item(table.text("name"), table.flag("example", False), table.words("only"))
    table.close()
    if {_BETWEEN, _NEXT} & set(item.name):
        raise table.fault("name", "事项名不能含 ；或：", "cannot hold ； or ：")
    return item
