"""Every known attack as a file: `tests/vectors/pdf`, with the verdict and the rule that must name it.

pyHanko (0.38), asked with the same root, the same moment and its default policy, accepts 45 of the 115 attacks;
whatever it refuses we refuse. What it accepts and we do not: updates that lack something and bytes behind the end
(9), an object in the padding, files certified at another level or not at all (3), what is active, hidden, doubled or
attached in one signed revision (13), containers that we never write, SHA-1 and MD5 among them (14), and seals that
only our trust list can judge, a web server's certificate and a stolen key among them (5).
"""

import io
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache

import pytest
from asn1crypto.x509 import Certificate
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from certgen.core import record
from certgen.core.gap import read_tail
from tests.verify.attacks.frozen import VECTORS, Frozen, load_genuine
from tests.verify.attacks.grafts import file_of, grafts
from tests.verify.builder import NOW, Book
from tests.verify.test_attacks import STRICT
from verify import Verdict
from verify.pdf import read_record


@dataclass(frozen=True)
class Vector:
    """One row of the table."""

    attack: str
    file: str
    verdict: str
    rule: str

    @property
    def pdf(self) -> bytes:
        return (VECTORS / self.file).read_bytes()


TABLE = tuple(Vector(**row) for row in tomllib.loads((VECTORS / "expected.toml").read_text("utf-8"))["vector"])
ATTACKS = tuple(vector for vector in TABLE if vector.attack != "genuine")


@cache
def office() -> Frozen:
    return Frozen()


def test_the_table_names_every_file_and_every_attack_once() -> None:
    assert {vector.file for vector in TABLE} == {path.name for path in VECTORS.glob("*.pdf")}
    assert [vector.attack for vector in TABLE] == list(grafts())
    assert Counter(vector.file for vector in TABLE) == {file_of(vector.attack): 1 for vector in TABLE}
    assert len(ATTACKS) >= 70


@pytest.mark.parametrize("vector", TABLE, ids=lambda vector: vector.attack)
def test_a_file_is_made_again_byte_for_byte(vector: Vector) -> None:
    assert grafts()[vector.attack](office(), load_genuine()) == vector.pdf


@pytest.mark.parametrize("vector", TABLE, ids=lambda vector: vector.attack)
def test_a_file_gets_its_verdict_by_its_rule(vector: Vector) -> None:
    report = office().verifier().pdf(vector.pdf, skip=STRICT)
    assert report.reason is not None
    assert (report.verdict, report.reason.rule) == (vector.verdict, vector.rule)


def test_with_the_register_at_hand_the_genuine_file_alone_passes() -> None:
    book = registered()
    verifier = office().verifier(book)
    passed = [vector.attack for vector in TABLE if verifier.pdf(vector.pdf).verdict is not Verdict.FAILED]
    assert passed == ["genuine"]
    verifier.pdf(load_genuine()).require()


def test_a_file_that_begins_as_a_registered_one_is_named_and_its_original_offered() -> None:
    verifier, genuine = office().verifier(registered()), load_genuine()
    named = [vector for vector in ATTACKS if vector.pdf.startswith(genuine)]
    assert len(named) > 12
    for vector in named:
        report = verifier.pdf(vector.pdf)
        assert report.reason is not None
        assert report.reason.rule == "R2", vector.attack
        assert report.document is not None
        assert report.document.number in report.reason.message.en
        assert {"S1", "S2"} & {finding.rule for finding in report.findings if finding.ok is False}, "both are said"


def registered() -> Book:
    genuine, book = load_genuine(), Book()
    book.enter(genuine, record.decode(read_record(genuine, read_tail(genuine))))
    return book


def pyhanko_accepts(pdf: bytes) -> bool:
    """Ask for its bottom line: intact, valid, trusted, and changes since then within what the certification allows."""
    trusted = ValidationContext(trust_roots=[Certificate.load(office().root.der)], allow_fetching=False, moment=NOW)
    try:
        (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures
        return bool(validate_pdf_signature(signature, trusted).bottom_line)
    except Exception:  # it refuses in many ways
        return False


@pytest.mark.filterwarnings("ignore")
def test_whatever_pyhanko_refuses_we_refuse() -> None:
    verifier = office().verifier()
    accepted = [vector.attack for vector in TABLE if pyhanko_accepts(vector.pdf)]
    assert "genuine" in accepted
    for vector in TABLE:
        if vector.attack not in accepted:
            assert verifier.pdf(vector.pdf, skip=STRICT).verdict is Verdict.FAILED, vector.attack
    assert 25 <= len(accepted) - 1 <= 60, f"pyHanko accepts {len(accepted) - 1} attacks: {accepted}"
