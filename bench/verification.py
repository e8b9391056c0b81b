"""Time judging a PDF and a QR text against pyHanko, and against the hash and the key operation alone.

Sixty licences come from the real press, two offices' on two forms; each judgement takes the next one, as a public page
would. The register is asked as it is, on SQLite, and as a table in memory, which leaves the database's own time out.
(Not called verify.py: scripts find their neighbours before packages, and every script here would find it as `verify`.)
"""

import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from _timing import noise, race, row
from _workspace import KIND, NOW, office, records
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from certgen import wiring
from certgen.core.cms import decode
from certgen.core.errors import RegisterError, Text
from certgen.core.gap import locate
from certgen.core.model import Application, Registered
from certgen.issue import Issued
from certgen.register import Register
from verify import Verdict, Verifier
from verify.chain import Sealers, verify_signature

_MANY = 60
_SECOND = frozenset({"O"})  # timed by itself


class Book:
    """A register in memory."""

    def __init__(self, documents: Sequence[Registered]) -> None:
        self.documents = {one.pdf_digest: one for one in documents}
        self.sids = {one.sid: one for one in documents}

    def by_digest(self, digest: bytes) -> Registered | None:
        """Find a file."""
        return self.documents.get(digest)

    def by_sid(self, sid: str) -> tuple[Registered, ...]:
        """Find a sid."""
        return (self.sids[sid],) if sid in self.sids else ()

    def in_lost_range(self, number_or_sid: str) -> bool:
        """Say no: nothing is lost here."""
        return False

    def pdf(self, pdf_digest: bytes) -> bytes:
        """Give nothing: the bench hands the files in."""
        raise RegisterError(Text("没有", "none"))


@contextmanager
def issued() -> Iterator[tuple[wiring.Office, list[bytes], Book]]:
    """Issue the documents; give the office, the files of the 副本, and what its register knows of them."""
    with office() as opened:
        of_two = (record for record in records(10_000) if record["authority"] in {"421200", "421202"})
        asked = [Application(KIND, record, f"bench-{i}") for i, record in enumerate(islice(of_two, _MANY))]
        done = [one for one in opened.issuer.issue(asked) if isinstance(one, Issued)]
        pdfs = [document.pdf for one in done for document in one.documents if document.copy == "duplicate"]
        known = [opened.register.by_digest(sha256(pdf).digest()) for pdf in pdfs]
        yield opened, pdfs, Book([one for one in known if one is not None])


def peer(root: Path) -> Callable[[bytes], object]:
    """Do what pyHanko does for the same file, with the same root and without a network."""
    anchor = load_cert_from_pemder(str(root))

    def validate(pdf: bytes) -> object:
        (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures
        context = ValidationContext(trust_roots=[anchor], allow_fetching=False, moment=NOW)
        status = validate_pdf_signature(signature, context)
        if not status.intact or not status.valid:
            raise SystemExit("pyHanko refuses our file: nothing to compare")
        return status

    return validate


def limits(pdf: bytes, verifier: Verifier, root: Path) -> tuple[Callable[[], object], Callable[[], object]]:
    """Hash a file and check one signature, nothing else; and the signature alone."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_pem_x509_certificate

    certificate = load_pem_x509_certificate(root.read_bytes())
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    der = locate(pdf).der(pdf)
    key = Sealers(spki, certificate.public_bytes(Encoding.DER), None).of(der).key
    parts = decode(der)
    digest = sha256(parts.signed_attributes).digest()

    def both() -> object:
        verify_signature(key, parts.signature, digest)
        return sha256(pdf).digest()

    return both, lambda: verify_signature(key, parts.signature, digest)


def main(rounds: int = 40) -> None:
    """Print one line a figure."""
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    with issued() as (opened, pdfs, book):
        root, trust = opened.settings.root_certificate, opened.settings.trust

        def verifier(register: Register | None) -> Verifier:
            return wiring.make_verifier(root, trust, register, lambda: NOW)

        # As the public pages open it: for reading only.
        desk = wiring.open_desk(opened.settings, clock=lambda: NOW)
        ours, strict, fresh, digests = verifier(desk.register), verifier(None), verifier(None), verifier(desk.register)
        table = wiring.make_verifier(root, trust, book, lambda: NOW)  # type: ignore[arg-type]
        if len(pdfs) != _MANY or any(ours.pdf(pdf).verdict is not Verdict.PASSED for pdf in pdfs):
            raise SystemExit("our own documents do not pass: nothing to measure")
        if any(strict.pdf(pdf, skip=_SECOND).verdict is not Verdict.INDETERMINATE for pdf in pdfs):
            raise SystemExit("the strict rules refuse our own documents")
        if any(table.pdf(pdf).verdict is not Verdict.PASSED for pdf in pdfs):
            raise SystemExit("a register in memory knows less than the one on SQLite")
        for pdf in pdfs:
            strict.opinion(pdf)
            if (told := digests.digest(sha256(pdf).digest())) is None or told.verdict is not Verdict.PASSED:
                raise SystemExit("a digest alone is not answered")
        both, key_alone = limits(pdfs[0], ours, root)
        validate, turn, named = peer(root), cycle(pdfs), cycle([sha256(pdf).digest() for pdf in pdfs])
        times = race(
            {
                "file": lambda: ours.pdf(next(turn)),
                "digest": lambda: digests.digest(next(named)),
                "in memory": lambda: table.pdf(next(turn)),
                "strict": lambda: strict.pdf(next(turn), skip=_SECOND),
                "self": lambda: strict.document(next(turn)),
                "first": lambda: fresh.pdf(pdfs[0], skip=_SECOND),  # the same file alone teaches the verifier no head
                "second": lambda: strict.opinion(next(turn)),
                "peer": lambda: validate(pdfs[0]),
                "limit": both,
                "key": key_alone,
            },
            rounds,
            at_least_s=0.004,
        )
        desk.register.close()
    took = {name: median(values) for name, values in times.items()}
    size = f"{len(pdfs[0]) / 1000:.0f} kB"
    against = took["peer"], took["limit"]
    print(row("a digest judged before, SQLite", took["digest"], *against, "must 100x, aim 200x"))
    print(row(f"a file judged before ({size}), SQLite", took["file"], *against))
    print(row("the same, register in memory", took["in memory"], *against))
    print(row("rules S to M but O, no register", took["strict"], *against, "must 15x, aim 30x"))
    print(row("the same, a kind not met before", took["first"], *against))
    print(row("what issuing asks: no R, O, V", took["self"], *against))
    print(row("the O rules, in the child process", took["second"], took["peer"]))
    print(row("one ECDSA P-256 verification alone", took["key"]))
    print("fastest rounds: " + ", ".join(f"{name} {min(values) * 1e6:.0f} us" for name, values in times.items()))
    print(noise(times))


if __name__ == "__main__":
    main()
