"""Recording: what Python's calls are called in a trace, who started it, and how it goes wrong."""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import capsock
import capsock.socket
from support import HOST, LIMIT

Event = dict[str, Any]


def read(file: Path) -> list[Event]:
    """Return the lines of a trace, a process's calls in the order of their numbers."""
    events = [json.loads(line) for line in file.read_text().splitlines()]
    return sorted(events, key=lambda event: event.get("seq", -1))


def summaries(events: list[Event]) -> list[str]:
    """`recv 5 ok` of each call."""
    calls = [event for event in events if event["event"] == "call"]
    return [
        " ".join(str(call[word]) for word in ("call", "bytes", "outcome") if word in call) for call in calls
    ]


def run(file: Path, script: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script by `capsock run`, or whatever the words say, in a process of its own."""
    source = file.with_name("Script.py")
    source.write_text(textwrap.dedent(script))
    command = [sys.executable, *(words or ("-m", "capsock", "run", "--trace", str(file))), str(source)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=LIMIT, env={**os.environ, **environment}
    )


UDP = """
    from socket import *
    server, client = socket(AF_INET, SOCK_DGRAM), socket(AF_INET, SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    client.sendto(b"hello world", server.getsockname())
    message, address = server.recvfrom(2048)
    server.sendto(message.upper(), address)
    client.recvfrom(2048)
    client.close()
    server.close()
"""

UDP_CALLS = [
    "socket ok", "socket ok", "bind ok", "sendto 11 ok", "recvfrom 11 ok", "sendto 11 ok", "recvfrom 11 ok",
    "close ok", "close ok",
]  # fmt: skip


def test_an_unchanged_script_records_the_textbooks_calls(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    ended = run(file, UDP)
    assert (ended.returncode, ended.stderr) == (0, "")
    process, *calls = read(file)
    assert (process["program"], process["language"]) == ("Script.py", "python")
    assert summaries(calls) == UDP_CALLS
    assert calls[3]["data"] == "hello world"


def test_no_payload(tmp_path: Path) -> None:
    for option in (["--trace", str(tmp_path / "a"), "--no-payload"], [f"--trace={tmp_path / 'b'}"]):
        ended = run(tmp_path / "unused", UDP, "-m", "capsock", "run", *option)
        assert (ended.returncode, ended.stderr) == (0, "")
    assert summaries(read(tmp_path / "a")) == summaries(read(tmp_path / "b")) == UDP_CALLS
    assert [sum("data" in event for event in read(tmp_path / name)) for name in "ab"] == [0, 4]


def test_the_environment_starts_a_recording(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    script = UDP.replace("from socket", "from capsock.socket")
    # Without the command: a script that imports capsock.socket itself.
    ended = run(file, script, "-B", CAPSOCK_TRACE=str(file))
    assert (ended.returncode, ended.stderr) == (0, "")
    process, *calls = read(file)
    assert (process["program"], summaries(calls)) == ("Script.py", UDP_CALLS)


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (["--trace"], 2, "a value is required"),
        (["--no-payload"], 2, "'--no-payload' needs '--trace FILE'"),
        (["--trace", "/no/such/folder/trace"], 1, "/no/such/folder/trace: No such file"),
        (["--trace", "/dev/full"], 1, "No space left on device"),
    ],
)
def test_a_trace_that_cannot_be(options: list[str], code: int, text: str, tmp_path: Path) -> None:
    arguments = [] if options == ["--trace"] else ["-"]
    command = [sys.executable, "-m", "capsock", "run", *options, *arguments]
    ended = subprocess.run(command, input="print(1)", capture_output=True, text=True, timeout=LIMIT)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert text in ended.stderr


def test_start_and_stop(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    with pytest.raises(FileNotFoundError):
        capsock.trace.start(tmp_path / "folder" / "trace")
    with pytest.raises(IsADirectoryError):
        capsock.trace.start(str(tmp_path))
    with capsock.trace.start(file, payload=False):
        with pytest.raises(OSError, match="already") as raised:
            capsock.trace.start(file)
        assert raised.value.errno == errno.EBUSY
        capsock.socket.socket().close()
    capsock.socket.socket().close()
    capsock.trace.stop()
    assert summaries(read(file)) == ["socket ok", "close ok"]
    # What happens in a block that raises is recorded, and the recording ends.
    with suppress(ZeroDivisionError), capsock.trace.start(file):
        capsock.socket.socket().close()
        raise ZeroDivisionError
    capsock.socket.socket().close()
    assert len(summaries(read(file))) == 4


def test_a_call_is_one_line_whatever_it_takes(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    with (
        capsock.socket.create_server((HOST, 0)) as server,
        capsock.socket.create_connection(server.getsockname()) as client,
    ):
        connection, _ = server.accept()
        with connection, capsock.trace.start(file):
            client.setblocking(False)
            with pytest.raises(BlockingIOError):
                client.recv(10)
            client.settimeout(0.01)
            with pytest.raises(capsock.socket.timeout):
                client.recv(10)
            client.settimeout(LIMIT)
            connection.sendall(b"x" * 10)
            assert client.recv(4, capsock.socket.MSG_PEEK) == b"xxxx"
            assert client.recv_into(bytearray(4)) == 4
            assert client.recvmsg(20)[0] == b"x" * 6
            assert client.sendmsg([b"ab", b"cd"]) == 4
            assert connection.recvfrom(9)[0] == b"abcd"
            connection.shutdown(capsock.socket.SHUT_WR)
            assert client.recv(1) == b""
    # A wait of 10 ms may have a line that it has begun.
    calls = [line for line in read(file) if line["event"] == "call"]
    assert summaries(calls)[:8] == [
        "recv timeout", "send 10 ok", "recv 4 ok", "recvmsg 6 ok", "sendmsg 4 ok", "recvfrom 4 ok",
        "shutdown ok", "recv 0 ok",
    ]  # fmt: skip
    assert calls[0]["blocked"] >= 10_000_000
    assert calls[4]["data"] == "abcd"


@pytest.mark.parametrize("call", ["server.accept()", "client.recvfrom(2048)"])
def test_ctrl_c_ends_the_call_that_waits(call: str, tmp_path: Path) -> None:
    file = tmp_path / "trace"
    script = f"""
        import os, signal, threading
        from socket import *
        server, client = socket(), socket(AF_INET, SOCK_DGRAM)
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.bind(("127.0.0.1", 0))
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        {call}
    """
    ended = run(file, script)
    assert ended.returncode == -signal.SIGINT, ended.stderr
    last = read(file)[-1]
    assert (last["call"], last["outcome"]) == (call.partition(".")[2].partition("(")[0], "interrupted")


def test_a_forked_child_introduces_itself(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    script = """
        import os
        from socket import *
        server = socket()
        server.bind(("127.0.0.1", 0))
        server.listen()
        client = create_connection(server.getsockname())
        connection, _ = server.accept()
        if os.fork() == 0:
            connection.send(b"from the child")
            connection.close()
            os._exit(0)
        connection.close()
        os.wait()
        client.recv(100)
    """
    ended = run(file, script, PYTHONWARNINGS="ignore")
    assert (ended.returncode, ended.stderr) == (0, "")
    events = read(file)
    parent, child = (event for event in events if event["event"] == "process")
    assert (child["parent"], child["program"]) == (parent["pid"], "Script.py")
    assert summaries([event for event in events if event["pid"] == child["pid"]]) == [
        "send 14 ok",
        "close ok",
    ]


def test_clients_and_servers_record_their_own(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    with (
        capsock.trace.start(file),
        capsock.Server("tcp", host=HOST, port=0, concurrency="threads") as server,
        capsock.TcpClient(*server.address) as client,
    ):
        assert client.request("hello") == "HELLO"
    calls = summaries(read(file))
    # How many threads' accepts the stop finds waiting is a matter of time.
    for name in ("bind", "listen", "accept", "connect"):
        assert calls.count(f"{name} ok") == 1, calls
    # A line is written when its call returns, by which time the other end may have gone on.
    sent = {event["data"] for event in read(file) if event.get("call") == "send"}
    assert sent == {"hello\\n", "HELLO\\n"}


CHAT = """
    import asyncio, select, selectors, threading
    from socket import *
    server, client = socket(AF_INET, SOCK_DGRAM), socket(AF_INET, SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    client.bind(("127.0.0.1", 0))
    address = server.getsockname()

    def later():
        threading.Timer(0.05, client.sendto, (b"hello", address)).start()

    def take():
        assert server.recv(9) == b"hello"

    # At once, after a while, and not at all.
    client.sendto(b"hello", address)
    assert select.select([server], [client], []) == ([server], [client], [])
    take()
    later()
    assert select.select((one for one in [server]), [], [], 60)[0] == [server]
    take()
    assert select.select([server], [], [], 0.03) == ([], [], [])
    assert select.select([server], [], [], 0) == ([], [], [])
    poll = select.poll()
    poll.register(server, select.POLLIN)
    later()
    assert poll.poll() == [(server.fileno(), select.POLLIN)]
    take()
    assert poll.poll(20.5) == []
    poll.unregister(server)
    with select.epoll() as epoll:
        epoll.register(server.fileno(), select.EPOLLIN)
        later()
        assert epoll.poll(60, 1) == [(server.fileno(), select.EPOLLIN)]
        take()
    for kind in (selectors.SelectSelector, selectors.PollSelector, selectors.EpollSelector):
        with kind() as selector:
            selector.register(server, selectors.EVENT_READ)
            later()
            assert [key.fileobj for key, _ in selector.select(60)] == [server]
            take()
    # Its own errors.
    for wrong in ([server], [], [], -1), ([server], [], [], "now"), (["no"], [], []), ([server],):
        try:
            select.select(*wrong)
        except (TypeError, ValueError) as error:
            print(type(error).__name__)
    # Neither files nor other sockets are recorded.
    one, other = socketpair()
    select.select([one], [other], [])
"""


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="this system has no epoll")
def test_a_wait_for_several_sockets_is_a_call(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    ended = run(file, CHAT)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split() == ["ValueError", "TypeError", "TypeError", "TypeError"]
    events = read(file)
    waits = [event for event in events if event.get("call") in ("select", "poll", "epoll_wait")]
    ends = [(wait["call"], wait["outcome"]) for wait in waits if wait["event"] == "call"]
    assert ends == [
        ("select", "ok"), ("select", "ok"), ("select", "timeout"), ("poll", "ok"), ("poll", "timeout"),
        ("epoll_wait", "ok"), ("select", "ok"), ("poll", "ok"), ("epoll_wait", "ok"),
    ]  # fmt: skip
    # All but the first have waited, and each has begun once.
    assert len([wait for wait in waits if wait["event"] == "begin"]) == len(ends) - 1
    first = next(wait for wait in waits if wait["event"] == "call")
    assert (len(first["ready_in"]), len(first["ready_out"]), first["fd"]) == (1, 1, -1)
    # The sockets of the waits are those of the calls.
    assert first["waited_in"] == [event["fd"] for event in events if event.get("call") == "bind"][:1]


WAITING = """
    import {module}
    from socket import *
    server = socket(AF_INET, SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    {wait}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(
    ("module", "wait", "call"),
    [
        ("socket", "server.recvfrom(2048)", "recvfrom"),
        ("socket", "server.settimeout(600); server.recvfrom(2048)", "recvfrom"),
        ("socket", "tcp = create_server(('127.0.0.1', 0)); tcp.accept()", "accept"),
        ("select", "select.select([server], [], [])", "select"),
        ("selectors", "s = selectors.DefaultSelector(); s.register(server, 1); s.select()", "epoll_wait"),
    ],
)
def test_a_killed_program_has_the_call_that_it_was_in(
    tmp_path: Path, module: str, wait: str, call: str
) -> None:
    file, source = tmp_path / "trace", tmp_path / "Script.py"
    source.write_text(textwrap.dedent(WAITING).format(module=module, wait=wait))
    command = [sys.executable, "-m", "capsock", "run", "--trace", str(file), str(source)]
    with subprocess.Popen(command) as process:
        deadline = time.monotonic() + LIMIT
        while not file.exists() or '"event":"begin"' not in file.read_text():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
    begun = [event for event in read(file) if event["event"] == "begin"]
    names = ("poll", "epoll_wait", "select") if call == "epoll_wait" else (call,)
    assert len(begun) == 1
    assert begun[0]["call"] in names
    assert begun[0].get("waited_in") or begun[0]["local"]
    assert not [event for event in read(file) if event.get("call") == call and event["event"] == "call"]


NAMED = """
    from socket import *

    class Client:
        def __init__(self, address):
            self.sock = create_connection(address)

        def ask(self):
            self.sock.sendall(b"hello")

    def serve(conn):
        conn.recv(64)

    welcome = socket()
    welcome.bind(("127.0.0.1", 0))
    welcome.listen()
    client = Client(welcome.getsockname())
    client.ask()
    serve(welcome.accept()[0])
    nameless = [socket(AF_INET, SOCK_DGRAM)]
    nameless[0].sendto(b"", welcome.getsockname())
"""


def test_calls_have_the_name_of_the_callers_variable(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    assert run(file, NAMED).returncode == 0
    names = {call["call"]: call.get("variable") for call in read(file) if call["event"] == "call"}
    in_functions = sys.version_info >= (3, 13)
    assert names == {
        "socket": None,
        "bind": "welcome",
        "listen": "welcome",
        "connect": None,
        "send": "self.sock" if in_functions else None,
        "accept": "welcome",
        "recv": "conn" if in_functions else None,
        "sendto": None,
    }


# What a program may put in the way of a name that is looked for.
AWKWARD = """
    import weakref
    from socket import *

    class Odd:
        def __getattribute__(self, name):
            raise RuntimeError(name)

        def __eq__(self, other):
            raise RuntimeError("compared")

    odd, self = Odd(), Odd()
    globals()[7] = odd
    globals()["n" * 65] = socket(AF_INET, SOCK_DGRAM)
    globals()["n" * 65].bind(("127.0.0.1", 0))

    def dropped():
        inner = socket(AF_INET, SOCK_DGRAM)
        inner.bind(("127.0.0.1", 0))
        gone = weakref.ref(inner)
        del inner
        assert gone() is None, "something keeps the socket"
        mine = locals()
        other = socket(AF_INET, SOCK_DGRAM)
        other.bind(("127.0.0.1", 0))
        assert "other" not in mine, "the program's own dictionary has changed"

    dropped()
"""


def test_the_search_for_a_name_changes_nothing_of_the_program(tmp_path: Path) -> None:
    file = tmp_path / "trace"
    ended = run(file, AWKWARD)
    assert (ended.returncode, ended.stderr) == (0, "")
    names = [call.get("variable") for call in read(file) if call.get("call") == "bind"]
    assert names == [None, *(["inner", "other"] if sys.version_info >= (3, 13) else [None, None])]
