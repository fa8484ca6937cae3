"""Keeps results in `bench/results`, writes `docs/performance.md` and its plots from them, and the tables of
`docs/scale.md`, whose model takes them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from harness import render, svg
from harness.servers import ROOT
from harness.workloads import WORKLOADS

RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "performance.md"
MODEL = ROOT / "docs" / "scale" / "model.py"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def keep(
    folder: Path, new: dict[str, Any], upper: dict[str, Any] | None, calls: dict[str, Any]
) -> dict[str, Any]:
    """Puts new results in place of the old ones of the same workloads, whose ratios they keep.

    The others stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "latest.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    before = kept.get("workloads", {})
    for name, result in new.items():
        if name in before:
            new[name] = {**result, "before": ratios(before[name])}
    found = {**before, **new}
    known = {workload.name: found[workload.name] for workload in WORKLOADS if workload.name in found}
    results = {
        "workloads": known,
        "uppercase": upper or kept.get("uppercase"),
        "calls": {**kept.get("calls", {}), **calls},
    }
    path.write_text(json.dumps(results, indent=1) + "\n")
    return results


def ratios(result: dict[str, Any]) -> dict[str, Any]:
    """What a later run keeps of this one: when, on what, and the ratio of each server with its quartiles."""
    rows = result["servers"].items()
    return {
        "started": result["started"],
        "machine": result["machine"],
        "ratios": {server: [row["ratio"], *row["ratio_quartiles"]] for server, row in rows if row["ratio"]},
    }


def between(page: str, content: str) -> str:
    """The page with new content between its markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no markers {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{content}\n\n{END}{after}"


def write_page(results: dict[str, Any]) -> None:
    """Writes the pages and the plots anew."""
    content = render.page(results["workloads"], results["uppercase"], results["calls"])
    PAGE.write_text(between(PAGE.read_text(), content))
    plots = PAGE.with_suffix("")
    plots.mkdir(exist_ok=True)
    for name, result in results["workloads"].items():
        if result["servers"]:
            (plots / f"{name}.svg").write_text(svg.bars(result))
    subprocess.run([sys.executable, str(MODEL), "--write"], check=True)
