"""Which sockets of `capsock.socket` are the core's, and what of the standard library's class they keep."""

from __future__ import annotations

import _socket
import gc
import os
import socket as stdlib
import warnings
from collections.abc import Callable
from typing import Any

import pytest

import capsock.socket as ours
from capsock import _native
from support import HOST, core, run_script

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


def test_a_socket_that_is_forgotten_is_warned_of_and_closed() -> None:
    socket: Any = ours.socket()
    descriptor = socket.fileno()
    with pytest.warns(ResourceWarning, match=f"unclosed <socket.socket fd={descriptor}, "):
        del socket
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


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
