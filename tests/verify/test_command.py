"""`python -m verify` as it is typed: on a machine without a register, a database or a network."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import qrcode
from cryptography.hazmat.primitives.serialization import Encoding
from PIL import Image

from certgen.core.errors import SettingsError
from keys.ceremony import sign_trust_list
from tests.verify.builder import NOW, Book, Office
from verify import answer
from verify.__main__ import main
from verify.picture import read_codes


@pytest.fixture
def folder(tmp_path: Path, office: Office, pdf: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the anchors and a document."""
    (tmp_path / "root.crt.pem").write_bytes(office.root.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "trust.cose").write_bytes(sign_trust_list(office.trust, office.root))
    (tmp_path / "licence.pdf").write_bytes(pdf)
    (tmp_path / "altered.pdf").write_bytes(pdf.replace(b"/P 1/V/1.2", b"/P 3/V/1.2"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def picture_of(text: str, kind: str) -> bytes:
    out = BytesIO()
    qrcode.make(text).convert("RGB").save(out, kind)
    return out.getvalue()


def test_the_exit_code_tells_the_verdict(folder: Path, office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["licence.pdf", "--lang", "en"]) == 3
    assert capsys.readouterr().out.startswith("cannot tell: ")
    assert main(["altered.pdf", "--lang", "zh"]) == 1
    assert "加盖" not in capsys.readouterr().out.splitlines()[0]
    assert main([office.qr()]) == 3
    assert main([office.qr()[:-1]]) == 1


def test_json_holds_the_whole_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["altered.pdf", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "FAILED"
    assert report["rule"] == "H1"
    assert {finding["rule"] for finding in report["findings"]} >= {"S", "C", "H1", "H2", "M1"}


def test_a_missing_anchor_or_file_is_a_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["licence.pdf", "--root", "nowhere.pem", "--lang", "en"]) == 2
    assert "--root" in capsys.readouterr().err
    assert main(["licence.pdf", "--trust", "nowhere", "--lang", "zh"]) == 2
    assert "--trust" in capsys.readouterr().err
    assert main(["nowhere.pdf"]) == 2
    (folder / "trust.cose").write_bytes(sign_trust_list(Office().trust, Office().root))
    assert main(["licence.pdf"]) == 2


def test_it_runs_without_anything_that_issues(folder: Path, office: Office) -> None:
    (folder / "status.cwt").write_bytes(office.status_list("issued", NOW - timedelta(hours=3)))
    hidden = "reportlab sqlalchemy sqlite3 pysqlite3 psycopg fastapi PIL zxingcpp numpy jinja2 keys"
    code = (
        f"import sys; sys.modules.update(dict.fromkeys('{hidden}'.split()))\n"
        "from datetime import datetime\n"
        "from verify.__main__ import main\n"
        f"at = datetime.fromisoformat('{NOW.isoformat()}')\n"
        "code = main(['licence.pdf', '--status', '.'], clock=lambda: at)\n"
        "assert code == main([sys.argv[1], '--status', 'status.cwt'], clock=lambda: at)\n"
        "assert not any(name.startswith('certgen.') and '.core' not in name for name in sys.modules)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code + "sys.exit(40 + code)", office.qr()],
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
    )
    assert done.returncode == 40


def test_with_status_lists_the_answer_is_whole(
    folder: Path, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "status").mkdir()
    (folder / "status" / "0.cwt").write_bytes(office.status_list("issued", NOW - timedelta(hours=3)))
    (folder / "revoked.cwt").write_bytes(office.status_list("revoked", NOW))
    for told, code in (("status", 0), (".", 1), ("revoked.cwt", 1)):
        for what in ("licence.pdf", office.qr()):
            assert main([what, "--status", told], clock=lambda: NOW) == code
    capsys.readouterr()
    both = ["--status", "status/0.cwt", "--status", "revoked.cwt", "--lang", "zh"]
    assert main(["licence.pdf", *both], clock=lambda: NOW) == 1
    assert "吊销" in capsys.readouterr().out.splitlines()[0]
    assert main(["licence.pdf", "--status", "status", "--lang", "en"], clock=lambda: NOW + timedelta(days=1)) == 3
    assert "status list is 27 h old" in capsys.readouterr().out.splitlines()[0]


def test_a_status_list_that_cannot_be_used_is_named(
    folder: Path, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "forged.cwt").write_bytes(Office().status_list("issued", NOW))
    (folder / "empty").mkdir()
    for told, said in (("forged.cwt", "forged.cwt"), ("empty", "*.cwt"), ("nowhere.cwt", "nowhere.cwt")):
        assert main(["licence.pdf", "--status", told, "--lang", "en"]) == 2
        assert said in capsys.readouterr().err
    (folder / "long.cwt").write_bytes(office.status_list("issued", NOW) + bytes(70_000))
    assert main(["licence.pdf", "--status", "long.cwt"]) == 2


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_of_a_code_is_judged_as_its_text(
    folder: Path, office: Office, book: Book, kind: str, tmp_path: Path
) -> None:
    path = tmp_path / f"photo.{kind}"
    path.write_bytes(picture_of(office.qr(), kind))
    assert main([str(path)]) == 3
    assert answer(office.verifier(book), str(path)).verdict.exit_code == 0


def test_of_two_codes_in_a_picture_ours_is_judged(folder: Path, office: Office, tmp_path: Path) -> None:
    statutory = Image.open(BytesIO(picture_of("http://www.gsxt.gov.cn/index.html?uniscid=92421200MA4A1B2C3D", "PNG")))
    ours = Image.open(BytesIO(picture_of(office.qr(), "PNG")))
    both = Image.new("L", (statutory.width + ours.width, ours.height), 255)
    both.paste(statutory, (0, 0))
    both.paste(ours, (statutory.width, 0))
    both.save(tmp_path / "both.png")
    assert main([str(tmp_path / "both.png")]) == 3


def bomb() -> bytes:
    out = BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xffjunk", bomb()], ids=["cut", "junk", "bomb"])
def test_a_picture_that_cannot_be_read_is_a_sentence(
    folder: Path, data: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.png").write_bytes(data)
    assert main(["bad.png", "--lang", "en"]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_picture_without_a_code_is_a_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = BytesIO()
    Image.new("L", (200, 200), 255).save(out, "PNG")
    (folder / "blank.png").write_bytes(out.getvalue())
    assert main(["blank.png", "--lang", "en"]) == 2
    assert "no readable QR code" in capsys.readouterr().err


def test_a_missing_extra_says_what_to_install() -> None:
    with pytest.raises(SettingsError) as caught:
        read_codes(picture_of("x", "PNG"), needs=("a_module_nobody_has",))
    assert "certgen[images]" in caught.value.say("en")
