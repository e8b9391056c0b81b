"""Other people's verifiers on the same files: what we accept they accept, and what they refuse we refuse."""

import io
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from tests.verify.builder import Office, build
from tests.verify.test_attacks import ON_THE_FILE, STRICT
from verify import Verdict


def pyhanko_accepts(office: Office, pdf: bytes, tmp_path: Path) -> bool:
    (tmp_path / "root.der").write_bytes(office.root.der)
    root = load_cert_from_pemder(str(tmp_path / "root.der"))
    try:
        (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures
        status = validate_pdf_signature(signature, ValidationContext(trust_roots=[root], allow_fetching=False))
    except Exception:
        return False
    return status.bottom_line and status.coverage == SignatureCoverageLevel.ENTIRE_FILE


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_pyhanko_accepts_what_we_accept(algorithm: str, tmp_path: Path) -> None:
    office = Office(algorithm)  # type: ignore[arg-type]
    pdf = build(office)
    assert office.verifier().pdf(pdf, skip=STRICT).verdict is Verdict.INDETERMINATE
    assert pyhanko_accepts(office, pdf, tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ON_THE_FILE)
def test_we_refuse_whatever_pyhanko_refuses(name: str, office: Office, pdf: bytes, tmp_path: Path) -> None:
    attacked = ON_THE_FILE[name][1](office, pdf)
    if not pyhanko_accepts(office, attacked, tmp_path):
        assert office.verifier().pdf(attacked, skip=STRICT).verdict is Verdict.FAILED


def test_pdfsig_calls_the_signature_valid_and_the_document_whole(
    office: Office, pdf: bytes, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    (tmp_path / "licence.pdf").write_bytes(pdf)
    done = subprocess.run(
        [tool("pdfsig"), "-nocert", "licence.pdf"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Signature is Valid" in done.stdout
    assert "Total document signed" in done.stdout
