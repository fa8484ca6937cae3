"""The linker of Windows' programs: Debian's mingw-w64, unpacked and not installed."""

from __future__ import annotations

import os
import re
import shlex
from functools import cache
from pathlib import Path

import packages
from packages import Debian, debian_name
from paths import quietly

TRIPLE = "x86_64-w64-mingw32"
# What the packages depend on, but for the libraries that every Debian has.
DEPENDENCIES = (
    r"(gcc-mingw-w64-(x86-64-posix(-runtime)?|base)|binutils-mingw-w64-x86-64|mingw-w64-(common|x86-64-dev)"
    r"|libmpc3|libmpfr6|libisl23|libgmp10)"
)


@cache
def programs() -> Path:
    """The folder of its programs, as rustc finds them."""
    debian = Debian(debian_name(os.uname().machine))
    folder = debian.alone("mingw", ["gcc-mingw-w64-x86-64-posix", "mingw-w64-x86-64-dev"], DEPENDENCIES)
    made = folder / "usr" / "bin"
    libraries = folder / "usr" / "lib" / f"{os.uname().machine}-linux-gnu"
    # Debian's alternatives would give this name. The compiler's own libraries are among the packages.
    wrapper = made / f"{TRIPLE}-gcc"
    wrapper.write_text(
        f"#!/bin/sh\nLD_LIBRARY_PATH={shlex.quote(str(libraries))} "
        f'exec {shlex.quote(str(made))}/{TRIPLE}-gcc-posix "$@"\n'
    )
    wrapper.chmod(0o755)
    return made


def gcc() -> str:
    return str(programs() / f"{TRIPLE}-gcc")


def environment() -> dict[str, str]:
    """What cargo is told by its environment. rustc looks for dlltool on the path."""
    return {
        "CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER": gcc(),
        "PATH": f"{programs()}{os.pathsep}{packages.tools()}{os.pathsep}{os.environ['PATH']}",
    }


def exports(library: Path) -> list[str]:
    """The names that a DLL exports."""
    lines = headers(library).partition("[Ordinal/Name Pointer] Table")[2].partition("\n\n")[0].splitlines()
    return [match[1] for line in lines if (match := re.search(r"\] (?:\+base\[ *\d+\] +\w+ )?(\S+)$", line))]


def imports(file: Path) -> list[str]:
    """The names of the DLLs that a program or a DLL is linked with, in lower case."""
    return [name.lower() for name in re.findall(r"^\s*DLL Name: (\S+)$", headers(file), re.MULTILINE)]


def headers(file: Path) -> str:
    return quietly("objdump", [str(programs() / f"{TRIPLE}-objdump"), "--private-headers", str(file)])
