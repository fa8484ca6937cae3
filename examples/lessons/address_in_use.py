"""A server that is stopped and started again at once: its address is in use, unless SO_REUSEADDR is set."""

import functools
from pathlib import Path

from lesson import HOST, Run, free_port, in_state

TIME_WAIT = 6


def run(folder: Path) -> None:
    for name, kind in (("TCPServer.py", "refused"), ("ReusingTCPServer.py", "reused")):
        with Run() as lesson:
            port = free_port()
            server = lesson.python(name, port)
            lesson.until(server, "listen")
            client = lesson.python("PatientTCPClient.py", HOST, port)
            client.says("hello")
            client.ends()
            lesson.until(server, "close")
            lesson.kill(server)
            lesson.wait(functools.partial(in_state, TIME_WAIT, port), "TIME_WAIT")

            lesson.act()
            again = lesson.python(name, port)
            if kind == "refused":
                again.ends()
            else:
                lesson.until(again, "listen")

            lesson.picture(folder / f"address_in_use_{kind}.txt", "--width", "100")
            lesson.picture(folder / f"address_in_use_{kind}.svg")
