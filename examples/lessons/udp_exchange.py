"""A request and a reply, a datagram each: the textbook's server in Python, its client in Java."""

from pathlib import Path

from lesson import HOST, Run, free_port


def run(folder: Path) -> None:
    with Run() as lesson:
        port = free_port("udp")
        server = lesson.python("UDPServer.py", port)
        lesson.until(server, "bind")

        client = lesson.java("UDPClient.java", HOST, port)
        client.says("hello")
        client.ends()
        lesson.until(server, "sendto")

        lesson.picture(folder / "udp_exchange.txt", "--width", "78")
        lesson.picture(folder / "udp_exchange.svg")
