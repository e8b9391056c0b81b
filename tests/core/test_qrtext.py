"""The text of the QR code: what goes in comes out, and no other spelling of it is read."""

from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from hypothesis import given
from hypothesis import strategies as st

from certgen.core import cose, qrtext
from certgen.core.errors import FormatError
from certgen.core.qrtext import QrFacts, QrSeal, QrText

KEY = ec.derive_private_key(18004, ec.SECP256R1())
SPKI = KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
ORIGIN = "https://licence.example.cn"
SID = "7K3MQ2ZD9XWA"
SIGNATURE = bytes(range(1, 65))
FACTS = QrFacts(
    kind="food-business",
    number="JY14212020000012",
    holder="咸宁市温泉小馆",
    holder_cut=False,
    uscc="91421200MA4F5X1C2D",
    issued_on=date(2026, 11, 23),
    valid_until=date(2031, 11, 22),
    shard=3,
    index=77_777,
    record_digest=bytes(range(16)),
)
DAYS = st.dates(date(1970, 1, 1))
NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=90)


def _facts_of(name: str, **others: Any) -> QrFacts:
    holder, is_cut = qrtext.holder_of(name)
    return QrFacts(holder=holder, holder_cut=is_cut, **others)


ANY_FACTS = st.builds(
    _facts_of,
    NAMES,
    kind=NAMES.filter(lambda text: len(text) <= 64),
    number=NAMES.filter(lambda text: len(text) <= 64),
    uscc=st.sampled_from(["", "91421200MA4F5X1C2D"]),
    issued_on=DAYS,
    valid_until=st.none() | DAYS,
    shard=st.integers(0, 2**32 - 1),
    index=st.integers(0, 131_071),
    record_digest=st.binary(min_size=16, max_size=16),
)


def _write(facts: QrFacts = FACTS, sid: str = SID, origin: str = ORIGIN, signature: bytes = SIGNATURE) -> str:
    seal = QrSeal(origin, SPKI)
    return seal.finish(seal.to_sign(facts, sid), signature).text


def _text_of(data: bytes, origin: str = ORIGIN, sid: str = SID) -> str:
    return f"{origin}/{sid}#{int.from_bytes(data, 'big')}"


def _message(text: str) -> bytes:
    number = int(text.partition("#")[2])
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


@given(ANY_FACTS)
def test_facts_come_back_as_they_went_in(facts: QrFacts) -> None:
    scanned = qrtext.decode(_write(facts))
    assert scanned.facts == facts
    assert (scanned.origin, scanned.host, scanned.sid) == (ORIGIN, "licence.example.cn", SID)
    assert scanned.signature == SIGNATURE
    assert scanned.kid == sha256(SPKI).digest()[:4]


def test_another_library_reads_the_message_the_docstring_shows() -> None:
    message = _message(_write())
    assert message[0] == 1
    protected, unprotected, payload, signature = cbor2.loads(message[1:])
    assert protected == bytes.fromhex("a201260444") + sha256(SPKI).digest()[:4]
    assert (unprotected, signature) == ({}, SIGNATURE)
    assert cbor2.loads(payload) == {
        1: "food-business",
        2: "JY14212020000012",
        3: "咸宁市温泉小馆",
        5: "91421200MA4F5X1C2D",
        6: 20780,
        7: 22605,
        8: 3,
        9: 77_777,
        10: bytes(range(16)),
    }


def test_the_digest_to_sign_covers_facts_host_and_sid() -> None:
    seal = QrSeal("http://10.0.0.7:8000", SPKI)
    unsigned = seal.to_sign(FACTS, SID)
    payload = cbor2.loads(unsigned.body[1:] + b"\x40")[2]
    structure = ["Signature1", cose.protected_header(-7, seal.kid), b"certgen-1|10.0.0.7:8000|7K3MQ2ZD9XWA", payload]
    assert unsigned.digest == sha256(cbor2.dumps(structure)).digest()
    assert qrtext.decode(seal.finish(unsigned, SIGNATURE).text).digest == unsigned.digest


def test_a_signature_over_the_digest_verifies_after_decoding() -> None:
    seal = QrSeal(ORIGIN, SPKI)
    unsigned = seal.to_sign(FACTS, SID)
    algorithm = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
    r, s = utils.decode_dss_signature(KEY.sign(unsigned.digest, algorithm))
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    text = seal.finish(unsigned, r.to_bytes(32, "big") + min(s, order - s).to_bytes(32, "big"))
    scanned = qrtext.decode(text.text)
    pair = (int.from_bytes(scanned.signature[at : at + 32], "big") for at in (0, 32))
    KEY.public_key().verify(utils.encode_dss_signature(*pair), scanned.digest, algorithm)


@given(st.text(max_size=200))
def test_any_text_is_a_format_error(text: str) -> None:
    with pytest.raises(FormatError):
        qrtext.decode(text)


@given(st.binary(max_size=300))
def test_any_message_is_a_format_error(data: bytes) -> None:
    with pytest.raises(FormatError):
        qrtext.decode(_text_of(b"\1" + data))


@given(st.data())
def test_a_changed_text_is_refused_or_says_something_else(data: st.DataObject) -> None:
    text = _write()
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.sampled_from("0123456789azAZ#/:.-٣") | st.characters()) + text[at + 1 :]
    _is_refused_or_written_by_us(changed, text)


@given(st.data())
def test_a_changed_message_is_refused_or_says_something_else(data: st.DataObject) -> None:
    text = _write()
    message = bytearray(_message(text))
    message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    _is_refused_or_written_by_us(_text_of(bytes(message)), text)


def _is_refused_or_written_by_us(changed: str, original: str) -> None:
    try:
        scanned = qrtext.decode(changed)
    except FormatError:
        return
    payload = qrtext._encode_facts(scanned.facts)
    protected = cose.protected_header(cose.ES256, scanned.kid)
    again = _text_of(b"\1" + cose.sign1(protected, payload, scanned.signature), scanned.origin, scanned.sid)
    assert again == changed
    before = qrtext.decode(original)
    assert changed == original or (scanned.digest, scanned.signature) != (before.digest, before.signature)


def _repayload(changes: dict[int, object]) -> str:
    """Write the message again with other items, in order; None takes one out."""
    fields = {key: item for key, item in sorted((_FIELDS | changes).items()) if item is not None}
    return _text_of(b"\1" + cose.sign1(PROTECTED, cbor2.dumps(fields), SIGNATURE))


PROTECTED = cose.protected_header(cose.ES256, b"kid4")
PAYLOAD = cbor2.loads(_message(_write())[1:])[2]
_FIELDS = cbor2.loads(PAYLOAD)
BACKWARDS = cbor2.dumps(dict(reversed(_FIELDS.items())))
HIGH_S = b"\1" * 32 + b"\xf0" * 32


def test_the_message_that_is_spoilt_below_is_good_as_it_is() -> None:
    assert qrtext.decode(_repayload({})).facts == FACTS


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("nothing", ""),
        ("no fragment", f"{ORIGIN}/{SID}"),
        ("an empty fragment", f"{ORIGIN}/{SID}#"),
        ("a leading zero", _write().replace("#", "#0")),
        ("a line end behind it", _write() + "\n"),
        ("a space before it", " " + _write()),
        ("a plus sign", _write().replace("#", "#+")),
        ("an underscore between digits", _write()[:-5] + "_" + _write()[-5:]),
        ("a digit of another script", _write()[:-1] + "٣"),
        ("too many digits", f"{ORIGIN}/{SID}#" + "1" * 100_000),
        ("a very long host", "https://" + "a" * 1_000_000 + f"/{SID}#1"),
        ("a sid in lower case", _write().replace(SID, SID.lower())),
        ("a sid with a hyphen", _write().replace(SID, "7K3M-Q2ZD-9XWA")),
        ("a sid too short", _write().replace(SID, SID[1:])),
        ("a path before the sid", _write().replace(SID, "v/" + SID)),
        ("a query", _write().replace("#", "?a=b#")),
        ("a host in upper case", _write().replace("licence.example", "Licence.example")),
        ("a user before the host", _write().replace("licence", "me@licence")),
        ("the port of the scheme", _write().replace("example.cn", "example.cn:443")),
        ("a port with a zero", _write().replace("example.cn", "example.cn:08000")),
        ("a port too high", _write().replace("example.cn", "example.cn:65536")),
        ("another scheme", _write().replace("https", "ftp")),
        ("a host ending in a dot", _write().replace("example.cn", "example.cn.")),
        ("version 2", _text_of(b"\2" + _message(_write())[1:])),
        ("version 0", _text_of(_message(_write())[1:])),
        ("nothing behind the version", _text_of(b"\1")),
        ("a byte behind the message", _text_of(_message(_write()) + b"\0")),
        ("a tag", _text_of(b"\1\xd2" + _message(_write())[1:])),
        ("RS256", _text_of(b"\1" + cose.sign1(cose.protected_header(cose.RS256, b"kid4"), PAYLOAD, SIGNATURE))),
        ("a long kid", _text_of(b"\1" + cose.sign1(cose.protected_header(cose.ES256, b"kid_5"), PAYLOAD, SIGNATURE))),
        ("s above n/2", _text_of(b"\1" + cose.sign1(PROTECTED, PAYLOAD, HIGH_S))),
        ("a short signature", _text_of(b"\1" + cose.sign1(PROTECTED, PAYLOAD, SIGNATURE[1:]))),
        ("a payload that is no map", _text_of(b"\1" + cose.sign1(PROTECTED, b"\x80", SIGNATURE))),
        ("an unknown item", _repayload({11: 0})),
        ("an item missing", _repayload({8: None})),
        ("items out of order", _text_of(b"\1" + cose.sign1(PROTECTED, BACKWARDS, SIGNATURE))),
        ("a false that should be absent", _repayload({4: False})),
        ("an empty text that should be absent", _repayload({5: ""})),
        ("a uscc with an O", _repayload({5: "9142120OMA4F5X1C2D"})),
        ("true for a number", _repayload({8: True})),
        ("a number for a text", _repayload({2: 5})),
        ("a day before 1970", _repayload({6: -1})),
        ("a day after 9999", _repayload({7: 2_932_897})),
        ("an index beyond the list", _repayload({9: 131_072})),
        ("a digest of 15 bytes", _repayload({10: bytes(15)})),
        ("a control in the holder", _repayload({3: "a\u0007"})),
        ("no holder", _repayload({3: ""})),
        ("a holder too long", _repayload({3: "咸" * 21})),
    ],
)
def test_what_we_would_not_write_is_refused(what: str, text: str) -> None:
    with pytest.raises(FormatError):
        qrtext.decode(text)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": ""},
        {"number": "x" * 65},
        {"holder": "a\nb"},
        {"holder": "\ud800"},
        {"holder": "短…", "holder_cut": True},
        {"holder": "咸" * 20, "holder_cut": True},
        {"holder": "咸" * 21},
        {"uscc": "123"},
        {"issued_on": date(1969, 12, 31)},
        {"valid_until": date(1969, 12, 31)},
        {"shard": -1},
        {"index": 131_072},
        {"record_digest": bytes(32)},
    ],
)
def test_facts_that_could_not_be_read_are_not_written(change: dict[str, object]) -> None:
    with pytest.raises(FormatError):
        QrSeal(ORIGIN, SPKI).to_sign(replace(FACTS, **change), SID)  # type: ignore[arg-type]


@pytest.mark.parametrize("sid", ["", SID.lower(), SID + "0", "7K3MQ2ZD9XWU"])
def test_a_sid_that_could_not_be_read_is_not_written(sid: str) -> None:
    with pytest.raises(FormatError):
        QrSeal(ORIGIN, SPKI).to_sign(FACTS, sid)


def test_a_signature_that_could_not_be_read_is_not_written() -> None:
    seal = QrSeal(ORIGIN, SPKI)
    with pytest.raises(FormatError):
        seal.finish(seal.to_sign(FACTS, SID), HIGH_S)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://licence.example.cn", "licence.example.cn"),
        ("https://licence.example.cn:8443", "licence.example.cn:8443"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://localhost", "localhost"),
        ("http://localhost:443", "localhost:443"),
        ("https://xn--fiqs8s.cn", "xn--fiqs8s.cn"),
    ],
)
def test_an_origin_in_its_one_spelling_gives_its_host(origin: str, host: str) -> None:
    assert qrtext.host_of(origin) == host
    assert qrtext.decode(_write(origin=origin)).host == host


@pytest.mark.parametrize(
    "origin", ["", "licence.example.cn", "https://", "https://a/", "https://a.cn/x", "https://中国.cn", "http://a:80"]
)
def test_an_origin_in_another_spelling_is_refused(origin: str) -> None:
    with pytest.raises(FormatError):
        QrSeal(origin, SPKI)


@pytest.mark.parametrize(
    ("name", "short", "is_cut"),
    [
        ("短", "短", False),
        ("咸" * 20, "咸" * 20, False),
        ("咸" * 21, "咸" * 20 + "…", True),
        ("a" * 60, "a" * 60, False),
        ("a" + "咸" * 20, "a" + "咸" * 19 + "…", True),
        ("aa" + "𬱖" * 15, "aa" + "𬱖" * 14 + "…", True),
    ],
)
def test_a_name_is_cut_on_a_character_and_marked(name: str, short: str, is_cut: bool) -> None:
    assert qrtext.holder_of(name) == (short, is_cut)


def test_the_text_is_link_hash_and_digits() -> None:
    assert QrText("https://a.cn/x", "17").text == "https://a.cn/x#17"
