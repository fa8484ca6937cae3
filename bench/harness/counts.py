"""What a request takes, counted: instructions outside the kernel, and system calls by their names.

Neither depends on the machine's state. A server is asked N times and 2 N times, one request after the other,
each when the server has come to rest; the difference has no start and no stop in it.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.servers import BUILT, ROOT, SERVERS, Server

# Both are what the check of the instructions uses.
sys.path.append(str(ROOT / "bench" / "instructions"))
from callgrind import instructions
from cases import Target, connections, datagrams, lines

PART = "counts"
TIMES = 200
ASK = {"tcp-1": lines, "tcp-connect": connections, "udp-1": datagrams}
NAMES = {
    "tcp-1": ("lean-blocking", "capsock-iterative", "capsock-threads", "capsock", "mio", "tokio", "libuv"),
    "tcp-connect": (
        "lean-blocking",
        "capsock-iterative",
        "capsock-threads",
        "capsock",
        "mio",
        "tokio",
        "libuv",
    ),
    "udp-1": ("lean-datagram", "capsock-iterative", "capsock", "mio", "tokio", "libuv"),
}
TITLES = {
    "tcp-1": "TCP, a line on one connection",
    "tcp-connect": "TCP, a connection for one line",
    "udp-1": "UDP, a datagram",
}


@contextlib.contextmanager
def _running(command: list[str], traced: bool) -> Iterator[Target]:
    """Runs a server below a tool; `traced`: the tool is another process, whose child the server is."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        pid = process.pid
        if traced:
            (pid,) = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        yield Target(int(said["port"] if isinstance(said, dict) else said), pid)
        os.kill(pid, signal.SIGTERM)
        process.wait(60)
    finally:
        process.kill()
        process.wait()


def _instructions(server: Server, workload: str, times: int, folder: Path) -> int:
    into = folder / "callgrind.out"
    tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={into}"]
    with _running([*tool, *server.command(workload)], traced=False) as target:
        ASK[workload](target, times)
    with into.open() as found:
        return instructions(found)


def system_calls(text: str) -> collections.Counter[str]:
    """Reads the table of `strace -c`: the number of calls of each name."""
    found: collections.Counter[str] = collections.Counter()
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 5 and words[0][:1].isdigit() and words[-1] != "total":
            found[words[-1]] += int(words[3])
    return found


def _system_calls(server: Server, workload: str, times: int, folder: Path) -> collections.Counter[str]:
    into = folder / "strace.out"
    tool = ["strace", "-f", "-c", "-o", str(into)]
    with _running([*tool, *server.command(workload)], traced=True) as target:
        ASK[workload](target, times)
    return system_calls(into.read_text())


def _row(server: Server, workload: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        once, twice = (_instructions(server, workload, many, Path(name)) for many in (TIMES, 2 * TIMES))
        few, more = (_system_calls(server, workload, many, Path(name)) for many in (TIMES, 2 * TIMES))
    each = {call: round((more[call] - few[call]) / TIMES, 2) for call in more}
    calls = {call: count for call, count in each.items() if count >= 0.05}
    return {
        "label": server.label,
        "kind": server.kind,
        "instructions": round((twice - once) / TIMES),
        "calls": dict(sorted(calls.items())),
    }


def _for_valgrind(server: Server) -> Server:
    """The C programs are built for it once more."""
    program, *words = server.program
    built = BUILT / "counts" / Path(program).name
    return replace(server, program=(str(built), *words)) if built.exists() else server


def measure() -> dict[str, Any]:
    by_name = {server.name: server for server in SERVERS}
    if missing := [tool for tool in ("valgrind", "strace") if shutil.which(tool) is None]:
        print(f"{PART} is skipped: {' and '.join(missing)} not installed", file=sys.stderr)
        return {"workloads": {}}
    found: dict[str, dict[str, Any]] = {}
    for workload, names in NAMES.items():
        found[workload] = {}
        for server in (_for_valgrind(by_name[name]) for name in names):
            if why := server.missing():
                print(f"{PART}: {server.name} is skipped: {why}", file=sys.stderr)
                continue
            found[workload][server.name] = _row(server, workload)
    return {"workloads": found}


def _calls(calls: Mapping[str, float]) -> str:
    shown = (name if count == 1 else f"{count:g} {name}" for name, count in calls.items())
    return ", ".join(shown)


def section(result: Mapping[str, Any]) -> str:
    """The section of the page."""
    parts = [
        "## What a request takes",
        "",
        f"`{PART}`: instructions outside the kernel (callgrind, libraries included) and system calls",
        f"(strace) for a request, one after the other: the difference between {2 * TIMES} and {TIMES} of",
        "them. Neither depends on the state of the machine.",
    ]
    for workload, rows in result["workloads"].items():
        parts += [
            "",
            f"### {TITLES[workload]}",
            "",
            "| server | instructions | system calls |",
            "|---|---:|---|",
        ]
        for row in sorted(rows.values(), key=lambda row: row["instructions"]):
            label = f"**{row['label']}**" if row["kind"] == "capsock" else row["label"]
            total = sum(row["calls"].values())
            parts.append(f"| {label} | {row['instructions']:,} | {total:.3g}: {_calls(row['calls'])} |")
    return "\n".join(parts)
