"""The page of a trace of 100,000 calls, made by the command, stays a page to work with."""

import json
import subprocess
import time
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
    sequence = 0
    for exchange in range(EXCHANGES):
        start = 1_000 * exchange
        data = f"request {exchange}"
        for pid, name, begin, end in (
            (2, "sendto", 0, 50),
            (1, "recvfrom", -300, 80),
            (1, "sendto", 100, 150),
            (2, "recvfrom", 60, 200),
        ):
            call = {
                "event": "call",
                "capsock": 1,
                "pid": pid,
                "tid": pid,
                "seq": sequence,
                "call": name,
                "fd": 3,
            }
            times = {"begin": start + begin + 1_000, "end": start + end + 1_000}
            waited = {
                "blocked": end - begin if name == "recvfrom" else 0,
                "transport": "udp",
                "outcome": "ok",
            }
            own, other = (SERVER, CLIENT) if pid == 1 else (CLIENT, SERVER)
            moved = {"local": own, "peer": other, "bytes": len(data), "room": 2048, "data": data}
            yield json.dumps({**call, **times, **waited, **moved})
            sequence += 1


@pytest.fixture(scope="module")
def long_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    trace, page = folder / "long.jsonl", folder / "long.html"
    trace.write_text("\n".join(lines()) + "\n", encoding="utf-8")
    subprocess.run([CAPSOCK, "trace", trace, "-o", page], check=True, timeout=20)
    return page


def test_a_long_trace_is_folded_and_says_so(page: Open, long_page: Path) -> None:
    assert long_page.stat().st_size < 3_000_000
    begin = time.monotonic()
    browser = page(long_page)
    text = browser.find_element(By.TAG_NAME, "main").text
    assert "The first 400 of 100,000 calls are drawn." in text
    assert "The table has the first 2,000 of 100,000 calls; the counts below are of all." in text
    counted = browser.find_elements(By.CSS_SELECTOR, "#calls h3 + .scroll tbody tr")
    assert counted[0].text.startswith("UDPServer recvfrom 25,000 0 ")
    press(browser, "j", Keys.END)
    assert at(browser) == "c400"
    assert "recvfrom" in card(browser)
    press(browser, "/", *"request 299", Keys.ENTER, "j")
    assert len(shown_rows(browser)) == 4
    assert "request 299" not in card(browser)  # it is in the table, not in the figure
    # Loading, seven keys and a filter of each row as it is typed: a page that hangs takes far longer.
    assert time.monotonic() - begin < 15
