"""`python -m verify FILE|QRTEXT`: judge a document on any machine, offline, without a register."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certgen.core import trustlist
from certgen.core.errors import CertgenError, Lang, SettingsError, Text
from verify.doors import answer
from verify.lists import load_lists
from verify.verifier import Verifier

USAGE = 2


def _now() -> datetime:
    return datetime.now(UTC)


def main(argv: Sequence[str] | None = None, clock: Callable[[], datetime] = _now) -> int:
    """Run the command; give 0 authentic and in force, 1 not, 2 wrongly used, 3 cannot tell."""
    arguments = _parser().parse_args(argv)
    lang: Lang = arguments.lang
    try:
        verifier = _open(arguments.root, arguments.trust, arguments.status, clock)
        report = answer(verifier, arguments.what)
    except (CertgenError, OSError) as fault:
        sys.stderr.write(f"{fault.say(lang) if isinstance(fault, CertgenError) else fault}\n")
        return USAGE
    if arguments.json:
        sys.stdout.write(json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(report.lines(lang)) + "\n")
    return report.verdict.exit_code


def _open(root: Path, trust: Path, status: Sequence[Path], clock: Callable[[], datetime]) -> Verifier:
    """Read the anchors and the status lists. Raises SettingsError, FormatError, VerificationError."""
    try:
        certificate = x509.load_pem_x509_certificate(root.read_bytes())
    except (OSError, ValueError) as fault:
        raise _missing("根证书", "the root certificate", root, "--root") from fault
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        listed = trustlist.decode(trust.read_bytes(), spki)
    except OSError as fault:
        raise _missing("信任清单", "the trust list", trust, "--trust") from fault
    lists = load_lists(status, listed)
    return Verifier(spki, certificate.public_bytes(Encoding.DER), listed, None, clock, lists)


def _missing(zh: str, en: str, path: Path, option: str) -> SettingsError:
    return SettingsError(
        Text(f"{zh} {path} 读不出来，请用 {option} 指明", f"{en} {path} cannot be read; name it with {option}")
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m verify", description=main.__doc__)
    parser.add_argument("what", metavar="FILE|QRTEXT", help="a PDF, a picture (PNG, JPEG) of a QR code, or its text")
    parser.add_argument("--root", type=Path, default=Path("root.crt.pem"), help="the root certificate, PEM")
    parser.add_argument("--trust", type=Path, default=Path("trust.cose"), help="the trust list")
    parser.add_argument(
        "--status",
        type=Path,
        action="append",
        default=[],
        metavar="FILE|DIR",
        help="a status list, or a folder of them (*.cwt); as often as need be",
    )
    parser.add_argument("--json", action="store_true", help="the whole report, both languages")
    spoken = "zh" if (os.environ.get("LC_ALL") or os.environ.get("LANG") or "").startswith("zh") else "en"
    parser.add_argument("--lang", choices=("zh", "en"), default=spoken)
    return parser


if __name__ == "__main__":
    sys.exit(main())
