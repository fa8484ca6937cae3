"""Python's own sockets. Usage: stdlib_server.py tcp|tcp-once|udp BUFFER

`tcp` has a thread for each connection.
"""

import socket
import sys
import threading


def upper(text: bytes) -> bytes:
    return text.upper()


def serve(connection: socket.socket, size: int) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        while data := connection.recv(size):
            connection.sendall(upper(data))


def tcp(listener: socket.socket, size: int) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, size), daemon=True).start()


def once(listener: socket.socket, size: int) -> None:
    """The textbook's server."""
    while True:
        connection, _ = listener.accept()
        connection.send(upper(connection.recv(size)))
        connection.close()


def udp(door: socket.socket, size: int) -> None:
    while True:
        message, source = door.recvfrom(size)
        door.sendto(upper(message), source)


def main() -> None:
    mode, size = sys.argv[1], int(sys.argv[2])
    door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if mode == "udp" else socket.SOCK_STREAM)
    door.bind(("127.0.0.1", 0))
    if mode != "udp":
        door.listen(4096)
    print(door.getsockname()[1], flush=True)
    {"tcp": tcp, "tcp-once": once, "udp": udp}[mode](door, size)


main()
