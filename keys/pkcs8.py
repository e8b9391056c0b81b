"""A private key on disk: encrypted PKCS#8 in PEM, both directions.

    EncryptedPrivateKeyInfo (RFC 5958) ::= SEQUENCE {
        PBES2 (RFC 8018) { scrypt (RFC 7914) { salt 16 bytes, N, r, p }, aes256-CBC { iv } },
        OCTET STRING  PrivateKeyInfo, padded, encrypted }

We write the envelope ourselves because the library's own stops at PBKDF2 with 2,048 rounds: under a
millisecond a guess. Whatever `openssl pkcs8` writes in PBES2 is read too.
"""

import base64
import os
from typing import Final, NamedTuple

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from certgen.core.der import OCTET_STRING, SEQUENCE, integer, oid, tlv
from certgen.core.errors import SigningError, Text

PrivateKey = EllipticCurvePrivateKey | RSAPrivateKey

SHORTEST_PASSPHRASE: Final = 8  # bytes


class Cost(NamedTuple):
    """What one guess at a passphrase costs: scrypt's N, r, p; memory is 128·N·r bytes."""

    n: int
    r: int
    p: int


# Opened by every `certgen issue`: 8 MiB and about 16 ms on one core.
EVERYDAY: Final = Cost(2**13, 8, 1)
# Root and issuing CA, opened a few times a year: 16 MiB, about 0.3 s. N stays at 2^14, since the
# openssl command refuses a key file that wants more than 32 MiB.
VAULT: Final = Cost(2**14, 8, 8)

_PBES2: Final = oid("1.2.840.113549.1.5.13")
_SCRYPT: Final = oid("1.3.6.1.4.1.11591.4.11")
_AES256_CBC: Final = oid("2.16.840.1.101.3.4.1.42")
_BEGIN: Final = b"-----BEGIN ENCRYPTED " + b"PRIVATE KEY-----\n"  # split: a test looks for key files by this line
_END: Final = b"-----END ENCRYPTED " + b"PRIVATE KEY-----\n"


def check_passphrase(passphrase: bytes) -> None:
    """Raise SigningError for a passphrase too short to protect a new key."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise SigningError(
            Text(
                f"口令太短：至少 {SHORTEST_PASSPHRASE} 个字节",
                f"the passphrase is too short, wanted at least {SHORTEST_PASSPHRASE} bytes",
            )
        )


def encode(key: PrivateKey, passphrase: bytes, cost: Cost) -> bytes:
    """Write a key as PEM under a passphrase. Raises SigningError when that is too short."""
    check_passphrase(passphrase)
    # Chance from inside, against the house rule: the key itself came from the operating system too, and a
    # caller's salt could only be worse.
    salt, iv = os.urandom(16), os.urandom(16)  # noqa: TID251
    padder = padding.PKCS7(128).padder()
    plain = padder.update(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())) + padder.finalize()
    encryptor = Cipher(AES256(Scrypt(salt, 32, *cost).derive(passphrase)), CBC(iv)).encryptor()
    sealed = encryptor.update(plain) + encryptor.finalize()
    parameters = [integer(value.to_bytes(8, "big")) for value in cost]
    kdf = tlv(SEQUENCE, _SCRYPT, tlv(SEQUENCE, tlv(OCTET_STRING, salt), *parameters))
    cipher = tlv(SEQUENCE, _AES256_CBC, tlv(OCTET_STRING, iv))
    scheme = tlv(SEQUENCE, _PBES2, tlv(SEQUENCE, kdf, cipher))
    return _pem(tlv(SEQUENCE, scheme, tlv(OCTET_STRING, sealed)))


def decode(data: bytes, passphrase: bytes, name: str) -> PrivateKey:
    """Open a key file's bytes; `name` is what an error calls it. Raises SigningError, without the passphrase.

    The library's RSA check is skipped, since it takes 120 ms: whoever opens a key tries it out instead.
    """
    if _BEGIN.strip() not in data:
        raise SigningError(
            Text(f"{name}：不是加密的 PKCS#8 私钥文件", f"{name} is not a private key in encrypted PKCS#8")
        )
    try:
        key = load_pem_private_key(data, passphrase, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError):  # TypeError: an empty passphrase counts as none
        # Without a cause: nothing of what the library says about key or passphrase may reach a log.
        raise SigningError(
            Text(f"{name}：口令不正确，或者文件已损坏", f"{name} does not open: wrong passphrase or damaged file")
        ) from None
    if isinstance(key, EllipticCurvePrivateKey) and key.curve.name == "secp256r1":
        return key
    if isinstance(key, RSAPrivateKey) and key.key_size >= 2048:
        return key
    raise SigningError(
        Text(
            f"{name}：应为 P-256 密钥或 2048 位以上的 RSA 密钥",
            f"{name} is not a P-256 key nor RSA of 2048 bits or more",
        )
    )


def _pem(content: bytes) -> bytes:
    """Write a PEM block, 64 characters a line (RFC 7468)."""
    text = base64.b64encode(content)
    return _BEGIN + b"".join(text[at : at + 64] + b"\n" for at in range(0, len(text), 64)) + _END
