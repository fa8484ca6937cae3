"""Every error of the core, and bad input, as Python's own exceptions with `errno`."""

from __future__ import annotations

import errno
import io
import re
import socket
from pathlib import Path
from typing import Any

import pytest

import capsock
from capsock import _native
from support import (
    CLOSED_ERRNO,
    HOST,
    TRANSPORTS,
    Call,
    census,
    closed_port,
    connect,
    no_more_than,
    run_script,
    scripted_peer,
    silent_peer,
    start,
    wait_until,
)

# The stable number of each kind, its exception and its errno (0: it has none).
KINDS = [
    (1, ValueError, 0),
    (2, TimeoutError, errno.ETIMEDOUT),
    (3, InterruptedError, errno.EINTR),
    (4, OSError, CLOSED_ERRNO),
    (5, OSError, None),
    (6, OSError, None),
    (7, ConnectionResetError, errno.ECONNRESET),
    (8, OSError, None),
    (9, OSError, None),
    (10, OSError, None),
    (11, OSError, None),
    (12, OSError, None),
    (13, OSError, errno.EMSGSIZE),
    (14, OSError, errno.EOPNOTSUPP),
    (15, OSError, None),
    (16, UnicodeError, 0),
    (17, OSError, None),
    (18, OSError, None),
    (19, RuntimeError, 0),
]


@pytest.mark.parametrize(("number", "expected", "number_of_error"), KINDS)
def test_every_kind_has_its_exception(
    number: int, expected: type[Exception], number_of_error: int | None
) -> None:
    with pytest.raises(expected, match="could not do it: it was asked to fail") as caught:
        _native._raise_kind(number)
    assert type(caught.value) is expected
    if number_of_error != 0:
        assert isinstance(caught.value, OSError)
        assert caught.value.errno == number_of_error


def test_the_table_has_every_kind() -> None:
    _native._raise_kind(0)
    _native._raise_kind(len(KINDS) + 1)


def test_a_panic_is_an_exception(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BaseException, match="it was asked to") as raised:
        _native._panic()
    assert type(raised.value).__name__ == "PanicException"
    assert "panicked at" in capfd.readouterr().err


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_closed_port_refuses(transport: str) -> None:
    port = closed_port(transport)
    make: Any = capsock.TcpClient if transport == "tcp" else capsock.UdpClient
    with pytest.raises(ConnectionRefusedError, match=f"{HOST}:{port}") as caught:
        make(HOST, port).request("hello")
    assert caught.value.errno == errno.ECONNREFUSED


@pytest.mark.parametrize("make", [capsock.TcpClient, capsock.UdpClient])
def test_an_unknown_host(make: Any) -> None:
    with pytest.raises(socket.gaierror, match=r"no-such-host\.invalid") as caught:
        make("no-such-host.invalid", 12000)
    assert caught.value.errno in (socket.EAI_NONAME, socket.EAI_AGAIN)


def test_an_unknown_host_beside_a_file_that_is_called_socket(tmp_path: Path) -> None:
    (tmp_path / "socket.py").write_text("x = 1\n")
    code = """
        import sys
        sys.path.insert(0, sys.argv[1])
        import capsock
        try:
            capsock.TcpClient("no-such-host.invalid", 12000)
        except OSError as error:
            print(type(error).__name__)
    """
    assert run_script(code, str(tmp_path)) == (0, "gaierror\n", "")


def test_a_server_on_an_unknown_host() -> None:
    with pytest.raises(socket.gaierror):
        start("tcp", host="no-such-host.invalid")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_address_of_another_machine(transport: str) -> None:
    with pytest.raises(OSError, match=re.escape("192.0.2.1")) as caught:
        start(transport, host="192.0.2.1")
    assert caught.value.errno == errno.EADDRNOTAVAIL


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_port_in_use(transport: Any) -> None:
    with start(transport) as server, pytest.raises(OSError, match=str(server.port)) as caught:
        capsock.Server(transport, host=HOST, port=server.port)
    assert caught.value.errno == errno.EADDRINUSE


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_no_answer_in_time(transport: str) -> None:
    with silent_peer(transport) as port:
        make: Any = capsock.TcpClient if transport == "tcp" else capsock.UdpClient
        with make(HOST, port, timeout=0.05) as client, pytest.raises(TimeoutError) as caught:
            client.request("hello")
    assert caught.value.errno == errno.ETIMEDOUT


def test_a_connection_that_is_broken_off() -> None:
    def reset(connection: socket.socket) -> None:
        connection.recv(100)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with scripted_peer(reset) as port, capsock.TcpClient(HOST, port) as client:
        with pytest.raises(ConnectionResetError) as caught:
            client.request("hello")
    assert caught.value.errno == errno.ECONNRESET


def test_a_reply_that_ends_with_the_connection() -> None:
    def half(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HEL")
        connection.shutdown(socket.SHUT_RDWR)

    with scripted_peer(half) as port, capsock.TcpClient(HOST, port, timeout=5) as client:
        # As the lecture's Python server: its reply has no newline, and ends with the connection.
        assert client.request("hello") == "HEL"


def test_a_reply_that_is_no_text() -> None:
    with start("tcp", framing="line", handler=lambda _: b"\xff\n") as server, connect(server) as client:
        with pytest.raises(UnicodeError, match="UTF-8"):
            client.request("hello")
        assert client.request(b"hello") == b"\xff"


def test_a_reply_that_is_too_long() -> None:
    with start("tcp", framing="line", handler=lambda request: request.strip() * 100) as server:
        with connect(server, max_reply=50) as client, pytest.raises(OSError, match="50") as caught:
            client.request("hello")
    assert caught.value.errno == errno.EMSGSIZE


@pytest.mark.parametrize("size", [65_508, 100_000])
def test_a_request_that_fits_no_datagram(size: int) -> None:
    with start("udp") as server, connect(server) as client:
        with pytest.raises(OSError, match=str(size)) as caught:
            client.request("x" * size)
        assert caught.value.errno == errno.EMSGSIZE
        assert client.request("x" * 65_507) == "X" * 65_507
        assert server.stats().datagrams_received == 1


def test_a_newline_is_no_part_of_a_line() -> None:
    with start("tcp") as server, connect(server) as client:
        with pytest.raises(ValueError, match="newline"):
            client.request("two\nlines")
        assert client.request("one line") == "ONE LINE"


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("text", ["", "a\0b", "\0", "é" * 100])
def test_texts_that_are_only_unusual(transport: str, text: str) -> None:
    with start(transport) as server, connect(server) as client:
        assert client.request(text) == text.upper()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_bytes_that_are_no_text_pass_through(transport: str) -> None:
    with start(transport) as server, connect(server) as client:
        assert client.request(b"a\xff\xfe\0b\xc3") == b"A\xff\xfe\0B\xc3"


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("wrong", [None, 5, ["a"]])
def test_a_request_of_another_type(transport: str, wrong: Any) -> None:
    with start(transport) as server, connect(server) as client, pytest.raises(TypeError):
        client.request(wrong)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_use_after_close(transport: str) -> None:
    with start(transport) as server:
        client = connect(server)
        client.close()
        client.close()
        uses: list[Any] = [
            lambda: client.request("hello"),
            lambda: client.local_address,
            lambda: client.peer_address,
        ]
        if isinstance(client, capsock.TcpClient):
            copier = client
            uses.append(lambda: copier.copy(io.BytesIO(), io.BytesIO()))
        for use in uses:
            with pytest.raises(OSError, match="close") as caught:
                use()
            assert caught.value.errno == CLOSED_ERRNO
        assert repr(client) == f"<capsock.{type(client).__name__} closed>"


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_close_from_another_thread_ends_a_request(transport: str) -> None:
    with silent_peer(transport) as port:
        make: Any = capsock.TcpClient if transport == "tcp" else capsock.UdpClient
        client = make(HOST, port, timeout=None)
        requests = [Call(lambda: client.request("hello")) for _ in range(2)]
        wait_until(lambda: all(request.sleeps() for request in requests), "both requests are blocked")
        client.close()
        for request in requests:
            with pytest.raises(OSError, match="close") as caught:
                request.result()
            assert caught.value.errno == CLOSED_ERRNO


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_threads_take_turns_in_one_client(transport: str) -> None:
    with start(transport) as server, connect(server) as client:

        def ask(name: str) -> list[str]:
            return [client.request(f"{name} {number}") for number in range(100)]

        calls = {name: Call(lambda name=name: ask(name)) for name in "abcd"}  # type: ignore[misc]
        for name, call in calls.items():
            assert call.result() == [f"{name.upper()} {number}" for number in range(100)]


@pytest.mark.parametrize("port", [-1, 65_536, 2**31, 2**70, -(2**70)])
def test_a_port_that_is_none(port: int) -> None:
    makers: list[Any] = [
        lambda: capsock.Server("tcp", port=port),
        lambda: capsock.TcpClient(HOST, port),
        lambda: capsock.UdpClient(HOST, port),
    ]
    for make in makers:
        with pytest.raises(OverflowError, match=r"port must be 0-65535\."):
            make()


BAD_OPTIONS: list[tuple[dict[str, Any], Any]] = [
    ({"transport": "sctp"}, ValueError),
    ({"transport": 5}, TypeError),
    ({"transport": None}, TypeError),
    ({"host": 5}, TypeError),
    ({"host": None}, TypeError),
    ({"host": "a\0b"}, ValueError),
    ({"port": "80"}, TypeError),
    ({"port": 1.5}, TypeError),
    ({"port": None}, TypeError),
    ({"concurrency": "async"}, ValueError),
    ({"concurrency": None}, TypeError),
    ({"framing": "lines"}, ValueError),
    ({"workers": -1}, ValueError),
    ({"workers": 2**70}, ValueError),
    ({"workers": "1"}, TypeError),
    ({"backlog": -1}, ValueError),
    ({"backlog": 2**32}, ValueError),
    ({"max_connections": -1}, ValueError),
    ({"max_request": -1}, ValueError),
    ({"max_amplification": -1}, ValueError),
    ({"idle_timeout": -1}, ValueError),
    ({"idle_timeout": -0.001}, ValueError),
    ({"idle_timeout": float("nan")}, ValueError),
    ({"idle_timeout": "1"}, TypeError),
    ({"write_timeout": -1}, ValueError),
    ({"busy_poll": -1}, ValueError),
    ({"busy_poll": float("nan")}, ValueError),
    ({"busy_poll": 1.000001}, ValueError),
    ({"busy_poll": float("inf")}, ValueError),
    ({"busy_poll": None}, TypeError),
    ({"busy_poll": "1"}, TypeError),
    ({"handler": 5}, TypeError),
    ({"text": True}, ValueError),
    ({"handler": bytes.upper}, ValueError),
    ({"handler": bytes.upper, "framing": "line", "concurrency": "processes"}, (ValueError, OSError)),
    ({"unknown": 5}, TypeError),
]


@pytest.mark.parametrize(("options", "expected"), BAD_OPTIONS, ids=lambda value: str(value))
def test_options_that_a_server_refuses(options: dict[str, Any], expected: Any) -> None:
    with pytest.raises(expected):
        capsock.Server(**{"transport": "tcp", "port": 0, **options})


@pytest.mark.parametrize("timeout", [-1, -0.5, float("-inf"), float("nan")])
def test_a_timeout_that_is_none(timeout: float) -> None:
    with start("tcp") as server:
        uses: list[Any] = [
            lambda: capsock.TcpClient(*server.address, timeout=timeout),
            lambda: capsock.TcpClient(*server.address, connect_timeout=timeout),
            lambda: capsock.UdpClient(*server.address, timeout=timeout),
            lambda: capsock.UdpClient(*server.address, retransmit_after=timeout),
            lambda: server.wait(timeout),
            lambda: server.stop(timeout),
        ]
        for use in uses:
            with pytest.raises(ValueError, match=r"could not use the .*time.*: "):
                use()


@pytest.mark.parametrize("timeout", [None, float("inf"), 1e300, 2**62])
def test_timeouts_without_an_end(timeout: float | None) -> None:
    for transport in TRANSPORTS:
        server = start(transport, idle_timeout=timeout, write_timeout=timeout)
        with connect(server, timeout=timeout) as client:
            assert client.request("hello") == "HELLO"
        assert not server.wait(0)
        assert server.stop(timeout).completed == 1
        assert server.wait(timeout)


def test_out_of_descriptors() -> None:
    code, out, err = run_script(
        """
        import capsock, errno, os, resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        server = capsock.Server("tcp", port=0)
        held = []
        try:
            while True:
                held.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass
        for make in (lambda: capsock.TcpClient(*server.address), lambda: capsock.Server("udp", port=0)):
            try:
                make()
            except OSError as error:
                print(errno.errorcode[error.errno])
        """
    )
    assert (code, out) == (0, "EMFILE\nEMFILE\n"), err


def test_no_threads_left_behind() -> None:
    """An error in the middle of a start leaves no thread and no descriptor."""
    with start("tcp") as server:
        before = census()
        for _ in range(10):
            with pytest.raises(OSError, match="could not"):
                capsock.Server("tcp", host=HOST, port=server.port)
        wait_until(lambda: no_more_than(before), f"{before}, not {census()}")
