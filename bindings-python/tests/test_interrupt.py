"""Ctrl-C ends every call that blocks, at once and with KeyboardInterrupt."""

from __future__ import annotations

import signal
import sys

import pytest

from support import Script

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it sends signals")

# Programs that end up blocked in one call each. Peers are sockets of the same program.
CALLS = {
    "connect": """
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        # The backlog is full: the kernel answers no further connection.
        held = []
        while True:
            filling = socket.socket()
            filling.settimeout(0.2)
            held.append(filling)
            try:
                filling.connect(listener.getsockname())
            except OSError:
                break
        block(lambda: capsock.TcpClient(*listener.getsockname(), connect_timeout=None))
    """,
    "tcp request": """
        client = capsock.TcpClient(*silent("tcp"), timeout=None)
        block(lambda: client.request("hello"))
    """,
    "tcp request with a limit": """
        client = capsock.TcpClient(*silent("tcp"), timeout=1000)
        block(lambda: client.request(b"hello"))
    """,
    "udp request": """
        client = capsock.UdpClient(*silent("udp"), timeout=None, retransmit_after=None)
        block(lambda: client.request("hello"))
    """,
    "udp request with retransmissions": """
        client = capsock.UdpClient(*silent("udp"), timeout=1000, retransmit_after=500)
        block(lambda: client.request(b"hello"))
    """,
    "many tcp requests": """
        client = capsock.TcpClient(*silent("tcp"), timeout=None)
        block(lambda: client.request_many(["hello"] * 10))
    """,
    "many udp requests": """
        client = capsock.UdpClient(*silent("udp"), timeout=None, retransmit_after=None)
        block(lambda: client.request_many(["hello"] * 10))
    """,
    "a turn": """
        client = capsock.TcpClient(*silent("tcp"), timeout=None)
        other = threading.Thread(target=lambda: client.request("hello"), daemon=True)
        other.start()
        while open(f"/proc/self/task/{other.native_id}/stat").read().rpartition(")")[2].split()[0] != "S":
            time.sleep(0.001)
        block(lambda: client.request("hello"))
    """,
    "copy": """
        client = capsock.TcpClient(*silent("tcp"), timeout=None)
        block(lambda: client.copy(io.BytesIO(b"hello"), io.BytesIO()))
    """,
    "copy that sends": """
        client = capsock.TcpClient(*silent("tcp"), timeout=None)
        block(lambda: client.copy(io.BytesIO(b"x" * 100_000_000), io.BytesIO()))
    """,
    "copy that reads": """
        client = capsock.TcpClient(*silent("tcp"), timeout=None)
        reading, writing = os.pipe()
        block(lambda: client.copy(open(reading, "rb"), io.BytesIO()))
    """,
    "wait": """
        server = capsock.Server("tcp", port=0)
        block(lambda: server.wait())
    """,
    "wait with a limit": """
        server = capsock.Server("udp", port=0)
        block(lambda: server.wait(1000))
    """,
    "serve_forever": """
        server = capsock.Server("tcp", port=0, concurrency="threads")
        block(server.serve_forever)
        assert server.wait(0)
    """,
    "stop": """
        entered, leave = threading.Event(), threading.Event()
        def handler(request):
            entered.set()
            leave.wait()
            return request
        server = capsock.Server(
            "tcp", port=0, framing="line", concurrency="threads", handler=handler
        )
        peer = socket.create_connection(server.address)
        peer.sendall(b"slow\\n")
        entered.wait()
        block(lambda: server.stop(1000))
        leave.set()
    """,
}

PREAMBLE = """
import io, os, signal, socket, sys, threading, time
import capsock

def silent(transport):
    global peer
    peer = socket.socket(socket.AF_INET, socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM)
    peer.bind(("127.0.0.1", 0))
    if transport == "tcp":
        peer.listen()
    return peer.getsockname()

def block(call):
    print("ready", flush=True)
    try:
        print(call())
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


def program(call: str) -> str:
    lines = [line[8:] if line.startswith("        ") else line for line in CALLS[call].splitlines()]
    return PREAMBLE + "\n".join(lines)


@pytest.mark.parametrize("call", CALLS)
def test_ctrl_c_raises_keyboard_interrupt(call: str) -> None:
    with Script(program(call)) as script:
        script.wait_for("ready")
        script.wait_until_blocked()
        script.interrupt()
        assert script.end() == (0, "ready\ninterrupted\n", "")


@pytest.mark.parametrize("call", ["tcp request", "udp request", "wait", "copy", "stop"])
def test_a_signal_handler_that_returns_lets_the_call_go_on(call: str) -> None:
    count = 'signal.signal(signal.SIGUSR1, lambda *_: print("signal", flush=True))\n'
    with Script(PREAMBLE + count + program(call)[len(PREAMBLE) :]) as script:
        script.wait_for("ready")
        for _ in range(3):
            before = script.wait_for("ready").count("signal")
            script.wait_until_blocked()
            script.process.send_signal(signal.SIGUSR1)
            script.wait_for("ready\n" + "signal\n" * (before + 1))
        script.wait_until_blocked()
        script.interrupt()
        assert script.end() == (0, "ready\n" + "signal\n" * 3 + "interrupted\n", "")


def test_what_a_signal_handler_raises_is_raised() -> None:
    code = """
        def handler(*_):
            raise LookupError("from the signal handler")
        signal.signal(signal.SIGUSR1, handler)
        client = capsock.TcpClient(*silent("tcp"), timeout=None)
        try:
            block(lambda: client.request("hello"))
        except LookupError as error:
            print(error)
    """
    with Script(PREAMBLE + "\n".join(line[8:] for line in code.splitlines())) as script:
        script.wait_for("ready")
        script.wait_until_blocked()
        script.process.send_signal(signal.SIGUSR1)
        assert script.end() == (0, "ready\nfrom the signal handler\n", "")


def test_ctrl_c_ends_many_requests_also_while_there_is_nothing_to_wait_for() -> None:
    code = """
        server = capsock.Server("udp", port=0)
        client = capsock.UdpClient(*server.address)
        def texts():
            yield from ["hello"] * 300_000
            os.write(1, b"asking\\n")
        block(lambda: len(client.request_many(texts())))
    """
    with Script(PREAMBLE + "\n".join(line[8:] for line in code.splitlines())) as script:
        script.wait_for("asking")
        script.interrupt()
        assert script.end() == (0, "ready\nasking\ninterrupted\n", "")


def test_a_signal_handler_may_stop_the_server() -> None:
    code = """
        server = capsock.Server("tcp", port=0)
        signal.signal(signal.SIGTERM, lambda *_: server.request_stop())
        block(server.serve_forever)
    """
    with Script(PREAMBLE + "\n".join(line[8:] for line in code.splitlines())) as script:
        script.wait_for("ready")
        script.wait_until_blocked()
        script.process.send_signal(signal.SIGTERM)
        assert script.end() == (0, "ready\nNone\n", "")


def test_ctrl_c_finishes_what_is_in_hand() -> None:
    """serve_forever stops the server as stop() does: the request in hand is answered."""
    code = """
        entered, leave = threading.Event(), threading.Event()
        def handler(request):
            entered.set()
            leave.wait(30)
            return request.upper()
        server = capsock.Server("tcp", port=0, framing="line", concurrency="threads", handler=handler)
        replies = []
        def ask():
            with capsock.TcpClient(*server.address) as client:
                replies.append(client.request("hello"))
        asking = threading.Thread(target=ask)
        asking.start()
        entered.wait()
        threading.Thread(target=lambda: (sys.stdin.readline(), leave.set()), daemon=True).start()
        block(server.serve_forever)
        asking.join()
        print(replies)
    """
    with Script(PREAMBLE + "\n".join(line[8:] for line in code.splitlines())) as script:
        script.wait_for("ready")
        script.wait_until_blocked()
        script.interrupt()
        script.wait_until_blocked()
        assert script.process.stdin is not None
        script.process.stdin.write(b"go on\n")
        script.process.stdin.flush()
        assert script.end() == (0, "ready\ninterrupted\n['HELLO']\n", "")
