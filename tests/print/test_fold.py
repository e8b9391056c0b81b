"""Sheets are folded as paper is: every panel a body in space, turned over around the creases, then read."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest

from certgen.print.fold import SCHEMES, Face, Scheme, fold
from certgen.print.impose import Imposition, booklet, cut_and_stack, repeat


@dataclass
class Panel:
    """A panel of paper of 1 × 1: where its middle lies, and where its sides point to."""

    row: int
    column: int
    middle: np.ndarray
    right: np.ndarray  # the direction of text on the front
    up: np.ndarray  # the top of the front
    normal: np.ndarray  # out of the front


def folded(rows: int, columns: int, folds: str) -> list[Panel]:
    """Fold real paper: half of what lies there is turned by 180° around a crease, over the top of the rest."""
    panels = [
        Panel(r, c, np.array([c + 0.5, rows - r - 0.5, 0.0]), np.eye(3)[0], np.eye(3)[1], np.eye(3)[2])
        for r in range(rows)
        for c in range(columns)
    ]
    for name in folds:
        axis = 0 if name in "LR" else 1
        places = [p.middle[axis] for p in panels]
        crease = (min(places) + max(places)) / 2
        moves = {"L": lambda v: v < 0, "R": lambda v: v > 0, "T": lambda v: v > 0, "B": lambda v: v < 0}[name]
        highest = max(p.middle[2] for p in panels)
        turn = np.diag([-1.0, 1.0, -1.0] if axis == 0 else [1.0, -1.0, -1.0])
        for p in panels:
            if moves(p.middle[axis] - crease):
                p.right, p.up, p.normal = turn @ p.right, turn @ p.up, turn @ p.normal
                p.middle = p.middle.copy()
                p.middle[axis] = 2 * crease - p.middle[axis]
                p.middle[2] = 2 * highest + 1 - p.middle[2]
    return sorted(panels, key=lambda p: -p.middle[2])


def read(imposition: Imposition, scheme: Scheme, bound: str, *, nested: bool) -> list[tuple[int | None, bool]]:
    """Print, fold, gather and read: for each page what is on it and whether it is upright."""
    books = []
    for plan in imposition.sheets:
        front = {(cell.row, cell.column): cell for cell in plan.front}
        back = {(cell.row, scheme.columns - 1 - cell.column): cell for cell in plan.back}
        stack = folded(scheme.rows, scheme.columns, scheme.folds)
        crease_left = scheme.folds[-1] == "L"
        if crease_left != (bound == "left"):  # turn the whole stack over, around a vertical axis
            turn = np.diag([-1.0, 1.0, -1.0])
            for p in stack:
                p.right, p.up, p.normal = turn @ p.right, turn @ p.up, turn @ p.normal
            stack.reverse()
        faces = []
        for p in stack:
            for looking_down in (True, False):  # the top of the leaf, then its other side
                seen_from = 1.0 if looking_down else -1.0
                is_front = p.normal[2] * seen_from > 0
                cell = (front if is_front else back)[p.row, p.column]
                heads_up = p.up[1] > 0
                faces.append((cell.page, heads_up != cell.turned))
        if not faces[0][1]:  # hold the book the right way up
            faces = [(page, not upright) for page, upright in faces]
        books.append(faces)
    if not nested:
        return [face for book in books for face in book]
    half = scheme.pages // 2
    return [f for book in books for f in book[:half]] + [f for book in reversed(books) for f in book[half:]]


CASES = [
    (scheme, pages, bound, nested)
    for scheme in SCHEMES.values()
    for pages in range(4, 65, 4)
    for bound in ("left", "right")
    for nested in (True, False)
]


@pytest.mark.parametrize(("scheme", "pages", "bound", "nested"), CASES, ids=str)
def test_folded_and_bound_every_booklet_reads_from_one_to_its_end(
    scheme: Scheme, pages: int, bound: str, nested: bool
) -> None:
    imposition = booklet(pages, scheme, nested=nested, bound=bound)  # type: ignore[arg-type]
    faces = read(imposition, scheme, bound, nested=nested)
    assert [page for page, _ in faces if page is not None] == list(range(pages))
    assert all(upright for _, upright in faces)
    assert len(faces) - pages == imposition.padding
    assert faces[-1][0] == pages - 1, "the back cover is the last page of the book"


def test_the_sixteen_page_signature_is_that_of_the_textbook() -> None:
    lies = fold(2, 4, "RTL")
    inner = [[lies[Face(r, c, "front")].page for c in range(4)] for r in range(2)]
    outer = [[lies[Face(r, 3 - c, "back")].page for c in range(4)] for r in range(2)]
    assert inner == [[7, 10, 11, 6], [2, 15, 14, 3]]
    assert outer == [[5, 12, 9, 8], [4, 13, 16, 1]]
    assert all(lies[Face(0, c, "back")].turned and not lies[Face(1, c, "back")].turned for c in range(4))


@pytest.mark.parametrize(
    ("rows", "columns", "folds"), [(1, 2, ""), (2, 2, "LT"), (2, 4, "LT"), (1, 3, "L"), (1, 2, "LL")]
)
def test_folds_that_make_no_book_are_refused(rows: int, columns: int, folds: str) -> None:
    with pytest.raises(ValueError, match="fold"):
        fold(rows, columns, folds)


def test_facing_pages_meet_at_their_spines() -> None:
    for scheme in SCHEMES.values():
        for bound in ("left", "right"):
            for plan in booklet(scheme.pages, scheme, bound=bound).sheets:  # type: ignore[arg-type]
                for side in (plan.front, plan.back):
                    by_place = {(cell.row, cell.column): cell for cell in side}
                    spines = sum(
                        by_place[r, c].spine == "right" and by_place[r, c + 1].spine == "left"
                        for r, c in itertools.product(range(scheme.rows), range(scheme.columns - 1))
                    )
                    assert spines == scheme.rows * scheme.columns // 2


def test_the_innermost_pages_creep_most() -> None:
    sheets = booklet(32, SCHEMES["F4"], caliper=0.1).sheets
    creeps = [max(cell.creep for cell in plan.front) for plan in sheets]
    assert creeps == pytest.approx([0.1 * depth for depth in range(8)])


def test_signatures_creep_within_themselves_alone() -> None:
    sheets = booklet(64, SCHEMES["F16"], nested=False, caliper=0.1).sheets
    assert [max(cell.creep for cell in plan.front) for plan in sheets] == pytest.approx([0.3] * 4)


@pytest.mark.parametrize("count", [1, 7, 24, 100])
def test_cut_piles_lie_in_order(count: int) -> None:
    imposition = cut_and_stack(count, 8, 3)
    piles: dict[tuple[int, int], list[int]] = {}
    for plan in imposition.sheets:
        backs = {(cell.row, 2 - cell.column): cell.page for cell in plan.back}
        for cell in plan.front:
            if cell.page is not None:
                piles.setdefault((cell.row, cell.column), []).append(cell.page)
                assert backs[cell.row, cell.column] == cell.page + 1
    assert [page for place in sorted(piles) for page in piles[place]] == [2 * i for i in range(count)]
    assert imposition.padding == len(imposition.sheets) * 24 - count


def test_a_single_is_repeated_in_every_place() -> None:
    (plan,) = repeat((0, 1), 5, 2).sheets
    assert ({cell.page for cell in plan.front}, {cell.page for cell in plan.back}) == ({0}, {1})
    assert len(plan.front) == 10


def test_nothing_cannot_be_imposed() -> None:
    with pytest.raises(ValueError, match="0 pages"):
        booklet(0, SCHEMES["F4"])
    with pytest.raises(ValueError, match="0 singles"):
        cut_and_stack(0, 1, 1)
