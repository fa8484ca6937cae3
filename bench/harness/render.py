"""Renders results as text and Markdown. Reads no clock and no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness import counts

Result = Mapping[str, Any]

# The share of a core from which on the load generator counts as undisturbed.
FULL_CORE = 0.97


def _by_cost(result: Result) -> list[tuple[str, Any]]:
    return sorted(result["servers"].items(), key=lambda item: item[1]["cpu_us"])


def _rate(row: Result, unit: str) -> str:
    if unit == "KiB":
        return f"{row['rate'] * 1024 / 1e9:.2f} GB/s"
    return f"{row['rate']:,.0f}/s"


def _of_rounds(middle: float, low: float, high: float) -> str:
    """A ratio and its quartiles."""
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def _ratio(row: Result) -> str:
    """With its quartiles, and a star if it is not steady."""
    if row["ratio"] is None:
        return ""
    return _of_rounds(row["ratio"], *row["ratio_quartiles"]) + ("" if row["steady"] else " *")


def _before(result: Result, server: str) -> str:
    """The ratio that a server had in the run before, if that was measured."""
    before = result.get("before")
    return _of_rounds(*before["ratios"][server]) if before and server in before["ratios"] else ""


def _unsteady(result: Result) -> list[str]:
    if all(row["steady"] for row in result["servers"].values()):
        return []
    most = max(row["rounds"] for row in result["servers"].values())
    return [f"*: after {most} rounds the half of them that lie closest together do not do so within 3 %."]


def _disturbed(result: Result) -> str:
    return (
        f"Runs repeated as disturbed: {result['repeated']}; taken although disturbed: {result['disturbed']}."
    )


def _shares(result: Result) -> list[str]:
    """The servers during whose runs the load generator, which never sleeps, had less than its whole core."""
    return [
        f"{row['label']} ({row['load_share']:.0%})"
        for _, row in _by_cost(result)
        if row.get("load_share", 1) < FULL_CORE
    ]


def text(name: str, result: Result) -> str:
    """A table for a terminal, the cheapest first."""
    unit = result["unit"]
    lines = [f"\n{name}: {result['title']}; server CPU us per {unit}, medians of {result['rounds']} rounds"]
    for server, row in _by_cost(result):
        low, high = row["cpu_us_quartiles"]
        line = f"  {server:18} {row['cpu_us']:8.3f} ({low:7.3f} to {high:7.3f}) {_ratio(row):23}"
        line += f" {_rate(row, unit):>12}"
        if unit == "request":
            line += f"  p50 {row['p50_us']:.1f} us, p99 {row['p99_us']:.1f} us"
        if row["resent"]:
            line += f", {row['resent']} datagrams sent again"
        lines.append(line)
    if shares := _shares(result):
        lines.append(f"  The load generator had less than its whole core with {', '.join(shares)}")
    lines += ["  " + line for line in _unsteady(result)]
    return "\n".join([*lines, "  " + _disturbed(result)])


def table(name: str, result: Result) -> str:
    """A section of the page: the plot, the table, and the servers that were skipped."""
    unit = result["unit"]
    lines = [
        f"### {result['title']}",
        "",
        f"`{name}`, microseconds of the server's processor time per {unit}.",
        "",
        f"![{result['title']}](performance/{name}.svg)",
        "",
        f"| server | us / {unit} | interquartile range | ratio to lean C | in the run before | rate "
        "| p50, us | p99, us |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for server, row in _by_cost(result):
        label = f"**{row['label']}**" if row["kind"] == "capsock" else row["label"]
        low, high = row["cpu_us_quartiles"]
        times = f"{row['p50_us']:.0f} | {row['p99_us']:.0f}" if unit == "request" else "|"
        cost = f"{row['cpu_us']:.3g} | {low:.3g} to {high:.3g} | {_ratio(row)} | {_before(result, server)}"
        lines.append(f"| {label} | {cost} | {_rate(row, unit)} | {times} |")
    started = f"Started at {result['started']} UTC"
    if before := result.get("before"):
        started += f", the run before at {before['started']} UTC"
        if before["machine"] != result["machine"]:
            started += ", of another build or on another machine"
    lines += ["", f"{started}. {result['rounds']} rounds of {result['seconds']} s. {_disturbed(result)}"]
    lines += _unsteady(result)
    if shares := _shares(result):
        shown = "; ".join(shares)
        lines.append(
            f"Share of its core that the load generator had, where it was not the whole core: {shown}."
        )
    if result["skipped"]:
        lines.append(
            "Skipped: " + "; ".join(f"{server} ({why})" for server, why in result["skipped"].items()) + "."
        )
    return "\n".join(lines)


def losses(results: Mapping[str, Result]) -> list[str]:
    """A line for each workload in which a library costs less than capsock with its default options, by the
    ratio of each round."""
    lines = []
    for name, result in results.items():
        rows = result["servers"]
        if "capsock" not in rows:
            continue
        better = []
        for _, row in _by_cost(result):
            ratio = row["to_capsock"]
            if row["kind"] == "library" and ratio is not None and ratio < 1:
                low, high = row["to_capsock_quartiles"]
                apart = "" if high < 1 else ", within the spread"
                better.append(f"{row['label']} ({ratio:.2f}; {low:.2f} to {high:.2f}{apart})")
        if better:
            lines.append(f"- `{name}`: {', '.join(better)}.")
    return lines


def page(results: Mapping[str, Result], upper: Mapping[str, Any] | None, called: Mapping[str, Any]) -> str:
    """The content between the markers of the page."""
    parts = []
    measured = {**results, **called}
    for machine in dict.fromkeys(tuple(result["machine"].items()) for result in measured.values()):
        said = dict(machine)
        where = [f"`{name}`" for name, result in measured.items() if result["machine"] == said]
        versions = ", ".join(
            f"{key} {value}" for key, value in said.items() if key not in ("processor", "kernel")
        )
        parts.append(f"{said['processor']}; {said['kernel']}; {versions}: {', '.join(where)}.")
    parts.append("## Workloads in which another server costs less")
    parts.append(
        "The ratio to capsock with its default options; its quartiles over the rounds. "
        "Where these include 1, the difference is within the spread of the run."
    )
    parts.append("\n".join(losses(results)) or "None in these runs.")
    parts.append("## The workloads")
    parts += [table(name, result) for name, result in results.items() if result["servers"]]
    if upper:
        parts.append(uppercase(upper))
    if called:
        parts.append(calls(called))
    return "\n\n".join(parts)


def uppercase(upper: Mapping[str, Any]) -> str:
    """The section of the upper-casing functions."""
    columns = upper["columns"]
    lines = [
        "## Upper-casing",
        "",
        "GB of input per second: medians of interleaved rounds (interquartile range).",
        "",
        "| function | " + " | ".join(columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    for name, cells in upper["rows"].items():
        shown = [cells.get(column) for column in columns]
        values = ["" if cell is None else f"{cell[1]:.3g} ({cell[0]:.3g} to {cell[2]:.3g})" for cell in shown]
        lines.append(f"| {f'**{name}**' if name.startswith('capsock') else name} | {' | '.join(values)} |")
    return "\n".join(lines)


def _us(told: Sequence[float]) -> str:
    """A median and its quartiles."""
    low, middle, high = (f"{value:,.0f}" if value >= 1000 else f"{value:.3g}" for value in told)
    return f"{middle} ({low} to {high})"


def calls(called: Mapping[str, Any]) -> str:
    """The section of the cost of a call, with a table for each language, and of idle connections."""
    lines = [
        "## The cost of a call",
        "",
        "Microseconds per call, beside the language's own call, which is named first where the names differ:",
        "medians of interleaved rounds (interquartile range). The ratio is taken within each round; below 1",
        "capsock costs less. A request has 64 bytes and is answered by a server on the other core, which",
        "takes two wake-ups; these are most of its cost.",
    ]
    for part, result in called.items():
        if "rows" not in result:
            continue
        lines += ["", f"### {result['label']}", ""]
        if not result["rows"]:
            lines.append(f"Skipped: {result['skipped']}")
            continue
        lines += [f"`{part}`, {result['rounds']} rounds.", "", "| call | theirs, us | capsock, us | ratio |"]
        lines.append("|---|---:|---:|---:|")
        for name, row in result["rows"].items():
            low, middle, high = (f"{value:.2f}" if value >= 0.1 else f"{value:.2g}" for value in row["ratio"])
            ratio = f"**{middle}** ({low} to {high})"
            lines.append(f"| {name} | {_us(row['theirs_us'])} | {_us(row['capsock_us'])} | {ratio} |")
    for part, result in called.items():
        if "servers" in result:
            lines += footprint(part, result)
        if "workloads" in result:
            lines += ["", counts.section(result)]
    return "\n".join(lines)


def footprint(part: str, result: Result) -> list[str]:
    """The section of what stands still."""
    rows = sorted(result["servers"].values(), key=lambda row: row["ready_ms"][1])
    lines = [
        "",
        "### Start-up and idle connections",
        "",
        f"`{part}`, {result['rounds']} rounds: from the start of a server's process to the line that says",
        f"where it listens; and of {result['connections']:,} idle connections, each answered once before,",
        "what each takes of the process's anonymous memory, without the kernel's: medians",
        "(interquartile range).",
        "",
        "| server | ready, ms | idle connection, bytes |",
        "|---|---:|---:|",
    ]
    for row in rows:
        label = f"**{row['label']}**" if row["kind"] == "capsock" else row["label"]
        lines.append(f"| {label} | {_us(row['ready_ms'])} | {_us(row['idle_bytes'])} |")
    if jvm := result["jvm_ms"]:
        low, middle, high = (f"{value:.2f}" for value in jvm["ratio"])
        lines += [
            "",
            f"A JVM that opens and closes a socket of the JDK ends after {_us(jvm['jdk'])} ms, and with "
            f"capsock's sockets installed after {_us(jvm['capsock'])} ms: **{middle}** ({low} to {high}).",
        ]
    return lines
