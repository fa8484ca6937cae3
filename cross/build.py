"""Builds the artifacts of a target into target/cross/out."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import packages
from artifacts import COMMAND, LIBRARY, Artifact
from paths import CROSS, ROOT, Failed, quietly
from targets import Target

CARGO_TARGET = CROSS / "cargo"
PYTHON_PACKAGE = ROOT / "bindings-python"


def out(target: Target) -> Path:
    """Where the artifacts of a target are put."""
    return CROSS / ("debug" if target.debug else "out") / target.name


def tool(name: str) -> str:
    return str(packages.tools() / name)


@cache
def std_is_installed(triple: str) -> bool:
    """Has the installed toolchain the standard library of the target? `rustup target add` gives it."""
    asked = ["rustc", "--print", "target-libdir", "--target", triple]
    found = subprocess.run(asked, check=False, capture_output=True, text=True).stdout.strip()
    return bool(found) and any(Path(found).glob("libstd-*.rlib"))


def std(target: Target) -> list[str]:
    """cargo's options for a standard library that is built as well."""
    if std_is_installed(target.triple):
        return []
    # As rustup's, it is optimised in debug builds too: tests with time limits run on it.
    optimised = ["--config", 'profile.dev.package."*".opt-level=1'] if target.debug else []
    return ["-Zbuild-std=std,panic_unwind", *optimised]


def environment(target: Target) -> dict[str, str]:
    """What cargo and maturin are told by their environment."""
    env = {
        "CARGO_TARGET_DIR": str(CARGO_TARGET),
        # Both call zig by its Python package.
        "PATH": f"{packages.tools()}{os.pathsep}{os.environ['PATH']}",
        "ZIG_GLOBAL_CACHE_DIR": str(CROSS / "zig"),
        "CARGO_ZIGBUILD_CACHE_DIR": str(CROSS / "zigbuild"),
    }
    if not std_is_installed(target.triple):
        # The released cargo takes -Z options only if it is told to.
        env |= {"RUSTC": str(packages.rust()), "RUSTC_BOOTSTRAP": "1"}
    if target.musl:
        # zig has start files of its own. A shared library needs a libc that is shared; programs get zig's
        # own all the same: they need no library, and run on any Linux.
        env["RUSTFLAGS"] = "-C link-self-contained=no -C target-feature=-crt-static"
    if target.system == "darwin":
        # What cargo strips with there is on no other system.
        env["CARGO_PROFILE_RELEASE_STRIP"] = "none"
    return env


def cargo(target: Target, action: str, *options: str) -> list[str]:
    """cargo for a target, with zig as its linker."""
    return [tool("cargo-zigbuild"), action, "--locked", *std(target), "--target", target.name, *options]


def check(target: Target, crates: list[str]) -> None:
    """Compiles the crates, and links nothing."""
    chosen = [word for crate in crates for word in ("--package", crate)]
    quietly(f"{target.name}-check", cargo(target, "check", *chosen), env=environment(target))


def profile(target: Target) -> list[str]:
    return [] if target.debug else ["--release"]


def made(target: Target) -> Path:
    """Where cargo puts what it builds."""
    return CARGO_TARGET / target.triple / ("debug" if target.debug else "release")


def link(target: Target, artifacts: list[Artifact]) -> None:
    """Builds the artifacts that cargo makes by itself."""
    chosen = [word for artifact in artifacts for word in ("--package", artifact.crate)]
    build = cargo(target, "zigbuild", *profile(target), *chosen)
    quietly(f"{target.name}-build", build, env=environment(target))
    for artifact in artifacts:
        for name in artifact.files(target.system):
            copy(made(target) / name, out(target) / name)
    if target.system == "linux":
        # The soname, which programs look for.
        soname = out(target) / "libcapsock.so.0"
        soname.unlink(missing_ok=True)
        soname.symlink_to("libcapsock.so")


def copy(file: Path, to: Path) -> None:
    """As a new file: a program that still runs from the old one is left alone."""
    if not file.exists():
        raise Failed(f"cargo left no {file.name}")
    to.parent.mkdir(parents=True, exist_ok=True)
    to.unlink(missing_ok=True)
    shutil.copy2(file, to)


def wheel(target: Target) -> Path:
    """The wheel, with the target's command among its scripts, as bindings-python/build_backend.py has it."""
    to = out(target) / "wheel"
    shutil.rmtree(to, ignore_errors=True)
    scripts = PYTHON_PACKAGE / "capsock._native.data" / "scripts"
    (command,) = COMMAND.files(target.system)
    # Before 3.12 the stable ABI is the same; no interpreter of that name has to be here.
    options = [
        *profile(target),
        "--zig",
        "--compatibility",
        target.policy,
        "--target",
        target.triple,
        "-i",
        "python3.9",
    ]
    build = [tool("maturin"), "build", "--locked", *std(target), *options]
    try:
        copy(out(target) / command, scripts / command)
        manifest = ["--manifest-path", str(PYTHON_PACKAGE / "Cargo.toml")]
        quietly(f"{target.name}-wheel", [*build, *manifest, "--out", str(to)], env=environment(target))
    finally:
        shutil.rmtree(scripts.parent, ignore_errors=True)
    (file,) = to.glob("*.whl")
    return file


def rust_programs(target: Target, names: list[str]) -> Path:
    """The folder of Rust programs of the examples."""
    chosen = [word for name in names for word in ("--bin", name)]
    build = cargo(target, "zigbuild", *profile(target), "--package", "capsock-examples", *chosen)
    quietly(f"{target.name}-examples", build, env=environment(target))
    for name in names:
        copy(made(target) / name, out(target) / "rust" / name)
    return out(target) / "rust"


def c_program(target: Target, source: Path, into: str) -> Path:
    """A C program, linked with the target's shared library."""
    program = out(target) / into / source.stem
    program.parent.mkdir(parents=True, exist_ok=True)
    # zig's name of x86_64-unknown-linux-gnu.2.17 is x86_64-linux-gnu.2.17.
    zig = [tool("python"), "-m", "ziglang", "cc", "-target", target.name.replace("-unknown-", "-")]
    warnings = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-O1"]
    flags = ["-I", str(ROOT / "bindings-c" / "include"), "-pthread"]
    library = [str(out(target) / LIBRARY.files(target.system)[0]), f"-Wl,-rpath,{out(target)}", "-ldl"]
    if target.musl:
        # A program that is started by way of the loader would have the loader's name.
        library.append(f"-Wl,--dynamic-linker={packages.musl_loader(target.processor)}")
    quietly(
        f"{target.name}-{into}-{source.stem}",
        [*zig, *warnings, *flags, "-o", str(program), str(source), *library],
        env=environment(target),
    )
    return program


def run_tests(target: Target, crates: list[str], tests: list[str], skipped: list[str], limit: float) -> str:
    """Compiles all test programs of crates, runs those named or else all, and returns what they print."""
    target = replace(target, debug=True)
    chosen = [word for crate in crates for word in ("--package", crate)]
    env = environment(target)
    quietly(f"{target.name}-tests-build", cargo(target, "test", "--no-run", *chosen), env=env)
    words = [word for name in skipped for word in ("--skip", name)]
    command = cargo(target, "test", "--no-fail-fast", *chosen, *tests, "--", *words)
    return quietly(f"{target.name}-tests", command, env=env, limit=limit, failure=None)
