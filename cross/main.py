"""Cross-builds the artifacts for every target, runs what runs here, and prints a table."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

# What starts and asks programs is shared with the tests of the examples.
sys.path.append(str(Path(__file__).resolve().parent.parent / "examples" / "tests"))

import build
import checks
import windows
from artifacts import COMMAND, JNI, LIBRARY, TESTS, WHEEL
from checks import Site
from machines import MACHINES
from packages import Missing
from paths import CROSS, quietly, say
from report import Report
from targets import HOST, TARGETS, Target

# The part that the suite `cross` runs, on debug builds: targets, and the test programs of the core.
SHORT = ("x86_64-unknown-linux-musl", "aarch64-unknown-linux-gnu.2.17")
SHORT_TESTS = ("clients", "properties", "servers", "servers_stop", "sockets")
# The other test programs of the core need calls of Unix, or what wine has not.
WINDOWS_TESTS = (
    "properties",
    "servers",
    "servers_handlers",
    "servers_limits",
    "servers_log",
    "servers_stop",
    "sockets",
    "trace",
)
# The tests of the upper-case kernels take minutes there, and they use no system call.
WINDOWS_SKIPPED = ("uppercase::",)


def build_all(target: Target, report: Report, short: bool) -> bool:
    """Builds what the target's step says. Is there something to run?"""
    if not report.attempt(target, COMMAND, "build", lambda: build.link(target)):
        return False
    for artifact in build.LINKED:
        cell = report.cell(target, artifact)
        cell.step = "linked"
        if not target.debug:
            file = build.out(target) / artifact.files(target.system)[0]
            cell.size = file.stat().st_size
            report.check(target, artifact, "paths", partial(checks.check_paths, file))
    if not short:
        report.attempt(target, WHEEL, "build", lambda: build_wheel(target, report))
    if target.step == "run":
        return True
    report.check(target, LIBRARY, "exports", lambda: checks.check_exports(target))
    return False


def build_wheel(target: Target, report: Report) -> None:
    wheel = build.wheel(target)
    cell = report.cell(target, WHEEL)
    cell.step = "linked"
    cell.size = wheel.stat().st_size
    site = build.out(target) / "site"
    shutil.rmtree(site, ignore_errors=True)
    # pip takes it for the platform that its tag names.
    pip = [build.tool("python"), "-m", "pip", "install", "--disable-pip-version-check"]
    only = ["--no-index", "--no-deps", "--only-binary", ":all:", "--platform", target.wheel]
    quietly(f"{target.name}-pip", [*pip, *only, "--target", str(site), str(wheel)])
    module = next((site / "capsock").glob("_native*"))
    if not target.debug:
        report.check(target, WHEEL, "paths", partial(checks.check_paths, module))


def run_all(target: Target, report: Report, short: bool) -> None:
    finders = MACHINES[target.triple]
    for number, find in enumerate(finders):
        try:
            machine = find(target)
        except Missing as why:
            report.skipped(target, COMMAND, str(why))
            continue
        say(f"Running {target.name} by {machine.name}")
        site = Site(target, machine, report, alone=len(finders) == 1)
        checks.check_command(site)
        checks.check_preload(site)
        if not short:
            if machine.python is not None:
                python = checks.python_command(site)
                site.check(WHEEL, "import", partial(checks.check_import, python))
            checks.check_demo(site, checks.peers_and_textbooks(site))
        if number == 0:
            run_once(site, short)


def run_once(site: Site, short: bool) -> None:
    """What one machine of a target tells for all."""
    target = site.target
    if target.processor == HOST or not short:
        checks.check_library(site)
    if not short:
        site.check(WHEEL, "tag", lambda: checks.check_tag(site))
        if target.glibc:
            checks.check_symbols(site)
        if target.system == "windows":
            windows.check_all(site)
        if site.machine.java is None:
            site.check(JNI, "dlopen", lambda: checks.check_dlopen(site))
    if target.tested:
        run = partial(checks.check_tests, site, *rust_tests(target, short))
        site.report.attempt(target, TESTS, "run", run)


def rust_tests(target: Target, short: bool) -> tuple[list[str], Sequence[str], Sequence[str]]:
    """The crates whose tests are run, the test programs or none for all, and what is skipped in them."""
    if target.system == "windows":
        return ["capsock"], WINDOWS_TESTS, WINDOWS_SKIPPED
    return (["capsock"], SHORT_TESTS, ()) if short else (["capsock", "capsock-cli"], (), ())


def build_jar(report: Report) -> None:
    """The classes, which are the same for all targets."""
    try:
        quietly("jar", ["scripts/build", "java"], Missing)
    except Missing as why:
        report.note(f"no jar: {why}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="cross", description=__doc__)
    parser.add_argument(
        "--short", action="store_true", help="the part that the suite `cross` runs, in minutes"
    )
    parser.add_argument("--debug", action="store_true", help="debug builds, which are quick to make")
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help="a target of cross/targets.py [default: all]"
    )
    arguments = parser.parse_args()
    wanted = arguments.targets or (SHORT if arguments.short else [target.name for target in TARGETS])
    unknown = set(wanted) - {target.name for target in TARGETS}
    if unknown:
        parser.error(f"no target is called {' or '.join(sorted(unknown))}: see cross/targets.py")
    chosen = (target for target in TARGETS if target.name in wanted)
    targets = tuple(replace(target, debug=arguments.debug or arguments.short) for target in chosen)

    report = Report()
    if not arguments.short:
        build_jar(report)
    for target in targets:
        start = time.monotonic()
        try:
            if build_all(target, report, arguments.short):
                run_all(target, report, arguments.short)
        except Missing as why:
            report.skipped(target, COMMAND, str(why))
        report.seconds[target.name] = time.monotonic() - start

    table = report.table(targets)
    say(f"\n{table}\n")
    CROSS.mkdir(parents=True, exist_ok=True)
    (CROSS / "table.md").write_text(table + "\n", encoding="utf-8")
    skipped = report.total("skipped") + report.total("known")
    say(
        f"{report.total('passed')} passed, {report.total('failed')} failed"
        + (f", {skipped} skipped" if skipped else "")
    )
    return 1 if report.total("failed") else 0


if __name__ == "__main__":
    sys.exit(main())
