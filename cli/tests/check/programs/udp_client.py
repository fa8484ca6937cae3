"""A UDP client with the standard library: PORT, and its fault, by the probe's name."""

import socket
import sys

port, fault = int(sys.argv[1]), sys.argv[2]
server = ("127.0.0.1", port)
line = sys.stdin.readline().rstrip("\n")
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if fault not in ("no-server", "lost-reply"):
    client.settimeout(1.0)
if fault == "empty-line" and not line:
    client.settimeout(None)
request = line.upper() if fault == "asks" else line
encoded = request.encode("ascii", "replace") if fault == "unicode" else request.encode()
for _ in range(3):
    if encoded or fault != "empty-line":
        client.sendto(encoded, server)
    try:
        reply, source = client.recvfrom(2048 if fault == "long" else 1 << 16)
        while source != server and fault != "stranger":
            reply, source = client.recvfrom(1 << 16)
    except TimeoutError:
        continue
    print(reply.decode())
    sys.exit(3 if fault == "exit" else 0)
sys.exit("no reply")
