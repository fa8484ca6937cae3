"""A client that connects and sends nothing for a while, and one that connects after it: to an iterative
server, to a concurrent one, and to an iterative one with a time limit."""

from pathlib import Path

from lesson import HOST, Run, free_port


def run(folder: Path) -> None:
    for kind, name in (("iterative", "TCPServer.py"), ("concurrent", "ConcurrentTCPServer.py")):
        with Run() as lesson:
            port = free_port()
            server = lesson.python(name, port)
            lesson.until(server, "listen")
            idle = lesson.python("TCPClient.py", HOST, port)
            lesson.until(server, "accept")
            lesson.until(idle, "connect")

            lesson.act()
            other = lesson.c("tcp_client", HOST, port)
            other.says("second")
            lesson.until(other, "send")
            if kind == "concurrent":
                other.ends()
                lesson.until(server, "close")

            lesson.act()
            idle.says("first")
            idle.ends()
            other.ends()
            lesson.until(server, "close", 2)

            lesson.picture(folder / f"idle_client_{kind}.txt", "--width", "100")
            lesson.picture(folder / f"idle_client_{kind}.svg")
            lesson.picture(folder / f"idle_client_{kind}_gantt.txt", "--format", "gantt", "--width", "78")
            lesson.picture(folder / f"idle_client_{kind}_gantt.svg", "--format", "gantt")

    with Run() as lesson:
        port = free_port()
        server = lesson.python("TimeLimitTCPServer.py", port)
        lesson.until(server, "listen")
        late = lesson.python("LateTCPClient.py", HOST, port)
        lesson.until(late, "socket")

        lesson.act()
        idle = lesson.python("TCPClient.py", HOST, port)
        lesson.until(server, "accept")
        lesson.until(idle, "connect")
        late.says("second")
        late.ends()
        lesson.until(server, "close", 2)
        lesson.picture(folder / "idle_client_limit.txt", "--width", "100")
        lesson.picture(folder / "idle_client_limit.svg")
