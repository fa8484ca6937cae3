"""The preload library: programs that nobody here wrote are recorded, and see nothing of it.

A program that is missing skips its tests by name; `scripts/ensure peers` installs netcat and socat.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_trace import Event, read, until

import places
from programs import HOST, LIMIT

pytestmark = [
    pytest.mark.usefixtures("prefix"),
    pytest.mark.skipif(sys.platform != "linux", reason="LD_PRELOAD of Linux"),
]

LIBRARY = places.ROOT / "target" / "release" / "libcapsock_preload.so"
SOURCES = places.ROOT / "preload" / "tests" / "programs"
INSTALLED = "lib/capsock/libcapsock_preload.so"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the C programs, with the checks of glibc that have functions of their own."""
    folder = tmp_path_factory.mktemp("programs")
    # A part of what they do is wrong on purpose.
    options = ["-O1", "-D_FORTIFY_SOURCE=2", "-pthread", "-Wall", "-Wextra", "-Wno-stringop-overread"]
    for source in SOURCES.glob("*.c"):
        command = ["cc", *options, "-Wno-stringop-overflow", "-o", str(folder / source.stem), str(source)]
        subprocess.run(command, check=True)
    return folder


def recorded(file: Path | None, **others: str) -> dict[str, str]:
    """The environment of a program that is recorded to this file."""
    variables = {"CAPSOCK_TRACE": str(file)} if file else {}
    return {**os.environ, **variables, **others, "LD_PRELOAD": str(LIBRARY)}


def output(command: list[str], environment: dict[str, str] | None = None, text: str = "") -> str:
    """What a program prints that succeeds, and prints no error."""
    ended = subprocess.run(
        command, env=environment, input=text, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, ""), (command, ended.stdout)
    return ended.stdout


def calls(file: Path, *names: str) -> list[Event]:
    return [event for event in read(file) if event["event"] == "call" and event["call"] in names]


def picture(file: Path) -> str:
    """The figure, in which each message is received that was sent; an end may be left unread."""
    drawn = output([str(places.CAPSOCK), "trace", str(file), "--normalize", "--unfolded"])
    assert "no receive seen" not in drawn.replace("end of stream, no receive seen", "")
    assert "not traced" not in drawn
    return drawn


# C programs.


def test_each_result_and_error_number_is_the_c_librarys(compiled: Path, tmp_path: Path) -> None:
    program = [str(compiled / "results")]
    file = tmp_path / "trace"
    plain = output(program)
    assert len(plain.splitlines()) > 100
    assert output(program, recorded(None)) == plain
    assert output(program, recorded(tmp_path / "linked", CAPSOCK_LINK="1")) == plain
    assert output(program, recorded(file)) == plain
    # What was done with sockets was recorded.
    made = {event["call"] for event in read(file) if event["event"] == "call"}
    assert made == {
        "socket", "bind", "listen", "accept", "connect", "send", "sendmsg", "sendto", "recv", "shutdown",
        "close", "poll", "select",
    }  # fmt: skip
    outcomes = {(event["call"], event["outcome"]) for event in calls(file, "connect", "recv", "bind")}
    assert {
        ("connect", "ok"),
        ("connect", "ECONNREFUSED"),
        ("recv", "timeout"),
        ("bind", "EINVAL"),
    } <= outcomes


def test_payload_is_left_out_if_asked(compiled: Path, tmp_path: Path) -> None:
    program = [str(compiled / "threads"), "1"]
    with_payload, without = tmp_path / "with", tmp_path / "without"
    output(program, recorded(with_payload))
    output(program, recorded(without, CAPSOCK_TRACE_PAYLOAD="0"))
    assert any("data" in event for event in read(with_payload))
    assert not any("data" in event for event in read(without))


@contextmanager
def taken() -> Iterator[int]:
    """A port that is in use, of both transports."""
    while True:
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            stream.bind((HOST, 0))
            try:
                datagrams.bind(stream.getsockname())
            except OSError:
                continue
            yield stream.getsockname()[1]
            return


def test_a_program_that_a_link_stands_before_gets_another_port(compiled: Path, tmp_path: Path) -> None:
    file = tmp_path / "trace"
    with taken() as port:
        said = output([str(compiled / "named"), str(port)], recorded(file, CAPSOCK_LINK="1")).splitlines()
        expected = [
            "no address: Bad address", "short: Invalid argument", "not bound: ok 0", "bind: ok", "errno: 77",
            "argument: as it was", f"name: ok {port} of 16", f"by number: ok {port}", "no room: ok 16 ee",
            "again: Address already in use", "stream: Address already in use", "then: ok", f"child: {port}",
            "child's stream: Address already in use",
        ]  # fmt: skip
        assert said == expected
        plain = output([str(compiled / "named"), str(port)], recorded(None, CAPSOCK_LINK="1")).splitlines()
        assert "bind: Address already in use" in plain, "what is not recorded is not moved"
    bound = [event for event in calls(file, "bind") if event["outcome"] == "ok"]
    assert [event["asked"] for event in bound] == 2 * [f"{HOST}:{port}"]
    assert bound[0]["local"] == bound[1]["local"] != f"{HOST}:{port}"


@pytest.mark.parametrize("name", ["handler", "cancel", "vfork", "clone"])
def test_a_program_that_is_hard_on_a_recorder(name: str, compiled: Path, tmp_path: Path) -> None:
    file = tmp_path / "trace"
    assert output([str(compiled / "hostile"), name], recorded(file)) == f"{name} 0\n"
    sent, received = (calls(file, call) for call in ("send", "recv"))
    ok = [event for event in received if event["outcome"] == "ok"]
    expected = {"handler": "last", "vfork": "more", "clone": "copy"}
    if name in expected:
        assert sent[-1]["data"] == ok[-1]["data"] == expected[name]
    else:
        # Of a thread that was cancelled in its call there is no line, and those after it go on.
        assert calls(file, "shutdown")


def test_a_recording_ends_before_system_calls_are_restricted(compiled: Path, tmp_path: Path) -> None:
    file = tmp_path / "trace"
    command = [str(compiled / "hostile"), "seccomp"]
    ended = subprocess.run(command, env=recorded(file), capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "safe\n")
    assert ended.stderr == (
        "capsock: the trace ends here, the program goes on: it restricts its system calls (seccomp)\n"
    )
    assert len(calls(file, "connect")) == 2
    assert not calls(file, "send")


def test_threads(compiled: Path, tmp_path: Path) -> None:
    file = tmp_path / "trace"
    assert output([str(compiled / "threads"), "8"], recorded(file)) == "ok\n"
    events = read(file)
    assert [event["event"] for event in events].count("process") == 1
    assert events[0]["event"] == "process"
    assert len({event["tid"] for event in events[1:]}) == 9
    sent = sorted(event["data"] for event in calls(file, "sendmsg", "sendto"))
    assert sent == sorted(event["data"] for event in calls(file, "recvfrom", "recv"))
    picture(file)


# Pairs of programs.

NODE_SERVER = """
const server = require('net').createServer({allowHalfOpen: true}, c => {
  c.on('data', data => c.write(data.toString().toUpperCase()));
  c.on('end', () => { c.end(); server.close(); });
}).listen(0, '127.0.0.1');
"""
NODE_CLIENT = """
const c = require('net').connect(+process.argv[2], '127.0.0.1', () => c.write('hello\\n'));
c.on('data', data => { process.stdout.write(data); c.end(); });
"""
RUBY_SERVER = """
require 'socket'
server = TCPServer.new('127.0.0.1', 0)
connection = server.accept
connection.puts connection.gets.upcase
connection.close
"""
RUBY_CLIENT = """
require 'socket'
socket = TCPSocket.new('127.0.0.1', ARGV[0].to_i)
socket.puts 'hello'
puts socket.gets
socket.close
"""
PERL_SERVER = """
use IO::Socket::INET;
my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1:0', Proto => 'tcp') or die;
my $connection = $server->accept or die;
print $connection uc <$connection>;
close $connection;
"""
PERL_CLIENT = """
use IO::Socket::INET;
my $socket = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die;
print $socket "hello\\n";
$socket->flush;
print scalar <$socket>;
"""
# A chat by select(): what one client says goes to the others; it ends with its last client.
SELECT_SERVER = """
import select, socket
server = socket.create_server(("127.0.0.1", 0))
clients = []
while True:
    for ready in select.select([server, *clients], [], [])[0]:
        if ready is server:
            clients.append(server.accept()[0])
        elif said := ready.recv(1024):
            for client in clients:
                client.sendall(said.upper())
        else:
            clients.remove(ready)
            ready.close()
    if not clients:
        break
"""


@dataclass(frozen=True)
class Part:
    """A program; `source` is its argument as a file, and PORT among the words is the server's."""

    words: tuple[str, ...]
    ending: str = ""
    source: str = ""

    def command(self, folder: Path, role: str, port: str = "0") -> list[str]:
        program = shutil.which(self.words[0])
        if program is None:
            pytest.skip(f"{self.words[0]} is missing")
        words = [program, *self.words[1:]]
        if self.source:
            file = folder / f"{role}.{self.ending}"
            file.write_text(self.source, encoding="utf-8")
            words.append(str(file))
            if role == "client":
                words.append(port)
        return [word.replace("PORT", port) for word in words]


PYTHON = "/usr/bin/python3"
SERVERS = {
    "nc": Part(("nc", "-l", HOST, "PORT")),
    "socat": Part(("socat", f"TCP-LISTEN:PORT,bind={HOST}", "EXEC:tr a-z A-Z")),
    "socat forks": Part(("socat", f"TCP-LISTEN:PORT,bind={HOST},fork,max-children=1", "EXEC:tr a-z A-Z")),
    "socat udp": Part(("socat", f"UDP-RECVFROM:PORT,bind={HOST}", "EXEC:tr a-z A-Z")),
    "http.server": Part((PYTHON, "-m", "http.server", "--bind", HOST, "PORT")),
    "node": Part(("node",), "js", NODE_SERVER),
    "ruby": Part(("ruby",), "rb", RUBY_SERVER),
    "perl": Part(("perl",), "pl", PERL_SERVER),
    "select": Part((PYTHON,), "py", SELECT_SERVER),
}
CLIENTS = {
    "nc": Part(("nc", "-N", HOST, "PORT")),
    "socat": Part(("socat", "-", f"TCP:{HOST}:PORT")),
    "socat udp": Part(("socat", "-t2", "-", f"UDP:{HOST}:PORT")),
    "curl": Part(
        ("curl", "-s", "--http1.1", "-o", "/dev/null", "-w", "%{http_code}", f"http://{HOST}:PORT/")
    ),
    "node": Part(("node",), "js", NODE_CLIENT),
    "ruby": Part(("ruby",), "rb", RUBY_CLIENT),
    "perl": Part(("perl",), "pl", PERL_CLIENT),
}


@contextmanager
def serving(part: Part, file: Path, printed: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The server, and its port, which its trace tells."""
    command = part.command(file.parent, "server")
    with printed.open("wb") as out:
        server = subprocess.Popen(
            command,
            env=recorded(file),
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.DEVNULL,
            cwd=file.parent,
        )
    try:
        bound = "bind" if any("UDP" in word for word in command) else "listen"
        until(lambda: file.exists() and bool(calls(file, bound)))
        yield server, calls(file, bound)[0]["local"].rsplit(":", 1)[1]
    finally:
        server.kill()
        server.communicate()


@pytest.mark.parametrize(
    ("server", "client", "said", "served", "names"),
    [
        ("nc", "nc", "", "hello\n", ("nc", "nc")),
        ("nc", "socat", "", "hello\n", ("nc", "socat")),
        ("socat", "socat", "HELLO\n", "", ("socat", "socat")),
        ("socat", "nc", "HELLO\n", "", ("socat", "nc")),
        ("socat forks", "nc", "HELLO\n", None, ("socat", "nc")),
        ("socat udp", "socat udp", "HELLO\n", "", ("socat", "socat")),
        ("http.server", "curl", "200", None, ("http.server", "curl")),
        ("node", "ruby", "HELLO\n", "", ("server.js", "client.rb")),
        ("node", "node", "HELLO\n", "", ("server.js", "client.js")),
        ("ruby", "perl", "HELLO\n", "", ("server.rb", "client.pl")),
        ("perl", "node", "HELLO\n", "", ("server.pl", "client.js")),
        ("select", "perl", "HELLO\n", "", ("server.py", "client.pl")),
        ("select", "nc", None, "", ("server.py", "nc")),
    ],
)
def test_unchanged_programs(
    server: str, client: str, said: str | None, served: str | None, names: tuple[str, str], tmp_path: Path
) -> None:
    """`said` is what the client prints; `served` what the server does, or None if it does not end."""
    file, printed = tmp_path / "trace", tmp_path / "printed"
    CLIENTS[client].command(tmp_path, "client")
    with serving(SERVERS[server], file, printed) as (process, port):
        reply = output(CLIENTS[client].command(tmp_path, "client", port), recorded(file), "hello\n")
        assert said is None or reply == said
        if served is None:
            until(lambda: len({event["pid"] for event in calls(file, "close")}) > 1)
        else:
            assert process.wait(LIMIT) == 0
            assert printed.read_text() == served
    programs = [event["program"] for event in read(file) if event["event"] == "process"]
    assert programs[0].startswith(names[0])
    assert any(program.startswith(names[1]) for program in programs[1:])
    sent, received = (
        sum(event.get("bytes", 0) for event in calls(file, *of))
        for of in (("send", "sendto", "sendmsg"), ("recv", "recvfrom", "recvmsg"))
    )
    assert sent == received > 0
    assert not calls(file, "connect") or {event["outcome"] for event in calls(file, "connect")} == {"ok"}
    picture(file)


@pytest.mark.parametrize("clients", [3])
def test_a_server_that_forks_and_reads_by_stdio(clients: int, compiled: Path, tmp_path: Path) -> None:
    file = tmp_path / "trace"
    command = [str(compiled / "forks"), str(clients)]
    with subprocess.Popen(command, env=recorded(file), stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        port = server.stdout.readline().strip()
        for number in range(clients):
            asked = CLIENTS["perl"].command(tmp_path, "client", port)
            assert output(asked, recorded(file)) == "HELLO\n", number
        assert server.stdout.read() == "failed 0\n"
    processes = [event for event in read(file) if event["event"] == "process"]
    parent = processes[0]["pid"]
    assert [event.get("parent") for event in processes if event["program"] == "forks"] == [None] + [
        parent
    ] * clients
    # fgets(3) and fprintf(3) of a FILE of the socket.
    assert len([event for event in calls(file, "send") if event.get("data") == "HELLO\\n"]) == clients
    # A descriptor and its duplicate are closed once; the listener by each child, and by nobody else.
    assert len(calls(file, "close")) == clients * (1 + 1 + 1 + 1)
    picture(file)


# The library.


def test_it_exports_what_libc_has_and_nothing_else() -> None:
    listed = output(["nm", "--dynamic", "--defined-only", str(LIBRARY)])
    names = {line.split()[-1] for line in listed.splitlines()}
    libc = ctypes.CDLL("libc.so.6")
    assert {name for name in names if not hasattr(libc, name)} <= {"close_range", "closefrom", "fcntl64"}
    assert {"recv", "__recv_chk", "sendfile64", "close_range", "fdopen", "recvmmsg", "pselect"} <= names


def test_it_is_installed_where_the_command_looks(prefix: Path) -> None:
    assert (prefix / INSTALLED).read_bytes() == LIBRARY.read_bytes()


def test_a_program_without_a_socket_leaves_no_line(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    assert output(["sh", "-c", "echo a; cat /dev/null; true"], recorded(file)) == "a\n"
    assert file.read_text() == ""


def test_it_follows_a_shell(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    program = "import socket; socket.socket().close()"
    output(["sh", "-c", f"{PYTHON} -c '{program}'; exec {PYTHON} -c '{program}'"], recorded(file))
    made = [(event["event"], event.get("call")) for event in read(file)]
    assert made == [("process", None), ("call", "socket"), ("call", "close")] * 2


def test_other_descriptors_cost_a_few_instructions(compiled: Path, tmp_path: Path) -> None:
    """Counted, so that a busy machine changes nothing; a system call more would be seen as well."""
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is missing")
    counter = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={tmp_path / 'counts'}"]

    def each(environment: dict[str, str] | None) -> float:
        """Instructions for a read or a write: 200 for each round."""
        counts = []
        for rounds in (50, 100):
            command = [*counter, str(compiled / "speed"), str(rounds)]
            ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            (found,) = re.findall(r"Collected : (\d+)", ended.stderr)
            counts.append(int(found))
        return (counts[1] - counts[0]) / (50 * 200)

    plain = each(None)
    assert each(recorded(None)) < plain + 60
    assert each(recorded(tmp_path / "trace")) < plain + 60
