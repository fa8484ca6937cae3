"""A server that is stopped by Ctrl-C and started again at once: what the first one has left behind."""

import functools
from pathlib import Path

from lesson import HOST, Run, free_port, in_state

FIN_WAIT2, TIME_WAIT = 5, 6


def run(folder: Path) -> None:
    connected(folder)
    for name, kind in (("TCPServer.py", "refused"), ("ReusingTCPServer.py", "reused")):
        served(folder, name, kind)
    java(folder)
    udp(folder)


def connected(folder: Path) -> None:
    """Ctrl-C while a client is connected."""
    with Run() as lesson:
        port = free_port()
        server = lesson.python("TCPServer.py", port)
        lesson.until(server, "listen")
        client = lesson.python("TCPClient.py", HOST, port)
        lesson.until(client, "connect")
        lesson.until(server, "accept")
        lesson.interrupt(server)
        lesson.wait(functools.partial(in_state, FIN_WAIT2, port), "FIN_WAIT2")

        lesson.act()
        again = lesson.python("TCPServer.py", port)
        again.ends()
        drawn(lesson, folder, "connected")


def served(folder: Path, name: str, kind: str) -> None:
    """Ctrl-C when a client has been served."""
    with Run() as lesson:
        port = free_port()
        server = lesson.python(name, port)
        lesson.until(server, "listen")
        client = lesson.python("PatientTCPClient.py", HOST, port)
        client.says("hello")
        client.ends()
        lesson.until(server, "close")
        lesson.interrupt(server)
        lesson.wait(functools.partial(in_state, TIME_WAIT, port), "TIME_WAIT")

        lesson.act()
        again = lesson.python(name, port)
        if kind == "refused":
            again.ends()
        else:
            lesson.until(again, "listen")
        drawn(lesson, folder, kind)


def java(folder: Path) -> None:
    """The same as `connected`, by a server in Java."""
    with Run() as lesson:
        port = free_port()
        server = lesson.java("TCPServer.java", port)
        lesson.until(server, "listen")
        client = lesson.python("TCPClient.py", HOST, port)
        lesson.until(client, "connect")
        lesson.until(server, "accept")
        lesson.interrupt(server)

        lesson.act()
        again = lesson.java("TCPServer.java", port)
        lesson.until(again, "listen")
        drawn(lesson, folder, "java")


def udp(folder: Path) -> None:
    """Ctrl-C for a server over UDP."""
    with Run() as lesson:
        port = free_port("udp")
        server = lesson.python("UDPServer.py", port)
        lesson.until(server, "bind")
        client = lesson.python("UDPClient.py", HOST, port)
        client.says("hello")
        client.ends()
        lesson.until(server, "sendto")
        lesson.interrupt(server)

        lesson.act()
        again = lesson.python("UDPServer.py", port)
        lesson.until(again, "bind")
        drawn(lesson, folder, "udp")


def drawn(lesson: Run, folder: Path, kind: str) -> None:
    lesson.picture(folder / f"address_in_use_{kind}.txt", "--width", "100")
    lesson.picture(folder / f"address_in_use_{kind}.svg")
