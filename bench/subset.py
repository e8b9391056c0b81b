"""Cut a font for one document: ours beside hb-subset on a preprocessed face, and beside fontTools.

The characters are the first different ones of samples.csv. Ours gives each a glyph of its own. The peers give two
characters that share an outline one glyph, and are asked for no more than we write. The limit is joining the outlines.
"""

import io
from collections.abc import Callable
from pathlib import Path

import uharfbuzz as hb
from _timing import interleave, row
from fontTools import subset as fonttools
from fontTools.ttLib import TTFont

from certgen.fonts import Face, Glyph, subset

_SHIPPED = Path(__file__).parents[1] / "templates"
_FILE = _SHIPPED / "_shared" / "fonts" / "NotoSerifSC-400.ttf"
_WRITTEN = {"glyf", "head", "hhea", "hmtx", "loca", "maxp"}


def glyphs_of(chars: str) -> list[Glyph]:
    """Look the glyphs up, as a chain of faces has done long before a document is struck."""
    face = Face(_FILE)
    return [glyph for char in chars if (glyph := face.glyph(char)) is not None]


def harfbuzz(chars: str) -> Callable[[], bytes]:
    """Preprocess the face once, subset it each time."""
    with TTFont(_FILE) as font:
        unwanted = {int.from_bytes(tag.ljust(4).encode(), "big") for tag in font.reader.tables if tag not in _WRITTEN}
    ready = hb.subset_preprocess(hb.Face(hb.Blob.from_file_path(str(_FILE))))
    codes = {ord(char) for char in chars}

    def cut() -> bytes:
        wanted = hb.SubsetInput()
        wanted.sets(hb.SubsetInputSets.UNICODE).set(codes)
        wanted.sets(hb.SubsetInputSets.DROP_TABLE_TAG).set(unwanted)
        wanted.flags = hb.SubsetFlags.NO_HINTING
        return bytes(hb.subset(ready, wanted).blob.data)

    return cut


def tools(chars: str) -> bytes:
    """Subset with fontTools, which reads the file each time."""
    unwanted = ["GSUB", "GPOS", "GDEF", "BASE", "vhea", "vmtx"]
    options = fonttools.Options(hinting=False, layout_features=[], drop_tables=unwanted)
    with TTFont(_FILE, lazy=True) as font:
        cutter = fonttools.Subsetter(options)
        cutter.populate(text=chars)
        cutter.subset(font)
        sink = io.BytesIO()
        font.save(sink)
    return sink.getvalue()


def main(rounds: int = 30) -> None:
    """Print one line a figure."""
    table = (_SHIPPED / "food-business" / "samples.csv").read_text("utf-8-sig")
    different = "".join(dict.fromkeys("".join(table.split())))
    for count in (50, 120, 200):
        chars = different[:count]
        glyphs, peer = glyphs_of(chars), harfbuzz(chars)
        took = interleave(
            {
                "ours": lambda glyphs=glyphs: subset(glyphs),
                "peer": peer,
                "limit": lambda glyphs=glyphs: b"".join([glyph.program for glyph in glyphs]),
            },
            rounds,
        )
        print(row(f"subset {count} characters; peer hb-subset", took["ours"], took["peer"], took["limit"]))
        print(f"    {len(subset(glyphs)):,} bytes, peer {len(peer()):,}")
    slow = interleave({"ours": lambda: subset(glyphs), "peer": lambda: tools(chars)}, 3)
    print(row(f"subset {count} characters; peer fontTools", slow["ours"], slow["peer"]))


if __name__ == "__main__":
    main()
