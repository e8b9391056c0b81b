"""The structure tree of a tagged PDF (ISO 32000-1, 14.7 and 14.8; PDF/UA-1, ISO 14289-1): tags → objects.

StructTreeRoot   first
StructElem …     first + 1, + 2, … in the order in which a reader hears them
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from certgen.pdf import indirect, text_string
from certgen.scene.content import sequences
from certgen.scene.model import Link, Sheet, Tag


class Where(NamedTuple):
    """Where a part stands: its sheet (from 0) and its numbers among the marked content of that sheet."""

    sheet: int
    mcids: range


def places(sheets: Sequence[Sheet]) -> dict[int, Where]:
    """Find every numbered part. Raises ValueError when a number is given twice."""
    found: dict[int, Where] = {}
    for at, sheet in enumerate(sheets):
        mcid = 0
        for part in sheet.parts:
            if not part.number:
                continue
            if part.number in found:
                raise ValueError(f"part {part.number} stands on sheets {found[part.number].sheet} and {at}")
            count = len(sequences(part))
            found[part.number] = Where(at, range(mcid, mcid + count))
            mcid += count
    return found


def roles(tags: Sequence[Tag]) -> dict[int, str]:
    """Say the role of each part. Raises ValueError for a part that two tags claim."""
    said: dict[int, str] = {}
    for tag in _walk(tags):
        for part in tag.parts:
            if part in said:
                raise ValueError(f"part {part} is claimed by {said[part]} and by {tag.role}")
            said[part] = tag.role
    return said


def links(tags: Sequence[Tag]) -> list[Link]:
    """List the links in the order of the tags; so are their annotations numbered."""
    return [tag.link for tag in _walk(tags) if tag.link]


def _walk(tags: Sequence[Tag]) -> Iterator[Tag]:
    for tag in tags:
        yield tag
        yield from _walk(tag.children)


def structure(
    first: int, tags: Sequence[Tag], where: Mapping[int, Where], sheets: Sequence[Sheet], page: int, annotation: int
) -> list[bytes]:
    """Write the tree, objects `first` …; `page` is the object of sheet 0, `annotation` that of link 0.

    A page's StructParents is its number from 0; link i's StructParent is the number of sheets plus i.
    """
    writer = _Writer(first, where, sheets, page, annotation)
    top = writer.element(Tag("Document", children=tuple(tags)), first)
    rows = [
        b"%d[%b]" % (at, b" ".join(b"%d 0 R" % writer.owner[at, mcid] for mcid in range(count)))
        for at, count in enumerate(_counts(where, len(sheets)))
    ]
    rows += [b"%d %d 0 R" % (len(sheets) + i, owner) for i, owner in enumerate(writer.linked)]
    root = b"<</Type/StructTreeRoot/K[%d 0 R]/ParentTree<</Nums[%b]>>/ParentTreeNextKey %d>>" % (
        top,
        b" ".join(rows),
        len(rows),
    )
    return [indirect(first, root), *writer.written]


def _counts(where: Mapping[int, Where], sheets: int) -> list[int]:
    """Count the marked content of each sheet."""
    counts = [0] * sheets
    for sheet, mcids in where.values():
        counts[sheet] += len(mcids)
    return counts


class _Writer:
    """Writes elements depth first, so that their numbers are in the order of reading."""

    def __init__(
        self, first: int, where: Mapping[int, Where], sheets: Sequence[Sheet], page: int, annotation: int
    ) -> None:
        self.next, self.where, self.sheets = first + 1, where, sheets
        self.page, self.annotation = page, annotation
        self.written: list[bytes] = []
        self.owner: dict[tuple[int, int], int] = {}
        self.linked: list[int] = []

    def element(self, tag: Tag, parent: int) -> int:
        number = self.next
        self.next += 1
        at = len(self.written)
        self.written.append(b"")  # its place; what it holds is numbered after it
        kids = []
        for part in tag.parts:
            sheet, mcids = self.where[part]
            for mcid in mcids:
                self.owner[sheet, mcid] = number
                kids.append(b"<</Type/MCR/Pg %d 0 R/MCID %d>>" % (self.page + sheet, mcid))
        if tag.link:
            target = self.annotation + len(self.linked)
            self.linked.append(number)
            kids.append(b"<</Type/OBJR/Obj %d 0 R/Pg %d 0 R>>" % (target, self.page + tag.link.sheet))
        kids += [b"%d 0 R" % self.element(child, number) for child in tag.children]
        body = b"<</Type/StructElem/S/%b/P %d 0 R%b/K[%b]>>" % (
            tag.role.encode(),
            parent,
            self._attributes(tag),
            b" ".join(kids),
        )
        self.written[at] = indirect(number, body)
        return number

    def _attributes(self, tag: Tag) -> bytes:
        out = b"/Alt%b" % text_string(tag.alt) if tag.alt else b""
        table = b"/Scope/%b" % tag.scope.encode() if tag.scope else b""
        rows, columns = tag.spans
        table += b"/RowSpan %d" % rows if rows > 1 else b""
        table += b"/ColSpan %d" % columns if columns > 1 else b""
        if table:
            out += b"/A<</O/Table%b>>" % table
        elif tag.area:
            x, y, width, height = tag.area
            bottom = self.sheets[self.where[tag.parts[0]].sheet].height - y - height
            box = (x, bottom, x + width, bottom + height)
            out += b"/A<</O/Layout/Placement/Block/BBox[%.2f %.2f %.2f %.2f]>>" % box
        return out
