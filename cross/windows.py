"""What is checked of the artifacts for Windows alone."""

from __future__ import annotations

import json
import subprocess
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import mingw
import wine
from artifacts import COMMAND, JNI, LIBRARY, WHEEL
from checks import TEXTBOOK, Site, check_import, check_textbook, with_wheel
from mixed import check_mixed_runs
from paths import ROOT, Failed, quietly

# The others watch threads in /proc, send signals or fork, or have scripts whose paths are of Unix.
PACKAGE_TESTS = (
    "copy",
    "errors",
    "handler",
    "many",
    "package",
    "server",
    "socket_libraries",
    "socket_outcomes",
    "uppercase",
)


def check_all(site: Site) -> None:
    for artifact in COMMAND, LIBRARY, JNI:
        file = site.out / artifact.files("windows")[0]
        site.check(artifact, "DLLs", partial(needs_windows_alone, file))
    site.check(WHEEL, "DLLs", lambda: needs_windows_alone(module(site), "python3.dll"))
    check_pythons(site)
    check_mixed_runs(site)
    site.report.attempt(site.target, WHEEL, "tests of the package", lambda: check_package_tests(site))
    site.report.attempt(site.target, WHEEL, "CPython's test_socket", lambda: check_cpython_tests(site))


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


def check_package_tests(site: Site) -> None:
    """The package's own tests, of the files that need no Unix."""
    results = site.out / "tests-python.xml"
    results.unlink(missing_ok=True)
    files = [str(ROOT / "bindings-python" / "tests" / f"test_{name}.py") for name in PACKAGE_TESTS]
    # Two folders, as Windows separates them.
    path = f"PYTHONPATH={site.out / 'site'};{wine.pytest()}"
    python = ["env", path, *site.machine.shared, str(wine.whole_python())]
    options = ["-q", "-p", "no:cacheprovider", f"--junitxml={wine.path(results)}"]
    quietly(f"{site.target.name}-pytest", [*python, "-m", "pytest", *options, *files], failure=None)
    if not results.exists():
        raise Failed("pytest wrote no results: see the log")
    for case in ElementTree.parse(results).iter("testcase"):
        broken = case.find("failure") if case.find("error") is None else case.find("error")
        if broken is not None:
            name = f"{case.get('classname', '').rpartition('.')[2]}: {case.get('name')}"
            site.failed(WHEEL, name, broken.get("message", ""))
        elif case.find("skipped") is None:
            site.report.passed(site.target, WHEEL)


def check_cpython_tests(site: Site) -> None:
    """Of CPython's tests of sockets, all that pass on the standard library pass on capsock.socket."""
    theirs, ours = (cpython_tests(site, module) for module in ("socket", "capsock.socket"))
    for name, (outcome, _) in theirs.items():
        here, why = ours.get(name, ("absent", "it was not run"))
        if outcome == "passed" != here:
            site.failed(WHEEL, name, f"{here}: {why}")
        elif outcome == "passed":
            site.report.passed(site.target, WHEEL)


def cpython_tests(site: Site, module: str) -> dict[str, tuple[str, str]]:
    """The outcome of each, and why: as bindings-python/tests/test_cpython.py has it."""
    folder = ROOT / "bindings-python" / "tests" / "cpython"
    python = with_wheel(site, [*site.machine.shared, str(wine.whole_python())])
    ended = subprocess.run(
        [*python, str(folder / "run.py"), module, "test.test_socket", str(folder / "left_out.txt"), "0/1"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=600,
        check=False,
    )
    if ended.returncode != 0:
        raise Failed(f"{module}: status {ended.returncode}: {ended.stderr[-500:]}")
    outcomes: dict[str, tuple[str, str]] = {}
    for line in ended.stdout.splitlines():
        name, outcome, why = json.loads(line)
        # The parts of a test that failed come before the test.
        if outcomes.get(name, ("",))[0] != "failed":
            outcomes[name] = (outcome, why)
    return outcomes


def textbook(python: list[str], name: str) -> list[str]:
    return [*python, str(TEXTBOOK / "python" / f"{name}.py")]
