"""Pages onto sheets: which page lies where on which side, and how far it moves for the thickness of the paper.

    booklet      sheets folded by one scheme and nested (saddle stitch) or stacked (perfect binding)
    cut_and_stack   numbered singles: after one cut the piles lie in order
    repeat       the same single again and again

Places are counted as somebody sees the side that is printed: the back of a sheet is its own mirror image, since a sheet
is turned over around its vertical axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from certgen.print.fold import Face, Scheme, fold

Spine = Literal["left", "right", "none"]
Edge = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A page in its place. `page` counts from 0, None is blank; `turned` stands on its head.

    `spine` is where the page is bound, as it lies on the sheet; `creep` is how far its contents move towards the spine,
    in points, because it lies inside other sheets.
    """

    row: int
    column: int
    page: int | None
    turned: bool = False
    spine: Spine = "none"
    creep: float = 0.0


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """Both sides of one sheet; `name` is for the slug."""

    name: str
    rows: int
    columns: int
    front: tuple[Cell, ...]
    back: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Imposition:
    """All sheets of a job, and how many blank pages were put in (before the back cover): never silently."""

    sheets: tuple[SheetPlan, ...]
    padding: int


def booklet(
    pages: int,
    scheme: Scheme,
    *,
    nested: bool = True,
    bound: Edge = "left",
    caliper: float = 0.0,
) -> Imposition:
    """Impose a booklet of so many pages.

    Nested, each sheet lies inside the one before (saddle stitch); else the sheets lie on each other and each is a
    signature. `caliper` is the thickness of the paper in points: pages inside creep out by it, leaf for leaf, and their
    contents are moved back. Raises ValueError for no pages.
    """
    if pages < 1:
        raise ValueError(f"{pages} pages to impose")
    whole = -(-pages // scheme.pages) * scheme.pages
    padding = whole - pages
    lies = fold(scheme.rows, scheme.columns, scheme.folds)
    half, sheets = scheme.pages // 2, []
    depth = whole if nested else scheme.pages
    for at in range(whole // scheme.pages):
        sides: dict[str, list[Cell]] = {"front": [], "back": []}
        for face, (at_left, turned) in lies.items():
            # The same folded sheet, bound at the right, is read from its other end.
            local = at_left if bound == "left" else scheme.pages + 1 - at_left
            if not nested:
                number = at * scheme.pages + local
            elif local <= half:
                number = at * half + local
            else:
                number = whole - (at + 1) * half + local - half
            inside = number if nested else local
            leaf = (min(inside, depth + 1 - inside) - 1) // 2
            sides[face.side].append(_cell(face, scheme, number, turned, bound, leaf * caliper, pages, padding))
        front, back = (tuple(sorted(sides[s], key=lambda c: (c.row, c.column))) for s in ("front", "back"))
        sheets.append(SheetPlan(f"{scheme.name} {at + 1}", scheme.rows, scheme.columns, front, back))
    return Imposition(tuple(sheets), padding)


def _cell(
    face: Face, scheme: Scheme, number: int, turned: bool, bound: Edge, creep: float, pages: int, padding: int
) -> Cell:
    """Place page `number` (from 1, blanks counted) as it is seen on its side."""
    column = face.column if face.side == "front" else scheme.columns - 1 - face.column
    at_left = (number % 2 == 1) == (bound == "left")  # a recto of a book bound at the left has its spine at the left
    spine: Spine = "left" if at_left != turned else "right"
    return Cell(face.row, column, _page(number, pages, padding), turned, spine, creep)


def _page(number: int, pages: int, padding: int) -> int | None:
    """Say which page is printed in the place of number 1 …: the blanks stand before the last one."""
    if padding and pages > 1:
        if number == pages + padding:
            return pages - 1
        return number - 1 if number < pages else None
    return number - 1 if number <= pages else None


def cut_and_stack(count: int, rows: int, columns: int, *, duplex: bool = True) -> Imposition:
    """Place singles so that the cut piles, put on each other, lie in order: place by place, then sheet by sheet.

    Of `duplex` singles the back of each is page 2i + 1 behind its front 2i, else there is page i alone.
    """
    if count < 1:
        raise ValueError(f"{count} singles to impose")
    places = rows * columns
    sheets = -(-count // places)
    plans = []
    for sheet in range(sheets):
        front, back = [], []
        for stack in range(places):
            row, column = divmod(stack, columns)
            single = stack * sheets + sheet
            there = single < count
            front.append(Cell(row, column, (2 * single if duplex else single) if there else None))
            if duplex:
                back.append(Cell(row, columns - 1 - column, 2 * single + 1 if there else None))
        plans.append(SheetPlan(f"{sheet + 1}/{sheets}", rows, columns, tuple(front), tuple(back)))
    return Imposition(tuple(plans), sheets * places - count)


def repeat(pages: Sequence[int], rows: int, columns: int) -> Imposition:
    """Print one single (its front and, if there is one, its back) in every place of one sheet."""
    front = tuple(Cell(r, c, pages[0]) for r in range(rows) for c in range(columns))
    back = tuple(Cell(r, c, pages[1]) for r in range(rows) for c in range(columns)) if len(pages) > 1 else ()
    return Imposition((SheetPlan("1/1", rows, columns, front, back),), 0)
