"""The model of docs/scale.md: from what a request costs to what machines serve.

Usage: python docs/scale/model.py [--write]
Prints the tables, or writes them between the markers of the page. Standard library alone.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "scale.md"
RESULTS = HERE.parents[1] / "bench" / "results" / "latest.json"

MACHINES = (1, 10, 1000)


@dataclass(frozen=True)
class Input:
    """A number that the model takes, with its unit and where it is from."""

    value: float
    unit: str
    source: str


# What is not measured by bench/. Change these first.
INPUTS = {
    "cores": Input(16, "cores of a machine that serve", "a machine of today"),
    "utilisation": Input(
        0.6,
        "share of a core that is used",
        "with random arrivals a request then waits 1.5 times its cost (M/M/1)",
    ),
    "network": Input(
        1.5, "times the cost over loopback", "assumed: interrupts and the driver, which loopback has not"
    ),
    "handler": Input(0, "us of a handler for each request", "the upper case alone; add your own"),
    "memory": Input(8, "GiB of a machine for connections", "assumed"),
    "kernel": Input(
        4, "KiB of the kernel for an idle connection", "slabs on Linux 6.18: socket, inode, file, epoll item"
    ),
    "link": Input(25, "Gb/s of a machine's network", "a machine of today"),
    "away": Input(0.1, "share of the machines that may be away", "one of ten replaced or broken"),
    "proxy": Input(
        2.0,
        "times a request's cost, in HAProxy",
        "HAProxy 2.6, mode tcp: 2.0 in `tcp-64`, 2.3 in `tcp-connect`",
    ),
    "packets": Input(
        1.0, "million packets/s that a core forwards", "assumed for IPVS; with kernel bypass ten times that"
    ),
}

# Bytes that a packet has on an Ethernet besides its payload (IEEE 802.3): preamble 8, header 14, check 4,
# gap 12; IPv4 20 (RFC 791); TCP 20 with 12 of timestamps (RFC 9293, RFC 7323), UDP 8 (RFC 768).
ETHERNET, IPV4, TCP, UDP = 38, 20, 32, 8
SMALLEST = 46  # the least that an Ethernet frame carries
LINE = 64  # bytes of a request of bench/, and of its reply


@dataclass(frozen=True)
class Workload:
    """A row of bench/, and what one of its requests is on the wire."""

    name: str
    label: str
    header: int
    # Packets towards the server for a request: the request, or its share of one, and what opens and closes.
    packets: float


WORKLOADS = (
    Workload("tcp-64", "TCP, a line at a time on kept connections", TCP, 1),
    Workload("tcp-64x16", "TCP, 16 lines at a time on kept connections", TCP, 1 / 16),
    Workload("tcp-connect", "TCP, a connection for each line", TCP, 5),
    Workload("udp-64", "UDP, a datagram each", UDP, 1),
)


def value(name: str) -> float:
    return INPUTS[name].value


def cost_us(results: dict[str, object], workload: str) -> float:
    """What a request costs a core, with the handler and without loopback's favour."""
    workloads = results["workloads"]
    assert isinstance(workloads, dict)
    measured = float(workloads[workload]["servers"]["capsock"]["cpu_us"])
    return measured * value("network") + value("handler")


def core_rate(cost: float) -> float:
    """Requests in a second that a core serves at the utilisation of the model."""
    return value("utilisation") * 1e6 / cost


def wire_bytes(workload: Workload) -> float:
    """Bytes of one direction of a request on an Ethernet."""
    empty = ETHERNET + max(IPV4 + workload.header, SMALLEST)
    if workload.packets >= 1:
        return ETHERNET + max(IPV4 + workload.header + LINE, SMALLEST) + (workload.packets - 1) * empty
    lines = round(1 / workload.packets)
    return (ETHERNET + IPV4 + workload.header + lines * LINE) / lines


def wire_rate(workload: Workload, gigabits: float) -> float:
    """Requests in a second that fill one direction of a link."""
    return gigabits * 1e9 / 8 / wire_bytes(workload)


def machine_rate(results: dict[str, object], workload: Workload) -> float:
    """Requests in a second of a machine: of its cores, or of its link where that is less."""
    cores = value("cores") * core_rate(cost_us(results, workload.name))
    return min(cores, value("utilisation") * wire_rate(workload, value("link")))


def connections(idle_bytes: float) -> float:
    """Idle connections that a machine's memory holds."""
    return value("memory") * 2**30 / (idle_bytes + value("kernel") * 1024)


def present(machines: int) -> int:
    """Of so many machines, those that the model counts on. One alone has nobody to stand in."""
    return machines if machines == 1 else machines - max(1, math.ceil(machines * value("away")))


def rounded(number: float) -> str:
    """Two digits: the inputs have no more."""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= size:
            scaled = number / size
            return f"{scaled:.1f}{unit}" if scaled < 10 else f"{float(f'{scaled:.2g}'):,.0f}{unit}"
    return f"{float(f'{number:.2g}'):,.0f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def inputs(results: dict[str, object]) -> str:
    rows = [(f"`{name}`", f"{one.value:g}", one.unit, one.source) for name, one in INPUTS.items()]
    for workload in WORKLOADS:
        measured = (cost_us(results, workload.name) - value("handler")) / value("network")
        rows.append(
            (f"`{workload.name}`", f"{measured:.2g}", "us of a core for a request, over loopback", "bench/")
        )
    head = "| input | value | of what | from |\n|---|---:|---|---|\n"
    return head + "\n".join("| " + " | ".join(row) + " |" for row in rows)


def cores(results: dict[str, object]) -> str:
    def row(workload: Workload) -> list[str]:
        rate = core_rate(cost_us(results, workload.name))
        need = [wire_rate(workload, gigabits) / rate for gigabits in (1, 10, 25, 100)]
        return [
            workload.label,
            rounded(rate),
            f"{wire_bytes(workload):.0f}",
            *(f"{cores:,.0f}" for cores in map(math.ceil, need)),
        ]

    head = ["requests", "a core, requests/s", "bytes on the wire", "cores for 1 Gb/s", "10", "25", "100"]
    return table(head, map(row, WORKLOADS))


def machines(results: dict[str, object]) -> str:
    footprint = results["calls"]["footprint"]["servers"]["capsock"]  # type: ignore[index]
    held = connections(float(footprint["idle_bytes"][1]))
    rate = {workload.name: machine_rate(results, workload) for workload in WORKLOADS}
    kept, datagrams = WORKLOADS[0], WORKLOADS[-1]
    # How many of the machines in front it takes for one behind.
    proxied = machine_share(
        rate[kept.name], (cost_us(results, kept.name) - value("handler")) * value("proxy")
    )
    forwarded = machine_share(rate[datagrams.name], 1 / value("packets"))
    rows = {f"{workload.label}: requests/s": rate[workload.name] for workload in WORKLOADS}
    rows["idle connections"] = held
    shown = [[label, *(rounded(present(count) * each) for count in MACHINES)] for label, each in rows.items()]
    for label, share in (
        ("machines with a TCP proxy (HAProxy) for the first row", proxied),
        ("machines that forward packets for the last row", forwarded),
    ):
        shown.append([label, *(rounded(math.ceil(present(count) * share)) for count in MACHINES)])
    return table(["", *(f"{count:,} machine{'s' if count > 1 else ''}" for count in MACHINES)], shown)


def machine_share(rate: float, cost: float) -> float:
    """How many machines it takes to spend so many microseconds on each request."""
    return rate / core_rate(cost) / value("cores")


SECTIONS: dict[str, Callable[[dict[str, object]], str]] = {
    "inputs": inputs,
    "cores": cores,
    "machines": machines,
}


def filled(page: str, results: dict[str, object]) -> str:
    """The page with each table between its markers."""
    for name, section in SECTIONS.items():
        begin, end = f"<!-- model: {name} -->", f"<!-- model: end of {name} -->"
        before, found, rest = page.partition(begin)
        _, ends, after = rest.partition(end)
        if not found or not ends:
            raise ValueError(f"{PAGE.name} has no {begin} and {end}")
        page = f"{before}{begin}\n\n{section(results)}\n\n{end}{after}"
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="write the tables into docs/scale.md")
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text())
    if options.write:
        PAGE.write_text(filled(PAGE.read_text(), results))
        return
    for name, section in SECTIONS.items():
        print(f"{name}\n\n{section(results)}\n")


if __name__ == "__main__":
    main()
