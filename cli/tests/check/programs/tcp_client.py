"""A TCP client with the standard library: PORT, and its fault, by the probe's name."""

import socket
import sys
import time

port, fault = int(sys.argv[1]), sys.argv[2]
line = sys.stdin.readline().rstrip("\n")
while True:
    try:
        connection = socket.create_connection(("127.0.0.1", port))
        break
    except OSError as error:
        if fault != "no-server":
            sys.exit(f"could not connect: {error}")
        time.sleep(0.1)
request = line.upper() if fault == "asks" else line
encoded = request.encode("ascii", "replace") if fault == "unicode" else request.encode()
connection.sendall(encoded if fault == "empty-line" else encoded + b"\n")
reply = b""
while not reply.endswith(b"\n"):
    chunk = connection.recv(1024 if fault == "long" else 1 << 16)
    reply += chunk
    if not chunk or fault in ("pieces", "long"):
        break
print("From Server:", line.upper() if fault == "invents" else reply.decode().rstrip("\n"))
sys.exit(3 if fault == "exit" else 0)
