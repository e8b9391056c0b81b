"""Same inputs, same bytes: in one process, in others, whatever their hash seed and time zone."""

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from certgen.core.gap import locate
from certgen.settings import SHIPPED
from tests.house import House, sample, sample_2015

SCRIPT = """
import sys
from pathlib import Path
from tests.test_determinism import digests
print("\\n".join(digests(Path(sys.argv[1]), Path(sys.argv[2]))))
"""
ELSEWHERE = [
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Shanghai", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "77", "TZ": "America/St_Johns"},
]


def digests(folder: Path, keys: Path, seed: int = 5) -> list[str]:
    """Issue both forms on both papers in a house that has yet to engrave everything; digest plates and files."""
    with House(folder, keys=keys, seed=seed) as house:
        documents = [
            document
            for record in (sample_2015(), sample())
            for document in house.issue(record, papers=("plain", "overprint")).documents
        ]
    return [sha256(part).hexdigest() for document in documents for part in (document.plate, document.pdf)]


@pytest.mark.slow
def test_other_processes_with_other_hash_seeds_and_time_zones_write_the_same_bytes(
    model_home: Path, tmp_path: Path
) -> None:
    keys = model_home / "keys"
    root = Path(__file__).parent.parent
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, tmp_path / zone["PYTHONHASHSEED"], keys],
            env=os.environ | zone | {"PYTHONPATH": str(root)}, cwd=root, stdout=subprocess.PIPE, text=True,
        )
        for zone in ELSEWHERE
    ]  # fmt: skip
    here = digests(tmp_path / "here", keys)
    for run in runs:
        out, _ = run.communicate(timeout=120)
        assert run.returncode == 0
        assert out.split() == here
    assert len(set(here[1::2])) == 8  # eight documents


def test_another_draw_of_chance_gives_other_documents_on_the_same_plates(model_home: Path, tmp_path: Path) -> None:
    made = []
    for seed in (5, 6):
        shutil.copytree(model_home, tmp_path / str(seed))
        with House(tmp_path / str(seed), seed=seed) as house:
            made.append(house.issue().documents)
    for first, second in zip(*made, strict=True):
        assert first.plate == second.plate
        assert first.strike != second.strike
        assert first.sid != second.sid
        assert first.number == second.number


def test_a_stored_plate_is_the_plate_that_would_be_engraved_anew(
    model_home: Path, house: House, tmp_path: Path
) -> None:
    with House(tmp_path / "anew", keys=model_home / "keys") as anew:
        assert [d.pdf for d in anew.issue().documents] == [d.pdf for d in house.issue().documents]


def test_asking_again_gives_the_same_bytes_also_from_another_process_s_point_of_view(
    house: House, tmp_path: Path
) -> None:
    first = house.issue(key="once")
    house.clock.tick(days=40)
    again = house.issue(key="once")
    assert again.again
    assert [d.pdf for d in again.documents] == [d.pdf for d in first.documents]
    house.close()
    with House(house.settings.home, seed=99) as later:
        assert [d.pdf for d in later.issue(key="once").documents] == [d.pdf for d in first.documents]


def test_a_paper_asked_for_later_is_made_with_the_first_one_s_facts(house: House) -> None:
    plain = house.issue(key="once", papers=("plain",))
    house.clock.tick(days=3)
    over = house.issue(key="once", papers=("overprint",))
    assert [(d.copy, d.paper) for d in over.documents] == [("original", "overprint"), ("duplicate", "overprint")]
    assert [(d.sid, d.number) for d in over.documents] == [(d.sid, d.number) for d in plain.documents]
    both = house.issue(key="once", papers=("plain", "overprint"))
    assert {d.pdf for d in both.documents} == {d.pdf for d in (*plain.documents, *over.documents)}


def test_the_document_is_the_plate_and_then_the_strike_byte_for_byte(house: House) -> None:
    for document in house.issue(papers=("plain", "overprint")).documents:
        assert document.pdf == document.plate + document.strike
        assert house.register.pdf(document.pdf_digest) == document.pdf
        assert sha256(document.pdf).digest() == document.pdf_digest
        assert locate(document.pdf).b > len(document.plate)


def test_the_fonts_folder_is_named_nowhere_in_a_document(house: House) -> None:
    for document in house.issue().documents:
        assert str(SHIPPED).encode() not in document.pdf
        assert str(house.settings.home).encode() not in document.pdf
