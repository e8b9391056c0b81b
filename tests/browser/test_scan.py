"""The inspector's page in Debian's Chromium: camera, picture, text, foreign hosts, and airplane mode."""

from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import Papers
from tests.browser.site import Site, picture_of

pytestmark = pytest.mark.slow  # a browser and a service start first


def open_scan(page: Page, site: Site) -> None:
    page.goto(f"{site.origin}/scan")
    page.wait_for_selector("#offline[data-ready]")


def paste(page: Page, text: str) -> str:
    page.fill("#text", text)
    page.click("#paste button")
    page.wait_for_selector("body.answered #told")
    return page.inner_text("#verdict")


def test_the_camera_reads_a_licence_and_the_page_stays_where_it_is(page: Page, papers: Papers, site: Site) -> None:
    open_scan(page, site)
    page.click("#camera")
    page.wait_for_selector("body.answered #told", timeout=20_000)
    assert page.inner_text("#verdict") == "真实，目前有效"
    assert page.url == f"{site.origin}/scan"
    assert page.evaluate("document.getElementById('video').srcObject") is None, "the camera was left on"


def test_a_picture_of_a_whole_page_is_read(page: Page, papers: Papers, site: Site, tmp_path: Path) -> None:
    picture = tmp_path / "page.jpg"
    Image.fromarray(picture_of(papers.pdf, 130)).save(picture, quality=80)
    open_scan(page, site)
    page.set_input_files("#picture", picture)
    page.wait_for_selector("body.answered #told", timeout=20_000)
    assert page.inner_text("#verdict") == "真实，目前有效"


@pytest.mark.parametrize(
    ("spoil", "host"),
    [
        (lambda text: text.replace("127.0.0.1", "127.0.0.2"), "127.0.0.2:{port}"),
        (lambda text: text.replace("127.0.0.1", "127.0.0.1.evil.example"), "127.0.0.1.evil.example:{port}"),
        (lambda text: text.replace("127.0.0.1", "127.0.0.1@evil.example"), "evil.example:{port}"),
        (lambda text: "https://аpple.example/", "xn--pple-43d.example"),  # а of another script
        (lambda text: "http://www.gsxt.gov.cn/index.html?uniscid=91421200MA4F5X1C2D", "www.gsxt.gov.cn"),
    ],
    ids=["one character", "ours in front of theirs", "ours before an @", "a letter of another script", "another code"],
)
def test_a_host_that_is_not_ours_is_refused_loudly(page: Page, papers: Papers, site: Site, spoil, host: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_scan(page, site)
    assert paste(page, spoil(papers.valid)) == "不是我们的网址"
    assert page.inner_text(".foreign") == host.format(port=site.port)
    assert "仿冒" in page.inner_text("#told")
    assert page.get_attribute("#told", "class") == "verdict bad"
    assert all(url.startswith(site.origin + "/") for url in asked)


def test_what_is_no_address_is_no_code_of_ours(page: Page, site: Site) -> None:
    open_scan(page, site)
    assert paste(page, "6901234567892") == "不是我们的二维码"


def test_a_genuine_text_is_found_genuine_and_a_changed_one_is_not(page: Page, papers: Papers, site: Site) -> None:
    open_scan(page, site)
    assert paste(page, papers.valid) == "真实，目前有效"
    page.reload()
    assert paste(page, papers.valid[:-1] + str((int(papers.valid[-1]) + 1) % 10)) == "签名不对"


def test_after_one_visit_it_works_without_a_network_and_keeps_no_sid(
    context: BrowserContext, papers: Papers, site: Site
) -> None:
    page = context.new_page()
    open_scan(page, site)
    assert paste(page, papers.valid) == "真实，目前有效"
    page.goto(papers.other)
    page.wait_for_selector("#told .ages")
    site.stop()
    try:
        open_scan(page, site)
        assert "1 份状态清单" in page.inner_text("#offline")
        assert paste(page, papers.valid) == "真实，清单上有效"
        assert "状态清单（刚刚）" in page.inner_text("#told .ages")
        assert page.get_attribute("#told", "class") == "verdict wait"
        page.reload()
        assert paste(page, papers.suspended) == "真实，但暂扣"
        assert "暂扣，截至今天 10:00，查自状态清单" in page.inner_text("#told .ages")
        page.goto("about:blank")
        page.goto(papers.other)
        page.wait_for_selector("#told .ages")
        page.goto("about:blank")
        page.goto(papers.other.partition("#")[0] + "#" + papers.valid.partition("#")[2])
        page.wait_for_selector("#told.bad")
        assert page.inner_text("#verdict") == "签名不对"
        page.goto("about:blank")
        page.goto(papers.valid.partition("#")[0])
        page.wait_for_selector("#told.wait")
        assert page.inner_text("#verdict") == "没有联网，无法查验"
        kept = page.evaluate(
            "caches.keys().then((names) => Promise.all(names.map(async (name) =>"
            " (await (await caches.open(name)).keys()).map((request) => request.url)))).then((all) => all.flat())"
        )
    finally:
        site.start()
    sids = [text.split("/")[3][:12] for text in (papers.valid, papers.other)]
    assert len(kept) > 10
    assert not [url for url in kept for sid in sids if sid in url]


def test_without_a_network_what_is_old_is_said_to_be_old(context: BrowserContext, papers: Papers, site: Site) -> None:
    page = context.new_page()
    open_scan(page, site)
    site.stop()
    try:
        for hours, verdict, age in ((5, "真实，清单上有效", "5 小时前"), (60, "签名真实，状态过时", "2 天前")):
            context.clock.set_fixed_time(site.house.clock() + timedelta(hours=hours))
            open_scan(page, site)
            assert paste(page, papers.valid) == verdict
            assert age in page.inner_text("#told .ages")
            assert page.get_attribute("#told", "class") == "verdict wait"
        context.clock.set_fixed_time(site.house.clock() - timedelta(days=2))
        open_scan(page, site)
        assert paste(page, papers.valid) == "请校准手机时间"
    finally:
        site.start()


def test_a_browser_without_a_worker_or_a_camera_says_so(page: Page, site: Site) -> None:
    page.add_init_script(
        "delete Navigator.prototype.serviceWorker; Object.defineProperty(navigator, 'mediaDevices', {value: undefined})"
    )
    page.goto(f"{site.origin}/scan")
    page.wait_for_function("document.getElementById('offline').textContent.includes('不能离线')")
    assert "不让网页用相机" in page.inner_text("#progress")
    assert page.locator("#camera").is_disabled()
