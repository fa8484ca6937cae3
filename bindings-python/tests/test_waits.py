"""How long the calls of capsock.socket wait: beside the standard library's, in one table.

A row is a call, in a mode, when something happens. What it returns or raises, and whether it waits for it, is
the same in both. What ends a call from outside is in test_wait_ends.py.
"""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import capsock.socket
from scene import FLAGS, RECEIVES, SENDS, Scene, ending, ends_by_itself, fill, readline, set_mode
from support import HOST, Call, run_script, settled, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it watches threads in /proc")


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


@pytest.mark.slow
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


@pytest.mark.slow
def test_an_error_queue_that_is_not_empty() -> None:
    """It neither ends a wait nor keeps it busy, and a signal ends the wait. The standard library is busy."""
    last = "print(ended, 'busy' if time.process_time() - used > 0.25 else 'idle')"
    theirs = run_script(ERROR_QUEUE.format(module="socket", last="pass"))
    ours = run_script(ERROR_QUEUE.format(module="capsock.socket", last=last))
    assert theirs[0] == ours[0] == 0, (theirs, ours)
    assert ours[1] == theirs[1] + "KeyboardInterrupt idle\n"
