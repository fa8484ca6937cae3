"""What is checked of the artifacts for Windows alone."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import mingw
import wine
from artifacts import COMMAND, JNI, LIBRARY, WHEEL
from checks import TEXTBOOK, Site, check_import, check_textbook, with_wheel


def check_all(site: Site) -> None:
    for artifact in COMMAND, LIBRARY, JNI:
        file = site.out / artifact.files("windows")[0]
        site.check(artifact, "DLLs", partial(needs_windows_alone, file))
    site.check(WHEEL, "DLLs", lambda: needs_windows_alone(module(site), "python3.dll"))
    check_pythons(site)


def module(site: Site) -> Path:
    (file,) = (site.out / "site" / "capsock").glob("_native*.pyd")
    return file


def needs_windows_alone(file: Path, *others: str) -> None:
    """It needs no DLL but those of Windows, of which wine has a file each, and the others."""
    here = wine.unpacked() / "lib" / "x86_64-linux-gnu" / "wine" / "x86_64-windows"
    strange = [
        name
        for name in mingw.imports(file)
        if name not in others and not name.startswith("api-ms-win-") and not (here / name).exists()
    ]
    assert not strange, f"it needs {strange}"


def check_pythons(site: Site) -> None:
    """The wheel on each CPython but the newest, which has run the same."""
    for version, program in list(wine.pythons().items())[:-1]:
        python = with_wheel(site, [*site.machine.shared, str(program)])
        site.check(WHEEL, f"import on {version}", partial(check_import, python))
        command = partial(textbook, python)
        check_textbook(site, WHEEL, command, f" on {version}")


def textbook(python: list[str], name: str) -> list[str]:
    return [*python, str(TEXTBOOK / "python" / f"{name}.py")]
