"""Each call of `capsock.socket` returns, raises and audits what the standard library's does."""

from __future__ import annotations

import os
import socket as stdlib
from collections.abc import Callable
from typing import Any

import pytest

import capsock.socket as ours
from support import HOST, run_script


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
