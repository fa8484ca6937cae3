"""Lines that one receive returns in part, or two at once, since TCP has no messages."""

from pathlib import Path

from lesson import HOST, Run, free_port


def run(folder: Path) -> None:
    with Run() as lesson:
        port = free_port()
        server = lesson.python("SmallBufferTCPServer.py", port)
        lesson.until(server, "listen")
        client = lesson.c("tcp_client", HOST, port)
        client.says("hello world")
        client.ends()
        lesson.until(server, "close")
        drawn(lesson, folder, "small")

    with Run() as lesson:
        port = free_port()
        server = lesson.python("TCPServer.py", port)
        lesson.until(server, "listen")
        client = lesson.python("PiecesTCPClient.py", HOST, port)
        client.types("hel")
        lesson.until(server, "close")

        lesson.act()
        client.says(r"lo\n")
        client.ends()
        drawn(lesson, folder, "split")

    with Run() as lesson:
        port = free_port()
        server = lesson.python("TCPServer.py", port)
        lesson.until(server, "listen")
        client = lesson.python("PiecesTCPClient.py", HOST, port)
        client.says(r"hello\nworld\n")
        client.ends()
        lesson.until(server, "close")
        drawn(lesson, folder, "joined")

    for name, kind in (("LineTCPServer.py", "lines"), ("LineTCPServer.java", "lines_java")):
        with Run() as lesson:
            port = free_port()
            server = lesson.program(name, port)
            lesson.until(server, "listen")
            client = lesson.python("PiecesTCPClient.py", HOST, port)
            for times, piece in enumerate(["hel", r"lo\nwor", r"ld\n"], start=1):
                client.types(piece)
                lesson.until(server, "recv", times)
                lesson.settle(server)
                lesson.act()
            client.end_input()
            client.ends()
            lesson.until(server, "close")
            drawn(lesson, folder, kind)


def drawn(lesson: Run, folder: Path, kind: str) -> None:
    lesson.picture(folder / f"split_and_joined_lines_{kind}.txt", "--width", "92")
    lesson.picture(folder / f"split_and_joined_lines_{kind}.svg")
