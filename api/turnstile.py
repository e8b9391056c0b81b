"""How often one network may ask: counted in memory, for a minute, and forgotten.

Who asks is the address of the connection, or what a proxy says of it when the settings name that proxy; cut to its
network (/24, /56), since an address alone is changed too easily. Each kind of question has its own count, so that
somebody who checks many files can still open a licence. Counts are those of one process and are written nowhere.
"""

import time
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from api.guard import App, Receive, Scope, Send
from certgen.visitors import Visitors

_MOST_NETWORKS = 100_000  # about 20 MB; beyond, the longest known are forgotten
_FREE = ("/static/", "/healthz", "/sw.js")
_STRANGER = "?"

Refuse = Callable[[Scope, int], App]


class Counts(Storage):
    """How often each key was hit in its running window. The library's own starts a thread for every hit."""

    STORAGE_SCHEME = None

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = _MOST_NETWORKS) -> None:
        """`clock` counts seconds and never goes back."""
        super().__init__()
        self._clock, self._most = clock, most
        self._counts: dict[str, tuple[int, float]] = {}  # hits, and when the window ends

    @property
    def base_exceptions(self) -> type[Exception]:
        """Name what can go wrong here: nothing."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count a hit, in a new window when the old one has ended."""
        now = self._clock()
        hits, end = self._counts.get(key, (0, 0.0))
        if end <= now:
            self._counts.pop(key, None)  # put in again at the end: the first in the table has the oldest window
            hits, end = 0, now + expiry
            if len(self._counts) >= self._most:
                del self._counts[next(iter(self._counts))]
        self._counts[key] = hits + amount, end
        return hits + amount

    def get(self, key: str) -> int:
        """Give the hits of the running window."""
        hits, end = self._counts.get(key, (0, 0.0))
        return hits if end > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        """Tell in how many seconds the window of a key ends."""
        return max(0.0, self._counts.get(key, (0, 0.0))[1] - self._clock())

    def check(self) -> bool:
        """Say that it works."""
        return True

    def reset(self) -> int | None:
        """Forget everything."""
        forgotten = len(self._counts)
        self._counts.clear()
        return forgotten

    def clear(self, key: str) -> None:
        """Forget one key."""
        self._counts.pop(key, None)


class Turnstile:
    """ASGI: lets a network ask so often, and then says when it may ask again."""

    def __init__(self, app: App, visitors: Visitors, refuse: Refuse, counts: Counts | None = None) -> None:
        """`refuse` writes the answer for who must wait so many seconds."""
        self._app, self._visitors, self._refuse = app, visitors, refuse
        self._counts = counts or Counts()
        self._limiter = FixedWindowRateLimiter(self._counts)
        a_minute = {
            "lookup": visitors.lookups_a_minute,
            "check": visitors.checks_a_minute,
            "find": visitors.finds_a_minute,
        }
        self._limits = {kind: parse(f"{most}/minute") for kind, most in a_minute.items() if most}
        self._network = lru_cache(maxsize=10_000)(self._network_of)  # of addresses, which come again and again

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request, and hand it on or refuse it."""
        limit = self._limits.get(kind := _kind(scope)) if scope["type"] == "http" else None
        if limit is None:
            await self._app(scope, receive, send)
            return
        network = self._network(self._caller(scope))
        if self._limiter.hit(limit, kind, network):
            await self._app(scope, receive, send)
            return
        await self._refuse(scope, self._wait_s(limit, kind, network))(scope, receive, send)

    def _wait_s(self, limit: RateLimitItem, kind: str, network: str) -> int:
        return int(self._counts.get_expiry(limit.key_for(kind, network))) + 1

    def _caller(self, scope: Scope) -> str:
        """Name the address that asks. A header is believed only from a proxy of ours, and only its last word."""
        client = scope.get("client")
        address = str(client[0]) if client else ""
        visitors = self._visitors
        if visitors.proxies and _is_in(address, visitors):
            name = visitors.proxy_header.encode()
            said = b",".join(value for key, value in scope["headers"] if key == name)
            return said.rpartition(b",")[2].strip().decode("latin-1") or address
        return address

    def _network_of(self, address: str) -> str:
        try:
            found = ip_address(address)
        except ValueError:
            return _STRANGER
        if isinstance(found, IPv6Address) and found.ipv4_mapped:
            found = found.ipv4_mapped
        four, six = self._visitors.network_bits
        bits = four if isinstance(found, IPv4Address) else six
        return str(ip_network((found, bits), strict=False))


def _is_in(address: str, visitors: Visitors) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in visitors.proxies)


def _kind(scope: Scope) -> str:
    """Sort a request: what it costs us, and what it could be used to find out."""
    path: str = scope.get("path", "")
    if path.startswith("/find"):
        return "find"
    if path.startswith("/check") and scope["method"] == "POST":
        return "check"
    return "" if path.startswith(_FREE) else "lookup"
