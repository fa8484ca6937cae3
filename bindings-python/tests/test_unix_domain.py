"""Unix domain sockets, beside the standard library's own."""

from __future__ import annotations

import errno
import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import capsock
from support import CONCURRENCIES, LIMIT, TRANSPORTS, start, wait_until

pytestmark = pytest.mark.skipif(
    not hasattr(socket, "AF_UNIX") or os.name == "nt", reason="this system has none"
)

KINDS = [(transport, concurrency) for transport in TRANSPORTS for concurrency in CONCURRENCIES]
ABSTRACT = sys.platform == "linux"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder with a short path."""
    with tempfile.TemporaryDirectory(prefix="capsock-") as path:
        yield Path(path)


def plain(transport: str, to: str | bytes, own: Path) -> socket.socket:
    """Return a connected socket of the standard library's."""
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    peer = socket.socket(socket.AF_UNIX, kind)
    peer.settimeout(LIMIT)
    if transport == "udp":
        peer.bind(str(own))
    peer.connect(to)
    return peer


def client(transport: str, host: Any, **options: Any) -> Any:
    """Return a client of the package's."""
    client_class: Any = capsock.TcpClient if transport == "tcp" else capsock.UdpClient
    return client_class(host, **options)


def is_a_name_of_its_own(address: str | bytes) -> bool:
    """Whether it is one that Linux chose (autobind of unix(7)), or a file of the client's, as elsewhere."""
    if isinstance(address, bytes):
        return re.fullmatch(rb"\0[0-9a-f]{5}", address) is not None
    return Path(address).name.startswith(f"capsock-{os.getpid()}-")


@pytest.mark.parametrize(("transport", "concurrency"), KINDS)
def test_every_kind_answers(transport: str, concurrency: str, folder: Path) -> None:
    path = folder / "s"
    with start(transport, host=f"unix:{path}", concurrency=concurrency) as server:
        assert (server.address, server.port) == (str(path), 0)
        assert server.addresses == [str(path)]
        assert repr(server) == f"<capsock.Server {transport} {concurrency} unix:{path}>"
        with plain(transport, str(path), folder / "c") as peer:
            assert server.address == peer.getpeername()
            peer.sendall(b"hello")
            assert peer.recv(100) == b"HELLO"
        for host in (f"unix:{path}", str(path), path, os.fsencode(path)):
            with client(transport, host) as asks:
                assert asks.request("straße") == "STRASSE"
                assert asks.request_many(["one", "two", "three"]) == ["ONE", "TWO", "THREE"]
                assert asks.peer_address == str(path)
                assert str(path) in repr(asks)
    assert os.listdir(folder) in ([], ["c"])


@pytest.mark.skipif(not ABSTRACT, reason="abstract names are Linux's")
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_abstract_names(transport: str, folder: Path) -> None:
    name = f"capsock-python-{os.getpid()}"
    with start(transport, host=f"unix:@{name}") as server:
        assert server.address == b"\0" + name.encode()
        with plain(transport, server.address, folder / "c") as peer:
            assert server.address == peer.getpeername()
            peer.sendall(b"hello")
            assert peer.recv(100) == b"HELLO"
        for host in (f"unix:@{name}", server.address):
            with client(transport, host) as asks:
                assert asks.request("hello") == "HELLO"
                own = asks.local_address
                assert own == "" if transport == "tcp" else is_a_name_of_its_own(own)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_handler_is_told_who_asks(transport: str, folder: Path) -> None:
    path, own = folder / "s", folder / "c"
    told: list[capsock.RequestContext] = []

    def handler(request: bytes, context: capsock.RequestContext) -> bytes:
        told.append(context)
        return request

    with start(transport, host=path, handler=handler, framing="line"):
        with plain(transport, str(path), own) as peer:
            peer.sendall(b"hello\n")
            assert peer.recv(100) == b"hello\n"
            # As the module socket has the address of a peer.
            assert told[0].peer == (peer.getsockname() if transport == "udp" else "")
            assert told[0].local == peer.getpeername() == str(path)
    expected = f"unix:{own if transport == 'udp' else ''}"
    assert repr(told[0]) == f"<capsock.RequestContext {transport} {expected} to unix:{path}>"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_file(transport: str, folder: Path) -> None:
    path = folder / "s"
    with start(transport, host=path, socket_mode=0o660):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
        with pytest.raises(OSError, match="a server is running on it") as live:
            start(transport, host=path)
        assert live.value.errno == errno.EADDRINUSE
    assert not path.exists()
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(path))
    start(transport, host=path).stop()
    path.write_text("text")
    with pytest.raises(OSError, match="no socket") as other:
        start(transport, host=path)
    assert other.value.errno == errno.EADDRINUSE
    assert path.read_text() == "text"


def test_errors(folder: Path) -> None:
    for transport in TRANSPORTS:
        with pytest.raises(FileNotFoundError):
            client(transport, folder / "s")
        with pytest.raises(ValueError, match="has 200 bytes"):
            client(transport, "unix:" + "x" * 200)
        with pytest.raises(ValueError, match="socket_mode"):
            start(transport, socket_mode=0o600)
        with pytest.raises(ValueError, match="socket_mode"):
            start(transport, host=folder / "s", socket_mode=0o1777)
        with pytest.raises(TypeError):
            start(transport, host=3)
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(folder / "s"))
    with pytest.raises(ConnectionRefusedError):
        capsock.TcpClient(folder / "s")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_name_that_is_not_utf8(transport: str, folder: Path) -> None:
    path = os.fsdecode(os.fsencode(folder) + b"/\xff")
    try:
        Path(path).touch()
        os.unlink(path)
    except OSError:
        pytest.skip("the file system has UTF-8 names alone")
    with start(transport, host="unix:" + path) as server:
        assert server.address == path
        with client(transport, "unix:" + path) as asks:
            assert asks.request("hello") == "HELLO"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_forked_child_does_not_remove_the_file(transport: str, folder: Path) -> None:
    path = folder / "s"
    script = (
        "import capsock, os, sys\n"
        "server = capsock.Server(sys.argv[1], host=sys.argv[2])\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    server.request_stop()\n"
        "    del server\n"
        "    sys.exit(0)\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "assert os.path.exists(sys.argv[2])\n"
        "server.stop()\n"
        "assert not os.path.exists(sys.argv[2])\n"
    )
    subprocess.run([sys.executable, "-c", script, transport, str(path)], check=True, timeout=LIMIT)


def test_nameless_clients_are_counted(folder: Path) -> None:
    with start("udp", host=folder / "s") as server:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as nameless:
            nameless.sendto(b"hello", str(folder / "s"))
        wait_until(lambda: server.stats().datagrams_filtered == 1, "it is counted")
