"""How often one network may ask: whom the turnstile counts as one, what it counts apart, and what it forgets."""

import asyncio
from typing import Any

import pytest

from api.turnstile import Counts, Turnstile
from certgen.visitors import Visitors, from_table


class Street:
    """A turnstile with nothing behind it, and a clock that a test sets."""

    def __init__(self, **settings: Any) -> None:
        self.now = 1000.0
        self.counts = Counts(lambda: self.now, most=4)
        self.turnstile = Turnstile(_let_in, from_table(settings), lambda _, wait_s: _Refusal(wait_s), self.counts)

    def ask(self, address: str, path: str = "/0123456789AB", method: str = "GET", **headers: str) -> int:
        """Ask; gives 200, or how many seconds to wait as a negative number."""
        said: list[int] = []

        async def send(message: Any) -> None:
            said.append(message["status"])

        head = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "headers": head, "client": (address, 1)}
        asyncio.run(self.turnstile(scope, _nothing, send))
        return said[0]


async def _nothing() -> Any:
    raise AssertionError("the body is not asked for")


async def _let_in(_: Any, __: Any, send: Any) -> None:
    await send({"status": 200})


class _Refusal:
    def __init__(self, wait_s: int) -> None:
        self.wait_s = wait_s

    async def __call__(self, _: Any, __: Any, send: Any) -> None:
        await send({"status": -self.wait_s})


ONE_NETWORK = {
    "IPv4, /24": ("192.0.2.1", "192.0.2.254", True),
    "IPv4, the next": ("192.0.2.1", "192.0.3.1", False),
    "IPv6, /56": ("2001:db8:0:1::1", "2001:db8:0:ff:1::", True),
    "IPv6, the next": ("2001:db8:0:1::1", "2001:db8:0:100::1", False),
    "IPv4 written as IPv6": ("::ffff:192.0.2.1", "192.0.2.7", True),
    "no addresses at all": ("", "a socket", True),
}


@pytest.mark.parametrize(("first", "second", "same"), ONE_NETWORK.values(), ids=ONE_NETWORK.keys())
def test_addresses_of_one_network_are_counted_together(first: str, second: str, same: bool) -> None:
    street = Street(lookups_a_minute=1)
    assert street.ask(first) == 200
    assert (street.ask(second) < 0) is same


def test_who_asks_too_often_is_told_when_to_come_again_and_is_let_in_then() -> None:
    street = Street(lookups_a_minute=3)
    assert [street.ask("192.0.2.1") for _ in range(3)] == [200] * 3
    street.now += 20
    assert street.ask("192.0.2.1") == -41
    street.now += 41
    assert street.ask("192.0.2.1") == 200


def test_each_kind_of_question_has_its_own_count() -> None:
    street = Street(lookups_a_minute=1, checks_a_minute=1, finds_a_minute=1)
    asked = [("/0123456789AB", "GET"), ("/check", "POST"), ("/find", "GET")]
    assert [street.ask("192.0.2.1", *one) for one in asked] == [200] * 3
    assert all(street.ask("192.0.2.1", *one) < 0 for one in asked)


def test_style_and_health_are_never_counted_and_no_limit_is_none() -> None:
    street = Street(lookups_a_minute=1, finds_a_minute=0)
    for path in ("/static/style.css", "/healthz", "/sw.js", "/find"):
        assert [street.ask("192.0.2.1", path) for _ in range(5)] == [200] * 5


def test_a_proxys_word_is_taken_only_from_a_proxy_of_ours_and_only_its_last() -> None:
    street = Street(lookups_a_minute=1, proxies=["10.0.0.0/8"])
    assert street.ask("10.0.0.1", x_forwarded_for="192.0.2.1") == 200
    assert street.ask("10.0.0.1", x_forwarded_for="198.51.100.9, 192.0.2.2") < 0, "the first word is the visitor's own"
    assert street.ask("10.0.0.1", x_forwarded_for="198.51.100.9") == 200
    assert street.ask("203.0.113.1", x_forwarded_for="192.0.2.1") == 200
    assert street.ask("203.0.113.1", x_forwarded_for="198.51.100.1") < 0, "a stranger changes his address by a header"
    assert street.ask("10.0.0.1") == 200


def test_a_header_is_nothing_when_no_proxy_is_named() -> None:
    street = Street(lookups_a_minute=1)
    assert street.ask("127.0.0.1", x_forwarded_for="192.0.2.1") == 200
    assert street.ask("127.0.0.1", x_forwarded_for="198.51.100.1") < 0


def test_what_it_remembers_is_bounded_and_the_oldest_goes_first() -> None:
    street = Street(lookups_a_minute=1)
    for n in range(9):
        street.ask(f"192.0.{n}.1")
    assert len(street.counts._counts) == 4
    assert street.ask("192.0.8.1") < 0
    assert street.ask("192.0.0.1") == 200
    assert street.counts.reset() == 4


def test_out_of_the_box_a_network_may_ask_a_hundred_times_a_second_and_find_twice() -> None:
    assert (Visitors().lookups_a_minute, Visitors().finds_a_minute) == (6_000, 120)
