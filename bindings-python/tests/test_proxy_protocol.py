"""Servers behind a proxy: what the header of the PROXY protocol tells a handler, and what has none."""

from __future__ import annotations

import queue
import socket
import struct
from contextlib import suppress
from typing import Any

import pytest

import capsock
from support import CONCURRENCIES, HOST, LIMIT, start, wait_until

V4 = socket.inet_aton("192.0.2.1") + socket.inet_aton("198.51.100.2") + struct.pack("!HH", 50000, 443)
V6 = (
    socket.inet_pton(socket.AF_INET6, "2001:db8::1")
    + socket.inet_pton(socket.AF_INET6, "2001:db8::2")
    + struct.pack("!HH", 50000, 443)
)


def v2(command: int, family: int, block: bytes) -> bytes:
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", command, family, len(block)) + block


TOLD_V4 = (("192.0.2.1", 50000), ("198.51.100.2", 443))
TOLD_V6 = (("2001:db8::1", 50000), ("2001:db8::2", 443))
NOTHING_TOLD = (None, None)

BINARY: list[tuple[bytes, Any]] = [
    (v2(0x21, 0x11, V4), TOLD_V4),
    (v2(0x21, 0x22, V6 + b"\xe0\0\2hi"), TOLD_V6),
    (v2(0x20, 0x00, b""), NOTHING_TOLD),
]
TEXT: list[tuple[bytes, Any]] = [
    (b"PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\n", TOLD_V4),
    (b"PROXY UNKNOWN\r\n", NOTHING_TOLD),
]


def client_of(server: capsock.Server) -> socket.socket:
    kind = socket.SOCK_STREAM if server.transport == "tcp" else socket.SOCK_DGRAM
    client = socket.socket(socket.AF_INET, kind)
    client.settimeout(LIMIT)
    client.connect(server.address)
    return client


@pytest.mark.parametrize("concurrency", ["iterative", "threads", "events"])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_handler_knows_the_client_of_the_proxy(transport: str, concurrency: str) -> None:
    contexts: queue.Queue[capsock.RequestContext] = queue.Queue()

    def handler(request: bytes, context: capsock.RequestContext) -> bytes:
        contexts.put(context)
        return request

    options = {"concurrency": concurrency, "framing": "line", "proxy_protocol": "::1,127.0.0.0/8"}
    with start(transport, handler=handler, **options) as server:
        for header, (source, destination) in BINARY + (TEXT if transport == "tcp" else []):
            with client_of(server) as client:
                client.sendall(header + b"hello\n")
                assert client.recv(100) == b"hello\n"
                own = client.getsockname()
            context = contexts.get_nowait()
            assert (context.peer, context.local) == (own, server.address)
            assert (context.proxied_source, context.proxied_destination) == (source, destination)
            assert context.client == (source or own)
            assert repr(context).endswith(
                " for 192.0.2.1:50000>"
                if source == TOLD_V4[0]
                else " for [2001:db8::1]:50000>"
                if source
                else f" to {HOST}:{server.address[1]}>"
            )
            assert len({context, context}) == 1
        assert server.stats().proxy_headers_rejected == 0


@pytest.mark.parametrize("concurrency", CONCURRENCIES)
def test_what_has_no_header_is_closed_and_counted(concurrency: str) -> None:
    options = {"concurrency": concurrency, "proxy_protocol": "any", "proxy_header_timeout": 0.2}
    with start("tcp", **options) as server:
        for sent in (b"hello\n", b"PROXY TCP4 1.2.3.4\r\n", b"PROXY UNK"):
            with client_of(server) as client:
                client.sendall(sent)
                with suppress(ConnectionError):
                    assert client.recv(100) == b""
        wait_until(lambda: server.stats().proxy_headers_rejected == 3, "all are counted")
        with client_of(server) as client:
            client.sendall(b"PROXY UNKNOWN\r\nhello")
            assert client.recv(100) == b"HELLO"
    with start("udp", concurrency=concurrency, proxy_protocol="192.0.2.0/24") as server:
        with client_of(server) as client:
            client.sendall(v2(0x20, 0, b"") + b"hello")
        wait_until(lambda: server.stats().proxy_headers_rejected == 1, "it is counted")
        assert server.stats().requests == 0


def test_options_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match=r"proxy_protocol.*10\.0\.0\.0/33.*0 to 32 bits"):
        start("tcp", proxy_protocol="10.0.0.0/33")
    with pytest.raises(ValueError, match="proxy_header_timeout is 0"):
        start("tcp", proxy_protocol="any", proxy_header_timeout=0)
    with pytest.raises(TypeError):
        start("tcp", proxy_protocol=["127.0.0.1"])
    # Without a limit of its own, the header has that of idle connections.
    with start("tcp", proxy_protocol="any", proxy_header_timeout=None, idle_timeout=0.2) as server:
        with client_of(server) as client:
            assert client.recv(100) == b""
        wait_until(lambda: server.stats().proxy_headers_rejected == 1, "it is counted")
