"""Nothing is left behind: descriptors, threads, processes, objects."""

from __future__ import annotations

import gc
import io
import socket
import sys
from collections.abc import Callable

import pytest

import capsock
from support import HOST, KINDS, census, connect, no_more_than, start, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it counts what /proc lists")


def leaves_nothing(act: Callable[[], None]) -> None:
    act()  # What is made once and kept is there from now on.
    before = census()
    for _ in range(5):
        act()
    wait_until(lambda: no_more_than(before), f"{before}, not {census()}")


@pytest.mark.parametrize(("transport", "concurrency"), KINDS)
def test_servers_and_clients(transport: str, concurrency: str) -> None:
    def act() -> None:
        with start(transport, concurrency=concurrency) as server, connect(server) as client:
            client.request("hello")

    leaves_nothing(act)


@pytest.mark.parametrize(("transport", "concurrency"), KINDS)
def test_dropped_without_a_word(transport: str, concurrency: str) -> None:
    def act() -> None:
        server = start(transport, concurrency=concurrency)
        client = connect(server)
        client.request("hello")

    leaves_nothing(act)


def test_what_fails() -> None:
    def act() -> None:
        with start("tcp") as server:
            with pytest.raises(OSError, match="could not"):
                start("tcp", port=server.port)
        # A socket that does not listen keeps its port from other programs.
        with socket.socket() as held:
            held.bind((HOST, 0))
            with pytest.raises(ConnectionRefusedError):
                capsock.TcpClient(*held.getsockname())
        with capsock.UdpClient(*server.address) as client, pytest.raises(ConnectionRefusedError):
            client.request("hello")

    leaves_nothing(act)


def test_copies() -> None:
    def act() -> None:
        with start("tcp") as server, capsock.TcpClient(*server.address) as client:
            client.copy(io.BytesIO(b"hello" * 1000), io.BytesIO())

    leaves_nothing(act)


def test_requests_keep_no_objects() -> None:
    with start("tcp", framing="line", handler=bytes.upper) as server, connect(server) as client:

        def ask() -> int:
            for _ in range(500):
                client.request(b"hello")
            gc.collect()
            return len(gc.get_objects())

        ask()
        first = ask()
        assert ask() - first < 100
