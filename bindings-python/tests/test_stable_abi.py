"""With nothing of Python but its stable ABI, the sockets and `capsock run` behave as with what it lacks.

The processes of these tests, and those that they start, have the folder stable_abi_only in PYTHONPATH.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent

# The tests of what uses the functions that symbols.rs looks up.
FILES = ["test_socket.py", "test_socket_outcomes.py", "test_socket_libraries.py", "test_run.py"]
# A wrong byte has another message (script.rs); the others are of modules that PYTHONPATH imports here.
OTHERS = "(wrong and byte) or modules_are_looked_for"

# It tests each function's way without, which is the same with each CPython.
pytestmark = pytest.mark.slow

LIMIT = 300.0


def run_tests(choice: str) -> tuple[int, str]:
    """Run those tests whose names fit; return pytest's exit code and output."""
    files = [str(FOLDER / file) for file in FILES]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", choice, *files],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


@pytest.fixture(autouse=True)
def _stable_abi_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(FOLDER / "stable_abi_only"))


@pytest.mark.timeout(LIMIT + 30)
def test_nothing_else_differs() -> None:
    code, output = run_tests(f"not ({OTHERS})")
    assert code == 0, output[-5000:]


def test_one_message_differs() -> None:
    code, output = run_tests("wrong and byte")
    assert code == 1, output
    assert "1 failed" in output
