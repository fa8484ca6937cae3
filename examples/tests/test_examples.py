"""Every program of examples/{c,java,python,rust}: each client against each server, Ctrl-C, and errors."""

from __future__ import annotations

import itertools
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import places
from languages import LANGUAGES, example
from programs import HOST, LIMIT, Program, free_port, run

SERVERS = ["UDPServer", "TCPServer", "ConcurrentTCPServer"]
CLIENTS = {"UDPServer": "UDPClient", "TCPServer": "TCPClient", "ConcurrentTCPServer": "TCPClient"}

pytestmark = pytest.mark.usefixtures("prefix")


@contextmanager
def serving(language: str, name: str) -> Iterator[tuple[Program, int]]:
    """A server on a port of its own choice, ready."""
    with Program([*example(language, name), "0"]) as program:
        program.wait_for("\n")
        ready = re.fullmatch(r"The server is ready to receive on port (\d+)\n", program.output)
        assert ready, f"{program.output!r}, {program.errors!r}"
        yield program, int(ready.group(1))


@pytest.fixture(scope="module", params=itertools.product(LANGUAGES, SERVERS), ids="-".join)
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    language, name = request.param
    with serving(language, name) as (_, port):
        yield name, port


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_client_asks_each_server(server: tuple[str, int], language: str) -> None:
    name, port = server
    ended = run([*example(language, CLIENTS[name]), HOST, str(port)], "hello straße\n")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "Input lowercase sentence: From Server: HELLO STRASSE\n"


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_ctrl_c_ends_a_server(language: str, name: str) -> None:
    with serving(language, name) as (program, _):
        # A JVM that Ctrl-C ends says so in its exit code, whatever the program does.
        assert program.interrupt() == (130 if language == "java" else 0), program.errors
        assert "Traceback" not in program.errors
        assert "Exception" not in program.errors


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_concurrent_server_serves_two_clients_at_once(language: str) -> None:
    with serving(language, "ConcurrentTCPServer") as (_, port):
        first = socket.create_connection((HOST, port), timeout=LIMIT)
        second = socket.create_connection((HOST, port), timeout=LIMIT)
        with first, second:
            for connection in second, first:
                connection.sendall(b"hello\n")
                assert connection.makefile("rb").readline() == b"HELLO\n"


@pytest.mark.parametrize("name", ["UDPClient", "TCPClient"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_client_says_what_went_wrong(language: str, name: str) -> None:
    port = free_port(name[:3].lower())
    ended = run([*example(language, name), HOST, str(port)], "hello\n")
    assert ended.returncode not in (0, -11, -6), "it has to fail, and not to crash"
    assert f"{HOST}:{port}" in ended.stderr


def test_every_program_is_here() -> None:
    """The tables above name what is in the folders, and nothing is left out of them."""
    for language in LANGUAGES:
        folder = places.EXAMPLES / language
        sources = {path.stem for path in folder.iterdir() if path.suffix in (".c", ".java", ".py", ".rs")}
        assert len(sources) == 5, f"{folder}: {sorted(sources)}"
