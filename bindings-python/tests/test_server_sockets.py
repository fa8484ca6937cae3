"""Servers on sockets that are bound already, and servers that give theirs away."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from typing import Any

import pytest

import capsock
from support import CONCURRENCIES, HOST, LIMIT, TRANSPORTS, connect, start


def bound(transport: str) -> socket.socket:
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    one = socket.socket(socket.AF_INET, kind)
    one.bind((HOST, 0))
    return one


@pytest.mark.parametrize("concurrency", CONCURRENCIES)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_server_serves_given_sockets(transport: Any, concurrency: Any) -> None:
    with bound(transport) as one, bound(transport) as two:
        addresses = [one.getsockname(), two.getsockname()]
        # An object with fileno(), and a number; the server has copies.
        given: list[Any] = [one, two.fileno()]
        server = capsock.Server(transport, concurrency=concurrency, sockets=iter(given))
    with server:
        assert server.addresses == addresses
        with connect(server) as client:
            assert client.request("hello") == "HELLO"


@pytest.mark.parametrize("concurrency", CONCURRENCIES)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_successor_serves_what_waits(transport: Any, concurrency: Any) -> None:
    first = start(transport, concurrency=concurrency)
    sockets = first.sockets()
    assert [one.getsockname() for one in sockets] == first.addresses
    assert first.stop().cut == 0
    with pytest.raises(OSError, match="has been stopped") as caught:
        first.sockets()
    assert caught.value.errno == errno.EBADF
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as early:
        early.settimeout(LIMIT)
        early.connect(first.address)
        early.send(b"early")
        with capsock.Server(transport, concurrency=concurrency, sockets=sockets) as second:
            assert second.addresses == first.addresses
            assert early.recv(100) == b"EARLY"
    for one in sockets:
        one.close()


def test_no_sockets_bind_the_address() -> None:
    nothing: tuple[Any, ...] = (None, [], ())
    for none in nothing:
        with capsock.Server("tcp", host=HOST, port=0, sockets=none) as server:
            assert server.port > 0


def test_what_is_no_socket_for_it_is_refused() -> None:
    with bound("udp") as udp:
        with pytest.raises(ValueError, match="it is a UDP socket, and this is a TCP server"):
            capsock.Server("tcp", sockets=[udp])
        # It is still the caller's.
        assert udp.getsockname()[1] > 0
    with pytest.raises(ValueError, match="descriptor -1: it is not open"):
        capsock.Server("udp", sockets=[udp])
    with pytest.raises(ValueError, match="is not open"):
        capsock.Server("udp", sockets=[10**6])
    with open(os.devnull, encoding="ascii") as file, pytest.raises(ValueError, match="it is no socket"):
        capsock.Server("tcp", sockets=[file])
    wrong: tuple[Any, ...] = (5, [None], ["3"])
    for one in wrong:
        with pytest.raises(TypeError):
            capsock.Server("tcp", sockets=one)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no systemd")
def test_sockets_of_systemd() -> None:
    assert capsock.systemd_sockets() == []
    program = """
import os, capsock
os.environ["LISTEN_PID"] = str(os.getpid())
sockets = capsock.systemd_sockets()
assert [name for name, _ in sockets] == ["dns", "other"], sockets
again = capsock.systemd_sockets()
assert [one.getsockname() for _, one in again] == [one.getsockname() for _, one in sockets]
assert not any(os.get_inheritable(number) for number in (3, 4))
with capsock.Server("udp", sockets=[one for name, one in sockets if name == "dns"]) as server:
    print(server.port)
os.environ["LISTEN_FDS"] = "many"
try:
    capsock.systemd_sockets()
except ValueError as error:
    print(error)
"""
    launcher = """
import fcntl, os, sys
above = [fcntl.fcntl(int(one), fcntl.F_DUPFD, 100) for one in sys.argv[1:3]]
for number, one in enumerate(above):
    os.dup2(one, 3 + number)
os.execv(sys.executable, [sys.executable, "-c", sys.argv[3]])
"""
    with bound("udp") as one, bound("udp") as two:
        numbers = [one.fileno(), two.fileno()]
        # The copies of the variables are the library's: os.environ sets those of the process.
        env = {**os.environ, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "dns:other"}
        said = subprocess.check_output(
            [sys.executable, "-c", launcher, *map(str, numbers), program],
            pass_fds=numbers,
            env=env,
            text=True,
            timeout=LIMIT,
        )
        port, why = said.splitlines()
        assert int(port) == one.getsockname()[1]
        assert "LISTEN_FDS" in why
