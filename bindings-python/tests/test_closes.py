"""What a close of capsock.socket ends in other threads, and what it leaves alone, in hosts of all kinds."""

from __future__ import annotations

import socket
import sys
from functools import partial
from typing import Any

import pytest

import capsock.socket
from support import HOST, Call, run_script, settled, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it watches threads in /proc")


@pytest.mark.slow
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


# The signals of which capsock chooses one, on each system.
SIGNALS = "\nnumbers = [signal.SIGURG, signal.SIGWINCH, *range(signal.SIGRTMIN, signal.SIGRTMAX + 1)]\n"
HOSTS = {
    "blocks signals": "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())",
    "blocks signals after a call": """
        def receive():
            b.send(b"x")
            a.recv(1)
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            return a.recv(10)""",
    "takes every signal": """
        for number in numbers:
            signal.signal(number, lambda *_: print("handled"))""",
    "takes every signal after a call": """
        b.send(b"x"); a.recv(1)
        for number in numbers:
            signal.signal(number, lambda *_: os._exit(9))""",
    "takes every signal during the call": """
        other = Call(lambda: receive()); settle(other)
        for number in numbers:
            signal.signal(number, lambda *_: os._exit(9))""",
    "resets every signal": """
        b.send(b"x"); a.recv(1)
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)""",
    "ignores every signal": """
        b.send(b"x"); a.recv(1)
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)""",
}


@pytest.mark.parametrize("host", HOSTS)
def test_a_close_ends_calls_in_a_host_that(host: str) -> None:
    code, out, err = run_script(
        PRELUDE
        + SIGNALS
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
