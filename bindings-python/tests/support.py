"""What several tests use: kinds of servers, peers of plain sockets, Python programs that run beside."""

from __future__ import annotations

import errno
import gc
import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import capsock
import capsock.socket

T = TypeVar("T")

# Seconds that a step may take on a busy machine before a test fails.
LIMIT = 30.0

HOST = "127.0.0.1"
TRANSPORTS = ["tcp", "udp"]

# The number of the error of a call on a closed socket.
CLOSED_ERRNO = errno.ENOTSOCK if sys.platform == "win32" else errno.EBADF

CONCURRENCIES = ["iterative", "threads", "processes", "events"]
if sys.platform == "win32":
    CONCURRENCIES.remove("processes")
KINDS = [(transport, concurrency) for transport in TRANSPORTS for concurrency in CONCURRENCIES]


def start(transport: str, **options: Any) -> capsock.Server:
    """Start a server on a free port; the stubs' narrow types do not suit tables of strings."""
    server_class: Any = capsock.Server
    server: capsock.Server = server_class(transport, **{"host": HOST, "port": 0, **options})
    return server


def connect(server: capsock.Server, **options: Any) -> capsock.TcpClient | capsock.UdpClient:
    """Return a client of the server's transport."""
    client_class: Any = capsock.TcpClient if server.transport == "tcp" else capsock.UdpClient
    client: capsock.TcpClient | capsock.UdpClient = client_class(*server.address, **options)
    return client


@contextmanager
def silent_peer(transport: str) -> Iterator[int]:
    """Give the port of a peer that takes connections and requests, and never says anything."""
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as peer:
        peer.bind((HOST, 0))
        if transport == "tcp":
            peer.listen()
        yield peer.getsockname()[1]


@contextmanager
def scripted_peer(act: Callable[[socket.socket], None]) -> Iterator[int]:
    """Give the port of a TCP peer that accepts one connection, does `act` with it and closes it."""

    def run() -> None:
        connection, _ = listener.accept()
        with connection:
            act(connection)

    with socket.create_server((HOST, 0)) as listener:
        listener.settimeout(LIMIT)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(LIMIT)
        assert not thread.is_alive()


def core(sock: capsock.socket.socket) -> Any:
    """Return the core's socket of a socket, None if the standard library makes its calls."""
    return sock._capsock_core  # type: ignore[attr-defined]


@contextmanager
def connection() -> Iterator[tuple[capsock.socket.socket, capsock.socket.socket]]:
    """Give the two ends of a TCP connection: the client's, the server's."""
    with capsock.socket.create_server((HOST, 0)) as listener:
        with capsock.socket.create_connection(listener.getsockname()) as client:
            server, _ = listener.accept()
            with server:
                yield client, server


def closed_port(transport: str) -> int:
    """Return a port that nothing has."""
    with silent_peer(transport) as port:
        return port


class Call(threading.Thread):
    """A call on a thread of its own, for its result or its exception."""

    def __init__(self, call: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self.value: Any = None
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.value = self._call()
        except BaseException as error:
            self.error = error

    def result(self) -> Any:
        """Wait for the end of the call; return what it returned or raise what it raised."""
        self.join(LIMIT)
        assert not self.is_alive(), "the call is still blocked"
        if self.error is not None:
            raise self.error
        return self.value

    def sleeps(self) -> bool:
        """Tell whether the thread is blocked in the kernel."""
        return self.native_id is not None and sleeping(os.getpid(), self.native_id)


def sleeping(process: int, thread: int) -> bool:
    """Tell whether a thread is blocked in the kernel, by its state in /proc."""
    stat = Path(f"/proc/{process}/task/{thread}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "S"


def settled(call: Call) -> bool:
    """Tell whether a call has ended, or sleeps in the kernel for something that is no lock."""
    for _ in range(4):
        if not call.is_alive():
            return True
        try:
            where = Path(f"/proc/self/task/{call.native_id}/wchan").read_text()
        except OSError:
            return not call.is_alive()
        if where == "0" or "futex" in where:
            return False
        time.sleep(0.002)
    return True


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition that other threads or processes bring about."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"not within {LIMIT:.0f} s: {what}"
        threading.Event().wait(0.005)


def census() -> dict[str, int]:
    """Count what this process holds."""
    gc.collect()
    tasks = list(Path("/proc/self/task").iterdir())
    children = 0
    for task in tasks:
        # A thread may end between the listing and the look.
        with suppress(FileNotFoundError, ProcessLookupError):
            children += len((task / "children").read_text().split())
    return {"descriptors": len(os.listdir("/proc/self/fd")), "threads": len(tasks), "children": children}


def no_more_than(before: dict[str, int]) -> bool:
    """Whether this process holds no more than it did.

    Less is fine: the kernel lists a thread for a moment after it was joined, so that one of an earlier
    test may have been counted before.
    """
    return all(count <= before[what] for what, count in census().items())


class Script:
    """A Python program that runs beside the test, with pipes; a `with` block ends it."""

    def __init__(self, code: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            # From 3.12 on Python warns of fork() in a program with threads; some scripts test just that.
            [
                sys.executable,
                "-W",
                "ignore:This process:DeprecationWarning",
                "-c",
                textwrap.dedent(code),
                *arguments,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=None
            if sys.platform == "win32"
            else lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        self._seen = b""

    def __enter__(self) -> Script:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def wait_for(self, text: str) -> str:
        """Read its output until `text` is in it, and return the output so far."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + LIMIT
        while text.encode() not in self._seen:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            chunk = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not chunk:
                self.process.kill()
                assert self.process.stderr is not None
                raise AssertionError(f"no {text!r} but {self._seen!r}; {self.process.stderr.read().decode()}")
            self._seen += chunk
        return self._seen.decode()

    def wait_until_blocked(self) -> None:
        """Wait until its main thread is blocked in the kernel."""
        wait_until(lambda: sleeping(self.process.pid, self.process.pid), "the program is blocked")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, str, str]:
        """Wait for its end; return exit code, all output and what it wrote to standard error."""
        out, err = self.process.communicate(timeout=LIMIT)
        texts = [text.decode().replace(os.linesep, "\n") for text in (self._seen + out, err)]
        return self.process.returncode, texts[0], texts[1]


def run_script(code: str, *arguments: str) -> tuple[int, str, str]:
    """Run a Python program to its end; return exit code, output and what it wrote to standard error."""
    with Script(code, *arguments) as script:
        return script.end()
