"""The register: numbers, sids and places are promised once, documents are recorded once, and restores are noticed."""

import hashlib
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine

from certgen import database, documents, schema
from certgen.core import sid as sids
from certgen.core.errors import RegisterError, Text
from certgen.highwater import HighWater, Mark, Shape
from certgen.register import Register, Reservation
from certgen.slots import SHARD, Shard
from tests._book import AT, PLATE, PLATE_DIGEST, Book, number


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    book = Book(tmp_path)
    yield book
    book.register.close()


# Numbers


def test_numbers_follow_each_other_in_the_order_asked(book: Book) -> None:
    promises = book.reserve(*(book.ask(f"k{i}") for i in range(5)))
    assert [p.number for p in promises] == [number(i) for i in range(1, 6)]
    assert [p.sequence for p in book.reserve(book.ask("next"))] == [6]


def test_every_counter_runs_on_its_own(book: Book) -> None:
    other = {"counter": "JY2421202", "number": lambda n: f"JY2421202{n:06d}0", "first": 100}
    promises = book.reserve(book.ask("a"), book.ask("b", **other), book.ask("c"), book.ask("d", **other))
    assert [p.sequence for p in promises] == [1, 100, 2, 101]


def test_the_same_key_and_body_gives_the_same_promise(book: Book) -> None:
    (first,) = book.reserve(book.ask("k"))
    assert book.reserve(book.ask("k")) == [first]
    book.reopen()
    assert book.reserve(book.ask("x"), book.ask("k"))[1] == first
    assert first.reserved_at == AT.replace(microsecond=0)


def test_the_same_key_with_another_body_is_promised_nothing(book: Book) -> None:
    (first,) = book.reserve(book.ask("k"))
    (second,) = book.reserve(book.ask("k", b"another body"))
    assert second.conflict and not first.conflict
    assert (second.number, second.sids, second.salts, second.slots) == (first.number, (), (), ())


def test_a_key_twice_in_one_chunk_uses_one_number(book: Book) -> None:
    one, same, other = book.reserve(book.ask("k"), book.ask("k"), book.ask("k", b"other"))
    assert one == same and not one.conflict and other.conflict
    assert book.reserve(book.ask("next"))[0].sequence == 2


def test_a_run_that_is_used_up_is_refused_and_nothing_is_reserved(book: Book) -> None:
    book.reserve(*(book.ask(f"k{i}", last=3) for i in range(2)))
    with pytest.raises(RegisterError, match="used up at 3"):
        book.reserve(book.ask("a", last=3), book.ask("b", last=3))
    assert [p.sequence for p in book.reserve(book.ask("c", last=3))] == [3]


def test_a_sid_drawn_twice_is_refused_and_nothing_is_reserved(book: Book) -> None:
    (first,) = book.reserve(book.ask("a"))
    with pytest.raises(RegisterError, match="sid"):
        book.reserve(book.ask("b"), book.ask("c", sids=(first.sids[0], book.sid())))
    assert book.reserve(book.ask("d"))[0].sequence == 2


def test_two_counters_cannot_give_one_number(book: Book) -> None:
    book.reserve(book.ask("a"))
    with pytest.raises(RegisterError, match="numbering rule"):
        book.reserve(book.ask("b", counter="another"))


def test_numbers_of_an_older_system_are_skipped(book: Book) -> None:
    book.register.mark_used("food-business", [number(i) for i in range(3, 12_000)], "old system")
    book.register.mark_used("food-business", [number(12_001)], "old system")
    book.register.mark_used("drug-business", [number(1)], "another kind may have the same number")
    assert [p.sequence for p in book.reserve(*(book.ask(f"k{i}") for i in range(4)))] == [1, 2, 12_000, 12_002]


def test_time_without_a_zone_is_refused(book: Book) -> None:
    with pytest.raises(ValueError, match="time zone"):
        book.register.reserve([book.ask("a")], datetime(2026, 1, 1), book.random.randbytes)  # noqa: DTZ001


def test_ten_threads_get_every_number_once(book: Book) -> None:
    got: list[int] = []
    asked = [[[book.ask(f"{t}-{c}-{i}") for i in range(20)] for c in range(5)] for t in range(10)]

    def work(chunks: list[list[Reservation]]) -> None:
        for chunk in chunks:
            got.extend(p.sequence for p in book.register.reserve(chunk, AT, bytes))

    threads = [threading.Thread(target=work, args=(chunks,)) for chunks in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(1, 1001))


WRITER = """
import sys, os, random
from datetime import datetime, UTC
from pathlib import Path
from certgen.core import sid
from certgen.register import Register, Reservation
url, marks, name = sys.argv[1:]
register = Register.open(url, high_water=Path(marks), clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
for chunk in range(4):
    asked = [
        Reservation(f"{name}-{chunk}-{i}", b"d", "k", "f", "a", "t", "c", 1, 9999, lambda n: f"N{n:04d}", b"{}",
                    ("one",), (sid.make(random.SystemRandom().getrandbits(60)),), (os.urandom(16),))
        for i in range(50)
    ]
    for promise in register.reserve(asked, datetime(2026, 1, 1, tzinfo=UTC), os.urandom):
        print(promise.number, *(f"{s.shard}/{s.index}" for s in promise.slots))
register.close()
"""


def test_two_processes_that_start_on_an_empty_file_share_its_numbers(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, f"sqlite:///{tmp_path / 'r.db'}", str(tmp_path / "marks")]
    writers = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in "ab"]
    lines = [line.split() for writer in writers for line in writer.communicate(timeout=60)[0].splitlines()]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert sorted(line[0] for line in lines) == [f"N{n:04d}" for n in range(1, 401)]
    assert len({line[1] for line in lines}) == 400
    assert HighWater(tmp_path / "marks").load()["c"].highest == 400


# Status places


def test_a_shard_gives_every_place_once() -> None:
    shard = Shard(b"k" * 32)
    assert sorted(map(shard.slot, range(SHARD))) == list(range(SHARD))


def test_places_look_random_and_depend_on_the_key() -> None:
    one, other = (list(map(Shard(key * 32).slot, range(4000))) for key in (b"a", b"b"))
    assert sum(x == y for x, y in zip(one, other, strict=True)) < 5
    rising = sum(x < y for x, y in pairwise(one))
    assert 1850 < rising < 2150  # of 3999 neighbours; eight standard deviations of chance
    eighths = Counter(place * 8 // SHARD for place in one)
    assert all(400 < eighths[i] < 600 for i in range(8))
    steps = Counter(y - x for x, y in pairwise(one))
    assert max(steps.values()) < 5


def test_places_are_unique_across_the_edge_of_a_shard(book: Book) -> None:
    book.reserve(book.ask("a"))
    book.rows(f"UPDATE counters SET highest = {SHARD - 4} WHERE scope = 'status-slots'")
    slots = [slot for p in book.reserve(*(book.ask(f"k{i}") for i in range(20))) for slot in p.slots]
    assert Counter(slot.shard for slot in slots) == {0: 3, 1: 37}
    assert len(set(slots)) == 40


# Recording


def test_what_was_recorded_is_found_again(book: Book) -> None:
    promise, (original, duplicate) = book.issue("k")
    known = book.register.by_digest(duplicate.pdf_digest)
    assert known is not None
    c = duplicate.certificate
    assert (known.sid, known.number, known.copy, known.paper) == (c.sid, c.number, "duplicate", "plain")
    assert (known.issued_on, known.valid_until, known.issued_at) == (c.issued_on, c.valid_until, c.issued_at)
    assert (known.title, known.public, known.status) == (duplicate.title, duplicate.public, "issued")
    assert (known.record_digest, known.signer_fingerprint) == (duplicate.record_digest, b"f" * 32)
    assert book.register.by_sid(c.sid) == (known,)
    both = book.register.by_request("k")
    assert [d.sid for d in both] == list(promise.sids)
    assert book.register.find(f" {promise.number} ") == both
    assert book.register.find(sids.grouped(c.sid).lower()) == (known,)
    assert book.register.find("no such thing") == book.register.by_sid("0" * 12) == book.register.by_request("x") == ()
    assert book.register.by_digest(b"0" * 32) is None
    assert book.register.pdf(original.pdf_digest) == PLATE + original.strike


def test_a_crash_between_reserving_and_recording_costs_no_number(book: Book) -> None:
    (before,) = book.reserve(book.ask("k"))
    book.reopen()
    promise, _ = book.issue("k")
    assert promise == before
    assert book.reserve(book.ask("k"), book.ask("next")) == [
        replace(before, done=True),
        *book.reserve(book.ask("next")),
    ]
    assert book.reserve(book.ask("next"))[0].sequence == 2


def test_a_request_is_done_when_every_copy_is_recorded(book: Book) -> None:
    book.register.put_plate(PLATE_DIGEST, PLATE, "plate")
    (promise,) = book.reserve(book.ask("k"))
    book.register.record([book.recorded(promise, 0), book.recorded(promise, 0, "overprint")], AT, "clerk")
    assert not book.reserve(book.ask("k"))[0].done
    book.register.record([book.recorded(promise, 1)], AT, "clerk")
    assert book.reserve(book.ask("k"))[0].done


def test_recording_the_same_document_again_changes_nothing(book: Book) -> None:
    _, made = book.issue("k")
    before = book.rows("SELECT * FROM events")
    book.register.record([*made, *made], AT + timedelta(days=1), "somebody else")
    assert book.rows("SELECT * FROM events") == before
    assert book.rows("SELECT count(*) FROM documents") == [(2,)]


def test_one_document_cannot_have_two_files(book: Book) -> None:
    promise, made = book.issue("k")
    with pytest.raises(RegisterError, match="other bytes"):
        book.register.record([book.recorded(promise, 0, strike=b"changed")], AT, "clerk")
    assert len(book.register.by_sid(promise.sids[0])) == 1
    assert book.register.pdf(made[0].pdf_digest) == PLATE + made[0].strike


@pytest.mark.parametrize(
    "change",
    [{"number": "JY14212029999990"}, {"sid": "0" * 12}, {"salt": b"0" * 16}, {"copy": "original"}, {"version": 2}],
    ids=lambda change: next(iter(change)),
)
def test_a_document_that_differs_from_its_reservation_is_not_recorded(book: Book, change: dict[str, object]) -> None:
    book.register.put_plate(PLATE_DIGEST, PLATE, "plate")
    good, bad = (book.recorded(promise, 1) for promise in book.reserve(book.ask("a"), book.ask("b")))
    bad = replace(bad, certificate=replace(bad.certificate, **change))  # type: ignore[arg-type]
    with pytest.raises(RegisterError, match="not reserved so"):
        book.register.record([good, bad], AT, "clerk")
    assert book.register.by_digest(good.pdf_digest) is None
    assert book.rows("SELECT count(*) FROM events") == [(0,)]


def test_a_document_whose_bytes_do_not_give_its_digest_is_not_recorded(book: Book) -> None:
    book.register.put_plate(PLATE_DIGEST, PLATE, "plate")
    made = book.recorded(book.reserve(book.ask("k"))[0])
    with pytest.raises(RegisterError, match="do not give the digest"):
        book.register.record([replace(made, strike=made.strike + b" ")], AT, "clerk")


def test_a_document_needs_its_plate(book: Book) -> None:
    made = book.recorded(book.reserve(book.ask("k"))[0])
    with pytest.raises(RegisterError, match="no plate"):
        book.register.record([made], AT, "clerk")


def test_a_further_paper_of_a_suspended_licence_stays_suspended(book: Book) -> None:
    promise, _ = book.issue("k")
    book.rows(
        "INSERT INTO events VALUES (3, 1, NULL, NULL, 'suspend', 'suspended', 1, 1, 'inspector', 'law', 'why', x'00')"
    )
    book.register.record([book.recorded(promise, 0, "overprint")], AT, "clerk")
    assert {d.status for d in book.register.find(promise.number)} == {"suspended"}


def test_history_cannot_be_changed_and_shows_when_it_was(book: Book) -> None:
    book.issue("a")
    book.issue("b")
    assert book.register.check_events() == 4
    for statement in ("UPDATE events SET actor = 'nobody' WHERE id = 2", "DELETE FROM events WHERE id = 2"):
        with pytest.raises(Exception, match="never changed"):
            book.rows(statement)
    book.rows("DROP TRIGGER events_no_update")
    book.rows("UPDATE events SET actor = 'nobody' WHERE id = 2")
    with pytest.raises(RegisterError, match="line 2"):
        book.register.check_events()


def test_every_document_leaves_an_event_and_an_outbox_line(book: Book) -> None:
    book.issue("a")
    assert (
        book.rows("SELECT e.action, e.actor, o.topic FROM events e JOIN outbox o ON o.event_id = e.id")
        == [("issued", "clerk", "issued")] * 2
    )


def test_a_damaged_strike_is_never_delivered(book: Book) -> None:
    _, made = book.issue("k")
    book.rows("UPDATE strikes SET content = x'00'")
    with pytest.raises(RegisterError, match="damaged"):
        book.register.pdf(made[0].pdf_digest)
    with pytest.raises(RegisterError, match="no document"):
        book.register.pdf(b"0" * 32)


def test_a_plate_is_kept_once_under_its_key(book: Book) -> None:
    assert book.register.plate_digest("key") is None and book.register.plate(PLATE_DIGEST) is None
    for key in ("key", "key", "another key"):
        book.register.put_plate(PLATE_DIGEST, PLATE, key)
    assert book.register.plate_digest("another key") == PLATE_DIGEST
    assert book.register.plate(PLATE_DIGEST) == PLATE
    with pytest.raises(RegisterError, match="other bytes"):
        book.register.put_plate(hashlib.sha256(b"x").digest(), b"x", "key")
    with pytest.raises(RegisterError, match="do not give its digest"):
        book.register.put_plate(PLATE_DIGEST, b"x", "third key")


# Restores, and the high-water mark


def restore_older_copy(book: Book) -> None:
    """Reserve 1 to 3, take a copy, reserve 4 to 9, lose the disk, put the copy back."""
    book.reserve(*(book.ask(f"k{i}") for i in range(3)))
    book.register.close()
    shutil.copy(book.file, book.folder / "backup.db")
    book.register = book.open()
    lost = book.reserve(*(book.ask(f"lost{i}") for i in range(6)))
    assert [p.sequence for p in lost] == [4, 5, 6, 7, 8, 9]
    book.register.close()
    shutil.copy(book.folder / "backup.db", book.file)
    book.register = book.open()


def test_a_restored_register_never_gives_a_lost_number_out_again(book: Book) -> None:
    restore_older_copy(book)
    promises = book.reserve(book.ask("again"), book.ask("k0"))
    assert [p.sequence for p in promises] == [10, 1]
    assert book.reopen().reserve([book.ask("more")], AT, book.random.randbytes)[0].sequence == 11
    assert book.rows("SELECT scope, first, last FROM lost_ranges WHERE scope = 'JY1421202'") == [("JY1421202", 4, 9)]


def test_a_restored_register_begins_a_new_status_list(book: Book) -> None:
    restore_older_copy(book)
    assert {slot.shard for p in book.reserve(book.ask("again")) for slot in p.slots} == {1}


@pytest.mark.parametrize("when", ["at once", "after the next number", "after a restart", "for readers"])
def test_a_lost_number_is_known_to_be_lost(book: Book, when: str) -> None:
    restore_older_copy(book)
    if when in ("after the next number", "after a restart"):
        book.reserve(book.ask("again"))
    if when == "after a restart":
        book.reopen()
    register = book.open(readonly=True) if when == "for readers" else book.register
    said = {n: register.in_lost_range(number(n)) for n in (3, 4, 9, 11)}
    # Number 3 was kept; a new version of it may have been lost, and draws no number of its own.
    assert said == {3: True, 4: True, 9: True, 11: False}
    assert not register.in_lost_range("JY2421202000005x") and not register.in_lost_range("JY142120200000５5")
    if register is not book.register:
        register.close()


def test_an_unharmed_register_has_no_lost_numbers(book: Book) -> None:
    book.reserve(*(book.ask(f"k{i}") for i in range(3)))
    assert not any(book.reopen().in_lost_range(number(n)) for n in range(6))


def test_losing_the_whole_register_loses_no_number(book: Book) -> None:
    book.reserve(*(book.ask(f"k{i}") for i in range(3)))
    book.register.close()
    for file in book.folder.glob("register.db*"):
        file.unlink()
    book.register = book.open()
    assert book.register.in_lost_range(number(1))
    assert book.reserve(book.ask("k0"))[0].sequence == 4


def test_a_number_is_marked_on_disk_before_it_is_handed_out(book: Book, tmp_path: Path) -> None:
    book.reserve(book.ask("a"))
    assert HighWater(book.marks).load()["JY1421202"] == Mark("JY1421202", 1, 1, (Shape("JY1421202", 6, 1),))
    saved = book.marks.rename(tmp_path / "saved")
    book.marks.mkdir()  # cannot be written
    with pytest.raises(RegisterError, match="high-water"):
        book.reserve(book.ask("b"))
    book.marks.rmdir()
    saved.rename(book.marks)
    assert book.reserve(book.ask("b"))[0].sequence == 2
    assert HighWater(book.marks).load()["JY1421202"].highest == 2


def test_a_crash_before_the_mark_is_made_good_when_the_register_is_opened(book: Book) -> None:
    book.reserve(book.ask("a"), book.ask("b"))
    book.register.close()
    first = book.marks.read_bytes().splitlines(keepends=True)[0]
    book.marks.write_bytes(first[:20])
    book.register = book.open()
    assert HighWater(book.marks).load()["JY1421202"].highest == 2
    assert not book.register.in_lost_range(number(2))


def test_a_line_of_marks_cut_short_is_passed_over_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    marks = HighWater(tmp_path / "marks")
    marks.advance([Mark("a", 1, 5, ())])
    with (tmp_path / "marks").open("ab") as file:
        file.write(b'{"scope": "a", "first": 1, "high')
    assert marks.load()["a"].highest == 5
    marks.advance([Mark("a", 1, 6, ())])
    assert marks.load()["a"].highest == 6
    (tmp_path / "marks").write_bytes(b"nonsense\n" + (tmp_path / "marks").read_bytes())
    with pytest.raises(RegisterError, match="damaged"):
        marks.load()


def test_a_long_file_of_marks_is_rewritten_and_other_writers_follow(tmp_path: Path) -> None:
    file = tmp_path / "marks"
    one, other = HighWater(file), HighWater(file)
    one.advance([Mark("scope", 1, 2, ())])
    other.advance([Mark("scope", 1, 3, ())])
    file.write_bytes(file.read_bytes() * 20_000)
    one.compact()
    assert len(file.read_bytes()) < 200
    other.advance([Mark("scope", 1, 4, ())])
    assert one.load() == {"scope": Mark("scope", 1, 4, ())}


@pytest.mark.parametrize(
    ("rule", "last", "shape"),
    [
        (number, 999_999, Shape("JY1421202", 6, 1)),
        (lambda n: f"{n:05d}", 99_999, Shape("", 5, 0)),
        (lambda n: f"2026-{n:03d}-咸", 999, Shape("2026-", 3, 2)),
        (lambda n: f"A{n}", 999, Shape("A", 0, 0)),
        (lambda n: f"S{n * 7919 % 1000:03d}", 999, Shape("S", 0, 0)),
    ],
    ids=["licence", "bare", "year", "no padding", "scrambled"],
)
def test_the_place_of_the_sequence_is_found(rule: Callable[[int], str], last: int, shape: Shape) -> None:
    assert Shape.of(rule, 1, last) == shape
    assert all(shape.covers(rule(n), 1, last) for n in range(1, 900))


@given(st.integers(1, 999_999), st.integers(1, 999_999), st.integers(1, 999_999))
def test_a_range_covers_exactly_its_numbers(n: int, first: int, last: int) -> None:
    assert Shape("JY1421202", 6, 1).covers(number(n), first, last) == (first <= n <= last)


# Opening


def test_a_reader_cannot_write(book: Book) -> None:
    promise, made = book.issue("k")
    reader = book.open(readonly=True)
    assert [d.sid for d in reader.find(promise.number)] == list(promise.sids)
    assert reader.pdf(made[0].pdf_digest) == PLATE + made[0].strike
    writes: Sequence[Callable[[], object]] = (
        lambda: reader.reserve([book.ask("x")], AT, bytes),
        lambda: reader.record(made, AT, "clerk"),
        lambda: reader.put_plate(PLATE_DIGEST, PLATE, "new key"),
        lambda: reader.mark_used("food-business", ["1"], "old"),
    )
    for write in writes:
        with pytest.raises(RegisterError, match="reading only"):
            write()
    with (
        pytest.raises(RegisterError, match="reading only"),
        database.told(),
        reader._database._engine.connect() as connection,
    ):
        connection.exec_driver_sql("DELETE FROM outbox")
    reader.close()


def test_a_reader_makes_no_register(tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match="certgen init"):
        Register.open(
            f"sqlite:///{tmp_path / 'none.db'}", high_water=tmp_path / "marks", clock=lambda: AT, readonly=True
        )
    assert list(tmp_path.iterdir()) == []


def test_migrations_build_the_tables_the_code_expects(book: Book) -> None:
    engine = create_engine(book.url, module=database.sqlite_driver())
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.metadata) == []
        assert context.get_current_revision() == schema.REVISION
    engine.dispose()


def test_a_register_of_a_newer_release_is_refused(book: Book) -> None:
    book.rows("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(RegisterError, match="9999"):
        book.reopen()
    with pytest.raises(RegisterError, match="9999"):
        book.open(readonly=True)
    book.rows(f"UPDATE alembic_version SET version_num = '{schema.REVISION}'")
    book.register = book.open()


def test_opening_an_up_to_date_register_does_not_load_alembic(book: Book) -> None:
    program = (
        "import sys; from pathlib import Path; from certgen.register import Register\n"
        f"Register.open({book.url!r}, high_water=Path({str(book.marks)!r}), clock=None).close()\n"
        "sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


@pytest.mark.parametrize("version", ["3.7.0", "3.40.1", "3.51.2"])
def test_a_sqlite_that_can_corrupt_the_register_is_refused(version: str) -> None:
    with pytest.raises(RegisterError, match="PostgreSQL"):
        database.check_sqlite(version)


@pytest.mark.parametrize("version", ["3.6.23", "3.51.3", "3.53.4"])
def test_a_safe_sqlite_is_accepted(version: str) -> None:
    database.check_sqlite(version)


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "sqlite:///:memory:", "mysql://h/d", "oracle://u:geheim@h/d"])
def test_an_address_that_is_no_register_is_refused_without_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match="register address") as refused:
        Register.open(url, high_water=tmp_path / "marks", clock=lambda: AT)
    assert "geheim" not in str(refused.value)


def test_a_register_is_durable_and_checks_its_references(book: Book) -> None:
    with book.register._database.reading() as db:
        said = {name: db.row(f"PRAGMA {name}")[0] for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert said == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


# What the operator is told


def test_a_locked_register_says_so_and_writes_nothing(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_BUSY_MS", 50)
    impatient = book.open()
    holder = database.sqlite_driver().connect(book.file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(RegisterError, match="held by another process") as refused:
        impatient.reserve([book.ask("k")], AT, bytes)
    assert "占用" in refused.value.say("zh")
    holder.execute("ROLLBACK")
    holder.close()
    assert impatient.reserve([book.ask("k")], AT, bytes)[0].sequence == 1
    impatient.close()


def test_a_full_disk_says_so_and_the_register_goes_on_when_there_is_room(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, made = book.issue("k")
    book.register.close()
    (pages,) = book.rows("PRAGMA page_count")[0]
    original = database._pragmas
    monkeypatch.setattr(database, "_pragmas", lambda readonly: (*original(readonly), f"max_page_count={pages}"))
    book.register = book.open()
    with pytest.raises(RegisterError, match="disk of the register is full"):
        book.reserve(book.ask("big", data=b"x" * 1_000_000))
    assert book.register.pdf(made[0].pdf_digest)
    monkeypatch.undo()
    assert book.reopen().reserve([book.ask("big")], AT, book.random.randbytes)[0].sequence == 2


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "register.db").write_bytes(b"this is no database at all" * 1000)
    with pytest.raises(RegisterError, match="put back a backup"):
        Book(tmp_path)


def test_private_values_are_in_no_error(book: Book) -> None:
    (first,) = book.reserve(book.ask("a"))
    with pytest.raises(RegisterError) as refused:
        book.reserve(book.ask("c", sids=(first.sids[0], book.sid())))
    error: BaseException | None = refused.value
    while error is not None:
        assert "421202199001011234" not in str(error)
        error = error.__cause__


def test_public_data_comes_back_as_it_was() -> None:
    public = ((Text("名称", "Name"), "“阿卜杜热合曼·买买提”\n𬱖"), (Text("号", "No."), ""))
    assert documents.decode_public(documents.encode_public(public)) == public
