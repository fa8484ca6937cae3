"""Where the things are that the tests run. `make build` puts them there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
TEXTBOOK = EXAMPLES / "textbook"
JAR = ROOT / "bindings-java" / "target" / "capsock.jar"
CAPSOCK = ROOT / "target" / "release" / "capsock"
PREFIX = ROOT / "target" / "test" / "examples"
PYTHON = sys.executable


def _java_home() -> Path:
    """The oldest JDK here: what it runs, newer ones run."""
    lines = subprocess.check_output([str(ROOT / "scripts" / "jdks")], text=True).splitlines()
    return Path(lines[0].split("\t")[1])


JAVA = str(_java_home() / "bin" / "java")


def python2() -> str | None:
    """A Python 2.7, which the lecture's programs were written for, if the machine has one."""
    found = [shutil.which("python2.7"), *sorted(Path.home().glob(".pyenv/versions/2.7.*/bin/python2.7"))]
    for path in found:
        # pyenv's stand-ins are there also for versions that are not switched on.
        if path and subprocess.run([str(path), "-c", ""], capture_output=True).returncode == 0:
            return str(path)
    return None
