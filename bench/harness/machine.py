"""What was measured on, and with which versions."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from harness.servers import BUILT, JDK, ROOT, output_of


def _first(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match.group(1) if match else "absent"


def _crate(name: str) -> str:
    lock = (ROOT / "bench" / "Cargo.lock").read_text()
    return _first(rf'name = "{name}"\nversion = "([^"]+)"', lock)


# What the measured code is made of.
SOURCES = [
    "core/src",
    "figure/src",
    "cli/src",
    "bindings-c/src",
    "bindings-python/src",
    "bindings-java/src",
    "Cargo.lock",
]


def _commit() -> str:
    """The last commit that changed the measured code, and whether there are changes that are not in one."""
    git = ("git", "-C", str(ROOT))
    changed = output_of(*git, "status", "--porcelain", "--", *SOURCES)
    return output_of(*git, "log", "-1", "--format=%h", "--", *SOURCES) + (" and changes" if changed else "")


def machine() -> dict[str, str]:
    """The machine and the versions, by name."""
    bench = ROOT / "bench"
    python = output_of(str(BUILT / "python" / "bin" / "python"), "--version")
    return {
        "processor": _first(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
        + f", {os.cpu_count()} logical processors",
        "kernel": "Linux " + _first(r"([\d.]+)", platform.release()),
        "capsock": _commit(),
        "rustc": _first(r"rustc (\S+)", output_of("rustc", "--version")),
        "cc": output_of("cc", "-dumpfullversion"),
        "Python": python.replace("Python ", "") or "absent",
        "Java": _first(r'version "([^"]+)"', output_of(f"{JDK}/bin/java", "-version")),
        "mio": _crate("mio"),
        "tokio": _crate("tokio"),
        "libuv": output_of("pkg-config", "--modversion", "libuv"),
        "uvloop": _first(r"uvloop==(\S+)", (bench / "requirements.txt").read_text()),
        "Netty": _first(r"<netty.version>(.*)</netty.version>", (bench / "pom.xml").read_text()),
    }
