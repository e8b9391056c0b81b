"""The identifier of an electronic licence, GB/T 36904.

    1.2.156.3005.2 . <kind 21> . <issuer 18> . <serial> . <version 3> . <check 1>
                     11100000MB0143028R001.11421200011330005C.2017080100001.001.G

The kind is the USCC of the body that defined it and three characters; the serial is the issuer's own, such as the
number of the licence; the version rises with every reissue. The check is MOD 37,36 over all of it, root and dots left
out. Many write the identifier without its root, so both ways are read.
"""

import re
from typing import NamedTuple

from certgen.core.codes.bodies import uscc_fault
from certgen.core.codes.checking import made, mod37_36, refuse
from certgen.core.errors import Text

ELICENCE_ROOT = "1.2.156.3005.2."
_SHAPE = re.compile(
    r"(?:1\.2\.156\.3005\.2\.)?([0-9A-Z]{18})([0-9A-Z]{3})\.([0-9A-Z]{18})\.([0-9A-Z]{1,64})\.([0-9]{3})\.([0-9A-Z])"
)
_NAME = Text("电子证照标识", "an identifier of an electronic licence")


class Elicence(NamedTuple):
    """What an identifier says; `kind` has 21 characters, `version` counts from 1."""

    kind: str
    issuer: str
    serial: str
    version: int


def elicence_fault(text: str) -> Text | None:
    """Say what an identifier should have been; None when it is right. Both USCCs inside must pass their checks."""
    match = _SHAPE.fullmatch(text)
    if match is None or match[5] == "000":
        return _NAME
    for place, code in (("种类", match[1]), ("发证机关", match[3])):
        if fault := uscc_fault(code):
            where = "kind" if place == "种类" else "issuer"
            return Text(f"{_NAME.zh}，其{place}含{fault.zh}", f"{_NAME.en}, its {where} with {fault.en}")
    if (check := mod37_36("".join(match.groups()[:5]))) != match[6]:
        return Text(f"校验码为 {check} 的{_NAME.zh}", f"{_NAME.en} with check character {check}")
    return None


def is_elicence(text: str) -> bool:
    """Tell whether the text is an identifier, with the root or without."""
    return elicence_fault(text) is None


def check_elicence(text: str) -> None:
    """Raise FormatError unless the text is an identifier, with the root or without."""
    refuse(text, elicence_fault(text))


def parse_elicence(text: str) -> Elicence:
    """Take an identifier apart; raises FormatError."""
    check_elicence(text)
    kind, issuer, serial, version, _ = text.removeprefix(ELICENCE_ROOT).split(".")
    return Elicence(kind, issuer, serial, int(version))


def make_elicence(kind: str, issuer: str, serial: str, version: int) -> str:
    """Build an identifier without the root; raises FormatError for impossible parts."""
    parts = (kind, issuer, serial, f"{version:03d}")
    body = "".join(parts)
    check = mod37_36(body) if re.fullmatch("[0-9A-Z]+", body) else ""
    return made(".".join((*parts, check)), check_elicence)
