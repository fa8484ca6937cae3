"""Coroutine handlers: where they run, what their failure costs, and how a stop ends them."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import logging
import os
import queue
import socket
import threading
import weakref
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest

import capsock
from support import HOST, LIMIT, connect, start, wait_until

SERVERS = [("udp", concurrency, "stream") for concurrency in ("iterative", "threads", "events")] + [
    ("tcp", concurrency, framing)
    for concurrency in ("iterative", "threads", "events")
    for framing in ("line", "once")
]
TRANSPORTS = [("tcp", "line"), ("udp", "stream")]


def loop_threads() -> int:
    return sum(thread.name == "capsock-loop" for thread in threading.enumerate())


async def reverse(request: bytes) -> bytes:
    await asyncio.sleep(0)
    return request.strip()[::-1]


class Objects:
    async def __call__(self, request: bytes) -> bytes:
        return await reverse(request)

    async def method(self, request: bytes) -> bytes:
        return await reverse(request)

    async def more(self, extra: int, request: bytes) -> bytes:
        return await reverse(request)

    @classmethod
    async def of_class(cls, request: bytes) -> bytes:
        return await reverse(request)


async def about(request: bytes, context: capsock.RequestContext) -> bytes:
    return repr(context).encode() + b" " + await reverse(request)


HANDLERS: list[Any] = [
    reverse,
    Objects(),
    Objects().method,
    Objects.of_class,
    functools.partial(Objects().more, 1),
    functools.partial(Objects()),
]


@pytest.mark.parametrize(("transport", "concurrency", "framing"), SERVERS)
def test_bytes_and_str(transport: str, concurrency: str, framing: str) -> None:
    async def upper(text: str) -> str:
        await asyncio.sleep(0.001)
        return text.strip().upper()

    options = {"concurrency": concurrency, "framing": framing}
    with start(transport, handler=reverse, **options) as server, connect(server) as client:
        assert client.request(b"a\xffb\0c") == b"c\0b\xffa"
    with start(transport, handler=upper, text=True, **options) as server, connect(server) as client:
        assert client.request("straße 🚀") == "STRASSE 🚀"
    wait_until(lambda: loop_threads() == 0, "the loop is closed")


@pytest.mark.parametrize("handler", HANDLERS)
def test_what_is_a_coroutine_function(handler: Any) -> None:
    with start("udp", handler=handler) as server, connect(server) as client:
        assert client.request(b"abc") == b"cba"


def test_a_coroutine_may_take_the_context() -> None:
    with start("udp", handler=about) as server, connect(server) as client:
        host, port = server.address
        reply = bytes(client.request(b"abc")).decode()
        assert reply.startswith("<capsock.RequestContext udp ")
        assert reply.endswith(f" to {host}:{port}> cba")


@pytest.mark.parametrize(("transport", "framing"), TRANSPORTS)
def test_many_slow_requests_need_no_thread_each(transport: str, framing: str) -> None:
    count, running = 200, 0
    # Made on the loop, to which it belongs until Python 3.9.
    all_run: list[asyncio.Event] = []

    async def handler(request: bytes) -> bytes:
        nonlocal running
        if not all_run:
            all_run.append(asyncio.Event())
        running += 1
        if running == count:
            all_run[0].set()
        await all_run[0].wait()
        return request

    before = threading.active_count()
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with start(transport, framing=framing, handler=handler) as server:
        clients = [socket.socket(socket.AF_INET, kind) for _ in range(count)]
        for number, client in enumerate(clients):
            client.settimeout(LIMIT)
            client.connect(server.address)
            client.sendall(b"%d\n" % number)
            if number % 20 == 19:
                wait_until(lambda number=number: running > number, "the requests arrive")  # type: ignore[misc]
        for number, client in enumerate(clients):
            assert client.recv(100) == b"%d\n" % number
            client.close()
        # Of the server's, those that call Python are known to it.
        assert threading.active_count() - before <= 3 + 2 * (os.cpu_count() or 1)
        assert server.stop().completed == count


def test_the_replies_of_a_connection_keep_their_order() -> None:
    async def handler(request: bytes) -> bytes:
        await asyncio.sleep(0.002 if int(request) % 2 else 0)
        return request

    with start("tcp", framing="line", handler=handler) as server:
        with socket.create_connection(server.address, LIMIT) as client:
            client.sendall(b"".join(b"%d\n" % number for number in range(50)))
            client.shutdown(socket.SHUT_WR)
            replies = client.makefile("rb").read()
    assert replies == b"".join(b"%d\n" % number for number in range(50))


class Failure(BaseException):
    pass


@pytest.mark.parametrize(("transport", "framing"), TRANSPORTS)
def test_a_failure_costs_its_request_alone(
    transport: str, framing: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(request: bytes) -> bytes:
        await asyncio.sleep(0)
        request = request.strip()
        if request == b"cancelled":
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(0)
        if request == b"str":
            return "a str"  # type: ignore[return-value]
        raised = {
            b"error": ValueError("as it was told"),
            b"base": Failure("as it was told"),
            b"interrupt": KeyboardInterrupt("as it was told"),
            b"exit": SystemExit("as it was told"),
        }
        if request in raised:
            raise raised[request]
        return request

    failures = {
        b"error": (ValueError, "as it was told"),
        b"base": (Failure, "as it was told"),
        b"interrupt": (KeyboardInterrupt, "as it was told"),
        b"exit": (SystemExit, "as it was told"),
        b"cancelled": (asyncio.CancelledError, "was cancelled"),
        b"str": (TypeError, "the handler must return bytes, not str"),
    }
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with (
        caplog.at_level(logging.ERROR, "capsock"),
        start(transport, framing=framing, handler=handler) as server,
    ):
        for number, (request, (error, text)) in enumerate(failures.items(), 1):
            with socket.socket(socket.AF_INET, kind) as client:
                client.settimeout(LIMIT)
                client.connect(server.address)
                client.sendall(request + b"\n")
                if transport == "tcp":
                    assert client.recv(100) == b""
                wait_until(lambda number=number: server.stats().handler_errors == number, "it is counted")  # type: ignore[misc]
                wait_until(lambda number=number: len(caplog.records) == number, "it is logged")  # type: ignore[misc]
            assert text in caplog.records[-1].getMessage()
            assert caplog.records[-1].exc_info is not None
            assert caplog.records[-1].exc_info[0] is error
        with connect(server) as client_of_server:
            assert bytes(client_of_server.request(b"next")).strip() == b"next"


class Awaitable:
    def __await__(self) -> Iterator[None]:
        return iter(())


def test_a_plain_function_that_returns_an_awaitable_is_told(caplog: pytest.LogCaptureFixture) -> None:
    handler: Any = lambda request: Awaitable()  # noqa: E731
    with caplog.at_level(logging.ERROR, "capsock"), start("udp", handler=handler) as server:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"x", server.address)
            wait_until(lambda: len(caplog.records) == 1, "it is logged")
    assert "to be awaited is an async def" in caplog.text


@pytest.mark.parametrize(("transport", "framing"), TRANSPORTS)
def test_a_stop_waits_for_coroutines(transport: str, framing: str) -> None:
    begun, release = threading.Event(), threading.Event()

    async def handler(request: bytes) -> bytes:
        begun.set()
        await asyncio.get_running_loop().run_in_executor(None, release.wait, LIMIT)
        return b"done\n"

    server = start(transport, framing=framing, handler=handler)
    replies: queue.Queue[bytes] = queue.Queue()
    with connect(server) as client:
        asking = threading.Thread(target=lambda: replies.put(bytes(client.request(b"in hand"))))
        asking.start()
        assert begun.wait(LIMIT)
        server.request_stop()
        assert not server.wait(0.05)
        release.set()
        assert server.wait(LIMIT)
        asking.join(LIMIT)
    assert replies.get(timeout=LIMIT).strip() == b"done"
    # A client may retransmit.
    assert server.stop().completed >= 1
    assert server.stop().cut == 0
    wait_until(lambda: loop_threads() == 0, "the loop is closed")


@pytest.mark.parametrize(("transport", "framing"), TRANSPORTS)
def test_the_deadline_of_a_stop_cancels_coroutines(
    transport: str, framing: str, caplog: pytest.LogCaptureFixture
) -> None:
    begun, ended = threading.Event(), threading.Event()

    async def handler(request: bytes) -> bytes:
        begun.set()
        try:
            await asyncio.sleep(10 * LIMIT)
        except asyncio.CancelledError:
            ended.set()
            raise
        return b"never"

    server = start(transport, framing=framing, handler=handler)
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as client:
        client.connect(server.address)
        client.sendall(b"slow\n")
        assert begun.wait(LIMIT)
        report = server.stop(0.05)
    assert ended.wait(LIMIT)
    assert server.wait(LIMIT)
    assert report.completed == 0
    assert report.cut == (transport == "tcp")
    assert not caplog.records
    wait_until(lambda: loop_threads() == 0, "the loop is closed")


def test_a_coroutine_that_ignores_its_cancellation_does_not_hold_up_the_stop() -> None:
    begun, end = threading.Event(), threading.Event()

    async def handler(request: bytes) -> bytes:
        begun.set()
        while not end.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue
        return b"never"

    server = start("udp", handler=handler)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"slow", server.address)
        assert begun.wait(LIMIT)
        server.stop(0.01)
        assert server.wait(LIMIT)
    end.set()
    wait_until(lambda: loop_threads() == 0, "the loop is closed")


def test_a_coroutine_stops_its_server() -> None:
    server: capsock.Server

    async def handler(request: bytes) -> bytes:
        with pytest.raises(ValueError, match="wait for itself"):
            server.wait()
        assert server.stop(LIMIT).completed == 0
        return b"stopping"

    for transport, framing in TRANSPORTS:
        server = start(transport, framing=framing, handler=handler)
        with connect(server) as client:
            assert bytes(client.request(b"stop")).strip() == b"stopping"
        assert server.wait(LIMIT)


def test_a_dropped_server_stops() -> None:
    class Owner:
        async def handler(self, request: bytes) -> bytes:
            return request

    owner: Any = Owner()
    owner.server = start("udp", handler=owner.handler)
    with connect(owner.server) as client:
        assert client.request(b"x") == b"x"
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    wait_until(lambda: (gc.collect(), gone() is None)[1], "the handler is freed")
    wait_until(lambda: loop_threads() == 0, "the loop is closed")


def test_a_task_has_a_copy_of_the_context_of_the_start() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="default")

    async def handler(request: str) -> str:
        before = variable.get()
        variable.set("changed")
        await asyncio.sleep(0)
        return f"{before} {variable.get()}"

    token = variable.set("started")
    with start("udp", handler=handler, text=True) as server:
        variable.reset(token)
        with connect(server) as client:
            for _ in range(3):
                assert client.request("x") == "started changed"


def test_a_server_on_the_loop_of_the_program() -> None:
    async def ask(address: tuple[str, int], text: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(text + b"\n")
        reply = await reader.readline()
        writer.close()
        return reply.strip()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        counter, both = 0, asyncio.Event()

        async def handler(request: bytes) -> bytes:
            nonlocal counter
            assert asyncio.get_running_loop() is loop
            counter += 1
            if counter == 2:
                both.set()
            await both.wait()
            return request

        async with capsock.Server(
            "tcp", host=HOST, port=0, framing="line", handler=handler, loop=loop
        ) as server:
            assert loop_threads() == 0
            replies = await asyncio.gather(ask(server.address, b"one"), ask(server.address, b"two"))
            assert list(replies) == [b"one", b"two"]
            # A request is in progress when the block ends: the loop has to go on for it.
            both.clear()
            last = asyncio.ensure_future(ask(server.address, b"three"))
            while counter < 3:
                await asyncio.sleep(0)
            loop.call_later(0.05, both.set)
        assert await last == b"three"
        assert server.stop().completed == 3

    asyncio.run(asyncio.wait_for(main(), LIMIT))


def test_a_blocking_stop_on_the_loop_does_not_wait_for_itself() -> None:
    async def main() -> None:
        begun, goes_on = asyncio.Event(), asyncio.Event()

        async def handler(request: bytes) -> bytes:
            begun.set()
            await goes_on.wait()
            return request

        loop = asyncio.get_running_loop()
        server = capsock.Server("udp", host=HOST, port=0, handler=handler, loop=loop)
        with server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"x", server.address)
            await begun.wait()
        goes_on.set()
        assert await loop.run_in_executor(None, server.wait, LIMIT)
        assert server.stop().completed == 1

    asyncio.run(asyncio.wait_for(main(), LIMIT))


def test_a_loop_that_is_closed_before_the_server_costs_the_requests(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.new_event_loop()
    server = start("udp", handler=reverse, loop=loop)
    loop.close()
    with caplog.at_level(logging.ERROR, "capsock"), server:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"x", server.address)
            wait_until(lambda: server.stats().handler_errors == 1, "it is counted")
        wait_until(lambda: "closed" in caplog.text, "it is logged")


def test_wrong_loops() -> None:
    closed = asyncio.new_event_loop()
    closed.close()
    wrong: Any = "a loop"
    with pytest.raises(TypeError, match="loop must be an event loop of asyncio, not str"):
        start("udp", handler=reverse, loop=wrong)
    with pytest.raises(ValueError, match="closed"):
        start("udp", handler=reverse, loop=closed)
    for handler in (None, lambda request: request):
        with pytest.raises(ValueError, match="coroutine function"):
            start("udp", handler=handler, loop=closed)
    # A start that fails leaves no thread.
    with pytest.raises(ValueError, match="framing"):
        start("tcp", handler=reverse)
    wait_until(lambda: loop_threads() == 0, "the loop is closed")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork(2)")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_leaves_the_server_alone() -> None:
    begun, release = threading.Event(), threading.Event()

    async def handler(request: bytes) -> bytes:
        begun.set()
        await asyncio.get_running_loop().run_in_executor(None, release.wait, LIMIT)
        return b"done"

    with start("udp", handler=handler) as server, connect(server) as client:
        replies: queue.Queue[bytes] = queue.Queue()
        asking = threading.Thread(target=lambda: replies.put(bytes(client.request(b"x"))))
        asking.start()
        assert begun.wait(LIMIT)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                server.__exit__(None, None, None)
                gc.collect()
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        release.set()
        asking.join(LIMIT)
        assert replies.get(timeout=LIMIT) == b"done"


def test_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop")
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        for transport, framing in TRANSPORTS:
            with start(transport, framing=framing, handler=reverse, loop=loop) as server:
                with connect(server) as client:
                    assert bytes(client.request(b"abc")).strip() == b"cba"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(LIMIT)
        loop.close()


def test_many_clients_at_once() -> None:
    async def handler(request: bytes) -> bytes:
        await asyncio.sleep(0)
        return request

    def ask(server: capsock.Server, count: int) -> None:
        with connect(server) as client:
            for number in range(count):
                assert bytes(client.request(b"%d" % number)) == b"%d" % number

    for transport, framing in TRANSPORTS:
        with start(transport, framing=framing, workers=3, handler=handler) as server:
            threads = [threading.Thread(target=ask, args=(server, 50)) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(LIMIT)
            assert server.stop().completed >= 400


def test_a_coroutine_object_is_no_handler() -> None:
    coroutine: Coroutine[Any, Any, bytes] = reverse(b"x")
    with pytest.raises(TypeError, match="callable"):
        start("udp", handler=coroutine)
    coroutine.close()
