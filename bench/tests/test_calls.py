"""The program that measures Python's calls, whose replies it checks itself; no timing is judged."""

from __future__ import annotations

import pytest

from harness import calls


def test_every_row_has_its_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "QUICK_ROUNDS", 1)
    measured = calls.measure("calls-python", quick=True)
    assert "skipped" not in measured
    assert len(measured["rows"]) == 14
    assert all(row["ratio"][1] > 0 for row in measured["rows"].values())


def test_idle_connections_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "CONNECTIONS", 50)
    assert calls.idle_bytes() >= 0
