"""The lecture's own programs, unchanged but for host and port, against capsock with its default options."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import capsock
import places
from dialects import DIALECTS
from programs import CONCURRENCIES, HOST, Concurrency, Transport, run, start_on_free_port

TEXTS = ["first", "other", "third"]


@pytest.fixture(scope="module", params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name == "python2" and places.python2() is None:
        pytest.skip("no Python 2.7 is here")
    return name


@pytest.fixture(scope="module", params=["tcp", "udp"])
def transport(request: pytest.FixtureRequest) -> Transport:
    name: Transport = request.param
    return name


@pytest.mark.parametrize("concurrency", CONCURRENCIES)
def test_its_clients_ask_our_servers(
    dialect: str, transport: Transport, concurrency: Concurrency, tmp_path: Path
) -> None:
    folder = tmp_path / dialect
    folder.mkdir()
    with capsock.Server(transport, port=0, concurrency=concurrency) as server:
        command = DIALECTS[dialect].program(f"{transport.upper()}Client", transport, server.port, folder)
        ended = run(command, "hello world\n")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "HELLO WORLD" in ended.stdout


@pytest.fixture(scope="module")
def its_server(dialect: str, transport: Transport, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("server") / dialect
    folder.mkdir()

    def command(port: int) -> list[str]:
        return DIALECTS[dialect].program(f"{transport.upper()}Server", transport, port, folder)

    program, port = start_on_free_port(transport, command)
    with program:
        yield port


def test_our_command_asks_its_servers(its_server: int, transport: Transport) -> None:
    ended = run([str(places.CAPSOCK), "client", transport, HOST, str(its_server), "hello", "world"])
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("HELLO WORLD")


def test_our_clients_ask_its_servers(its_server: int, dialect: str, transport: Transport) -> None:
    if transport == "udp":
        # Java's server sends its whole buffer back, NULs and what longer requests left there included.
        with capsock.UdpClient(HOST, its_server) as udp:
            assert [udp.request(text)[:5] for text in TEXTS] == [text.upper() for text in TEXTS]
    elif dialect == "java":
        # It answers one line on each connection, and leaves it open.
        for text in TEXTS:
            with capsock.TcpClient(HOST, its_server) as tcp:
                assert tcp.request(text) == text.upper()
    else:
        # It closes after each reply: the client connects again.
        with capsock.TcpClient(HOST, its_server) as tcp:
            assert [tcp.request(text) for text in TEXTS] == [text.upper() for text in TEXTS]
