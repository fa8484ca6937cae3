"""What a call costs in Python: capsock beside the standard library's own.

Usage: python python_calls.py TCP_PORT UDP_PORT ROUNDS [ROW..]    (with the package capsock installed)
The ports are those of a server that makes upper case of lines and datagrams, on another processor.

It prints a line for each round of each row: the row, and the microseconds of the standard library's call and
of capsock's. The two take turns, so that whatever else the machine does meets both.
"""

from __future__ import annotations

import contextlib
import os
import socket as stdlib
import socketserver
import subprocess
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import capsock
import capsock.socket as ours

HOST = "127.0.0.1"
TEXT = "the text of a request, of 64 bytes: The Quick Brown Fox jumps on"
MANY = 1000
# Runs a call so many times; the seconds that it took.
Run = Callable[[int], float]
Sides = tuple[Run, Run]
TCP_PORT, UDP_PORT = int(sys.argv[1]), int(sys.argv[2])


def loop(call: Callable[[], object]) -> Run:
    def run(times: int) -> float:
        start = time.perf_counter()
        for _ in range(times):
            call()
        return time.perf_counter() - start

    return run


def uppercase() -> Sides:
    upper = capsock.uppercase
    return loop(lambda: TEXT.upper()), loop(lambda: upper(TEXT))


def tuned(module: ModuleType, one: stdlib.socket, timeout: float | None) -> stdlib.socket:
    one.setsockopt(module.IPPROTO_TCP, module.TCP_NODELAY, 1)
    one.settimeout(timeout)
    return one


def connected(module: ModuleType, timeout: float | None) -> tuple[stdlib.socket, stdlib.socket]:
    """Make both ends of a connection."""
    with module.create_server((HOST, 0)) as listener:
        client = module.create_connection(listener.getsockname())
        server, _ = listener.accept()
    return tuned(module, client, timeout), tuned(module, server, timeout)


def datagrams(module: ModuleType, timeout: float | None) -> Run:
    """`sendto` and `recvfrom` of one socket that sends to itself."""
    one = module.socket(module.AF_INET, module.SOCK_DGRAM)
    one.bind((HOST, 0))
    one.settimeout(timeout)
    address = one.getsockname()

    def run(times: int) -> float:
        start = time.perf_counter()
        for _ in range(times):
            one.sendto(b"hello", address)
            one.recvfrom(2048)
        return time.perf_counter() - start

    return run


def stream(module: ModuleType, timeout: float | None) -> Run:
    """`send` at one end of a connection and `recv` at the other."""
    client, server = connected(module, timeout)

    def run(times: int) -> float:
        start = time.perf_counter()
        for _ in range(times):
            client.send(b"hello")
            server.recv(2048)
        return time.perf_counter() - start

    return run


def waiting(module: ModuleType, timeout: float | None) -> Run:
    """`send` and `recv` at one end; a process at the other end, on the same processor, sends all back."""
    client, server = connected(module, timeout)
    if os.fork() == 0:
        peer = stdlib.socket(fileno=server.detach())
        peer.settimeout(None)
        client.close()
        while data := peer.recv(2048):
            peer.sendall(data)
        os._exit(0)
    server.close()

    def run(times: int) -> float:
        start = time.perf_counter()
        for _ in range(times):
            client.send(b"hello")
            client.recv(2048)
        return time.perf_counter() - start

    return run


def lines(port: int) -> Callable[[], str]:
    """The standard library's own request: a line there, a line back."""
    one = tuned(stdlib, stdlib.create_connection((HOST, port)), 30)
    replies = one.makefile("r", encoding="utf-8", newline="\n")

    def request() -> str:
        one.sendall(f"{TEXT}\n".encode())
        return replies.readline()[:-1]

    return request


def texts(port: int) -> Callable[[], str]:
    """The same as a datagram."""
    one = stdlib.socket(stdlib.AF_INET, stdlib.SOCK_DGRAM)
    one.settimeout(5)

    def request() -> str:
        one.sendto(TEXT.encode(), (HOST, port))
        return one.recvfrom(2048)[0].decode()

    return request


def checked(theirs: Callable[[], str], mine: Callable[[], str]) -> Sides:
    assert theirs() == mine() == TEXT.upper()
    return loop(theirs), loop(mine)


def request_tcp() -> Sides:
    client = capsock.TcpClient(HOST, TCP_PORT)
    return checked(lines(TCP_PORT), lambda: client.request(TEXT))


def request_udp() -> Sides:
    client = capsock.UdpClient(HOST, UDP_PORT)
    return checked(texts(UDP_PORT), lambda: client.request(TEXT))


def many(theirs: Callable[[], str], client: capsock.TcpClient | capsock.UdpClient) -> Sides:
    """A loop of the standard library's own requests beside `request_many`, both by the request."""
    items = [TEXT] * MANY

    def run(times: int) -> float:
        start = time.perf_counter()
        replies = client.request_many(items)
        took = time.perf_counter() - start
        assert replies == [TEXT.upper()] * MANY
        return took / MANY * times

    return loop(theirs), run


def many_tcp() -> Sides:
    return many(lines(TCP_PORT), capsock.TcpClient(HOST, TCP_PORT))


def many_udp() -> Sides:
    return many(texts(UDP_PORT), capsock.UdpClient(HOST, UDP_PORT))


class Lines(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line.upper())


def serve(kind: str) -> None:
    """A server with a handler, in a process of its own; prints its port."""
    if kind == "socketserver":
        with socketserver.ThreadingTCPServer((HOST, 0), Lines) as server:
            print(server.server_address[1], flush=True)
            server.serve_forever()
    elif kind == "loop":
        one = stdlib.socket(stdlib.AF_INET, stdlib.SOCK_DGRAM)
        one.bind((HOST, 0))
        print(one.getsockname()[1], flush=True)
        while True:
            data, sender = one.recvfrom(2048)
            one.sendto(data.upper(), sender)
    else:
        framing: Any = {"framing": "line"} if kind == "tcp" else {}
        with capsock.Server(kind, port=0, handler=bytes.upper, workers=1, **framing) as own:  # type: ignore[call-overload, unused-ignore]
            print(own.port, flush=True)
            time.sleep(600)


SERVERS = contextlib.ExitStack()


def served(kind: str) -> int:
    """Start such a server on the last processor; its port."""
    process = subprocess.Popen(
        [sys.executable, __file__, "0", "0", "serve", kind],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {CORES[-1]}),
    )
    SERVERS.callback(process.wait)
    SERVERS.callback(process.kill)
    assert process.stdout is not None
    return int(process.stdout.readline())


def handler_tcp() -> Sides:
    return checked(lines(served("socketserver")), lines(served("tcp")))


def handler_udp() -> Sides:
    return checked(texts(served("loop")), texts(served("udp")))


def imports() -> Sides:
    """A fresh process that imports it."""

    def run(statement: str) -> Run:
        return loop(lambda: subprocess.run([sys.executable, "-c", statement], check=True))

    return run("import socket"), run("import capsock")


def sockets(make: Callable[[ModuleType, float | None], Run], timeout: float | None) -> Callable[[], Sides]:
    return lambda: (make(stdlib, timeout), make(ours, timeout))


# The rows by name: how to make the two sides, and how many calls make a round.
ROWS: dict[str, tuple[Callable[[], Sides], int]] = {
    "`str.upper` and `uppercase`, 64 bytes": (uppercase, 10000),
    "`sendto` + `recvfrom`": (sockets(datagrams, None), 2000),
    "`sendto` + `recvfrom`, with a timeout": (sockets(datagrams, 5.0), 2000),
    "`send` + `recv`": (sockets(stream, None), 2000),
    "`send` + `recv`, with a timeout": (sockets(stream, 5.0), 2000),
    "`send` + `recv` that waits": (sockets(waiting, None), 500),
    "`send` + `recv` that waits, with a timeout": (sockets(waiting, 5.0), 500),
    "a request over TCP": (request_tcp, 200),
    "a request over UDP": (request_udp, 200),
    "one of 1,000 requests over TCP: a loop, `request_many`": (many_tcp, 200),
    "one of 1,000 requests over UDP: a loop, `request_many`": (many_udp, 200),
    "round trip to a handler over TCP: `socketserver`, `Server`": (handler_tcp, 200),
    "round trip to a handler over UDP: a loop, `Server`": (handler_udp, 200),
    "a process that imports `socket`, `capsock`": (imports, 1),
}

CORES = sorted(os.sched_getaffinity(0))


def main() -> None:
    if sys.argv[3] == "serve":
        serve(sys.argv[4])
        return
    rounds = int(sys.argv[3])
    with SERVERS:
        os.sched_setaffinity(0, {CORES[0]})
        for name in sys.argv[4:] or ROWS:
            make, times = ROWS[name]
            sides = make()
            for round_ in range(-1, rounds if times > 1 else min(rounds, 21)):
                # Each goes first as often as the other. The first round warms up.
                order = (0, 1) if round_ % 2 else (1, 0)
                took = {side: sides[side](times) / times * 1e6 for side in order}
                if round_ >= 0:
                    print(name, took[0], took[1], sep="\t", flush=True)


main()
