"""What the other tests stand on: how they wait, and how the runners' results are added up."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import capsock
import places
from programs import Program, free_port, listening


def test_the_kernel_tells_who_listens() -> None:
    port = free_port("tcp")
    assert not listening("tcp", port)
    with capsock.Server("tcp", port=0) as server:
        assert listening("tcp", server.port)
    with capsock.Server("udp", port=0) as server:
        assert listening("udp", server.port)


def test_a_program_that_ends_is_not_waited_for() -> None:
    with Program([places.PYTHON, "-c", "print('done')"]) as program:
        with pytest.raises(AssertionError, match="its output ended"):
            program.wait_for("ready")
        with pytest.raises(AssertionError, match="ended before"):
            program.wait_until(lambda: False, "it listens")


@pytest.mark.parametrize(
    ("line", "passed", "failed", "skipped"),
    [
        (
            "test result: ok. 3 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.1s",
            3,
            0,
            2,
        ),
        ("test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out", 3, 1, 0),
        ("[INFO] Tests run: 4, Failures: 0, Errors: 0, Skipped: 1", 3, 0, 1),
        ("[ERROR] Tests run: 4, Failures: 1, Errors: 1, Skipped: 0", 2, 2, 0),
        (
            "[INFO] Tests run: 4, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.1 s -- in a.Test",
            0,
            0,
            0,
        ),
        ("3 passed, 1 skipped in 0.12s", 3, 0, 1),
        ("1 failed, 2 passed, 1 warning, 1 error in 61.30s (0:01:01)", 2, 2, 0),
        ("5 passed, 1 failed", 5, 1, 0),
        ("5 passed, 0 failed, 2 skipped", 5, 0, 2),
        ("128 cells: 127 passed, 1 failed in 12.3 s", 127, 1, 0),
        ("the 5 passed, 1 failed of another line", 0, 0, 0),
    ],
)
def test_what_a_line_of_a_runner_counts(
    line: str, passed: int, failed: int, skipped: int, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    log.write_text(f"before\n{line}\nafter\n")
    counted = subprocess.check_output([places.PYTHON, str(places.ROOT / "scripts" / "count.py"), str(log)])
    assert counted.decode().split() == [str(passed), str(failed), str(skipped)]
