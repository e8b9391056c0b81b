import asyncio
import itertools
import stat
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto.x509 import Certificate as AsnCertificate
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtensionOID, NameOID
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError

import keys
from certgen.core import oids, trustlist
from certgen.core.errors import FormatError, SigningError, Text
from keys.ceremony import make_issuing_ca, make_root, make_seal
from keys.certificates import years_after

NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
NAMES = {
    "root.key.pem", "root.crt.pem", "ca.key.pem", "ca.crt.pem", "trust.cose",
    "status-service.key.pem", "status-service.pub.pem",
    *(f"{use}-{office}.{end}.pem" for office in ("421200", "421281")
      for use, end in (("seal", "key"), ("seal", "crt"), ("qr", "key"), ("qr", "pub"))),
}  # fmt: skip


def certificate(house, stem):
    return x509.load_pem_x509_certificates((house.folder / f"{stem}.crt.pem").read_bytes())[0]


def extension(cert, oid):
    found = cert.extensions.get_extension_for_oid(oid)
    return found.value, found.critical


def common_name(cert):
    return cert.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value


def test_a_ceremony_writes_these_files_and_no_others(house):
    assert {path.name for path in house.folder.iterdir()} == NAMES
    assert list(house.folder.parent.iterdir()) == [house.folder]


def test_nobody_else_may_read_the_files(house):
    assert stat.S_IMODE(house.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in house.folder.iterdir()} == {0o600}


def test_every_key_opens_with_its_own_passphrase(house):
    for name in NAMES:
        if name.endswith(".key.pem"):
            is_vault = name.startswith(("root", "ca"))
            passphrase = b"a longer one, kept elsewhere" if is_vault else b"horse battery"
            other = b"horse battery" if is_vault else b"a longer one, kept elsewhere"
            keys.open_signer(f"file:{house.folder / name}", lambda _, right=passphrase: right)
            with pytest.raises(SigningError):
                keys.open_signer(f"file:{house.folder / name}", lambda _, wrong=other: wrong)


def test_the_written_trust_list_is_the_returned_one(house):
    spki = certificate(house, "root").public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert trustlist.decode((house.folder / "trust.cose").read_bytes(), spki) == house.trust
    assert house.trust.hosts == ("licence.example", "old.example:8443")
    assert [(entry.authority, entry.use) for entry in house.trust.entries] == [
        ("421200", "seal"), ("421200", "qr"), ("421281", "seal"), ("421281", "qr"), ("service", "status"),
    ]  # fmt: skip
    assert house.trust.entries[3].kinds == ("food-business", "sc")


def test_an_existing_ceremony_is_never_written_over(own_house, make):
    before = {path.name: path.read_bytes() for path in own_house.folder.iterdir()}
    with pytest.raises(SigningError, match="never written over"):
        make(own_house.folder)
    assert {path.name: path.read_bytes() for path in own_house.folder.iterdir()} == before


def test_any_file_in_the_folder_stops_a_ceremony(tmp_path, make):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "notes.txt").touch()
    with pytest.raises(SigningError):
        make(tmp_path / "keys")


def test_an_empty_folder_is_taken_over_and_closed_to_others(tmp_path, make):
    (tmp_path / "keys").mkdir(mode=0o755)
    assert stat.S_IMODE(make(tmp_path / "keys").folder.stat().st_mode) == 0o700


def test_a_ceremony_that_fails_leaves_nothing(tmp_path, make):
    def stop_at_the_third():
        if next(count) == 3:
            raise RuntimeError("power cut")
        return 17 + next(count)

    count = itertools.count(1)
    with pytest.raises(RuntimeError):
        make(tmp_path / "keys", serials=stop_at_the_third)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"passphrase": b"short"},
        {"vault_passphrase": b""},
        {"authorities": (("1", Text("甲", "a"), ("*",)), ("1", Text("乙", "b"), ("*",)))},
        {"authorities": (("../1", Text("甲", "a"), ("*",)),)},
        {"authorities": (("1", Text("很" * 22, "long"), ("*",)),)},
        {"algorithm": "RS256", "rsa_bits": 1024},
    ],
    ids=["short passphrase", "empty vault passphrase", "twice", "path", "long name", "small RSA"],
)
def test_what_cannot_become_a_house_is_refused_and_leaves_nothing(tmp_path, make, changes):
    with pytest.raises(SigningError):
        make(tmp_path / "keys", **changes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("changes", [{"hosts": ()}, {"ttl_s": 0}], ids=["no host", "no life"])
def test_a_list_nobody_could_use_leaves_nothing(tmp_path, make, changes):
    with pytest.raises(FormatError):
        make(tmp_path / "keys", **changes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("stem", "length", "years"), [("root", 1, 20), ("ca", 0, 10)])
def test_root_and_ca_have_their_profile(house, stem, length, years):
    cert = certificate(house, stem)
    assert extension(cert, ExtensionOID.BASIC_CONSTRAINTS) == (x509.BasicConstraints(ca=True, path_length=length), True)
    usage, critical = extension(cert, ExtensionOID.KEY_USAGE)
    assert critical
    assert usage.key_cert_sign
    assert usage.crl_sign
    assert not usage.digital_signature
    assert isinstance(cert.public_key(), ec.EllipticCurvePublicKey)
    assert (cert.not_valid_before_utc, cert.not_valid_after_utc) == (NOW, NOW.replace(year=2026 + years))


def test_a_seal_has_its_profile(house):
    cert, ca = certificate(house, "seal-421200"), certificate(house, "ca")
    assert extension(cert, ExtensionOID.BASIC_CONSTRAINTS) == (x509.BasicConstraints(ca=False, path_length=None), True)
    usage, critical = extension(cert, ExtensionOID.KEY_USAGE)
    assert critical
    assert usage.digital_signature
    assert usage.content_commitment
    assert not usage.key_cert_sign
    eku, _ = extension(cert, ExtensionOID.EXTENDED_KEY_USAGE)
    assert [oid.dotted_string for oid in eku] == ["1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36", oids.SEAL_USAGE]
    policies, _ = extension(cert, ExtensionOID.CERTIFICATE_POLICIES)
    assert [policy.policy_identifier.dotted_string for policy in policies] == [oids.SPECIMEN_POLICY]
    ski, _ = extension(ca, ExtensionOID.SUBJECT_KEY_IDENTIFIER)
    aki, _ = extension(cert, ExtensionOID.AUTHORITY_KEY_IDENTIFIER)
    assert aki.key_identifier == ski.digest
    assert (cert.not_valid_before_utc, cert.not_valid_after_utc) == (NOW, NOW.replace(year=2029))
    assert cert.version is x509.Version.v3


def test_no_certificate_sends_a_verifier_to_the_network(house):
    for stem in ("root", "ca", "seal-421200", "seal-421281"):
        found = {one.oid for one in certificate(house, stem).extensions}
        assert not found & {ExtensionOID.AUTHORITY_INFORMATION_ACCESS, ExtensionOID.CRL_DISTRIBUTION_POINTS}
        assert b"http" not in certificate(house, stem).public_bytes(Encoding.DER)


def test_serial_numbers_are_the_callers(house):
    stems = ("root", "ca", "seal-421200", "seal-421281")
    assert [certificate(house, stem).serial_number for stem in stems] == [1000, 1001, 1002, 1003]


def test_a_specimen_says_so_in_its_name_and_its_policy(house):
    assert common_name(certificate(house, "seal-421200")) == "咸宁市市场监督管理局 电子印章 测试专用章"
    # 76 bytes would be too long for a common name: the mark stays, the word goes.
    assert common_name(certificate(house, "seal-421281")) == "赤壁市食品药品监督管理局 测试专用章"
    for stem in ("root", "ca"):
        assert "测试专用章" in common_name(certificate(house, stem))


def test_an_official_seal_carries_the_official_policy(make, tmp_path):
    cert = certificate(make(tmp_path / "keys", specimen=False), "seal-421281")
    assert common_name(cert) == "赤壁市食品药品监督管理局 电子印章"
    policies, _ = extension(cert, ExtensionOID.CERTIFICATE_POLICIES)
    assert [policy.policy_identifier.dotted_string for policy in policies] == [oids.OFFICIAL_POLICY]


def test_only_seals_follow_the_algorithm(make, tmp_path):
    house = make(tmp_path / "keys", algorithm="RS256", rsa_bits=2048)
    assert isinstance(certificate(house, "seal-421200").public_key(), rsa.RSAPublicKey)
    assert isinstance(certificate(house, "ca").public_key(), ec.EllipticCurvePublicKey)
    assert [entry.algorithm for entry in house.trust.entries] == [*["RS256", "ES256"] * 2, "ES256"]


def test_a_seal_ends_no_later_than_its_ca():
    old = NOW.replace(year=2018)
    root = make_root("house", now=old, serial=1, specimen=True)
    ca = make_issuing_ca(root, "house", now=old, serial=2, specimen=True)
    seal = make_seal(ca, "局", algorithm="ES256", rsa_bits=0, now=NOW, serial=3, specimen=True)
    assert seal.certificate.not_valid_after_utc == ca.certificate.not_valid_after_utc == NOW.replace(year=2028)


def test_three_years_after_the_29th_of_february_is_the_28th():
    assert years_after(datetime(2028, 2, 29, tzinfo=UTC), 3) == datetime(2031, 2, 28, tzinfo=UTC)


def test_a_pair_does_not_print_its_key():
    assert "Key" not in repr(make_root("house", now=NOW, serial=1, specimen=True))


def validate(house, stem, roots, moment):
    load = AsnCertificate.load
    der = [load(certificate(house, name).public_bytes(Encoding.DER)) for name in (stem, "ca")]
    context = ValidationContext(trust_roots=roots, moment=moment, allow_fetching=False)
    validator = CertificateValidator(der[0], intermediate_certs=der[1:], validation_context=context)
    usage = validator.async_validate_usage({"digital_signature", "non_repudiation"}, {"email_protection"})
    return asyncio.run(usage)


def test_an_independent_validator_accepts_the_chain(house):
    root = AsnCertificate.load(certificate(house, "root").public_bytes(Encoding.DER))
    path = validate(house, "seal-421200", [root], NOW + timedelta(days=1))
    assert len(path) == 3


def test_an_independent_validator_refuses_another_root_and_another_time(house, make, tmp_path):
    other = make(tmp_path / "other")
    stranger = AsnCertificate.load(certificate(other, "root").public_bytes(Encoding.DER))
    root = AsnCertificate.load(certificate(house, "root").public_bytes(Encoding.DER))
    with pytest.raises(PathBuildingError):
        validate(house, "seal-421200", [stranger], NOW + timedelta(days=1))
    with pytest.raises(PathValidationError):
        validate(house, "seal-421200", [root], NOW.replace(year=2030))
