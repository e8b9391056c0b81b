"""Settings: `<home>/certgen.toml`, read once and frozen. The only reader of the environment.

A workspace (home) holds:

    certgen.toml        these settings
    register.db         the register (SQLite), unless `register` names another
    high-water.jsonl    highest numbers given out, fsynced outside the register
    keys/               the ceremony's files: keys encrypted, certificates, trust.cose
    templates/          kinds of this office, over the shipped ones
    authorities.toml    authorities of this office, over the shipped ones
    published/          status lists and anchors, for the public; published.json: the last event they tell of

`[public]`, how the public may visit, has a file of its own: `certgen/visitors.py`.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from certgen.core.errors import FormatError, Lang, SettingsError, Text
from certgen.core.qrtext import host_of
from certgen.overlay import SHIPPED as SHIPPED
from certgen.visitors import Visitors, from_table

FILE = "certgen.toml"
_DEFAULT_ORIGIN = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class Settings:
    """One workspace. Paths are absolute."""

    home: Path
    public_origin: str = _DEFAULT_ORIGIN
    register: str = ""
    keys: Path = Path()
    passphrase_file: Path | None = None
    authority: str = ""
    overprint_offset_mm: tuple[float, float] = (0.0, 0.0)
    extra_fonts: tuple[Path, ...] = ()
    status_ttl_s: int = 3600
    status_life_s: int = 86_400
    publish_after_commands: bool = True
    visitors: Visitors = field(default_factory=Visitors)

    @property
    def host(self) -> str:
        """Give host[:port] of the public origin."""
        return host_of(self.public_origin)

    @property
    def high_water(self) -> Path:
        """Name the file of highest numbers."""
        return self.home / "high-water.jsonl"

    @property
    def published(self) -> Path:
        """Name the folder of what anybody may fetch."""
        return self.home / "published"

    @property
    def published_memory(self) -> Path:
        """Name the file that says what was published last; the public has no business there."""
        return self.home / "published.json"

    @property
    def trust(self) -> Path:
        """Name the trust list."""
        return self.keys / "trust.cose"

    @property
    def root_certificate(self) -> Path:
        """Name the root's certificate."""
        return self.keys / "root.crt.pem"


_KEYS = {
    "public_origin": str,
    "register": str,
    "keys": str,
    "passphrase_file": str,
    "authority": str,
    "overprint_offset_mm": list,
    "extra_fonts": list,
    "status_ttl_s": int,
    "status_life_s": int,
    "publish_after_commands": bool,
    "public": dict,
}
_TYPES = {
    str: Text("文字", "a text"),
    list: Text("列表", "a list"),
    int: Text("整数", "a whole number"),
    bool: Text("true 或 false", "true or false"),
    dict: Text("表", "a table"),
}


def default_home() -> Path:
    """Give CERTGEN_HOME, or ./certgen-home."""
    return Path(os.environ.get("CERTGEN_HOME") or "certgen-home")


def locale_language() -> Lang:
    """Give the language of the terminal."""
    tongue = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if tongue.startswith("zh") else "en"


def login_name() -> str:
    """Name whoever is at the keyboard, for the record of who did what."""
    return os.environ.get("SUDO_USER") or os.environ.get("USER") or os.environ.get("LOGNAME") or "operator"


def load(home: Path) -> Settings:
    """Read a workspace's settings; raises SettingsError naming key, value found and value wanted."""
    home = home.absolute()
    try:
        raw = tomllib.loads((home / FILE).read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            Text(
                f"{home} 不是工作区（没有 {FILE}）；请先运行 certgen init",
                f"{home} is no workspace (no {FILE}); run certgen init first",
            )
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(Text(f"{FILE} 无法读取：{error}", f"{FILE} cannot be read: {error}")) from error
    return from_mapping(home, raw)


def from_mapping(home: Path, raw: Mapping[str, Any]) -> Settings:
    """Check settings and fill in defaults; raises SettingsError."""
    for key, value in raw.items():
        if key not in _KEYS:
            raise _wrong(key, value, f"已知的设置项：{'、'.join(_KEYS)}", f"one of {', '.join(_KEYS)}")
        if type(value) is not _KEYS[key]:  # not isinstance: true is no number here
            raise _wrong(key, value, *_TYPES[_KEYS[key]])
    origin = raw.get("public_origin", _DEFAULT_ORIGIN)
    try:
        host_of(origin)
    except FormatError:
        raise _wrong("public_origin", origin, "形如 https://host[:port]", "https://host[:port]") from None
    if len(origin) > 48:
        raise _wrong(
            "public_origin", origin, "最多 48 个字符（二维码尺寸有限）", "at most 48 characters, or codes grow too wide"
        )
    offset = raw.get("overprint_offset_mm", [0.0, 0.0])
    if len(offset) != 2 or not all(type(n) in (int, float) and abs(n) <= 20 for n in offset):
        raise _wrong(
            "overprint_offset_mm", offset, "[右移, 下移]，毫米，绝对值不超过 20", "[right, down] in mm, at most 20"
        )
    fonts = raw.get("extra_fonts", [])
    if not all(isinstance(font, str) and font for font in fonts):
        raise _wrong("extra_fonts", fonts, "字体文件路径的列表", "a list of paths of font files")
    ttl_s, life_s = raw.get("status_ttl_s", 3600), raw.get("status_life_s", 86_400)
    if not 60 <= ttl_s <= 86_400:
        raise _wrong("status_ttl_s", ttl_s, "60 至 86400 秒", "60 to 86400 seconds")
    if not ttl_s < life_s <= 7 * 86_400:
        raise _wrong("status_life_s", life_s, "大于 status_ttl_s，至多 7 天", "more than status_ttl_s, at most 7 days")
    passphrase = raw.get("passphrase_file", "")
    try:
        visitors = from_table(raw.get("public", {}))
    except FormatError as error:
        raise SettingsError(Text(f"{FILE} 的 {error.say('zh')}", f"{FILE}, {error.say('en')}")) from error
    return Settings(
        home=home,
        public_origin=origin,
        register=raw.get("register") or f"sqlite:///{home / 'register.db'}",
        keys=home / raw.get("keys", "keys"),
        passphrase_file=home / passphrase if passphrase else None,
        authority=raw.get("authority", ""),
        overprint_offset_mm=(float(offset[0]), float(offset[1])),
        extra_fonts=tuple(home / font for font in fonts),
        status_ttl_s=ttl_s,
        status_life_s=life_s,
        publish_after_commands=raw.get("publish_after_commands", True),
        visitors=visitors,
    )


def _wrong(key: str, found: object, zh: str, en: str) -> SettingsError:
    return SettingsError(
        Text(f"{FILE} 的 {key}：现为 {found!r}，应为{zh}", f"{FILE}, {key}: found {found!r}, wanted {en}")
    )
