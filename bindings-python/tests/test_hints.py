"""Hints: which program gets which, which programs get none, and that nothing else changes."""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import HOST, LIMIT, scripted_peer, silent_peer

PYTHON = [sys.executable, "-W", "ignore"]
RUN = [*PYTHON, "-m", "capsock", "run"]
HINT = "capsock hint: "

# Programs with a mistake, and what the hint has to say, or not (!). PORT is a TCP peer's, UDP a UDP peer's,
# FREE nobody's.
MISTAKES = {
    "raw_input": ("text = raw_input('? ')", "input(...)"),
    "a print statement": ("print 'The server is ready to receive'", "print(...)"),
    "servername": ("s = socket(AF_INET, SOCK_DGRAM)\ns.sendto(b'x', ('servername', 12000))", "'localhost'"),
    "another name": ("socket().connect(('does-not-exist.invalid', 12000))", "'does-not-exist.invalid'"),
    "a name in a function": ("create_connection(('does-not-exist.invalid', 12000))", "could not be found"),
    "in use": (
        "s = socket()\ns.bind(('127.0.0.1', PORT))",
        "another socket has port PORT of 127.0.0.1|`ss -ltnp 'sport = :PORT'`|SO_REUSEADDR",
    ),
    "in use, and caught": (
        "try:\n    socket().bind(('', PORT))\nexcept OSError: pass",
        "another socket has port PORT: the server",
    ),
    "in use over UDP": (
        "s = socket(AF_INET, SOCK_DGRAM)\ns.bind(('', UDP))",
        "another socket has port UDP: the server|`ss -lunp 'sport = :UDP'`|!SO_REUSEADDR|!TCP",
    ),
    "in use by create_server": ("create_server(('127.0.0.1', PORT))", "port PORT of 127.0.0.1"),
    "refused": ("socket().connect(('127.0.0.1', FREE))", "nothing listens on port FREE|start the server"),
    "refused by create_connection": (
        "create_connection(('127.0.0.1', FREE))",
        "nothing listens on port FREE of 127.0.0.1",
    ),
    "refused over UDP": (
        "s = socket(AF_INET, SOCK_DGRAM)\ns.connect(('127.0.0.1', FREE))\ns.send(b'x')\ns.recv(9)",
        "nothing is bound to port FREE|start the server",
    ),
    "str": ("s = create_connection(('127.0.0.1', PORT))\ns.send('hello')", "text.encode()"),
    "str in a thread": (
        "import threading\ns = create_connection(('127.0.0.1', PORT))\n"
        "t = threading.Thread(target=lambda: s.sendall('hello'))\nt.start()\nt.join()",
        "text.encode()",
    ),
    "decode forgotten": ("a, b = tcp()\na.sendall(b'x')\nprint('Reply: ' + b.recv(9))", "data.decode()"),
    "decode forgotten after it": ("a, b = tcp()\na.sendall(b'x')\nb.recv(9) + 'x'", "data.decode()"),
    "decode forgotten in a method": (
        "a, b = tcp()\na.sendall(b'x')\nprint(b.recv(9).split(','))",
        "data.decode()",
    ),
    "decode forgotten in a pattern": (
        "import re\na, b = tcp()\na.sendall(b'x')\nre.match('x', b.recv(9))",
        "data.decode()",
    ),
    "a method of str": ("a, b = tcp()\na.sendall(b'x')\nb.recv(9).format()", "data.decode()"),
    "a port as text": ("socket().connect(('127.0.0.1', '12000'))", "int(port)|'12000'"),
    "a port as text to bind": ("socket(AF_INET, SOCK_DGRAM).bind(('', '12000'))", "int(port)"),
    "a port as text to sendto": ("socket(AF_INET, SOCK_DGRAM).sendto(b'x', ('127.0.0.1', '9'))", "int(port)"),
    "two arguments": ("socket().connect('127.0.0.1', PORT)", "connect((host, port))"),
    "two arguments to bind": ("socket().bind('', 12000)", "bind((host, port))"),
    "two arguments to connect_ex": ("socket().connect_ex('127.0.0.1', PORT)", "connect_ex((host, port))"),
    "three arguments to sendto": (
        "socket(AF_INET, SOCK_DGRAM).sendto(b'x', '127.0.0.1', UDP)",
        "sendto(data, (host, port))",
    ),
    "a list": ("socket().connect(['127.0.0.1', PORT])", "connect((host, port))"),
    "a port alone": ("socket().bind(12000)", "bind((host, port))"),
    "a name alone": ("socket().connect('localhost:12000')", "connect((host, port))"),
    "a port above 65535": ("socket().connect(('127.0.0.1', 120000))", "no port 120000|65535"),
    "a port below 0": ("socket(AF_INET, SOCK_DGRAM).sendto(b'x', ('127.0.0.1', -1))", "no port -1"),
    "too long for a datagram": (
        "socket(AF_INET, SOCK_DGRAM).sendto(bytes(70000), ('127.0.0.1', UDP))",
        "65507 bytes",
    ),
    "send before connect": ("socket().send(b'x')", "connect((host, port)) before send()"),
    "sendall before connect": ("socket().sendall(b'x')", "connect((host, port)) before sendall()"),
    "recv before connect": ("socket().recv(9)", "connect((host, port)) before recv()"),
    "send without an address": ("socket(AF_INET, SOCK_DGRAM).send(b'x')", "sendto(data, (host, port))"),
    "recv on the listener": ("create_server(('127.0.0.1', 0)).recv(9)", "connection.recv()"),
    "send on the listener": ("create_server(('127.0.0.1', 0)).send(b'x')", "connection.send()"),
    "a datagram cut": (
        "s = socket(AF_INET, SOCK_DGRAM)\ns.bind(('127.0.0.1', 0))\ns.sendto(b'x' * 100, s.getsockname())\n"
        "assert len(s.recvfrom(40)[0]) == 40",
        "recvfrom() cut a datagram of 100 bytes to its buffer of 40",
    ),
    "a datagram cut in place": (
        "s = socket(AF_INET, SOCK_DGRAM)\ns.bind(('127.0.0.1', 0))\ns.sendto(b'x' * 100, s.getsockname())\n"
        "assert s.recv_into(bytearray(40), 40) == 40",
        "recv_into() cut a datagram of 100 bytes",
    ),
    "a stream cut": (
        "a, b = tcp()\na.sendall(b'x' * 100)\nassert len(b.recv(10)) == 10\nb.close()",
        "90 bytes that had arrived were never received|recv(10)",
    ),
    "a stream cut at the end of the program": (
        "a, b = tcp()\na.sendall(b'x' * 100)\nassert len(b.recv(10)) == 10",
        "90 bytes that had arrived were never received",
    ),
    "NULs behind a reply": (
        "s = socket(AF_INET, SOCK_DGRAM)\ns.bind(('127.0.0.1', 0))\n"
        "s.sendto(b'HELLO'.ljust(1024, b'\\0'), s.getsockname())\nassert len(s.recvfrom(2048)[0]) == 1024",
        "5 bytes of text and 1019 NUL bytes|rstrip",
    ),
    "NULs behind a reply over TCP": (
        "a, b = tcp()\na.sendall(b'HELLO\\n'.ljust(100, b'\\0'))\nb.recv(200)",
        "6 bytes of text and 94 NUL bytes",
    ),
}

PRELUDE = """from MODULE import *
def tcp():
    l = create_server(("127.0.0.1", 0))
    a = create_connection(l.getsockname())
    return a, l.accept()[0]
"""


def written(folder: Path, text: str, module: str = "socket") -> str:
    path = folder / f"{module.replace('.', '_')}_script.py"
    path.write_text(PRELUDE.replace("MODULE", module) + text)
    return path.name


def environment(hints: str | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "CAPSOCK_HINTS"}
    return {**kept, **({} if hints is None else {"CAPSOCK_HINTS": hints})}


def ended(command: list[str], folder: Path, hints: str | None = None) -> tuple[int, str, str]:
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False,
        env=environment(hints),
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def split(err: str) -> tuple[list[str], str]:
    """Part the hints from the rest of standard error."""
    lines = err.splitlines(keepends=True)
    hints = [line[len(HINT) :] for line in lines if line.startswith(HINT)]
    return hints, "".join(line for line in lines if not line.startswith(HINT))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_gets_one_hint_and_ends_as_with_python(name: str, tmp_path: Path) -> None:
    text, wanted = MISTAKES[name]
    with silent_peer("tcp") as port, silent_peer("udp") as udp, unused() as free:
        for word, value in (("PORT", port), ("UDP", udp), ("FREE", free)):
            text, wanted = (
                one.replace(f" {word}", f" {value}").replace(f":{word}", f":{value}")
                for one in (text, wanted)
            )
        script, imported = (written(tmp_path, text, module) for module in ("socket", "capsock.socket"))
        theirs = ended([*PYTHON, script], tmp_path)
        code, out, err = ended([*RUN, script], tmp_path)
        assert ended([*RUN, "--no-hints", script], tmp_path, "1") == theirs
        assert ended([*RUN, script], tmp_path, "0") == theirs
        plain = ended([*PYTHON, imported], tmp_path)
        by_variable = ended([*PYTHON, imported], tmp_path, "1")
    hints, rest = split(err)
    assert (code, out, rest) == theirs
    assert len(hints) == 1
    for part in wanted.split("|"):
        assert (part.lstrip("!") in hints[0]) != part.startswith("!"), (part, hints[0])
    assert not split(plain[2])[0]
    hints_by_variable, rest = split(by_variable[2])
    assert (by_variable[:2], rest) == (plain[:2], plain[2])
    # The compiler refuses Python 2 before anything is imported.
    assert hints_by_variable == ([] if name == "a print statement" else hints)


@contextlib.contextmanager
def unused() -> Iterator[int]:
    """Give a port that nothing listens on, over TCP and UDP."""
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        yield bound.getsockname()[1]


# Programs that wait, and what the hint has to say once they have waited for 5 seconds.
WAITS = {
    "no newline": (
        "s = create_connection(('127.0.0.1', PORT))\ns.send(b'hello')\ns.recv(9)",
        "does not end with a newline|serves one client after the other",
    ),
    "no newline, and a timeout": (
        "s = create_connection(('127.0.0.1', PORT))\ns.settimeout(900)\ns.sendmsg([b'a\\n', b'b'])\n"
        "s.recv(9)",
        "recv() has waited for 5 seconds|does not end with a newline",
    ),
    "no newline, readline": (
        "s = create_connection(('127.0.0.1', PORT))\ns.send(b'hello')\ns.makefile().readline()",
        "readline() has waited",
    ),
    "an empty line": (
        "s = create_connection(('127.0.0.1', PORT))\ns.send(''.encode())\ns.recv(9)",
        "sends nothing|b'\\n'",
    ),
    "recv before anything was sent": (
        "s = create_connection(('127.0.0.1', PORT))\ns.recvfrom(9)",
        "send() before recvfrom()",
    ),
    "recv before anything was sent over UDP": (
        "s = socket(AF_INET, SOCK_DGRAM)\ns.connect(('127.0.0.1', UDP))\ns.recv(9)",
        "send() before recv()",
    ),
    "recvfrom on a socket without a port": ("socket(AF_INET, SOCK_DGRAM).recvfrom(9)", "bind(('', port))"),
    "UDP with nobody there": (
        "s = socket(AF_INET, SOCK_DGRAM)\ns.sendto(b'x\\n', ('127.0.0.1', FREE))\ns.recvfrom(2048)",
        "is a server bound to this port|settimeout",
    ),
    "UDP with nobody there any more": (
        "s = socket(AF_INET, SOCK_DGRAM)\np = socket(AF_INET, SOCK_DGRAM)\np.bind(('127.0.0.1', 0))\n"
        "s.sendto(b'x', p.getsockname())\np.sendto(b'y', p.recvfrom(9)[1])\ns.recv(9)\n"
        "s.sendto(b'x', p.getsockname())\ns.recvmsg(9)",
        "recvmsg() has waited|is a server bound to this port",
    ),
    "in a thread": (
        "import threading\ns = socket(AF_INET, SOCK_DGRAM)\ns.sendto(b'x', ('127.0.0.1', FREE))\n"
        "t = threading.Thread(target=s.recv, args=(9,))\nt.start()\nt.join()",
        "is a server bound to this port",
    ),
}


@pytest.mark.slow
def test_a_wait_gets_its_hint(tmp_path: Path) -> None:
    """All of them at once: each waits for 5 seconds."""
    running = {}
    with silent_peer("tcp") as port, silent_peer("udp") as udp, unused() as free:
        try:
            for number, (name, (text, _)) in enumerate(WAITS.items()):
                for word, value in (("PORT", port), ("UDP", udp), ("FREE", free)):
                    text = text.replace(f" {word}", f" {value}")
                folder = tmp_path / str(number)
                folder.mkdir()
                variable = number % 2 == 1
                script = written(folder, text, "capsock.socket" if variable else "socket")
                running[name] = subprocess.Popen(
                    [*(PYTHON if variable else RUN), script], cwd=folder, stderr=subprocess.PIPE,
                    env=environment("1" if variable else None),
                )  # fmt: skip
            for name, process in running.items():
                assert process.stderr is not None
                ready, _, _ = select.select([process.stderr], [], [], LIMIT)
                assert ready, f"no hint for {name}"
                [hint], _ = split(process.stderr.readline().decode())
                for part in WAITS[name][1].split("|"):
                    assert part in hint, (name, hint)
                assert process.poll() is None, f"{name} goes on waiting"
        finally:
            for process in running.values():
                process.kill()
                process.communicate()


# Programs that do what they mean to. They end by themselves and get no hint.
RIGHT = {
    "a fixed size": "a, b = tcp()\na.sendall(b'\\0\\0\\0\\5helloagain')\n"
    "n = int.from_bytes(b.recv(4), 'big')\n"
    "assert b.recv(n) == b'hello'\na.sendall(b'!')\nassert b.recv(5, MSG_WAITALL) == b'again'\n"
    "assert b.recv(9) == b'!'\nb.close()",
    "fixed sizes, and replies between": "a, b = tcp()\na.sendall(b'abcdefgh')\nfor _ in range(4):\n"
    "    b.sendall(b.recv(2).upper())\nb.close()\nassert a.makefile('rb').read() == b'ABCDEFGH'",
    "a size that fits": "a, b = tcp()\na.sendall(b'x' * 10)\nassert len(b.recv(10)) == 10\nb.close()",
    "bytes one by one": "a, b = tcp()\na.sendall(b'xyz')\nassert b.recv(1) == b'x'\nb.close()",
    "a look ahead": "a, b = tcp()\na.sendall(b'xyz')\nassert b.recv(2, MSG_PEEK) == b'xy'\nb.recv(9)\n"
    "b.close()",
    "numbers that end with zeroes": "import struct\na, b = tcp()\na.sendall(struct.pack('<qq', 1, 2))\n"
    "b.recv(99)",
    "a datagram looked at": "s = socket(AF_INET, SOCK_DGRAM)\ns.bind(('127.0.0.1', 0))\n"
    "s.sendto(b'x' * 9, s.getsockname())\ns.recv(4, MSG_PEEK)\ns.recvmsg(4, 0, MSG_PEEK)\n"
    "assert len(s.recv(99)) == 9",
    "a field of a fixed width": "import struct\na, b = tcp()\na.sendall(struct.pack('16s', b'alice'))\n"
    "assert b.recv(16).rstrip(b'\\0') == b'alice'",
    "text that ends with one NUL": "a, b = tcp()\na.sendall(b'text\\0')\nb.recv(99)",
    "nothing to send, and no wait": "a, b = tcp()\na.sendall(b'')\na.sendall(b'x\\n')\nb.recv(9)",
    "a look for a free port": "l = create_server(('127.0.0.1', 0))\n"
    "assert socket().connect_ex(l.getsockname()) == 0",
    "a name with two addresses": "import socket\nl = create_server(('127.0.0.1', 0))\n"
    "free = socket.socket()\nfree.bind(('127.0.0.2', 0))\n"
    "found = [(AF_INET, SOCK_STREAM, 6, '', one.getsockname()) for one in (free, l)]\n"
    "socket.getaddrinfo = lambda *_: found\n"
    "socket.create_connection(('a name', 1))",
    "a look whether it is connected": "s = socket()\nstr(s)\ntry: s.getpeername()\nexcept OSError: pass\n"
    "try: s.shutdown(SHUT_RDWR)\nexcept OSError: pass",
    "an exception of its own": "a, b = tcp()\na.sendall(b'x')\nb.recv(9)\ntry: 'a' + b'b'\n"
    "except TypeError: pass",
    "ended by the peer": "a, b = tcp()\na.close()\nassert b.recv(9) == b''\nb.send(b'x')\n"
    "try:\n    for _ in range(9): b.send(b'x')\nexcept OSError: pass",
    "a server waits for its first client": "l = create_server(('127.0.0.1', 0))\nl.settimeout(SIX)\n"
    "try: l.accept()\nexcept timeout: pass",
    "a UDP server waits for its first client": "s = socket(AF_INET, SOCK_DGRAM)\ns.bind(('', 0))\n"
    "s.settimeout(SIX)\ntry: s.recvfrom(9)\nexcept timeout: pass",
    "a UDP server waits for its second client": "s = socket(AF_INET, SOCK_DGRAM)\ns.bind(('127.0.0.1', 0))\n"
    "c = socket(AF_INET, SOCK_DGRAM)\nc.sendto(b'x', s.getsockname())\ns.sendto(*s.recvfrom(9))\n"
    "s.settimeout(SIX)\ntry: s.recvfrom(9)\nexcept timeout: pass",
    "a server waits for what its client types": "a, b = tcp()\nb.sendall(b'name? ')\nb.settimeout(SIX)\n"
    "try: b.recv(9)\nexcept timeout: pass",
    "a client waits after a reply": "a, b = tcp()\na.sendall(b'x')\nb.sendall(b.recv(9))\na.recv(9)\n"
    "a.settimeout(SIX)\ntry: a.recv(9)\nexcept timeout: pass",
    "a client that sent a line waits": "a, b = tcp()\na.sendall(b'x\\n')\na.settimeout(SIX)\n"
    "try: a.recv(9)\nexcept timeout: pass",
    "short timeouts": "import time\ns = socket(AF_INET, SOCK_DGRAM)\ns.settimeout(0.3)\n"
    "end = time.monotonic() + SIX\n"
    "while time.monotonic() < end:\n    s.sendto(b'x', ('127.0.0.1', 9))\n    try: s.recv(9)\n"
    "    except timeout: pass",
    "non-blocking polls": "import time\na, b = tcp()\na.send(b'x')\na.setblocking(False)\n"
    "end = time.monotonic() + SIX\nwhile time.monotonic() < end:\n    try: a.recv(9)\n"
    "    except BlockingIOError: time.sleep(0.05)\n    try: a.recv(9, MSG_DONTWAIT)\n"
    "    except BlockingIOError: pass",
    "asyncio": "import asyncio\nasync def main():\n"
    "    s = await asyncio.start_server(lambda r, w: None, '127.0.0.1', 0)\n"
    "    r, w = await asyncio.open_connection(*s.sockets[0].getsockname())\n    w.write(b'no newline')\n"
    "    try: await asyncio.wait_for(r.read(9), SIX)\n    except asyncio.TimeoutError: pass\n"
    "    w.close()\n    s.close()\nasyncio.run(main())",
    "select": "import select\na, b = tcp()\na.send(b'x')\nassert not select.select([a], [], [], SIX)[0]",
}


@pytest.mark.slow
def test_a_program_without_mistakes_gets_no_hint(tmp_path: Path) -> None:
    """All of them at once: some wait for 6 seconds."""
    running = {}
    for number, (name, text) in enumerate(RIGHT.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        script = written(folder, text.replace("SIX", "6"))
        running[name] = subprocess.Popen(
            [*RUN, script], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment()
        )
    outcomes = {
        name: (process.communicate(timeout=LIMIT)[0], process.wait()) for name, process in running.items()
    }
    assert outcomes == dict.fromkeys(RIGHT, (b"", 0))


@pytest.mark.slow
def test_a_hint_does_not_make_a_call_longer_or_leave_anything(tmp_path: Path) -> None:
    script = written(
        tmp_path,
        "import os, time\n"
        "a, b = tcp()\na.sendall(b'x')\na.settimeout(5.5)\n"
        "def state(): return (a.getsockopt(SOL_SOCKET, 20, 16), a.gettimeout(), "
        "os.get_blocking(a.fileno()))\n"
        "before, t = state(), time.monotonic()\n"
        "try: a.recv(10)\nexcept timeout: print(state() == before, 5.4 < time.monotonic() - t < 9)\n",
    )
    code, out, err = ended([*RUN, script], tmp_path)
    assert (code, out, len(split(err)[0])) == (0, "True True\n", 1)


@pytest.mark.slow
def test_the_reply_comes_at_once_after_the_hint(tmp_path: Path) -> None:
    script = written(
        tmp_path,
        "import sys\ns = create_connection(('127.0.0.1', int(sys.argv[1])))\ns.send(b'hello')\n"
        "print(s.recv(1024))",
    )

    def reply_late(connection: object) -> None:
        process.stderr.readline()  # type: ignore[union-attr]
        connection.sendall(b"HELLO")  # type: ignore[attr-defined]

    with scripted_peer(reply_late) as port:
        with subprocess.Popen(
            [*RUN, script, str(port)], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            out, _ = process.stdout.read(), process.wait(LIMIT)  # type: ignore[union-attr]
    assert (process.returncode, out) == (0, b"b'HELLO'\n")


def test_a_program_that_forks_has_the_threads_that_it_started(tmp_path: Path) -> None:
    """From 3.12 on Python warns of a fork with more threads than one, which it asks the system for."""
    script = written(
        tmp_path,
        "import os, time\n"
        "def tasks(): return os.listdir('/proc/self/task')\n"
        "def exchange():\n    a.send(b'x')\n    b.send(b'y')\n    a.recv(1)\n"
        "a, b = tcp()\n"
        "for _ in range(20):\n"
        "    exchange()\n"
        "    assert len(tasks()) > 1\n"
        "    pid = os.fork()\n"
        "    if pid == 0:\n"
        "        assert len(tasks()) == 1\n"
        "        exchange()\n        os._exit(7)\n"
        # The system lists a thread for a moment after its end; by itself this one ends after 5 seconds.
        "    end = time.monotonic() + 2\n"
        "    while len(tasks()) > 1: assert time.monotonic() < end\n"
        "    assert os.waitpid(pid, 0)[1] == 7 << 8\n",
    )
    assert ended([*RUN, script], tmp_path) == (0, "", "")


def test_the_end_of_a_program_does_not_wait_for_a_hint(tmp_path: Path) -> None:
    script = written(
        tmp_path,
        "import os, threading\ns = socket(AF_INET, SOCK_DGRAM)\ns.sendto(b'x', ('127.0.0.1', 9))\n"
        "t = threading.Thread(target=s.recv, args=(9,), daemon=True)\nt.start()\n"
        "while 'capsock hints' not in {open(f'/proc/self/task/{n}/comm').read().strip() for n in "
        "os.listdir('/proc/self/task')}: pass\n",
    )
    start = time.monotonic()
    assert ended([*RUN, script], tmp_path) == (0, "", "")
    assert time.monotonic() - start < 5


# A file named socket.py beside the program, and whether a hint names it. The outcome is that with Python.
SHADOWS = {
    "an own module": ("script.py", "def answer(): return 42", "import socket\nprint(socket.answer())", False),
    "in the place of the standard library's": (
        "script.py", "def answer(): return 42", "import socket\ns = socket.socket()", True,
    ),
    "names of it": ("script.py", "", "from socket import *\ns = socket(AF_INET, SOCK_DGRAM)", True),
    "one name of it": ("script.py", "", "from socket import socket", True),
    "the program itself": ("socket.py", "", "from socket import *\ns = socket(AF_INET, SOCK_DGRAM)", True),
    "the program itself, by its name": ("socket.py", "", "import socket\ns = socket.socket()", True),
    "another error": ("script.py", "", "undefined", False),
}  # fmt: skip


@pytest.mark.parametrize("name", SHADOWS)
def test_a_file_of_ones_own_named_socket(name: str, tmp_path: Path) -> None:
    script, module, text, is_told = SHADOWS[name]
    (tmp_path / "socket.py").write_text(module)
    (tmp_path / script).write_text(text)
    for folder, path in ((tmp_path, script), (tmp_path.parent, f"{tmp_path.name}/{script}")):
        theirs = ended([*PYTHON, path], folder)
        code, out, err = ended([*RUN, path], folder)
        hints, rest = split(err)
        # From 3.13 on Python says so itself, if it was started with the folder in its path; from 3.14 on in
        # the place of the file's name.
        said = re.compile(r" \((consider renaming .*|/.*/socket\.py)\)")
        alike = [said.sub("", text) for text in (rest, theirs[2])]
        assert (code, out, alike[0]) == (*theirs[:2], alike[1])
        assert [f"{tmp_path}/socket.py has the name of the module socket" in hint for hint in hints] == [
            True
        ] * is_told


def test_a_file_named_socket_does_not_matter_to_the_one_import(tmp_path: Path) -> None:
    for script in ("script.py", "socket.py"):
        (tmp_path / "socket.py").write_text("raise RuntimeError('imported')")
        (tmp_path / script).write_text(
            "from capsock.socket import *\n"
            "with socket(AF_INET, SOCK_DGRAM) as s: print(s._capsock_core is not None)"
        )
        assert ended([*PYTHON, script], tmp_path) == (0, "True\n", "")
