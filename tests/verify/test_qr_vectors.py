"""The frozen vectors of QR texts: `python -m tests.verify.test_qr_vectors` writes them after a new version.

They are published, so that others can write verifiers; tests/browser holds the pages' own against them.
"""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import cbor2
import pytest

from certgen.core import cose, statuslist, trustlist
from certgen.core.errors import CertgenError
from certgen.core.qrtext import QrFacts, QrSeal, holder_of
from certgen.core.record import digest, encode
from certgen.core.status import STATUSES
from certgen.core.trustlist import TrustList
from tests.verify.builder import CERTIFICATE, HOST, NOW, Office
from verify import Report, Verifier

VECTORS = Path(__file__).parents[1] / "vectors" / "qr.json"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SID = CERTIFICATE.sid
NAMES = {
    "rare characters": "䶮㐂𠮷𫖯𬭊鿏鿭",
    "a name with a dot": "阿卜杜热合曼·买买提",
    "a name cut": "湖北省咸宁市咸安区温泉街道办事处淦河大道一百零八号餐饮管理有限责任公司",
    "a name cut before four bytes": "aa" + "𬱖" * 15,
    "a name that begins with a byte order mark": "\ufeff咸宁",
}


@dataclass(frozen=True)
class Case:
    """One text, what is at hand, and when."""

    name: str
    text: str
    trust: str = "current"
    lists: tuple[str, ...] = ()
    now: datetime = NOW


class Mint:
    """Writes texts and lists of an office, good and bad, all signed by its keys."""

    def __init__(self) -> None:
        self.office = Office()
        current = self.office.trust
        seal, key, status = current.entries
        stranger = Office()
        self.stranger = stranger
        self.trusts: Mapping[str, TrustList] = {
            "current": current,
            "stale": replace(current, issued_at=NOW - timedelta(hours=30)),
            "QR key stolen": self._with(seal, replace(key, compromised_at=NOW - timedelta(days=2)), status),
            "QR key for another kind": self._with(seal, replace(key, kinds=("pharmacy",)), status),
            "QR key for two kinds": self._with(seal, replace(key, kinds=("pharmacy", CERTIFICATE.kind)), status),
            "no QR key": self._with(seal, status),
            "another host": replace(current, hosts=("elsewhere.example",)),
        }
        self.lists = {
            **{word: self.office.status_list(word, NOW - timedelta(hours=3)) for word in STATUSES},
            **{f"{word}, stale": self.office.status_list(word, NOW - timedelta(hours=24)) for word in STATUSES},
            "never issued": self.office.status_list(None, NOW - timedelta(hours=3)),
            "of tomorrow": self.office.status_list("issued", NOW + timedelta(hours=20)),
            "of a clock a little fast": self.office.status_list("issued", NOW + timedelta(minutes=4)),
            "another shard": self.office.status_list("issued", NOW - timedelta(hours=3), shard=1),
        }

    def _with(self, *entries: trustlist.TrustEntry) -> TrustList:
        return replace(self.office.trust, entries=entries)

    def trust_file(self, trust: TrustList, by: Office | None = None) -> bytes:
        office = by or self.office
        return trustlist.encode(trust, office.signer_with(office.root, ()))

    def facts(self, **changes: Any) -> QrFacts:
        record = digest(encode(CERTIFICATE))[:16]
        c = CERTIFICATE
        code = "92421200MA4A1B2C3D"
        made = QrFacts(c.kind, c.number, "温泉老味道餐饮店", False, code, c.issued_on, c.valid_until, 0, 77, record)
        return replace(made, **changes)

    def text(self, **changes: Any) -> str:
        seal = QrSeal(f"http://{HOST}", self.office.qr_signer.public_key)
        unsigned = seal.to_sign(self.facts(**changes), SID)
        return seal.finish(unsigned, self.office.qr_signer.sign(unsigned.digest)).text

    def mad(self, payload: object, *, protected: object = None, version: bytes = b"\1", tail: bytes = b"") -> str:
        """Sign any payload at all, as a QR key that went mad would."""
        kid = sha256(self.office.qr_signer.public_key).digest()[:4]
        header = cbor2.dumps({1: -7, 4: kid} if protected is None else protected)
        body = payload if isinstance(payload, bytes) else cbor2.dumps(payload)
        aad = f"certgen-1|{HOST}|{SID}".encode()
        signature = self.office.qr_signer.sign(sha256(cose.sig_structure(header, aad, body)).digest())
        return spelt(version + cose.sign1(header, body, signature) + tail)

    def fields(self, changes: Mapping[int, object] | None = None) -> dict[int, object]:
        """Give the items of the good text, some changed; None takes one out."""
        message = bytes_of(self.text())
        found: dict[int, object] = cbor2.loads(cbor2.loads(message[1:])[2])
        found |= changes or {}
        return {key: found[key] for key in sorted(found) if found[key] is not None}


def spelt(data: bytes) -> str:
    return f"http://{HOST}/{SID}#{int.from_bytes(data, 'big')}"


def bytes_of(text: str) -> bytes:
    number = int(text.partition("#")[2])
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def cases(mint: Mint) -> Iterator[Case]:
    """Name every text that is worth freezing."""
    good = mint.text()
    yield Case("good", good)
    yield Case("good over https", good.replace("http:", "https:"))
    yield Case("without an end", mint.text(valid_until=None))
    yield Case("without a code of its holder", mint.text(uscc=""))
    for name, holder in NAMES.items():
        short, is_cut = holder_of(holder)
        yield Case(name, mint.text(holder=short, holder_cut=is_cut))
    yield Case("the largest shard and place", mint.text(shard=2**32 - 1, index=131_071))
    yield Case("a former host", mint.office.qr(host="old.example"))
    for name in mint.trusts:
        yield Case(f"trust list: {name}", good, name)
    for name in mint.lists:
        yield Case(f"status list: {name}", good, lists=(name,))
    yield Case("status list fresh, trust list stale", good, "stale", ("issued",))
    yield Case("status list fresh, QR key stolen", good, "QR key stolen", ("issued",))
    yield Case("the newer list counts", good, lists=("suspended, stale", "issued"))
    last = datetime(2031, 11, 19, 15, 59, 59, tzinfo=UTC)
    yield Case("the last second of the last day in Beijing", good, "current", ("issued",), last)
    yield Case("one second later", good, "current", ("issued",), last + timedelta(seconds=1))
    for name, text in attacks(mint, good):
        yield Case(name, text)


def attacks(mint: Mint, good: str) -> Iterator[tuple[str, str]]:
    """Spoil the good text by hand. Where a signature would fall first, the office's own key signs the spoilt one."""
    message, swapped = bytes_of(good), mint.text(number="JY14212020000099")
    at = good.index("#") + 1
    yield from {
        "a cloned site": good.replace(HOST, "licence.examp1e:8000"),
        "another port": good.replace(":8000", ":8001"),
        "the sid of another licence": good.replace(SID, "7K3MQ2ZD9XWB"),
        "a former host in front": good.replace(HOST, "old.example"),
        "a key that is not enrolled": mint.stranger.qr(),
        "a seal key": mint.office.qr(signer=mint.office.signer),
        "a status key": mint.office.qr(signer=mint.office.status_signer),
        "the last digit changed": good[:-1] + str((int(good[-1]) + 1) % 10),
        "a digit in the middle changed": good[: at + 200] + str((int(good[at + 200]) + 1) % 10) + good[at + 201 :],
        "digits cut": good[:-5],
        "a digit more": good + "0",
        "a zero in front": good.replace("#", "#0"),
        "no digits": good[:at],
        "no fragment": good[: at - 1],
        "a space behind": good + " ",
        "a line end behind": good + "\n",
        "a plus sign": good.replace("#", "#+"),
        "a digit of another script": good[:-1] + "٣",
        "another page": "https://example.com/",
        "nothing": "",
        "1,601 digits": good[:at] + "1" * 1601,
        "5,000 digits": good[:at] + "1" * 5000,
        "a sid in lower case": good.replace(SID, SID.lower()),
        "a sid with an I": good.replace(SID, "7K3MQ2ZD9XWI"),
        "a path in front": good.replace(SID, "v/" + SID),
        "a query": good.replace("#", "?a=b#"),
        "a host in upper case": good.replace("licence.", "Licence."),
        "a user in front of the host": good.replace("//", "//me@"),
        "the port of the scheme": good.replace(":8000", ":80"),
        "a port with a zero": good.replace(":8000", ":08000"),
        "a port too high": good.replace(":8000", ":65536"),
        "another scheme": good.replace("http", "ftp"),
        "a host that ends in a dot": good.replace("example:", "example.:"),
        "two fragments": good + "#1",
    }.items()
    flipped = cbor2.loads(message[1:])
    r, s = flipped[3][:32], int.from_bytes(flipped[3][32:], "big")
    protected, payload = flipped[0], flipped[2]
    high = cose.sign1(protected, payload, r + (ORDER - s).to_bytes(32, "big"))
    fields = mint.fields()
    yield from {
        "the payload of another, this signature": spelt(
            b"\1" + cose.sign1(protected, cbor2.loads(bytes_of(swapped)[1:])[2], flipped[3])
        ),
        "s above n/2, though it verifies": spelt(b"\1" + high),
        "r is zero": spelt(b"\1" + cose.sign1(protected, payload, bytes(32) + flipped[3][32:])),
        "s is zero": spelt(b"\1" + cose.sign1(protected, payload, r + bytes(32))),
        "r is n": spelt(b"\1" + cose.sign1(protected, payload, ORDER.to_bytes(32, "big") + flipped[3][32:])),
        "a short signature": spelt(b"\1" + cose.sign1(protected, payload, flipped[3][:63])),
        "version 2": mint.mad(fields, version=b"\2"),
        "no version": spelt(message[1:]),
        "nothing behind the version": spelt(b"\1"),
        "a byte behind": mint.mad(fields, tail=b"\0"),
        "a tag": spelt(b"\1\xd2" + message[1:]),
        "RS256": mint.mad(fields, protected={1: -257, 4: bytes(4)}),
        "a kid of 5 bytes": mint.mad(fields, protected={1: -7, 4: bytes(5)}),
        "a header too many": mint.mad(fields, protected={1: -7, 4: protected[-4:], 5: 0}),
        "a payload that is no map": mint.mad([1]),
        "an empty payload": mint.mad(b""),
        "an item too many": mint.mad(mint.fields({11: 0})),
        "an item missing": mint.mad(mint.fields({8: None})),
        "items out of order": mint.mad(dict(reversed(fields.items()))),
        "an item twice": mint.mad(b"\xaa" + cbor2.dumps(fields)[1:] + b"\x0a\x50" + bytes(16)),
        "a false that should be absent": mint.mad(mint.fields({4: False})),
        "cut, but not cut": mint.mad(mint.fields({4: True})),
        "an empty code that should be absent": mint.mad(mint.fields({5: ""})),
        "a code with an O": mint.mad(mint.fields({5: "9142120OMA4F5X1C2D"})),
        "true for a number": mint.mad(mint.fields({8: True})),
        "a number for a text": mint.mad(mint.fields({2: 5})),
        "a number of 64 bits": mint.mad(mint.fields({8: 2**64 - 1})),
        "a shard of 33 bits": mint.mad(mint.fields({8: 2**32})),
        "a day before 1970": mint.mad(mint.fields({6: -1})),
        "a day after 9999": mint.mad(mint.fields({7: 2_932_897})),
        "the last day of 9999": mint.mad(mint.fields({7: 2_932_896})),
        "a place beyond the list": mint.mad(mint.fields({9: 131_072})),
        "a digest of 15 bytes": mint.mad(mint.fields({10: bytes(15)})),
        "a control in the holder": mint.mad(mint.fields({3: "a\u0007"})),
        "a line separator in the holder": mint.mad(mint.fields({3: "a\u2028b"})),
        "no holder": mint.mad(mint.fields({3: ""})),
        "a holder of 63 bytes": mint.mad(mint.fields({3: "咸" * 21})),
        "a kind of 65 characters": mint.mad(mint.fields({1: "k" * 65})),
        "a kind of 64 characters of four bytes": mint.mad(mint.fields({1: "𬱖" * 64})),
        "half a character": mint.mad(cbor2.dumps(fields).replace("店".encode(), b"\xed\xa0\x80")),
        "an overlong letter": mint.mad(cbor2.dumps(fields).replace("店".encode(), b"a\xc1\xa1")),
        "a length spelt longer": mint.mad(cbor2.dumps(fields).replace(b"\x01\x6d", b"\x01\x78\x0d", 1)),
        "an indefinite map": mint.mad(b"\xbf" + cbor2.dumps(fields)[1:] + b"\xff"),
        "a float for a day": mint.mad(mint.fields({6: 1.5})),
        "nested deeply": mint.mad(b"\x81" * 12 + b"\x01"),
        "a null for a text": mint.mad({**fields, 5: None}),
    }.items()


def spoilt_lists(data: bytes) -> Iterator[bytes]:
    """Change one byte of a list here and there, and cut it."""
    chance = random.Random(7)
    for _ in range(30):
        changed = bytearray(data)
        changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        yield bytes(changed)
    yield data[:-1]
    yield data + b"\0"
    yield b""


def judged(verifier: Verifier, text: str) -> dict[str, object]:
    """Give verdict and findings as plain values."""
    return plain(verifier.qr(text))


def plain(report: Report) -> dict[str, object]:
    return {"verdict": report.verdict.value, "findings": [[f.rule, f.ok] for f in report.findings]}


def at_hand(vectors: Mapping[str, Any], case: Mapping[str, Any]) -> Verifier:
    """Open the verifier a vector speaks of."""
    root = bytes.fromhex(vectors["root_spki"])
    trust = trustlist.decode(bytes.fromhex(vectors["trust"][case["trust"]]), root)
    lists = [statuslist.decode(bytes.fromhex(vectors["lists"][name]), trust) for name in case["lists"]]
    now = datetime.fromtimestamp(case["now"], UTC)
    return Verifier(root, bytes.fromhex(vectors["root_certificate"]), trust, None, lambda: now, lists)


def frozen() -> Any:
    return json.loads(VECTORS.read_text("utf-8"))


def test_every_frozen_text_is_still_judged_the_same() -> None:
    vectors = frozen()
    assert len(vectors["texts"]) > 120
    for case in vectors["texts"]:
        found = judged(at_hand(vectors, case), case["text"])
        assert found == {"verdict": case["verdict"], "findings": case["findings"]}, case["name"]


def test_every_frozen_forgery_of_a_trust_list_is_still_refused() -> None:
    vectors = frozen()
    for data in vectors["refused_trust"]:
        with pytest.raises(CertgenError):
            trustlist.decode(bytes.fromhex(data), bytes.fromhex(vectors["root_spki"]))


def test_the_frozen_texts_know_all_three_verdicts_and_every_rule() -> None:
    texts = frozen()["texts"]
    assert {case["verdict"] for case in texts} == {"PASSED", "INDETERMINATE", "FAILED"}
    broken = {rule for case in texts for rule, ok in case["findings"] if ok is False}
    assert broken == {"Q1", "Q2", "T1", "H2", "V"}


def write() -> None:
    """Write the vectors anew, with new keys."""
    mint = Mint()
    vectors: dict[str, Any] = {
        "about": (
            "Texts of QR codes and what must be said of each (docs/verification.md names the rules). `trust` and "
            "`lists` are what a text is judged by, in hexadecimal; the root key `root_spki` (DER) signs every trust "
            "list. `now` counts seconds since 1970-01-01 UTC. No register is at hand. A finding is a rule and whether "
            "it holds; null means that it could not be asked. `refused_trust` must not be believed."
        ),
        "root_spki": mint.office.root_spki.hex(),
        "root_certificate": mint.office.root.der.hex(),
        "trust": {name: mint.trust_file(trust).hex() for name, trust in mint.trusts.items()},
        "lists": {name: data.hex() for name, data in mint.lists.items()},
        "refused_trust": [
            *(data.hex() for data in spoilt_lists(mint.trust_file(mint.office.trust))),
            mint.trust_file(mint.office.trust, by=mint.stranger).hex(),
        ],
        "texts": [],
    }
    for case in cases(mint):
        row = {"name": case.name, "trust": case.trust, "lists": case.lists, "now": int(case.now.timestamp())}
        row["text"] = case.text
        vectors["texts"].append(row | judged(at_hand(vectors, row), case.text))
    VECTORS.write_text(written(vectors), "utf-8")


def written(vectors: Mapping[str, Any]) -> str:
    """Write an object with one line a member, and one line an item of it."""

    def line(value: object, depth: int = 0) -> str:
        pairs = [(f"{json.dumps(k)}: ", v) for k, v in value.items()] if isinstance(value, dict) else []
        if isinstance(value, list):
            pairs = [("", item) for item in value]
        if depth == 2 or not pairs:
            return json.dumps(value, ensure_ascii=False)
        inner = ",\n".join(f"{' ' * (depth + 1)}{key}{line(item, depth + 1)}" for key, item in pairs)
        first, last = "{}" if isinstance(value, dict) else "[]"
        return f"{first}\n{inner}\n{' ' * depth}{last}"

    return line(vectors) + "\n"


if __name__ == "__main__":
    write()
