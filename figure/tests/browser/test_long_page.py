"""The page of a trace of 100,000 calls, made by the command, stays a page to work with."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Open
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from test_page import at, card, press, shown_rows

CAPSOCK = Path(__file__).parents[3] / "target" / "release" / "capsock"
EXCHANGES = 25_000
SERVER, CLIENT = "127.0.0.1:12000", "127.0.0.1:40001"


def lines() -> Iterator[str]:
    """A client that asks a server again and again over UDP."""
    for pid, program in ((1, "UDPServer"), (2, "UDPClient")):
        process = {"event": "process", "capsock": 1, "pid": pid, "program": program}
        yield json.dumps({**process, "language": "c", "at": 0, "wall": 0})
    calls = [
        # process, call, its beginning and end in the exchange, its wait (nanoseconds), this end, the other
        (2, "sendto", 0, 50, 0, CLIENT, SERVER),
        (1, "recvfrom", -300, 80, 380, SERVER, CLIENT),
        (1, "sendto", 100, 150, 0, SERVER, CLIENT),
        (2, "recvfrom", 60, 200, 140, CLIENT, SERVER),
    ]
    for exchange in range(EXCHANGES):
        start = 1_000 * (exchange + 1)
        data = f"request {exchange}"
        for place, (pid, name, begin, end, blocked, own, other) in enumerate(calls):
            room = 2048 if name == "recvfrom" else len(data)
            yield (
                f'{{"event":"call","capsock":1,"pid":{pid},"tid":{pid},"seq":{4 * exchange + place},"fd":3,'
                f'"begin":{start + begin},"end":{start + end},"blocked":{blocked},"call":"{name}",'
                f'"transport":"udp","local":"{own}","peer":"{other}","bytes":{len(data)},"room":{room},'
                f'"data":"{data}","outcome":"ok"}}'
            )


@pytest.fixture(scope="module")
def long_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    trace, page = folder / "long.jsonl", folder / "long.html"
    trace.write_text("\n".join(lines()) + "\n", encoding="utf-8")
    subprocess.run([CAPSOCK, "trace", trace, "-o", page], check=True, timeout=20)
    return page


@pytest.mark.timeout(60)
def test_a_long_trace_is_folded_and_says_so(page: Open, long_page: Path) -> None:
    assert long_page.stat().st_size < 3_000_000
    browser = page(long_page)
    text = browser.execute_script("return document.querySelector('main').textContent")
    assert "24,999 more rounds of the 6 rows above, 99,996 calls" in text
    assert "The table has 2,000 of 100,000 calls; the counts below are of all." in text
    counted = browser.find_elements(By.CSS_SELECTOR, "#calls h3 + .scroll tbody tr")
    assert counted[0].text.startswith("UDPServer recvfrom 25,000 0 ")
    press(browser, "j", Keys.END)
    assert at(browser) == "c4"
    assert "request 0" in card(browser)
    press(browser, "/", *'299"', Keys.ENTER, "j")
    assert len(shown_rows(browser)) == 4
    assert "request 299" not in card(browser)  # it is in the table, not in the figure
