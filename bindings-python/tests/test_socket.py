"""What CPython's tests do not ask of `capsock.socket`: that calls are the core's, and who works with it."""

from __future__ import annotations

import _socket
import asyncio
import contextlib
import errno
import gc
import http.client
import http.server
import os
import selectors
import signal
import socket as stdlib
import socketserver
import ssl
import subprocess
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import capsock.socket as ours
from capsock import _native
from support import HOST, LIMIT, Call, Script, run_script, wait_until

KINDS = [
    (family, kind) for family in (ours.AF_INET, ours.AF_INET6) for kind in (ours.SOCK_STREAM, ours.SOCK_DGRAM)
]

# Linux's number, for which Python has no name.
IP_RECVTTL = 12

# What of _socket.socket is no call on a TCP or UDP socket.
NO_CALLS = {
    "close",
    "detach",
    "family",
    "fileno",
    "getblocking",
    "gettimeout",
    "proto",
    "sendmsg_afalg",
    "timeout",
    "type",
}


def core(socket: ours.socket) -> Any:
    return socket._capsock_core  # type: ignore[attr-defined]


@contextlib.contextmanager
def connection() -> Iterator[tuple[ours.socket, ours.socket]]:
    with ours.create_server((HOST, 0)) as listener:
        with ours.create_connection(listener.getsockname()) as client:
            server, _ = listener.accept()
            with server:
                yield client, server


def test_the_names_are_those_of_the_standard_library() -> None:
    assert sorted(ours.__all__) == sorted(stdlib.__all__)
    for name in vars(stdlib):
        assert hasattr(ours, name), name
    for name in set(ours.__all__) - {"socket"}:
        value = getattr(stdlib, name)
        if not hasattr(value, "__globals__"):
            assert getattr(ours, name) is value, name


def test_the_functions_find_their_names_in_this_module() -> None:
    for name in ("create_connection", "create_server", "fromfd", "socketpair", "getaddrinfo"):
        function: Any = getattr(ours, name)
        assert function.__globals__ is vars(ours)
        assert (function.__doc__, function.__module__) == (getattr(stdlib, name).__doc__, "capsock.socket")


def test_every_call_is_the_core_s() -> None:
    calls = {name for name in vars(_socket.socket) if not name.startswith("__")} - NO_CALLS
    assert {"recv", "sendto", "_accept"} <= calls
    for name in calls:
        owners = [kind for kind in ours.socket.__mro__ if name in vars(kind)]
        assert owners[0] is not _socket.socket, name
        assert _native.SocketCalls in owners, name
    for name in ("close", "detach", "accept"):
        assert name in vars(ours.socket) or name in vars(stdlib.socket), name
    assert "_real_close" in vars(ours.socket)


def test_the_native_base_class_has_no_storage() -> None:
    assert _native.SocketCalls.__basicsize__ == object.__basicsize__
    assert ours.socket.__mro__[1:] == (_native.SocketCalls, *stdlib.socket.__mro__)
    with ours.socket() as socket:
        with pytest.raises(AttributeError):
            socket.unknown = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_tcp_and_udp_are_the_core_s(family: int, kind: int) -> None:
    protocol = ours.IPPROTO_TCP if kind == ours.SOCK_STREAM else ours.IPPROTO_UDP
    for arguments in ((family, kind), (family, kind | ours.SOCK_NONBLOCK), (family, kind, protocol)):
        with ours.socket(*arguments) as socket:
            assert isinstance(socket, stdlib.socket)
            assert core(socket).fileno() == socket.fileno()
            assert (socket.getblocking(), socket.type) == (not arguments[1] & ours.SOCK_NONBLOCK, kind)
            with socket.dup() as copy, ours.socket(fileno=ours.dup(socket.fileno())) as found:
                assert core(copy) is not None
                assert (found.family, found.type) == (family, kind)
                assert core(found) is not None


def test_other_families_are_the_standard_library_s() -> None:
    one, other = ours.socketpair()
    with one, other:
        assert one.family == ours.AF_UNIX
        assert core(one) is core(other) is None
        one.sendall(b"hello")
        assert other.recv(100) == b"hello"
        other.settimeout(0)
        with pytest.raises(BlockingIOError):
            other.recv(100)
        # A wrong family does not make another socket of it.
        with ours.fromfd(one.fileno(), ours.AF_INET, ours.SOCK_STREAM) as wrong:
            assert core(wrong) is None
            wrong.send(b"x")


def test_the_mode_of_the_descriptor_is_that_of_the_timeout() -> None:
    with ours.socket() as socket:
        for timeout, blocking in ((None, True), (5.0, False), (0.0, False), (None, True)):
            socket.settimeout(timeout)
            assert (os.get_blocking(socket.fileno()), socket.gettimeout()) == (blocking, timeout)
        assert not os.get_inheritable(socket.fileno())


def outcome(call: Callable[..., object], *arguments: object) -> Any:
    try:
        return call(*arguments)
    except Exception as error:
        return type(error), error.args, str(error)


# Calls on a UDP socket, that both modules answer with the same value, or the same exception and text.
CALLS: dict[str, Callable[[Any, Any], object]] = {
    "no arguments": lambda s, _: s.recv(),
    "too many arguments": lambda s, _: s.recv(1, 2, 3),
    # Whether its text has the class's name depends on how the interpreter came to the method.
    "a keyword": lambda s, _: outcome(lambda: s.recv(bufsize=1))[0],
    "an unknown keyword": lambda s, _: s.recv_into(bytearray(1), size=1),
    "a keyword twice": lambda s, _: s.recv_into(bytearray(1), buffer=bytearray(1)),
    "a negative size": lambda s, _: s.recv(-1),
    "a size that is no number": lambda s, _: s.recvfrom("1"),
    "a size that is too large": lambda s, _: s.recv(1 << 70),
    "flags that are too large": lambda s, _: s.recv(1, 1 << 40),
    "nothing to receive": lambda s, _: s.recv(1),
    "an empty receive": lambda s, _: s.recv(0),
    "a receive into bytes": lambda s, _: s.recv_into(b"x"),
    "a receive into less": lambda s, _: s.recv_into(bytearray(1), 2),
    "a receive from into less": lambda s, _: s.recvfrom_into(bytearray(1), 2),
    "a message into nothing": lambda s, _: s.recvmsg_into(None),
    "a message into bytes": lambda s, _: s.recvmsg_into([b""]),
    "control data that is too much": lambda s, _: s.recvmsg(1, 1 << 31),
    "control data of a negative size": lambda s, _: s.recvmsg(1, -1),
    "str": lambda s, _: s.send("x"),
    "str to an address": lambda s, a: s.sendto("x", a),
    "no address": lambda s, _: s.sendto(b"x", None),
    "one argument": lambda s, _: s.sendto(b"x"),
    "four arguments": lambda s, a: s.sendto(b"x", 0, a, 1),
    "not connected": lambda s, _: s.send(b"x"),
    "no peer": lambda s, _: s.getpeername(),
    "an address of one": lambda s, _: s.connect((HOST,)),
    "an address that is a list": lambda s, _: s.connect([HOST, 1]),
    "a port that is text": lambda s, _: s.connect((HOST, "1")),
    "a port that is too large": lambda s, _: s.sendto(b"x", (HOST, 65536)),
    "a port that is negative": lambda s, _: s.connect_ex((HOST, -1)),
    "a host that is a number": lambda s, _: s.bind((1, 1)),
    "a host with a NUL": lambda s, _: s.bind(("a\0b", 1)),
    "a host of another family": lambda s, _: s.bind(("::1", 1)),
    "a host that is no name": lambda s, _: s.connect(("does-not-exist.invalid", 1)),
    "a label that is too long": lambda s, _: s.connect(("ä" * 70, 1)),
    "a surrogate": lambda s, _: s.connect(("\ud800", 1)),
    "an address that is not here": lambda s, _: s.bind(("192.0.2.1", 0)),
    "an address in use": lambda s, a: s.bind(a),
    "broadcast without leave": lambda s, _: s.sendto(b"x", ("<broadcast>", 9)),
    "old notation": lambda s, a: s.sendto(b"x", ("127.1", a[1])),
    "bytes for a host": lambda s, a: s.sendto(b"x", (b"127.0.0.1", a[1])),
    "a bytearray for a host": lambda s, a: s.sendto(b"x", (bytearray(b"localhost"), a[1])),
    "too long": lambda s, a: s.sendto(bytes(70000), a),
    "nothing": lambda s, a: s.sendto(b"", a),
    "a memoryview": lambda s, a: s.sendto(memoryview(b"abcdef")[1:3], a),
    "a memoryview with gaps": lambda s, a: s.sendto(memoryview(b"abcdef")[::2], a),
    "messages": lambda s, a: s.sendmsg([b"ab", bytearray(b"c")], [], 0, a),
    "messages of a number": lambda s, _: s.sendmsg(1),
    "messages of numbers": lambda s, _: s.sendmsg(iter([1])),
    "messages that raise": lambda s, _: s.sendmsg(1 / 0 for _ in "x"),
    "control data that is none": lambda s, a: s.sendmsg([b""], [1], 0, a),
    "listen": lambda s, _: s.listen(),
    "accept": lambda s, _: s.accept(),
    "shutdown": lambda s, _: s.shutdown(ours.SHUT_RDWR),
    "shutdown of what": lambda s, _: s.shutdown(7),
    "shutdown of text": lambda s, _: s.shutdown("x"),
    "an option": lambda s, _: s.getsockopt(ours.SOL_SOCKET, ours.SO_TYPE),
    "an option's bytes": lambda s, _: s.getsockopt(ours.SOL_SOCKET, ours.SO_TYPE, 16),
    "an option's length": lambda s, _: s.getsockopt(ours.SOL_SOCKET, ours.SO_TYPE, 5000),
    "an unknown option": lambda s, _: s.getsockopt(ours.SOL_SOCKET, 9999),
    "setting an option": lambda s, _: s.setsockopt(ours.SOL_SOCKET, ours.SO_REUSEADDR, 1),
    "setting it to bytes": lambda s, _: s.setsockopt(ours.SOL_SOCKET, ours.SO_LINGER, bytes(8)),
    "setting it to text": lambda s, _: s.setsockopt(ours.SOL_SOCKET, ours.SO_LINGER, "x"),
    "setting it to nothing": lambda s, _: s.setsockopt(ours.SOL_SOCKET, ours.SO_LINGER, None, 8),
    "setting it to None": lambda s, _: s.setsockopt(ours.SOL_SOCKET, ours.SO_LINGER, None),
    "a negative timeout": lambda s, _: s.settimeout(-1),
    "a timeout of text": lambda s, _: s.settimeout("x"),
    "a call after close": lambda s, a: after_close(s, lambda: s.sendto(b"x", a)),
    "a name after close": lambda s, _: after_close(s, s.getsockname),
    "close, twice": lambda s, _: after_close(s, s.close),
    "a call after detach": lambda s, _: after_detach(s, lambda: s.recv(1)),
}


def after_close(socket: Any, call: Callable[[], object]) -> object:
    socket.close()
    return call()


def after_detach(socket: Any, call: Callable[[], object]) -> object:
    os.close(socket.detach())
    return call()


@pytest.mark.parametrize("call", CALLS)
def test_each_call_ends_as_with_the_standard_library(call: str) -> None:
    ends = []
    for module in (stdlib, ours):
        with module.socket(stdlib.AF_INET, stdlib.SOCK_DGRAM) as peer:
            peer.bind((HOST, 0))
            with module.socket(stdlib.AF_INET, stdlib.SOCK_DGRAM) as socket:
                socket.settimeout(0)
                end = outcome(CALLS[call], socket, peer.getsockname())
            peer.settimeout(0)
            ends.append((end, outcome(peer.recv, 9)))
    assert ends[0] == ends[1]


def test_each_address_comes_back_as_it_went() -> None:
    with ours.socket(ours.AF_INET, ours.SOCK_DGRAM) as socket:
        socket.bind(("", 0))
        port = socket.getsockname()[1]
        assert socket.getsockname() == ("0.0.0.0", port)
        for _ in range(2):
            socket.sendto(b"x", ("localhost", port))
            assert socket.recvfrom(9) == (b"x", (HOST, port))
            socket.sendto(b"x", (HOST, port))
            assert socket.recvfrom(9) == (b"x", (HOST, port))
    with ours.socket(ours.AF_INET6, ours.SOCK_DGRAM) as socket:
        socket.bind(("::1", 0))
        port = socket.getsockname()[1]
        for to in (("::1", port), ("::1", port, 0), ("::1", port, 0, 0)):
            socket.sendto(b"x", to)
            assert socket.recvfrom(9) == (b"x", ("::1", port, 0, 0))


@pytest.mark.parametrize("size", [0, ours.CMSG_SPACE(4), 1024, 2000, 1_000_000])
def test_control_data_of_any_size(size: int) -> None:
    with ours.socket(ours.AF_INET, ours.SOCK_DGRAM) as socket:
        socket.bind((HOST, 0))
        socket.setsockopt(ours.IPPROTO_IP, IP_RECVTTL, 1)
        for receive in (socket.recvmsg, lambda *sizes: socket.recvmsg_into([bytearray(9)], *sizes[1:])):
            assert socket.sendmsg([b"he", b"llo"], [], 0, socket.getsockname()) == 5
            data, controls, flags, sender = receive(9, size)
            assert data in (b"hello", 5)
            assert [control[:2] for control in controls] == [(ours.IPPROTO_IP, ours.IP_TTL)][:size]
            assert flags == (0 if size else ours.MSG_CTRUNC)
            assert sender == socket.getsockname()


def test_audit_events_are_those_of_the_standard_library() -> None:
    code = """
        import sys, importlib
        module = importlib.import_module(sys.argv[1])
        seen = []
        def hook(event, args):
            if event.startswith("socket."):
                seen.append((event, args[1:]))
        sys.addaudithook(hook)
        with module.socket(module.AF_INET, module.SOCK_DGRAM) as socket:
            socket.bind(("127.0.0.1", 0))
            address = ("127.0.0.1", 9)
            socket.sendto(b"x", address)
            socket.sendmsg([b"x"], [], 0, address)
            socket.connect(address)
            socket.connect_ex(address)
            try:
                socket.sendmsg([b"x"])
            except ConnectionRefusedError:
                pass
        print(seen)
    """
    theirs, ours_ = (run_script(code, module) for module in ("socket", "capsock.socket"))
    assert theirs == ours_
    assert theirs[0] == 0
    # The descriptor is there before the event: a hook that refuses it closes it.
    refusing = """
        import os, sys
        from capsock.socket import socket
        def hook(event, args):
            if event == "socket.__new__":
                raise PermissionError("no")
        before = os.listdir("/proc/self/fd")
        sys.addaudithook(hook)
        try:
            socket()
        except PermissionError as error:
            print(error, os.listdir("/proc/self/fd") == before)
    """
    assert run_script(refusing) == (0, "no True\n", "")


def test_a_socket_that_is_forgotten_is_warned_of_and_closed() -> None:
    socket: Any = ours.socket()
    descriptor = socket.fileno()
    with pytest.warns(ResourceWarning, match=f"unclosed <socket.socket fd={descriptor}, "):
        del socket
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


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


def test_selectors() -> None:
    with connection() as (client, server), selectors.DefaultSelector() as selector:
        selector.register(server, selectors.EVENT_READ)
        assert selector.select(0) == []
        client.send(b"x")
        [(key, _)] = selector.select(LIMIT)
        assert key.fileobj is server


def test_asyncio_with_sockets_of_ours() -> None:
    async def talk() -> bytes:
        async def upper(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write((await reader.readline()).upper())
            await writer.drain()
            writer.close()

        loop = asyncio.get_running_loop()
        listener = ours.create_server((HOST, 0))
        server = await asyncio.start_server(upper, sock=listener)
        async with server:
            client = ours.socket()
            client.setblocking(False)
            await loop.sock_connect(client, listener.getsockname())
            await loop.sock_sendall(client, b"hello\n")
            reader, writer = await asyncio.open_connection(sock=client)
            line = await reader.readline()
            writer.close()
            await writer.wait_closed()
            return line

    assert asyncio.run(talk()) == b"HELLO\n"


def test_socketserver_and_http() -> None:
    class Upper(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(self.rfile.readline().upper())

    with replaced():
        with socketserver.ThreadingTCPServer((HOST, 0), Upper) as server:
            assert core(server.socket) is not None
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            with ours.create_connection(server.server_address) as client:  # type: ignore[arg-type]
                client.sendall(b"hello\n")
                assert client.makefile("rb").read() == b"HELLO\n"
            server.shutdown()
            thread.join(LIMIT)

        class Quiet(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(self.path.upper().encode())

            def log_message(self, *_: object) -> None:
                pass

        with http.server.ThreadingHTTPServer((HOST, 0), Quiet) as web:
            thread = threading.Thread(target=web.serve_forever)
            thread.start()
            asking = http.client.HTTPConnection(HOST, web.server_port, timeout=LIMIT)
            asking.request("GET", "/hello")
            assert core(asking.sock) is not None
            assert asking.getresponse().read() == b"/HELLO"
            asking.close()
            web.shutdown()
            thread.join(LIMIT)


@contextlib.contextmanager
def replaced() -> Iterator[None]:
    """Have these modules find ours under the name `socket`, as those that `capsock run` imports."""
    patch = pytest.MonkeyPatch()
    for module in (socketserver, http.client):
        patch.setattr(module, "socket", ours)
    try:
        yield
    finally:
        patch.undo()


def test_ssl(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(certificate, key)
    asking = ssl.create_default_context(cafile=str(certificate))
    with ours.create_server((HOST, 0)) as listener:

        def serve() -> None:
            plain, _ = listener.accept()
            with serving.wrap_socket(plain, server_side=True) as connection:
                connection.sendall(connection.recv(1024).upper())

        server = Call(serve)
        with ours.create_connection(listener.getsockname(), timeout=LIMIT) as plain:
            with asking.wrap_socket(plain, server_hostname="localhost") as client:
                client.sendall(b"hello")
                assert client.recv(1024) == b"HELLO"
        server.result()


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


ENDS: list[Callable[[Any], object] | None] = [lambda s: os.close(s.detach()), lambda s: s.close(), None]


def test_a_descriptor_that_is_used_again_is_never_closed() -> None:
    """What is forgotten, and what is given up, leaves the number to others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        for end in ENDS:
            socket: Any = ours.socket()
            number = socket.fileno()
            kept: Any = None if end is None else socket
            if end is not None:
                end(socket)
            del socket
            gc.collect()
            with stdlib.socket() as other:
                assert other.fileno() == number
                del kept
                gc.collect()
                assert other.getsockname()


def test_importing_it_brings_nothing_heavy() -> None:
    code = """
        import sys, socket
        before = set(sys.modules)
        import capsock.socket
        print(sorted(set(sys.modules) - before))
    """
    status, out, err = run_script(code)
    assert (status, err) == (0, "")
    own = {"", "._feature", "._native", "._standard", "._workers", ".socket", ".trace"}
    assert set(eval(out)) <= {f"capsock{name}" for name in own} | {"atexit", "__future__"}
