"""The page of `capsock step`: buttons that let the calls of programs go."""

import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_selenium_python import Axe  # type: ignore[import-untyped]
from conftest import media
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

CAPSOCK = Path(__file__).parents[3] / "target" / "release" / "capsock"


class Stepped:
    """A server and a client that are stepped, and the browser that shows them."""

    def __init__(self, browser: webdriver.Chrome, process: subprocess.Popen[str]) -> None:
        self.browser = browser
        self.process = process

    def until_said(self, text: str) -> None:
        said = "document.getElementById('said').textContent"
        WebDriverWait(self.browser, 30).until(
            lambda browser: text in browser.execute_script(f"return {said}"), text
        )

    def press(self, name: str) -> None:
        button = self.browser.find_element(By.XPATH, f"//section[@id='step']//button[.='{name}']")
        button.send_keys(Keys.ENTER)

    def is_disabled(self, name: str) -> bool:
        button = self.browser.find_element(By.XPATH, f"//section[@id='step']//button[.='{name}']")
        return button.get_attribute("aria-disabled") == "true"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def stepped(chromium: webdriver.Chrome) -> Iterator[Callable[[], Stepped]]:
    started: list[subprocess.Popen[str]] = []
    chromium.get_log("browser")  # type: ignore[no-untyped-call]

    def start() -> Stepped:
        port = free_port()
        server = f"{CAPSOCK} serve udp --host 127.0.0.1 --port {port} --concurrency iterative --workers 1"
        client = f"{CAPSOCK} client udp 127.0.0.1 {port} --timeout inf"
        process = subprocess.Popen(
            [str(CAPSOCK), "step", "--page", "--patience", "60", server, "--", client],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        assert process.stderr
        address = next(word for word in process.stderr.readline().split() if word.startswith("http"))
        chromium.get(address.rstrip(";"))
        return Stepped(chromium, process)

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def test_the_buttons_let_calls_go(stepped: Callable[[], Stepped]) -> None:
    page = stepped()
    page.until_said("capsock is about to make a socket (UDP)")
    page.press("Next")
    page.until_said("capsock is about to bind 127.0.0.1")
    page.press("Next of capsock")
    page.until_said("capsock 2 is about to make a socket")
    page.press("Next of capsock thread 2")
    page.until_said("capsock thread 2 waits in recvfrom for a datagram")
    assert page.is_disabled("Next of capsock thread 2")
    assert not page.is_disabled("Next of capsock 2")
    # What has the focus keeps it, and has no effect.
    active = page.browser.switch_to.active_element
    assert active.text == "Next of capsock thread 2"
    page.press("Until the next message")
    page.until_said("capsock thread 2 is about to sendto")
    # The page's policy has refused nothing.
    assert page.browser.get_log("browser") == []  # type: ignore[no-untyped-call]
    assert "hello" in page.browser.find_element(By.ID, "interaction-section").text
    page.press("To the end")
    page.until_said("The programs are not stepped any more")
    out, _ = page.process.communicate(timeout=60)
    assert "HELLO" in out


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(stepped: Callable[[], Stepped], scheme: str) -> None:
    page = stepped()
    media(page.browser, scheme=scheme)
    page.until_said("is about to")
    axe = Axe(page.browser)
    axe.inject()
    violations = axe.run()["violations"]
    assert violations == [], axe.report(violations)
