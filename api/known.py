"""What can be said of a file by its SHA-256 alone, so that most files need not be sent at all.

The browser hashes the file and asks `/check/<sha256>`. Whoever knows the digest of a registered file has, or had, that
file: nobody guesses 256 bits, and no page, code or record gives it away. So the answer may be the same as for the file
itself, and the original may be fetched by it (`/check/<sha256>.pdf`), where its template lets it be: that is how
somebody whose copy grew a mail footer gets the clean one. Other kinds are given out by their authority alone.
"""

import re
from collections.abc import Callable
from datetime import datetime

from certgen.core.errors import VerificationError
from certgen.core.model import Registered
from certgen.core.trustlist import TrustList
from verify import Finding, Report
from verify.checks import CHECKS, UnsureError, check_enrolled, check_in_force, check_timely
from verify.report import judge

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PASSED = {check.rule: check.passed for check in CHECKS}


def parse_digest(text: str) -> bytes:
    """Read a SHA-256 as it stands in the address; what is none becomes one that no file has."""
    return bytes.fromhex(text) if _DIGEST.fullmatch(text) else bytes(32)


def judge_known(known: Registered, trust: TrustList, now: datetime) -> Report:
    """Judge a file that is, byte for byte, one that was registered: by the rules that may have fallen since.

    The others held when it was registered, and its bytes are the same.
    """
    entry = next((e for e in trust.entries if e.fingerprint == known.signer_fingerprint), None)
    findings = (
        _PASSED["R1"],
        _ask("T1", lambda: check_enrolled(entry, True, known.authority, known.kind)),
        _ask("T4", lambda: check_timely(entry, (), known.issued_at, by_register=True)),
        _ask("V", lambda: check_in_force(known.status, known.valid_until, now, known.begins)),
    )
    return Report(judge(findings, is_authoritative=True), findings, (), known)


def _ask(rule: str, check: Callable[[], None]) -> Finding:
    try:
        check()
    except UnsureError as unsure:
        return Finding(rule, None, unsure.message)
    except VerificationError as broken:
        return Finding(rule, False, broken.message)
    return _PASSED[rule]
