"""Weigh the A4 副本 of the sample record and of the longest there can be: file, plate, strike, where the bytes are.

The peer (obvious.py) makes the sample too. A plate is stored once, a strike for every document.
"""

import random
from collections import Counter
from collections.abc import Mapping

import obvious
from _workspace import NOW, as_drawn_by_peer, office, promise, read, sample

from certgen.core.gap import locate, read_tail
from certgen.issue import Issuer

# What an object is, by the first of these words in its head; the order matters.
_KINDS = (
    ("fonts", (b"/Length1 ",)),
    ("seal, art, fixed text", (b"/Subtype/Form",)),
    ("colour profile", (b"/N 3",)),
    ("record.json", (b"/EmbeddedFile",)),
    ("XMP", (b"/Type/Metadata",)),
    ("QR code", (b"/Subtype/Image",)),
    ("font dictionaries", (b"/Type/Font", b"/FontDescriptor")),
    ("signature", (b"/Type/Sig/",)),
    ("variable text, ToUnicode", (b"stream\n",)),
)


def weigh(pdf: bytes, plate: int) -> tuple[Counter[str], Counter[str]]:
    """Add up the octets of each kind of object, in the plate (the first `plate` octets) and in the strike."""
    tail = read_tail(pdf)
    starts = sorted(tail.offset(pdf, number) for number in range(1, tail.size))
    parts = (Counter[str](), Counter[str]())
    for start, end in zip(starts, [*starts[1:], tail.xref], strict=True):
        head = pdf[start : min(end, start + 300)]
        kind = next((kind for kind, words in _KINDS if any(word in head for word in words)), "other objects")
        parts[start >= plate][kind] += end - start
    parts[0]["header"] = plate - parts[0].total()
    parts[1]["table of objects"] = len(pdf) - plate - parts[1].total()
    return parts


def make(issuer: Issuer, record: Mapping[str, object]) -> tuple[bytes, int, dict[str, object]]:
    """Issue a record; give its file, the octets of the plate in it, and the record as the peer takes it."""
    ready = read(issuer, record, "size")
    promised = promise(ready, 1, random.Random(1))
    signed, other = issuer.render([(ready, promised), (ready, promised)], NOW)
    pdf = signed.page.struck.plate.content + signed.strike
    issuer.check.document(pdf)
    if signed.strike != other.strike:
        raise SystemExit("the same record does not give the same bytes")
    return pdf, len(signed.page.struck.plate.content), as_drawn_by_peer(ready, promised, signed.item.symbol.text)


def main() -> None:
    """Print one line a figure."""
    with office(one_copy=True) as opened:
        made = {name: make(opened.issuer, sample(name)) for name in ("sample", "longest")}
    (pdf, plate, drawn), (long, long_plate, _) = made["sample"], made["longest"]
    theirs = obvious.make_document(drawn, *obvious.make_identity())
    print(f"{'bytes':<28} {'sample':>9} {'longest':>9}   wanted of the sample")
    print(f"{'A4 副本':<26} {len(pdf):>9,} {len(long):>9,}   must 150,000, aim 80,000; peer {len(theirs):,}")
    print(
        f"{'strike, stored for each':<28} {len(pdf) - plate:>9,} {len(long) - long_plate:>9,}   must 40,000, aim 20,000"
    )
    print(f"{'plate, stored once':<28} {plate:>9,} {long_plate:>9,}")
    weights, long_weights = weigh(pdf, plate), weigh(long, long_plate)
    for where, ours, longest in zip(("plate", "strike"), weights, long_weights, strict=True):
        for kind, size in ours.most_common():
            print(f"  {where + ': ' + kind:<26} {size:>9,} {longest[kind]:>9,}")
    gap = locate(pdf)
    print(f"of the signature, the container takes {gap.c - gap.b:,} as hex, {len(gap.der(pdf)):,} of it used")


if __name__ == "__main__":
    main()
