"""The textbook's programs on capsock's sockets (examples/textbook): each client asks each server, those of
the other languages among them, and the lecture's own programs on their languages' own sockets."""

from __future__ import annotations

import itertools
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import places
from dialects import DIALECTS
from languages import compiled, java_command, snake
from programs import HOST, LIMIT, Transport, free_port, run, start_on_free_port

SERVERS = ["UDPServer", "TCPServer", "ConcurrentTCPServer"]
CLIENTS = ["UDPClient", "TCPClient"]

pytestmark = pytest.mark.usefixtures("prefix")


class Habits(NamedTuple):
    """How the programs of a language treat TCP, which is a byte stream and knows no texts."""

    sends_newline: bool  # the client, after its text
    awaits_newline: bool  # the server
    sends_bytewise: bool  # each byte by itself, as Java's DataOutputStream.writeBytes does
    receives_once: bool  # and takes that for the whole text


@dataclass(frozen=True)
class Edition:
    """The textbook's five programs in one language: `command` runs the one of a name."""

    command: Callable[[str], list[str]]
    habits: Habits


def c(name: str) -> list[str]:
    return compiled(places.TEXTBOOK / "c" / f"{snake(name)}.c", "textbook")


def rust(name: str) -> list[str]:
    return [str(places.ROOT / "target" / "release" / f"textbook_{snake(name)}")]


CAREFUL = Habits(sends_newline=True, awaits_newline=False, sends_bytewise=False, receives_once=False)

# As the lecture's slides have them.
PYTHON = Habits(sends_newline=False, awaits_newline=False, sends_bytewise=False, receives_once=True)
JAVA = Habits(sends_newline=True, awaits_newline=True, sends_bytewise=True, receives_once=False)

# A row for each folder of examples/textbook: `test_every_program_is_here` holds the one to the other.
EDITIONS = {
    "c": Edition(c, CAREFUL),
    "java": Edition(lambda name: java_command(places.TEXTBOOK / "java" / f"{name}.java"), JAVA),
    "python": Edition(lambda name: [places.PYTHON, str(places.TEXTBOOK / "python" / f"{name}.py")], PYTHON),
    "rust": Edition(rust, CAREFUL),
}
LECTURES = {"python2": PYTHON, "python3": PYTHON, "java": JAVA}


def transport_of(name: str) -> Transport:
    return "udp" if name.startswith("UDP") else "tcp"


@contextmanager
def serving(edition: str, name: str) -> Iterator[int]:
    """A server of ours on a free port, ready."""
    command = EDITIONS[edition].command(name)
    program, port = start_on_free_port(transport_of(name), lambda port: [*command, str(port)])
    with program:
        assert "The server is ready to receive" in program.wait_for("\n")
        yield port


def lecture_program(dialect: str, name: str, port: int, folder: Path) -> list[str]:
    if dialect == "python2" and places.python2() is None:
        pytest.skip("no Python 2.7 is here")
    here = folder / dialect
    here.mkdir(exist_ok=True)
    return DIALECTS[dialect].program(name, transport_of(name), port, here)


@pytest.fixture(scope="module")
def our_server(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    edition, name = request.param
    with serving(edition, name) as port:
        yield name, port


@pytest.fixture(scope="module")
def lecture_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, int]]:
    dialect, name = request.param
    folder = tmp_path_factory.mktemp("server")
    program, port = start_on_free_port(
        transport_of(name), lambda port: lecture_program(dialect, name, port, folder)
    )
    with program:
        yield name, port


def check_answer(command: list[str], name: str) -> None:
    ended = run(command, "hello world\n")
    assert (ended.returncode, ended.stderr) == (0, "")
    # Java's client and server of the lecture show their whole buffer, NULs included.
    assert "HELLO WORLD" in ended.stdout, f"{name}: {ended.stdout!r}"


def client_of(server: str) -> str:
    return "UDPClient" if server == "UDPServer" else "TCPClient"


def understand(server: Habits, client: Habits) -> bool:
    """Do they understand each other over TCP? The lecture's Python and Java do not: the one waits for a
    newline that the other does not send, or takes the first byte for the whole text."""
    return (
        client.sends_newline >= server.awaits_newline
        and not (client.sends_bytewise and server.receives_once)
        and not (server.sends_bytewise and client.receives_once)
    )


def pairs(servers: dict[str, Habits], names: list[str], clients: dict[str, Habits]) -> list[Any]:
    """Each server with each client that understands it."""
    return [
        pytest.param((server, name), client, id=f"{server}-{name}-{client}")
        for server, name, client in itertools.product(servers, names, clients)
        if name == "UDPServer" or understand(servers[server], clients[client])
    ]


OURS = {name: edition.habits for name, edition in EDITIONS.items()}


@pytest.mark.parametrize(("our_server", "client"), pairs(OURS, SERVERS, OURS), indirect=["our_server"])
def test_each_client_asks_each_server(our_server: tuple[str, int], client: str) -> None:
    name, port = our_server
    check_answer([*EDITIONS[client].command(client_of(name)), HOST, str(port)], client)


@pytest.mark.parametrize(("our_server", "dialect"), pairs(OURS, SERVERS, LECTURES), indirect=["our_server"])
def test_the_lectures_clients_ask_each_server(
    our_server: tuple[str, int], dialect: str, tmp_path: Path
) -> None:
    name, port = our_server
    check_answer(lecture_program(dialect, client_of(name), port, tmp_path), dialect)


@pytest.mark.parametrize(
    ("lecture_server", "client"),
    pairs(LECTURES, ["UDPServer", "TCPServer"], OURS),
    indirect=["lecture_server"],
)
def test_each_client_asks_the_lectures_servers(lecture_server: tuple[str, int], client: str) -> None:
    name, port = lecture_server
    check_answer([*EDITIONS[client].command(client_of(name)), HOST, str(port)], client)


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_concurrent_server_serves_two_clients_at_once(edition: str) -> None:
    with serving(edition, "ConcurrentTCPServer") as port:
        first = socket.create_connection((HOST, port), timeout=LIMIT)
        second = socket.create_connection((HOST, port), timeout=LIMIT)
        with first, second:
            for connection in second, first:
                connection.sendall(b"hello\n")
                with connection.makefile("rb") as replies:
                    assert replies.readline() == b"HELLO\n"


# The textbook's own servers end with the first client that breaks off.
@pytest.mark.parametrize("edition", [name for name, edition in EDITIONS.items() if edition.habits is CAREFUL])
def test_a_server_goes_on_after_a_client_that_breaks_off(edition: str) -> None:
    for name in "TCPServer", "ConcurrentTCPServer":
        with serving(edition, name) as port:
            for _ in range(3):
                gone = socket.create_connection((HOST, port), timeout=LIMIT)
                # A reset instead of the end in good order.
                gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                gone.close()
            check_answer([*EDITIONS[edition].command("TCPClient"), HOST, str(port)], name)


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_client_says_that_nobody_listens(edition: str) -> None:
    ended = run([*EDITIONS[edition].command("TCPClient"), HOST, str(free_port("tcp"))], "hello\n")
    assert ended.returncode not in (0, -11, -6), "it has to fail, and not to crash"
    assert "refused" in ended.stderr


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("name", SERVERS)
def test_a_server_says_that_its_port_is_taken(edition: str, name: str) -> None:
    kind = socket.SOCK_DGRAM if name == "UDPServer" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        ended = run([*EDITIONS[edition].command(name), str(taken.getsockname()[1])])
    assert ended.returncode not in (0, -11, -6), "it has to fail, and not to crash"
    assert re.search("in use", ended.stderr, re.IGNORECASE)


def test_every_program_is_here() -> None:
    """The table has every folder, and every folder every program, each short enough for a slide."""
    assert set(LECTURES) == set(DIALECTS)
    assert {folder.name for folder in places.TEXTBOOK.iterdir() if folder.is_dir()} == set(EDITIONS)
    for edition in EDITIONS:
        sources = [path for path in (places.TEXTBOOK / edition).iterdir() if path.is_file()]
        stems = {snake(path.stem) for path in sources}
        assert stems == {snake(name) for name in SERVERS + CLIENTS}
        assert len(sources) == len(stems)
        for source in sources:
            assert len(source.read_text(encoding="utf-8").splitlines()) <= 50, source
