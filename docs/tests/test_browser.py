"""A page of each kind in Chromium, opened as a file."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator

import pytest
from axe_selenium_python import Axe  # type: ignore[import-untyped]
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

from test_site import SITE

PAGES = [
    "index.html",
    "students.html",
    "sheet.html",
    "python.html",
    "reference.html",
    "threats.html",
    "lessons/idle_client.html",
    "api/python.html",
    "api/c.html",
    "search.html",
    "genindex.html",
]


@pytest.fixture(scope="module")
def browser(site: None) -> Iterator[webdriver.Chrome]:
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for argument in "headless=new", "window-size=1400,900", "disable-gpu", "disable-dev-shm-usage":
        options.add_argument(f"--{argument}")
    if os.getuid() == 0:
        options.add_argument("--no-sandbox")  # which Chromium refuses to set up for root
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    driver = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
    driver.set_page_load_timeout(60)
    driver.set_script_timeout(120)
    yield driver
    driver.quit()


def shown(browser: webdriver.Chrome, name: str, scheme: str = "light") -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(f"{SITE.as_uri()}/{name}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(browser: webdriver.Chrome, name: str, scheme: str) -> None:
    shown(browser, name, scheme)
    axe = Axe(browser)
    axe.inject()
    violations = axe.run()["violations"]
    assert violations == [], axe.report(violations)


def test_dark_is_dark(browser: webdriver.Chrome) -> None:
    def colour(scheme: str) -> str:
        shown(browser, "index.html", scheme)
        return str(browser.execute_script("return getComputedStyle(document.body).backgroundColor"))

    assert colour("light") == "rgb(255, 255, 255)"
    assert colour("dark") == "rgb(19, 20, 22)"


def test_the_search_finds_without_a_server(browser: webdriver.Chrome) -> None:
    shown(browser, "search.html?q=max_amplification")
    # The results are shown one after another.
    found = (
        "return [...document.querySelectorAll('ul.search a')].some((a) => a.href.includes('/reference.html'))"
    )
    WebDriverWait(browser, 30).until(lambda driver: driver.execute_script(found))


def test_no_page_asks_another_machine(browser: webdriver.Chrome) -> None:
    browser.get_log("performance")  # type: ignore[no-untyped-call]
    for name in [*PAGES, "rust/capsock/index.html", "java/io.capsock/module-summary.html"]:
        shown(browser, name)
    asked = []
    for entry in browser.get_log("performance"):  # type: ignore[no-untyped-call]
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.append(message["params"]["request"]["url"])
    assert len(asked) > len(PAGES)
    assert [url for url in asked if not url.startswith(("file://", "data:"))] == []


# Width and height in inches, and the margin that the browser leaves on each side.
PAPERS = {"A4": (210 / 25.4, 297 / 25.4), "Letter": (8.5, 11.0)}
MARGIN = 0.4


def printed(browser: webdriver.Chrome, name: str, paper: str) -> int:
    """The number of sheets that a page of the site is printed on."""
    shown(browser, name)
    width, height = PAPERS[paper]
    margins = {f"margin{side}": MARGIN for side in ("Top", "Bottom", "Left", "Right")}
    answer = browser.execute_cdp_cmd(
        "Page.printToPDF", {"paperWidth": width, "paperHeight": height, **margins}
    )
    return len(re.findall(rb"/Type\s*/Page\b", base64.b64decode(answer["data"])))


@pytest.mark.parametrize("paper", PAPERS)
def test_the_sheet_is_printed_on_one_page(browser: webdriver.Chrome, paper: str) -> None:
    assert printed(browser, "students.html", paper) > 1  # It counts.
    assert printed(browser, "sheet.html", paper) == 1


@pytest.mark.parametrize("paper", PAPERS)
def test_nothing_of_the_printed_sheet_is_cut_off(browser: webdriver.Chrome, paper: str) -> None:
    shown(browser, "sheet.html")
    width = int((PAPERS[paper][0] - 2 * MARGIN) * 96)
    size = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    try:
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        ends = "(each) => each.getBoundingClientRect().right"
        rights = browser.execute_script(f"return [...document.querySelectorAll('article *')].map({ends})")
        assert len(rights) > 100
        assert max(rights) <= width
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
