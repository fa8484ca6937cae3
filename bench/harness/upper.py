"""Upper-casing itself: a program for each language, all on the same texts (bench/upper)."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from typing import Any

from harness.measure import SERVER_CORE
from harness.servers import BUILT, JDK, ROOT
from harness.summary import quartiles

SIZE = 64 * 1024
FOLDER = ROOT / "bench" / "upper"
GREEK = ["και", "το", "φως", "της", "ημέρας", "θάλασσα", "Ελλάδα", "ψυχή"]
RUSSIAN = ["мир", "и", "свет", "большая", "земля", "человек", "Москва"]
GERMAN = ["straße", "für", "Übung", "groß", "Käse", "schön"]
ENGLISH = ["the", "and", "of", "a", "with"]
WORDS = [*GREEK, *RUSSIAN, *GERMAN, *ENGLISH, "😀", "🎉", "🚀"]


def ascii_text() -> str:
    """Letters of random case and what stands between words; no two rounds of a branch are alike."""
    chance = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz" * 2 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" * 2 + " ,.\n0123456789"
    return "".join(chance.choices(letters, k=SIZE))


def mixed_text() -> str:
    """Greek, Russian, German and English words and emoji, in random order."""
    chance = random.Random(2)
    text = ""
    while len(text.encode()) < SIZE:
        text += " ".join(chance.choices(WORDS, k=200)) + ".\n"
    # No longer than that, whole characters, filled up with spaces.
    cut = text.encode()[:SIZE].decode(errors="ignore")
    return cut + " " * (SIZE - len(cut.encode()))


def collect(lines: list[str], into: dict[str, dict[str, list[float]]]) -> None:
    """Reads what a program printed: function, text, size, GB/s."""
    for line in lines:
        function, text, size, rate = line.split("\t")
        length = int(size)
        column = f"{text}, {length >> 20} MiB" if length >> 20 else f"{text}, {length >> 10} KiB"
        into.setdefault(function, {}).setdefault(column, []).append(float(rate))


def measure(rounds: int, quick: bool) -> dict[str, Any]:
    """Runs the programs on one core, one after another."""
    texts = []
    for name, text in (("ascii", ascii_text()), ("mixed", mixed_text())):
        path = BUILT / f"{name}.txt"
        path.write_text(text, encoding="utf-8")
        texts.append(str(path))
    commands = [[str(BUILT / "rust" / "release" / "capsock-bench-upper")]]
    if not quick:
        commands.append([str(ROOT / ".venv" / "bin" / "python"), str(FOLDER / "upper.py")])
        commands.append([f"{JDK}/bin/java", "-Xmx2g", str(FOLDER / "UpperCase.java")])
    found: dict[str, dict[str, list[float]]] = {}
    skipped: dict[str, str] = {}
    for command in commands:
        try:
            done = subprocess.run(
                [*command, *texts, str(rounds)],
                capture_output=True,
                text=True,
                check=True,
                timeout=120,
                preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
            )
            collect(done.stdout.splitlines(), found)
        except (OSError, subprocess.SubprocessError) as error:
            why = getattr(error, "stderr", None) or str(error)
            skipped[command[-1]] = why.strip()
            print(f"uppercase: {command[-1]} is skipped: {why}", file=sys.stderr)
    columns = list(dict.fromkeys(column for cells in found.values() for column in cells))
    rows = {
        name: {column: [round(value, 3) for value in quartiles(rates)] for column, rates in cells.items()}
        for name, cells in found.items()
    }
    return {"columns": columns, "rows": rows, "skipped": skipped}
