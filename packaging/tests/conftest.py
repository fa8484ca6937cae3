"""What the tests of the released files share: the folder of them, which CAPSOCK_DIST names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def dist() -> Path:
    folder = Path(os.environ.get("CAPSOCK_DIST", ROOT / "dist")).resolve()
    assert (folder / "SHA256SUMS").exists(), f"{folder} has no release: make dist"
    return folder
