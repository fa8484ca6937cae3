"""Servers: the eight kinds, what they tell about themselves, and how they end."""

from __future__ import annotations

import gc
import io
import socket
import threading
import weakref
from typing import Any

import pytest

import capsock
from support import CONCURRENCIES, HOST, KINDS, LIMIT, TRANSPORTS, Call, connect, start, wait_until


@pytest.mark.parametrize(("transport", "concurrency"), KINDS)
def test_every_kind_answers(transport: str, concurrency: str) -> None:
    with start(transport, concurrency=concurrency) as server:
        assert (server.transport, server.concurrency) == (transport, concurrency)
        with connect(server) as client:
            for text in ("hello", "straße", "ὦ ξεῖν’", "🚀", "x" * 10_000, ""):
                assert client.request(text) == text.upper()
                assert client.request(text.encode()) == text.upper().encode()
        report = server.stop()
    assert (report.completed, report.cut, report.running) == (server.stats().requests, 0, 0)


@pytest.mark.parametrize("concurrency", ["threads", "processes", "events"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_several_clients_at_once(transport: str, concurrency: str) -> None:
    with start(transport, concurrency=concurrency, workers=2) as server:

        def ask(name: str) -> list[str]:
            with connect(server) as client:
                return [client.request(f"{name} {number}") for number in range(20)]

        calls = {name: Call(lambda name=name: ask(name)) for name in "abcdef"}  # type: ignore[misc]
        for name, call in calls.items():
            assert call.result() == [f"{name.upper()} {number}" for number in range(20)]


def test_addresses() -> None:
    with start("tcp") as server:
        assert server.address == (HOST, server.port)
        assert server.addresses == [server.address]
        assert repr(server) == f"<capsock.Server tcp events {HOST}:{server.port}>"
    with start("udp", host="localhost") as server:
        assert server.address in server.addresses
        assert {port for _, port in server.addresses} == {server.port}
        for host, port in server.addresses:
            with capsock.UdpClient(host, port) as client:
                assert client.request("hello") == "HELLO"


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_ipv6() -> None:
    with start("tcp", host="::1") as server, connect(server) as client:
        assert server.address == ("::1", server.port)
        assert client.peer_address == server.address
        assert repr(client) == f"<capsock.TcpClient [::1]:{server.port}>"
        assert client.request("hello") == "HELLO"


def test_the_defaults() -> None:
    left_out = (
        "concurrency",
        "framing",
        "workers",
        "backlog",
        "max_connections",
        "max_request",
        "idle_timeout",
        "busy_poll",
    )
    options: Any = dict.fromkeys((*left_out, "write_timeout"), ...)  # As the signature shows them.
    with capsock.Server("tcp", port=0) as server, capsock.Server("tcp", port=0, **options) as same:
        for one in (server, same):
            assert one.concurrency == "events"
            with capsock.TcpClient(capsock.DEFAULT_HOST, one.port) as client:
                assert client.request("hello") == "HELLO"
        assert server.stop(...) == same.stop()  # type: ignore[arg-type]
    assert (capsock.DEFAULT_HOST, capsock.DEFAULT_PORT) == ("localhost", 12000)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_stats(transport: str) -> None:
    with start(transport) as server:
        before = server.stats()
        assert before.requests == 0
        with connect(server) as client:
            client.request("hello")
            client.request("wörld")
        after = server.stop()
        stats = server.stats()
    assert (stats.requests, after.completed) == (2, 2)
    line = 1 if transport == "tcp" else 0
    assert stats.bytes_received == len("hello") + len("wörld".encode()) + 2 * line
    assert (stats.connections_accepted, stats.datagrams_received) == (
        (1, 0) if transport == "tcp" else (0, 2)
    )
    assert stats == server.stats()
    assert hash(stats) == hash(server.stats())
    assert stats != before
    assert repr(stats).startswith("Stats(connections_accepted=")
    assert "requests=2" in repr(stats)
    assert repr(after) == "StopReport(completed=2, cut=0, running=0)"
    metrics = server.open_metrics()
    assert f'\ncapsock_requests_total{{transport="{transport}",concurrency="events"}} 2\n' in metrics
    assert "# UNIT capsock_received_bytes bytes\n" in metrics
    assert metrics.endswith("\n# EOF\n")
    frozen: Any = stats
    with pytest.raises(AttributeError):
        frozen.requests = 0


@pytest.mark.parametrize(("transport", "concurrency"), KINDS)
def test_stop_with_idle_clients(transport: str, concurrency: str) -> None:
    server = start(transport, concurrency=concurrency)
    with connect(server) as client:
        assert client.request("hello") == "HELLO"
        assert not server.wait(0)
        report = server.stop(LIMIT)
        assert (report.completed, report.cut) == (1, 0)
        assert server.wait()
        assert server.stop() == report


def test_stop_from_many_threads_while_others_wait() -> None:
    server = start("tcp", concurrency="threads")
    waiting = [Call(server.serve_forever)] + [Call(server.wait) for _ in range(5)]
    wait_until(lambda: all(call.sleeps() for call in waiting), "all wait")
    stopping = [Call(server.stop) for _ in range(10)]
    assert {call.result() for call in stopping} == {server.stop()}
    assert [call.result() for call in waiting] == [None, True, True, True, True, True]


def test_request_stop_returns_at_once() -> None:
    server = start("udp", concurrency="threads")
    server.request_stop()
    assert server.wait(LIMIT)


def test_serve_forever_ends_when_stopped() -> None:
    server = start("udp")
    serving = Call(server.serve_forever)
    server.stop()
    assert serving.result() is None


def test_the_end_of_the_block_stops_also_after_an_exception() -> None:
    with pytest.raises(ZeroDivisionError):
        with start("tcp") as server:
            raise ZeroDivisionError
    assert server.wait(0)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("concurrency", CONCURRENCIES)
def test_dropping_a_server_stops_it(transport: str, concurrency: str) -> None:
    server = start(transport, concurrency=concurrency)
    address = server.address
    with connect(server, timeout=LIMIT) as client:
        assert client.request("hello") == "HELLO"
        del server
        gc.collect()
        with pytest.raises(OSError, match="could not"):
            client.request("hello")
    with socket.socket(
        socket.AF_INET, socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    ) as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(address)


def test_a_handler_that_knows_its_server_is_collected_with_it() -> None:
    class Handler:
        server: capsock.Server

        def __call__(self, request: bytes) -> bytes:
            return str(self.server.stats().requests).encode()

    handler = Handler()
    handler.server = start("udp", handler=handler)
    with connect(handler.server) as client:
        assert [client.request("?") for _ in range(3)] == ["0", "1", "2"]
    gone = weakref.ref(handler), weakref.ref(handler.server)
    del handler
    gc.collect()
    assert [reference() for reference in gone] == [None, None]


def test_two_servers_share_no_totals() -> None:
    with start("udp") as one, start("udp") as other, connect(one) as client:
        client.request("hello")
        assert (one.stats().requests, other.stats().requests) == (1, 0)


def test_limits_are_counted() -> None:
    with start("tcp", framing="line", max_request=10, handler=bytes.upper) as server:
        with connect(server) as client, pytest.raises(ConnectionResetError):
            client.request("x" * 100)
        wait_until(lambda: server.stats().oversized_requests > 0, "the request is counted")
    with start("tcp", idle_timeout=0.05) as server, connect(server):
        wait_until(lambda: server.stats().idle_timeouts == 1, "the idle connection is closed")
    with start("tcp", max_connections=1) as server, connect(server) as client:
        assert client.request("hello") == "HELLO"
        with socket.create_connection(server.address, timeout=LIMIT) as refused:
            assert refused.recv(1) == b""
        assert server.stats().connections_refused == 1
    with start("udp", max_amplification=1, concurrency="iterative") as server:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.settimeout(LIMIT)
            for request in ("ŉ", "a"):
                peer.sendto(request.encode(), server.address)
            assert peer.recv(9) == b"A"
        assert server.stats().amplified_replies == 1


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_busy_server_answers_and_stops(transport: str) -> None:
    with start(transport, busy_poll=1) as server, connect(server) as client:
        assert client.request("hello") == "HELLO"


def test_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAPSOCK_WITHOUT", raising=False)
    with start("udp") as server:
        used = server.stats().features
        assert isinstance(used, capsock.Feature)
        assert f"features={used!r})" in repr(server.stats())
    # Names go to the core; the numbers come from it.
    names = {str(feature.name).lower().replace("_", "-"): feature for feature in capsock.Feature}
    for name, feature in names.items():
        monkeypatch.setenv("CAPSOCK_WITHOUT", name)
        with start("udp") as server:
            assert server.stats().features == used & ~feature
    monkeypatch.setenv("CAPSOCK_WITHOUT", ",".join(names))
    with start("udp") as server:
        assert server.stats().features == capsock.Feature(0)
    monkeypatch.setenv("CAPSOCK_WITHOUT", "udp-gro,nonsense")
    with pytest.raises(ValueError, match="nonsense"):
        start("udp")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_processes_without_pidfd(transport: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPSOCK_WITHOUT", "pidfd")
    with start(transport, concurrency="processes", workers=2) as server:
        assert capsock.Feature.PIDFD not in server.stats().features
        with connect(server) as client:
            assert client.request("by a child") == "BY A CHILD"
        assert server.stop().cut == 0


def test_once_replies_and_closes() -> None:
    with start("tcp", framing="once", concurrency="iterative") as server:
        with socket.create_connection(server.address, timeout=LIMIT) as peer:
            peer.sendall(b"hello")
            assert peer.makefile("rb").read() == b"HELLO"
        with connect(server) as client:
            assert [client.request(text) for text in ("one", "two")] == ["ONE", "TWO"]


def test_the_gil_is_released() -> None:
    """A handler in this very process answers while its client waits: each needs the other's GIL."""
    with start("tcp", framing="line", handler=bytes.upper) as server, connect(server) as client:
        assert client.request("hello") == "HELLO"
        output = io.BytesIO()
        assert isinstance(client, capsock.TcpClient)
        assert client.copy(io.BytesIO(b"a\nb\n"), output) == (4, 4)
        assert output.getvalue() == b"A\nB\n"


def test_other_threads_run_while_one_waits() -> None:
    with start("tcp") as server:
        progress = threading.Event()
        waiting = Call(lambda: server.wait(LIMIT))
        wait_until(waiting.sleeps, "it waits")
        Call(progress.set).result()
        assert progress.is_set()
        server.stop()
        assert waiting.result() is True
