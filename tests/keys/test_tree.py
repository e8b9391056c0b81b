import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRIVATE_KEY = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*" + rb"PRIVATE KEY-----")


def tracked_files():
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listing.stdout.decode().split("\0") if name]


def test_no_private_key_is_in_the_tree():
    vectors = ROOT / "tests" / "vectors"
    files = [path for path in tracked_files() if path.is_file() and vectors not in path.parents]
    assert [str(path) for path in files if PRIVATE_KEY.search(path.read_bytes())] == []


def test_the_scan_would_find_a_key_of_ours(house):
    found = [path.name for path in house.folder.iterdir() if PRIVATE_KEY.search(path.read_bytes())]
    assert len(found) == 7
    assert all(name.endswith(".key.pem") for name in found)
