"""From results to text."""

from __future__ import annotations

from typing import Any


def _rate(row: dict[str, Any], unit: str) -> str:
    if unit == "KiB":
        return f"{row['rate'] * 1024 / 1e9:.2f} GB/s"
    return f"{row['rate']:,.0f}/s"


def text(name: str, result: dict[str, Any]) -> str:
    """A table for a terminal, the cheapest first."""
    unit = result["unit"]
    lines = [f"\n{name}: {result['title']}; server CPU us per {unit}, medians of {result['rounds']} rounds"]
    for server, row in sorted(result["servers"].items(), key=lambda item: item[1]["cpu_us"]):
        low, high = row["cpu_us_quartiles"]
        ratio = f"{row['ratio']:.3f}" if row["ratio"] is not None else ""
        lines.append(
            f"  {server:20} {row['cpu_us']:9.3f} ({low:.3f} to {high:.3f}) {ratio:>7}  {_rate(row, unit):>12}"
            f"  p50 {row['p50_us']:.1f} us, p99 {row['p99_us']:.1f} us"
            + (f", {row['resent']} datagrams sent again" if row["resent"] else "")
        )
    if result["disturbed"] or result["repeated"]:
        lines.append(f"  repeated as disturbed: {result['repeated']}, taken although: {result['disturbed']}")
    return "\n".join(lines)
