"""Programs that run beside a test: waited for by what they print, interrupted, never left behind."""

from __future__ import annotations

import functools
import os
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Literal

# Seconds for one step of a program: a JVM's start on a busy machine is the longest.
LIMIT = 60.0

HOST = "127.0.0.1"

Transport = Literal["tcp", "udp"]
Concurrency = Literal["iterative", "threads", "processes", "events"]
CONCURRENCIES: list[Concurrency] = ["iterative", "threads", "processes", "events"]


def _interruptible() -> None:
    """Lets Ctrl-C end the child also where this process was told to ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Program:
    """A running program with pipes for its input and output; a `with` block ends it."""

    def __init__(self, command: list[str], cwd: Path | None = None) -> None:
        self.command = command
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed when the program has ended)
        self._seen = b""
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            preexec_fn=_interruptible,
        )

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        for stream in self.process.stdin, self.process.stdout, self._errors:
            if stream is not None:
                stream.close()

    @property
    def output(self) -> str:
        """What it has printed, as far as it was read."""
        return self._seen.decode(errors="replace")

    @property
    def errors(self) -> str:
        """What it has printed on standard error."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def send(self, text: str) -> None:
        """Writes to its standard input, and leaves that open."""
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def wait_for(self, text: str) -> str:
        """Reads its output until `text` is in it, and returns all output so far."""
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        deadline = time.monotonic() + LIMIT
        while text.encode() not in self._seen:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
            chunk = os.read(descriptor, 65536) if ready else b""
            if not chunk:
                why = "its output ended" if ready else f"not within {LIMIT:.0f} s"
                raise AssertionError(f"{self.command}: no {text!r}, {why}: {self.output!r}, {self.errors!r}")
            self._seen += chunk
        return self.output

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits for a condition that another program brings about; fails if this one ends before."""
        deadline = time.monotonic() + LIMIT
        while not condition():
            try:
                self.process.wait(timeout=0.02)
            except subprocess.TimeoutExpired:
                pass
            else:
                raise AssertionError(f"{self.command} ended before {what}: {self.errors!r}")
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.command}: not {what} within {LIMIT:.0f} s: {self.errors!r}")

    def interrupt(self) -> int:
        """Presses Ctrl-C and returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=LIMIT)


def run(command: list[str], text: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end with `text` as its standard input."""
    return subprocess.run(
        command, input=text, cwd=cwd, capture_output=True, encoding="utf-8", errors="replace", timeout=LIMIT
    )


def free_port(transport: str) -> int:
    """A port that was free just now, for programs that cannot pick one themselves."""
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port


def listening(transport: str, port: int) -> bool:
    """Does a socket listen there? Asked of the kernel: some servers die of a mere connection."""
    state = {"tcp": "0A", "udp": "07"}[transport]  # TCP_LISTEN, and TCP_CLOSE for a socket that only receives
    for table in Path(f"/proc/net/{transport}"), Path(f"/proc/net/{transport}6"):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            _, local, _, its_state, *_ = line.split()
            if its_state == state and int(local.rpartition(":")[2], 16) == port:
                return True
    return False


def start_on_free_port(transport: str, command: Callable[[int], list[str]]) -> tuple[Program, int]:
    """Starts a server that has to be told its port, on another one if it was taken in between."""
    for attempt in range(3):
        port = free_port(transport)
        program = Program(command(port))
        try:
            program.wait_until(functools.partial(listening, transport, port), f"it listens on port {port}")
            return program, port
        except AssertionError:
            program.__exit__(None, None, None)
            if attempt == 2:
                raise
    raise AssertionError("unreachable")
