"""What stands still: how soon a server is ready or a JVM has a socket, and what an idle connection holds."""

from __future__ import annotations

import contextlib
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.measure import READY_SECONDS, Failed, started
from harness.servers import BUILT, JDK, ROOT, SERVERS, Server
from harness.summary import quartiles

CONNECTIONS = 2000
WORKLOAD = "tcp-64"
# By name, in harness/servers.py. One loop each, and a thread for each connection.
NAMES = (
    "lean-epoll",
    "capsock",
    "capsock-threads",
    "capsock-python",
    "capsock-java",
    "rust-std",
    "mio",
    "tokio",
    "libuv",
    "asyncio",
    "java-threads",
    "java-nio",
    "netty",
)
LINE = b"hello\n"


def _own_memory(process: int) -> int:
    """The bytes of memory that are the process's own and no file's (RssAnon of proc(5))."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise OSError("there is no RssAnon in /proc: proc(5), since Linux 4.5")


def idle_bytes(server: Server) -> float:
    """The bytes for each of some thousands of connections that were answered once and say nothing now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * CONNECTIONS + 256)), hard))
    with started(server, WORKLOAD) as (port, process), contextlib.ExitStack() as connections:

        def connect(count: int) -> None:
            for _ in range(count):
                one = socket.create_connection(("127.0.0.1", port), READY_SECONDS)
                connections.enter_context(one)
                one.sendall(LINE)
                if one.recv(16) != LINE.upper():
                    raise Failed("a wrong reply")

        connect(16)
        before = _own_memory(process)
        connect(CONNECTIONS)
        return (_own_memory(process) - before) / CONNECTIONS


def _milliseconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1e3


def ready_ms(server: Server) -> float:
    """The milliseconds from the start of its process to the line that says where it listens."""
    start = time.perf_counter()
    with started(server, WORKLOAD):
        return (time.perf_counter() - start) * 1e3


def _told(values: list[float]) -> list[float]:
    return [round(value, 2) for value in quartiles(values)]


def _jvm_ms(rounds: int) -> dict[str, list[float]]:
    """A process that opens and closes a socket of each kind: the jar brings a library."""
    classes = f"{BUILT / 'calls'}:{ROOT / 'bindings-java' / 'target' / 'capsock.jar'}"
    java = [f"{JDK}/bin/java", "--enable-native-access=ALL-UNNAMED", "-cp", classes, "JavaStart"]

    def run(kind: str) -> float:
        return _milliseconds(
            lambda: subprocess.run([*java, kind], check=True, capture_output=True, timeout=60)
        )

    try:
        taken = [(run("jdk"), run("capsock")) for _ in range(rounds)]
    except (OSError, subprocess.SubprocessError) as error:
        print(f"the start of a JVM is skipped: {error}", file=sys.stderr)
        return {}
    theirs, ours = zip(*taken, strict=True)
    ratio = _told([own / other for other, own in taken])
    return {"jdk": _told(list(theirs)), "capsock": _told(list(ours)), "ratio": ratio}


def measure(rounds: int) -> dict[str, Any]:
    """By turns, as the workloads are."""
    by_name = {server.name: server for server in SERVERS}
    chosen = [by_name[name] for name in NAMES]
    ready: dict[str, list[float]] = {}
    skipped: dict[str, str] = {}
    for _ in range(rounds):
        for server in chosen:
            if server.name in skipped:
                continue
            try:
                if why := server.missing():
                    raise Failed(why)
                ready.setdefault(server.name, []).append(ready_ms(server))
            except Failed as failure:
                skipped[server.name] = str(failure)
                ready.pop(server.name, None)
    rows = {}
    for server in chosen:
        if server.name not in ready:
            continue
        try:
            idle = quartiles([idle_bytes(server) for _ in range(3)])
        except (Failed, OSError) as failure:
            skipped[server.name] = str(failure)
            continue
        rows[server.name] = {
            "label": server.label,
            "kind": server.kind,
            "ready_ms": _told(ready[server.name]),
            "idle_bytes": [round(value) for value in idle],
        }
    for name, why in skipped.items():
        print(f"footprint: {name} is skipped: {why}", file=sys.stderr)
    jvm = _jvm_ms(rounds)
    return {"rounds": rounds, "connections": CONNECTIONS, "servers": rows, "skipped": skipped, "jvm_ms": jvm}
