"""One run of a lesson: starts programs that record a trace, one after another, and draws the trace.

A lesson waits for a condition of the trace or of the kernel's tables, never for a time. All that is recorded
after `act` is later than all that was recorded before.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

LESSONS = Path(__file__).resolve().parent
ROOT = LESSONS.parents[1]
PROGRAMS = LESSONS / "programs"
TEXTBOOK = LESSONS.parent / "textbook"
CAPSOCK = ROOT / "target" / "release" / "capsock"
COMPILED = ROOT / "target" / "lessons"

HOST = "127.0.0.1"

# The time limit of a step, in seconds: the start of a JVM on a busy machine takes longest.
LIMIT = 60.0

# The time in which a program that is blocked in a call has said so, in seconds.
SETTLED = 1.0

# The length of an act in the picture, in nanoseconds: shorter than a pause that `--normalize` keeps.
ACT = 100_000_000

Event = dict[str, Any]


class Program:
    """A program that was started."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def types(self, line: str) -> None:
        """Writes a line to its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def says(self, sentence: str) -> None:
        """Writes the last line to its standard input."""
        self.types(sentence)
        self.end_input()

    def end_input(self) -> None:
        """Ends its standard input, as Ctrl-D does."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def ends(self) -> None:
        """Waits until it has exited."""
        self.process.wait(timeout=LIMIT)


class Run:
    """Programs and the trace that they write; the end of a `with` block kills them all."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp())
        self._trace = self._folder / "run.jsonl"
        self._trace.touch()
        self._programs: list[Program] = []
        self._acts: list[int] = []

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for program in self._programs:
            self.kill(program)
        if error is not None:
            print((self._folder / "errors").read_text(errors="replace") + self._trace.read_text())
        shutil.rmtree(self._folder)

    def program(self, name: str, *words: object) -> Program:
        """Starts a program of Python or of Java, by its name."""
        start = self.java if name.endswith(".java") else self.python
        return start(name, *words)

    def python(self, name: str, *words: object) -> Program:
        """Starts a Python program: `python -m capsock run NAME WORD...`."""
        command = [str(ROOT / ".venv" / "bin" / "python"), "-m", "capsock", "run", "--no-hints"]
        return self._start([*command, str(source(name, "python")), *map(str, words)])

    def java(self, name: str, *words: object) -> Program:
        """Starts a Java program from its source."""
        jar = ROOT / "bindings-java" / "target" / "capsock.jar"
        options = ["-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"]
        code = source(name, "java")
        # The textbook's programs here import the sockets of capsock; the lessons' own have java.net's.
        sockets = [f"-javaagent:{jar}"] if code.parent == PROGRAMS else ["-cp", str(jar)]
        return self._start([java(), *options, *sockets, str(code), *map(str, words)])

    def c(self, name: str, *words: object) -> Program:
        """Compiles a C program and starts it."""
        program, found = COMPILED / name, ROOT / "target" / "release"
        program.parent.mkdir(parents=True, exist_ok=True)
        flags = [f"-I{ROOT}/bindings-c/include", f"-L{found}", f"-Wl,-rpath,{found}", "-lcapsock"]
        code = source(f"{name}.c", "c")
        if not program.exists() or program.stat().st_mtime < code.stat().st_mtime:
            subprocess.run(["cc", "-o", str(program), str(code), *flags], check=True)
        return self._start([str(program), *map(str, words)])

    def link(self, port: int, to: int, *options: str) -> Program:
        """Starts a link for UDP: `capsock link udp OPTION...`."""
        ends = ["--listen", f"{HOST}:{port}", "--to", f"{HOST}:{to}", "--seed", "0"]
        return self._start([str(CAPSOCK), "link", "udp", *ends, *options])

    def _start(self, command: list[str]) -> Program:
        with (self._folder / "errors").open("ab") as errors:
            program = Program(
                subprocess.Popen(
                    command,
                    cwd=self._folder,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    env={**os.environ, "CAPSOCK_TRACE": str(self._trace)},
                )
            )
        self._programs.append(program)
        return program

    def settle(self, program: Program) -> None:
        """Waits until the trace has the call that the program is blocked in, if it is blocked in one: for a
        second, which is a hundred times the wait after which a call has a line."""
        pid = program.process.pid
        deadline = time.monotonic() + SETTLED

        def waits() -> bool:
            own = [event for event in self._events() if event["pid"] == pid]
            calls = [event["begin"] for event in own if event["event"] == "call"]
            begins = [event["begin"] for event in own if event["event"] == "begin"]
            return bool(begins) and max(begins) > max(calls, default=0)

        while program.process.poll() is None and not waits() and time.monotonic() < deadline:
            time.sleep(0.005)

    def interrupt(self, program: Program) -> None:
        """Ends a program by what Ctrl-C sends to it."""
        self.settle(program)
        program.process.send_signal(signal.SIGINT)
        program.ends()

    def kill(self, program: Program) -> None:
        """Kills a program; a call in progress is recorded as one that has not returned."""
        self.settle(program)
        if program.process.poll() is None:
            program.process.send_signal(signal.SIGKILL)
            program.process.wait(timeout=LIMIT)
        if program.process.stdin is not None:
            program.process.stdin.close()

    def until(self, program: Program, call: str, times: int = 1) -> None:
        """Waits until the program has made a call this many times."""

        def done() -> bool:
            pid = program.process.pid
            calls = [event for event in self._events() if event["event"] == "call" and event["pid"] == pid]
            return len([event for event in calls if event["call"] == call]) >= times

        self.wait(done, f"{program.process.args!r}: {call} {times}")

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Waits for a condition; fails at the time limit."""
        deadline = time.monotonic() + LIMIT
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {LIMIT:.0f} s: {what}")
            time.sleep(0.005)  # the interval between two checks

    def act(self) -> None:
        """Begins an act: all that follows is later than what was recorded."""
        self._acts.append(time.monotonic_ns())

    def picture(self, file: Path, *options: str) -> None:
        """Draws the run into a file, normalised."""
        for program in self._programs:
            self.settle(program)
        trace = self._folder / "acts.jsonl"
        trace.write_text("".join(f"{json.dumps(event)}\n" for event in in_acts(self._events(), self._acts)))
        subprocess.run(
            [str(CAPSOCK), "trace", str(trace), "--run", "all", "--normalize", "-o", str(file), *options],
            check=True,
        )

    def _events(self) -> list[Event]:
        return [
            json.loads(line)
            for line in self._trace.read_text().splitlines(keepends=True)
            if line[-1:] == "\n"
        ]


def in_acts(events: Iterable[Event], acts: list[int]) -> list[Event]:
    """The events with new times: each act has the same short length, with long pauses between the acts.
    `--normalize` keeps the order of events that are far apart, whatever the speed of the machine."""
    told = list(events)
    moments: list[int] = [event[key] for event in told for key in ("at", "begin", "end") if key in event]
    starts = [min(moments), *acts]
    ends = [*acts, max(moments) + 1]

    def shown(moment: int) -> int:
        act = max(index for index, start in enumerate(starts) if start <= moment or index == 0)
        share = (moment - starts[act]) * ACT // max(1, ends[act] - starts[act])
        return 1 + act * 10_000_000_000 + share

    for event in told:
        event.update({key: shown(event[key]) for key in ("at", "begin", "end") if key in event})
        if "wall" in event:
            event["wall"] = event["at"]
        if event.get("blocked"):
            event["blocked"] = max(1, min(event["blocked"], event["end"] - event["begin"]))
    return told


def source(name: str, language: str) -> Path:
    """The path of a program of the lessons, or of the textbook."""
    own = PROGRAMS / name
    return own if own.exists() else TEXTBOOK / language / name


@functools.cache
def java() -> str:
    """The `java` of the oldest JDK."""
    first = subprocess.check_output([str(ROOT / "scripts" / "jdks")], text=True).splitlines()[0]
    return str(Path(first.split("\t")[1]) / "bin" / "java")


def free_port(transport: str = "tcp") -> int:
    """A port that was free at the time of the call."""
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port


def in_state(state: int, port: int) -> bool:
    """Whether a TCP connection of that port is in a state of the kernel's table (proc(5), `tcp`)."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, its_state, *_ = line.split()
        if int(local.rpartition(":")[2], 16) == port and int(its_state, 16) == state:
            return True
    return False
