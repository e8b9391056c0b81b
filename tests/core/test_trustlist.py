from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from certgen.core import cose, trustlist
from certgen.core.errors import FormatError, Text, VerificationError
from certgen.core.trustlist import TrustList, entry_of
from keys.signer import P256_ORDER, signer_of

NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)


def signer_from(number):
    return signer_of(ec.derive_private_key(number, ec.SECP256R1()), b"", (), specimen=True, name="test")


def spki_from(number):
    key = ec.derive_private_key(number, ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


ROOT, OTHER = signer_from(11), signer_from(12)
SEAL = entry_of(
    use="seal",
    algorithm="ES256",
    authority="421200",
    authority_name=Text("咸宁市市场监督管理局", "Xianning"),
    kinds=("*",),
    spki=spki_from(21),
    certificate=b"certificate around " + spki_from(21),
    chain=(b"issuing CA",),
    not_before=NOW,
    not_after=NOW + timedelta(days=1000),
    compromised_at=None,
    specimen=True,
)
QR = entry_of(
    use="qr",
    algorithm="ES256",
    authority="421200",
    authority_name=Text("咸宁市市场监督管理局", "Xianning"),
    kinds=("food-business", "sc"),
    spki=spki_from(22),
    certificate=b"",
    chain=(),
    not_before=NOW,
    not_after=NOW,
    compromised_at=NOW,
    specimen=False,
)
TRUST = TrustList(NOW, 3600, ("licence.example", "old.example:8443"), (SEAL, QR))
DATA = trustlist.encode(TRUST, ROOT)


def signed(fields, signer=ROOT, aad=trustlist.AAD, protected=None):
    """Sign any payload at all, as a root key that went mad would."""
    payload = fields if isinstance(fields, bytes) else cose.encode_cbor(fields)
    protected = protected or cose.protected_header(cose.ES256, sha256(signer.public_key).digest()[:4])
    digest = sha256(cose.sig_structure(protected, aad, payload)).digest()
    return cose.sign1(protected, payload, signer.sign(digest))


def fields_of(data):
    return cose.decode_cbor(cose.parse1(data).payload)


def test_what_is_encoded_is_decoded():
    assert trustlist.decode(DATA, ROOT.public_key) == TRUST


def test_the_same_list_gives_the_same_bytes():
    assert trustlist.encode(TRUST, ROOT) == DATA
    assert trustlist.encode(trustlist.decode(DATA, ROOT.public_key), ROOT) == DATA


def test_the_version_comes_first():
    assert cose.parse1(DATA).payload[:3] == b"\xa5\x00\x01"


def test_fingerprint_and_kid_are_those_of_certificate_and_public_key():
    assert SEAL.fingerprint == sha256(SEAL.certificate).digest()
    assert QR.fingerprint == sha256(QR.spki).digest()
    for entry in (SEAL, QR):
        assert entry.kid == sha256(entry.spki).digest()[:4]
        assert TRUST.find(entry.fingerprint) is entry
    assert TRUST.find(b"") is None


def test_every_flipped_bit_is_refused():
    for at in range(len(DATA)):
        for bit in range(8):
            changed = bytearray(DATA)
            changed[at] ^= 1 << bit
            with pytest.raises((FormatError, VerificationError)):
                trustlist.decode(bytes(changed), ROOT.public_key)


def test_every_shortened_or_lengthened_list_is_malformed():
    for size in range(len(DATA)):
        with pytest.raises(FormatError):
            trustlist.decode(DATA[:size], ROOT.public_key)
    with pytest.raises(FormatError):
        trustlist.decode(DATA + b"\0", ROOT.public_key)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_refused_with_an_error_of_ours(data):
    with pytest.raises((FormatError, VerificationError)):
        trustlist.decode(data, ROOT.public_key)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.dictionaries(st.integers(0, 5), st.integers() | st.text() | st.booleans()))
def test_any_payload_at_all_is_refused_even_when_the_root_signed_it(payload):
    with pytest.raises(FormatError):
        if isinstance(payload, dict):
            payload = cose.encode_cbor(payload)
        trustlist.decode(signed(payload), ROOT.public_key)


def test_a_list_of_another_root_is_refused():
    with pytest.raises(VerificationError) as caught:
        trustlist.decode(trustlist.encode(TRUST, OTHER), ROOT.public_key)
    assert caught.value.rule == "T1"


def test_a_list_that_only_names_our_root_is_refused():
    ours = cose.protected_header(cose.ES256, sha256(ROOT.public_key).digest()[:4])
    forged = signed(cose.parse1(DATA).payload, OTHER, protected=ours)
    with pytest.raises(VerificationError) as caught:
        trustlist.decode(forged, ROOT.public_key)
    assert caught.value.rule == "T1"


def test_the_roots_signature_under_another_purpose_is_refused():
    with pytest.raises(VerificationError):
        trustlist.decode(signed(cose.parse1(DATA).payload, aad=b"certgen-1|host|sid"), ROOT.public_key)


def test_the_other_signature_of_the_same_list_is_refused():
    parts = cose.parse1(DATA)
    s = P256_ORDER - int.from_bytes(parts.signature[32:], "big")
    twin = cose.sign1(parts.protected, parts.payload, parts.signature[:32] + s.to_bytes(32, "big"))
    with pytest.raises(FormatError):
        trustlist.decode(twin, ROOT.public_key)


def test_another_algorithm_in_the_header_is_refused():
    header = cose.protected_header(cose.RS256, sha256(ROOT.public_key).digest()[:4])
    with pytest.raises(VerificationError):
        trustlist.decode(signed(cose.parse1(DATA).payload, protected=header), ROOT.public_key)


@pytest.mark.parametrize(
    "change",
    [
        {0: 2}, {0: True}, {1: -1}, {1: 2**63}, {2: 0}, {2: True}, {3: ()}, {3: ("",)}, {3: "host"}, {3: (1,)},
        {4: (1,)}, {4: {}}, {5: 1}, {"x": 1},
    ],
    ids=repr,
)  # fmt: skip
def test_a_list_encode_would_not_have_written_is_refused(change):
    with pytest.raises(FormatError):
        trustlist.decode(signed(fields_of(DATA) | change), ROOT.public_key)


@pytest.mark.parametrize("key", range(5))
def test_a_list_that_lacks_an_item_is_refused(key):
    fields = {number: value for number, value in fields_of(DATA).items() if number != key}
    with pytest.raises(FormatError):
        trustlist.decode(signed(fields), ROOT.public_key)


@pytest.mark.parametrize(
    "change",
    [
        {1: 1}, {1: 2}, {1: True}, {2: -257, 1: 1}, {2: -8}, {3: ""}, {3: 421200}, {4: ("name",)}, {4: ("a", 1)},
        {5: ()}, {5: ("*", "sc")}, {5: ("",)}, {6: b""}, {6: b"another key"}, {7: b""}, {7: None}, {8: ()},
        {8: ("x",)}, {10: 0}, {11: None}, {11: -1}, {12: 1}, {12: None}, {13: 1},
    ],
    ids=repr,
)  # fmt: skip
def test_an_entry_encode_would_not_have_written_is_refused(change):
    fields = fields_of(DATA)
    with pytest.raises(FormatError):
        trustlist.decode(signed(fields | {4: (fields[4][0] | change,)}), ROOT.public_key)


@pytest.mark.parametrize("change", [{7: b"x" + QR.spki}, {8: (b"ca",)}, {2: -257}, {7: b""}, {8: ()}], ids=repr)
def test_a_qr_key_has_no_certificate_and_signs_es256(change):
    fields = fields_of(DATA)
    with pytest.raises(FormatError):
        trustlist.decode(signed(fields | {4: (fields[4][1] | change,)}), ROOT.public_key)


@pytest.mark.parametrize(
    "trust",
    [
        replace(TRUST, ttl_s=0),
        replace(TRUST, hosts=()),
        replace(TRUST, entries=(SEAL, SEAL)),
        replace(TRUST, issued_at=NOW.replace(tzinfo=None)),
        replace(TRUST, issued_at=NOW + timedelta(microseconds=1)),
        replace(TRUST, entries=(replace(SEAL, kid=b"\0\0\0\0"),)),
        replace(TRUST, entries=(replace(SEAL, fingerprint=bytes(32)),)),
        replace(TRUST, entries=(replace(SEAL, spki=QR.spki, kid=QR.kid),)),
        replace(TRUST, entries=(replace(SEAL, not_after=NOW - timedelta(seconds=1)),)),
    ],
)
def test_a_list_that_contradicts_itself_is_not_written(trust):
    with pytest.raises(FormatError):
        trustlist.encode(trust, ROOT)


def test_a_root_that_is_not_on_p256_is_refused():
    stranger = ec.generate_private_key(ec.SECP384R1()).public_key()
    spki = stranger.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    header = cose.protected_header(cose.ES256, sha256(spki).digest()[:4])
    with pytest.raises(FormatError, match="P-256"):
        trustlist.decode(signed(cose.parse1(DATA).payload, protected=header), spki)


def test_a_key_signs_its_kinds_within_its_window_until_it_is_compromised():
    second = timedelta(seconds=1)
    assert SEAL.may_sign("anything", NOW)
    assert SEAL.may_sign("anything", SEAL.not_after + timedelta(milliseconds=999))
    assert not SEAL.may_sign("anything", NOW - second)
    assert not SEAL.may_sign("anything", SEAL.not_after + second)
    assert not QR.may_sign("sc", NOW)
    whole = replace(QR, compromised_at=None)
    assert whole.may_sign("sc", NOW)
    assert not whole.may_sign("drug", NOW)


def test_a_list_is_fresh_for_its_time_to_live():
    assert TRUST.is_fresh(NOW + timedelta(seconds=3599))
    assert not TRUST.is_fresh(NOW + timedelta(seconds=3600))
    assert replace(TRUST, ttl_s=2**60).is_fresh(datetime.max.replace(tzinfo=UTC))
