"""The wheel and the source package, as pip, pipx, uv and an index take them, without the checkout.

`scripts/suite artifacts` runs it in an environment of requirements.txt, with the wheel's path in
CAPSOCK_WHEEL.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from trove_classifiers import classifiers

PROJECT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

# Seconds that the source package may take to compile on a busy machine, without optimisation.
BUILD_LIMIT = 1000.0

HELLO = """
import capsock
with capsock.Server("tcp", port=0) as server:
    with capsock.TcpClient(*server.address) as client:
        print(client.request("hello"))
"""

RUST = "Rust 1.88 or later (https://rustup.rs) and a C compiler, which links"

# A script for `capsock run`, which has to find the interpreter of its environment.
SCRIPT = """
import socket, sys
print(socket.socket.__mro__[1].__module__, sys.argv[1])
"""


def run(
    command: list[str | Path], folder: Path, environment: dict[str, str] | None = None, limit: float = 300.0
) -> subprocess.CompletedProcess[str]:
    """Run a command outside of the checkout; its two outputs are one text."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("CARGO_T", "PYO3_"))
    }
    inherited.pop("PYTHONPATH", None)
    return subprocess.run(
        command, cwd=folder, env={**inherited, **(environment or {})}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=limit, check=False,
    )  # fmt: skip


def output(command: list[str | Path], folder: Path, environment: dict[str, str] | None = None) -> str:
    """Return what a command prints, which must succeed."""
    done = run(command, folder, environment)
    assert done.returncode == 0, done.stdout[-5000:]
    return done.stdout


@pytest.fixture(scope="session")
def wheel() -> Path:
    """Return the wheel."""
    path = Path(os.environ["CAPSOCK_WHEEL"])
    assert path.name.startswith("capsock-")
    return path


@pytest.fixture(scope="session")
def version(wheel: Path) -> str:
    """Return the version in the wheel's name."""
    return wheel.name.split("-")[1]


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the source package, made from the checkout."""
    folder = tmp_path_factory.mktemp("sdist")
    manifest = PROJECT / "Cargo.toml"
    output([BIN / "maturin", "sdist", "--manifest-path", manifest, "--out", folder], folder)
    (made,) = folder.glob("*.tar.gz")
    return made


def test_an_index_takes_them(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    assert output([BIN / "twine", "check", "--strict", wheel, sdist], tmp_path).count("PASSED") == 2


def test_an_index_has_the_classifiers(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = archive.read(name).decode()
    chosen = re.findall(r"^Classifier: (.+)$", metadata, re.MULTILINE)
    assert "Programming Language :: Python :: Free Threading :: 3 - Stable" in chosen
    assert [one for one in chosen if one not in classifiers] == []


def test_the_readme_has_no_link_that_an_index_breaks() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)]+)\)", readme)
    assert [target for target in targets if not target.startswith(("https://", "#"))] == []


def test_the_wheel_s_command(wheel: Path, version: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    homes = {
        "PIPX_HOME": str(tmp_path / "pipx"),
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "UV_PYTHON": sys.executable,
    }
    commands: list[list[str | Path]] = [
        [BIN / "pipx", "run", "--spec", wheel, "capsock"],
        [BIN / "uvx", "--from", wheel, "capsock"],
    ]
    for starts in commands:
        assert f"capsock {version}\n" in output([*starts, "--version"], tmp_path, homes)
        assert "capsock._native argument\n" in output([*starts, "run", script, "argument"], tmp_path, homes)
        # `capsock` is all that a user has to type where the package is in the index.
        assert "serve" in output([*starts, "--help"], tmp_path, homes)


@pytest.mark.parametrize("installer", ["pipx", "uv"])
def test_the_wheel_as_a_tool(installer: str, wheel: Path, version: str, tmp_path: Path) -> None:
    scripts = tmp_path / "bin"
    if installer == "pipx":
        install: list[str | Path] = [BIN / "pipx", "install", wheel]
        homes = {"PIPX_HOME": str(tmp_path / "pipx"), "PIPX_BIN_DIR": str(scripts)}
    else:
        install = [BIN / "uv", "tool", "install", "--python", sys.executable, wheel]
        homes = {"UV_CACHE_DIR": str(tmp_path / "uv"), "UV_TOOL_DIR": str(tmp_path / "tools")}
        homes["UV_TOOL_BIN_DIR"] = str(scripts)
    output(install, tmp_path, homes)
    assert output([scripts / "capsock", "--version"], tmp_path) == f"capsock {version}\n"
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    # The folder of tools has a link to the executable, which finds its entry point all the same.
    assert output([scripts / "capsock", "run", script, "argument"], tmp_path) == "capsock._native argument\n"


@pytest.fixture(scope="session")
def backend(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the unpacked source package."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        if sys.version_info >= (3, 12):
            archive.extractall(folder, filter="data")
        else:
            archive.extractall(folder)
    (unpacked,) = folder.iterdir()
    return unpacked


# What stands before the hook, which hook, the environment, and what the sentence says.
REFUSED: dict[str, tuple[str, str, dict[str, str], str]] = {
    "PyPy": (
        "import platform; platform.python_implementation = lambda: 'PyPy'",
        "get_requires_for_build_wheel()",
        {},
        "it needs CPython 3.9 or later, and this is PyPy 3.",
    ),
    "Python 3.8": (
        "import sys; sys.version_info = (3, 8, 0, 'final', 0)",
        "get_requires_for_build_editable()",
        {},
        "it needs CPython 3.9 or later, and this is CPython 3.",
    ),
    "32 bits": (
        "import sys; sys.maxsize = 2**31 - 1",
        "build_wheel('wheels')",
        {},
        "it needs a 64-bit CPython, and this CPython 3.",
    ),
    "no cargo": (
        "",
        "prepare_metadata_for_build_wheel('metadata')",
        {"MATURIN_NO_INSTALL_RUST": "1"},
        f"it needs {RUST}; there is no cargo in PATH\n",
    ),
    "no cargo, no network": (
        "",
        "build_editable('wheels')",
        # A port that nothing has.
        dict.fromkeys(["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"], "http://127.0.0.1:9"),
        "there is no cargo in PATH, and Rust could not be downloaded for this build (",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_source_package_needs(case: str, backend: Path, tmp_path: Path) -> None:
    before, hook, environment, sentence = REFUSED[case]
    code = f"import platform, maturin\n{before}\nimport build_backend\nbuild_backend.{hook}"
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    homes = {
        "XDG_CACHE_HOME": str(tmp_path),
        "HOME": str(tmp_path),
        "PATH": str(nothing),
        "NO_PROXY": "",
        "no_proxy": "",
    }
    done = run([sys.executable, "-c", code], backend, {**homes, **environment})
    assert done.returncode == 1
    last = done.stdout.splitlines(keepends=True)[-1]
    assert last.startswith("capsock cannot be built from its source here: ")
    assert sentence in last, done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="the cargo of this test is a shell script")
def test_an_older_rust(sdist: Path, tmp_path: Path) -> None:
    cargo = tmp_path / "cargo"
    cargo.write_text("#!/bin/sh\necho 'cargo 1.70.0 (ec8a8a0ca 2023-04-25)'\n", encoding="utf-8")
    cargo.chmod(0o755)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", sdist]
    done = run(pip, tmp_path, {"PATH": f"{tmp_path}{os.pathsep}{BIN}{os.pathsep}{os.environ['PATH']}"})
    assert done.returncode != 0
    assert "which links; this is cargo 1.70.0 (ec8a8a0ca 2023-04-25)" in done.stdout


@pytest.mark.timeout(BUILD_LIMIT + 100)
def test_the_source_package_builds_from_itself(sdist: Path, version: str, tmp_path: Path) -> None:
    pip: list[str | Path] = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    # What is tested is whether the sources are whole; optimisation would take most of the time.
    quick = {"LTO": "off", "OPT_LEVEL": "0", "CODEGEN_UNITS": "16", "DEBUG": "0"}
    environment = {f"CARGO_PROFILE_RELEASE_{name}": value for name, value in quick.items()}
    environment["CARGO_TARGET_DIR"] = str(tmp_path / "target")
    environment["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    built = run([*pip, "--wheel-dir", tmp_path / "wheels", sdist], tmp_path, environment, BUILD_LIMIT)
    assert built.returncode == 0, built.stdout[-5000:]
    (wheel,) = (tmp_path / "wheels").iterdir()
    assert wheel.name.startswith(f"capsock-{version}-cp39-abi3-")

    venv.create(tmp_path / "fresh", with_pip=True)
    scripts = tmp_path / "fresh" / ("Scripts" if sys.platform == "win32" else "bin")
    output([scripts / "python", "-m", "pip", "install", "--no-index", wheel], tmp_path)
    assert output([scripts / "python", "-c", HELLO], tmp_path) == "HELLO\n"
    assert output([scripts / "capsock", "--version"], tmp_path) == f"capsock {version}\n"
    assert output([scripts / "python", "-m", "capsock", "--version"], tmp_path) == f"capsock {version}\n"
