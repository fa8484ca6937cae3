"""What the tests of the examples share: an installed C library, and the programs built on it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import places


@pytest.fixture(scope="session")
def prefix() -> Path:
    """The command and the C library, installed as `make install` installs them."""
    environment = {**os.environ, "PREFIX": str(places.PREFIX), "DESTDIR": ""}
    subprocess.check_output([str(places.ROOT / "scripts" / "install")], env=environment)
    return places.PREFIX
