"""A signer over a key file: opened once, then it signs. There is no way to ask it for the key."""

import base64
import os
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal, NoReturn, SupportsIndex

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certgen.core.der import oid
from certgen.core.errors import SigningError, Text
from certgen.core.oids import SPECIMEN_POLICY
from keys import pkcs8
from keys.pkcs8 import PrivateKey

P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # SEC 2, secp256r1
_HALF_ORDER: Final = P256_ORDER // 2

_SHA256: Final = Prehashed(SHA256())
_ECDSA: Final = ec.ECDSA(_SHA256, deterministic_signing=True)  # RFC 6979
_PKCS1: Final = padding.PKCS1v15()

KEY_SUFFIX: Final = ".key.pem"
CERTIFICATE_SUFFIX: Final = ".crt.pem"
PUBLIC_SUFFIX: Final = ".pub.pem"
_SPECIMEN_OID: Final = oid(SPECIMEN_POLICY)
SPECIMEN_LINE: Final = b"specimen: yes"


@dataclass(frozen=True, slots=True, weakref_slot=True, repr=False, eq=False)
class FileSigner:
    """A `certgen.core.model.Signer` whose key came from a file.

    `chain` runs from the issuing CA upwards, without the root. A signer does not survive a fork and does
    not pickle: a worker process that needs one must be given the passphrase, which it never is.
    """

    certificate: bytes
    chain: tuple[bytes, ...]
    public_key: bytes
    algorithm: Literal["ES256", "RS256"]
    specimen: bool
    _sign: Callable[[bytes], bytes]

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the certificate, or of the SubjectPublicKeyInfo where there is none."""
        return sha256(self.certificate or self.public_key).digest()

    def sign(self, digest: bytes) -> bytes:
        """Sign a SHA-256 digest: r‖s with s ≤ n/2 for ES256, the RSA block for RS256. Raises SigningError."""
        return self._sign(digest)

    def __repr__(self) -> str:
        """Show the fingerprint, never the key."""
        return f"<FileSigner {self.algorithm} {self.fingerprint.hex()[:16]}>"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse to be pickled or copied: the key stays in the process that opened it."""
        raise TypeError("a signer cannot be pickled or copied: its key stays in this process")


def load(path: Path, passphrase: bytes) -> FileSigner:
    """Open `<stem>.key.pem` with the certificates, or the public key, that lie beside it.

    Raises SigningError when the file does not open, or when key and certificate do not belong together.
    """
    key = pkcs8.decode(_read(path), passphrase, path.name)
    stem = path.name.removesuffix(KEY_SUFFIX)
    certificates = path.with_name(stem + CERTIFICATE_SUFFIX)
    if certificates.exists():
        certificate, *chain = pem_blocks(_read(certificates))
        specimen = _SPECIMEN_OID in certificate
        return signer_of(key, certificate, tuple(chain), specimen=specimen, name=path.name)
    public = _read(path.with_name(stem + PUBLIC_SUFFIX))
    if pem_blocks(public) != [spki_of(key)]:
        raise _strangers(path.name)
    return signer_of(key, b"", (), specimen=SPECIMEN_LINE in public.splitlines(), name=path.name)


def signer_of(
    key: PrivateKey, certificate: bytes, chain: tuple[bytes, ...], *, specimen: bool, name: str
) -> FileSigner:
    """Make a signer from an opened key, after trying it out once. Raises SigningError; `name` is for the message."""
    spki = spki_of(key)
    if certificate and spki not in certificate:
        raise _strangers(name)
    if isinstance(key, RSAPrivateKey):
        signer = FileSigner(certificate, chain, spki, "RS256", specimen, _rs256(key))
    else:
        signer = FileSigner(certificate, chain, spki, "ES256", specimen, _es256(key))
    _try_out(key, signer, name)
    _open_signers.add(signer)
    return signer


def spki_of(key: PrivateKey) -> bytes:
    """Give the SubjectPublicKeyInfo of a key, DER."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def pem_blocks(data: bytes) -> list[bytes]:
    """Give the DER of every PEM block, in order; text between blocks is skipped. Raises SigningError for none."""
    blocks = [part.partition(b"-----END ")[0].partition(b"-----")[2] for part in data.split(b"-----BEGIN ")[1:]]
    try:
        decoded = [base64.b64decode(b"".join(block.split()), validate=True) for block in blocks]
    except ValueError:
        decoded = []
    if not decoded:
        raise SigningError(Text("证书文件已损坏", "the file beside the key holds no certificate or public key"))
    return decoded


def _es256(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    """Close over an EC key. A closure rather than an attribute: nothing on the signer leads to the key."""
    sign = key.sign

    def es256(digest: bytes) -> bytes:
        try:
            r, s = decode_dss_signature(sign(digest, _ECDSA))
        except (ValueError, TypeError) as refused:
            raise _refusal(digest) from refused
        if s > _HALF_ORDER:  # both halves verify; one is written, so a signature has one encoding
            s = P256_ORDER - s
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return es256


def _rs256(key: RSAPrivateKey) -> Callable[[bytes], bytes]:
    """Close over an RSA key."""
    sign = key.sign

    def rs256(digest: bytes) -> bytes:
        try:
            return sign(digest, _PKCS1, _SHA256)
        except (ValueError, TypeError) as refused:
            raise _refusal(digest) from refused

    return rs256


def _try_out(key: PrivateKey, signer: FileSigner, name: str) -> None:
    """Sign once and check it. A damaged key that signs wrongly could give its secret away, RSA above all."""
    digest = bytes(32)
    try:
        signature = signer.sign(digest)
        if isinstance(key, RSAPrivateKey):
            key.public_key().verify(signature, digest, _PKCS1, _SHA256)
        else:
            r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
            key.public_key().verify(encode_dss_signature(r, s), digest, ec.ECDSA(_SHA256))
    except (InvalidSignature, SigningError):
        raise SigningError(Text(f"{name}：密钥已损坏", f"{name} holds a damaged key")) from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise SigningError(
            Text(f"无法读取密钥文件 {path.name}：{fault.strerror}", f"cannot read {path.name}: {fault.strerror}")
        ) from fault


def _refusal(digest: bytes) -> SigningError:
    found = f"{len(digest)}" if isinstance(digest, bytes) else type(digest).__name__
    return SigningError(Text(f"待签名摘要应为 32 字节，现为 {found}", f"a digest of 32 bytes is wanted, found {found}"))


def _strangers(name: str) -> SigningError:
    return SigningError(
        Text(
            f"{name}：私钥与旁边的证书或公钥不匹配",
            f"{name} does not belong to the certificate or public key beside it",
        )
    )


# A forked worker would inherit every opened key. It gets signers that refuse, and the keys are freed.
_open_signers: "weakref.WeakSet[FileSigner]" = weakref.WeakSet()


def _left_behind(digest: bytes) -> bytes:
    raise SigningError(Text("密钥不随进程复制", "the key was opened in the parent process and stays there"))


def _forget_keys() -> None:
    for signer in _open_signers:
        object.__setattr__(signer, "_sign", _left_behind)


os.register_at_fork(after_in_child=_forget_keys)
