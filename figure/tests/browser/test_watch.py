"""The page of `capsock watch`: a picture that grows below its reader."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_selenium_python import Axe  # type: ignore[import-untyped]
from conftest import media
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

CAPSOCK = Path(__file__).parents[3] / "target" / "release" / "capsock"

Line = dict[str, object]


def process(pid: int, program: str) -> Line:
    return {
        "event": "process",
        "capsock": 1,
        "pid": pid,
        "program": program,
        "language": "c",
        "at": 1,
        "wall": 2,
    }


def call(pid: int, number: int, name: str, **more: object) -> Line:
    begin = 1_000_000 * number
    times = {"begin": begin, "end": begin + 1000, "blocked": 0}
    where = {"fd": 3, "transport": "udp", "outcome": "ok"}
    return {
        "event": "call",
        "capsock": 1,
        "pid": pid,
        "tid": pid,
        "seq": number,
        **times,
        "call": name,
        **where,
        **more,
    }


class Watch:
    """A watch of a file, and the browser that shows it."""

    def __init__(
        self, browser: webdriver.Chrome, file: Path, process: subprocess.Popen[str], address: str
    ) -> None:
        self.browser = browser
        self.file = file
        self.process = process
        self.address = address

    def append(self, *lines: Line) -> None:
        with self.file.open("a", encoding="utf-8") as end:
            end.write("".join(json.dumps(line) + "\n" for line in lines))

    def until(self, condition: str) -> None:
        """Waits until an expression of JavaScript is true."""
        WebDriverWait(self.browser, 30).until(
            lambda browser: browser.execute_script(f"return {condition}"), condition
        )

    def until_calls(self, number: int) -> None:
        self.until(f"document.querySelectorAll('a.step').length === {number}")

    def evaluate(self, expression: str) -> object:
        return self.browser.execute_script(f"return {expression}")

    def press(self, *keys: str) -> None:
        for key in keys:
            ActionChains(self.browser).send_keys(key).perform()

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(30) == 130


@pytest.fixture
def watch(chromium: webdriver.Chrome, tmp_path: Path) -> Iterator[Callable[..., Watch]]:
    """Starts a watch and opens its page, which must have said nothing and asked nobody else at the end."""
    started: list[Watch] = []

    def start(*options: str) -> Watch:
        file = tmp_path / "run.jsonl"
        command = [str(CAPSOCK), "watch", str(file), "--json", *options]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert running.stdout is not None
        address = json.loads(running.stdout.readline())["address"]
        started.append(Watch(chromium, file, running, address))
        chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
        media(chromium)
        chromium.get(address)
        return started[-1]

    chromium.get("about:blank")
    for kind in ("browser", "performance"):
        chromium.get_log(kind)  # type: ignore[no-untyped-call]
    yield start
    said = chromium.get_log("browser")  # type: ignore[no-untyped-call]
    asked = []
    for entry in chromium.get_log("performance"):  # type: ignore[no-untyped-call]
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.append(message["params"]["request"]["url"])
    chromium.get("about:blank")
    for one in started:
        one.process.kill()
        one.process.wait()
        if one.process.stdout:
            one.process.stdout.close()
    assert said == []
    assert all(url.startswith(tuple(one.address for one in started)) for url in asked), asked


def test_the_picture_grows_and_a_reload_shows_it_whole(watch: Callable[..., Watch]) -> None:
    page = watch()
    page.until_calls(0)
    page.append(process(1, "client"), call(1, 1, "socket"))
    page.until_calls(1)
    page.append(call(1, 2, "sendto", bytes=5, data="hello", peer="127.0.0.1:9"), call(1, 3, "close"))
    page.until_calls(3)
    page.until("document.getElementById('live').textContent.includes('3 calls')")
    page.browser.refresh()
    page.until_calls(3)
    page.append(process(2, "other"), call(2, 1, "socket"))
    page.until_calls(4)
    page.end()
    page.until("document.getElementById('live').textContent.includes('has ended')")
    assert page.evaluate("document.querySelectorAll('a.step').length") == 4


def test_the_reader_stays_at_the_call_while_others_come(watch: Callable[..., Watch]) -> None:
    page = watch()
    page.append(process(1, "client"), call(1, 5, "socket"), call(1, 6, "bind"), call(1, 7, "close"))
    page.until_calls(3)
    page.press("j", "j")
    assert page.evaluate("document.activeElement.id") == "c2"
    card = page.browser.find_element(By.ID, "card")
    assert "bind" in card.text
    top = page.evaluate("Math.round(document.activeElement.getBoundingClientRect().top)")
    # It has begun before, and comes later: all numbers change.
    page.append(process(2, "early"), call(2, 1, "socket"), call(2, 2, "close"))
    page.until_calls(5)
    assert page.evaluate("document.activeElement.id") == "c4"
    assert card.is_displayed()
    assert "bind" in card.text
    after = page.evaluate("Math.round(document.activeElement.getBoundingClientRect().top)")
    assert isinstance(top, int)
    assert isinstance(after, int)
    assert abs(after - top) <= 1
    page.press("j")
    assert page.evaluate("document.activeElement.id") == "c5"


def test_the_filter_the_size_and_the_focus_stay(watch: Callable[..., Watch]) -> None:
    page = watch("--font-size", "22")
    page.append(process(1, "client"), call(1, 1, "socket"), call(1, 2, "close"))
    page.until_calls(2)
    page.press("+", "/", *"close")
    width = page.evaluate("document.getElementById('interaction').getAttribute('width')")
    page.append(call(1, 3, "socket"), call(1, 4, "close"))
    page.until_calls(4)
    assert page.evaluate("document.activeElement.id") == "filter"
    shown = "[...document.querySelectorAll('#table tbody tr')].filter((row) => !row.hidden).length"
    assert page.evaluate(shown) == 2
    assert page.evaluate("document.getElementById('interaction').getAttribute('width')") == width
    page.browser.execute_script("document.querySelector('[aria-label=\"The table of calls\"]').focus()")
    page.append(call(1, 5, "socket"))
    page.until_calls(5)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "The table of calls"


def test_who_sees_the_end_of_the_figure_goes_on_seeing_it(watch: Callable[..., Watch]) -> None:
    page = watch()
    names = ["socket", "bind", "getsockname", "close"]
    page.append(process(1, "client"), *(call(1, number, names[number % 4]) for number in range(1, 7)))
    page.until_calls(6)
    end = "Math.round(document.getElementById('interaction').getBoundingClientRect().bottom)"
    page.browser.execute_script(f"scrollBy(0, {end} - innerHeight)")
    page.append(process(2, "many"), *(call(2, number, f"call{number}") for number in range(1, 40)))
    page.until_calls(45)
    bottom, height = page.evaluate(end), page.evaluate("innerHeight")
    assert isinstance(bottom, int)
    assert isinstance(height, int)
    assert abs(bottom - height) <= 4


def test_axe_finds_nothing(watch: Callable[..., Watch]) -> None:
    page = watch()
    page.append(process(1, "client"), call(1, 1, "socket"), call(1, 2, "close"))
    page.until_calls(2)
    axe = Axe(page.browser)
    axe.inject()
    found = axe.run()
    assert found["violations"] == [], axe.report(found["violations"])
