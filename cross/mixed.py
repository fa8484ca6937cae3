"""A client of another system asks a server of this one, and the traces of both give one figure."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import machines
from artifacts import WHEEL
from checks import TEXTBOOK, Site, java_classes, transport_of, with_wheel
from packages import Missing
from paths import ROOT, say

from programs import HOST, run, start_on_free_port

# The textbook's client in Python does not end its line, for which the server in Java waits.
TCP_CLIENT = """
import sys, capsock
with capsock.TcpClient(sys.argv[1], int(sys.argv[2])) as client:
    print(client.request("hello world"))
"""


def check_mixed_runs(site: Site) -> None:
    """The textbook's servers in Java, asked by this target's Python."""
    clients = {"UDPServer": [str(TEXTBOOK / "python" / "UDPClient.py")], "TCPServer": ["-c", TCP_CLIENT]}
    for server, client in clients.items():
        site.check(WHEEL, f"mixed run with {server}", partial(mixed_run, site, server, client))


def mixed_run(site: Site, server: str, client: list[str]) -> None:
    here = machines.this_machine()
    if here.java is None or site.machine.python is None:
        raise Missing("there is no Java runtime of this machine")
    folder = site.out / "mixed" / server
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    the_jar = ROOT / "bindings-java" / "target" / "capsock.jar"
    classes = java_classes(site, the_jar)
    traces = {name: folder / f"{name}.jsonl" for name in ("server", "client")}
    java = [*here.java, f"-javaagent:{the_jar}=trace={traces['server']}", "-cp", str(classes), server]
    program, port = start_on_free_port(transport_of(server), lambda port: [*java, str(port)])
    with program:
        program.wait_for("The server is ready to receive")
        python = ["env", f"CAPSOCK_TRACE={traces['client']}", *with_wheel(site, site.machine.python)]
        ended = run([*python, *client, HOST, str(port)], "hello world\n")
        assert (ended.returncode, ended.stderr) == (0, ""), f"{ended.returncode} {ended.stderr!r}"
        assert "HELLO WORLD" in ended.stdout, repr(ended.stdout)
        program.interrupt()
    drawn = figure(site, list(traces.values()), "mermaid", "--normalize")
    # The server is first, since it was started first: so much do the two clocks agree.
    for line in f"participant p0 as {server}", 'p1->>p0: "hello world', 'p0->>p1: "H':
        assert line in drawn, f"{line!r} is not in the figure: {drawn}"
    say(figure(site, list(traces.values()), "text"))


def figure(site: Site, traces: list[Path], form: str, *options: str) -> str:
    """The figure of the traces, drawn by the target's command."""
    ended = run([*site.command(), "trace", "--format", form, *options, *map(str, traces)])
    assert (ended.returncode, ended.stderr) == (0, ""), f"{ended.returncode} {ended.stderr!r}"
    return ended.stdout
