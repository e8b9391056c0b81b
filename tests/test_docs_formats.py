"""docs/formats.md shows bytes; here they are made again from fixed inputs and compared.

After a deliberate change: `python tests/test_docs_formats.py` writes the examples into the page anew.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certgen import qr
from certgen.author.approval import LockLine
from certgen.core import codes, cose, der, gap, qrtext, record, sid, statuslist, trustlist
from certgen.core.cms import HALF_ORDER, CmsProfile
from certgen.core.errors import Text
from certgen.core.model import Certificate, Slot
from certgen.highwater import HighWater, Mark, Shape
from certgen.plate import PlateFacts, PlateFont

PAGE = Path(__file__).parents[1] / "docs" / "formats.md"
KEY = ec.derive_private_key(421202, ec.SECP256R1())  # for this page alone
SPKI = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
ORIGIN = "https://licence.example"
SID = sid.make(0x3A67_49B6_FA1A_564)
NUMBER = codes.make_jy(1, "421202", 1)
USCC = codes.make_uscc("9", "1", "421202", "MA490000")
CERTIFICATE = Certificate(
    sid=SID,
    number=NUMBER,
    version=1,
    kind="food-business",
    form="2023",
    copy="duplicate",
    copy_number="1—1",
    template_digest=sha256(b"a template").hexdigest(),
    authority="421202",
    authority_name="咸安区市场监督管理局",
    issued_on=date(2026, 11, 23),
    valid_from=date(2026, 11, 23),
    valid_until=date(2031, 11, 22),
    issued_at=datetime(2026, 11, 23, 2, 4, 6, tzinfo=UTC),
    fields=(("operator_name", "咸宁市桂花源小馆"), ("credit_code", USCC)),
    slot=Slot(0, 77_777),
    salt=bytes.fromhex("000102030405060708090a0b0c0d0e0f"),
)
HEADING = {
    b"\x01": "version of the text",
    b"\x84": "COSE_Sign1: an array of four",
    b"\xa0": "unprotected header: {}",
}


def sign(digest: bytes) -> bytes:
    """Sign as a signer of ours does: deterministic, raw, s in the lower half."""
    r, s = decode_dss_signature(KEY.sign(digest, ec.ECDSA(Prehashed(SHA256()), deterministic_signing=True)))
    if s > int.from_bytes(HALF_ORDER, "big"):
        s = cose._P256_ORDER - s
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Signer:
    """What `trustlist.encode` wants of a signer."""

    algorithm, public_key = "ES256", SPKI
    sign = staticmethod(sign)


def annotated(parts: Iterable[tuple[int, bytes, str]]) -> tuple[str, bytes]:
    """Lay bytes out beside what they mean, 20 to a line; give the bytes too."""
    parts = list(parts)
    lines = []
    for depth, data, meaning in parts:
        for at in range(0, len(data), 20):
            left = "  " * depth + data[at : at + 20].hex(" ")
            lines.append(f"{left:<68}{meaning if at == 0 else ''}".rstrip())
    return "\n".join(lines), b"".join(data for _, data, _ in parts)


def wrapped(text: str, width: int = 110) -> str:
    """Cut a long text into lines of as many characters; nothing is added but the line ends."""
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


def qr_text() -> tuple[qrtext.QrText, qrtext.Unsigned, bytes]:
    """Write the QR text of the certificate; give it, what was signed, and the signature."""
    holder, cut = qrtext.holder_of("咸宁市桂花源小馆")
    facts = qrtext.QrFacts(
        CERTIFICATE.kind, NUMBER, holder, cut, USCC, CERTIFICATE.issued_on, CERTIFICATE.valid_until, 0, 77_777,
        record.digest(record.encode(CERTIFICATE))[:16],
    )  # fmt: skip
    seal = qrtext.QrSeal(ORIGIN, SPKI)
    unsigned = seal.to_sign(facts, SID)
    signature = sign(unsigned.digest)
    return seal.finish(unsigned, signature), unsigned, signature


def _map_items(data: bytes) -> Iterable[bytes]:
    """Cut an encoded map of small integer keys into its pairs."""
    at = 1
    while at < len(data):
        _, key_end = cose._item(data, at, 0)
        _, end = cose._item(data, key_end, 0)
        yield data[at:end]
        at = end


def identifiers() -> str:
    """The sid and the number."""
    return "\n".join(
        [
            "random       03a6749b6fa1a564                 60 bits",
            f"stored       {SID}",
            f"shown        {sid.grouped(SID)}",
            f"also read as {sid.parse(SID.lower())} ← {sid.grouped(SID).lower().replace(' ', '-').replace('1', 'l')}",
            "",
            f"number       {NUMBER}",
            f"             JY · 1 · 421202 · 000001 · {NUMBER[-1]}   trade, division, sequence, check digit",
        ]
    )


def record_json() -> str:
    """The canonical record and its digest."""
    data = record.encode(CERTIFICATE)
    return f"{wrapped(data.decode())}\n\n{len(data)} bytes, SHA-256 {record.digest(data).hex()}"


def qr_bytes() -> str:
    """The bytes behind the digits."""
    text, unsigned, signature = qr_text()
    number = int(text.digits)
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    parts = cose.parse1(data[1:])
    names = ["1 kind", "2 number", "3 holder", "5 uscc", "6 issued_on: day 20780", "7 valid_until: day 22605"]
    names += ["8 shard", "9 index", "10 record_digest"]
    rows = [
        (0, data[:1], HEADING[data[:1]]),
        (0, data[1:2], HEADING[data[1:2]]),
        (1, cose.head(2, len(parts.protected)) + parts.protected, "protected header: {1: -7, 4: kid}"),
        (1, b"\xa0", HEADING[b"\xa0"]),
        (1, cose.head(2, len(parts.payload)), f"payload: {len(parts.payload)} bytes"),
        (2, parts.payload[:1], "a map of nine"),
        *((2, item, name) for item, name in zip(_map_items(parts.payload), names, strict=True)),
        (1, cose.head(2, 64) + signature, "signature: r‖s"),
    ]
    layout, again = annotated(rows)
    assert again == data
    length = f"{len(text.url) + 1} + {len(text.digits)} characters, {len(data)} bytes"
    version = qr.version_for(len(text.url), len(text.digits))
    return "\n".join(
        [
            layout,
            "",
            f"kid           {sha256(SPKI).hexdigest()[:8]}",
            f"external_aad  certgen-1|licence.example|{SID}",
            f"signed        SHA-256 of the Sig_structure = {unsigned.digest.hex()}",
            f"text          {length}: version {version}-M",
            "",
            wrapped(text.text),
        ]
    )


def trust_list() -> str:
    """A trust list of one QR key."""
    entry = trustlist.entry_of(
        use="qr",
        algorithm="ES256",
        authority="421202",
        authority_name=Text("咸安区市场监督管理局", "421202"),
        kinds=("*",),
        spki=SPKI,
        certificate=b"",
        chain=(),
        not_before=datetime(2026, 11, 23, tzinfo=UTC),
        not_after=datetime(2029, 11, 22, tzinfo=UTC),
        compromised_at=None,
        specimen=True,
    )
    trust = trustlist.TrustList(datetime(2026, 11, 23, tzinfo=UTC), 2_592_000, ("licence.example",), (entry,))
    signer: Any = Signer()
    data = trustlist.encode(trust, signer)
    parts = cose.parse1(data)
    (*head, entries) = _map_items(parts.payload)
    tops = ["0 version", "1 issued_at", "2 ttl_s", "3 hosts"]
    names = ["1 use: qr", "2 algorithm: -7", "3 authority", "4 its name, zh and en", "5 kinds: every"]
    names += ["6 SubjectPublicKeyInfo", "9 not_before", "10 not_after", "12 specimen"]
    rows = [
        (0, b"\x84", "COSE_Sign1"),
        (1, cose.head(2, len(parts.protected)) + parts.protected, "protected header: {1: -7, 4: kid of the root}"),
        (1, b"\xa0", "unprotected header: {}"),
        (1, cose.head(2, len(parts.payload)), f"payload: {len(parts.payload)} bytes"),
        (2, parts.payload[:1], "a map of five"),
        *((2, item, name) for item, name in zip(head, tops, strict=True)),
        (2, entries[:2], "4 entries: an array of one"),
        (3, entries[2:3], "a map of nine"),
        *((3, item, name) for item, name in zip(_map_items(entries[2:]), names, strict=True)),
        (1, cose.head(2, 64) + parts.signature, "signature over external_aad certgen-trust-1"),
    ]
    layout, again = annotated(rows)
    assert again == data
    return layout


def signature_gap() -> str:
    """The gap of a tiny file, empty and filled."""
    empty = gap.placeholder(4).decode()
    filled = empty.replace("[0" + " 0000000000" * 3 + "]", gap.byte_range(1000, 1010, 1234).decode())
    return f"{empty}\n{filled.replace('<00000000>', '<30020500>')}"


def _bare_certificate() -> bytes:
    """As much of a certificate as the container's profile reads: serial number and issuer."""
    name = der.tlv(der.SEQUENCE, der.tlv(der.SET, der.tlv(der.SEQUENCE, der.oid("2.5.4.3"), der.tlv(0x0C, b"CA"))))
    empty = der.tlv(der.SEQUENCE)
    return der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, der.integer(b"\x05"), empty, name, empty, empty))


def signed_attributes() -> str:
    """The signed attributes of an ES256 seal, as they are hashed."""
    digest, certificate = sha256(b"the file without its gap").digest(), _bare_certificate()
    data = CmsProfile(certificate, (), "ES256").signed_attributes(digest)
    start = der.measure(data)[1]
    walker, rows = (
        der.Reader(data, start),
        [(0, data[:start], "SET OF, as it is hashed (in the message its tag is a0)")],
    )
    names = {
        "1.2.840.113549.1.9.3": "contentType: data",
        "1.2.840.113549.1.9.52": "cmsAlgorithmProtection: sha256, [1] ecdsa-with-SHA256",
        "1.2.840.113549.1.9.4": "messageDigest",
        "1.2.840.113549.1.9.16.2.47": "signingCertificateV2: SHA-256 of the seal's certificate",
    }
    while walker.more():
        attribute = walker.raw(der.SEQUENCE)
        kind = der.Reader(attribute).inside(der.SEQUENCE).raw(der.OID)
        rows.append((1, attribute, next(name for dotted, name in names.items() if der.oid(dotted) == kind)))
    layout, again = annotated(rows)
    assert again == data
    assert len(rows) == 5
    return layout


def high_water() -> str:
    """Two steps of a counter and one of the status places."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "high-water.jsonl"
        marks = HighWater(file)
        shapes = (Shape("JY1421202", 6, 1),)
        marks.advance([Mark("JY1421202", 1, 1, shapes), Mark("status-slots", 0, 1, ())])
        marks.advance([Mark("JY1421202", 1, 200, shapes)])
        return file.read_text("utf-8").rstrip("\n")


def plate_facts() -> str:
    """The facts of a plate of six objects."""
    font = PlateFont(3, "P0", "NotoSerifSC-400.ttf", "食品")
    return PlateFacts((15, 2682, 2851, 4033, 5724, 7091), (font,), {"main": 9}, 10, 2).encode().decode()


def versions_lock() -> str:
    """The line of one form."""
    return LockLine("food-business", "2023", 1, sha256(b"a template").hexdigest()).encode().rstrip("\n")


def status_list() -> str:
    """A list with one document in it."""
    issued_at = datetime(2026, 11, 23, 1, 12, tzinfo=UTC)
    packed = statuslist.pack([(77_777, "issued")])
    uri = statuslist.uri_of(ORIGIN, 0)
    signer: Any = Signer()
    data = statuslist.encode(
        statuslist.StatusList(uri, issued_at, issued_at + timedelta(hours=24), 3600, packed), signer
    )
    parts = cose.parse1(data[1:])
    (*claims, listed, ttl) = _map_items(parts.payload)
    at = listed.index(b"\x64bits")
    rows = [
        (0, data[:1], "tag 18: COSE_Sign1"),
        (0, b"\x84", "an array of four"),
        (1, cose.head(2, len(parts.protected)) + parts.protected, "protected header: {1: -7, 4: kid, 16: type}"),
        (1, b"\xa0", "unprotected header: {}"),
        (1, cose.head(2, len(parts.payload)), f"payload: {len(parts.payload)} bytes"),
        (2, parts.payload[:1], "a map of five"),
        *((2, item, name) for item, name in zip(claims, ("2 sub", "4 exp", "6 iat"), strict=True)),
        (2, listed[:4], "65533 status list: a map of two"),
        (3, listed[4:at], "lst: 65,536 bytes, deflated"),
        (3, listed[at:], "bits"),
        (2, ttl, "65534 ttl: 3600"),
        (1, cose.head(2, 64) + parts.signature, "signature; external_aad is empty"),
    ]
    layout, again = annotated(rows)
    assert again == data
    byte = packed[77_777 >> 1]
    said = f"byte 38888 is {byte:02x}: place 77,776 (low half) is F, place 77,777 is 0; others are ff"
    return f"{layout}\n\ninflated      {said}"


EXAMPLES = {
    "identifiers": identifiers,
    "record": record_json,
    "qr": qr_bytes,
    "trust": trust_list,
    "gap": signature_gap,
    "attributes": signed_attributes,
    "plate-facts": plate_facts,
    "high-water": high_water,
    "versions-lock": versions_lock,
    "status-list": status_list,
}
_BLOCK = re.compile(r"<!-- example: ([a-z-]+) -->\n```text\n(.*?)\n```", re.S)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_on_the_page_is_what_the_code_writes(name: str) -> None:
    blocks = dict(_BLOCK.findall(PAGE.read_text("utf-8")))
    assert blocks[name] == EXAMPLES[name]()


def test_every_example_on_the_page_is_checked() -> None:
    assert [name for name, _ in _BLOCK.findall(PAGE.read_text("utf-8"))] == list(EXAMPLES)


def test_what_the_examples_show_can_be_read_back() -> None:
    text, unsigned, signature = qr_text()
    scanned = qrtext.decode(text.text)
    assert (scanned.sid, scanned.digest, scanned.signature) == (SID, unsigned.digest, signature)
    data = record.encode(CERTIFICATE)
    assert record.decode(data) == CERTIFICATE
    assert scanned.facts.record_digest == record.digest(data)[:16]
    assert json.loads(plate_facts())["forms"] == {"main": 9}


def test_the_objects_of_a_document_come_in_the_order_the_page_gives(common_house: Any) -> None:
    chapter = PAGE.read_text("utf-8").partition("## 7. ")[2].partition("## 8. ")[0]
    told = re.findall(r"^\| [0-9k+ …–]+ \| ([A-Za-z0-9. ]+) \|", chapter, re.M)
    pdf = common_house.issue(operator_name="咸宁市龘龘饭店").documents[-1].pdf
    names: list[str] = []
    for match in re.finditer(rb"(?m)^[0-9]+ 0 obj\n", pdf):
        start, follows_program = match.end(), names[-1:] == ["font program"]
        # A ToUnicode map has nothing to tell it by: it is the stream behind the font's program.
        names.append("font" if follows_program else _name_of(pdf[start : pdf.index(b">>", start) + 400]))
    names = ["font" if name == "font program" else name for name in names]
    assert [name for i, name in enumerate(names) if names[i - 1 : i] != [name]] == told


_MARKS = {
    b"<</N 3": "ICC profile",
    b"<</Type/OutputIntent": "OutputIntent",
    b"<</Type/XObject/Subtype/Form": "Form XObject",
    b"<</Type/XObject/Subtype/Image": "QR picture",
    b"<</Type/EmbeddedFile": "EmbeddedFile",
    b"<</Type/Filespec": "Filespec",
    b"<</Type/Metadata": "Metadata",
    b"<</Type/Annot/Subtype/Widget": "signature field",
    b"<</Type/Pages": "Pages",
    b"<</Type/Page/": "Page",
    b"<</Type/Catalog": "Catalog",
    b"<</Type/Sig": "Sig",
    b"<</Type/Font": "font",
    b"<</Length1": "font program",
}


def _name_of(body: bytes) -> str:
    """Name an object as the page does."""
    return next((name for mark, name in _MARKS.items() if body.startswith(mark)), "content")


def write() -> None:
    """Put the examples into the page."""
    text = PAGE.read_text("utf-8")
    PAGE.write_text(_BLOCK.sub(lambda m: f"<!-- example: {m[1]} -->\n```text\n{EXAMPLES[m[1]]()}\n```", text), "utf-8")


if __name__ == "__main__":
    write()
