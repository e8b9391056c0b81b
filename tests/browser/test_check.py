"""The page that checks files, driven as a person would: choose a PDF, press the button, read the verdict."""

from pathlib import Path

import pytest
from playwright.sync_api import Page
from pypdf import PdfWriter

from tests.browser.conftest import Papers
from tests.browser.site import Site
from tests.house import House

pytestmark = pytest.mark.slow  # a browser and a service start first


def check(page: Page, site: Site, file: Path) -> str:
    page.goto(f"{site.origin}/check")
    page.set_input_files("#file", file)
    page.click("#file-form button")
    page.wait_for_selector("section.verdict")
    return page.inner_text("#verdict")


def write(folder: Path, content: bytes) -> Path:
    file = folder / "licence.pdf"
    file.write_bytes(content)
    return file


def test_a_genuine_file_is_known_by_its_digest_and_never_sent(
    page: Page, site: Site, papers: Papers, tmp_path: Path
) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    assert check(page, site, write(tmp_path, papers.pdf)) == "真实有效"
    assert sent == []


def test_a_file_with_something_added_is_told_from_its_original(
    page: Page, site: Site, papers: Papers, tmp_path: Path
) -> None:
    assert check(page, site, write(tmp_path, papers.pdf + b"\n%more\n")) == "被改动过"


def test_an_altered_file_is_refused(page: Page, site: Site, papers: Papers, tmp_path: Path) -> None:
    altered = bytearray(papers.pdf)
    altered[len(altered) // 2] ^= 1
    assert check(page, site, write(tmp_path, bytes(altered))) == "未通过核验"
    assert page.locator("dl.facts").count() == 0


def test_a_foreign_file_is_refused(page: Page, site: Site, tmp_path: Path) -> None:
    foreign = PdfWriter()
    foreign.add_blank_page(595, 842)
    file = tmp_path / "foreign.pdf"
    foreign.write(file)
    assert check(page, site, file) == "未通过核验"


def test_a_file_signed_with_our_keys_and_never_registered_is_refused(page: Page, site: Site, tmp_path: Path) -> None:
    with House(tmp_path / "other", keys=site.house.settings.keys, origin=site.origin, seed=99) as thief:
        stolen = thief.issue().documents[1].pdf
    assert check(page, site, write(tmp_path, stolen)) == "未通过核验"
    assert "从未签发" in page.inner_text("main")
