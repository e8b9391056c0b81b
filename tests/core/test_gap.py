from hashlib import sha256

import pytest

from certgen.core import gap
from certgen.core.errors import VerificationError

DER = b"\x30\x03\x02\x01\x05"


def build(size: int = 16, der: bytes = DER) -> bytes:
    """The smallest file with a gap that stands right."""
    head = gap.HEADER + b"1 0 obj\n<</Type/Sig"
    body = head + gap.placeholder(size) + b">>\nendobj\n"
    xref = b"xref\n0 2\n0000000000 65535 f \n%010d 00000 n \n" % len(gap.HEADER)
    tail = b"trailer\n<</Size 2/Root 1 0 R/ID[<%s><%s>]>>\nstartxref\n%d\n%%%%EOF\n" % (
        b"ab" * 16,
        b"cd" * 16,
        len(body),
    )
    pdf = body + xref + tail
    b = pdf.index(b"/Contents <") + 10
    c = b + 2 * size + 2
    brackets = gap.byte_range(b, c, len(pdf))
    at = pdf.index(b"[0 ")
    pdf = pdf[:at] + brackets + pdf[at + len(brackets) :]
    return pdf[: b + 1] + der.hex().encode() + pdf[b + 1 + 2 * len(der) :]


PDF = build()
B = PDF.index(b"/Contents <") + 10
C = PDF.index(b">", B) + 1


def test_the_placeholder_is_the_agreed_bytes() -> None:
    zeros = b"0" * 10
    wanted = b"/ByteRange [0 " + zeros + b" " + zeros + b" " + zeros + b"]/Contents <" + b"0" * 6 + b">"
    assert gap.placeholder(3) == wanted
    assert gap.byte_range(7, 20, 99) == b"[0 0000000007 0000000020 0000000079]"


def test_a_gap_is_found_where_it_stands_and_gives_its_container_back() -> None:
    found = gap.locate(PDF)
    assert (found.b, found.c, found.total) == (B, C, len(PDF))
    assert found.der(PDF) == DER


def test_the_digest_covers_all_but_the_gap_with_and_without_a_head_start() -> None:
    found = gap.locate(PDF)
    wanted = sha256(PDF[:B] + PDF[C:]).digest()
    assert found.digest(PDF) == wanted
    assert found.digest(PDF, sha256(PDF[:20]), 20) == wanted


def test_the_catalog_is_found_through_the_cross_reference_table() -> None:
    tail = gap.read_tail(PDF)
    assert tail.offset(PDF, tail.root) == len(gap.HEADER)


def put(at: int, new: bytes) -> bytes:
    return PDF[:at] + new + PDF[at + len(new) :]


ATTACKS = {
    "byte before the header": ("S1", b" " + PDF),
    "other version": ("S1", PDF.replace(b"1.7", b"1.6")),
    "second header": ("S1", PDF.replace(b"/Type/Sig", b"%PDF-/Sig")),
    "appended byte": ("S2", PDF + b"\n"),
    "cut short": ("S2", PDF[:-1]),
    "end mark with a carriage return": ("S2", PDF[:-1] + b"\r\n"),
    "appended revision": ("S2", PDF + PDF[PDF.index(b"xref\n0") :]),
    "second startxref": ("S2", PDF.replace(b"/Type/Sig", b"startxref")),
    "hybrid table": ("S2", PDF.replace(b"/Type/Sig", b"/XRefStm ")),
    "previous table": ("S2", PDF.replace(b"/Type/Sig", b"/Prev    ")),
    "encrypted": ("S2", PDF.replace(b"/Type/Sig", b"/Encrypt ")),
    "object stream": ("S2", PDF.replace(b"/Type/Sig", b"/ObjStm  ")),
    "startxref points elsewhere": ("S2", PDF.replace(b"startxref\n1", b"startxref\n2")),
    "entry deleted": ("S2", PDF.replace(b"00000 n \n", b"00000 f \n")),
    "table longer than it says": ("S2", PDF.replace(b"xref\n0 2", b"xref\n0 1")),
    "extra key in the trailer": ("S2", PDF.replace(b"]>>\nstartxref", b"]/Info 1 0 R>>\nstartxref")),
    "no range": ("S3", PDF.replace(b"/ByteRange", b"/ByteRangf")),
    "second range": ("S3", PDF.replace(b"endobj", b"/ByteRange [0 1 2 3]endobj")),
    "range as a string": ("S3", PDF.replace(b"/ByteRange [0", b"/ByteRange (0")),
    "negative number": ("S3", PDF.replace(b"[0 0", b"[0 -")),
    "range that starts later": ("S3", PDF.replace(b"[0 ", b"[1 ")),
    "range one octet short": ("S4", PDF.replace(gap.byte_range(B, C, len(PDF)), gap.byte_range(B, C, len(PDF) - 1))),
    "gap before its container": ("S5", PDF.replace(gap.byte_range(B, C, len(PDF)), gap.byte_range(B - 1, C, len(PDF)))),
    "gap beyond its container": ("S5", PDF.replace(gap.byte_range(B, C, len(PDF)), gap.byte_range(B, C + 1, len(PDF)))),
    "upper case": ("S5", put(B + 1, DER.hex().upper().encode().replace(b"30", b"3A"))),
    "space in the hex": ("S5", put(B + 12, b" ")),
    "comment in the gap": ("S5", put(B + 12, b"%")),
    "other key before the gap": ("S5", PDF.replace(b"/Contents", b"/Cantents")),
    "junk in the padding": ("S6", put(C - 3, b"01")),
    "indefinite length": ("S6", put(B + 1, b"3080")),
    "length that is not minimal": ("S6", put(B + 1, b"308103")),
    "longer than the gap": ("S6", put(B + 1, b"307f")),
}


@pytest.mark.parametrize(("rule", "pdf"), ATTACKS.values(), ids=ATTACKS)
def test_an_attack_on_the_container_is_named_by_its_rule(rule: str, pdf: bytes) -> None:
    assert pdf != PDF
    with pytest.raises(VerificationError) as caught:
        gap.locate(pdf)
    # an insertion moves the table, so S2 may see it before the rule it was made for
    assert caught.value.rule in ({rule, "S2"} if len(pdf) != len(PDF) else {rule})


def test_a_token_across_the_end_of_a_clean_head_is_still_seen() -> None:
    evil = PDF.replace(b"/Type/Sig", b"/XRefStm ")
    at = evil.index(b"/XRefStm")
    for clean in range(at, at + 8):
        with pytest.raises(VerificationError):
            gap.locate(evil, clean)


def test_no_changed_byte_leaves_both_gap_and_digest_as_they_were() -> None:
    found = gap.locate(PDF)
    digest = found.digest(PDF)
    for at in range(len(PDF)):
        changed = put(at, bytes((PDF[at] ^ 1,)))
        try:
            other = gap.locate(changed)
        except VerificationError:
            continue
        assert other.digest(changed) != digest or other.der(changed) != DER
