"""Sign a prepared document: the CMS of PAdES B-B into the gap that the press left.

The signed attributes are written once with a marker and then filled in (`certgen.core.cms`); the file was hashed when
it was struck. What is left for a document is one key operation and a few hundred bytes.
"""

from hashlib import sha256

from cryptography.x509 import load_der_x509_certificate

from certgen.core.cms import CmsProfile
from certgen.core.errors import SigningError, Text
from certgen.core.model import Signer
from certgen.preflight import Prepared, Window


class PdfSeal:
    """Seals documents with one key; `gap_bytes` is the room that the press must leave for it."""

    def __init__(self, signer: Signer) -> None:
        """Write the templates of the CMS for the signer's certificate bag."""
        self.signer = signer
        self._profile = CmsProfile(signer.certificate, signer.chain, signer.algorithm)
        self.gap_bytes = self._profile.max_size
        self.fingerprint = sha256(signer.certificate).digest()
        certificate = load_der_x509_certificate(signer.certificate)
        self.window = Window(certificate.not_valid_before_utc, certificate.not_valid_after_utc)

    def strike(self, prepared: Prepared) -> bytes:
        """Sign; gives the finished strike, which follows the plate's bytes in the file. Raises SigningError."""
        struck = prepared.struck
        if struck.gap_bytes != self.gap_bytes:
            raise SigningError(
                Text("签名空位与印章不符", f"the gap holds {struck.gap_bytes} bytes, wanted {self.gap_bytes}")
            )
        attributes = self._profile.signed_attributes(struck.digest)
        message = self._profile.encode(struck.digest, self.signer.sign(sha256(attributes).digest()))
        return b"%b<%b>%b" % (struck.head, message.hex().encode().ljust(2 * self.gap_bytes, b"0"), struck.tail)
