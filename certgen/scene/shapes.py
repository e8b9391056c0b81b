"""Paths for the usual figures, in points."""

from collections.abc import Iterable

from certgen.scene.model import Step

_ROUND = 0.5522847498  # of the radius: a quarter of a circle as one Bézier curve


def polyline(points: Iterable[tuple[float, float]], *, closed: bool = False) -> tuple[Step, ...]:
    """Join points by straight lines."""
    (x, y), *rest = points
    steps: list[Step] = [("m", x, y), *(("l", x, y) for x, y in rest)]
    return (*steps, ("h",)) if closed else tuple(steps)


def rectangle(x: float, y: float, width: float, height: float, radius: float = 0.0) -> tuple[Step, ...]:
    """Draw a rectangle, its corners rounded by `radius`."""
    right, bottom = x + width, y + height
    if not radius:
        return polyline([(x, y), (right, y), (right, bottom), (x, bottom)], closed=True)
    r = min(radius, width / 2, height / 2)
    k = r * (1 - _ROUND)
    return (
        ("m", x + r, y),
        ("l", right - r, y),
        ("c", right - k, y, right, y + k, right, y + r),
        ("l", right, bottom - r),
        ("c", right, bottom - k, right - k, bottom, right - r, bottom),
        ("l", x + r, bottom),
        ("c", x + k, bottom, x, bottom - k, x, bottom - r),
        ("l", x, y + r),
        ("c", x, y + k, x + k, y, x + r, y),
        ("h",),
    )


def circle(x: float, y: float, radius: float) -> tuple[Step, ...]:
    """Draw a circle around a point."""
    return rectangle(x - radius, y - radius, 2 * radius, 2 * radius, radius)
