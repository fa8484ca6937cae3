"""The PEP 517 build backend: maturin's, with the command `capsock` among the wheel's scripts.

maturin compiles one crate for a wheel, here the extension module, and packs the folder `capsock._native.data`
if it exists. The hooks that make a wheel have cargo build the command, and put the executable there while
maturin runs.

As a program it passes its arguments to `maturin build`: `python build_backend.py --release --out dist`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import maturin
from maturin import (
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

PROJECT = Path(__file__).resolve().parent
# The source package has the workspace in this folder; in a checkout, this folder is in the workspace.
WORKSPACE = PROJECT if (PROJECT / "cli").is_dir() else PROJECT.parent
DATA = PROJECT / "capsock._native.data"


def build_wheel(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel."""
    with _command():
        return str(maturin.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_editable(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel that `pip install --editable` installs."""
    with _command():
        return str(maturin.build_editable(wheel_directory, config_settings, metadata_directory))


@contextmanager
def _command() -> Iterator[None]:
    """Build the command, and keep it where maturin looks for scripts."""
    if not os.environ.get("MATURIN_NO_INSTALL_RUST") and shutil.which("cargo") is None:
        # maturin requires this package where cargo is missing.
        from puccinialin import setup_rust

        os.environ.update(setup_rust())
    cargo = ["cargo", "build", "--release", "--package", "capsock-cli", "--bin", "capsock"]
    output = subprocess.check_output(
        [*cargo, "--message-format=json-render-diagnostics"], cwd=WORKSPACE, encoding="utf-8"
    )
    messages = [json.loads(line) for line in output.splitlines()]
    executable = next(message["executable"] for message in messages if message.get("executable"))
    scripts = DATA / "scripts"
    scripts.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copy2(executable, scripts)
        yield
    finally:
        shutil.rmtree(DATA)


if __name__ == "__main__":
    with _command():
        build = ["maturin", "build", "--manifest-path", str(PROJECT / "Cargo.toml"), *sys.argv[1:]]
        status = subprocess.run(build, check=False).returncode
    sys.exit(status)
