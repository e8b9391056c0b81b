"""Race rendering and signing one document, warm, against the obvious way (obvious.py), and against its limit.

One document is the 副本 of a made-up record, another record each time. "Render + sign" is steps 3 to 5 of issuing
with preflight: `Issuer.render`. Each is measured alone and as one of a chunk of 200. The limit is the two key
operations (the text of the QR code, the file) and the SHA-256 of the file.

A record issued alone also has its page drawn as a picture and the QR code read from it, as a camera would. That is
a second renderer's time and not the press's: it has a line of its own.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import cycle, islice

import obvious
from _timing import noise, race, row
from _workspace import NOW, as_drawn_by_peer, office, promise, read, records

from certgen.core.model import Signer
from certgen.issue import Issuer, Ready, Signed
from certgen.register import Reserved

CHUNK = 200
_WANTED = "must 60x; aim 100x, 600 us, 12 of the limit"
Work = tuple[Ready, Reserved]


@dataclass
class Expected:
    """Stands in for the camera: says what the code of the next page is known to read."""

    text: str = ""

    def __call__(self, _file: bytes, _box: object, _page: int) -> str:
        """Answer without looking."""
        return self.text


@dataclass(frozen=True)
class Known:
    """A record ready to be issued, and what came of it the first time (the same bytes, every time)."""

    record: dict[str, object]
    work: Work
    signed: Signed

    @property
    def pdf(self) -> bytes:
        """The file."""
        return self.signed.page.struck.plate.content + self.signed.strike

    @property
    def text(self) -> str:
        """What the QR code says."""
        return self.signed.item.symbol.text


def prepare(issuer: Issuer, count: int) -> list[Known]:
    """Read records, sign them once, and have every file judged."""
    chance = random.Random(12)
    made = list(records(count))
    readies = [read(issuer, record, f"bench-{i}") for i, record in enumerate(made)]
    work = [(ready, promise(ready, i, chance)) for i, ready in enumerate(readies)]
    known = [Known(*each) for each in zip(made, work, issuer.render(work, NOW), strict=True)]
    for one in known:
        issuer.check.document(one.pdf)
        issuer.check.code(one.text)
    return known


def limit(signers: tuple[Signer, Signer], pdf: bytes) -> None:
    """Do what nobody can do without: sign twice, hash the file once."""
    for signer in signers:
        signer.sign(sha256(pdf).digest() if signer is signers[0] else bytes(32))


def racers(issuer: Issuer, known: list[Known]) -> dict[str, Callable[[], object]]:
    """Line up who races; each call takes the next record."""
    expected = Expected()
    unseen = replace(issuer, proof=expected)  # chunks of one do not wait for the camera
    turn, chunk = cycle(known), [one.work for one in islice(cycle(known), CHUNK)]
    asked = [one.record for one in islice(cycle(known), CHUNK)]
    authority = known[0].work[0].reading.authority.id
    signers = (issuer.seal_of(authority).signer, issuer.qr_key_of(authority).signer)
    key, certificate, chain = obvious.make_identity()

    def one() -> object:
        this = next(turn)
        expected.text = this.text
        return unseen.render([this.work], NOW)

    def read_one() -> object:
        this = next(turn)
        expected.text = this.text
        return unseen.render([(read(unseen, this.record, "bench"), this.work[1])], NOW)

    def read_chunk() -> object:
        readies = [read(issuer, record, "bench") for record in asked]
        return issuer.render([(ready, promised) for ready, (_, promised) in zip(readies, chunk, strict=True)], NOW)

    def peer() -> object:
        this = next(turn)
        return obvious.make_document(as_drawn_by_peer(*this.work, this.text), key, certificate, chain)

    return {
        "one": one,
        "each": lambda: issuer.render(chunk, NOW),
        "read one": read_one,
        "read each": read_chunk,
        "camera": lambda: issuer.render([next(turn).work], NOW),
        "peer": peer,
        "limit": lambda: limit(signers, next(turn).pdf),
        "sign": lambda: signers[0].sign(bytes(32)),
    }


def lines(took: dict[str, float]) -> Iterator[str]:
    """Write a line a figure."""
    peer, least = took["peer"], took["limit"]
    yield row("render + sign, alone", took["one"], peer, least, _WANTED)
    yield row(f"render + sign, each of {CHUNK}", took["each"] / CHUNK, peer, least, _WANTED)
    yield row("read + render + sign, alone", took["read one"], peer, least)
    yield row(f"read + render + sign, each of {CHUNK}", took["read each"] / CHUNK, peer, least)
    yield row("render + sign, alone, its picture looked at", took["camera"], peer, least)
    yield row("one deterministic P-256 signature alone", took["sign"])


def main(rounds: int = 40) -> None:
    """Print one line a figure: medians, and how noisy it was."""
    with office(one_copy=True) as opened:
        known = prepare(opened.issuer, CHUNK)
        times = race(racers(opened.issuer, known), rounds, at_least_s=0.03)
    size = sum(len(one.pdf) for one in known) / len(known)
    print(
        f"one document is a 副本 of {size / 1000:.0f} kB; medians of {rounds}; the peer is reportlab, qrcode, pyHanko"
    )
    print("\n".join(lines({name: sorted(values)[len(values) // 2] for name, values in times.items()})))
    print("fastest rounds: " + ", ".join(f"{name} {_us(name, values)}" for name, values in times.items()))
    print(noise(times))


def _us(name: str, values: list[float]) -> str:
    return f"{min(values) * 1e6 / (CHUNK if name.endswith('each') else 1):.0f} us"


if __name__ == "__main__":
    main()
