"""What every test may ask for."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.house import House

# Two workers on two busy cores: a wall-clock deadline for one example would fail by chance.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """Give the path of a program that serves as second opinion.

    Without it the test is skipped; with `CI=true` it fails, since a check that never runs proves nothing.
    """

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{name} is not installed")
        return path

    return find


@pytest.fixture(scope="session")
def model_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace to copy: its ceremony was held, its plates were engraved, nothing was issued."""
    folder = tmp_path_factory.mktemp("model") / "home"
    with House(folder) as house:
        house.engrave()
    return folder


@pytest.fixture
def house(model_home: Path, tmp_path: Path) -> Iterator[House]:
    """A service of one's own: issue, tick, count."""
    shutil.copytree(model_home, tmp_path / "home")
    with House(tmp_path / "home") as house:
        yield house


@pytest.fixture(scope="session")
def common_house(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service for all: issue in it, but neither tick its clock nor count."""
    folder = tmp_path_factory.mktemp("common") / "home"
    shutil.copytree(model_home, folder)
    with House(folder) as house:
        yield house
