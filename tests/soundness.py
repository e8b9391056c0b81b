"""What every file of ours must stand, whatever is on its pages; for layouts that no kind has yet."""

import io
import subprocess
from collections.abc import Callable
from pathlib import Path

import pikepdf

from tests.test_pdf_conformance import as_level_b, without_what_pikepdf_does_not_know


def check_sound(pdf: bytes, folder: Path, tool: Callable[[str], str]) -> None:
    """Fail for a file that qpdf or the PDF/A-3b rules of pikepdf find fault with."""
    file = folder / "sound.pdf"
    file.write_bytes(pdf)
    said = subprocess.run([tool("qpdf"), "--check", file], capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr
    bare = without_what_pikepdf_does_not_know(as_level_b(pdf))
    report = pikepdf.pdfa.validate_written(io.BytesIO(bare), "3b")
    assert report.passed, report.findings
