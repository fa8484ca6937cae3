"""Debian's Chromium for all tests; after each of them it must have said nothing and asked nobody."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

GOLDEN = Path(__file__).parent.parent / "golden"

Open = Callable[..., webdriver.Chrome]


@pytest.fixture(scope="session")
def chromium() -> Iterator[webdriver.Chrome]:
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    options.add_argument("--headless=new")
    options.add_argument("--window-size=1400,900")
    options.add_argument("--disable-gpu")
    options.add_argument("--disable-dev-shm-usage")
    if os.getuid() == 0:
        options.add_argument("--no-sandbox")  # which Chromium refuses to set up for root
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
    browser.set_script_timeout(20)
    browser.set_page_load_timeout(20)
    yield browser
    browser.quit()


def media(browser: webdriver.Chrome, scheme: str = "light", medium: str = "") -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": medium, "features": features})


@pytest.fixture
def page(chromium: webdriver.Chrome) -> Iterator[Open]:
    """Opens a golden page, or a picture."""

    opened_files = []

    def opened(name: str | Path, scheme: str = "light", script: bool = True) -> webdriver.Chrome:
        chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not script})
        media(chromium, scheme)
        opened_files.append((GOLDEN / name).as_uri())
        chromium.get(opened_files[-1])
        return chromium

    chromium.get("about:blank")
    for kind in ("browser", "performance"):
        chromium.get_log(kind)  # type: ignore[no-untyped-call]
    yield opened
    said = chromium.get_log("browser")  # type: ignore[no-untyped-call]
    assert said == []
    asked = []
    for entry in chromium.get_log("performance"):  # type: ignore[no-untyped-call]
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.append(message["params"]["request"]["url"])
    assert [url for url in asked if url.partition("#")[0] not in opened_files] == []
