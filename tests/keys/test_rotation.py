from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

import keys
from certgen.core.errors import SigningError, Text
from keys import rotation
from keys.pkcs8 import Cost
from keys.rotation import load_trust_list, mark_compromised, refresh, renew_qr_key, renew_seal, renew_status_key

CHEAP = Cost(2, 1, 1)
LATER = datetime(2027, 3, 1, 8, 0, 0, tzinfo=UTC)
NEW = b"another passphrase"


def ask(name):
    assert name in ("root.key.pem", "ca.key.pem")
    return b"a longer one, kept elsewhere"


def renew(house, use="seal", **changes):
    arguments = {"now": LATER, "ask": ask, "passphrase": NEW, "cost": CHEAP} | changes
    if use == "status":
        return renew_status_key(house.folder, **arguments)
    if use == "qr":
        return renew_qr_key(house.folder, "421200", **arguments)
    return renew_seal(house.folder, "421200", serials=house.serials, **arguments)


def opened(house, use, passphrase=NEW):
    owner = "service" if use == "status" else "421200"
    return keys.open_signer(house.uri(f"{use}-{owner}"), lambda _: passphrase)


@pytest.mark.parametrize("use", ["seal", "qr", "status"])
def test_a_renewed_key_follows_on_the_old_one(own_house, use):
    before = opened(own_house, use, b"horse battery").fingerprint
    trust = renew(own_house, use)
    old, new = (trust.find(fingerprint) for fingerprint in (before, opened(own_house, use).fingerprint))
    assert old.not_after == new.not_before == LATER == trust.issued_at
    assert not old.may_sign("sc", LATER + timedelta(seconds=1))
    assert old.may_sign("sc", LATER - timedelta(seconds=1))
    assert new.may_sign("sc", LATER + timedelta(seconds=1))
    assert (new.authority, new.kinds, new.specimen) == (old.authority, old.kinds, old.specimen)
    assert len(trust.entries) == 6
    assert load_trust_list(own_house.folder) == trust


def test_a_renewal_leaves_no_stray_file(own_house):
    before = {path.name for path in own_house.folder.iterdir()}
    renew(own_house)
    renew(own_house, "qr")
    renew(own_house, "status")
    assert {path.name for path in own_house.folder.iterdir()} == before


def test_a_seal_may_change_algorithm_and_name(own_house):
    trust = renew(own_house, algorithm="RS256", rsa_bits=2048, name=Text("咸宁市新局", "New"))
    assert opened(own_house, "seal").algorithm == "RS256"
    assert trust.entries[-1].authority_name == Text("咸宁市新局", "New")
    assert trust.entries[0].authority_name == Text("咸宁市市场监督管理局", "Xianning")


def test_a_house_of_before_gets_its_first_status_key(own_house):
    """Ceremonies held before there were status lists made none."""
    for path in own_house.folder.glob("status-*"):
        path.unlink()
    entries = tuple(entry for entry in own_house.trust.entries if entry.use != "status")
    root = rotation._open(own_house.folder, "root", ask)
    rotation._publish(own_house.folder, replace(own_house.trust, entries=entries), root)
    trust = renew(own_house, "status")
    assert [entry.use for entry in trust.entries] == ["seal", "qr", "seal", "qr", "status"]
    made = trust.entries[-1]
    assert made.fingerprint == opened(own_house, "status").fingerprint
    assert (made.authority, made.authority_name.zh, made.specimen) == ("service", "certgen", True)


class PowerCut(Exception):
    pass


def cut_power(monkeypatch, is_it):
    """Stand in for a power cut: the rename that `is_it` names never happens."""
    real = Path.replace

    def cut(path, target):
        if is_it(path.name, target.name):
            raise PowerCut
        return real(path, target)

    monkeypatch.setattr(Path, "replace", cut)


@pytest.mark.parametrize("use", ["seal", "qr", "status"])
def test_a_crash_before_the_trust_list_leaves_the_old_key_in_office(own_house, use, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(PowerCut):
        cut_power(patch, lambda _, target: target == "trust.cose")
        renew(own_house, use)
    assert load_trust_list(own_house.folder) == own_house.trust
    assert own_house.trust.find(opened(own_house, use, b"horse battery").fingerprint)
    trust = renew(own_house, use)
    assert trust.find(opened(own_house, use).fingerprint)
    assert len(trust.entries) == 6


@pytest.mark.parametrize("end", [".key.pem", ".crt.pem"])
def test_a_crash_after_the_trust_list_is_mended_by_asking_again(own_house, end, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(PowerCut):
        cut_power(patch, lambda name, _: name == f"seal-421200.next{end}")
        renew(own_house)
    listed = load_trust_list(own_house.folder)
    assert renew(own_house, now=LATER + timedelta(hours=1)) == listed  # finished, not made once more
    assert listed.entries[-1].fingerprint == opened(own_house, "seal").fingerprint
    assert not [path for path in own_house.folder.iterdir() if ".next" in path.name]


def test_an_unknown_authority_has_no_key_to_renew(own_house):
    with pytest.raises(SigningError, match="429999"):
        renew_seal(own_house.folder, "429999", now=LATER, serials=own_house.serials, ask=ask, passphrase=NEW)


def test_a_wrong_passphrase_of_the_root_changes_nothing(own_house):
    before = {path.name: path.read_bytes() for path in own_house.folder.iterdir()}
    with pytest.raises(SigningError, match=r"root\.key\.pem"):
        renew(own_house, ask=lambda _: b"horse battery")
    assert {path.name: path.read_bytes() for path in own_house.folder.iterdir()} == before


def test_a_root_kept_elsewhere_is_asked_for(own_house):
    (own_house.folder / "root.key.pem").unlink()
    with pytest.raises(SigningError, match="fetch it"):
        renew(own_house)


def test_a_folder_without_a_ceremony_says_so(tmp_path):
    with pytest.raises(SigningError, match="ceremony"):
        load_trust_list(tmp_path)


def test_a_compromised_key_no_longer_counts_from_then_on(own_house):
    fingerprint = own_house.trust.entries[0].fingerprint
    since = LATER - timedelta(days=3)
    trust = mark_compromised(own_house.folder, fingerprint, since=since, now=LATER, ask=ask)
    entry = trust.find(fingerprint)
    assert entry.may_sign("sc", since - timedelta(seconds=1))
    assert not entry.may_sign("sc", since)
    assert load_trust_list(own_house.folder) == trust
    assert trust.issued_at == LATER


def test_a_compromise_is_never_made_later(own_house):
    fingerprint, day = own_house.trust.entries[0].fingerprint, timedelta(days=1)
    for since, expected in ((3 * day, 3 * day), (1 * day, 3 * day), (5 * day, 5 * day)):
        trust = mark_compromised(own_house.folder, fingerprint, since=LATER - since, now=LATER, ask=ask)
        assert trust.find(fingerprint).compromised_at == LATER - expected


def test_a_compromise_in_the_future_or_of_a_stranger_is_refused(own_house):
    known = own_house.trust.entries[0].fingerprint
    with pytest.raises(SigningError, match="future"):
        mark_compromised(own_house.folder, known, since=LATER + timedelta(seconds=1), now=LATER, ask=ask)
    with pytest.raises(SigningError, match="no key"):
        mark_compromised(own_house.folder, sha256(b"").digest(), since=LATER, now=LATER, ask=ask)


def test_a_new_host_goes_first_and_the_former_ones_stay(own_house):
    refresh(own_house.folder, now=LATER, ask=ask, host="new.example")
    trust = refresh(own_house.folder, now=LATER, ask=ask, host="licence.example", ttl_s=60)
    assert trust.hosts == ("licence.example", "new.example", "old.example:8443")
    assert load_trust_list(own_house.folder) == trust
    assert (trust.ttl_s, trust.issued_at, trust.entries) == (60, LATER, own_house.trust.entries)
