"""The ceremony: root, issuing CA, a seal and a QR key for each authority, and the service's status key.

All but root and CA are listed in a signed trust list.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from certgen.core import trustlist
from certgen.core.errors import SigningError, Text
from certgen.core.model import Use
from certgen.core.trustlist import EVERY_KIND, TrustEntry, TrustList
from keys import files
from keys.certificates import (
    SEAL_YEARS,
    Algorithm,
    Pair,
    make_issuing_ca,
    make_qr_key,
    make_root,
    make_seal,
    years_after,
)
from keys.pkcs8 import EVERYDAY, VAULT, Cost, PrivateKey, check_passphrase
from keys.signer import signer_of, spki_of

__all__ = ["Office", "hold_ceremony", "make_issuing_ca", "make_qr_key", "make_root", "make_seal"]

Office = tuple[str, Text, Sequence[str]]  # division id, name, the kinds it may sign: ("*",) for all

HOUSE: Final = "certgen"
SERVICE: Final = "service"  # whose key signs status lists: no authority's, since a list holds the documents of all


def hold_ceremony(
    folder: Path,
    authorities: Sequence[Office],
    *,
    algorithm: Algorithm = "ES256",
    rsa_bits: int = 3072,
    now: datetime,
    serials: Callable[[], int],
    passphrase: bytes,
    specimen: bool,
    hosts: Sequence[str],
    ttl_s: int,
    vault_passphrase: bytes | None = None,
    house: str = HOUSE,
    everyday: Cost = EVERYDAY,
    vault: Cost = VAULT,
) -> TrustList:
    """Make every key and certificate of a house, and the trust list that names them.

    1 root → 2 issuing CA → 3 a seal and a QR key for each authority, and the status key → 4 the trust list, signed
    by the root.
    All files appear at once, or none does. Root and CA are P-256 always, as QR keys are; `algorithm` and
    `rsa_bits` (3072 or 2048) are the seals'. `vault_passphrase` locks root and CA, so that these can be kept
    elsewhere; by default it is `passphrase`. `hosts` has the current host[:port] first; `serials` gives
    positive certificate serial numbers below 2^159, none twice. Raises SigningError: the folder is not empty,
    a passphrase is too short, an authority appears twice or its name is too long.
    """
    vault_passphrase = passphrase if vault_passphrase is None else vault_passphrase
    check_passphrase(passphrase)
    check_passphrase(vault_passphrase)
    _check_authorities(authorities)
    now = now.astimezone(UTC).replace(microsecond=0)
    with files.new_folder(folder) as making:
        root = make_root(house, now=now, serial=serials(), specimen=specimen)
        files.write_all(making, files.certified(files.ROOT, root, (), vault_passphrase, vault))

        ca = make_issuing_ca(root, house, now=now, serial=serials(), specimen=specimen)
        files.write_all(making, files.certified(files.CA, ca, (), vault_passphrase, vault))

        entries: list[TrustEntry] = []
        for office in authorities:
            authority, name, _ = office
            seal = make_seal(
                ca, name.zh, algorithm=algorithm, rsa_bits=rsa_bits, now=now, serial=serials(), specimen=specimen
            )
            stem = files.stem_of("seal", authority)
            files.write_all(making, files.certified(stem, seal, (ca.der,), passphrase, everyday))
            qr = make_qr_key()
            stem = files.stem_of("qr", authority)
            files.write_all(making, files.bare(stem, qr, authority, passphrase, everyday, specimen=specimen))
            entries += [seal_entry(office, seal, ca, specimen=specimen), qr_entry(office, qr, now, specimen=specimen)]

        status = make_qr_key()
        stem = files.stem_of("status", SERVICE)
        files.write_all(making, files.bare(stem, status, SERVICE, passphrase, everyday, specimen=specimen))
        entries.append(status_entry(Text(house, house), status, now, specimen=specimen))

        trust = TrustList(now, ttl_s, tuple(hosts), tuple(entries))
        files.write(making / files.TRUST_FILE, sign_trust_list(trust, root))
    return trust


def sign_trust_list(trust: TrustList, root: Pair) -> bytes:
    """Encode a trust list under the root key."""
    signer = signer_of(root.key, root.der, (), specimen=False, name=files.ROOT)
    return trustlist.encode(trust, signer)


def seal_entry(office: Office, seal: Pair, ca: Pair, *, specimen: bool) -> TrustEntry:
    """Enrol a seal for the life of its certificate."""
    authority, name, kinds = office
    return trustlist.entry_of(
        use="seal",
        algorithm="ES256" if seal.key.key_size == 256 else "RS256",
        authority=authority,
        authority_name=name,
        kinds=tuple(kinds),
        spki=spki_of(seal.key),
        certificate=seal.der,
        chain=(ca.der,),
        not_before=seal.certificate.not_valid_before_utc,
        not_after=seal.certificate.not_valid_after_utc,
        compromised_at=None,
        specimen=specimen,
    )


def qr_entry(office: Office, key: PrivateKey, now: datetime, *, specimen: bool) -> TrustEntry:
    """Enrol a QR key from now on, for as long as a seal lives."""
    return _bare_entry("qr", office, key, now, specimen=specimen)


def status_entry(house: Text, key: PrivateKey, now: datetime, *, specimen: bool) -> TrustEntry:
    """Enrol the service's status key likewise."""
    return _bare_entry("status", (SERVICE, house, EVERY_KIND), key, now, specimen=specimen)


def _bare_entry(use: Use, office: Office, key: PrivateKey, now: datetime, *, specimen: bool) -> TrustEntry:
    authority, name, kinds = office
    return trustlist.entry_of(
        use=use,
        algorithm="ES256",
        authority=authority,
        authority_name=name,
        kinds=tuple(kinds),
        spki=spki_of(key),
        certificate=b"",
        chain=(),
        not_before=now,
        not_after=years_after(now, SEAL_YEARS),
        compromised_at=None,
        specimen=specimen,
    )


def _check_authorities(authorities: Sequence[Office]) -> None:
    """Refuse a repeated or unusable id before any key is made. Raises SigningError."""
    ids = [authority for authority, _, _ in authorities]
    for authority in ids:
        files.stem_of("seal", authority)
        if ids.count(authority) > 1:
            raise SigningError(Text(f"机构 {authority} 出现了两次", f"authority {authority} is given twice"))
