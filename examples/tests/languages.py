"""How a program of each language is built against the installed package and run."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import places

LANGUAGES = ["c", "java", "python", "rust"]


def compile_c(source: Path, program: Path, *more: str) -> None:
    """Compiles and links a C program by pkg-config, with `more` flags."""
    found = places.PREFIX / "lib"
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "capsock"],
        env={**os.environ, "PKG_CONFIG_PATH": str(found / "pkgconfig")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.split()
    warnings = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
    command = ["cc", *warnings, "-o", str(program), str(source), *flags, *more, f"-Wl,-rpath,{found}"]
    subprocess.run(command, check=True)


def compiled(source: Path, folder: str) -> list[str]:
    """Compiles a C example into `folder`, if it has changed, and returns the command that runs it."""
    program = places.PREFIX / folder / source.stem
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        program.parent.mkdir(parents=True, exist_ok=True)
        compile_c(source, program, "-pthread")
    return [str(program)]


def snake(name: str) -> str:
    """`concurrent_tcp_server` for ConcurrentTCPServer: how C and Rust name the program."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=P)(?=[SC])", "_", name).lower()


def java_command(source: Path) -> list[str]:
    """Runs a Java program from its source, as students do."""
    return [places.JAVA, "--enable-native-access=ALL-UNNAMED", "-cp", str(places.JAR), str(source)]


def example(language: str, name: str) -> list[str]:
    """The command that runs an example; its name is Python's and Java's, such as ConcurrentTCPServer."""
    if language == "c":
        return compiled(places.EXAMPLES / "c" / f"{snake(name)}.c", "examples")
    if language == "java":
        return java_command(places.EXAMPLES / "java" / f"{name}.java")
    if language == "python":
        return [places.PYTHON, str(places.EXAMPLES / "python" / f"{name}.py")]
    return [str(places.ROOT / "target" / "release" / snake(name))]
