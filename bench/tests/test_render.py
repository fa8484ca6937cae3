"""The rendering of results."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from harness import calls, publish, render, svg


def a_row(label: str, kind: str, cpu_us: float, **more: object) -> dict[str, Any]:
    row = {
        "label": label,
        "kind": kind,
        "cpu_us": cpu_us,
        "cpu_us_quartiles": [cpu_us * 0.9, cpu_us * 1.2],
        "rate": 150_000.0,
        "p50_us": 300.0,
        "p99_us": 650.0,
        "resent": 0,
        "load_share": 1.0,
        "ratio": cpu_us / 5,
        "ratio_quartiles": [1.0, 1.3],
        "to_capsock": cpu_us / 6,
        "to_capsock_quartiles": [cpu_us / 6 - 0.05, cpu_us / 6 + 0.05],
        "steady": True,
        "rounds": 5,
    }
    return {**row, **more}


RESULT: dict[str, Any] = {
    "started": "2026-01-02 03:04",
    "title": "TCP, 64 connections",
    "unit": "request",
    "rounds": 5,
    "seconds": 0.1,
    "repeated": 2,
    "disturbed": 1,
    "servers": {
        "mio": a_row("mio", "library", 5.5),
        "capsock": a_row("capsock", "capsock", 6.0),
        "lean-epoll": a_row("C, epoll", "lean", 5.0),
        "asyncio": a_row("asyncio <&>", "library", 60.0, resent=7, load_share=0.9),
    },
    "skipped": {"netty": "target/bench/java/NettyServer.class is not there"},
    "machine": {"processor": "P", "kernel": "Linux 1", "capsock": "abc"},
}


def test_the_cheapest_comes_first() -> None:
    lines = render.text("tcp-64", RESULT).splitlines()
    assert [line.split()[0] for line in lines[2:6]] == ["lean-epoll", "mio", "capsock", "asyncio"]
    assert "7 datagrams sent again" in lines[5]
    assert lines[6].endswith("asyncio <&> (90%)")
    assert "repeated as disturbed: 2" in lines[7]


def test_a_table_names_what_was_skipped_and_what_was_disturbed() -> None:
    text = render.table("tcp-64", RESULT)
    assert "| **capsock** | 6 | 5.4 to 7.2 | 1.20 (1.00 to 1.30) |  | 150,000/s | 300 | 650 |" in text
    assert "Skipped: netty (target/bench/java/NettyServer.class is not there)." in text
    assert "taken although disturbed: 1" in text
    assert "where it was not the whole core: asyncio <&> (90%)." in text
    assert "performance/tcp-64.svg" in text


def test_every_row_of_a_table_has_the_same_columns() -> None:
    for unit in ("request", "KiB"):
        rows = [line for line in render.table("x", {**RESULT, "unit": unit}).splitlines() if line[:1] == "|"]
        assert {line.count("|") for line in rows} == {9}


def test_a_table_has_the_ratios_of_the_run_before(tmp_path: Path) -> None:
    rows = {name: row for name, row in RESULT["servers"].items() if name != "mio"}
    publish.keep(tmp_path, {"tcp-64": {**RESULT, "servers": rows}}, None, {})
    later = {**RESULT, "started": "2026-01-02 04:05", "machine": {**RESULT["machine"], "capsock": "abd"}}
    text = render.table("tcp-64", publish.keep(tmp_path, {"tcp-64": later}, None, {})["workloads"]["tcp-64"])
    assert "| **capsock** | 6 | 5.4 to 7.2 | 1.20 (1.00 to 1.30) | 1.20 (1.00 to 1.30) |" in text
    assert "| mio | 5.5 | 4.95 to 6.6 | 1.10 (1.00 to 1.30) |  |" in text
    assert "Started at 2026-01-02 04:05 UTC, the run before at 2026-01-02 03:04 UTC, of another build" in text


def test_an_unsteady_row_has_a_star() -> None:
    rows = {**RESULT["servers"], "mio": a_row("mio", "library", 5.5, steady=False, rounds=15)}
    text = render.table("tcp-64", {**RESULT, "servers": rows})
    assert "| mio | 5.5 | 4.95 to 6.6 | 1.10 (1.00 to 1.30) * |" in text
    assert "*: after 15 rounds" in text
    assert "*:" not in render.table("tcp-64", RESULT)


def test_the_rows_where_capsock_loses_are_listed() -> None:
    assert render.losses({"tcp-64": RESULT}) == ["- `tcp-64`: mio (0.92; 0.87 to 0.97)."]
    cheap = {**RESULT["servers"], "mio": a_row("mio", "library", 5.5, to_capsock=1.01)}
    assert render.losses({"tcp-64": {**RESULT, "servers": cheap}}) == []


def test_a_rate_of_a_stream_is_in_bytes() -> None:
    row = a_row("capsock", "capsock", 0.3, rate=3_000_000.0)
    assert "3.07 GB/s" in render.text("tcp-stream", {**RESULT, "unit": "KiB", "servers": {"capsock": row}})


def test_the_plot_is_xml_with_a_bar_for_each_server_inside_the_picture() -> None:
    picture = ElementTree.fromstring(svg.bars(RESULT))
    space = "{http://www.w3.org/2000/svg}"
    texts = [element.text for element in picture.iter(f"{space}text")]
    assert [label for label in texts if label in ("C, epoll", "mio", "capsock", "asyncio <&>")]
    assert "60 (cut)" in texts
    width = float(picture.attrib["width"])
    for bar in picture.iter(f"{space}rect"):
        assert float(bar.attrib.get("x", 0)) + float(bar.attrib["width"]) <= width
    assert svg.bars(RESULT) == svg.bars(RESULT)


def test_a_page_keeps_what_stands_around_the_markers() -> None:
    page = f"before\n{publish.BEGIN}\nold\n{publish.END}\nafter\n"
    expected = f"before\n{publish.BEGIN}\n\nnew\n\n{publish.END}\nafter\n"
    assert publish.between(page, "new") == expected
    assert publish.between(expected, "new") == expected
    with pytest.raises(ValueError, match="markers"):
        publish.between("no markers", "new")


def test_what_was_measured_before_is_kept(tmp_path: Path) -> None:
    publish.keep(tmp_path, {"udp-1": RESULT, "tcp-64": RESULT}, {"columns": [], "rows": {}}, {"calls-c": {}})
    kept = publish.keep(tmp_path, {"tcp-64": {**RESULT, "rounds": 9}}, None, {"footprint": {}})
    assert list(kept["workloads"]) == ["tcp-64", "udp-1"]
    assert kept["workloads"]["tcp-64"]["rounds"] == 9
    assert kept["workloads"]["udp-1"]["rounds"] == 5
    assert kept["uppercase"] == {"columns": [], "rows": {}}
    assert list(kept["calls"]) == ["calls-c", "footprint"]


def test_the_upper_casing_table_has_a_cell_for_each_column() -> None:
    upper = {
        "columns": ["ASCII, 64 KiB", "mixed, 64 KiB"],
        "rows": {"memcpy": {"ASCII, 64 KiB": [40.0, 50.0, 51.0]}},
    }
    assert render.uppercase(upper).endswith("| memcpy | 50 (40 to 51) |  |")


def test_a_call_is_reported_by_the_median_of_the_ratios_of_its_rounds() -> None:
    found = calls.collect(["`send`\t4\t2", "`send`\t8\t8", "`send`\t2\t3", "other\t1\t1"])
    row = calls.row(found["`send`"])
    assert row == {"theirs_us": [3, 4, 6], "capsock_us": [2.5, 3, 5.5], "ratio": [0.75, 1, 1.25]}
    page = render.calls(
        {
            "calls-c": {"label": "C", "rounds": 3, "rows": {"`send`": row}},
            "calls-java": {"label": "Java", "rounds": 3, "rows": {}, "skipped": "there is no java"},
            "footprint": {
                "rounds": 7,
                "connections": 2000,
                "servers": {
                    "capsock": {
                        "label": "capsock",
                        "kind": "capsock",
                        "ready_ms": [2, 3, 4],
                        "idle_bytes": [640, 700, 1200],
                    }
                },
                "skipped": {},
                "jvm_ms": {"jdk": [40, 50, 60], "capsock": [70, 80, 90], "ratio": [1.5, 1.6, 1.7]},
            },
        }
    )
    assert "| `send` | 4 (3 to 6) | 3 (2.5 to 5.5) | **1.00** (0.75 to 1.25) |" in page
    assert "Skipped: there is no java" in page
    assert "2,000 idle connections" in page
    assert "| **capsock** | 3 (2 to 4) | 700 (640 to 1,200) |" in page
    assert (
        "after 50 (40 to 60) ms, and with capsock's sockets installed after 80 (70 to 90) ms: **1.60**"
        in page
    )
