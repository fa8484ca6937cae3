"""Two clients of one UDP socket: a server that replies to the address that each datagram came from, in Python
and in Java, and one that keeps only the address of the last."""

from pathlib import Path

from lesson import HOST, Run, free_port

SERVERS = {
    "each": "PairingUDPServer.py",
    "java": "PairingUDPServer.java",
    "last": "ForgetfulUDPServer.py",
}


def run(folder: Path) -> None:
    for kind, name in SERVERS.items():
        with Run() as lesson:
            port = free_port("udp")
            server = lesson.program(name, port)
            lesson.until(server, "bind")
            first = lesson.python("UDPClient.py", HOST, port)
            first.says("first")
            lesson.until(server, "recvfrom")
            lesson.settle(first)

            lesson.act()
            second = lesson.java("UDPClient.java", HOST, port)
            second.says("second")
            second.ends()
            if kind != "last":
                first.ends()
            lesson.until(server, "sendto", 2)

            lesson.picture(folder / f"two_clients_{kind}.txt", "--width", "108")
            lesson.picture(folder / f"two_clients_{kind}.svg")
