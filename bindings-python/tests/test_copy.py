"""Copies: a whole stream through a server, both ways at once."""

from __future__ import annotations

import io
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

import capsock
from support import CONCURRENCIES, LIMIT, Call, connect, scripted_peer, start, wait_until

TEXT = ("The quick brown fox, straße, ὦ ξεῖν’, 🚀.\n" * 100).encode()


def tcp_client(server: capsock.Server, **options: Any) -> capsock.TcpClient:
    client = connect(server, **options)
    assert isinstance(client, capsock.TcpClient)
    return client


@pytest.mark.parametrize("concurrency", CONCURRENCIES)
def test_bytes_in_memory(concurrency: str) -> None:
    output = io.BytesIO()
    with start("tcp", concurrency=concurrency) as server, tcp_client(server) as client:
        sent, received = client.copy(io.BytesIO(TEXT), output)
    assert output.getvalue() == capsock.uppercase(TEXT)
    assert (sent, received) == (len(TEXT), len(output.getvalue()))


@pytest.mark.parametrize("buffering", [0, -1])
def test_files_of_several_megabytes(tmp_path: Path, buffering: int) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(TEXT * 1_500)
    with start("tcp") as server, tcp_client(server) as client:
        with source.open("rb", buffering) as whole, target.open("wb", buffering) as output:
            sent, received = client.copy(whole, output)
    assert (sent, received) == (source.stat().st_size, target.stat().st_size)
    assert target.read_bytes() == capsock.uppercase(source.read_bytes())


def test_an_empty_input() -> None:
    with start("tcp") as server, tcp_client(server) as client:
        assert client.copy(io.BytesIO(), io.BytesIO()) == (0, 0)


def test_a_pipe_passes_on_what_is_there() -> None:
    """It does not wait until a buffer is full: `read1` is used where there is one."""
    reading, writing = os.pipe()
    replies, output = os.pipe()
    with start("tcp") as server, tcp_client(server) as client:
        with open(reading, "rb") as pieces, open(output, "wb", buffering=0) as sink:
            copying = Call(lambda: client.copy(pieces, sink))
            with open(writing, "wb", buffering=0) as source:
                source.write(b"first ")
                wait_until(lambda: server.stats().bytes_received == 6, "the first piece has come")
                source.write(b"second")
            assert copying.result() == (12, 12)
    with open(replies, "rb") as seen:
        assert seen.read() == b"FIRST SECOND"


class Failing(io.RawIOBase):
    """A file object whose reads or writes end as a test says."""

    def __init__(self, act: Any) -> None:
        self._act = act

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def read(self, size: int = -1) -> Any:
        return self._act(size)

    def write(self, data: Any) -> Any:
        return self._act(data)


class Boom(Exception):
    pass


def boom(_: Any) -> Any:
    raise Boom


BAD_INPUTS = [
    (boom, Boom),
    (lambda _: "text", TypeError),
    (lambda _: 5, TypeError),
    (lambda _: None, BlockingIOError),
    (lambda size: b"x" * (size + 1), ValueError),
]
BAD_OUTPUTS = [
    (boom, Boom),
    (lambda _: "text", TypeError),
    (lambda _: None, BlockingIOError),
    (lambda data: len(data) + 1, ValueError),
    (lambda _: -1, OverflowError),
    (lambda _: 0, OSError),
]


@pytest.mark.parametrize(("act", "expected"), BAD_INPUTS)
def test_what_the_input_raises_is_raised(act: Any, expected: type[Exception]) -> None:
    with start("tcp") as server, tcp_client(server) as client, pytest.raises(expected):
        client.copy(Failing(act), io.BytesIO())


@pytest.mark.parametrize(("act", "expected"), BAD_OUTPUTS)
def test_what_the_output_raises_is_raised(act: Any, expected: type[Exception]) -> None:
    with start("tcp") as server, tcp_client(server) as client, pytest.raises(expected):
        client.copy(io.BytesIO(TEXT), Failing(act))


def test_text_files_are_refused() -> None:
    with start("tcp") as server:
        with tcp_client(server) as client, pytest.raises(TypeError):
            client.copy(io.StringIO("text"), io.BytesIO())  # type: ignore[arg-type]
        with tcp_client(server) as client, pytest.raises(TypeError):
            client.copy(io.BytesIO(TEXT), io.StringIO())  # type: ignore[arg-type]
        with tcp_client(server) as client, pytest.raises(AttributeError):
            client.copy(None, io.BytesIO())  # type: ignore[arg-type]


def test_objects_that_only_read_and_write() -> None:
    class Source:
        pieces = iter([b"one ", bytearray(b"two"), b""])

        def read(self, size: int, /) -> Any:
            return next(self.pieces)

    class Sink:
        seen = b""

        def write(self, data: bytes, /) -> None:
            self.seen += data

    sink = Sink()
    with start("tcp") as server, tcp_client(server) as client:
        assert client.copy(Source(), sink) == (7, 7)
    assert sink.seen == b"ONE TWO"


def test_partial_writes_lose_nothing() -> None:
    seen: list[bytes] = []

    def some(data: bytes) -> int:
        seen.append(bytes(data[:7]))
        return len(seen[-1])

    with start("tcp") as server, tcp_client(server) as client:
        client.copy(io.BytesIO(TEXT), Failing(some))
    assert b"".join(seen) == capsock.uppercase(TEXT)


def test_the_server_closes_in_the_middle() -> None:
    def some(connection: socket.socket) -> None:
        connection.recv(1000)

    with scripted_peer(some) as port, capsock.TcpClient("127.0.0.1", port, timeout=LIMIT) as client:
        with pytest.raises(ConnectionError):
            client.copy(io.BytesIO(b"x" * 50_000_000), io.BytesIO())


def test_close_ends_a_copy() -> None:
    entered, leave = threading.Event(), threading.Event()

    def act(_: int) -> bytes:
        entered.set()
        leave.wait(LIMIT)
        return b"more"

    with start("tcp") as server:
        client = tcp_client(server)
        copying = Call(lambda: client.copy(Failing(act), io.BytesIO()))
        assert entered.wait(LIMIT)
        client.close()
        leave.set()
        with pytest.raises(OSError, match="close"):
            copying.result()
