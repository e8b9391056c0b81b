"""Fold a sheet and read it like a book: so every folding scheme is data, and no table of page numbers is needed.

A sheet has rows × columns of panels, with two faces each. A fold lays the left half on the right one (`L`), or the
right half on the left (`R`), the top on the bottom (`T`), the bottom on the top (`B`). When one panel is left, the
stack is a book, its spine at the last vertical fold; its faces from the top down are the pages 1, 2, 3 …

    fold(1, 2, "L")    a sheet of four pages: inside 2 3, and on the back 1 4 seen through the paper
    fold(2, 4, "RTL")  the 16-page signature: 5 12 9 8 over 4 13 16 1 outside, 7 10 11 6 over 2 15 14 3 inside
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

Side = Literal["front", "back"]
_OTHER: dict[Side, Side] = {"front": "back", "back": "front"}


class Face(NamedTuple):
    """One face of a panel; row and column are counted from the top left as the front is seen."""

    row: int
    column: int
    side: Side


class Lies(NamedTuple):
    """What is printed on a face: page 1 …, and whether it stands on its head."""

    page: int
    turned: bool


class _Leaf(NamedTuple):
    """A panel in the stack: which it is, which of its sides is up, and whether it stands on its head."""

    row: int
    column: int
    up: Side
    turned: bool


@dataclass(frozen=True, slots=True)
class Scheme:
    """A way to fold a sheet, by the name that a print shop gives it."""

    name: str
    rows: int
    columns: int
    folds: str

    @property
    def pages(self) -> int:
        """Count the pages of one sheet."""
        return 2 * self.rows * self.columns


SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        scheme.name: scheme
        for scheme in (
            Scheme("F4", 1, 2, "L"),
            Scheme("F8", 2, 2, "TL"),
            Scheme("F16", 2, 4, "RTL"),
            Scheme("F32", 4, 4, "TRTL"),
            Scheme("F64", 4, 8, "RTRTL"),
        )
    }
)


def fold(rows: int, columns: int, folds: str) -> dict[Face, Lies]:
    """Fold a sheet; gives the page of each face, for a book bound at the left.

    Raises ValueError when the folds do not bring it down to one panel, or when the spine is no vertical fold.
    """
    if not folds or folds[-1] not in "LR":
        raise ValueError(f"folds {folds!r} do not end with a vertical one: there is no spine")
    grid = [[[_Leaf(r, c, "front", False)] for c in range(columns)] for r in range(rows)]
    for name in folds:
        grid = _across(grid, name) if name in "LR" else _down(grid, name)
    if len(grid) != 1 or len(grid[0]) != 1:
        raise ValueError(f"folds {folds!r} leave {len(grid)} × {len(grid[0])} panels of {rows} × {columns}")
    # The crease of the last fold is the spine: at the left of the stack when its left half moved, so that page 1 is on
    # top; at the right when its right half moved: then the book lies on its face.
    stack = grid[0][0]
    if folds[-1] == "R":
        stack = [leaf._replace(up=_OTHER[leaf.up]) for leaf in reversed(stack)]
    pages: dict[Face, Lies] = {}
    for i, leaf in enumerate(stack):
        pages[Face(leaf.row, leaf.column, leaf.up)] = Lies(2 * i + 1, leaf.turned)
        pages[Face(leaf.row, leaf.column, _OTHER[leaf.up])] = Lies(2 * i + 2, leaf.turned)
    if pages[Face(stack[0].row, stack[0].column, stack[0].up)].turned:  # a book is held with page 1 upright
        pages = {face: Lies(lies.page, not lies.turned) for face, lies in pages.items()}
    return pages


_Grid = list[list[list[_Leaf]]]


def _across(grid: _Grid, name: str) -> _Grid:
    """Fold around a vertical crease: the moving stacks turn over and lie on top, in reverse order."""
    width, half = len(grid[0]), len(grid[0]) // 2
    if width % 2:
        raise ValueError(f"fold {name} of {width} columns")
    folded = []
    for row in grid:
        moving = [row[half - 1 - k] if name == "L" else row[width - 1 - k] for k in range(half)]
        resting = [row[half + k] if name == "L" else row[k] for k in range(half)]
        folded.append([_over(m) + r for m, r in zip(moving, resting, strict=True)])
    return folded


def _down(grid: _Grid, name: str) -> _Grid:
    """Fold around a horizontal crease: what moves also stands on its head afterwards."""
    height, half = len(grid), len(grid) // 2
    if height % 2:
        raise ValueError(f"fold {name} of {height} rows")
    moving = [grid[half - 1 - k] if name == "T" else grid[height - 1 - k] for k in range(half)]
    resting = [grid[half + k] if name == "T" else grid[k] for k in range(half)]
    return [
        [[leaf._replace(turned=not leaf.turned) for leaf in _over(m)] + r for m, r in zip(ms, rs, strict=True)]
        for ms, rs in zip(moving, resting, strict=True)
    ]


def _over(stack: list[_Leaf]) -> list[_Leaf]:
    return [leaf._replace(up=_OTHER[leaf.up]) for leaf in reversed(stack)]
