"""A socket in a mode, its peer, and the calls and events that the tests of waits are made of."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from support import HOST, Call

# Seconds of the timeouts; a call that ends earlier has not waited for one.
TIMEOUT = 0.4
TIMEVAL = struct.pack("ll", 0, int(TIMEOUT * 1e6))

IP_RECVERR = 11
SIOCOUTQ, SIOCOUTQNSD = 0x5411, 0x894B

# What arrives, and how much is asked for.
FIRST, REST, ASKED = b"abc", b"defghij", 8


class Scene:
    """The socket that a row is about, in its mode, and its peer."""

    def __init__(self, module: Any, transport: str, mode: str) -> None:
        self.mode = mode
        self.closing = contextlib.ExitStack()
        kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
        listener = self.closing.enter_context(socket.socket(socket.AF_INET, kind))
        listener.bind((HOST, 0))
        self.socket = self.closing.enter_context(module.socket(socket.AF_INET, kind))
        if transport == "tcp":
            listener.listen(1)
            self.socket.connect(listener.getsockname())
            self.peer, _ = listener.accept()
        else:
            self.peer = listener
            self.socket.bind((HOST, 0))
            self.socket.connect(self.peer.getsockname())
            self.peer.connect(self.socket.getsockname())
        self.closing.callback(lambda: self.peer.close())
        set_mode(self.socket, mode)

    def happen(self, event: str) -> None:
        """Make the event."""
        if event == "data":
            self.peer.sendall(FIRST)
        elif event == "all":
            self.peer.sendall(FIRST + REST)
        elif event == "room":
            self.peer.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while self.peer.recv(1 << 20):
                    pass
            self.peer.setblocking(True)
        elif event == "end":
            self.peer.close()
        elif event == "reset":
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.peer.close()
        elif event == "close":
            self.socket.close()

    def rescue(self, call: Call) -> None:
        """End a call that would wait for ever."""
        with contextlib.suppress(OSError):
            self.peer.settimeout(0.01)
            # More than any call here asks for; what it sends is taken.
            self.peer.send(b"x" * 1000 + b"\n")
            while call.is_alive() and self.peer.recv(1 << 20):
                pass


def set_mode(sock: Any, mode: str) -> None:
    """Put a socket into a mode; several are joined with +."""
    for one in mode.split("+"):
        if one == "timeout":
            sock.settimeout(TIMEOUT)
        elif one == "zero":
            sock.settimeout(0)
        elif one == "fcntl":
            os.set_blocking(sock.fileno(), False)
        elif one == "fcntl-blocking":
            sock.settimeout(0)
            os.set_blocking(sock.fileno(), True)
        elif one == "rcvtimeo":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, TIMEVAL)
        elif one == "sndtimeo":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, TIMEVAL)
        elif one == "rcvlowat":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 5)
        elif one == "recverr":
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        else:
            assert one == "blocking", one


def ends_by_itself(mode: str, name: str) -> bool:
    if name == "sendfile":
        return "timeout" in mode  # it waits by itself
    return "timeout" in mode or ("sndtimeo" if name in SENDS or name == "connect" else "rcvtimeo") in mode


Act = Callable[[Any, int], Any]


def recv_into(sock: Any, flags: int) -> bytes:
    room = bytearray(ASKED)
    return bytes(room[: sock.recv_into(room, ASKED, flags)])


def recvfrom_into(sock: Any, flags: int) -> bytes:
    room = bytearray(ASKED)
    count, _ = sock.recvfrom_into(room, ASKED, flags)
    return bytes(room[:count])


def recvmsg_into(sock: Any, flags: int) -> bytes:
    one, two = bytearray(3), bytearray(ASKED - 3)
    count = sock.recvmsg_into([one, two], 0, flags)[0]
    return bytes(one + two)[:count]


def readline(sock: Any, _flags: int) -> Any:
    with sock.makefile("rb") as lines:
        return lines.readline()


RECEIVES: dict[str, Act] = {
    "recv": lambda sock, flags: sock.recv(ASKED, flags),
    "recv_into": recv_into,
    "recvfrom": lambda sock, flags: sock.recvfrom(ASKED, flags)[0],
    "recvfrom_into": recvfrom_into,
    "recvmsg": lambda sock, flags: sock.recvmsg(ASKED, 0, flags)[0],
    "recvmsg_into": recvmsg_into,
}

FLAGS = {
    "": 0,
    "waitall": socket.MSG_WAITALL,
    "peek": socket.MSG_PEEK,
    "dontwait": socket.MSG_DONTWAIT,
    "waitall peek": socket.MSG_WAITALL | socket.MSG_PEEK,
    "waitall dontwait": socket.MSG_WAITALL | socket.MSG_DONTWAIT,
}

FLOOD = bytes(8 << 20)


def sendfile(sock: Any, _flags: int) -> Any:
    with tempfile.TemporaryFile() as file:
        file.truncate(len(FLOOD))
        return sock.sendfile(file)


SENDS: dict[str, Act] = {
    "send": lambda sock, flags: sock.send(b"x" * 1000, flags),
    "sendall": lambda sock, flags: sock.sendall(FLOOD, flags),
    "sendto": lambda sock, flags: sock.sendto(b"x" * 1000, flags, sock.getpeername()),
    "sendmsg": lambda sock, flags: sock.sendmsg([b"x" * 500, b"x" * 500], [], flags),
    "sendfile": sendfile,
}


def ending(act: Callable[[], Any]) -> tuple[str, Any]:
    """Return whether the call took a timeout's time, and what it returned or raised."""
    begin = time.monotonic()
    try:
        outcome = act()
    except OSError as error:
        outcome = (type(error).__name__, error.errno)
    return ("waits" if time.monotonic() - begin >= TIMEOUT * 0.9 else "at once"), outcome


def fill(sock: Any) -> None:
    """Leave no room to send: what the peer acknowledges later would make some."""
    with socket.socket(fileno=os.dup(sock.fileno())) as same:
        acknowledged = sent = False
        while sent or not acknowledged:
            acknowledged = queued(same, SIOCOUTQ) == queued(same, SIOCOUTQNSD)
            sent = False
            with contextlib.suppress(BlockingIOError):
                while same.send(FLOOD, socket.MSG_DONTWAIT):
                    sent = True


def queued(sock: socket.socket, request: int) -> int:
    """Count the bytes in the send queue, all or those not sent (tcp(7))."""
    return int.from_bytes(fcntl.ioctl(sock, request, bytes(4)), sys.byteorder)
