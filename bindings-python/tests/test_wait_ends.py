"""What ends a waiting call of capsock.socket: another thread's close, and an exception of a signal handler.

In the standard library, only the handler does.
"""

from __future__ import annotations

import contextlib
import errno
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import capsock.socket
from scene import RECEIVES, SENDS, Scene, ending, fill, readline, set_mode
from support import HOST, LIMIT, Call, settled, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it watches threads in /proc")


class Signalled(Exception):
    """What the handler of the signal raises."""


CLOSED = ("OSError", errno.EBADF)


@pytest.mark.parametrize("mode", ["blocking", "timeout", "rcvtimeo", "sndtimeo", "rcvlowat"])
@pytest.mark.parametrize("name", [*RECEIVES, *SENDS, "readline"])
def test_a_close_ends_a_call(name: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scene.TIMEVAL", struct.pack("ll", int(LIMIT), 0))
    monkeypatch.setattr("scene.TIMEOUT", LIMIT)
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
    monkeypatch.setattr("scene.TIMEVAL", struct.pack("ll", int(LIMIT), 0))
    monkeypatch.setattr("scene.TIMEOUT", LIMIT)
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
