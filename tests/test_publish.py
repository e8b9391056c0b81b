"""Publishing: what the public may fetch tells of what happened, and nothing old is made to look new."""

import json
import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from certgen import settings, wiring
from certgen.core import statuslist
from certgen.core.errors import SettingsError, SigningError, VerificationError
from certgen.issue import Issued
from certgen.proof import read_qr
from certgen.published import Published
from keys.pkcs8 import Cost
from keys.rotation import mark_compromised, refresh, renew_status_key
from tests._workspace import Said, command, live_home, write_record
from tests.house import KIND, NOW, PASSPHRASE, House
from verify import Report, Verdict

LIST = "status/0"


@pytest.fixture
def issued(house: House) -> Issued:
    return house.issue(operator_name="咸宁市桂花源小馆")


def happen(house: House, status: str, *, days: float = 0) -> None:
    """Let something happen to every copy of the first licence, `days` from now."""
    at, later = (int((house.clock.now + timedelta(days=d)).timestamp()) for d in (0, days))
    with house.register._database.writing() as db:
        (line,) = db.row("SELECT max(id) + 1 FROM events")
        db.run(
            "INSERT INTO events VALUES (?, 1, NULL, NULL, ?, ?, ?, ?, 'inspector', 'law', 'why', ?)",
            (line, status, status, at, later, b"\0"),
        )


def offline(house: House, pdf: bytes, *, code: bool = False) -> Report:
    """Judge as a stranger who has just fetched what is published."""
    chosen = house.settings
    verifier = wiring.make_verifier(
        chosen.published / "root.crt.pem", chosen.published / "trust.cose", None, house.clock, [chosen.published]
    )
    return verifier.qr(read_qr(pdf, None)) if code else verifier.pdf(pdf)


def list_of(house: House) -> bytes:
    return (house.settings.published / "status" / "0.cwt").read_bytes()


@pytest.mark.parametrize("code", [False, True], ids=["pdf", "code"])
def test_a_revoked_licence_shows_as_revoked_offline_after_the_next_publishing(
    house: House, issued: Issued, code: bool
) -> None:
    pdf = issued.documents[0].pdf
    house.clock.tick(hours=2)
    house.publish()
    house.clock.tick(minutes=30)  # the list is not due yet: what happened is the reason to write it
    assert offline(house, pdf, code=code).verdict is Verdict.PASSED
    happen(house, "revoked")
    assert offline(house, pdf, code=code).verdict is Verdict.PASSED  # by the list of before
    assert house.publish() == (LIST,)
    report = offline(house, pdf, code=code)
    assert report.verdict is Verdict.FAILED
    assert report.reason is not None
    assert report.reason.message.en == "authentic, but not in force: revoked, by a status list 0 min old"


def test_a_suspension_that_takes_effect_tomorrow_is_published_tomorrow(house: House, issued: Issued) -> None:
    happen(house, "suspended", days=1)
    house.publish()
    assert "suspended" not in words(house)
    house.clock.tick(hours=23, minutes=30)
    house.publish()
    assert "suspended" not in words(house)
    house.clock.tick(minutes=30)
    assert house.publish() == (LIST,)
    assert "suspended" in words(house)


def words(house: House) -> set[str | None]:
    """The words that stand in the list."""
    found = statuslist.decode(list_of(house), house.office.trust)
    return {found.status(place) for place in range(statuslist.ENTRIES)}


def test_nothing_is_written_when_nothing_has_happened(house: House, issued: Issued) -> None:
    assert house.publish() == ("root.crt.pem", "trust.cose", LIST)
    before = list_of(house)
    house.clock.tick(minutes=59)
    assert house.publish() == ()
    assert list_of(house) == before


def test_a_list_older_than_its_ttl_is_signed_anew(house: House, issued: Issued) -> None:
    house.publish()
    house.clock.tick(hours=1)
    assert house.publish() == (LIST,)
    assert statuslist.peek(list_of(house)).issued_at == house.clock.now


def test_an_empty_register_publishes_the_anchors(house: House) -> None:
    assert house.publish() == ("root.crt.pem", "trust.cose")
    assert Published(house.settings.published).shards() == ()


def test_an_old_list_put_back_is_not_made_new(house: House, issued: Issued) -> None:
    """Whoever can write to the public's folder must not have a revoked licence signed as in force."""
    house.publish()
    old = list_of(house)
    happen(house, "revoked")
    house.publish()
    (house.settings.published / "status" / "0.cwt").write_bytes(old)
    house.clock.tick(hours=1)
    house.publish()
    assert words(house) == {"revoked", None}


def test_what_a_restored_register_has_lost_is_not_called_never_issued(house: House, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    shutil.copytree(house.settings.home, backup)
    pdf = house.issue().documents[0].pdf
    house.clock.tick(hours=2)
    house.publish()
    shutil.copytree(house.settings.published, backup / "published")
    with House(backup, at=house.clock.now) as restored:
        restored.clock.tick(days=2)
        assert LIST in restored.publish()
        report = offline(restored, pdf)
        assert report.verdict is Verdict.PASSED
        another = restored.issue(key="after the restore").documents[0].pdf
        restored.publish()
        assert {offline(restored, one).verdict for one in (pdf, another)} <= {Verdict.PASSED, Verdict.INDETERMINATE}


def test_a_list_under_the_name_of_another_is_not_taken_over(house: House, issued: Issued) -> None:
    house.publish()
    folder = house.settings.published / "status"
    (folder / "7.cwt").write_bytes((folder / "0.cwt").read_bytes())
    house.clock.tick(hours=1)
    assert house.publish() == (LIST,)


@pytest.mark.parametrize("content", [b"", b"rubbish"])
def test_a_list_that_cannot_be_read_is_written_anew(house: House, issued: Issued, content: bytes) -> None:
    house.publish()
    (house.settings.published / "status" / "0.cwt").write_bytes(content)
    assert house.publish() == (LIST,)


MEMORIES = {
    "empty": "",
    "of another shape": "[]",
    "an event in words": json.dumps({"event": "1", "at": NOW.isoformat()}),
    "of events that are no more": json.dumps({"event": 99, "at": NOW.isoformat()}),
    "of tomorrow": json.dumps({"event": 2, "at": (NOW + timedelta(days=1)).isoformat()}),
    "of a time without a zone": json.dumps({"event": 2, "at": "2026-11-23T02:00:00"}),
}


@pytest.mark.parametrize("memory", MEMORIES.values(), ids=MEMORIES)
def test_without_a_memory_that_fits_every_list_is_looked_at(house: House, issued: Issued, memory: str) -> None:
    """A restored register has fewer events than were published: its lists must tell what it knows."""
    house.publish()
    house.settings.published_memory.write_text(memory)
    assert house.publish() == (LIST,)


def test_another_origin_or_life_signs_every_list_anew(house: House, issued: Issued) -> None:
    house.publish()
    for changed in (replace(house.settings, status_life_s=7200), replace(house.settings, status_ttl_s=1800)):
        publisher = wiring.open_publisher(changed, lambda _: PASSPHRASE, house.register)
        assert publisher.publish(house.clock()) == (LIST,)


def test_the_status_key_is_opened_once_and_only_to_sign(house: House, issued: Issued) -> None:
    asked: list[str] = []

    def ask(name: str) -> bytes:
        asked.append(name)
        return PASSPHRASE

    publisher = wiring.open_publisher(house.settings, ask, house.register)
    publisher.publish(NOW)
    publisher.publish(NOW)
    publisher.publish(NOW + timedelta(hours=1))
    assert asked == ["status-service.key.pem"]
    wiring.open_publisher(house.settings, ask, house.register).publish(NOW + timedelta(hours=1))
    assert len(asked) == 1


def test_a_workspace_without_a_status_key_says_which_command_makes_one(house: House, issued: Issued) -> None:
    (house.settings.keys / "status-service.key.pem").unlink()
    with pytest.raises(SettingsError, match=r"python -m keys status-key --folder .*keys"):
        house.publish()


def test_lists_of_a_host_the_trust_list_lacks_are_not_signed(house: House, issued: Issued) -> None:
    moved = replace(house.settings, public_origin="https://new.example")
    with pytest.raises(SettingsError, match=r"run python -m keys trust-list --host new\.example"):
        wiring.open_publisher(moved, lambda _: PASSPHRASE, house.register).publish(house.clock())


def test_after_a_move_codes_of_the_former_host_still_verify_offline(house: House, issued: Issued) -> None:
    house.clock.tick(hours=2)
    refresh(house.settings.keys, now=house.clock(), ask=lambda _: PASSPHRASE, host="new.example")
    moved = replace(house.settings, public_origin="https://new.example")
    wiring.open_publisher(moved, lambda _: PASSPHRASE, house.register).publish(house.clock())
    assert statuslist.peek(list_of(house)).uri == "https://new.example/status/0"
    for code in (False, True):
        assert offline(house, issued.documents[0].pdf, code=code).verdict is Verdict.PASSED


def test_what_is_about_to_run_out_is_told_in_time(house: House) -> None:
    publisher = wiring.open_publisher(house.settings, lambda _: PASSPHRASE, house.register)
    assert publisher.doubts(NOW) == ()
    (key,) = publisher.doubts(NOW + timedelta(days=3 * 365 - 4))
    assert key.en.startswith("the status key runs out 2029-11-22 02:00 UTC: run python -m keys status-key")
    (trust,) = replace(publisher, trust=replace(publisher.trust, ttl_s=86_400)).doubts(NOW)
    assert trust.en.startswith("the trust list runs out 2026-11-23 02:00 UTC: run python -m keys trust-list")


def test_a_stolen_status_key_signs_nothing_more_and_its_lists_are_believed_by_nobody(
    house: House, issued: Issued
) -> None:
    house.publish()
    before = list_of(house)
    (status,) = [entry for entry in house.office.trust.entries if entry.use == "status"]
    now = house.clock.now
    mark_compromised(house.settings.keys, status.fingerprint, since=now, now=now, ask=lambda _: PASSPHRASE)
    with pytest.raises(VerificationError, match="stolen"):
        house.publish()
    assert list_of(house) == before
    assert Published(house.settings.published).get("trust.cose", now).content == house.settings.trust.read_bytes()  # type: ignore[union-attr]
    renew_status_key(house.settings.keys, now=now, ask=lambda _: PASSPHRASE, passphrase=PASSPHRASE, cost=Cost(2, 1, 1))
    assert house.publish() == ("trust.cose", LIST)
    assert offline(house, issued.documents[0].pdf).verdict is not Verdict.FAILED


def test_a_running_publisher_whose_key_was_replaced_is_told(house: House, issued: Issued) -> None:
    publisher = wiring.open_publisher(house.settings, lambda _: PASSPHRASE, house.register)
    publisher.publish(house.clock())
    house.clock.tick(hours=2)
    renew_status_key(
        house.settings.keys, now=house.clock(), ask=lambda _: PASSPHRASE, passphrase=PASSPHRASE, cost=Cost(2, 1, 1)
    )
    trust = wiring.open_publisher(house.settings, lambda _: PASSPHRASE, house.register).trust
    house.clock.tick(minutes=1)
    with pytest.raises(VerificationError, match="outside the life of its key"):
        replace(publisher, trust=trust).publish(house.clock())


def test_a_wrong_passphrase_publishes_no_list(house: House, issued: Issued) -> None:
    with pytest.raises(SigningError):
        wiring.open_publisher(house.settings, lambda _: b"wrong", house.register).publish(house.clock())
    assert not list((house.settings.published).glob("status/*"))


def test_what_is_published_may_be_read_by_everybody_and_leaves_no_stray_file(house: House, issued: Issued) -> None:
    house.publish()
    found = {
        str(f.relative_to(house.settings.published)): f for f in house.settings.published.rglob("*") if f.is_file()
    }
    assert sorted(found) == ["root.crt.pem", "status/0.cwt", "trust.cose"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in found.values()} == {0o644}


def test_a_folder_that_cannot_be_written_is_a_sentence(house: House) -> None:
    house.settings.published.write_bytes(b"a file in the way")
    with pytest.raises(SettingsError, match="published folder cannot be written"):
        house.publish()


# ---- the folder, as a web server gives it away ----------------------------------------------------------


@pytest.fixture
def folder(house: House, issued: Issued) -> Published:
    house.publish()
    return Published(house.settings.published)


def test_every_published_thing_has_its_type_age_and_tag(folder: Published) -> None:
    found = {path: folder.get(path, NOW) for path in (LIST, "trust.cose", "root.crt.pem")}
    assert {path: (one.media_type, one.max_age_s) for path, one in found.items() if one} == {
        LIST: ("application/statuslist+cwt", 3600),
        "trust.cose": ('application/cose; cose-type="cose-sign1"', 3600),
        "root.crt.pem": ("application/x-pem-file", 86_400),
    }
    assert len({one.etag for one in found.values() if one}) == 3
    assert folder.shards() == (0,)


def test_a_list_may_be_kept_until_the_next_one_is_due(house: House, folder: Published) -> None:
    ages = [found.max_age_s for s in (0, 3000, 3590, 9000) if (found := folder.get(LIST, NOW + timedelta(seconds=s)))]
    assert ages == [3600, 600, 60, 60]


def test_the_tag_follows_the_content(house: House, folder: Published) -> None:
    first = folder.get(LIST, NOW)
    assert first == folder.get(LIST, NOW) == Published(house.settings.published).get(LIST, NOW)
    house.clock.tick(hours=1)
    house.publish()
    second = folder.get(LIST, house.clock.now)
    assert first is not None
    assert second is not None
    assert first.etag != second.etag
    assert second.last_modified - first.last_modified == timedelta(hours=1)


@pytest.mark.parametrize(
    "path",
    ["", "status/1", "status/00", "status/0.cwt", "status/../trust.cose", "/status/0", "published.json",
     "vectors/x.json", "vectors/../../certgen.toml", "trust.cose\n", "status/٠", "root.key.pem"],
)  # fmt: skip
def test_no_other_path_gives_anything(house: House, folder: Published, path: str) -> None:
    (house.settings.published / "root.key.pem").write_bytes(b"secret")
    assert folder.get(path, NOW) is None


def test_a_file_that_is_no_status_list_is_not_given_away_as_one(house: House, folder: Published) -> None:
    (house.settings.published / "status" / "0.cwt").write_bytes(b"rubbish")
    assert folder.get(LIST, NOW) is None


# ---- as it is typed ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def live_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return live_home(tmp_path_factory.mktemp("live") / "home")


@pytest.fixture
def home(live_model: Path, tmp_path: Path) -> Iterator[Path]:
    shutil.copytree(live_model, tmp_path / "home")
    return tmp_path / "home"


def issue(home: Path) -> Said:
    return command("issue", KIND, write_record(home / "r.json"), "--home", home, "--out", home / "out")


def test_what_was_just_issued_is_published_and_verifies_offline(home: Path) -> None:
    assert issue(home).code == 0
    (pdf, *_) = sorted((home / "out").glob("*-duplicate.pdf"))
    plain = command("verify", pdf, "--offline", "--home", home)
    listed = command("verify", pdf, "--offline", "--status", home / "published", "--home", home)
    assert (plain.code, listed.code) == (3, 0)
    assert listed.out.startswith("authentic and in force")
    assert command("verify", pdf, "--status", home / "published", "--home", home).code == 2
    again = command("publish", "--home", home)
    assert (again.code, again.out) == (0, "nothing had to be written\n")


def test_a_batch_is_published_when_it_is_done(home: Path) -> None:
    table = home / "rows.csv"
    table.write_text(command("kinds", "--csv", KIND, "--home", home).out, "utf-8")
    assert command("batch", KIND, table, "--home", home, "--out", home / "out").code == 0
    assert Published(home / "published").shards() == (0,)


def test_an_office_that_publishes_by_a_timer_can_say_so(home: Path) -> None:
    with (home / settings.FILE).open("a") as file:
        file.write("publish_after_commands = false\n")
    assert issue(home).code == 0
    assert not (home / "published").exists()
    said = command("publish", "--home", home, "--json")
    assert said.json["written"] == ["root.crt.pem", "trust.cose", LIST]


def test_a_fault_of_publishing_is_told_and_does_not_undo_what_was_issued(home: Path) -> None:
    (home / "keys" / "status-service.key.pem").unlink()
    said = issue(home)
    assert said.code == 0
    assert "warning: the status lists were not published: there is no status key yet: run python -m keys" in said.err
    assert command("publish", "--home", home).code == 2


def test_test_vectors_are_published_beside_the_lists(home: Path) -> None:
    vectors = Path(__file__).parent / "vectors"
    assert command("publish", "--vectors", vectors, "--home", home).code == 0
    found = Published(home / "published").get("vectors/statuslist.json", NOW)
    assert found is not None
    assert json.loads(found.content)["lists"]
    assert found.media_type == "application/json"


WRONG = {
    "no number": ("status_ttl_s = true", "a whole number"),
    "no truth": ("publish_after_commands = 1", "true or false"),
    "too short": ("status_ttl_s = 59", "60 to 86400 seconds"),
    "no longer than the ttl": ("status_life_s = 3600", "more than status_ttl_s"),
    "a month": ("status_life_s = 2592000", "at most 7 days"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_life_of_lists_is_one_sentence(home: Path, name: str) -> None:
    line, wanted = WRONG[name]
    with (home / settings.FILE).open("a") as file:
        file.write(line + "\n")
    said = command("publish", "--home", home)
    assert said.code == 2
    assert wanted in said.err
