"""A link that loses the first datagram, and a client that sends it again if no reply arrives."""

from pathlib import Path

from lesson import HOST, Run, free_port


def run(folder: Path) -> None:
    with Run() as lesson:
        server_port, link_port = free_port("udp"), free_port("udp")
        server = lesson.python("UDPServer.py", server_port)
        lesson.until(server, "bind")
        link = lesson.link(link_port, server_port, "--drop", "up:1")
        lesson.until(link, "bind")

        lesson.act()
        client = lesson.python("RetransmittingUDPClient.py", HOST, link_port)
        client.says("hello")
        client.ends()
        lesson.until(link, "sendto")

        lesson.picture(folder / "lost_datagram.txt", "--width", "108")
        lesson.picture(folder / "lost_datagram.svg")
