"""Measures capsock's servers beside minimal C programs and servers written with other libraries.

Usage: python bench/run.py [--quick] [--only tcp-64,udp-1] [--servers capsock,mio] [--rounds N] [--publish]
`bench/build` builds what is measured; `make bench` builds and measures. bench/README.md defines the rows.
"""

from __future__ import annotations

import argparse
import signal
import sys
from datetime import datetime, timezone
from pathlib import Path

from harness import calls, publish, render, servers, upper
from harness.machine import machine
from harness.measure import LOAD, Bench
from harness.workloads import BY_NAME

UPPERCASE = "uppercase"


def words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the main servers only, few and short rounds")
    only = ", ".join([*BY_NAME, UPPERCASE, *calls.PARTS])
    parser.add_argument("--only", type=words, default=[], metavar="NAME,..", help=f"these workloads: {only}")
    parser.add_argument("--servers", type=words, default=[], metavar="NAME,..", help="by name or first word")
    parser.add_argument(
        "--before", type=Path, metavar="PROGRAM", help="compare one row with this other build of the command"
    )
    parser.add_argument("--rounds", type=int, help="runs of each server (15; quick: 5)")
    parser.add_argument("--seconds", type=float, help="measured in each run (0.12; quick: 0.1)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep the results in DIR/latest.json")
    parser.add_argument(
        "--publish", action="store_true", help="keep them in bench/results, write docs/performance.md"
    )
    parser.add_argument(
        "--render", action="store_true", help="only write docs/performance.md from what is kept"
    )
    options = parser.parse_args(arguments)
    known = {*BY_NAME, UPPERCASE, *calls.PARTS}
    if wrong := [name for name in options.only if name not in known] + servers.unknown(options.servers):
        parser.error("unknown: " + ", ".join(wrong))
    if not LOAD.exists() and not options.render:
        parser.error("the load generator is not built: bench/build")
    if options.before and (options.out or options.publish or len(options.servers) > 1):
        parser.error("--before compares one row, and keeps nothing")
    options.rounds = options.rounds or (5 if options.quick else 15)
    options.seconds = options.seconds or (0.1 if options.quick else 0.12)
    if options.rounds < 1 or options.seconds <= 0:
        parser.error("rounds and seconds must be positive")
    if options.publish:
        options.out = publish.RESULTS
    return options


def main() -> int:
    options = options_of()
    # As Ctrl-C, by which the servers that are measured end as well.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.render:
        publish.write_page(publish.keep(publish.RESULTS, {}, None, {}))
        return 0
    bench = Bench(options.rounds, options.seconds)
    here = machine()
    results = {}
    for name in options.only or list(BY_NAME):
        if name not in BY_NAME:
            continue
        if options.before:
            row = options.servers[0] if options.servers else "capsock"
            chosen = servers.before_and_after(options.before, row, name)
        else:
            chosen = servers.chosen(options.servers, name, options.quick)
        started = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M")
        results[name] = {"started": started, **bench.run(BY_NAME[name], chosen), "machine": here}
        print(render.text(name, results[name]), flush=True)
    if options.before:
        return 0
    cased = None
    if UPPERCASE in options.only or not (options.only or options.servers):
        cased = upper.measure(options.rounds, options.quick)
        print("\n" + render.uppercase(cased), flush=True)
    called = {}
    for part in calls.PARTS:
        if part in options.only or not (options.only or options.servers):
            called[part] = {**calls.measure(part, options.quick), "machine": here}
            print("\n" + render.calls({part: called[part]}), flush=True)
    if options.out:
        kept = publish.keep(options.out, results, cased, called)
        if options.publish:
            publish.write_page(kept)
    return 0 if all(result["servers"] for result in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
