"""A round official seal, drawn as paths: ring, star, the office's name along the upper arc, a line below the star.

The proportions are those of the 42 mm seals of county offices; everything scales with the diameter. Letters stand
with their feet to the centre and are condensed when the name is long. Drawn from a name, so that an office can see
its documents before its own seal is there; a seal like this has no legal force and says so in its lower line.
"""

from collections.abc import Callable, Iterable
from math import cos, hypot, pi, radians, sin, tan

RED = "0.8 0.05 0.05"  # deep enough to read under black text, bright enough not to look black on a copy
RING = 0.052  # width of the ring, of the radius: 1.1 mm on 42 mm
STAR = 0.335  # radius of the star, of the radius: 14 mm across on 42 mm
LETTERS = 0.9  # outer edge of the letters, of the radius
STEP = 21.5  # degrees from letter to letter, while the name is short
SPAN = 250.0  # degrees the name takes at most; more would meet the lower line
LOWER = -0.56  # middle of the lower line, of the radius
UNITS = 16  # units of the drawing in a point: whole numbers are a third smaller than decimals, in every document
FLAT = 0.08  # points, a third of a dot at 300 dpi; saves a quarter of the bytes
EM = 1000
MIDDLE = 380  # of the em square of a CJK face, above the baseline: ascent 880, descent -120

Point = tuple[float, float]
Matrix = tuple[float, float, float, float, float, float]


def content(name: str, bottom: str, diameter_mm: float, outline: Callable[[str], bytes]) -> bytes:
    """Draw a seal as PDF operators (points, q … Q) inside a square of `diameter_mm`, origin at the lower left.

    `outline` gives the operators (m l c h) of a character in an em of 1000 with y upwards, origin on the baseline.
    Raises ValueError when there is no name.
    """
    if not name:
        raise ValueError("a seal needs a name")
    radius = diameter_mm * 72 / 25.4 / 2
    out = [f"q {RED} rg {RED} RG {1 / UNITS:g} 0 0 {1 / UNITS:g} 0 0 cm", _ring(radius), _star(radius)]
    out += [_moved(outline(char), at) for char, at in zip(name, _arc(len(name), radius), strict=True)]
    out += [_moved(outline(char), at) for char, at in zip(bottom, _line(len(bottom), radius), strict=True)]
    return "\n".join([*out, "f Q\n"]).encode()


def _arc(count: int, radius: float) -> Iterable[Matrix]:
    """Place letters along the upper arc, the first at the left, all with their feet to the centre."""
    span = min(SPAN, STEP * (count - 1))
    step = span / (count - 1) if count > 1 else STEP
    # A long name gets smaller letters as well as narrower ones: 0.28 of the radius up to 12 letters, 0.22 at 30.
    height = radius * max(0.22, 0.28 - 0.0035 * max(0, count - 12))
    middle = radius * LETTERS - height / 2
    # Feet stand closer together than heads: the inner edge decides how wide a letter may be.
    width = min(height * 0.86, 2 * tan(radians(step) / 2) * (middle - height / 2) * 0.97)
    for i in range(count):
        angle = radians(span / 2 - i * step)  # anticlockwise from the top
        yield _place(angle, -middle * sin(angle) + radius, middle * cos(angle) + radius, width, height)


def _line(count: int, radius: float) -> Iterable[Matrix]:
    """Place letters on a straight line under the star, condensed when they are many."""
    height = radius * 0.185
    width = min(height * 0.95, radius * 0.98 / max(count, 1))
    for i in range(count):
        yield _place(0.0, radius + (i - (count - 1) / 2) * width * 1.04, radius * (1 + LOWER), width, height)


def _place(angle: float, x: float, y: float, width: float, height: float) -> Matrix:
    """Map the middle of an em square to x, y, scaled and turned anticlockwise."""
    sx, sy = width / EM, height / EM
    a, b, c, d = sx * cos(angle), sx * sin(angle), -sy * sin(angle), sy * cos(angle)
    return a, b, c, d, x - a * EM / 2 - c * MIDDLE, y - b * EM / 2 - d * MIDDLE


def _moved(path: bytes, at: Matrix) -> str:
    """Transform the points of a path, in units of the seal; curves too flat to be seen become straight."""
    a, b, c, d, e, f = at
    out: list[str] = []
    points = [(0.0, 0.0)]  # the current point first, then those of the operator being read
    numbers: list[float] = []
    for word in path.decode("ascii").split():
        if word not in {"m", "l", "c", "h"}:
            numbers.append(float(word))
            continue
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        points = [points[-1], *((a * x + c * y + e, b * x + d * y + f) for x, y in pairs)]
        numbers.clear()
        if word == "c" and _is_flat(points):
            points, word = [points[0], points[-1]], "l"
        out += [f"{round(x * UNITS)} {round(y * UNITS)}" for x, y in points[1:]]
        out.append(word)
    return " ".join(out)


def _is_flat(points: list[Point]) -> bool:
    """Say whether the handles of a curve lie within FLAT of its chord."""
    (x0, y0), *handles, (x3, y3) = points
    dx, dy = x3 - x0, y3 - y0
    return all(abs((x - x0) * dy - (y - y0) * dx) <= FLAT * hypot(dx, dy) for x, y in handles)


def _ring(radius: float) -> str:
    """Stroke the ring inside the square, so that nothing is cut off at its edges."""
    width = radius * RING
    r = radius - width / 2
    k = r * 0.5523  # handles of a quarter circle: 4/3 (sqrt 2 - 1)
    quarters = ((r, k, k, r, 0, r), (-k, r, -r, k, -r, 0), (-r, -k, -k, -r, 0, -r), (k, -r, r, -k, r, 0))
    curves = " ".join(" ".join(_whole(radius + v) for v in quarter) + " c" for quarter in quarters)
    return f"{_whole(width)} w {_whole(radius + r)} {_whole(radius)} m {curves} h S"


def _star(radius: float) -> str:
    """Draw a regular five-pointed star, one point up; it is filled together with the letters."""
    outer = radius * STAR
    inner = outer * sin(pi / 10) / sin(3 * pi / 10)  # where the edges of the pentagram cross
    tips = [(outer if i % 2 == 0 else inner, pi / 2 + i * pi / 5) for i in range(10)]
    corners = [f"{_whole(radius + r * cos(a))} {_whole(radius + r * sin(a))}" for r, a in tips]
    return f"{corners[0]} m {' l '.join(corners[1:])} l h"


def _whole(points: float) -> str:
    return str(round(points * UNITS))
