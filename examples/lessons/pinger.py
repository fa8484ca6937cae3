"""The pinger, and a link that loses the second datagram of each direction: a request and a reply."""

from pathlib import Path

from lesson import HOST, Run, free_port


def run(folder: Path) -> None:
    for name, client in (("pinger", "UDPPinger.py"), ("pinger_java", "UDPPinger.java")):
        with Run() as lesson:
            server_port, link_port = free_port("udp"), free_port("udp")
            server = lesson.python("UDPPingerServer.py", server_port)
            lesson.until(server, "bind")
            link = lesson.link(link_port, server_port, "--drop", "2")
            lesson.until(link, "bind")

            lesson.act()
            lesson.program(client, HOST, link_port).ends()
            lesson.picture(folder / f"{name}.txt", "--width", "108")
            lesson.picture(folder / f"{name}.svg")
