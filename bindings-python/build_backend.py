"""The PEP 517 build backend: maturin's, with the command `capsock` among the wheel's scripts.

For Linux, the library by which that records other programs is among the wheel's data, as `lib/capsock` of the
environment.

maturin compiles one crate for a wheel, here the extension module, and packs the folder `capsock._native.data`
if it exists. The hooks that make a wheel have cargo build the command, and put the executable there while
maturin runs. If Python, Rust or the linker is not what the build needs, they end with a sentence about it.

As a program it passes its arguments to `maturin build`: `python build_backend.py --release --out dist`.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import maturin
from maturin import build_sdist, get_requires_for_build_sdist

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


def get_requires_for_build_wheel(config_settings: dict[str, Any] | None = None) -> list[str]:
    """List what the build needs besides this backend's requirements: what installs Rust, if it is missing."""
    _require_python()
    return list(maturin.get_requires_for_build_wheel(config_settings))


def get_requires_for_build_editable(config_settings: dict[str, Any] | None = None) -> list[str]:
    """List the same for an editable wheel."""
    _require_python()
    return list(maturin.get_requires_for_build_editable(config_settings))


def prepare_metadata_for_build_wheel(
    metadata_directory: str, config_settings: dict[str, Any] | None = None
) -> str:
    """Write the wheel's metadata."""
    _require_rust()
    return str(maturin.prepare_metadata_for_build_wheel(metadata_directory, config_settings))


def prepare_metadata_for_build_editable(
    metadata_directory: str, config_settings: dict[str, Any] | None = None
) -> str:
    """Write the editable wheel's metadata."""
    _require_rust()
    return str(maturin.prepare_metadata_for_build_editable(metadata_directory, config_settings))


def build_wheel(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel."""
    _require_python()
    with _command():
        return str(maturin.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_editable(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel that `pip install --editable` installs."""
    _require_python()
    with _command():
        return str(maturin.build_editable(wheel_directory, config_settings, metadata_directory))


def _refuse(why: str) -> NoReturn:
    sys.exit(f"capsock cannot be built from its source here: {why}")


def _require_python() -> None:
    """End with a sentence if the wheel could not be used."""
    have = f"{platform.python_implementation()} {platform.python_version()}"
    if platform.python_implementation() != "CPython" or sys.version_info < (3, 9):
        _refuse(f"it needs CPython 3.9 or later, and this is {have}")
    if sys.maxsize < 2**32:
        _refuse(f"it needs a 64-bit CPython, and this {have} is a 32-bit one")


def _rust_version() -> str:
    """Return the oldest Rust that compiles the workspace."""
    manifest = (WORKSPACE / "Cargo.toml").read_text(encoding="utf-8")
    found = re.search(r'^rust-version = "(.+)"$', manifest, re.MULTILINE)
    return found[1] if found else ""


def _refuse_without_rust(why: str) -> NoReturn:
    needs = f"it needs Rust {_rust_version()} or later (https://rustup.rs) and a C compiler, which links"
    _refuse(f"{needs}; {why}")


def _require_rust() -> None:
    """Find cargo, or install Rust for this build; end with a sentence if it cannot be had, or is too old."""
    if shutil.which("cargo") is None:
        if os.environ.get("MATURIN_NO_INSTALL_RUST"):
            _refuse_without_rust("there is no cargo in PATH")
        try:
            # maturin requires this package where cargo is missing.
            from puccinialin import setup_rust

            os.environ.update(setup_rust())
        except Exception as error:
            _refuse_without_rust(
                f"there is no cargo in PATH, and Rust could not be downloaded for this build ({error!r})"
            )
    try:
        version = subprocess.check_output(["cargo", "--version"], cwd=WORKSPACE, encoding="utf-8")
    except (OSError, subprocess.CalledProcessError) as error:
        _refuse_without_rust(f"cargo does not run ({error})")
    have = re.match(r"cargo (\d+)\.(\d+)", version)
    wanted = re.match(r"(\d+)\.(\d+)", _rust_version())
    if have and wanted and tuple(map(int, have.groups())) < tuple(map(int, wanted.groups())):
        _refuse_without_rust(f"this is {version.strip()}")


def _has_preload() -> bool:
    return sys.platform == "linux" and (WORKSPACE / "preload").is_dir()


def _built(*chosen: str) -> list[str]:
    """Build a crate, and return the files that are its program or its shared library."""
    cargo = ["cargo", "build", "--release", *chosen, "--message-format=json-render-diagnostics"]
    build = subprocess.run(cargo, stdout=subprocess.PIPE, cwd=WORKSPACE, encoding="utf-8", check=False)
    if build.returncode != 0:
        _refuse_without_rust("cargo's own message is above")
    messages = [json.loads(line) for line in build.stdout.splitlines()]
    made = [
        message for message in messages if {"bin", "cdylib"} & set(message.get("target", {}).get("kind", ()))
    ]
    return [file for message in made for file in message.get("filenames", ())]


@contextmanager
def _command() -> Iterator[None]:
    """Build the command and the preload library, and keep them where maturin looks for them."""
    _require_rust()
    (executable,) = _built("--package", "capsock-cli", "--bin", "capsock")
    scripts = DATA / "scripts"
    scripts.mkdir(parents=True, exist_ok=True)
    # The source package does not have it.
    preloads = _built("--package", "capsock-preload", "--lib") if _has_preload() else []
    try:
        shutil.copy2(executable, scripts)
        for library in preloads:
            folder = DATA / "data" / "lib" / "capsock"
            folder.mkdir(parents=True, exist_ok=True)
            musl = "-musl" if "musl" in (sysconfig.get_config_var("SOABI") or "") else ""
            shutil.copy2(library, folder / f"libcapsock_preload{musl}.so")
        yield
    finally:
        shutil.rmtree(DATA)


if __name__ == "__main__":
    with _command():
        build = ["maturin", "build", "--manifest-path", str(PROJECT / "Cargo.toml"), *sys.argv[1:]]
        status = subprocess.run(build, check=False).returncode
    sys.exit(status)
