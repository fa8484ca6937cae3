"""A sentence that one send transmits and several receives return, since TCP has no messages."""

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

        lesson.picture(folder / "one_send_two_receives.txt", "--width", "92")
        lesson.picture(folder / "one_send_two_receives.svg")
