"""The container against three readers that are not ours: openssl, asn1crypto, and `cryptography` for the key."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from asn1crypto import cms as asn1_cms
from asn1crypto import core as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from certgen.core import cms
from certgen.core.der import INTEGER, OCTET_STRING, SEQUENCE, SET, integer, oid, tlv
from certgen.core.errors import FormatError, VerificationError

CONTENT = b"what a document says"
DIGEST = sha256(CONTENT).digest()
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def certify(key: Key, name: str, issuer: str, by: ec.EllipticCurvePrivateKey, serial: int) -> bytes:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    builder = x509.CertificateBuilder(named(issuer), named(name), key.public_key(), serial)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(2046, 1, 1, tzinfo=UTC)
    )
    builder = builder.add_extension(x509.BasicConstraints(name == issuer, None), critical=True)
    return builder.sign(by, SHA256()).public_bytes(Encoding.DER)


@cache
def seal(algorithm: cms.Algorithm) -> tuple[cms.CmsProfile, Key, bytes]:
    authority = ec.generate_private_key(ec.SECP256R1())
    issuer = certify(authority, "issuing CA", "issuing CA", authority, 7)
    key: Key = ec.generate_private_key(ec.SECP256R1())
    if algorithm == "RS256":
        key = rsa.generate_private_key(65537, 2048)
    certificate = certify(key, "seal", "issuing CA", authority, 8)
    return cms.CmsProfile(certificate, (issuer,), algorithm), key, issuer


def sign(key: Key, data: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), SHA256())
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")


@cache
def seal_content(algorithm: cms.Algorithm) -> tuple[bytes, bytes]:
    profile, key, _ = seal(algorithm)
    raw = sign(key, profile.signed_attributes(DIGEST))
    return profile.encode(DIGEST, raw), raw


both = pytest.mark.parametrize("algorithm", ["ES256", "RS256"])


@both
def test_openssl_accepts_the_container_as_cades(algorithm: cms.Algorithm, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    (tmp_path / "seal.der").write_bytes(seal_content(algorithm)[0])
    (tmp_path / "content").write_bytes(CONTENT)
    anchor = x509.load_der_x509_certificate(seal(algorithm)[2])
    (tmp_path / "ca.pem").write_bytes(anchor.public_bytes(Encoding.PEM))
    command = "cms -verify -cades -binary -inform DER -in seal.der -content content -CAfile ca.pem -purpose any"
    done = subprocess.run([openssl, *command.split()], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == CONTENT


@both
def test_asn1crypto_reads_what_the_profile_says(algorithm: cms.Algorithm) -> None:
    der, _ = seal_content(algorithm)
    info = asn1_cms.ContentInfo.load(der, strict=True)
    assert info["content_type"].native == "signed_data"
    data = info["content"]
    assert data["version"].native == "v1"
    assert [a["algorithm"].native for a in data["digest_algorithms"]] == ["sha256"]
    assert isinstance(data["digest_algorithms"][0]["parameters"], asn1.Void)
    assert data["encap_content_info"]["content"].native is None
    (signer,) = data["signer_infos"]
    kinds = [a["type"].dotted for a in signer["signed_attrs"]]
    ids = ["1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.16.2.47", "1.2.840.113549.1.9.52"]
    assert sorted(kinds) == sorted(ids)
    assert all(len(a["values"]) == 1 for a in signer["signed_attrs"])
    untagged = signer["signed_attrs"].untag().dump()
    assert untagged == seal(algorithm)[0].signed_attributes(DIGEST)
    encodings = [a.dump() for a in signer["signed_attrs"]]
    assert encodings == sorted(encodings)
    assert isinstance(signer["unsigned_attrs"], asn1.Void)


@both
def test_decode_gives_back_what_encode_was_given(algorithm: cms.Algorithm) -> None:
    profile, _, _ = seal(algorithm)
    der, raw = seal_content(algorithm)
    assert profile.decode(der) == (DIGEST, raw)
    parts = cms.decode(der)
    assert (parts.message_digest, parts.signature, parts.algorithm) == (DIGEST, raw, algorithm)
    assert parts.certificate == profile.certificate
    assert parts.signed_attributes == profile.signed_attributes(DIGEST)
    assert cms.peek_bag(der) == profile.bag


@pytest.mark.parametrize("r", [1, 0x7F, 0x80, 2**127, 2**248 - 1, 2**255 - 1, 2**255, ORDER - 1])
@pytest.mark.parametrize("s", [1, 0xFF, 2**247, ORDER // 2])
def test_every_length_of_an_ecdsa_signature_goes_both_ways(r: int, s: int) -> None:
    profile, _, _ = seal("ES256")
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    der = profile.encode(DIGEST, raw)
    assert profile.decode(der) == (DIGEST, raw)
    assert asn1_cms.ContentInfo.load(der, strict=True)["content"]["signer_infos"][0]["signature"].native
    assert len(der) <= profile.max_size


@both
def test_max_size_is_reached(algorithm: cms.Algorithm) -> None:
    profile, _, _ = seal(algorithm)
    length = len(seal_content(algorithm)[1])
    assert len(profile.encode(DIGEST, b"\xff" * 32 + b"\x7f" + b"\0" * (length - 33))) == profile.max_size


def test_a_high_s_or_a_wrong_length_is_not_written() -> None:
    profile, _, _ = seal("ES256")
    high = (ORDER // 2 + 1).to_bytes(32, "big")
    for raw in (b"\1" * 32 + high, b"\1" * 63, b""):
        with pytest.raises(FormatError):
            profile.encode(DIGEST, raw)


def rebuild(change: Callable[[dict[str, bytes]], object]) -> bytes:
    """Write a container piece by piece, so that one piece can be wrong; every length follows."""
    profile, _, _ = seal("ES256")
    der, raw = seal_content("ES256")
    parts = cms.decode(der)
    sha = tlv(SEQUENCE, oid("2.16.840.1.101.3.4.2.1"))
    pieces = {
        "kind": oid("1.2.840.113549.1.7.2"),
        "version": integer(b"\1"),
        "digests": tlv(SET, sha),
        "content": tlv(SEQUENCE, oid("1.2.840.113549.1.7.1")),
        "bag": profile.bag,
        "crls": b"",
        "signer version": integer(b"\1"),
        "sid": parts.issuer_serial,
        "digest": sha,
        "attributes": b"\xa0" + parts.signed_attributes[1:],
        "algorithm": tlv(SEQUENCE, oid("1.2.840.10045.4.3.2")),
        "signature": tlv(OCTET_STRING, tlv(SEQUENCE, integer(raw[:32]), integer(raw[32:]))),
        "unsigned": b"",
        "second signer": b"",
        "trailing": b"",
    }
    change(pieces)
    names = ("signer version", "sid", "digest", "attributes", "algorithm", "signature", "unsigned")
    signer = tlv(SEQUENCE, *(pieces[name] for name in names))
    infos = tlv(SET, signer, pieces["second signer"] and signer)
    front = (pieces[name] for name in ("version", "digests", "content", "bag", "crls"))
    return tlv(SEQUENCE, pieces["kind"], tlv(0xA0, tlv(SEQUENCE, *front, infos))) + pieces["trailing"]


def attributes(*wanted: str) -> Callable[[dict[str, bytes]], object]:
    """Set the signed attributes to some of the right ones (and wrong ones), in DER order."""
    profile, _, issuer = seal("ES256")
    sha = tlv(SEQUENCE, oid("2.16.840.1.101.3.4.2.1"))

    def one(kind: str, *values: bytes) -> bytes:
        return tlv(SEQUENCE, oid(kind), tlv(SET, *values))

    def ess(of: bytes) -> bytes:
        return tlv(SEQUENCE, tlv(SEQUENCE, tlv(SEQUENCE, tlv(OCTET_STRING, sha256(of).digest()))))

    def protection(algorithm: str) -> bytes:
        return one("1.2.840.113549.1.9.52", tlv(SEQUENCE, sha, tlv(0xA1, oid(algorithm))))

    digest = tlv(OCTET_STRING, DIGEST)
    known = {
        "type": one("1.2.840.113549.1.9.3", oid("1.2.840.113549.1.7.1")),
        "digest": one("1.2.840.113549.1.9.4", digest),
        "ess": one("1.2.840.113549.1.9.16.2.47", ess(profile.certificate)),
        "protection": protection("1.2.840.10045.4.3.2"),
        "time": one("1.2.840.113549.1.9.5", tlv(0x17, b"261123000000Z")),
        "other ess": one("1.2.840.113549.1.9.16.2.47", ess(issuer)),
        "other protection": protection("1.2.840.10045.4.3.4"),
        "two digests": one("1.2.840.113549.1.9.4", digest, digest),
    }
    return lambda pieces: pieces.update(attributes=tlv(0xA0, *sorted(known[name] for name in wanted)))


def be(**pieces: bytes) -> Callable[[dict[str, bytes]], object]:
    return lambda all_pieces: all_pieces.update({name.replace("_", " "): piece for name, piece in pieces.items()})


def named_attacks() -> dict[str, tuple[str, Callable[[dict[str, bytes]], object]]]:
    profile, key, issuer = seal("ES256")
    _, raw = seal_content("ES256")
    sha1 = tlv(SEQUENCE, oid("1.3.14.3.2.26"))
    sha256_null = tlv(SEQUENCE, oid("2.16.840.1.101.3.4.2.1"), b"\x05\x00")
    high = (ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    bag = sorted((profile.certificate, issuer))
    other = certify(key, "seal", "issuing CA", ec.generate_private_key(ec.SECP256R1()), 9)
    look_alike = certify(key, "seal", "issuing CA", ec.generate_private_key(ec.SECP256R1()), 8)
    r, s = integer(raw[:32]), integer(raw[32:])
    return {
        "trailing octet": ("C1", be(trailing=b"\0")),
        "indefinite length": ("C1", be(content=b"\x30\x80" + oid("1.2.840.113549.1.7.1") + b"\0\0")),
        "long form of a short length": ("C1", be(version=b"\x02\x81\x01\x01")),
        "content instead of a signature": ("C2", be(kind=oid("1.2.840.113549.1.7.1"))),
        "version 3": ("C2", be(version=integer(b"\3"))),
        "SHA-1": ("C3", be(digests=tlv(SET, sha1))),
        "SHA-256 with parameters": ("C3", be(digests=tlv(SET, sha256_null))),
        "two digest algorithms": ("C3", be(digests=tlv(SET, sha1, tlv(SEQUENCE, oid("2.16.840.1.101.3.4.2.1"))))),
        "content inside": ("C4", be(content=tlv(SEQUENCE, oid("1.2.840.113549.1.7.1"), tlv(0xA0, b"\x04\x01a")))),
        "other content type": ("C4", be(content=tlv(SEQUENCE, oid("1.2.840.113549.1.7.2")))),
        "bag in another order": ("C5", be(bag=tlv(0xA0, *reversed(bag)))),
        "certificate twice": ("C5", be(bag=tlv(0xA0, bag[0], *bag))),
        "certificate added": ("C5", be(bag=tlv(0xA0, *sorted((*bag, other))))),
        "look-alike added": ("C5", be(bag=tlv(0xA0, *sorted((*bag, look_alike))))),
        "issuer left out": ("C5", be(bag=tlv(0xA0, profile.certificate))),
        "revocation list added": ("C5", be(crls=tlv(0xA1))),
        "signer's certificate left out": ("C6", be(bag=tlv(0xA0, issuer))),
        "two signers": ("C6", be(second_signer=b"yes")),
        "signer by key identifier": ("C6", be(sid=tlv(0x80, b"12345678"))),
        "signer version 3": ("C6", be(signer_version=integer(b"\3"))),
        "SHA-1 for the signer": ("C7", be(digest=sha1)),
        "ECDSA with SHA-512": ("C7", be(algorithm=tlv(SEQUENCE, oid("1.2.840.10045.4.3.4")))),
        "ECDSA with NULL": ("C7", be(algorithm=tlv(SEQUENCE, oid("1.2.840.10045.4.3.2"), b"\x05\x00"))),
        "no signed attributes": ("C8", be(attributes=b"")),
        "empty signed attributes": ("C8", attributes()),
        "no content type": ("C8", attributes("digest", "ess", "protection")),
        "no digest": ("C8", attributes("type", "ess", "protection")),
        "no ESS certificate": ("C8", attributes("type", "digest", "protection")),
        "no algorithm protection": ("C8", attributes("type", "digest", "ess")),
        "signing time": ("C8", attributes("type", "digest", "ess", "protection", "time")),
        "other certificate in ESS": ("C8", attributes("type", "digest", "other ess", "protection")),
        "other algorithm protected": ("C8", attributes("type", "digest", "ess", "other protection")),
        "digest twice": ("C8", attributes("type", "digest", "digest", "ess", "protection")),
        "two values of digest": ("C8", attributes("type", "two digests", "ess", "protection")),
        "unsigned attribute": ("C9", be(unsigned=tlv(0xA1))),
        "high s": ("C10", be(signature=tlv(OCTET_STRING, tlv(SEQUENCE, r, integer(high))))),
        "negative r": ("C1", be(signature=tlv(OCTET_STRING, tlv(SEQUENCE, tlv(INTEGER, b"\xff"), s)))),
        "padded s": ("C1", be(signature=tlv(OCTET_STRING, tlv(SEQUENCE, r, tlv(INTEGER, b"\0\0" + raw[32:]))))),
        "third number": ("C1", be(signature=tlv(OCTET_STRING, tlv(SEQUENCE, r, s, s)))),
    }


ATTACKS = named_attacks()


def test_the_pieces_of_the_attacks_make_a_right_container_when_none_is_wrong() -> None:
    profile, _, _ = seal("ES256")
    assert profile.decode(rebuild(lambda pieces: None))[0] == DIGEST
    assert rebuild(attributes("type", "digest", "ess", "protection")) == rebuild(lambda pieces: None)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_on_the_container_is_named_by_its_rule(name: str) -> None:
    rule, change = ATTACKS[name]
    with pytest.raises(VerificationError) as caught:
        seal("ES256")[0].decode(rebuild(change))
    assert caught.value.rule == rule


@both
def test_no_flipped_bit_leaves_digest_and_signature_as_they_were(algorithm: cms.Algorithm) -> None:
    profile, _, _ = seal(algorithm)
    der, raw = seal_content(algorithm)
    for place in range(0, 8 * len(der), 3):
        changed = bytearray(der)
        changed[place // 8] ^= 1 << place % 8
        try:
            assert profile.decode(bytes(changed)) != (DIGEST, raw)
        except VerificationError as refused:
            assert refused.rule.startswith("C")


def test_the_container_of_another_seal_is_refused() -> None:
    with pytest.raises(VerificationError) as caught:
        seal("RS256")[0].decode(seal_content("ES256")[0])
    assert caught.value.rule == "C7"
