"""What the counted servers are asked: one thing after the other, so that every run goes the same way."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TIMEOUT = 30.0
LINE = b"the quick brown fox jumps over the lazy dog, and then once more\n"


class Target:
    """A server's port, and when all of its threads sleep: then it waits for what it is asked next."""

    def __init__(self, port: int, process: int) -> None:
        self.address = ("127.0.0.1", port)
        self.tasks = Path(f"/proc/{process}/task")

    def wait_for_rest(self) -> None:
        """Return when the server has done all that it was asked; else whether it sleeps is chance."""
        limit = time.monotonic() + TIMEOUT
        at_rest = 0
        # Twice, since the threads are not looked at in one moment.
        while at_rest < 2:
            states = [(task / "stat").read_text().rpartition(") ")[2][0] for task in self.tasks.iterdir()]
            at_rest = at_rest + 1 if set(states) == {"S"} else 0
            if time.monotonic() > limit:
                raise TimeoutError("the server does not come to rest")


def lines(target: Target, times: int, at_once: int = 1) -> None:
    """Lines on one connection; the next ones when all are answered."""
    asked = LINE * at_once
    with socket.create_connection(target.address, TIMEOUT) as one:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(times):
            target.wait_for_rest()
            one.sendall(asked)
            reply = b""
            while len(reply) < len(asked):
                reply += one.recv(65536)
            assert reply == asked.upper()


def sixteen(target: Target, times: int) -> None:
    lines(target, times, 16)


def connections(target: Target, times: int) -> None:
    """A connection for each line, over before the next one begins."""
    for _ in range(times):
        target.wait_for_rest()
        with socket.create_connection(target.address, TIMEOUT) as one:
            target.wait_for_rest()
            one.sendall(LINE)
            assert one.recv(65536) == LINE.upper()
            target.wait_for_rest()
            one.shutdown(socket.SHUT_WR)
            assert one.recv(65536) == b""


def datagrams(target: Target, times: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(TIMEOUT)
        one.connect(target.address)
        for _ in range(times):
            target.wait_for_rest()
            one.send(LINE)
            assert one.recv(2048) == LINE.upper()


@dataclass(frozen=True)
class Served:
    """A server, what it is asked, and how many requests one round of that is.

    One that is like another takes as many instructions for a request: it has something that no request uses.
    """

    name: str
    arguments: str
    ask: Callable[[Target, int], None]
    each: int = 1
    like: str | None = None


SERVED = [
    Served("tcp, events", "tcp", lines),
    Served("tcp, events, 16 lines at once", "tcp", sixteen, 16),
    Served("tcp, events, line framing, 16 lines at once", "tcp --framing line", sixteen, 16),
    Served("tcp, events, a connection for each", "tcp", connections),
    Served("tcp, iterative", "tcp --concurrency iterative", lines),
    Served("tcp, threads", "tcp --concurrency threads", lines),
    Served("udp, events", "udp", datagrams),
    Served("udp, iterative", "udp --concurrency iterative", datagrams),
    Served("tcp, events, with metrics", "tcp --metrics 127.0.0.1:0", lines, like="tcp, events"),
    Served("udp, events, with metrics", "udp --metrics 127.0.0.1:0", datagrams, like="udp, events"),
]

GREEK = ["και", "φως", "ημέρας", "Ελλάδα"]
TEXTS = {
    "uppercase, ASCII": ["the", "Quick", "brown", "FOX", "jumps,", "over", "1984"],
    "uppercase, mixed": [*GREEK, "мир", "большая", "Москва", "straße", "Käse", "😀", "of", "the"],
}


def text(name: str, kibibytes: int) -> bytes:
    """So much text of a kind, the same each time."""
    words = random.Random(1).choices(TEXTS[name], k=kibibytes * 1024)
    return " ".join(words).encode()[: kibibytes * 1024]
