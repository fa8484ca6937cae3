"""Bar charts as SVG, a bar for each server. Equal results give equal bytes."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

COLOURS = {"lean": "#7a7a7a", "capsock": "#c2410c", "library": "#3b6ea5"}
NAMES = {"lean": "lean C", "capsock": "capsock", "library": "peers"}
ROW, LEFT, WIDTH, RIGHT, TOP = 20, 290, 380, 90, 54
# A bar longer than this many times the shortest is cut, so that short bars remain distinguishable.
CUT = 6


def bars(result: Mapping[str, Any]) -> str:
    """The chart of a workload: medians as bars, interquartile ranges as whiskers."""
    rows = sorted(result["servers"].values(), key=lambda row: row["cpu_us"])
    most = min(max(row["cpu_us_quartiles"][1] for row in rows), CUT * rows[0]["cpu_us"])
    height = TOP + ROW * len(rows) + 10
    total = LEFT + WIDTH + RIGHT
    unit = escape(result["unit"])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {height}"'
        f' width="{total}" height="{height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{total}" height="{height}" fill="white"/>',
        f'<text x="10" y="18" font-size="14">{escape(result["title"])}</text>',
        f'<text x="10" y="38" fill="#555">server CPU, microseconds per {unit}; less is better</text>',
    ]
    for index, kind in enumerate(COLOURS):
        at = LEFT + 130 * index + 80
        parts.append(f'<rect x="{at}" y="29" width="10" height="10" fill="{COLOURS[kind]}"/>')
        parts.append(f'<text x="{at + 14}" y="38" fill="#555">{NAMES[kind]}</text>')
    for index, row in enumerate(rows):
        top = TOP + ROW * index
        low, high = (min(value / most, 1) * WIDTH for value in row["cpu_us_quartiles"])
        length = min(row["cpu_us"] / most, 1) * WIDTH
        cut = " (cut)" if row["cpu_us"] > most else ""
        middle = top + ROW / 2 - 1
        colour = COLOURS[row["kind"]]
        parts += [
            f'<text x="{LEFT - 8}" y="{top + 13}" text-anchor="end">{escape(row["label"])}</text>',
            f'<rect x="{LEFT}" y="{top + 2}" width="{length:.1f}" height="{ROW - 6}" fill="{colour}"/>',
            f'<path d="M{LEFT + low:.1f} {middle:.1f}H{LEFT + high:.1f}" stroke="black" stroke-width="1.5"/>',
            f'<text x="{LEFT + max(length, high) + 6:.1f}" y="{top + 13}">{row["cpu_us"]:.3g}{cut}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"
