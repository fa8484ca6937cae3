"""The Python peer of `capsock demo`.

`peer.py serve` runs a server of each kind; `peer.py ask TEXTS EXPECTED` asks servers and checks every reply.
"""

from __future__ import annotations

import errno
import sys
from contextlib import ExitStack
from pathlib import Path

import capsock

HOST = "127.0.0.1"
TIMEOUT = 20.0
# The maximum payload of a UDP datagram over IPv4, in bytes.
LARGEST_DATAGRAM = 65_507


def serve() -> None:
    """Run the eight servers until the end of standard input."""
    with ExitStack() as running:
        for transport in ("tcp", "udp"):
            for concurrency in ("iterative", "threads", "processes", "events"):
                try:
                    server = capsock.Server(transport, host=HOST, port=0, concurrency=concurrency)
                except OSError as error:
                    # Not every system has processes.
                    if error.errno != errno.EOPNOTSUPP:
                        raise
                    print(transport, concurrency, "unsupported")
                else:
                    print(transport, concurrency, running.enter_context(server).port)
        print("ready", flush=True)
        sys.stdin.read()


def ask(texts: str, expected: str) -> None:
    """Send every text to each server listed on standard input, as in `tcp threads 40123`."""
    pairs = list(zip(lines(texts), lines(expected)))
    for server in map(str.rstrip, sys.stdin):
        try:
            result, detail = "ok", ask_one(server, pairs)
        except Exception as error:
            result, detail = "failed", str(error)
        print(server, result, " ".join(detail.split()), sep="\t", flush=True)


def ask_one(server: str, pairs: list[tuple[str, str]]) -> str:
    """Send each text. Over UDP, return the error of one that does not fit and so must be refused."""
    transport, _, port = server.split()
    connect = capsock.TcpClient if transport == "tcp" else capsock.UdpClient
    detail = f"{len(pairs)} texts"
    with connect(HOST, int(port), timeout=TIMEOUT) as client:
        for number, (text, expected) in enumerate(pairs, 1):
            too_large = transport == "udp" and len(text.encode()) > LARGEST_DATAGRAM
            try:
                reply = client.request(text)
            except OSError as error:
                if not (too_large and error.errno == errno.EMSGSIZE):
                    raise
                detail = str(error)
            else:
                if too_large:
                    raise ValueError(f"text {number}: no error 'too large'")
                if reply != expected:
                    raise ValueError(f"text {number}: the reply differs")
    return detail


def lines(file: str) -> list[str]:
    """Return the lines of a UTF-8 file, without newlines."""
    return Path(file).read_bytes().decode().removesuffix("\n").split("\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    elif sys.argv[1:2] == ["ask"] and len(sys.argv) == 4:
        ask(*sys.argv[2:])
    else:
        sys.exit("usage: peer.py serve | peer.py ask TEXTS EXPECTED")
