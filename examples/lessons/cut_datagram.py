"""A datagram that is longer than the buffer of its receiver."""

from pathlib import Path

from lesson import HOST, Run, free_port


def run(folder: Path) -> None:
    with Run() as lesson:
        port = free_port("udp")
        server = lesson.python("SmallBufferUDPServer.py", port)
        lesson.until(server, "bind")

        client = lesson.java("UDPClient.java", HOST, port)
        client.says("hello world")
        client.ends()
        lesson.until(server, "sendto")

        lesson.picture(folder / "cut_datagram.txt", "--width", "90")
        lesson.picture(folder / "cut_datagram.svg")
