"""The page behind a code in Debian's Chromium: what the fragment proves, and what is said without one."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from tests.browser.conftest import Papers
from tests.browser.site import Site, code_in, heading
from tests.house import House

pytestmark = pytest.mark.slow  # a browser and a service start first

MOST_BYTES = 60_000  # of the result page in all, compressed


def open_code(page: Page, text: str) -> str:
    """Open what a code says, as a camera app does, and give the verdict."""
    page.goto(text)
    page.wait_for_selector("#told .ages, #told.bad, #told.wait, #unchecked")
    page.wait_for_function("document.readyState === 'complete'")
    return heading(page)


def test_a_genuine_code_says_what_was_found_and_how_old_it_is(page: Page, papers: Papers) -> None:
    assert open_code(page, papers.valid) == "真实，目前有效"
    ages = page.inner_text("#told .ages")
    for words in ("签名真实", "发证机关已知", "信任清单：24 小时前", "截至今天 10:00", "登记簿"):
        assert words in ages
    assert page.get_attribute("#told", "class") == "verdict good"
    labels = page.locator("#compare dt").all_inner_texts()
    assert [labels[0], *labels[-4:]] == ["编号", "发证机关", "签发日期", "有效期至", "证照标识"]
    assert page.locator(".specimen").count() == 1


def test_an_expired_licence_is_genuine_and_no_longer_in_force(page: Page, papers: Papers) -> None:
    assert open_code(page, papers.expired) == "真实，但已过有效期"
    assert "bad" in (page.get_attribute("#told", "class") or "")
    assert page.locator("#compare").count() == 1


def test_a_suspended_licence_is_genuine_and_permits_nothing_for_now(page: Page, papers: Papers) -> None:
    assert open_code(page, papers.suspended) == "真实，但暂扣"
    assert page.get_attribute("#told", "class") == "verdict wait"
    assert "不得凭它经营" in page.inner_text("#told")
    assert "暂扣，截至今天 10:00，查自登记簿" in page.inner_text("#told .ages")


def test_a_superseded_licence_sends_one_to_the_new_one(page: Page, papers: Papers) -> None:
    assert open_code(page, papers.superseded) == "真实，但已被新证替代"
    assert page.get_attribute("#told", "class") == "verdict bad"
    assert "新证" in page.inner_text("#told")


def test_the_fragment_of_one_licence_on_the_sid_of_another_is_refused(page: Page, papers: Papers) -> None:
    swapped = papers.other.partition("#")[0] + "#" + papers.valid.partition("#")[2]
    assert open_code(page, swapped) == "签名不对"
    assert "bad" in (page.get_attribute("#told", "class") or "")
    assert page.locator("#compare").count() == 0, "the facts of a genuine licence vouch for a forged paper"


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda text: text[:-4], "二维码读不通"),
        (lambda text: text[:-1] + str((int(text[-1]) + 1) % 10), "签名不对"),
        (lambda text: text.replace("#", "#0"), "二维码读不通"),
    ],
    ids=["cut", "one digit changed", "a zero in front"],
)
def test_a_changed_fragment_is_refused(page: Page, papers: Papers, change, verdict: str) -> None:
    assert open_code(page, change(papers.valid)) == verdict


def test_a_changed_host_is_refused(page: Page, papers: Papers, site: Site) -> None:
    """The same service under another name, as a proxy in between would show it: host and signature do not fit."""
    assert open_code(page, papers.valid.replace("127.0.0.1", "localhost")) == "不是我们的网址"
    assert page.inner_text(".foreign") == f"localhost:{site.port}"


def test_without_a_fragment_the_register_answers_and_the_page_says_what_is_missing(page: Page, papers: Papers) -> None:
    assert open_code(page, papers.valid.partition("#")[0]) == "有效"
    page.wait_for_function("document.getElementById('unchecked').textContent.includes('#')")
    assert "签名没有核对" in page.inner_text("#unchecked")


def test_without_javascript_the_register_answers(browser: Browser, papers: Papers) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(papers.valid)
    assert page.inner_text("#verdict") == "有效"
    assert "没有核对二维码里的签名" in page.inner_text("main")
    page.goto(papers.valid.partition("/")[0] + "//" + papers.valid.split("/")[2] + "/scan")
    assert not page.locator("#camera").is_visible()
    assert page.locator("#paste button").is_visible()
    context.close()


def test_without_a_secure_context_the_page_says_that_it_could_not_check(page: Page, papers: Papers) -> None:
    page.add_init_script("Object.defineProperty(globalThis, 'isSecureContext', {value: false})")
    page.goto(papers.valid)
    page.wait_for_function("document.getElementById('unchecked').textContent.includes('https')")
    assert page.inner_text("#verdict") == "有效"


def test_a_browser_without_webcrypto_says_so(page: Page, papers: Papers) -> None:
    page.add_init_script("Object.defineProperty(crypto, 'subtle', {value: undefined})")
    page.goto(papers.valid)
    page.wait_for_function("document.getElementById('unchecked').textContent.includes('浏览器不会')")


def test_a_list_of_another_root_proves_nothing(page: Page, papers: Papers) -> None:
    page.route("**/trust.cose", lambda route: route.fulfill(body=b"\x84\x41\x00\xa0\x40\x40"))
    assert open_code(page, papers.valid) == "签名没有核对"
    assert page.get_attribute("#told", "class") == "verdict wait"


def test_a_sid_nobody_gave_out_stays_unknown_with_a_fragment_too(page: Page, papers: Papers, site: Site) -> None:
    page.goto(f"{site.origin}/ZZZZZZZZZZZZ#" + papers.valid.partition("#")[2])
    page.wait_for_selector("#told")
    assert heading(page) == "签名不对"


def test_a_code_signed_with_our_keys_and_never_registered_is_refused(page: Page, site: Site, tmp_path: Path) -> None:
    with House(tmp_path / "other", keys=site.house.settings.keys, origin=site.origin, seed=99) as thief:
        text = code_in(thief.issue().documents[1].pdf)
    assert open_code(page, text) == "登记簿里没有"
    assert page.get_attribute("#told", "class") == "verdict bad"
    assert page.locator("#compare").count() == 0


def test_the_other_language_keeps_the_fragment(page: Page, papers: Papers) -> None:
    open_code(page, papers.valid)
    page.click("a.lang")
    page.wait_for_selector("#told .ages")
    assert heading(page) == "Genuine and in force"


def test_nothing_runs_off_the_page_at_360_pixels(page: Page, papers: Papers, site: Site) -> None:
    for address in (papers.valid, papers.other, f"{site.origin}/scan", f"{site.origin}/scan?lang=en"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, address


CONTRAST = """() => {
  const rgb = (text) => text.match(/[0-9.]+/g).map(Number);
  const light = (part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const ground = (element) => {
    for (; element; element = element.parentElement) {
      const found = rgb(getComputedStyle(element).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("main *, header *, footer *")]
    .filter((one) => one.checkVisibility())
    .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .map((one) => {
      const [a, b] = [luminance(rgb(getComputedStyle(one).color)), luminance(ground(one))].sort((x, y) => y - x);
      return [(a + 0.05) / (b + 0.05), one.tagName + " " + one.textContent.slice(0, 20)];
    });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_seven_to_one(page: Page, papers: Papers, site: Site, scheme: str) -> None:
    """WCAG 2.2, 1.4.6: readable in sunlight and by a person of seventy."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    forged = papers.valid[:-1] + str((int(papers.valid[-1]) + 1) % 10)
    for address in (papers.valid, papers.suspended, papers.expired, forged, f"{site.origin}/scan", site.origin):
        page.goto("about:blank")
        page.goto(address)
        page.wait_for_load_state("networkidle")
        found = page.evaluate(CONTRAST)
        assert len(found) > 8
        assert not [(round(ratio, 1), where) for ratio, where in found if ratio < 7], address


def test_the_first_result_page_weighs_little_asks_nobody_else_and_leaves_no_trace(
    context: BrowserContext, papers: Papers, site: Site
) -> None:
    page = context.new_page()
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    open_code(page, papers.valid)
    page.wait_for_load_state("networkidle")
    weight = sum(sizes["responseBodySize"] + sizes["responseHeadersSize"] for sizes in (r.sizes() for r in asked))
    assert 8_000 < weight <= MOST_BYTES
    assert all(request.url.startswith(site.origin) for request in asked)
    assert context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
