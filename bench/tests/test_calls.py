"""The program that measures Python's calls, whose replies it checks itself; no timing is judged."""

from __future__ import annotations

import pytest

from harness import calls, footprint
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
