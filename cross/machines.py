"""How the programs of a target are run: by this machine, by qemu-user, or with another system's libc."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import packages
import wine
from packages import Debian, Missing, debian_name
from paths import ROOT
from targets import HOST, Target


@dataclass(frozen=True)
class Machine:
    """A way to run programs; `name` tells it in the names of checks and in the table."""

    name: str
    shared: list[str]  # what is put before a program that needs shared libraries
    static: list[str] = field(default_factory=list)  # and before one that needs none
    python: list[str] | None = None  # a CPython for wheels
    java: list[str] | None = None


def musl(target: Target) -> Machine:
    loader = packages.musl_loader(target.processor)
    if target.processor == HOST:
        return Machine("musl 1.2", [])
    qemu = str(packages.qemu(target.processor))
    return Machine("qemu-user", [qemu, "-L", str(loader.parent.parent)], [qemu])


def glibc(target: Target) -> Machine:
    """Another processor: Debian's packages for it, and PyPI's Java."""
    if target.processor == HOST:
        return this_machine()
    debian = Debian(debian_name(target.processor))
    root = debian.root("libc6", "libgcc-s1", "libstdc++6", "zlib1g", "python3")
    qemu = str(packages.qemu(target.processor))
    run = [qemu, "-L", str(root)]
    java = str(packages.jre(target.processor, f"manylinux_2_17_{target.processor}") / "bin" / "java")
    return Machine("qemu-user", run, [qemu], [*run, str(interpreter(root))], [*run, java])


def this_machine() -> Machine:
    """The newest CPython and the oldest JDK of this machine."""
    found = [lines_of(f"scripts/{name}") for name in ("pythons", "jdks")]
    python, java = ([line.split("\t")[1] for line in lines] for lines in found)
    return Machine(
        "this machine",
        [],
        python=python[-1:] or None,
        java=[f"{java[0]}/bin/java"] if java else None,
    )


def old_glibc(_: Target) -> Machine:
    """The oldest Debian that apt still gets, by its own loader."""
    root = Debian(debian_name(HOST), "bullseye").root("libc6", "libgcc-s1", "python3")
    (libraries,) = root.glob("lib/*-linux-gnu")
    (loader,) = libraries.glob("ld-2.*.so")
    path = f"{libraries}:{root}/usr/lib/{libraries.name}"
    run = [str(loader), "--library-path", path]
    version = loader.name.removeprefix("ld-").removesuffix(".so")
    return Machine(f"glibc {version}", run, python=[*run, str(interpreter(root))])


def windows(_: Target) -> Machine:
    """The newest of the CPythons and Java, all of Windows."""
    run = wine.words()
    python = list(wine.pythons().values())[-1]
    return Machine("wine 10", run, run, [*run, str(python)], [*run, *wine.java()])


# A row for each target that runs here; each way by which it does.
MACHINES: dict[str, list[Callable[[Target], Machine]]] = {
    "x86_64-unknown-linux-musl": [musl],
    "x86_64-unknown-linux-gnu": [glibc, old_glibc],
    "aarch64-unknown-linux-gnu": [glibc],
    "aarch64-unknown-linux-musl": [musl],
    "x86_64-pc-windows-gnu": [windows],
}


def interpreter(root: Path) -> Path:
    """The CPython of a folder of packages."""
    found = sorted((root / "usr" / "bin").glob("python3.[0-9]*"))
    if not found:
        raise Missing(f"no python3 in {root}")
    return found[0]


def lines_of(*command: str) -> list[str]:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
