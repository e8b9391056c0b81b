"""Paths for the usual figures, in points."""

from collections.abc import Iterable

from certgen.scene.model import Step

_ROUND = 0.5522847498  # of the radius: a quarter of a circle as one Bézier curve


def polyline(points: Iterable[tuple[float, float]], *, closed: bool = False) -> tuple[Step, ...]:
    """Join points by straight lines."""
    first, *rest = points
    steps = (Step("m", first), *(Step("l", place) for place in rest))
    return (*steps, Step("h")) if closed else steps


def rectangle(x: float, y: float, width: float, height: float, radius: float = 0.0) -> tuple[Step, ...]:
    """Draw a rectangle, its corners rounded by `radius`."""
    right, bottom = x + width, y + height
    if not radius:
        return polyline([(x, y), (right, y), (right, bottom), (x, bottom)], closed=True)
    r = min(radius, width / 2, height / 2)
    k = r * (1 - _ROUND)
    return (
        Step("m", (x + r, y)),
        Step("l", (right - r, y)),
        Step("c", (right - k, y, right, y + k, right, y + r)),
        Step("l", (right, bottom - r)),
        Step("c", (right, bottom - k, right - k, bottom, right - r, bottom)),
        Step("l", (x + r, bottom)),
        Step("c", (x + k, bottom, x, bottom - k, x, bottom - r)),
        Step("l", (x, y + r)),
        Step("c", (x, y + k, x + k, y, x + r, y)),
        Step("h"),
    )


def circle(x: float, y: float, radius: float) -> tuple[Step, ...]:
    """Draw a circle around a point."""
    return rectangle(x - radius, y - radius, 2 * radius, 2 * radius, radius)
