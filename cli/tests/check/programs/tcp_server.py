"""A TCP server of upper case with the standard library: PORT, and its fault, by the probe's name."""

import os
import signal
import socket
import sys
import threading

port, fault = int(sys.argv[1]), sys.argv[2]
kept = []
last = b""


def reply(line: bytes) -> bytes:
    """Return the reply to a line."""
    global last
    if fault == "answers":
        return line
    if fault == "unicode":
        return line.upper()  # of bytes: ASCII alone
    if fault == "long":
        line = line[:65536]
    try:
        upper = line.decode(errors="strict" if fault == "not-text" else "surrogateescape").upper()
    except UnicodeDecodeError:
        os._exit(3)
    answer = upper.encode(errors="surrogateescape")
    if fault == "two-clients":
        answer, last = last or answer, answer
    if fault == "keeps-well":
        os.open(os.devnull, os.O_RDONLY)
    return answer


def serve(connection: socket.socket) -> None:
    """Answer the lines of a connection."""
    if fault == "leaves":
        kept.append(connection)
    if fault == "many" and threading.active_count() > 20:
        connection.close()
        return
    received = b""
    asked = False
    while True:
        try:
            chunk = connection.recv(1 << 16)
        except ConnectionResetError:
            if fault == "reset":
                os._exit(3)
            break
        if not chunk:
            if fault == "empty" and not asked:
                os._exit(3)
            if fault == "half-close":
                continue
            break
        asked = True
        received += chunk
        if fault == "split":
            received = received.rstrip(b"\n") + b"\n"
        while b"\n" in received:
            line, received = received.split(b"\n", 1)
            if fault == "joined":
                received = b""
            more = b"\0\0" if fault == "exact" else b""
            try:
                connection.sendall(reply(line) + b"\n" + more)
            except OSError:
                break
    if fault != "leaves":
        connection.close()


if fault == "ctrl-c":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
listener = socket.socket()
if fault != "restarts":
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", port))
listener.listen(128)
while True:
    accepted, _ = listener.accept()
    if fault == "silent-client":
        serve(accepted)
    else:
        threading.Thread(target=serve, args=(accepted,), daemon=True).start()
