"""How fast Python's own functions make upper case. Usage as that of bench/upper/src/main.rs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

LEAST, MOST = 4 << 20, 2.5


def measure(label: str, name: str, size: int, rounds: int, function: Callable[[], object]) -> None:
    """Measure a function until it has its rounds, or its time."""
    spent = 0.0
    repeats = max(LEAST // size, 1)
    for round_ in range(rounds + 1):
        start = time.perf_counter()
        for _ in range(repeats):
            function()
        took = time.perf_counter() - start
        if round_ > 0:
            print(label, name, size, f"{repeats * size / took / 1e9:.4f}", sep="\t")
        spent += took
        if spent > MOST:
            break


def main() -> None:
    rounds = int(sys.argv[3])
    for name, path in (("ASCII", sys.argv[1]), ("mixed", sys.argv[2])):
        for times in (1, 1024):
            text = Path(path).read_text(encoding="utf-8") * times
            size = len(text.encode())
            measure("Python, str.upper", name, size, rounds, text.upper)
            if name == "ASCII":
                measure("Python, bytes.upper", name, size, rounds, text.encode().upper)


main()
