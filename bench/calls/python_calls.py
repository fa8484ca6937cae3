"""What a call on a socket costs in Python: capsock.socket beside the standard library's `_socket`.

Usage: python python_calls.py [--rounds N] [--json]        (with the package capsock installed)

Each row is a pair of calls on loopback, of one thread or of two processes that take turns. Both sides are
measured in short runs by turns, so that what else the machine does meets both; the numbers are the medians of
the runs, and half of the runs lie within the spread. Importing is measured in fresh processes.
"""

from __future__ import annotations

import argparse
import json
import os
import socket as stdlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import capsock.socket as ours

HOST = "127.0.0.1"
Run = Callable[[int], float]


def connected(module: ModuleType, timeout: float | None) -> tuple[Any, Any]:
    """Make both ends of a connection."""
    with module.create_server((HOST, 0)) as listener:
        client = module.create_connection(listener.getsockname())
        server, _ = listener.accept()
    for one in (client, server):
        one.setsockopt(module.IPPROTO_TCP, module.TCP_NODELAY, 1)
        one.settimeout(timeout)
    return client, server


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
        return (time.perf_counter() - start) / times

    return run


def stream(module: ModuleType, timeout: float | None) -> Run:
    """`send` at one end of a connection and `recv` at the other."""
    client, server = connected(module, timeout)

    def run(times: int) -> float:
        start = time.perf_counter()
        for _ in range(times):
            client.send(b"hello")
            server.recv(2048)
        return (time.perf_counter() - start) / times

    return run


def echo(module: ModuleType, timeout: float | None) -> Run:
    """`send` and `recv` at one end, while a process at the other end, on `_socket`, sends everything back.

    All of them share one processor: waking another one costs several times what is measured here, and whether
    a pair does is the scheduler's choice.
    """
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
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
        return (time.perf_counter() - start) / times

    return run


ROWS: list[tuple[str, Callable[[Any, float | None], Run], float | None, int]] = [
    ("sendto+recvfrom", datagrams, None, 2000),
    ("sendto+recvfrom, timeout", datagrams, 5.0, 2000),
    ("send+recv", stream, None, 2000),
    ("send+recv, timeout", stream, 5.0, 2000),
    ("send+recv that waits", echo, None, 500),
    ("send+recv that waits, timeout", echo, 5.0, 500),
]


def imports(statement: str) -> Run:
    """Measure a fresh process that runs a statement."""

    def run(_: int) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        return time.perf_counter() - start

    return run


def by_turns(theirs: Run, mine: Run, times: int, rounds: int) -> tuple[list[float], list[float]]:
    """Run both, again and again."""
    runs: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        runs[0].append(theirs(times))
        runs[1].append(mine(times))
    return runs


def row(name: str, runs: tuple[list[float], list[float]]) -> dict[str, object]:
    """Sum two series up, in microseconds."""
    medians = [statistics.median(series) * 1e6 for series in runs]
    spread = [[round(q * 1e6, 2) for q in statistics.quantiles(series, n=4)[::2]] for series in runs]
    ratio = round(medians[1] / medians[0], 3)
    return {
        "name": name,
        "stdlib_us": round(medians[0], 2),
        "stdlib_spread_us": spread[0],
        "capsock_us": round(medians[1], 2),
        "capsock_spread_us": spread[1],
        "ratio": ratio,
    }


def main() -> None:
    """Measure every row and print it."""
    arguments = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    arguments.add_argument("--rounds", type=int, default=61, help="runs of each side (61)")
    arguments.add_argument("--json", action="store_true", help="print JSON")
    options = arguments.parse_args()
    rows = []
    for name, make, timeout, times in ROWS:
        rows.append(row(name, by_turns(make(stdlib, timeout), make(ours, timeout), times, options.rounds)))
    start = by_turns(imports("import socket"), imports("import capsock.socket"), 1, min(options.rounds, 21))
    rows.append(row("a process that imports it", start))
    if options.json:
        print(json.dumps({"python": sys.version.split()[0], "rows": rows}, indent=1))
        return
    print(f"CPython {sys.version.split()[0]}; microseconds, medians of {options.rounds} runs by turns")
    print(f"{'':32} {'_socket':>9} {'(half within)':>18} {'capsock':>9} {'(half within)':>18} {'ratio':>6}")
    for one in rows:
        spreads = ["{}-{}".format(*one[f"{side}_spread_us"]) for side in ("stdlib", "capsock")]  # type: ignore[misc]
        print(
            f"{one['name']:32} {one['stdlib_us']:9} {spreads[0]:>18} {one['capsock_us']:9} {spreads[1]:>18} "
            f"{one['ratio']:6}"
        )


if __name__ == "__main__":
    main()
