"""Where things are, and how a command is run with its output in a log."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CROSS = ROOT / "target" / "cross"
LOGS = CROSS / "logs"
EXAMPLES = ROOT / "examples"


class Failed(Exception):
    """A step that was expected to succeed."""


def say(text: str) -> None:
    print(text, flush=True)


def quietly(
    name: str,
    command: list[str],
    failure: type[Exception] | None = Failed,
    env: dict[str, str] | None = None,
    limit: float = 1800,
) -> str:
    """Runs a command with its output in a log, and returns the output.

    `failure` is raised if it fails; with None, the caller reads the output.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.log"
    with log.open("w+", encoding="utf-8", errors="replace") as file:
        try:
            status: object = subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                timeout=limit,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            status = f"none after {limit:.0f} s"
        except OSError as error:
            status = str(error)
        file.seek(0)
        output = file.read()
    unfinished = isinstance(status, str)
    if status != 0 and (failure is not None or unfinished):
        failure = failure or Failed
        print(*output.splitlines()[-40:], sep="\n", file=sys.stderr)
        last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "")
        raise failure(f"{' '.join(map(str, command[:3]))} ended with status {status}: {last}")
    return output
