"""What every test may ask for."""

import os
import shutil
from collections.abc import Callable

import pytest
from hypothesis import settings

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
