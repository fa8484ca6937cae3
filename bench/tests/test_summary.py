"""What is made of the runs, without running any."""

from __future__ import annotations

import pytest

from harness.summary import Calibration, Run, quartiles, run_of, spread, summarize

QUIET = (1000.0, 1010.0, 1005.0, 1000.0)


def a_run(cpu_us: float, calibration: tuple[float, float, float, float] = QUIET, share: float = 0.99) -> Run:
    return Run(1000, 0.5, cpu_us * 1000 / 1e6, 10.0, 20.0, 0, 0, share, calibration)


def numbered(*costs: float) -> dict[int, Run]:
    return {number: a_run(cost) for number, cost in enumerate(costs)}


def test_a_run_is_read_from_what_the_load_generator_prints() -> None:
    said = {
        "requests": 2000,
        "seconds": 0.5,
        "server_cpu_seconds": 0.01,
        "p50_us": 1.5,
        "p99_us": 9.0,
        "resent": 3,
        "late": 1,
        "load_share": 1.0,
        "calibration_us": [1.0, 2.0, 3.0, 4.0],
    }
    run = run_of(said)
    assert run.cpu_us == pytest.approx(5.0)
    assert run.rate == 4000
    assert run.resent == 3
    assert run.calibration_us == (1.0, 2.0, 3.0, 4.0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([3.0], (3, 3, 3)), ([1.0, 3.0], (1.5, 2, 2.5)), ([5.0, 1.0, 4.0, 2.0, 3.0], (2, 3, 4))],
)
def test_quartiles(values: list[float], expected: tuple[float, float, float]) -> None:
    assert quartiles(values) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("calibration", "share", "disturbed"),
    [
        (QUIET, 0.99, False),
        ((1070.0, 1010.0, 1005.0, 1000.0), 0.99, False),
        ((1100.0, 1010.0, 1005.0, 1000.0), 0.99, True),
        ((1000.0, 1010.0, 1005.0, 1500.0), 0.99, True),
        (QUIET, 0.5, True),
    ],
)
def test_a_slow_calibration_or_a_shared_core_is_a_disturbance(
    calibration: tuple[float, float, float, float], share: float, disturbed: bool
) -> None:
    known = Calibration()
    known.off(a_run(1.0))
    assert known.disturbed(a_run(1.0, calibration, share)) is disturbed


def test_each_core_is_held_to_its_own_fastest_calibration() -> None:
    known = Calibration()
    assert known.off(a_run(1.0, (1000.0, 2000.0, 1000.0, 2000.0))) == 0
    assert known.off(a_run(1.0, (1000.0, 2000.0, 1200.0, 2000.0))) == pytest.approx(0.2)


def test_ratios_are_of_the_same_round_to_the_cheapest_c_program() -> None:
    # The machine is twice as slow in the second round: the ratio does not feel it.
    rounds = {
        "lean-epoll": numbered(2.0, 4.0, 2.0),
        "lean-uring": numbered(3.0, 6.0, 3.0),
        "capsock": numbered(2.2, 4.4, 2.2),
    }
    summaries = summarize(rounds, ["lean-epoll", "lean-uring", "lean-absent"])
    assert summaries["lean-epoll"].ratio == pytest.approx(1.0)
    assert summaries["capsock"].ratio == pytest.approx(1.1)
    assert summaries["capsock"].ratio_quartiles == pytest.approx((1.1, 1.1))
    assert summaries["capsock"].cpu_us == pytest.approx(2.2)
    assert summaries["capsock"].rate == 2000


def test_without_a_c_program_there_is_no_ratio() -> None:
    summary = summarize({"capsock": numbered(2.0)}, [])["capsock"]
    assert summary.ratio is None
    assert summary.ratio_quartiles is None


def test_a_ratio_is_of_the_rounds_in_which_both_were_measured() -> None:
    rounds = {
        "lean": {0: a_run(2.0), 1: a_run(2.0), 7: a_run(4.0)},
        "capsock": {1: a_run(2.4), 7: a_run(4.4)},
    }
    summary = summarize(rounds, ["lean"])["capsock"]
    assert summary.ratio_quartiles == pytest.approx((1.125, 1.175))
    assert summary.rounds == 2
    assert summary.to_capsock == 1


@pytest.mark.parametrize(
    ("ratios", "steady"),
    [
        ([1.0], True),
        ([1.0, 1.02], True),
        ([1.0, 1.1], False),
        # The machine's other state, in less than the half of the rounds.
        ([1.0, 1.01, 1.02, 1.3, 1.31], True),
        ([1.0, 1.05, 1.1, 1.15, 1.2], False),
    ],
)
def test_a_row_is_steady_if_half_of_its_ratios_are_close(ratios: list[float], steady: bool) -> None:
    rounds = {"lean": numbered(*(2.0 for _ in ratios)), "capsock": numbered(*(2 * ratio for ratio in ratios))}
    assert summarize(rounds, ["lean"])["capsock"].steady is steady


def test_the_spread_is_that_of_the_closest_half() -> None:
    assert spread([5.0]) == 0
    assert spread([9.0, 10.0, 10.5, 20.0]) == pytest.approx(1.5 / 10.25)
