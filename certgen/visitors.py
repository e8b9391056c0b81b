"""How the public may visit: `[public]` in `certgen.toml`. Nothing of it is needed; safe values stand without it.

    [public]
    lookups_a_minute = 6000     # pages and answers by sid, of one network; 0: no limit
    checks_a_minute = 120       # files and codes handed in at /check
    finds_a_minute = 120        # questions at /find, which can be asked by numbers that run on
    network_bits = [24, 56]     # how much of an IPv4 and of an IPv6 address counts as one network
    proxies = []                # addresses of web servers in front of us, whose header is believed
    proxy_header = "x-forwarded-for"
    processes = 1               # that answer; each counts for itself

A mobile carrier puts thousands of telephones behind one address, so lookups are limited loosely: 60 random bits cannot
be guessed at any of these rates. Numbers run on and can be, so /find is limited closely.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from certgen.core.errors import FormatError, Text

_MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class Visitors:
    """Limits for each network and minute (0: none), what counts as one network, and which proxies are believed."""

    lookups_a_minute: int = 6_000
    checks_a_minute: int = 120
    finds_a_minute: int = 120
    network_bits: tuple[int, int] = (24, 56)
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    proxy_header: str = "x-forwarded-for"
    processes: int = 1


def from_table(raw: Mapping[str, Any]) -> Visitors:
    """Check the table and fill in what is missing; raises FormatError naming key, value found and value wanted."""
    known = {field.name: field.default for field in fields(Visitors)}
    taken: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in known:
            some = ", ".join(known)
            raise _wrong(key, value, f"以下之一：{some}", f"one of {some}")
        taken[key] = _READ.get(key, _count)(key, value)
    return Visitors(**taken)


def _count(key: str, value: object) -> int:
    if type(value) is not int or not 0 <= value <= _MOST:
        raise _wrong(key, value, f"0 至 {_MOST} 的整数", f"a whole number from 0 to {_MOST}")
    return value


def _processes(key: str, value: object) -> int:
    if type(value) is not int or not 1 <= value <= 64:
        raise _wrong(key, value, "1 至 64 的整数", "a whole number from 1 to 64")
    return value


def _bits(key: str, value: object) -> tuple[int, int]:
    match value:
        case [int(four), int(six)] if 8 <= four <= 32 and 16 <= six <= 128:
            return four, six
    raise _wrong(key, value, "[8 至 32, 16 至 128]", "[8 to 32, 16 to 128]")


def _proxies(key: str, value: object) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(map(ip_network, value))
    except ValueError:
        pass
    raise _wrong(key, value, '地址或网段的列表，如 ["127.0.0.1"]', 'a list of addresses or networks, as ["127.0.0.1"]')


def _header(key: str, value: object) -> str:
    if isinstance(value, str) and value.replace("-", "").isalnum() and value.isascii():
        return value.lower()
    raise _wrong(key, value, "请求头的名称", "the name of a header")


_READ = {"network_bits": _bits, "proxies": _proxies, "proxy_header": _header, "processes": _processes}


def _wrong(key: str, found: object, zh: str, en: str) -> FormatError:
    return FormatError(
        Text(f"[public] 的 {key}：现为 {found!r}，应为{zh}", f"[public], {key}: found {found!r}, wanted {en}")
    )
