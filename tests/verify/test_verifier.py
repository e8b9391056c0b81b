"""What is said of a document, with a register and without, over the course of its life."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from certgen.core.errors import FormatError, Text, VerificationError
from certgen.core.status import STATUSES
from certgen.core.trustlist import TrustList
from keys.signer import spki_of
from tests.verify.builder import CERTIFICATE, NOW, Book, Office, build, other
from verify import Report, Verdict, Verifier


def rule_of(report: Report) -> str | None:
    return report.reason.rule if report.reason else None


def test_a_registered_document_in_force_passes_every_rule(office: Office, pdf: bytes, book: Book) -> None:
    report = office.verifier(book).pdf(pdf)
    assert report.verdict is Verdict.PASSED
    assert all(finding.ok for finding in report.findings)
    assert report.require() is report
    assert report.document is book.documents[0]
    shown = {label.en: value for label, value in report.facts}
    assert shown["number"] == CERTIFICATE.number
    assert shown["Operator"] == "温泉老味道餐饮店"
    assert shown["nature of the seal"] == Text("样本", "specimen")


def test_a_report_is_neither_true_nor_false(office: Office, pdf: bytes) -> None:
    with pytest.raises(TypeError):
        bool(office.verifier().pdf(pdf))


def test_without_a_register_the_strict_rules_decide_and_nobody_is_sure(office: Office, pdf: bytes) -> None:
    report = office.verifier().pdf(pdf)
    assert report.verdict is Verdict.INDETERMINATE
    assert {f.rule for f in report.findings if f.ok is None} == {"R1", "V"}
    assert ("number", CERTIFICATE.number) in [(label.en, value) for label, value in report.facts]
    with pytest.raises(VerificationError):
        report.require()


def test_a_document_the_register_does_not_know_was_never_issued(office: Office, book: Book) -> None:
    stolen_key = build(office, other(number="JY14212020000099", sid="0000000000ZZ"))
    report = office.verifier(book).pdf(stolen_key)
    assert report.verdict is Verdict.FAILED
    assert rule_of(report) == "R1"
    assert "never registered" in report.findings[1].message.en
    assert report.facts == ()


@pytest.mark.parametrize("lost", [CERTIFICATE.number, CERTIFICATE.sid])
def test_a_document_in_a_lost_range_is_not_called_forged(office: Office, pdf: bytes, lost: str) -> None:
    report = office.verifier(Book(lost=(lost,))).pdf(pdf)
    assert report.verdict is Verdict.INDETERMINATE
    assert rule_of(report) == "R1"


def test_a_forgery_with_a_number_in_a_lost_range_is_still_refused(office: Office, pdf: bytes) -> None:
    changed = pdf.replace(b"/P 1/V/1.2", b"/P 3/V/1.2")
    report = office.verifier(Book(lost=(CERTIFICATE.number,))).pdf(changed)
    assert report.verdict is Verdict.FAILED


@pytest.mark.parametrize("added", [b"\n", b"-- \nsent from a phone\n", b"1 0 obj\nendobj\n%%EOF\n", b"%%EOF\n" * 20])
def test_our_original_with_something_added_is_named_and_refused(
    office: Office, pdf: bytes, book: Book, added: bytes
) -> None:
    report = office.verifier(book).pdf(pdf + added)
    assert report.verdict is Verdict.FAILED
    assert rule_of(report) == "R2"
    assert report.document is book.documents[0]
    assert CERTIFICATE.sid in report.findings[1].message.zh


def test_only_eight_beginnings_are_tried(office: Office, pdf: bytes) -> None:
    asked: list[bytes] = []

    class Counting(Book):
        def by_digest(self, digest: bytes) -> None:
            asked.append(digest)

    office.verifier(Counting()).pdf(b"%%EOF\n" * 1000)
    assert len(asked) == 9  # the whole file, and eight beginnings


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "issued"])
def test_a_document_no_longer_in_force_is_authentic_but_fails(office: Office, pdf: bytes, status: str) -> None:
    book = Book()
    book.enter(pdf, status=status)
    report = office.verifier(book).pdf(pdf)
    assert report.verdict is Verdict.FAILED
    assert report.verdict.exit_code == 1
    assert rule_of(report) == "V"
    assert "authentic, but not in force" in report.findings[-1].message.en
    assert ("number", CERTIFICATE.number) in [(label.en, value) for label, value in report.facts]


def test_a_licence_ends_at_midnight_in_shanghai(office: Office, pdf: bytes, book: Book) -> None:
    last = datetime(2031, 11, 19, 15, 59, 59, tzinfo=UTC)
    assert office.verifier(book, now=last).pdf(pdf).verdict is Verdict.PASSED
    for register in (book, None):
        report = office.verifier(register, now=last + timedelta(seconds=1)).pdf(pdf)
        assert report.verdict is Verdict.FAILED
        assert rule_of(report) == "V"


def test_a_licence_without_an_end_does_not_expire(office: Office) -> None:
    facts = other(valid_until=None)
    pdf, book = build(office, facts), Book()
    book.enter(pdf, facts)
    report = office.verifier(book, now=datetime(2090, 1, 1, tzinfo=UTC)).pdf(pdf)
    assert report.verdict is Verdict.PASSED
    assert Text("长期", "without end") in [value for _, value in report.facts]


def test_a_document_sealed_in_time_stays_good_after_the_seal_has_expired(
    office: Office, pdf: bytes, book: Book
) -> None:
    assert office.seal.certificate.not_valid_after_utc < datetime(2030, 1, 1, tzinfo=UTC)
    assert office.verifier(book, now=datetime(2030, 1, 1, tzinfo=UTC)).pdf(pdf).verdict is Verdict.PASSED


def compromised(office: Office, at: datetime) -> TrustList:
    entries = tuple(replace(entry, compromised_at=at) for entry in office.trust.entries)
    return replace(office.trust, entries=entries)


def test_a_document_sealed_before_the_key_was_stolen_stays_good(office: Office, pdf: bytes, book: Book) -> None:
    trust = compromised(office, CERTIFICATE.issued_at + timedelta(seconds=1))
    assert office.verifier(book, trust=trust).pdf(pdf).verdict is Verdict.PASSED


def test_a_document_sealed_since_the_key_was_stolen_needs_to_be_checked_again(
    office: Office, pdf: bytes, book: Book
) -> None:
    trust = compromised(office, CERTIFICATE.issued_at)
    report = office.verifier(book, trust=trust).pdf(pdf)
    assert report.verdict is Verdict.INDETERMINATE
    assert rule_of(report) == "T4"
    assert "needs re-check" in report.reason.message.en  # type: ignore[union-attr]


def test_a_stolen_key_cannot_clear_itself_with_an_early_date(office: Office, pdf: bytes) -> None:
    """Without a register the time is the document's own, and a thief writes any time he likes."""
    trust = compromised(office, CERTIFICATE.issued_at + timedelta(days=30))
    report = office.verifier(trust=trust).pdf(pdf)
    assert report.verdict is Verdict.INDETERMINATE
    assert "T4" in [finding.rule for finding in report.findings if finding.ok is None]


def test_a_document_under_a_stolen_key_is_never_registered(office: Office, pdf: bytes) -> None:
    trust = compromised(office, CERTIFICATE.issued_at + timedelta(days=30))
    with pytest.raises(VerificationError, match="stolen"):
        office.verifier(trust=trust).document(pdf)


def test_a_seal_of_another_authority_or_kind_is_refused(office: Office) -> None:
    for facts in (other(authority="421281"), other(kind="medical-device")):
        kinds = replace(office.entry, kinds=("food-business",))
        trust = replace(office.trust, entries=(kinds, office.qr_entry))
        report = office.verifier(trust=trust).pdf(build(office, facts))
        assert report.verdict is Verdict.FAILED
        assert rule_of(report) == "T1"


def test_a_registered_record_that_is_not_the_one_inside_is_refused(office: Office, pdf: bytes) -> None:
    book = Book()
    book.enter(pdf, other(salt=bytes(16)))
    report = office.verifier(book).pdf(pdf)
    assert report.verdict is Verdict.FAILED
    assert rule_of(report) == "M1"


def test_without_a_trust_list_nobody_can_tell_whose_seal_it_is(office: Office, pdf: bytes, book: Book) -> None:
    verifier = Verifier(office.root_spki, office.root.der, None, book, lambda: NOW)
    report = verifier.pdf(pdf)
    assert report.verdict is Verdict.INDETERMINATE
    assert rule_of(report) == "T1"


def test_a_specimen_enrolled_as_an_official_seal_is_refused(office: Office, pdf: bytes) -> None:
    trust = replace(office.trust, entries=(replace(office.entry, specimen=False),))
    assert {f.rule for f in office.verifier(trust=trust).pdf(pdf).findings if f.ok is False} == {"T3"}


def test_a_root_certificate_for_another_key_is_refused_at_once(office: Office) -> None:
    with pytest.raises(FormatError):
        Verifier(spki_of(office.seal.key), office.root.der, office.trust, None, lambda: NOW)


def test_an_old_trust_list_is_called_out_of_date(office: Office, pdf: bytes, book: Book) -> None:
    report = office.verifier(book, now=NOW + timedelta(days=2)).pdf(pdf)
    assert "(out of date)" in "\n".join(report.lines("en"))


def test_a_document_about_to_be_registered_is_checked_by_every_other_rule(office: Office, pdf: bytes) -> None:
    verifier = office.verifier(Book())
    verifier.document(pdf)
    verifier.document(build(office, other(issued_on=date(2015, 1, 2), valid_until=date(2020, 1, 1))))
    with pytest.raises(VerificationError) as caught:
        verifier.document(pdf.replace(b"/P 1/V/1.2", b"/P 3/V/1.2"))
    assert caught.value.rule == "H1"


def test_the_report_says_all_in_both_languages(office: Office, pdf: bytes, book: Book) -> None:
    report = office.verifier(book).pdf(pdf)
    plain = report.as_json()
    assert plain["verdict"] == "PASSED"
    assert plain["sid"] == CERTIFICATE.sid
    for finding in report.findings:
        assert finding.message.en.isascii()
        assert not finding.message.zh.isascii()
    for lang in ("zh", "en"):
        assert len(report.lines(lang)) == 1 + len(report.facts) + len(report.findings)


def test_a_file_too_large_to_be_ours_is_not_read(office: Office) -> None:
    report = office.verifier(Book()).pdf(bytes(17 * 2**20))
    assert rule_of(report) == "I1"
