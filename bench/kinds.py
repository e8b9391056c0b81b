"""Race render + sign of every kind against the obvious way of the same texts, and against the key operation.

For each kind a chunk of its own samples.csv is read and promised; timed is `Issuer.render`, steps 3 to 5 with
preflight, warm, a document (one PDF) as one of the chunk. The obvious way draws every text of the same pages where the
layout has it, with reportlab (no art but a woven frame), encodes the same code with qrcode, and certifies the file with
pyHanko. What must be reached is 60 times, of one page; a document of more pages is held to it page by page, since the
obvious way's own time hardly grows with pages.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from itertools import cycle, islice
from statistics import median

import obvious
from _timing import noise, race, say
from _workspace import NOW, office, promise
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from certgen.core.errors import ApplicationError
from certgen.core.model import Application
from certgen.issue import Issuer, Ready, Signed
from certgen.layout import Page, TextBox
from certgen.press import Setting
from certgen.sheet import load_sheet

MOST = 40  # records of a chunk


@dataclass(frozen=True)
class Known:
    """One signed document, and what the obvious way needs to make it."""

    signed: Signed
    pages: tuple[tuple[Page, tuple[tuple[TextBox, str], ...], tuple[Setting, ...]], ...]

    @property
    def pdf(self) -> bytes:
        """The file."""
        return self.signed.page.struck.plate.content + self.signed.strike


def chunk(issuer: Issuer, kind: str) -> list[Ready]:
    """Read rows of the kind's own table; those that a rule of the office refuses are left out."""
    template = issuer.templates[kind]
    table = template.file("samples.csv")
    found: list[Ready] = []
    for row in load_sheet(table, template.names).rows:
        record = template.with_photos(row.values, table.parent)
        try:
            found.append(issuer.read(Application(kind, record, f"bench-{kind}-{row.number}")))
        except ApplicationError:
            continue
        if len(found) == MOST:
            break
    return found


def known(issuer: Issuer, signed: Signed) -> Known:
    """Gather the texts of every page of a document, fixed and struck."""
    face, draft = signed.item.job.face, signed.item.job.draft
    pages = []
    for at, settings in enumerate(draft.pages):
        page = face.layout.page_at(at)
        fixed = tuple(face.layout.engraved(page, face.paper, face.context))
        pages.append((page, fixed, settings))
    return Known(signed, tuple(pages))


def draw(one: Known) -> bytes:
    """Draw a document with reportlab, every text where the layout has it."""
    obvious.load_fonts()
    out, canvas = BytesIO(), None
    modules = obvious.encode_qr(one.signed.item.symbol.text)
    for page, fixed, settings in one.pages:
        if canvas is None:
            canvas = Canvas(out, pagesize=(page.width, page.height))
        canvas.setPageSize((page.width, page.height))
        obvious._frame(canvas)
        canvas.setFillColor(obvious.INK)
        for box, text in fixed:
            _text(canvas, page, box, box.size, [text])
        for setting in settings:
            _text(canvas, page, setting.box, setting.fitted.size, [line.text for line in setting.fitted.lines])
        if page.qr:
            obvious._qr(canvas, modules, page.qr.x, page.height - page.qr.y - page.qr.size, page.qr.size)
        if page.seal:
            middle = page.seal.x + page.seal.size / 2, page.height - page.seal.y - page.seal.size / 2
            obvious._seal(canvas, *middle, one.signed.item.certified.certificate.authority_name)
        canvas.showPage()
    assert canvas is not None
    canvas.save()
    return out.getvalue()


def _text(canvas: Canvas, page: Page, box: TextBox, size: float, lines: list[str]) -> None:
    font = "Song-Bold" if box.font.endswith("bold") else "Song"
    canvas.setFont(font, size)
    for i, line in enumerate(lines):
        y = page.height - box.y - size * 0.88 - i * size * box.leading
        wide = pdfmetrics.stringWidth(line, font, size)
        shift = {"center": (box.width - wide) / 2, "right": box.width - wide}.get(box.align, 0.0)
        canvas.drawString(box.x + shift, y, line)


def figures(issuer: Issuer, kind: str, rounds: int) -> Iterator[str]:
    """Race one kind; gives its line, and how noisy it was when that was much."""
    chance = random.Random(7)
    work = [(ready, promise(ready, i, chance)) for i, ready in enumerate(chunk(issuer, kind))]
    documents = [known(issuer, signed) for signed in issuer.render(work, NOW, look=False)]
    for one in documents:
        issuer.check.document(one.pdf)
    key, certificate, chain = obvious.make_identity()
    turn, again = cycle(documents), cycle(documents)
    authority = work[0][0].reading.authority.id
    signers = (issuer.seal_of(authority).signer, issuer.qr_key_of(authority).signer)

    def limit() -> None:
        signers[0].sign(sha256(next(again).pdf).digest())
        signers[1].sign(bytes(32))

    times = race(
        {
            "ours": lambda: issuer.render(work, NOW, look=False),
            "peer": lambda: [obvious.sign_pdf(draw(one), key, certificate, chain) for one in islice(turn, 3)],
            "limit": limit,
        },
        rounds,
    )
    ours, peer, least = (median(times[name]) for name in ("ours", "peer", "limit"))
    ours, peer = ours / len(documents), peer / 3
    pages = sum(len(one.pages) for one in documents) / len(documents)
    size = median(len(one.pdf) for one in documents) / 1000
    strike = median(len(one.signed.strike) for one in documents) / 1000
    yield (
        f"{kind:<20} {say(ours):>8} of {pages:.1f} pages   peer {say(peer):>8}   {peer / ours:6.1f}x, a page "
        f"{peer / ours * pages:6.1f}x   {ours / least:5.1f} of the limit   {size:6.1f} kB, strike {strike:5.1f} kB"
    )
    if "0%" not in (busy := noise(times)):
        yield f"{'':<20} {busy}"


def main(rounds: int = 9) -> None:
    """Print one line a kind."""
    with office() as opened:
        for kind in opened.issuer.templates:
            for line in figures(opened.issuer, kind, rounds):
                print(line, flush=True)


if __name__ == "__main__":
    main()
