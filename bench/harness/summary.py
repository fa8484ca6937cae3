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

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def summarize(rounds: Mapping[str, Sequence[Run]], lean: Sequence[str]) -> dict[str, Summary]:
    """Sums up the runs of each server, in the order of the rounds; `lean` are the C programs among them."""
    medians = {name: quartiles([run.cpu_us for run in runs])[1] for name, runs in rounds.items()}
    leanest = min((name for name in lean if name in medians), key=lambda name: medians[name], default=None)
    summaries = {}
    for name, runs in rounds.items():
        low, middle, high = quartiles([run.cpu_us for run in runs])
        ratios = None
        if leanest is not None:
            # A run that is too short to have cost any processor time has no ratio.
            pairs = zip(runs, rounds[leanest])
            of_pairs = [run.cpu_us / other.cpu_us for run, other in pairs if other.cpu_us > 0]
            ratios = quartiles(of_pairs) if of_pairs else None
        summaries[name] = Summary(
            cpu_us=middle,
            cpu_us_quartiles=(low, high),
            rate=statistics.median(run.rate for run in runs),
            p50_us=statistics.median(run.p50_us for run in runs),
            p99_us=statistics.median(run.p99_us for run in runs),
            resent=sum(run.resent for run in runs),
            load_share=statistics.median(run.load_share for run in runs),
            ratio=ratios[1] if ratios else None,
            ratio_quartiles=(ratios[0], ratios[2]) if ratios else None,
        )
    return summaries
