"""Runs the lessons again and draws their pictures; rewrites the pages, or reports which would change.

Usage: run.py [--check] [--reverse] [LESSON...]
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import re
import signal
import sys
import tempfile
from pathlib import Path

from lesson import LESSONS

# In the order in which they are read.
NAMES = [
    "udp_exchange",
    "tcp_exchange",
    "client_first",
    "idle_client",
    "cut_datagram",
    "split_and_joined_lines",
    "lost_datagram",
    "address_in_use",
    "pinger",
    "two_clients",
]

# `<!-- picture: NAME.txt -->` and the block of text that follows it.
PICTURE = re.compile(r"(<!-- picture: ([a-z_-]+\.txt) -->\n```text\n).*?(```\n)", re.DOTALL)


def made(name: str, folder: Path) -> dict[Path, str]:
    """Runs a lesson and returns its page and pictures."""
    importlib.import_module(name).run(folder)
    drawn = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}
    page = LESSONS / f"{name}.md"

    def block(match: re.Match[str]) -> str:
        return match[1] + drawn[match[2]] + match[3]

    files = {page: PICTURE.sub(block, page.read_text(encoding="utf-8"))}
    files.update({LESSONS / file: text for file, text in drawn.items() if file.endswith(".svg")})
    return files


def differs(files: dict[Path, str]) -> bool:
    """Whether a file differs from its new content; prints the difference."""
    found = False
    for file, text in files.items():
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        if before != text:
            found = True
            lines = difflib.unified_diff(
                before.splitlines(), text.splitlines(), file.name, "now", lineterm=""
            )
            print(*lines, sep="\n")
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--reverse", action="store_true", help="the last lesson first")
    parser.add_argument("names", nargs="*", metavar="LESSON")
    options = parser.parse_args()
    # What a shell starts with `&` ignores Ctrl-C, and so would the programs of the lessons.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    names = options.names or NAMES
    failed = 0
    for name in reversed(names) if options.reverse else names:
        with tempfile.TemporaryDirectory() as folder:
            files = made(name, Path(folder))
        if options.check:
            wrong = differs(files)
            failed += wrong
            print("FAILED " if wrong else "ok     ", name)
        else:
            for file, text in files.items():
                file.write_text(text, encoding="utf-8")
            print("written", name)
    if options.check:
        print(f"{len(names) - failed} passed, {failed} failed")
    return int(failed > 0)


sys.exit(main())
