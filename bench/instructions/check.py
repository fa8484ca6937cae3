"""Counts the instructions that capsock executes for a request, and fails if there are more than there were.

Usage: python bench/instructions/check.py [--bless]

valgrind counts, so that neither the machine's load nor its speed has a say. Counted is what the command and
the C library do outside the kernel, as the difference between a run of N requests and one of 2 N, which no
start and no stop is in. A count may grow by 5 % over baseline.json, or over that of the server that it is
like; --bless writes the file anew.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from callgrind import instructions
from cases import SERVED, TEXTS, Served, Target, text

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "target" / "release" / "capsock"
BASELINE = Path(__file__).with_name("baseline.json")
TIMES = 300
KIBIBYTES = 256
MOST = 1.05


def counted(arguments: list[str], folder: Path) -> tuple[list[str], Path]:
    into = folder / "callgrind.out"
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={into}", str(PROGRAM), *arguments], into


def served(case: Served, times: int) -> int:
    """The instructions of a server that was asked so often."""
    with tempfile.TemporaryDirectory() as name:
        options = ["serve", *case.arguments.split(), "--port", "0", "--workers", "1", "--json"]
        command, into = counted(options, Path(name))
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            try:
                assert process.stdout is not None
                port = json.loads(process.stdout.readline())["port"]
                case.ask(Target(port, process.pid), times)
                process.send_signal(signal.SIGTERM)
                process.stdout.read()
                process.wait(30)
            finally:
                process.kill()
        with into.open() as lines:
            return instructions(lines)


def filtered(name: str, kibibytes: int) -> int:
    """The instructions of the command `capsock uppercase` for so much text."""
    with tempfile.TemporaryDirectory() as folder:
        command, into = counted(["uppercase"], Path(folder))
        # From a file, of which each read takes the same, as of a pipe it does not.
        source = Path(folder, "text")
        source.write_bytes(text(name, kibibytes))
        with source.open("rb") as file:
            subprocess.run(command, stdin=file, capture_output=True, check=True, timeout=60)
        with into.open() as lines:
            return instructions(lines)


def count_all() -> dict[str, float]:
    """The instructions for a request, and those for a KiB of text."""
    with ThreadPoolExecutor(2) as pool:
        runs = {
            case.name: [pool.submit(served, case, TIMES), pool.submit(served, case, 2 * TIMES)]
            for case in SERVED
        }
        for name in TEXTS:
            runs[name] = [pool.submit(filtered, name, KIBIBYTES), pool.submit(filtered, name, 2 * KIBIBYTES)]
        each = {**{case.name: TIMES * case.each for case in SERVED}, **dict.fromkeys(TEXTS, KIBIBYTES)}
        return {
            name: round((twice.result() - once.result()) / each[name], 1)
            for name, (once, twice) in runs.items()
        }


def made_by() -> str:
    """What else the counts depend on."""
    said = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout
    # Which upper-casing runs is chosen when it runs.
    processor = Path("/proc/cpuinfo").read_text().split()
    machine = f"{platform.machine()}{' with AVX2' if 'avx2' in processor else ''}"
    return f"{said.split()[1]}, {' '.join(platform.libc_ver())}, {machine}"


def skip(why: str) -> int:
    print(f"instructions: skipped, {why}")
    print(f"0 passed, 0 failed, {len(SERVED) + len(TEXTS)} skipped")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--bless", action="store_true", help="take today's counts for the baseline")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        return skip("valgrind is not installed")
    if not PROGRAM.exists():
        return skip(f"{PROGRAM.relative_to(ROOT)} is not built")
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    if not options.bless and baseline.get("made_by") != made_by():
        return skip(f"the baseline is for {baseline.get('made_by')}, and this is {made_by()}")
    counts = count_all()
    likes = {case.name: counts[case.like] for case in SERVED if case.like is not None}
    if options.bless:
        kept = {name: count for name, count in counts.items() if name not in likes}
        BASELINE.write_text(json.dumps({"made_by": made_by(), "instructions": kept}, indent=1) + "\n")
    known_counts = {**baseline.get("instructions", {}), **likes}
    failed = 0
    for name, count in counts.items():
        known = known_counts.get(name)
        grown = known is None or count > known * MOST
        failed += grown
        before = "none" if known is None else f"{known:,.1f}"
        print(f"{'GROWN' if grown else 'ok':6} {name:46} {count:12,.1f}   baseline {before}")
    if options.bless:
        print(f"{BASELINE.relative_to(ROOT)} is written")
        return 0
    if failed:
        print("If more instructions are what it takes: python bench/instructions/check.py --bless")
    print(f"{len(counts) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
