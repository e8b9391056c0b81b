"""Records that are filled in from another licence of the same holder."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from certgen.core.errors import ApplicationError, SettingsError, TemplateError
from certgen.core.model import Application
from certgen.filling import fill
from certgen.issue import Issued
from certgen.life import Change
from certgen.template import load_template
from tests.house import House, sample, sample_2023

BASE, KIND = "food-business", "snack-stall"
CODE = "91421200MA4900002N"
WITH_RULE = f"""\
extends = "{BASE}"
kind = "{BASE}"
version = 1

[[rule]]
unique = {{ fields = ["credit_code"] }}
"""
FILLED = f"""\
extends = "{BASE}"
kind = "{KIND}"
version = 1

[from]
kind = "{BASE}"
code = "credit_code"
fields = {{ credit_code = "credit_code", operator_name = "operator_name", supervising_body = "premises" }}
"""


def lay(folder: Path, kind: str, toml: str) -> Path:
    (folder / "templates" / kind).mkdir(parents=True, exist_ok=True)
    (folder / "templates" / kind / "template.toml").write_text(toml, "utf-8")
    return folder / "templates" / kind


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    lay(tmp_path / "home", BASE, WITH_RULE)
    lay(tmp_path / "home", KIND, FILLED)
    with House(tmp_path / "home") as house:
        yield house


def record(**changes: object) -> Application:
    data = {k: v for k, v in sample().items() if k not in ("operator_name", "credit_code")} | changes
    return Application(KIND, data, "key")


def test_blanks_are_filled_from_the_licence_in_force(house: House) -> None:
    house.issue(operator_name="咸宁市甲店")
    filled = fill(house.issuer, record(经营者名称=" "), f" {CODE.lower()} ")
    assert (filled.data["operator_name"], filled.data["credit_code"]) == ("咸宁市甲店", CODE)
    assert "supervising_body" not in filled.data, "the form of the day has no such field"
    assert isinstance(house.issuer.issue([filled])[0], Issued)


def test_what_the_record_gives_wins(house: House) -> None:
    house.issue(operator_name="咸宁市甲店")
    filled = fill(house.issuer, record(经营者名称="咸宁市乙店"), CODE)
    assert "operator_name" not in filled.data and filled.data["经营者名称"] == "咸宁市乙店"


def test_the_form_of_the_day_decides_what_is_filled(house: House) -> None:
    first = house.issue()
    filled = fill(house.issuer, record(issued_on="2017-08-01"), CODE)
    assert filled.data["supervising_body"] == sample()["premises"] and first.number


@pytest.mark.parametrize("code", ["91421200MA4900003L", "", "x", "\udc80"])
def test_a_code_without_a_licence_is_refused(house: House, code: str) -> None:
    house.issue()
    with pytest.raises(ApplicationError) as error:
        fill(house.issuer, record(), code)
    assert error.value.problems[0].field == "from"


@pytest.mark.parametrize("action", ["suspend", "cancel"])
def test_a_licence_that_is_not_in_force_fills_nothing_in(house: House, action: str) -> None:
    licence = house.issue()
    house.register.change(licence.number, Change(action, "李", "整改", "法"), house.clock())
    with pytest.raises(ApplicationError, match="in force"):
        fill(house.issuer, record(), CODE)


def test_a_licence_from_before_the_rule_is_found(tmp_path: Path) -> None:
    with House(tmp_path / "home") as house:
        house.issue(sample_2023() | {"operator_name": "老店"})
    lay(tmp_path / "home", BASE, WITH_RULE)
    lay(tmp_path / "home", KIND, FILLED)
    with House(tmp_path / "home", seed=2) as house:
        assert fill(house.issuer, record(), CODE).data["operator_name"] == "老店"


def test_a_kind_without_a_source_or_a_source_without_the_rule_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    lay(tmp_path / "home", KIND, FILLED)
    with House(tmp_path / "home") as house:
        with pytest.raises(SettingsError, match="no unique rule"):
            fill(house.issuer, record(), CODE)
        with pytest.raises(SettingsError, match="filled in from"):
            fill(house.issuer, Application("business-licence", {}, "k"), CODE)


def test_a_field_to_fill_in_must_be_declared(tmp_path: Path) -> None:
    lay(tmp_path, BASE, WITH_RULE)
    with pytest.raises(TemplateError) as error:
        load_template(lay(tmp_path, KIND, FILLED.replace("supervising_body =", "nothing =")))
    assert error.value.field == "from.fields"


def test_every_shipped_kind_that_says_so_is_filled_in_from_its_source(tmp_path: Path) -> None:
    """Leave out of each kind's sample what its `[from]` names: the licence it comes from gives it, and it is issued."""
    with House(tmp_path / "home") as house:
        filled_in = {kind: t for kind, t in house.issuer.templates.items() if t.source is not None}
        assert {"food-business", "food-production", "drug-business", "device-licence"} <= filled_in.keys()
        base = shipped("business-licence")
        house.issue(base, kind="business-licence")
        for kind, template in filled_in.items():
            assert template.source is not None
            left = {k: v for k, v in shipped(kind).items() if k not in template.source.fields}
            filled = fill(house.issuer, Application(kind, left, kind), str(base["credit_code"]))
            given = {ours: base[theirs] for ours, theirs in template.source.fields.items() if ours in filled.data}
            assert given and filled.data == left | given, kind
            (outcome,) = house.issuer.issue([filled])
            assert isinstance(outcome, Issued), outcome


def shipped(kind: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(Path("templates", kind, "sample.json").read_text("utf-8"))
    return found
