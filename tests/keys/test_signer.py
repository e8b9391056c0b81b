import copy
import gc
import os
import pickle
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

import keys
from certgen.core.errors import SigningError
from keys import pkcs8
from keys.pkcs8 import Cost
from keys.signer import P256_ORDER, FileSigner, signer_of

CHEAP = Cost(2, 1, 1)
PASSPHRASE = b"horse battery"
NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)


def opened(house, stem="seal-421200", passphrase=PASSPHRASE):
    return keys.open_signer(house.uri(stem), lambda _: passphrase)


def verify_es256(spki, signature, digest):
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    load_der_public_key(spki).verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(SHA256())))


def digests(count):
    return [sha256(number.to_bytes(4, "big")).digest() for number in range(count)]


def test_the_same_digest_gives_the_same_signature_from_two_openings(house):
    first, second = opened(house), opened(house)
    assert [first.sign(digest) for digest in digests(20)] == [second.sign(digest) for digest in digests(20)]


def test_every_signature_verifies_and_has_the_smaller_s(house):
    signer = opened(house)
    for digest in digests(400):
        signature = signer.sign(digest)
        assert len(signature) == 64
        assert 0 < int.from_bytes(signature[32:], "big") <= P256_ORDER // 2
        verify_es256(signer.public_key, signature, digest)


def test_a_known_key_gives_the_signature_of_rfc_6979():
    # RFC 6979, A.2.5: P-256, SHA-256, message "sample"; s there is above n/2, so ours is n - s.
    private = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    s = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    signer = signer_of(ec.derive_private_key(private, ec.SECP256R1()), b"", (), specimen=True, name="rfc")
    signature = signer.sign(sha256(b"sample").digest())
    assert signature[:32].hex().upper() == "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    assert int.from_bytes(signature[32:], "big") == P256_ORDER - s


def test_an_rsa_seal_signs_pkcs1_v1_5(make, tmp_path):
    house = make(tmp_path / "keys", algorithm="RS256", rsa_bits=2048)
    signer = opened(house)
    digest = digests(1)[0]
    assert signer.algorithm == "RS256"
    assert signer.sign(digest) == signer.sign(digest)
    key = load_der_public_key(signer.public_key)
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(signer.sign(digest), digest, padding.PKCS1v15(), Prehashed(SHA256()))


@pytest.mark.parametrize("digest", [b"", b"\0" * 31, b"\0" * 33, "text", None], ids=repr)
@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_what_is_no_digest_is_refused(digest, algorithm):
    key = ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else rsa.generate_private_key(65537, 2048)
    with pytest.raises(SigningError, match="32 bytes"):
        signer_of(key, b"", (), specimen=True, name="key").sign(digest)


def test_a_seal_and_a_qr_key_say_who_they_are(house):
    seal, qr = opened(house), opened(house, "qr-421200")
    by_use = {entry.use: entry for entry in house.trust.entries if entry.authority == "421200"}
    assert (seal.certificate, seal.chain) == (by_use["seal"].certificate, by_use["seal"].chain)
    assert (qr.certificate, qr.chain) == (b"", ())
    assert (seal.fingerprint, qr.fingerprint) == (by_use["seal"].fingerprint, by_use["qr"].fingerprint)
    assert (seal.public_key, qr.public_key) == (by_use["seal"].spki, by_use["qr"].spki)
    assert seal.specimen
    assert qr.specimen


def test_an_official_key_is_no_specimen(make, tmp_path):
    house = make(tmp_path / "keys", specimen=False)
    assert not opened(house).specimen
    assert not opened(house, "qr-421200").specimen


def test_repr_shows_the_fingerprint_and_nothing_else(house):
    signer = opened(house)
    assert repr(signer) == f"<FileSigner ES256 {sha256(signer.certificate).hexdigest()[:16]}>"


def test_no_attribute_leads_to_the_key(house):
    signer = opened(house)
    public = [getattr(signer, name) for name in dir(signer) if not name.startswith("__")]
    assert not any(hasattr(value, "private_bytes") or hasattr(value, "private_numbers") for value in public)
    assert not hasattr(signer, "__dict__")
    with pytest.raises(AttributeError):
        signer.algorithm = "none"


def test_a_signer_is_neither_pickled_nor_copied(house):
    signer = opened(house)
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="pickled"):
            attempt(signer)


def test_a_forked_worker_cannot_sign(house):
    script = f"""
import os, sys, keys
signer = keys.open_signer({house.uri("seal-421200")!r}, lambda name: {PASSPHRASE!r})
child = os.fork()
if child == 0:
    try:
        signer.sign(bytes(32))
    except keys.SigningError:
        os._exit(7)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7, "the child signed"
assert len(signer.sign(bytes(32))) == 64
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=os.curdir)


def test_the_child_of_a_fork_does_not_hold_the_key(house):
    script = f"""
import gc, os, sys, keys
signer = keys.open_signer({house.uri("seal-421200")!r}, lambda name: {PASSPHRASE!r})
child = os.fork()
if child == 0:
    held = [item for item in gc.get_referents(signer) if item.__class__.__name__ == "function"]
    os._exit(0 if all(item.__closure__ is None for item in held) and held else 9)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    assert gc.isenabled()
    subprocess.run([sys.executable, "-c", script], check=True, cwd=os.curdir)


@pytest.mark.parametrize("wrong", [b"horse batter", b"", b"\xff" * 40], ids=["near", "empty", "binary"])
def test_a_wrong_passphrase_names_the_file_and_not_the_passphrase(house, wrong):
    with pytest.raises(SigningError) as caught:
        opened(house, passphrase=wrong)
    for lang in ("zh", "en"):
        said = caught.value.say(lang)
        assert "seal-421200.key.pem" in said
        assert not wrong or wrong.decode("latin-1") not in said
    assert "口令" in caught.value.say("zh")
    assert caught.value.__cause__ is None


def test_the_one_who_is_asked_hears_the_files_name(house):
    heard = []
    keys.open_signer(house.uri("qr-421281"), lambda name: heard.append(name) or PASSPHRASE)
    assert heard == ["qr-421281.key.pem"]


@pytest.mark.parametrize("uri", ["pkcs11:token=x", "/a/seal.key.pem", "FILE:/a/seal.key.pem", "", "file:/a/seal.pem"])
def test_a_uri_of_another_kind_is_refused_before_a_passphrase_is_asked_for(uri):
    with pytest.raises(SigningError):
        keys.open_signer(uri, lambda name: pytest.fail(f"asked for {name}"))


def test_a_missing_key_is_named(tmp_path):
    with pytest.raises(SigningError, match=r"seal-1\.key\.pem"):
        keys.open_signer(f"file:{tmp_path}/seal-1.key.pem", lambda _: PASSPHRASE)


def test_a_key_beside_a_strangers_certificate_is_refused(own_house):
    (own_house.folder / "seal-421281.crt.pem").replace(own_house.folder / "seal-421200.crt.pem")
    with pytest.raises(SigningError, match="does not belong"):
        opened(own_house)


def test_a_key_beside_a_strangers_public_key_is_refused(own_house):
    (own_house.folder / "qr-421281.pub.pem").replace(own_house.folder / "qr-421200.pub.pem")
    with pytest.raises(SigningError, match="does not belong"):
        opened(own_house, "qr-421200")


def test_a_key_without_certificate_or_public_key_is_refused(own_house):
    (own_house.folder / "seal-421200.crt.pem").unlink()
    with pytest.raises(SigningError, match=r"seal-421200\.pub\.pem"):
        opened(own_house)


def test_a_key_that_is_not_encrypted_is_refused(own_house):
    from cryptography.hazmat.primitives import serialization as form

    key = ec.generate_private_key(ec.SECP256R1())
    plain = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    (own_house.folder / "seal-421200.key.pem").write_bytes(plain)
    with pytest.raises(SigningError, match="encrypted"):
        opened(own_house)


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 1024)])
def test_a_key_of_another_kind_is_refused(own_house, key):
    (own_house.folder / "seal-421200.key.pem").write_bytes(pkcs8.encode(key, PASSPHRASE, CHEAP))
    with pytest.raises(SigningError, match="P-256"):
        opened(own_house)


def test_an_rsa_key_that_signs_wrongly_is_refused():
    numbers = rsa.generate_private_key(65537, 2048).private_numbers()
    broken = rsa.RSAPrivateNumbers(
        numbers.p, numbers.q, numbers.d + 2, numbers.dmp1 + 2, numbers.dmq1 + 2, numbers.iqmp, numbers.public_numbers
    ).private_key(unsafe_skip_rsa_key_validation=True)
    with pytest.raises(SigningError, match="damaged"):
        signer_of(broken, b"", (), specimen=True, name="key")


def test_openssl_reads_our_key_file_at_either_cost(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    for cost in (pkcs8.EVERYDAY, pkcs8.VAULT):
        path = tmp_path / "key.pem"
        path.write_bytes(pkcs8.encode(key, PASSPHRASE, cost))
        command = ["openssl", "pkey", "-in", str(path), "-passin", f"pass:{PASSPHRASE.decode()}", "-pubout"]
        assert b"BEGIN PUBLIC KEY" in subprocess.run(command, check=True, capture_output=True).stdout


def test_the_guard_is_expensive_by_default():
    assert 128 * pkcs8.EVERYDAY.n * pkcs8.EVERYDAY.r >= 8 << 20
    assert pkcs8.VAULT.n * pkcs8.VAULT.p >= 2**17


def test_two_files_of_one_key_differ_in_salt_and_iv():
    key = ec.generate_private_key(ec.SECP256R1())
    assert pkcs8.encode(key, PASSPHRASE, CHEAP) != pkcs8.encode(key, PASSPHRASE, CHEAP)


def test_a_seal_is_in_force_for_exactly_its_period(house):
    certificate = opened(house).certificate
    end = NOW.replace(year=2029)
    for moment in (NOW, NOW + timedelta(days=500), end, end + timedelta(milliseconds=999)):
        keys.check_in_force(certificate, moment)
    with pytest.raises(SigningError, match="not valid before 2026-11-23"):
        keys.check_in_force(certificate, NOW - timedelta(seconds=1))
    with pytest.raises(SigningError, match="expired on 2029-11-23"):
        keys.check_in_force(certificate, end + timedelta(seconds=1))


@pytest.mark.parametrize("certificate", [b"", b"\x30", b"\x30\x80\x00", b"\x30\x03\x30\x01\x00", bytes(40)])
def test_a_broken_certificate_is_not_in_force(certificate):
    with pytest.raises(SigningError, match="cannot be read"):
        keys.check_in_force(certificate, NOW)


def test_importing_keys_loads_no_cryptography():
    script = "import sys, keys; sys.exit('cryptography' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_opening_a_key_does_not_load_the_x509_library(house):
    script = f"""
import sys, keys
signer = keys.open_signer({house.uri("seal-421200")!r}, lambda name: {PASSPHRASE!r})
keys.check_in_force(signer.certificate, __import__("datetime").datetime.fromisoformat("2026-12-01T00:00:00+00:00"))
sys.exit("cryptography.x509" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_file_signer_is_a_signer(house):
    from certgen.core.model import Signer

    signer: Signer = opened(house)
    assert isinstance(signer, FileSigner)
