"""Files judged before, files judged by their digest alone, and rows that somebody planted in the register."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from certgen.core.errors import FormatError
from tests.verify.builder import NOW, Book, Office, build, other
from verify import Report, Verdict


def rule_of(report: Report | None) -> str | None:
    return report.reason.rule if report is not None and report.reason else None


def test_a_file_judged_again_gets_the_same_report(office: Office, pdf: bytes, book: Book) -> None:
    verifier = office.verifier(book)
    first = verifier.pdf(pdf)
    assert verifier._anchors.known.of(sha256(pdf).digest()) is not None
    assert verifier.pdf(pdf) == first == office.verifier(book).pdf(pdf)


def test_a_digest_alone_gets_the_report_of_the_file(office: Office, pdf: bytes, book: Book) -> None:
    assert office.verifier(book).digest(sha256(pdf).digest()) == office.verifier(book).pdf(pdf)


def test_a_digest_that_nobody_knows_wants_the_file(office: Office, pdf: bytes, book: Book) -> None:
    assert office.verifier(book).digest(sha256(b"another").digest()) is None
    assert office.verifier().digest(sha256(pdf).digest()) is None


def forged(office: Office) -> bytes:
    """What somebody without the key can make."""
    return build(office, other(number="JY14212020000666"), container=lambda d, p, s: p.encode(d, s.sign(d)))


def test_a_planted_row_does_not_make_a_forgery_genuine(office: Office, book: Book) -> None:
    pdf = forged(office)
    book.enter(pdf, other(number="JY14212020000666"))
    verifier = office.verifier(book)
    for report in (verifier.pdf(pdf), verifier.digest(sha256(pdf).digest()), verifier.pdf(pdf)):
        assert report is not None
        assert (report.verdict, rule_of(report)) == (Verdict.FAILED, "H2")


def test_a_planted_row_without_its_document_proves_nothing(office: Office, book: Book) -> None:
    pdf = forged(office)
    book.enter(pdf, other(number="JY14212020000666"))
    book.files.clear()
    assert office.verifier(book).digest(sha256(pdf).digest()) is None


def test_a_planted_row_that_names_a_genuine_document_proves_nothing(office: Office, pdf: bytes, book: Book) -> None:
    planted = forged(office)
    digest = book.enter(planted, other(number="JY14212020000666")).pdf_digest
    book.files[digest] = pdf
    assert office.verifier(book).digest(digest) is None


@pytest.mark.parametrize("what", ["number", "kind", "authority_name", "issued_at", "valid_until"])
def test_a_row_altered_after_issuing_is_found_out(what: str, office: Office, pdf: bytes, book: Book) -> None:
    verifier = office.verifier(book)
    verifier.pdf(pdf).require()
    (row,) = book.documents
    value = getattr(row, what)
    altered = value + "0" if isinstance(value, str) else value + timedelta(days=1)
    book.documents[:] = [replace(row, **{what: altered})]
    for judge in (verifier, office.verifier(book)):
        assert judge.pdf(pdf).verdict is Verdict.FAILED
        assert "M1" in {finding.rule for finding in judge.pdf(pdf).findings if finding.ok is False}


def test_a_known_file_that_is_revoked_fails_from_then_on(office: Office, pdf: bytes, book: Book) -> None:
    verifier = office.verifier(book)
    verifier.pdf(pdf).require()
    book.documents[:] = [replace(book.documents[0], status="revoked")]
    assert [rule_of(verifier.pdf(pdf)) for _ in range(3)] == ["V"] * 3
    book.documents.clear()
    assert rule_of(verifier.pdf(pdf)) == "R1"


def test_a_new_trust_list_is_heeded_and_what_was_known_is_forgotten(office: Office, pdf: bytes, book: Book) -> None:
    verifier = office.verifier(book)
    verifier.pdf(pdf).require()
    verifier.renew(replace(office.trust, issued_at=NOW, entries=(office.qr_entry,)))
    assert rule_of(verifier.pdf(pdf)) == "T1"
    with pytest.raises(FormatError):
        verifier.renew(office.trust)


def test_many_threads_get_the_answers_that_one_gets(office: Office) -> None:
    book, verifier = Book(), office.verifier()
    files = [build(office, other(number=f"JY142120200{n:05}"), plate=9000) for n in range(24)]
    for n, file in enumerate(files):
        book.enter(file, other(number=f"JY142120200{n:05}"))
    files += [file.replace(b"/P 1/V", b"/P 3/V") for file in files]
    verifier = office.verifier(book)
    with ThreadPoolExecutor(6) as pool:
        verdicts = list(pool.map(lambda file: verifier.pdf(file, skip=frozenset({"O"})).verdict, files * 6))
    assert verdicts == ([Verdict.PASSED] * 24 + [Verdict.FAILED] * 24) * 6
