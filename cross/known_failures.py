"""Checks that fail today, and why. A row is deleted once its reason is gone."""

from __future__ import annotations

from typing import NamedTuple


class Known(NamedTuple):
    target: str  # both are patterns, as a shell has them
    check: str
    why: str


WINDOWS = "x86_64-pc-windows-gnu"
DATAGRAMS = "C library: test_socket_datagrams: "

KNOWN_FAILURES: tuple[Known, ...] = (
    Known(WINDOWS, f"{DATAGRAMS}a datagram is never cut in silence", "Winsock does not tell its length"),
    Known(WINDOWS, f"{DATAGRAMS}a refused port", "wine does not report that nobody receives a datagram"),
    Known(WINDOWS, f"{DATAGRAMS}receivers that cannot be", "other errors, and wine has fewer"),
)
