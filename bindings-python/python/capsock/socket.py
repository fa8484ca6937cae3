"""The module `socket`, with its TCP and UDP sockets over IPv4 and IPv6 on the core in Rust.

`from capsock.socket import *` replaces `from socket import *`: the names, the exceptions and their texts, the
timeouts and the defaults are those of the running Python's module. Sockets of other families and protocols
(AF_UNIX, SOCK_RAW...) are the standard library's.

The implementation:

* `socket` derives from the standard library's `socket.socket`, and so from `_socket.socket`. `ssl` requires
  that C type and reads the descriptor and the timeout from it; other modules test isinstance(s,
  socket.socket). A new type in place of `_socket.socket`, with the standard library's socket.py on top, would
  satisfy neither.
* Its calls are methods of `_native.SocketCalls`, which comes before `_socket.socket` in the method resolution
  order. They are native and need no Python frame. That class has no fields, because otherwise Python refuses
  it as a base beside `_socket.socket`. The slot `_capsock_core` holds the core's socket, or None for a socket
  that is not the core's.
* `_socket.socket` keeps everything but the calls: fileno(), family, type, proto, timeout, O_NONBLOCK, the
  warning about a socket that was not closed, whose descriptor it closes. close() closes it through the core
  and unblocks the pending calls of other threads (OSError, EBADF).
* Subclasses may override anything: this module calls methods and reads attributes through `self` only where
  the standard library's C code does.
* The functions that make sockets (create_connection, fromfd, socketpair...) are the standard library's, with
  this module as their globals.

Names are resolved by the standard library's getaddrinfo(), which adds an audit event, socket.getaddrinfo.
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
    """Return a copy of a function of the standard library with this module as its globals."""
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
    """Return the value of the slot; None if it is empty, because __init__() has not run."""
    try:
        return object.__getattribute__(socket, "_capsock_core")
    except AttributeError:
        return None


def _blocks_itself(socket):
    """Tell whether the descriptor has to block: on Windows, sockets of the core's do not.

    There, ssl makes its own receives, and spins on a descriptor that does not block.
    """
    if _sys.platform != "win32" or "ssl" not in _sys.modules:
        return False
    return isinstance(socket, getattr(_sys.modules["ssl"], "SSLSocket", ()))


class socket(_native.SocketCalls, _base):
    """A socket like the standard library's; TCP and UDP over IPv4 and IPv6 run on the core."""

    __slots__ = ("_capsock_core",)

    # The native class would contribute one that raises.
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
            core = None
            if not _blocks_itself(self):
                core = _native.InetSocket.adopt(_socket.socket.fileno(self), *found)
        if core is not None:
            core.set_timeout(_socket.socket.gettimeout(self))
        object.__setattr__(self, "_capsock_core", core)

    def __repr__(self):
        # With the name of the standard library's class, as in warnings.
        text = _base.__repr__(self)
        return text.replace("capsock.", "", 1) if type(self) is __class__ else text

    def __reduce_ex__(self, protocol):
        # With protocols 0 and 1, Python would take the native class for the base to copy. The standard
        # library's class raises the exception instead.
        if int(protocol) < 2 and type(self).__reduce__ is object.__reduce__:
            _socket.socket(self)
        return _base.__reduce_ex__(self, protocol)

    # The copy makes a socket of this module's class.
    accept = _over_this_module(_base.accept)

    def _real_close(self, _ss=_socket.socket):
        core = _core_of(self)
        if core is None:
            _base._real_close(self)
        elif _ss.detach(self) >= 0:
            core.close()

    def detach(self):
        core = _core_of(self)
        if core is None:
            return _base.detach(self)
        # If two threads detach or close at the same time, the core decides which one gets the descriptor. The
        # number in the standard library's object may be found by both.
        number = core.detach()
        _base.detach(self)
        return -1 if number is None else number

    detach.__doc__ = _base.detach.__doc__


if _sys.modules.get("socket") is _sys.modules.get(__name__):
    socket.__module__ = "socket"
_workers.register(socket, "capsock.socket")
if _os.environ.get("CAPSOCK_TRACE"):
    from capsock import _polls

    _polls.install()
    del _polls

# `capsock run` enables the hints itself.
if _os.environ.get("CAPSOCK_HINTS") == "1" and "capsock._run" not in _sys.modules:
    from capsock import _hints as _hints

    _hints.start()
