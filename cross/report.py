"""What happened: the outcome of each check, and the table of targets and artifacts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatch

from artifacts import ARTIFACTS, Artifact
from known_failures import KNOWN_FAILURES
from packages import Missing
from paths import Failed
from targets import Target


@dataclass
class Cell:
    """An artifact of a target."""

    step: str = ""
    size: int = 0
    passed: int = 0
    failed: int = 0
    known: int = 0
    skipped: int = 0

    def __str__(self) -> str:
        parts = [self.step] if self.step else []
        if self.size:
            parts.append(f"{self.size / 1e6:.2f} MB")
        counts = {
            "passed": self.passed,
            "failed": self.failed,
            "known to fail": self.known,
            "skipped": self.skipped,
        }
        parts += [f"{number} {word}" for word, number in counts.items() if number]
        return ", ".join(parts) or "-"


@dataclass
class Report:
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    told: set[tuple[str, str]] = field(default_factory=set)

    def cell(self, target: Target, artifact: Artifact) -> Cell:
        return self.cells.setdefault((target.name, artifact.name), Cell())

    def passed(self, target: Target, artifact: Artifact, number: int = 1) -> None:
        cell = self.cell(target, artifact)
        cell.passed += number
        cell.step = target.step

    def failed(self, target: Target, artifact: Artifact, name: str, why: str) -> None:
        """A check that failed, unless it is known to. The same reason is told once."""
        cell = self.cell(target, artifact)
        if cell.step:
            cell.step = target.step
        check = f"{artifact.name}: {name}"
        for row in KNOWN_FAILURES:
            if fnmatch(target.name, row.target) and fnmatch(check, row.check):
                cell.known += 1
                self.note(f"{target.name}: known to fail: {row.check}: {row.why}")
                return
        cell.failed += 1
        why = " ".join(why.split())[-300:]
        if (target.name, why) not in self.told:
            self.told.add((target.name, why))
            self.note(f"{target.name}: FAILED {check}: {why}")
            print(f"FAILED  {target.name}: {check}: {why}", file=sys.stderr, flush=True)

    def skipped(self, target: Target, artifact: Artifact, why: str) -> None:
        self.cell(target, artifact).skipped += 1
        self.note(f"{target.name}: {artifact.name}: skipped: {why}")

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def attempt(self, target: Target, artifact: Artifact, name: str, check: Callable[[], None]) -> bool:
        """Runs a check, or a step of a build, and records what came of it if that was not success."""
        try:
            check()
        except Missing as why:
            self.skipped(target, artifact, str(why))
        except (Failed, AssertionError, OSError, ValueError, subprocess.SubprocessError) as why:
            self.failed(target, artifact, name, str(why) or type(why).__name__)
        else:
            return True
        return False

    def check(self, target: Target, artifact: Artifact, name: str, check: Callable[[], None]) -> None:
        """As `attempt`; success is counted as well."""
        if self.attempt(target, artifact, name, check):
            self.passed(target, artifact)

    def total(self, kind: str) -> int:
        return sum(getattr(cell, kind) for cell in self.cells.values())

    def table(self, targets: tuple[Target, ...]) -> str:
        heads = ["target", *(artifact.name for artifact in ARTIFACTS), "seconds"]
        rows = [heads, ["---"] * len(heads)]
        for target in targets:
            cells = [str(self.cells.get((target.name, artifact.name), Cell())) for artifact in ARTIFACTS]
            rows.append([target.name, *cells, f"{self.seconds.get(target.name, 0):.0f}"])
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join([*lines, *(["", *(f"- {note}" for note in self.notes)] if self.notes else [])])
