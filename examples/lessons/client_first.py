"""Clients that are started before their server, and clients that are started after it, over TCP and UDP."""

from pathlib import Path

from lesson import HOST, Run, free_port


def run(folder: Path) -> None:
    with Run() as lesson:
        port = free_port("tcp")
        early = lesson.python("TCPClient.py", HOST, port)
        early.ends()

        lesson.act()
        server = lesson.python("TCPServer.py", port)
        lesson.until(server, "listen")
        late = lesson.c("tcp_client", HOST, port)
        late.says("hello")
        late.ends()
        lesson.until(server, "close")
        lesson.picture(folder / "client_first_tcp.txt", "--width", "100")
        lesson.picture(folder / "client_first_tcp.svg")

    for name, kind in (("UDPClientTimeout.py", "udp"), ("ConnectedUDPClient.py", "udp_connected")):
        with Run() as lesson:
            port = free_port("udp")
            early = lesson.python(name, HOST, port)
            early.says("hello")
            early.ends()

            lesson.act()
            server = lesson.python("UDPServer.py", port)
            lesson.until(server, "bind")
            late = lesson.python(name, HOST, port)
            late.says("hello")
            late.ends()
            lesson.until(server, "sendto")
            lesson.picture(folder / f"client_first_{kind}.txt", "--width", "108")
            lesson.picture(folder / f"client_first_{kind}.svg")
