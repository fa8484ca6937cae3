"""Clients that ask without a pause and check each reply, and that account for what was lost."""

from __future__ import annotations

import errno
import itertools
import socket
import threading
from collections import Counter
from types import TracebackType

CLIENTS = 8
REQUESTS_OF_A_CONNECTION = 20

# How long a client waits after each reply, in seconds: a test is not for the load.
PAUSE = 0.005

# Longer than any reply takes. For a datagram, also longer than nginx waits for it.
LIMIT = {"tcp": 30.0, "udp": 4.0}

# A request whose reply is longer than all buffers between a server and a client that does not read, which can
# be 4 MiB each. The upper case of this letter takes three times its bytes.
LONG = "\u0390" * (4 << 20)

# The port of a client's socket, and how many sockets had the port before: what the log of a balancer tells.
Session = tuple[int, int]


class Traffic:
    """Requests of eight clients until the end. A request whose connection ends without its reply, or whose
    datagram gets none, is counted as lost and asked again.

    A datagram without content is no reply: nginx sends it where nothing listens on the server's port."""

    def __init__(self, transport: str, port: int) -> None:
        self.transport = transport
        self.port = port
        self.replies = 0
        self.lost: list[Session] = []
        self.failures: list[str] = []
        self.sessions: Counter[int] = Counter()
        self.ports = itertools.cycle(range(33000, 60000))
        self.lock = threading.Lock()
        self.stop = threading.Event()
        ask = self.ask_tcp if transport == "tcp" else self.ask_udp
        self.threads = [threading.Thread(target=self.run, args=(ask, client)) for client in range(CLIENTS)]

    def __enter__(self) -> Traffic:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def run(self, ask: object, client: int) -> None:
        assert callable(ask)
        try:
            number = 0
            while not self.stop.is_set():
                number += ask(client, number)
        except Exception as error:  # A thread's own would be told nobody.
            with self.lock:
                self.failures.append(f"client {client}: {error!r}")

    def bind(self, one: socket.socket) -> int:
        """Binds a port that was not used for long: a datagram from a port belongs to the session that nginx
        still has for that port."""
        while True:
            port = next(self.ports)
            try:
                one.bind(("127.0.0.1", port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                return port

    def open(self) -> tuple[socket.socket, Session]:
        kind = socket.SOCK_STREAM if self.transport == "tcp" else socket.SOCK_DGRAM
        one = socket.socket(socket.AF_INET, kind)
        one.settimeout(LIMIT[self.transport])
        with self.lock:
            port = self.bind(one)
            session = (port, self.sessions[port])
            self.sessions[port] += 1
        one.connect(("127.0.0.1", self.port))
        return one, session

    def opened(self) -> set[Session]:
        """The sessions that have begun until now, or are about to."""
        with self.lock:
            return {(port, earlier) for port, count in self.sessions.items() for earlier in range(count)}

    def count(self, client: int, number: int, reply: bytes) -> None:
        assert reply == f"REQUEST {number} OF CLIENT {client}\n".encode(), reply
        with self.lock:
            self.replies += 1
        self.stop.wait(PAUSE)

    def lose(self, session: Session) -> None:
        with self.lock:
            self.lost.append(session)

    def ask_tcp(self, client: int, number: int) -> int:
        """Some requests on one connection: how many had a reply."""
        one, session = self.open()
        with one, one.makefile("rb") as replies:
            for asked in range(REQUESTS_OF_A_CONNECTION):
                try:
                    one.sendall(f"request {number + asked} of client {client}\n".encode())
                    reply = replies.readline()
                except ConnectionError:
                    reply = b""
                if not reply:
                    self.lose(session)
                    return asked
                self.count(client, number + asked, reply)
        return REQUESTS_OF_A_CONNECTION

    def ask_udp(self, client: int, number: int) -> int:
        """One request, from a port of its own, as those of UdpClient."""
        one, session = self.open()
        with one:
            one.send(f"request {number} of client {client}\n".encode())
            try:
                reply = one.recv(100)
            except TimeoutError:
                reply = b""
            if not reply:
                self.lose(session)
                return 0
            self.count(client, number, reply)
        return 1


class Held:
    """Connections with a request in progress: a server has all of it, and its reply waits to be received."""

    def __init__(self, traffic: Traffic, count: int) -> None:
        self.connections = [traffic.open() for _ in range(count)]
        for one, _ in self.connections:
            # So that the system does not make room for more.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
            one.sendall(LONG.encode() + b"\n")
            assert one.recv(1, socket.MSG_PEEK)

    def finish(self) -> list[Session]:
        """Receives the replies, and closes: the connections that had no whole one."""
        wanted = LONG.upper().encode() + b"\n"
        lost = []
        for one, session in self.connections:
            with one, one.makefile("rb") as replies:
                try:
                    reply = replies.readline()
                except ConnectionError:
                    reply = b""
            if reply != wanted:
                assert wanted.startswith(reply)
                lost.append(session)
        self.connections = []
        return lost

    def close(self) -> None:
        for one, _ in self.connections:
            one.close()
