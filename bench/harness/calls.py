"""What a call costs in each language (bench/calls), and what stands still."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from harness import counts, footprint
from harness.measure import LOAD_CORE, SERVER_CORE
from harness.servers import BUILT, JDK, ROOT
from harness.summary import quartiles

COMMAND = ROOT / "target" / "release" / "capsock"
FOLDER = ROOT / "bench" / "calls"
CLASSES = BUILT / "calls"
PYTHON = ROOT / ".venv" / "bin" / "python"
JAR = ROOT / "bindings-java" / "target" / "capsock.jar"
# The parts of the section, by name: the language, and what runs its rows.
PROGRAMS: dict[str, tuple[str, list[str]]] = {
    "calls-c": ("C", [str(CLASSES / "c_calls")]),
    "calls-python": ("Python", [str(PYTHON), str(FOLDER / "python_calls.py")]),
    "calls-java": ("Java", [f"{JDK}/bin/java", "-cp", f"{JAR}:{CLASSES}", "JavaCalls"]),
}
FOOTPRINT = "footprint"
PARTS = [*PROGRAMS, FOOTPRINT, counts.PART]
# From Java 24 on native code is announced.
if JDK and not JDK.endswith("17"):
    PROGRAMS["calls-java"][1].insert(1, "--enable-native-access=ALL-UNNAMED")
ROUNDS, QUICK_ROUNDS = 31, 7


@contextlib.contextmanager
def serving(transport: str, core: int) -> Iterator[tuple[int, int]]:
    """Runs `capsock serve` on a core; gives its port and its process."""
    command = [str(COMMAND), "serve", transport, "--port", "0", "--workers", "1", "--json"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["port"], process.pid
    finally:
        process.kill()
        process.wait()


def collect(lines: Sequence[str]) -> dict[str, list[tuple[float, float]]]:
    """Reads what a program printed: the row, theirs and capsock's, in the order of the rounds."""
    found: dict[str, list[tuple[float, float]]] = {}
    for line in lines:
        name, theirs, ours = line.split("\t")
        found.setdefault(name, []).append((float(theirs), float(ours)))
    return found


def row(rounds: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Sums a row up: medians and quartiles in microseconds, and the ratio by rounds."""

    def told(values: list[float]) -> list[float]:
        return [round(value, 4) for value in quartiles(values)]

    return {
        "theirs_us": told([theirs for theirs, _ in rounds]),
        "capsock_us": told([ours for _, ours in rounds]),
        "ratio": told([ours / theirs for theirs, ours in rounds]),
    }


def measure(part: str, quick: bool) -> dict[str, Any]:
    """Runs the program of a language on the first core, with servers to ask on the last."""
    if part == FOOTPRINT:
        return footprint.measure(QUICK_ROUNDS // 2 if quick else QUICK_ROUNDS)
    if part == counts.PART:
        return counts.measure()
    label, command = PROGRAMS[part]
    rounds = QUICK_ROUNDS if quick else ROUNDS
    with serving("tcp", LOAD_CORE) as (tcp, _), serving("udp", LOAD_CORE) as (udp, _):
        try:
            done = subprocess.run(
                [*command, str(tcp), str(udp), str(rounds)],
                capture_output=True,
                text=True,
                check=True,
                timeout=300,
                # Python pins itself once it knows both cores.
                preexec_fn=None if label == "Python" else lambda: os.sched_setaffinity(0, {SERVER_CORE}),
            )
        except (OSError, subprocess.SubprocessError) as error:
            why = (getattr(error, "stderr", None) or str(error)).strip()
            print(f"{part} is skipped: {why}", file=sys.stderr)
            return {"label": label, "rounds": rounds, "rows": {}, "skipped": why}
    rows = {name: row(found) for name, found in collect(done.stdout.splitlines()).items()}
    return {"label": label, "rounds": rounds, "rows": rows}
