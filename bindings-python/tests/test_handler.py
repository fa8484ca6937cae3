"""Handlers: what they are given, what they may return, and what their failure costs."""

from __future__ import annotations

import functools
import logging
import queue
import re
import socket
import threading
import time
from typing import Any

import pytest

import capsock
from support import HOST, LIMIT, Call, connect, start, wait_until

SERVERS = [("udp", concurrency, "stream") for concurrency in ("iterative", "threads", "events")] + [
    ("tcp", concurrency, framing)
    for concurrency in ("iterative", "threads", "events")
    for framing in ("line", "once")
]


@pytest.mark.parametrize(("transport", "concurrency", "framing"), SERVERS)
def test_bytes_and_str(transport: str, concurrency: str, framing: str) -> None:
    options = {"concurrency": concurrency, "framing": framing}
    with start(transport, handler=lambda request: request[::-1].strip(), **options) as server:
        with connect(server) as client:
            assert client.request(b"a\xffb\0c") == b"c\0b\xffa"
    with start(transport, handler=lambda request: request[::-1].strip(), text=True, **options) as server:
        with connect(server) as client:
            assert client.request("straße 🚀") == "🚀 eßarts"


def client_of(server: capsock.Server) -> socket.socket:
    """Return a plain socket that is connected to the server: it knows its own address."""
    kind = socket.SOCK_STREAM if server.transport == "tcp" else socket.SOCK_DGRAM
    client = socket.socket(socket.AF_INET6 if ":" in server.address[0] else socket.AF_INET, kind)
    client.settimeout(LIMIT)
    client.connect(server.address)
    return client


@pytest.mark.parametrize("host", [HOST, "::1"])
@pytest.mark.parametrize(("transport", "concurrency", "framing"), SERVERS)
def test_a_handler_of_two_arguments_knows_who_asks(
    transport: str, concurrency: str, framing: str, host: str
) -> None:
    contexts: queue.Queue[capsock.RequestContext] = queue.Queue()

    def handler(request: bytes, context: capsock.RequestContext) -> bytes:
        contexts.put(context)
        return request

    with start(transport, concurrency=concurrency, framing=framing, host=host, handler=handler) as server:
        address = server.address
        with client_of(server) as client:
            client.sendall(b"hello\n")
            assert client.recv(100) == b"hello\n"
            own = client.getsockname()
    # It is valid after the call, and after the server.
    context = contexts.get_nowait()
    assert (context.peer, context.local, context.transport) == (own[:2], address, transport)
    shown = [f"[{name}]:{port}" if ":" in host else f"{name}:{port}" for name, port in (own[:2], address)]
    assert repr(context) == f"<capsock.RequestContext {transport} {shown[0]} to {shown[1]}>"
    assert context == context
    assert len({context, context}) == 1
    kind: Any = capsock.RequestContext
    with pytest.raises(TypeError):
        kind()


class Methods:
    def one(self, request: bytes) -> bytes:
        return b"one"

    def two(self, request: bytes, context: capsock.RequestContext) -> bytes:
        return context.transport.encode()

    @staticmethod
    def apart(request: bytes, context: capsock.RequestContext) -> bytes:
        return context.transport.encode()

    __call__ = two


class Signed:
    """Calls with one argument; the signature cannot be read."""

    @property
    def __signature__(self) -> Any:
        raise RuntimeError

    def __call__(self, request: bytes) -> bytes:
        return b"one"


def wrapping(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*arguments: Any) -> Any:
        return function(*arguments)

    return wrapper


def three(first: bytes, request: bytes, context: capsock.RequestContext) -> bytes:
    return first + context.transport.encode()


def other_names(_: bytes, who: capsock.RequestContext, /, *, limit: int = 3) -> bytes:
    return who.transport.encode()


HANDLERS: dict[str, tuple[Any, bytes]] = {
    "a built-in method": (bytes.upper, b"X"),
    "a bound built-in method": ([b"list"].__getitem__, b""),
    "a method": (Methods().one, b"one"),
    "a function with a default": (lambda request, prefix=b"> ": prefix + request, b"> x"),
    "any arguments": (lambda *arguments: b"%d" % len(arguments), b"1"),
    "one and any more": (lambda request, *more: b"%d" % len(more), b"0"),
    "keyword arguments": (lambda request, *, prefix=b"> ": prefix + request, b"> x"),
    "an unreadable signature": (Signed(), b"one"),
    "a decorated function": (wrapping(Methods().one), b"one"),
    "a function with context": (Methods.apart, b"udp"),
    "a lambda with context": (lambda request, context: context.transport.encode(), b"udp"),
    "positional parameters with context": (other_names, b"udp"),
    "a method with context": (Methods().two, b"udp"),
    "an object with context": (Methods(), b"udp"),
    "a partial function with context": (functools.partial(three, b"> "), b"> udp"),
    "a decorated function with context": (wrapping(Methods.apart), b"udp"),
}


@pytest.mark.parametrize("name", HANDLERS)
def test_the_context_is_for_handlers_that_require_two_arguments(name: str) -> None:
    handler, reply = HANDLERS[name]
    with start("udp", handler=handler) as server, client_of(server) as client:
        client.send(b"x")
        if reply:
            assert client.recv(100) == reply
        else:
            wait_until(lambda: server.stats().handler_errors == 1, "a failure")


def test_text_with_context() -> None:
    def handler(request: str, context: capsock.RequestContext) -> str:
        return f"{context.peer[0]} asks {request}"

    with capsock.Server("udp", host=HOST, port=0, handler=handler, text=True) as server:
        with connect(server) as client:
            assert client.request("straße") == f"{HOST} asks straße"


@pytest.mark.parametrize("timed", [True, False])
def test_the_time_of_calls(timed: bool) -> None:
    with start("udp", handler=lambda request: request, handler_latency=timed) as server:
        with connect(server) as client:
            assert [client.request(text) for text in ("one", "two")] == ["one", "two"]
        metrics = server.open_metrics()
    count = 'capsock_handler_duration_seconds_count{transport="udp",concurrency="events"} 2\n'
    assert (count in metrics, "capsock_handler_duration_seconds" in metrics) == (timed, timed)


def test_a_line_comes_with_its_newline_and_gets_one() -> None:
    seen: list[bytes] = []

    def handler(request: bytes) -> bytes:
        seen.append(request)
        return b"" if request == b"empty\n" else request.rstrip(b"\n")

    with start("tcp", framing="line", handler=handler) as server, connect(server) as client:
        assert [client.request(text) for text in ("one", "empty", "")] == ["one", "", ""]
    assert seen == [b"one\n", b"empty\n", b"\n"]


@pytest.mark.parametrize("reply", [b"ok", bytearray(b"ok"), memoryview(b"ok")])
def test_every_bytes_like_reply(reply: Any) -> None:
    with start("udp", handler=lambda _: reply) as server, connect(server) as client:
        assert client.request("hello") == "ok"


class Boom(Exception):
    pass


def raising(error: BaseException) -> Any:
    def handler(request: Any) -> Any:
        if request.strip() in (b"fail", "fail"):
            raise error
        return request

    return handler


def returning(value: Any) -> Any:
    return lambda request: value if request.strip() in (b"fail", "fail") else request


FAILURES = [
    (raising(Boom("why it failed")), False, Boom, "Boom: why it failed"),
    (raising(SystemExit(3)), False, SystemExit, "SystemExit: 3"),
    (raising(KeyboardInterrupt()), False, KeyboardInterrupt, "KeyboardInterrupt"),
    (returning("text"), False, TypeError, r"must return bytes, not str \(text=True"),
    (returning(None), False, TypeError, "must return bytes, not NoneType"),
    (returning(5), False, TypeError, "must return bytes, not int"),
    (returning(b"bytes"), True, TypeError, "must return str, not bytes"),
    (returning(None), True, TypeError, "must return str, not NoneType"),
    (returning("\udc80"), True, UnicodeEncodeError, "surrogates not allowed"),
    (lambda _, more, most: b"", False, TypeError, "missing 2 required positional arguments"),
]


@pytest.mark.parametrize(("handler", "text", "kind", "message"), FAILURES)
@pytest.mark.parametrize("concurrency", ["iterative", "threads", "events"])
def test_a_failure_costs_its_request_only(
    handler: Any,
    text: bool,
    kind: type[BaseException],
    message: str,
    concurrency: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with start("tcp", framing="line", handler=handler, text=text, concurrency=concurrency) as server:
        with connect(server) as client:
            with pytest.raises(ConnectionResetError):
                client.request("fail")
            failures = server.stats().handler_errors
            assert failures >= 1
            if handler.__code__.co_argcount == 1:
                assert client.request("go on") == "go on"
    assert len(caplog.records) == failures
    for record in caplog.records:
        assert (record.name, record.levelno) == ("capsock", logging.ERROR)
        assert record.exc_info is not None
        assert record.exc_info[0] is kind
    assert (
        not handler.__qualname__.startswith("raising") or "Traceback (most recent call last)" in caplog.text
    )
    assert re.search(message, caplog.text)


def test_a_request_that_is_no_text(caplog: pytest.LogCaptureFixture) -> None:
    with start("udp", handler=lambda request: request, text=True) as server:
        with connect(server, timeout=0.05, retransmissions=0) as client, pytest.raises(TimeoutError):
            client.request(b"\xff")
        assert server.stats().handler_errors == 1
    assert "UnicodeDecodeError" in caplog.text


def test_a_failure_over_udp_gets_no_reply(caplog: pytest.LogCaptureFixture) -> None:
    with start("udp", handler=raising(Boom())) as server:
        with connect(server, timeout=0.05, retransmissions=0) as client, pytest.raises(TimeoutError):
            client.request("fail")
        with connect(server) as client:
            assert client.request("go on") == "go on"
    assert "Boom" in caplog.text


def test_a_log_that_fails_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr("sys.unraisablehook", lambda unraisable: seen.append(unraisable.exc_type))

    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise Boom

    broken = Broken()
    logger = logging.getLogger("capsock")
    logger.addHandler(broken)
    try:
        with start("tcp", framing="line", handler=raising(ZeroDivisionError())) as server:
            with connect(server) as client:
                with pytest.raises(ConnectionResetError):
                    client.request("fail")
                assert client.request("go on") == "go on"
    finally:
        logger.removeHandler(broken)
    assert set(seen) == {Boom}


@pytest.mark.parametrize("concurrency", ["iterative", "threads", "events"])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_stop_from_the_handler(transport: str, concurrency: str) -> None:
    stopped: list[capsock.StopReport] = []

    def handler(request: bytes) -> bytes:
        stopped.append(server.stop())
        return request

    server = start(transport, framing="line", handler=handler, concurrency=concurrency)
    with connect(server) as client:
        assert client.request("the last one") == "the last one"
    assert server.wait(LIMIT)
    assert len(stopped) == 1
    assert server.stop().completed == 1


@pytest.mark.parametrize("wait", ["wait", "serve_forever"])
def test_waiting_in_the_handler_is_refused(wait: str, caplog: pytest.LogCaptureFixture) -> None:
    def handler(request: bytes) -> bytes:
        return str(getattr(server, wait)()).encode() if request == b"wait" else b"still here"

    with start("udp", handler=handler) as server:
        with connect(server, timeout=0.05, retransmissions=0) as client, pytest.raises(TimeoutError):
            client.request("wait")
        with connect(server) as client:
            assert client.request("hello") == "still here"
    assert "ValueError" in caplog.text


def test_stop_finishes_what_is_in_hand() -> None:
    entered, leave = threading.Event(), threading.Event()

    def handler(request: bytes) -> bytes:
        entered.set()
        assert leave.wait(LIMIT)
        return request

    server = start("tcp", framing="line", handler=handler, concurrency="threads")
    with connect(server) as client:
        request = Call(lambda: client.request("slow"))
        assert entered.wait(LIMIT)
        stopping = Call(lambda: server.stop(LIMIT))
        wait_until(stopping.sleeps, "it waits for the request")
        leave.set()
        assert request.result() == "slow"
        assert stopping.result() == server.stop()
        assert (server.stop().completed, server.stop().cut) == (1, 0)


def test_dropping_a_server_finishes_what_is_in_hand() -> None:
    """Its handler needs the GIL to come to its end, so the dropping thread may not keep it."""
    entered, leave = threading.Event(), threading.Event()

    def handler(request: bytes) -> bytes:
        entered.set()
        assert leave.wait(LIMIT)
        return request

    def serve_and_drop() -> None:
        # In one thread: without a GIL, Python takes an object down in the thread that has made it.
        servers = [start("tcp", framing="line", handler=handler, concurrency="threads")]
        ports.put(servers[0].port)
        assert entered.wait(LIMIT)
        drops.set()
        servers.clear()

    drops, ports = threading.Event(), queue.Queue[int]()
    dropping = Call(serve_and_drop)
    with capsock.TcpClient(HOST, ports.get(timeout=LIMIT), timeout=LIMIT) as client:
        request = Call(lambda: client.request("slow"))
        assert drops.wait(LIMIT)
        begin = time.monotonic()
        wait_until(dropping.sleeps, "it waits for the request")
        leave.set()
        dropping.result()
        assert time.monotonic() - begin < 4
        assert request.result() == "slow"


@pytest.mark.parametrize("concurrency", ["iterative", "threads", "events"])
def test_a_server_that_its_handler_drops_answers_what_it_has_received(concurrency: str) -> None:
    def handler(request: bytes) -> bytes:
        servers.clear()
        return request.upper()

    servers = [start("tcp", framing="line", handler=handler, concurrency=concurrency)]
    with socket.create_connection(servers[0].address, LIMIT) as client:
        client.sendall(b"a\nb\nc\n")
        with client.makefile("rb") as replies:
            assert replies.read() == b"A\nB\nC\n"


def test_stop_cuts_what_takes_too_long() -> None:
    entered, leave = threading.Event(), threading.Event()

    def handler(request: bytes) -> bytes:
        entered.set()
        leave.wait(LIMIT)
        return request

    server = start("tcp", framing="line", handler=handler, concurrency="threads")
    with connect(server, timeout=LIMIT) as client:
        request = Call(lambda: client.request("slow"))
        assert entered.wait(LIMIT)
        report = server.stop(0.05)
        assert report.completed == 0
        assert report.running == 1
        leave.set()
        request.join(LIMIT)
    assert server.wait(LIMIT)


def test_handlers_run_at_the_same_time() -> None:
    together = threading.Barrier(2, timeout=LIMIT)

    def handler(request: bytes) -> bytes:
        together.wait()
        return request

    with start("tcp", framing="line", handler=handler, concurrency="threads") as server:

        def ask() -> Any:
            with connect(server) as client:
                return client.request("hello")

        calls = [Call(ask) for _ in range(2)]
        assert [call.result() for call in calls] == ["hello", "hello"]


def test_a_handler_that_is_a_client_itself() -> None:
    with start("udp") as inner, connect(inner) as asking:
        with start("tcp", framing="line", handler=asking.request) as server, connect(server) as client:
            assert client.request("through two servers") == "THROUGH TWO SERVERS"


def test_a_handler_that_starts_a_server() -> None:
    def handler(_: bytes) -> bytes:
        with start("udp") as inner, connect(inner) as client:
            return client.request(b"inner")

    with start("udp", handler=handler) as server, connect(server) as client:
        assert client.request("hello") == "INNER"
    assert server.address[0] == HOST


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_slow_handler_on_events_stops_nobody_else(transport: str) -> None:
    """As many run at once as there are workers; what they wait for needs the GIL, and is served meanwhile."""
    inside, leave = threading.Semaphore(0), threading.Event()
    running: list[int] = []
    most: list[int] = []

    def handler(request: bytes) -> bytes:
        if request.strip() == b"wait":
            running.append(1)
            most.append(len(running))
            inside.release()
            assert leave.wait(LIMIT)
            running.pop()
        return request.upper()

    def ask() -> Any:
        with connect(server, timeout=LIMIT) as client:
            return client.request("wait")

    with start(transport, framing="line", handler=handler, workers=3) as server:
        try:
            calls = [Call(ask) for _ in range(2)]
            for _ in calls:
                assert inside.acquire(timeout=LIMIT)
            for number in range(20):
                with connect(server) as client:
                    assert client.request(f"hello {number}") == f"HELLO {number}"
            calls += [Call(ask) for _ in range(4)]
            assert inside.acquire(timeout=LIMIT)
            wait_until(lambda: all(call.sleeps() for call in calls), "all have asked")
        finally:
            leave.set()
        assert [call.result() for call in calls] == ["WAIT"] * 6
    assert max(most) == 3


def test_pipelined_lines_are_answered_in_their_order() -> None:
    """Whether in one batch or in many: it is cut after a millisecond."""
    sleep = threading.Event()

    def handler(request: bytes) -> bytes:
        if request.endswith(b"7\n"):
            sleep.wait(0.0005)
        return request.upper()

    with start("tcp", framing="line", handler=handler, workers=2) as server:

        def ask() -> None:
            items = [f"line {number}" for number in range(300)]
            with connect(server) as client:
                assert isinstance(client, capsock.TcpClient)
                assert client.request_many(items) == [item.upper() for item in items]

        for call in [Call(ask) for _ in range(4)]:
            call.result()
        assert server.stats().requests == 1200


def test_a_server_thread_keeps_what_is_its_own() -> None:
    own = threading.local()

    def handler(_: bytes) -> bytes:
        own.calls = getattr(own, "calls", 0) + 1
        return str(own.calls).encode()

    with start("udp", handler=handler, concurrency="iterative") as server, connect(server) as client:
        assert [client.request("") for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.parametrize("concurrency", ["iterative", "threads", "events"])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_stop_does_not_wait_for_a_handler_past_its_deadline(transport: str, concurrency: str) -> None:
    entered, leave = threading.Event(), threading.Event()

    def handler(request: bytes) -> bytes:
        entered.set()
        leave.wait(LIMIT)
        return request

    server = start(transport, framing="line", handler=handler, concurrency=concurrency)
    try:
        with connect(server, timeout=LIMIT) as client:
            request = Call(lambda: client.request("slow"))
            assert entered.wait(LIMIT)
            begin = time.monotonic()
            assert server.stop(0.05).running == 1
            # The promise is 0.15 s; a busy machine is no failure.
            assert time.monotonic() - begin < 2
            client.close()
            request.join(LIMIT)
    finally:
        leave.set()
    assert server.wait(LIMIT)
