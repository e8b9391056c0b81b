"""The room that touches private keys: `open_signer` gives something that signs, never the key itself.

Importing it is light; cryptography is loaded when a key is opened.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from certgen.core.errors import SigningError, Text
from certgen.core.model import Signer

if TYPE_CHECKING:
    from certgen.core.der import Reader

__all__ = ["check_in_force", "open_signer"]


def open_signer(uri: str, ask: Callable[[str], bytes]) -> Signer:
    """Open the key that a URI names; `ask` is given the key's name and returns its passphrase.

    `file:<path>/<stem>.key.pem` is an encrypted PKCS#8 file with `<stem>.crt.pem` (certificate, then chain)
    beside it, or `<stem>.pub.pem` for a QR key. The path is taken as it stands, not percent-decoded.
    Raises SigningError: unknown scheme, missing file, wrong passphrase, key and certificate not a pair.
    """
    scheme, _, rest = uri.partition(":")
    if scheme != "file":
        raise SigningError(Text(f"不支持的密钥地址类型“{scheme}”，应为 file:", f"key scheme {scheme!r}, wanted file:"))
    path = Path(rest)
    if not path.name.endswith(".key.pem"):
        raise SigningError(Text(f"{path.name}：应为 .key.pem 文件", f"{path.name} is not named <stem>.key.pem"))
    from keys.signer import load

    return load(path, ask(path.name))


def check_in_force(signer_certificate_der: bytes, now: datetime) -> None:
    """Raise SigningError unless the certificate's period holds `now` (aware; both ends included, RFC 5280 4.1.2.5).

    A QR key has no certificate: its window stands in the trust list.
    """
    not_before, not_after = _validity(signer_certificate_der)
    if now < not_before:
        raise SigningError(
            Text(
                f"印章证书自 {not_before:%Y-%m-%d} 起有效，尚未生效",
                f"the seal is not valid before {not_before:%Y-%m-%d}",
            )
        )
    if now.replace(microsecond=0) > not_after:
        raise SigningError(
            Text(
                f"印章证书已于 {not_after:%Y-%m-%d} 到期，请更换", f"the seal expired on {not_after:%Y-%m-%d}, renew it"
            )
        )


def _validity(certificate: bytes) -> tuple[datetime, datetime]:
    """Read notBefore and notAfter of an X.509 v3 certificate: the fifth element of its tbsCertificate."""
    from certgen.core.der import SEQUENCE, Reader

    try:
        tbs = Reader(certificate).inside(SEQUENCE).inside(SEQUENCE)
        for tag in (0xA0, 0x02, SEQUENCE, SEQUENCE):  # version, serialNumber, signature, issuer
            tbs.next(tag)
        dates = tbs.inside(SEQUENCE)
        return _moment(dates), _moment(dates)
    except ValueError as fault:
        raise SigningError(Text("印章证书已损坏", "the seal's certificate cannot be read")) from fault


def _moment(dates: "Reader") -> datetime:
    """Read the next UTCTime (tag 0x17, years 1950 to 2049) or GeneralizedTime (0x18)."""
    tag = dates.peek()
    text = dates.contents(tag).decode("ascii")
    if tag == 0x17:
        text = ("19" if text >= "5" else "20") + text
    if len(text) != 15 or text[-1] != "Z":
        raise ValueError("not a time in UTC")
    return datetime.fromisoformat(f"{text[:8]}T{text[8:]}")  # strptime takes 3 ms on its first call
