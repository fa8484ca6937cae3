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


def udp(sock: socket.socket, size: int) -> None:
    while True:
        message, source = sock.recvfrom(size)
        sock.sendto(upper(message), source)


def main() -> None:
    mode, size = sys.argv[1], int(sys.argv[2])
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if mode == "udp" else socket.SOCK_STREAM)
    sock.bind(("127.0.0.1", 0))
    if mode != "udp":
        sock.listen(4096)
    print(sock.getsockname()[1], flush=True)
    {"tcp": tcp, "tcp-once": once, "udp": udp}[mode](sock, size)


main()
