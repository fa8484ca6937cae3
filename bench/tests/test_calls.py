"""The program that measures Python's calls, whose replies it checks itself; no timing is judged."""

from __future__ import annotations

import pytest

from harness import calls, counts, footprint
from harness.servers import SERVERS


def test_every_row_has_its_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "QUICK_ROUNDS", 1)
    measured = calls.measure("calls-python", quick=True)
    assert "skipped" not in measured
    assert len(measured["rows"]) == 14
    assert all(row["ratio"][1] > 0 for row in measured["rows"].values())


def test_a_server_is_ready_and_its_idle_connections_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(footprint, "CONNECTIONS", 50)
    (server,) = (server for server in SERVERS if server.name == "capsock")
    assert footprint.ready_ms(server) > 0
    assert footprint.idle_bytes(server) >= 0


def test_the_servers_of_the_footprint_are_known() -> None:
    assert set(footprint.NAMES) <= {server.name for server in SERVERS}


STRACE = """\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 68.18    0.374929          23       600           epoll_wait
 23.09    0.126968           7       301         1 sendto
  0.00    0.000000           0         1           close
------ ----------- ----------- --------- --------- ----------------
100.00    0.501897          23       902         1 total
"""


def test_system_calls_are_read_from_what_strace_counted() -> None:
    assert counts.system_calls(STRACE) == {"epoll_wait": 600, "sendto": 301, "close": 1}


def test_counts_are_told_by_workload_the_fewest_instructions_first() -> None:
    row = {
        "label": "mio",
        "kind": "library",
        "instructions": 1278,
        "calls": {"epoll_wait": 2.0, "sendto": 1.0},
    }
    own = {**row, "label": "capsock", "kind": "capsock", "instructions": 368, "calls": {"sendto": 0.97}}
    lines = counts.section({"workloads": {"tcp-1": {"mio": row, "capsock": own}}}).splitlines()
    assert lines[-2:] == [
        "| **capsock** | 368 | 0.97: 0.97 sendto |",
        "| mio | 1,278 | 3: 2 epoll_wait, sendto |",
    ]
