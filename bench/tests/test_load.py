"""The load generator: it counts what was answered, and a wrong reply ends it. No timing is judged."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.measure import CORES, LOAD, Bench
from harness.servers import SERVERS, before_and_after, chosen
from harness.workloads import BY_NAME, WORKLOADS

Reply = Callable[[int, bytes], "list[bytes]"]


@contextmanager
def datagrams(reply: Reply) -> Iterator[int]:
    """A server that gives the replies of a function to the number of a datagram and the datagram."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def serve() -> None:
            number = 0
            while True:
                text, source = sock.recvfrom(2048)
                if text == b"stop":
                    return
                for one in reply(number, text):
                    sock.sendto(one, source)
                number += 1

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield sock.getsockname()[1]
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                one.sendto(b"stop", ("127.0.0.1", sock.getsockname()[1]))
            thread.join()


def load(workload: str, port: int, seconds: float = 0.2) -> subprocess.CompletedProcess[str]:
    words = [str(LOAD), workload, port, os.getpid(), 0.01, seconds, CORES[0], CORES[-1]]
    command = [str(word) for word in words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_right_replies_are_counted() -> None:
    with datagrams(lambda _, text: [text.upper()]) as port:
        done = load("udp-64", port)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["requests"] > 0
    assert said["server_cpu_seconds"] > 0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda text: text,
        lambda text: text.upper()[:-1],
        lambda text: text.upper()[:-2] + b"?\n",
        lambda text: b"ZZ" + text.upper()[2:],
    ],
    ids=["lower case", "shorter", "another letter", "another's"],
)
def test_a_wrong_reply_ends_it(wrong: Callable[[bytes], bytes]) -> None:
    with datagrams(lambda number, text: [wrong(text) if number == 20 else text.upper()]) as port:
        done = load("udp-64", port)
    assert done.returncode == 1
    assert "reply" in done.stderr


def test_what_is_lost_is_asked_again_and_what_comes_twice_is_not_counted_twice() -> None:
    asked = set()

    def unreliable(number: int, text: bytes) -> list[bytes]:
        asked.add(text)
        return [] if number % 50 == 0 else [text.upper()] * (1 + number % 2)

    with datagrams(unreliable) as port:
        done = load("udp-64", port, 0.5)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["resent"] > 0
    assert said["late"] > 0


def test_a_server_that_closes_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:

        def close_after_one() -> None:
            one, _ = sock.accept()
            one.sendall(one.recv(2048).upper())
            one.close()

        thread = threading.Thread(target=close_after_one)
        thread.start()
        done = load("tcp-1", sock.getsockname()[1])
        thread.join()
    assert done.returncode == 1


def test_each_workload_has_a_c_program_capsock_and_libraries() -> None:
    for workload in WORKLOADS:
        kinds = [server.kind for server in chosen([], workload.name, quick=False)]
        assert set(kinds) == {"lean", "capsock", "library"}, workload.name
    assert len({server.name for server in SERVERS}) == len(SERVERS)


def test_the_ratio_is_to_the_other_build() -> None:
    (program,) = (row.program[0] for row in SERVERS if row.name == "capsock")
    rows = before_and_after(Path(program), "capsock", "tcp-1")
    result = Bench(rounds=1, seconds=0.02).run(BY_NAME["tcp-1"], rows)
    assert list(result["servers"]) == ["capsock", "before"], result["skipped"]
    assert result["servers"]["before"]["ratio"] == 1
    assert before_and_after(Path(program), "capsock-once", "udp-1") == []


@pytest.mark.parametrize("name", ["tcp-64x16", "tcp-connect", "udp-gso"])
def test_a_short_run(name: str) -> None:
    servers = [server for server in chosen(["lean", "capsock"], name, quick=True) if not server.missing()]
    result = Bench(rounds=1, seconds=0.02).run(BY_NAME[name], servers)
    assert "capsock" in result["servers"], result["skipped"]
    assert not result["skipped"]
    for row in result["servers"].values():
        assert row["cpu_us"] > 0
        assert row["rate"] > 0
