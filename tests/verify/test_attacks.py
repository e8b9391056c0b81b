"""Known attacks on a document, by name, and the rule that must refuse each: with the register switched off."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgen.core import record
from certgen.core.cms import HALF_ORDER, CmsProfile
from certgen.core.der import OCTET_STRING, SEQUENCE, integer, measure, oid, tlv
from certgen.core.model import Signer
from keys.certificates import make_issuing_ca, make_root, make_seal
from tests.verify.builder import CERTIFICATE, NOW, Office, build, other, plain
from verify import Verdict

STRICT = frozenset({"R1"})
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
Attack = Callable[[Office, bytes], bytes]


def rewrap(der: bytes, change: Callable[[list[bytes]], None]) -> bytes:
    """Take SignedData apart into its members, change them, and close every length again."""
    _, body, _ = measure(der)
    kind_end = measure(der, body)[2]
    explicit = measure(der, kind_end)
    inner = measure(der, explicit[1])
    parts, at = [], inner[1]
    while at < inner[2]:
        end = measure(der, at)[2]
        parts.append(der[at:end])
        at = end
    change(parts)
    return tlv(SEQUENCE, der[body:kind_end], tlv(0xA0, tlv(SEQUENCE, *parts)))


def replaced(index: int, make: Callable[[bytes], bytes]) -> Callable[[bytes, CmsProfile, Signer], bytes]:
    """A container in which one member of SignedData is another."""

    def container(digest: bytes, profile: CmsProfile, signer: Signer) -> bytes:
        def change(parts: list[bytes]) -> None:
            parts[index] = make(parts[index])

        return rewrap(plain(digest, profile, signer), change)

    return container


def in_signer(make: Callable[[list[bytes]], None]) -> Callable[[bytes, CmsProfile, Signer], bytes]:
    """A container in which members of the SignerInfo are others."""

    def change(infos: bytes) -> bytes:
        _, body, _ = measure(infos)
        _, at, end = measure(infos, body)
        parts = []
        while at < end:
            stop = measure(infos, at)[2]
            parts.append(infos[at:stop])
            at = stop
        make(parts)
        return tlv(0x31, tlv(SEQUENCE, *parts))

    return replaced(-1, change)


def high_s(digest: bytes, profile: CmsProfile, signer: Signer) -> bytes:
    der = plain(digest, profile, signer)
    raw = profile.decode(der)[1]
    high = (ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    assert high > HALF_ORDER
    value = tlv(SEQUENCE, integer(raw[:32]), integer(high))
    return in_signer(lambda parts: parts.__setitem__(5, tlv(OCTET_STRING, value)))(digest, profile, signer)


def put(pdf: bytes, at: int, new: bytes) -> bytes:
    return pdf[:at] + new + pdf[at + len(new) :]


def gap_of(pdf: bytes) -> tuple[int, int]:
    b = pdf.rindex(b"/Contents <") + 10
    return b, pdf.index(b">", b) + 1


def transplanted(office: Office, pdf: bytes) -> bytes:
    """The genuine container of one document in another."""
    b, c = gap_of(pdf)
    twin = build(office, other(number="JY14212020000099"))
    at, end = gap_of(twin)
    return twin[: at + 1] + pdf[b + 1 : c - 1] + twin[end - 1 :]


def wrapped(office: Office, pdf: bytes) -> bytes:
    """Signature wrapping: the second signed part moved down, new objects in the enlarged gap."""
    b, c = gap_of(pdf)
    evil = b"666 0 obj\n<</Type/Catalog>>\nendobj\n"
    moved = pdf[:c] + evil + pdf[c:]
    at = moved.index(b"/ByteRange [0 ") + 14
    return put(moved, at, b"%010d %010d %010d" % (b, c + len(evil), len(pdf) - c))


def updated(office: Office, pdf: bytes) -> bytes:
    """An incremental update with its own catalog, table and trailer."""
    start = pdf.rindex(b"startxref\n") + 10
    before = int(pdf[start : pdf.index(b"\n", start)])
    body = b"8 0 obj\n<</Type/Catalog/Pages 7 0 R/AF[4 0 R]>>\nendobj\n"
    table = b"xref\n8 1\n%010d 00000 n \ntrailer\n<</Size 10/Root 8 0 R/Prev %d>>\n" % (len(pdf), before)
    return pdf + body + table + b"startxref\n%d\n%%%%EOF\n" % (len(pdf) + len(body))


ON_THE_FILE: dict[str, tuple[str, Attack]] = {
    "one byte of the record changed": ("H1", lambda o, p: put(p, p.index(b"stream\nx") + 20, b"!")),
    "page tree swapped": ("H1", lambda o, p: p.replace(b"/Contents 2 0 R", b"/Contents 1 0 R")),
    "date of signing changed": ("H1", lambda o, p: p.replace(b"/M(D:2026", b"/M(D:2016")),
    "byte before the header": ("S1", lambda o, p: b"\n" + p),
    "polyglot with a script in front": ("S1", lambda o, p: b"#!/bin/sh\n" + p),
    "line end appended": ("S2", lambda o, p: p + b"\n"),
    "mail footer appended": ("S2", lambda o, p: p + b"-- \nsent from a phone\n"),
    "incremental update": ("S2", updated),
    "update without its end mark": ("S2", lambda o, p: p + b"8 0 obj\n<</Type/Catalog>>\nendobj\n"),
    "the whole file twice": ("S1", lambda o, p: p + p),
    "cut in the middle": ("S2", lambda o, p: p[: len(p) // 2]),
    "signature wrapping": ("S2", wrapped),
    "range emptied": ("S3", lambda o, p: put(p, p.index(b"/ByteRange [0 ") + 11, b"[]" + b" " * 32)),
    "range as null": ("S3", lambda o, p: put(p, p.index(b"/ByteRange [0 ") + 11, b"null" + b" " * 31)),
    "negative range": ("S3", lambda o, p: put(p, p.index(b"/ByteRange [0 ") + 14, b"-")),
    "range over a part of the file": ("S4", lambda o, p: put(p, p.index(b"/ByteRange [0 ") + 36, b"0000000001")),
    "contents renamed": ("S5", lambda o, p: p.replace(b"]/Contents <", b"]/Cantents <")),
    "contents filled with zeros": (
        "C1",
        lambda o, p: put(p, gap_of(p)[0] + 1, b"0" * (gap_of(p)[1] - gap_of(p)[0] - 2)),
    ),
    "contents upper case": ("S5", lambda o, p: put(p, (b := gap_of(p)[0]) + 1, p[b + 1 : b + 400].upper())),
    "object hidden in the padding": ("S6", lambda o, p: put(p, gap_of(p)[1] - 5, b"beef")),
    "comment in the padding": ("S5", lambda o, p: put(p, gap_of(p)[1] - 5, b"%evi")),
    "container of another document": ("H1", transplanted),
    "end of lines changed by mail": ("S1", lambda o, p: p.replace(b"\n", b"\r\n")),
    "nothing at all": ("S1", lambda o, p: b""),
    "only a header": ("S2", lambda o, p: p[:15]),
}


@pytest.mark.parametrize("name", ON_THE_FILE)
def test_an_attack_on_the_file_is_refused_by_its_rule(name: str, office: Office, pdf: bytes) -> None:
    rule, attack = ON_THE_FILE[name]
    attacked = attack(office, pdf)
    assert attacked != pdf
    report = office.verifier().pdf(attacked, skip=STRICT)
    assert report.verdict is Verdict.FAILED
    assert report.reason is not None
    assert report.reason.rule == rule


def swapped_bag(office: Office) -> Callable[[bytes], bytes]:
    ca = make_issuing_ca(office.root, "other", now=office.start, serial=900, specimen=True)
    return lambda bag: tlv(0xA0, *sorted((office.seal.der, ca.der)))


def containers(office: Office) -> dict[str, tuple[str, Callable[[bytes, CmsProfile, Signer], bytes]]]:
    sha1, null = tlv(SEQUENCE, oid("1.3.14.3.2.26")), b"\x05\x00"
    sha512 = tlv(SEQUENCE, oid("2.16.840.1.101.3.4.2.3"))
    with_null = tlv(SEQUENCE, oid("2.16.840.1.101.3.4.2.1"), null)
    inside = tlv(SEQUENCE, oid("1.2.840.113549.1.7.1"), tlv(0xA0, tlv(OCTET_STRING, b"forged")))

    def unsigned_stamp(parts: list[bytes]) -> None:
        stamp = tlv(SEQUENCE, oid("1.2.840.113549.1.9.16.2.14"), tlv(0x31, tlv(SEQUENCE)))
        parts.append(tlv(0xA1, stamp))

    def set_signer(index: int, value: bytes) -> Callable[[bytes, CmsProfile, Signer], bytes]:
        return in_signer(lambda parts: parts.__setitem__(index, value))

    return {
        "indefinite length": ("S6", lambda d, p, s: b"\x30\x80" + plain(d, p, s)[4:] + b"\0\0"),
        "longer length than needed": ("S6", lambda d, p, s: b"\x30\x83\0" + plain(d, p, s)[2:]),
        "BER inside": ("C1", replaced(0, lambda _: b"\x02\x81\x01\x01")),
        "version 3": ("C2", replaced(0, lambda _: integer(b"\3"))),
        "digest algorithm SHA-1": ("C3", replaced(1, lambda _: tlv(0x31, sha1))),
        "two digest algorithms": ("C3", replaced(1, lambda old: tlv(0x31, sha1, old[2:]))),
        "SHA-256 with NULL": ("C3", replaced(1, lambda _: tlv(0x31, with_null))),
        "content inside": ("C4", replaced(2, lambda _: inside)),
        "issuer substituted in the bag": ("C5", replaced(3, swapped_bag(office))),
        "root added to the bag": (
            "C5",
            replaced(3, lambda _: tlv(0xA0, *sorted((office.seal.der, office.ca.der, office.root.der)))),
        ),
        "issuer left out": ("C5", replaced(3, lambda _: tlv(0xA0, office.seal.der))),
        "two signers": ("C6", replaced(-1, lambda old: tlv(0x31, old[measure(old)[1] :], old[measure(old)[1] :]))),
        "signer named by key": ("C6", set_signer(1, tlv(0x80, b"\1" * 20))),
        "signer named as the issuer": ("C6", set_signer(1, tlv(SEQUENCE, tlv(SEQUENCE), integer(b"\x65")))),
        "signer's digest SHA-512": ("C7", set_signer(2, sha512)),
        "signature algorithm RSA": ("C7", set_signer(4, tlv(SEQUENCE, oid("1.2.840.113549.1.1.1"), null))),
        "attributes left out": ("C8", in_signer(lambda parts: parts.pop(3) and None)),
        "unsigned time stamp": ("C9", in_signer(unsigned_stamp)),
        "high s": ("C10", high_s),
        "signature over the document alone": (
            "H2",
            lambda d, p, s: p.encode(d, s.sign(d)),
        ),
        "signature of another key": (
            "H2",
            lambda d, p, s: p.encode(d, office.qr_signer.sign(sha256(p.signed_attributes(d)).digest())),
        ),
        "digest of another document": ("H1", lambda d, p, s: plain(sha256(b"another").digest(), p, s)),
    }


CONTAINERS = tuple(containers(Office()))


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_that_is_not_ours_is_refused_by_its_rule(name: str, office: Office) -> None:
    rule, container = containers(office)[name]
    report = office.verifier().pdf(build(office, container=container), skip=STRICT)
    assert report.verdict is Verdict.FAILED
    assert report.reason is not None
    assert report.reason.rule == rule


def test_every_changed_byte_is_refused_without_the_register(office: Office) -> None:
    pdf = build(office, plate=64)
    verifier = office.verifier()
    assert verifier.pdf(pdf, skip=STRICT).verdict is Verdict.INDETERMINATE
    for at in range(len(pdf)):
        changed = put(pdf, at, bytes((pdf[at] ^ 1 << at % 8,)))
        assert verifier.pdf(changed, skip=STRICT).verdict is Verdict.FAILED, at


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_every_changed_bit_of_the_container_is_refused(algorithm: str) -> None:
    office = Office(algorithm)  # type: ignore[arg-type]
    pdf = build(office, plate=64)
    b, _ = gap_of(pdf)
    length = measure(bytes.fromhex(pdf[b + 1 : gap_of(pdf)[1] - 1].decode()))[2]
    verifier = office.verifier()
    assert verifier.pdf(pdf, skip=STRICT).verdict is Verdict.INDETERMINATE
    for bit in range(0, 8 * length, 5):
        held = bytearray.fromhex(pdf[b + 1 : b + 1 + 2 * length].decode())
        held[bit // 8] ^= 1 << bit % 8
        changed = put(pdf, b + 1, held.hex().encode())
        assert verifier.pdf(changed, skip=STRICT).verdict is Verdict.FAILED, bit


def test_a_change_in_a_head_met_before_is_refused_all_the_same(office: Office) -> None:
    verifier = office.verifier()
    twins = [build(office, other(number=f"JY1421202000{i:04}"), plate=20_000) for i in range(3)]
    for twin in twins:
        assert verifier.pdf(twin, skip=STRICT).verdict is Verdict.INDETERMINATE
    assert verifier._heads.of(twins[0]).clean > 20_000
    for at in (0, 40, 10_000, 19_999):
        changed = put(twins[0], at, bytes((twins[0][at] ^ 1,)))
        assert verifier.pdf(changed, skip=STRICT).verdict is Verdict.FAILED


def sealed_by(office: Office, look_alike: str) -> bytes:
    """A document sealed with a certificate that only looks right."""
    start, serial = office.start, 101
    ca = make_issuing_ca(office.root, "certgen", now=start, serial=101, specimen=True)
    if look_alike == "own root":
        root = make_root("certgen", now=start, serial=100, specimen=True)
        ca = make_issuing_ca(root, "certgen", now=start, serial=101, specimen=True)
    if look_alike == "authority itself":
        return build(office, signer=office.signer_with(ca, (office.root.der,)))
    seal = make_seal(
        ca, CERTIFICATE.authority_name, algorithm="ES256", rsa_bits=0, now=start, serial=serial, specimen=True
    )
    return build(office, signer=office.signer_with(seal, (ca.der,)))


@pytest.mark.parametrize(
    ("look_alike", "rules"), [("own root", {"T1", "T2"}), ("sibling", {"T1"}), ("authority itself", {"T1", "T3"})]
)
def test_a_seal_that_is_not_enrolled_is_refused(office: Office, look_alike: str, rules: set[str]) -> None:
    report = office.verifier().pdf(sealed_by(office, look_alike), skip=STRICT)
    assert {f.rule for f in report.findings if f.ok is False} == rules
    assert report.verdict is Verdict.FAILED
    assert report.facts == ()


def test_the_words_of_a_forger_are_not_repeated(office: Office) -> None:
    forged = build(
        office, other(fields=(("operator_name", "冒名餐饮店"),)), container=lambda d, p, s: p.encode(d, s.sign(d))
    )
    report = office.verifier().pdf(forged)
    assert "冒名餐饮店" not in str(report.as_json())


RECORDS: dict[str, Callable[[bytes], bytes]] = {
    "not JSON": lambda data: b"{",
    "spaces in it": lambda data: data.replace(b",", b", ", 1),
    "another format": lambda data: data.replace(b'"certgen":1', b'"certgen":2'),
    "a key added": lambda data: data.replace(b'"certgen"', b'"b":1,"certgen"'),
    "empty": lambda data: b"",
    "a bomb": lambda data: b" " * 2**22,
}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_that_we_would_not_have_written_is_refused(name: str, office: Office) -> None:
    data = RECORDS[name](record.encode(CERTIFICATE))
    report = office.verifier().pdf(build(office, data=data), skip=STRICT)
    assert report.verdict is Verdict.FAILED
    assert report.reason is not None
    assert report.reason.rule == "M1"


BEFORE_SEALING: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "two records in the catalog": ("O1", lambda p: p.replace(b"/Lang(zh-CN)", b"/AF[4 0 R]  ")),
    "no record in the catalog": ("O5", lambda p: p.replace(b"/AF[4 0 R]", b"/Af[4 0 R]")),
    "a record elsewhere": ("O5", lambda p: p.replace(b"/AF[4 0 R]", b"/AF[5 0 R]")),
    "a record beyond the table": ("O1", lambda p: p.replace(b"/Lang(zh-CN)/AF[4", b"/Lang(zh-C)/AF[99")),
    "another name": ("O5", lambda p: p.replace(b"/UF(record.json)", b"/UF(record.html)")),
    "two files": ("M1", lambda p: p.replace(b"/UF 3 0 R", b"/UF 2 0 R")),
    "a wrong length": ("O1", lambda p: p.replace(b"/FlateDecode/Length 3", b"/FlateDecode/Length 2")),
    "an update prepared": ("S2", lambda p: p.replace(b"/Lang(zh-CN)", b"/Prev 123456")),
}


@pytest.mark.parametrize("name", BEFORE_SEALING)
def test_a_file_wrong_before_it_was_sealed_is_refused(name: str, office: Office) -> None:
    rule, change = BEFORE_SEALING[name]
    report = office.verifier().pdf(build(office, change=change), skip=STRICT)
    assert report.verdict is Verdict.FAILED
    assert report.reason is not None
    assert report.reason.rule == rule
    # M1 refuses by itself whatever the second parser may say of a record that is not where it belongs
    assert "M1" in {finding.rule for finding in report.findings if finding.ok is False} or rule == "S2"


@given(st.binary(max_size=400))
def test_any_bytes_at_all_give_a_report(data: bytes) -> None:
    assert OFFICE.verifier().pdf(data).verdict is Verdict.FAILED


@given(st.integers(0, 10**6), st.integers(0, 300), st.binary(max_size=60))
def test_any_splice_into_a_document_gives_a_report(at: int, length: int, new: bytes) -> None:
    at %= len(SMALL)
    spliced = SMALL[:at] + new + SMALL[at + length :]
    report = VERIFIER.pdf(spliced)
    assert report.verdict is (Verdict.INDETERMINATE if spliced == SMALL else Verdict.FAILED)
    assert all("carried out" not in f.message.en for f in report.findings)


@given(st.binary(max_size=200))
def test_any_bytes_in_the_gap_give_a_report(junk: bytes) -> None:
    b, c = gap_of(SMALL)
    held = tlv(SEQUENCE, junk).hex().encode().ljust(c - b - 2, b"0")
    report = VERIFIER.pdf(put(SMALL, b + 1, held))
    assert report.verdict is Verdict.FAILED
    assert all("carried out" not in f.message.en for f in report.findings)


def test_a_document_sealed_outside_the_life_of_its_seal_is_refused(office: Office) -> None:
    early = build(office, other(issued_at=office.start - timedelta(days=1)))
    late = build(office, other(issued_at=datetime(2040, 1, 1, tzinfo=UTC)))
    for pdf in (early, late):
        report = office.verifier(now=NOW).pdf(pdf, skip=STRICT)
        assert report.reason is not None
        assert report.reason.rule == "T4"


OFFICE = Office()
SMALL = build(OFFICE, plate=64)
VERIFIER = OFFICE.verifier()
