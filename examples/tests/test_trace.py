"""What programs of every language record: one file, whose lines are what the schema says."""

from __future__ import annotations

import importlib
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_textbook import EDITIONS, serving

import places
from programs import CONCURRENCIES, HOST, LIMIT, Concurrency, Program, Transport, run

# It comes without types.
VALIDATOR: Any = importlib.import_module("jsonschema").Draft202012Validator

SCHEMA = json.loads((places.ROOT / "docs" / "trace.schema.json").read_text(encoding="utf-8"))

pytestmark = pytest.mark.usefixtures("prefix")

Event = dict[str, Any]


def read(file: Path) -> list[Event]:
    """The events of a trace, each of which the schema allows."""
    allowed = VALIDATOR(SCHEMA)
    events: list[Event] = [json.loads(line) for line in file.read_text(encoding="ascii").splitlines()]
    for event in events:
        wrong = [error.message for error in allowed.iter_errors(event)]
        assert not wrong, f"{wrong} in {event}"
        # Nothing in a line that the schema has no word for.
        assert set(event) <= set(SCHEMA["$defs"][event["event"]]["properties"]), event
    return events


def until(condition: Callable[[], bool]) -> None:
    """Waits for what a server is about to do."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_schema_is_one_and_refuses_what_is_none() -> None:
    VALIDATOR.check_schema(SCHEMA)
    process = {
        "event": "process",
        "capsock": 1,
        "pid": 1,
        "program": "a",
        "language": "c",
        "at": 1,
        "wall": 1,
    }
    call = {
        "event": "call", "capsock": 1, "pid": 1, "tid": 1, "seq": 0, "begin": 1, "end": 2, "blocked": 0,
        "call": "recv", "fd": 3, "transport": "udp", "bytes": 1, "room": 2, "data": "a", "outcome": "ok",
    }  # fmt: skip
    allowed = VALIDATOR(SCHEMA)
    assert allowed.is_valid(process)
    assert allowed.is_valid(call)
    wrong: list[Event] = [
        {**process, "capsock": 2}, {**process, "language": "perl"}, {**process, "program": ""},
        {**call, "call": "read"}, {**call, "data": "\\"}, {**call, "data": "\\xGG"}, {**call, "data": "é"},
        {**call, "data": "a" * 33}, {**call, "data": "\\x00" * 33}, {**call, "outcome": "fine"},
        {**call, "outcome": "ECONNRESET"}, {**call, "argument": 1}, {**call, "peer": "localhost:1"},
        {**call, "call": "close"}, {**call, "accepted": 4}, {**call, "fd": -2}, {**call, "seq": None},
        {key: value for key, value in call.items() if key != "blocked"}, {},
    ]  # fmt: skip
    for event in wrong:
        assert not allowed.is_valid(event), event


# Java's programs take their time to start, and its TCP has tests of its own.
@pytest.mark.parametrize(
    ("edition", "transport"),
    [
        (edition, kind)
        for edition in EDITIONS
        for kind in ("udp", "tcp")
        if (edition, kind) != ("java", "tcp")
    ],
)
def test_the_textbooks_programs(
    edition: str, transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "trace"
    monkeypatch.setenv("CAPSOCK_TRACE", str(file))
    name = transport.upper()
    with serving(edition, f"{name}Server") as port:
        ended = run([*EDITIONS[edition].command(f"{name}Client"), HOST, str(port)], "hello world\n")
        assert (ended.returncode, ended.stderr) == (0, "")
        sends = "sendto" if transport == "udp" else "send"
        # A client may end before its server has recorded what it sent last.
        until(lambda: len({event["pid"] for event in read(file) if event.get("call") == sends}) == 2)
    events = read(file)
    server, client = (event for event in events if event["event"] == "process")
    assert (server["language"], client["language"]) == (edition, edition)
    assert "server" in server["program"].lower()
    assert "client" in client["program"].lower()
    made = Counter(event["call"] for event in events if event["event"] == "call" and event["outcome"] == "ok")
    if transport == "udp":
        assert (made["sendto"], made["recvfrom"]) == (2, 2), made
    else:
        assert (made["listen"], made["accept"], made["connect"]) == (1, 1, 1), made
        sent, received = (
            sum(event.get("bytes", 0) for event in events if event.get("call") == call)
            for call in ("send", "recv")
        )
        assert sent == received > 20


@pytest.mark.parametrize("concurrency", CONCURRENCIES)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_command(transport: Transport, concurrency: Concurrency, tmp_path: Path) -> None:
    file = tmp_path / "trace"
    trace = ["--trace", str(file), "--no-payload"]
    command = [str(places.CAPSOCK), "serve", transport, "--host", HOST, "--port", "0", "--json", *trace]
    with Program([*command, "--concurrency", concurrency, "--workers", "1"]) as server:
        port = json.loads(server.wait_for("\n"))["port"]
        asked = [str(places.CAPSOCK), "client", transport, HOST, str(port), "--trace", str(file), "hello"]
        ended = run(asked)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "HELLO\n", "")
        assert server.interrupt() == 130
    events = read(file)
    processes = {event["pid"]: event for event in events if event["event"] == "process"}
    assert {event["program"] for event in processes.values()} == {"capsock"}
    assert any("parent" in event for event in processes.values()) == (concurrency == "processes")
    calls = [event for event in events if event["event"] == "call"]
    # The client's payload alone, which it did not leave out.
    assert len({event["pid"] for event in calls if "data" in event}) == 1
    newline = "\\n" if transport == "tcp" else ""
    assert [event["data"] for event in calls if "data" in event] == [f"hello{newline}", f"HELLO{newline}"]


def test_a_trace_that_cannot_be() -> None:
    trace = ["--trace", "/no/such/folder/trace"]
    for words in (["serve", "udp", "--port", "0"], ["client", "udp", HOST, "1", "hello"]):
        ended = run([str(places.CAPSOCK), *words, *trace])
        assert ended.returncode == 1
        assert "/no/such/folder/trace: No such file" in ended.stderr
        ended = run([str(places.CAPSOCK), *words, "--no-payload"])
        assert (ended.returncode, "--trace <FILE>" in ended.stderr) == (2, True)


def test_the_option_goes_before_the_environment(tmp_path: Path) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    words = ["client", "tcp", HOST, "1", "hello", "--trace", str(mine)]
    ended = run(["env", f"CAPSOCK_TRACE={theirs}", str(places.CAPSOCK), *words])
    assert ended.returncode == 1
    assert [event["call"] for event in read(mine) if event["event"] == "call"] == [
        "socket",
        "connect",
        "close",
    ]
    assert not theirs.exists()
