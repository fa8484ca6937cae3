"""A UDP server of upper case with the standard library: PORT, and its fault, by the probe's name."""

import os
import signal
import socket
import sys

port, fault = int(sys.argv[1]), sys.argv[2]
if fault == "restarts":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", port))
other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
first = None
seen = set()
buffer = bytearray(1 << 16)
while True:
    message, client = server.recvfrom(2048 if fault == "long" else 1 << 16)
    if fault == "empty" and not message:
        sys.exit(3)
    first = first or client
    seen.add(client)
    if fault == "many" and len(seen) > 20:
        continue
    if fault == "keeps-well":
        os.open(os.devnull, os.O_RDONLY)
    if fault == "answers":
        answer = message
    elif fault == "unicode":
        answer = message.upper()  # of bytes: ASCII alone
    else:
        errors = "strict" if fault == "not-text" else "surrogateescape"
        answer = message.decode(errors=errors).upper().encode(errors=errors)
    if fault == "exact":
        buffer[: len(answer)] = answer
        answer = bytes(buffer[:1024])
    if fault == "two-clients":
        client = first
    (other if fault == "wrong-port" else server).sendto(answer, client)
