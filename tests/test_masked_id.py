"""The hidden digits of a masked ID cannot be recovered from a document: the attack, as code, and where it works.

Food licences print a citizen ID with the month and day of birth hidden. Whoever holds the PDF and its QR code knows
everything else, so there are 10,000 candidates. Each is tried against every digest-like byte in the document: were
there one digest that covers the unmasked value and nothing secret, the right candidate would show itself.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from hashlib import md5, sha1, sha256
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdf
import pytest

from certgen.core import codes, qrtext, record
from certgen.core import sid as sids
from certgen.core.gap import locate
from certgen.core.model import Certificate
from certgen.issue import Document
from certgen.proof import read_qr
from certgen.reading import _body_digest
from tests.house import House, case, sample_2023

ID = codes.make_citizen_id("422301", date(1985, 11, 27), 123)
HIDDEN = ID[10:14]
MASKED = codes.mask_citizen_id(ID)
WINDOW = 8  # bytes of a digest that are enough to be sure: 10,000 candidates against a few million places


@pytest.fixture(scope="module")
def documents(common_house: House) -> tuple[Document, ...]:
    """Both copies on both papers of a sole trader's licence, on a form with and one without the older fields."""
    made: list[Document] = []
    for form in (sample_2023(), case("sole-trader") | {"issued_on": "2017-08-01"}):
        issued = common_house.issue(form | {"credit_code": ID}, papers=("plain", "overprint"))
        made += issued.documents
    return tuple(made)


def plain_bytes(pdf: bytes) -> Iterator[bytes]:
    """Give a file's own bytes, every stream inflated, every string decoded, the signature, and what is attached."""
    yield pdf
    yield locate(pdf).der(pdf)
    with pikepdf.Pdf.open(BytesIO(pdf)) as opened:
        for thing in opened.objects:
            if isinstance(thing, pikepdf.Stream):
                yield thing.read_bytes()
                yield thing.read_raw_bytes()
            yield repr(thing).encode()


def extracted(pdf: bytes) -> str:
    """Give the text a reader copies, by pypdf."""
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages)


def attached(pdf: bytes) -> Certificate:
    """Read the record inside."""
    reader = pypdf.PdfReader(BytesIO(pdf))
    (data,) = reader.attachments["record.json"]
    return record.decode(bytes(data))


def everything(document: Document) -> list[bytes]:
    """Gather all that the holder of a document has: file, page, code and its payload."""
    pdf = document.pdf
    text = read_qr(pdf, None)
    scanned = qrtext.decode(text)
    digits = int(text.partition("#")[2])
    payload = digits.to_bytes((digits.bit_length() + 7) // 8, "big")
    page = extracted(pdf).encode()
    return [*plain_bytes(pdf), page, text.encode(), payload, repr(scanned).encode(), sha256(pdf).digest()]


# ---- the digits stand nowhere -----------------------------------------------------------------------


def spellings(text: str) -> set[bytes]:
    """Write a text as PDF and JSON might: plain, hexadecimal, UTF-16, spaced."""
    plain = {text.encode(), text.encode("utf-16-be"), " ".join(text).encode(), "-".join(text).encode()}
    return plain | {p.hex().encode() for p in plain} | {p.hex().upper().encode() for p in plain}


def test_the_full_id_and_its_hidden_digits_in_place_stand_nowhere(documents: tuple[Document, ...]) -> None:
    # Four digits alone occur by chance; with two known digits on either side they do not.
    wanted = spellings(ID) | spellings(ID[8:16]) | spellings(ID[6:14]) | spellings(ID[10:18])
    for document in documents:
        for data in everything(document):
            assert not [w for w in wanted if w in data]


def test_the_masked_id_does_stand_there(documents: tuple[Document, ...]) -> None:
    """Else the test above looks in the wrong places."""
    for document in documents:
        assert MASKED in extracted(document.pdf)
        assert dict(attached(document.pdf).fields)["credit_code"] == MASKED
        assert any(MASKED.encode() in data for data in plain_bytes(document.pdf))


def test_the_code_names_no_id_at_all(documents: tuple[Document, ...]) -> None:
    for document in documents:
        facts = qrtext.decode(read_qr(document.pdf, None)).facts
        assert facts.uscc == ""
        assert MASKED[:10] not in repr(facts)


def test_the_public_part_of_the_register_and_every_answer_hold_the_masked_id(
    common_house: House, documents: tuple[Document, ...]
) -> None:
    for document in documents:
        known = common_house.register.by_digest(document.pdf_digest)
        assert known is not None
        assert MASKED in [value for _, value in known.public]
        report = common_house.verifier.pdf(document.pdf)
        said = json.dumps(report.as_json()) + repr(known) + "".join((*report.lines("zh"), *report.lines("en")))
        said += repr(common_house.verifier.qr(read_qr(document.pdf, None)).as_json())
        assert ID not in said
        assert ID[6:14] not in said
        assert MASKED in said


def test_the_register_keeps_the_id_in_its_private_column_and_nowhere_else(common_house: House) -> None:
    common_house.issue(sample_2023() | {"credit_code": ID})
    with common_house.register._database.reading() as db:
        holding = [
            (table, column)
            for (table,) in db.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (_, column, *_) in db.rows(f"PRAGMA table_info({table})")
            if db.row(f"SELECT count(*) FROM {table} WHERE instr(CAST({column} AS TEXT), ?)", (ID,))[0]
        ]
    assert holding == [("requests", "data")]


def test_a_hidden_id_is_not_in_the_files_around_the_register(common_house: House) -> None:
    common_house.issue(sample_2023() | {"credit_code": ID})
    for file in common_house.settings.home.rglob("*"):
        if file.is_file() and not file.name.startswith("register.db"):
            assert ID.encode() not in file.read_bytes(), file.name


# ---- the attack -------------------------------------------------------------------------------------


def windows(corpus: Iterable[bytes]) -> set[bytes]:
    """Give every place a digest or its beginning could stand, also where it is written in hexadecimal."""
    places: set[bytes] = set()
    for data in corpus:
        places.update(data[i : i + WINDOW] for i in range(len(data) - WINDOW + 1))
        for word in data.replace(b"<", b" ").replace(b">", b" ").replace(b'"', b" ").split():
            if 2 * WINDOW <= len(word) <= 4096 and not word.strip(b"0123456789abcdefABCDEF"):
                raw = bytes.fromhex(word.decode()[: len(word) // 2 * 2])
                places.update(raw[i : i + WINDOW] for i in range(len(raw) - WINDOW + 1))
    return places


def messages(certificate: Certificate, candidate: str) -> Iterator[bytes]:
    """Write down everything that may have been hashed, were this the ID. All but the ID is known from the page."""
    yield candidate.encode()
    yield candidate[10:14].encode()
    yield candidate[6:14].encode()
    yield certificate.salt + candidate.encode()
    yield candidate.encode() + certificate.salt
    yield certificate.sid.encode() + candidate.encode()
    yield certificate.number.encode() + candidate.encode()
    fields = tuple((n, candidate if n == "credit_code" else v) for n, v in certificate.fields)
    canonical = record.encode(certificate)
    unmasked = canonical.replace(MASKED.encode(), candidate.encode())
    salt = certificate.salt.hex().encode()
    yield unmasked
    yield unmasked.replace(salt, b"0" * 32)
    yield unmasked.replace(b'"salt":"%b",' % salt, b"")
    yield json.dumps(dict(fields), ensure_ascii=False).encode()
    yield json.dumps(dict(fields), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def guesses(certificate: Certificate, candidate: str) -> Iterator[bytes]:
    """Hash them, by every function at hand; and as the register tells one request from another."""
    for message in messages(certificate, candidate):
        for function in (sha256, sha1, md5):
            yield function(message).digest()
    data = tuple((n, candidate if n == "credit_code" else v) for n, v in certificate.fields)
    for issued_on in (certificate.issued_on, None):
        yield _body_digest(certificate.kind, data, certificate.authority, issued_on, None, None)


def candidates() -> Iterator[str]:
    """List every ID that prints as this one does: the check digit is not used, so all 10,000 are tried."""
    return (f"{MASKED[:10]}{n:04d}{MASKED[14:]}" for n in range(10_000))


def recover(certificate: Certificate, corpus: Iterable[bytes]) -> list[str]:
    """Try all candidates; give the hidden digits of those that something in the document confirms."""
    places = windows(corpus)
    sid_bits = int.from_bytes(sids_bytes(certificate.sid), "big")
    confirmed = []
    for candidate in candidates():
        for digest in guesses(certificate, candidate):
            # Also in the sid, which a careless design would derive: 60 bits from either end.
            ends = (int.from_bytes(digest[:8], "big") >> 4, int.from_bytes(digest[-8:], "big") & (1 << 60) - 1)
            if digest[:WINDOW] in places or digest[-WINDOW:] in places or sid_bits in ends:
                confirmed.append(candidate[10:14])
                break
    return confirmed


def sids_bytes(sid: str) -> bytes:
    value = 0
    for char in sid:
        value = value << 5 | "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(char)
    assert sids.make(value) == sid
    return value.to_bytes(8, "big")


@pytest.mark.slow
def test_no_digest_in_document_or_code_confirms_any_of_the_ten_thousand_candidates(
    documents: tuple[Document, ...],
) -> None:
    plain = [d for d in documents if d.paper == "plain"]
    for document in plain[:1] + plain[-1:]:
        assert recover(attached(document.pdf), everything(document)) == []


def careless(certificate: Certificate, salt: bytes | None) -> bytes:
    """Hash the record as a careless design would: with the ID in it as typed."""
    data = record.encode(certificate).replace(MASKED.encode(), ID.encode())
    written = certificate.salt.hex().encode()
    return sha256(data.replace(written, salt.hex().encode()) if salt is not None else data).digest()


CARELESS: dict[str, Callable[[Certificate], bytes]] = {
    "an unsalted digest of the unmasked record": lambda c: careless(c, bytes(16)),
    "a digest of the unmasked record with the salt that is attached": lambda c: careless(c, None),
    "a digest of the ID alone": lambda c: sha256(ID.encode()).digest(),
    "the digest by which the register tells requests apart": lambda c: _body_digest(
        c.kind, tuple((n, ID if n == "credit_code" else v) for n, v in c.fields), c.authority, c.issued_on, None, None
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("digest_of", "as_hex"), list(zip(CARELESS.values(), [True, False, False, True], strict=True)), ids=CARELESS
)
def test_the_same_attack_finds_the_digits_wherever_the_digest_covers_them(
    documents: tuple[Document, ...], digest_of: Callable[[Certificate], bytes], as_hex: bool
) -> None:
    certificate = attached(documents[0].pdf)
    digest = digest_of(certificate)[:16]  # as much as the QR code and /ID hold
    leak = b"<" + digest.hex().encode() + b">" if as_hex else digest
    assert recover(certificate, [b"some page " + leak + b" and its rest"]) == [HIDDEN]


@pytest.mark.slow
def test_a_sid_derived_from_the_id_would_be_found_too(documents: tuple[Document, ...]) -> None:
    certificate = attached(documents[0].pdf)
    derived = sids.make(int.from_bytes(sha256(ID.encode()).digest()[:8], "big") >> 4)
    assert recover(replace(certificate, sid=derived), []) == [HIDDEN]


def test_two_ids_that_print_alike_give_documents_that_differ_in_chance_alone(model_home: Path, tmp_path: Path) -> None:
    """Swap the hidden digits, keep the dice: the whole document must come out the same, byte for byte."""
    twin = next(c for c in candidates() if c != ID and codes.is_citizen_id(c, date(2026, 11, 23)))
    made = []
    for name, code in (("one", ID), ("two", twin)):
        shutil.copytree(model_home, tmp_path / name)
        with House(tmp_path / name) as house:
            issued = house.issue(sample_2023() | {"credit_code": code}, papers=("plain", "overprint"))
            made.append([d.pdf for d in issued.documents])
    assert made[0] == made[1]
