"""A router that drops the first datagram, and a client that sends it again if no reply arrives."""

from pathlib import Path

from lesson import HOST, Run, free_port


def run(folder: Path) -> None:
    with Run() as lesson:
        server_port, router_port = free_port("udp"), free_port("udp")
        server = lesson.python("UDPServer.py", server_port)
        lesson.until(server, "bind")
        router = lesson.python("UnreliableRouter.py", router_port, HOST, server_port)
        lesson.until(router, "bind")

        lesson.act()
        client = lesson.python("RetransmittingUDPClient.py", HOST, router_port)
        client.says("hello")
        client.ends()
        lesson.until(router, "sendto", 2)

        lesson.picture(folder / "lost_datagram.txt", "--width", "108")
        lesson.picture(folder / "lost_datagram.svg")
