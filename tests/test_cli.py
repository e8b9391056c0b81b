"""The command line: sentences, exit codes, and nothing said that must not be."""

import gc
import json
import re
import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from certgen import settings, wiring
from certgen.cli import main
from certgen.core.codes import make_citizen_id
from certgen.proof import read_qr
from tests._workspace import RUN, Said, book, command, files, live_home, python, write_record
from tests.house import KIND, House, case, sample_2023
from tests.test_issue import FIVE_FAULTS

ID = make_citizen_id("422301", date(1985, 3, 7), 123)


@pytest.fixture(scope="module")
def live_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return live_home(tmp_path_factory.mktemp("live") / "home")


@pytest.fixture(scope="module")
def common(live_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace for tests that neither count nor break it."""
    folder = tmp_path_factory.mktemp("common") / "home"
    shutil.copytree(live_model, folder)
    return folder


@pytest.fixture
def home(live_model: Path, tmp_path: Path) -> Path:
    shutil.copytree(live_model, tmp_path / "home")
    return tmp_path / "home"


def issue(home: Path, record: Path, *more: object, lang: str = "en") -> Said:
    return command("issue", KIND, record, "--home", home, "--out", record.parent / "out", *more, lang=lang)


# ---- one licence ------------------------------------------------------------------------------------


def test_a_licence_is_issued_shown_verified_and_fetched_again(home: Path, tmp_path: Path) -> None:
    issued = issue(home, write_record(tmp_path / "r.json"), "--paper", "both", "--json")
    assert issued.code == 0
    rows = issued.json
    assert [(r["copy"], r["paper"]) for r in rows] == [
        ("original", "plain"), ("original", "overprint"), ("duplicate", "plain"), ("duplicate", "overprint"),
    ]  # fmt: skip
    first = rows[0]
    for row in rows:
        judged = command("verify", row["file"], "--home", home, "--json")
        assert (judged.code, judged.json["verdict"], judged.json["sid"]) == (0, "PASSED", row["sid"])
        assert command("verify", row["file"], "--home", home, "--offline").code == 3
    shown = command("show", first["number"], "--home", home, lang="zh")
    assert "咸宁市桂花源餐饮管理有限公司" in shown.out
    grouped = " ".join(re.findall("....", first["sid"].lower()))
    fetched = command("fetch", grouped, "--home", home, "--out", tmp_path / "again")
    assert fetched.code == 0
    assert len(fetched.out.splitlines()) == 2, "a sid is one copy, on both papers"
    assert command("fetch", first["number"], "--home", home, "--out", tmp_path / "again").code == 0
    assert files(tmp_path / "again") == files(tmp_path / "out")


def test_the_code_of_a_page_verifies_through_the_command(common: Path, tmp_path: Path) -> None:
    row = issue(common, write_record(tmp_path / "r.json"), "--json").json[0]
    text = read_qr(Path(row["file"]).read_bytes(), None)
    assert command("verify", text, "--home", common).code == 0
    assert command("verify", text.replace(row["sid"], "0" * 12), "--home", common).code == 1
    assert command("verify", text[:-1] + str(9 - int(text[-1])), "--home", common).code == 1


def test_a_record_may_come_from_standard_input(home: Path, tmp_path: Path) -> None:
    record = json.dumps(sample_2023()).encode()
    answer = python("-c", RUN, "issue", KIND, "-", "--home", home, "--out", tmp_path / "out", input=record)
    assert answer.code == 0
    assert len(files(tmp_path / "out")) == 2


def test_the_same_key_on_the_command_line_gives_the_same_files(home: Path, tmp_path: Path) -> None:
    record = write_record(tmp_path / "r.json")
    first = issue(home, record, "--key", "K", "--json").json
    (tmp_path / "out").rename(tmp_path / "before")
    again = issue(home, record, "--key", "K")
    assert "issued before; the same documents" in again.out
    assert files(tmp_path / "out") == files(tmp_path / "before")
    other = issue(home, write_record(tmp_path / "r.json", operator_name="另一家"), "--key", "K", lang="zh")
    assert other.faults == ["申请编号：现为“K”，应为未用于其他内容的编号"]
    with House(home) as house:
        assert house.counts()["requests"] == 1
        assert house.register.find(first[0]["number"])


def test_two_runs_without_a_key_are_two_licences(home: Path, tmp_path: Path) -> None:
    record = write_record(tmp_path / "r.json")
    numbers = {issue(home, record, "--json").json[0]["number"] for _ in range(2)}
    assert len(numbers) == 2


# ---- bad records ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "title", "line"),
    [
        ("zh", "记录有 5 处问题，未签发：", "主体业态：现为“面馆”，应为下列之一：食品销售经营者、"),
        ("en", "the record has 5 faults; nothing was issued:", "Main business (main_business): found '面馆', wanted"),
    ],
)
def test_five_faults_are_five_lines_in_either_language_and_nothing_is_left(
    home: Path, tmp_path: Path, lang: str, title: str, line: str
) -> None:
    record = write_record(tmp_path / "r.json", **FIVE_FAULTS)
    with House(home) as house:
        before = book(house)
    left = files(tmp_path)
    answer = issue(home, record, lang=lang)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.splitlines()[0] == title
    assert len(answer.faults) == 5
    assert answer.faults[3].startswith(line)
    assert not (tmp_path / "out").exists()
    assert files(tmp_path) == left
    with House(home) as house:
        assert book(house) == before


def test_faults_in_json_carry_field_label_found_and_wanted_in_both_languages(common: Path, tmp_path: Path) -> None:
    answer = issue(common, write_record(tmp_path / "r.json", **FIVE_FAULTS), "--json")
    assert answer.code == 2
    problems = answer.json["problems"]
    assert [p["field"] for p in problems] == list(FIVE_FAULTS)
    assert all(set(p) == {"field", "label", "found", "wanted"} for p in problems)
    assert all(set(p["label"]) == set(p["wanted"]) == {"zh", "en"} for p in problems)


NOT_A_RECORD = {
    "an empty file": b"",
    "not JSON": b"{operator_name: 1}",
    "half of it": b'{"operator_name": "',
    "a list": b"[]",
    "a list of records": json.dumps([sample_2023()]).encode(),
    "a text": b'"record"',
    "null": b"null",
    "deep nesting": b"[" * 200_000,
    "deep nesting of objects": b'{"a":' * 200_000,
    "deep nesting that closes": b"[" * 100_000 + b"]" * 100_000,
    "UTF-16": '{"a": "b"}'.encode("utf-16"),
    "GB 18030": '{"经营者名称": "桂花源"}'.encode("gb18030"),
    "a byte that is no text": b'{"operator_name": "\xff"}',
    "a key twice": b'{"operator_name": "a", "operator_name": "b"}',
    "a key twice further in": b'{"operator_name": {"a": 1, "a": 2}}',
    "a number of a megabyte": b'{"operator_name": ' + b"9" * 1_000_000 + b"}",
    "NUL": b"\x00",
    "two records": b"{}{}",
}


@pytest.mark.parametrize("data", NOT_A_RECORD.values(), ids=NOT_A_RECORD.keys())
def test_what_is_no_json_object_is_one_sentence(common: Path, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "r.json").write_bytes(data)
    for lang in ("zh", "en"):
        answer = issue(common, tmp_path / "r.json", lang=lang)
        assert (answer.code, answer.out) == (2, "")
        (sentence,) = answer.err.splitlines()
        assert sentence.startswith("r.json")
        assert len(sentence) < 300


HUGE: dict[str, Callable[[], dict[str, object]]] = {
    "a value of ten megabytes": lambda: {"premises": "号" * 3_000_000},
    "a list of a million": lambda: {"business_items": ["x"] * 1_000_000},
    "a list of many different ones": lambda: {"business_items": [f"x{i}" for i in range(200_000)]},
    "a value nested as deep as JSON allows": lambda: {"premises": json.loads("[" * 900 + "]" * 900)},
    "a float too large": lambda: {"premises": float("inf")},
    "no number": lambda: {"premises": float("nan")},
    "a whole number of 4000 digits": lambda: {"premises": 10**4000},
}


@pytest.mark.parametrize("make", HUGE.values(), ids=HUGE.keys())
def test_huge_values_are_one_short_fault(common: Path, tmp_path: Path, make: Callable[[], dict[str, object]]) -> None:
    answer = issue(common, write_record(tmp_path / "r.json", **make()))
    assert answer.code == 2
    assert len(answer.faults) == 1
    assert len(answer.err) < 1000


@pytest.mark.parametrize("value", ["{{7*7}}", '<img src="file:///etc/passwd">', "../../x"])
def test_code_and_paths_in_values_are_printed_as_text_and_stay_in_the_folder(
    common: Path, tmp_path: Path, value: str
) -> None:
    (tmp_path / "work").mkdir()
    record = write_record(tmp_path / "work" / "r.json", operator_name=value, legal_representative=value)
    row = issue(common, record, "--json").json[0]
    assert Path(row["file"]).parent == tmp_path / "work" / "out"
    made = {f"work/out/{row['number']}-{copy}.pdf" for copy in ("original", "duplicate")}
    assert set(files(tmp_path)) == {"work/r.json", *made}
    assert f"Operator: {value}" in command("verify", row["file"], "--home", common).out


@pytest.mark.parametrize("name", ["hostile", "rare-characters", "sole-trader", "longest", "longest-2023", "long-name"])
def test_the_cases_of_the_template_go_through_the_command(common: Path, tmp_path: Path, name: str) -> None:
    answer = issue(common, write_record(tmp_path / "r.json", case(name)), "--json")
    assert answer.code == 0, answer
    for row in answer.json:
        judged = command("verify", row["file"], "--home", common, "--json").json
        assert {f["rule"] for f in judged["findings"] if f["ok"] is not True} <= {"V"}


# ---- what does not exist ----------------------------------------------------------------------------


MISSING = {
    "a record": ["issue", KIND, "nowhere.json"],
    "a record that is a folder": ["issue", KIND, "."],
    "a kind": ["issue", "marriage", "RECORD"],
    "a kind that is a path": ["issue", "../food-business", "RECORD"],
    "a kind that is no text": ["issue", "\udcff", "RECORD"],
    "a kind to list": ["kinds", "--csv", "marriage"],
    "a kind for a batch": ["batch", "\udcff", "RECORD"],
    "a table": ["batch", KIND, "nowhere.csv"],
    "a PDF": ["verify", "nowhere.pdf"],
    "an address for a PDF": ["verify", "https://licence.example:8443/0123456789AB"],
    "a name too long for a file": ["verify", "x" * 5000],
    "a folder for a PDF": ["verify", "."],
}


@pytest.mark.parametrize("words", MISSING.values(), ids=MISSING.keys())
@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
def test_what_does_not_exist_is_one_sentence(common: Path, tmp_path: Path, words: list[str], more: list[str]) -> None:
    record = write_record(tmp_path / "r.json")
    answer = command(*[str(record) if w == "RECORD" else w for w in words], *more, "--home", common)
    assert answer.code == 2
    answer.out.encode()
    if more:
        assert set(answer.json["message"]) == {"zh", "en"}
    else:
        assert 1 <= len(answer.err.splitlines()) <= 2
        assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    "number", ["JY14212020000012", "../../etc/passwd", "' OR 1=1 --", "\udcff", "x" * 5000, "", "%"], ids=range(7)
)
@pytest.mark.parametrize("verb", ["show", "fetch"])
def test_a_number_that_nobody_has_is_answered_and_leads_nowhere(
    common: Path, tmp_path: Path, verb: str, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = command(verb, number, "--home", common)
    assert answer.code == 1
    assert "the register has no" in answer.err
    assert len(answer.err) < 200
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_uses_no_number(home: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    answer = issue(home, write_record(tmp_path / "r.json"))
    assert (answer.code, "cannot be made" in answer.err) == (2, True)
    with House(home) as house:
        assert house.counts()["requests"] == 0


def test_a_file_that_cannot_be_written_says_how_to_get_it(home: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "JY24212000000014-original.pdf").mkdir(parents=True)
    answer = issue(home, write_record(tmp_path / "r.json"))
    assert answer.code == 2
    assert "certgen fetch JY24212000000014" in answer.err
    fetched = command("fetch", "JY24212000000014", "--home", home, "--out", tmp_path / "other")
    assert (fetched.code, len(files(tmp_path / "other"))) == (0, 2)


NO_DOCUMENT = {
    "an empty file": b"",
    "a text": b"hello",
    "a foreign PDF": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n",
    "17 megabytes": b"%PDF-1.7\n" + b"0" * (17 * 2**20),
    "noise": bytes(range(256)) * 100,
}


@pytest.mark.parametrize("data", NO_DOCUMENT.values(), ids=NO_DOCUMENT.keys())
def test_what_is_none_of_our_documents_is_refused(common: Path, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "f.pdf").write_bytes(data)
    for more in ([], ["--offline"]):
        answer = command("verify", tmp_path / "f.pdf", "--home", common, *more)
        assert (answer.code, answer.err) == (1, "")
        assert answer.out.startswith("not verified")


# ---- help, kinds ------------------------------------------------------------------------------------


def test_the_kinds_are_listed_and_their_table_can_be_issued(home: Path, tmp_path: Path) -> None:
    assert "food-business" in command("kinds", "--home", home).out
    assert KIND in [k["kind"] for k in command("kinds", "--home", home, "--json").json]
    (tmp_path / "t.csv").write_text(command("kinds", "--csv", KIND, "--home", home).out, "utf-8")
    answer = command("batch", KIND, tmp_path / "t.csv", "--home", home, "--out", tmp_path / "out")
    assert (answer.code, answer.err) == (0, "")


@pytest.mark.parametrize("verb", ["init", "kinds", "issue", "batch", "verify", "show", "fetch"])
def test_every_command_explains_itself(verb: str) -> None:
    answer = command(verb, "--help")
    assert answer.code == 0
    assert "--home" in answer.out


# ---- nothing said that must not be ------------------------------------------------------------------


LOUD = "import logging, sys; logging.basicConfig(level=logging.DEBUG, stream=sys.stderr); " + RUN


@pytest.mark.slow
def test_no_name_id_or_sid_is_logged_even_when_everything_else_is(home: Path, tmp_path: Path) -> None:
    record = write_record(
        tmp_path / "r.json", credit_code=ID, operator_name="机密小吃店", legal_representative="机密人"
    )

    def run(*words: object) -> Said:
        return python("-c", LOUD, *words, "--home", home, "--lang", "en")

    issued = run("issue", KIND, record, "--out", tmp_path / "out")
    number, sid, file = issued.out.splitlines()[0].split()
    said = {
        "issue": issued,
        "verify": run("verify", file),
        "show": run("show", number),
        "fetch": run("fetch", sid, "--out", tmp_path / "out"),
        "offline": run("verify", file, "--offline"),
    }
    assert {name: answer.code for name, answer in said.items()} == dict.fromkeys(said, 0) | {"offline": 3}
    for name, answer in said.items():
        assert ID not in answer.err + answer.out, name
        assert "机密" not in answer.err, name
        assert sid not in answer.err, name
        assert ID[10:14] not in re.findall(r"[0-9]{4,}", answer.out), name
    assert "DEBUG" in "".join(answer.err for answer in said.values()), "nothing was logged at all: the test is blind"
    table = tmp_path / "t.csv"
    table.write_text(f"operator_name,credit_code\n机密店,{ID[:-1] + ('0' if ID[-1] != '0' else '1')}\n", "utf-8")
    batch = run("batch", KIND, table, "--out", tmp_path / "batch")
    wrong = [line for line in batch.err.splitlines() if ID[:-1] in line]
    assert len(wrong) == 1, "an ID that is wrong is shown once, where it is called wrong"
    assert wrong[0].startswith("row 2, column B: Social credit code")
    assert ID[:-1] not in batch.out + (tmp_path / "batch" / "results.csv").read_text("utf-8-sig")


def test_an_id_is_in_no_fault_but_that_of_its_own_field(common: Path, tmp_path: Path) -> None:
    wrong = ID[:-1] + ("0" if ID[-1] != "0" else "1")
    for more in ([], ["--json"]):
        record = write_record(tmp_path / "r.json", credit_code=wrong, premises=None, main_business="面馆")
        answer = issue(common, record, *more)
        lines = [p["field"] for p in answer.json["problems"]] if more else answer.faults
        assert len(lines) == 3
        assert (answer.out + answer.err).count(wrong) == (1 if not more else 3)  # both messages, and `found`
    good = issue(common, write_record(tmp_path / "r.json", credit_code=ID, premises=None, main_business="面馆"))
    assert ID not in good.out + good.err


def test_a_passphrase_is_in_no_answer(common: Path, tmp_path: Path) -> None:
    secret = settings.load(common).passphrase_file
    assert secret is not None
    answer = issue(common, write_record(tmp_path / "r.json"), "--json")
    assert secret.read_text() not in answer.out + answer.err
    with wiring.open_office(settings.load(common), lambda _: secret.read_bytes(), actor="t") as office:
        office.issuer.seal_of("421200")
        assert secret.read_text() not in repr(office) + repr(office.issuer) + repr(office.issuer.seal_of("421200"))


def test_the_command_leaves_the_collector_as_a_caller_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["certgen", "kinds"])
    with pytest.raises(SystemExit):
        main()
    assert gc.isenabled()
