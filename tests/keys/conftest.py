"""One small house of keys, made once with a cheap passphrase guard; tests that write copy it."""

import itertools
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from certgen.core.errors import Text
from certgen.core.trustlist import TrustList
from keys.ceremony import hold_ceremony
from keys.pkcs8 import Cost

CHEAP = Cost(2, 1, 1)
NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
PASSPHRASE = b"horse battery"
VAULT = b"a longer one, kept elsewhere"
CITY = ("421200", Text("咸宁市市场监督管理局", "Xianning"), ("*",))
COUNTY = ("421281", Text("赤壁市食品药品监督管理局", "Chibi"), ("food-business", "sc"))


class House(NamedTuple):
    """The folder of a ceremony and what it returned."""

    folder: Path
    trust: TrustList
    serials: Callable[[], int]

    def uri(self, stem: str) -> str:
        return f"file:{self.folder / stem}.key.pem"


def ask(name: str) -> bytes:
    return VAULT if name.startswith(("root", "ca")) else PASSPHRASE


def make_house(folder: Path, **changes: object) -> House:
    serials = itertools.count(1000).__next__
    arguments: dict[str, object] = {
        "now": NOW,
        "serials": serials,
        "passphrase": PASSPHRASE,
        "vault_passphrase": VAULT,
        "specimen": True,
        "hosts": ("licence.example", "old.example:8443"),
        "ttl_s": 86_400,
        "everyday": CHEAP,
        "vault": CHEAP,
    }
    authorities = changes.pop("authorities", (CITY, COUNTY))
    return House(folder, hold_ceremony(folder, authorities, **(arguments | changes)), serials)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house to read from."""
    return make_house(tmp_path_factory.mktemp("house") / "keys")


@pytest.fixture
def own_house(house: House, tmp_path: Path) -> House:
    """A house to change."""
    folder = tmp_path / "keys"
    shutil.copytree(house.folder, folder)
    return House(folder, house.trust, house.serials)


@pytest.fixture
def make() -> Callable[..., House]:
    return make_house
