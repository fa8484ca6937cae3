"""How long the calls of capsock.socket wait and what ends them: beside the standard library's, in one table.

A row is a call, in a mode, when something happens. What it returns or raises, and whether it waits for it, is
the same in both, but for a close by another thread, which ends a call of capsock.socket alone.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import capsock.socket
from support import HOST, LIMIT, Call, run_script, settled, wait_until

# Seconds of the timeouts; a call that ends earlier has not waited for one.
TIMEOUT = 0.4
TIMEVAL = struct.pack("ll", 0, int(TIMEOUT * 1e6))

IP_RECVERR = 11

# What arrives, and how much is asked for.
FIRST, REST, ASKED = b"abc", b"defghij", 8


class Signalled(Exception):
    """What the handler of the signal raises."""


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


def answer(call: Call) -> tuple[str, Any]:
    result: tuple[str, Any] = call.result()
    return result


def play(scene: Scene, name: str, act: Callable[[], Any], before: str, later: str) -> tuple[str, Any]:
    """Make the call; `before` has happened, `later` happens once it sleeps."""
    scene.happen(before)
    call = Call(lambda: ending(act))
    if ends_by_itself(scene.mode, name) and later == "nothing":
        return answer(call)
    wait_until(lambda: settled(call), "the call sleeps or has ended")
    if not call.is_alive():
        return answer(call)
    if later == "nothing":
        while call.is_alive():
            scene.rescue(call)
            call.join(0.01)
        return "hangs", None
    scene.happen(later)
    return "is ended", call.result()[1]


Row = tuple[str, str, str, str, str, str]


def receive_rows() -> Iterator[Row]:
    for name in RECEIVES:
        for mode in ("blocking", "timeout", "zero", "fcntl", "fcntl-blocking", "rcvtimeo", "fcntl+rcvtimeo"):
            for flags in ("", "peek", "dontwait"):
                yield "tcp", name, mode, flags, "nothing", "nothing"
                yield "udp", name, mode, flags, "nothing", "nothing"
            for event in ("data", "end", "reset"):
                yield "tcp", name, mode, "", event, "nothing"
                yield "tcp", name, mode, "", "nothing", event
            yield "udp", name, mode, "", "data", "nothing"
            yield "udp", name, mode, "", "nothing", "data"
            for flags in ("waitall", "waitall peek", "waitall dontwait"):
                yield "tcp", name, mode, flags, "data", "nothing"
                yield "tcp", name, mode, flags, "data", "all"
                yield "tcp", name, mode, flags, "all", "nothing"
                yield "tcp", name, mode, flags, "data", "end"
        for mode in ("rcvlowat", "rcvlowat+timeout", "rcvlowat+rcvtimeo", "rcvlowat+zero", "rcvlowat+fcntl"):
            for event in ("data", "all"):
                yield "tcp", name, mode, "", event, "nothing"
            # Less than the mark, once more, is no reason for the kernel to wake a call.
            yield "tcp", name, mode, "", "data", "all"
    for mode in ("blocking", "timeout", "fcntl", "rcvtimeo"):
        yield "tcp", "readline", mode, "", "data", "nothing"
        yield "tcp", "readline", mode, "", "data", "end"


def send_rows() -> Iterator[Row]:
    for name in SENDS:
        for mode in (
            "blocking",
            "timeout",
            "zero",
            "fcntl",
            "sndtimeo",
            "fcntl+sndtimeo",
            "sndtimeo+timeout",
        ):
            if name == "sendfile" and mode == "zero":
                continue  # refused
            for flags in ("", "dontwait"):
                if flags and name == "sendfile":
                    continue
                yield "tcp", name, mode, flags, "full", "nothing"
            yield "tcp", name, mode, "", "full", "reset"
            if name not in ("sendall", "sendfile"):
                yield "tcp", name, mode, "", "full", "room"


def fill(sock: Any) -> None:
    """Leave no room to send."""
    with socket.socket(fileno=os.dup(sock.fileno())) as same, contextlib.suppress(BlockingIOError):
        while same.send(FLOOD, socket.MSG_DONTWAIT):
            pass


def outcome_of(module: Any, row: Row) -> tuple[str, Any]:
    transport, name, mode, flags, before, later = row
    scene = Scene(module, transport, mode)
    with scene.closing:
        if before == "full":
            fill(scene.socket)
        act = {**RECEIVES, **SENDS, "readline": readline}[name]
        how, outcome = play(scene, name, lambda: act(scene.socket, FLAGS[flags]), before, later)
    # How much fits is the system's affair.
    return how, "sent" if name in SENDS and isinstance(outcome, int) and outcome > 0 else outcome


def differs(row: Row) -> str:
    """Return how a row differs, each time of three: one that a busy machine has delayed does not."""
    for _ in range(3):
        theirs, ours = outcome_of(socket, row), outcome_of(capsock.socket, row)
        if theirs == ours:
            return ""
    return f"{row}: {ours}, the standard library: {theirs}"


@pytest.mark.parametrize("rows", [receive_rows, send_rows], ids=["receives", "sends"])
def test_calls_wait_as_the_standard_librarys_do(rows: Callable[[], Iterator[Row]]) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert [text for text in pool.map(differs, rows()) if text] == []


def setups(module: Any, mode: str, event: str) -> tuple[str, Any]:
    """Return how an accept or a connect ended."""
    with module.socket() as sock, socket.socket() as other, contextlib.ExitStack() as closing:
        if event in ("connection", "no connection", "closed"):
            sock.bind((HOST, 0))
            sock.listen(1)
            set_mode(sock, mode)
            scene = Scene(socket, "udp", mode)
            scene.closing.close()
            scene.peer, scene.socket = other, sock
            if event == "connection":
                other.connect(sock.getsockname())
            call = Call(lambda: ending(lambda: sock.accept()[0].close()))
            if ends_by_itself(mode, "accept"):
                return answer(call)
            wait_until(lambda: settled(call), "the accept sleeps or has ended")
            if not call.is_alive():
                return answer(call)
            other.connect(sock.getsockname())
            return "is ended", call.result()[1]
        other.bind((HOST, 0))
        if event == "nobody":
            address = other.getsockname()
        else:
            other.listen(0)
            address = other.getsockname()
            for _ in range(8 if event == "full" else 0):
                filler = closing.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(address)
        set_mode(sock, mode)
        call = Call(lambda: ending(lambda: sock.connect(address)))
        if event == "full" and not ends_by_itself(mode, "connect"):
            wait_until(lambda: settled(call), "the connect sleeps or has ended")
            if call.is_alive():
                # Makes room: the handshake is tried again after a second.
                other.settimeout(0.05)
                while call.is_alive():
                    with contextlib.suppress(TimeoutError, socket.timeout):
                        other.accept()[0].close()
                return "is ended", call.result()[1]
        return answer(call)


MODES = ["blocking", "timeout", "zero", "fcntl", "rcvtimeo", "sndtimeo"]


@pytest.mark.parametrize("event", ["connection", "no connection", "somebody", "nobody", "full"])
def test_accept_and_connect_wait_as_the_standard_librarys_do(event: str) -> None:
    def differs(mode: str) -> str:
        for _ in range(3):
            theirs, ours = setups(socket, mode, event), setups(capsock.socket, mode, event)
            if theirs == ours:
                return ""
        return f"{mode}: {ours}, the standard library: {theirs}"

    with ThreadPoolExecutor(len(MODES)) as pool:
        assert [text for text in pool.map(differs, MODES) if text] == []


CLOSED = ("OSError", errno.EBADF)


@pytest.mark.parametrize("mode", ["blocking", "timeout", "rcvtimeo", "sndtimeo", "rcvlowat"])
@pytest.mark.parametrize("name", [*RECEIVES, *SENDS, "readline"])
def test_a_close_ends_a_call(name: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.TIMEVAL", struct.pack("ll", int(LIMIT), 0))
    monkeypatch.setattr(f"{__name__}.TIMEOUT", LIMIT)
    scene = Scene(capsock.socket, "tcp", mode)
    with scene.closing:
        if name in SENDS:
            fill(scene.socket)
        act = {**RECEIVES, **SENDS, "readline": readline}[name]
        call = Call(lambda: ending(lambda: act(scene.socket, 0)))
        wait_until(lambda: settled(call), "the call sleeps")
        assert call.is_alive()
        if name == "sendfile" or name == "readline":
            # The call is os.sendfile's, and a file keeps its socket open, as in the standard library.
            scene.peer.close()
            call.result()
            return
        scene.happen("close")
        assert call.result()[1] == CLOSED


SIGNALLED = [
    (name, mode)
    for name in [*RECEIVES, *SENDS, "accept", "connect"]
    for mode in ["blocking", "timeout", "rcvtimeo", *(["rcvlowat", "recverr"] if name in RECEIVES else [])]
]


@pytest.mark.parametrize("module", [socket, capsock.socket])
@pytest.mark.parametrize(("name", "mode"), SIGNALLED)
def test_a_signal_ends_a_call(module: Any, name: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the handler raises is raised; a handler that returns lets the call go on."""
    monkeypatch.setattr(f"{__name__}.TIMEVAL", struct.pack("ll", int(LIMIT), 0))
    monkeypatch.setattr(f"{__name__}.TIMEOUT", LIMIT)
    handled = []

    def handler(_number: int, _frame: object) -> None:
        handled.append(1)
        if len(handled) == 2:
            raise Signalled

    scene = Scene(module, "udp" if mode == "recverr" else "tcp", mode)
    main = threading.get_native_id()
    over = threading.Event()

    def send_signals() -> None:
        for count in (1, 2):
            while not over.is_set() and len(handled) < count:
                where = Path(f"/proc/self/task/{main}/wchan").read_text()
                if where != "0" and "futex" not in where:
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
                time.sleep(0.005)

    before = signal.signal(signal.SIGUSR1, handler)
    sender = threading.Thread(target=send_signals)
    with scene.closing, module.socket() as other, contextlib.ExitStack() as closing:
        act: Callable[[], Any]
        if name in SENDS:
            fill(scene.socket)
        if name == "accept":
            other.bind((HOST, 0))
            other.listen(1)
            set_mode(other, mode)
            act = other.accept
        elif name == "connect":
            full = closing.enter_context(socket.socket())
            full.bind((HOST, 0))
            full.listen(0)
            for _ in range(8):
                filler = closing.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
            set_mode(other, mode)
            act = lambda: other.connect(full.getsockname())  # noqa: E731
        else:
            act = lambda: {**RECEIVES, **SENDS}[name](scene.socket, 0)  # noqa: E731
        try:
            sender.start()
            with pytest.raises(Signalled):
                act()
        finally:
            over.set()
            sender.join()
            signal.signal(signal.SIGUSR1, before)


ERROR_QUEUE = """
    import {module} as socket
    import os, resource, signal, time
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.bind(("127.0.0.1", 0))
    u.setsockopt(socket.IPPROTO_IP, 11, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        nobody = gone.getsockname()
    def attempt(call):
        begin = time.monotonic()
        try:
            outcome = call()
        except OSError as error:
            outcome = type(error).__name__, error.errno
        print("waits" if time.monotonic() - begin >= 0.3 else "at once", outcome)
    def refuse():
        u.sendto(b"x", nobody)
        time.sleep(0.05)
    MSG_ERRQUEUE = 0x2000
    attempt(lambda: u.recvmsg(10, 0, MSG_ERRQUEUE))
    refuse()
    attempt(lambda: u.recv(10))
    u.settimeout(0.4)
    attempt(lambda: u.recv(10))
    attempt(lambda: u.recvfrom(10))
    u.settimeout(None)
    attempt(lambda: len(u.recvmsg(10, 200, MSG_ERRQUEUE)[1]))
    attempt(lambda: u.recvmsg(10, 0, MSG_ERRQUEUE))
    u.settimeout(0.4)
    attempt(lambda: u.recvmsg(10, 0, MSG_ERRQUEUE))
    refuse()
    attempt(lambda: u.recv(10))
    used = time.process_time()
    u.settimeout(1.5)
    def interrupt(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        try:
            u.recv(10)
        except OSError as error:
            ended = type(error).__name__
    except KeyboardInterrupt as error:
        ended = type(error).__name__
    {last}
"""


def test_an_error_queue_that_is_not_empty() -> None:
    """It neither ends a wait nor keeps it busy, and a signal ends the wait. The standard library is busy."""
    last = "print(ended, 'busy' if time.process_time() - used > 0.25 else 'idle')"
    theirs = run_script(ERROR_QUEUE.format(module="socket", last="pass"))
    ours = run_script(ERROR_QUEUE.format(module="capsock.socket", last=last))
    assert theirs[0] == ours[0] == 0, (theirs, ours)
    assert ours[1] == theirs[1] + "KeyboardInterrupt idle\n"
