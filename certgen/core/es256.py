"""ES256 over a digest: what checks the signatures of root-signed and service-signed lists."""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from certgen.core.errors import FormatError, Text

_PREHASHED = ECDSA(Prehashed(SHA256()))


def is_signed(spki: bytes, signature: bytes, digest: bytes) -> bool:
    """Say whether r‖s (64 bytes) over a SHA-256 digest was made with the key of a SubjectPublicKeyInfo (DER).

    Raises FormatError for a key that cannot be read or is not on P-256.
    """
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    try:
        _key(spki).verify(encode_dss_signature(r, s), digest, _PREHASHED)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=8)  # loading a key takes as long as checking a signature
def _key(spki: bytes) -> EllipticCurvePublicKey:
    try:
        key = load_der_public_key(spki)
    except ValueError as fault:
        raise FormatError(Text("公钥已损坏", "a public key cannot be read")) from fault
    if not isinstance(key, EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise FormatError(Text("公钥应为 P-256", "a public key is not on P-256"))
    return key
