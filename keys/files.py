"""The files of a ceremony: what they are called, and how they are written. Folder 0700, files 0600."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certgen.core.errors import SigningError, Text
from keys.certificates import Pair
from keys.pkcs8 import Cost, PrivateKey, encode
from keys.signer import CERTIFICATE_SUFFIX, KEY_SUFFIX, PUBLIC_SUFFIX, SPECIMEN_LINE

ROOT: Final = "root"
CA: Final = "ca"
TRUST_FILE: Final = "trust.cose"
_NAMES = {"qr": "QR", "status": "status"}
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,31}", re.ASCII)


def stem_of(use: str, authority: str) -> str:
    """Name an authority's key files. Raises SigningError for an id that could lead out of the folder."""
    if not _ID.fullmatch(authority):
        raise SigningError(
            Text(f"机构代码“{authority}”不可用作文件名", f"authority id {authority!r} cannot name a file")
        )
    return f"{use}-{authority}"


def certified(stem: str, pair: Pair, chain: tuple[bytes, ...], passphrase: bytes, cost: Cost) -> dict[str, bytes]:
    """Lay out the two files of a certified key."""
    certificates = [pair.certificate, *map(x509.load_der_x509_certificate, chain)]
    return {
        stem + KEY_SUFFIX: encode(pair.key, passphrase, cost),
        stem + CERTIFICATE_SUFFIX: b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates),
    }


def bare(
    stem: str, key: PrivateKey, authority: str, passphrase: bytes, cost: Cost, *, specimen: bool
) -> dict[str, bytes]:
    """Lay out the two files of a key without a certificate; what is said of it stands above the PEM block.

    RFC 7468, section 2, allows that.
    """
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    use = _NAMES[stem.partition("-")[0]]
    about = f"certgen {use} key\nauthority: {authority}\n".encode() + (SPECIMEN_LINE + b"\n" if specimen else b"")
    return {stem + KEY_SUFFIX: encode(key, passphrase, cost), stem + PUBLIC_SUFFIX: about + public}


def public_der(certificate: x509.Certificate) -> bytes:
    """Give the SubjectPublicKeyInfo of a certificate."""
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder that becomes `folder` at the end, whole or not at all.

    Raises SigningError when `folder` exists and is not empty: a ceremony is never written over. A killed
    process leaves a `.<name>-….making` folder whose keys nobody trusts.
    """
    refuse_existing(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".making", dir=folder.parent))  # mode 0700
    try:
        yield making
        _sync_folder(making)
        try:
            making.rename(folder)  # over an empty folder at most; two ceremonies at once: one wins, one fails
        except OSError:
            refuse_existing(folder)
            raise
        _sync_folder(folder.parent)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def refuse_existing(folder: Path) -> None:
    """Raise SigningError when something is in the folder already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SigningError(
            Text(
                f"{folder.name} 中已有文件，不会覆盖已有的密钥",
                f"{folder.name} is not empty, and keys are never written over",
            )
        )


def write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write each file whole or not at all, 0600, replacing what had its name."""
    for name, data in files.items():
        write(folder / name, data)


def write(path: Path, data: bytes) -> None:
    """Write one file whole or not at all, 0600, and see it onto the disk."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
