"""The module `socket`, with TCP and UDP over IPv4 and IPv6 on the core in Rust.

`from capsock.socket import *` stands for `from socket import *`: the names, the exceptions and their texts,
the timeouts and the defaults are those of the running Python's own module. Sockets of other families and
protocols (AF_UNIX, SOCK_RAW...) are the standard library's in all they do.

How it is made, and why so:

* `socket` derives from the standard library's `socket.socket`, and so from `_socket.socket`. `ssl` asks for
  that C type and reads the descriptor and the timeout out of it, and everything else asks isinstance(s,
  socket.socket). A type of our own in the place of `_socket.socket`, under the standard library's socket.py,
  would be neither.
* Its calls come from `_native.SocketCalls`, whose methods are found before those of `_socket.socket`. They
  are native and cost no frame of Python. That class has no storage, without which Python would refuse to have
  it as a base beside `_socket.socket`; what the calls need is in the slot `_capsock_core`, which is None for
  what is not the core's.
* `_socket.socket` keeps what is not a call: fileno(), family, type, proto, timeout, the descriptor's mode,
  the warning of a socket that was not closed. It closes the descriptor of an object that was forgotten;
  close() does it through the core, and ends the calls that other threads are blocked in (OSError, EBADF).
* Subclasses override what they like: nothing here calls a method or reads an attribute through `self` where
  the standard library's C code does not.
* The functions that make sockets (create_connection, fromfd, socketpair...) are the standard library's, over
  the names of this module, where `socket` is ours.

A name is looked up as the standard library does, which is one audit event more (socket.getaddrinfo) than it
has.
"""

import _socket
import os as _os
import sys as _sys
import types as _types

from capsock import _native, _workers
from capsock._standard import module as _stdlib
from capsock._standard import socket as _base

globals().update({name: value for name, value in vars(_stdlib).items() if not name.startswith("__")})
__all__ = list(_stdlib.__all__)


def _over_this_module(function):
    """Return a function of the standard library that finds its names in this module."""
    copy = _types.FunctionType(
        function.__code__, globals(), function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__annotations__ = function.__annotations__
    copy.__doc__ = function.__doc__
    copy.__qualname__ = function.__qualname__
    return copy


globals().update(
    {
        name: _over_this_module(value)
        for name, value in vars(_stdlib).items()
        if isinstance(value, _types.FunctionType) and value.__globals__ is vars(_stdlib)
    }
)


def _core_of(socket):
    """Return what is in the slot, None if it is empty: before and without __init__()."""
    try:
        return object.__getattribute__(socket, "_capsock_core")
    except AttributeError:
        return None


class socket(_native.SocketCalls, _base):
    """A socket, as that of the standard library; TCP and UDP over IPv4 and IPv6 run on the core."""

    __slots__ = ("_capsock_core",)

    # The native class has none, and would bring one that raises.
    __new__ = _base.__new__

    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        if fileno is None:
            if family == -1:
                family = _socket.AF_INET
            if type == -1:
                type = _socket.SOCK_STREAM
            if proto == -1:
                proto = 0
            core = _native.InetSocket.open(family, type, proto)
            try:
                _base.__init__(self, family, type, proto, None if core is None else core.fileno())
            except BaseException:
                if core is not None:
                    core.close()
                raise
        else:
            _base.__init__(self, family, type, proto, fileno)
            found = [getattr(_socket.socket, name).__get__(self) for name in ("family", "type", "proto")]
            core = _native.InetSocket.adopt(_socket.socket.fileno(self), *found)
        if core is not None:
            core.set_timeout(_socket.socket.gettimeout(self))
        object.__setattr__(self, "_capsock_core", core)

    def __repr__(self):
        # By the standard library's name, which warnings have as well; the class itself is found by its own.
        text = _base.__repr__(self)
        return text.replace("capsock.", "", 1) if type(self) is __class__ else text

    def __reduce_ex__(self, protocol):
        # With the protocols 0 and 1 Python makes an object of the class that has the storage, which it takes
        # the native class for; that of the standard library has its own words for why not.
        if int(protocol) < 2 and type(self).__reduce__ is object.__reduce__:
            _socket.socket(self)
        return _base.__reduce_ex__(self, protocol)

    # Makes a socket of this module's class.
    accept = _over_this_module(_base.accept)

    def _real_close(self, _ss=_socket.socket):
        core = _core_of(self)
        if core is None:
            _base._real_close(self)
        elif _ss.detach(self) >= 0:
            core.close()

    def detach(self):
        core = _core_of(self)
        # One of two threads that detach and close at the same time has the descriptor: the core says which.
        number = None if core is None else core.detach()
        of_base = _base.detach(self)
        return of_base if number is None else number

    detach.__doc__ = _base.detach.__doc__


if _sys.modules.get("socket") is _sys.modules.get(__name__):
    socket.__module__ = "socket"
_workers.register(socket, "capsock.socket")

# `capsock run` decides for itself.
if _os.environ.get("CAPSOCK_HINTS") == "1" and "capsock._run" not in _sys.modules:
    from capsock import _hints as _hints

    _hints.start()
