"""Batches: every row once, whatever is killed, full or running beside it."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from certgen import batch as batches
from certgen.core.errors import RegisterError, SettingsError
from certgen.issue import Issued, Refused
from certgen.sheet import load_sheet
from tests._workspace import ROOT, RUN, Said, book, command, files, live_home, python
from tests.house import KIND, House, sample_2023

PLAIN = ("plain",)
ID = "422301198503071238"
FAULTY: dict[str, object] = {
    "operator_name": "",
    "credit_code": ID[:-1] + "9",
    "legal_representative": "陈\ue000",
    "main_business": "面馆",
    "issued_on": "2999-01-01",
}


def write_table(
    file: Path, count: int, faulty: Mapping[int, Mapping[str, object]] | None = None, **more: object
) -> Path:
    """Write `count` rows of the form of 2023, the operator's name numbered; `faulty` changes rows by place."""
    rows = []
    for place in range(count):
        record = sample_2023() | {"operator_name": f"第{place}家店"} | more | dict((faulty or {}).get(place, {}))
        rows.append({k: "、".join(v) if isinstance(v, list) else v for k, v in record.items()})
    with file.open("w", encoding="utf-8-sig", newline="") as sink:
        writer = csv.DictWriter(sink, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def columns_of(table: Path, names: Iterable[str]) -> list[str]:
    """Give the letters of the columns with these headers."""
    header = table.read_text("utf-8-sig").splitlines()[0].split(",")
    return ["ABCDEFGHIJKLMNOPQRSTUVWXYZ"[header.index(name)] for name in names]


def start(house: House, table: Path, papers: Any = PLAIN) -> batches.Batch:
    sheet = load_sheet(table, house.issuer.templates[KIND].names)
    return batches.open_batch(house.issuer, KIND, sheet, papers)


def run(house: House, table: Path, chunk_rows: int = 5, papers: Any = PLAIN) -> list[batches.RowResult]:
    batch = start(house, table, papers)
    return [result for chunk in batches.run(house.issuer, batch, papers, chunk_rows) for result in chunk]


def sequences(house: House) -> list[int]:
    """List the sequences of all numbers in the register, in order."""
    return sorted(row[book_column("requests", "sequence")] for row in book(house)["requests"])


def book_column(table: str, name: str) -> int:
    from certgen.schema import metadata

    return list(metadata.tables[table].columns.keys()).index(name)


def limit_pages(house: House, more: int) -> None:
    """Let the register grow by so many pages only. SQLite keeps the limit for each connection: all of them get it."""
    with ExitStack() as stack:
        for _ in range(4):
            db = stack.enter_context(house.register._database.reading())
            pages = db.row("PRAGMA page_count")[0] + more
            db.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


@pytest.fixture(scope="module")
def live_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return live_home(tmp_path_factory.mktemp("live") / "home")


@pytest.fixture
def home(live_model: Path, tmp_path: Path) -> Path:
    """A workspace for the command line."""
    shutil.copytree(live_model, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def opened(home: Path) -> Iterator[House]:
    with House(home) as house:
        yield house


# ---- in this process --------------------------------------------------------------------------------


def test_a_batch_issues_its_rows_in_order_and_refuses_the_wrong_ones(house: House, tmp_path: Path) -> None:
    results = run(house, write_table(tmp_path / "t.csv", 12, {3: FAULTY, 7: {"premises": ""}}))
    refused = {r.row: r.outcome.error for r in results if isinstance(r.outcome, Refused)}
    issued = [r.outcome.number for r in results if isinstance(r.outcome, Issued)]
    assert [r.row for r in results] == list(range(2, 14))
    assert set(refused) == {5, 9}
    assert len(refused[5].problems) == 5
    assert [int(n[-7:-1]) for n in issued] == list(range(1, 11))
    assert sequences(house) == list(range(1, 11))


def test_the_second_run_of_a_batch_issues_nothing(house: House, tmp_path: Path) -> None:
    table = write_table(tmp_path / "t.csv", 7, {2: FAULTY})
    run(house, table)
    before = book(house)
    assert run(house, table) == []
    assert book(house) == before


def test_rows_are_marked_with_their_documents_or_not_at_all(house: House, tmp_path: Path) -> None:
    table = write_table(tmp_path / "t.csv", 6)
    batch = start(house, table)
    steps = batches.run(house.issuer, batch, PLAIN, 2)
    for done in (2, 4, 6):
        next(steps)
        summary = house.register.ledger.summary(batch.id)
        assert (summary.issued, summary.ready) == (done, 6 - done)
        assert house.counts()["documents"] == 2 * done


def test_a_batch_left_halfway_goes_on_where_it_stood(house: House, tmp_path: Path) -> None:
    table = write_table(tmp_path / "t.csv", 9)
    steps = batches.run(house.issuer, start(house, table), PLAIN, 2)
    next(steps)
    next(steps)
    steps.close()
    assert [r.row for r in run(house, table)] == list(range(6, 11))
    assert sequences(house) == list(range(1, 10))


def test_another_paper_of_the_same_table_is_another_batch(house: House, tmp_path: Path) -> None:
    table = write_table(tmp_path / "t.csv", 2)
    first, second = (start(house, table, papers) for papers in (PLAIN, ("overprint",)))
    assert first.id != second.id


@pytest.mark.parametrize("header", ["request_key", "申请编号"])
def test_a_row_with_its_own_request_key_is_issued_once_in_whatever_table_it_stands(
    house: House, tmp_path: Path, header: str
) -> None:
    table = write_table(tmp_path / "t.csv", 2, {0: {header: "A"}, 1: {header: "B"}}, **{header: ""})
    first = run(house, table)
    more = write_table(tmp_path / "u.csv", 3, {0: {header: "A"}, 1: {header: " B "}, 2: {header: "C"}}, **{header: ""})
    second = run(house, more)
    numbers = [[r.outcome.number for r in rows if isinstance(r.outcome, Issued)] for rows in (first, second)]
    assert numbers[1][:2] == numbers[0]
    assert [r.outcome.again for r in second if isinstance(r.outcome, Issued)] == [True, True, False]
    assert house.counts()["requests"] == 3


def test_a_mended_table_issues_only_the_rows_that_were_mended(house: House, tmp_path: Path) -> None:
    first = run(house, write_table(tmp_path / "first.csv", 4, {2: {"operator_name": ""}}))
    again = run(house, write_table(tmp_path / "mended.csv", 4))
    numbers = {r.row: r.outcome.number for r in first if isinstance(r.outcome, Issued)}
    assert sorted(numbers) == [2, 3, 5]
    assert {r.row: r.outcome.number for r in again if isinstance(r.outcome, Issued) and r.outcome.again} == numbers
    assert len(set(sequences(house))) == len(sequences(house)) == 4


def test_a_row_that_repeats_another_is_refused_and_names_it(house: House, tmp_path: Path) -> None:
    same = write_table(tmp_path / "t.csv", 3, {0: {"operator_name": "同一家"}, 2: {"operator_name": "同一家"}})
    *good, repeat = run(house, same, chunk_rows=2)
    assert all(isinstance(r.outcome, Issued) for r in good)
    assert isinstance(repeat.outcome, Refused)
    assert "it repeats row 2" in repeat.outcome.error.say("en")
    sheet = load_sheet(same, house.issuer.templates[KIND].names)
    assert [bool(error) for _, error in batches.check(house.issuer, KIND, sheet, PLAIN)] == [False, False, True]


def test_a_check_reads_every_row_and_issues_nothing(house: House, tmp_path: Path) -> None:
    sheet = load_sheet(write_table(tmp_path / "t.csv", 6, {4: FAULTY}), house.issuer.templates[KIND].names)
    before = book(house)
    faults = dict(batches.check(house.issuer, KIND, sheet, PLAIN))
    assert [row for row, error in faults.items() if error] == [6]
    assert book(house) == before


def test_check_and_run_refuse_the_same_rows_for_the_same_reasons(house: House, tmp_path: Path) -> None:
    wrong = {i: {key: value} for i, (key, value) in enumerate(FAULTY.items())}
    table = write_table(tmp_path / "t.csv", 7, wrong)
    sheet = load_sheet(table, house.issuer.templates[KIND].names)
    checked = {row: error.problems for row, error in batches.check(house.issuer, KIND, sheet, PLAIN) if error}
    made = {r.row: r.outcome.error.problems for r in run(house, table) if isinstance(r.outcome, Refused)}
    assert checked == made
    assert len(made) == 5


def test_neither_ledger_nor_results_hold_what_was_found(house: House, tmp_path: Path) -> None:
    table = write_table(tmp_path / "t.csv", 3, {1: FAULTY | {"operator_name": "机密店\ue000"}})
    batch = start(house, table)
    list(batches.run(house.issuer, batch, PLAIN))
    for lang in ("zh", "en"):
        batches.write_results(house.issuer, batch, tmp_path / f"{lang}.csv", lang)  # type: ignore[arg-type]
    (row,) = house.register.ledger.rows(batch.id, "refused")
    kept = [row.reason, *((tmp_path / f"{lang}.csv").read_text("utf-8-sig") for lang in ("zh", "en"))]
    for text in kept:
        assert ID[:-1] not in text
        assert "机密店" not in text
        assert "面馆" not in text
    assert [p["field"] for p in json.loads(row.reason)] == [
        "operator_name", "credit_code", "legal_representative", "main_business", "issued_on",
    ]  # fmt: skip
    refused = [line for line in csv.DictReader(kept[2].splitlines()) if line["state"] == "refused"]
    assert [line["row"] for line in refused] == ["3"]
    assert "Main business: wanted one of" in refused[0]["reason"]


def test_missing_files_are_written_again_and_the_others_left_alone(house: House, tmp_path: Path) -> None:
    table, out = write_table(tmp_path / "t.csv", 4), tmp_path / "out"
    out.mkdir()
    results = run(house, table)
    issued = [r.outcome for r in results if isinstance(r.outcome, Issued)]
    names = [file.name for one in issued for file in batches.deliver(out, one.documents)]
    before = files(out)
    assert sorted(names) == sorted(before)
    (out / names[1]).unlink()
    (out / names[6]).unlink()
    (out / names[0]).write_bytes(b"mine")
    assert batches.redeliver(house.issuer, start(house, table), PLAIN, out) == 2
    assert (out / names[0]).read_bytes() == b"mine"
    batches.deliver(out, issued[0].documents)
    assert files(out) == before


@pytest.mark.parametrize("number", ["../../x", "/etc/passwd", "a/b", "..", "JY1\x00", "．．／x", "C:\\x", "x" * 50])
def test_a_number_never_leads_a_file_out_of_its_folder(tmp_path: Path, number: str) -> None:
    name = batches.file_name(number, "duplicate", "plain")
    assert (tmp_path / name).resolve().parent == tmp_path.resolve()
    assert not set(name) & set("/\\\0.") - {"."}
    assert name.count(".") == 1


def test_a_folder_that_cannot_be_written_loses_nothing(house: House, tmp_path: Path) -> None:
    issued = house.issue(sample_2023())
    with pytest.raises(SettingsError, match=f"certgen fetch {issued.number}"):
        batches.deliver(tmp_path / "nowhere", issued.documents)
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(SettingsError, match="cannot be written"):
        batches.deliver(file, issued.documents)
    assert house.register.pdf(issued.documents[0].pdf_digest) == issued.documents[0].pdf


def test_results_that_cannot_be_written_are_one_sentence(house: House, tmp_path: Path) -> None:
    batch = start(house, write_table(tmp_path / "t.csv", 1))
    with pytest.raises(SettingsError, match=r"results\.csv cannot be written"):
        batches.write_results(house.issuer, batch, tmp_path / "nowhere" / "results.csv", "en")


def test_a_full_register_is_one_sentence_and_loses_nothing(house: House, tmp_path: Path) -> None:
    table = write_table(tmp_path / "t.csv", 30)
    batch = start(house, table)
    steps = batches.run(house.issuer, batch, PLAIN, 5)
    next(steps)
    limit_pages(house, 40)  # 320 KB more: some chunks fit
    with pytest.raises(RegisterError, match="disk of the register is full") as full:
        for _ in steps:
            pass
    assert "登记簿所在磁盘已满" in full.value.message.zh
    limit_pages(house, 1_000_000)
    counts = house.counts()
    done = house.register.ledger.summary(batch.id).issued
    assert 5 <= done < 30
    assert counts["documents"] == 2 * done
    run(house, table)
    assert house.register.ledger.summary(batch.id).issued == 30
    assert sequences(house) == list(range(1, 31))
    assert house.register.check_events() == 60


# ---- through the command, in other processes --------------------------------------------------------


SMALL_CHUNKS = "from certgen import batch; batch.run.__defaults__ = (3,); " + RUN


def batch_in_another_process(home: Path, table: Path, out: Path, **more: Any) -> "subprocess.Popen[bytes]":
    arguments = [sys.executable, "-c", SMALL_CHUNKS, "batch", KIND, table, "--out", out, "--home", home, "--lang", "en"]
    return subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def said(process: "subprocess.Popen[bytes]") -> Said:
    out, err = process.communicate(timeout=120)
    return Said(process.returncode, out.decode(), err.decode())


def check_whole(home: Path, out: Path, rows: int) -> None:
    """Every row has its number, none twice, none left out; every file is whole and verifies."""
    with House(home) as house:
        assert sequences(house) == list(range(1, rows + 1))
        counts = house.counts()
        assert (counts["requests"], counts["documents"]) == (rows, 2 * rows)
        assert house.register.check_events() == 2 * rows
        written = sorted(out.glob("*.pdf"))
        assert len(written) == 2 * rows
        for file in written:
            house.verifier.pdf(file.read_bytes()).require()
    lines = list(csv.DictReader((out / "results.csv").read_text("utf-8-sig").splitlines()))
    assert {line["state"] for line in lines} == {"issued"}
    assert sorted({line["file"] for line in lines}) == [file.name for file in written]


def test_the_batch_command_issues_reports_and_repeats(home: Path, tmp_path: Path) -> None:
    table, out = write_table(tmp_path / "t.csv", 5, {2: FAULTY}), tmp_path / "out"
    first = command("batch", KIND, table, "--out", out, "--home", home)
    assert first.code == 2
    assert "5 rows: 4 issued, 1 refused" in first.out
    assert [line.split(":")[0] for line in first.err.splitlines()] == [
        f"row 4, column {letter}" for letter in columns_of(table, FAULTY)
    ]
    written = files(out)
    assert len(written) == 9
    removed = sorted(out.glob("*.pdf"))[3]
    removed.unlink()
    second = command("batch", KIND, table, "--out", out, "--home", home, "--json", lang="zh")
    assert (second.json["issued"], second.json["refused"], second.json["rewritten"]) == (4, 1, 1)
    assert {k: v for k, v in files(out).items() if k != "results.csv"} == {
        k: v for k, v in written.items() if k != "results.csv"
    }


def test_the_check_option_issues_nothing_and_writes_nothing(home: Path, tmp_path: Path) -> None:
    table = write_table(tmp_path / "t.csv", 5, {2: FAULTY})
    checked = command("batch", KIND, table, "--out", tmp_path / "out", "--home", home, "--check", lang="zh")
    assert checked.code == 2
    assert "共 5 行，可签发 4 行，有误 1 行；未签发" in checked.out
    labels = ("经营者名称", "社会信用代码（身份证号码）", "法定代表人（负责人）", "主体业态", "发证日期")
    assert [line.split("：")[0] for line in checked.err.splitlines()] == [
        f"第 4 行 {letter} 列 {name} {label}"
        for letter, name, label in zip(columns_of(table, FAULTY), FAULTY, labels, strict=True)
    ]
    assert not (tmp_path / "out").exists()
    with House(home) as house:
        assert house.counts()["requests"] == 0
    assert command("batch", KIND, write_table(table, 2), "--home", home, "--check").code == 0


@pytest.mark.slow
def test_a_batch_killed_again_and_again_loses_and_doubles_no_number(home: Path, tmp_path: Path) -> None:
    rows = 60
    table, out = write_table(tmp_path / "t.csv", rows), tmp_path / "out"
    kills = 0
    for wanted in (4, 40, 80, 100):
        process = batch_in_another_process(home, table, out)
        deadline = time.monotonic() + 60
        while process.poll() is None and len(list(out.glob("*.pdf"))) < wanted and time.monotonic() < deadline:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        kills += said(process).code == -signal.SIGKILL
    assert kills >= 2, "the batch was never caught halfway"
    assert said(batch_in_another_process(home, table, out)).code == 0
    check_whole(home, out, rows)


@pytest.mark.slow
def test_two_processes_with_the_same_table_issue_every_row_once(home: Path, tmp_path: Path) -> None:
    table, out = write_table(tmp_path / "t.csv", 40), tmp_path / "out"
    both = [batch_in_another_process(home, table, out) for _ in range(2)]
    answers = [said(process) for process in both]
    assert [answer.code for answer in answers] == [0, 0], answers
    check_whole(home, out, 40)
    assert not list(out.glob("*.part"))


@pytest.mark.slow
def test_two_processes_with_two_tables_share_the_numbers_without_a_gap(home: Path, tmp_path: Path) -> None:
    tables = [write_table(tmp_path / f"{i}.csv", 30, legal_representative=name) for i, name in enumerate(("甲", "乙"))]
    both = [batch_in_another_process(home, table, tmp_path / f"out{i}") for i, table in enumerate(tables)]
    answers = [said(process) for process in both]
    assert [answer.code for answer in answers] == [0, 0], answers
    with House(home) as house:
        assert sequences(house) == list(range(1, 61))
    numbers = [{file.name for file in (tmp_path / f"out{i}").glob("*.pdf")} for i in range(2)]
    assert not numbers[0] & numbers[1]
    assert [len(some) for some in numbers] == [60, 60]


# RLIMIT_FSIZE stands for a full disk: a write that would make a file longer fails. Python ignores SIGXFSZ.
FULL_FOLDER = f"""
import resource
from certgen import batch
deliver = batch.deliver
def full(out, documents):  # the register lies on another disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, -1))
    try:
        return deliver(out, documents)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
batch.deliver = full
{SMALL_CHUNKS}
"""
FULL_DISK = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({bytes}, {bytes})); " + SMALL_CHUNKS


@pytest.mark.slow
def test_a_full_disk_for_the_files_is_one_sentence_and_the_next_run_writes_them(home: Path, tmp_path: Path) -> None:
    table, out = write_table(tmp_path / "t.csv", 6), tmp_path / "out"
    answer = python("-c", FULL_FOLDER, "batch", KIND, table, "--out", out, "--home", home, "--lang", "en")
    assert answer.code == 2
    (sentence,) = answer.err.splitlines()
    assert "cannot be written: File too large. It is in the register" in sentence
    assert not list(out.iterdir()), "half a file was left"
    assert said(batch_in_another_process(home, table, out)).code == 0
    check_whole(home, out, 6)


@pytest.mark.slow
def test_a_full_disk_for_the_register_is_one_sentence_and_loses_nothing(home: Path, tmp_path: Path) -> None:
    table, out = write_table(tmp_path / "t.csv", 30), tmp_path / "out"
    limit = (home / "register.db").stat().st_size + 200_000
    answer = python(
        "-c", FULL_DISK.format(bytes=limit), "batch", KIND, table, "--out", out, "--home", home, "--lang", "en"
    )
    assert answer.code == 2, answer
    (sentence,) = answer.err.splitlines()
    assert "disk" in sentence
    with House(home) as house:
        done = house.counts()["documents"]
        assert 0 < done < 60
        house.register.check_events()
    assert said(batch_in_another_process(home, table, out)).code == 0
    check_whole(home, out, 30)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a tiny disk takes root")
def test_a_disk_that_is_really_full_is_one_sentence_too(home: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", disk]
    mounted = subprocess.run(mount, check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip(f"NOT TRIED: no tmpfs may be mounted here ({mounted.stderr.decode().strip()})")
    try:
        table = write_table(tmp_path / "t.csv", 4)
        answer = command("batch", KIND, table, "--out", disk / "out", "--home", home)
        assert answer.code == 2
        assert "No space left on device. It is in the register" in answer.err
        assert not list(disk.rglob("*.part"))
    finally:
        subprocess.run(["umount", disk], check=True)
    assert command("batch", KIND, table, "--out", tmp_path / "out", "--home", home).code == 0
    check_whole(home, tmp_path / "out", 4)
