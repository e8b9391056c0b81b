"""Draw the public pages in their main states with Debian's Chromium (`make pictures`), mostly as a phone shows them.

The licences are samples, issued in a workspace that is thrown away; host and sid are those of that run.
"""

import io
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from certgen.life import Change
from tests.browser.site import CHROMIUM, QUIET, Site, around_code, code_in, write_y4m
from tests.house import sample_2015

HERE = Path(__file__).parent / "pictures"
LARGEST = 120_000
COLOURS = 64
PHONE, DESK = {"width": 360, "height": 720}, {"width": 1180, "height": 800}


def main() -> None:
    """Draw all of them."""
    with TemporaryDirectory(prefix="certgen-pictures-") as folder, sync_playwright() as driver:
        site = Site(Path(folder))
        site.start()
        valid = site.house.issue().documents[1]
        texts = {
            "valid": code_in(valid.pdf),
            "expired": code_in(site.house.issue(sample_2015()).documents[1].pdf),
            "other": code_in(site.house.issue().documents[1].pdf),
        }
        suspended = site.house.issue().documents[1]
        change = Change("suspend", actor="inspector", reason="sample", basis="sample")
        site.house.register.change(suspended.sid, change, site.house.clock())
        texts["suspended"] = code_in(suspended.pdf)
        site.house.publish()
        film = Path(folder) / "code.y4m"
        write_y4m(film, [around_code(valid.pdf)])
        camera = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}")
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *camera])
        try:
            for name, take in shots(site, texts).items():
                save(name, take(browser))
        finally:
            browser.close()
            site.close()


def shots(site: Site, texts: Mapping[str, str]) -> Mapping[str, Callable[[Browser], bytes]]:
    """Name each picture and what is done for it."""
    swapped = texts["other"].partition("#")[0] + "#" + texts["valid"].partition("#")[2]

    def opened(text: str, locale: str = "zh-CN", **more: object) -> Callable[[Browser], bytes]:
        def take(browser: Browser) -> bytes:
            with phone(browser, site, locale=locale, **more) as context:
                return shot(context, text)

        return take

    def scan(browser: Browser) -> bytes:
        with phone(browser, site) as context:
            page = ready(context, site)
            return page.screenshot()

    def foreign(browser: Browser) -> bytes:
        with phone(browser, site) as context:
            page = ready(context, site)
            page.fill("#text", "https://licence-xianning.example.evil/7K3MQ2ZD9XWA#15237")
            page.click("#paste button")
            page.wait_for_selector("body.answered #told")
            return page.screenshot()

    def offline(browser: Browser) -> bytes:
        with phone(browser, site) as context:
            ready(context, site)
            site.stop()
            try:
                return shot(context, texts["valid"])
            finally:
                site.start()

    return {
        "page-genuine": opened(texts["valid"]),
        "page-suspended": opened(texts["suspended"]),
        "page-expired": opened(texts["expired"]),
        "page-forged": opened(swapped),
        "page-by-sid": opened(texts["valid"].partition("#")[0]),
        "page-offline": offline,
        "page-scan": scan,
        "page-foreign": foreign,
        "page-english-dark": opened(texts["valid"], "en-GB", color_scheme="dark"),
        "page-desktop": opened(texts["valid"], viewport=DESK),
    }


@contextmanager
def phone(browser: Browser, site: Site, **more: object) -> Iterator[BrowserContext]:
    """Open a telephone whose clock is the house's."""
    options: dict[str, object] = {"viewport": PHONE, "locale": "zh-CN", "permissions": ["camera"]}
    context = browser.new_context(**(options | more))  # type: ignore[arg-type]
    context.clock.set_fixed_time(site.house.clock())
    yield context
    context.close()


def shot(context: BrowserContext, text: str) -> bytes:
    """Open a code and wait until its script has spoken."""
    page = context.new_page()
    page.goto(text)
    page.wait_for_selector("#told .ages, #told.bad, #unchecked")
    page.wait_for_timeout(300)
    return page.screenshot()


def ready(context: BrowserContext, site: Site) -> Page:
    """Visit the inspector's page until it can do without a network."""
    page = context.new_page()
    page.goto(f"{site.origin}/scan")
    page.wait_for_selector("#offline[data-ready]")
    return page


def save(name: str, data: bytes) -> None:
    """Keep a picture small: few colours do for text. Raises ValueError for one that stays large."""
    with Image.open(io.BytesIO(data)) as picture:
        out = io.BytesIO()
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    if len(out.getvalue()) > LARGEST:
        raise ValueError(f"{name} has {len(out.getvalue())} bytes")
    (HERE / f"{name}.png").write_bytes(out.getvalue())


if __name__ == "__main__":
    main()
