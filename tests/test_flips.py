"""One byte altered anywhere: with the register switched off, the strict rules alone must refuse the file.

"Anywhere" is every byte outside the plate and every 97th inside, every bit of the CMS, and what can be done to the hex
digits that hold it. A plate is common to thousands of documents, so its bytes are tried by sample.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from certgen.core.gap import Gap, locate
from certgen.core.model import Paper
from certgen.issue import Document
from tests._workspace import command, live_home, write_record
from tests.house import KIND, House, sample_2023
from tests.verify.attacks.frozen import Frozen, load_genuine
from verify import Verdict, Verifier

WITHOUT_REGISTER = frozenset({"R1"})
INSIDE = 97  # every so many bytes of the plate


@pytest.fixture(scope="module")
def document(common_house: House) -> Document:
    return common_house.issue(sample_2023()).documents[1]


@pytest.fixture(scope="module")
def gap(document: Document) -> Gap:
    return locate(document.pdf)


def flipped(pdf: bytes, places: Iterable[tuple[int, int]]) -> Iterator[tuple[str, bytes]]:
    """Give the file with one byte XORed by a mask, for each place and mask."""
    for place, mask in places:
        altered = bytearray(pdf)
        altered[place] ^= mask
        yield f"byte {place} ^ {mask:#04x}", bytes(altered)


def accepted(verifier: Verifier, altered: Iterable[tuple[str, bytes]]) -> tuple[int, list[str]]:
    """Judge altered files by the strict rules; give how many, and those that were not refused."""
    passed, count = [], 0
    for what, data in altered:
        count += 1
        if verifier.pdf(data, skip=WITHOUT_REGISTER).verdict is not Verdict.FAILED:
            passed.append(what)
    return count, passed


def a_bit(place: int) -> int:
    """Choose one of eight bits by place, so that neighbours lose different ones."""
    return 1 << (place * 5 + place // 8) % 8


def test_the_document_itself_is_not_refused(common_house: House, document: Document) -> None:
    """Else every test here would pass for nothing: without a register the best answer is that nobody can tell."""
    report = common_house.verifier.pdf(document.pdf, skip=WITHOUT_REGISTER)
    assert report.verdict is Verdict.INDETERMINATE
    assert [f.rule for f in report.findings if f.ok is not True] == ["V"]
    assert common_house.verifier.pdf(document.pdf).verdict is Verdict.PASSED


@pytest.mark.slow
def test_no_byte_outside_the_plate_can_be_altered(common_house: House, document: Document) -> None:
    start = len(document.plate)
    places = ((at, a_bit(at)) for at in range(start, len(document.pdf)))
    count, passed = accepted(common_house.verifier, flipped(document.pdf, places))
    assert not passed
    assert count == len(document.strike) > 10_000


@pytest.mark.slow
def test_no_bit_of_the_cms_can_be_altered(common_house: House, document: Document, gap: Gap) -> None:
    pdf, der = document.pdf, gap.der(document.pdf)

    def altered() -> Iterator[tuple[str, bytes]]:
        for bit in range(8 * len(der)):
            changed = bytearray(der)
            changed[bit // 8] ^= 1 << bit % 8
            digits = changed.hex().encode()
            yield f"bit {bit} of the CMS", b"%b%b%b" % (pdf[: gap.b + 1], digits, pdf[gap.b + 1 + len(digits) :])

    count, passed = accepted(common_house.verifier, altered())
    assert not passed
    assert count == 8 * len(der) > 8 * 1000


def test_no_byte_of_a_sample_inside_the_plate_can_be_altered(common_house: House, document: Document) -> None:
    places = ((at, a_bit(at)) for at in range(0, len(document.plate), INSIDE))
    count, passed = accepted(common_house.verifier, flipped(document.pdf, places))
    assert not passed
    assert count > 400


def test_no_byte_of_a_sample_outside_the_plate_can_be_altered(common_house: House, document: Document) -> None:
    """The quick one of the two: every 61st byte, and every byte of the last kilobyte."""
    pdf = document.pdf
    places = [*range(len(document.plate), len(pdf), 61), *range(len(pdf) - 1000, len(pdf))]
    assert not accepted(common_house.verifier, flipped(pdf, ((at, a_bit(at + 3)) for at in places)))[1]


@pytest.mark.slow
@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_no_byte_of_a_whole_document_can_be_altered(mask: int) -> None:
    """Every byte of a small document, plate and all; the two tests above leave a larger one's plate to a sample."""
    pdf = load_genuine()
    count, passed = accepted(Frozen().verifier(), flipped(pdf, ((at, mask) for at in range(len(pdf)))))
    assert not passed
    assert count == len(pdf) > 30_000


@pytest.mark.slow
def test_the_hex_digits_of_the_signature_have_one_spelling(common_house: House, document: Document, gap: Gap) -> None:
    """Upper case, blanks and line ends between digits would mean the same bytes to a lenient reader."""
    pdf = document.pdf
    letters = [at for at in range(gap.b + 1, gap.c - 1) if pdf[at] in b"abcdef"]
    count, passed = accepted(common_house.verifier, flipped(pdf, ((at, 0x20) for at in letters)))
    assert not passed
    assert count > 500
    digits = range(gap.b + 1, gap.c - 1)
    for blank in b" \n\r\t\x00\x0c":
        places = ((at, pdf[at] ^ blank) for at in digits[:: len(digits) // 60])
        assert not accepted(common_house.verifier, flipped(pdf, places))[1]
    padding = [at for at in digits if at > gap.b + 1 + 2 * len(gap.der(pdf))]
    for digit in b"18f":
        assert not accepted(common_house.verifier, flipped(pdf, ((at, pdf[at] ^ digit) for at in padding)))[1]


def test_no_byte_can_be_put_in_taken_out_or_exchanged(common_house: House, document: Document, gap: Gap) -> None:
    pdf = document.pdf

    def altered() -> Iterator[tuple[str, bytes]]:
        sample = [*range(0, len(pdf), 1499), gap.b, gap.b + 1, gap.c - 1, gap.c, len(pdf) - 1, len(pdf)]
        for at in sample:
            for byte in (b"\n", b"0", b" ", b"%"):
                yield f"{byte!r} put in at {at}", pdf[:at] + byte + pdf[at:]
            yield f"byte {at} taken out", pdf[:at] + pdf[at + 1 :]
            if at + 1 < len(pdf) and pdf[at] != pdf[at + 1]:
                yield f"bytes {at} exchanged", pdf[:at] + pdf[at + 1 : at + 2] + pdf[at : at + 1] + pdf[at + 2 :]
            if at < len(pdf):
                yield f"cut off at {at}", pdf[:at]
        yield "twice", pdf + pdf

    # Past the end, `byte taken out` is the document itself.
    changed = [(what, data) for what, data in altered() if data != pdf]
    assert not accepted(common_house.verifier, changed)[1]


@pytest.mark.parametrize("paper", ["plain", "overprint"])
def test_strikes_of_two_documents_cannot_be_mixed(common_house: House, paper: Paper) -> None:
    """Same plate, other strike, other signature: none of the combinations is a document."""
    one, other = (common_house.issue(sample_2023(), papers=(paper,), operator_name=n).documents[0] for n in "甲乙")
    assert one.plate == other.plate
    first, second = locate(one.pdf), locate(other.pdf)
    contents = [(d.pdf[g.b : g.c]) for d, g in ((one, first), (other, second))]
    swapped = [("signatures", one.pdf[: first.b] + contents[1] + one.pdf[first.c :])]
    if len(one.pdf) == len(other.pdf):
        for at in range(len(one.plate), len(one.pdf), 1009):
            swapped.append((f"from {at}", one.pdf[:at] + other.pdf[at:]))
    swapped = [(what, data) for what, data in swapped if data not in (one.pdf, other.pdf)]
    assert not accepted(common_house.verifier, swapped)[1]


def test_a_flip_is_refused_also_by_a_verifier_that_has_learned_the_plate(common_house: House) -> None:
    """Heads shared by documents are hashed once: that must not hide a change inside them."""
    documents = [common_house.issue(sample_2023(), operator_name=f"第{n}家").documents[1] for n in range(4)]
    for document in documents:
        common_house.verifier.pdf(document.pdf).require()
    pdf = documents[-1].pdf
    places = [*range(100, len(documents[-1].plate), 2003), len(documents[-1].plate) - 1, len(documents[-1].plate)]
    for what, data in flipped(pdf, ((at, a_bit(at)) for at in places)):
        assert common_house.verifier.pdf(data).verdict is Verdict.FAILED, what
        assert common_house.verifier.pdf(data, skip=WITHOUT_REGISTER).verdict is Verdict.FAILED, what


@pytest.mark.slow
def test_twenty_flips_are_refused_by_the_command_with_a_register_and_without(tmp_path: Path) -> None:
    home = live_home(tmp_path / "home")
    record = write_record(tmp_path / "r.json")
    issued = command("issue", KIND, record, "--home", home, "--out", tmp_path / "out", "--json").json
    pdf = Path(issued[1]["file"]).read_bytes()
    gap = locate(pdf)
    step = len(pdf) // 16
    places = [*[*range(1, len(pdf), step)][:16], gap.b + 9, gap.b + 900, gap.c + 3, len(pdf) - 1]
    assert len(places) == 20
    file = tmp_path / "altered.pdf"
    file.write_bytes(pdf)
    assert command("verify", file, "--home", home).code == 0
    assert command("verify", file, "--home", home, "--offline").code == 3
    for what, data in flipped(pdf, ((at, a_bit(at)) for at in places)):
        file.write_bytes(data)
        known = command("verify", file, "--home", home)
        stranger = command("verify", file, "--home", home, "--offline", "--json")
        assert (known.code, stranger.code) == (1, 1), what
        assert known.out.startswith("not verified"), what
        assert stranger.json["rule"][0] in "SCHTM", what
