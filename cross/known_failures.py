"""Checks that fail today, and why. A row is deleted once its reason is gone."""

from __future__ import annotations

from typing import NamedTuple


class Known(NamedTuple):
    target: str  # both are patterns, as a shell has them
    check: str
    why: str


WINDOWS = "x86_64-pc-windows-gnu"
DATAGRAMS = "C library: test_socket_datagrams: "

# Python's tests read the state of a thread in /proc.
SLEEPS = "no file tells whether a thread waits"

KNOWN_FAILURES: tuple[Known, ...] = (
    Known(WINDOWS, f"{DATAGRAMS}a datagram is never cut in silence", "Winsock does not tell its length"),
    Known(WINDOWS, f"{DATAGRAMS}a refused port", "wine does not report that nobody receives a datagram"),
    Known(WINDOWS, f"{DATAGRAMS}receivers that cannot be", "other errors, and wine has fewer"),
    Known(WINDOWS, "wheel: test_errors: test_close_from_another_thread_*", SLEEPS),
    Known(WINDOWS, "wheel: test_errors: test_out_of_descriptors", "there is no RLIMIT_NOFILE"),
    Known(WINDOWS, "wheel: test_handler: test_*_finishes_what_is_in_hand", SLEEPS),
    Known(WINDOWS, "wheel: test_handler: test_a_slow_handler_on_events_stops_nobody_else*", SLEEPS),
    Known(
        WINDOWS,
        "wheel: test_many: test_a_server_that_closes_after_each_reply",
        "a reply may be lost to the reset behind it",
    ),
    Known(WINDOWS, "wheel: test_many: test_close_from_another_thread*", SLEEPS),
    Known(WINDOWS, "wheel: test_server: test_stop_from_many_threads_while_others_wait", SLEEPS),
    Known(WINDOWS, "wheel: test_server: test_other_threads_run_while_one_waits", SLEEPS),
    Known(WINDOWS, "wheel: test_server: test_*processes*", "there are no processes"),
    Known(WINDOWS, "wheel: test_socket_libraries: test_ssl", "openssl is missing"),
    Known(
        WINDOWS,
        "wheel: test_socket_outcomes: test_audit_events_are_those_of_the_standard_library",
        "its script has calls that Python's own sockets lack there",
    ),
    Known(
        WINDOWS,
        # A bracket is a pattern's.
        "wheel: test_socket_outcomes: test_each_call_ends_as_with_the_standard_library?an option's bytes?",
        "wine fills less than it says, and Python's own sockets return what was there before",
    ),
)
