"""Time judging a PDF and a QR text against pyHanko, and against the hash and the key operation alone.

Thirty licences of one kind come from the real press, sealed as on the day of the sample; each judgement takes the
next one, as a public page would. The register is in memory: a database's own time is not counted here. (Not called
verify.py: scripts find their neighbours before packages, and every script here would find it as `verify`.)
"""

import io
import json
import logging
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

from _timing import interleave, row
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from certgen import wiring
from certgen.core.cms import decode
from certgen.core.gap import locate
from certgen.core.model import Application, Registered
from certgen.issue import Issued
from verify import Verdict, Verifier
from verify.chain import Sealers, verify_signature

NOW = datetime(2017, 8, 1, 4, 0, tzinfo=UTC)  # the day of sample.json
SAMPLE = Path(__file__).parents[1] / "templates" / "food-business" / "sample.json"
_MANY = 30


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


def issue(home: Path) -> tuple[list[bytes], Book, Callable[[Book | None], Verifier], Path]:
    """Issue the documents; give them, what a register knows of them, and how to make a verifier."""
    chosen = wiring.make_workspace(home, origin="https://licence.example.cn", clock=lambda: NOW)

    def ask(name: str) -> bytes:
        raise SystemExit(f"no passphrase for {name}")

    facts = json.loads(SAMPLE.read_text("utf-8"))
    with wiring.open_office(chosen, wiring.passphrase_source(chosen, ask), actor="bench", clock=lambda: NOW) as office:
        asked = [Application("food-business", facts, f"bench-{i}") for i in range(_MANY)]
        done = [one for one in office.issuer.issue(asked) if isinstance(one, Issued)]
        pdfs = [document.pdf for one in done for document in one.documents if document.copy == "duplicate"]
        known = [office.register.by_digest(sha256(pdf).digest()) for pdf in pdfs]
    book = Book([one for one in known if one is not None])

    def verifier(register: Book | None) -> Verifier:
        return wiring.make_verifier(chosen.root_certificate, chosen.trust, register, lambda: NOW)  # type: ignore[arg-type]

    return pdfs, book, verifier, chosen.root_certificate


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


def main(rounds: int = 30) -> None:
    """Print one line a figure."""
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    with TemporaryDirectory() as folder:
        pdfs, book, verifier, root = issue(Path(folder) / "home")
        ours, strict, fresh = verifier(book), verifier(None), verifier(None)
        if len(pdfs) != _MANY or any(ours.pdf(pdf).verdict is not Verdict.PASSED for pdf in pdfs):
            raise SystemExit("our own documents do not pass: nothing to measure")
        if any(strict.pdf(pdf).verdict is not Verdict.INDETERMINATE for pdf in pdfs):
            raise SystemExit("the strict rules refuse our own documents")
        both, key_alone = limits(pdfs[0], ours, root)
        validate, turn = peer(root), cycle(pdfs)
        took = interleave(
            {
                "registered": lambda: ours.pdf(next(turn)),
                "strict": lambda: strict.pdf(next(turn)),
                "self": lambda: strict.document(next(turn)),
                "first": lambda: fresh.pdf(pdfs[0]),  # the same file alone teaches the verifier no head
                "peer": lambda: validate(pdfs[0]),
                "limit": both,
                "key": key_alone,
            },
            rounds,
        )
    size = f"{len(pdfs[0]) / 1000:.0f} kB"
    print(row(f"verify a registered PDF ({size}); peer pyHanko", took["registered"], took["peer"], took["limit"]))
    print(row("the strict rules, no register", took["strict"], took["peer"], took["limit"]))
    print(row("the strict rules, a kind not met before", took["first"], took["peer"], took["limit"]))
    print(row("before registering: every rule but the register's", took["self"], took["peer"], took["limit"]))
    print(row("one ECDSA P-256 verification alone", took["key"]))


if __name__ == "__main__":
    main()
