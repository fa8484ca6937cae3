"""Requests with a length before them and with a delimiter after them: the options reach the core."""

from __future__ import annotations

import errno
import inspect
import socket
import sys
from typing import Any

import pytest

import capsock
from support import HOST, LIMIT, start, wait_until

# Options, what is sent for the request "ab", and what is received for it.
FORMATS: list[tuple[dict[str, Any], bytes, bytes]] = [
    ({"framing": "length"}, b"\0\0\0\2ab", b"\0\0\0\2AB"),
    ({"framing": "length", "length_bytes": 1}, b"\2ab", b"\2AB"),
    (
        {"framing": "length", "length_bytes": 2, "length_endian": "little", "length_includes_itself": True},
        b"\4\0ab",
        b"\4\0AB",
    ),
    ({"framing": "delimiter"}, b"ab\r\n", b"AB\r\n"),
    ({"framing": "delimiter", "delimiter": b"\0end"}, b"ab\0end", b"AB\0end"),
    ({"framing": "delimiter", "delimiter": bytearray(b"|")}, b"ab|", b"AB|"),
]


@pytest.mark.parametrize(("options", "request_", "reply"), FORMATS)
def test_each_format(options: dict[str, Any], request_: bytes, reply: bytes) -> None:
    with start("tcp", **options) as server:
        with socket.create_connection(server.address, timeout=LIMIT) as plain:
            plain.sendall(request_)
            received = b""
            while len(received) < len(reply):
                piece = plain.recv(100)
                assert piece, received
                received += piece
            assert received == reply
        with capsock.TcpClient(*server.address, timeout=LIMIT, **options) as client:
            assert client.request("ab") == "AB"
            assert client.request(b"a\nb") == b"A\nB"
            assert client.request_many([f"{number}\n" for number in range(100)]) == [
                f"{number}\n" for number in range(100)
            ]


@pytest.mark.parametrize(("options", "_request", "_reply"), FORMATS)
def test_a_handler_gets_and_gives_what_is_between(
    options: dict[str, Any], _request: bytes, _reply: bytes
) -> None:
    with start("tcp", handler=lambda request: request * 2, **options) as server:
        with capsock.TcpClient(*server.address, timeout=LIMIT, **options) as client:
            assert client.request("ab") == "abab"
            assert client.request("") == ""


def test_bad_input_is_counted() -> None:
    with start("tcp", framing="length", length_bytes=1) as server:
        with socket.create_connection(server.address, timeout=LIMIT) as plain:
            plain.sendall(b"\2a")
            plain.shutdown(socket.SHUT_WR)
            assert plain.recv(1) == b""
        wait_until(lambda: server.stats().malformed_requests == 1, "it is counted")


def test_what_cannot_be_framed_is_refused() -> None:
    with start("tcp", framing="length", length_bytes=1) as server:
        with capsock.TcpClient(*server.address, framing="length", length_bytes=1) as client:
            with pytest.raises(OSError, match="255 are the most") as caught:
                client.request("a" * 256)
            assert caught.value.errno == errno.EMSGSIZE
        with capsock.TcpClient(*server.address, framing="delimiter") as client:
            with pytest.raises(ValueError, match="contains the delimiter"):
                client.request("a\r\nb")


def test_options_out_of_their_range_are_refused() -> None:
    table: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"length_bytes": 3}, ValueError, "length_bytes is 3"),
        ({"length_endian": "middle"}, ValueError, "'middle' is not one of big, little"),
        ({"delimiter": b""}, ValueError, "the delimiter is empty"),
        ({"delimiter": b"a" * 256}, ValueError, "255 are the most"),
        ({"delimiter": "\r\n"}, TypeError, "bytes-like"),
        ({"length_includes_itself": "no"}, TypeError, "bool"),
    ]
    with start("tcp") as server:
        for options, expected, why in table:
            with pytest.raises(expected, match=why):
                start("tcp", **options)
            with pytest.raises(expected, match=why):
                capsock.TcpClient(*server.address, **options)
        for framing in ("stream", "once"):
            with pytest.raises(ValueError, match=f"the framing {framing}"):
                capsock.TcpClient(HOST, server.port, framing=framing)


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.9 has no signature of such a class")
def test_the_signatures_show_the_defaults() -> None:
    for kind in (capsock.Server, capsock.TcpClient):
        parameters = inspect.signature(kind).parameters
        assert parameters["delimiter"].default == b"\r\n"
        assert parameters["length_includes_itself"].default is False
