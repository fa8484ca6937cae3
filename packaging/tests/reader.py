"""A reader of a Markdown page who has the files of a release and types what the page shows, as it stands.

A paragraph before a code block says what the reader does with it:

- It names a file: the block is saved under that name.
- It has the words "until Ctrl-C": the commands run in a terminal of their own until the section ends.
- Otherwise the lines of an `sh` block are typed, and those of a `console` block after `$ `, whose output is
  compared.

A block of another language without the name of a file is an error, except `text`, which nobody types.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

LIMIT = 300.0  # seconds for what is typed at once: a crate is compiled, a wheel installed


@dataclass(frozen=True)
class Block:
    section: str  # its heading of the second level
    line: int
    language: str
    before: str  # the paragraph before it
    text: str

    @property
    def file(self) -> str:
        """The name under which the reader saves it, if the paragraph names one at its end."""
        named = re.search(r"`([\w./-]+\.\w+)`:$", self.before)
        return named[1] if named else ""


def blocks(page: Path) -> Iterator[Block]:
    """The code blocks of a page, those in lists too."""
    section, paragraph, ended = "", "", True
    fence, start, text = "", 0, ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if fence:
            if line.strip() == "```":
                yield Block(section, start, fence.strip().removeprefix("```"), paragraph.strip(), text)
                # It is the paragraph of this block alone.
                fence = paragraph = ""
            else:
                text += line.removeprefix(" " * (len(fence) - len(fence.lstrip()))) + "\n"
        elif line.strip().startswith("```"):
            fence, start, text = line, number, ""
        elif line.startswith("#"):
            section = line.removeprefix("## ") if line.startswith("## ") else section
            paragraph = ""
        elif line.strip():
            # A paragraph ends at an empty line, and is remembered until the next begins.
            paragraph = f"{paragraph}\n{line}" if paragraph and not ended else line
        ended = not line.strip()


class Terminal:
    """A shell; its `typed` returns what has been printed, or fails with the status."""

    def __init__(self, folder: Path, environment: dict[str, str], words: list[str]) -> None:
        self.process = subprocess.Popen(
            [*words, "bash", "--noprofile", "--norc"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches what runs in this terminal, and nothing else.
            start_new_session=True,
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.signal(signal.SIGKILL)
        self.process.wait()
        for stream in self.process.stdin, self.process.stdout:
            if stream is not None:
                stream.close()

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def type(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def read(self, until: str, limit: float = LIMIT) -> str:
        """What is printed until `until` matches it."""
        assert self.process.stdout is not None
        seen, deadline = b"", time.monotonic() + limit
        while not re.search(until, seen.decode(errors="replace"), re.MULTILINE):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                why = "it ended" if ready else f"nothing more in {limit:.0f} s"
                raise AssertionError(f"{why} after {seen.decode(errors='replace')!r}")
            seen += piece
        return seen.decode(errors="replace")

    def typed(self, command: str) -> str:
        """Runs a command, and returns what it prints."""
        self.type(f"{command}\nstatus=$?; echo; echo typed $status\n")
        output, _, status = self.read(r"^typed \d+$").rpartition("\ntyped ")
        assert int(status) == 0, f"{command!r} ended with status {status.strip()}:\n{output}"
        return output


class Reader:
    """Somebody with a folder that has nothing but `dist`, and with terminals there."""

    def __init__(self, folder: Path, dist: Path, programs: list[Path]) -> None:
        self.folder = folder
        (folder / "dist").symlink_to(dist)
        (folder / "home").mkdir()
        self.environment = {
            "HOME": str(folder / "home"),
            "LANG": "C.UTF-8",
            # An active virtual environment comes first in each terminal.
            "PATH": ":".join([str(folder / ".venv" / "bin"), *map(str, programs), os.environ["PATH"]]),
            # The reader's own Rust, with what it has fetched.
            "CARGO_HOME": os.environ.get("CARGO_HOME", str(Path.home() / ".cargo")),
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")),
        }
        self._open = ExitStack()
        # A network of this test's own, where no other program has the ports that a page names.
        self.alone: list[str] = []
        if subprocess.run(["unshare", "--map-root-user", "--net", "true"], check=False).returncode == 0:
            self.alone = ["unshare", "--map-root-user", "--net"]
        self.terminal = self.new_terminal([])

    def new_terminal(self, words: list[str]) -> Terminal:
        return self._open.enter_context(Terminal(self.folder, self.environment, words))

    def close(self) -> None:
        self._open.close()

    def section(self, blocks: list[Block], platform: str) -> None:
        """Do what a section shows.

        One that names a port has a network of its own, if the system permits it.
        """
        terminal = self.terminal
        words: list[str] = []
        if any(re.search(r"\b(12000|6789|9876)\b", block.text) for block in blocks) and self.alone:
            # Others enter this terminal's network.
            terminal = self.new_terminal(self.alone)
            terminal.typed("ip link set lo up")
            words = [
                "nsenter",
                "--user",
                "--net",
                "--preserve-credentials",
                f"--target={terminal.process.pid}",
            ]
        running: list[Terminal] = []
        for block in blocks:
            where = f"line {block.line}"
            text = block.text.replace("linux-x86_64", platform)
            if block.language == "text":
                continue
            if block.file:
                (self.folder / block.file).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / block.file).write_text(text, encoding="utf-8")
            elif block.language == "sh" and "until Ctrl-C" in block.before:
                server = self.new_terminal(words)
                server.type(f"exec {text}")
                server.read(r"\S.*\n", limit=60)
                running.append(server)
            elif block.language == "sh":
                for command in filter(None, text.splitlines()):
                    terminal.typed(command)
            elif block.language == "console":
                for step in text.removeprefix("$ ").split("\n$ "):
                    command, _, expected = (step.rstrip("\n") + "\n").partition("\n")
                    output = terminal.typed(command)
                    assert output.strip() == expected.strip(), f"{where}: {command!r} printed {output!r}"
            else:
                raise AssertionError(f"{where}: nothing says what a reader does with this block")
        for server in running:
            server.signal(signal.SIGINT)
            server.process.wait(timeout=60)
