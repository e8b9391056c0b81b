"""After the ceremony: new keys for old, new authorities, compromised keys, a fresh trust list.

A key is replaced in this order, and a crash after any step is mended by asking for the same again:

    1  make the key; write it as <stem>.next.key.pem and its certificate beside it   (nobody trusts it yet)
    2  write trust.cose: the old entry's window ends now, the new entry is added     (both steps of one file)
    3  rename the .next files over the current ones                                  (the old private key is gone)

The old entry stays for ever, so that what its key signed can be checked; the old private key has no use left.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from certgen.core import trustlist
from certgen.core.errors import SigningError, Text
from certgen.core.model import Use
from certgen.core.trustlist import TrustEntry, TrustList
from keys import files, pkcs8
from keys.ceremony import SERVICE, Office, qr_entry, seal_entry, sign_trust_list, status_entry
from keys.certificates import Algorithm, Pair, make_qr_key, make_seal
from keys.pkcs8 import EVERYDAY, Cost
from keys.signer import CERTIFICATE_SUFFIX, KEY_SUFFIX, PUBLIC_SUFFIX, pem_blocks, spki_of

Ask = Callable[[str], bytes]  # given a key file's name, gives its passphrase

_NEXT = ".next"


def load_trust_list(folder: Path) -> TrustList:
    """Read and check trust.cose against root.crt.pem beside it. Raises SigningError when there is no ceremony."""
    try:
        root = x509.load_pem_x509_certificate((folder / (files.ROOT + CERTIFICATE_SUFFIX)).read_bytes())
        data = (folder / files.TRUST_FILE).read_bytes()
    except OSError as fault:
        raise SigningError(
            Text(f"{folder.name} 中没有密钥仪式的文件", f"{folder.name} does not hold the files of a ceremony")
        ) from fault
    return trustlist.decode(data, files.public_der(root))


def renew_seal(
    folder: Path,
    authority: str,
    *,
    now: datetime,
    serials: Callable[[], int],
    ask: Ask,
    passphrase: bytes,
    algorithm: Algorithm = "ES256",
    rsa_bits: int = 3072,
    name: Text | None = None,
    cost: Cost = EVERYDAY,
) -> TrustList:
    """Give an authority a new seal key and end the old one's window.

    `ask` opens root and CA; `passphrase` locks the new key. `name` is the authority's new name, if it changed.
    Raises SigningError for an unknown authority or a wrong passphrase.
    """
    now = _whole(now)
    trust, stem = load_trust_list(folder), files.stem_of("seal", authority)
    if _finish(folder, stem, trust):
        return trust
    old = _current(trust, "seal", authority)
    office: Office = (authority, name or old.authority_name, old.kinds)
    root, ca = _open(folder, files.ROOT, ask), _open(folder, files.CA, ask)
    seal = make_seal(
        ca, office[1].zh, algorithm=algorithm, rsa_bits=rsa_bits, now=now, serial=serials(), specimen=old.specimen
    )
    files.write_all(folder, files.certified(stem + _NEXT, seal, (ca.der,), passphrase, cost))
    return _install(folder, stem, trust, old, seal_entry(office, seal, ca, specimen=old.specimen), now, root)


def renew_qr_key(
    folder: Path, authority: str, *, now: datetime, ask: Ask, passphrase: bytes, cost: Cost = EVERYDAY
) -> TrustList:
    """Give an authority a new QR key and end the old one's window. Raises SigningError as `renew_seal` does."""
    now = _whole(now)
    trust, stem = load_trust_list(folder), files.stem_of("qr", authority)
    if _finish(folder, stem, trust):
        return trust
    old = _current(trust, "qr", authority)
    office: Office = (authority, old.authority_name, old.kinds)
    root, key = _open(folder, files.ROOT, ask), make_qr_key()
    files.write_all(folder, files.bare(stem + _NEXT, key, authority, passphrase, cost, specimen=old.specimen))
    return _install(folder, stem, trust, old, qr_entry(office, key, now, specimen=old.specimen), now, root)


def renew_status_key(folder: Path, *, now: datetime, ask: Ask, passphrase: bytes, cost: Cost = EVERYDAY) -> TrustList:
    """Give the service its first status key, or a new one and end the old one's window.

    Lists signed before stay good until they expire. Raises SigningError for a wrong passphrase.
    """
    now = _whole(now)
    trust, stem = load_trust_list(folder), files.stem_of("status", SERVICE)
    if _finish(folder, stem, trust):
        return trust
    olds = [entry for entry in trust.entries if entry.use == "status"]
    specimen = any(entry.specimen for entry in trust.entries)
    root, key = _open(folder, files.ROOT, ask), make_qr_key()
    files.write_all(folder, files.bare(stem + _NEXT, key, SERVICE, passphrase, cost, specimen=specimen))
    old = max(olds, key=lambda entry: entry.not_before, default=None)
    new = status_entry(_house(root), key, now, specimen=specimen)
    return _install(folder, stem, trust, old, new, now, root)


def mark_compromised(folder: Path, fingerprint: bytes, *, since: datetime, now: datetime, ask: Ask) -> TrustList:
    """Say from when on a key's signatures no longer count. An earlier date already given is never made later.

    Raises SigningError for a key the trust list does not know, or a date in the future.
    """
    since, now, trust = _whole(since), _whole(now), load_trust_list(folder)
    old = trust.find(fingerprint)
    if old is None:
        shown = fingerprint.hex()[:16]
        raise SigningError(Text(f"信任清单中没有密钥 {shown}", f"the trust list has no key {shown}"))
    if since > now:
        raise SigningError(
            Text("失密时间不能晚于现在", f"compromised since {since.isoformat()}, which is in the future")
        )
    marked = replace(old, compromised_at=min(since, old.compromised_at or since))
    entries = tuple(marked if entry is old else entry for entry in trust.entries)
    return _publish(folder, replace(trust, issued_at=now, entries=entries), _open(folder, files.ROOT, ask))


def refresh(folder: Path, *, now: datetime, ask: Ask, host: str | None = None, ttl_s: int | None = None) -> TrustList:
    """Sign the trust list anew, before it grows stale; a new `host` goes first and the former ones stay."""
    trust = load_trust_list(folder)
    hosts = trust.hosts if host is None else (host, *(former for former in trust.hosts if former != host))
    fresh = replace(trust, issued_at=_whole(now), hosts=hosts, ttl_s=trust.ttl_s if ttl_s is None else ttl_s)
    return _publish(folder, fresh, _open(folder, files.ROOT, ask))


def _install(
    folder: Path, stem: str, trust: TrustList, old: TrustEntry | None, new: TrustEntry, now: datetime, root: Pair
) -> TrustList:
    """Do steps 2 and 3."""
    entries = tuple(
        replace(entry, not_after=max(entry.not_before, min(now, entry.not_after))) if entry is old else entry
        for entry in trust.entries
    )
    trust = _publish(folder, replace(trust, issued_at=now, entries=(*entries, new)), root)
    _finish(folder, stem, trust)
    return trust


def _finish(folder: Path, stem: str, trust: TrustList) -> bool:
    """Do step 3 for a key the trust list already names, and say so; sweep away one that it does not name."""
    publics = [folder / (stem + _NEXT + suffix) for suffix in (CERTIFICATE_SUFFIX, PUBLIC_SUFFIX)]
    public = next((path for path in publics if path.exists()), None)
    key = folder / (stem + _NEXT + KEY_SUFFIX)
    if public is None or trust.find(sha256(pem_blocks(public.read_bytes())[0]).digest()) is None:
        for leftover in (key, *publics):
            leftover.unlink(missing_ok=True)
        return False
    with suppress(FileNotFoundError):  # a crash may have come between the two renames
        key.replace(folder / (stem + KEY_SUFFIX))
    public.replace(folder / public.name.replace(_NEXT, ""))
    return True


def _publish(folder: Path, trust: TrustList, root: Pair) -> TrustList:
    files.write(folder / files.TRUST_FILE, sign_trust_list(trust, root))
    return trust


def _open(folder: Path, stem: str, ask: Ask) -> Pair:
    """Open root or CA with its certificate. Raises SigningError."""
    name = stem + KEY_SUFFIX
    try:
        data = (folder / name).read_bytes()
        certificate = x509.load_pem_x509_certificate((folder / (stem + CERTIFICATE_SUFFIX)).read_bytes())
    except OSError as fault:
        raise SigningError(Text(f"找不到 {name}", f"{name} is not here: fetch it from where it is kept")) from fault
    pair = Pair(pkcs8.decode(data, ask(name), name), certificate)
    if spki_of(pair.key) != files.public_der(certificate):
        raise SigningError(Text(f"{name}：私钥与证书不匹配", f"{name} does not belong to its certificate"))
    return pair


def _current(trust: TrustList, use: Use, authority: str) -> TrustEntry:
    """Give the newest key of an authority. Raises SigningError when it has none."""
    entries = [entry for entry in trust.entries if entry.use == use and entry.authority == authority]
    if not entries:
        raise SigningError(Text(f"信任清单中没有机构 {authority}", f"the trust list has no authority {authority}"))
    return max(entries, key=lambda entry: entry.not_before)


def _house(root: Pair) -> Text:
    """Give the name of the house: the organisation of its root."""
    name = str(root.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)
    return Text(name, name)


def _whole(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
