"""Checks that fail today, and why. A row is deleted once its reason is gone."""

from __future__ import annotations

from typing import NamedTuple


class Known(NamedTuple):
    target: str  # both are patterns, as a shell has them
    check: str
    why: str


KNOWN_FAILURES: tuple[Known, ...] = ()
