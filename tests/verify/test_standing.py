"""What signed status lists say where no register is at hand, over the hours and days."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from certgen.core.status import LABELS, STATUSES, TRANSITIONS, Status
from tests.verify.builder import CERTIFICATE, HOST, NOW, Book, Office, build, other
from verify import Report, Verdict

LISTED = NOW - timedelta(hours=3)
STALE = NOW - timedelta(hours=24)
NOT_ISSUED = [status for status in STATUSES if status != "issued"]


def judge(office: Office, door: str, pdf: bytes, *lists: bytes, now: datetime = NOW) -> Report:
    verifier = office.verifier(lists=lists, now=now)
    return verifier.pdf(pdf) if door == "pdf" else verifier.qr(office.qr())


def v_of(report: Report) -> tuple[bool | None, str, str]:
    (found,) = [finding for finding in report.findings if finding.rule == "V"]
    return found.ok, found.message.en, found.message.zh


doors = pytest.mark.parametrize("door", ["pdf", "qr"])


@doors
def test_a_fresh_list_makes_an_answer_without_a_register_whole(office: Office, pdf: bytes, door: str) -> None:
    report = judge(office, door, pdf, office.status_list("issued", LISTED))
    assert report.verdict is Verdict.PASSED
    assert v_of(report) == (
        True,
        "in force as of 2026-11-23 06:00Z, by a status list 3 h old",
        "截至 2026-11-23 06:00Z 有效（状态列表已签发 3 小时）",
    )
    assert report.reason is None
    assert report.lines("en")[0] == f"authentic and in force: {v_of(report)[1]}"
    facts = {label.en: value for label, value in report.facts}
    assert "2026-11-23 06:00Z (3 h ago)" in str(facts["status list of"])
    assert "(3 h ago)" in str(facts["trust list of"])


@doors
@pytest.mark.parametrize("status", NOT_ISSUED)
def test_every_other_word_fails_and_is_said(office: Office, pdf: bytes, door: str, status: Status) -> None:
    report = judge(office, door, pdf, office.status_list(status, LISTED))
    assert report.verdict is Verdict.FAILED
    assert f"{LABELS[status].en}, by a status list 3 h old" in v_of(report)[1]
    assert report.facts  # authentic, so what it says may be shown


@doors
@pytest.mark.parametrize("status", NOT_ISSUED)
def test_an_old_list_still_tells_what_is_final(office: Office, pdf: bytes, door: str, status: Status) -> None:
    report = judge(office, door, pdf, office.status_list(status, STALE))
    final = not TRANSITIONS[status]
    assert report.verdict is (Verdict.FAILED if final else Verdict.INDETERMINATE)
    assert LABELS[status].en in v_of(report)[1]


@doors
def test_an_old_list_does_not_say_that_a_licence_is_in_force(office: Office, pdf: bytes, door: str) -> None:
    report = judge(office, door, pdf, office.status_list("issued", STALE))
    assert report.verdict is Verdict.INDETERMINATE
    assert v_of(report)[1] == "the status list is 24 h old: what happened since is not known; fetch a newer one"


def test_a_list_is_fresh_until_the_second_it_expires(office: Office, pdf: bytes) -> None:
    data = office.status_list("issued", STALE)
    assert judge(office, "pdf", pdf, data, now=NOW - timedelta(seconds=1)).verdict is Verdict.PASSED
    assert judge(office, "pdf", pdf, data, now=NOW).verdict is Verdict.INDETERMINATE


@doors
def test_a_trust_list_out_of_date_passes_nobody(office: Office, pdf: bytes, door: str) -> None:
    later = NOW + timedelta(days=2)
    report = judge(office, door, pdf, office.status_list("issued", later), now=later)
    assert report.verdict is Verdict.INDETERMINATE
    assert "trust list is 2 days old" in v_of(report)[1]


@doors
def test_without_a_list_of_its_shard_nobody_is_sure(office: Office, pdf: bytes, door: str) -> None:
    for lists in ((), (office.status_list("issued", LISTED, shard=1),)):
        report = judge(office, door, pdf, *lists)
        assert report.verdict is Verdict.INDETERMINATE
        assert "no fresh status" in v_of(report)[1]


@doors
def test_the_newest_list_of_a_shard_is_asked(office: Office, pdf: bytes, door: str) -> None:
    old, new = office.status_list("issued", LISTED), office.status_list("revoked", LISTED + timedelta(hours=1))
    for lists in ((old, new), (new, old)):
        assert judge(office, door, pdf, *lists).verdict is Verdict.FAILED


@doors
def test_a_list_from_the_future_is_not_believed(office: Office, pdf: bytes, door: str) -> None:
    report = judge(office, door, pdf, office.status_list("issued", NOW + timedelta(minutes=6)))
    assert report.verdict is Verdict.INDETERMINATE
    assert "set this clock right" in v_of(report)[1]


def test_a_document_whose_place_was_never_given_out_was_never_issued(office: Office, pdf: bytes) -> None:
    report = judge(office, "pdf", pdf, office.status_list(None, LISTED))
    assert report.verdict is Verdict.FAILED
    assert "never issued" in v_of(report)[1]


def test_a_document_younger_than_the_list_is_not_called_forged(office: Office) -> None:
    pdf = build(office, other(issued_at=LISTED - timedelta(minutes=30)))
    report = judge(office, "pdf", pdf, office.status_list(None, LISTED))
    assert report.verdict is Verdict.INDETERMINATE
    assert "fetch a newer one" in v_of(report)[1]


def test_a_code_unknown_to_the_list_is_not_called_forged(office: Office, pdf: bytes) -> None:
    """A corrected licence keeps its day: its code does not say whether it is older than the list."""
    report = judge(office, "qr", pdf, office.status_list(None, LISTED))
    assert report.verdict is Verdict.INDETERMINATE
    assert "never issued, or only since then" in v_of(report)[1]


@doors
def test_an_expired_licence_fails_whatever_the_list_says(office: Office, pdf: bytes, door: str) -> None:
    later = NOW + timedelta(days=6 * 365)
    assert judge(office, door, pdf, office.status_list("issued", LISTED), now=later).verdict is Verdict.FAILED


@doors
def test_a_fresh_list_does_not_help_a_forged_document(office: Office, pdf: bytes, door: str) -> None:
    lists = [office.status_list("issued", LISTED)]
    forged = pdf.replace(b"/P 1/V/1.2", b"/P 3/V/1.2") if door == "pdf" else office.qr().replace(HOST, "old.example")
    verifier = office.verifier(lists=lists)
    report = verifier.pdf(forged) if door == "pdf" else verifier.qr(str(forged))
    assert report.verdict is Verdict.FAILED


@doors
def test_a_fresh_list_does_not_clear_a_stolen_key(office: Office, pdf: bytes, door: str) -> None:
    """The thief may have taken the place of a licence that is in force."""
    entries = tuple(
        replace(entry, compromised_at=NOW) if entry.use != "status" else entry for entry in office.trust.entries
    )
    trust = replace(office.trust, entries=entries)
    verifier = office.verifier(lists=[office.status_list("issued", LISTED)], trust=trust)
    report = verifier.pdf(pdf) if door == "pdf" else verifier.qr(office.qr())
    assert report.verdict is Verdict.INDETERMINATE
    assert report.reason is not None


def test_where_a_register_is_at_hand_lists_are_not_asked(office: Office, pdf: bytes) -> None:
    book = Book()
    book.enter(pdf)
    verifier = office.verifier(book, lists=[office.status_list("revoked", LISTED)])
    assert verifier.pdf(pdf).verdict is Verdict.PASSED
    lost = office.verifier(Book(lost=(CERTIFICATE.number,)), lists=[office.status_list("issued", LISTED)])
    assert lost.pdf(pdf).verdict is Verdict.INDETERMINATE
