"""The object identifiers of our own certificates. They never change: issued documents hang on them.

The arc is `2.25.<UUID as an integer>` (ITU-T X.667), made once for this project.

    <arc>.1      extended key usage: seals documents of this service
    <arc>.2.1    certificate policy: official seals
    <arc>.2.2    certificate policy: specimens, for demonstrations and tests; never a lawful seal
"""

from typing import Final

ARC: Final = "2.25.295552852901955301365160882345989994972"

SEAL_USAGE: Final = f"{ARC}.1"
OFFICIAL_POLICY: Final = f"{ARC}.2.1"
SPECIMEN_POLICY: Final = f"{ARC}.2.2"

DOCUMENT_SIGNING: Final = "1.3.6.1.5.5.7.3.36"  # RFC 9336
