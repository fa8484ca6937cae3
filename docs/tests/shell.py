"""A shell that types the commands of a page."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import selectors
import signal
import subprocess
import termios
import time
from pathlib import Path
from types import TracebackType

from blocks import Step, matches
from programs import LIMIT, free_port, listening

PORT = "12000"
# That of a link to it.
LINK_PORT = "12001"

# What a terminal does not show as text, and bash's notices of jobs, which come at any time.
UNSEEN = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|^\[\d+\][+-]? .*\n", re.MULTILINE)


class Shell:
    """A bash in a folder, with port 12000 of the page replaced by a free one, and 12001 by the next one."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.port = self._free_port()
        self._printed = ""
        # A terminal of its own, for job control: otherwise what is started with & ignores Ctrl-C.
        read, write = pty.openpty()
        attributes = termios.tcgetattr(write)
        attributes[1] &= ~termios.OPOST
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(write, termios.TCSANOW, attributes)
        self._bash = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-m"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),
            stdout=write,
            stderr=write,
            start_new_session=True,
        )
        os.close(write)
        os.set_blocking(read, False)
        self._output = read
        self._selector = selectors.DefaultSelector()
        self._selector.register(read, selectors.EVENT_READ)
        self._count = 0

    @staticmethod
    def _free_port() -> int:
        """A port of five digits, as the page's, free over TCP and UDP, as is the next one."""
        while True:
            port = free_port("tcp")
            others = ("udp", port), ("udp", port + 1), ("tcp", port + 1)
            if 10000 <= port < 65535 and not any(listening(*other) for other in others):
                return port

    def __enter__(self) -> Shell:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Also the jobs, each of which is a group of its own in this session.
        session = self._bash.pid
        for entry in Path("/proc").glob("[0-9]*/stat"):
            try:
                stat = entry.read_text()
            except OSError:
                continue
            if int(stat.rpartition(") ")[2].split()[3]) == session:
                os.kill(int(entry.parent.name), signal.SIGKILL)
        self._bash.wait()
        self._selector.close()
        os.close(self._output)
        if self._bash.stdin is not None:
            self._bash.stdin.close()

    def moved(self, text: str) -> str:
        """The page's text with this shell's ports."""
        return text.replace(PORT, str(self.port)).replace(LINK_PORT, str(self.port + 1))

    def _read(self, deadline: float) -> None:
        if self._selector.select(max(0.0, deadline - time.monotonic())):
            self._printed += os.read(self._output, 65536).decode(errors="replace")

    def _says(self, text: str) -> None:
        assert self._bash.stdin is not None
        self._bash.stdin.write(text.encode())
        self._bash.stdin.flush()

    def type(self, step: Step, status: int = 0) -> None:
        """Types a command; it has to print what the page shows, and to end with the status."""
        command, expected = self.moved(step.command), self.moved(step.output)
        self._count += 1
        mark = f"<<{self._count}:"
        if command.endswith("&\n"):
            # As before each prompt of a terminal: jobs that have ended give their numbers back. Without it,
            # whether `wait` forgets the last one depends on which ended first.
            self._says("jobs > /dev/null\n")
        self._says(f"{command}printf '{mark}%s>>' $?\n")
        deadline = time.monotonic() + 3 * LIMIT
        while not (ended := re.search(rf"{mark}(\d+)>>", self._printed)):
            assert time.monotonic() < deadline, f"$ {command}{self._printed}\n(does not end)"
            self._read(deadline)
        printed = UNSEEN.sub("", self._printed[: ended.start()] + self._printed[ended.end() :])
        if command.endswith("&\n"):
            # Its program starts now: until it has printed what the page shows, and listens if it is a server.
            deadline = time.monotonic() + LIMIT
            while not (matches(expected, printed) and self._is_started(command)):
                assert time.monotonic() < deadline, f"$ {command}printed:\n{printed}expected:\n{expected}"
                self._printed = printed
                self._read(min(deadline, time.monotonic() + 0.05))
                printed = UNSEEN.sub("", self._printed)
        self._printed = ""
        assert matches(expected, printed), f"$ {command}printed:\n{printed}expected:\n{expected}"
        assert int(ended[1]) == status, f"$ {command}ended with status {ended[1]}"

    def _is_started(self, command: str) -> bool:
        if "unix:" in command:
            return True  # It has no port, and what it prints comes when it is bound.
        named = re.search(r"--port (\d+)", command)
        port = int(named[1]) if named else self.port
        return any(listening(transport, port) for transport in ("tcp", "udp"))
