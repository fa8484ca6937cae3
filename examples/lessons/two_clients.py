"""Two clients of one UDP socket: a server that replies to the address that each datagram came from, and one
that keeps only the address of the last."""

from pathlib import Path

from lesson import HOST, Run, free_port


def run(folder: Path) -> None:
    for kind, name in (("each", "PairingUDPServer.py"), ("last", "ForgetfulUDPServer.py")):
        with Run() as lesson:
            port = free_port("udp")
            server = lesson.python(name, port)
            lesson.until(server, "bind")
            first = lesson.python("UDPClient.py", HOST, port)
            first.says("first")
            lesson.until(server, "recvfrom")
            lesson.until(first, "sendto")
            lesson.settle(first)

            lesson.act()
            second = lesson.java("UDPClient.java", HOST, port)
            second.says("second")
            second.ends()
            if kind == "each":
                first.ends()
            lesson.until(server, "sendto", 2)

            lesson.picture(folder / f"two_clients_{kind}.txt", "--width", "108")
            lesson.picture(folder / f"two_clients_{kind}.svg")
