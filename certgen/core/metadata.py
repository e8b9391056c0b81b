"""The metadata of an electronic licence by GB/T 36903, and its identifier by GB/T 36904, as they stand in a record.

    ZZMC       name of the licence           ZZBFRQ      day of issue
    ZZLXDM     code of its kind              CZZT        holder, as the public may see it
    ZZBH       number                        CZZTDM      code of the holder, as printed
    ZZBS       identifier, with its root     CZZTDMLX    what code that is; CZZTDMLXDM its code
    ZZBFJG     issuing office                ZZYXQQSRQ   first day of validity
    ZZBFJGDM   USCC of the office            ZZYXQJZRQ   last day; absent for 长期

ZZLXDM and ZZBS are there only when the template knows the code of its kind and the office its USCC. Nothing here says
more than the paper: what is masked there is masked here.
"""

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from certgen.core.codes import (
    is_citizen_id,
    is_elicence,
    is_uscc,
    make_elicence,
    mask_citizen_id,
    parse_elicence,
)
from certgen.core.codes.elicence import ELICENCE_ROOT
from certgen.core.errors import FormatError, Text
from certgen.core.model import Certificate

Metadata = tuple[tuple[str, str], ...]

# What each name means, in the order of the standard; also the description of the XMP schema.
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "ZZMC": "证照名称",
        "ZZLXDM": "证照类型代码",
        "ZZBH": "证照编号",
        "ZZBS": "电子证照标识",
        "ZZBFJG": "证照颁发机构",
        "ZZBFJGDM": "证照颁发机构代码",
        "ZZBFRQ": "证照颁发日期",
        "CZZT": "持证主体",
        "CZZTDM": "持证主体代码",
        "CZZTDMLX": "持证主体代码类型",
        "CZZTDMLXDM": "持证主体代码类型代码",
        "ZZYXQQSRQ": "证照有效期起始日期",
        "ZZYXQJZRQ": "证照有效期截止日期",
    }
)
_USCC, _CITIZEN = ("统一社会信用代码", "001"), ("公民身份号码", "111")
_SERIAL = re.compile("[^0-9A-Z]")
_MASKED = re.compile(r"[0-9]{10}\*{4}[0-9]{3}[0-9X]")  # a USCC of digits alone has no asterisk


def make(
    certificate: Certificate, *, title: str, kind_code: str, office_code: str, holder: str, holder_code: str
) -> Metadata:
    """Gather the metadata of a licence, in the order of the standard; what is not known is left out.

    `holder` and `holder_code` are as the public may see them. Raises FormatError for codes that are none.
    """
    c = certificate
    values = {
        "ZZMC": title,
        "ZZBH": c.number,
        "ZZBFJG": c.authority_name,
        "ZZBFJGDM": office_code,
        "ZZBFRQ": c.issued_on.isoformat(),
        "CZZT": holder,
        "CZZTDM": holder_code,
        "ZZYXQQSRQ": c.valid_from.isoformat(),
        "ZZYXQJZRQ": _day(c.valid_until),
    }
    if kind_code and office_code:
        values["ZZLXDM"] = kind_code
        values["ZZBS"] = ELICENCE_ROOT + make_elicence(kind_code, office_code, serial_of(c.number), c.version)
    if holder_code:
        values |= _code_of_holder(holder_code, c.issued_on)
    return tuple([(name, values[name]) for name in NAMES if values.get(name)])


def _code_of_holder(code: str, day: date) -> dict[str, str]:
    """Say what code it is. An identity number is masked here though no mask hid it on paper: XMP lies open."""
    masked = mask_citizen_id(code) if is_citizen_id(code, day) else code
    names = _CITIZEN if _MASKED.fullmatch(masked) else _USCC if is_uscc(code) else ("", "")
    return {"CZZTDM": masked, "CZZTDMLX": names[0], "CZZTDMLXDM": names[1]}


def serial_of(number: str) -> str:
    """Give the serial of a number: its digits and capital letters, since an identifier has no others."""
    return _SERIAL.sub("", number)


def check(metadata: Metadata, certificate: Certificate) -> None:
    """Refuse metadata that says something else than the record it stands in, or that `make` would not write.

    Raises FormatError.
    """
    values, c = dict(metadata), certificate
    if len(values) != len(metadata) or [name for name in NAMES if name in values] != [name for name, _ in metadata]:
        raise FormatError(Text("元数据项不规范", "metadata of another order, or with a name that is not ours"))
    wanted = {
        "ZZBH": c.number,
        "ZZBFJG": c.authority_name,
        "ZZBFRQ": c.issued_on.isoformat(),
        "ZZYXQQSRQ": c.valid_from.isoformat(),
        "ZZYXQJZRQ": _day(c.valid_until),
    }
    for name, value in wanted.items():
        if values.get(name, "") != value:
            raise FormatError(Text(f"元数据 {name} 与记录不符", f"metadata {name} differs from the record"))
    holder = {name: values[name] for name in ("CZZTDM", "CZZTDMLX", "CZZTDMLXDM") if values.get(name)}
    code = values.get("CZZTDM", "")
    if holder != {name: value for name, value in _code_of_holder(code, c.issued_on).items() if value}:
        zh, en = "持证主体代码未遮盖或类型不符", "the holder's code is not masked, or of another kind than it says"
        raise FormatError(Text(zh, en))
    _check_identifier(values, c)


def _check_identifier(values: Mapping[str, str], c: Certificate) -> None:
    if ("ZZBS" in values) != ("ZZLXDM" in values):
        raise FormatError(Text("证照标识与类型代码须同时有", "identifier and code of the kind go together"))
    if "ZZBS" not in values:
        return
    if not values["ZZBS"].startswith(ELICENCE_ROOT) or not is_elicence(values["ZZBS"]):
        raise FormatError(Text("电子证照标识不正确", "the identifier of the electronic licence is not one"))
    said = parse_elicence(values["ZZBS"])
    if said != (values["ZZLXDM"], values.get("ZZBFJGDM", ""), serial_of(c.number), c.version):
        raise FormatError(Text("电子证照标识与记录不符", "the identifier says something else than the record"))


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
