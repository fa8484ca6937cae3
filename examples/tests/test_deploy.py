"""The metrics of a server, and what deploy/prometheus makes of them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.openmetrics import parser

import capsock
import places

FOLDER = places.ROOT / "deploy" / "prometheus"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
PROMTOOL = shutil.which("promtool")
LIMIT = 30

needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")

# The bindings have no text of Prometheus 0.0.4, which the command serves.
OPEN_METRICS = "application/openmetrics-text;version=1.0.0"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The URL of the metrics of a server that the command runs."""
    command = [str(places.CAPSOCK), "serve", "tcp", "--host", "127.0.0.1", "--port", "0", "--json"]
    command += ["--metrics", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        with capsock.TcpClient("127.0.0.1", ready["port"]) as client:
            assert client.request("hello") == "HELLO"
        yield f"http://{ready['metrics'][0]}/metrics"
        server.terminate()
        server.communicate(timeout=LIMIT)


def read(endpoint: str, accept: str = "*/*") -> tuple[str, str]:
    """The media type and the text."""
    request = urllib.request.Request(endpoint, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=LIMIT) as response:
        return response.headers["Content-Type"], response.read().decode()


def of_a_handler() -> str:
    """The text of a server with a handler that is timed."""
    options: dict[str, Any] = {"host": "127.0.0.1", "port": 0, "handler_latency": True}
    with capsock.Server("udp", handler=lambda request: request, **options) as server:
        with capsock.UdpClient("127.0.0.1", server.port) as client:
            assert client.request("hello") == "hello"
        return server.open_metrics()


def parsed(text: str) -> dict[str, Any]:
    """The families of a text of OpenMetrics by their names, as a reader that is not ours has them."""
    parse: Any = parser.text_string_to_metric_families
    return {family.name: family for family in parse(text)}


def samples(text: str) -> set[str]:
    """The names of all samples."""
    return {sample.name for family in parsed(text).values() for sample in family.samples}


def test_another_reader_takes_the_text(endpoint: str) -> None:
    kind, text = read(endpoint, OPEN_METRICS)
    assert kind == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    families = parsed(text)
    (requests,) = families["capsock_requests"].samples
    assert (requests.name, requests.value) == ("capsock_requests_total", 1)
    assert requests.labels == {"transport": "tcp", "concurrency": "events"}
    received = families["capsock_received_bytes"]
    assert (received.type, received.unit, received.samples[0].value) == ("counter", "bytes", len("hello\n"))

    histogram = parsed(of_a_handler())["capsock_handler_duration_seconds"]
    assert (histogram.type, histogram.unit) == ("histogram", "seconds")
    assert [one.value for one in histogram.samples if one.name.endswith("_count")] == [1]


@needs_promtool
def test_promtool_takes_the_text_of_prometheus(endpoint: str) -> None:
    kind, text = read(endpoint)
    assert kind == "text/plain; version=0.0.4; charset=utf-8"
    run = subprocess.run(
        [str(PROMTOOL), "check", "metrics"], input=text, capture_output=True, text=True, timeout=LIMIT
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def expressions() -> list[str]:
    """The queries of the dashboard and of the alert rules."""
    alerts = (FOLDER / "alerts.yml").read_text(encoding="utf-8")
    rules = re.findall(r"^ +expr: (?:\|\n((?:^ {10}.*\n)+)|(.+)\n)", alerts, re.MULTILINE)
    assert len(rules) == len(re.findall(r"- alert: ", alerts)) > 5
    queries = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    variables = [one["query"]["query"] for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]
    return [block or line for block, line in rules] + queries + variables


def test_each_metric_that_they_name_is_exported(endpoint: str) -> None:
    exported = samples(read(endpoint, OPEN_METRICS)[1]) | samples(of_a_handler())
    named = {name for text in expressions() for name in re.findall(r"\bcapsock_\w+", text)}
    assert len(named) > 20
    assert named <= exported, named - exported


def test_the_panels_of_the_dashboard_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        assert panel["title"]
        assert panel["description"]
    identities = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(identities)) == len(identities)


@needs_promtool
@pytest.mark.parametrize(
    "words",
    ["check rules alerts.yml", "test rules alerts.test.yml", "check config scrape.yml"],
)
def test_promtool_takes_the_rules(words: str) -> None:
    command = [str(PROMTOOL), *words.split()]
    run = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=LIMIT)
    assert run.returncode == 0, run.stdout + run.stderr
