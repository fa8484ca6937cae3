"""Asks servers of each concurrency and transport for many requests, and fails if what they hold grows.

Usage: python bench/soak.py [--requests N] [--only tcp-events,udp-threads]
After each slice of the requests the connections are closed, and once the server has noticed, its descriptors,
threads, processes and resident memory are counted, those of its children with them. Over TCP a part of the
requests has a connection of its own. `make soak` builds what is needed before.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from harness.measure import LOAD, LOAD_CORE, READY_SECONDS, SERVER_CORE
from harness.servers import ROOT

CONCURRENCIES = ["iterative", "threads", "processes", "events"]
CASES = [f"{transport}-{concurrency}" for transport in ("tcp", "udp") for concurrency in CONCURRENCIES]

# Slices of a case, at least; the first ones are for what a server takes once (a thread's stack, a buffer).
SLICES, WARM_UP = 24, 4
# What resident memory may grow by from the first half of the slices to the second. A part of it is what the
# allocator has not given back, by chance more or less for each thread that waits: it has buffers of 256 KiB.
# Half a byte for each of ten million requests is seen all the same.
SLACK_KIB, SLACK_SHARE = 4096, 0.02
QUIET_SECONDS = 10
CONNECT_SECONDS = 0.1


@dataclass(frozen=True)
class Held:
    """What a server and its children have at one moment."""

    descriptors: int
    threads: int
    processes: int
    resident_kib: int


def family(parent: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{parent}/task").glob("*/children")
    return [parent, *(int(child) for path in children for child in path.read_text().split())]


def status(process: int, name: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    # One that has ended and is about to be reaped has no memory any more.
    return int(next((line for line in lines if line.startswith(f"{name}:")), f"{name}: 0").split()[1])


def held(parent: int) -> Held:
    while True:
        # A child may end while it is looked at.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            processes = family(parent)
            return Held(
                sum(len(os.listdir(f"/proc/{process}/fd")) for process in processes),
                sum(status(process, "Threads") for process in processes),
                len(processes),
                sum(status(process, "VmRSS") for process in processes),
            )


def held_when_quiet(parent: int) -> Held:
    """What is held once the server has closed its connections: when nothing has changed for a while."""
    until = time.monotonic() + QUIET_SECONDS
    now, since = held(parent), time.monotonic()
    while time.monotonic() < min(since + 0.1, until):
        time.sleep(0.01)
        last, now = now, held(parent)
        if astuple(now)[:3] != astuple(last)[:3]:
            since = time.monotonic()
    return now


def asked(workload: str, port: int, process: int, seconds: float) -> int:
    """How many requests were answered, each with the right reply."""
    words = [LOAD, workload, port, process, 0, seconds, SERVER_CORE, LOAD_CORE]
    command = [str(word) for word in words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 60)
    if done.returncode != 0:
        raise SystemExit(f"soak: {workload} failed: {done.stderr.strip()}")
    return int(json.loads(done.stdout)["requests"])


@contextlib.contextmanager
def serving(transport: str, concurrency: str) -> Iterator[tuple[int, int]]:
    """Runs `capsock serve`; gives its port and its process."""
    command = [str(ROOT / "target" / "release" / "capsock"), "serve", transport, "--port", "0", "--json"]
    command += ["--host", "127.0.0.1", "--concurrency", concurrency, "--workers", "2"]
    if transport == "tcp":
        command += ["--framing", "line"]
    null = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=null, stdout=subprocess.PIPE, stderr=null, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(json.loads(server.stdout.readline())["port"]), server.pid
            server.terminate()
            server.wait(READY_SECONDS)
        finally:
            server.kill()


@dataclass(frozen=True)
class Outcome:
    requests: int
    connections: int
    seconds: float
    first: Held
    last: Held
    resident_kib: tuple[int, int]

    def grown(self) -> list[str]:
        names = ("descriptors", "threads", "processes")
        before, after = self.resident_kib
        grown = [name for name in names if getattr(self.last, name) > getattr(self.first, name)]
        if after - before > max(SLACK_KIB, SLACK_SHARE * before):
            grown.append("resident memory")
        return grown


def soak(transport: str, concurrency: str, requests: int) -> Outcome:
    lasting = {"tcp": "tcp-1x16" if concurrency == "iterative" else "tcp-64x16", "udp": "udp-256"}[transport]
    done, connections = 0, 0
    samples: list[Held] = []
    begin = time.monotonic()
    with serving(transport, concurrency) as (port, process):
        seconds = 0.2
        while done < requests or len(samples) < SLICES:
            answered = asked(lasting, port, process, seconds)
            done += answered
            if transport == "tcp":
                opened = asked("tcp-connect", port, process, CONNECT_SECONDS)
                done, connections = done + opened, connections + opened
            samples.append(held_when_quiet(process))
            rate = answered / seconds
            left = max(SLICES - len(samples), 1)
            seconds = min(max((requests - done) / rate / left, 0.05), 10)
    steady = samples[WARM_UP:]
    half = len(steady) // 2
    resident = [sample.resident_kib for sample in steady]
    means = (sum(resident[:half]) // half, sum(resident[half:]) // (len(resident) - half))
    return Outcome(done, connections, time.monotonic() - begin, steady[0], steady[-1], means)


ROW = "{:<14} {:>11} {:>11} {:>8}  {:>9} {:>9} {:>9}  {:>15}  {}"


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--requests", type=int, default=10_000_000, help="of each case (10,000,000)")
    parser.add_argument("--only", default=",".join(CASES), metavar="NAME,..", help=", ".join(CASES))
    options = parser.parse_args()
    names = options.only.split(",")
    if wrong := [name for name in names if name not in CASES]:
        parser.error("unknown: " + ", ".join(wrong))
    heads = ("descr.", "threads", "processes", "resident KiB")
    print(ROW.format("server", "requests", "connections", "seconds", *heads, ""))
    failed = False
    for name in names:
        transport, concurrency = name.split("-")
        outcome = soak(transport, concurrency, options.requests)
        first, last = outcome.first, outcome.last
        changes = (
            f"{getattr(first, what)}->{getattr(last, what)}"
            for what in ("descriptors", "threads", "processes")
        )
        resident = "->".join(str(mean) for mean in outcome.resident_kib)
        grown = outcome.grown()
        failed = failed or bool(grown)
        verdict = "GROWN: " + ", ".join(grown) if grown else "flat"
        seconds = f"{outcome.seconds:.0f}"
        print(
            ROW.format(name, outcome.requests, outcome.connections, seconds, *changes, resident, verdict),
            flush=True,
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
