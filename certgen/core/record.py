"""The canonical record: the bytes of a Certificate that are attached to its PDF and hashed into its QR.

RFC 8785 JSON in UTF-8; every key is ASCII, every number a whole one:

    {"authority":"421200","authority_name":"咸宁市食品药品监督管理局","certgen":1,"copy":"duplicate",
     "copy_number":"1—1","fields":[["operator_name","…"],…],"form":"2015","issued_at":"2017-08-01T02:03:04Z",
     "issued_on":"2017-08-01","kind":"snack-stall","metadata":[["ZZMC","…"],…],"number":"JY24212020000020",
     "salt":"<32 hex>",
     "sid":"…","slot":[0,77],"template":"<64 hex>","valid_from":"2017-08-01","valid_until":null,"version":1}

`certgen` is the version of this format. `metadata` is left out when there is none (certgen.core.metadata).
"""

import hashlib
import json
import re
from datetime import date, datetime, timedelta
from json import JSONEncoder
from typing import Any

from certgen.core import metadata, sid
from certgen.core.errors import FormatError, Text
from certgen.core.model import Certificate, Slot

FORMAT = 1

_HEX = re.compile(r"[0-9a-f]*")
_UTC = timedelta(0)
# Same escapes as RFC 8785, 3.2.2.2; keys come in order from `encode`, so they are not sorted again.
_dump = JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")).encode


def encode(certificate: Certificate) -> bytes:
    """Write the canonical bytes.

    Raises FormatError for a lone surrogate, a time that is not whole UTC seconds, or metadata that say something else.
    """
    c = certificate
    if c.issued_at.utcoffset() != _UTC or c.issued_at.microsecond:
        raise FormatError(Text("签发时刻须为协调世界时整秒", "issued_at must be UTC in whole seconds"))
    if c.metadata:
        metadata.check(c.metadata, c)
    text = _dump(
        {
            "authority": c.authority,
            "authority_name": c.authority_name,
            "certgen": FORMAT,
            "copy": c.copy,
            "copy_number": c.copy_number,
            "fields": c.fields,
            "form": c.form,
            "issued_at": c.issued_at.isoformat()[:19] + "Z",
            "issued_on": c.issued_on.isoformat(),
            "kind": c.kind,
            **({"metadata": c.metadata} if c.metadata else {}),
            "number": c.number,
            "salt": c.salt.hex(),
            "sid": c.sid,
            "slot": (c.slot.shard, c.slot.index),
            "template": c.template_digest,
            "valid_from": c.valid_from.isoformat(),
            "valid_until": c.valid_until.isoformat() if c.valid_until else None,
            "version": c.version,
        }
    )
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise FormatError(Text("记录含有孤立代理码", "the record holds a lone surrogate")) from None


def decode(data: bytes) -> Certificate:
    """Read canonical bytes; raises FormatError for anything that `encode` would not have written."""
    try:
        certificate = _build(json.loads(data.decode()))
        same = encode(certificate) == data
    except FormatError:
        raise
    except (ValueError, TypeError, LookupError, RecursionError, AttributeError) as error:
        raise FormatError(Text("不是本系统的证照记录", f"this is no record of ours: {error}")) from error
    if not same:
        raise FormatError(Text("证照记录不是规范写法", "the record is not in canonical form"))
    return certificate


def digest(data: bytes) -> bytes:
    """Give the SHA-256 of a record, 32 bytes; the QR carries the first 16."""
    return hashlib.sha256(data).digest()


def _build(raw: Any) -> Certificate:
    if type(raw) is not dict or raw["certgen"] != FORMAT:
        raise ValueError("wanted an object with certgen 1")
    shard, index = raw["slot"]
    until = raw["valid_until"]
    return Certificate(
        sid=_sid(raw["sid"]),
        number=_text(raw["number"]),
        version=_whole(raw["version"]),
        kind=_text(raw["kind"]),
        form=_text(raw["form"]),
        copy=_text(raw["copy"]),
        copy_number=_text(raw["copy_number"]),
        template_digest=_hex(raw["template"], 32),
        authority=_text(raw["authority"]),
        authority_name=_text(raw["authority_name"]),
        issued_on=date.fromisoformat(raw["issued_on"]),
        valid_from=date.fromisoformat(raw["valid_from"]),
        valid_until=None if until is None else date.fromisoformat(until),
        issued_at=datetime.fromisoformat(raw["issued_at"]),
        fields=tuple([_pair(*pair) for pair in raw["fields"]]),
        slot=Slot(_whole(shard), _whole(index)),
        salt=bytes.fromhex(_hex(raw["salt"], 16)),
        metadata=tuple([_pair(*pair) for pair in raw.get("metadata", ())]),
    )


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError(f"wanted text, found {type(value).__name__}")
    return value


def _pair(name: Any, value: Any) -> tuple[str, str]:
    return _text(name), _text(value)


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("wanted a whole number")
    return value


def _hex(value: Any, size: int) -> str:
    if len(_text(value)) != 2 * size or not _HEX.fullmatch(value):
        raise ValueError(f"wanted {size} bytes in lower-case hex")
    return str(value)


def _sid(value: Any) -> str:
    if not sid.is_sid(_text(value)):
        raise ValueError("wanted a sid")
    return str(value)
