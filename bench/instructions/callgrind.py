"""Reads from what callgrind wrote the instructions of a program's own file, without its libraries."""

from __future__ import annotations

import re
from collections.abc import Iterable

NAME = re.compile(r"(c?ob)=(?:\((\d+)\))?\s*(.*)")


def own(lines: Iterable[str], program: str) -> int:
    """The instructions in functions whose object's path ends with the program's name."""
    names: dict[str, str] = {}
    total, counts, call = 0, False, False
    for line in lines:
        if match := NAME.match(line):
            kind, number, name = match.groups()
            if number and name.strip():
                names[number] = name.strip()
            if kind == "ob":
                path = names.get(number, "") if number else name.strip()
                counts = path.endswith(f"/{program}")
        elif line.startswith("calls="):
            call = True
        elif line[:1].isdigit() or line[:1] in "+-*":
            # The line after "calls=" is what the called function cost, which is counted there.
            if counts and not call:
                total += int(line.split()[1])
            call = False
    return total
