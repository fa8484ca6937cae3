"""The command `capsock`, as this package installs it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import capsock
from support import LIMIT, start

SCRIPT = Path(sysconfig.get_path("scripts")) / "capsock"
COMMANDS = [[str(SCRIPT)], [sys.executable, "-m", "capsock"]]

pytestmark = pytest.mark.parametrize("command", COMMANDS, ids=["script", "module"])


def run(command: list[str], *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, *arguments], input=text, capture_output=True, encoding="utf-8", timeout=LIMIT, check=False
    )


def test_version(command: list[str]) -> None:
    result = run(command, "--version")
    assert (result.returncode, result.stdout) == (0, f"capsock {capsock.__version__}\n")


def test_uppercase(command: list[str]) -> None:
    result = run(command, "uppercase", text="straße\n")
    assert (result.returncode, result.stdout, result.stderr) == (0, "STRASSE\n", "")


def test_wrong_usage(command: list[str]) -> None:
    result = run(command, "no-such-command")
    assert (result.returncode, result.stdout) == (2, "")
    assert "Usage: capsock" in result.stderr


def test_client(command: list[str]) -> None:
    with start("tcp") as server:
        host, port = server.address
        result = run(command, "client", "tcp", host, str(port), "hello", "world")
        assert (result.returncode, result.stdout, result.stderr) == (0, "HELLO WORLD\n", "")
    result = run(command, "client", "tcp", host, str(port), "hello")
    assert (result.returncode, result.stdout) == (1, "")
    assert "Connection refused" in result.stderr


def test_serve_until_ctrl_c(command: list[str]) -> None:
    with subprocess.Popen(
        [*command, "serve", "tcp", "--host", "127.0.0.1", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            assert process.stderr is not None
            ready = process.stderr.readline()
            # `python -m capsock` has become the executable: Ctrl-C and the exit code are the command's own.
            assert Path(f"/proc/{process.pid}/exe").resolve() == SCRIPT.resolve()
            port = next(
                int(word.rpartition(":")[2].strip(",;.")) for word in ready.split() if "127.0.0.1:" in word
            )
            with capsock.TcpClient("127.0.0.1", port) as client:
                assert client.request("hello") == "HELLO"
            process.send_signal(signal.SIGINT)
            _, totals = process.communicate(timeout=LIMIT)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "Traceback" not in totals


def test_it_is_on_the_path(command: list[str]) -> None:
    assert shutil.which(command[0]) is not None
