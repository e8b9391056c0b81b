"""QR symbols at level M, versions 5 to 20, drawn and read back. ISO/IEC 18004."""

from certgen.qr.draw import encode, encode_plain, packed, version_for, version_for_plain
from certgen.qr.read import read_back, read_back_many
from certgen.qr.shape import QUIET_ZONE, VERSIONS, Modules, size_of

__all__ = [
    "QUIET_ZONE",
    "VERSIONS",
    "Modules",
    "encode",
    "encode_plain",
    "packed",
    "read_back",
    "read_back_many",
    "size_of",
    "version_for",
    "version_for_plain",
]
