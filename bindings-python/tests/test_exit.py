"""The interpreter exits while servers run, and forks: it neither hangs nor crashes."""

from __future__ import annotations

import sys

import pytest

import capsock
from support import HOST, KINDS, Script, run_script

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its programs fork, and get signals")


@pytest.mark.parametrize(("transport", "concurrency"), KINDS)
@pytest.mark.parametrize("last", ["pass", "sys.exit(3)", "raise ValueError('the end')"])
def test_exit_with_a_running_server(transport: str, concurrency: str, last: str) -> None:
    code, out, err = run_script(
        f"""
        import sys
        import capsock
        server = capsock.Server({transport!r}, port=0, concurrency={concurrency!r})
        make = capsock.TcpClient if {transport!r} == "tcp" else capsock.UdpClient
        client = make(*server.address)
        print(client.request("hello"))
        {last}
        """
    )
    expected = {"pass": 0, "sys.exit(3)": 3}.get(last, 1)
    assert (code, out) == (expected, "HELLO\n")
    assert ("ValueError: the end" in err) == (expected == 1)


HANDLERS = {
    "sleeps": "time.sleep(1000)",
    "sleeps again and again": "while True: time.sleep(0.001)",
    "computes": "while True: pass",
    "waits for a lock": "threading.Event().wait()",
    "is a client": "capsock.UdpClient(*silent.getsockname(), timeout=None).request('hello')",
    "copies": "capsock.TcpClient(*server.address).copy(Endless(), Endless())",
    "logs": "while True: logging.getLogger('capsock').debug('again')",
    "raises": "raise ValueError",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("does", "concurrency"),
    [(does, concurrency) for does in HANDLERS for concurrency in ("threads", "events")]
    + [("computes", "iterative")],
)
def test_exit_while_a_handler_runs(does: str, concurrency: str) -> None:
    """A handler that does not end is given up: Python takes itself down around its thread."""
    code, out, err = run_script(
        f"""
        import logging, socket, sys, threading, time
        import capsock
        logging.getLogger("capsock").addHandler(logging.NullHandler())
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        silent.bind(("127.0.0.1", 0))
        entered = threading.Event()
        class Endless:
            def read(self, size):
                time.sleep(0.001)
                return b"x"
            def write(self, data):
                return len(data)
        def handler(request):
            entered.set()
            {HANDLERS[does]}
        server = capsock.Server(
            "udp", host="127.0.0.1", port=0, concurrency={concurrency!r}, handler=handler
        )
        peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        peer.sendto(b"hello", server.address)
        assert entered.wait(30)
        print("exits", flush=True)
        """
    )
    assert (code, out, err) == (0, "exits\n", "")


def test_exit_finishes_what_is_in_hand() -> None:
    code = """
        import atexit, socket, sys, threading, time
        import capsock
        entered, leave = threading.Event(), threading.Event()
        def handler(request):
            entered.set()
            leave.wait()
            for _ in range(50):
                time.sleep(0.001)
            return request.upper()
        server = capsock.Server(
            "tcp", host="127.0.0.1", port=0, framing="line", concurrency="threads", handler=handler
        )
        # Called before what capsock itself does at exit.
        atexit.register(leave.set)
        print(server.port, flush=True)
        entered.wait()
    """
    with Script(code) as script:
        with capsock.TcpClient(HOST, int(script.wait_for("\n"))) as client:
            assert client.request("in hand") == "IN HAND"
        assert script.end()[0] == 0


@pytest.mark.parametrize(
    "call", ["client.request('hello')", "server.wait()", "client.copy(Endless(), Endless())"]
)
def test_exit_while_a_daemon_thread_is_in_a_call(call: str) -> None:
    code, out, err = run_script(
        f"""
        import socket, sys, threading, time
        import capsock
        silent = socket.create_server(("127.0.0.1", 0))
        server = capsock.Server("tcp", port=0)
        client = capsock.TcpClient(*silent.getsockname(), timeout=None)
        class Endless:
            def read(self, size):
                time.sleep(0.001)
                return b"x"
            def write(self, data):
                return len(data)
        thread = threading.Thread(target=lambda: {call}, daemon=True)
        thread.start()
        while open(f"/proc/self/task/{{thread.native_id}}/stat").read().rpartition(")")[2].split()[0] != "S":
            time.sleep(0.001)
        print("exits", flush=True)
        """
    )
    assert (code, out, err) == (0, "exits\n", "")


@pytest.mark.slow
def test_exit_under_load() -> None:
    """Requests go on from another process while the interpreter takes itself down, many times."""
    for _ in range(5):
        code, out, err = run_script(
            """
            import os, socket, sys
            import capsock
            server = capsock.Server(
                "udp", host="127.0.0.1", port=0, concurrency="threads", handler=bytes.upper
            )
            child = os.fork()
            if child == 0:
                peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                peer.settimeout(0.2)
                count = 0
                try:
                    peer.connect(server.address)
                    while True:
                        peer.send(b"hello")
                        assert peer.recv(100) == b"HELLO"
                        count += 1
                        if count == 50:
                            os.write(1, b"warm ")
                except OSError:
                    os._exit(0)
            while server.stats().requests < 200:
                pass
            print("exits", flush=True)
            """
        )
        assert (code, out, err) == (0, "warm exits\n", "")


def test_a_server_after_the_others_were_stopped_at_exit() -> None:
    code, out, err = run_script(
        """
        import atexit, io
        def late():
            with capsock.Server("tcp", port=0) as server, capsock.TcpClient(*server.address) as client:
                print(client.request("late"))
                print(client.copy(io.BytesIO(b"later"), io.BytesIO()))
        atexit.register(late)
        import capsock
        """
    )
    assert (code, out, err) == (0, "LATE\n(5, 5)\n", "")


def test_fork() -> None:
    """The server is the parent's: in the child it is out of reach, and the child's end leaves it alone."""
    code, out, err = run_script(
        """
        import errno, os, sys
        import capsock
        server = capsock.Server("tcp", port=0, concurrency="threads")
        client = capsock.TcpClient(*server.address)
        assert client.request("before") == "BEFORE"
        child = os.fork()
        if child == 0:
            for call in (server.stop, server.wait, server.serve_forever):
                try:
                    call()
                except OSError as error:
                    print(errno.errorcode[error.errno], flush=True)
            server.request_stop()
            with server:
                pass
            with capsock.Server("udp", port=0) as own, capsock.UdpClient(*own.address) as asking:
                print(asking.request("child"), flush=True)
            with capsock.TcpClient(*server.address) as asking:
                print(asking.request("parent"), flush=True)
            sys.exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert client.request("after") == "AFTER"
        print(server.stop().completed)
        """
    )
    assert (code, out, err) == (0, "ENOTSUP\n" * 3 + "CHILD\nPARENT\n3\n", "")


def test_a_client_in_a_forked_process() -> None:
    """It fails at once there, whatever the child does with it, and the parent's goes on."""
    code, out, err = run_script(
        """
        import errno, os, sys
        import capsock
        lines = capsock.Server("tcp", port=0, framing="line", handler=bytes.upper)
        servers = [lines, capsock.Server("udp", port=0)]
        clients = [capsock.TcpClient(*servers[0].address), capsock.UdpClient(*servers[1].address)]
        assert [client.request("before") for client in clients] == ["BEFORE"] * 2
        child = os.fork()
        if child == 0:
            for client in clients:
                for call in (lambda: client.request("child"), lambda: client.request_many(["child"])):
                    try:
                        call()
                    except OSError as error:
                        assert "forked off" in str(error), error
                        print(errno.errorcode[error.errno], flush=True)
                with client:
                    pass
            sys.exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert [client.request("after") for client in clients] == ["AFTER"] * 2
        print([server.stats().requests for server in servers])
        """
    )
    assert (code, out, err) == (0, "ENOTSUP\n" * 4 + "[2, 2]\n", "")


def test_fork_in_a_handler() -> None:
    """A handler may fork: the child has the handler's thread alone, and its end leaves the server alone."""
    code, out, err = run_script(
        """
        import os, warnings
        import capsock
        # From Python 3.12 on it warns of what forking with threads may do.
        warnings.simplefilter("ignore", DeprecationWarning)
        def handler(request):
            child = os.fork()
            if child == 0:
                try:
                    server.stop()
                except OSError:
                    os._exit(7)
                os._exit(1)
            return str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode()
        server = capsock.Server("tcp", host="127.0.0.1", port=0, framing="line", handler=handler)
        with capsock.TcpClient(*server.address) as client:
            print(client.request("one"), client.request("two"))
        """
    )
    assert (code, out, err) == (0, "7 7\n", "")


def test_multiprocessing() -> None:
    code, out, err = run_script(
        """
        import multiprocessing
        import capsock
        def ask(address):
            with capsock.TcpClient(*address) as client:
                return client.request("from a worker")
        if __name__ == "__main__":
            with capsock.Server("tcp", port=0, concurrency="threads") as server:
                with multiprocessing.get_context("fork").Pool(2) as pool:
                    print(set(pool.map(ask, [server.address] * 10)))
        """
    )
    assert (code, out) == (0, "{'FROM A WORKER'}\n"), err
