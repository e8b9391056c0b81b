"""What is said of the text of a QR code."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen.core.errors import VerificationError
from tests.verify.builder import CERTIFICATE, HOST, NOW, Book, Office, other
from verify import Report, Verdict

OFFICE = Office()
TEXT = OFFICE.qr()
Attack = Callable[[str], str]


def rule_of(report: Report) -> str | None:
    return report.reason.rule if report.reason else None


def test_a_registered_code_in_force_passes_every_rule(office: Office, book: Book) -> None:
    report = office.verifier(book).qr(office.qr())
    assert report.verdict is Verdict.PASSED
    assert all(finding.ok for finding in report.findings)
    assert report.document is book.documents[0]


def test_without_a_register_the_facts_are_shown_and_nobody_is_sure(office: Office) -> None:
    report = office.verifier().qr(office.qr())
    assert report.verdict is Verdict.INDETERMINATE
    shown = {label.en: value for label, value in report.facts}
    assert shown["number"] == CERTIFICATE.number
    assert shown["holder"] == "温泉老味道餐饮店"


def test_a_former_host_still_counts(office: Office, book: Book) -> None:
    assert office.verifier(book).qr(office.qr(host="old.example")).verdict is Verdict.PASSED


def last_digit_changed(text: str) -> str:
    return text[:-1] + str((int(text[-1]) + 1) % 10)


ATTACKS: dict[str, tuple[str, Attack]] = {
    "cloned site": ("Q2", lambda text: text.replace(HOST, "licence.examp1e")),
    "host of the current list, another than signed": ("H2", lambda text: text.replace(HOST, "old.example")),
    "sid of another licence": ("H2", lambda text: text.replace(CERTIFICATE.sid, "7K3MQ2ZD9XWB")),
    "a digit changed": ("H2", last_digit_changed),
    "digits cut": ("Q1", lambda text: text[:-5]),
    "a zero in front": ("Q1", lambda text: text.replace("#", "#0")),
    "no digits": ("Q1", lambda text: text.partition("#")[0]),
    "a space behind": ("Q1", lambda text: text + " "),
    "another page": ("Q1", lambda text: "https://example.com/"),
    "nothing": ("Q1", lambda text: ""),
    "much too long": ("Q1", lambda text: text + "1" * 100_000),
    "a sid in lower case": ("Q1", lambda text: text.replace(CERTIFICATE.sid, CERTIFICATE.sid.lower())),
    "a lone surrogate": ("Q1", lambda text: "\ud800"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_on_a_code_is_refused_by_its_rule(name: str) -> None:
    rule, attack = ATTACKS[name]
    report = OFFICE.verifier().qr(attack(TEXT))
    assert report.verdict is Verdict.FAILED
    # digits may change into something that is no longer of our form, before the signature is looked at
    failed = next(f.rule for f in report.findings if f.ok is False)
    assert failed == rule or (rule == "H2" and failed == "Q1")
    assert report.facts == ()


def test_a_key_that_is_not_enrolled_is_refused(office: Office) -> None:
    stranger = Office()
    report = office.verifier().qr(stranger.qr())
    assert report.verdict is Verdict.FAILED
    assert rule_of(report) == "T1"


def test_a_seal_key_may_not_sign_codes(office: Office) -> None:
    report = office.verifier().qr(office.qr(signer=office.signer))
    assert {f.rule for f in report.findings if f.ok is False} == {"T1"}


def test_a_code_the_register_does_not_know_was_never_issued(office: Office) -> None:
    report = office.verifier(Book()).qr(office.qr())
    assert report.verdict is Verdict.FAILED
    assert rule_of(report) == "R1"


def test_a_code_in_a_lost_range_is_not_called_forged(office: Office) -> None:
    report = office.verifier(Book(lost=(CERTIFICATE.number,))).qr(office.qr())
    assert report.verdict is Verdict.INDETERMINATE


def test_a_code_that_says_other_than_the_register_is_refused(office: Office, pdf: bytes) -> None:
    for known in (other(number="JY14212020000099"), other(salt=bytes(16)), other(authority="421281")):
        book = Book()
        book.enter(pdf, known)
        assert office.verifier(book).qr(office.qr()).verdict is Verdict.FAILED


def test_a_code_of_a_document_no_longer_in_force_is_authentic_but_fails(office: Office, pdf: bytes) -> None:
    book = Book()
    book.enter(pdf, status="revoked")
    report = office.verifier(book).qr(office.qr())
    assert rule_of(report) == "V"
    assert report.verdict is Verdict.FAILED
    assert report.facts


def test_an_expired_code_fails_without_a_register_too(office: Office) -> None:
    report = office.verifier(now=datetime(2032, 1, 1, tzinfo=UTC)).qr(office.qr())
    assert report.verdict is Verdict.FAILED


def test_a_code_of_a_stolen_key_needs_the_register(office: Office, book: Book) -> None:
    later, earlier = (CERTIFICATE.issued_at + timedelta(days=days) for days in (1, -1))
    for at, verdict in ((later, Verdict.PASSED), (earlier, Verdict.INDETERMINATE)):
        trust = replace(office.trust, entries=(replace(office.qr_entry, compromised_at=at),))
        assert office.verifier(book, trust=trust).qr(office.qr()).verdict is verdict
        assert office.verifier(trust=trust).qr(office.qr()).verdict is Verdict.INDETERMINATE


def test_a_code_about_to_be_registered_is_checked_by_every_other_rule(office: Office) -> None:
    verifier = office.verifier(Book(), now=NOW)
    verifier.code(office.qr())
    with pytest.raises(VerificationError):
        verifier.code(office.qr().replace(HOST, "licence.examp1e"))


@given(st.text(max_size=200))
def test_any_text_at_all_gives_a_report(text: str) -> None:
    report = OFFICE.verifier().qr(text)
    assert report.verdict is Verdict.FAILED


@given(st.integers(0, 2000), st.characters())
def test_no_changed_character_passes(at: int, character: str) -> None:
    at %= len(TEXT)
    changed = TEXT[:at] + character + TEXT[at + 1 :]
    report = OFFICE.verifier().qr(changed)
    scheme_only = changed.partition("://")[2] == TEXT.partition("://")[2]
    assert report.verdict is Verdict.FAILED or changed == TEXT or scheme_only
    assert all("carried out" not in f.message.en for f in report.findings)
