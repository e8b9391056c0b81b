"""Issuing: the order of its steps, what a crash behind each leaves, and what it refuses."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from certgen import wiring
from certgen.core import codes
from certgen.core.chinese import unprintable
from certgen.core.errors import ApplicationError, RegisterError, SettingsError, SigningError, Text, VerificationError
from certgen.core.model import Application
from certgen.issue import LONGEST_KEY, Issued, Issuer, Refused
from certgen.register import Progress
from tests._workspace import book, files
from tests.house import KIND, PASSPHRASE, House, sample_2023

FIVE_FAULTS = {
    "operator_name": None,
    "credit_code": "91421200MA4900002M",
    "legal_representative": "陈\u0000桂香",
    "main_business": "面馆",
    "issued_on": "2031-01-01",
}


class CrashError(Exception):
    """The power goes."""


def refusal(house: House, record: dict[str, object] | None = None, **changes: object) -> ApplicationError:
    (outcome,) = house.try_to_issue(house.application(record=sample_2023() if record is None else record, **changes))
    assert isinstance(outcome, Refused), f"issued as {outcome.number}"
    return outcome.error


# ---- step 1: every fault at once, and nothing done --------------------------------------------------


def test_a_record_with_five_faults_reports_five_with_label_found_and_wanted(house: House) -> None:
    problems = refusal(house, **FIVE_FAULTS).problems
    assert [p.field for p in problems] == [
        "operator_name", "credit_code", "legal_representative", "main_business", "issued_on",
    ]  # fmt: skip
    assert problems[2].say("zh") == "法定代表人（负责人）：现为“陈<U+0000>桂香”，应为可印刷的字符（不能有 U+0000）"
    assert problems[3].say("en") == (
        "Main business (main_business): found '面馆', wanted one of 食品销售经营者, 餐饮服务经营者, 单位食堂"
    )
    assert problems[4].say("zh") == "发证日期：现为“2031-01-01”，应为不晚于今天（2026-11-23）的日期"


def test_a_missing_glyph_is_reported_beside_the_other_faults(house: House) -> None:
    problems = refusal(house, legal_representative="陈\U0002ffff", credit_code="1", premises="某地\U0001f35c").problems
    fields = {p.field: p.found for p in problems}
    assert "credit_code" in fields
    assert fields["premises"] == "\U0001f35c (U+1F35C)"
    assert len(problems) == 3


def test_faults_of_a_record_reserve_nothing_and_write_nothing(house: House) -> None:
    before, folder = book(house), files(house.settings.home)
    refusal(house, **FIVE_FAULTS)
    refusal(house, premises="某地\U0001f35c")
    refusal(house, domicile="字" * 151)
    assert book(house) == before
    assert files(house.settings.home) == folder, "the high-water mark must not move"


def test_a_faulty_record_takes_no_number_from_its_neighbours(house: House) -> None:
    good, bad, also = (house.application(record=sample_2023(), **c) for c in ({}, FIVE_FAULTS, {}))
    first, second, third = house.try_to_issue(good, bad, also)
    assert isinstance(first, Issued)
    assert isinstance(second, Refused)
    assert isinstance(third, Issued)
    assert [int(one.number[-7:-1]) for one in (first, third)] == [1, 2]


def test_reading_alone_reserves_nothing(house: House) -> None:
    before = book(house)
    house.issuer.read(house.application(), ("plain", "overprint"))
    assert book(house) == before


WRONG = {
    "missing field": ({"operator_name": None}, "operator_name"),
    "empty field": ({"operator_name": ""}, "operator_name"),
    "blanks only": ({"operator_name": " \u3000\t"}, "operator_name"),
    "null": ({"premises": None}, "premises"),
    "unknown field": ({"operator": "某店"}, "operator"),
    "a field under two names": ({"经营者名称": "某店"}, "operator_name"),
    "a number for a name": ({"operator_name": 7}, "operator_name"),
    "a list for a name": ({"operator_name": ["某店"]}, "operator_name"),
    "an object for a name": ({"operator_name": {"zh": "某店"}}, "operator_name"),
    "true for a name": ({"legal_representative": True}, "legal_representative"),
    "a list with a number in it": ({"business_items": ["热食类食品制售", 7]}, "business_items"),
    "an item twice": ({"business_items": ["餐饮服务", "餐饮服务"]}, "business_items"),
    "a name too long": ({"operator_name": "店" * 101}, "operator_name"),
    "an address of a megabyte": ({"premises": "号" * 1_000_000}, "premises"),
    "a credit code with a wrong check digit": ({"credit_code": "91421200MA4900002M"}, "credit_code"),
    "a credit code too short": ({"credit_code": "91421200MA490000"}, "credit_code"),
    "a credit code in full width": ({"credit_code": "９１421200MA4900002N"}, "credit_code"),
    "a citizen ID with a wrong check digit": ({"credit_code": "422301198503071234"}, "credit_code"),
    "a citizen ID born on 30 February": ({"credit_code": "422301198502301234"}, "credit_code"),
    "issued in the future": ({"issued_on": "2026-11-24"}, "issued_on"),
    "issued before the first form": ({"issued_on": "2015-09-30"}, "issued_on"),
    "a day that does not exist": ({"issued_on": "2025-02-29"}, "issued_on"),
    "a day as a number": ({"issued_on": 20240603}, "issued_on"),
    "the year zero": ({"issued_on": "0000-01-01"}, "issued_on"),
    "ends before it begins": ({"valid_from": "2025-06-03", "valid_until": "2025-06-01"}, "valid_until"),
    "ends later than the rule allows": ({"valid_until": "2030-06-03"}, "valid_until"),
    "begins years ahead": ({"valid_from": "2027-06-03"}, "valid_from"),
    "NUL": ({"operator_name": "某\u0000店"}, "operator_name"),
    "a line end": ({"operator_name": "某\n店"}, "operator_name"),
    "an escape sequence": ({"operator_name": "某\u001b[2J店"}, "operator_name"),
    "a bidi override": ({"operator_name": "某\u202e店"}, "operator_name"),
    "a zero-width space": ({"operator_name": "某\u200b店"}, "operator_name"),
    "a lone surrogate": ({"operator_name": "某\ud800店"}, "operator_name"),
    "private use": ({"operator_name": "某\ue000店"}, "operator_name"),
    "private use beyond the BMP": ({"operator_name": "某\U000f0000店"}, "operator_name"),
    "a noncharacter": ({"operator_name": "某\uffff店"}, "operator_name"),
    "a lone surrogate in a key": ({"\ud800": "某店"}, "<U+D800>"),
    "an unknown authority": ({"authority": "110000"}, "authority"),
    "no authority": ({"authority": None}, "authority"),
    "an authority that is a list": ({"authority": ["421200"]}, "authority"),
    "an authority that is a path": ({"authority": "../421200"}, "authority"),
    "a field of another form": ({"signatory": "王建国"}, "signatory"),
    "a request key with a lone surrogate": ({"request_key": "\ud800"}, "request_key"),
    "a request key with NUL": ({"request_key": "a\u0000b"}, "request_key"),
    "a request key that is a list": ({"request_key": ["a"]}, "request_key"),
    "a request key of a megabyte": ({"申请编号": "k" * 1_000_000}, "request_key"),
}


@pytest.mark.parametrize(("changes", "field"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_record_is_refused_by_one_fault_that_names_the_field(
    common_house: House, changes: dict[str, object], field: str
) -> None:
    before = common_house.counts()
    error = refusal(common_house, **changes)
    assert [p.field for p in error.problems] == [field]
    problem = error.problems[0]
    for lang in ("zh", "en"):
        said = problem.say(lang)
        assert not unprintable(said)
        said.encode()  # no surrogate gets out
        assert problem.label.say(lang) in said
        assert len(said) < 600
    assert len(problem.found) <= 40
    assert common_house.counts() == before


@pytest.mark.parametrize("key", ["", "k" * (LONGEST_KEY + 1), "\ud800", "a\nb", "‮a"], ids=ascii)
def test_a_request_key_that_nobody_could_write_down_is_refused(common_house: House, key: str) -> None:
    (outcome,) = common_house.try_to_issue(Application(KIND, sample_2023(), key))
    assert isinstance(outcome, Refused)
    assert [p.field for p in outcome.error.problems] == ["request_key"]


@pytest.mark.parametrize("data", [None, [], "某店", 7, [["operator_name", "某店"]]], ids=repr)
def test_data_that_is_no_object_is_one_fault(common_house: House, data: Any) -> None:
    (outcome,) = common_house.try_to_issue(Application(KIND, data, "k"))
    assert isinstance(outcome, Refused)
    assert len(outcome.error.problems) == 1


def test_an_unknown_kind_names_those_there_are(common_house: House) -> None:
    (outcome,) = common_house.try_to_issue(Application("../../etc\ud800", sample_2023(), "k"))
    assert isinstance(outcome, Refused)
    (problem,) = outcome.error.problems
    assert (problem.field, problem.found) == ("kind", "../../etc<U+D800>")
    assert "food-business" in problem.wanted.en


def test_a_record_of_a_hundred_thousand_keys_is_one_list_of_fifty_faults_and_a_count(common_house: House) -> None:
    error = refusal(common_house, **{f"x{i}": "y" for i in range(100_000)})
    assert len(error.problems) == 51
    assert error.problems[-1].found == "99950"


HOSTILE = [
    "{{7*7}}", '<img src="file:///etc/passwd">', "../../x", "%s%n{0}", "'; DROP TABLE documents; --", "&amp;amp;",
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_code_in_a_value_is_text_and_nothing_else(common_house: House, value: str) -> None:
    issued = common_house.issue(sample_2023(), operator_name=value, premises=value)
    known = common_house.register.by_sid(issued.documents[0].sid)[0]
    assert dict((label.en, shown) for label, shown in known.public)["Operator"] == value


def test_an_authority_may_be_left_to_the_settings_under_its_name_or_its_label(house: House) -> None:
    issuer = replace(house.issuer, authority="421281")
    record = {k: v for k, v in sample_2023().items() if k != "authority"}
    silent, labelled = Application(KIND, record, "1"), Application(KIND, record | {"发证机关": "421202"}, "2")
    outcomes = [issuer.read(one).reading.authority.id for one in (silent, labelled)]
    assert outcomes == ["421281", "421202"]


# ---- the request key --------------------------------------------------------------------------------


def test_the_same_request_key_gives_the_same_bytes(house: House) -> None:
    first = house.issue(sample_2023(), key="once")
    house.clock.tick(days=3)
    again = house.issue(sample_2023(), key="once")
    assert (first.again, again.again) == (False, True)
    assert [d.pdf for d in again.documents] == [d.pdf for d in first.documents]
    assert house.counts()["requests"] == 1


def test_the_same_request_key_with_other_data_is_refused(house: House) -> None:
    first = house.issue(sample_2023(), key="once")
    before = book(house)
    (outcome,) = house.try_to_issue(house.application("once", record=sample_2023(), operator_name="另一家店"))
    assert isinstance(outcome, Refused)
    assert [p.field for p in outcome.error.problems] == ["request_key"]
    assert book(house) == before
    assert house.issue(sample_2023(), key="once").number == first.number


def test_one_key_twice_in_a_chunk_is_one_licence(house: House) -> None:
    one, same, other = (house.application("k", record=sample_2023(), **c) for c in ({}, {}, {"operator_name": "别家"}))
    first, second, third = house.try_to_issue(one, same, other)
    assert isinstance(first, Issued)
    assert isinstance(second, Issued)
    assert isinstance(third, Refused)
    assert [d.pdf for d in first.documents] == [d.pdf for d in second.documents]
    assert house.counts()["documents"] == 2


@pytest.mark.parametrize("papers", [("overprint",), ("plain", "overprint"), ("overprint", "plain")])
def test_a_further_paper_of_a_known_request_is_made_days_later_for_the_same_licence(
    house: House, papers: tuple[Any, ...]
) -> None:
    record = sample_2023() | {"issued_on": ""}  # the day is the day of issue
    first = house.issue(record, key="once")
    house.clock.tick(days=40)
    later = house.issue(record, key="once", papers=papers)
    assert {(d.copy, d.paper) for d in later.documents} == {(c, p) for c in ("original", "duplicate") for p in papers}
    assert later.number == first.number
    known = house.register.by_request("once")
    assert {d.issued_on for d in known} == {date(2026, 11, 23)}
    assert len(known) == 4
    for document in later.documents:
        house.verifier.pdf(document.pdf).require()


# ---- crashes: docs/issuance.md ----------------------------------------------------------------------


@dataclass
class Trap:
    """Something that works until one method of it is called: before it or behind it the power goes."""

    inner: Any
    method: str
    behind: bool = False

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self.inner, name)
        if name != self.method:
            return inner

        def call(*arguments: Any, **named: Any) -> Any:
            if self.behind:
                inner(*arguments, **named)
            raise CrashError

        return call


def crash(*_: object, **__: object) -> Any:
    raise CrashError


class Exploding:
    """Rows of a ledger that cannot be read: the crash comes inside the transaction of step 7."""

    def __iter__(self) -> Iterator[int]:
        raise CrashError


def nth_chance(issuer: Issuer, count: int) -> Callable[[int], bytes]:
    calls = iter(range(count))

    def chance(size: int) -> bytes:
        if next(calls, None) is None:
            raise CrashError
        return issuer.chance(size)

    return chance


def sealing(issuer: Issuer, behind: bool) -> Issuer:
    return replace(issuer, seal_of=lambda authority: Trap(issuer.seal_of(authority), "strike", behind))


def trapped_qr_key(issuer: Issuer) -> Callable[[str], Any]:
    """Give QR keys that crash when they are asked to sign; step 1 may open them."""

    def of(authority: str) -> Any:
        key = issuer.qr_key_of(authority)
        return replace(key, signer=Trap(key.signer, "sign"))

    return of


# What the issuer is given instead, and whether a reservation and the documents are left.
CRASHES: dict[str, tuple[Callable[[Issuer], Issuer], bool, bool]] = {
    "in 1, before chance gave a sid": (lambda i: replace(i, chance=nth_chance(i, 0)), False, False),
    "in 2, inside the transaction": (lambda i: replace(i, chance=nth_chance(i, 1)), False, False),
    "after 2": (lambda i: replace(i, register=Trap(i.register, "reserve", True)), True, False),
    "in 3, before the QR code is signed": (lambda i: replace(i, qr_key_of=trapped_qr_key(i)), True, False),
    "after 3": (lambda i: replace(i, workshop=Trap(i.workshop, "plate")), True, False),
    "after 4, at the proof": (lambda i: replace(i, proof=crash), True, False),
    "in 5, before the seal": (lambda i: sealing(i, False), True, False),
    "after 5, signed": (lambda i: sealing(i, True), True, False),
    "in 6, the document": (lambda i: replace(i, check=Trap(i.check, "document", True)), True, False),
    "after 6": (lambda i: replace(i, check=Trap(i.check, "code", True)), True, False),
    "before 7": (lambda i: replace(i, register=Trap(i.register, "record")), True, False),
    "after 7": (lambda i: replace(i, register=Trap(i.register, "record", True)), True, True),
}  # fmt: skip


@pytest.mark.parametrize(("rig", "reserved", "recorded"), CRASHES.values(), ids=CRASHES.keys())
def test_a_crash_leaves_what_the_book_says_and_the_next_run_gives_the_same_licence(
    model_home: Path, tmp_path: Path, rig: Callable[[Issuer], Issuer], reserved: bool, recorded: bool
) -> None:
    record = sample_2023() | {"issued_on": ""}
    for name in ("calm", "rough"):
        shutil.copytree(model_home, tmp_path / name)
    with House(tmp_path / "calm") as calm:
        expected = calm.issue(record, key="k")
    with House(tmp_path / "rough") as rough:
        application = rough.application("k", record=record)
        with pytest.raises(CrashError):
            rig(rough.issuer).issue([application])
        counts = rough.counts()
        assert (counts["requests"], counts["identities"]) == ((1, 2) if reserved else (0, 0))
        assert [counts[t] for t in ("documents", "strikes", "events", "outbox")] == [2 * recorded] * 4
        assert (counts["counters"] > 0) is reserved
        assert rough.settings.high_water.exists() is reserved
    # The next morning, in another process, with other dice.
    with House(tmp_path / "rough", seed=99 if reserved else 1) as resumed:
        if reserved:
            resumed.clock.tick(days=1)
        licence = resumed.issue(record, key="k")
        assert licence.number == expected.number
        assert [d.sid for d in licence.documents] == [d.sid for d in expected.documents]
        assert [d.pdf for d in licence.documents] == [d.pdf for d in expected.documents]
        assert licence.again is recorded
        assert resumed.counts()["requests"] == 1
        assert resumed.counts()["documents"] == 2
        assert resumed.register.check_events() == 2
        for document in licence.documents:
            resumed.verifier.pdf(document.pdf).require()


def test_a_crash_inside_the_transaction_of_step_7_records_nothing(house: House) -> None:
    note: Any = lambda _: Progress("none", issued=Exploding())  # type: ignore[arg-type]  # noqa: E731
    application = house.application("k", record=sample_2023())
    with pytest.raises(CrashError):
        house.issuer.issue([application], batch=note)
    counts = house.counts()
    assert counts["requests"] == 1
    assert [counts[t] for t in ("documents", "strikes", "events", "outbox")] == [0] * 4
    assert isinstance(house.try_to_issue(application)[0], Issued)


def test_a_document_we_would_refuse_is_never_recorded(house: House) -> None:
    class Strict:
        def document(self, pdf: bytes) -> None:
            raise VerificationError("H1", Text("不行", "no"))

        def code(self, text: str) -> None: ...

    with pytest.raises(VerificationError):
        replace(house.issuer, check=Strict()).issue([house.application("k", record=sample_2023())])
    assert house.counts()["documents"] == 0
    assert house.register.by_request("k") == ()


def test_a_code_we_would_refuse_is_never_recorded(house: House) -> None:
    class Strict:
        def document(self, pdf: bytes) -> None: ...

        def code(self, text: str) -> None:
            raise VerificationError("Q1", Text("不行", "no"))

    with pytest.raises(VerificationError):
        replace(house.issuer, check=Strict()).issue([house.application("k", record=sample_2023())])
    assert house.counts()["documents"] == 0


def test_a_page_whose_code_reads_otherwise_is_not_signed(house: House) -> None:
    signed: list[object] = []
    seal = house.issuer.seal_of("421200")

    class Watched:
        def __getattr__(self, name: str) -> Any:
            if name == "strike":
                signed.append(name)
            return getattr(seal, name)

    issuer = replace(house.issuer, proof=lambda pdf, box, page: "forged", seal_of=lambda _: Watched())
    with pytest.raises(SigningError, match="does not read back"):
        issuer.issue([house.application("k", record=sample_2023())])
    assert not signed
    assert house.counts()["documents"] == 0


def test_one_bad_signature_in_a_chunk_records_nothing_of_the_chunk(house: House) -> None:
    seen: list[bytes] = []

    class Third:
        def document(self, pdf: bytes) -> None:
            seen.append(pdf)
            if len(seen) == 3:
                raise VerificationError("H2", Text("不行", "no"))

        def code(self, text: str) -> None: ...

    applications = [house.application(str(i), record=sample_2023()) for i in range(3)]
    with pytest.raises(VerificationError):
        replace(house.issuer, check=Third()).issue(applications)
    assert house.counts()["documents"] == 0
    outcomes = house.try_to_issue(*applications)
    assert sorted(int(o.number[-7:-1]) for o in outcomes if isinstance(o, Issued)) == [1, 2, 3]


# ---- keys -------------------------------------------------------------------------------------------


def test_an_expired_seal_refuses_naming_its_window_and_uses_no_number(house: House) -> None:
    window = house.issuer.seal_of("421200").window
    before = book(house)
    house.clock.now = window.not_after + timedelta(seconds=1)
    with pytest.raises(SigningError, match=f"{window.not_before:%Y-%m-%d} … {window.not_after:%Y-%m-%d}") as refused:
        house.issue(sample_2023())
    assert "印章证书不在有效期内" in refused.value.message.zh
    assert book(house) == before
    house.clock.now = window.not_after
    assert house.issue(sample_2023()).number


def test_a_seal_that_is_not_yet_in_force_refuses_too(house: House) -> None:
    house.clock.now = house.issuer.seal_of("421200").window.not_before - timedelta(seconds=1)
    with pytest.raises(SigningError, match="in force"):
        house.issue(sample_2023() | {"issued_on": ""})


def test_a_seal_that_runs_out_between_reading_and_signing_signs_nothing(house: House) -> None:
    window = house.issuer.seal_of("421200").window
    moments = iter([window.not_after] * 4)

    def clock() -> datetime:
        return next(moments, window.not_after + timedelta(seconds=1))

    with pytest.raises(SigningError, match="in force"):
        replace(house.issuer, clock=clock).issue([house.application(record=sample_2023())])
    assert house.counts()["documents"] == 0


def test_a_wrong_passphrase_refuses_and_uses_no_number(house: House) -> None:
    with wiring.open_office(house.settings, lambda _: b"horse batter?", actor="t", clock=house.clock) as office:
        before = book(house)
        with pytest.raises(SigningError, match="passphrase"):
            office.issuer.issue([house.application(record=sample_2023())])
        assert book(house) == before


@pytest.mark.parametrize(
    "missing", ["seal-421200.key.pem", "seal-421200.crt.pem", "qr-421200.key.pem", "qr-421200.pub.pem"]
)
def test_a_missing_key_is_named_and_uses_no_number(house: House, missing: str) -> None:
    (house.settings.keys / missing).unlink()
    before = book(house)
    with pytest.raises(SigningError, match=missing.partition(".")[0]):
        house.issue(sample_2023())
    assert book(house) == before


def test_a_seal_of_another_office_cannot_issue(house: House) -> None:
    for suffix in (".key.pem", ".crt.pem"):
        shutil.copy(house.settings.keys / f"seal-421202{suffix}", house.settings.keys / f"seal-421200{suffix}")
    with pytest.raises(VerificationError, match="belongs to"):
        house.issue(sample_2023())
    assert house.counts()["documents"] == 0


def test_a_key_that_is_not_on_the_trust_list_cannot_issue(house: House, tmp_path: Path) -> None:
    with House(tmp_path / "foreign") as foreign:
        for file in foreign.settings.keys.glob("seal-421200.*"):
            shutil.copy(file, house.settings.keys / file.name)
    with pytest.raises(VerificationError):
        house.issue(sample_2023())
    assert house.counts()["documents"] == 0


def test_a_stolen_qr_key_file_of_another_house_cannot_issue(house: House, tmp_path: Path) -> None:
    with House(tmp_path / "foreign") as foreign:
        for file in foreign.settings.keys.glob("qr-421200.*"):
            shutil.copy(file, house.settings.keys / file.name)
    with pytest.raises(VerificationError):
        house.issue(sample_2023())
    assert house.counts()["documents"] == 0


def test_a_missing_trust_list_is_the_operators_to_mend(house: House) -> None:
    house.settings.trust.unlink()
    with pytest.raises(SettingsError, match=r"trust\.cose"):
        wiring.open_office(house.settings, lambda _: PASSPHRASE, actor="t")


# ---- numbers and names ------------------------------------------------------------------------------


def test_every_authority_issues_under_its_own_name_and_numbers(common_house: House) -> None:
    for authority, record in common_house.office.authorities.items():
        issued = common_house.issue(sample_2023(), authority=authority)
        assert issued.number[3:9] == record.latest.division
        report = common_house.verifier.pdf(issued.documents[0].pdf).require()
        assert report.document is not None
        assert report.document.authority_name == record.on(date(2024, 6, 3)).name


def test_numbers_run_without_a_gap_and_end_in_their_check_digit(house: House) -> None:
    applications = [house.application(record=sample_2023()) for _ in range(12)]
    numbers = [o.number for o in house.try_to_issue(*applications) if isinstance(o, Issued)]
    assert [int(n[-7:-1]) for n in numbers] == list(range(1, 13))
    for number in numbers:
        codes.check_jy(number)


def test_a_chunk_of_one_and_a_chunk_of_many_give_the_same_bytes(model_home: Path, tmp_path: Path) -> None:
    made = []
    for name, size in (("one", 1), ("many", 4)):
        shutil.copytree(model_home, tmp_path / name)
        with House(tmp_path / name) as house:
            house.office.issuer.register.reserve([], house.clock(), house.chance)
            applications = [house.application(f"k{i}", record=sample_2023()) for i in range(4)]
            reserved = replace(house.issuer, register=Trap(house.register, "reserve", True))
            with pytest.raises(CrashError):
                reserved.issue(applications)  # the dice are thrown for all; what follows depends on them alone
            outcomes = [o for at in range(0, 4, size) for o in house.try_to_issue(*applications[at : at + size])]
            made.append([d.pdf_digest for o in outcomes if isinstance(o, Issued) for d in o.documents])
    assert made[0] == made[1]
    assert len(set(made[0])) == 8


def test_a_register_that_refuses_stops_the_chunk_and_the_numbers_stay_in_the_house(house: House) -> None:
    house.settings.high_water.unlink(missing_ok=True)
    house.settings.high_water.mkdir()  # cannot be written
    with pytest.raises(RegisterError):
        house.issue(sample_2023(), key="k")
    house.settings.high_water.rmdir()
    assert house.counts()["documents"] == 0
    assert house.issue(sample_2023(), key="k").number.endswith(codes.mod11_10("2421200000001"))
