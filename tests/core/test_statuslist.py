"""The status list, and its frozen vectors: `python tests/core/test_statuslist.py` writes them after a new version."""

import json
import random
import tracemalloc
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from certgen.core import cose, statuslist, trustlist
from certgen.core.errors import CertgenError, FormatError, Text, VerificationError
from certgen.core.status import STATUSES
from certgen.core.statuslist import ENTRIES, StatusList
from certgen.core.trustlist import TrustList, entry_of
from keys.signer import signer_of

VECTORS = Path(__file__).parents[1] / "vectors" / "statuslist.json"
NOW = datetime(2026, 11, 23, 1, 12, 0, tzinfo=UTC)
ORIGIN = "https://licence.example"


def signer_from(number):
    return signer_of(ec.derive_private_key(number, ec.SECP256R1()), b"", (), specimen=True, name="test")


ROOT, KEY, STRANGER = signer_from(31), signer_from(32), signer_from(33)


def entry(signer, **changes):
    fields = {
        "use": "status",
        "algorithm": "ES256",
        "authority": "service",
        "authority_name": Text("咸宁市政务服务中心", "Xianning"),
        "kinds": ("*",),
        "spki": signer.public_key,
        "certificate": b"",
        "chain": (),
        "not_before": NOW - timedelta(days=1),
        "not_after": NOW + timedelta(days=1000),
        "compromised_at": None,
        "specimen": True,
    }
    return entry_of(**{**fields, **changes})


TRUST = TrustList(NOW, 86_400, ("licence.example", "old.example:8443"), (entry(KEY), entry(STRANGER, use="qr")))


def listed(statuses=(), **changes):
    made = StatusList(
        statuslist.uri_of(ORIGIN, 0), NOW, NOW + timedelta(hours=24), 3600, statuslist.pack(dict(statuses).items())
    )
    return replace(made, **changes)


def many():
    """A shard two thirds full, in an order drawn once."""
    chance = random.Random(4)
    places = chance.sample(range(ENTRIES), ENTRIES * 2 // 3)
    return {place: chance.choices(STATUSES, (95, 2, 0.5, 1, 0.5, 0.3, 0.3, 0.4))[0] for place in places}


LISTS = {
    "nothing issued": listed(),
    "every word at the first and last places": listed(
        {**dict(enumerate(STATUSES)), **{ENTRIES - 1 - i: word for i, word in enumerate(STATUSES)}}
    ),
    "a former host, another shard": listed({77_777: "issued"}, uri="http://old.example:8443/status/4294967295"),
}


def signed(payload, *, signer=KEY, protected=None, tag=b"\xd2", aad=b""):
    """Sign any payload at all, as a status key that went mad would."""
    payload = payload if isinstance(payload, bytes) else cose.encode_cbor(payload)
    kid = sha256(signer.public_key).digest()[:4]
    protected = cose.encode_cbor({1: -7, 4: kid, 16: statuslist.MEDIA_TYPE} if protected is None else protected)
    signature = signer.sign(sha256(cose.sig_structure(protected, aad, payload)).digest())
    return tag + cose.sign1(protected, payload, signature)


def claims(deflated=None, bits=4, **more):
    packed = statuslist.pack([(0, "issued")])
    inner = {"bits": bits, "lst": zlib.compress(packed, 9) if deflated is None else deflated}
    iat = int(NOW.timestamp())
    fields = {2: f"{ORIGIN}/status/0", 4: iat + 86_400, 6: iat, 65533: inner, 65534: 3600}
    return fields | {int(key[1:]): value for key, value in more.items()}


def without(fields, key):
    return {k: v for k, v in fields.items() if k != key}


KID = sha256(KEY.public_key).digest()[:4]
_GOOD = signed(claims())
_FULL = statuslist.pack([])
REFUSED = {
    "cut short": _GOOD[:-1],
    "a byte behind it": _GOOD + b"\x00",
    "no tag": _GOOD[1:],
    "a CWT tag around it": b"\xd8\x3d" + _GOOD,
    "one bit of the signature flipped": _GOOD[:-1] + bytes([_GOOD[-1] ^ 1]),
    "one bit of the list flipped": _GOOD.replace(b"clst", b"clsu"),
    "signed by a QR key": signed(claims(), signer=STRANGER),
    "signed by a stranger": signed(claims(), signer=signer_from(34)),
    "signed with an external_aad": signed(claims(), aad=b"certgen-status-1"),
    "no type": signed(claims(), protected={1: -7, 4: KID}),
    "another type": signed(claims(), protected={1: -7, 4: KID, 16: "application/cwt"}),
    "no kid": signed(claims(), protected={1: -7, 16: statuslist.MEDIA_TYPE}),
    "another algorithm": signed(claims(), protected={1: -257, 4: KID, 16: statuslist.MEDIA_TYPE}),
    "two bits a document": signed(claims(bits=2)),
    "a claim too many": signed(claims(_1="issuer")),
    "no expiry": signed(without(claims(), 4)),
    "no issue time": signed(without(claims(), 6)),
    "no ttl": signed(without(claims(), 65534)),
    "a ttl of nothing": signed(claims(_65534=0)),
    "expires before it is issued": signed(claims(_4=int(NOW.timestamp()))),
    "issue time as text": signed(claims(_6="now")),
    "year 10000": signed(claims(_4=253402300800)),
    "a host not ours": signed(claims(_2="https://licence.example.evil/status/0")),
    "a shard with a leading zero": signed(claims(_2=f"{ORIGIN}/status/00")),
    "another path": signed(claims(_2=f"{ORIGIN}/statuslists/0")),
    "a list one byte short": signed(claims(zlib.compress(_FULL[:-1]))),
    "a list one byte long": signed(claims(zlib.compress(_FULL + b"\xff"))),
    "a bomb": signed(claims(zlib.compress(b"\xff" * 5_000_000, 9))),
    "raw deflate": signed(claims(zlib.compress(_FULL)[2:-4])),
    "a wrong checksum": signed(claims(zlib.compress(_FULL)[:-1] + b"\x00")),
    "a byte behind the deflated ones": signed(claims(zlib.compress(_FULL) + b"\x00")),
    "an unused value": signed(claims(zlib.compress(b"\xf4" + _FULL[1:]))),
    "not a map": signed((1, 2)),
    "signed before its key was in force": signed(claims(_6=int(NOW.timestamp()) - 90_000)),
}


@pytest.mark.parametrize("name", LISTS)
def test_what_is_encoded_is_decoded(name):
    assert statuslist.decode(statuslist.encode(LISTS[name], KEY), TRUST) == LISTS[name]


def test_the_same_list_gives_the_same_bytes():
    made = listed(many())
    assert statuslist.encode(made, KEY) == statuslist.encode(made, KEY)


def test_every_document_is_found_at_its_place_and_nobody_anywhere_else():
    wanted = many()
    found = statuslist.decode(statuslist.encode(listed(wanted), KEY), TRUST)
    assert {place: found.status(place) for place in range(ENTRIES) if found.status(place)} == wanted


def test_a_place_never_becomes_never_issued_again():
    before = {0: "issued", 1: "revoked", 2: "suspended", 3: "void", ENTRIES - 1: "issued"}
    after = {0: "revoked", 2: "issued", 9: "issued"}
    kept = statuslist.carry_over(statuslist.pack(after.items()), statuslist.pack(before.items()))
    assert kept == statuslist.pack((before | after).items())


def test_a_list_names_its_shard():
    assert [made.shard for made in LISTS.values()] == [0, 0, 4294967295]


@pytest.mark.parametrize("place", [-1, ENTRIES])
def test_a_place_outside_the_list_is_an_error_and_not_somebody_elses_status(place):
    with pytest.raises(FormatError):
        listed().status(place)


def test_the_bits_lie_as_in_the_draft():
    """Section 4.1: from the least significant bit; with two bits its example ends in c9 44 f9."""
    packed = statuslist.pack([(0, "revoked"), (1, "suspended"), (2, "issued"), (3, "superseded")])
    assert packed[:2] == bytes([0x21, 0x30])


def test_the_message_is_laid_out_as_in_the_draft():
    """Section 5.2: tag 18, type in the protected header, claims 2, 4, 6, 65533, 65534."""
    data = statuslist.encode(listed(), KEY)
    parts = cose.parse1(data[1:])
    assert data[0] == 0xD2
    assert cose.decode_cbor(parts.protected) == {1: -7, 4: KID, 16: "application/statuslist+cwt"}
    assert cose.decode_cbor(parts.payload).keys() == {2, 4, 6, 65533, 65534}


@pytest.mark.parametrize("name", REFUSED)
def test_what_we_would_not_write_is_refused(name):
    with pytest.raises((FormatError, VerificationError)):
        statuslist.decode(REFUSED[name], TRUST)


def test_a_bomb_is_not_inflated():
    tracemalloc.start()
    with pytest.raises(FormatError):
        statuslist.decode(REFUSED["a bomb"], TRUST)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("stolen, though after the list was signed", {"compromised_at": NOW + timedelta(hours=1)}),
        ("not yet in force", {"not_before": NOW + timedelta(seconds=1)}),
        ("no more in force", {"not_after": NOW - timedelta(seconds=1)}),
        ("for something else", {"use": "qr"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_key_that_may_not_sign_lists_is_refused(name, changes):
    trust = replace(TRUST, entries=(entry(KEY, **changes),))
    with pytest.raises(VerificationError, match=r"status list"):
        statuslist.decode(_GOOD, trust)


def test_every_flipped_bit_is_refused():
    for at in range(len(_GOOD) * 8):
        flipped = bytearray(_GOOD)
        flipped[at >> 3] ^= 1 << (at & 7)
        with pytest.raises((FormatError, VerificationError)):
            statuslist.decode(bytes(flipped), TRUST)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda data: signed(data)))
def test_any_bytes_give_an_error_of_ours(data):
    with pytest.raises(CertgenError):
        statuslist.decode(data, TRUST)


@pytest.mark.parametrize(
    "changes",
    [
        {"uri": "licence.example/status/0"},
        {"uri": f"{ORIGIN}/status/4294967296"},
        {"ttl_s": 0},
        {"expires_at": NOW},
        {"issued_at": NOW.replace(microsecond=1)},
        {"issued_at": NOW.replace(tzinfo=None)},
        {"packed": _FULL[:-1]},
        {"packed": b"\x4f" + _FULL[1:]},
    ],
    ids=str,
)
def test_a_list_that_would_be_refused_is_not_written(changes):
    with pytest.raises(FormatError):
        statuslist.encode(listed(**changes), KEY)


def test_whoever_only_carries_a_list_can_read_its_times():
    assert statuslist.peek(_GOOD).expires_at == NOW + timedelta(days=1)


# ---- frozen vectors: they are published, so that others can write verifiers ------------------------------------


def frozen():
    return json.loads(VECTORS.read_text("utf-8"))


def test_the_frozen_lists_still_read_the_same():
    vectors = frozen()
    trust = trustlist.decode(bytes.fromhex(vectors["trust"]), bytes.fromhex(vectors["root_spki"]))
    assert len(vectors["lists"]) >= 3
    for vector in vectors["lists"]:
        found = statuslist.decode(bytes.fromhex(vector["cwt"]), trust)
        assert [found.uri, found.ttl_s] == [vector["uri"], vector["ttl"]], vector["name"]
        assert [int(m.timestamp()) for m in (found.issued_at, found.expires_at)] == [vector["iat"], vector["exp"]]
        assert {str(i): s for i in range(ENTRIES) if (s := found.status(i))} == vector["statuses"]


def test_the_frozen_lists_are_still_written_the_same():
    assert [bytes.fromhex(vector["cwt"]) for vector in frozen()["lists"]] == [
        statuslist.encode(made, KEY) for made in LISTS.values()
    ]


def test_the_frozen_forgeries_are_still_refused():
    vectors = frozen()
    trust = trustlist.decode(bytes.fromhex(vectors["trust"]), bytes.fromhex(vectors["root_spki"]))
    assert len(vectors["refused"]) >= 30
    for vector in vectors["refused"]:
        with pytest.raises((FormatError, VerificationError)):
            statuslist.decode(bytes.fromhex(vector["cwt"]), trust)


def write():
    """Write the vectors anew."""
    lists = [
        {
            "name": name,
            "uri": made.uri,
            "iat": int(made.issued_at.timestamp()),
            "exp": int(made.expires_at.timestamp()),
            "ttl": made.ttl_s,
            "statuses": {str(i): status for i in range(ENTRIES) if (status := made.status(i))},
            "cwt": statuslist.encode(made, KEY).hex(),
        }
        for name, made in LISTS.items()
    ]
    about = (
        "Status lists as `certgen/core/statuslist.py` writes them, in hexadecimal. `trust` is signed by the root key "
        "`root_spki` (DER). Of `lists`, `statuses` names every place that is not 15, never issued. `refused` must not "
        "be believed by anybody who trusts `trust`."
    )
    vectors = {
        "about": about,
        "root_spki": ROOT.public_key.hex(),
        "trust": trustlist.encode(TRUST, ROOT).hex(),
        "lists": lists,
        "refused": [{"name": n, "cwt": d.hex()} for n, d in REFUSED.items() if len(d) < 10_000],
    }
    VECTORS.write_text(json.dumps(vectors, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    write()
