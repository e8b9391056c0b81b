"""A licence's life on the command line."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from certgen import outward, wiring
from certgen.core.errors import TemplateError
from certgen.core.status import STATUSES, Standing
from certgen.settings import SHIPPED
from tests._workspace import Said, command, live_home, write_record

TODAY = date.today()  # noqa: DTZ011 - the command line's clock is the real one
LAW = "食品安全法第一百二十四条"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return live_home(tmp_path_factory.mktemp("life") / "home")


@pytest.fixture
def licence(home: Path, tmp_path: Path) -> list[dict[str, str]]:
    record = write_record(tmp_path / "record.json")
    return command("issue", "food-business", record, "--out", tmp_path, "--home", home, "--json").json


def run(home: Path, *words: object, lang: str = "en") -> Said:
    return command(*words, "--home", home, lang=lang)


def test_a_licence_is_suspended_verified_and_given_back(home: Path, licence: list[dict[str, str]]) -> None:
    number, file = licence[0]["number"], licence[0]["file"]
    said = run(home, "suspend", number, "--reason", "后厨整改", "--basis", LAW, "--actor", "王磊")
    assert said.code == 0 and said.out.count("suspended") == 2
    assert run(home, "verify", file).code == 1
    assert "暂扣" in run(home, "verify", file, lang="zh").out
    assert run(home, "reinstate", number, "--reason", "整改合格").code == 0
    assert run(home, "verify", file).code == 0
    told = run(home, "show", number, "--history", lang="zh").out.splitlines()
    assert [line.split("  ")[3] for line in told] == ["签发", "签发", "暂扣 → 暂扣", "恢复 → 有效"]
    assert "王磊" in told[2] and LAW in told[2] and "后厨整改" in told[2]


def test_one_copy_is_voided_by_its_sid(home: Path, licence: list[dict[str, str]]) -> None:
    said = run(home, "void", licence[1]["sid"], "--reason", "印坏", "--json")
    assert [d["sid"] for d in said.json] == [licence[1]["sid"]]
    shown = run(home, "show", licence[0]["number"], "--json").json
    assert [d["status"] for d in shown] == ["issued", "void"]
    assert [d["in_force"] for d in shown] == [True, False]
    assert [d["codes"]["mohurd"] for d in shown] == ["01", "05"]


def test_a_refused_change_says_why_and_changes_nothing(home: Path, licence: list[dict[str, str]]) -> None:
    number = licence[0]["number"]
    said = run(home, "revoke", number, "--reason", "无依据")
    assert said.code == 2 and "nothing was changed" in said.err and "Legal basis (basis)" in said.err
    assert run(home, "reinstate", number, "--reason", "未暂扣", lang="zh").err.startswith("未作任何变更")
    assert run(home, "cancel", "JY14212020099999", "--reason", "x").code == 1
    assert len(run(home, "show", number, "--history", "--json").json) == 2


def test_a_change_of_tomorrow_does_not_count_today(home: Path, licence: list[dict[str, str]]) -> None:
    number, tomorrow = licence[0]["number"], TODAY + timedelta(days=2)
    said = run(home, "cancel", number, "--reason", "停业", "--effective", tomorrow)
    assert f"takes effect on {tomorrow}" in said.out and "in force" in said.out
    assert run(home, "verify", licence[0]["file"]).code == 0
    assert run(home, "show", number, "--on", TODAY, "--json").json[0]["in_force"] is True
    assert run(home, "show", number, "--on", tomorrow, "--json").json[0]["status"] == "cancelled"
    assert "not yet in force" in run(home, "show", number, "--on", "2020-01-01").out
    assert "注销" in run(home, "show", number, "--on", tomorrow, lang="zh").out


@pytest.mark.parametrize(("option", "text"), [("--on", "yesterday"), ("--on", "2025-13-01")])
def test_a_day_that_is_none_is_refused(home: Path, licence: list[dict[str, str]], option: str, text: str) -> None:
    assert run(home, "show", licence[0]["number"], option, text).code == 2


# New versions


def test_a_licence_is_amended_and_the_old_paper_says_so(
    home: Path, licence: list[dict[str, str]], tmp_path: Path
) -> None:
    number, old = licence[0]["number"], Path(licence[0]["file"]).read_bytes()
    (tmp_path / "old.pdf").write_bytes(old)
    changes = write_record(tmp_path / "changes.json", {"法定代表人（负责人）": "赵丽"})
    said = run(home, "amend", number, changes, "--reason", "负责人变更", "--actor", "王磊", "--out", tmp_path, "--json")
    assert said.code == 0, said.err
    assert {(d["number"], d["version"], d["status"]) for d in said.json} == {(number, 2, "issued")}
    assert {d["sid"] for d in said.json}.isdisjoint(d["sid"] for d in licence)
    assert run(home, "verify", said.json[0]["file"]).code == 0
    assert "已被新证替代" in run(home, "verify", tmp_path / "old.pdf", lang="zh").out
    assert "there is a newer version" in run(home, "show", licence[0]["sid"]).out
    assert "赵丽" in run(home, "show", number).out


def test_a_paper_is_replaced_and_corrected(home: Path, licence: list[dict[str, str]], tmp_path: Path) -> None:
    number = licence[0]["number"]
    assert (
        run(home, "replace", number, "--reason", "遗失", "--out", tmp_path, lang="zh").out.count(f"{number}  v2") == 2
    )
    changes = write_record(tmp_path / "changes.json", {"operator_name": "咸宁市桂花源小馆"})
    assert run(home, "correct", number, changes, "--reason", "印错", "--out", tmp_path).out.count("v3") == 2
    told = [(e["version"], e["action"], e["status"]) for e in run(home, "show", number, "--history", "--json").json]
    assert (1, "replace", "superseded") in told and (2, "correct", "void") in told


def test_a_refused_new_version_names_every_fault(home: Path, licence: list[dict[str, str]], tmp_path: Path) -> None:
    changes = write_record(tmp_path / "changes.json", {"valid_until": "2040-01-01", "operator_name": ""})
    said = run(home, "amend", licence[0]["number"], changes, "--reason", " ", "--out", tmp_path)
    assert said.code == 2 and said.err.startswith("nothing was changed") and len(said.faults) == 2
    assert run(home, "renew", "JY14212020099999", "--reason", "x").code == 1
    assert len(run(home, "show", licence[0]["number"], "--history", "--json").json) == 2


# Codes of other systems


def test_every_system_has_a_code_for_what_is_in_force_and_none_has_a_word_of_its_own() -> None:
    systems = outward.load_outward(SHIPPED / "_shared" / outward.FILE)
    assert {system.id for system in systems} >= {"mohurd", "fujian"}
    for system in systems:
        assert system.codes.keys() <= {*STATUSES, "expired"}
        over, alive = Standing("issued", True, True), Standing("issued", True, False)
        assert system.code(over) != system.code(alive) is not None
    mohurd = systems[0]
    assert [mohurd.code(Standing(word, True, True)) for word in ("suspended", "revoked")] == ["02", "07"]


def test_a_workspace_lays_its_own_codes_over_the_shipped_ones(home: Path, licence: list[dict[str, str]]) -> None:
    own = home / outward.FILE
    own.write_text('[mohurd]\ntitle = { zh = "甲", en = "A" }\ncodes = { issued = "有效" }\n', "utf-8")
    try:
        assert run(home, "show", licence[0]["number"], "--json").json[0]["codes"]["mohurd"] == "有效"
        own.write_text('[mohurd]\ntitle = { zh = "甲", en = "A" }\ncodes = { lost = "1" }\n', "utf-8")
        with pytest.raises(TemplateError, match="lost"):
            outward.load_outward(own)
    finally:
        own.unlink()
    assert json.dumps(sorted(wiring.template_folders())).count("food-business") == 1
