"""Builds the artifacts of a target into target/cross/out."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path

import mingw
import packages
from artifacts import COMMAND, JNI, LIBRARY, PRELOAD, PROGRAM, SONAMES, preload_file
from paths import CROSS, ROOT, Failed, quietly
from targets import Target

CARGO_TARGET = CROSS / "cargo"
# What cargo links by itself; the wheel is maturin's.
LINKED = (COMMAND, LIBRARY, JNI)
PYTHON_PACKAGE = ROOT / "bindings-python"
# What the messages of panics call the folders of the sources, wherever they are on this machine.
SOURCES = {
    Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo")) / "registry" / "src": "/cargo",
    ROOT: "/capsock",
}


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
    crates = ["std", "panic_unwind"]
    if target.debug and target.tested:
        # cargo adds it for tests, and builds every dependency again if the list changes.
        crates.append("test")
    return [f"-Zbuild-std={','.join(crates)}"]


def settings(target: Target) -> list[str]:
    """cargo's options for debug builds, which have tests with time limits: the core is optimised."""
    if not target.debug:
        return []
    # The standard library as rustup's, optimised and without assertions.
    released = ("opt-level=3", "debug-assertions=false", "overflow-checks=false")
    packages = [("capsock", "opt-level=1"), *product(("core", "alloc", "std"), released)]
    return [f"--config=profile.dev.package.{package}.{setting}" for package, setting in packages]


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
    if target.debug:
        env["CARGO_PROFILE_DEV_DEBUG"] = "line-tables-only"
    flags = [f"--remap-path-prefix={place}={name}" for place, name in SOURCES.items()]
    if target.musl:
        # zig has start files of its own. A shared library needs a libc that is shared; programs get zig's
        # own all the same: they need no library, and run on any Linux.
        flags += ["-C", "link-self-contained=no", "-C", "target-feature=-crt-static"]
    if target.system == "darwin" and not std_is_installed(target.triple):
        # zig's linker ignores the list of names that a library exports: it has no other names to show.
        flags.append("-Zdefault-visibility=hidden")
    env["RUSTFLAGS"] = " ".join(flags)
    if target.system == "darwin":
        # rustc asks Xcode for it; zig has the libraries of its own.
        env["SDKROOT"] = str(packages.macos_libraries())
        # What cargo strips with there is on no other system.
        env["CARGO_PROFILE_RELEASE_STRIP"] = "none"
        # The oldest macOS, as the wheel's platform has it.
        env["MACOSX_DEPLOYMENT_TARGET"] = ".".join(target.policy.split("_")[1:3])
    if target.system == "freebsd":
        # maturin would take the release of this machine's kernel.
        env["_PYTHON_HOST_PLATFORM"] = target.policy
    return env | (mingw.environment() if target.system == "windows" else zig(target, env))


def zig(target: Target, env: dict[str, str]) -> dict[str, str]:
    """What makes zig the linker.

    cargo-zigbuild tells it to a cargo that prints it. cargo and maturin get the same: with another path
    of the linker, each would build again what the other has built, the standard library too.
    """
    cargo = CROSS / "print-environment"
    cargo.parent.mkdir(parents=True, exist_ok=True)
    # For macOS it asks for `cargo metadata` first.
    cargo.write_text('#!/bin/sh\n[ "$1" = build ] && exec env --null\nexec cargo "$@"\n')
    cargo.chmod(0o755)
    given = os.environ | env | {"CARGO": str(cargo)}
    printed = quietly(
        f"{target.name}-zig", [tool("cargo-zigbuild"), "build", "--target", target.name], env=given
    )
    variables = dict(line.split("=", 1) for line in printed.split("\0") if "=" in line)
    return {name: value for name, value in variables.items() if given.get(name) != value and name != "_"}


def cargo(target: Target, action: str, *options: str) -> list[str]:
    """cargo for a target; the environment tells the linker."""
    return ["cargo", action, "--locked", *std(target), *settings(target), "--target", target.triple, *options]


def compiled(target: Target, name: str, command: list[str], env: dict[str, str] | None = None) -> None:
    """Runs cargo or maturin; a warning in this workspace is a failure, also in what was built before."""
    output = quietly(f"{target.name}-{name}", command, env=environment(target) | (env or {}))
    warned = re.findall(r"^warning: `capsock.* generated .*", output, re.MULTILINE)
    if warned:
        raise Failed("; ".join(warned))


def profile(target: Target) -> list[str]:
    return [] if target.debug else ["--release"]


def made(target: Target) -> Path:
    """Where cargo puts what it builds."""
    return CARGO_TARGET / target.triple / ("debug" if target.debug else "release")


def link(target: Target) -> None:
    """Builds the artifacts that cargo makes by itself."""
    chosen = [word for artifact in LINKED for word in ("--package", artifact.crate)]
    compiled(target, "build", cargo(target, "build", *profile(target), *chosen))
    for artifact in LINKED:
        for name in artifact.files(target.system):
            copy(made(target) / name, out(target) / name)
    if target.system == "linux":
        link_preload(target)
    if target.system in SONAMES:
        give_soname(out(target) / LIBRARY.files(target.system)[0], SONAMES[target.system])


def link_preload(target: Target) -> None:
    """The preload library. pthread_cancel(3) of glibc unwinds the stack by libgcc_s.so.1, through this
    library's functions: they have to ask the same unwinder, and not one that is linked into them.
    """
    flags = ["--", *shared_unwinder(target)] if target.glibc else []
    command = cargo(target, "rustc", *profile(target), "--package", PRELOAD.crate, *flags)
    compiled(target, "preload", command)
    (name,) = PRELOAD.files(target.system)
    copy(made(target) / name, out(target) / preload_file(target.musl))


def shared_unwinder(target: Target) -> list[str]:
    """What has rustc link with libgcc_s.so.1, which is looked up by the names that unwinder.c has."""
    folder = out(target) / "unwinder"
    folder.mkdir(parents=True, exist_ok=True)
    options = [
        "-shared",
        "-nostdlib",
        "-Wl,-soname,libgcc_s.so.1",
        "-o",
        str(folder / "libcapsock_unwinder.so"),
    ]
    source = str(Path(__file__).with_name("unwinder.c"))
    quietly(f"{target.name}-unwinder", [*zig_compiler(target), *options, source], env=environment(target))
    return ["-L", f"native={folder}", "-l", "dylib=capsock_unwinder"]


def zig_compiler(target: Target) -> list[str]:
    # zig's name of x86_64-unknown-linux-gnu.2.17 is x86_64-linux-gnu.2.17.
    return [tool("python"), "-m", "ziglang", "cc", "-target", target.name.replace("-unknown-", "-")]


def give_soname(library: Path, soname: str) -> None:
    """The name that programs look for, which the library has to contain."""
    if soname.encode() not in library.read_bytes():
        raise Failed(f"{library.name} has not the name {soname}")
    link = library.with_name(Path(soname).name)
    link.unlink(missing_ok=True)
    link.symlink_to(library.name)


def copy(file: Path, to: Path) -> None:
    """As a new file: a program that still runs from the old one is left alone."""
    if not file.exists():
        raise Failed(f"cargo left no {file.name}")
    to.parent.mkdir(parents=True, exist_ok=True)
    to.unlink(missing_ok=True)
    shutil.copy2(file, to)


@dataclass(frozen=True)
class Abi:
    """What of CPython a wheel is built for."""

    version: str
    tag: str  # CPython's name of its ABI
    features: tuple[str, ...] = ()
    flags: str = ""  # of CPython's own build

    def settings(self, target: Target) -> Path:
        """Tells PyO3 and maturin what they would ask an interpreter: none of these has to be here."""
        values = {
            "implementation": "CPython",
            "version": self.version,
            "abi_tag": self.tag,
            "shared": "true",
            "pointer_width": "64",
            "build_flags": self.flags,
        }
        # The ending of a module without a stable ABI. maturin would put the processor into that of macOS.
        endings = {
            "windows": f".cp{self.tag}-{target.policy}.pyd",
            "freebsd": f".cpython-{self.tag}.so",
            "darwin": f".cpython-{self.tag}-darwin.so",
        }
        if target.system in endings:
            values["ext_suffix"] = endings[target.system]
        file = CROSS / "pyo3" / f"{self.tag}-{target.system}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        return file


STABLE = Abi("3.9", "39")
# bindings-python/README.md, "Wheels". CPython 3.14 has no stable ABI without a GIL.
FREE_THREADED = (
    Abi("3.14", "314t", flags="Py_GIL_DISABLED"),
    Abi("3.15", "315", ("--no-default-features", "--features", "abi3t")),
)


def wheel(target: Target, abi: Abi = STABLE) -> Path:
    """The wheel, with the target's command and preload library, as build_backend.py has them."""
    to = out(target) / ("wheel" if abi is STABLE else f"wheel-{abi.tag}")
    shutil.rmtree(to, ignore_errors=True)
    scripts = PYTHON_PACKAGE / "capsock._native.data" / "scripts"
    (command,) = COMMAND.files(target.system)
    options = [*profile(target), "--target", target.triple, *abi.features]
    if target.system == "linux":
        # maturin knows these names for Linux alone.
        options += ["--compatibility", target.policy]
    build = [tool("maturin"), "build", "--locked", *std(target), *settings(target), *options]
    try:
        copy(out(target) / command, scripts / command)
        if target.system == "linux":
            name = preload_file(target.musl)
            copy(out(target) / name, scripts.parent / "data" / "lib" / "capsock" / name)
        manifest = ["--manifest-path", str(PYTHON_PACKAGE / "Cargo.toml")]
        env = {"PYO3_CONFIG_FILE": str(abi.settings(target))}
        compiled(target, to.name, [*build, *manifest, "--out", str(to)], env)
    finally:
        shutil.rmtree(scripts.parent, ignore_errors=True)
    (file,) = to.glob("*.whl")
    return file


def wheels(target: Target) -> list[Path]:
    """The wheels that a release has for the target."""
    return [wheel(target, abi) for abi in (STABLE, *FREE_THREADED)]


def rust_programs(target: Target, names: list[str]) -> Path:
    """The folder of Rust programs of the examples."""
    chosen = [word for name in names for word in ("--bin", name)]
    build = cargo(target, "build", *profile(target), "--package", "capsock-examples", *chosen)
    compiled(target, "examples", build)
    for name in names:
        file = name + PROGRAM[target.system]
        copy(made(target) / file, out(target) / "rust" / file)
    return out(target) / "rust"


def c_program(target: Target, source: Path, into: str, linked: bool = True) -> Path:
    """A C program, linked with the target's shared library unless it loads that by itself."""
    program = out(target) / into / (source.stem + PROGRAM[target.system])
    program.parent.mkdir(parents=True, exist_ok=True)
    shared, _, *importing = LIBRARY.files(target.system)
    warnings = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-O1"]
    flags = ["-I", str(ROOT / "bindings-c" / "include"), "-pthread"]
    if target.system == "windows":
        # mingw's library of threads would be another DLL.
        compiler = [mingw.gcc(), "-static"]
        library = [str(out(target) / importing[0]), "-lws2_32"]
        # A program looks for DLLs in its own folder.
        copy(out(target) / shared, program.parent / shared)
    else:
        compiler = zig_compiler(target)
        library = [*([str(out(target) / shared)] if linked else []), f"-Wl,-rpath,{out(target)}", "-ldl"]
    if target.musl:
        # A program that is started by way of the loader would have the loader's name.
        library.append(f"-Wl,--dynamic-linker={packages.musl_loader(target.processor)}")
    quietly(
        f"{target.name}-{into}-{source.stem}",
        [*compiler, *warnings, *flags, "-o", str(program), str(source), *library],
        env=environment(target),
    )
    return program


def run_tests(
    target: Target,
    runner: list[str],
    crates: list[str],
    tests: Sequence[str],
    skipped: Sequence[str],
    limit: float,
) -> str:
    """Runs the tests of crates and returns what they print. `tests`: those of the core and its unit tests.

    `runner` is put before each program; no test is run whose name contains one of `skipped`.
    """
    target = replace(target, debug=True)
    chosen = [word for crate in crates for word in ("--package", crate)]
    if tests:
        chosen += ["--lib", *(word for name in tests for word in ("--test", name))]
    compiled(target, "tests-build", cargo(target, "test", "--no-run", *chosen))
    config = ["--config", f"target.{target.triple}.runner={json.dumps(runner)}"] if runner else []
    words = [word for name in skipped for word in ("--skip", name)]
    command = cargo(target, "test", "--no-fail-fast", *config, *chosen, "--", *words)
    return quietly(f"{target.name}-tests", command, env=environment(target), limit=limit, failure=None)
