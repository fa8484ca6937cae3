"""Starts the servers of a workload and has them asked by turns."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from harness.servers import BUILT, ROOT, Server
from harness.summary import Calibration, Run, run_of, summarize
from harness.workloads import Workload

LOAD = BUILT / "load"
CORES = sorted(os.sched_getaffinity(0))
# One for the server and one for the load generator, which share it where there is no other.
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
# How often a disturbed run is repeated before the least disturbed one is taken, and how many repetitions a
# workload may have, as a share of its runs: on a machine that is never quiet the end has to come too.
REPETITIONS, MOST_REPEATED = 3, 0.5
# How many times as many rounds a row gets at most until it is steady.
MOST_ROUNDS = 3
READY_SECONDS = 20


class Failed(Exception):
    """A server did not start, gave a wrong reply, or ended."""


def _port(line: str) -> int:
    try:
        said = json.loads(line)
    except ValueError:
        raise Failed(f"it said {line!r} instead of its port") from None
    return int(said["port"] if isinstance(said, dict) else said)


@contextlib.contextmanager
def started(server: Server, workload: str) -> Iterator[tuple[int, int]]:
    """Runs a server on its core, or as many as it has workers; gives its port and its process."""
    cores = {SERVER_CORE} if server.workers == 1 else {*CORES[: server.workers - 1], LOAD_CORE}
    log = BUILT / "logs" / f"{server.name}-{workload}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as errors:
        process = subprocess.Popen(
            server.command(workload),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
    try:
        assert process.stdout is not None
        if not select.select([process.stdout], [], [], READY_SECONDS)[0]:
            raise Failed(f"it was not ready in {READY_SECONDS} s")
        line = process.stdout.readline().strip()
        if not line:
            raise Failed(f"it ended before it was ready; its log: {log.relative_to(ROOT)}")
        yield _port(line), process.pid
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def ask(workload: str, port: int, process: int, warm_up: float, seconds: float) -> Run:
    """One run of the load generator, which has checked every reply."""
    command = [LOAD, workload, port, process, warm_up, seconds, SERVER_CORE, LOAD_CORE]
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=60 + seconds + warm_up,
    )
    if done.returncode != 0:
        raise Failed(done.stderr.strip() or f"the load generator ended with {done.returncode}")
    return run_of(json.loads(done.stdout))


class Bench:
    """Measures workload after workload with the same settings."""

    def __init__(self, rounds: int, seconds: float) -> None:
        self.rounds, self.seconds = rounds, seconds
        self.calibration = Calibration()
        self.budget = 0

    def run(self, workload: Workload, servers: list[Server]) -> dict[str, Any]:
        """All rounds of a workload. A server that fails is out of it, and why is told."""
        skipped: dict[str, str] = {}
        runs: dict[str, dict[int, Run]] = {}
        lean = [server.name for server in servers if server.kind == "lean"]
        counts = {"repeated": 0, "disturbed": 0}
        with contextlib.ExitStack() as stack:
            alive: dict[str, tuple[Server, int, int]] = {}
            for server in servers:
                try:
                    if reason := server.missing():
                        raise Failed(reason)
                    port, process = stack.enter_context(started(server, workload.name))
                    ask(workload.name, port, process, server.warm_up, 0.02)
                except Failed as failure:
                    self._out(skipped, workload, server.name, failure)
                    continue
                alive[server.name] = (server, port, process)
                runs[server.name] = {}
            self.budget = int(MOST_REPEATED * self.rounds * len(alive))
            for turn in range(MOST_ROUNDS * self.rounds):
                names = list(alive) if turn < self.rounds else self._unsteady(runs, lean)
                if not names:
                    break
                for place in range(len(names)):
                    # Each starts a round in its turn, so that none always follows the same one.
                    name = names[(place + turn) % len(names)]
                    server, port, process = alive[name]
                    try:
                        runs[name][turn] = self._undisturbed(workload.name, server, port, process, counts)
                    except Failed as failure:
                        self._out(skipped, workload, name, failure)
                        del alive[name], runs[name]
        summaries = summarize(runs, lean)
        rows = {
            server.name: {
                "label": server.label,
                "kind": server.kind,
                **summaries[server.name].as_json(),
                "cpu_us_of_rounds": {turn: round(run.cpu_us, 4) for turn, run in runs[server.name].items()},
            }
            for server in servers
            if server.name in summaries
        }
        return {
            "title": workload.title,
            "unit": workload.unit,
            "rounds": self.rounds,
            "seconds": self.seconds,
            **counts,
            "servers": rows,
            "skipped": skipped,
        }

    @staticmethod
    def _unsteady(runs: dict[str, dict[int, Run]], lean: list[str]) -> list[str]:
        """The servers that are measured once more, and those that their ratios are to."""
        summaries = summarize(runs, lean)
        unsteady = [name for name, summary in summaries.items() if not summary.steady]
        compared = [name for name in (*lean, "capsock") if name in runs and name not in unsteady]
        return [*compared, *unsteady] if unsteady else []

    def _undisturbed(
        self, workload: str, server: Server, port: int, process: int, counts: dict[str, int]
    ) -> Run:
        tried: list[Run] = []
        while True:
            run = ask(workload, port, process, min(0.05, self.seconds / 2), self.seconds)
            if not self.calibration.disturbed(run, shares=server.workers > 1):
                return run
            tried.append(run)
            if len(tried) > REPETITIONS or counts["repeated"] >= self.budget:
                counts["disturbed"] += 1
                return min(tried, key=self.calibration.off)
            counts["repeated"] += 1

    @staticmethod
    def _out(skipped: dict[str, str], workload: Workload, name: str, failure: Failed) -> None:
        skipped[name] = str(failure)
        print(f"{workload.name}: {name} is skipped: {failure}", file=sys.stderr)
