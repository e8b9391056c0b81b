"""One service for all tests of the pages, and a browser."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from certgen.life import Change
from tests.browser.site import CHROMIUM, QUIET, Site, around_code, code_in, write_y4m
from tests.house import case, sample_2015


@dataclass(frozen=True)
class Papers:
    """Licences of the service: the texts of their codes, and one as a file."""

    valid: str
    other: str
    expired: str
    suspended: str
    superseded: str
    pdf: bytes


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"))
    site.start()
    yield site
    site.close()


@pytest.fixture(scope="session")
def papers(site: Site) -> Papers:
    valid, old = site.house.issue().documents[1], site.house.issue(sample_2015()).documents[1]
    other = site.house.issue(case("sole-trader")).documents[1]
    suspended, superseded = (site.house.issue().documents[1] for _ in range(2))
    change = Change("suspend", actor="inspector", reason="食品安全问题", basis="食品安全法第一百二十四条")
    site.house.register.change(suspended.sid, change, site.house.clock())
    site.told.statuses[superseded.sid] = "superseded"
    site.house.publish()
    texts = (code_in(paper.pdf) for paper in (valid, other, old, suspended, superseded))
    return Papers(*texts, valid.pdf)


@pytest.fixture(scope="module")
def browser(papers: Papers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, whose camera sees the code of the valid licence.

    Closed with each module: its driver keeps an event loop running, in which no other test could run one of its own.
    """
    if not Path(CHROMIUM).exists():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("chromium is not installed")
    film = tmp_path_factory.mktemp("camera") / "code.y4m"
    write_y4m(film, [around_code(papers.pdf)] * 2)
    camera = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *camera])
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """A telephone of its own, in Chinese, whose clock is the house's."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="zh-CN", permissions=["camera"])
    context.clock.set_fixed_time(site.house.clock())
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
