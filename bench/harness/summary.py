"""From the runs of a workload to what is told of it. No clock, no files."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

# A run is disturbed if a calibration took this much longer than the fastest one on that core.
TOLERANCE = 0.08
# ... or if the load generator, which never sleeps, had less than this share of its core.
LEAST_SHARE = 0.90
# A row is steady if the half of its rounds that lie closest together do so within this share of their median.
STEADY = 0.03


@dataclass(frozen=True)
class Run:
    """One measured run of one server, as the load generator printed it."""

    requests: int
    seconds: float
    server_cpu_seconds: float
    p50_us: float
    p99_us: float
    resent: int
    late: int
    load_share: float
    calibration_us: tuple[float, float, float, float]

    @property
    def cpu_us(self) -> float:
        """The server's processor time for a request."""
        return self.server_cpu_seconds / self.requests * 1e6

    @property
    def rate(self) -> float:
        """Requests in a second."""
        return self.requests / self.seconds


def run_of(said: Mapping[str, Any]) -> Run:
    """Reads what the load generator printed."""
    first, second, third, fourth = said["calibration_us"]
    return Run(**{**said, "calibration_us": (first, second, third, fourth)})


class Calibration:
    """Knows the fastest calibration of each of the two cores, and by how much a run is off."""

    def __init__(self) -> None:
        self.fastest = [float("inf"), float("inf")]

    def off(self, run: Run) -> float:
        """By which share the slowest of a run's calibrations is slower than the fastest known."""
        for index, value in enumerate(run.calibration_us):
            self.fastest[index % 2] = min(self.fastest[index % 2], value)
        return max(value / self.fastest[index % 2] for index, value in enumerate(run.calibration_us)) - 1

    def disturbed(self, run: Run, shares: bool = False) -> bool:
        """Whether something else ran; `shares`: the server may take the load generator's core."""
        return self.off(run) > TOLERANCE or (run.load_share < LEAST_SHARE and not shares)


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """The lower quartile, the median and the upper quartile."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def spread(values: Sequence[float]) -> float:
    """How far apart the half of the values is that lie closest together, as a share of the median.

    Unlike the quartiles, it hardly depends on a machine that is now fast and now slow.
    """
    ordered = sorted(values)
    half = len(ordered) // 2 + 1
    closest = min(high - low for low, high in zip(ordered, ordered[half - 1 :], strict=False))
    return closest / statistics.median(ordered) if closest > 0 else 0.0


@dataclass(frozen=True)
class Summary:
    """What a table says of a server."""

    cpu_us: float
    cpu_us_quartiles: tuple[float, float]
    rate: float
    p50_us: float
    p99_us: float
    resent: int
    # How much of its core the load generator had.
    load_share: float
    # By rounds, to the C program with the lowest median; none if none was measured.
    ratio: float | None
    ratio_quartiles: tuple[float, float] | None
    # The same to capsock with its default options.
    to_capsock: float | None
    to_capsock_quartiles: tuple[float, float] | None
    steady: bool
    rounds: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


# The runs of a server, by the number of their round.
Rounds = Mapping[int, Run]


def _ratios(runs: Rounds, others: Rounds | None) -> list[float]:
    """Those of the rounds in which both were measured."""
    # A run that is too short to have cost any processor time has no ratio.
    both = [number for number in runs if number in (others or {})]
    pairs = [(runs[number].cpu_us, others[number].cpu_us) for number in both] if others else []
    return [own / other for own, other in pairs if other > 0]


def summarize(rounds: Mapping[str, Rounds], lean: Sequence[str]) -> dict[str, Summary]:
    """Sums up the runs of each server; `lean` are the C programs among them."""
    costs = {name: [run.cpu_us for run in runs.values()] for name, runs in rounds.items()}
    medians = {name: statistics.median(values) for name, values in costs.items()}
    leanest = min((name for name in lean if name in medians), key=lambda name: medians[name], default=None)
    summaries = {}
    for name, by_number in rounds.items():
        runs = list(by_number.values())
        low, middle, high = quartiles(costs[name])
        of_pairs = _ratios(by_number, rounds[leanest] if leanest else None)
        to_lean = quartiles(of_pairs) if of_pairs else None
        to_own = _ratios(by_number, rounds.get("capsock"))
        to_capsock = quartiles(to_own) if to_own else None
        summaries[name] = Summary(
            cpu_us=middle,
            cpu_us_quartiles=(low, high),
            rate=statistics.median(run.rate for run in runs),
            p50_us=statistics.median(run.p50_us for run in runs),
            p99_us=statistics.median(run.p99_us for run in runs),
            resent=sum(run.resent for run in runs),
            load_share=statistics.median(run.load_share for run in runs),
            ratio=to_lean[1] if to_lean else None,
            ratio_quartiles=(to_lean[0], to_lean[2]) if to_lean else None,
            to_capsock=to_capsock[1] if to_capsock else None,
            to_capsock_quartiles=(to_capsock[0], to_capsock[2]) if to_capsock else None,
            steady=spread(of_pairs or costs[name]) <= STEADY,
            rounds=len(runs),
        )
    return summaries
