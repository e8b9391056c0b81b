"""New versions of a licence: corrected, amended, renewed, replaced; and what a crash leaves of one."""

import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pypdf
import pytest

from certgen.core import record
from certgen.core.errors import ApplicationError, RegisterError
from certgen.core.model import Application, Certificate
from certgen.issue import Issued, Refused
from certgen.life import Change
from certgen.succession import propose
from tests.house import House, sample_2023
from verify.report import Verdict


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path / "home") as house:
        yield house


def record_of(pdf: bytes) -> Certificate:
    (data,) = pypdf.PdfReader(io.BytesIO(pdf)).attachments["record.json"]
    return record.decode(data)


def ask(house: House, number: str, action: str, key: str = "", reason: str = "更名", **given: object) -> Application:
    return propose(house.issuer, number, Change(action, "王磊", reason), given, key)


def follow(house: House, number: str, action: str, key: str = "", reason: str = "更名", **given: object) -> Issued:
    (outcome,) = house.issuer.issue([ask(house, number, action, key, reason, **given)])
    if isinstance(outcome, Refused):
        raise outcome.error
    return outcome


def problems(house: House, number: str, action: str, **given: object) -> list[str]:
    before = house.counts()
    with pytest.raises(ApplicationError) as error:
        follow(house, number, action, **given)
    assert house.counts() == before
    return [problem.field for problem in error.value.problems]


def now(house: House, licence: Issued) -> set[str]:
    return {house.register.by_sid(d.sid)[0].status for d in licence.documents}


def test_an_amended_licence_keeps_number_and_expiry_and_is_issued_today(house: House) -> None:
    first = house.issue(sample_2023())  # of 2024-06-03
    second = follow(house, first.number, "amend", legal_representative="赵丽")
    assert second.number == first.number
    old, new = (house.register.by_sid(x.documents[0].sid)[0] for x in (first, second))
    assert (new.version, new.issued_on, new.valid_until) == (2, date(2026, 11, 23), old.valid_until)
    assert (old.status, old.has_newer, new.status, new.has_newer) == ("superseded", True, "issued", False)
    facts = record_of(second.documents[0].pdf)
    assert dict(facts.fields)["legal_representative"] == "赵丽"
    assert dict(facts.fields)["operator_name"] == sample_2023()["operator_name"], "the rest stays"
    assert {d.sid for d in house.register.find(first.number)} == {d.sid for d in second.documents}
    house.verifier.pdf(second.documents[0].pdf).require()
    assert house.verifier.pdf(first.documents[0].pdf).verdict is Verdict.FAILED


def test_a_corrected_licence_keeps_its_days_and_voids_the_misprint(house: House) -> None:
    first = house.issue(sample_2023())
    second = follow(house, first.number, "correct", reason="经营者名称漏字", operator_name="咸宁市桂花源餐饮有限公司")
    old, new = (house.register.by_sid(x.documents[0].sid)[0] for x in (first, second))
    assert (old.status, new.status, new.version) == ("void", "issued", 2)
    assert (new.issued_on, new.valid_from, new.valid_until) == (old.issued_on, old.valid_from, old.valid_until)
    last = house.register.history(first.number)[-1]
    assert (last.version, last.action, last.status) == (1, "correct", "void")
    assert (last.reason, last.actor) == ("经营者名称漏字", "王磊")
    assert house.register.check_events() == 5


def test_a_replaced_licence_says_the_same_and_takes_no_other_facts(house: House) -> None:
    first = house.issue(sample_2023())
    second = follow(house, first.number, "replace", reason="遗失")
    a, b = (record_of(x.documents[1].pdf) for x in (first, second))
    assert (a.fields, a.number, a.valid_until) == (b.fields, b.number, b.valid_until)
    assert (a.sid, a.salt) != (b.sid, b.salt) and b.issued_on == date(2026, 11, 23)
    assert now(house, first) == {"superseded"}
    assert problems(house, first.number, "replace", operator_name="乙") == ["operator_name"]


def test_a_renewed_licence_has_a_new_period(house: House) -> None:
    first = house.issue(sample_2023())
    second = follow(house, first.number, "renew")
    new = house.register.by_sid(second.documents[0].sid)[0]
    assert (new.valid_from, new.valid_until) == (date(2026, 11, 23), date(2031, 11, 22))
    assert now(house, first) == {"superseded"}


def test_a_renewal_may_begin_when_the_old_period_ends_and_until_then_the_old_one_counts(house: House) -> None:
    first = house.issue(sample_2023(), valid_until="2026-12-01")
    second = follow(house, first.number, "renew", valid_from="2026-12-02")
    assert (now(house, first), now(house, second)) == ({"issued"}, {"issued"})
    house.verifier.pdf(first.documents[0].pdf).require()
    assert house.verifier.pdf(second.documents[0].pdf).verdict is Verdict.FAILED, "not yet"
    assert house.register.find_on(first.number, date(2026, 12, 1))[0].version == 1
    assert house.register.find_on(first.number, date(2026, 12, 2))[0].version == 2
    house.clock.tick(days=9)
    assert now(house, first) == {"superseded"}
    house.verifier.pdf(second.documents[0].pdf).require()


def test_what_hangs_over_a_licence_goes_along(house: House) -> None:
    first = house.issue(sample_2023())
    house.register.change(first.number, Change("suspend", "李", "整改", "法"), house.clock())
    house.register.change(first.documents[0].sid, Change("cancel", "李", "停业", "", _days(house, 30)), house.clock())
    second = follow(house, first.number, "replace", reason="遗失")
    assert (now(house, first), now(house, second)) == ({"superseded"}, {"suspended"})
    house.clock.tick(days=30)
    assert [house.register.by_sid(d.sid)[0].status for d in second.documents] == ["cancelled", "suspended"]
    told = [(e.copy, e.action, e.reason, e.basis) for e in house.register.history(first.number) if e.version == 2]
    assert ("duplicate", "suspend", "整改", "法") in told and ("original", "cancel", "停业", "") in told


def _days(house: House, days: float) -> datetime:
    return house.clock() + timedelta(days=days)


@pytest.mark.parametrize("action", ["amend", "renew"])
def test_a_suspended_licence_is_neither_changed_nor_renewed(house: House, action: str) -> None:
    first = house.issue(sample_2023())
    house.register.change(first.number, Change("suspend", "李", "整改", "法"), house.clock())
    assert problems(house, first.number, action) == ["status"]


@pytest.mark.parametrize("action", ["correct", "amend", "renew", "replace"])
def test_what_has_ended_has_no_new_version(house: House, action: str) -> None:
    first = house.issue(sample_2023())
    house.register.change(first.number, Change("cancel", "李", "停业"), house.clock())
    assert problems(house, first.number, action) == ["status"]


@pytest.mark.parametrize("action", ["amend", "renew", "replace"])
def test_what_has_expired_is_applied_for_anew(house: House, action: str) -> None:
    first = house.issue(sample_2023(), valid_until="2026-12-01")
    house.clock.tick(days=10)
    assert problems(house, first.number, action) == ["valid_until"]


@pytest.mark.parametrize(
    ("action", "given", "fields"),
    [
        ("amend", {"valid_until": "2030-01-01"}, ["valid_until"]),
        ("correct", {"issued_on": "2024-06-04", "发证机关": "421221"}, ["authority", "issued_on"]),
        ("amend", {"credit_code": "1", "nothing": "x"}, ["credit_code", "nothing"]),
        ("amend", {"经营者名称": ""}, ["operator_name"]),
    ],
)
def test_what_an_action_keeps_is_not_given_and_what_is_given_is_read(
    house: House, action: str, given: dict[str, object], fields: list[str]
) -> None:
    first = house.issue(sample_2023())
    assert problems(house, first.number, action, **given) == fields


def test_a_blank_takes_a_value_away(house: House) -> None:
    first = house.issue(sample_2023() | {"warehouse": "湖北省咸宁市咸安区1号"})
    second = follow(house, first.number, "amend", warehouse="")
    assert "warehouse" not in dict(record_of(second.documents[1].pdf).fields)


def test_an_unknown_number_has_no_new_version(house: House) -> None:
    assert problems(house, "JY14212020000099", "amend") == ["number"]


# The register's own rules


def test_the_same_request_gives_the_same_documents_also_when_it_is_repeated(house: House) -> None:
    first = house.issue(sample_2023())
    second = follow(house, first.number, "amend", key="my key", legal_representative="赵丽")
    again = follow(house, first.number, "amend", key="my key", legal_representative="赵丽")
    assert again.again and [d.sid for d in again.documents] == [d.sid for d in second.documents]
    assert problems(house, first.number, "amend", key="my key", legal_representative="钱进") == ["request_key"]
    assert house.register.history(first.number)[-1].version == 1


def test_a_crash_behind_step_2_leaves_the_old_version_as_it_was_and_the_same_command_goes_on(
    house: House,
) -> None:
    first = house.issue(sample_2023())
    application = ask(house, first.number, "amend", legal_representative="赵丽")
    (promise,) = house.issuer._reserve([house.issuer.read(application)])  # and the power goes
    assert (promise.number, promise.version) == (first.number, 2)
    assert now(house, first) == {"issued"}
    assert {d.version for d in house.register.find(first.number)} == {1}
    house.verifier.pdf(first.documents[0].pdf).require()
    house.clock.tick(days=1)
    second = follow(house, first.number, "amend", legal_representative="赵丽")
    assert [d.sid for d in second.documents] == list(promise.sids)
    assert house.register.by_sid(promise.sids[0])[0].issued_on == date(2026, 11, 23), "the day of its reservation"
    assert now(house, first) == {"superseded"}


def test_a_version_given_up_halfway_is_passed_over(house: House) -> None:
    first = house.issue(sample_2023())
    lost = house.issuer.read(ask(house, first.number, "amend", legal_representative="赵丽"))
    house.issuer._reserve([lost])
    third = follow(house, first.number, "amend", legal_representative="钱进")
    assert {d.version for d in house.register.find(first.number)} == {3}
    (refused,) = house.issuer.issue([lost.application])
    assert isinstance(refused, Refused) and refused.error.problems[0].field == "number"
    assert now(house, third) == {"issued"}


def test_of_two_new_versions_in_one_chunk_the_first_is_made(house: House) -> None:
    first = house.issue(sample_2023())
    asked = [ask(house, first.number, "amend", legal_representative=name) for name in ("赵丽", "钱进")]
    one, other = house.issuer.issue(asked)
    assert isinstance(one, Issued) and isinstance(other, Refused)


def test_a_licence_revoked_while_its_new_version_is_made_stays_revoked(house: House) -> None:
    first = house.issue(sample_2023())
    ready = house.issuer.read(ask(house, first.number, "amend", legal_representative="赵丽"))
    made = house.issuer._make([(ready, house.issuer._reserve([ready])[0])], look=False)
    house.register.change(first.number, Change("revoke", "李", "处罚", "法"), house.clock())
    before = house.counts()
    with pytest.raises(RegisterError, match="changed by somebody else"):
        house.register.record([r for documents in made for _, r in documents], house.clock(), "test")
    assert house.counts() == before
    assert now(house, first) == {"revoked"}


def test_a_further_paper_of_a_new_version_changes_nothing_else(house: House) -> None:
    first = house.issue(sample_2023())
    application = ask(house, first.number, "amend", "k", legal_representative="赵丽")
    house.issuer.issue([application])
    house.issuer.issue([application], papers=("plain", "overprint"))
    told = [(e.version, e.action, e.status) for e in house.register.history(first.number)]
    assert told.count((1, "amend", "superseded")) == 1
    assert [d.paper for d in house.register.find(first.number)] == ["plain", "overprint"] * 2


def test_a_new_version_draws_no_number(house: House) -> None:
    first = house.issue(sample_2023())
    follow(house, first.number, "renew")
    other = house.issue(sample_2023() | {"operator_name": "另一家"})
    assert int(other.number[8:-1]) == int(first.number[8:-1]) + 1
