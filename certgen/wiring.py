"""THE HALLWAY: settings → objects. Only this file knows everyone; it decides nothing.

Clock and chance enter here. `keys` is imported only inside the functions that make or open keys, and what issues only
where an office is opened, so that a process that merely verifies loads neither.
"""

import gc
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from certgen import outward, settings
from certgen.authorities import AuthorityRecord, load_authorities
from certgen.core import trustlist
from certgen.core.chinese import SHANGHAI
from certgen.core.errors import SettingsError, Text
from certgen.core.model import Signer
from certgen.core.qrtext import QrSeal, host_of
from certgen.core.trustlist import TrustList
from certgen.outward import Outward
from certgen.register import Register
from certgen.settings import SHIPPED, Settings
from certgen.template import Template, load_template
from verify import Verifier, load_lists

if TYPE_CHECKING:
    from certgen.author import Studio
    from certgen.fonts import Typefaces
    from certgen.issue import Issuer, QrKey
    from certgen.pades import PdfSeal
    from certgen.publish import Publisher

Ask = Callable[[str], bytes]


def now() -> datetime:
    """Tell the time, UTC."""
    return datetime.now(UTC)


def new_request_key() -> str:
    """Draw a request key for somebody who has none of his own."""
    return secrets.token_hex(16)


def template_folders(home: Path | None = None) -> dict[str, Path]:
    """Find the folders of kinds: those shipped, and over them those of the workspace."""
    roots = [SHIPPED] + ([home / "templates"] if home else [])
    folders = {f.parent.name: f.parent for root in roots for f in sorted(root.glob("*/template.toml"))}
    return dict(sorted(folders.items()))


class Templates(Mapping[str, Template]):
    """The kinds of a workspace, each read when it is first asked for."""

    def __init__(self, home: Path | None = None) -> None:
        """Look where the folders are."""
        self.folders = template_folders(home)
        self._loaded: dict[str, Template] = {}

    def __getitem__(self, kind: str) -> Template:
        """Read a kind; raises KeyError, TemplateError."""
        if kind not in self._loaded:
            self._loaded[kind] = load_template(self.folders[kind])
        return self._loaded[kind]

    def __iter__(self) -> Iterator[str]:
        """List the kinds."""
        return iter(self.folders)

    def __len__(self) -> int:
        """Count the kinds."""
        return len(self.folders)


@dataclass(frozen=True)
class Desk:
    """What reads: templates, register and verifier of a workspace. Holds no key."""

    settings: Settings
    register: Register
    clock: Callable[[], datetime]

    @cached_property
    def templates(self) -> Templates:
        """The kinds of this workspace."""
        return Templates(self.settings.home)

    @cached_property
    def authorities(self) -> Mapping[str, AuthorityRecord]:
        """The authorities of this workspace."""
        return authorities(self.settings.home)

    @cached_property
    def outward(self) -> tuple[Outward, ...]:
        """What other systems call our statuses."""
        own = self.settings.home / outward.FILE
        return outward.load_outward(SHIPPED / "_shared" / outward.FILE, *([own] if own.is_file() else []))

    @cached_property
    def trust(self) -> TrustList:
        """Who may sign what. Raises SettingsError."""
        return _anchors(self.settings.root_certificate, self.settings.trust)[2]

    @property
    def root_spki(self) -> bytes:
        """The key of the root, which whoever checks must pin (DER). Raises SettingsError."""
        return _anchors(self.settings.root_certificate, self.settings.trust)[0]

    @cached_property
    def verifier(self) -> Verifier:
        """The judge, with the register at hand."""
        return make_verifier(self.settings.root_certificate, self.settings.trust, self.register, self.clock)

    def __enter__(self) -> Self:
        """Be used in a `with`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the register."""
        self.register.close()


@dataclass(frozen=True)
class Office(Desk):
    """A desk that issues."""

    issuer: "Issuer"


def authorities(home: Path | None = None) -> Mapping[str, AuthorityRecord]:
    """Read the authorities: those shipped, and over them those of the workspace."""
    files = [SHIPPED / "_shared" / "authorities.toml"]
    if home and (home / "authorities.toml").is_file():
        files.append(home / "authorities.toml")
    return load_authorities(*files)


def make_verifier(
    root: Path, trust: Path, register: Register | None, clock: Callable[[], datetime], status: Sequence[Path] = ()
) -> Verifier:
    """Make the judge from the pinned root and the trust list; raises SettingsError when a file is missing.

    `status` names status lists, or folders of them, for a judge without a register.
    """
    spki, certificate, entries = _anchors(root, trust)
    return Verifier(spki, certificate, entries, register, clock, load_lists(status, entries))


def _anchors(root: Path, trust: Path) -> tuple[bytes, bytes, TrustList]:
    """Read the root's key and certificate (DER) and the trust list it signed. Raises SettingsError, FormatError."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_pem_x509_certificate

    try:
        certificate, signed = load_pem_x509_certificate(root.read_bytes()), trust.read_bytes()
    except (OSError, ValueError) as error:
        raise SettingsError(
            Text(
                f"读不到根证书或信任清单（{root.name}、{trust.name}）",
                f"root certificate or trust list cannot be read ({root.name}, {trust.name})",
            )
        ) from error
    spki = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return spki, certificate.public_bytes(Encoding.DER), trustlist.decode(signed, spki)


def open_desk(chosen: Settings, *, readonly: bool = True, clock: Callable[[], datetime] = now) -> Desk:
    """Open a workspace for reading."""
    return Desk(
        chosen, Register.open(chosen.register, high_water=chosen.high_water, readonly=readonly, clock=clock), clock
    )


def open_office(
    chosen: Settings,
    ask: Ask,
    *,
    actor: str,
    clock: Callable[[], datetime] = now,
    chance: Callable[[int], bytes] = secrets.token_bytes,
) -> Office:
    """Open a workspace for issuing; keys are opened when they are first needed. `ask` gives passphrases by key name."""
    import keys
    from certgen.issue import Issuer, QrKey
    from certgen.pades import PdfSeal
    from certgen.proof import read_qr
    from certgen.workshop import Workshop

    register = Register.open(chosen.register, high_water=chosen.high_water, clock=clock)
    records = authorities(chosen.home)
    workshop = Workshop(
        _typefaces(chosen.extra_fonts, system=True),
        SHIPPED / "_shared",
        chosen.host,
        chosen.overprint_offset_mm,
        register,
    )

    @cache
    def signer(use: Literal["seal", "qr"], authority: str) -> Signer:
        return keys.open_signer(f"file:{chosen.keys / f'{use}-{authority}.key.pem'}", ask)

    @cache
    def seal_of(authority: str) -> "PdfSeal":
        return PdfSeal(signer("seal", authority))

    @cache
    def qr_key_of(authority: str) -> "QrKey":
        key = signer("qr", authority)
        return QrKey(QrSeal(chosen.public_origin, key.public_key), key)

    stranger = make_verifier(chosen.root_certificate, chosen.trust, None, clock)
    issuer = Issuer(
        templates=Templates(chosen.home),
        authorities=records,
        workshop=workshop,
        register=register,
        seal_of=seal_of,
        qr_key_of=qr_key_of,
        check=stranger,
        proof=read_qr,
        clock=clock,
        chance=chance,
        actor=actor,
        authority=chosen.authority,
    )
    # What is loaded now stays until the end. Counted out of collections, these objects cost a document 0.1 ms less.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()
    return Office(chosen, register, clock, issuer)


def open_publisher(chosen: Settings, ask: Ask, register: Register) -> "Publisher":
    """Make what publishes status lists; the status key is opened when something must be signed, and only once.

    Raises SettingsError, FormatError, VerificationError for missing or wrong anchors.
    """
    import keys
    from certgen.publish import Plan, Publisher

    @cache
    def signer() -> Signer:
        file = chosen.keys / "status-service.key.pem"
        if not file.exists():
            command = f"python -m keys status-key --folder {chosen.keys}"
            raise SettingsError(
                Text(f"没有状态列表密钥，请运行 {command}", f"there is no status key yet: run {command}")
            )
        return keys.open_signer(f"file:{file}", ask)

    trust = _anchors(chosen.root_certificate, chosen.trust)[2]
    plan = Plan(
        chosen.published, chosen.published_memory, chosen.public_origin, chosen.status_ttl_s, chosen.status_life_s
    )
    root, signed = chosen.root_certificate.read_bytes(), chosen.trust.read_bytes()
    return Publisher(plan, register, signer, root, signed, trust)


def house_typefaces() -> "Typefaces":
    """Give the vendored typefaces, without the system's: what is set with them looks the same on every machine."""
    return _typefaces((), system=False)


def _typefaces(extra: Sequence[Path], *, system: bool) -> "Typefaces":
    from certgen.fonts import SYSTEM, Typefaces

    return Typefaces(SHIPPED / "_shared" / "fonts", [*extra, *(map(Path, SYSTEM) if system else ())])


def open_studio(home: Path | None = None, *, clock: Callable[[], datetime] = now) -> "Studio":
    """Make a studio to look at documents in: no key, no register, and a workspace only if there is one.

    The system's own typefaces are left out, so that a kind that is sound here is sound on every machine.
    """
    from certgen.author.studio import ORIGIN, MemoryShelf, Studio  # here: issuing does without

    extra = settings.load(home).extra_fonts if home and (home / settings.FILE).is_file() else ()
    from certgen.workshop import Workshop

    typefaces = _typefaces(extra, system=False)
    workshop = Workshop(typefaces, SHIPPED / "_shared", host_of(ORIGIN), (0.0, 0.0), MemoryShelf())
    return Studio(workshop, authorities(home), clock().astimezone(SHANGHAI).date())


def passphrase_source(chosen: Settings, prompt: Ask) -> Ask:
    """Take the passphrase from the workspace's file if it names one, else ask."""
    file = chosen.passphrase_file
    if file is None:
        return prompt
    try:
        secret = file.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise SettingsError(
            Text(f"读不到口令文件 {file.name}", f"the passphrase file {file.name} cannot be read")
        ) from error
    return lambda _: secret


def make_workspace(
    home: Path,
    *,
    origin: str,
    algorithm: Literal["ES256", "RS256"] = "ES256",
    rsa_bits: int = 3072,
    specimen: bool = True,
    passphrase: bytes | None = None,
    clock: Callable[[], datetime] = now,
) -> Settings:
    """Make a workspace: settings, keys of every authority, trust list and an empty register.

    Without a passphrase one is drawn and kept in `keys/passphrase` (for demos; the file says so by being there).
    Raises SettingsError when the folder is a workspace already.
    """
    from keys.ceremony import hold_ceremony

    home = home.absolute()
    if (home / settings.FILE).exists():
        raise SettingsError(Text(f"{home} 已是工作区", f"{home} is a workspace already"))
    raw: dict[str, object] = {"public_origin": origin}
    if passphrase is None:
        raw["passphrase_file"] = "keys/passphrase"  # noqa: S105 - a path
    chosen = settings.from_mapping(home, raw)
    secret = secrets.token_urlsafe(24).encode() if passphrase is None else passphrase
    offices = [(a.id, Text(a.on(now().date()).name, a.id), ("*",)) for a in authorities().values()]
    home.mkdir(parents=True, exist_ok=True)
    hold_ceremony(
        home / "keys",
        offices,
        algorithm=algorithm,
        rsa_bits=rsa_bits,
        now=clock(),
        serials=lambda: secrets.randbits(158) | 1,
        passphrase=secret,
        specimen=specimen,
        hosts=[chosen.host],
        ttl_s=30 * 86_400,
    )
    if passphrase is None:
        file = home / "keys" / "passphrase"
        file.touch(mode=0o600)
        file.write_bytes(secret + b"\n")
    lines = [f'{key} = "{value}"\n' for key, value in raw.items()]
    (home / settings.FILE).write_text("".join(lines), "utf-8")
    Register.open(chosen.register, high_water=chosen.high_water, clock=clock).close()
    return chosen
