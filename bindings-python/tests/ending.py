"""A program whose processes end while daemon threads are in calls: `ending.py KIND COUNT`.

It forks COUNT processes, a few at a time. Each starts daemon threads that make calls of one kind, and comes
to the end of its main thread while they do. What a process ended with, unless it is status 0, is printed.
"""

from __future__ import annotations

import gc
import io
import logging
import os
import signal
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import capsock
from capsock import socket
from capsock.socket import AF_INET, SOCK_DGRAM, SOL_SOCKET

# So many calls of a kind are going on in each process, and so many processes at a time.
THREADS = 4
AT_ONCE = 3

# Seconds for a process to end.
LIMIT = 30

HOST = "127.0.0.1"
BLOCK = b"x" * 100

KINDS: dict[str, Callable[[], Callable[[], object]]] = {}


def kind(make: Callable[[], Callable[[], object]]) -> Callable[[], Callable[[], object]]:
    """Add a kind of call: a function that makes what the calls need, once a process, and returns the call."""
    KINDS[make.__name__.replace("_", " ")] = make
    return make


def pair() -> tuple[Any, Any]:
    """Return two connected sockets; a thread of its own sends to the first one."""
    with socket.create_server((HOST, 0)) as listener:
        one = socket.create_connection(listener.getsockname())
        other = listener.accept()[0]

    def feed() -> None:
        while True:
            other.sendall(BLOCK)

    threading.Thread(target=feed, daemon=True).start()
    return one, other


@kind
def timeouts() -> Callable[[], object]:
    one, _ = pair()

    def call() -> None:
        one.settimeout(0.05)
        one.recv(100)

    return call


@kind
def waits() -> Callable[[], object]:
    silent = socket.socket(AF_INET, SOCK_DGRAM)
    silent.bind((HOST, 0))
    silent.settimeout(0.001)
    return lambda: silent.recvfrom(100)


@kind
def connections() -> Callable[[], object]:
    listener = socket.create_server((HOST, 0))

    def call() -> None:
        with socket.create_connection(listener.getsockname()) as one, listener.accept()[0] as other:
            one.send(BLOCK)
            assert other.recv(100)

    return call


@kind
def names() -> Callable[[], object]:
    peer = socket.socket(AF_INET, SOCK_DGRAM)
    return lambda: peer.connect(("localhost", 9))


@kind
def buffers() -> Callable[[], object]:
    one, _ = pair()
    # Its sends never wait: threads that all sent to `one` would leave nobody to receive.
    peer = socket.socket(AF_INET, SOCK_DGRAM)

    def call() -> None:
        peer.sendmsg([bytearray(BLOCK), memoryview(BLOCK)], [], 0, (HOST, 9))
        one.recv_into(bytearray(100))
        one.recvmsg_into([bytearray(30), bytearray(30)])
        one.recvmsg(100, 100)

    return call


@kind
def options() -> Callable[[], object]:
    one = socket.socket(AF_INET, SOCK_DGRAM)

    def call() -> None:
        one.setsockopt(SOL_SOCKET, socket.SO_RCVBUF, 5000)
        one.getsockopt(SOL_SOCKET, socket.SO_RCVBUF)
        one.setblocking(False)
        one.setsockopt(SOL_SOCKET, socket.SO_BINDTODEVICE, None, 0)

    return call


@kind
def refusals() -> Callable[[], object]:
    one: Any = socket.socket(AF_INET, SOCK_DGRAM)

    def call() -> None:
        for wrong in (one.send, one.recv, one.connect, one.setsockopt, capsock.uppercase):
            with suppress(TypeError, OSError):
                wrong("wrong")
        # Lets go of the GIL.
        one.sendto(BLOCK, (HOST, 9))

    return call


@kind
def audit_hooks() -> Callable[[], object]:
    sys.addaudithook(lambda event, arguments: event.startswith("socket") and str(arguments) and None)
    one = socket.socket(AF_INET, SOCK_DGRAM)
    return lambda: one.sendto(BLOCK, (HOST, 9))


@kind
def collections() -> Callable[[], object]:
    """Make calls in whose allocations the collector runs finalizers and callbacks of weak references."""

    class Cycle:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            str(self)

    gc.set_threshold(1)
    one = socket.socket(AF_INET, SOCK_DGRAM)
    one.bind((HOST, 0))
    kept = []

    def call() -> None:
        kept.append(weakref.ref(Cycle(), str))
        del kept[:-10]
        one.sendto(BLOCK, one.getsockname())
        one.recvfrom(100)

    return call


@kind
def tcp_clients() -> Callable[[], object]:
    server = capsock.Server("tcp", host=HOST, port=0, framing="line")
    shared = capsock.TcpClient(*server.address)

    def call() -> None:
        shared.request("one")
        with capsock.TcpClient(*server.address) as client:
            client.request_many(["two", "three"])

    return call


@kind
def udp_clients() -> Callable[[], object]:
    server = capsock.Server("udp", host=HOST, port=0)
    shared = capsock.UdpClient(*server.address)

    def call() -> None:
        shared.request("one")
        with capsock.UdpClient(*server.address) as client:
            client.request_many(["two", "three"])

    return call


@kind
def copies() -> Callable[[], object]:
    server = capsock.Server("tcp", host=HOST, port=0)

    class Input:
        left = 20

        def read(self, size: int) -> bytes:
            self.left -= 1
            return b"x" if self.left > 0 else b""

    def call() -> None:
        with capsock.TcpClient(*server.address) as client:
            client.copy(Input(), io.BytesIO())

    return call


@kind
def servers() -> Callable[[], object]:
    def call() -> None:
        with capsock.Server("tcp", host=HOST, port=0, framing="line", handler=bytes.upper) as server:
            server.stats()
            with capsock.TcpClient(*server.address) as client:
                client.request("one")

    return call


@kind
def handlers() -> Callable[[], object]:
    """Make calls that are answered by handlers in Python, on threads of servers of each kind."""

    def handler(request: str) -> str:
        assert threading.current_thread().name
        return request.upper()

    clients: list[Any] = []
    for concurrency in ("threads", "events", "iterative"):
        tcp: Any = capsock.Server(
            "tcp", host=HOST, port=0, framing="line", handler=handler, text=True, concurrency=concurrency
        )
        udp: Any = capsock.Server(
            "udp", host=HOST, port=0, handler=handler, text=True, concurrency=concurrency
        )
        clients += [(tcp, capsock.TcpClient(*tcp.address)), (udp, capsock.UdpClient(*udp.address))]

    def call() -> None:
        for _, client in clients:
            client.request("one")

    return call


@kind
def failing_handlers() -> Callable[[], object]:
    """Make calls of handlers whose exceptions go to the log."""

    def handler(request: bytes) -> bytes:
        raise ValueError

    log = logging.getLogger("capsock")
    log.addHandler(logging.StreamHandler(io.StringIO()))
    log.propagate = False
    server = capsock.Server("udp", host=HOST, port=0, concurrency="threads", handler=handler)
    peer = socket.socket(AF_INET, SOCK_DGRAM)
    return lambda: peer.sendto(b"x", server.address)


@kind
def traces() -> Callable[[], object]:
    one, _ = pair()
    folder = tempfile.mkdtemp()

    def call() -> None:
        with suppress(OSError), capsock.trace.start(os.path.join(folder, "trace")):
            one.recv(100)

    return call


@kind
def long_texts() -> Callable[[], object]:
    stream, text = capsock.UppercaseStream(), "straße" * 2000
    return lambda: (capsock.uppercase(text), stream.push(text.encode()), stream.finish())


def work(call: Callable[[], object], rounds: int) -> None:
    """Start the threads, and return when each has made so many calls."""
    # Threads lose the GIL in the middle of what the calls have Python do. In older Pythons that may have the
    # main thread wait for ever, in drop_gil(), for a thread that was to take the GIL and was ended.
    sys.setswitchinterval(1e-6 if sys.version_info >= (3, 12) else 10)
    counts = [0] * THREADS
    enough = threading.Event()

    def run(index: int) -> None:
        while True:
            with suppress(OSError):
                call()
            counts[index] += 1
            if min(counts) >= rounds:
                enough.set()

    for index in range(THREADS):
        threading.Thread(target=run, args=[index], daemon=True).start()
    assert enough.wait(LIMIT)


def main(name: str, count: int) -> None:
    """Fork the processes and print what they ended with; in those, return while the threads run."""
    processes: dict[int, float] = {}
    for index in range(count + AT_ONCE):
        while len(processes) >= (AT_ONCE if index < count else 1):
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid:
                del processes[pid]
                if status != 0:
                    print(name, os.waitstatus_to_exitcode(status))
                continue
            for late in [pid for pid, end in processes.items() if end < time.monotonic()]:
                print(name, "hangs")
                os.kill(late, signal.SIGKILL)
            time.sleep(0.002)
        if index < count:
            child = os.fork()
            if child == 0:
                work(KINDS[name](), 1 + index % 7)
                return
            processes[child] = time.monotonic() + LIMIT


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
