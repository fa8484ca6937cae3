"""Many threads on one object, with a GIL and without.

With a GIL, the tests run twice: as the interpreter is, and with threads that switch all the time.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

import capsock
import capsock.socket as ours
from capsock import trace
from support import (
    CLOSED_ERRNO,
    HOST,
    LIMIT,
    TRANSPORTS,
    Call,
    connect,
    connection,
    run_script,
    silent_peer,
    start,
)

THREADS = 6
ROUNDS = 40

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


@pytest.fixture(params=["as it is", "switching"])
def _switching(request: pytest.FixtureRequest) -> Iterator[None]:
    before = sys.getswitchinterval()
    if request.param == "switching":
        if FREE_THREADED:
            pytest.skip("nothing is switched without a GIL")
        sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


both_ways = pytest.mark.usefixtures("_switching")


def race(*acts: Callable[[int], object]) -> list[Any]:
    """Call each act on a thread of its own, all at once, with its number; return the results or raise."""
    barrier = threading.Barrier(len(acts))

    def run(number: int, act: Callable[[int], object]) -> object:
        barrier.wait(LIMIT)
        return act(number)

    calls = [Call(partial(run, number, act)) for number, act in enumerate(acts)]
    return [call.result() for call in calls]


def repeated(act: Callable[[int], object], rounds: int = ROUNDS) -> Callable[[int], None]:
    """Return an act that does `act` so many times."""

    def run(number: int) -> None:
        for _ in range(rounds):
            act(number)

    return run


def closed(call: Callable[[], object]) -> bool:
    """Make a call; tell whether it failed since the socket is closed."""
    try:
        call()
    except OSError as error:
        if error.errno != CLOSED_ERRNO:
            raise
        return True
    return False


@pytest.mark.skipif(not FREE_THREADED, reason="this interpreter has a GIL")
def test_the_gil_stays_off() -> None:
    code = """
        import sys, warnings
        warnings.simplefilter("error")
        import capsock, capsock.socket, capsock._run, capsock._hints
        print(sys._is_gil_enabled())
    """
    assert run_script(code) == (0, "False\n", "")
    assert not sys._is_gil_enabled()  # type: ignore[attr-defined,unused-ignore]


def test_threads_that_import_at_once() -> None:
    code = """
        import sys, threading
        sys.setswitchinterval(1e-6)
        barrier = threading.Barrier(8)
        sockets = []
        def act():
            barrier.wait()
            from capsock.socket import socket, AF_INET, SOCK_DGRAM
            import multiprocessing.reduction as reduction
            one = socket(AF_INET, SOCK_DGRAM)
            one.bind(("127.0.0.1", 0))
            one.sendto(b"x", one.getsockname())
            sockets.append((one, reduction.ForkingPickler._extra_reducers[socket]))
        threads = [threading.Thread(target=act) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(len(sockets))
    """
    assert run_script(code) == (0, "8\n", "")


@both_ways
@pytest.mark.parametrize("concurrency", ["threads", "events"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_one_server(transport: str, concurrency: str) -> None:
    seen: list[str] = []

    def handler(text: str) -> str:
        seen.append(text.strip())
        return text.replace("a", "b")

    def ask(number: int) -> None:
        with connect(server, timeout=LIMIT) as client:
            for turn in range(ROUNDS):
                assert client.request(f"a{number} {turn}") == f"b{number} {turn}"

    def look(_: int) -> None:
        stats = server.stats()
        assert stats == server.stats() or stats.requests <= server.stats().requests
        assert server.address == server.addresses[0]
        assert repr(server.port) in repr(server)

    framing = {"framing": "line"} if transport == "tcp" else {}
    options: Any = {"concurrency": concurrency, "handler": handler, "text": True, **framing}
    with start(transport, **options) as server:
        race(*[ask] * THREADS, repeated(look))
        report = server.stop()
    asked = [f"a{number} {turn}" for number in range(THREADS) for turn in range(ROUNDS)]
    # A datagram may be sent again.
    assert sorted(set(seen)) == sorted(asked)
    assert report.completed >= len(asked)


@both_ways
def test_servers_with_the_same_options() -> None:
    def handler(request: bytes) -> bytes:
        return request

    options: dict[str, Any] = {"concurrency": "threads", "framing": "line", "handler": handler}

    def serve(number: int) -> int:
        with start("tcp", **options) as server, connect(server) as client:
            assert client.request(f"{number}".encode()) == f"{number}".encode()
            return server.port

    def stop(server: capsock.Server) -> Callable[[int], object]:
        return lambda number: server.stop() if number % 2 else server.wait(LIMIT)

    for _ in range(3):
        ports = race(*[serve] * THREADS)
        assert all(ports)
        server = start("tcp", **options)
        reports = race(*[stop(server)] * THREADS)
        assert len({report for report in reports if report is not True}) == 1


@both_ways
def test_totals_are_shared() -> None:
    with start("udp") as server:
        stats = server.stats()

    def look(_: int) -> None:
        assert hash(stats) == hash(server.stats())
        assert stats == server.stats()
        assert stats._asdict()["features"] == stats.features
        assert "requests=0" in repr(stats)

    race(*[repeated(look)] * THREADS)


@both_ways
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_one_client(transport: str) -> None:
    with start(transport, **({"framing": "line"} if transport == "tcp" else {})) as server:
        with connect(server, timeout=LIMIT) as client:

            def ask(number: int) -> None:
                for turn in range(ROUNDS):
                    assert client.request(f"a{number} {turn}") == f"A{number} {turn}"
                texts = [f"b{number} {turn}" for turn in range(ROUNDS)]
                assert client.request_many(texts) == [text.upper() for text in texts]
                assert client.peer_address == server.address

            race(*[ask] * THREADS)


@both_ways
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_client_is_closed_while_it_is_used(transport: str) -> None:
    with start(transport, **({"framing": "line"} if transport == "tcp" else {})) as server:
        clients = [connect(server, timeout=LIMIT) for _ in range(ROUNDS // 4)]
        barrier = threading.Barrier(5)

        def ask(_: int) -> None:
            for client in clients:
                barrier.wait(LIMIT)
                for _ in range(ROUNDS):
                    if closed(partial(client.request, "a")):
                        break
                repr(client)

        def close(_: int) -> None:
            for client in clients:
                barrier.wait(LIMIT)
                client.close()

        race(*[ask] * 3, close, close)
        assert all(closed(partial(client.request, "a")) for client in clients)


@both_ways
def test_one_stream_of_text() -> None:
    stream = capsock.UppercaseStream()
    pieces = ["a", "b" * 8192]

    def push(_: int) -> None:
        for piece in islice(cycle(pieces), ROUNDS):
            assert stream.push(piece.encode()) == piece.upper().encode()
        assert stream.finish() == b""

    race(*[push] * THREADS)


@both_ways
def test_senders_and_receivers_of_one_connection() -> None:
    pieces = [bytes([number]) * 1000 for number in range(THREADS)]
    with connection() as (client, server):
        client.settimeout(LIMIT)
        server.settimeout(LIMIT)

        def send(number: int) -> None:
            for _ in range(ROUNDS):
                client.sendall(pieces[number])
            if barrier.wait(LIMIT) == 0:
                client.shutdown(ours.SHUT_WR)

        def receive(number: int) -> bytes:
            received = bytearray()
            room = bytearray(777)
            while True:
                piece = server.recv(777) if number % 2 else bytes(room[: server.recv_into(room)])
                if not piece:
                    return bytes(received)
                received += piece

        barrier = threading.Barrier(THREADS)
        received = b"".join(filter(None, race(*[send] * THREADS, *[receive] * THREADS)))
    assert sorted(received) == sorted(b"".join(pieces) * ROUNDS)


@both_ways
def test_datagrams_to_two_peers_by_one_socket() -> None:
    with silent_peer("udp") as one, silent_peer("udp") as two:
        with ours.socket(ours.AF_INET, ours.SOCK_DGRAM) as socket:
            socket.bind((HOST, 0))
            addresses = [(HOST, one), (HOST, two)]

            def send(number: int) -> None:
                # Equal addresses and the same ones: of the last, the socket keeps the tuple.
                for turn in range(ROUNDS):
                    port = (one, two)[number % 2]
                    address = addresses[number % 2] if turn % 2 else (HOST, port)
                    assert socket.sendto(str(port).encode(), address) == len(str(port))
                    assert socket.getsockname()[0] == HOST

            race(*[send] * THREADS)


@both_ways
def test_each_peer_gets_its_datagrams() -> None:
    with ours.socket(ours.AF_INET, ours.SOCK_DGRAM) as sender:
        peers = [ours.socket(ours.AF_INET, ours.SOCK_DGRAM) for _ in range(THREADS)]
        for peer in peers:
            peer.bind((HOST, 0))
            peer.settimeout(LIMIT)
        sender.bind((HOST, 0))

        def exchange(number: int) -> None:
            address = peers[number].getsockname()
            for turn in range(ROUNDS):
                sender.sendto(f"{number} {turn}".encode(), address)
                data, source = peers[number].recvfrom(100)
                assert data == f"{number} {turn}".encode()
                assert source == sender.getsockname()

        race(*[exchange] * THREADS)
        for peer in peers:
            peer.close()


@both_ways
def test_a_buffer_that_is_resized_during_receives() -> None:
    data = b"0123456789" * 500
    with connection() as (client, server):
        server.settimeout(LIMIT)
        shared = bytearray(100)
        received = []

        def receive(_: int) -> None:
            while True:
                # Into an empty buffer it receives 0 bytes.
                count = server.recv_into(shared) or len(server.recv(1))
                if not count:
                    return
                received.append(count)

        def resize(_: int) -> None:
            for turn in range(ROUNDS * 10):
                with suppress(BufferError):
                    if turn % 3 == 0:
                        shared.extend(b"more")
                    elif turn % 3 == 1:
                        del shared[50:]
                    else:
                        shared.clear()
                        shared.extend(bytes(100))
                for index in range(min(len(shared), 3)):
                    with suppress(IndexError):
                        shared[index] = turn % 256

        def send(_: int) -> None:
            for _ in range(ROUNDS):
                client.sendall(data)
            client.shutdown(ours.SHUT_WR)

        race(receive, receive, resize, resize, send)
        assert sum(received) == len(data) * ROUNDS


def test_a_buffer_that_is_written_while_it_is_sent() -> None:
    # With hints, what is sent is read as text.
    code = """
        import threading
        from capsock import _hints
        from capsock.socket import *
        _hints.start()
        listener = create_server(("127.0.0.1", 0))
        client = create_connection(listener.getsockname())
        server, _ = listener.accept()
        shared = bytearray(b"text " * 200)
        cut = memoryview(shared)[: len(shared) - 1]
        patterns = [b"text ", "äöü".encode()[:5], b"\\xf0\\x9f\\x98\\x80\\xf0"]
        done = threading.Event()
        received = set()
        def write():
            while not done.is_set():
                for pattern in patterns:
                    shared[:] = pattern * 200
        def send():
            for _ in range(300):
                client.sendall(cut)
                client.sendmsg([shared, cut])
        def receive():
            while data := server.recv(65536):
                received.update(data)
        writers = [threading.Thread(target=write) for _ in range(2)]
        senders = [threading.Thread(target=send) for _ in range(2)]
        receiver = threading.Thread(target=receive)
        for thread in [*writers, *senders, receiver]:
            thread.start()
        for thread in senders:
            thread.join()
        done.set()
        client.shutdown(SHUT_WR)
        for thread in [*writers, receiver]:
            thread.join()
        print(received <= set(b"".join(patterns)))
    """
    assert run_script(code) == (0, "True\n", "")


CALLS: dict[str, Callable[[ours.socket], object]] = {
    "recv": lambda socket: socket.recv(10),
    "recv_into": lambda socket: socket.recv_into(bytearray(10)),
    "recvfrom": lambda socket: socket.recvfrom(20_000),
    "getsockname": lambda socket: socket.getsockname(),
    "getsockopt": lambda socket: socket.getsockopt(ours.SOL_SOCKET, ours.SO_TYPE),
    "settimeout": lambda socket: socket.settimeout(LIMIT),
}


@both_ways
@pytest.mark.parametrize("call", CALLS)
def test_a_socket_is_closed_while_it_is_used(call: str) -> None:
    def use(server: ours.socket, _: int) -> None:
        for _ in range(ROUNDS):
            if closed(partial(CALLS[call], server)):
                break

    def close(server: ours.socket, _: int) -> None:
        server.close()

    def send(client: ours.socket, _: int) -> None:
        with suppress(ConnectionError):
            for _ in range(ROUNDS):
                client.sendall(b"x" * 1000)

    for _ in range(ROUNDS // 2):
        with connection() as (client, server):
            race(*[partial(use, server)] * 2, *[partial(close, server)] * 2, partial(send, client))
            assert server.fileno() == -1


@both_ways
def test_a_listener_is_closed_while_it_is_used() -> None:
    def accept_and_close(listener: ours.socket) -> None:
        connection, _ = listener.accept()
        connection.close()

    def accept(listener: ours.socket, _: int) -> None:
        for _ in range(ROUNDS):
            if closed(partial(accept_and_close, listener)):
                break

    def dial(address: Any, _: int) -> None:
        for _ in range(3):
            with suppress(ConnectionError):
                ours.create_connection(address).close()

    def close(listener: ours.socket, _: int) -> None:
        listener.close()

    for _ in range(ROUNDS // 2):
        with ours.create_server((HOST, 0)) as listener:
            dials = [partial(dial, listener.getsockname())] * 2
            race(*[partial(accept, listener)] * 2, *dials, partial(close, listener))


@both_ways
@pytest.mark.skipif(sys.platform == "win32", reason="a descriptor is a number of the process")
def test_a_descriptor_is_closed_once() -> None:
    # Were it closed twice, the second close would take the descriptor of a pipe.
    def pipes(_: int) -> None:
        for _ in range(ROUNDS * 10):
            ends = os.pipe()
            os.write(ends[1], b"x")
            assert os.read(ends[0], 1) == b"x"
            os.close(ends[0])
            os.close(ends[1])

    def close(number: int) -> None:
        for turn in range(ROUNDS):
            barrier.wait(LIMIT)
            socket = sockets[turn]
            if number % 2:
                socket.close()
            else:
                given = socket.detach()
                if given >= 0:
                    detached.append((turn, given))
                    os.close(given)

    barrier = threading.Barrier(4)
    sockets = [ours.socket() for _ in range(ROUNDS)]
    detached: list[tuple[int, int]] = []
    race(*[close] * 4, pipes, pipes)
    assert len(detached) == len(dict(detached))
    assert all(socket.fileno() == -1 for socket in sockets)


@both_ways
def test_the_last_timeout_holds() -> None:
    short, long = 1e-6, 0.005

    def set_timeout(number: int) -> None:
        server.settimeout((short, long)[number % 2])

    def check() -> None:
        begin = time.perf_counter()
        with pytest.raises(ours.timeout):
            server.recv(1)
        # A wait may be longer on a busy machine, and is never shorter.
        assert time.perf_counter() - begin >= (server.gettimeout() or 0.0)

    def act(number: int) -> None:
        for _ in range(ROUNDS * 10):
            barrier.wait(LIMIT)
            set_timeout(number)
            if barrier.wait(LIMIT) == 0:
                check()

    barrier = threading.Barrier(4)
    with connection() as (_, server):
        race(*[act] * 4)


@both_ways
def test_a_trace_starts_and_stops(tmp_path: Path) -> None:
    file, started = tmp_path / "trace.jsonl", []
    with start("tcp", framing="line") as server:

        def record(_: int) -> None:
            with suppress(OSError):
                trace.start(file)
                started.append(True)
            trace.stop()

        def ask(number: int) -> None:
            with connect(server) as client:
                for turn in range(ROUNDS):
                    assert client.request(f"{number} {turn}") == f"{number} {turn}"
            with connection() as (one, other):
                one.sendall(b"x")
                assert other.recv(1) == b"x"

        race(repeated(record), repeated(record), ask, ask, ask)
    assert started
    for line in file.read_text(encoding="utf-8").splitlines():
        assert isinstance(json.loads(line), dict)


@both_ways
def test_servers_that_refer_to_themselves_are_collected() -> None:
    class Handler:
        def __init__(self) -> None:
            self.server = start("tcp", framing="line", concurrency="threads", handler=self)
            with connect(self.server) as client:
                client.request(b"a")

        def __call__(self, request: bytes) -> bytes:
            return request

    def make(_: int) -> None:
        for _ in range(3):
            Handler()

    def collect(_: int) -> None:
        for _ in range(10):
            gc.collect()

    race(make, make, make, collect, collect)
    gc.collect()
    assert not [one for one in gc.get_objects() if isinstance(one, Handler)]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="it watches threads in /proc")
def test_threads_that_fork_while_receives_are_watched() -> None:
    code = """
        import os, sys, threading
        from capsock import _hints
        from capsock.socket import *
        def look():
            # Several times, in which another thread's fork ends.
            for task in os.listdir("/proc/self/task") * 5:
                try:
                    with open(f"/proc/self/task/{task}/stat") as stat:
                        name, _, rest = stat.read().partition("(")[2].rpartition(")")
                except OSError:
                    continue
                # One that has been joined may be listed for a moment; it does not sleep.
                if name == "capsock hints" and rest.split()[0] == "S":
                    running.append(task)
        running = []
        # It is called after what was registered later.
        os.register_at_fork(before=look)
        _hints.start()
        sys.setswitchinterval(1e-6)
        listener = create_server(("127.0.0.1", 0))
        def pair():
            client = create_connection(listener.getsockname())
            return client, listener.accept()[0]
        pairs = [pair() for _ in range(6)]
        barrier = threading.Barrier(6)
        def exchange(client, server):
            barrier.wait()
            for _ in range(200):
                # A client that has sent no whole line is watched.
                client.sendall(b"a")
                server.sendall(server.recv(1))
                client.recv(1)
        def fork(client, server):
            barrier.wait()
            for _ in range(15):
                child = os.fork()
                if child == 0:
                    client.sendall(b"a")
                    server.sendall(server.recv(1))
                    os._exit(0 if client.recv(1) == b"a" else 1)
                statuses.append(os.waitpid(child, 0)[1])
        statuses = []
        acts = [exchange, exchange, exchange, fork, fork, fork]
        threads = [threading.Thread(target=act, args=pair) for act, pair in zip(acts, pairs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(statuses == [0] * 45, running)
    """
    assert run_script(code) == (0, "True []\n", "")


@pytest.mark.parametrize("turn", range(3))
def test_the_interpreter_exits_under_running_threads(turn: int) -> None:
    code = """
        import sys, threading, capsock
        from capsock.socket import *
        sys.setswitchinterval(1e-6)
        servers = [
            capsock.Server("tcp", port=0, framing="line", concurrency=one, handler=lambda text: text)
            for one in ("threads", "events")
        ]
        listener = create_server(("127.0.0.1", 0))
        running = threading.Semaphore(0)
        def ask(server):
            try:
                with capsock.TcpClient(*server.address) as client:
                    running.release()
                    while True:
                        client.request("a")
            except OSError:
                pass
        def send():
            client = create_connection(listener.getsockname())
            server, _ = listener.accept()
            running.release()
            while True:
                client.sendall(b"a")
                server.recv(1)
        def wait():
            running.release()
            create_server(("127.0.0.1", 0)).accept()
        threads = [threading.Thread(target=ask, args=(server,), daemon=True) for server in servers * 2]
        threads += [threading.Thread(target=send, daemon=True) for _ in range(2)]
        threads += [threading.Thread(target=wait, daemon=True)]
        for thread in threads:
            thread.start()
        for _ in threads:
            running.acquire()
        print("ready")
    """
    assert run_script(code, str(turn)) == (0, "ready\n", "")
