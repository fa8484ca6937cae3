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
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import capsock.socket
from support import HOST, LIMIT, Call, run_script, wait_until

# Seconds of the timeouts; a call that ends earlier has not waited for one.
TIMEOUT = 0.4
TIMEVAL = struct.pack("ll", 0, int(TIMEOUT * 1e6))

IP_RECVERR = 11
MSG_ERRQUEUE = 0x2000

# What arrives, and how much is asked for.
FIRST, REST, ASKED = b"abc", b"defghij", 8


class Signalled(Exception):
    """What the handler of the signal raises."""


def settled(call: Call) -> bool:
    """Tell whether a call has ended, or sleeps in the kernel for something that is no lock."""
    for _ in range(4):
        if not call.is_alive():
            return True
        try:
            where = Path(f"/proc/self/task/{call.native_id}/wchan").read_text()
        except OSError:
            return not call.is_alive()
        if where == "0" or "futex" in where:
            return False
        time.sleep(0.002)
    return True


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


def test_threads_that_wait_have_no_descriptors() -> None:
    code, out, err = run_script(
        """
        import os, threading, time
        import capsock.socket as socket
        u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        u.bind(("127.0.0.1", 0))
        timed = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        timed.bind(("127.0.0.1", 0))
        timed.settimeout(1000)
        before = len(os.listdir("/proc/self/fd"))
        threading.stack_size(256 * 1024)
        ended = []
        def receive(s):
            try:
                s.recv(1)
            except OSError as error:
                ended.append(error.errno)
        threads = [threading.Thread(target=receive, args=(s,)) for s in [u, timed] * 500]
        for thread in threads:
            thread.start()
        def sleeps(thread):
            where = open(f"/proc/self/task/{thread.native_id}/wchan").read()
            return where != "0" and "futex" not in where
        while not all(map(sleeps, threads)):
            time.sleep(0.01)
        print(len(os.listdir("/proc/self/fd")) - before)
        u.close()
        timed.close()
        for thread in threads:
            thread.join()
        print(set(ended), len(ended))
        """
    )
    assert (code, out) == (0, "0\n{9} 1000\n"), err


def accept_all(listener: Any) -> None:
    while True:
        listener.accept()[0].close()


def test_a_close_frees_the_port_at_once() -> None:
    for _ in range(10):
        listener = capsock.socket.create_server((HOST, 0), backlog=50)
        address = listener.getsockname()
        calls = [Call(partial(accept_all, listener)) for _ in range(16)]
        for call in calls:
            wait_until(partial(settled, call), "it accepts")
        for _ in range(7):
            socket.create_connection(address).close()
        listener.close()
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(address)
            again.listen()
        for call in calls:
            with pytest.raises(OSError, match="Bad file descriptor"):
                call.result()


OTHERS = {
    "a copy": "same = a.dup(); other = Call(lambda: same.recv(10)); settle(other); a.close()",
    "a child": """
        other = Call(lambda: a.recv(10)); settle(other)
        if os.fork() == 0:
            mine = Call(lambda: a.recv(10)); settle(mine); a.close(); mine.join()
            os._exit(9 if mine.error.errno == 9 else 1)
        assert os.waitstatus_to_exitcode(os.wait()[1]) == 9""",
    "another thread's": """
        c, d = socketpair(); other = Call(lambda: a.recv(10)); mine = Call(lambda: c.recv(10))
        settle(other); settle(mine); c.close(); mine.join(); assert mine.error.errno == 9""",
}


@pytest.mark.parametrize("timeout", [None, 1000])
@pytest.mark.parametrize("closes", OTHERS)
def test_a_close_ends_no_call_but_its_own(closes: str, timeout: float | None) -> None:
    code, out, err = run_script(PRELUDE + f"a.settimeout({timeout})\n" + unindented(OTHERS[closes]) + ENDING)
    assert (code, out) == (0, "b'x'\n"), err


PRELUDE = """
import os, signal, socket as stdlib, threading, time
import capsock.socket as socket
class Call(threading.Thread):
    def __init__(self, call):
        super().__init__(daemon=True)
        self.call, self.value, self.error = call, None, None
        self.start()
    def run(self):
        try:
            self.value = self.call()
        except OSError as error:
            self.error = error
def settle(call):
    while True:
        where = open(f"/proc/self/task/{call.native_id}/wchan").read()
        if where != "0" and "futex" not in where:
            return
        time.sleep(0.001)
def socketpair():
    with stdlib.create_server(("127.0.0.1", 0)) as listener:
        a = socket.create_connection(listener.getsockname())
        return a, listener.accept()[0]
a, b = socketpair()
"""
ENDING = "\nb.sendall(b'x')\nother.join()\nprint(other.value)\n"


def unindented(code: str) -> str:
    return "\n".join(line[8:] if line.startswith("        ") else line for line in code.splitlines())


HOSTS = {
    "blocks signals": "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())",
    "blocks signals after a call": """
        def receive():
            b.send(b"x")
            a.recv(1)
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            return a.recv(10)""",
    "takes every signal": """
        for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1):
            signal.signal(number, lambda *_: print("handled"))""",
    "takes every signal after a call": """
        b.send(b"x"); a.recv(1)
        for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1):
            signal.signal(number, lambda *_: os._exit(9))""",
    "takes every signal during the call": """
        other = Call(lambda: receive()); settle(other)
        for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1):
            signal.signal(number, lambda *_: os._exit(9))""",
    "resets every signal": """
        b.send(b"x"); a.recv(1)
        for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1):
            signal.signal(number, signal.SIG_DFL)""",
    "ignores every signal": """
        b.send(b"x"); a.recv(1)
        for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1):
            signal.signal(number, signal.SIG_IGN)""",
}


@pytest.mark.parametrize("host", HOSTS)
def test_a_close_ends_calls_in_a_host_that(host: str) -> None:
    code, out, err = run_script(
        PRELUDE
        + "receive = lambda: a.recv(10)\n"
        + unindented(HOSTS[host])
        + "\nother = Call(lambda: receive()); settle(other); time.sleep(0.01); settle(other)\n"
        + "a.close(); other.join(); print(other.error or other.value)\n"
    )
    assert (code, out.splitlines()[-1]) in [(0, "[Errno 9] Bad file descriptor"), (0, "b''")], (out, err)


def test_one_of_a_detach_and_a_close_has_the_descriptor() -> None:
    """Both end the calls that are blocked; what the detach returns is open and its caller's."""
    code, out, err = run_script(
        PRELUDE
        + unindented("""
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(100):
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            one.bind(("127.0.0.1", 0))
            readers = [Call(lambda: one.recv(1)) for _ in range(2)]
            for reader in readers:
                settle(reader)
            barrier = threading.Barrier(2)
            def detach():
                barrier.wait()
                return one.detach()
            def close():
                barrier.wait()
                one.close()
            detaching, closing = Call(detach), Call(close)
            for call in (detaching, closing, *readers):
                call.join()
            if detaching.value != -1:
                os.close(detaching.value)
        print(len(os.listdir("/proc/self/fd")) - before)
        """)
    )
    assert (code, out) == (0, "0\n"), err


def test_a_timeout_set_during_a_call_does_not_fail_it() -> None:
    """The descriptor has O_NONBLOCK then, and a signal has the call made again."""
    code, out, err = run_script(
        PRELUDE
        + unindented("""
        signal.signal(signal.SIGUSR1, lambda *_: handled.append(1))
        handled = []
        main = threading.get_native_id()
        def meanwhile():
            def sleeps():
                where = open(f"/proc/self/task/{main}/wchan").read()
                return where != "0" and "futex" not in where
            while not sleeps():
                time.sleep(0.001)
            a.settimeout(30)
            while not handled:
                signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
                time.sleep(0.01)
            b.send(b"data")
        threading.Thread(target=meanwhile).start()
        print(a.recv(10))
        """)
    )
    assert (code, out) == (0, "b'data'\n"), err
