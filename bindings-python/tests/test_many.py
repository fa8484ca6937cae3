"""Many requests in one call."""

from __future__ import annotations

import errno
import random
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import capsock
from support import (
    CLOSED_ERRNO,
    HOST,
    KINDS,
    LIMIT,
    TRANSPORTS,
    Call,
    closed_port,
    connect,
    scripted_peer,
    silent_peer,
    start,
)

TEXTS = [f"item {number} ä" for number in range(500)]


@pytest.mark.parametrize(("transport", "concurrency"), KINDS)
def test_the_same_as_a_loop_of_requests(transport: str, concurrency: str) -> None:
    with start(transport, concurrency=concurrency, workers=2) as server, connect(server) as client:
        for count in (0, 1, 2, 3, 65, 500):
            expected = [client.request(text) for text in TEXTS[:count]]
            assert client.request_many(TEXTS[:count]) == expected


@pytest.mark.parametrize("without", ["orig-dst", "loopback-addresses"])
def test_udp_in_another_way(without: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPSOCK_WITHOUT", without)
    with start("udp") as server, connect(server) as client:
        assert client.request_many(TEXTS) == [text.upper() for text in TEXTS]


def test_a_client_without_an_unknown_feature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPSOCK_WITHOUT", "nonsense")
    with pytest.raises(ValueError, match="nonsense"):
        capsock.UdpClient(HOST, 9)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_any_iterable_of_texts_or_bytes(transport: str) -> None:
    with start(transport) as server, connect(server) as client:
        many: Any = client.request_many
        assert many(text for text in ("one", "two")) == ["ONE", "TWO"]
        assert many({"one": 1, "two": 2}) == ["ONE", "TWO"]
        assert many((b"one", bytearray(b"two"), memoryview(b"three"))) == [b"ONE", b"TWO", b"THREE"]
        assert many(["one", b"two\xff", "three"]) == ["ONE", b"TWO\xff", "THREE"]
        assert many(["", b"", ""]) == ["", b"", ""]
        assert many(iter(())) == []


def failing() -> Iterator[str]:
    yield "one"
    raise KeyError("of the caller")


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("given", "exception"),
    [
        (7, TypeError),
        (None, TypeError),
        ("hello", TypeError),
        (b"hello", TypeError),
        (["one", 2], TypeError),
        (["one", None], TypeError),
        (["one", "half \ud800 a pair"], UnicodeEncodeError),
        (failing, KeyError),
    ],
)
def test_what_is_refused_before_anything_is_sent(
    transport: str, given: Any, exception: type[Exception]
) -> None:
    with start(transport) as server, connect(server) as client:
        many: Any = client.request_many
        with pytest.raises(exception):
            many(given() if given is failing else given)
        assert server.stats().requests == 0
        assert client.request("next") == "NEXT"


def test_a_newline_is_refused_before_anything_is_sent() -> None:
    with start("tcp") as server, connect(server) as client:
        with pytest.raises(ValueError, match="item 1 of 2, counted from 0"):
            client.request_many(["one", "t\nwo"])
        assert server.stats().requests == 0


def test_what_does_not_fit_a_datagram_is_refused_before_anything_is_sent() -> None:
    with start("udp") as server, connect(server) as client:
        with pytest.raises(OSError, match="item 1 of 2, counted from 0") as raised:
            client.request_many([b"one", bytes(65_508)])
        assert raised.value.errno == errno.EMSGSIZE
        assert server.stats().datagrams_received == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_reply_that_is_not_text(transport: str) -> None:
    options: dict[str, Any] = {
        "handler": lambda request: b"\xff" if request.strip() == b"item 2" else request
    }
    if transport == "tcp":
        options["framing"] = "line"
    with start(transport, **options) as server, connect(server) as client:
        with pytest.raises(UnicodeError, match="item 1"):
            client.request_many(["item 1", "item 2", "item 3"])
        assert client.request_many([b"item 1", b"item 2"]) == [b"item 1", b"\xff"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_nobody_answers(transport: str) -> None:
    with silent_peer(transport) as port:
        client_class: Any = capsock.TcpClient if transport == "tcp" else capsock.UdpClient
        with (
            client_class(HOST, port, timeout=0.05) as client,
            pytest.raises(TimeoutError, match=r"item 0 of 2.* 0 replies") as raised,
        ):
            client.request_many(["one", "two"])
        assert raised.value.errno == errno.ETIMEDOUT


def test_nobody_there() -> None:
    with (
        capsock.UdpClient(HOST, closed_port("udp"), timeout=LIMIT) as client,
        pytest.raises(ConnectionRefusedError),
    ):
        client.request_many(["one", "two"])


def test_a_server_that_closes_in_the_middle() -> None:
    def serve(connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        for _ in range(4):
            connection.sendall(lines.readline().upper())
        for _ in range(4):
            lines.readline()

    with (
        scripted_peer(serve) as port,
        capsock.TcpClient(HOST, port) as client,
        pytest.raises(ConnectionResetError, match="item 4 of 8, counted from 0; 4 replies had come"),
    ):
        client.request_many(TEXTS[:8])


def test_a_server_that_closes_after_each_reply() -> None:
    with start("tcp", framing="once") as server, connect(server) as client:
        assert client.request_many(TEXTS[:20]) == [text.upper() for text in TEXTS[:20]]
        assert server.stats().connections_accepted == 20


def test_larger_than_what_fits_on_the_way() -> None:
    texts = ["abcdefgh" * random.Random(seed).randrange(40_000) for seed in range(100)]
    with start("tcp") as server, connect(server, timeout=LIMIT) as client:
        assert client.request_many(texts) == [text.upper() for text in texts]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_close_from_another_thread(transport: str) -> None:
    with silent_peer(transport) as port:
        client_class: Any = capsock.TcpClient if transport == "tcp" else capsock.UdpClient
        client = client_class(HOST, port, timeout=None)
        call = Call(lambda: client.request_many(["one", "two"]))
        while not call.sleeps():
            threading.Event().wait(0.001)
        client.close()
        with pytest.raises(OSError, match="closed") as raised:
            call.result()
        assert raised.value.errno == CLOSED_ERRNO
        with pytest.raises(OSError, match="closed"):
            client.request_many([])


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_threads_with_one_client(transport: str) -> None:
    with start(transport) as server, connect(server, timeout=LIMIT) as client:

        def ask(name: str) -> None:
            for _ in range(5):
                texts = [f"{name} {number}" for number in range(200)]
                assert client.request_many(texts) == [text.upper() for text in texts]

        for call in [Call(lambda name=name: ask(name)) for name in ("one", "two", "three")]:  # type: ignore[misc]
            call.result()
