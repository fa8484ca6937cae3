"""Servers that take no new work, and are drained."""

from __future__ import annotations

import socket
import threading

import pytest

import capsock
from support import CONCURRENCIES, LIMIT, TRANSPORTS, connect, start


@pytest.mark.parametrize("concurrency", CONCURRENCIES)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_what_arrives_waits_until_the_server_resumes(transport: str, concurrency: str) -> None:
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with start(transport, concurrency=concurrency) as server, socket.socket(socket.AF_INET, kind) as early:
        assert not server.paused
        server.pause()
        server.pause()
        assert server.paused
        early.connect(server.address)
        early.send(b"early")
        early.settimeout(0.05)
        with pytest.raises(socket.timeout):
            early.recv(100)
        server.resume()
        assert not server.paused
        early.settimeout(LIMIT)
        assert early.recv(100) == b"EARLY"


@pytest.mark.parametrize("concurrency", CONCURRENCIES)
def test_a_drain_waits_for_its_connections(concurrency: str) -> None:
    reports: list[capsock.StopReport] = []
    with start("tcp", concurrency=concurrency, framing="line") as server:
        with connect(server) as client:
            assert client.request("one") == "ONE"
            drain = threading.Thread(target=lambda: reports.append(server.drain(None)))
            drain.start()
            while not server.paused:
                pass
            assert client.request("two") == "TWO"
            assert not server.wait(0)
        drain.join(LIMIT)
        assert [(report.completed, report.cut) for report in reports] == [(2, 0)]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_drain_has_a_limit(transport: str) -> None:
    with start(transport) as server, connect(server) as client:
        assert client.request("one") == "ONE"
        assert server.drain(0.05).cut == 0
        assert server.paused
    with start(transport) as server:
        assert server.drain().completed == 0
        for wrong in (-1, float("nan")):
            with pytest.raises(ValueError, match="drain timeout"):
                server.drain(wrong)


def test_a_handler_does_not_drain_its_server() -> None:
    said: list[str] = []

    def handler(_request: bytes) -> bytes:
        try:
            server.drain()
        except ValueError as error:
            said.append(str(error))
        return b"done\n"

    with start("tcp", framing="line", handler=handler) as server, connect(server) as client:
        assert client.request("drain") == "done"
    assert "a handler would wait for itself" in said[0]
