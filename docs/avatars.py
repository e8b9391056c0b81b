"""Draw the portraits on sample cards: flat shapes of nobody, the same on every run.

.venv/bin/python docs/avatars.py FOLDER
"""

import sys
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw

WIDTH, HEIGHT, FINE = 354, 496, 3  # a fifth more than a card needs, drawn three times as large


class Look(NamedTuple):
    """The colours and features of a portrait."""

    ground: str
    skin: str
    hair: str
    coat: str
    collar: str
    style: str
    glasses: bool = False
    beard: bool = False
    hat: str = ""


LOOKS = {
    "avatar-1": Look("#dfe7ee", "#f0c9a4", "#8c8f94", "#2f4a6d", "#ffffff", "short", glasses=True),
    "avatar-2": Look("#f4e6df", "#f3cfae", "#cfd2d6", "#8e2f3c", "#f3e3d2", "bun"),
    "avatar-3": Look("#e3ecdf", "#dfb084", "#f2f2f0", "#4d5d3c", "#dfe4d4", "bald", beard=True),
    "avatar-4": Look("#e9e3f0", "#ecc19a", "#5c5a60", "#5b4680", "#ffffff", "bob", glasses=True),
    "avatar-5": Look("#fbefd2", "#e2b48b", "#3d3a38", "#1f6f78", "#f6ead0", "short", beard=True, hat="#1f6f78"),
    "avatar-6": Look("#dff0ee", "#f1caa6", "#2e2b2a", "#c7762c", "#fff4e2", "bob"),
}


def draw(look: Look) -> Image.Image:
    """Draw one portrait."""
    image = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), look.ground)
    pen = ImageDraw.Draw(image)

    def oval(x: float, y: float, rx: float, ry: float, fill: str) -> None:
        pen.ellipse([(x - rx) * FINE, (y - ry) * FINE, (x + rx) * FINE, (y + ry) * FINE], fill=fill)

    def shape(points: list[tuple[float, float]], fill: str) -> None:
        pen.polygon([(x * FINE, y * FINE) for x, y in points], fill=fill)

    middle, top = WIDTH / 2, 215
    if look.style == "bob":
        oval(middle, top - 12, 112, 130, look.hair)
        pen.rectangle([(middle - 112) * FINE, top * FINE, (middle + 112) * FINE, (top + 92) * FINE], fill=look.hair)
    if look.style == "bun":
        oval(middle, top - 148, 42, 36, look.hair)
        oval(middle, top - 20, 106, 118, look.hair)
    oval(middle, 530, 172, 180, look.coat)
    pen.rounded_rectangle(
        [(middle - 36) * FINE, 285 * FINE, (middle + 36) * FINE, 385 * FINE], 30 * FINE, fill=look.skin
    )
    shape([(middle - 58, 352), (middle, 430), (middle - 20, 470), (middle - 84, 372)], look.collar)
    shape([(middle + 58, 352), (middle, 430), (middle + 20, 470), (middle + 84, 372)], look.collar)
    shape([(middle - 36, 358), (middle + 36, 358), (middle, 424)], look.skin)
    for side in (-1, 1):
        oval(middle + side * 93, top + 16, 15, 25, look.skin)
    oval(middle, top, 92, 116, look.skin)
    if look.style in {"short", "bun", "bob"}:  # a fringe: what is above a chord of the head
        brow = top - 62 if look.style != "bob" else top - 48
        box = [(middle - 97) * FINE, (top - 126) * FINE, (middle + 97) * FINE, (top + 96) * FINE]
        lift = 34 if look.style == "short" else 26
        pen.chord(box, 180 + lift, 360 - lift, fill=look.hair)
        if look.style == "bob":
            shape([(middle - 96, brow), (middle + 70, brow - 30), (middle - 20, brow - 44)], look.hair)
    if look.style == "bald":
        for side in (-1, 1):
            oval(middle + side * 88, top - 18, 14, 40, look.hair)
    if look.hat:
        pen.chord(
            [(middle - 100) * FINE, (top - 168) * FINE, (middle + 100) * FINE, (top + 40) * FINE], 180, 360, look.hat
        )
        pen.rounded_rectangle(
            [(middle - 102) * FINE, (top - 78) * FINE, (middle + 102) * FINE, (top - 52) * FINE],
            12 * FINE,
            fill="#f6ead0",
        )
    if look.beard:
        pen.chord(
            [(middle - 66) * FINE, (top + 6) * FINE, (middle + 66) * FINE, (top + 138) * FINE], 18, 162, look.hair
        )
        oval(middle, top + 66, 34, 9, look.hair)
    for side in (-1, 1):
        oval(middle + side * 36, top + 4, 6.5, 7.5, "#3a3330")
        pen.arc(
            [(middle + side * 36 - 20) * FINE, (top - 28) * FINE, (middle + side * 36 + 20) * FINE, (top + 4) * FINE],
            215, 325, look.hair if look.style != "bald" else "#c9c9c5", 5 * FINE,
        )  # fmt: skip
        if look.glasses:
            eye = middle + side * 38
            pen.rounded_rectangle(
                [(eye - 29) * FINE, (top - 18) * FINE, (eye + 29) * FINE, (top + 26) * FINE],
                18 * FINE, outline="#4a4440", width=4 * FINE,
            )  # fmt: skip
    if look.glasses:
        pen.line([(middle - 9) * FINE, top * FINE, (middle + 9) * FINE, top * FINE], "#4a4440", 4 * FINE)
    pen.arc(
        [(middle - 12) * FINE, (top + 18) * FINE, (middle + 12) * FINE, (top + 42) * FINE], 20, 160, "#c58f6a", 4 * FINE
    )
    pen.arc(
        [(middle - 32) * FINE, (top + 38) * FINE, (middle + 32) * FINE, (top + 82) * FINE], 30, 150, "#a8564c", 5 * FINE
    )
    return image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def main(folder: Path) -> None:
    """Write every portrait."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, look in LOOKS.items():
        draw(look).save(folder / f"{name}.jpg", "JPEG", quality=82)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
