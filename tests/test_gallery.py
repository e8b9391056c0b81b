"""The gallery shows what there is: every copy of every kind, small enough for a slow line."""

from pathlib import Path

from certgen import wiring
from certgen.template import load_template

GALLERY = Path(__file__).parents[1] / "docs" / "gallery"
LARGEST = 170_000  # bytes of a picture; docs/gallery.py says how they are made smaller


def test_every_copy_of_every_kind_hangs_in_the_gallery() -> None:
    hung = {file.stem for file in GALLERY.glob("*.png")}
    for kind, folder in wiring.template_folders().items():
        for copy in load_template(folder).copies:
            assert {f"{kind}-{copy.id}", f"{kind}-{copy.id}-1"} & hung, f"make gallery: {kind} {copy.id} is missing"


def test_no_picture_is_left_of_a_kind_that_is_gone() -> None:
    others = {"contact-sheet", "guide-cover", "guide-spread", "flowchart", "press-sheet"}
    kinds = tuple(f"{kind}-" for kind in wiring.template_folders())
    assert [f.stem for f in GALLERY.glob("*.png") if f.stem not in others and not f.stem.startswith(kinds)] == []


def test_pictures_are_small_enough_for_a_slow_line() -> None:
    for file in GALLERY.glob("*.png"):
        assert file.stat().st_size <= (600_000 if file.stem == "contact-sheet" else LARGEST), file.name
