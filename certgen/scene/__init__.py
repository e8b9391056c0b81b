"""Pages as values: what stands where, in which ink, and what it means; writers turn them into PDF, press PDF and SVG.

model     Words, Path, Modules … on Sheets; Tags say what they are to a reader who cannot see them
shapes    paths for the usual figures
content   a sheet → PDF operators
tags      the structure tree of a tagged PDF
document  a publication → the objects of its pages, or a whole unsigned PDF
svg       a sheet → SVG
"""

from certgen.scene.document import Objects, Pages, render_pdf, write_pages
from certgen.scene.model import (
    BLACK,
    GREY,
    RED,
    WHITE,
    Bookmark,
    Ink,
    Link,
    Mark,
    Modules,
    Part,
    Path,
    Picture,
    Publication,
    Sheet,
    Tag,
    Words,
)
from certgen.scene.svg import render_svg

__all__ = [
    "BLACK",
    "GREY",
    "RED",
    "WHITE",
    "Bookmark",
    "Ink",
    "Link",
    "Mark",
    "Modules",
    "Objects",
    "Pages",
    "Part",
    "Path",
    "Picture",
    "Publication",
    "Sheet",
    "Tag",
    "Words",
    "render_pdf",
    "render_svg",
    "write_pages",
]
