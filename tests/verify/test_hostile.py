"""Files made to hurt: always a report, within the limits, and others are answered meanwhile and afterwards."""

import os
import signal
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certgen.core.gap import HEADER
from tests.verify.attacks.frozen import Frozen, assemble, load_genuine
from verify import Report, Verdict
from verify.opinion import Opinions, Sight
from verify.report import UnsureError
from verify.verifier import Verifier

GENUINE = load_genuine()
STRANGER = Path(__file__).parents[2] / "verify" / "stranger.py"


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    return Frozen().verifier()


def of_objects(*bodies: bytes) -> bytes:
    return assemble(dict(enumerate(bodies, 1)), root=1)


def nested(opening: bytes, closing: bytes, depth: int) -> bytes:
    return of_objects(
        b"<</Type/Catalog/Pages 2 0 R/X %b>>" % (opening * depth + closing * depth), b"<</Kids[]/Count 0>>"
    )


def bomb(layers: int) -> bytes:
    packed = bytes(2**24)
    for _ in range(layers):
        packed = zlib.compress(packed, 9)
    stream = b"<</Type/XRef/Size 9/W[1 2 1]/Root 1 0 R/Filter[%b]/Length %d>>\nstream\n%b\nendstream"
    table = stream % (b"/FlateDecode" * layers, len(packed), packed)
    return b"%%PDF-1.7\n1 0 obj\n%b\nendobj\nstartxref\n9\n%%%%EOF\n" % table


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "50 MB of zeros": lambda: bytes(50_000_000),
    "50 MB of a PDF": lambda: HEADER + b"%" + b"x" * 50_000_000,
    "16 MB of end marks": lambda: HEADER + b"%%EOF\n" * 2_700_000,
    "16 MB of names": lambda: HEADER + b"/ByteRange[" * 1_400_000,
    "16 MB of objects": lambda: HEADER + b"1 0 obj\n<<>>\nendobj\n" * 800_000,
    "arrays within arrays": lambda: nested(b"[", b"]", 1_000_000),
    "dictionaries within dictionaries": lambda: nested(b"<</A", b">>", 400_000),
    "a table that names itself": lambda: GENUINE[:-6].replace(b"/ID[", b"/Prev 31000/ID[") + b"%%EOF\n",
    "pages in a ring": lambda: of_objects(
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2/Parent 2 0 R>>"
    ),
    "lengths in a ring": lambda: of_objects(b"<</Length 1 0 R/Type/Catalog>>\nstream\n\nendstream"),
    "16 MB inflated": lambda: bomb(1),
    "inflated three times": lambda: bomb(3),
    "huge numbers": lambda: GENUINE.replace(b"/Size 24", b"/Size 9999999999999999999999999"),
    "many pages claimed": lambda: GENUINE.replace(b"/Count 1", b"/Count 99999999"),
}


def is_whole(report: Report) -> bool:
    """No finding speaks of a fault of our own."""
    return report.verdict is Verdict.FAILED and all("carried out" not in f.message.en for f in report.findings)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gets_a_report(name: str, verifier: Verifier) -> None:
    data = HOSTILE[name]()
    assert is_whole(verifier.pdf(data))
    assert is_whole(verifier.structure(data))


def test_a_document_cut_anywhere_gets_a_report(verifier: Verifier) -> None:
    for length in range(0, len(GENUINE), 100):
        assert is_whole(verifier.pdf(GENUINE[:length], skip=frozenset({"R1"}))), length
    for length in range(0, len(GENUINE), 2000):  # and is described, by the child
        assert is_whole(verifier.pdf(GENUINE[:length])), length


@settings(max_examples=60)
@given(st.binary(max_size=300), st.integers(0, len(GENUINE)), st.integers(0, 2000))
def test_whatever_is_put_into_a_document_it_gets_a_report(junk: bytes, at: int, length: int) -> None:
    altered = GENUINE[:at] + junk + GENUINE[at + length :]
    if altered != GENUINE:
        assert is_whole(FUZZED.pdf(altered))


@settings(max_examples=60)
@given(st.lists(st.sampled_from([b"<<", b">>", b"[", b"]", b"1 0 R", b"/A", b"(", b")", b"<41>", b"null", b"9" * 30])))
def test_whatever_a_catalog_holds_the_child_answers(tokens: list[bytes]) -> None:
    data = of_objects(b"<</Type/Catalog/Pages 2 0 R/AcroForm %b>>" % b" ".join(tokens), b"<</Kids[]/Count 0>>")
    assert is_whole(FUZZED.pdf(data))


FUZZED = Frozen().verifier()


def program(folder: Path, body: str) -> Path:
    """A second parser that misbehaves: the real one, whose look at a file is replaced."""
    file = folder / "stranger.py"
    text = STRANGER.read_text("utf-8").replace("def answer(", f"def answer(data, qpdf):\n    {body}\n\n\ndef _unused(")
    file.write_text(text, "utf-8")
    return file


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "import time; time.sleep(60)",
        "bytearray(2**30)",
        "os.kill(os.getpid(), 11)",
        "open('/etc/hostname').read()",
        "import socket; socket.socket()",
        "return b'x' * 100_000",
        "return b'[]'",
    ],
)
def test_a_parser_that_runs_wild_is_stopped_and_the_next_file_is_read(body: str, tmp_path: Path) -> None:
    file = program(tmp_path, f"if len(data) == 4:\n        {body}\n    return _unused(data, qpdf)")
    with closing(Opinions(file)) as opinions:
        assert opinions.of(GENUINE).opens == "whole"
        assert opinions.of(b"evil") == Sight("silent")
        assert opinions.of(GENUINE).opens == "whole"


def test_a_worker_that_was_killed_is_replaced() -> None:
    with closing(Opinions()) as opinions:
        opinions.of(GENUINE)
        free = opinions._mine[1]
        worker = free.get()
        assert worker is not None
        os.killpg(worker._process.pid, signal.SIGKILL)
        free.put(worker)
        assert opinions.of(GENUINE) == Sight("silent")  # that worker's last
        assert opinions.of(GENUINE).opens == "whole"


def test_who_waits_too_long_is_told_that_nobody_can_say(tmp_path: Path) -> None:
    endless = "if len(data) == 4:\n        while True: pass\n    return _unused(data, qpdf)"
    with closing(Opinions(program(tmp_path, endless))) as opinions, ThreadPoolExecutor(3) as pool:
        list(pool.map(opinions.of, [GENUINE] * 2))

        def ask(data: bytes) -> str:
            try:
                return opinions.of(data).opens
            except UnsureError:
                return "nobody"

        assert sorted(pool.map(ask, [b"evil"] * 3)) == ["nobody", "silent", "silent"]


def test_without_a_second_parser_nobody_is_sure(tmp_path: Path) -> None:
    file = tmp_path / "stranger.py"
    file.write_text(STRANGER.read_text("utf-8").replace('"pikepdf"', '"no_such_parser"'), "utf-8")
    office = Frozen()
    verifier = Verifier(
        office.root_spki, office.root.der, office.trust, None, office.verifier()._now, opinions=Opinions(file)
    )
    report = verifier.pdf(GENUINE)
    assert report.verdict is Verdict.INDETERMINATE
    assert {f.rule for f in report.findings if f.ok is None} == {"R1", "O", "V"}
