"""A connection, a sentence, its reply and the end: the textbook's server in C, its client in Python."""

from pathlib import Path

from lesson import HOST, Run, free_port


def run(folder: Path) -> None:
    with Run() as lesson:
        port = free_port()
        server = lesson.c("tcp_server", port)
        lesson.until(server, "listen")

        client = lesson.python("TCPClient.py", HOST, port)
        client.says("hello")
        client.ends()
        lesson.until(server, "close")

        lesson.picture(folder / "tcp_exchange.txt", "--width", "78")
        lesson.picture(folder / "tcp_exchange.svg")
