"""Measures capsock's servers beside the leanest C programs and the libraries that people use instead.

Usage: python bench/run.py [--quick] [--only tcp-64,udp-1] [--servers capsock,mio] [--rounds N] [--out DIR]
What is measured has to be built before (`bench/build`); `make bench` does both. What a row means:
bench/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from harness import render, servers
from harness.machine import machine
from harness.measure import LOAD, Bench
from harness.workloads import BY_NAME


def words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the main servers only, few and short rounds")
    parser.add_argument("--only", type=words, default=[], help="these workloads: " + ", ".join(BY_NAME))
    parser.add_argument("--servers", type=words, default=[], help="these servers, by name or first word")
    parser.add_argument("--rounds", type=int, help="runs of each server (11; quick: 5)")
    parser.add_argument("--seconds", type=float, help="measured in each run (0.25; quick: 0.12)")
    parser.add_argument("--out", type=Path, help="folder for latest.json (nowhere)")
    options = parser.parse_args()
    if wrong := [name for name in options.only if name not in BY_NAME] + servers.unknown(options.servers):
        parser.error("nobody knows " + ", ".join(wrong))
    if not LOAD.exists():
        parser.error("the load generator is not built: bench/build")
    rounds = options.rounds or (5 if options.quick else 11)
    seconds = options.seconds or (0.12 if options.quick else 0.25)
    if rounds < 1 or seconds <= 0:
        parser.error("at least one round, and some time for it")

    bench = Bench(rounds, seconds)
    here = machine()
    results = {}
    for name in options.only or list(BY_NAME):
        chosen = servers.chosen(options.servers, name, options.quick)
        results[name] = {**bench.run(BY_NAME[name], chosen), "machine": here}
        print(render.text(name, results[name]), flush=True)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        path = options.out / "latest.json"
        kept = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({**kept, **results}, indent=1) + "\n")
    return 0 if all(result["servers"] for result in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
