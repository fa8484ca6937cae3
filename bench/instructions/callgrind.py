"""Reads from what callgrind wrote how many instructions a program executed, its libraries' among them."""

from __future__ import annotations

from collections.abc import Iterable


def instructions(lines: Iterable[str]) -> int:
    """All of them: each line of costs, but not those of a call, which stand with the called function."""
    total, call = 0, False
    for line in lines:
        if line.startswith("calls="):
            call = True
        elif line[:1].isdigit() or line[:1] in "+-*":
            # The line after "calls=" is what the called function cost.
            if not call:
                total += int(line.split()[1])
            call = False
    return total
