"""Calls of `capsock.socket` that wait, beside other threads, signals and forked processes."""

from __future__ import annotations

import errno
import signal
import sys
from collections.abc import Callable

import pytest

import capsock.socket as ours
from support import HOST, LIMIT, Call, Script, connection, run_script, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it watches threads in /proc")


def test_close_in_another_thread_ends_a_call() -> None:
    def blocked(call: Callable[[ours.socket], object], socket: ours.socket) -> None:
        calling = Call(lambda: call(socket))
        wait_until(calling.sleeps, "the call is blocked")
        socket.close()
        with pytest.raises(OSError, match="Bad file descriptor") as raised:
            calling.result()
        assert raised.value.errno == errno.EBADF

    with connection() as (client, server):
        blocked(lambda socket: socket.recv(1), client)
        server.settimeout(LIMIT)
        listener = ours.create_server((HOST, 0))
        blocked(lambda socket: socket.accept(), listener)
        datagrams = ours.socket(ours.AF_INET, ours.SOCK_DGRAM)
        blocked(lambda socket: socket.recvfrom_into(bytearray(1)), datagrams)


INTERRUPTED = {
    "recv": "one.recv(1)",
    "recv with a timeout": "one.settimeout(1000); one.recv(1)",
    "recv of much": "one.recv(1000000)",
    "recv_into": "one.recv_into(bytearray(1))",
    "recvmsg": "one.recvmsg(1)",
    "readline": "one.makefile().readline()",
    "accept": "listener.accept()",
    "sendall": "one.sendall(bytes(100_000_000))",
}


@pytest.mark.parametrize("call", INTERRUPTED)
def test_ctrl_c_and_signals(call: str) -> None:
    code = f"""
        import signal
        from capsock.socket import *
        listener = create_server(("127.0.0.1", 0))
        one = create_connection(listener.getsockname())
        other, _ = listener.accept()
        signal.signal(signal.SIGUSR1, lambda *_: print("signal", flush=True))
        print("ready", flush=True)
        try:
            {INTERRUPTED[call]}
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """
    with Script(code) as script:
        script.wait_for("ready")
        script.wait_until_blocked()
        script.process.send_signal(signal.SIGUSR1)
        script.wait_for("signal")
        script.wait_until_blocked()
        script.interrupt()
        assert script.end() == (0, "ready\nsignal\ninterrupted\n", "")


def test_other_threads_run_during_a_call() -> None:
    with connection() as (client, server):
        calling = Call(lambda: server.recv(1))
        wait_until(calling.sleeps, "the call is blocked")
        client.send(b"x")
        assert calling.result() == b"x"


def test_a_forked_child_has_the_socket_too() -> None:
    code = """
        import os
        from capsock.socket import *
        listener = create_server(("127.0.0.1", 0))
        pid = os.fork()
        if pid == 0:
            connection, _ = listener.accept()
            connection.sendall(connection.recv(100).upper())
            connection.close()
            os._exit(0)
        with create_connection(listener.getsockname()) as client:
            listener.close()
            client.sendall(b"hello")
            print(client.makefile().read())
        print(os.waitpid(pid, 0)[1])
    """
    assert run_script(code) == (0, "HELLO\n0\n", "")
