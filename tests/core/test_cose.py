"""COSE_Sign1 and the CBOR below it: cbor2 reads the same, and nothing but our own spelling is read."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen.core import cose
from certgen.core.errors import FormatError

INTEGERS = st.integers(-(1 << 64), (1 << 64) - 1)
LEAVES = st.none() | st.booleans() | INTEGERS | st.binary(max_size=300) | st.text(max_size=100)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=5).map(tuple) | st.dictionaries(INTEGERS | st.text(), inner, max_size=5),
    max_leaves=12,
).filter(lambda value: _depth(value) <= 8)


def _depth(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else ()
    return 1 + max(map(_depth, inner), default=0)


def _plain(value: object) -> object:
    """Turn tuples into lists, as cbor2 gives them."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


@given(VALUES)
def test_what_is_encoded_is_decoded_to_the_same_value(value: cose.Cbor) -> None:
    assert cose.decode_cbor(cose.encode_cbor(value)) == value


@given(VALUES)
def test_another_library_reads_the_same_value(value: cose.Cbor) -> None:
    assert _plain(cbor2.loads(cose.encode_cbor(value))) == _plain(value)


@given(st.binary(max_size=64))
def test_any_bytes_are_refused_or_are_exactly_what_we_would_write(data: bytes) -> None:
    try:
        value = cose.decode_cbor(data)
    except FormatError:
        return
    assert cose.encode_cbor(value) == data


@given(VALUES, st.data())
def test_a_changed_byte_is_refused_or_is_exactly_what_we_would_write(value: cose.Cbor, data: st.DataObject) -> None:
    encoded = bytearray(cose.encode_cbor(value))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    try:
        decoded = cose.decode_cbor(bytes(encoded))
    except FormatError:
        return
    assert cose.encode_cbor(decoded) == encoded


# Examples of RFC 8949, appendix A.
@pytest.mark.parametrize(
    ("value", "data"),
    [
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (255, "18ff"),
        (256, "190100"),
        (1000000, "1a000f4240"),
        ((1 << 64) - 1, "1bffffffffffffffff"),
        (-(1 << 64), "3bffffffffffffffff"),
        (-1, "20"),
        (-100, "3863"),
        (False, "f4"),
        (None, "f6"),
        (b"\1\2\3\4", "4401020304"),
        ("水", "63e6b0b4"),
        ((1, (2, 3), (4, 5)), "8301820203820405"),
        ({1: 2, 3: 4}, "a201020304"),
        ({"a": 1, "b": (2, 3)}, "a26161016162820203"),
    ],
)
def test_the_examples_of_the_standard_are_written_and_read(value: cose.Cbor, data: str) -> None:
    assert cose.encode_cbor(value).hex() == data
    assert cose.decode_cbor(bytes.fromhex(data)) == value


def test_map_keys_are_written_in_the_bytewise_order_of_their_encodings() -> None:
    assert cose.encode_cbor({"aa": 0, "z": 0, -1: 0, 100: 0, 10: 0}).hex() == "a50a001864002000617a0062616100"


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("nothing", ""),
        ("one byte too many", "0000"),
        ("a number longer than it need be", "1817"),
        ("a number of two bytes that fits one", "1900ff"),
        ("a number of eight bytes that fits four", "1b00000000ffffffff"),
        ("a number cut short", "1901"),
        ("a string cut short", "4201"),
        ("a string of 2^63 bytes", "5b8000000000000000"),
        ("an array of 2^32 items", "9affffffff"),
        ("a map of 2^32 pairs", "baffffffff"),
        ("an indefinite string", "5f4100ff"),
        ("an indefinite array", "9f00ff"),
        ("an indefinite map", "bf0000ff"),
        ("a reserved length", "1c"),
        ("text that is not UTF-8", "61ff"),
        ("text with a surrogate", "63eda080"),
        ("a date tag", "c074323031332d30332d32315432303a30343a30305a"),
        ("a shared reference", "d81c80"),
        ("half a float", "f93c00"),
        ("a float", "fb3ff199999999999a"),
        ("undefined", "f7"),
        ("a simple value", "f8ff"),
        ("a null of two bytes", "f816"),
        ("a repeated key", "a201000100"),
        ("keys out of order", "a202000100"),
        ("a byte string as a key", "a1410000"),
        ("true as a key", "a1f500"),
        ("an array as a key", "a18000"),
        ("very deep arrays", "81" * 5000 + "80"),
        ("very deep maps", "a100" * 5000 + "a0"),
    ],
)
def test_what_we_would_not_write_is_refused(what: str, data: str) -> None:
    with pytest.raises(FormatError):
        cose.decode_cbor(bytes.fromhex(data))


@pytest.mark.parametrize(
    "value", [1.5, 1 << 64, -(1 << 64) - 1, "\ud800", {b"a": 1}, {True: 1}, {None: 1}, {1}, bytearray(2)]
)
def test_what_has_no_encoding_is_refused(value: object) -> None:
    with pytest.raises(FormatError):
        cose.encode_cbor(value)  # type: ignore[arg-type]


def test_the_sig_structure_is_the_array_of_the_standard() -> None:
    structure = cose.sig_structure(b"\xa1\x01\x26", b"aad", b"payload")
    assert cbor2.loads(structure) == ["Signature1", b"\xa1\x01\x26", b"aad", b"payload"]


def test_the_protected_header_holds_algorithm_and_kid() -> None:
    assert cose.protected_header(cose.ES256, b"\1\2\3\4").hex() == "a20126044401020304"
    assert cose.parse_protected(bytes.fromhex("a20126044401020304")) == (-7, b"\1\2\3\4")


@pytest.mark.parametrize(
    "fields",
    [{}, {1: -7}, {4: b"kid"}, {1: -7, 4: b"kid", 5: 0}, {1: "ES256", 4: b"kid"}, {1: -7, 4: "kid"}, {1: True, 4: b""}],
)
def test_a_protected_header_of_other_entries_is_refused(fields: dict[int | str, cose.Cbor]) -> None:
    with pytest.raises(FormatError):
        cose.parse_protected(cose.encode_cbor(fields))


@given(st.binary(max_size=20), st.binary(max_size=300), st.binary(max_size=70))
def test_a_message_taken_apart_gives_what_was_put_in(protected: bytes, payload: bytes, signature: bytes) -> None:
    data = cose.sign1(protected, payload, signature)
    assert cbor2.loads(data) == [protected, {}, payload, signature]
    assert cose.parse1(data) == cose.Sign1(protected, payload, signature)


@pytest.mark.parametrize(
    ("what", "parts"),
    [
        ("too few parts", (b"", {}, b"")),
        ("too many parts", (b"", {}, b"", b"", b"")),
        ("an unprotected header", (b"", {4: b"kid"}, b"", b"")),
        ("an array for the unprotected header", (b"", (), b"", b"")),
        ("a detached payload", (b"", {}, None, b"")),
        ("text for the payload", (b"", {}, "", b"")),
        ("a map for the protected header", ({}, {}, b"", b"")),
        ("no array at all", b""),
    ],
)
def test_another_shape_than_sign1_is_refused(what: str, parts: cose.Cbor) -> None:
    with pytest.raises(FormatError):
        cose.parse1(cose.encode_cbor(parts))


def test_a_tagged_message_is_refused() -> None:
    with pytest.raises(FormatError):
        cose.parse1(b"\xd2" + cose.sign1(b"", b"", b""))


N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _pair(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@pytest.mark.parametrize(("r", "s"), [(1, 1), (N - 1, N // 2), (N // 2 + 1, 1)])
def test_a_signature_in_range_passes(r: int, s: int) -> None:
    cose.check_es256(_pair(r, s))


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        bytes(63),
        bytes(65),
        _pair(0, 1),
        _pair(1, 0),
        _pair(N, 1),
        _pair(1, N // 2 + 1),
        _pair(1, N),
        _pair(2**256 - 1, 1),
    ],
)
def test_a_signature_out_of_range_is_refused(signature: bytes) -> None:
    with pytest.raises(FormatError):
        cose.check_es256(signature)
